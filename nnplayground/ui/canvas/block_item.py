"""A block on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.ui.canvas import look
from nnplayground.ui.canvas.faces import BlockFace
from nnplayground.ui.canvas.look import BlockState, Style
from nnplayground.ui.theme import colors

_PORT_ASIDE, _PORT_INSIDE, _PORT_OUTSIDE = 11.0, 9.0, 6.0
"""How near to a port's middle the pointer takes hold of it; little of that lies on the wire, which is clicked too."""


class BlockItem(QGraphicsItem):
    """Shows a face; its position is the middle of the block. The scene moves it, gestures take hold of it."""

    def __init__(self, face: BlockFace, style: Style) -> None:
        super().__init__()
        self.face = face
        self._style = style
        self._trial: BlockFace | None = None
        self._hovered = False
        self._target: BlockState | None = None
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setAcceptHoverEvents(True)
        self.setZValue(2)

    def show_face(self, face: BlockFace) -> None:
        if face != self.face:
            self.face = face
            self.update()

    def show_trial(self, face: BlockFace | None) -> None:
        """Another face for a while: what an edit would make of it. None: its own again."""
        if face != self._trial:
            self._trial = face
            self.update()

    def show_style(self, style: Style) -> None:
        self.prepareGeometryChange()
        self._style = style

    def show_as_target(self, target: bool, *, aimed: bool = False) -> None:
        """Light up as an end that a wire may have; aimed: that it would have now."""
        state: BlockState | None = "aimed" if aimed else "target" if target else None
        if state != self._target:
            self._target = state
            self.update()

    @property
    def shown_face(self) -> BlockFace:
        return self._trial or self.face

    @property
    def rect(self) -> QRectF:
        measures = self._style.measures
        return QRectF(-measures.width / 2, -measures.height / 2, measures.width, measures.height)

    @property
    def scene_rect(self) -> QRectF:
        return self.rect.translated(self.pos())

    @property
    def input_port(self) -> QPointF:
        """Where wires enter, in the scene."""
        return self.pos() - QPointF(0, self._style.measures.height / 2)

    @property
    def output_port(self) -> QPointF:
        return self.pos() + QPointF(0, self._style.measures.height / 2)

    def port_at(self, point: QPointF) -> str:
        """ "input", "output" or "" for a point in the scene."""
        if self._output_reach.contains(point - self.pos()):
            return "output"
        return "input" if self.face.takes_input and self._input_reach.contains(point - self.pos()) else ""

    @property
    def _output_reach(self) -> QRectF:
        return QRectF(-_PORT_ASIDE, self.rect.bottom() - _PORT_INSIDE, 2 * _PORT_ASIDE, _PORT_INSIDE + _PORT_OUTSIDE)

    @property
    def _input_reach(self) -> QRectF:
        return QRectF(-_PORT_ASIDE, self.rect.top() - _PORT_OUTSIDE, 2 * _PORT_ASIDE, _PORT_INSIDE + _PORT_OUTSIDE)

    def mark_at(self, point: QPointF) -> bool:
        return self.shown_face.severity is not None and self._mark_rect.adjusted(-2, -2, 2, 2).contains(
            self.mapFromScene(point)
        )

    @property
    def _mark_rect(self) -> QRectF:
        side = look.MARK * self._style.scale
        return QRectF(self.rect.right() - side * 0.55, self.rect.top() - side * 0.45, side, side)

    def boundingRect(self) -> QRectF:
        reach = look.MARK * self._style.scale
        return self.rect.adjusted(-5, -reach, reach, _PORT_OUTSIDE + 1)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(self.rect)
        path.addRect(self._output_reach)
        path.addRect(self._input_reach)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = colors(widget)
        state: BlockState = "plain"
        if self._target is not None:
            state = self._target
        elif self.isSelected():
            state = "selected"
        elif self._hovered:
            state = "hovered"
        look.paint_block(painter, self.rect, self.shown_face, self._style, theme, state)
        severity = self.shown_face.severity
        if severity is not None:
            look.paint_mark(painter, self._mark_rect, severity, theme)
        if self._hovered or self._target:
            if self.face.takes_input:
                look.paint_port(painter, self.input_port - self.pos(), theme, strong=self._target is not None)
            if not self._target:
                look.paint_port(painter, self.output_port - self.pos(), theme, strong=False)

    def hoverEnterEvent(self, event: object) -> None:
        self._hovered = True
        self.setZValue(3)
        self.update()

    def hoverLeaveEvent(self, event: object) -> None:
        self._hovered = False
        self.setZValue(2)
        self.update()
