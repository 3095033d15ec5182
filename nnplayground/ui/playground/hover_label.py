"""The label that reads a weight beside the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from nnplayground.ui.theme import colors


class HoverLabel(QLabel):
    """A line of text that the pointer sees through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setObjectName("hover_label")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setContentsMargins(9, 4, 9, 4)
        self.hide()

    def show_at(self, name: str, value: str, at: QPoint) -> None:
        """name: of the weight; at: the pointer, in the parent."""
        theme = colors(self)
        self.setText(f"<span style='color:{theme.muted}'>{name}</span>&nbsp;&nbsp;<b>{value}</b>")
        self.adjustSize()
        room = self._room.rect()
        x = min(at.x() + 14, room.right() - self.width() - 2)
        y = at.y() - self.height() - 10
        self.move(max(x, 2), y if y > 2 else at.y() + 18)
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        painter.end()
        super().paintEvent(event)
