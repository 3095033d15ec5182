"""One long text → windows of tokens, each with the token that follows every place of it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from nnplayground.data.errors import DataError
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.sources import called, split_sources
from nnplayground.data.text_files import characters, chunks, text_file
from nnplayground.data.tokens import WORD_BREAKS, code_points, joined, tokens_of, vocabulary_of
from nnplayground.data.vocabularies import check_vocabulary
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import CountSplit, FolderSplit, Level, Text
from nnplayground.spec.facts import DataFacts

MOST_TOKENS = 10_000_000
"""Of a longer text the first ones are used: an epoch over them takes long enough."""
_WANTED = "one plain text to write like"


@dataclass(frozen=True)
class _Tokens:
    """A text as numbers of its own: token i is `known[numbers[i]]`."""

    name: str
    numbers: Array
    known: tuple[str, ...]
    cut: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Section:
    """A stretch of a text that is one split. prefix: of the ids of its samples."""

    tokens: _Tokens
    start: int
    stop: int
    prefix: str

    def starts(self, length: int, step: int) -> range:
        """Where windows start that have a next token for every place."""
        return range(self.start, self.stop - length, step)


@dataclass(frozen=True)
class _Found:
    sections: dict[str, _Section]
    vocabulary: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Windows(Mapping[str, str]):
    """What the windows read like, put together when it is asked for."""

    level: Level
    length: int
    places: dict[str, tuple[_Tokens, int]] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        tokens, start = self.places[name]
        return joined((tokens.known[number] for number in tokens.numbers[start : start + self.length]), self.level)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def scan_continuing(dataset: Text, loading: Loading) -> DataFacts:
    return _facts(dataset, _find(dataset, loading))


def load_continuing(dataset: Text, loading: Loading) -> LoadedData:
    found = _find(dataset, loading)
    length = dataset.sequence_length
    places: dict[str, tuple[_Tokens, int]] = {}
    splits: dict[str, Samples] = {}
    for name, section in found.sections.items():
        numbers = _renumbered(section.tokens, found.vocabulary)
        starts = section.starts(length, _step(name, length))
        windows = np.lib.stride_tricks.sliding_window_view(numbers[section.start : section.stop], length + 1)
        chosen = windows[:: starts.step]
        ids = tuple(f"{section.prefix}{start}" for start in starts)
        splits[name] = Samples(
            inputs={"text": np.ascontiguousarray(chosen[:, :-1])},
            targets={TARGET: np.ascontiguousarray(chosen[:, 1:])},
            ids=ids,
        )
        places.update({each: (section.tokens, start) for each, start in zip(ids, starts, strict=True)})
    return LoadedData(
        splits=splits,
        facts=_facts(dataset, found),
        fitted={"vocabularies": {"text": list(found.vocabulary)}},
        texts=_Windows(dataset.level, length, places),
    )


def _step(split: str, length: int) -> int:
    """Training windows overlap by half, so that each token is told from a long past too; the others do not."""
    return max(1, length // 2) if split == "training" else length


def _find(dataset: Text, loading: Loading) -> _Found:
    length = dataset.sequence_length
    sources = split_sources(dataset.split, dataset.file, loading.base, samples="text")
    main = _read(dataset.file, "file", dataset.level, loading)
    texts = [main]
    if "" in sources:
        sections = _parted(dataset, main)
    else:
        sections = {"training": _Section(main, 0, len(main.numbers), "training/")}
        for name in [name for name in sources if name != "training"]:
            text = _read(sources[name], called(name), dataset.level, loading)
            texts.append(text)
            sections[name] = _Section(text, 0, len(text.numbers), f"{name}/")
    unit = "words" if dataset.level == "word" else "characters"
    trained = sections["training"]
    if not trained.starts(length, 1):
        raise DataError(
            f"“{main.name}” has {trained.stop - trained.start:,} {unit} to train with, and a sequence length of "
            f"{length:,} needs at least {length + 1:,}, so make it shorter or choose a longer text."
        )
    warnings = [f"Of “{text.name}” only the first {MOST_TOKENS:,} {unit} are used." for text in texts if text.cut]
    if length == 1:
        warnings.append("With a sequence length of 1, the model sees one token and nothing of what was before it.")
    for name in [name for name, section in sections.items() if not section.starts(length, 1)]:
        del sections[name]
        warnings.append(f"Too few {unit} are left for {name}, so nothing is; keep more of them, or a shorter sequence.")
    counts = np.bincount(main.numbers[trained.start : trained.stop], minlength=len(main.known))
    occurring = {token: count for token, count in zip(main.known, counts.tolist(), strict=True) if count}
    vocabulary = vocabulary_of(occurring, dataset.vocabulary_size)
    check_vocabulary(
        vocabulary, reserved=2, size=dataset.vocabulary_size, level=dataset.level, what=f"texts of “{main.name}”"
    )
    return _Found(sections, vocabulary, tuple(warnings), tuple(note for text in texts for note in text.notes))


def _parted(dataset: Text, text: _Tokens) -> dict[str, _Section]:
    """The start of the text trains, what follows is for validation, the end for the test."""
    split, count = dataset.split, len(text.numbers)
    assert not isinstance(split, FolderSplit)
    if isinstance(split, CountSplit):
        validation, test = (
            windows * dataset.sequence_length + 1 if windows else 0 for windows in (split.validation, split.test)
        )
        if validation + test >= count:
            raise DataError(
                f"The split asks for {split.validation + split.test:,} samples for validation and test, which are more "
                f"tokens than the {count:,} of the text, so ask for fewer."
            )
    else:
        if split.validation + split.test >= 1:
            raise DataError(
                f"Validation ({split.validation:.0%}) and test ({split.test:.0%}) together leave nothing to train "
                "with, so lower one of them."
            )
        validation, test = round(split.validation * count), round(split.test * count)
    first, second = count - validation - test, count - test
    bounds = {"training": (0, first), "validation": (first, second), "test": (second, count)}
    return {name: _Section(text, start, stop, "") for name, (start, stop) in bounds.items() if start < stop}


def _read(source: str, what: str, level: Level, loading: Loading) -> _Tokens:
    """The first MOST_TOKENS tokens of a file."""
    file = text_file(source, loading.base, wanted=_WANTED, cancelled=loading.cancelled, what=what)
    with characters(file, newline=None, progress=loading.progress, cancelled=loading.cancelled) as text:
        numbers, known = (_words if level == "word" else _characters)(chunks(text))
    if not len(numbers):
        raise DataError(f"“{file.name}” is empty, so choose another text.")
    notes = (file.note,) if file.note else ()
    return _Tokens(file.name, numbers[:MOST_TOKENS], known, len(numbers) > MOST_TOKENS, notes)


def _characters(pieces: Iterable[str]) -> tuple[Array, tuple[str, ...]]:
    """(numbers, which character each number is) of a little more than MOST_TOKENS characters, if there are so many."""
    points: list[Array] = []
    count = 0
    for piece in pieces:
        points.append(code_points(piece))
        count += len(piece)
        if count > MOST_TOKENS:
            break
    if not points:
        return np.zeros(0, np.int32), ()
    known, numbers = np.unique(np.concatenate(points), return_inverse=True)
    return numbers.astype(np.int32), tuple(map(chr, known.tolist()))


def _words(pieces: Iterable[str]) -> tuple[Array, tuple[str, ...]]:
    """The same for words."""
    places: dict[str, int] = {}
    numbers = array("i")
    rest = ""
    for piece in pieces:
        # A word that goes on in the next piece waits for it.
        whole, rest = _at_last_break(rest + piece)
        numbers.extend(places.setdefault(word, len(places)) for word in tokens_of(whole, "word"))
        if len(numbers) > MOST_TOKENS:
            break
    else:
        numbers.extend(places.setdefault(word, len(places)) for word in tokens_of(rest, "word"))
    return np.array(numbers, np.int32), tuple(places)


def _at_last_break(text: str) -> tuple[str, str]:
    """(up to the last white space, what comes after it)."""
    place = max(text.rfind(sign) for sign in WORD_BREAKS) + 1
    return text[:place], text[place:]


def _renumbered(tokens: _Tokens, vocabulary: tuple[str, ...]) -> Array:
    """The text in the numbers of a vocabulary."""
    places = {token: number for number, token in enumerate(vocabulary)}
    return np.array([places.get(token, 1) for token in tokens.known], np.int32)[tokens.numbers]


def _facts(dataset: Text, found: _Found) -> DataFacts:
    length = dataset.sequence_length
    return DataFacts(
        input_shape=(length,),
        input_shapes={"text": (length,)},
        target="tokens",
        target_length=length,
        vocabularies={"text": found.vocabulary},
        class_names=found.vocabulary,
        splits={name: len(section.starts(length, _step(name, length))) for name, section in found.sections.items()},
        per_class=dict.fromkeys(found.sections, ()),
        warnings=found.warnings,
        notes=found.notes,
    )
