"""Texts → samples: labelled ones, of which the model tells the class, or one long text, whose next token it tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath

import numpy as np

from nnplayground.data.continuing import load_continuing, scan_continuing
from nnplayground.data.corpus import Corpus, arranged, find_texts
from nnplayground.data.errors import Cancelled, DataError
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.tables import SUFFIXES
from nnplayground.data.tokens import Tokenizer, count_tokens, vocabulary_of
from nnplayground.data.vocabularies import BETWEEN_LOOKS, check_vocabulary, encoded, thinned
from nnplayground.samples import Samples
from nnplayground.spec.dataset import Text, input_shape
from nnplayground.spec.facts import DataFacts

_TELLING_NUMBERS = 2**22
"""Up to so many bytes of text, the vocabulary is known after a first look already."""


def is_labelled(dataset: Text) -> bool:
    """Whether texts have labels; a plain file has none, and is to be continued."""
    named = bool(dataset.text_column or dataset.label_column)
    return bool(dataset.folder) or named or PurePath(dataset.file).suffix.lower() in SUFFIXES


def scan(dataset: Text, base: Path, cancelled: Callable[[], bool]) -> DataFacts:
    loading = Loading(base, None, lambda done, total: None, cancelled)
    try:
        _check_chosen(dataset)
        if not is_labelled(dataset):
            return scan_continuing(dataset, loading)
        corpus = find_texts(dataset, loading, read=False)
        assignment = arranged(corpus, dataset)
        vocabulary: tuple[str, ...] = ()
        if 0 < corpus.texts.size <= _TELLING_NUMBERS:
            vocabulary = training_vocabulary(dataset, corpus, assignment["training"], cancelled)
        return _facts(dataset, corpus, assignment, vocabulary, ())
    except DataError as error:
        return DataFacts(
            input_shape=input_shape(dataset),
            input_shapes={"text": (dataset.sequence_length,)},
            target="classes" if is_labelled(dataset) else "tokens",
            problem=str(error),
            missing_path=error.missing_path,
        )


def load(dataset: Text, loading: Loading) -> LoadedData:
    """Raises DataError where the texts cannot be used, or the split does not fit."""
    _check_chosen(dataset)
    if not is_labelled(dataset):
        return load_continuing(dataset, loading)
    corpus = find_texts(dataset, loading, read=True)
    assignment, warnings = thinned(arranged(corpus, dataset), dataset.sequence_length, "texts")
    vocabulary = training_vocabulary(dataset, corpus, assignment["training"], loading.cancelled)
    tokenizer = Tokenizer(dataset.level, vocabulary)
    splits: dict[str, Samples] = {}
    for name, positions in assignment.items():
        ids = tuple(corpus.ids[position] for position in positions)
        labels = np.array([corpus.labels[position] for position in positions], np.int32)
        numbers = encoded(tokenizer, corpus.texts, ids, dataset.sequence_length, loading.cancelled)
        splits[name] = Samples(inputs={"text": numbers}, targets={TARGET: labels}, ids=ids)
    return LoadedData(
        splits=splits,
        facts=_facts(dataset, corpus, assignment, vocabulary, warnings),
        fitted={"class_names": list(corpus.class_names), "vocabularies": {"text": list(vocabulary)}},
        texts=corpus.texts,
    )


def _check_chosen(dataset: Text) -> None:
    if not dataset.folder and not dataset.file:
        raise DataError(
            "No text is chosen yet, so choose a folder with a folder of .txt files for each class, a CSV file, or one "
            "plain text to write like."
        )


def training_vocabulary(
    dataset: Text, corpus: Corpus, training: Sequence[int], cancelled: Callable[[], bool]
) -> tuple[str, ...]:
    """The vocabulary of the training texts. Raises DataError where it tells nothing apart."""
    counts: Counter[str] = Counter()
    for start in range(0, len(training), BETWEEN_LOOKS):
        if cancelled():
            raise Cancelled
        some = training[start : start + BETWEEN_LOOKS]
        count_tokens(counts, (corpus.texts[corpus.ids[position]] for position in some), dataset.level)
    vocabulary = vocabulary_of(counts, dataset.vocabulary_size)
    check_vocabulary(vocabulary, reserved=2, size=dataset.vocabulary_size, level=dataset.level, what="training texts")
    return vocabulary


def _facts(
    dataset: Text,
    corpus: Corpus,
    assignment: Mapping[str, Sequence[int]],
    vocabulary: tuple[str, ...],
    warnings: tuple[str, ...],
) -> DataFacts:
    labels = np.array(corpus.labels, np.int32)
    classes = len(corpus.class_names)
    if dataset.split.validation and "validation" not in assignment:
        warnings = (*warnings, "There are too few texts to keep any for validation, so add more.")
    if dataset.sequence_length == 1:
        warnings = (*warnings, "With a sequence length of 1, the model sees only the first token of each text.")
    return DataFacts(
        input_shape=input_shape(dataset),
        input_shapes={"text": (dataset.sequence_length,)},
        class_names=corpus.class_names,
        splits={name: len(positions) for name, positions in assignment.items()},
        per_class={
            name: tuple(np.bincount(labels[list(positions)], minlength=classes).tolist())
            for name, positions in assignment.items()
        },
        vocabularies={"text": vocabulary} if vocabulary else {},
        skipped=tuple(corpus.skipped),
        warnings=(*corpus.warnings, *warnings),
        notes=tuple(corpus.notes),
    )
