"""The wires between two columns: how strong each is drawn, all of them as one picture, and which of them is where."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors

LEVELS = 48
"""In so many steps a wire gets thicker; a weight that stays within one changes nothing on the screen."""
_HALFWAY = 1.3
"""A weight of this magnitude is drawn with three quarters of the greatest width."""
_THINNEST, _THICKEST = 0.7, 6.6
"""Widths at tiles of 48 pixels."""
_USUAL_TILE = 48.0
_FAINTEST, _FULL_AT = 0.30, 0.45
_PADDING = 8.0

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
    if level == 0:
        return QColor(theme.border)
    color = QColor((POSITIVE if level > 0 else NEGATIVE)[theme.dark])
    share = abs(level) / LEVELS
    color.setAlphaF(_FAINTEST + (0.92 - _FAINTEST) * min(share / _FULL_AT, 1.0))
    return color


def level_width(level: int, tile: float) -> float:
    """In pixels at 100 %, for tiles of a size."""
    thickest = max(_THICKEST * min(tile / _USUAL_TILE, 1.0), 2.5)
    return _THINNEST + (thickest - _THINNEST) * abs(level) / LEVELS


@lru_cache(maxsize=1024)
def _pen(level: int, tile: float, theme: Colors) -> QPen:
    return QPen(level_color(level, theme), level_width(level, tile), Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)


class Bundle:
    """All wires from one column to the next. They bend alike: y = y₀ + (y₁ − y₀)·(3t² − 2t³), with the same t at an x.

    starts, ends: (n,) and (m,) y of the middles of the tiles. left, right: x of the edges of the two columns.
    """

    def __init__(self, starts: Array, ends: Array, *, left: float, right: float, tile: float) -> None:
        self.starts, self.ends = starts, ends
        self._left, self._right = left, right
        self._tile = tile
        self._levels = np.zeros((len(starts), len(ends)), np.int16)
        self._known = False
        self._paths: list[list[QPainterPath]] = []
        self._picture: QPixmap | None = None
        self._drawn_for: tuple[float, float, Colors] | None = None

    @property
    def size(self) -> int:
        return self._levels.size

    @property
    def known(self) -> bool:
        """Whether there are weights to show."""
        return self._known

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

    def path(self, source: int, target: int) -> QPainterPath:
        """A wire as a line."""
        return self._all_paths()[source][target]

    def pen(self, source: int, target: int, theme: Colors) -> QPen:
        return _pen(int(self._levels[source, target]), self._tile, theme)

    def nearest(self, x: float, y: float) -> tuple[int, int, float] | None:
        """(source, target, distance) of the wire nearest to a point; None beside the wires."""
        if not self._left <= x <= self._right or not self.size:
            return None
        share = (x - self._left) / max(self._right - self._left, 1e-6)
        t = _time_at(share)
        rise = self.ends[None, :] - self.starts[:, None]
        height = self.starts[:, None] + rise * (3 * t * t - 2 * t**3)
        slope = rise * _slope_at(t) / max(self._right - self._left, 1e-6)
        # Of wires that are equally near, the strongest: it is the one that is seen.
        distance = np.abs(height - y) / np.sqrt(1 + slope**2) - 0.02 * np.abs(self._levels)
        source, target = np.unravel_index(int(distance.argmin()), distance.shape)
        return int(source), int(target), max(float(distance[source, target]), 0.0)

    def middle(self, source: int, target: int) -> QPointF:
        return QPointF((self._left + self._right) / 2, float(self.starts[source] + self.ends[target]) / 2)

    @property
    def picture(self) -> QPixmap | None:
        """As it was drawn last; whether it is still right, `is_drawn` tells."""
        return self._picture

    def is_drawn(self, zoom: float, ratio: float, theme: Colors) -> bool:
        """Whether the picture shows the wires as they are. ratio: pixels of the screen for each logical one."""
        return self._drawn_for == (zoom, ratio, theme)

    def draw(self, zoom: float, ratio: float, theme: Colors) -> None:
        """Draw the picture anew: weak wires first, so that strong ones lie over them."""
        rect, size = self.rect, zoom * ratio
        picture = QPixmap(max(1, round(rect.width() * size)), max(1, round(rect.height() * size)))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size, size)
        painter.translate(-rect.topLeft())
        self._draw_all(painter, theme)
        painter.end()
        picture.setDevicePixelRatio(ratio)
        self._picture, self._drawn_for = picture, (zoom, ratio, theme)

    def _draw_all(self, painter: QPainter, theme: Colors) -> None:
        paths = self._all_paths()
        flat = self._levels.ravel()
        width = self._levels.shape[1]
        for place in np.argsort(np.abs(flat), kind="stable").tolist():
            painter.setPen(_pen(int(flat[place]), self._tile, theme))
            painter.drawPath(paths[place // width][place % width])

    def _all_paths(self) -> list[list[QPainterPath]]:
        if not self._paths:
            self._paths = [[self._curve(start, end) for end in self.ends.tolist()] for start in self.starts.tolist()]
        return self._paths

    def _curve(self, start: float, end: float) -> QPainterPath:
        middle = (self._left + self._right) / 2
        path = QPainterPath(QPointF(self._left, start))
        path.cubicTo(QPointF(middle, start), QPointF(middle, end), QPointF(self._right, end))
        return path


def _time_at(share: float) -> float:
    """t where a curve is at a share of its width: 1.5·t·(1 − t)² + 1.5·t²·(1 − t) + t³ = 1.5t − 1.5t² + t³."""
    t = share
    for _ in range(6):
        t -= (1.5 * t - 1.5 * t * t + t**3 - share) / (1.5 - 3 * t + 3 * t * t)
    return min(max(t, 0.0), 1.0)


def _slope_at(t: float) -> float:
    """How fast the height changes with the share of the width."""
    return (6 * t - 6 * t * t) / (1.5 - 3 * t + 3 * t * t)
