"""The view of the canvas: zoom and scrolling, and the way from mouse and keyboard to gestures and requests."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from nnplayground.layers import LAYER_TYPES
from nnplayground.spec.fresh import fresh_layer
from nnplayground.spec.model import Wire
from nnplayground.spec.rearrange import place_layer
from nnplayground.ui import mime
from nnplayground.ui.canvas.gestures import ConnectWire, Gesture, MoveBlocks, Pan, SelectBand
from nnplayground.ui.canvas.navigation import Direction, neighbour
from nnplayground.ui.canvas.placing import Placing, Workbench
from nnplayground.ui.canvas.tooltips import tooltip_at
from nnplayground.ui.theme import colors

LEAST_ZOOM, MOST_ZOOM = 0.25, 3.0
_LEAST_ZOOM_ON_OPENING = 0.6
"""A newly opened model is not shown smaller than it can be read; what does not fit is scrolled to."""
_ZOOM_STEP = 1.15
_DOT_DISTANCE = 24
_EDGE = 28
"""Dragging nearer than this to the edge scrolls."""
_ARROWS: dict[int, Direction] = {
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}
_EXTEND = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class CanvasView(QGraphicsView):
    """Shows the scene. What the hand does becomes a gesture; what it asks for becomes a signal."""

    edit_requested = Signal(str)
    """Id of the block whose parameters are to be edited."""
    run_pause_requested = Signal()
    """Space was pressed and released without panning."""
    insertion_requested = Signal(object, QPoint)
    """(wire or None, global position): offer layers to insert."""
    branch_requested = Signal(str, QPoint)
    """(layer id, global position): a wire from it was let go over nothing."""
    menu_requested = Signal(QPoint, QPointF)
    """(global position, position in the scene)."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(bench.scene, parent)
        self._bench = bench
        self._gesture: Gesture | None = None
        self._pan: Pan | None = None
        self._space = False
        self._panned = False
        self._dragged: Placing | None = None
        self._dragged_type = ""
        self._fitted = False
        self._edge_timer = QTimer(self)
        self._edge_timer.setInterval(30)
        self._edge_timer.timeout.connect(self._scroll_at_edge)
        self.setObjectName("canvas_view")
        self.setAccessibleName("Model")
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # Zoom and place

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    def zoom_by(self, factor: float) -> None:
        """Zoom around the pointer, within 25 % and 300 %."""
        self._fitted = False
        wanted = min(max(self.zoom * factor, LEAST_ZOOM), MOST_ZOOM)
        self.scale(wanted / self.zoom, wanted / self.zoom)

    def set_zoom(self, zoom: float) -> None:
        self.zoom_by(zoom / self.zoom)

    def fit(self, *, least: float = LEAST_ZOOM) -> None:
        """Show all of the model, at 100 % at most; `least` zoom where it is larger."""
        rect = self._bench.scene.model_rect
        room = self.maximumViewportSize()
        zoom = min(room.width() / max(rect.width(), 1), room.height() / max(rect.height(), 1), 1.0)
        self.resetTransform()
        self.scale(max(zoom, least), max(zoom, least))
        self.centerOn(rect.center().x(), rect.top() if zoom < least else rect.center().y())
        self._fitted = True

    def fit_opened(self) -> None:
        """Show a newly opened model."""
        self.fit(least=_LEAST_ZOOM_ON_OPENING)

    def show_block(self, layer_id: str) -> None:
        """Scroll until a block can be seen."""
        self.ensureVisible(self._bench.scene.rect_of(layer_id), 20, 40)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit_opened()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms, with Shift it scrolls; a touchpad scrolls, with Ctrl it zooms."""
        modifiers = event.modifiers()
        touchpad = event.pointingDevice().type() == QInputDevice.DeviceType.TouchPad
        zooming = bool(modifiers & Qt.KeyboardModifier.ControlModifier) or not touchpad
        if zooming and not modifiers & Qt.KeyboardModifier.ShiftModifier and event.angleDelta().y():
            self.zoom_by(_ZOOM_STEP ** (event.angleDelta().y() / 120))
        else:
            step = event.pixelDelta() if touchpad and not event.pixelDelta().isNull() else event.angleDelta() / 2
            # Some platforms turn a wheel with Shift into a horizontal one; the model runs from top to bottom.
            down = step.y() or (0 if touchpad else step.x())
            across = step.x() if touchpad else 0
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - down)
            self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - across)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.NativeGesture:
            assert isinstance(event, QNativeGestureEvent)
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1 + event.value())
                return True
        if event.type() == QEvent.Type.ToolTip:
            assert isinstance(event, QHelpEvent)
            text = tooltip_at(self._bench.scene, self.mapToScene(event.pos()))
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def drawBackground(self, painter: QPainter, rect: QRectF | QPointF) -> None:
        assert isinstance(rect, QRectF)
        theme = colors(self)
        painter.fillRect(rect, QColor(theme.canvas))
        distance = _DOT_DISTANCE if self.zoom >= 0.6 else 2 * _DOT_DISTANCE
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.canvas_dot))
        size = 1.6
        for column in range(int(rect.left() // distance), int(rect.right() // distance) + 1):
            for row in range(int(rect.top() // distance), int(rect.bottom() // distance) + 1):
                painter.drawEllipse(QRectF(column * distance, row * distance, size, size))

    def drawForeground(self, painter: QPainter, rect: QRectF | QPointF) -> None:
        """An empty model says how to begin."""
        blocks = self._bench.scene.blocks
        if len(blocks) > 1 or self._bench.note.isVisible():
            return
        below = max((item.scene_rect.bottom() for item in blocks.values()), default=0.0) + 18
        painter.setPen(QColor(colors(self).muted))
        painter.setFont(self.font())
        painter.drawText(
            QRectF(-200, below, 400, 60),
            int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap),
            "Drag a layer here, double-click one in the list,\nor press / to add one.",
        )

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None or self._pan is not None:
            event.accept()
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and self._space):
            self._panned = True
            self._pan = Pan(self, event.position().toPoint())
        elif left:
            self._gesture = self._begin(self.mapToScene(event.position().toPoint()), event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pan is not None:
            self._fitted = False
            self._pan.move_by(event.position().toPoint())
        elif self._gesture is not None:
            self._gesture.move(self.mapToScene(event.position().toPoint()), event.modifiers())
            self._edge_timer.start()
        else:
            super().mouseMoveEvent(event)
            self._show_cursor(self.mapToScene(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._edge_timer.stop()
        if self._pan is not None and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pan.end()
            self._pan = None
        elif self._gesture is not None and event.button() == Qt.MouseButton.LeftButton:
            gesture, self._gesture = self._gesture, None
            gesture.finish(self.mapToScene(event.position().toPoint()), event.modifiers())
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        point = self.mapToScene(event.position().toPoint())
        block, wire = self._bench.scene.block_at(point), self._bench.scene.wire_at(point)
        if block is not None:
            self.edit_requested.emit(block.face.layer_id)
        elif wire is not None:
            self.insertion_requested.emit(wire.wire, event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        scene = self._bench.scene
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            current = scene.selection.current
            if current:
                middle = scene.rect_of(current).center()
                self.menu_requested.emit(self.viewport().mapToGlobal(self.mapFromScene(middle)), middle)
                return
        self.cancel_gesture()
        point = self.mapToScene(event.pos())
        block, wire = scene.block_at(point), scene.wire_at(point)
        if block is not None:
            if not block.isSelected():
                scene.selection.select((block.face.layer_id,))
        elif wire is not None:
            scene.selection.select_wire(wire.wire)
        self.menu_requested.emit(event.globalPos(), point)

    def _begin(self, point: QPointF, event: QMouseEvent) -> Gesture:
        scene, modifiers = self._bench.scene, event.modifiers()
        port = scene.port_at(point)
        if port is not None:
            block, name = port
            layer_id = block.face.layer_id
            where = event.globalPosition().toPoint
            return ConnectWire(
                self._bench,
                block,
                name,
                clicked=lambda: scene.selection.select((layer_id,)),
                dropped=lambda source: self.branch_requested.emit(source, self._pointer() or where()),
            )
        block = scene.block_at(point)
        if block is not None:
            return self._begin_on_block(block.face.layer_id, point, modifiers)
        wire = scene.wire_at(point)
        if wire is not None:
            scene.selection.select_wire(wire.wire)
            return _Click()
        return SelectBand(self._bench, point, modifiers)

    def _begin_on_block(self, layer_id: str, point: QPointF, modifiers: Qt.KeyboardModifier) -> Gesture:
        selection = self._bench.scene.selection
        selected = layer_id in selection.ids
        extend = bool(modifiers & _EXTEND)

        def click() -> None:
            if not extend:
                selection.select((layer_id,))
            elif selected:
                selection.toggle(layer_id)

        if not selected:
            if extend:
                selection.toggle(layer_id)
            else:
                selection.select((layer_id,))
        return MoveBlocks(self._bench, point, zoom=self.zoom, clicked=click)
