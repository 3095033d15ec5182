"""Rows of numbers in the order of time → windows, each with the number that comes some rows after it.

The first rows train, later ones are for validation, the last ones for the test. No window reaches over a border: what
is checked is told from rows that trained nothing. All columns are standardized with mean and deviation of the training
rows; `fitted["scaling"]` says how numbers are brought back.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from nnplayground.data.errors import DataError
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.skips import Skips, shortened
from nnplayground.data.sources import called, split_sources
from nnplayground.data.tables import Table, number, open_table
from nnplayground.data.text_files import text_file
from nnplayground.data.texts import StoredTexts
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import CountSplit, FolderSplit, Series, input_shapes
from nnplayground.spec.facts import DataFacts, SkippedFile

_WANTED = "a CSV file with a column of numbers"
_LOOK = 200
"""Rows by which it is known which columns hold numbers."""
_MOST_WINDOWS = 2**26
"""Numbers in all windows of a split together: 256 MB."""


@dataclass(frozen=True)
class _Rows:
    """values: (n, columns) float64. lines: where each row stands in the file. times: what its time is called, or ""."""

    name: str
    columns: tuple[str, ...]
    values: Array
    lines: Array
    times: Sequence[str]
    skipped: tuple[SkippedFile, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Section:
    """Rows start … stop − 1 are one split."""

    rows: _Rows
    start: int
    stop: int
    prefix: str


@dataclass(frozen=True)
class _Found:
    sections: dict[str, _Section]
    columns: tuple[str, ...]
    target: int
    skipped: tuple[SkippedFile, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SeriesLook:
    """The rows as they are in the file. values: (n, columns) float64; times: what each row's time is called, or "".

    splits: first row and the row behind the last one of each, where they lie in one file. target: which column.
    """

    columns: tuple[str, ...]
    target: int
    values: Array
    times: Sequence[str]
    splits: dict[str, tuple[int, int]]


def look_at_rows(dataset: Series, base: Path, *, cancelled: Callable[[], bool] = lambda: False) -> SeriesLook:
    """The rows that train, with those for validation and test where they come from the same file. Raises DataError."""
    found = _find(dataset, Loading(base, None, lambda done, total: None, cancelled))
    rows = found.sections["training"].rows
    splits = {name: (part.start, part.stop) for name, part in found.sections.items() if part.rows is rows}
    return SeriesLook(found.columns, found.target, rows.values, rows.times, splits)


def scan(dataset: Series, base: Path, cancelled: Callable[[], bool]) -> DataFacts:
    try:
        return _facts(dataset, _find(dataset, Loading(base, None, lambda done, total: None, cancelled)))
    except DataError as error:
        shape = input_shapes(dataset)["series"]
        return DataFacts(
            input_shape=shape,
            input_shapes={"series": shape} if shape is not None else {},
            target="number",
            problem=str(error),
            missing_path=error.missing_path,
        )


def load(dataset: Series, loading: Loading) -> LoadedData:
    """Raises DataError where the rows cannot be used, or are too few for window and split."""
    found = _find(dataset, loading)
    trained = found.sections["training"]
    training = trained.rows.values[trained.start : trained.stop]
    mean, deviation = training.mean(axis=0), training.std(axis=0)
    # A column that never changes has nothing to scale; it becomes 0 everywhere.
    divisor = np.where(deviation > 0, deviation, 1.0)
    reach = dataset.window + dataset.horizon - 1
    texts = StoredTexts()
    splits: dict[str, Samples] = {}
    for name, section in found.sections.items():
        values = ((section.rows.values[section.start : section.stop] - mean) / divisor).astype(np.float32)
        count = len(values) - reach
        windows = np.lib.stride_tricks.sliding_window_view(values, dataset.window, axis=0)[:count]
        inputs = windows.transpose(0, 2, 1)
        told = range(section.start + reach, section.stop)
        ids = tuple(f"{section.prefix}{line}" for line in section.rows.lines[told.start : told.stop].tolist())
        splits[name] = Samples(
            # Very many windows stay a view of the rows, which they repeat again and again.
            inputs={"series": np.ascontiguousarray(inputs) if inputs.size <= _MOST_WINDOWS else inputs},
            targets={TARGET: np.ascontiguousarray(values[reach:, found.target : found.target + 1])},
            ids=ids,
        )
        for each, row in zip(ids, told, strict=True):
            if section.rows.times:
                texts.add(each, section.rows.times[row])
    scaling = {
        "columns": list(found.columns),
        "mean": mean.tolist(),
        "deviation": divisor.tolist(),
        "target": found.columns[found.target],
        "horizon": dataset.horizon,
    }
    return LoadedData(splits=splits, facts=_facts(dataset, found), fitted={"scaling": scaling}, texts=texts)


def _find(dataset: Series, loading: Loading) -> _Found:
    if not dataset.file:
        raise DataError("No file is chosen yet, so choose a CSV file with a column of numbers, oldest first.")
    sources = split_sources(dataset.split, dataset.file, loading.base, samples="rows")
    rows = _read(dataset, dataset.file, "file", loading)
    parts = [rows]
    if "" in sources:
        sections = _parted(dataset, rows)
    else:
        sections = {"training": _Section(rows, 0, len(rows.values), "training/")}
        for name in [name for name in sources if name != "training"]:
            part = _read(dataset, sources[name], called(name), loading, columns=rows.columns)
            parts.append(part)
            sections[name] = _Section(part, 0, len(part.values), f"{name}/")
    reach = dataset.window + dataset.horizon - 1
    for name, section in sections.items():
        held = section.stop - section.start
        if held <= reach:
            raise DataError(
                f"“{section.rows.name}” has {held:,} rows for {name}, and a window of {dataset.window:,} with a "
                f"horizon of {dataset.horizon:,} needs at least {reach + 1:,}, so make them shorter, or choose a "
                "longer file or another split."
            )
    folded = [name.casefold() for name in rows.columns]
    warnings = [
        f"The column “{name}” is the same in all training rows, so it tells nothing."
        for place, name in enumerate(rows.columns)
        if np.ptp(rows.values[: sections["training"].stop, place]) == 0
    ]
    missing = sum(len(part.skipped) for part in parts)
    if missing:
        warnings.append(
            f"{missing:,} {'row' if missing == 1 else 'rows'} without a number in every column "
            f"{'is' if missing == 1 else 'are'} left out, so time makes a jump there."
        )
    if dataset.window == 1:
        warnings.append("With a window of 1, the model sees a single row and nothing of what was before it.")
    return _Found(
        sections,
        rows.columns,
        folded.index(dataset.target.casefold()) if dataset.target else 0,
        tuple(file for part in parts for file in part.skipped),
        tuple(warnings),
        tuple(note for part in parts for note in part.notes),
    )


def _parted(dataset: Series, rows: _Rows) -> dict[str, _Section]:
    split, count = dataset.split, len(rows.values)
    assert not isinstance(split, FolderSplit)
    if isinstance(split, CountSplit):
        reach = dataset.window + dataset.horizon - 1
        validation, test = (samples + reach if samples else 0 for samples in (split.validation, split.test))
    else:
        if split.validation + split.test >= 1:
            raise DataError(
                f"Validation ({split.validation:.0%}) and test ({split.test:.0%}) together leave nothing to train "
                "with, so lower one of them."
            )
        validation, test = round(split.validation * count), round(split.test * count)
    first, second = max(0, count - validation - test), max(0, count - test)
    bounds = {"training": (0, first), "validation": (first, second), "test": (second, count)}
    wanted = {"training": True, "validation": split.validation > 0, "test": split.test > 0}
    return {name: _Section(rows, *bounds[name], "") for name in bounds if wanted[name]}


def _read(
    dataset: Series, source: str, what: str, loading: Loading, *, columns: tuple[str, ...] | None = None
) -> _Rows:
    """columns: those of the training file, which the others must have too."""
    file = text_file(source, loading.base, wanted=_WANTED, cancelled=loading.cancelled, what=what)
    named = columns or tuple(filter(None, (*dataset.columns, dataset.target)))
    table = open_table(file, cancelled=loading.cancelled, named=named, known=frozenset())
    start = [
        cells for _, cells in islice(table.rows(Skips(), progress=lambda *_: None, cancelled=loading.cancelled), _LOOK)
    ]
    places, time = _places(table, start, columns or dataset.columns, dataset.target)
    skips = Skips()
    values, lines = array("d"), array("q")
    times: list[str] = []
    for line, cells in table.rows(skips, progress=loading.progress, cancelled=loading.cancelled):
        row = [number(cells[place], table.delimiter) if place < len(cells) else None for place in places]
        if None in row:
            place = places[row.index(None)]
            cell = f"“{shortened(cells[place])}”" if place < len(cells) and cells[place].strip() else "nothing"
            skips.add(file.name, line, f"Its “{table.columns[place]}” is {cell}, which is no number.")
            continue
        values.extend(value for value in row if value is not None)
        lines.append(line)
        if time is not None:
            times.append(cells[time].strip() if time < len(cells) else "")
    if not lines:
        raise DataError(f"No row of “{file.name}” has a number in every column, so choose other columns.{skips.first}")
    names = tuple(table.columns[place] for place in places)
    notes = [file.note] if file.note else []
    if not columns and not dataset.columns:
        notes.append(f"Of “{file.name}” the columns {', '.join(names)} hold numbers and are used.")
    return _Rows(
        file.name,
        names,
        np.frombuffer(values, np.float64).reshape(len(lines), len(places)),
        np.frombuffer(lines, np.int64),
        times,
        skips.listed(),
        tuple(notes),
    )


def _places(
    table: Table, rows: Sequence[Sequence[str]], columns: Sequence[str], target: str
) -> tuple[list[int], int | None]:
    """(places of the columns that are used, the target among them; place of the column that names the time)."""
    count = len(table.columns)
    filled = [[row[place] for row in rows if place < len(row) and row[place].strip()] for place in range(count)]
    numeric = [
        bool(cells) and 2 * sum(number(cell, table.delimiter) is not None for cell in cells) > len(cells)
        for cells in filled
    ]
    time = next((place for place in range(count) if filled[place] and not numeric[place]), None)
    if columns:
        places = [table.place(name, "numbers") for name in dict.fromkeys(columns)]
    else:
        places = [place for place in range(count) if numeric[place]]
        if not places:
            example = f"; the first row, for example, has “{shortened(filled[0][0])}”" if filled and filled[0] else ""
            raise DataError(f"No column of “{table.name}” holds numbers{example}, so choose {_WANTED}.")
    if target:
        place = table.place(target, "target")
        if place not in places:
            raise DataError(
                f"The target “{target}” is none of the columns that the model sees, so add it to them, or choose one "
                "of them as the target."
            )
    for place in places:
        if not numeric[place]:
            example = f" (“{shortened(filled[place][0])}”, for example)" if filled[place] else ""
            raise DataError(
                f"The column “{table.columns[place]}” of “{table.name}” holds no numbers{example}, so choose another "
                "one."
            )
    return places, time


def _facts(dataset: Series, found: _Found) -> DataFacts:
    reach = dataset.window + dataset.horizon - 1
    shape = (dataset.window, len(found.columns))
    return DataFacts(
        input_shape=shape,
        input_shapes={"series": shape},
        target="number",
        splits={name: section.stop - section.start - reach for name, section in found.sections.items()},
        per_class=dict.fromkeys(found.sections, ()),
        skipped=found.skipped,
        warnings=found.warnings,
        notes=found.notes,
    )
