"""Points from a CSV file: a line for each with x, y and its label, under a header or not.

Whatever a line is like, it never spoils the others: it is left out, and the reason is listed. Coordinates are brought
into the plane, which is a choice of units and says nothing about single points.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np

from nnplayground.data.errors import DataError
from nnplayground.data.folder_survey import resolved
from nnplayground.data.listing import natural_key
from nnplayground.samples import Array
from nnplayground.spec.dataset import MOST_POINT_CLASSES, MOST_POINTS, PLANE_LIMIT
from nnplayground.spec.facts import SkippedFile

MOST_BYTES = 16 * 2**20
_REACH = 5.5
"""Scaled coordinates end a little before the border of the plane, where their marks are still seen."""
_MOST_LISTED = 1000
_DELIMITERS = (",", ";", "\t")
_X = ("x", "x1", "x_1", "x₁")
_Y = ("y", "x2", "x_2", "x₂")
_LABELS = ("label", "class", "target", "value", "group", "z", "y")


@dataclass(frozen=True)
class FilePoints:
    """coordinates: (n, 2) float32 in −6…6. targets: (n,) int32 class indices, or (n, 1) float32 numbers.

    class_names: empty for numbers. notes: what was done to the values. scaling: how, for `preparation.json`: by "x",
    "y" and "label" the factor and what is added after it; what is not there is as in the file.
    """

    coordinates: Array
    targets: Array
    class_names: tuple[str, ...]
    skipped: tuple[SkippedFile, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    scaling: dict[str, list[float]]


@dataclass(frozen=True)
class _Row:
    number: int
    x: float
    y: float
    label: str


_KEPT = 4
"""So many files are not read again as long as they do not change."""
_Key = tuple[Path, int, int]
"""Path, time of the last change, size."""
_kept: dict[_Key, FilePoints] = {}
_keeping = Lock()


def is_read(file: str, base: Path) -> bool:
    """Whether a file has been read as it is now, so that its points can be had at once."""
    path = resolved(file, base)
    try:
        status = path.stat()
    except (OSError, ValueError):
        return False
    return (path, status.st_mtime_ns, status.st_size) in _kept


def read_points(file: str, base: Path) -> FilePoints:
    """The points of a file. Relative paths start at `base`. Raises DataError where there is nothing to use."""
    if not file:
        raise DataError("No file is chosen yet, so choose a CSV file with a line of x, y and label for each point.")
    path = resolved(file, base)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise DataError(
            f"The file “{path}” is not there, so locate it or choose another one.", missing_path=str(path)
        ) from error
    if path.is_dir():
        raise DataError(f"“{path}” is a folder, so choose a CSV file with a line of x, y and label for each point.")
    if status.st_size > MOST_BYTES:
        raise DataError(
            f"“{path.name}” has {status.st_size / 2**20:,.0f} MB, and points may have up to {MOST_BYTES // 2**20} MB, "
            "so choose a smaller file."
        )
    key = (path, status.st_mtime_ns, status.st_size)
    found = _kept.get(key)
    if found is None:
        found = _read(path)
        with _keeping:
            _kept[key] = found
            while len(_kept) > _KEPT:
                del _kept[next(iter(_kept))]
    return found


def _read(path: Path) -> FilePoints:
    lines = _text(path).splitlines()
    skipped: list[tuple[int, str]] = []
    rows = _rows(lines, path.name, skipped)
    rows, targets, class_names, notes = _targets(rows, path.name, skipped)
    coordinates, scaling, scaled = _scaled(np.array([[row.x, row.y] for row in rows]))
    if not class_names:
        targets, of_label, label_note = _scaled_numbers(targets)
        scaling.update(of_label)
        notes += label_note
    warnings: tuple[str, ...] = ()
    if len(rows) > MOST_POINTS:
        chosen = np.arange(MOST_POINTS) * len(rows) // MOST_POINTS
        coordinates, targets = coordinates[chosen], targets[chosen]
        warnings = (f"“{path.name}” has {len(rows):,} points, and {MOST_POINTS:,} of them, evenly spread, are used.",)
    for array in (coordinates, targets):
        array.flags.writeable = False
    return FilePoints(coordinates, targets, class_names, _listed(path.name, skipped), warnings, scaled + notes, scaling)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except PermissionError as error:
        raise DataError(f"“{path}” may not be read, so change its permissions or choose another file.") from error
    except OSError as error:
        raise DataError(f"“{path}” cannot be read ({error.strerror}), so choose another file.") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
        if b"\0" in content[:4096]:
            raise DataError(f"“{path.name}” is no text, so choose a CSV file with x, y and label in each line.")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        # What old spreadsheets write; every byte is some letter there, and numbers are the same.
        return content.decode("latin-1")


def _rows(lines: Sequence[str], name: str, skipped: list[tuple[int, str]]) -> list[_Row]:
    """The lines that hold a point; the reasons for the others are added to `skipped`."""
    filled = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not filled:
        raise DataError(f"“{name}” is empty, so choose a CSV file with a line of x, y and label for each point.")
    delimiter = _delimiter([line for _, line in islice(filled, 50)])
    columns = _header(_cells(filled[0][1], delimiter), delimiter)
    rows: list[_Row] = []
    for number, line in filled[0 if columns is None else 1 :]:
        row = _row(number, _cells(line, delimiter), columns or (0, 1, 2), delimiter)
        if isinstance(row, str):
            skipped.append((number, row))
        else:
            rows.append(row)
    if not rows:
        reason = f"; line {skipped[0][0]}, for example: {skipped[0][1]}" if skipped else "."
        raise DataError(f"No line of “{name}” holds a point, which is x, y and a label{reason}")
    return rows


def _delimiter(lines: Sequence[str]) -> str:
    """What stands between the cells: the sign that makes three of most lines, else blanks."""
    makes_three = {sign: sum(len(_cells(line, sign)) >= 3 for line in lines) for sign in _DELIMITERS}
    best = max(makes_three, key=lambda sign: makes_three[sign])
    if makes_three[best] * 2 >= len(lines):
        return best
    blanks = sum(len(line.split()) >= 3 for line in lines)
    return " " if blanks > makes_three[best] else best


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line. A quotation mark without its partner ends with the line instead of eating the others."""
    if delimiter == " ":
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except csv.Error:
        return []


