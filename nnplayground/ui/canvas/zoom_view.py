"""A view of a scene that zooms, pans and scrolls at its edges."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QInputDevice,
    QNativeGestureEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from nnplayground.ui.theme import colors

LEAST_ZOOM, MOST_ZOOM = 0.25, 3.0
_LEAST_ZOOM_ON_OPENING = 0.75
"""What is newly opened is not shown smaller than it can be read; what does not fit is scrolled to."""
_ZOOM_STEP = 1.15
_DOT_DISTANCE = 24
_EDGE = 28
"""Dragging nearer than this to the edge scrolls."""


class ZoomView(QGraphicsView):
    """The dotted ground with the scene on it. A wheel zooms; a touchpad scrolls; `content` says what is to be seen."""

    def __init__(self, scene: QGraphicsScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self._fitted = False
        self._least = LEAST_ZOOM
        self._pan_from: QPoint | None = None
        self._edge_timer = QTimer(self)
        self._edge_timer.setInterval(30)
        self._edge_timer.timeout.connect(self._scroll_at_edge)
        self._dragged_at = QPoint()
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setMouseTracking(True)
        # The background covers all of it; without this, whatever lies below would be painted first.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def content(self) -> QRectF:
        """The part of the scene that is to be seen when all is to be seen."""
        return self.sceneRect()

    @property
    def zoom(self) -> float:
        """1 at 100 %."""
        return self.transform().m11()

    def zoom_by(self, factor: float) -> None:
        """Zoom around the pointer, within 25 % and 300 %."""
        self._fitted = False
        wanted = min(max(self.zoom * factor, LEAST_ZOOM), MOST_ZOOM)
        self.scale(wanted / self.zoom, wanted / self.zoom)

    def fit(self, *, least: float = LEAST_ZOOM) -> None:
        """Show all of the content, at 100 % at most; where it is larger than that shows at `least`, its upper part."""
        rect = self.content
        room = self.maximumViewportSize()
        zoom = min(room.width() / max(rect.width(), 1), room.height() / max(rect.height(), 1), 1.0)
        self.resetTransform()
        self.scale(max(zoom, least), max(zoom, least))
        self.centerOn(rect.center())
        if zoom < least:
            self.verticalScrollBar().setValue(self.verticalScrollBar().minimum())
        self._fitted, self._least = True, least

    def fit_opened(self) -> None:
        """Show what was newly opened; again whenever the view's size changes, until somebody zooms or scrolls."""
        self.fit(least=_LEAST_ZOOM_ON_OPENING)

    def show_rect(self, rect: QRectF) -> None:
        """Scroll until a part of the scene can be seen."""
        self.ensureVisible(rect, 20, 40)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit(least=self._least)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms, with Shift it scrolls; a touchpad scrolls, with Ctrl it zooms."""
        modifiers = event.modifiers()
        touchpad = event.pointingDevice().type() == QInputDevice.DeviceType.TouchPad
        zooming = bool(modifiers & Qt.KeyboardModifier.ControlModifier) or not touchpad
        if zooming and not modifiers & Qt.KeyboardModifier.ShiftModifier and event.angleDelta().y():
            self.zoom_by(_ZOOM_STEP ** (event.angleDelta().y() / 120))
        else:
            step = event.pixelDelta() if touchpad and not event.pixelDelta().isNull() else event.angleDelta() / 2
            # Some platforms turn a wheel with Shift into a horizontal one; what is shown runs from top to bottom.
            down = step.y() or (0 if touchpad else step.x())
            self.scroll_by(QPoint(step.x() if touchpad else 0, down))
        event.accept()

    def scroll_by(self, step: QPoint) -> None:
        """Move the scene by pixels."""
        self._fitted = False
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - step.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() - step.y())

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value())
            return True
        return super().viewportEvent(event)

    @property
    def panning(self) -> bool:
        return self._pan_from is not None

    def begin_pan(self, position: QPoint) -> None:
        """Take hold of the scene at a position in the viewport."""
        self._pan_from = position
        self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def pan_to(self, position: QPoint) -> None:
        assert self._pan_from is not None
        self.scroll_by(position - self._pan_from)
        self._pan_from = position

    def end_pan(self) -> None:
        self._pan_from = None
        self.viewport().unsetCursor()

    def watch_edges(self, position: QPoint | None) -> None:
        """While something is dragged: scroll as long as it is held at an edge. None: nothing is dragged."""
        if position is None:
            self._edge_timer.stop()
            return
        self._dragged_at = position
        self._edge_timer.start()

    def dragged_to(self, point: QPointF) -> None:
        """The scene has moved below what is dragged, which now is at another point of it."""

    def _scroll_at_edge(self) -> None:
        room, at = self.viewport().rect(), self._dragged_at
        step = QPoint(
            _edge_step(at.x() - room.left(), room.right() - at.x()),
            _edge_step(at.y() - room.top(), room.bottom() - at.y()),
        )
        before = (self.horizontalScrollBar().value(), self.verticalScrollBar().value())
        if not step.isNull():
            self.scroll_by(step)
        if before != (self.horizontalScrollBar().value(), self.verticalScrollBar().value()):
            self.dragged_to(self.mapToScene(at))

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        rect = QRectF(rect)
        theme = colors(self)
        painter.fillRect(rect, QColor(theme.canvas))
        distance = _DOT_DISTANCE
        while distance * self.zoom < 0.6 * _DOT_DISTANCE:
            distance *= 2
        across = range(int(rect.left() // distance), int(rect.right() // distance) + 1)
        down = range(int(rect.top() // distance), int(rect.bottom() // distance) + 1)
        pen = QPen(QColor(theme.canvas_dot), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPoints([QPoint(column * distance, row * distance) for column in across for row in down])


def _edge_step(before: int, behind: int) -> int:
    """Pixels to move the scene at each tick, by the distance from two opposite edges: faster nearer to them."""
    if before < _EDGE:
        return min(_EDGE - before, _EDGE) // 2 + 1
    if behind < _EDGE:
        return -(min(_EDGE - behind, _EDGE) // 2 + 1)
    return 0
