"""What units give over the plane, as pictures: all maps of a layer in one image."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from nnplayground.samples import Array
from nnplayground.ui.widgets.colormaps import table

_LIMITS: dict[str, tuple[float, float]] = {
    "tanh": (-1.0, 1.0),
    "arctan": (-math.pi / 2, math.pi / 2),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
}
"""The ends of the colours where the activation function has limits."""
_ROBUST = 0.98
"""Elsewhere the colours end at the magnitude below which this share of all values lies: a few large ones in a corner of
the plane do not make all others pale."""
_NOT_FINITE = 0xFF808080


class Atlas(NamedTuple):
    """The maps of a layer, one below the other."""

    image: QImage
    units: int

    def part(self, unit: int) -> QRectF:
        """Where in the image the map of a unit is."""
        side = self.image.width()
        return QRectF(0, unit * side, side, side)


def limits(maps: Array, activation: str) -> tuple[float, float]:
    """The values at the two ends of the colours; equal distances from the middle are equally far from white."""
    if activation in _LIMITS:
        return _LIMITS[activation]
    magnitudes = np.abs(maps).ravel()
    magnitudes = magnitudes[np.isfinite(magnitudes)]
    if not magnitudes.size:
        return -1.0, 1.0
    place = int(_ROBUST * (magnitudes.size - 1))
    reach = float(np.partition(magnitudes, place)[place]) or float(magnitudes.max()) or 1.0
    return -reach, reach


def atlas(maps: Array, activation: str) -> Atlas:
    """maps: (units, side, side) numbers. activation: "" gives each map a scale of its own."""
    units, side, _ = maps.shape
    if activation:
        ends = np.array([limits(maps, activation)] * units, np.float32)
    else:
        ends = np.array([limits(each, "") for each in maps], np.float32)
    low, high = ends[:, 0, None, None], ends[:, 1, None, None]
    place = (maps - low) * (255 / (high - low))
    shades = np.where(np.isfinite(place), np.clip(place, 0, 255) + 0.5, 256).astype(np.intp)
    pixels = _shades().take(shades)
    view = QImage(pixels.data, side, units * side, 4 * side, QImage.Format.Format_RGB32)
    return Atlas(view.copy(), units)


@cache
def _shades() -> Array:
    """The colours of the plane as Qt keeps a pixel, and a last one for what is not finite: (257,) uint32."""
    red, green, blue = table("plane").astype(np.uint32).T
    shades = 0xFF000000 | red << 16 | green << 8 | blue
    return np.append(shades, _NOT_FINITE).astype(np.uint32)
