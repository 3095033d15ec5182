"""The gallery of filters: weights as pictures on one scale, with their numbers under the mouse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.colormaps import table, to_rgb
from nnplayground.ui.widgets.weight_tiles import WeightTiles

_SMALLEST, _LARGEST = 22, 72
_GAP = 4


@dataclass(frozen=True)
class _Places:
    """Tiles of `size` in rows of `columns`, from `top_left` (scrolled)."""

    columns: int
    size: QSize
    top_left: QPoint
    rows: int

    def rect(self, tile: int) -> QRect:
        row, column = divmod(tile, self.columns)
        step = QPoint(column * (self.size.width() + _GAP), row * (self.size.height() + _GAP))
        return QRect(self.top_left + step, self.size)


class WeightGallery(QAbstractScrollArea):
    """Pictures of one weight tensor, and the scale they share."""

    value_pointed = Signal(str)
    """What the value under the mouse says; empty where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weights.gallery")
        self.setAccessibleName("Weights as pictures")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self._tiles: WeightTiles | None = None
        self._image = QImage()
        self._pointed = ""

    @property
    def tiles(self) -> WeightTiles | None:
        return self._tiles

    def show_tiles(self, tiles: WeightTiles) -> None:
        """Show these pictures."""
        self._tiles = tiles
        # All tiles one below the other, in one image.
        pixels = np.ascontiguousarray(_pixels(tiles).reshape(-1, tiles.values.shape[2], 3))
        height, width = pixels.shape[:2]
        self._image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self._set_scroll_range()
        self.viewport().update()

    def tile_rect(self, tile: int) -> QRect:
        """Where a picture is, in the viewport."""
        return self._places().rect(tile)

    def _places(self) -> _Places:
        if self._tiles is None:
            return _Places(1, QSize(1, 1), QPoint(0, 0), 0)
        count, height, width = self._tiles.values.shape[:3]
        room = QSize(self.viewport().width() - 4, self._picture_height())
        if count == 1:
            most = max(room.height() // height, 1) * height if height < room.height() else room.height()
            return _Places(1, QSize(room.width(), min(most, 24 * height)), QPoint(2, 2), 1)
        side = next((side for side in range(_LARGEST, _SMALLEST, -2) if _fits(count, side, room)), _SMALLEST)
        columns = max((room.width() + _GAP) // (side + _GAP), 1)
        # Whole pixels for each weight keep the squares equal.
        unit = max(side // max(height, width), 1)
        size = QSize(unit * width, unit * height) if unit > 1 else QSize(side, round(side * height / width))
        return _Places(columns, size, QPoint(2, 2 - self.verticalScrollBar().value()), -(-count // columns))

    def _picture_height(self) -> int:
        return max(self.viewport().height() - self._scale_height() - 4, 1)

    def _scale_height(self) -> int:
        return QFontMetrics(self._small_font()).height() + 8

    def _set_scroll_range(self) -> None:
        places = self._places()
        content = places.rows * (places.size.height() + _GAP)
        single = self._tiles is not None and len(self._tiles.values) == 1
        bar = self.verticalScrollBar()
        bar.setRange(0, 0 if single else max(content - self._picture_height(), 0))
        bar.setPageStep(self._picture_height())
        bar.setSingleStep(places.size.height() + _GAP)

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._tiles is None:
            return
        painter = QPainter(self.viewport())
        painter.setFont(self._small_font())
        theme = colors(self)
        count, height, width = self._tiles.values.shape[:3]
        places = self._places()
        area = QRect(0, 0, self.viewport().width(), self._picture_height() + 2)
        painter.save()
        painter.setClipRect(area)
        # Shrinking without smoothing would show some weights and hide others by chance.
        shrunk = places.size.width() < width or places.size.height() < height
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        for tile in range(count):
            rect = places.rect(tile)
            if rect.intersects(area):
                painter.drawImage(rect, self._image, QRect(0, tile * height, width, height))
        painter.restore()
        self._paint_scale(painter, theme, self._tiles)
        painter.end()

    def _paint_scale(self, painter: QPainter, theme: Colors, tiles: WeightTiles) -> None:
        height = self._scale_height()
        line = QRect(2, self.viewport().height() - height, self.viewport().width() - 4, height)
        painter.setPen(QColor(theme.muted))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if tiles.colored:
            text = f"grey is 0, full colour ±{tiles.reach:.3g}"
            painter.drawText(
                line, flags, QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            )
            return
        metrics = QFontMetrics(painter.font())
        low, high = f"−{tiles.reach:.3g}", f"+{tiles.reach:.3g}"
        bar = QRectF(line.left() + metrics.horizontalAdvance(low) + 6, line.center().y() - 4, 110, 9)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        shades = table("diverging")
        for step in range(0, len(shades), 15):
            gradient.setColorAt(step / (len(shades) - 1), QColor(*(int(part) for part in shades[step])))
        painter.drawText(line, flags, low)
        painter.fillRect(bar, gradient)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawRect(bar)
        painter.setPen(QColor(theme.muted))
        painter.drawText(line.adjusted(round(bar.right()) + 6 - line.left(), 0, 0, 0), flags, high)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._say(self._sentence_at(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._say("")
        return super().viewportEvent(event)

    def _sentence_at(self, place: QPoint) -> str:
        tiles = self._tiles
        if tiles is None or place.y() > self._picture_height() + 2:
            return ""
        places = self._places()
        count, height, width = tiles.values.shape[:3]
        for tile in range(count):
            rect = places.rect(tile)
            if rect.contains(place):
                row = (place.y() - rect.top()) * height // rect.height()
                column = (place.x() - rect.left()) * width // rect.width()
                return tiles.sentence(tile, row, column)
        return ""

    def _say(self, text: str) -> None:
        if text != self._pointed:
            self._pointed = text
            self.value_pointed.emit(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_scroll_range()


def _pixels(tiles: WeightTiles) -> np.ndarray:
    """(count, height, width, 3) uint8."""
    if not tiles.colored:
        return to_rgb(tiles.values, "diverging", limits=(-tiles.reach, tiles.reach))
    shares = np.nan_to_num(tiles.values) / (2 * tiles.reach or 1) + 0.5
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _fits(count: int, side: int, room: QSize) -> bool:
    """Whether so many squares fit into a room without scrolling."""
    columns = (room.width() + _GAP) // (side + _GAP)
    return columns > 0 and -(-count // columns) * (side + _GAP) - _GAP <= room.height()
