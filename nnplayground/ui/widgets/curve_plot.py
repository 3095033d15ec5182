"""The plot of the curves: draws a figure, follows it while it grows, zooms, and reads values under the mouse."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.curve_figure import Figure, Line, Mark
from nnplayground.ui.widgets.curve_readout import Readout, read_out
from nnplayground.ui.widgets.series import Series

_MARKERS = 60
"""Validation points are marked while there are no more of them than this."""
_DASHES = 400
"""A dashed line of more points than this would be a row of dots; it is drawn whole then, with its name at its end."""


class CurvePlot(pyqtgraph.PlotWidget):
    """Curves of one figure. Wheel and drag zoom and move; a double click, or F, shows all of it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure = Figure("loss", "epoch", "cost")
        self._log = False
        self._following = True
        self._laying_out = False
        self._cursor: float | None = None
        self._items: list[pyqtgraph.PlotCurveItem] = []
        self._view = self.getViewBox()
        self._view.disableAutoRange()
        self._view.setMenuEnabled(False)
        self._view.sigRangeChangedManually.connect(self._on_moved_by_hand)
        self._view.sigRangeChanged.connect(self._on_range_changed)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAccessibleName("Curves")
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, maxTickLevel=0, tickTextOffset=6)
        self._style()

    @property
    def figure(self) -> Figure:
        return self._figure

    @property
    def following(self) -> bool:
        """Whether the range follows the data; not after a zoom by hand."""
        return self._following

    @property
    def readout(self) -> Readout | None:
        """What is read at the cursor, None while there is none."""
        if self._cursor is None:
            return None
        return read_out(self._figure, self._cursor, near=self._near)

    def show_figure(self, figure: Figure, *, log: bool) -> None:
        """Draw a figure; log: the values on a logarithmic axis."""
        anew = (figure.name, figure.axis, log) != (self._figure.name, self._figure.axis, self._log)
        self._figure, self._log = figure, log
        if anew:
            self._following = True
            self._cursor = None
            self.setLogMode(y=log)
            self._view.disableAutoRange()
            self._style()
        self._lay_out()

    def fit(self) -> None:
        """Show all of the figure, and follow it from now on."""
        self._following = True
        self._lay_out()

    def move_cursor(self, place: float | None) -> None:
        """Read values at a place on the axis, or nowhere."""
        self._cursor = place
        self.viewport().update()

    # What is drawn

    def _lay_out(self) -> None:
        """Bring range and curves up to the figure."""
        self._laying_out = True
        if self._following and not self._figure.is_empty:
            low, high = self._value_range()
            self._view.setRange(xRange=(0.0, self._figure.end), yRange=(low, high), padding=0)
        self._laying_out = False
        self._draw_lines()
        self.viewport().update()

    def _draw_lines(self) -> None:
        theme = colors(self)
        strokes = list(self._strokes(theme))
        while len(self._items) < len(strokes):
            item = pyqtgraph.PlotCurveItem(antialias=True, skipFiniteCheck=False)
            item.setZValue(len(self._items))
            self._items.append(item)
            self.addItem(item, ignoreBounds=True)
        for item, stroke in zip(self._items, strokes, strict=False):
            line, series, pen = stroke
            xs, ys = self._outline(line, series)
            item.setVisible(True)
            item.setData(xs, ys, pen=pen, connect="finite")
        for item in self._items[len(strokes) :]:
            item.setVisible(False)

    def _strokes(self, theme: Colors) -> Iterator[tuple[Line, Series, QPen]]:
        """Every curve from back to front: which values, and the pen."""
        for line in self._figure.earlier:
            yield line, line.main, _pen(theme.pale_run, 1.2)
        for line in self._figure.lines:
            color = theme.validation if line.role == "validation" else theme.training
            if line.role == "trace":
                yield line, line.series, _pen(color, 1.0, alpha=85)
                continue
            if line.smoothed is not None:
                yield line, line.series, _pen(color, 1.0, alpha=85)
            dashed = line.role == "validation" and len(line.series) <= _DASHES
            yield line, line.main, _pen(color, 1.8, dashed=dashed)

    def _outline(self, line: Line, series: Series) -> tuple[Array, Array]:
        """The visible part of a curve, reduced to the columns of the screen, as places in the view."""
        (left, right), _ = self._view.viewRange()
        start = max(int(np.searchsorted(line.xs, left * line.unit)) - 1, 0)
        stop = min(int(np.searchsorted(line.xs, right * line.unit, side="right")) + 1, len(line.xs))
        indices, values = series.outline(start, max(stop, start), max(64, round(self._plot_area().width())))
        places = line.xs[indices] / line.unit
        if not self._log:
            return places, values
        low, high = values, values
        if len(values) < stop - start:
            # Of a stretch that reaches below 0 its upper end can still be drawn.
            high = np.repeat(values[1::2], 2)
        positive = np.where(low > 0, low, high)
        return places, np.log10(np.where(positive > 0, positive, np.nan))

    def _value_range(self) -> tuple[float, float]:
        """The range of values to show, on the axis as it is (logarithms on a logarithmic one)."""
        figure = self._figure
        leading = [line for line in figure.lines if line.role != "trace"]
        if not any(len(line.series) > 1 for line in leading):
            leading = list(figure.lines)
        low, high = self._span(leading)
        others = [line for line in (*figure.lines, *figure.earlier) if line not in leading]
        if low > high:
            low, high = self._span(others)
        if low > high:
            return (-3.0, 0.0) if self._log else (0.0, 1.0)
        # Noise and earlier runs may widen the picture, but not dwarf the curves that it is about.
        reach = max((high - low) * 0.5, abs(high) * 0.01)
        other_low, other_high = self._span(others)
        low, high = min(low, max(other_low, low - reach)), max(high, min(other_high, high + reach))
        return self._padded(low, high)

    def _span(self, lines: list[Line]) -> tuple[float, float]:
        lows = [line.series.low_positive if self._log else line.series.low for line in lines]
        low = min(lows, default=math.inf)
        high = max((line.series.high for line in lines), default=-math.inf)
        if not self._log or low > high:
            return low, high
        return math.log10(low), math.log10(high)

    def _padded(self, low: float, high: float) -> tuple[float, float]:
        if high <= low:
            room = 0.5 if self._log or not high else abs(high) * 0.5
            low, high = low - room, high + room
        margin = (high - low) * 0.06
        if self._log:
            return low - margin, high + margin
        bottom = 0.0 if 0 <= low < 0.4 * high else low - margin
        top = high + margin
        if self._figure.bounded:
            bottom, top = max(bottom, 0.0), min(top, 1.0 + 0.02)
        return bottom, top

    def _on_moved_by_hand(self, *_: Any) -> None:
        self._following = False

    def _on_range_changed(self, *_: Any) -> None:
        if not self._laying_out:
            self._draw_lines()
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_figure"):  # pyqtgraph resizes while it is still building itself
            self._draw_lines()

    # Looks

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_figure"):
            self._style()
            self._draw_lines()

    def _style(self) -> None:
        theme = colors(self)
        font = self.font()
        font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        metrics = QFontMetricsF(font)
        self.setBackground(QColor(theme.window))
        for side, words in (("left", self._figure.label), ("bottom", self._figure.axis)):
            axis = self.getAxis(side)
            axis.setPen(None)
            axis.setTickPen(QColor(theme.grid))
            axis.setTextPen(QColor(theme.muted))
            axis.setTickFont(font)
            axis.setLabel(words, **{"color": theme.muted, "font-size": f"{font.pixelSize()}px"})
            axis.setGrid(255 if side == "left" else False)
        self.getAxis("left").setWidth(round(metrics.horizontalAdvance("0.00000") + metrics.height() + 8))
        self.getAxis("bottom").setHeight(round(metrics.height() * 2 + 6))

    # On top of the curves

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colors(self)
        if self._figure.is_empty:
            self._paint_empty(painter, theme)
        else:
            self._paint_annotations(painter, theme)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.viewport().rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_empty(self, painter: QPainter, theme: Colors) -> None:
        area = QRectF(self.viewport().rect())
        painter.fillRect(area, QColor(theme.window))
        painter.setPen(QColor(theme.muted))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area.adjusted(24, 8, -24, -8), int(flags), self._figure.empty)

    def _paint_annotations(self, painter: QPainter, theme: Colors) -> None:
        small = self.font()
        small.setPixelSize(max(9, round(small.pixelSize() * 0.85)))
        painter.setFont(small)
        area = self._plot_area()
        painter.save()
        painter.setClipRect(area.adjusted(-4, -4, 4, 4))
        self._paint_markers(painter, theme)
        self._paint_marks(painter, theme, area)
        painter.restore()
        self._paint_hidden_values(painter, theme, area)
        readout = self.readout
        if readout is not None:
            self._paint_readout(painter, theme, area, readout)

    def _paint_markers(self, painter: QPainter, theme: Colors) -> None:
        for line in self._figure.lines:
            if line.role == "trace":
                continue
            few = len(line.series) <= (_MARKERS if line.role == "validation" else 1)
            if few:
                painter.setBrush(QColor(theme.validation if line.role == "validation" else theme.training))
                painter.setPen(QPen(QColor(theme.window), 1))
                for x, y in zip(line.xs / line.unit, line.main.values, strict=True):
                    spot = self._spot(float(x), float(y))
                    if spot is not None:
                        painter.drawEllipse(spot, 3.0, 3.0)

    def _paint_marks(self, painter: QPainter, theme: Colors, area: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        taken: list[QRectF] = []
        for mark in self._figure.marks:
            x = self._column(mark.place)
            if not area.left() - 1 <= x <= area.right() + 1:
                continue
            color = QColor(theme.error if mark.role == "diverged" else theme.muted)
            style = Qt.PenStyle.DashLine if mark.role == "diverged" else Qt.PenStyle.DotLine
            painter.setPen(QPen(color, 1.2, style))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            place = self._label_place(mark, x, area, metrics, taken)
            taken.append(place)
            back = QColor(theme.window)
            back.setAlpha(215)
            painter.fillRect(place, back)
            painter.setPen(color)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), mark.text)

    @staticmethod
    def _label_place(mark: Mark, x: float, area: QRectF, metrics: QFontMetricsF, taken: list[QRectF]) -> QRectF:
        size = metrics.boundingRect(mark.text).size()
        width, height = size.width() + 8, metrics.height() + 2
        left = x + 3 if x + width + 3 <= area.right() else x - width - 3
        place = QRectF(left, area.top() + 1, width, height)
        while any(place.intersects(other) for other in taken):
            place.translate(0, height + 1)
        return place

    def _paint_hidden_values(self, painter: QPainter, theme: Colors, area: QRectF) -> None:
        hidden = sum(line.series.not_positive for line in self._figure.lines) if self._log else 0
        if hidden:
            values = "value of 0 or less has" if hidden == 1 else "values of 0 or less have"
            painter.setPen(QColor(theme.warning))
            text = f"{hidden:,} {values} no place on a logarithmic axis"
            painter.drawText(area.adjusted(6, 0, 0, -3), int(Qt.AlignmentFlag.AlignBottom), text)

    def _paint_readout(self, painter: QPainter, theme: Colors, area: QRectF, readout: Readout) -> None:
        x = self._column(readout.place)
        if not area.left() - 1 <= x <= area.right() + 1:
            return
        painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QPen(QColor(theme.window), 1.5))
        by_role = {"validation": theme.validation, "earlier": theme.muted}
        for row in readout.rows:
            spot = self._spot(row.place, row.value)
            if spot is not None and area.contains(spot):
                painter.setBrush(QColor(by_role.get(row.role, theme.training)))
                painter.drawEllipse(spot, 4.0, 4.0)
        metrics = QFontMetricsF(painter.font())
        texts = readout.texts
        width = max(metrics.horizontalAdvance(text) for text in texts) + 18
        height = metrics.lineSpacing() * len(texts) + 12
        left = x + 10 if x + 10 + width <= area.right() + 2 else x - 10 - width
        box = QRectF(left, area.top() + metrics.height() + 6, width, height)
        box.moveBottom(min(box.bottom(), self.viewport().height() - 2.0))
        box.moveTop(max(box.top(), 2.0))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(box, 6, 6)
        for number, text in enumerate(texts):
            painter.setPen(QColor(theme.text if number else theme.muted))
            baseline = box.top() + 6 + metrics.ascent() + number * metrics.lineSpacing()
            painter.drawText(QPointF(box.left() + 9, baseline), text)

    # Places

    def _plot_area(self) -> QRectF:
        """Where the curves are, in the viewport."""
        return QRectF(QPolygonF(self.mapFromScene(self._view.sceneBoundingRect())).boundingRect())

    def _column(self, place: float) -> float:
        """A place on the axis as pixels from the left of the viewport."""
        (left, right), _ = self._view.viewRange()
        area = self._plot_area()
        return area.left() + (place - left) / (right - left) * area.width()

    def _spot(self, place: float, value: float) -> QPointF | None:
        """Where a value stands in the viewport; None where it has no place."""
        if not math.isfinite(value) or (self._log and value <= 0):
            return None
        _, (low, high) = self._view.viewRange()
        area = self._plot_area()
        height = math.log10(value) if self._log else value
        return QPointF(self._column(place), area.bottom() - (height - low) / (high - low) * area.height())

    def _near(self, place: float, value: float) -> float:
        """How far, in pixels, a value of an earlier run is from the mouse."""
        spot = self._spot(place, value)
        return math.inf if spot is None else abs(spot.y() - self._pointer.y())

    # Mouse and keyboard

    _pointer = QPointF(-1e6, -1e6)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        area = self._plot_area()
        self._pointer = event.position()
        if not area.contains(self._pointer) or self._figure.is_empty:
            self.move_cursor(None)
            return
        (left, right), _ = self._view.viewRange()
        self.move_cursor(left + (self._pointer.x() - area.left()) / area.width() * (right - left))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.move_cursor(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_F:
            self.fit()
        elif key == Qt.Key.Key_Escape and self._cursor is not None:
            self.move_cursor(None)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step_cursor(1 if key == Qt.Key.Key_Right else -1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            scale = 1.25 if key == Qt.Key.Key_Minus else 0.8
            self._following = False
            self._view.scaleBy(x=scale)
        else:
            super().keyPressEvent(event)

    def _step_cursor(self, step: int) -> None:
        """Move the cursor by one point of the first curve; onto its last point where there is no cursor yet."""
        readout = self.readout
        line = next((line for line in self._figure.lines if len(line.series)), None)
        if line is None:
            return
        line = readout.line if readout is not None else line
        index = len(line.xs) - 1 if readout is None else min(max(readout.index + step, 0), len(line.xs) - 1)
        self._pointer = QPointF(-1e6, -1e6)
        self.move_cursor(float(line.xs[index] / line.unit))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()


def _pen(color: str, width: float, *, alpha: int = 255, dashed: bool = False) -> QPen:
    shade = QColor(color)
    shade.setAlpha(alpha)
    pen = QPen(shade, width)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern([4.0, 2.5])
    return pen