def _header(cells: Sequence[str], delimiter: str) -> tuple[int, int, int] | None:
    """Where a header says that x, y and the label stand; the first three columns where it does not name them.

    None where the first line is not a header.
    """
    if len(cells) >= 2 and _number(cells[0], delimiter) is not None and _number(cells[1], delimiter) is not None:
        return None
    if any(_number(cell, delimiter) is not None for cell in cells):
        return None
    names = [cell.casefold() for cell in cells]
    x = next((names.index(name) for name in _X if name in names), None)
    # Where the second coordinate is called x2, y is the label.
    second = _Y[1:] + _Y[:1] if x is not None and names[x] != "x" else _Y
    y = next((names.index(name) for name in second if name in names), None)
    if x is None or y is None:
        return 0, 1, 2
    others = [place for place in range(len(names)) if place not in (x, y)]
    label = next((names.index(name) for name in _LABELS if name in names and names.index(name) in others), None)
    return x, y, label if label is not None else (others or [2])[0]


def _row(number: int, cells: Sequence[str], columns: tuple[int, int, int], delimiter: str) -> _Row | str:
    """The point of a line, or why there is none."""
    if len(cells) <= max(columns):
        return f"It has {len(cells)} {'value' if len(cells) == 1 else 'values'}, but x, y and a label are needed."
    values: list[float] = []
    for name, column in zip("xy", columns, strict=False):
        value = _number(cells[column], delimiter)
        if value is None:
            return f"{name} is “{_shortened(cells[column])}”, which is no number."
        values.append(value)
    label = cells[columns[2]]
    return _Row(number, values[0], values[1], label) if label else "It has no label."


def _number(text: str, delimiter: str) -> float | None:
    """A finite number, with a comma for its point where a comma is not what separates cells."""
    if delimiter != "," and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    try:
        value = float(text.replace("−", "-"))
    except ValueError:
        return None
    # Larger ones cannot be scaled without losing everything else.
    return value if math.isfinite(value) and abs(value) < 1e30 else None


