"""A block on the canvas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.ui.canvas import look
from nnplayground.ui.canvas.faces import BlockFace
from nnplayground.ui.canvas.look import BlockState, Style
from nnplayground.ui.theme import Colors, colors

_PORT_ASIDE, _PORT_INSIDE, _PORT_OUTSIDE = 11.0, 9.0, 6.0
"""How near to a port's middle the pointer takes hold of it; little of that lies on the wire, which is clicked too."""


class Port(NamedTuple):
    """Where wires begin or end at a block. name: empty for its output and its inputs."""

    name: str
    incoming: bool

    def end(self, layer_id: str) -> str:
        """The end of a wire there, as the model names it."""
        return f"{layer_id}.{self.name}" if self.name else layer_id


INPUT, OUTPUT = Port("", True), Port("", False)


class BlockItem(QGraphicsItem):
    """Shows a face; its position is the middle of the block. The scene moves it, gestures take hold of it."""

    def __init__(self, face: BlockFace, style: Style) -> None:
        super().__init__()
        self.face = face
        self._style = style
        self._trial: BlockFace | None = None
        self._hovered = False
        self._target: BlockState | None = None
        self._target_port = INPUT
        self._ports_left = False
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

    def show_ports_left(self, left: bool) -> None:
        """Whether the named ports for what comes in lie on the left."""
        if left != self._ports_left:
            self.prepareGeometryChange()
            self._ports_left = left
            self.update()

    def show_as_target(self, port: Port | None, *, aimed: bool = False) -> None:
        """Light up as an end that a wire may have, at a port; aimed: that it would have now."""
        state: BlockState | None = None if port is None else "aimed" if aimed else "target"
        if (state, port or INPUT) != (self._target, self._target_port):
            self._target, self._target_port = state, port or INPUT
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

    @property
    def ports(self) -> Iterator[Port]:
        """All of them, the output first."""
        yield OUTPUT
        yield from (Port(name, False) for name in self.face.outlets)
        if self.face.takes_input:
            yield INPUT
        yield from (Port(name, True) for name in self.face.inlets)

    def port_position(self, port: Port) -> QPointF:
        """The middle of a port, in the scene."""
        edge = self.input_port if port.incoming else self.output_port
        if not port.name:
            return edge
        aside = self._style.measures.port_aside
        return edge + QPointF(-aside if port.incoming and self._ports_left else aside, 0)

    def port_at(self, point: QPointF) -> Port | None:
        """The port that a point of the scene lies on."""
        return next((port for port in self.ports if self._reach(port).contains(point - self.pos())), None)

    def _reach(self, port: Port) -> QRectF:
        middle = self.port_position(port) - self.pos()
        above = _PORT_OUTSIDE if port.incoming else _PORT_INSIDE
        return QRectF(middle.x() - _PORT_ASIDE, middle.y() - above, 2 * _PORT_ASIDE, _PORT_INSIDE + _PORT_OUTSIDE)

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
        rect = self.rect.adjusted(-5, -reach, reach, _PORT_OUTSIDE + 1)
        for port in self.ports:
            if port.name:
                rect |= self._name_rect(port)
        return rect

    def _name_rect(self, port: Port) -> QRectF:
        """Where the name of a port is written, outside beside it."""
        metrics = QFontMetricsF(self._style.small)
        middle = self.port_position(port) - self.pos()
        top = middle.y() - metrics.height() - 1 if port.incoming else middle.y() + 1
        left = middle.x() + look.PORT_RADIUS + 3
        return QRectF(left, top, metrics.horizontalAdvance(port.name) + 2, metrics.height())

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(self.rect)
        for port in self.ports:
            path.addRect(self._reach(port))
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
        for port in self.ports:
            self._paint_port(painter, port, theme)

    def _paint_port(self, painter: QPainter, port: Port, theme: Colors) -> None:
        """Those in use are always there; all of them under the pointer; where a wire may end, that one."""
        wanted = self._target is not None and port == self._target_port
        if not (wanted or port.name in self.face.in_use or (self._hovered and self._target is None)):
            return
        middle = self.port_position(port) - self.pos()
        look.paint_port(painter, middle, theme, strong=wanted)
        # What is in use has a wire, beside which its name stands already.
        named = port.name and port.name not in self.face.in_use and painter.worldTransform().m11() >= look.READABLE
        if named:
            painter.setFont(self._style.small)
            painter.setPen(QColor(theme.accent))
            painter.drawText(self._name_rect(port), Qt.AlignmentFlag.AlignVCenter, port.name)

    def hoverEnterEvent(self, event: object) -> None:
        self._hovered = True
        self.setZValue(3)
        self.update()

    def hoverLeaveEvent(self, event: object) -> None:
        self._hovered = False
        self.setZValue(2)
        self.update()
