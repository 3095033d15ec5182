"""What is painted over the curves: points, marked epochs, the read-out, and words where there is nothing to draw."""

from __future__ import annotations

import math

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from nnplayground.ui.theme import Colors
from nnplayground.ui.widgets.curve_figure import Figure, Line, Mark
from nnplayground.ui.widgets.curve_readout import Readout

_MARKER_DISTANCE = 9.0
"""Points are marked while they stand further apart than this, in pixels."""


class Places(msgspec.Struct, frozen=True):
    """Where values stand in the picture.

    area: of the curves, in pixels. xs, ys: the ends of both axes; ys are logarithms to base 10 where `log` is set.
    """

    area: QRectF
    xs: tuple[float, float]
    ys: tuple[float, float]
    log: bool

    def column(self, place: float) -> float:
        """Pixels from the left for a place on the horizontal axis."""
        left, right = self.xs
        return self.area.left() + (place - left) / (right - left) * self.area.width()

    def place(self, column: float) -> float:
        """The inverse of `column`."""
        left, right = self.xs
        return left + (column - self.area.left()) / self.area.width() * (right - left)

    def spot(self, place: float, value: float) -> QPointF | None:
        """Where a value stands; None where it has no place on the axis."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return None
        low, high = self.ys
        height = math.log10(value) if self.log else value
        return QPointF(self.column(place), self.area.bottom() - (height - low) / (high - low) * self.area.height())

    def shows_column(self, column: float) -> bool:
        return self.area.left() - 1 <= column <= self.area.right() + 1


def paint_empty(painter: QPainter, theme: Colors, area: QRectF, words: str) -> None:
    """A friendly sentence in the place of curves."""
    painter.fillRect(area, QColor(theme.window))
    painter.setPen(QColor(theme.muted))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(24, 8, -24, -8), int(flags), words)


def paint_annotations(painter: QPainter, theme: Colors, figure: Figure, places: Places) -> None:
    """Points of short curves, marked epochs, the name of the horizontal axis."""
    painter.save()
    painter.setClipRect(places.area.adjusted(-4, -4, 4, 4))
    for line in figure.lines:
        if line.role != "trace":
            _paint_markers(painter, theme, line, places)
    taken: list[QRectF] = []
    for mark in figure.marks:
        _paint_mark(painter, theme, mark, places, taken)
    _paint_hidden_values(painter, theme, figure, places)
    painter.restore()
    painter.setPen(QColor(theme.muted))
    corner = QRectF(0, places.area.bottom() + 6, places.area.left() - 14, QFontMetricsF(painter.font()).height())
    painter.drawText(corner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), figure.axis)


def _paint_markers(painter: QPainter, theme: Colors, line: Line, places: Places) -> None:
    # The series may have grown since the figure was made; its places have not.
    count = len(line.xs)
    # A single point is no line yet; of the others only validation is marked.
    if count == 0 or (line.role != "validation" and count > 1):
        return
    columns = [places.column(float(line.xs[index] / line.unit)) for index in (0, count - 1)]
    if columns[1] - columns[0] < _MARKER_DISTANCE * (count - 1):
        return
    painter.setBrush(QColor(theme.validation if line.role == "validation" else theme.training))
    painter.setPen(QPen(QColor(theme.window), 1))
    for x, y in zip(line.xs / line.unit, line.main.values[:count], strict=True):
        spot = places.spot(float(x), float(y))
        if spot is not None:
            painter.drawEllipse(spot, 3.0, 3.0)


def _paint_mark(painter: QPainter, theme: Colors, mark: Mark, places: Places, taken: list[QRectF]) -> None:
    column = places.column(mark.place)
    if not places.shows_column(column):
        return
    area = places.area
    diverged = mark.role == "diverged"
    color = QColor(theme.error if diverged else theme.muted)
    painter.setPen(QPen(color, 1.2, Qt.PenStyle.DashLine if diverged else Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(column, area.top()), QPointF(column, area.bottom()))
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(mark.text) + 8, metrics.height() + 2
    left = column + 3 if column + width + 3 <= area.right() else column - width - 3
    label = QRectF(left, area.top() + 1, width, height)
    while any(label.intersects(other) for other in taken):
        label.translate(0, height + 1)
    taken.append(label)
    back = QColor(theme.window)
    back.setAlpha(215)
    painter.fillRect(label, back)
    painter.setPen(color)
    painter.drawText(label, int(Qt.AlignmentFlag.AlignCenter), mark.text)


def _paint_hidden_values(painter: QPainter, theme: Colors, figure: Figure, places: Places) -> None:
    hidden = hidden_values(figure) if places.log else 0
    if hidden:
        values = "value of 0 or less has" if hidden == 1 else "values of 0 or less have"
        painter.setPen(QColor(theme.warning))
        text = f"{hidden:,} {values} no place on a logarithmic axis"
        painter.drawText(places.area.adjusted(6, 0, 0, -3), int(Qt.AlignmentFlag.AlignBottom), text)


def hidden_values(figure: Figure) -> int:
    """How many values of the current run a logarithmic axis cannot show."""
    return sum(line.series.not_positive for line in figure.lines)


def paint_readout(painter: QPainter, theme: Colors, readout: Readout, places: Places, *, picture: QRectF) -> None:
    """A line at the cursor, a spot on each curve, and what they say in a box. picture: what the box must stay in."""
    column = places.column(readout.place)
    if not places.shows_column(column):
        return
    area = places.area
    painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(column, area.top()), QPointF(column, area.bottom()))
    painter.setPen(QPen(QColor(theme.window), 1.5))
    shades = {"validation": theme.validation, "rival": theme.rival, "earlier": theme.muted}
    for row in readout.rows:
        spot = places.spot(row.place, row.value)
        if spot is not None and area.contains(spot):
            painter.setBrush(QColor(shades.get(row.role, theme.training)))
            painter.drawEllipse(spot, 4.0, 4.0)
    metrics = QFontMetricsF(painter.font())
    width = max(metrics.horizontalAdvance(text) for text in readout.texts) + 18
    height = metrics.lineSpacing() * len(readout.texts) + 12
    left = column + 10 if column + 10 + width <= picture.right() - 2 else column - 10 - width
    box = QRectF(left, area.top() + metrics.height() + 6, width, height)
    box.moveBottom(min(box.bottom(), picture.bottom() - 2))
    box.moveTop(max(box.top(), picture.top() + 2))
    painter.setPen(QPen(QColor(theme.border), 1))
    painter.setBrush(QColor(theme.surface))
    painter.drawRoundedRect(box, 6, 6)
    for number, text in enumerate(readout.texts):
        painter.setPen(QColor(theme.text if number else theme.muted))
        baseline = box.top() + 6 + metrics.ascent() + number * metrics.lineSpacing()
        painter.drawText(QPointF(box.left() + 9, baseline), text)
