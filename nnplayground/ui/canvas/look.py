"""How blocks are drawn: on the canvas, under the hand while dragging, and from the palette."""

from __future__ import annotations

from typing import Literal

import msgspec
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from nnplayground.ui import icons
from nnplayground.ui.canvas.faces import BlockFace
from nnplayground.ui.canvas.layout import Measures
from nnplayground.ui.theme import FAMILY_COLORS, Colors

RADIUS = 8.0
READABLE = 0.35
"""Below this zoom, texts are left out."""
BODY_FONT = 13
"""Pixel size of the application's font for which sizes below are meant; a larger one scales them all."""
PORT_RADIUS = 5.0
MARK = 16.0
"""Side of the problem mark at a block's corner."""


class Style(msgspec.Struct, frozen=True):
    """Fonts and sizes of the canvas, all from the font of the widget. scale: 1 at the ordinary font."""

    scale: float
    title: QFont
    body: QFont
    small: QFont

    @classmethod
    def of(cls, font: QFont) -> Style:
        pixels = QFontInfo(font).pixelSize()
        title = QFont(font)
        title.setBold(True)
        body = QFont(font)
        body.setPixelSize(max(1, round(pixels * 12 / BODY_FONT)))
        small = QFont(font)
        small.setPixelSize(max(1, round(pixels * 11.5 / BODY_FONT)))
        return cls(pixels / BODY_FONT, title, body, small)

    @property
    def measures(self) -> Measures:
        plain = Measures()
        return Measures(**{name: value * self.scale for name, value in msgspec.structs.asdict(plain).items()})


BlockState = Literal["plain", "hovered", "selected", "target", "aimed"]
"""target: a wire that is being drawn may end there; aimed: it would, if it were let go now."""


def paint_block(
    painter: QPainter, rect: QRectF, face: BlockFace, style: Style, theme: Colors, state: BlockState = "plain"
) -> None:
    """A block within rect."""
    accent = QColor(theme.accent)
    if state in ("selected", "aimed"):
        glow = QColor(accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, alpha in ((7.0, 26), (4.0, 44)):
            glow.setAlpha(alpha)
            painter.setPen(QPen(glow, width))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
    border = accent if state in ("selected", "target", "aimed") else QColor(theme.border)
    if state == "hovered":
        border = QColor(theme.muted)
    painter.setPen(QPen(border, 1.5 if state in ("selected", "aimed") else 1.0))
    painter.setBrush(QColor(theme.raised if state == "hovered" else theme.surface))
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    _paint_bar(painter, rect, face.family, style.scale)
    if painter.worldTransform().m11() >= READABLE:
        _paint_texts(painter, rect, face, style, theme)


def _paint_bar(painter: QPainter, rect: QRectF, family: str, scale: float) -> None:
    height = rect.height() * 0.55
    bar = QRectF(rect.left() + 12 * scale, rect.center().y() - height / 2, 4 * scale, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(FAMILY_COLORS.get(family, FAMILY_COLORS["core"])))
    painter.drawRoundedRect(bar, 2 * scale, 2 * scale)


def _paint_texts(painter: QPainter, rect: QRectF, face: BlockFace, style: Style, theme: Colors) -> None:
    scale = style.scale
    left, right = rect.left() + 27 * scale, rect.right() - 13 * scale
    middle = Qt.AlignmentFlag.AlignVCenter
    if face.count:
        painter.setFont(style.body)
        painter.setPen(QColor(theme.muted))
        width = QFontMetricsF(style.body).horizontalAdvance(face.count)
        painter.drawText(QRectF(right - width - 1, rect.top(), width + 1, rect.height()), middle, face.count)
        right -= width + 12 * scale
    title_metrics = QFontMetricsF(style.title)
    title = title_metrics.elidedText(face.title, Qt.TextElideMode.ElideRight, right - left)
    painter.setFont(style.title)
    painter.setPen(QColor(theme.text))
    painter.drawText(QRectF(left, rect.top(), right - left, rect.height()), middle, title)
    left += title_metrics.horizontalAdvance(title) + 11 * scale
    if face.caption and right - left > 16 * scale:
        caption = QFontMetricsF(style.body).elidedText(face.caption, Qt.TextElideMode.ElideRight, right - left)
        painter.setFont(style.body)
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(left, rect.top(), right - left, rect.height()), middle, caption)


