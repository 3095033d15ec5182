"""What is looked at: one unit of one layer, at one place, for one sample of the minibatch, and one of its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from nnplayground.engine.base import LayerTrace
from nnplayground.formulas.nodes import Node, Number
from nnplayground.formulas.writing import SHOWN, indexed, num
from nnplayground.layers import Layer
from nnplayground.samples import Array


class Focus(msgspec.Struct, frozen=True):
    """What somebody wants to look at. All numbers count from 0.

    sample: its place in the minibatch. place: (row, column) in the output, where that is a picture. weight: number of
    the weight among those of the unit, its bias last. shown: how many terms to write of what is cut short, by key.
    """

    layer_id: str
    unit: int = 0
    sample: int = 0
    place: tuple[int, ...] = ()
    weight: int = 0
    shown: Mapping[str, int] = msgspec.field(default_factory=dict)

    def terms(self, key: str) -> int:
        return self.shown.get(key, SHOWN)


class Subject(msgspec.Struct, frozen=True, eq=False):
    """A focus on a layer and its numbers, with everything within their bounds. letter: of what comes in."""

    layer: Layer
    record: LayerTrace
    focus: Focus
    letter: str

    @property
    def sample(self) -> int:
        return self.focus.sample

    @property
    def unit(self) -> int:
        return self.focus.unit

    @property
    def place(self) -> tuple[int, ...]:
        return self.focus.place

    @property
    def spot(self) -> tuple[int, ...]:
        """Index of the one value that is looked at, in arrays of the shape of the output with the batch."""
        return (self.focus.sample, *self.focus.place, self.focus.unit)

    @property
    def z(self) -> Any:
        return self.record.before[self.spot]

    @property
    def a(self) -> Any:
        return self.record.values[self.spot]

    @property
    def d_a(self) -> Any:
        return self.record.d_values[self.spot]

    @property
    def delta(self) -> Any:
        return self.record.d_before[self.spot]

    @property
    def inputs(self) -> Array:
        """The first input, (m, *shape)."""
        return self.record.inputs[0]

    def input_symbol(self, *index: int | str) -> Node:
        """xᵢ of the data, or aᵢ of the layer before."""
        if self.letter == "x":
            return indexed("x", *index, tip="a value of the data that comes into this layer")
        return indexed("a", *index, tip="an output of the layer before, which comes into this one")

    def input_number(self, value: Any) -> Number:
        return num(value, "a value that comes into this layer")


def clamped(focus: Focus, shape: tuple[int, ...], *, weights: int) -> Focus:
    """The focus within an output of shape (m, …, units) and so many weights of a unit."""
    samples, *sides, units = shape
    wanted = (*focus.place, *(None for _ in sides))[: len(sides)]
    place = tuple(
        side // 2 if at is None else min(max(at, 0), side - 1) for at, side in zip(wanted, sides, strict=True)
    )
    return msgspec.structs.replace(
        focus,
        unit=min(max(focus.unit, 0), units - 1),
        sample=min(max(focus.sample, 0), samples - 1),
        place=place,
        weight=min(max(focus.weight, 0), max(weights - 1, 0)),
    )


def agrees(shown: float, engine: float, scale: float) -> bool:
    """Whether what the shown numbers lead to is what the engine has. scale: the size of what was added up."""
    if not (math.isfinite(shown) and math.isfinite(engine)):
        return not math.isfinite(shown) and not math.isfinite(engine)
    return abs(shown - engine) <= 1e-4 * (scale + abs(engine)) + 1e-12


def exact(values: Array) -> Array:
    return np.asarray(values, np.float64)
