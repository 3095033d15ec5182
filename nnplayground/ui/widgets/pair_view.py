"""A source, what is to be written from it, and what was written, place by place, large."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.drawings import draw_wrapped
from nnplayground.ui.widgets.token_chips import shown_token

_MARGIN = 12.0


class PairView(QWidget):
    """Two rows of boxes, the right tokens above those that were written. Where they differ, the box is marked with ✗
    and drawn with a heavier line; below each box stands how sure the model was of what it wrote.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = ""
        self._target: tuple[str, ...] | None = None
        self._output: tuple[str, ...] | None = None
        self._certainties: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 120)

    def show_pair(
        self,
        source: str,
        target: Sequence[str] | None,
        output: Sequence[str] | None,
        certainties: Sequence[float] = (),
    ) -> None:
        """target: what is right, where that is known. output: None while it is not known."""
        self._source = source
        self._target = None if target is None else tuple(target)
        self._output = None if output is None else tuple(output)
        self._certainties = tuple(certainties)
        written = "" if output is None else f"; written: {''.join(output)}"
        self.setAccessibleDescription(f"Source: {source}{written}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, 9 * self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(_MARGIN, 4, -_MARGIN, -4)
        unit = QFontMetricsF(self.font()).height()
        top = self._paint_source(painter, area, unit, theme)
        lines = self._lines(area.width())
        for first, last in lines:
            top = self._paint_line(painter, area, top, first, last, theme)
            if top > area.bottom():
                break
        painter.end()

    def _paint_source(self, painter: QPainter, area: QRectF, unit: float, theme: Colors) -> float:
        painter.setPen(QColor(theme.muted))
        painter.setFont(small_font(self.font()))
        painter.drawText(QRectF(area.left(), area.top(), area.width(), unit), "Source")
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        lines = 1 + int(QFontMetricsF(self.font()).horizontalAdvance(self._source) // max(1.0, area.width()))
        height = unit * min(lines, 4)
        draw_wrapped(painter, QRectF(area.left(), area.top() + unit, area.width(), height + 1), self._source)
        return area.top() + unit + height + 8

    @property
    def _width(self) -> float:
        """Of a box."""
        metrics = QFontMetricsF(self._large)
        tokens = (*(self._target or ()), *(self._output or ()))
        least = QFontMetricsF(small_font(self.font())).horizontalAdvance("100 ")
        return max([least, *(metrics.horizontalAdvance(shown_token(token)) + 22 for token in tokens)])

    @property
    def _large(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(round(font.pixelSize() * 1.2))
        return font

    def _lines(self, width: float) -> list[tuple[int, int]]:
        """(first place, the one behind the last one) of each line."""
        count = max(len(self._target or ()), len(self._output or ()))
        fitting = max(1, int(width // (self._width + 3)))
        return [(start, min(start + fitting, count)) for start in range(0, count, fitting)]

    def _paint_line(self, painter: QPainter, area: QRectF, top: float, first: int, last: int, theme: Colors) -> float:
        unit = QFontMetricsF(self.font()).height()
        rows = [("Should be", self._target, False), ("Written", self._output, True)]
        for title, tokens, written in rows:
            if tokens is None:
                continue
            painter.setFont(small_font(self.font()))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(area.left(), top, area.width(), unit), title)
            top += unit
            for place in range(first, last):
                box = QRectF(area.left() + (place - first) * (self._width + 3), top, self._width, unit * 1.6)
                text = shown_token(tokens[place]) if place < len(tokens) else ""
                self._paint_box(painter, box, text, place, written, theme)
            top += unit * 1.6 + (unit if written and self._certainties else 4)
        return top + 6

    def _paint_box(self, painter: QPainter, box: QRectF, text: str, place: int, written: bool, theme: Colors) -> None:
        target, output = self._target, self._output
        wrong = target is not None and output is not None and target[place : place + 1] != output[place : place + 1]
        marked = written and wrong
        painter.setPen(QPen(QColor(theme.error if marked else theme.border), 2.4 if marked else 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        painter.setFont(self._large)
        painter.setPen(QColor(theme.error if marked else theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        small = small_font(self.font())
        painter.setFont(small)
        if marked:
            painter.drawText(box.adjusted(0, -1, -3, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, "✗")
        if not written or place >= len(self._certainties):
            return
        certainty = self._certainties[place]
        below = QRectF(box.left(), box.bottom() + 1, box.width(), QFontMetricsF(small).height())
        painter.setPen(QColor(theme.muted))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{certainty:.0%}".removesuffix("%"))
        bar = QPointF(box.left() + 2, below.bottom() + 1)
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawLine(bar, bar + QPointF(max(1.0, (box.width() - 4) * certainty), 0))
