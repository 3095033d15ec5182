"""The images that a generator makes, side by side, as large as there is room for."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.pictures import image_from_array

_GAP = 3
_STEPS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class MadeGrid(QWidget):
    """Points at one of the images: the one under the mouse, else the one that was clicked or come to by keyboard."""

    pointed_at = Signal(int)
    """The number of an image."""
    run_pause_requested = Signal()
    """Space was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("made.grid")
        self.setAccessibleName("Made images")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._image = QImage()
        self._count = 0
        self._side = QSize(1, 1)
        self._current = 0
        self._hovered: int | None = None
        self._known: tuple[tuple[QSize, QSize, int], tuple[int, int, tuple[int, int]]] | None = None
        """The layout, and for what it is: each image asks for it whenever all are painted."""

    def show_images(self, images: Array) -> None:
        """images: (n, height, width, 1 or 3) uint8."""
        self._count, height, width = images.shape[:3]
        self._side = QSize(width, height)
        self._image = picture_of(images.reshape(-1, *images.shape[2:]))
        self._current = min(self._current, max(self._count - 1, 0))
        self.update()

    @property
    def current(self) -> int:
        """The image that is pointed at."""
        return self._current if self._hovered is None else self._hovered

    def place(self, number: int) -> QRectF:
        """Where an image is."""
        columns, rows, size = self._layout()
        row, column = divmod(number, columns)
        across, down = columns * (size[0] + _GAP) - _GAP, rows * (size[1] + _GAP) - _GAP
        left, top = max(0, (self.width() - across) / 2), max(0, (self.height() - down) / 2)
        # On whole pixels, so that all of them are equally sharp.
        x, y = round(left + column * (size[0] + _GAP)), round(top + row * (size[1] + _GAP))
        return QRectF(x, y, *size)

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 90)

    def _layout(self) -> tuple[int, int, tuple[int, int]]:
        """(columns, rows, (width, height) of an image): the number of columns that leaves the images largest."""
        room = (self.size(), self._side, self._count)
        if self._known is None or self._known[0] != room:
            self._known = (room, self._best_layout())
        return self._known[1]

    def _best_layout(self) -> tuple[int, int, tuple[int, int]]:
        best = (1, max(self._count, 1), 0.0)
        shape = self._side.width() / self._side.height()
        for columns in range(1, max(self._count, 1) + 1):
            rows = math.ceil(self._count / columns)
            width = min((self.width() + _GAP) / columns - _GAP, ((self.height() + _GAP) / max(rows, 1) - _GAP) * shape)
            if width > best[2]:
                best = (columns, rows, width)
        width = max(int(best[2]), 1)
        return best[0], best[1], (width, max(int(width / shape), 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        height = self._side.height()
        for number in range(self._count):
            # Small pictures are enlarged pixel by pixel: what is smoothed looks better than it was made.
            painter.drawImage(self.place(number), self._image, QRectF(0, number * height, self._side.width(), height))
        if self._count and (self._hovered is not None or self.hasFocus()):
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(self.place(self.current).adjusted(-1, -1, 1, 1))
        painter.end()

    def _at(self, position: QPointF) -> int | None:
        return next((number for number in range(self._count) if self.place(number).contains(position)), None)

    def _tell(self) -> None:
        self.update()
        if self._count:
            self.pointed_at.emit(self.current)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self._at(event.position())
        if hovered != self._hovered:
            self._hovered = hovered
            self._tell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.position())
        if number is not None:
            self._current = number
            self._tell()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = None
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.run_pause_requested.emit()
        elif key in _STEPS:
            down, across = _STEPS[key]
            wanted = self._current + down * self._layout()[0] + across
            if 0 <= wanted < self._count:
                self._current, self._hovered = wanted, None
                self._tell()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def picture_of(pixels: Array) -> QImage:
    """pixels: (height, width, 1 or 3) uint8."""
    return image_from_array(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))
