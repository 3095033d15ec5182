"""The metrics, under Keras' names and equal to Keras'.

y: (n, k) targets (class indices with k = 1, one-hot with k > 1, or numbers); a: (n, k) outputs. accuracy, mae and mse
have a value for each sample; precision, recall and auc look at a whole split, the last output unit against a label
that is not the first class.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnplayground.samples import Array

_THRESHOLDS = 200
"""Keras' `AUC` looks at the curve in this many places."""


def _accuracy(y: Array, a: Array) -> Array:
    if a.shape[1] == 1:
        return ((a > 0.5) == y)[:, 0]
    return a.argmax(axis=1) == y.argmax(axis=1)


def share(values: Array, *, from_minus_one: bool) -> Array:
    """Targets or outputs in 0…1, where the two classes may be −1 and 1."""
    return (values + 1) / 2 if from_minus_one else values


PER_SAMPLE: dict[str, Callable[[Array, Array], Array]] = {
    "accuracy": _accuracy,
    "mae": lambda y, a: np.abs(a - y).mean(axis=1),
    "mse": lambda y, a: np.square(a - y).mean(axis=1),
}
"""(y, a) → (n,), whose mean is the metric."""


def _positive(y: Array) -> Array:
    return y[:, 0] != 0 if y.shape[1] == 1 else y[:, 0] == 0


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _precision(y: Array, a: Array) -> float:
    found = a[:, -1] > 0.5
    return _share(float((found & _positive(y)).sum()), float(found.sum()))


def _recall(y: Array, a: Array) -> float:
    positive = _positive(y)
    return _share(float((positive & (a[:, -1] > 0.5)).sum()), float(positive.sum()))


def _auc(y: Array, a: Array) -> float:
    """Area under true positive rate over false positive rate, straight between the thresholds i / 199.

    An output is above threshold i where ⌈199 a⌉ − 1 ≥ i, and always above the first. NaN where an output is NaN.
    """
    outputs = a[:, -1]
    if np.isnan(outputs).any():
        return float("nan")
    positive = _positive(y)
    steps = a.dtype.type(_THRESHOLDS - 1)
    above = np.maximum(np.ceil(np.clip(outputs, 0, 1) * steps) - 1, 0).astype(int)

    def rate(chosen: Array) -> Array:
        reached = np.bincount(above[chosen], minlength=_THRESHOLDS)[::-1].cumsum()[::-1]
        return reached / max(int(chosen.sum()), 1)

    true_rate, false_rate = rate(positive), rate(~positive)
    return float(((false_rate[:-1] - false_rate[1:]) * (true_rate[:-1] + true_rate[1:]) / 2).sum())


_OF_SPLIT: dict[str, Callable[[Array, Array], float]] = {"precision": _precision, "recall": _recall, "auc": _auc}


def of_samples(name: str, y: Array, a: Array, *, from_minus_one: bool = False) -> Array:
    """One of PER_SAMPLE, (n,). from_minus_one: the two classes are −1 and 1."""
    if from_minus_one and name == "accuracy":
        y, a = share(y, from_minus_one=True), share(a, from_minus_one=True)
    return PER_SAMPLE[name](y, a)


def measure(name: str, y: Array, a: Array, *, from_minus_one: bool = False) -> float:
    """A metric over all given samples."""
    if name in PER_SAMPLE:
        values = of_samples(name, y, a, from_minus_one=from_minus_one)
        return float(np.add.reduce(values, 0, np.float64)) / len(y)
    return _OF_SPLIT[name](share(y, from_minus_one=from_minus_one), share(a, from_minus_one=from_minus_one))
