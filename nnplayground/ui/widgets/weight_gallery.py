"""The gallery of filters: weights as pictures on one scale, with their numbers under the mouse."""

from __future__ import annotations

import msgspec
import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.colormaps import table, to_rgb
from nnplayground.ui.widgets.fields import ENTER
from nnplayground.ui.widgets.scrolling import steady_width
from nnplayground.ui.widgets.weight_tiles import WeightTiles

_SMALLEST, _LARGEST = 22, 72
_GAP = 4


class _Places(msgspec.Struct, frozen=True):
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

    tile_chosen = Signal(int)
    """A picture was clicked, or chosen with Enter."""

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
        self._mouse: QPoint | None = None
        self._current = 0

    @property
    def current(self) -> int:
        """The picture that the keyboard is on."""
        return self._current

    @property
    def tiles(self) -> WeightTiles | None:
        return self._tiles

    @property
    def pointed(self) -> str:
        """What the value under the mouse says; empty where there is none."""
        tiles, place = self._tiles, self._mouse
        if tiles is None or place is None or place.y() > self._picture_height() + 2:
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

    def show_tiles(self, tiles: WeightTiles) -> None:
        """Show these pictures."""
        self._tiles = tiles
        # All tiles one below the other, in one image.
        pixels = np.ascontiguousarray(_pixels(tiles).reshape(-1, tiles.values.shape[2], 3))
        height, width = pixels.shape[:2]
        self._image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self._set_scroll_range()
        self._current = min(self._current, len(tiles.values) - 1)
        self._describe()
        self.viewport().update()

    def tile_rect(self, tile: int) -> QRect:
        """Where a picture is, in the viewport."""
        return self._places().rect(tile)

    def _places(self) -> _Places:
        if self._tiles is None:
            return _Places(1, QSize(1, 1), QPoint(0, 0), 0)
        count, height, width = self._tiles.values.shape[:3]
        room = QSize(steady_width(self) - 4, self._picture_height())
        if count == 1:
            most = max(room.height() // height, 1) * height if height < room.height() else room.height()
            return _Places(1, QSize(room.width(), min(most, 24 * height)), QPoint(2, 2), 1)
        # Whole pixels for each weight keep the squares equal.
        most, least = max(_LARGEST // max(height, width), 1), max(-(-_SMALLEST // max(height, width)), 1)
        sizes = (QSize(unit * width, unit * height) for unit in range(most, least - 1, -1))
        size = next((size for size in sizes if _fits(count, size, room)), QSize(least * width, least * height))
        columns = max((room.width() + _GAP) // (size.width() + _GAP), 1)
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
        painter.setPen(QColor(theme.border))
        for tile in range(count):
            rect = places.rect(tile)
            if rect.intersects(area):
                painter.drawImage(rect, self._image, QRect(0, tile * height, width, height))
                painter.drawRect(rect.adjusted(-1, -1, 0, 0))
        if self._keyed:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(places.rect(self._current).adjusted(-1, -1, 1, 1))
        painter.restore()
        self._paint_scale(painter, theme, self._tiles)
        painter.end()

    def _scale_line(self) -> QRect:
        height = self._scale_height()
        return QRect(2, self.viewport().height() - height, self.viewport().width() - 4, height)

    def _paint_scale(self, painter: QPainter, theme: Colors, tiles: WeightTiles) -> None:
        """The scale, or in its place what the value under the mouse says."""
        line = self._scale_line()
        metrics = QFontMetrics(painter.font())
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        said = self.pointed or (self._name(self._current) if self._keyed else "")
        painter.setPen(QColor(theme.text if said else theme.muted))
        if said or tiles.colored:
            text = said or f"grey is 0, full colour ±{tiles.reach:.3g}"
            painter.drawText(line, flags, metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width()))
            return
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

    # Keyboard

    @property
    def _keyed(self) -> bool:
        """One of several pictures is marked, for the keyboard."""
        return self.hasFocus() and self._tiles is not None and len(self._tiles.values) > 1

    def _name(self, tile: int) -> str:
        """filter 3 of 8; "" where there is only one picture."""
        count = len(self._tiles.values) if self._tiles is not None else 0
        return f"{self._tiles.axes[0]} {tile + 1:,} of {count:,}" if self._tiles is not None and count > 1 else ""

    def _describe(self) -> None:
        said = self._name(self._current).capitalize()
        if said != self.accessibleDescription():
            self.setAccessibleDescription(said)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        count = len(self._tiles.values) if self._tiles is not None else 0
        columns = self._places().columns
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -self._current,
            Qt.Key.Key_End: count - 1 - self._current,
        }
        step = steps.get(Qt.Key(event.key()))
        if count and event.key() in ENTER:
            self.tile_chosen.emit(self._current)
        elif count > 1 and step is not None:
            if 0 <= self._current + step < count:
                self._go_to(self._current + step)
        else:
            super().keyPressEvent(event)

    def _go_to(self, tile: int) -> None:
        self._current = tile
        bar, rect = self.verticalScrollBar(), self.tile_rect(tile)
        if rect.top() < 2:
            bar.setValue(bar.value() + rect.top() - 2)
        elif rect.bottom() > self._picture_height():
            bar.setValue(bar.value() + rect.bottom() - self._picture_height())
        self._describe()
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    # Mouse

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move_mouse(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._tiles is not None:
            places, place = self._places(), event.position().toPoint()
            for tile in range(len(self._tiles.values)):
                if places.rect(tile).contains(place) and place.y() <= self._picture_height() + 2:
                    self._go_to(tile)
                    self.tile_chosen.emit(tile)
                    return

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._move_mouse(None)
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.pointed, self)
            return True
        return super().viewportEvent(event)

    def _move_mouse(self, place: QPoint | None) -> None:
        self._mouse = place
        self.viewport().update(self._scale_line())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_scroll_range()


def _pixels(tiles: WeightTiles) -> np.ndarray:
    """(count, height, width, 3) uint8."""
    if not tiles.colored:
        return to_rgb(tiles.values, "diverging", limits=(-tiles.reach, tiles.reach))
    shares = np.nan_to_num(tiles.values) / (2 * tiles.reach or 1) + 0.5
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _fits(count: int, size: QSize, room: QSize) -> bool:
    """Whether so many tiles fit into a room without scrolling."""
    columns = (room.width() + _GAP) // (size.width() + _GAP)
    return columns > 0 and -(-count // columns) * (size.height() + _GAP) - _GAP <= room.height()
