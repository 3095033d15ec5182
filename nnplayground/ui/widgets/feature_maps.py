"""Feature maps as pictures: a grid of small ones, or one of them large."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import PALE
from nnplayground.ui.widgets.map_stack import MapGrid, MapStack, Scale
from nnplayground.ui.widgets.pictures import image_from_array
from nnplayground.ui.widgets.scrolling import steady_width

_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class FeatureMaps(QAbstractScrollArea):
    """The maps of one layer for one sample. Colours are computed for the maps that can be seen only."""

    described = Signal(str)
    """What is under the mouse or the keyboard's frame, in one line; empty where there is nothing."""
    view_changed = Signal()
    """Other maps can be seen: scrolled, resized, one enlarged or back."""

    def __init__(self, parent: QWidget | None = None, *, smallest: int = 58) -> None:
        super().__init__(parent)
        self._smallest = smallest
        self._stack = MapStack(np.zeros((1, 1, 0), np.float32))
        self._scale: Scale = "map"
        self._images: dict[int, QImage] = {}
        self._current: int | None = None
        self._hovered: int | None = None
        self._pointer: QPointF | None = None
        self._enlarged: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def stack(self) -> MapStack:
        """What is shown."""
        return self._stack

    @property
    def enlarged(self) -> int | None:
        """The map that is shown alone."""
        return self._enlarged

    @property
    def limits(self) -> tuple[float, float]:
        """The values at the ends of the colours: of the layer, or of the map that is shown alone."""
        if self._enlarged is not None and self._scale == "map":
            return self._stack.map_limits(self._enlarged)
        return self._stack.layer_limits

    def show_maps(self, maps: Array) -> None:
        """maps: (height, width, channels) float, of one sample."""
        other_layer = maps.shape != self._stack.maps.shape
        self._stack = MapStack(maps)
        self._images.clear()
        if other_layer:
            self._current = self._hovered = self._enlarged = None
            self.verticalScrollBar().setValue(0)
            self._lay_out()
        self._show()

    def set_scale(self, scale: Scale) -> None:
        self._scale = scale
        self._images.clear()
        self._show()

    def enlarge(self, channel: int | None) -> None:
        """Show one map alone; None: all of them again."""
        self._enlarged = channel
        if channel is not None:
            self._current = channel
        self._lay_out()
        self._show()

    def fully_visible(self) -> int:
        """How many maps can be seen whole."""
        grid = self._grid()
        top = self.verticalScrollBar().value()
        bottom = top + self.viewport().height()
        areas = (grid.area(number) for number in grid.between(top, bottom))
        return sum(area.top() >= top - 0.5 and area.bottom() <= bottom + 0.5 for area in areas)

    def _grid(self) -> MapGrid:
        stack = self._stack
        smallest = round(self._smallest * self.fontMetrics().height() / 16)
        aspect = stack.height / stack.width
        return MapGrid.fitted(stack.count, width=steady_width(self), smallest=smallest, aspect=aspect)

    def _lay_out(self) -> None:
        grid = self._grid()
        bar = self.verticalScrollBar()
        bar.setSingleStep(grid.tile.height() // 2)
        bar.setPageStep(self.viewport().height())
        alone = self._enlarged is not None
        bar.setRange(0, 0 if alone else max(0, grid.height - self.viewport().height()))

    def _show(self) -> None:
        """Compute what can be seen, and have it painted."""
        if self._enlarged is None:
            top = self.verticalScrollBar().value()
            wanted = self._grid().between(top, top + self.viewport().height())
            self._colour([number for number in wanted if number not in self._images])
        else:
            self._images.clear()
            self._colour([self._enlarged], whole=True)
        self.viewport().update()
        self.tell()
        self.view_changed.emit()

    def _colour(self, channels: list[int], *, whole: bool = False) -> None:
        """whole: every value, instead of about one for each pixel of the screen."""
        if channels:
            size = None if whole else self._grid().tile * self.devicePixelRatioF()
            shades = self._stack.colours(channels, self._scale, size=size)
            for channel, pixels in zip(channels, shades, strict=True):
                self._images[channel] = image_from_array(pixels)

    def tell(self) -> None:
        """Describe again what is under the mouse or the keyboard's frame: its values may be others now."""
        text = ""
        if self._enlarged is not None:
            area, pointer = self._large_area(), self._pointer
            if pointer is not None and area.contains(pointer):
                across, down = pointer.x() / area.width(), pointer.y() / area.height()
                text = self._stack.describe_value(self._enlarged, across, down)
            else:
                text = self._stack.describe(self._enlarged)
        else:
            channel = self._hovered if self._hovered is not None else self._current if self.hasFocus() else None
            if channel is not None and channel < self._stack.count:
                text = self._stack.describe(channel)
        self.described.emit(text)

    def _on_scrolled(self) -> None:
        self._show()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self.viewport())
        painter.setOpacity(1.0 if self.isEnabled() else PALE)
        if self._enlarged is not None:
            image = self._images.get(self._enlarged)
            if image is not None:
                painter.drawImage(self._large_area(), image)
            painter.end()
            return
        grid = self._grid()
        top = self.verticalScrollBar().value()
        for number in grid.between(top, top + self.viewport().height()):
            area = grid.area(number).translated(0, -top)
            image = self._images.get(number)
            if image is None:
                continue
            if self._stack.is_zero(number):
                _draw_zero(painter, area, theme)
            else:
                # Few large pixels are shown as they are, many small ones smoothly.
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, area.width() < 2.5 * self._stack.width)
                painter.drawImage(area, image)
            if number == self._hovered or (number == self._current and self.hasFocus()):
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def _large_area(self) -> QRectF:
        """Where the map that is shown alone lies: whole, at its aspect ratio, from the top left."""
        width, height = self._stack.width, self._stack.height
        scale = min(self.viewport().width() / width, self.viewport().height() / height)
        return QRectF(0, 0, width * scale, height * scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._images.clear()
        self._lay_out()
        self._show()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())

    def _at(self, position: QPointF) -> int | None:
        return self._grid().at(position.x(), position.y() + self.verticalScrollBar().value())

    def _point_at(self, position: QPointF | None) -> None:
        """The mouse is there; None: it has left."""
        self._pointer = position
        over_grid = position is not None and self._enlarged is None
        hovered = self._at(position) if position is not None and over_grid else None
        if hovered != self._hovered:
            self._hovered = hovered
            hand = Qt.CursorShape.PointingHandCursor
            self.viewport().setCursor(hand if hovered is not None else Qt.CursorShape.ArrowCursor)
            self.viewport().update()
        self.tell()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point_at(None)
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        elif self._enlarged is not None:
            self.enlarge(None)
            self._point_at(event.position())
        elif (number := self._at(event.position())) is not None:
            self.enlarge(number)
            self._point_at(event.position())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._current = self._current or 0
        self.viewport().update()
        self.tell()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
        self.tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        current = self._current or 0
        if key in _STEPS and self._stack.count:
            across, down = _STEPS[key]
            alone = self._enlarged is not None
            step = across + down * (1 if alone else self._grid().columns)
            self._current = current + step if 0 <= current + step < self._stack.count else current
            if alone:
                self._enlarged = self._current
            self._scroll_to(self._current)
            self._show()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._stack.count:
            self.enlarge(None if self._enlarged is not None else current)
        elif key == Qt.Key.Key_Escape and self._enlarged is not None:
            self.enlarge(None)
        else:
            super().keyPressEvent(event)

    def _scroll_to(self, number: int) -> None:
        bar = self.verticalScrollBar()
        area = self._grid().area(number)
        bar.setValue(round(min(max(bar.value(), area.bottom() - self.viewport().height()), area.top())))


def _draw_zero(painter: QPainter, area: QRectF, theme: Colors) -> None:
    """A map without any signal is not merely dark: it is crossed out and says so."""
    inside = area.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
    painter.setBrush(QColor(theme.raised))
    painter.drawRect(inside)
    if area.height() >= painter.fontMetrics().height() and area.width() >= painter.fontMetrics().horizontalAdvance(
        "all 0"
    ):
        painter.setPen(QColor(theme.muted))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignCenter), "all 0")
    else:
        painter.drawLine(
            QPoint(int(inside.left()), int(inside.bottom())), QPoint(int(inside.right()), int(inside.top()))
        )
