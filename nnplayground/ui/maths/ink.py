"""What boxes are drawn with: letters, the line of a fraction, roots, hats, and parentheses as high as needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from nnplayground.ui.maths.boxes import Box, Look

Tone = Literal["text", "muted", "accent"]


def _color(tone: Tone, look: Look) -> QColor:
    return QColor(getattr(look.theme, tone))


def _line(painter: QPainter, look: Look, thickness: float, tone: Tone = "text") -> None:
    pen = QPen(_color(tone, look), thickness)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)


@dataclass(slots=True, frozen=True)
class Glyphs:
    """Text in one font."""

    text: str
    font: QFont
    tone: Tone = "text"

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        painter.setFont(self.font)
        painter.setPen(_color(self.tone, look))
        painter.drawText(place, self.text)


@dataclass(slots=True, frozen=True)
class Rule:
    """A horizontal line as long as the box, in the middle of its height."""

    thickness: float

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        # Whole device pixels keep it crisp.
        ratio = painter.device().devicePixelRatioF()
        height = max(1, round(self.thickness * ratio)) / ratio
        middle = place.y() + (box.descent - box.ascent) / 2
        top = round((middle - height / 2) * ratio) / ratio
        painter.fillRect(QRectF(place.x(), top, box.width, height), _color("text", look))


@dataclass(slots=True, frozen=True)
class RootSign:
    """√ with a line over all of the box. lead: width of the sign itself."""

    lead: float
    thickness: float

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        _line(painter, look, self.thickness)
        left, top, bottom = place.x(), place.y() - box.ascent + self.thickness, place.y() + box.descent
        hook = bottom - min(box.height * 0.5, self.lead * 0.9)
        path = QPainterPath(QPointF(left + self.lead * 0.08, hook + self.lead * 0.1))
        path.lineTo(left + self.lead * 0.3, hook)
        path.lineTo(left + self.lead * 0.52, bottom - self.thickness)
        path.lineTo(left + self.lead * 0.92, top)
        path.lineTo(left + box.width, top)
        painter.drawPath(path)


@dataclass(slots=True, frozen=True)
class HatMark:
    """A hat over the box. width, height: of the hat; lift: how far its tip is above the baseline."""

    width: float
    height: float
    lift: float
    thickness: float
    slant: float

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        _line(painter, look, self.thickness)
        middle, tip = place.x() + box.width / 2 + self.slant, place.y() - self.lift
        path = QPainterPath(QPointF(middle - self.width / 2, tip + self.height))
        path.lineTo(middle, tip)
        path.lineTo(middle + self.width / 2, tip + self.height)
        painter.drawPath(path)


@dataclass(slots=True, frozen=True)
class Fence:
    """A parenthesis, bar, double bar or brace as high as the box."""

    mark: str
    thickness: float

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        _line(painter, look, self.thickness)
        area = box.rect(place).adjusted(box.width * 0.2, 1, -box.width * 0.2, -1)
        if self.mark in "|‖":
            places = (0.5,) if self.mark == "|" else (0.25, 0.75)
            for share in places:
                x = area.left() + share * area.width()
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        elif self.mark == "{":
            painter.drawPath(_brace(area))
        else:
            painter.drawPath(_parenthesis(area, closing=self.mark == ")"))


def _parenthesis(area: QRectF, *, closing: bool) -> QPainterPath:
    inner, outer = (area.left(), area.right()) if closing else (area.right(), area.left())
    path = QPainterPath(QPointF(inner, area.top()))
    bend = min(area.height() * 0.3, area.width() * 2.5)
    path.cubicTo(outer, area.top() + bend * 0.7, outer, area.top() + bend, outer, area.top() + bend * 1.3)
    path.lineTo(outer, area.bottom() - bend * 1.3)
    path.cubicTo(outer, area.bottom() - bend, outer, area.bottom() - bend * 0.7, inner, area.bottom())
    return path


def _brace(area: QRectF) -> QPainterPath:
    left, right, middle = area.left(), area.right(), area.center()
    bend = min(area.height() / 4, area.width() * 1.2)
    path = QPainterPath(QPointF(right, area.top()))
    path.quadTo(middle.x(), area.top(), middle.x(), area.top() + bend)
    path.lineTo(middle.x(), middle.y() - bend)
    path.quadTo(middle.x(), middle.y(), left, middle.y())
    path.quadTo(middle.x(), middle.y(), middle.x(), middle.y() + bend)
    path.lineTo(middle.x(), area.bottom() - bend)
    path.quadTo(middle.x(), area.bottom(), right, area.bottom())
    return path


@dataclass(slots=True, frozen=True)
class Pill:
    """Words that can be clicked, on a rounded ground."""

    text: str
    font: QFont
    margin: float

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        clickable = bool(getattr(box.node, "key", ""))
        if clickable:
            painter.setPen(QPen(_color("accent", look) if box.node is look.pointed else QColor(look.theme.border), 1))
            painter.setBrush(QColor(look.theme.surface))
            area = box.rect(place).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.setFont(self.font)
        painter.setPen(QColor(look.theme.text if clickable else look.theme.muted))
        painter.drawText(QPointF(place.x() + self.margin, place.y()), self.text)
