"""The learning rate over the epochs, as the schedule plans it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.numbers import write_number


class RatePlot(QWidget):
    """A small curve of a planned rate; the last rate and the last epoch are written on it."""

    def __init__(self) -> None:
        super().__init__()
        self._epochs: Array = np.zeros(0)
        self._rates: Array = np.zeros(0)
        self.setObjectName("rate_plot")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Planned learning rate")

    def show_rates(self, epochs: Array, rates: Array) -> None:
        """epochs, rates: (n,): some epochs, the first and the last among them, and their planned rates."""
        self._epochs, self._rates = epochs, rates
        text = f"From {_figure(rates[0])} in epoch {epochs[0]:,} to {_figure(rates[-1])} in epoch {epochs[-1]:,}"
        self.setToolTip(text)
        self.setStatusTip(text)
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, round(self.fontMetrics().height() * 4.6))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._epochs):
            return
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPixelSize(max(9, round(self.fontInfo().pixelSize() * 0.85)))
        painter.setFont(font)
        metrics = painter.fontMetrics()
        largest = float(self._rates.max())
        top = _figure(largest)
        left = metrics.horizontalAdvance(top) + 8
        plot = QRectF(self.rect()).adjusted(left, metrics.height() / 2 + 1, -4, -metrics.height() - 5)
        painter.setPen(QPen(QColor(theme.grid), 1))
        painter.drawLine(plot.topLeft(), plot.topRight())
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setPen(QColor(theme.muted))
        self._write(painter, QPointF(plot.left() - 8, plot.top()), top, right=True)
        self._write(painter, QPointF(plot.left() - 8, plot.bottom()), "0", right=True)
        base = plot.bottom() + metrics.height() * 0.75 + 2
        self._write(painter, QPointF(plot.left(), base), "epoch 1", right=False)
        self._write(painter, QPointF(plot.right(), base), f"{self._epochs[-1]:,}", right=True)
        painter.setPen(QPen(QColor(theme.accent), 2))
        first = self._epochs[0]
        span = max(self._epochs[-1] - first, 1)
        scale = plot.height() / largest if largest > 0 else 0.0
        points = [
            QPointF(plot.left() + plot.width() * (epoch - first) / span, plot.bottom() - rate * scale)
            for epoch, rate in zip(self._epochs.tolist(), self._rates.tolist(), strict=True)
        ]
        if len(points) == 1:
            points.append(QPointF(plot.right(), points[0].y()))
        painter.drawPolyline(QPolygonF(points))

    def _write(self, painter: QPainter, place: QPointF, text: str, *, right: bool) -> None:
        """Text beside a place: to its left (right=True) or right, centred in height."""
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text) + 1
        box = QRectF(
            place.x() - width if right else place.x(), place.y() - metrics.height() / 2, width, metrics.height()
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _figure(value: float) -> str:
    return write_number(float(f"{value:.3g}"))
