"""The view of the canvas: the way from mouse and keyboard to gestures and requests."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from nnplayground.ui.canvas.drops import LayerDrop, dragged_layer_type
from nnplayground.ui.canvas.gestures import Gesture
from nnplayground.ui.canvas.navigation import Direction, neighbour
from nnplayground.ui.canvas.placing import Workbench
from nnplayground.ui.canvas.press import begin_gesture, cursor_at
from nnplayground.ui.canvas.tooltips import tooltip_at
from nnplayground.ui.canvas.zoom_view import ZoomView
from nnplayground.ui.theme import colors

_ARROWS: dict[int, Direction] = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}


class CanvasView(ZoomView):
    """What the hand does becomes a gesture; what it asks for becomes a signal."""

    edit_requested = Signal(str)
    """Id of the block whose parameters are to be edited."""
    run_pause_requested = Signal()
    """Space was pressed and released without panning."""
    insertion_requested = Signal(object, QPoint)
    """(wire or None for the selection, global position): offer layers to insert."""
    branch_requested = Signal(str, QPoint)
    """(layer id, global position): a wire from it was let go over nothing."""
    menu_requested = Signal(QPoint)
    """At a global position; what is below it is selected."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(bench.scene, parent)
        self._bench = bench
        self._gesture: Gesture | None = None
        self._drop: LayerDrop | None = None
        self._space = False
        self._space_used = False
        self._framed = False
        self.setObjectName("canvas_view")
        self.setAccessibleName("Model")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def content(self) -> QRectF:
        return self._bench.scene.model_rect

    def cancel_gesture(self) -> bool:
        """Give up what the mouse has begun; false if it had begun nothing."""
        self.watch_edges(None)
        if self._gesture is None:
            return False
        gesture, self._gesture = self._gesture, None
        gesture.cancel()
        return True

    def dragged_to(self, point: QPointF) -> None:
        if self._gesture is not None:
            self._gesture.move(point, QGuiApplication.keyboardModifiers())
        elif self._drop is not None:
            self._drop.move(point)

    def paintEvent(self, event: QPaintEvent) -> None:
        """With a frame where the keyboard has led here."""
        super().paintEvent(event)
        if self._framed:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(colors(self).accent))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = tooltip_at(self._bench.scene, self.mapToScene(event.pos()))
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.panning or self.cancel_gesture():
            return  # another button gives up what the first one has begun
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._space_used = True
            self.begin_pan(event.position().toPoint())
        elif left:
            self._gesture = begin_gesture(
                self._bench, self._at(event), event.modifiers(), zoom=self.zoom, offer_branch=self._offer_branch
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.panning:
            self.pan_to(event.position().toPoint())
        elif self._gesture is not None:
            self._gesture.move(self._at(event), event.modifiers())
            self.watch_edges(event.position().toPoint())
        else:
            super().mouseMoveEvent(event)
            self.viewport().setCursor(cursor_at(self._bench.scene, self._at(event)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.watch_edges(None)
        if self.panning:
            self.end_pan()
        elif self._gesture is not None and event.button() == Qt.MouseButton.LeftButton:
            gesture, self._gesture = self._gesture, None
            gesture.finish(self._at(event), event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = self._at(event)
        block, wire = self._bench.scene.block_at(point), self._bench.scene.wire_at(point)
        if block is not None:
            self.edit_requested.emit(block.face.layer_id)
        elif wire is not None and wire.wire.plain:
            self.insertion_requested.emit(wire.wire, event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        scene = self._bench.scene
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_requested.emit(self.selection_corner())
            return
        point = self.mapToScene(event.pos())
        block, wire = scene.block_at(point), scene.wire_at(point)
        if block is not None:
            if block.face.layer_id not in scene.selection.ids:
                scene.selection.select((block.face.layer_id,))
        else:
            scene.selection.select_wire(wire.wire if wire is not None else None)
        self.menu_requested.emit(event.globalPos())

    def selection_corner(self) -> QPoint:
        """Global position beside the current block, for what the keyboard calls up."""
        scene = self._bench.scene
        if scene.selection.current:
            corner = self.mapFromScene(scene.rect_of(scene.selection.current).bottomLeft())
        else:
            corner = self.viewport().rect().center()
        room = self.viewport().rect()
        corner.setX(min(max(corner.x(), room.left()), room.right()))
        corner.setY(min(max(corner.y(), room.top()), room.bottom()))
        return self.viewport().mapToGlobal(corner)

    def _at(self, event: QMouseEvent) -> QPointF:
        return self.mapToScene(event.position().toPoint())

    def _offer_branch(self, source: str, point: QPointF) -> None:
        self.branch_requested.emit(source, self.viewport().mapToGlobal(self.mapFromScene(point)))

    # Layers dragged from the palette; other things, such as files, are not for the canvas

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        layer_type = dragged_layer_type(event.mimeData())
        if layer_type is None:
            event.ignore()
            return
        self.cancel_gesture()
        self._drop = LayerDrop(self._bench, layer_type)
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._drop is None:
            event.ignore()
            return
        self._drop.move(self.mapToScene(event.position().toPoint()))
        self.watch_edges(event.position().toPoint())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.watch_edges(None)
        if self._drop is not None:
            self._drop.leave()
            self._drop = None

    def dropEvent(self, event: QDropEvent) -> None:
        self.watch_edges(None)
        if self._drop is None:
            event.ignore()
            return
        drop, self._drop = self._drop, None
        drop.drop(self.mapToScene(event.position().toPoint()))
        event.acceptProposedAction()
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        selection = self._bench.scene.selection
        plain = not modifiers & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if key == Qt.Key.Key_Escape:
            if not self.cancel_gesture():
                selection.select(())
        elif key == Qt.Key.Key_Space and plain:
            if not event.isAutoRepeat():
                self._space, self._space_used = True, False
        elif key in _ARROWS and plain:
            self._go(_ARROWS[key], extend=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            if selection.current:
                self.edit_requested.emit(selection.current)
            elif selection.wire is not None and selection.wire.plain:
                self.insertion_requested.emit(selection.wire, self.selection_corner())
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space or event.isAutoRepeat():
            super().keyReleaseEvent(event)
            return
        if self._space and not self._space_used:
            self.run_pause_requested.emit()
        self._space = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_key = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        self._framed = event.reason() in by_key
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = self._framed = False
        self.cancel_gesture()
        super().focusOutEvent(event)

    def _go(self, direction: Direction, *, extend: bool) -> None:
        selection = self._bench.scene.selection
        positions = self._bench.scene.positions
        reached = neighbour(self._bench.document.project.model, positions, selection.current, direction)
        if reached is None:
            return
        selection.select((*selection.ids, reached) if extend else (reached,), current=reached)
        self.show_rect(self._bench.scene.rect_of(reached))
