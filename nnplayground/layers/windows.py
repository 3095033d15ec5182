"""Windows that slide over an image: what convolutions and poolings look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from nnplayground.layers.base import window_size
from nnplayground.layers.maths import Array, scattered

_Pair = tuple[int, int]


class Windows(NamedTuple):
    """Where windows lie on images of one size. Pairs are (down, across).

    size: pixels of a window. strides: from one window to the next. dilation: from one pixel of a window to the next.
    image: height and width. padding: rows added (above, below), columns added (left, right). positions: of windows.
    """

    size: _Pair
    strides: _Pair
    dilation: _Pair
    image: _Pair
    padding: tuple[_Pair, _Pair]
    positions: _Pair

    def seen(self, x: Array) -> Array:
        """x: (m, height, width, c) → (m, *positions, *size, c), what each window sees: the same memory, seen anew."""
        reach = [(side - 1) * step + 1 for side, step in zip(self.size, self.dilation, strict=True)]
        (down, across), (rows, columns) = self.strides, self.dilation
        everywhere = sliding_window_view(self._padded(x), reach, axis=(1, 2))
        return everywhere[:, ::down, ::across, :, ::rows, ::columns].transpose(0, 1, 2, 4, 5, 3)

    @property
    def places(self) -> list[Any]:
        """For each pixel of a window, in reading order: an index to where all windows have it in the padded image."""
        rows, columns = (
            [slice(first, first + (count - 1) * stride + 1, stride) for first in range(0, side * step, step)]
            for side, stride, step, count in zip(self.size, self.strides, self.dilation, self.positions, strict=True)
        )
        return [(slice(None), row, column) for row in rows for column in columns]

    def pixels(self, x: Array, fill: float = 0.0) -> list[Array]:
        """x: (m, height, width, c). For each pixel of a window, in reading order: what all windows have there.

        Each is (m, *positions, c). fill: the value of the rows and columns that padding adds.
        """
        padded = self._padded(x, fill)
        return [padded[place] for place in self.places]

    def _padded(self, x: Array, fill: float = 0.0) -> Array:
        if self.padding == _NONE:
            return x
        return np.pad(x, ((0, 0), *self.padding, (0, 0)), constant_values=fill)

    def overlapped(self, parts: Sequence[Array] | Array) -> Array:
        """The reverse of `pixels`: each pixel of the image becomes the sum of what all windows have for it.

        parts: (m, *positions, c), one for each pixel of a window, in reading order → (m, height, width, c).
        """
        parts = [parts[number] for number in range(len(parts))]
        samples, _, _, channels = parts[0].shape
        (top, bottom), (left, right) = self.padding
        height, width = self.image
        padded = scattered(parts, self.places, (samples, height + top + bottom, width + left + right, channels))
        if self.padding == _NONE:
            return padded
        return padded[:, top : top + height, left : left + width]


_NONE = ((0, 0), (0, 0))


def sliding(image: tuple[int, ...], size: _Pair, strides: _Pair, padding: str, dilation: _Pair = (1, 1)) -> Windows:
    """Windows over images (height, width) with padding valid or same.

    same adds as many rows and columns as the last window needs, the odd one below and to the right, as TensorFlow does.
    """
    positions, added = [], []
    for length, side, stride, step in zip(image, size, strides, dilation, strict=True):
        count = window_size(length, side, stride, padding, step)
        missing = (count - 1) * stride + (side - 1) * step + 1 - length
        total = max(missing, 0) if padding == "same" else 0
        positions.append(count)
        added.append((total // 2, total - total // 2))
    (height, width), (down, across) = image, positions
    return Windows(size, strides, dilation, (height, width), (added[0], added[1]), (down, across))


def depthwise(x: Array, kernel: Array, windows: Windows) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """Each channel convolved with filters of its own, and back.

    x: (m, height, width, c), kernel: (window, c, n) → z: (m, *positions, c · n); dz → (dx, d_kernel).
    """
    height, width, channels, multiplier = kernel.shape
    factors = [kernel[row, column] for row in range(height) for column in range(width)]
    pixels = [pixel[..., np.newaxis] for pixel in windows.pixels(x)]
    z = pixels[0] * factors[0]
    for pixel, factor in zip(pixels[1:], factors[1:], strict=True):
        z = z + pixel * factor
    deep = z.shape

    def backward(dz: Array) -> tuple[Array, Array]:
        dz = dz.reshape(deep)
        d_factors = [(pixel * dz).reshape(-1, channels * multiplier).sum(axis=0) for pixel in pixels]
        d_pixels = [(dz * factor).sum(axis=-1) for factor in factors]
        return windows.overlapped(d_pixels), np.concatenate(d_factors, axis=0).reshape(kernel.shape)

    return z.reshape(*deep[:3], channels * multiplier), backward
