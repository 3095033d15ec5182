"""An activation function and its derivative, with what flows into it behind them."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.layers.activations import Activation
from nnplayground.samples import Array
from nnplayground.training.events import Histogram
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.activation_curve import POINTS, WHOLE, Curve, Limits, curve_values, round_ticks
from nnplayground.ui.widgets.numbers import short_number, write_number
from nnplayground.ui.widgets.picture_menu import install_picture_menu

_NARROWEST, _WIDEST = 0.2, 200.0
_ZOOM = 1.25
_BAR_SHARE = 0.62
"""Height of the largest bar, as a share of the room above the axis."""


class ActivationPlot(QWidget):
    """The wheel and +/− zoom, dragging and the arrow keys move, a double click or 0 goes back to −10…10."""

    def __init__(self) -> None:
        super().__init__()
        self._function: Activation | None = None
        self._inputs: Histogram | None = None
        self._range: Limits = WHOLE
        self._curve: Curve | None = None
        self._hover: float | None = None
        self._kept: tuple[object, QPixmap, QPixmap] | None = None
        """What the pictures of axes and lines depend on, and both: only what is between them moves."""
        self._drag: tuple[float, Limits] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("activation_plot")
        help_text = "The wheel zooms, dragging moves, a double click shows −10 to 10 again"
        self.setToolTip(help_text)
        self.setStatusTip(help_text)
        self.setAccessibleName("Activation function and its derivative")
        self.more = install_picture_menu(self, name="activation function")

    @property
    def visible_range(self) -> Limits:
        """Least and largest z in view."""
        return self._range

    @property
    def inputs(self) -> Histogram | None:
        return self._inputs

    def show_activation(self, function: Activation) -> None:
        self._function = function
        self.setAccessibleDescription(f"{function.name}: {function.formula}")
        self._compute()

    def show_inputs(self, inputs: Histogram | None) -> None:
        """Draw what flows into the function behind it; None: nothing."""
        self._inputs = inputs
        self.update()

    def read_out(self, z: float) -> str:
        """z, a and the derivative at z."""
        assert self._function is not None
        value, derivative = curve_values(self._function, np.array([z]))
        return f"z {z:.2f}   a {short_number(value[0])}   derivative {short_number(derivative[0])}"

    def zoom(self, factor: float, *, around: float | None = None) -> None:
        """factor above 1 shows less of z. around: the z that stays where it is; the middle, if none is given."""
        low, high = self._range
        fixed = (low + high) / 2 if around is None else around
        width = min(max((high - low) / factor, _NARROWEST), _WIDEST)
        share = (fixed - low) / (high - low)
        self._set_range((fixed - share * width, fixed + (1 - share) * width))

    def reset_zoom(self) -> None:
        self._set_range(WHOLE)

    def sizeHint(self) -> QSize:
        return QSize(240, round(self.fontMetrics().height() * 8.5))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hover = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if turns:
            self.zoom(_ZOOM**turns, around=self._z_at(event.position().x()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = (event.position().x(), self._range)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            start, (low, high) = self._drag
            shift = (start - event.position().x()) / max(self._plot().width(), 1) * (high - low)
            self._set_range((low + shift, high + shift))
        self._hover = self._z_at(event.position().x())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.reset_zoom()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        low, high = self._range
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(_ZOOM)
            case Qt.Key.Key_Minus:
                self.zoom(1 / _ZOOM)
            case Qt.Key.Key_0:
                self.reset_zoom()
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                shift = (high - low) / 10 * (1 if event.key() == Qt.Key.Key_Right else -1)
                self._set_range((low + shift, high + shift))
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._curve is None:
            return
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        axes, lines = self._pictures(theme)
        painter.drawPixmap(0, 0, axes)
        painter.setClipRect(self._plot().adjusted(-1, -2, 1, 2))
        self._paint_inputs(painter, theme)
        painter.setClipping(False)
        painter.drawPixmap(0, 0, lines)
        if self._hover is not None:
            self._paint_hover(painter, theme, self._hover)
        if self.hasFocus():
            painter.setPen(_pen(theme.accent, Qt.PenStyle.DotLine, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    # -- places ------------------------------------------------------------------------------------------------------

    def _small_font(self) -> QFont:
        font = self.font()
        font.setPixelSize(max(9, round(self.fontInfo().pixelSize() * 0.85)))
        return font

    def _plot(self) -> QRectF:
        """Where the curves are drawn; below it stand the figures of z."""
        return QRectF(self.rect()).adjusted(1, 6, -1, -self.fontMetrics().height() - 2)

    def _x(self, z: float) -> float:
        low, high = self._range
        plot = self._plot()
        return plot.left() + (z - low) / (high - low) * plot.width()

    def _y(self, value: float) -> float:
        assert self._curve is not None
        plot = self._plot()
        return plot.bottom() - (value - self._curve.low) / (self._curve.high - self._curve.low) * plot.height()

    def _z_at(self, x: float) -> float:
        low, high = self._range
        plot = self._plot()
        return low + (x - plot.left()) / max(plot.width(), 1) * (high - low)

    def _set_range(self, limits: Limits) -> None:
        self._range = limits
        self._compute()

    def _compute(self) -> None:
        if self._function is None:
            return
        z = np.linspace(*self._range, POINTS)
        value, derivative = curve_values(self._function, z)
        low = min(value.min(), derivative.min(), 0.0)
        high = max(value.max(), derivative.max(), low + 1e-6)
        margin = 0.06 * (high - low)
        self._kept = None
        self._curve = Curve(z, value, derivative, low - margin, high + margin)
        self.update()

    # -- painting ----------------------------------------------------------------------------------------------------

    def _pictures(self, theme: Colors) -> tuple[QPixmap, QPixmap]:
        """The axes; and both lines with, while nothing is read out, their names."""
        key = (self.size().toTuple(), self.devicePixelRatioF(), theme.dark, self._hover is None, self.font().key())
        if self._kept is None or self._kept[0] != key:
            axes, lines = self._empty_picture(), self._empty_picture()
            painter = QPainter(axes)
            painter.setFont(self.font())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_axes(painter, theme)
            painter.end()
            painter = QPainter(lines)
            painter.setFont(self.font())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_lines(painter, theme)
            painter.end()
            self._kept = (key, axes, lines)
        return self._kept[1:]

    def _empty_picture(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        return picture

    def _paint_lines(self, painter: QPainter, theme: Colors) -> None:
        assert self._curve is not None
        painter.setClipRect(self._plot().adjusted(-1, -2, 1, 2))
        self._paint_line(painter, self._curve.derivative, _pen(theme.validation, Qt.PenStyle.DashLine, 1.6))
        self._paint_line(painter, self._curve.value, _pen(theme.accent, Qt.PenStyle.SolidLine, 2.2))
        painter.setClipping(False)
        if self._hover is None:
            self._paint_names(painter, theme)

    def _paint_axes(self, painter: QPainter, theme: Colors) -> None:
        assert self._curve is not None
        plot = self._plot()
        low, high = self._range
        painter.setPen(_pen(theme.border, Qt.PenStyle.SolidLine, 1))
        if low <= 0 <= high:
            painter.drawLine(QPointF(self._x(0), plot.top()), QPointF(self._x(0), plot.bottom()))
        painter.drawLine(QPointF(plot.left(), self._y(0)), QPointF(plot.right(), self._y(0)))
        painter.setFont(self._small_font())
        painter.setPen(QColor(theme.muted))
        metrics = painter.fontMetrics()
        base = plot.bottom() + metrics.ascent() + 3
        for tick in round_ticks(low, high):
            text = _figure(tick)
            x = self._x(tick) - metrics.horizontalAdvance(text) / 2
            x = min(max(x, plot.left()), plot.right() - metrics.horizontalAdvance(text))
            painter.drawText(QPointF(x, base), text)
        top = self._curve.value.max()
        if low <= 0 <= high and top > 0:
            text = _figure(float(f"{top:.2g}"))
            painter.drawText(QPointF(self._x(0) - metrics.horizontalAdvance(text) - 4, self._y(top) + 5), text)

    def _paint_inputs(self, painter: QPainter, theme: Colors) -> None:
        if self._inputs is None or self._curve is None:
            return
        counts, edges = self._inputs.counts, self._inputs.edges
        density = counts / np.maximum(np.diff(edges), 1e-12)
        largest = float(density.max()) if len(density) else 0.0
        if largest <= 0:
            return
        plot, base = self._plot(), self._y(0)
        room = (base - plot.top()) * _BAR_SHARE
        bar = QColor(theme.pale_run)
        bar.setAlpha(150)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(bar)
        low, high = self._range
        xs = plot.left() + (edges - low) / (high - low) * plot.width()
        widths = np.diff(xs)
        widths -= widths > 3
        heights = density / largest * room
        bars = zip(xs[:-1].tolist(), (base - heights).tolist(), widths.tolist(), heights.tolist(), strict=True)
        painter.drawRects([QRectF(*each) for each in bars])

    def _paint_line(self, painter: QPainter, values: Array, pen: QPen) -> None:
        assert self._curve is not None
        plot = self._plot()
        scale = plot.height() / (self._curve.high - self._curve.low)
        xs = np.linspace(plot.left(), plot.right(), POINTS)
        ys = plot.bottom() - (values - self._curve.low) * scale
        # Of a straight stretch the ends suffice: wide lines of many points take long to draw.
        bends = np.ones(POINTS, bool)
        bends[1:-1] = np.abs(np.diff(ys, 2)) > 1e-3
        xs, ys = xs[bends], ys[bends]
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]))

    def _paint_names(self, painter: QPainter, theme: Colors) -> None:
        """The names of the lines, beside them, where they are furthest apart on the right side."""
        assert self._curve is not None
        assert self._function is not None
        painter.setFont(self._small_font())
        taken: list[QRectF] = []
        name = f"{self._function.name}(z)"
        for text, values in ((name, self._curve.value), ("derivative", self._curve.derivative)):
            taken.append(self._paint_name(painter, theme, text, values, taken))

    def _paint_name(self, painter: QPainter, theme: Colors, text: str, values: Array, taken: list[QRectF]) -> QRectF:
        assert self._curve is not None
        plot = self._plot()
        metrics = painter.fontMetrics()
        width, height = metrics.horizontalAdvance(text) + 6, metrics.height()
        best, best_clearance = QRectF(), -math.inf
        for share in (0.84, 0.72, 0.6, 0.26, 0.12):
            x = plot.left() + share * plot.width() - width / 2
            x = min(max(x, plot.left()), plot.right() - width)
            line = self._y(float(values[round(share * (POINTS - 1))]))
            places = [(x, line - height - 3), (x, line + 4), (x - width / 2 - 6, line - height)]
            for box in (QRectF(left, top, width, height) for left, top in places):
                clearance = self._clearance(box, taken)
                if clearance > best_clearance + 2:
                    best, best_clearance = box, clearance
        painter.setPen(QColor(theme.text))
        painter.drawText(best, Qt.AlignmentFlag.AlignCenter, text)
        return best

    def _clearance(self, box: QRectF, taken: list[QRectF]) -> float:
        """How far both lines and other names stay away from a box, at most 4; negative outside the plot."""
        assert self._curve is not None
        plot = self._plot()
        if box.top() < plot.top() - 4 or box.bottom() > plot.bottom() + 2:
            return -100.0
        if any(box.intersects(other) for other in taken):
            return -50.0
        nearest = 4.0
        for x in np.linspace(box.left(), box.right(), 9):
            index = min(max(round((x - plot.left()) / plot.width() * (POINTS - 1)), 0), POINTS - 1)
            for values in (self._curve.value, self._curve.derivative):
                y = self._y(float(values[index]))
                nearest = min(nearest, max(box.top() - y, y - box.bottom()))
        return nearest

    def _paint_hover(self, painter: QPainter, theme: Colors, z: float) -> None:
        assert self._function is not None
        value, derivative = curve_values(self._function, np.array([z]))
        plot = self._plot()
        painter.setPen(_pen(theme.muted, Qt.PenStyle.DotLine, 1))
        painter.drawLine(QPointF(self._x(z), plot.top()), QPointF(self._x(z), plot.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        for number, color in ((value[0], theme.accent), (derivative[0], theme.validation)):
            painter.setBrush(QColor(color))
            painter.drawEllipse(QPointF(self._x(z), self._y(float(number))), 3.5, 3.5)
        painter.setFont(self._small_font())
        text = self.read_out(z)
        metrics = painter.fontMetrics()
        box = QRectF(0, plot.top(), metrics.horizontalAdvance(text) + 14, metrics.height() + 6)
        box.moveLeft(plot.left() if self._x(z) > plot.center().x() else plot.right() - box.width())
        painter.setPen(_pen(theme.border, Qt.PenStyle.SolidLine, 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(QColor(theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _pen(color: str, style: Qt.PenStyle, width: float) -> QPen:
    pen = QPen(QColor(color), width, style)
    if style == Qt.PenStyle.DashLine:
        pen.setDashPattern([4, 2.5])
    return pen


def _figure(value: float) -> str:
    return write_number(float(f"{value:.4g}")).replace("-", "−")
