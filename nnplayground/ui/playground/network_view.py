"""The view of the network: what mouse and keyboard point at, and what they ask for."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFocusEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView, QToolTip, QWidget

from nnplayground.ui.canvas.zoom_view import ZoomView
from nnplayground.ui.playground.hover_label import HoverLabel
from nnplayground.ui.playground.network import BiasSpot, Network, Spot, TileSpot, WireSpot
from nnplayground.ui.playground.network_item import NetworkItem
from nnplayground.ui.playground.walking import exists, next_stop, walked
from nnplayground.ui.playground.weight_field import WeightField
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.fields import ENTER
from nnplayground.ui.widgets.numbers import short_number

_REACH = 7.0
"""Pixels from which the pointer takes hold of a wire."""
_BUDGET = 0.008
"""Seconds in which wires are drawn anew at a time. Large networks are drawn in several turns, so that the window never
waits for them."""
_TURN_MILLISECONDS = 16
_LEAST_ZOOM_ON_OPENING = 1.0
"""Tiles are as small as they may be already; what does not fit is scrolled to."""
_ARROWS = {
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
}


class NetworkView(ZoomView):
    """Shows a network; the pointer and the keyboard each are on one spot of it."""

    moved = Signal()
    """Columns are elsewhere in the window: zoomed, scrolled, resized."""
    resized = Signal()
    hovered = Signal()
    """`looked_at` has changed."""
    chosen = Signal(object)
    """The spot that was clicked, or that the keyboard has come to."""
    number_requested = Signal(object, object)
    """(number, point in the view): it is to be edited there."""
    units_requested = Signal(int, int)
    """(column, how many more)."""
    removal_requested = Signal(object)
    """The layer of this spot is to be removed."""
    insertion_requested = Signal(int)
    """Number of the column before which a layer is to be put."""
    run_pause_requested = Signal()

    def __init__(self, network: Network, parent: QWidget | None = None) -> None:
        self._canvas = QGraphicsScene()
        super().__init__(self._canvas, parent)
        self._canvas.setParent(self)
        self._network = network
        self.item = NetworkItem(network, self.font())
        self._canvas.addItem(self.item)
        self.label = HoverLabel(self)
        self.field = WeightField(self)
        self._under_pointer: Spot | None = None
        self._pointer = QPoint()
        self._current: Spot | None = None
        self._pressed_at: QPoint | None = None
        self._turn = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_TURN_MILLISECONDS)
        self._later.timeout.connect(self.refresh)
        self.setObjectName("neuron_network")
        self.setAccessibleName("Network")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)

    # What is shown

    def show_arranged(self) -> None:
        """The network has other columns, or other places for them."""
        self.field.dismiss()
        if not exists(self._network, self._current):
            self._current = None
        self._point_at(None, QPoint())
        self._canvas.setSceneRect(self._network.rect)
        self.item.show_arranged()
        self.item.show_current(self._current)
        if self._fitted:
            self.fit(least=self._least)
        self.moved.emit()
        self.refresh()

    def refresh(self) -> None:
        """Draw what has changed, as far as time allows; the rest follows in a moment."""
        theme, ratio, bundles = colors(self), self.devicePixelRatioF(), self._network.bundles
        until = time.perf_counter() + _BUDGET
        self._later.stop()
        for step in range(len(bundles)):
            place = (self._turn + step) % len(bundles)
            if bundles[place].is_drawn(self.zoom, ratio, theme):
                continue
            if time.perf_counter() > until:
                self._turn = place
                self._later.start()
                break
            bundles[place].draw(self.zoom, ratio, theme)
        self._show_label()
        self.viewport().update()

    @property
    def current(self) -> Spot | None:
        """The spot that was clicked last, or that the keyboard is on."""
        return self._current

    @property
    def looked_at(self) -> Spot | None:
        """What the pointer is on, else what the keyboard is on."""
        # The network may have changed a moment ago: what they were on may be gone.
        if exists(self._network, self._under_pointer):
            return self._under_pointer
        return self._current if self.hasFocus() and exists(self._network, self._current) else None

    def set_current(self, spot: Spot | None) -> None:
        """Put the keyboard's frame on a spot."""
        self._current = spot
        self.item.show_current(spot)
        self.setAccessibleDescription(self._network.spoken(spot))
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        if isinstance(spot, TileSpot):
            self.show_rect(self._network.tile_rect(spot.column, spot.row))
        self.hovered.emit()

    def x_of(self, x: float) -> float:
        """Where an x of the scene is in the view."""
        return self.viewportTransform().map(QPointF(x, 0)).x()

    # Zoom

    def fit(self, *, least: float = _LEAST_ZOOM_ON_OPENING) -> None:
        super().fit(least=least)
        if self.zoom * self.content.height() > self.maximumViewportSize().height():
            bar = self.verticalScrollBar()  # inputs and outputs are in the middle
            bar.setValue((bar.minimum() + bar.maximum()) // 2)
        if self.zoom * self.content.width() > self.maximumViewportSize().width():
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().minimum())
        self._tell_moved()

    def zoom_by(self, factor: float) -> None:
        super().zoom_by(factor)
        self._tell_moved()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.moved.emit()

    def _tell_moved(self) -> None:
        self.field.dismiss()
        self.moved.emit()
        self._later.start()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.item.show_font(self.font())
        elif event.type() == QEvent.Type.PaletteChange:
            self.resetCachedContent()
            self._later.start()

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        position = event.position().toPoint()
        spot = self._spot_at(position)
        if event.button() == Qt.MouseButton.MiddleButton or (event.button() == Qt.MouseButton.LeftButton and not spot):
            self._pressed_at = position
            self.begin_pan(position)
        elif event.button() == Qt.MouseButton.LeftButton:
            assert spot is not None
            self._press(spot, position)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        if self.panning:
            self.pan_to(position)
        else:
            self._point_at(self._spot_at(position), position)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.panning:
            return
        self.end_pan()
        still = self._pressed_at is not None and (event.position().toPoint() - self._pressed_at).manhattanLength() < 4
        if still and event.button() == Qt.MouseButton.LeftButton:
            self.set_current(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """While a number is being edited, the wheel changes it wherever the pointer is."""
        if self.field.isVisible():
            self.field.line.wheelEvent(event)
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point_at(None, QPoint())
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            spot = self._spot_at(event.pos())
            told = isinstance(spot, WireSpot | BiasSpot) or spot is None
            QToolTip.showText(event.globalPos(), "" if told else self._network.spoken(spot), self.viewport())
            return True
        return super().viewportEvent(event)

    def _spot_at(self, position: QPoint) -> Spot | None:
        return self._network.spot_at(self.mapToScene(position), reach=_REACH / self.zoom)

    def _press(self, spot: Spot, position: QPoint) -> None:
        if isinstance(spot, WireSpot | BiasSpot):
            self.number_requested.emit(spot, position)
            return
        self.set_current(spot)
        self.chosen.emit(spot)

    def _point_at(self, spot: Spot | None, position: QPoint) -> None:
        is_other = spot != self._under_pointer
        self._under_pointer, self._pointer = spot, position
        self._show_label()
        if not is_other:
            return
        self.item.show_hovered(spot)
        if spot is None:
            self.viewport().unsetCursor()
        else:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        self.hovered.emit()

    def _show_label(self) -> None:
        """The number under the pointer, as it is now."""
        spot = self._under_pointer
        if not isinstance(spot, WireSpot | BiasSpot) or self.field.isVisible() or not exists(self._network, spot):
            self.label.hide()
            return
        value = self._network.value_of(spot)
        text = short_number(value) if value is not None else "not known yet"
        self.label.show_at(self._network.name_of(spot), text, self._pointer)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, spot = event.key(), self._current
        if key in _ARROWS and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._go(walked(self._network, spot, *_ARROWS[Qt.Key(key)]))
        elif key in ENTER and isinstance(spot, TileSpot):
            self._edit(spot)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier and self._zoom_key(key):
            pass
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and spot is not None:
            self.units_requested.emit(spot.column, -1 if key == Qt.Key.Key_Minus else 1)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and spot is not None:
            self.removal_requested.emit(spot)
        elif key == Qt.Key.Key_Insert and spot is not None:
            self.insertion_requested.emit(min(spot.column + 1, len(self._network.plan.columns) - 1))
        elif key in (Qt.Key.Key_F, Qt.Key.Key_Home):
            self.fit(least=0.25)
        elif key == Qt.Key.Key_Escape and spot is not None:
            self.set_current(None)
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.run_pause_requested.emit()
        else:
            event.ignore()

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab walks from column to column, and behind the last one on to the next part of the window."""
        entering = self._current is not None or next
        stop = next_stop(self._network, self._current, 1 if next else -1) if entering else None
        if stop is None:
            return super().focusNextPrevChild(next)
        self._go(stop)
        return True

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._go(next_stop(self._network, None, 1))
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._go(next_stop(self._network, None, -1))
        self.hovered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.hovered.emit()

    def _go(self, spot: Spot | None) -> None:
        if spot is not None and spot != self._current:
            self.set_current(spot)
            self.chosen.emit(spot)

    def _edit(self, spot: TileSpot) -> None:
        numbers = self._network.numbers_into(spot)
        if numbers:
            self.number_requested.emit(numbers[0], None)

    def _zoom_key(self, key: int) -> bool:
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / 1.25)
        elif key == Qt.Key.Key_0:
            self.zoom_by(1 / self.zoom)
        else:
            return False
        return True
