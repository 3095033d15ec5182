"""The two lines below a plot of the plane: what its colours and marks mean, or what is under the mouse."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.colormaps import table
from nnplayground.ui.widgets.pictures import image_from_array
from nnplayground.ui.widgets.plane_points import draw_mark, draw_ring, target_color

_MARK = 4.0
_GAP = 5
_BAR = (24, 120)
"""The least and the greatest width of the shades."""


class Legend(msgspec.Struct, frozen=True):
    """What there is to explain.

    class_names: of the classes that the colours stand for; without any, shades run from `low` to `high`.
    held_back: validation points are shown. wrong: rings are.
    """

    class_names: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    points: bool = False
    held_back: bool = False
    wrong: bool = False


class PlaneCaption(QWidget):
    """A legend, and in its place what the mouse reads."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = Legend()
        self._lines: tuple[str, str] | None = None
        self._shades = image_from_array(table("plane")[None])
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """What it says, as words."""
        if self._lines is not None:
            return "\n".join(self._lines)
        legend = self._legend
        scale = ", ".join(legend.class_names) or (f"{legend.low} to {legend.high}" if legend.low else "")
        return "\n".join((scale, ", ".join(words for words, shown in self._marks() if shown)))

    def show_legend(self, legend: Legend) -> None:
        if legend != self._legend:
            self._legend = legend
            self._tell()

    def show_reading(self, lines: tuple[str, str] | None) -> None:
        """What is under the mouse, in two lines; None: nothing is."""
        if lines != self._lines:
            self._lines = lines
            self._tell()

    def _tell(self) -> None:
        self.setAccessibleName(self.text)
        self.setToolTip(self.text if self._lines is not None else "")
        self.update()

    def _marks(self) -> list[tuple[str, bool]]:
        legend = self._legend
        return [
            ("training", legend.points),
            ("validation", legend.points and legend.held_back),
            ("wrong", legend.points and legend.wrong),
        ]

    def _line_height(self) -> int:
        return self.fontMetrics().height()

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * self._line_height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        if self._lines is not None:
            for number, line in enumerate(self._lines):
                painter.setPen(QColor(theme.text if number == 0 else theme.muted))
                _draw_words(painter, line, self._row(number), 0)
        else:
            self._paint_scale(painter, theme)
            self._paint_marks(painter, theme)
        painter.end()

    def _row(self, number: int) -> QRectF:
        height = self._line_height()
        return QRectF(0, number * (height + 1), self.width(), height)

    def _paint_scale(self, painter: QPainter, theme: Colors) -> None:
        """The classes with their marks, between two of them the shades; or these with the numbers at their ends."""
        legend, row = self._legend, self._row(0)
        painter.setPen(QColor(theme.muted))
        names = legend.class_names
        if not names and not legend.low:
            return
        x = 0.0
        if len(names) > 2:
            for number, name in enumerate(names):
                x = self._draw_class(painter, number, x)
                painter.setPen(QColor(theme.muted))
                x = _draw_words(painter, name, row, x) + 2 * _GAP
            return
        low, high = names if len(names) == 2 else (legend.low, legend.high)
        marks = 2 * (3 * _MARK + _GAP) if names else 0
        words = painter.fontMetrics().horizontalAdvance(low + high) + 4 * _GAP
        bar = min(max(row.width() - words - marks, _BAR[0]), _BAR[1])
        if names:
            x = self._draw_class(painter, 0, x)
            painter.setPen(QColor(theme.muted))
        x = _draw_words(painter, low, row, x) + _GAP
        painter.drawImage(QRectF(x, row.center().y() - 3, bar, 6), self._shades)
        x += bar + _GAP
        if names:
            x = self._draw_class(painter, 1, x)
            painter.setPen(QColor(theme.muted))
        _draw_words(painter, high, row, x)

    def _draw_class(self, painter: QPainter, label: int, x: float) -> float:
        """A mark; where what follows begins."""
        color = target_color(label, numbers=False)
        draw_mark(
            painter, QPointF(x + 1.5 * _MARK, self._row(0).center().y()), label, color, radius=_MARK, held_back=False
        )
        return x + 3 * _MARK + _GAP / 2

    def _paint_marks(self, painter: QPainter, theme: Colors) -> None:
        row, x = self._row(1), 0.0
        gray = QColor(theme.muted)
        for words, shown in self._marks():
            if not shown:
                continue
            spot = QPointF(x + 2 * _MARK, row.center().y())
            if words == "wrong":
                draw_ring(painter, spot, _MARK * 0.75)
            else:
                draw_mark(painter, spot, 0, gray, radius=_MARK, held_back=words == "validation")
            painter.setPen(gray)
            x = _draw_words(painter, words, row, x + 4 * _MARK + 2) + 2 * _GAP


def _draw_words(painter: QPainter, words: str, row: QRectF, x: float) -> float:
    """Words at a place in a row, shortened where there is no room; where they end."""
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0, int(row.width() - x)))
    flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    painter.drawText(row.adjusted(x, 0, 0, 0), flags, shown)
    return x + metrics.horizontalAdvance(shown)
