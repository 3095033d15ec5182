"""How far apart two engines are: a bar for each layer, on a logarithmic scale, with the line up to which they agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from nnplayground.training.compare import MARKS, TOLERANCE, LayerDifference, short
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import small_font

LOWEST, HIGHEST = 1e-9, 1.0
"""The scale; smaller and larger differences lie at its ends."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BAR = 8
_GAP = 12


def place_of(difference: float) -> float:
    """Where a difference lies on the scale, from 0 to 1."""
    if not math.isfinite(difference):
        return 1.0
    span = math.log10(HIGHEST / LOWEST)
    return min(max(math.log10(max(difference, LOWEST) / LOWEST) / span, 0.0), 1.0)


class DifferenceBars(QWidget):
    """One row for each layer. The bar ends at the difference after the most updates; ticks stand where it was before;
    a ring stands where rounding alone would end.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._layers: Mapping[str, LayerDifference] = {}

    def show_layers(self, layers: Mapping[str, LayerDifference]) -> None:
        """layers: by id, in the order of computation."""
        if layers == self._layers:
            return
        grown = len(layers) != len(self._layers)
        self._layers = layers
        described = "; ".join(f"{layer_id}: {short(layer.last)}" for layer_id, layer in layers.items())
        self.setAccessibleDescription(described)
        if grown:
            self.updateGeometry()
        self.update()

    @property
    def _row(self) -> float:
        return self.fontMetrics().height() + 10.0

    @property
    def _head(self) -> float:
        """Height of the scale above the rows."""
        return QFontMetricsF(small_font(self.font())).height() * 2 + 8

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 90, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 60, self.height_of(max(len(self._layers), 1)))

    def height_of(self, rows: int) -> int:
        """How high it is with so many layers."""
        return math.ceil(self._head + self._row * rows + 4)

    def _track(self) -> QRectF:
        """Where the scale and the bars are, all rows together."""
        metrics = QFontMetricsF(self.font())
        names = max((metrics.horizontalAdvance(layer_id) for layer_id in self._layers), default=0.0)
        left = min(names, self.width() * 0.35) + _GAP
        right = self.width() - metrics.horizontalAdvance("8.8e-88") - _GAP
        return QRectF(left, self._head, max(right - left, 1.0), self._row * len(self._layers))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, track = colors(self), self._track()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_scale(painter, track, theme)
        for number, (layer_id, layer) in enumerate(self._layers.items()):
            row = QRectF(track.left(), track.top() + number * self._row, track.width(), self._row)
            self._paint_row(painter, row, layer_id, layer, theme)
        self._paint_line(painter, track, theme)

    def _paint_scale(self, painter: QPainter, track: QRectF, theme: Colors) -> None:
        small = small_font(self.font())
        metrics = QFontMetricsF(small)
        painter.setFont(small)
        powers = range(round(math.log10(LOWEST)), round(math.log10(HIGHEST)) + 1)
        step = 1 if track.width() / len(powers) > metrics.horizontalAdvance("10⁻⁹") * 1.8 else 2
        for power in powers[::-step]:
            x = track.left() + place_of(10.0**power) * track.width()
            painter.setPen(QPen(QColor(theme.grid), 1))
            painter.drawLine(QPointF(x, track.top() - 2), QPointF(x, track.bottom()))
            text = "1" if power == 0 else f"10{str(power).translate(_SUPERSCRIPTS)}"
            painter.setPen(QColor(theme.muted))
            width = metrics.horizontalAdvance(text)
            painter.drawText(QPointF(x - width / 2, track.top() - 2 - metrics.descent()), text)

    def _paint_line(self, painter: QPainter, track: QRectF, theme: Colors) -> None:
        """Up to where differences count as none."""
        small = small_font(self.font())
        metrics = QFontMetricsF(small)
        x = track.left() + place_of(TOLERANCE) * track.width()
        pen = QPen(QColor(theme.text), 1.4, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(x, track.top() - 2), QPointF(x, track.bottom()))
        painter.setFont(small)
        left, right = "counts as equal ←", "→ differs"
        y = metrics.ascent()
        painter.setPen(QColor(theme.text))
        painter.drawText(QPointF(x - metrics.horizontalAdvance(left) - 5, y), left)
        painter.drawText(QPointF(x + 5, y), right)

    def _paint_row(self, painter: QPainter, row: QRectF, layer_id: str, layer: LayerDifference, theme: Colors) -> None:
        metrics = QFontMetricsF(self.font())
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        name = metrics.elidedText(layer_id, Qt.TextElideMode.ElideMiddle, row.left() - _GAP)
        baseline = row.center().y() + (metrics.ascent() - metrics.descent()) / 2
        painter.drawText(QPointF(0, baseline), name)
        painter.drawText(QPointF(row.right() + _GAP, baseline), short(layer.last))
        line = QRectF(row.left(), row.center().y() - _BAR / 2, row.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.surface if theme.dark else theme.separator))
        painter.drawRoundedRect(line, _BAR / 2, _BAR / 2)
        if layer.last:
            bar = QRectF(line)
            bar.setWidth(max(line.width() * place_of(layer.last), _BAR))
            color = theme.good if layer.last <= TOLERANCE else theme.warning if layer.explained else theme.error
            painter.setBrush(QColor(color))
            painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        last = max(layer.differences)
        for mark, difference in layer.differences.items():
            if mark != last:
                x = line.left() + place_of(difference) * line.width()
                painter.setPen(QPen(QColor(theme.text), 2))
                painter.drawLine(QPointF(x, line.top() - 2), QPointF(x, line.bottom() + 2))
        center = QPointF(line.left() + place_of(layer.rounding[last]) * line.width(), line.center().y())
        painter.setPen(QPen(QColor(theme.text), 1.6))
        painter.setBrush(QColor(theme.window))
        painter.drawEllipse(center, _BAR / 2, _BAR / 2)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._described_at(event.pos().y()), self)
            return True
        return super().event(event)

    def _described_at(self, y: float) -> str:
        number = int((y - self._head) // self._row)
        if not 0 <= number < len(self._layers):
            return ""
        layer_id, layer = list(self._layers.items())[number]
        marks = [mark for mark in MARKS if mark in layer.differences]
        lines = [f"after {mark} {_updates(mark)}: {short(layer.differences[mark])}" for mark in marks]
        return "\n".join([layer_id, *lines, f"by rounding alone: {short(layer.rounding[marks[-1]])}"])


def _updates(count: int) -> str:
    return "update" if count == 1 else "updates"


class DifferenceKey(QWidget):
    """What the marks of DifferenceBars mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marks: tuple[int, ...] = ()

    def show_marks(self, marks: Sequence[int]) -> None:
        """marks: after which numbers of updates there are differences."""
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self.updateGeometry()
            self.update()

    @property
    def _words(self) -> tuple[str, ...]:
        *before, last = self._marks or (0,)
        ticks = f"after {' and '.join(map(str, before))}" if before else ""
        return f"after {last} {_updates(last)}", ticks, "what rounding alone does"

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(small_font(self.font()))
        width = sum(metrics.horizontalAdvance(words) + 44 for words in self._words)
        return QSize(math.ceil(width), math.ceil(metrics.height() + 4))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small_font(self.font()))
        metrics = QFontMetricsF(painter.font())
        middle, x = self.height() / 2, 0.0
        for number, words in enumerate(self._words):
            if not words:
                continue
            if number == 0:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.good))
                painter.drawRoundedRect(QRectF(x, middle - _BAR / 2, 18, _BAR), _BAR / 2, _BAR / 2)
            elif number == 1:
                painter.setPen(QPen(QColor(theme.text), 2))
                for across in (6.0, 12.0):
                    painter.drawLine(QPointF(x + across, middle - 6), QPointF(x + across, middle + 6))
            else:
                painter.setPen(QPen(QColor(theme.text), 1.6))
                painter.setBrush(QColor(theme.window))
                painter.drawEllipse(QPointF(x + 9, middle), _BAR / 2, _BAR / 2)
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(x + 24, middle + (metrics.ascent() - metrics.descent()) / 2), words)
            x += metrics.horizontalAdvance(words) + 44
