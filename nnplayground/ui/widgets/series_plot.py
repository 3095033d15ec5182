"""The rows of a series as one curve, with the splits marked, and a window with what is told from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.numbers import short_number
from nnplayground.ui.widgets.split_bar import split_colors

if TYPE_CHECKING:
    from nnplayground.data.series import SeriesLook


class SeriesPlot(QWidget):
    """The target over time. The colours are those of the split bar, and each split is named below its stretch."""

    def __init__(self, *, lines: int = 7, parent: QWidget | None = None) -> None:
        """lines: the height in lines of text."""
        super().__init__(parent)
        self._lines = lines
        self._look: SeriesLook | None = None
        self._window = self._horizon = 1
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("The series")

    def show_rows(self, look: SeriesLook, *, window: int, horizon: int) -> None:
        """Other rows, or another window."""
        self._look, self._window, self._horizon = look, window, horizon
        values = look.values[:, look.target]
        self.setAccessibleDescription(
            f"{len(values):,} values of {look.columns[look.target]}, "
            f"from {short_number(values.min(), 4)} to {short_number(values.max(), 4)}"
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self._lines * self.fontMetrics().height())

    def _area(self) -> QRectF:
        foot = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(1, 3, -1, -foot - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._look
        if look is None:
            return
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        area = self._area()
        values = look.values[:, look.target]
        count = len(values)
        painter.setPen(QPen(QColor(theme.grid), 1))
        for share in (0.0, 0.5, 1.0):
            y = area.top() + share * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        fills = split_colors(theme)
        metrics, free = painter.fontMetrics(), area.left()
        for name, (start, stop) in look.splits.items():
            left, right = (area.left() + area.width() * row / max(1, count) for row in (start, stop))
            if start:
                painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(left, area.top()), QPointF(left, self.height()))
            painter.setPen(QPen(QColor(fills[name]), 1.2))
            painter.drawPolyline(curve(values, area, start, stop, limits(values)))
            needed = metrics.horizontalAdvance(name) + 1
            if stop == count and right - needed >= free:
                # A short last part has its name at the right, under the part before it as well.
                left = min(left, right - needed - 3)
            words = QRectF(left + 3, area.bottom() + 1, right - left - 3, self.height() - area.bottom())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(words.width()))
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            free = words.left() + min(needed, words.width()) + 6
        self._paint_window(painter, area, count)
        painter.setPen(QColor(theme.muted))
        low, high = limits(values)
        painter.drawText(
            area.adjusted(3, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, short_number(high, 4)
        )
        painter.drawText(
            area.adjusted(3, 0, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, short_number(low, 4)
        )
        painter.end()

    def _paint_window(self, painter: QPainter, area: QRectF, count: int) -> None:
        """The first window, and the row that is told from it."""
        theme = colors(self)
        scale = area.width() / max(1, count)
        width = max(2.0, scale * self._window)
        shade = QColor(theme.accent)
        shade.setAlpha(50)
        painter.fillRect(QRectF(area.left(), area.top(), width, area.height()), shade)
        told = area.left() + scale * (self._window + self._horizon - 1)
        painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(told, area.top()), QPointF(told, area.bottom()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        look, area = self._look, self._area()
        if look is None:
            return
        row = int((event.position().x() - area.left()) / area.width() * len(look.values))
        if not 0 <= row < len(look.values):
            return
        time = f"{look.times[row]} · " if len(look.times) else ""
        split = next((name for name, (start, stop) in look.splits.items() if start <= row < stop), "")
        text = f"{time}row {row + 1:,} · {look.columns[look.target]} {look.values[row, look.target]:.5g} · {split}"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def leaveEvent(self, event: QEvent) -> None:
        QToolTip.hideText()


def limits(values: Array) -> tuple[float, float]:
    """The least and the greatest value, apart from each other."""
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 1, high + 1)


def curve(values: Array, area: QRectF, start: int, stop: int, ends: tuple[float, float]) -> QPolygonF:
    """The rows start … stop − 1 of all values, the whole of which fills the area. Of very many, the least and the
    greatest of each pixel are drawn.
    """
    count = len(values)
    low, high = ends
    pixels = max(1, int(area.width() * (stop - start) / max(1, count)))
    if stop - start > 4 * pixels:
        edges = np.linspace(start, stop, pixels + 1).astype(int)[:-1]
        part = values[start:stop]
        least = np.minimum.reduceat(part, edges - start)
        most = np.maximum.reduceat(part, edges - start)
        rows = np.repeat(edges + 0.5, 2)
        shown = np.stack([least, most], axis=1).reshape(-1)
    else:
        rows, shown = np.arange(start, stop) + 0.5, values[start:stop]
    x = area.left() + area.width() * rows / max(1, count)
    y = area.bottom() - area.height() * (shown - low) / (high - low)
    return QPolygonF([QPointF(*each) for each in zip(x.tolist(), y.tolist(), strict=True)])
