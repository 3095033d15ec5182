"""What a model makes of the plane of points, as colours: the shades of one unit, or the mixed colours of classes."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
from PySide6.QtGui import QColor, QImage

from nnplayground.samples import Array
from nnplayground.spec.dataset import PLANE_LIMIT
from nnplayground.ui.widgets.colormaps import table
from nnplayground.ui.widgets.point_marks import CLASS_COLORS

BANDS = 10
"""Numbers that are not shaded smoothly are shown in so many steps."""
_WHITE = np.array([246.0, 244.0, 240.0], np.float32)
"""The middle of the shades: where no class is likelier than another."""
_NOT_FINITE = np.uint32(0xFF808080)


class PlaneMap(msgspec.Struct, frozen=True, eq=False):
    """Values over the plane −6…6 × −6…6, in the middles of equal squares; the first row is at the top.

    values: (units, side, side) float32. One unit is shaded from `low` to `high`; several are probabilities of classes.
    class_count: how many classes the values tell apart, 0 where they are plain numbers.
    """

    values: Array
    low: float = 0.0
    high: float = 1.0
    class_count: int = 0

    @property
    def threshold(self) -> float:
        """Above it, one unit stands for the second of two classes."""
        return (self.low + self.high) / 2

    def at(self, coordinates: Array) -> Array:
        """Values at places in the plane, between the middles of squares mixed from four: (n, 2) → (n, units)."""
        side = self.values.shape[-1]
        place = (np.clip(coordinates, -PLANE_LIMIT, PLANE_LIMIT) + PLANE_LIMIT) * (side / (2 * PLANE_LIMIT)) - 0.5
        column = np.clip(place[:, 0], 0, side - 1)
        row = np.clip(side - 1 - place[:, 1], 0, side - 1)
        left, top = np.minimum(column.astype(int), side - 2), np.minimum(row.astype(int), side - 2)
        across, down = (column - left).astype(np.float32), (row - top).astype(np.float32)
        values = self.values
        upper = values[:, top, left] * (1 - across) + values[:, top, left + 1] * across
        lower = values[:, top + 1, left] * (1 - across) + values[:, top + 1, left + 1] * across
        return (upper * (1 - down) + lower * down).T

    def classes_at(self, coordinates: Array) -> Array:
        """The class predicted at places in the plane: (n, 2) → (n,) int64."""
        values = self.at(coordinates)
        if values.shape[1] == 1:
            return (values[:, 0] > self.threshold).astype(np.int64)
        return values.argmax(axis=1)

    def image(self, *, discrete: bool = False, smooth: bool = True) -> QImage:
        """The map as a picture, one pixel for each square.

        discrete: classes without shades between them, numbers in steps. smooth: then in finer pixels, whose edges
        run between the middles of the squares.
        """
        values = _finer(self.values) if discrete and smooth else self.values
        if len(values) == 1:
            return _as_image(self._shaded(values[0], discrete=discrete))
        if len(values) == 2:
            # Two classes look the same whether one unit or two tell them apart.
            return _as_image(_two_shaded(values[1] - values[0], discrete=discrete))
        return _as_image(_region_colors(values) if discrete else _mixed_colors(values))

    def _shaded(self, values: Array, *, discrete: bool) -> Array:
        share = (values - np.float32(self.low)) * np.float32(1 / ((self.high - self.low) or 1.0))
        if discrete and self.class_count:
            share = _steps(share, 2)
        elif discrete:
            share = _steps(share, BANDS)
        return shades32(share)


def shades32(share: Array) -> Array:
    """Shares of the way from orange over white to blue as colours: (…) float → (…) uint32 as 0xffRRGGBB."""
    shades = _table32()
    finite = np.isfinite(share)
    # Within the table before it is made whole: a diverged model's numbers are larger than any whole one.
    place = np.clip(share, 0, 1) * np.float32(len(shades) - 1) + np.float32(0.5)
    if finite.all():
        return shades.take(place.astype(np.int32))
    colors = shades.take(np.where(finite, place, 0).astype(np.int32))
    colors[~finite] = _NOT_FINITE
    return colors


@cache
def _table32() -> Array:
    return _packed(table("plane").astype(np.uint32))


@cache
def _class_rgb() -> Array:
    """(6, 3) float32, the colours of regions."""
    return np.array([QColor(name).getRgb()[:3] for name in CLASS_COLORS], np.float32)  # type: ignore[index]


def _packed(rgb: Array) -> Array:
    """(…, 3) uint32 → (…) uint32."""
    return np.uint32(0xFF000000) | (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]


def _steps(share: Array, count: int) -> Array:
    """Shares in 0…1 in equal steps; the first and the last one have the colours of the ends."""
    # What lies exactly between two steps belongs to the lower one, as a probability of one half to the first class.
    step = np.ceil(np.clip(share, 0, 1) * np.float32(count)) - 1
    return np.maximum(step, 0) * np.float32(1 / (count - 1))


def _two_shaded(difference: Array, *, discrete: bool) -> Array:
    """difference: probability of the second class minus that of the first, −1…1."""
    share = (difference + 1) * np.float32(0.5)
    return shades32(_steps(share, 2) if discrete else share)


def _region_colors(values: Array) -> Array:
    """The colour of the likeliest class. The maps one after the other: argmax across them takes far longer."""
    colors = _packed(_class_rgb().astype(np.uint32))
    best, found = values[0], np.full(values.shape[1:], colors[0])
    for number, each in enumerate(values[1:], start=1):
        np.copyto(found, colors[number % len(colors)], where=each > best)
        best = np.maximum(best, each)
    # What is not a number in one of the maps is none in the greatest of all either.
    finite = np.isfinite(best)
    return found if finite.all() else np.where(finite, found, _NOT_FINITE)


def _mixed_colors(values: Array) -> Array:
    """Each class's colour in proportion to its probability, the paler the less sure the likeliest one is."""
    count = len(values)
    flat = np.clip(values.reshape(count, -1), 0, 1)
    certainty = (flat.max(axis=0) * count - 1) * np.float32(1 / (count - 1))
    certainty = np.clip(certainty, 0, 1)[:, None]
    mixed = flat.T @ _class_rgb()[np.arange(count) % len(CLASS_COLORS)]
    colors = _WHITE + certainty * (mixed - _WHITE)
    finite = np.isfinite(colors).all(axis=1)
    packed = _packed(np.where(finite[:, None], colors + np.float32(0.5), 0).astype(np.uint32))
    return np.where(finite, packed, _NOT_FINITE).reshape(values.shape[1:])


