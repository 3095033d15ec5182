"""Predicted against true numbers: each sample a point, the diagonal where both agree."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.numbers import short_number

_MOST_POINTS = 4000
_NEAR = 10.0


class TargetScatter(QWidget):
    """A square plot of (true, predicted) pairs."""

    point_named = Signal(str)
    """What the point under the mouse says; empty where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusion.scatter")
        self.setMouseTracking(True)
        self._true = np.zeros(0)
        self._predicted = np.zeros(0)
        self._ids: tuple[str, ...] = ()
        self._limits = (0.0, 1.0)
        self._pointed: int | None = None

    def show_numbers(self, true: Array, predicted: Array, ids: tuple[str, ...]) -> None:
        """true, predicted: (n,) numbers; ids: of the n samples. Of very many, evenly many are drawn."""
        step = max(1, -(-len(true) // _MOST_POINTS))
        finite = np.isfinite(true[::step]) & np.isfinite(predicted[::step])
        self._true, self._predicted = true[::step][finite], predicted[::step][finite]
        self._ids = tuple(name for name, shown in zip(ids[::step], finite, strict=True) if shown)
        both = np.concatenate([self._true, self._predicted])
        low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
        margin = (high - low) * 0.05 or 1.0
        self._limits = (low - margin, high + margin)
        self._pointed = None
        self.setAccessibleName(f"Predicted against true numbers of {len(true):,} samples")
        self.update()

    def sentence(self, index: int) -> str:
        """What a drawn point says."""
        true, predicted = (short_number(values[index], 4) for values in (self._true, self._predicted))
        return f"{self._ids[index]}: true {true}, predicted {predicted}"

    def spot(self, index: int) -> QPointF:
        """Where a drawn point is."""
        return self._place(float(self._true[index]), float(self._predicted[index]))

    def _area(self) -> QRectF:
        metrics = QFontMetricsF(self._small_font())
        left = metrics.horizontalAdvance("-0,000.0") + 8
        return QRectF(left, 6, max(self.width() - left - 14, 10), max(self.height() - metrics.height() - 18, 10))

    def _place(self, true: float, predicted: float) -> QPointF:
        low, high = self._limits
        area = self._area()
        return QPointF(
            area.left() + (true - low) / (high - low) * area.width(),
            area.bottom() - (predicted - low) / (high - low) * area.height(),
        )

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._small_font())
        theme = colors(self)
        self._paint_axes(painter, theme)
        low, high = self._limits
        painter.setPen(QPen(QColor(theme.muted), 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(self._place(low, low), self._place(high, high))
        pen = QPen(QColor(theme.training), 5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(QPolygonF([self.spot(index) for index in range(len(self._true))]))
        if self._pointed is not None:
            painter.setPen(QPen(QColor(theme.text), 1.5))
            painter.setBrush(QColor(theme.validation))
            painter.drawEllipse(self.spot(self._pointed), 4.5, 4.5)
        painter.end()

    def _paint_axes(self, painter: QPainter, theme: Colors) -> None:
        area = self._area()
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QPen(QColor(theme.grid), 1))
        ticks = nice_ticks(*self._limits, count=max(2, int(area.height() / (2.5 * metrics.height()))))
        for value in ticks:
            spot = self._place(value, value)
            painter.drawLine(QPointF(area.left(), spot.y()), QPointF(area.right(), spot.y()))
            painter.drawLine(QPointF(spot.x(), area.top()), QPointF(spot.x(), area.bottom()))
        painter.setPen(QColor(theme.muted))
        for value in ticks:
            spot = self._place(value, value)
            text = f"{value:,.6g}"
            upright = QRectF(0, spot.y() - metrics.height() / 2, area.left() - 6, metrics.height())
            painter.drawText(upright, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
            below = QRectF(spot.x() - 40, area.bottom() + 4, 80, metrics.height())
            painter.drawText(below, int(Qt.AlignmentFlag.AlignHCenter), text)
        painter.drawText(area.adjusted(6, 2, 0, 0), int(Qt.AlignmentFlag.AlignLeft), "predicted ↑")
        corner = area.adjusted(0, 0, -6, -3)
        painter.drawText(corner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom), "true →")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointed = self._point_at(event.position())
        if pointed != self._pointed:
            self._pointed = pointed
            self.point_named.emit("" if pointed is None else self.sentence(pointed))
            self.update()

    def _point_at(self, mouse: QPointF) -> int | None:
        if not len(self._true):
            return None
        low, high = self._limits
        area = self._area()
        across = area.left() + (self._true - low) / (high - low) * area.width() - mouse.x()
        down = area.bottom() - (self._predicted - low) / (high - low) * area.height() - mouse.y()
        distance = np.hypot(across, down)
        nearest = int(distance.argmin())
        return nearest if distance[nearest] <= _NEAR else None


def nice_ticks(low: float, high: float, *, count: int) -> list[float]:
    """About `count` round numbers between low and high: multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]
