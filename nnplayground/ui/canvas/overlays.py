"""What lies over the canvas while the hand is at work: dragged blocks, a note, the rubber wire, the band."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.ui.canvas import look
from nnplayground.ui.canvas.faces import BlockFace
from nnplayground.ui.canvas.look import Style
from nnplayground.ui.theme import colors


class _Overlay(QGraphicsItem):
    def __init__(self, z: float) -> None:
        super().__init__()
        self.setZValue(z)
        # The pointer sees through it.
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)


class GhostItem(_Overlay):
    """Copies of blocks that hang on the pointer."""

    def __init__(self, faces: tuple[BlockFace, ...], style: Style) -> None:
        super().__init__(20)
        self._faces = faces
        self._style = style
        self.setOpacity(0.92)

    def boundingRect(self) -> QRectF:
        measures = self._style.measures
        spread = 6.0 * (len(self._faces) - 1)
        return QRectF(-6, -6, measures.width * 0.75 + spread + 12, measures.height + spread + 12)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        measures = self._style.measures
        for index in range(len(self._faces) - 1, -1, -1):
            rect = QRectF(6.0 * index, 6.0 * index, measures.width * 0.75, measures.height)
            look.paint_block(painter, rect, self._faces[index], self._style, colors(widget), "hovered")


class NoteItem(_Overlay):
    """A note beside the place where something would happen."""

    def __init__(self, style: Style) -> None:
        super().__init__(30)
        self._style = style
        self._text = ""
        self._fits = True
        self._size = (0.0, 0.0)
        self.hide()

    @property
    def text(self) -> str:
        return self._text if self.isVisible() else ""

    def show_style(self, style: Style) -> None:
        self._style = style

    def show_note(self, text: str, middle: QPointF, *, fits: bool) -> None:
        """Put the note with its middle at a point of the scene."""
        self.prepareGeometryChange()
        self._text = text
        self._fits = fits
        self._size = look.pill_size(text, self._style, most=self._style.measures.width, with_icon=not fits)
        self.setPos(middle)
        self.show()
        self.update()

    @property
    def height(self) -> float:
        return self._size[1]

    def boundingRect(self) -> QRectF:
        width, height = self._size
        return QRectF(-width / 2 - 2, -height / 2 - 2, width + 4, height + 4)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        rect = self.boundingRect().adjusted(2, 2, -2, -2)
        icon_name = "" if self._fits else "error"
        look.paint_pill(painter, rect, self._text, self._style, colors(widget), fits=self._fits, icon_name=icon_name)


class RubberWireItem(_Overlay):
    """A wire on its way from a port to the pointer."""

    def __init__(self) -> None:
        super().__init__(10)
        self._start = QPointF()
        self._end = QPointF()
        self._allowed = True

    def stretch(self, start: QPointF, end: QPointF, *, allowed: bool) -> None:
        """start: at the layer that gives; end: at the one that receives."""
        self.prepareGeometryChange()
        self._start, self._end, self._allowed = start, end, allowed
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self._start, self._end).normalized().adjusted(-90, -90, 90, 90)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = colors(widget)
        style = Qt.PenStyle.SolidLine if self._allowed else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent if self._allowed else theme.error), 2.2, style))
        painter.drawPath(look.wire_path([self._start, self._end]))


class BandItem(_Overlay):
    """The rectangle that selects what it touches."""

    def __init__(self) -> None:
        super().__init__(40)
        self._rect = QRectF()

    def span(self, one: QPointF, other: QPointF) -> QRectF:
        self.prepareGeometryChange()
        self._rect = QRectF(one, other).normalized()
        self.update()
        return self._rect

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        accent = QColor(colors(widget).accent)
        pen = QPen(accent, 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        accent.setAlpha(36)
        painter.setBrush(accent)
        painter.drawRect(self._rect)
