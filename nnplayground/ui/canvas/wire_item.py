"""A wire on the canvas, with the shape it carries beside it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.spec.model import Wire
from nnplayground.ui.canvas.layout import Route
from nnplayground.ui.canvas.look import READABLE, Style, wire_path
from nnplayground.ui.theme import colors

_CLICK_WIDTH = 12.0
_LABEL_DISTANCE = 9.0


class WireItem(QGraphicsItem):
    """Drawn in scene coordinates from its source's port through lanes to its target's."""

    def __init__(self, wire: Wire, style: Style) -> None:
        super().__init__()
        self.wire = wire
        self.label = ""
        self._trial: str | None = None
        self._style = style
        self._path = QPainterPath()
        self._label_rect = QRectF()
        self._course: tuple[QPointF, QPointF, Route] | None = None
        self._hovered = False
        self._receiving = False
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setAcceptHoverEvents(True)
        self.setZValue(1)

    def show_label(self, label: str) -> None:
        if label != self.label:
            self.label = label
            self._place_label()

    def show_trial(self, label: str | None) -> None:
        """Another shape for a while: what an edit would make of it. None: its own again."""
        label = None if label == self.label else label
        if label != self._trial:
            self._trial = label
            self._place_label()

    def show_receiving(self, receiving: bool) -> None:
        """Light up as the wire on which a layer would be put."""
        if receiving != self._receiving:
            self._receiving = receiving
            self.update()

    def show_style(self, style: Style) -> None:
        self._style = style
        self._place_label()

    def run(self, start: QPointF, end: QPointF, route: Route) -> None:
        """Lie between two blocks. start, end: middles of their edges, from which exit and entry of the route count."""
        course = (start, end, route)
        if course == self._course:
            return
        self._course = course
        points = [start + QPointF(route.exit, 0)]
        for lane in route.lanes:
            points.extend((QPointF(lane.x, lane.top), QPointF(lane.x, lane.bottom)))
        points.append(end + QPointF(route.entry, 0))
        self.prepareGeometryChange()
        self._path = wire_path(points)
        self._place_label()

    def distance(self, point: QPointF) -> float:
        """From a point in the scene to the nearest point of the wire."""
        count = max(2, round(self._path.length() / 8))
        along = (self._path.pointAtPercent(index / count) for index in range(count + 1))
        return min(((each - point).x() ** 2 + (each - point).y() ** 2) ** 0.5 for each in along)

    @property
    def middle(self) -> QPointF:
        """Where a layer put on the wire would lie."""
        if self._course is not None and self._course[2].lanes:
            return QPointF(*self._course[2].label)
        return self._path.pointAtPercent(0.5)

    @property
    def runs_straight_down(self) -> bool:
        box = self._path.boundingRect()
        return box.width() < 1

    @property
    def shown_label(self) -> str:
        return self.label if self._trial is None else self._trial

    def _place_label(self) -> None:
        self.prepareGeometryChange()
        if self._course is None:
            return
        route = self._course[2]
        metrics = QFontMetricsF(self._style.small)
        width = metrics.horizontalAdvance(self.shown_label) + 4
        x, y = route.label
        left = x + _LABEL_DISTANCE if route.label_right else x - _LABEL_DISTANCE - width
        self._label_rect = QRectF(left - 2, y - metrics.height() / 2, width, metrics.height())
        self.update()

    def boundingRect(self) -> QRectF:
        return self._path.boundingRect().adjusted(-6, -6, 6, 6).united(self._label_rect)

    def shape(self) -> QPainterPath:
        stroker = QPainterPathStroker()
        stroker.setWidth(_CLICK_WIDTH)
        path = stroker.createStroke(self._path)
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(self._label_rect)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = colors(widget)
        strong = self.isSelected() or self._receiving
        color = theme.accent if strong else theme.text if self._hovered else theme.muted
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if strong:
            glow = QColor(theme.accent)
            glow.setAlpha(50)
            painter.setPen(QPen(glow, 8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawPath(self._path)
        painter.setPen(QPen(QColor(color), 2.4 if strong else 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawPath(self._path)
        if painter.worldTransform().m11() < READABLE or not self.shown_label:
            return
        plate = QColor(theme.canvas)
        plate.setAlpha(225)
        painter.fillRect(self._label_rect, plate)
        painter.setFont(self._style.small)
        painter.setPen(QColor(theme.accent if self._trial is not None or strong else theme.muted))
        painter.drawText(self._label_rect, Qt.AlignmentFlag.AlignCenter, self.shown_label)

    def hoverEnterEvent(self, event: object) -> None:
        self._hovered = True
        self.update()

    def hoverLeaveEvent(self, event: object) -> None:
        self._hovered = False
        self.update()
