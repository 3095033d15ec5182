"""A colour map with the numbers at its ends."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.colormaps import Kind, table
from nnplayground.ui.widgets.pictures import image_from_array

_LEAST_BAR = 24
"""Width of the shades where there is hardly any room."""


class ColorScale(QWidget):
    """What the colours of a picture mean: low end, shades, high end."""

    def __init__(self, kind: Kind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = "", ""
        self._shades = image_from_array(table(kind)[None])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_ends(self, low: str, high: str) -> None:
        """The words or numbers at the two ends."""
        self._low, self._high = low, high
        self.setAccessibleName(f"Colours from {low} to {high}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 2)

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetrics(small_font(self.font()))
        words = metrics.horizontalAdvance(self._low) + metrics.horizontalAdvance(self._high)
        return QSize(words + 12 + _LEAST_BAR, self.fontMetrics().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = small_font(self.font())
        painter.setFont(font)
        painter.setPen(QColor(colors(self).muted))
        area = QRectF(self.rect())
        metrics = painter.fontMetrics()
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(area, middle | int(Qt.AlignmentFlag.AlignLeft), self._low)
        painter.drawText(area, middle | int(Qt.AlignmentFlag.AlignRight), self._high)
        left = metrics.horizontalAdvance(self._low) + 6
        right = metrics.horizontalAdvance(self._high) + 6
        bar = QRectF(left, area.center().y() - 3, max(0.0, area.width() - left - right), 6)
        painter.drawImage(bar, self._shades)
        painter.end()
