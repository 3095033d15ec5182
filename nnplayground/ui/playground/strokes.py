"""Drawing many alike curves fast: which pixels a curve covers is worked out once, then only looked up. Without Qt.

All wires between two columns bend alike: they are as wide as the gap, and differ in where they begin and how far they
rise. So a wire is a stamp (by width, rise and thickness) that is put at its height, and a frame of some hundred wires
is some hundred short additions. A painter that works out each outline anew takes several times as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nnplayground.samples import Array


class Stroke(NamedTuple):
    """A wire to be drawn. start, end: rows of the picture; level: how strong, 0 or more; negative: in which colour."""

    start: int
    end: int
    level: int
    negative: bool


class Thickness(NamedTuple):
    """Of a wire of one level, in pixels of the picture; opacity: 0…1."""

    width: float
    opacity: float


class _Line(NamedTuple):
    """The pixels near a curve, the nearest ones first: where they are, counted along the rows of a picture whose first
    row is the curve's own, and how far their middles are from it."""

    places: Array
    distances: Array
    above: int
    """How many rows the curve's own picture begins above the higher end of the curve."""


class _Stamp(NamedTuple):
    places: Array
    cover: Array
    keep: Array
    """What is left of what lies below: 1 − cover."""
    above: int


def draw(strokes: Iterable[Stroke], *, size: tuple[int, int], thickness: tuple[Thickness, ...]) -> Array:
    """One over the other, in that order: (height, width) complex64, its real part the opacity of the wires that are
    positive, its imaginary part that of the others.

    size: (width, height) of the picture; thickness: by level.
    """
    width, height = size
    reach = max(each.width for each in thickness) / 2 + 1
    margin = math.ceil(reach) + 2
    picture = np.zeros((height + 2 * margin) * width, np.complex64)
    for stroke in strokes:
        stamp = _stamp(width, stroke.end - stroke.start, thickness[stroke.level], reach)
        top = min(stroke.start, stroke.end) + margin - stamp.above
        ground = picture[top * width :]
        covered = ground.take(stamp.places)
        covered *= stamp.keep
        if stroke.negative:
            covered.imag += stamp.cover
        else:
            covered.real += stamp.cover
        ground[stamp.places] = covered
    return picture.reshape(-1, width)[margin : margin + height]


def colored(opacities: Array, positive: tuple[int, int, int], negative: tuple[int, int, int]) -> Array:
    """(height, width) complex64 of `draw` in two colours: (height, width, 4) uint8, blue, green, red and alpha, the
    colours multiplied by alpha."""
    shares = np.ascontiguousarray(opacities).view(np.float32).reshape(-1, 2)
    mix = np.array([(*reversed(positive), 255), (*reversed(negative), 255)], np.float32)
    values = shares @ mix
    values += 0.5
    np.minimum(values, 255, out=values)
    return values.astype(np.uint8).reshape(*opacities.shape, 4)


@lru_cache(maxsize=4096)
def _stamp(width: int, rise: int, thickness: Thickness, reach: float) -> _Stamp:
    line = _line(width, rise, reach)
    # A line thinner than a pixel is drawn as one that is paler.
    half = max(thickness.width, 1.0) / 2
    opacity = thickness.opacity * min(thickness.width, 1.0)
    count = int(np.searchsorted(line.distances, half + 0.5))
    cover = (np.minimum(half + 0.5 - line.distances[:count], 1) * opacity).astype(np.float32)
    return _Stamp(line.places[:count], cover, 1 - cover, line.above)


@lru_cache(maxsize=1024)
def _line(width: int, rise: int, reach: float) -> _Line:
    """The pixels nearer than `reach` to a curve: x = w·(1.5t − 1.5t² + t³), y = rise·(3t² − 2t³)."""
    above = math.ceil(reach) + 1
    first = above - min(rise, 0)
    columns = np.arange(width) + 0.5
    t = curve_time(columns / width)
    middles = first + rise * (3 * t * t - 2 * t**3)
    slopes = rise * (6 * t - 6 * t * t) / (width * (1.5 - 3 * t + 3 * t * t))
    span = 1.3 * reach * np.sqrt(1 + slopes**2) + 1
    low = np.maximum(np.floor(middles - span), 0).astype(np.int64)
    high = np.minimum(np.ceil(middles + span), abs(rise) + 2 * above).astype(np.int64)
    counts = np.maximum(high - low, 0)
    across = np.repeat(np.arange(width), counts)
    down = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
    distances = _distances(across + 0.5, down + 0.5 - first, t[across], width=width, rise=rise)
    order = np.argsort(distances, kind="stable")
    order = order[: int(np.searchsorted(distances[order], reach))]
    places = down[order] * width + across[order]
    return _Line(places.astype(np.intp), distances[order].astype(np.float32), above)


def _distances(x: Array, y: Array, t: Array, *, width: int, rise: int) -> Array:
    """From points to the curve, from a first guess of the t that is nearest."""
    for _ in range(4):
        dx, dy = _tangent(t, width, rise)
        there_x, there_y = _point(t, width, rise)
        t = np.clip(t + ((x - there_x) * dx + (y - there_y) * dy) / (dx * dx + dy * dy), 0, 1)
    there_x, there_y = _point(t, width, rise)
    # Beyond its ends, under the tiles, the curve runs on level.
    return np.hypot(np.where((t <= 0) | (t >= 1), 0, x - there_x), y - there_y)


def _point(t: Array, width: int, rise: int) -> tuple[Array, Array]:
    return width * (1.5 * t - 1.5 * t * t + t**3), rise * (3 * t * t - 2 * t**3)


def _tangent(t: Array, width: int, rise: int) -> tuple[Array, Array]:
    return width * (1.5 - 3 * t + 3 * t * t), rise * (6 * t - 6 * t * t)


def curve_time(shares: Array) -> Array:
    """t at which the curve has come so far across: the root of 1.5t − 1.5t² + t³ − share, by Newton's method."""
    t = np.asarray(shares, np.float64).copy()
    for _ in range(8):
        t -= (1.5 * t - 1.5 * t * t + t**3 - shares) / (1.5 - 3 * t + 3 * t * t)
    return np.clip(t, 0, 1)
