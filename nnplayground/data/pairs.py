"""Two columns of texts → sources, and targets that are written one token after the other.

A target begins with [start] as the model gets it, and ends with [end] as the model is to write it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnplayground.data.errors import Cancelled, DataError
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.remembered import Remembered
from nnplayground.data.skips import Skips
from nnplayground.data.sources import called, split_sources
from nnplayground.data.splits import SPLITS, assign
from nnplayground.data.tables import Table, open_table
from nnplayground.data.text_files import text_file
from nnplayground.data.texts import StoredTexts
from nnplayground.data.tokens import END, READ, START, WRITTEN, Tokenizer, count_tokens, tokens_of, vocabulary_of
from nnplayground.data.vocabularies import BETWEEN_LOOKS, check_vocabulary, encoded, thinned
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import FolderSplit, Level, Pairs, input_shape
from nnplayground.spec.facts import DataFacts, SkippedFile

_WANTED = "a CSV or TSV file with two columns of texts"
HEADERS = frozenset({
    "source", "target", "input", "output", "question", "answer", "from", "to", "text", "translation",
    "original", "result", "date", "iso", "sum", "expression", "english", "german", "french", "spanish",
    "italian", "en", "de", "fr", "es", "it", "prompt", "response",
})  # fmt: skip


@dataclass
class _Found:
    """Pairs as they are found. splits: "" where one is yet to be decided."""

    ids: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    sources: StoredTexts = field(default_factory=StoredTexts)
    targets: StoredTexts = field(default_factory=StoredTexts)
    skipped: list[SkippedFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Chosen:
    """The positions of each split, and the vocabularies of the training ones."""

    assignment: Mapping[str, Sequence[int]]
    source_vocabulary: tuple[str, ...]
    target_vocabulary: tuple[str, ...]
    warnings: tuple[str, ...]


def scan(dataset: Pairs, base: Path, cancelled: Callable[[], bool]) -> DataFacts:
    loading = Loading(base, None, lambda done, total: None, cancelled)
    try:
        found = _find(dataset, loading)
        return _facts(dataset, found, _choose(dataset, found, cancelled))
    except DataError as error:
        return DataFacts(
            input_shape=input_shape(dataset),
            input_shapes=_shapes(dataset),
            target="tokens",
            target_length=dataset.target_length,
            problem=str(error),
            missing_path=error.missing_path,
        )


def load(dataset: Pairs, loading: Loading) -> LoadedData:
    """Raises DataError where the pairs cannot be used, or the split does not fit."""
    found = _find(dataset, loading)
    chosen = _choose(dataset, found, loading.cancelled)
    reader = Tokenizer(dataset.level, chosen.source_vocabulary)
    writer = Tokenizer(dataset.level, chosen.target_vocabulary)
    splits: dict[str, Samples] = {}
    for name, positions in chosen.assignment.items():
        ids = tuple(found.ids[position] for position in positions)
        sources = encoded(reader, found.sources, ids, dataset.source_length, loading.cancelled)
        written = encoded(writer, found.targets, ids, dataset.target_length, loading.cancelled)
        seen, told = between_marks(written)
        splits[name] = Samples(inputs={"source": sources, "target": seen}, targets={TARGET: told}, ids=ids)
    return LoadedData(
        splits=splits,
        facts=_facts(dataset, found, chosen),
        fitted={"vocabularies": {"source": list(chosen.source_vocabulary), "target": list(chosen.target_vocabulary)}},
        texts=found.sources,
        target_texts=found.targets,
    )


def between_marks(written: Array) -> tuple[Array, Array]:
    """(what the model gets, what it is to write) of targets: each (n, length) int32.

    written: (n, length) int32 without marks. What the model gets begins with [start]. What it is to write ends with
    [end], unless the target was cut off: that would teach it to stop in the middle.
    """
    start, end = WRITTEN.index(START), WRITTEN.index(END)
    seen = np.concatenate([np.full((len(written), 1), start, np.int32), written[:, :-1]], axis=1)
    told = written.copy()
    lengths = (written != 0).sum(axis=1)
    short = np.flatnonzero(lengths < written.shape[1])
    told[short, lengths[short]] = end
    return seen, told


_files: Remembered[_Found] = Remembered()


def _find(dataset: Pairs, loading: Loading) -> _Found:
    if not dataset.file:
        raise DataError(f"No file is chosen yet, so choose {_WANTED}.")
    sources = split_sources(dataset.split, dataset.file, loading.base, samples="pairs")

    def read() -> _Found:
        found = _Found()
        for name, file in sources.items():
            _read(dataset, name, file, loading, found)
        return found

    key = (tuple(sources), dataset.source_column, dataset.target_column)
    return _files.get(key, sources.values(), loading.base, read)


def _read(dataset: Pairs, split: str, source: str, loading: Loading, found: _Found) -> None:
    file = text_file(source, loading.base, wanted=_WANTED, cancelled=loading.cancelled, what=called(split))
    named = (dataset.source_column, dataset.target_column)
    table = open_table(file, cancelled=loading.cancelled, named=named, known=HEADERS)
    places = _columns(table, dataset)
    if file.note:
        found.notes.append(file.note)
    skips = Skips()
    count = len(found.ids)
    for line, cells in table.rows(skips, progress=loading.progress, cancelled=loading.cancelled):
        if len(cells) <= max(places):
            skips.add(file.name, line, f"It has {len(cells)} cells, and {max(places) + 1} are needed.")
            continue
        read, written = (cells[place].strip() for place in places)
        if not read or not written:
            skips.add(file.name, line, f"Its {'target' if read else 'source'} is empty.")
            continue
        name = f"{split}/{line}" if split else str(line)
        found.ids.append(name)
        found.splits.append(split)
        found.sources.add(name, read)
        found.targets.add(name, written)
    found.skipped += skips.listed()
    if len(found.ids) == count:
        raise DataError(
            f"No line of “{file.name}” has both a source and a target, so choose other columns or another file."
            f"{skips.first}"
        )


def _columns(table: Table, dataset: Pairs) -> tuple[int, int]:
    count = len(table.columns)
    if count < 2:
        raise DataError(f"“{table.name}” has only one column, “{table.columns[0]}”, so choose {_WANTED}.")
    source = table.place(dataset.source_column, "sources") if dataset.source_column else None
    target = table.place(dataset.target_column, "targets") if dataset.target_column else None
    if source is None:
        source = 1 if target == 0 else 0
    if target is None:
        target = 0 if source == 1 else 1
    if source == target:
        raise DataError(
            f"The column “{table.columns[source]}” is both source and target, so choose another one for one of them."
        )
    return source, target


def _choose(dataset: Pairs, found: _Found, cancelled: Callable[[], bool]) -> _Chosen:
    if isinstance(dataset.split, FolderSplit):
        assignment: dict[str, list[int]] = {name: [] for name in SPLITS}
        for position, split in enumerate(found.splits):
            assignment[split].append(position)
        assignment = {name: positions for name, positions in assignment.items() if positions}
    else:
        labels = [0] * len(found.ids)
        assignment = assign(found.ids, labels, dataset.split, seed=dataset.seed, what="pairs")
    size = dataset.source_length + 2 * dataset.target_length
    assignment, warnings = thinned(assignment, size, "pairs")
    ids = [found.ids[position] for position in assignment["training"]]
    sources, long_sources = _counted(found.sources, ids, dataset.level, dataset.source_length, cancelled)
    # The end mark needs a place too.
    targets, long_targets = _counted(found.targets, ids, dataset.level, dataset.target_length - 1, cancelled)
    for what, cut, most in (
        ("source", long_sources, dataset.source_length),
        ("target", long_targets, dataset.target_length),
    ):
        if cut:
            mark = ", the end mark included" if what == "target" else ""
            warnings = (
                *warnings,
                f"{cut:,} of {len(ids):,} training {what}s are longer than {most:,} tokens{mark}, and what is too much "
                f"is cut off, so perhaps make the {what} length larger.",
            )
    source_vocabulary = vocabulary_of(sources, dataset.source_vocabulary)
    target_vocabulary = vocabulary_of(targets, dataset.target_vocabulary, WRITTEN)
    for vocabulary, reserved, size, what in (
        (source_vocabulary, len(READ), dataset.source_vocabulary, "sources"),
        (target_vocabulary, len(WRITTEN), dataset.target_vocabulary, "targets"),
    ):
        check_vocabulary(vocabulary, reserved=reserved, size=size, level=dataset.level, what=what)
    if dataset.split.validation and "validation" not in assignment:
        warnings = (*warnings, "There are too few pairs to keep any for validation, so add more.")
    return _Chosen(assignment, source_vocabulary, target_vocabulary, warnings)


def _counted(
    texts: Mapping[str, str], ids: Sequence[str], level: Level, most: int, cancelled: Callable[[], bool]
) -> tuple[Counter[str], int]:
    """(how often each token occurs, how many texts have more than `most`)."""
    counts: Counter[str] = Counter()
    longer = 0
    for start in range(0, len(ids), BETWEEN_LOOKS):
        if cancelled():
            raise Cancelled
        some = [texts[name] for name in ids[start : start + BETWEEN_LOOKS]]
        count_tokens(counts, some, level)
        longer += sum(len(text if level == "character" else tokens_of(text, level)) > most for text in some)
    return counts, longer


def _shapes(dataset: Pairs) -> dict[str, tuple[int, ...]]:
    return {"source": (dataset.source_length,), "target": (dataset.target_length,)}


def _facts(dataset: Pairs, found: _Found, chosen: _Chosen) -> DataFacts:
    return DataFacts(
        input_shape=input_shape(dataset),
        input_shapes=_shapes(dataset),
        target="tokens",
        target_length=dataset.target_length,
        vocabularies={"source": chosen.source_vocabulary, "target": chosen.target_vocabulary},
        class_names=chosen.target_vocabulary,
        splits={name: len(positions) for name, positions in chosen.assignment.items()},
        per_class=dict.fromkeys(chosen.assignment, ()),
        skipped=tuple(found.skipped),
        warnings=chosen.warnings,
        notes=tuple(found.notes),
    )
