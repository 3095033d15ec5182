"""The step of an update that the maths panel is at, marked on its block or its unit."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.ui.theme import colors

_ARROWS = {"forward": "↓ ", "activation": "↓ ", "backward": "↑ "}


class PhaseItem(QGraphicsItem):
    """A ring with the name of the step. It follows the item that it is put on, and takes no mouse."""

    def __init__(self) -> None:
        super().__init__()
        self._phase = ""
        self._rect = QRectF()
        self._font = QFont()
        self.setZValue(4)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.hide()

    @property
    def phase(self) -> str:
        """The name of the step; empty while none is marked."""
        return self._phase if self.isVisible() else ""

    def show_on(self, item: QGraphicsItem | None, rect: QRectF, phase: str, font: QFont) -> None:
        """rect: what to mark, in coordinates of the item. item: None or an empty phase: nothing is marked."""
        self.prepareGeometryChange()
        if item is None or not phase:
            self.setParentItem(None)  # type: ignore[arg-type]
            self.hide()
            return
        self.setParentItem(item)
        self._phase = phase
        self._rect = rect
        self._font = QFont(font)
        self._font.setBold(True)
        self.show()
        self.update()

    @property
    def _text(self) -> str:
        return f"{_ARROWS.get(self._phase, '')}{self._phase}"

    @property
    def _tag(self) -> QRectF:
        metrics = QFontMetricsF(self._font)
        width, height = metrics.horizontalAdvance(self._text) + 14, metrics.height() + 4
        return QRectF(self._rect.left() + 8, self._rect.top() - height / 2 - 2, width, height)

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-6, -6, 6, 6).united(self._tag.adjusted(-1, -1, 1, 1))

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        theme = colors(widget)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent), 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self._rect.adjusted(-4, -4, 4, 4), 10, 10)
        tag = self._tag
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        painter.drawRoundedRect(tag, tag.height() / 2, tag.height() / 2)
        painter.setPen(QColor(theme.accent_text))
        painter.setFont(self._font)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, self._text)