def _targets(
    rows: list[_Row], name: str, skipped: list[tuple[int, str]]
) -> tuple[list[_Row], Array, tuple[str, ...], tuple[str, ...]]:
    """(the rows that are used, their targets, the names of the classes, notes).

    Labels are numbers to predict where most of them are numbers and some have a fraction, or where there are more whole
    ones than classes could be; else they are the names of classes.
    """
    numbers = [_number(row.label, ";") for row in rows]
    known = [number for number in numbers if number is not None]
    fractions = any(not number.is_integer() for number in known)
    if fractions and 2 * len(known) > len(rows):
        used: list[_Row] = []
        for row, number in zip(rows, numbers, strict=True):
            if number is None:
                skipped.append((row.number, f"Its label is “{_shortened(row.label)}”, which is no number."))
            else:
                used.append(row)
        return used, np.array(known), (), ()
    whole = len(known) == len(rows)
    if whole and len(set(known)) > MOST_POINT_CLASSES:
        note = f"The labels are {len(set(known)):,} different numbers, so they are numbers to predict, not classes."
        return rows, np.array(known), (), (note,)
    names = [str(int(number)) for number in known] if whole else [row.label for row in rows]
    counts = Counter(names)
    if len(counts) > MOST_POINT_CLASSES:
        raise DataError(
            f"“{name}” has {len(counts):,} different labels, and points can have up to {MOST_POINT_CLASSES} classes, "
            "so choose a file with fewer."
        )
    order = sorted(counts, key=int) if whole else sorted(counts, key=natural_key)
    places = {each: place for place, each in enumerate(order)}
    return rows, np.array([places[each] for each in names], np.int32), tuple(order), ()


def _scaled(coordinates: Array) -> tuple[Array, dict[str, list[float]], tuple[str, ...]]:
    """Coordinates within the plane, how they came there, and the sentence about it.

    What lies in the plane already and fills at least half of it in one direction stays as it is.
    """
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    inside = np.abs(coordinates).max() <= PLANE_LIMIT
    if inside and (high - low).max() >= PLANE_LIMIT:
        return coordinates.astype(np.float32), {}, ()
    extent = np.where(high > low, high - low, 1.0)
    factor = np.where(high > low, 2 * _REACH / extent, 1.0)
    offset = -(low + high) / 2 * factor
    scaled = np.clip(coordinates * factor + offset, -PLANE_LIMIT, PLANE_LIMIT).astype(np.float32)
    ranges = " and ".join(
        f"{name} from {_figure(start)} to {_figure(end)}"
        for name, start, end in zip(("x₁", "x₂"), low.tolist(), high.tolist(), strict=True)
    )
    scaling = {name: [float(factor[axis]), float(offset[axis])] for axis, name in enumerate("xy")}
    return scaled, scaling, (f"Coordinates are scaled to −{_REACH:g}…{_REACH:g}: {ranges}.",)


def _scaled_numbers(numbers: Array) -> tuple[Array, dict[str, list[float]], tuple[str, ...]]:
    """Numbers to predict as (n, 1) float32 in −1…1; those that lie there already stay as they are."""
    low, high = float(numbers.min()), float(numbers.max())
    if low >= -1 and high <= 1:
        return numbers.astype(np.float32)[:, None], {}, ()
    factor = 2 / (high - low) if high > low else 1.0
    offset = -(low + high) / 2 * factor
    note = f"Labels from {_figure(low)} to {_figure(high)} are scaled to −1…1."
    return (numbers * factor + offset).astype(np.float32)[:, None], {"label": [factor, offset]}, (note,)


def _listed(name: str, skipped: Sequence[tuple[int, str]]) -> tuple[SkippedFile, ...]:
    ordered = sorted(skipped)
    listed = [SkippedFile(f"{name}, line {number:,}", reason) for number, reason in ordered[:_MOST_LISTED]]
    rest = len(ordered) - len(listed)
    if rest:
        listed.append(SkippedFile(f"{name}, {rest:,} more lines", "They hold no points either."))
    return tuple(listed)


def _shortened(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"


def _figure(value: float) -> str:
    return (f"{value:,.5g}" if 1e-4 <= abs(value) < 1e5 else f"{value:.3g}").replace("-", "−")
