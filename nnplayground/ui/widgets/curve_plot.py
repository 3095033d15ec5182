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
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.contrast import mixed
from nnplayground.ui.widgets.curve_annotations import Places, paint_annotations, paint_empty, paint_readout
from nnplayground.ui.widgets.curve_figure import Figure, Line
from nnplayground.ui.widgets.curve_readout import Readout, read_out
from nnplayground.ui.widgets.series import Series

_DASHES = 400
"""A dashed line of more points than this would be a row of dots, so it is drawn whole."""
_SMOOTH = 3.0
"""A curve is smooth while it goes up and down by less than this many widths of the picture in all."""


class CurvePlot(pyqtgraph.PlotWidget):
    """Curves of one figure. Wheel and drag zoom and move; a double click, or F, shows all of it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure = Figure("loss", "epoch", "cost")
        self._log = False
        self._following = True
        self._laying_out = False
        self._cursor: float | None = None
        self._pointer: QPointF | None = None
        self._ring = False
        self._items: list[pyqtgraph.PlotCurveItem] = []
        plot: Any = self.getPlotItem()
        self._view: Any = plot.getViewBox()
        self._view.disableAutoRange()
        self._view.setMenuEnabled(False)
        self._view.sigRangeChangedManually.connect(self._on_moved_by_hand)
        self._view.sigRangeChanged.connect(self._on_range_changed)
        plot.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setAccessibleName("Curves")
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, maxTickLevel=0, tickTextOffset=6, hideOverlappingLabels=False)
            axis.setZValue(-1)  # the grid belongs behind the curves
        plot.layout.setContentsMargins(0, 4, 16, 0)
        self._style()

    @property
    def figure(self) -> Figure:
        return self._figure

    @property
    def following(self) -> bool:
        """Whether the range follows the data; not after a zoom by hand."""
        return self._following

    @property
    def drawn(self) -> tuple[tuple[Array, Array], ...]:
        """What is drawn, from back to front: places and heights in the view (logarithms on a logarithmic axis)."""
        return tuple(item.getData() for item in self._items if item.isVisible())

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
            self._view.addItem(item, ignoreBounds=True)
        for item, (line, series, color, dashed) in zip(self._items, strokes, strict=False):
            xs, ys = self._outline(line, series)
            strong = series is line.main and line.role in ("training", "validation")
            item.setVisible(True)
            item.setData(xs, ys, pen=self._pen(color, ys, strong=strong, dashed=dashed), connect="finite")
        for item in self._items[len(strokes) :]:
            item.setVisible(False)

    def _strokes(self, theme: Colors) -> Iterator[tuple[Line, Series, QColor, bool]]:
        """Every curve from back to front: its values, its colour, and whether it is dashed."""
        for line in self._figure.earlier:
            yield line, line.main, QColor(theme.pale_run), False
        for line in self._figure.lines:
            color = QColor(theme.validation if line.role == "validation" else theme.training)
            if line.role == "trace" or line.smoothed is not None:
                # Mixed, not transparent: a transparent pen costs twenty times as much.
                yield line, line.series, mixed(color, QColor(theme.window), 0.4), False
            if line.role != "trace":
                yield line, line.main, color, line.role == "validation" and len(line.series) <= _DASHES

    def _pen(self, color: QColor, ys: Array, *, strong: bool, dashed: bool) -> QPen:
        """A pen for a curve through `ys`, heights in the view."""
        _, (low, high) = self._view.viewRange()
        way = float(np.nansum(np.abs(np.diff(ys)))) / (high - low) * self._view.height()
        # Qt's raster engine fills the outline of a pen wider than one pixel: 750 ms for a dense zigzag, against 3 ms
        # for a pen of one pixel. Dense curves need no weight; smooth ones are cheap.
        wide = strong and way < _SMOOTH * self._view.width()
        pen = QPen(color, 1.8 if wide else 1.0)
        pen.setCosmetic(True)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin if wide else Qt.PenJoinStyle.BevelJoin)
        if dashed and wide:
            pen.setDashPattern([4.0, 2.5])
        return pen

    def _outline(self, line: Line, series: Series) -> tuple[Array, Array]:
        """The visible part of a curve, reduced to the columns of the screen, as places in the view."""
        (left, right), _ = self._view.viewRange()
        start = max(int(np.searchsorted(line.xs, left * line.unit)) - 1, 0)
        stop = min(int(np.searchsorted(line.xs, right * line.unit, side="right")) + 1, len(line.xs))
        indices, values = series.outline(start, max(stop, start), max(64, round(self._view.width())))
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
        top = min(high + margin, 1.02) if self._figure.bounded else high + margin
        # Zero is shown where it is not far; a little below it there is room for its label.
        return (-0.04 * top if 0 <= low < 0.4 * high else low - margin), top

    def _on_moved_by_hand(self, *_: Any) -> None:
        self._following = False

    def _on_range_changed(self, *_: Any) -> None:
        if not self._laying_out:
            self._draw_lines()
            self.viewport().update()

    def resizeEvent(self, ev: QResizeEvent) -> None:
        super().resizeEvent(ev)
        if hasattr(self, "_figure"):  # pyqtgraph resizes while it is still building itself
            self._draw_lines()

    # Looks

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_figure"):
            self._style()
            self._draw_lines()

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def _style(self) -> None:
        theme = colors(self)
        font = self._small_font()
        metrics = QFontMetricsF(font)
        self.setBackground(QColor(theme.window))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(None)
            axis.setTickPen(QColor(theme.grid))
            axis.setTextPen(QColor(theme.muted))
            axis.setTickFont(font)
        # The name of the other axis is painted beside its first number, which leaves the height to the curves.
        self.getAxis("left").setLabel(
            self._figure.label, **{"color": theme.muted, "font-size": f"{font.pixelSize()}px"}
        )
        self.getAxis("left").setGrid(255)
        self.getAxis("left").setWidth(round(metrics.horizontalAdvance("0.000") + metrics.height() + 12))
        self.getAxis("bottom").setHeight(round(metrics.height() + 10))

    # On top of the curves

    def paintEvent(self, ev: QPaintEvent) -> None:
        super().paintEvent(ev)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = colors(self)
        picture = QRectF(self.viewport().rect())
        if self._figure.is_empty:
            paint_empty(painter, theme, picture, self._figure.empty)
        else:
            painter.setFont(self._small_font())
            places = self._places()
            paint_annotations(painter, theme, self._figure, places)
            readout = self.readout
            if readout is not None:
                paint_readout(painter, theme, readout, places, picture=picture)
        if self._ring:
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(picture.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _places(self) -> Places:
        xs, ys = self._view.viewRange()
        area = QRectF(self.mapFromScene(self._view.sceneBoundingRect()).boundingRect())
        return Places(area, (xs[0], xs[1]), (ys[0], ys[1]), self._log)

    def _near(self, place: float, value: float) -> float:
        """How far, in pixels, a value stands above or below the mouse."""
        spot = self._places().spot(place, value)
        return math.inf if spot is None or self._pointer is None else abs(spot.y() - self._pointer.y())

    # Mouse and keyboard

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        places = self._places()
        self._pointer = ev.position()
        inside = places.area.contains(self._pointer) and not self._figure.is_empty
        self.move_cursor(places.place(self._pointer.x()) if inside else None)

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.move_cursor(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self.fit()

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        key = ev.key()
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
            super().keyPressEvent(ev)

    def _step_cursor(self, step: int) -> None:
        """Move the cursor by one point of the first curve; onto its last point where there is no cursor yet."""
        readout = self.readout
        line = next((line for line in self._figure.lines if len(line.series)), None)
        if line is None:
            return
        line = readout.line if readout is not None else line
        index = len(line.xs) - 1 if readout is None else min(max(readout.index + step, 0), len(line.xs) - 1)
        self._pointer = None
        self.move_cursor(float(line.xs[index] / line.unit))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        # As in a browser: the ring is for those who came by keyboard.
        self._ring = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring = False
        self.viewport().update()
