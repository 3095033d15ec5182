"""Weights cut into pictures: a tile for each filter, or one map for a whole matrix."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from nnplayground.samples import Array

_MOST_ROWS, _MOST_COLUMNS = 400, 800


class WeightTiles(msgspec.Struct, frozen=True):
    """Pictures of one weight tensor.

    values: (count, height, width), or (count, height, width, 3) for filters on colours. reach: the greatest magnitude
    in the tensor, so that all its pictures share a scale. axes: what tile, row and column count; "" where there is
    only one. steps: every how many rows and columns one is shown. channels: how many input channels there are to
    choose from, 0: no choice; channel: the one that is shown, None: all three as colours.
    """

    values: Array
    reach: float
    axes: tuple[str, str, str]
    steps: tuple[int, int] = (1, 1)
    channels: int = 0
    channel: int | None = None

    @property
    def colored(self) -> bool:
        return self.values.ndim == 4

    def sentence(self, tile: int, row: int, column: int) -> str:
        """What a place says: "filter 5, row 2, column 1, channel 3: +0.123"."""
        numbers = (tile, row * self.steps[0], column * self.steps[1])
        words = [f"{axis} {number + 1:,}" for axis, number in zip(self.axes, numbers, strict=True) if axis]
        if self.channel is not None:
            words.append(f"channel {self.channel + 1:,}")
        value = self.values[tile, row, column]
        if self.colored:
            said = " · ".join(f"{name} {part:+.2g}" for name, part in zip("RGB", value, strict=True))
        else:
            said = f"{value:+.3g}"
        return f"{', '.join(words)}: {said}".replace("-", "−")


KernelKind = Literal["filters", "transposed", "depthwise"]
"""What the last two axes of a kernel count: (input channels, filters), (filters, input channels), or (input channels,
filters of each)."""


def make_tiles(weights: Array, *, kind: KernelKind = "filters", channel: int | None = None) -> WeightTiles:
    """The pictures of a tensor of 1, 2 or 4 axes, as Keras lays it out.

    channel: the input channel whose slices are shown; None: colours where there are three channels, else the first.
    """
    finite = weights[np.isfinite(weights)]
    reach = float(np.abs(finite).max()) if finite.size else 0.0
    if weights.ndim == 1:
        return WeightTiles(weights[np.newaxis, np.newaxis, :], reach, ("", "", "value"))
    if weights.ndim == 2:
        return _matrix(weights, reach, ("unit", "input"))
    height, width = weights.shape[:2]
    if kind == "depthwise":
        values = weights.reshape(height, width, -1).transpose(2, 0, 1)
        return WeightTiles(values, reach, ("filter", "row", "column"))
    kernel = weights.swapaxes(2, 3) if kind == "transposed" else weights
    if height == width == 1:
        return _matrix(kernel[0, 0], reach, ("filter", "channel"))
    channels = kernel.shape[2]
    axes = ("filter", "row", "column")
    if channels == 1:
        return WeightTiles(kernel[:, :, 0].transpose(2, 0, 1), reach, axes)
    if channel is None and channels == 3:
        return WeightTiles(kernel.transpose(3, 0, 1, 2), reach, axes, channels=3)
    shown = min(channel or 0, channels - 1)
    return WeightTiles(kernel[:, :, shown].transpose(2, 0, 1), reach, axes, channels=channels, channel=shown)


def _matrix(weights: Array, reach: float, axes: tuple[str, str]) -> WeightTiles:
    """weights: (inputs, units) → one map with a row for each unit; of very large ones every n-th row and column."""
    rows, columns = weights.shape[1], weights.shape[0]
    steps = (-(-rows // _MOST_ROWS), -(-columns // _MOST_COLUMNS))
    return WeightTiles(weights[:: steps[1], :: steps[0]].T[np.newaxis], reach, ("", *axes), steps)
