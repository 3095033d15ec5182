"""The pictures of samples where they are small: on tiles and beside names."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from nnplayground.ui import icons
from nnplayground.ui.theme import Colors
from nnplayground.ui.widgets.drawings import Drawing
from nnplayground.ui.widgets.pictures import PictureLoader, side_for

RADIUS = 4.0
_MOST_CUT = 1.12
"""How much larger than it fits a picture may be drawn; what is cut off might be the reason for a mistake."""
_MOST_READY = 300
_ready: dict[tuple[object, ...], QPixmap] = {}
"""Pictures scaled and cut for their places: mistakes are shown anew twice a second, and most of them are the same."""


def draw_whole(painter: QPainter, area: QRectF, pixmap: QPixmap, theme: Colors) -> None:
    """The picture as large as it fits into the area, with a little of its longer side cut off."""
    size, ratio = area.size(), painter.device().devicePixelRatio()
    key = (pixmap.cacheKey(), size.toTuple(), ratio, theme.raised)
    ready = _ready.get(key)
    if ready is None:
        ready = _ready[key] = _fitted(pixmap, size, ratio, theme)
        if len(_ready) > _MOST_READY:
            del _ready[next(iter(_ready))]
    painter.drawPixmap(area.topLeft(), ready)


def _fitted(pixmap: QPixmap, size: QSizeF, ratio: float, theme: Colors) -> QPixmap:
    area = QRectF(QPointF(0, 0), size)
    ready = QPixmap((size * ratio).toSize().expandedTo(QSize(1, 1)))
    ready.setDevicePixelRatio(ratio)
    ready.fill(Qt.GlobalColor.transparent)
    source = QRectF(pixmap.rect())
    fills = min(source.width() / area.width(), source.height() / area.height())
    fits = max(source.width() / area.width(), source.height() / area.height())
    scale = max(fills, fits / _MOST_CUT)
    part = QRectF(0, 0, min(area.width() * scale, source.width()), min(area.height() * scale, source.height()))
    part.moveCenter(source.center())
    target = QRectF(0, 0, part.width() / scale, part.height() / scale)
    target.moveCenter(area.center())
    clip = QPainterPath()
    clip.addRoundedRect(area, RADIUS, RADIUS)
    painter = QPainter(ready)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setClipPath(clip)
    painter.fillRect(area, QColor(theme.raised))
    painter.drawPixmap(target, pixmap, part)
    painter.end()
    return ready


def draw_placeholder(painter: QPainter, area: QRectF, text: str, theme: Colors, *, failed: bool = False) -> None:
    """In the place of a picture: `text`, or an icon where it is empty or the file cannot be read."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.separator), 1))
    painter.setBrush(QColor(theme.raised))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
    if text and not failed:
        painter.setPen(QColor(theme.muted))
        inside = area.adjusted(4, 2, -4, -2)
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(inside.width()))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignCenter), elided)
    else:
        size = 18
        icon = icons.pixmap("warning" if failed else "image", theme.warning if failed else theme.muted, size=size)
        center = area.center()
        painter.drawPixmap(QRectF(center.x() - size / 2, center.y() - size / 2, size, size), icon, QRectF(icon.rect()))
    painter.restore()


def draw_file(
    painter: QPainter,
    area: QRectF,
    file: Path | None,
    loader: PictureLoader,
    *,
    title: str,
    theme: Colors,
    ratio: float,
    drawing: Drawing | None = None,
) -> None:
    """The picture of a file as far as it has been loaded, or a drawing. ratio: device pixels per logical pixel."""
    if file is None and drawing is not None:
        drawing.draw(painter, area, theme)
        return
    if file is None:
        draw_placeholder(painter, area, title, theme)
        return
    # A picture that is cut to fit is shown by its short side, so its long one has to be larger than the area.
    side = side_for(1.3 * max(area.width(), area.height()), ratio)
    pixmap = loader.pixmap(file, side)
    if pixmap is not None:
        draw_whole(painter, area, pixmap, theme)
    else:
        loader.request(file, side)
        draw_placeholder(painter, area, "", theme, failed=loader.failure(file, side) is not None)
