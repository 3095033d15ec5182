"""Feature maps as pictures: a grid of small ones, or one of them large."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import PALE
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.pictures import image_from_array

Scale = Literal["map", "layer"]
"""Over what the colours run: each map's own values, or those of the whole layer."""

_GAP = 5
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


@dataclass(frozen=True)
class MapGrid:
    """Where `count` tiles lie in a given width."""

    count: int
    columns: int
    tile: QSize

    @classmethod
    def fitted(cls, count: int, *, width: int, smallest: int, aspect: float) -> MapGrid:
        """As many columns as fit, then filled. smallest: width of a tile; aspect: its height by its width."""
        columns = max(1, min(count, (width + _GAP) // (smallest + _GAP)))
        side = max(8, (width - _GAP * (columns - 1)) // columns)
        return cls(count, columns, QSize(side, max(8, round(side * min(max(aspect, 0.25), 4.0)))))

    @property
    def rows(self) -> int:
        return math.ceil(self.count / self.columns)

    @property
    def height(self) -> int:
        return max(0, self.rows * (self.tile.height() + _GAP) - _GAP)

    def area(self, number: int) -> QRectF:
        row, column = divmod(number, self.columns)
        left, top = column * (self.tile.width() + _GAP), row * (self.tile.height() + _GAP)
        return QRectF(left, top, self.tile.width(), self.tile.height())

    def at(self, x: float, y: float) -> int | None:
        """Which tile lies there; None for a gap."""
        column, left = divmod(x, self.tile.width() + _GAP)
        row, top = divmod(y, self.tile.height() + _GAP)
        number = int(row * self.columns + column)
        inside = left < self.tile.width() and top < self.tile.height() and 0 <= column < self.columns
        return number if inside and 0 <= number < self.count else None

    def between(self, top: float, bottom: float) -> range:
        """The tiles in rows that reach into this stretch."""
        step = self.tile.height() + _GAP
        first, last = max(0, int(top // step)), min(self.rows - 1, int((bottom - 1) // step))
        return range(first * self.columns, min(self.count, (last + 1) * self.columns))


class FeatureMaps(QAbstractScrollArea):
    """The maps of one layer for one sample. Colours are computed for the maps that can be seen only."""

    described = Signal(str)
    """What is under the mouse or the keyboard's frame, in one line; empty where there is nothing."""
    view_changed = Signal()
    """Other maps can be seen: scrolled, resized, one enlarged or back."""

    def __init__(self, parent: QWidget | None = None, *, smallest: int = 58) -> None:
        super().__init__(parent)
        self._smallest = smallest
        self._maps: Array = np.zeros((1, 1, 0), np.float32)
        self._lows: Array = np.zeros(0)
        self._highs: Array = np.zeros(0)
        self._scale: Scale = "map"
        self._images: dict[int, QImage] = {}
        self._current: int | None = None
        self._hovered: int | None = None
        self._pointer: QPointF | None = None
        self._enlarged: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def count(self) -> int:
        return self._maps.shape[2]

    @property
    def enlarged(self) -> int | None:
        """The map that is shown alone."""
        return self._enlarged

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest value of the layer, or of the map that is shown alone."""
        if not self.count:
            return 0.0, 0.0
        if self._enlarged is not None and self._scale == "map":
            return float(self._lows[self._enlarged]), float(self._highs[self._enlarged])
        return float(np.fmin.reduce(self._lows)), float(np.fmax.reduce(self._highs))

    def zero_count(self) -> int:
        """How many maps hold nothing but zeros."""
        return int(((self._lows == 0) & (self._highs == 0)).sum())

    def show_maps(self, maps: Array) -> None:
        """maps: (height, width, channels) float, of one sample."""
        other_layer = maps.shape != self._maps.shape
        self._maps = maps
        self._lows, self._highs = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
        if not (np.isfinite(self._lows).all() and np.isfinite(self._highs).all()):
            # A model that has diverged: its limits are those of the values that are numbers.
            finite = np.isfinite(maps)
            self._lows = np.where(finite, maps, np.inf).min(axis=(0, 1))
            self._highs = np.where(finite, maps, -np.inf).max(axis=(0, 1))
            none = ~finite.any(axis=(0, 1))
            self._lows[none] = self._highs[none] = np.nan
        self._images.clear()
        if other_layer:
            self._current = self._hovered = self._enlarged = None
            self.verticalScrollBar().setValue(0)
            self._lay_out()
        self._show()

    def set_scale(self, scale: Scale) -> None:
        self._scale = scale
        self._images.clear()
        self._show()

    def enlarge(self, channel: int | None) -> None:
        """Show one map alone; None: all of them again."""
        self._enlarged = channel
        if channel is not None:
            self._current = channel
        self._lay_out()
        self._show()

    def fully_visible(self) -> int:
        """How many maps can be seen whole."""
        grid = self._grid()
        top = self.verticalScrollBar().value()
        bottom = top + self.viewport().height()
        areas = (grid.area(number) for number in grid.between(top, bottom))
        return sum(area.top() >= top - 0.5 and area.bottom() <= bottom + 0.5 for area in areas)

    def describe(self, channel: int) -> str:
        """One line about a map."""
        name = f"Map {channel}"
        if self._is_zero(channel):
            return f"{name} · all zero for this sample"
        low, high, mean = self._lows[channel], self._highs[channel], self._maps[:, :, channel].mean()
        return f"{name} · min {low:.3g} · mean {mean:.3g} · max {high:.3g}"

    def _is_zero(self, channel: int) -> bool:
        return self._lows[channel] == 0 == self._highs[channel]

    def _grid(self) -> MapGrid:
        height, width, count = self._maps.shape
        scale = self.fontMetrics().height() / 16
        return MapGrid.fitted(
            count, width=self.viewport().width(), smallest=round(self._smallest * scale), aspect=height / width
        )

    def _lay_out(self) -> None:
        grid = self._grid()
        bar = self.verticalScrollBar()
        bar.setSingleStep(grid.tile.height() // 2)
        bar.setPageStep(self.viewport().height())
        alone = self._enlarged is not None
        bar.setRange(0, 0 if alone else max(0, grid.height - self.viewport().height()))

    def _show(self) -> None:
        """Compute what can be seen, and have it painted."""
        if self._enlarged is None:
            top = self.verticalScrollBar().value()
            wanted = self._grid().between(top, top + self.viewport().height())
            self._colour([number for number in wanted if number not in self._images])
        else:
            self._images.clear()
            self._colour([self._enlarged], whole=True)
        self.viewport().update()
        self.tell()
        self.view_changed.emit()

    def _colour(self, channels: list[int], *, whole: bool = False) -> None:
        """whole: every value, instead of about one for each pixel of the screen."""
        if not channels:
            return
        height, width, _ = self._maps.shape
        tile = self._grid().tile * self.devicePixelRatioF()
        step_y = 1 if whole else max(1, height // max(1, tile.height()))
        step_x = 1 if whole else max(1, width // max(1, tile.width()))
        values = np.moveaxis(self._maps[::step_y, ::step_x, channels], 2, 0).astype(np.float32)
        if self._scale == "layer":
            low, high = float(np.fmin.reduce(self._lows)), float(np.fmax.reduce(self._highs))
            shades = to_rgb(values, "sequential", limits=(low, high))
        else:
            lows = self._lows[channels].astype(np.float32)[:, None, None]
            spans = self._highs[channels].astype(np.float32)[:, None, None] - lows
            shades = to_rgb((values - lows) / np.where(spans > 0, spans, 1), "sequential", limits=(0.0, 1.0))
        for channel, pixels in zip(channels, shades, strict=True):
            self._images[channel] = image_from_array(pixels)

    def tell(self) -> None:
        """Describe again what is under the mouse or the keyboard's frame: its values may be others now."""
        if self._enlarged is not None:
            self.described.emit(self._describe_pixel(self._enlarged))
            return
        channel = self._hovered if self._hovered is not None else self._current if self.hasFocus() else None
        self.described.emit(self.describe(channel) if channel is not None and channel < self.count else "")

    def _describe_pixel(self, channel: int) -> str:
        area = self._large_area()
        if self._pointer is None or not area.contains(self._pointer):
            return self.describe(channel)
        height, width, _ = self._maps.shape
        row = min(height - 1, int(self._pointer.y() / area.height() * height))
        column = min(width - 1, int(self._pointer.x() / area.width() * width))
        return f"Map {channel} · row {row}, column {column}: {self._maps[row, column, channel]:.4g}"

    def _on_scrolled(self) -> None:
        self._show()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self.viewport())
        painter.setOpacity(1.0 if self.isEnabled() else PALE)
        if self._enlarged is not None:
            image = self._images.get(self._enlarged)
            if image is not None:
                painter.drawImage(self._large_area(), image)
            painter.end()
            return
        grid = self._grid()
        top = self.verticalScrollBar().value()
        for number in grid.between(top, top + self.viewport().height()):
            area = grid.area(number).translated(0, -top)
            image = self._images.get(number)
            if image is None:
                continue
            if self._is_zero(number):
                _draw_zero(painter, area, theme)
            else:
                # Few large pixels are shown as they are, many small ones smoothly.
                painter.setRenderHint(
                    QPainter.RenderHint.SmoothPixmapTransform, area.width() < 2.5 * self._maps.shape[1]
                )
                painter.drawImage(area, image)
            if number == self._hovered or (number == self._current and self.hasFocus()):
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def _large_area(self) -> QRectF:
        """Where the map that is shown alone lies: whole, at its aspect ratio, from the top left."""
        height, width, _ = self._maps.shape
        scale = min(self.viewport().width() / width, self.viewport().height() / height)
        return QRectF(0, 0, width * scale, height * scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._images.clear()
        self._lay_out()
        self._show()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(event.position())

    def _at(self, position: QPointF) -> int | None:
        return self._grid().at(position.x(), position.y() + self.verticalScrollBar().value())

    def _point_at(self, position: QPointF | None) -> None:
        """The mouse is there; None: it has left."""
        self._pointer = position
        over_grid = position is not None and self._enlarged is None
        hovered = self._at(position) if position is not None and over_grid else None
        if hovered != self._hovered:
            self._hovered = hovered
            hand = Qt.CursorShape.PointingHandCursor
            self.viewport().setCursor(hand if hovered is not None else Qt.CursorShape.ArrowCursor)
            self.viewport().update()
        self.tell()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point_at(None)
        return super().viewportEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
        elif self._enlarged is not None:
            self.enlarge(None)
            self._point_at(event.position())
        elif (number := self._at(event.position())) is not None:
            self.enlarge(number)
            self._point_at(event.position())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._current = self._current or 0
        self.viewport().update()
        self.tell()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
        self.tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        current = self._current or 0
        if key in _STEPS and self.count:
            across, down = _STEPS[key]
            alone = self._enlarged is not None
            step = across + down * (1 if alone else self._grid().columns)
            self._current = current + step if 0 <= current + step < self.count else current
            if alone:
                self._enlarged = self._current
            self._scroll_to(self._current)
            self._show()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.count:
            self.enlarge(None if self._enlarged is not None else current)
        elif key == Qt.Key.Key_Escape and self._enlarged is not None:
            self.enlarge(None)
        else:
            super().keyPressEvent(event)

    def _scroll_to(self, number: int) -> None:
        bar = self.verticalScrollBar()
        area = self._grid().area(number)
        bar.setValue(round(min(max(bar.value(), area.bottom() - self.viewport().height()), area.top())))


def _draw_zero(painter: QPainter, area: QRectF, theme: Colors) -> None:
    """A map without any signal is not merely dark: it is crossed out and says so."""
    inside = area.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DashLine))
    painter.setBrush(QColor(theme.raised))
    painter.drawRect(inside)
    if area.height() >= painter.fontMetrics().height() and area.width() >= painter.fontMetrics().horizontalAdvance(
        "all 0"
    ):
        painter.setPen(QColor(theme.muted))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignCenter), "all 0")
    else:
        painter.drawLine(
            QPoint(int(inside.left()), int(inside.bottom())), QPoint(int(inside.right()), int(inside.top()))
        )
