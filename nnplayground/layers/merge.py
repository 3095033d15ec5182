"""Layers with several inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from nnplayground.layers.base import Layer, Shape, ShapeError, shape_text
from nnplayground.layers.maths import Array, Gradients, Maths, Pass


class Add(Layer, frozen=True):
    """The elementwise sum of inputs of one shape."""

    family: ClassVar[str] = "merge"
    about: ClassVar[str] = (
        "Adds its inputs value by value; they must have the same shape. The heart of a residual block."
    )
    input_count: ClassVar[tuple[int, int | None]] = (2, None)

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(set(inputs)) > 1:
            received = " and ".join(shape_text(shape) for shape in inputs)
            raise ShapeError(f"Add needs inputs of the same shape, but receives {received}.")
        return inputs[0]

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        """A step counts where it does in any of the inputs, as in Keras."""
        return _any_of(masks)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X₁ + X₂ + …; each input gets dZ."""
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return Maths(total, lambda dz: Gradients((dz,) * len(inputs)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Add(name=name)


class Concatenate(Layer, frozen=True):
    """The inputs one after the other along one axis."""

    family: ClassVar[str] = "merge"
    about: ClassVar[str] = "Puts its inputs side by side along one axis; all other sizes must be equal."
    essential: ClassVar[tuple[str, ...]] = ("axis",)
    input_count: ClassVar[tuple[int, int | None]] = (2, None)

    axis: Annotated[
        int,
        Meta(title="Axis", description="Along which axis: −1 is the last one, the channels of an image.", ge=-4, le=4),
    ] = -1

    def _axis(self, rank: int) -> int:
        """Index into a shape without the batch, which Keras counts as axis 0."""
        axis = self.axis + rank if self.axis < 0 else self.axis - 1
        if not 0 <= axis < rank:
            raise ShapeError(f"Concatenate has axis {self.axis}, but its inputs have only {rank} axes after the batch.")
        return axis

    def output_shape(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        axis = self._axis(len(first))
        for shape in inputs[1:]:
            others_equal = len(shape) == len(first) and all(
                ours == theirs for place, (ours, theirs) in enumerate(zip(first, shape, strict=True)) if place != axis
            )
            if not others_equal:
                received = " and ".join(shape_text(each) for each in inputs)
                raise ShapeError(f"Concatenate needs inputs that differ only along its axis, but receives {received}.")
        return (*first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :])

    def explain(self, *inputs: Shape) -> str:
        axis = self._axis(len(inputs[0]))
        return f"{' + '.join(f'{shape[axis]:,}' for shape in inputs)} = {sum(shape[axis] for shape in inputs):,}"

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        """Of sequences that follow each other, one after the other; of those side by side, as of Add."""
        if all(mask is None for mask in masks) or inputs[0].ndim != 3:
            return None
        if self._axis(2) == 1:
            return _any_of(masks)
        ones = [np.ones(x.shape[:2], x.dtype) if mask is None else mask for x, mask in zip(inputs, masks, strict=True)]
        return np.concatenate(ones, axis=1)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X₁, X₂, … side by side; each input gets its own part of dZ."""
        axis = self._axis(inputs[0].ndim - 1) + 1

        def backward(dz: Array) -> Gradients:
            parts, start = [], 0
            for x in inputs:
                stop = start + x.shape[axis]
                parts.append(dz[(slice(None),) * axis + (slice(start, stop),)])
                start = stop
            return Gradients(tuple(parts))

        return Maths(np.concatenate(inputs, axis=axis), backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Concatenate(axis=self.axis, name=name)


def _any_of(masks: tuple[Array | None, ...]) -> Array | None:
    """Where any of them is 1; None, where all steps of one count."""
    first, *rest = masks
    for mask in rest:
        first = None if first is None or mask is None else np.maximum(first, mask)
    return first
