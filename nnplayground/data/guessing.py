"""What a folder or a file may hold, by a short look at it: images, texts, points, a series or pairs of texts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from nnplayground.data.corpus import LABEL_COLUMNS, TEXT_COLUMNS
from nnplayground.data.errors import DataError
from nnplayground.data.pairs import HEADERS
from nnplayground.data.skips import Skips
from nnplayground.data.tables import SUFFIXES, Table, number, open_table
from nnplayground.data.text_files import text_file
from nnplayground.data.tokens import tokens_of
from nnplayground.spec.dataset import Dataset, FolderSplit, ImageFolder, Level, Pairs, Points, Series, Text

_LOOK = 5000
"""Rows of a table, or files of a folder, that are looked at."""
_MOST_LABELS = 50
_LABELS_OF_POINTS = 6
_LONG = 60
"""Texts of more characters than this are read word by word."""
_WANTED = "a CSV or TSV file, or a plain text"


@dataclass(frozen=True)
class Guess:
    """What there may be. title: in two or three words; reason: one sentence."""

    dataset: Dataset
    title: str
    reason: str


def guesses(path: Path) -> tuple[Guess, ...]:
    """What a folder or a file may be, the likeliest first; several where a look does not tell.

    Whatever is there, at least one is given: the scan of its dataset says what is the matter with it. Reads little.
    """
    place = str(path.resolve())
    if path.is_dir():
        return (_folder(path, place),)
    if path.suffix.lower() not in SUFFIXES:
        return (_plain(place),)
    try:
        file = text_file(place, path.parent, wanted=_WANTED, cancelled=_never)
        table = open_table(file, cancelled=_never, named=(), known=TEXT_COLUMNS | LABEL_COLUMNS | HEADERS)
        if not table.headed:
            # A row of names over columns of numbers.
            numbered = open_table(file, cancelled=_never, named=(), known=frozenset())
            table = numbered if any(each.numeric for each in _columns(numbered)) else table
        columns = _columns(table)
    except DataError:
        columns, table = (), None
    found = tuple(_of_table(place, columns, table)) if table is not None else ()
    return found or (_points(place),)


@dataclass(frozen=True)
class _Column:
    name: str
    cells: Sequence[str]
    numeric: bool

    @property
    def varied(self) -> bool:
        """Whether hardly two cells are the same."""
        return len(set(self.cells)) > 0.3 * len(self.cells)

    @property
    def labels(self) -> bool:
        """Whether they may be labels: few different ones, each of them several times."""
        different = len(set(self.cells))
        return 2 <= different <= min(_MOST_LABELS, max(2, len(self.cells) // 3))

    @property
    def length(self) -> float:
        return sum(map(len, self.cells)) / max(1, len(self.cells))

    def called(self, names: frozenset[str]) -> bool:
        return self.name.casefold() in names


def _columns(table: Table) -> tuple[_Column, ...]:
    rows = table.rows(Skips(), progress=lambda done, total: None, cancelled=_never)
    start = [cells for _, cells in islice(rows, _LOOK)]
    columns = []
    for place, name in enumerate(table.columns):
        cells = [row[place].strip() for row in start if place < len(row) and row[place].strip()]
        numbers = sum(number(cell, table.delimiter) is not None for cell in cells)
        columns.append(_Column(name, cells, bool(cells) and 2 * numbers > len(cells)))
    return tuple(columns)


def _of_table(place: str, columns: Sequence[_Column], table: Table) -> Iterator[Guess]:
    names = {column.name.casefold() for column in columns}
    numeric = [column for column in columns if column.numeric]
    words = [column for column in columns if not column.numeric and column.cells]
    if table.headed and ({"x", "y"} <= names or {"x1", "x2"} <= names):
        yield _points(place)
        return
    labelled = _labelled(place, columns)
    if labelled is not None:
        yield labelled
    pair = _pair(columns)
    if pair is not None:
        yield _pairs(place, *pair)
    if labelled is not None or pair is not None:
        return
    triple = len(columns) == 3 and columns[0].numeric and columns[1].numeric
    few = triple and len(set(columns[2].cells)) <= _LABELS_OF_POINTS
    if triple and (few or not columns[2].numeric):
        yield _points(place)
    if numeric and len(words) <= 1 and not (triple and not columns[2].numeric):
        yield _series(place, numeric, min(len(column.cells) for column in numeric))
    if triple and not few and columns[2].numeric:
        yield _points(place)


def _labelled(place: str, columns: Sequence[_Column]) -> Guess | None:
    texts = [column for column in columns if not column.numeric and column.varied]
    text = next((column for column in texts if column.called(TEXT_COLUMNS)), None)
    text = text or max(texts, key=lambda column: column.length, default=None)
    others = [column for column in columns if column is not text and column.labels]
    named = next((column for column in others if column.called(LABEL_COLUMNS)), None)
    label = named or next((column for column in others if not column.numeric), None)
    if text is None or label is None:
        return None
    level: Level = "word"
    lengths = sorted(len(tokens_of(cell, level)) for cell in text.cells)
    length = lengths[len(lengths) * 19 // 20]
    dataset = Text(
        file=place,
        text_column=text.name,
        label_column=label.name,
        level=level,
        sequence_length=min(max(10, -(-length // 10) * 10), 400),
    )
    reason = f"“{text.name}” holds texts, “{label.name}” {len(set(label.cells))} labels."
    return Guess(_with_siblings(dataset, place), "Labelled texts", reason)


def _pair(columns: Sequence[_Column]) -> tuple[_Column, _Column] | None:
    varied = [column for column in columns if column.varied]
    if len(columns) > 3 or len(varied) < 2 or varied[0].numeric:
        return None
    # A time beside one number is a series.
    if varied[1].numeric and varied[0].length > varied[1].length and _looks_like_time(varied[0]):
        return None
    return varied[0], varied[1]


def _looks_like_time(column: _Column) -> bool:
    """Cells that all have the same pattern of digits, as 2016-01-01 and 12:30 have."""
    patterns = {"".join("0" if sign.isdigit() else sign for sign in cell) for cell in column.cells}
    return len(patterns) == 1 and any(sign.isdigit() for sign in column.cells[0])


def _pairs(place: str, source: _Column, target: _Column) -> Guess:
    level: Level = "character" if max(source.length, target.length) <= _LONG else "word"
    lengths = [max((len(tokens_of(cell, level)) for cell in each.cells), default=1) for each in (source, target)]
    dataset = Pairs(
        file=place,
        source_column=source.name,
        target_column=target.name,
        level=level,
        source_length=min(max(1, lengths[0]), 400),
        # The end mark needs a place too.
        target_length=min(lengths[1] + 1, 400),
    )
    reason = f"“{target.name}” is to be written from “{source.name}”."
    return Guess(_with_siblings(dataset, place), "Pairs of texts", reason)


def _series(place: str, numeric: Sequence[_Column], rows: int) -> Guess:
    names = tuple(column.name for column in numeric)
    dataset = Series(
        file=place, columns=names, target=names[-1], window=48 if rows >= _LOOK else max(1, min(48, rows // 10))
    )
    return Guess(dataset, "A series", f"Rows in the order of time; “{names[-1]}” is told from the rows before.")


def _points(place: str) -> Guess:
    dataset = Points(shape="file", file=place)
    return Guess(dataset, "Points in the plane", "Each row is a point: x, y and its label.")


def _plain(place: str) -> Guess:
    dataset = Text(file=place, level="character")
    return Guess(dataset, "A text to write like", "The model learns which character comes next.")


def _folder(path: Path, place: str) -> Guess:
    suffixes = [Path(name).suffix.lower() for name in islice(_names(path), _LOOK)]
    if suffixes and 2 * suffixes.count(".txt") > len(suffixes):
        return Guess(Text(folder=place), "Labelled texts", "A folder of .txt files for each class.")
    return Guess(ImageFolder(folder=place), "Images", "A folder of images for each class.")


def _names(path: Path) -> Iterator[str]:
    """Names of files in the folders of a folder, a few of each."""
    try:
        folders = sorted(entry.path for entry in os.scandir(path) if entry.is_dir())
        for folder in folders[:20]:
            with os.scandir(folder) as entries:
                yield from islice((entry.name for entry in entries if entry.is_file()), 20)
    except OSError:
        # The scan of the dataset says what cannot be read.
        return


def _with_siblings(dataset: Dataset, place: str) -> Dataset:
    """data-validation.csv beside data.csv is for validation."""
    path = Path(place)
    beside = {name: path.with_name(f"{path.stem}-{name}{path.suffix}") for name in ("validation", "test")}
    there = {name: str(each) for name, each in beside.items() if each.is_file()}
    if "validation" not in there:
        return dataset
    return msgspec.structs.replace(dataset, split=FolderSplit(**there))


def column_names(dataset: Text | Series | Pairs, base: Path) -> tuple[str, ...]:
    """The columns of the file of a dataset, from which its settings choose; empty where it is no table.

    Raises DataError where the file cannot be read.
    """
    if not dataset.file or (isinstance(dataset, Text) and Path(dataset.file).suffix.lower() not in SUFFIXES):
        return ()
    known: frozenset[str] = frozenset()
    if isinstance(dataset, Text):
        named, known = (dataset.text_column, dataset.label_column), TEXT_COLUMNS | LABEL_COLUMNS
    elif isinstance(dataset, Pairs):
        named, known = (dataset.source_column, dataset.target_column), HEADERS
    else:
        named = (*dataset.columns, dataset.target)
    file = text_file(dataset.file, base, wanted=_WANTED, cancelled=_never)
    return open_table(file, cancelled=_never, named=tuple(filter(None, named)), known=known).columns


_never: Callable[[], bool] = bool
