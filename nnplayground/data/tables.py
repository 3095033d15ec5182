"""CSV and TSV files: what stands between the cells, what the columns are called, and the rows one by one."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nnplayground.data.errors import DataError
from nnplayground.data.skips import Skips
from nnplayground.data.text_files import TextFile, characters

SUFFIXES = (".csv", ".tsv", ".tab")
_DELIMITERS = ("\t", ";", "|", ",")
"""The comma last: it also stands in numbers and sentences, where another sign separates cells."""
_LOOK = 100
"""Rows by which the delimiter is found."""
_LONG = csv.field_size_limit()


@dataclass(frozen=True)
class Table:
    """columns: by name; "1", "2", … where the file has no header."""

    file: TextFile
    delimiter: str
    columns: tuple[str, ...]
    headed: bool

    @property
    def name(self) -> str:
        return self.file.name

    def place(self, column: str, what: str) -> int:
        """Where a column stands. what: as what it is wanted. Raises DataError where there is none of this name."""
        if column in self.columns:
            return self.columns.index(column)
        folded = [each.casefold() for each in self.columns]
        if column.casefold() in folded:
            return folded.index(column.casefold())
        raise DataError(
            f"“{self.name}” has no column “{column}” for the {what}; it has {_quoted(self.columns)}, so choose one of "
            "them."
        )

    def rows(
        self, skips: Skips, *, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
    ) -> Iterator[tuple[int, list[str]]]:
        """(number of its first line, cells) of each row that is not empty; the header is none of them.

        Rows that cannot be parsed go to `skips`.
        """
        with characters(self.file, newline="", progress=progress, cancelled=cancelled) as text:
            rows = _rows(text, self.delimiter, self.name, skips)
            if self.headed:
                next(rows, None)
            yield from rows


def open_table(file: TextFile, *, cancelled: Callable[[], bool], named: Sequence[str], known: frozenset[str]) -> Table:
    """Look at the start of a file. named: columns that have been chosen.

    known: names in small letters by which a first row is known to be a header where no column has been chosen; without
    any, a header is what has no number in it. Raises DataError where the file is empty.
    """
    with characters(file, newline="", progress=lambda done, total: None, cancelled=cancelled) as text:
        lines = [line for line in islice(text, 4 * _LOOK) if line.strip()]
    if not lines:
        raise DataError(f"“{file.name}” is empty, so choose another file.")
    delimiter = _delimiter(lines, otherwise="\t" if file.path.suffix.lower() in (".tsv", ".tab") else ",")
    first = next(iter(_cells(lines, delimiter)), [])
    names = [cell.strip() for cell in first]
    folded = {name.casefold() for name in names}
    if any(named):
        numbered = {str(number) for number in range(1, len(names) + 1)}
        headed = any(name.casefold() in folded for name in named if name) or not set(filter(None, named)) <= numbered
    elif known:
        headed = bool(folded & known)
    else:
        headed = not any(number(name, delimiter) is not None for name in names)
    columns = names if headed else [str(position) for position in range(1, len(names) + 1)]
    return Table(file, delimiter, _distinct(columns), headed)


def number(text: str, delimiter: str) -> float | None:
    """A finite number, with a comma for its point where a comma is not what separates cells."""
    if delimiter != "," and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        value = float(text.replace("−", "-"))
    except ValueError:
        return None
    # Larger ones cannot be scaled without losing everything else.
    return value if abs(value) < 1e30 else None


def _rows(text: Iterable[str], delimiter: str, name: str, skips: Skips) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            # The reader starts anew with the line after it.
            skips.add(name, first, f"It has a cell of over {_LONG:,} characters; is a quotation mark missing?")
            continue
        if any(cell and not cell.isspace() for cell in cells):
            yield first, cells


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    return [cells for _, cells in islice(_rows(lines, delimiter, "", Skips()), _LOOK)]


def _delimiter(lines: Sequence[str], otherwise: str) -> str:
    """The sign that cuts most rows into the same number of cells, two or more; `otherwise` where none does."""

    def agreement(sign: str) -> float:
        counts = [len(cells) for cells in _cells(lines, sign)]
        return counts.count(counts[0]) / len(counts) if counts and counts[0] > 1 else 0.0

    best = max(_DELIMITERS, key=agreement)
    return best if agreement(best) else otherwise


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names as they are, and the place of the column where one is missing or there already."""
    result: list[str] = []
    for position, name in enumerate(names, 1):
        result.append(name if name and name not in result else f"{name} {position}".strip())
    return tuple(result)


def _quoted(names: Sequence[str], most: int = 8) -> str:
    shown = [f"“{name}”" for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
