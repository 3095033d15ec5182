"""The parts of a plot of the plane that are not its map and its many points: frame, axes, what is marked, the brush."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from nnplayground.spec.dataset import PLANE_LIMIT
from nnplayground.ui.theme import Colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.plane_points import (
    DARK,
    LIGHT,
    PlotPoints,
    cross_path,
    draw_mark,
    mark_radius,
    places_of,
    target_color,
)

Place = tuple[float, float]
"""x₁ and x₂."""

_CORNER = 6.0
_STEPS = ((240, 2), (110, 3), (0, 6))
"""Pixels of a plot that has room for numbers at such steps, the larger first."""
_TICK = 3.0
_RIGHT = 6
"""Pixels beside the plane, for half of the last number below it."""
_DOUBLE = ((LIGHT, 2.6), (DARK, 1.2))
"""Strokes, one over the other, that can be seen on every colour."""


class Brush(msgspec.Struct, frozen=True):
    """What the mouse does to the plane. radius: in units of the plane. label: of the points that are painted."""

    kind: Literal["paint", "erase"]
    radius: float
    label: int = 0


class PlaneFrame(msgspec.Struct, frozen=True):
    """Where −6…6 × −6…6 is in a widget: a square of whole pixels."""

    area: QRectF

    @classmethod
    def fitted(cls, size: QSize, font: QFont) -> PlaneFrame:
        """As large as a widget has room for beside the numbers at the axes. font: of the widget."""
        left, above, below = _margins(font)
        side = max(10, int(min(size.width() - left - _RIGHT, size.height() - above - below)))
        # The numbers at the left belong to the picture, which as a whole is in the middle.
        rest = max(0.0, size.width() - left - side) / 2
        return cls(QRectF(int(left + rest), int(above), side, side))

    @staticmethod
    def height_for(width: int, font: QFont) -> int:
        """The height of a widget that is as wide, beyond which the plane does not grow."""
        left, above, below = _margins(font)
        return int(width - left - _RIGHT + above + below) + 1

    @property
    def scale(self) -> float:
        """Pixels of one unit of the plane."""
        return self.area.width() / (2 * PLANE_LIMIT)

    def spot(self, place: Place) -> QPointF:
        """Where a place of the plane is in the widget."""
        x, y = places_of(np.array([place]), self.area)[0].tolist()
        return QPointF(x, y)

    def place(self, spot: QPointF) -> Place:
        """The place of the plane at a position in the widget, moved to the border where it lies outside."""
        middle = self.area.center()
        return bounded((spot.x() - middle.x()) / self.scale), bounded((middle.y() - spot.y()) / self.scale)


def _margins(font: QFont) -> tuple[float, float, float]:
    """What the numbers at the axes take at the left, above and below."""
    metrics = QFontMetricsF(small_font(font))
    return metrics.horizontalAdvance("−6") + _TICK + 4, metrics.height() / 2, metrics.height() + _TICK


def bounded(value: float) -> float:
    """A coordinate, moved to the border of the plane where it lies outside."""
    return min(max(value, -PLANE_LIMIT), PLANE_LIMIT)


def paint_axes(painter: QPainter, frame: PlaneFrame, *, font: QFont, theme: Colors) -> None:
    """Numbers and names outside the plane, and thin lines where a coordinate is 0. font: of the widget."""
    area, middle = frame.area, frame.area.center()
    small = small_font(font)
    metrics = QFontMetricsF(small)
    painter.setFont(small)
    zero = QColor(theme.muted)
    zero.setAlpha(90)
    painter.setPen(QPen(zero, 1))
    painter.drawLine(QPointF(middle.x(), area.top()), QPointF(middle.x(), area.bottom()))
    painter.drawLine(QPointF(area.left(), middle.y()), QPointF(area.right(), middle.y()))
    painter.setPen(QPen(QColor(theme.muted), 1))
    step = next(step for least, step in _STEPS if area.width() >= least)
    limit = int(PLANE_LIMIT)
    ticks = [(float(value), f"{value}".replace("-", "−")) for value in range(-limit, limit + 1, step)]
    for value, _ in ticks:
        x, y = middle.x() + value * frame.scale, middle.y() - value * frame.scale
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + _TICK))
        painter.drawLine(QPointF(area.left() - _TICK, y), QPointF(area.left(), y))
    below = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    beside = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    # The name of an axis stands between its last two numbers.
    named = limit - step / 2
    for value, text in (*ticks, (named, "x₁")):
        x = middle.x() + value * frame.scale
        painter.drawText(QRectF(x - 20, area.bottom() + _TICK - 1, 40, metrics.height()), below, text)
    for value, text in (*ticks, (named, "x₂")):
        y = middle.y() - value * frame.scale
        box = QRectF(area.left() - _TICK - 43, y - metrics.height() / 2, 40, metrics.height())
        painter.drawText(box, beside, text)


def paint_border(painter: QPainter, area: QRectF, theme: Colors, *, focused: bool) -> None:
    """Round the corners by painting over them: to clip a large picture by a path takes longer than to draw it."""
    outside, inside = QPainterPath(), QPainterPath()
    outside.addRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
    inside.addRoundedRect(area, _CORNER, _CORNER)
    painter.fillPath(outside.subtracted(inside), QColor(theme.window))
    painter.setPen(QPen(QColor(theme.accent if focused else theme.border), 1.5 if focused else 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area, _CORNER, _CORNER)


def paint_marked(painter: QPainter, frame: PlaneFrame, points: PlotPoints, number: int, *, selected: bool) -> None:
    """One of the points, larger than the others; the selected one between four lines."""
    x1, x2 = points.coordinates[number].tolist()
    spot = frame.spot((x1, x2))
    target = float(points.targets[number])
    radius = mark_radius(frame.area.width())
    if selected:
        paint_cross(painter, spot, size=radius * 4.4, strength=1.7)
    color = target_color(target, numbers=points.numbers)
    label = 0 if points.numbers else int(target)
    draw_mark(painter, spot, label, color, radius=radius * 1.5, held_back=bool(points.held_back[number]))


def paint_cross(painter: QPainter, spot: QPointF, *, size: float, strength: float = 1.0) -> None:
    """Four lines that point at a spot. size: of their outer ends from it, in pixels."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, width in _DOUBLE:
        painter.setPen(QPen(QColor(color), width * strength))
        painter.drawPath(cross_path(size).translated(spot))


def paint_pointer(painter: QPainter, frame: PlaneFrame, place: Place, brush: Brush | None, *, cross: bool) -> None:
    """Where the mouse is: the circle of the brush. cross: what the arrow keys move."""
    spot = frame.spot(place)
    if brush is not None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = max(brush.radius * frame.scale, 2.5)
        for color, width in _DOUBLE:
            pen = QPen(QColor(color), width)
            if brush.kind == "erase":
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawEllipse(spot, radius, radius)
    if cross:
        paint_cross(painter, spot, size=9)