def _finer(values: Array) -> Array:
    """Values at three times as many places in each direction: (units, side, side) → (units, 3 · side, 3 · side).

    Between the middles of squares they are mixed from the nearest. A product of matrices would say the same, but wait
    for the threads of numpy's linear algebra, which training keeps busy.
    """
    return _finer_rows(_finer_rows(values).swapaxes(1, 2)).swapaxes(1, 2)


def _finer_rows(values: Array) -> Array:
    units, rows, columns = values.shape
    above = np.concatenate([values[:, :1], values[:, :-1]], axis=1)
    below = np.concatenate([values[:, 1:], values[:, -1:]], axis=1)
    # A third of the way from the middle of a square to the next one.
    near, far = np.float32(2 / 3), np.float32(1 / 3)
    finer = np.empty((units, rows, 3, columns), np.float32)
    finer[:, :, 0] = near * values + far * above
    finer[:, :, 1] = values
    finer[:, :, 2] = near * values + far * below
    return finer.reshape(units, 3 * rows, columns)


def _as_image(colors: Array) -> QImage:
    """colors: (height, width) uint32 as 0xffRRGGBB → a picture with memory of its own."""
    colors = np.ascontiguousarray(colors, np.uint32)
    height, width = colors.shape
    return QImage(colors.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
