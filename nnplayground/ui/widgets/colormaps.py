"""Colour maps for numbers: from little to much, from negative over zero to positive, and over the plane of points from
the first class to the second, in the colours of their marks.

The control points are our own. They are joined in Oklab, a space where equal distances look about equally far apart
(Björn Ottosson, "A perceptual color space for image processing", 2020), and their lightness runs in one direction only,
so that the maps also read in black and white and without telling red from green.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np

from nnplayground.samples import Array

Kind = Literal["sequential", "diverging", "plane"]

_SHADES = 256
_NOT_FINITE = (128, 128, 128)

_CONTROL_POINTS: dict[Kind, tuple[str, ...]] = {
    "sequential": ("#0c0a3e", "#46137c", "#8e2486", "#c83d68", "#ee6f45", "#f9ab45", "#fbea62"),
    "diverging": ("#123a7c", "#2f74c0", "#8bb8e2", "#f1f1ee", "#eeaf7f", "#c8602f", "#7c2413"),
    "plane": ("#e2780c", "#ee9c45", "#f6cd9c", "#f6f4f0", "#aecdec", "#629fdd", "#2371bf"),
}

_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_rgb(values: Array, kind: Kind, *, limits: tuple[float, float] | None = None) -> Array:
    """Values as colours: (…, 3) uint8 for values of shape (…).

    limits: the values of the two ends of the map. Without them a sequential map runs from the least to the greatest
    finite value, the others are symmetric about 0. What is not finite is grey.
    """
    low, high = limits if limits is not None else value_limits(values, kind)
    if high > low:
        place = (np.asarray(values, np.float32) - np.float32(low)) * np.float32((_SHADES - 1) / (high - low))
    else:
        # All values are the same: the dark end means "nothing", the middle means "zero".
        place = np.where(np.isfinite(values), np.float32(0 if kind == "sequential" else (_SHADES - 1) / 2), np.nan)
    finite = np.isfinite(place)
    shades = np.clip(np.rint(np.where(finite, place, 0)), 0, _SHADES - 1).astype(np.uint8)
    colors = table(kind).take(shades, axis=0)
    if not finite.all():
        colors[~finite] = _NOT_FINITE
    return colors


def value_limits(values: Array, kind: Kind) -> tuple[float, float]:
    """The values at the two ends of a map that shows all of `values`; (0, 0) where none is finite."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    if kind != "sequential":
        reach = max(-low, high, 0.0)
        return -reach, reach
    return low, high


@cache
def table(kind: Kind) -> Array:
    """The shades of a map, from its low to its high end: (256, 3) uint8. Not to be written to."""
    points = np.array([[int(text[start : start + 2], 16) for start in (1, 3, 5)] for text in _CONTROL_POINTS[kind]])
    lab = _oklab(points / 255)
    # Control points at equal steps of lightness would be rigid; spacing them by distance keeps the change even.
    distance = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(lab, axis=0), axis=1))])
    place = distance / distance[-1]
    if kind != "sequential":
        place = np.interp(place, [0, place[len(points) // 2], 1], [0, 0.5, 1])  # zero stands exactly in the middle
    shades = np.linspace(0, 1, _SHADES)
    mixed = np.stack([np.interp(shades, place, lab[:, channel]) for channel in range(3)], axis=1)
    result = np.rint(np.clip(_srgb(mixed), 0, 1) * 255).astype(np.uint8)
    result.flags.writeable = False
    return result


def _oklab(srgb: Array) -> Array:
    """(n, 3) sRGB in 0…1 → (n, 3) lightness, green-red, blue-yellow."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_CONE.T) @ _TO_LAB.T


def _srgb(lab: Array) -> Array:
    """The inverse of `_oklab`; colours outside sRGB leave 0…1."""
    linear = ((lab @ np.linalg.inv(_TO_LAB).T) ** 3) @ np.linalg.inv(_TO_CONE).T
    positive = np.maximum(linear, 0)
    return np.where(positive <= 0.0031308, positive * 12.92, 1.055 * positive ** (1 / 2.4) - 0.055)
