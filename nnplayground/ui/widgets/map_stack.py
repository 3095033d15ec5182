"""The feature maps of one layer as numbers, their colours, and the grid they are laid out in. No painting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from PySide6.QtCore import QRectF, QSize

from nnplayground.samples import Array
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.numbers import short_number

Scale = Literal["map", "layer"]
"""Over what the colours run: each map's own values, or those of the whole layer."""

_GAP = 5


class MapStack(msgspec.Struct, frozen=True, dict=True):
    """maps: (height, width, channels) float, a layer's output for one sample."""

    maps: Array

    @property
    def height(self) -> int:
        return self.maps.shape[0]

    @property
    def width(self) -> int:
        return self.maps.shape[1]

    @property
    def count(self) -> int:
        return self.maps.shape[2]

    @cached_property
    def limits(self) -> tuple[Array, Array]:
        """The least and the greatest value of each map, each (channels,); NaN where a map holds no number at all."""
        lows, highs = self.maps.min(axis=(0, 1)), self.maps.max(axis=(0, 1))
        if not (np.isfinite(lows).all() and np.isfinite(highs).all()):
            # A model that has diverged: its limits are those of the values that are numbers.
            finite = np.isfinite(self.maps)
            lows = np.where(finite, self.maps, np.inf).min(axis=(0, 1))
            highs = np.where(finite, self.maps, -np.inf).max(axis=(0, 1))
            none = ~finite.any(axis=(0, 1))
            lows[none] = highs[none] = np.nan
        return lows, highs

    @property
    def layer_limits(self) -> tuple[float, float]:
        """The least and the greatest value of all maps."""
        if not self.count:
            return 0.0, 0.0
        lows, highs = self.limits
        return float(np.fmin.reduce(lows)), float(np.fmax.reduce(highs))

    def map_limits(self, channel: int) -> tuple[float, float]:
        lows, highs = self.limits
        return float(lows[channel]), float(highs[channel])

    def is_zero(self, channel: int) -> bool:
        """A map without any signal."""
        return self.map_limits(channel) == (0.0, 0.0)

    @property
    def zero_count(self) -> int:
        lows, highs = self.limits
        return int(((lows == 0) & (highs == 0)).sum())

    def describe(self, channel: int) -> str:
        """One line about a map."""
        if self.is_zero(channel):
            return f"Map {channel} · all zero for this sample"
        low, high = self.map_limits(channel)
        mean = self.maps[:, :, channel].mean()
        return f"Map {channel} · min {short_number(low)} · mean {short_number(mean)} · max {short_number(high)}"

    def describe_value(self, channel: int, across: float, down: float) -> str:
        """One line about a value of a map. across, down: where it lies, 0…1 from the upper left corner."""
        row = min(self.height - 1, int(down * self.height))
        column = min(self.width - 1, int(across * self.width))
        return f"Map {channel} · row {row}, column {column}: {short_number(self.maps[row, column, channel], 4)}"

    def colours(self, channels: Sequence[int], scale: Scale, *, size: QSize | None = None) -> Array:
        """(len(channels), about height, about width, 3) uint8.

        size: of a map on the screen, in device pixels; of much finer maps only about as many values are coloured.
        """
        step_y = max(1, self.height // max(1, size.height())) if size is not None else 1
        step_x = max(1, self.width // max(1, size.width())) if size is not None else 1
        values = np.moveaxis(self.maps[::step_y, ::step_x, list(channels)], 2, 0).astype(np.float32)
        if scale == "layer":
            return to_rgb(values, "sequential", limits=self.layer_limits)
        lows, highs = (limit[list(channels)].astype(np.float32)[:, None, None] for limit in self.limits)
        spans = highs - lows
        return to_rgb((values - lows) / np.where(spans > 0, spans, 1), "sequential", limits=(0.0, 1.0))


class MapGrid(msgspec.Struct, frozen=True, dict=True):
    """Where `count` tiles lie in a given width."""

    count: int
    columns: int
    tile: QSize

    @classmethod
    def fitted(cls, count: int, *, width: int, smallest: int, aspect: float) -> MapGrid:
        """As many columns as fit, then filled. smallest: width of a tile; aspect: its height by its width."""
        columns = max(1, min(count, (width + _GAP) // (smallest + _GAP)))
        side = max(8, (width - _GAP * (columns - 1)) // columns)
        return cls(count, columns, QSize(side, max(8, round(side * min(max(aspect, 0.25), 4.0)))))

    @property
    def rows(self) -> int:
        return math.ceil(self.count / self.columns)

    @property
    def height(self) -> int:
        return max(0, self.rows * (self.tile.height() + _GAP) - _GAP)

    def area(self, number: int) -> QRectF:
        row, column = divmod(number, self.columns)
        left, top = column * (self.tile.width() + _GAP), row * (self.tile.height() + _GAP)
        return QRectF(left, top, self.tile.width(), self.tile.height())

    def at(self, x: float, y: float) -> int | None:
        """Which tile lies there; None for a gap."""
        column, left = divmod(x, self.tile.width() + _GAP)
        row, top = divmod(y, self.tile.height() + _GAP)
        number = int(row * self.columns + column)
        inside = left < self.tile.width() and top < self.tile.height() and 0 <= column < self.columns
        return number if inside and 0 <= number < self.count else None

    def between(self, top: float, bottom: float) -> range:
        """The tiles in rows that reach into this stretch."""
        step = self.tile.height() + _GAP
        first, last = max(0, int(top // step)), min(self.rows - 1, int((bottom - 1) // step))
        return range(first * self.columns, min(self.count, (last + 1) * self.columns))
