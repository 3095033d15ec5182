"""Windows that slide over an image: which values each of them covers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nnplayground.formulas.pictures import Area
from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D, DepthwiseConv2D, SeparableConv2D
from nnplayground.samples import Array


class Windows(NamedTuple):
    """size, strides, dilation: down and across. start: row and column of the first window, ≤ 0 with padding. sides:
    of the image."""

    size: tuple[int, int]
    strides: tuple[int, int]
    dilation: tuple[int, int]
    start: tuple[int, int]
    sides: tuple[int, int]

    def rows_columns(self, place: tuple[int, ...]) -> tuple[Array, Array]:
        """Rows and columns of the image that the window at a place of the output covers, perhaps outside of it."""
        axes = zip(place, self.size, self.strides, self.dilation, self.start, strict=True)
        rows, columns = (at * step + first + gap * np.arange(side) for at, side, step, gap, first in axes)
        return rows, columns

    def values(self, image: Array, place: tuple[int, ...], *, outside: float = 0.0) -> Array:
        """image: (height, width) → (window height, window width); `outside` where padding is."""
        rows, columns = self.rows_columns(place)
        inside = self._inside(rows, 0)[:, None] & self._inside(columns, 1)
        found = image[np.clip(rows, 0, self.sides[0] - 1)[:, None], np.clip(columns, 0, self.sides[1] - 1)]
        return np.where(inside, found, outside)

    def area(self, place: tuple[int, ...]) -> Area:
        rows, columns = self.rows_columns(place)
        top, left = int(rows[0]), int(columns[0])
        return Area(top, left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)

    def seen_by(self, images: Array, tap: tuple[int, int], output: tuple[int, int]) -> Array:
        """What one weight of the window meets everywhere. images: (…, height, width) → (…, *output), 0 for padding."""
        places = [
            at * np.arange(count) + first + gap * step
            for at, count, first, gap, step in zip(self.strides, output, self.start, tap, self.dilation, strict=True)
        ]
        rows, columns = places
        inside = self._inside(rows, 0)[:, None] & self._inside(columns, 1)
        found = images[..., np.clip(rows, 0, self.sides[0] - 1)[:, None], np.clip(columns, 0, self.sides[1] - 1)]
        return np.where(inside, found, 0.0)

    def _inside(self, places: Array, axis: int) -> Array:
        return (places >= 0) & (places < self.sides[axis])


def windows_of(layer: Layer, sides: tuple[int, int], output: tuple[int, int]) -> Windows:
    """The windows of a convolution or pooling, with Keras' padding: what is odd goes to the right and below."""
    size: tuple[int, int] = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", (1, 1))
    strides: tuple[int, int] = getattr(layer, "strides", None) or size
    dilated = isinstance(layer, Conv2D | DepthwiseConv2D | SeparableConv2D)
    dilation: tuple[int, int] = layer.dilation_rate if dilated else (1, 1)
    start = [0, 0]
    if getattr(layer, "padding", "valid") == "same":
        for axis in range(2):
            reach = (size[axis] - 1) * dilation[axis] + 1
            added = max((output[axis] - 1) * strides[axis] + reach - sides[axis], 0)
            start[axis] = -(added // 2)
    return Windows(size, strides, dilation, (start[0], start[1]), sides)
