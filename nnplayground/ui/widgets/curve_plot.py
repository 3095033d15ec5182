"""The plot of the curves: draws a figure, follows it while it grows, zooms, and reads values under the mouse."""

from __future__ import annotations

import math
import time
from typing import Any

import pyqtgraph
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
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
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.curve_annotations import Places, paint_annotations, paint_empty, paint_readout
from nnplayground.ui.widgets.curve_figure import Figure
from nnplayground.ui.widgets.curve_lines import CurveLines
from nnplayground.ui.widgets.curve_range import value_range
from nnplayground.ui.widgets.curve_readout import Readout, read_out


class CurvePlot(pyqtgraph.PlotWidget):
    """Curves of one figure. Wheel and drag zoom and move; a double click, or F, shows all of it again."""

    run_pause_requested = Signal()
    """Space was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figure = Figure("loss", "epoch", "cost")
        self._log = False
        self._following = True
        self._laying_out = False
        self._cursor: float | None = None
        self._pointer: QPointF | None = None
        self._ring = False
        self.painting_seconds = 0.0
        """How long the last painting took."""
        plot: Any = self.getPlotItem()
        self._view: Any = plot.getViewBox()
        self._lines = CurveLines(self._view)
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
        return self._lines.drawn

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
        readout = self.readout
        self.setAccessibleDescription(", ".join(readout.texts) if readout is not None else "")
        self.viewport().update()

    # What is drawn

    def _lay_out(self) -> None:
        """Bring range and curves up to the figure."""
        self._laying_out = True
        if self._following and not self._figure.is_empty:
            low, high = value_range(self._figure, log=self._log)
            self._view.setRange(xRange=(0.0, self._figure.end), yRange=(low, high), padding=0)
        self._laying_out = False
        self._lines.draw(self._figure, colors(self), log=self._log)
        self.viewport().update()

    def _on_moved_by_hand(self, *_: Any) -> None:
        self._following = False

    def _on_range_changed(self, *_: Any) -> None:
        if not self._laying_out:
            self._lines.draw(self._figure, colors(self), log=self._log)
            self.viewport().update()

    def resizeEvent(self, ev: QResizeEvent) -> None:
        super().resizeEvent(ev)
        if hasattr(self, "_figure"):  # pyqtgraph resizes while it is still building itself
            self._lines.draw(self._figure, colors(self), log=self._log)

    # Looks

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_figure"):
            self._style()
            self._lines.draw(self._figure, colors(self), log=self._log)

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
        began = time.perf_counter()
        self._paint(ev)
        self.painting_seconds = time.perf_counter() - began

    def _paint(self, ev: QPaintEvent) -> None:
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
        if key == Qt.Key.Key_Space:
            if not ev.isAutoRepeat():
                self.run_pause_requested.emit()
        elif key == Qt.Key.Key_F:
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