def paint_mark(painter: QPainter, rect: QRectF, severity: str, theme: Colors) -> None:
    """The mark of a problem: told apart by shape, not by colour alone."""
    color = theme.error if severity == "error" else theme.warning
    # A plate in the colour of the canvas sets it off from the block's border.
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.canvas))
    painter.drawEllipse(rect.adjusted(-2, -2, 2, 2))
    picture = icons.pixmap(severity, color, size=round(rect.width()), ratio=4.0)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(rect, picture, QRectF(picture.rect()))


def paint_port(painter: QPainter, centre: QPointF, theme: Colors, *, strong: bool) -> None:
    """The small circle where a wire begins or ends."""
    painter.setPen(QPen(QColor(theme.accent), 1.6))
    painter.setBrush(QColor(theme.accent if strong else theme.canvas))
    painter.drawEllipse(centre, PORT_RADIUS, PORT_RADIUS)


def paint_pill(
    painter: QPainter, rect: QRectF, text: str, style: Style, theme: Colors, *, fits: bool, icon_name: str = ""
) -> None:
    """A note on the canvas: what would come out of an edit, or why it does not fit."""
    color = QColor(theme.accent if fits else theme.error)
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(QColor(theme.surface))
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    inner = rect.adjusted(10 * style.scale, 6 * style.scale, -10 * style.scale, -6 * style.scale)
    if icon_name:
        side = 14 * style.scale
        picture = icons.pixmap(icon_name, color.name(), size=round(side), ratio=4.0)
        place = QRectF(inner.left(), inner.top() + 1, side, side)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(place, picture, QRectF(picture.rect()))
        inner.setLeft(inner.left() + side + 7 * style.scale)
    painter.setFont(style.body)
    painter.setPen(QColor(theme.text))
    painter.drawText(inner, int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignVCenter), text)


def pill_size(text: str, style: Style, *, most: float, with_icon: bool) -> tuple[float, float]:
    """Width and height of a note, wrapped where it is wider than `most`."""
    aside = (20 + (21 if with_icon else 0)) * style.scale
    box = QFontMetricsF(style.body).boundingRect(
        QRectF(0, 0, most - aside, 10_000), int(Qt.TextFlag.TextWordWrap), text
    )
    return box.width() + aside + 2, box.height() + 12 * style.scale


def block_pixmap(face: BlockFace, style: Style, theme: Colors, *, width: float, ratio: float) -> QPixmap:
    """A picture of a block, as it hangs on the pointer while a layer is dragged from the palette.

    It hangs below the pointer, which is at its top left corner, so that the canvas can show what would happen there.
    """
    height = style.measures.height
    aside, margin = QPointF(14, 10), 4.0
    picture = QPixmap(round((aside.x() + width + margin) * ratio), round((aside.y() + height + margin) * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.92)
    paint_block(painter, QRectF(aside.x(), aside.y(), width, height), face, style, theme, "hovered")
    painter.end()
    return picture


def wire_path(points: list[QPointF]) -> QPainterPath:
    """A smooth line through points that lie in pairs: from each odd one to the next it bends, else runs straight.

    Bends leave and arrive vertically.
    """
    path = QPainterPath(points[0])
    for index in range(1, len(points)):
        start, end = points[index - 1], points[index]
        straight = index % 2 == 0 or (abs(start.x() - end.x()) < 0.5 and end.y() >= start.y())
        if straight:
            path.lineTo(end)
            continue
        reach = max((end.y() - start.y()) * 0.5, 18.0) if end.y() >= start.y() else 70.0
        path.cubicTo(QPointF(start.x(), start.y() + reach), QPointF(end.x(), end.y() - reach), end)
    return path
