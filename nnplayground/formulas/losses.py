"""The loss of one sample, and how it changes with the output, with numbers. The formulas are Keras'."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nnplayground.formulas.nodes import Fenced, Fraction, Hat, Node, Number, Operator, Row, Script, Symbol
from nnplayground.formulas.symbols import SAMPLE_LOSS, A
from nnplayground.formulas.writing import (
    SHOWN,
    factor,
    function,
    indexed,
    left_out,
    num,
    of,
    result,
    row,
    squared,
    total,
)
from nnplayground.samples import Array
from nnplayground.spec.training import LossName

JOINED = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}
"""Losses that are computed together with this activation of the output, which makes δ as simple as a − y."""

_NEAR = 1e-7
_ONE = Number("1.0")
_K = Symbol("k", "how many outputs the model has")
_MINUS = Operator("−", "sign")
_Y = Symbol("y", "the target: what would be right for this sample")
_Y_HAT = Hat(Symbol("y", "the output of the model for this sample"))


class Sample(NamedTuple):
    """One sample. targets, outputs: (k,); loss: as the engine measured it. shown: how many terms of a sum to write."""

    targets: Array
    outputs: Array
    loss: Any
    shown: int = SHOWN


def sample_loss(name: LossName | None, sample: Sample) -> Row:
    """ℓ = … = number. Without the formula where it does not lead to the engine's number."""
    end = result(sample.loss, "the loss of this sample")
    if name is None or not _agrees(_value(name, sample), float(sample.loss)):
        return row(SAMPLE_LOSS, "=", end)
    general, numbers = _FORMULAS[name](sample)
    return row(SAMPLE_LOSS, "=", general, "=", numbers, "=", end)


class Slope(NamedTuple):
    """A derivative: with letters, with numbers, and what these come to."""

    general: Node
    numbers: Node
    value: float


def output_slope(name: LossName, sample: Sample, unit: int) -> Slope | None:
    """∂ℓ/∂a of one output unit. None where there is no short formula."""
    y, a, count = sample.targets[unit], sample.outputs[unit], len(sample.targets)
    letters, numbers = row(A, "−", _Y), row(num(a, A.tip), "−", factor(y, _Y.tip))
    off = float(a) - float(y)
    if name == "mean_squared_error":
        two = Number("2.0")
        return _over_outputs(row(two, Fenced(letters)), row(two, Fenced(numbers)), 2 * off, count)
    if name == "mean_absolute_error":
        return _over_outputs(function("sign", letters), function("sign", numbers), float(np.sign(off)), count)
    if name == "binary_crossentropy":
        number = num(a, A.tip)
        below, below_numbers = row(A, _but(A)), row(number, "·", _but(number))
        spread = float(a) * (1 - float(a))
        value = off / spread if spread else math.nan
        if count == 1:
            return Slope(Fraction(letters, below), Fraction(numbers, below_numbers), value)
        over = Fraction(letters, row(_K, "·", below)), Fraction(numbers, row(num(count, _K.tip), "·", below_numbers))
        return Slope(*over, value / count)
    return None


def _over_outputs(general: Node, numbers: Node, value: float, count: int) -> Slope:
    """Divided by the number of outputs, over which the loss is a mean."""
    if count == 1:
        return Slope(general, numbers, value)
    return Slope(Fraction(general, _K), Fraction(numbers, num(count, _K.tip)), value / count)


def joined_slope(sample: Sample, unit: int, *, name: LossName) -> tuple[Node, Node]:
    """∂ℓ/∂z of one output unit where loss and activation are taken together: a − y."""
    y, a, count = sample.targets[unit], sample.outputs[unit], len(sample.targets)
    general, numbers = row(A, "−", _Y), row(num(a, A.tip), "−", factor(y, _Y.tip))
    if name == "categorical_crossentropy" or count == 1:
        return Fenced(general), Fenced(numbers)
    return Fraction(general, _K), Fraction(numbers, num(count, _K.tip))


