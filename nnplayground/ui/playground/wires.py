"""The wires between two columns: how strong each is drawn, all of them as one picture, and which of them is where."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainterPath, QPixmap

from nnplayground.samples import Array
from nnplayground.ui.playground.strokes import Stroke, Thickness, colored, curve_time, draw
from nnplayground.ui.theme import Colors

LEVELS = 48
"""In so many steps a wire gets thicker; a weight that stays within one changes nothing on the screen."""
_HALFWAY = 1.3
"""A weight of this magnitude is drawn with three quarters of the greatest width."""
_THINNEST, _THICKEST = 0.7, 6.6
"""Widths at tiles of 48 pixels."""
_USUAL_TILE = 48.0
_CROWD = 12
"""Where more wires than this meet in one tile, all are drawn thinner."""
_FAINTEST, _FULL, _FULL_AT = 0.34, 0.94, 0.4
"""Opacities, and the share of the greatest strength from which a wire has all of it."""
_PADDING = 8.0
_MOST_AT_ONCE = 2000
"""More wires than this at 100 % take too long to draw whenever weights have changed. So where one has zoomed in, or the
screen is a fine one, very many wires are drawn a little coarser and enlarged."""

POSITIVE = {True: "#4da3ee", False: "#1f74c4"}
NEGATIVE = {True: "#ee9133", False: "#dd7a14"}
"""Colours of weights, by whether the theme is dark."""


def levels_of(weights: Array) -> Array:
    """How strong weights are drawn: int16 of the same shape, −LEVELS…LEVELS. What is not finite is 0."""
    strength = np.tanh(np.nan_to_num(weights, posinf=0, neginf=0) / _HALFWAY)
    return np.rint(strength * LEVELS).astype(np.int16)


def level_of(weight: float) -> int:
    """The same for one weight."""
    return round(math.tanh(weight / _HALFWAY) * LEVELS) if math.isfinite(weight) else 0


def level_color(level: int, theme: Colors) -> QColor:
    """The colour of a weight of a level: by its sign, the paler the weaker."""
    color = QColor((POSITIVE if level >= 0 else NEGATIVE)[theme.dark])
    color.setAlphaF(_opacity(level))
    return color


def _opacity(level: int) -> float:
    return _FAINTEST + (_FULL - _FAINTEST) * min(abs(level) / LEVELS / _FULL_AT, 1.0)


def _width(level: int, thickest: float) -> float:
    """In pixels at 100 %. thickest: of a wire that could not be stronger."""
    return _THINNEST + (thickest - _THINNEST) * abs(level) / LEVELS


@lru_cache(maxsize=64)
def _thicknesses(thickest: float, size: float) -> tuple[Thickness, ...]:
    """By level. size: pixels of the picture for each one at 100 %."""
    return tuple(Thickness(_width(level, thickest) * size, _opacity(level)) for level in range(LEVELS + 1))


class Bundle:
    """All wires from one column to the next. They bend alike: y = y₀ + (y₁ − y₀)·(3t² − 2t³), with the same t at an x.

    starts, ends: (n,) and (m,) y of the middles of the tiles. left, right: x of the edges of the two columns.
    """

    def __init__(self, starts: Array, ends: Array, *, left: float, right: float, tile: float) -> None:
        self.starts, self.ends = starts, ends
        self._left, self._right = left, right
        crowd = math.sqrt(min(_CROWD / max(len(starts), len(ends)), 1.0))
        self._thickest = max(_THICKEST * min(tile / _USUAL_TILE, 1.0), 2.5) * crowd
        self._levels = np.zeros((len(starts), len(ends)), np.int16)
        self._known = False
        self._picture: QPixmap | None = None
        self._drawn_for: tuple[float, float, Colors] | None = None

    @property
    def size(self) -> int:
        return self._levels.size

    @property
    def rect(self) -> QRectF:
        top = min(float(self.starts.min()), float(self.ends.min())) - _PADDING
        bottom = max(float(self.starts.max()), float(self.ends.max())) + _PADDING
        return QRectF(self._left, top, self._right - self._left, bottom - top)

    def show_weights(self, weights: Array | None) -> None:
        """weights: (n, m), or None where they are not known."""
        levels = np.zeros_like(self._levels) if weights is None else levels_of(weights)
        known = weights is not None
        if known != self._known or not np.array_equal(levels, self._levels):
            self._levels, self._known = levels, known
            self._drawn_for = None

    def level(self, source: int, target: int) -> int:
        return int(self._levels[source, target])

    def width(self, source: int, target: int) -> float:
        """How thick a wire is at 100 %."""
        return _width(self.level(source, target), self._thickest)

    def path(self, source: int, target: int) -> QPainterPath:
        """A wire as a line."""
        start, end = float(self.starts[source]), float(self.ends[target])
        middle = (self._left + self._right) / 2
        path = QPainterPath(QPointF(self._left, start))
        path.cubicTo(QPointF(middle, start), QPointF(middle, end), QPointF(self._right, end))
        return path

    def nearest(self, x: float, y: float) -> tuple[int, int, float] | None:
        """(source, target, distance) of the wire nearest to a point; None beside the wires."""
        length = self._right - self._left
        if not self._left <= x <= self._right or length <= 0:
            return None
        t = float(curve_time(np.array((x - self._left) / length)))
        rise = self.ends[None, :] - self.starts[:, None]
        height = self.starts[:, None] + rise * (3 * t * t - 2 * t**3)
        slope = rise * (6 * t - 6 * t * t) / (length * (1.5 - 3 * t + 3 * t * t))
        distance = np.abs(height - y) / np.sqrt(1 + slope**2)
        # Of wires that are about equally near it is the strongest that is seen.
        order = distance - np.abs(self._levels) / LEVELS
        source, target = np.unravel_index(int(order.argmin()), order.shape)
        return int(source), int(target), float(distance[source, target])

    def middle(self, source: int, target: int) -> QPointF:
        return QPointF((self._left + self._right) / 2, float(self.starts[source] + self.ends[target]) / 2)

    # The picture

    @property
    def picture(self) -> QPixmap | None:
        """As it was drawn last; whether it is still right, `is_drawn` tells."""
        return self._picture

    def is_drawn(self, zoom: float, ratio: float, theme: Colors) -> bool:
        """Whether the picture shows the wires as they are. ratio: pixels of the screen for each logical one."""
        return self._drawn_for == (zoom, ratio, theme)

    def draw(self, zoom: float, ratio: float, theme: Colors) -> None:
        """Draw the picture anew."""
        rect, finest = self.rect, zoom * ratio
        size = min(finest, max(math.sqrt(_MOST_AT_ONCE / self.size), 1.0))
        width, height = max(1, round(rect.width() * size)), max(1, round(rect.height() * size))
        starts = np.rint((self.starts - rect.top()) * size).astype(int)
        ends = np.rint((self.ends - rect.top()) * size).astype(int)
        thickness = _thicknesses(self._thickest, size)
        opacities = draw(self._strokes(starts, ends), size=(width, height), thickness=thickness)
        pixels = colored(opacities, *self._colors(theme))
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        picture = QPixmap.fromImage(image)
        picture.setDevicePixelRatio(ratio * (size / finest))
        self._picture, self._drawn_for = picture, (zoom, ratio, theme)

    def _strokes(self, starts: Array, ends: Array) -> list[Stroke]:
        """Weak wires first, so that strong ones lie over them."""
        flat = self._levels.ravel()
        places = np.argsort(np.abs(flat), kind="stable")
        sources, targets = np.divmod(places, len(ends))
        levels = flat[places]
        columns = (starts[sources], ends[targets], np.abs(levels), levels < 0)
        return [Stroke._make(each) for each in zip(*(column.tolist() for column in columns), strict=True)]

    def _colors(self, theme: Colors) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        if not self._known:
            grey = _rgb(theme.pale_run)
            return grey, grey
        return _rgb(POSITIVE[theme.dark]), _rgb(NEGATIVE[theme.dark])


def _rgb(color: str) -> tuple[int, int, int]:
    found = QColor(color)
    return found.red(), found.green(), found.blue()
