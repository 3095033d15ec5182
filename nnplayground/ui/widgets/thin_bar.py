"""A thin bar of progress. Qt's own repaints at once, with every new value, whatever else waits to be painted."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import colors

_HEIGHT = 6


class ThinBar(QWidget):
    """Shows `done` of `total`; a total of 0 means that its length is unknown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._done = 0
        self._total = 0

    @property
    def share(self) -> float | None:
        """From 0 to 1; None while the length is unknown."""
        return min(self._done / self._total, 1.0) if self._total else None

    def show_progress(self, done: int, total: int) -> None:
        """Painted with the next frame."""
        if (done, total) != (self._done, self._total):
            self._done, self._total = done, total
            share = self.share
            self.setAccessibleDescription("" if share is None else f"{share:.0%}")
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(110, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        line = QRectF(0, (self.height() - _HEIGHT) / 2, self.width(), _HEIGHT)
        painter.setBrush(QColor(theme.border))
        painter.drawRoundedRect(line, _HEIGHT / 2, _HEIGHT / 2)
        painter.setBrush(QColor(theme.accent))
        share = self.share
        if share is None:
            line.setLeft(line.center().x() - line.width() / 8)
            line.setWidth(self.width() / 4)
        else:
            line.setWidth(line.width() * share)
        painter.drawRoundedRect(line, _HEIGHT / 2, _HEIGHT / 2)