def _value(name: LossName, sample: Sample) -> float:
    """The loss by the formula that is shown."""
    y, a = sample.targets.astype(np.float64), sample.outputs.astype(np.float64)
    if name == "mean_squared_error":
        return float(np.square(a - y).mean())
    if name == "mean_absolute_error":
        return float(np.abs(a - y).mean())
    p = np.clip(a, _NEAR, 1 - _NEAR)
    if name == "binary_crossentropy":
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
    return float(-(y * np.log(p)).sum())


def _agrees(shown: float, measured: float) -> bool:
    return abs(shown - measured) <= 1e-3 * max(abs(measured), 1e-4)


def _binary(sample: Sample) -> tuple[Node, Node]:
    general = row(_MINUS, Fenced(row(_Y, "·", of("log", _Y_HAT), "+", _but(_Y), "·", _log_of_rest(_Y_HAT))))

    def term(place: int) -> Node:
        y = num(sample.targets[place], _Y.tip)
        p = num(sample.outputs[place], "the output of the model for this sample")
        return row(y, "·", of("log", p), "+", _but(y), "·", _log_of_rest(p))

    if len(sample.targets) == 1:
        return general, row(_MINUS, Fenced(term(0)))
    return _mean(general, [Fenced(term(place)) for place in _shown_places(sample)], sample, sign="−")


def _but(node: Node) -> Fenced:
    return Fenced(row(_ONE, "−", node))


def _log_of_rest(node: Node) -> Node:
    return of("log", row(_ONE, "−", node))


def _categorical(sample: Sample) -> tuple[Node, Node]:
    every = indexed("y", "k", tip=_Y.tip)
    general = row(
        _MINUS, total("k", "the sum over all classes"), every, "·", of("log", Script(_Y_HAT, sub=Symbol("k")))
    )
    targets = sample.targets
    right = np.flatnonzero(targets)
    if len(right) == 1 and targets[right[0]] == 1:
        place = int(right[0])
        index = Symbol(str(place + 1), "the true class; the target of all others is 0", upright=True)
        said = num(sample.outputs[place], "the probability that the model gives to the true class")
        return row(general, "=", _MINUS, of("log", Script(_Y_HAT, sub=index))), row(_MINUS, of("log", said))
    parts = [row(num(targets[place]), "·", of("log", num(sample.outputs[place]))) for place in _shown_places(sample)]
    return general, row(_MINUS, Fenced(_with_rest(parts, sample)))


def _squares(sample: Sample) -> tuple[Node, Node]:
    return _of_differences(sample, lambda inside: squared(Fenced(inside)))


def _sizes(sample: Sample) -> tuple[Node, Node]:
    return _of_differences(sample, lambda inside: Fenced(inside, "|", "|"))


def _of_differences(sample: Sample, measure: Any) -> tuple[Node, Node]:
    general = measure(row(_Y_HAT, "−", _Y))

    def term(place: int) -> Node:
        said = num(sample.outputs[place], "the output of the model for this sample")
        return measure(row(said, "−", factor(sample.targets[place], _Y.tip)))

    if len(sample.targets) == 1:
        return general, term(0)
    return _mean(general, [term(place) for place in _shown_places(sample)], sample)


def _mean(general: Node, parts: Sequence[Node], sample: Sample, *, sign: str = "") -> tuple[Node, Node]:
    """The mean over the k outputs. sign: ahead of each term, which stands outside of the sum in `general`."""
    count = num(len(sample.targets), _K.tip)
    inside = row(total("k", "the sum over all outputs"), general)
    top = Fenced(_with_rest(parts, sample))
    return (
        Fraction(inside, _K),
        Fraction(row(Operator("−", "sign"), top) if sign else row(top.inside), count),
    )


def _shown_places(sample: Sample) -> range:
    count = len(sample.targets)
    return range(count if count <= sample.shown + 1 else sample.shown)


def _with_rest(parts: Sequence[Node], sample: Sample) -> Row:
    items: list[Node | str] = []
    for part in parts:
        items += ["+", part] if items else [part]
    missing = len(sample.targets) - len(parts)
    if missing:
        items += ["+", left_out(missing, "outputs", sample.shown)]
    return row(*items)


_FORMULAS: dict[str, Any] = {
    "binary_crossentropy": _binary,
    "categorical_crossentropy": _categorical,
    "mean_squared_error": _squares,
    "mean_absolute_error": _sizes,
}
