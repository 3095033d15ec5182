"""Small catalogues of texts, pairs of texts and a series, and what a model might say about them."""

from __future__ import annotations

import numpy as np

from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog, Mistakes, SeriesWindows

TEXTS = {"1": "the soup was good", "2": "the soup was bad", "3": "a bad day", "4": "good grief"}
VOCABULARY = ("", "[UNK]", "the", "soup", "was", "good", "bad", "a", "day", "grief")


def text_catalog() -> Catalog:
    facts = DataFacts(
        input_shape=(6,), class_names=("down", "up"), vocabularies={"text": VOCABULARY}, splits={"validation": 4}
    )
    labels = np.array([1, 0, 0, 1], np.int32)
    return Catalog(facts, {"validation": tuple(TEXTS)}, {"validation": labels}, {}, TEXTS)


def text_mistakes() -> Mistakes:
    """The first and the last are wrong, the last one more so."""
    predictions = np.array([[0.4], [0.1], [0.2], [0.1]], np.float32)
    labels = np.array([1, 0, 0, 1], np.int32)
    losses = np.array([0.9, 0.1, 0.2, 2.3], np.float32)
    return Mistakes("run", 1, "validation", ("down", "up"), tuple(TEXTS), labels, predictions, losses)


WRITTEN = ("", "[UNK]", "[start]", "[end]", "1", "2", "3")
SOURCES = {"1": "one two", "2": "two", "3": "three one"}
TARGETS = {"1": "12", "2": "2", "3": "31"}


def pair_catalog() -> Catalog:
    facts = DataFacts(
        input_shape=(10,),
        target="tokens",
        target_length=3,
        class_names=WRITTEN,
        vocabularies={"source": tuple("abc"), "target": WRITTEN},
        splits={"validation": 3},
    )
    return Catalog(facts, {"validation": tuple(SOURCES)}, {"validation": pair_labels()}, {}, SOURCES, TARGETS)


def pair_labels() -> np.ndarray:
    return np.array([[4, 5, 3], [5, 3, 0], [6, 4, 3]], np.int32)


def pair_mistakes() -> Mistakes:
    """13 for 12, 2 for 2, nothing for 31."""
    written = np.array([[4, 6, 3], [5, 3, 0], [3, 0, 0]], np.int32)
    losses = np.array([3.0, 5.0, 1.0], np.float32)
    return Mistakes("run", 1, "validation", (), tuple(SOURCES), pair_labels(), written, losses)


def series_catalog() -> Catalog:
    """Numbers in the file are 100 times what the model gets, and 500 more."""
    windows = np.arange(12, dtype=np.float32).reshape(3, 4, 1) / 10
    series = SeriesWindows({"validation": windows}, ("visitors",), 0, 1, 500.0, 100.0)
    facts = DataFacts(input_shape=(4, 1), target="number", splits={"validation": 3})
    labels = np.array([1.0, 2.0, 6.0], np.float32)
    times = {"10": "Monday", "11": "Tuesday", "12": "Wednesday"}
    return Catalog(facts, {"validation": tuple(times)}, {"validation": labels}, {}, times, {}, series)


def series_mistakes() -> Mistakes:
    labels = np.array([1.0, 2.0, 6.0], np.float32)
    predictions = np.array([[1.5], [2.0], [1.0]], np.float32)
    losses = np.array([0.25, 0.0, 25.0], np.float32)
    return Mistakes("run", 1, "validation", (), ("10", "11", "12"), labels, predictions, losses)
