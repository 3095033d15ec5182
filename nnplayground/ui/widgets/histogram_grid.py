"""Small multiples of histograms: how the weights of every tensor of a model are spread."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from nnplayground.training.events import Histogram
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.numbers import short_number

_LEAST_WIDTH = 118
_BARS = 34
_GAP = 12
_NEAR_ZERO = 0.01


class Spread(msgspec.Struct, frozen=True):
    """What a histogram says in numbers, to the precision of its bins.

    near_zero: the share of values within a hundredth of the greatest magnitude around 0.
    """

    mean: float
    deviation: float
    near_zero: float

    @property
    def text(self) -> str:
        return f"{_short(self.mean)} ± {_short(self.deviation)}"


def spread(histogram: Histogram) -> Spread:
    """Mean, standard deviation and share near zero, with the values of a bin evenly spread over it."""
    counts = np.asarray(histogram.counts, np.float64)
    edges = np.asarray(histogram.edges, np.float64)
    total = counts.sum()
    if not total:
        return Spread(0.0, 0.0, 0.0)
    filled = counts > 0
    if filled.sum() == 1:
        # All values are (nearly) the same; a bin around 0 then means zeros, such as a new bias.
        low, high = float(edges[:-1][filled][0]), float(edges[1:][filled][0])
        zeros = low <= 0 <= high
        return Spread(0.0 if zeros else (low + high) / 2, 0.0, float(zeros))
    shares = counts / total
    centres = (edges[:-1] + edges[1:]) / 2
    mean = float((shares * centres).sum())
    variance = float((shares * (np.square(centres - mean) + np.square(np.diff(edges)) / 12)).sum())
    reach = float(np.abs(edges).max()) * _NEAR_ZERO
    inside = np.minimum(edges[1:], reach) - np.maximum(edges[:-1], -reach)
    near = float((shares * np.clip(inside / np.diff(edges), 0, 1)).sum())
    return Spread(mean, variance**0.5, near)


class HistogramGrid(QAbstractScrollArea):
    """A histogram for each weight tensor, in as many columns as fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weights.histograms")
        self.setAccessibleName("Histograms of all weights")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self._histograms: dict[str, Histogram] = {}
        self._spreads: dict[str, Spread] = {}
        self._shades: dict[str, str] = {}
        self._layer = ""

    @property
    def spreads(self) -> Mapping[str, Spread]:
        """By "<layer id>/<weight name>": what the histograms say in numbers."""
        return self._spreads

    def show_histograms(self, histograms: Mapping[str, Histogram], *, shades: Mapping[str, str], layer: str) -> None:
        """Show these, by "<layer id>/<weight name>". shades: colour of each layer; layer: the one to stand out."""
        self._histograms = dict(histograms)
        self._spreads = {name: spread(histogram) for name, histogram in histograms.items()}
        self._shades = dict(shades)
        self._layer = layer
        self._set_scroll_range()
        self.viewport().update()

    def sentence(self, name: str) -> str:
        """What the histogram of a tensor says."""
        said = self._spreads[name]
        edges = self._histograms[name].edges
        return (
            f"{name}: {int(np.sum(self._histograms[name].counts)):,} values from {_short(float(edges[0]))} to "
            f"{_short(float(edges[-1]))}, mean {_short(said.mean)}, standard deviation {_short(said.deviation)}. "
            f"{said.near_zero:.0%} are nearly 0, within a hundredth of the largest."
        )

    def _columns(self) -> int:
        return max((self.viewport().width() + _GAP) // (_LEAST_WIDTH + _GAP), 1)

    def _tile_height(self) -> int:
        return 2 * QFontMetrics(self._small_font()).height() + _BARS + 4

    def tile_rect(self, name: str) -> QRect:
        """Where the histogram of a tensor is, in the viewport."""
        columns = self._columns()
        row, column = divmod(list(self._histograms).index(name), columns)
        width = (self.viewport().width() - (columns - 1) * _GAP) // columns
        top = row * (self._tile_height() + _GAP) - self.verticalScrollBar().value()
        return QRect(column * (width + _GAP), top, width, self._tile_height())

    def _set_scroll_range(self) -> None:
        rows = -(-len(self._histograms) // self._columns())
        bar = self.verticalScrollBar()
        bar.setRange(0, max(rows * (self._tile_height() + _GAP) - _GAP - self.viewport().height(), 0))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._tile_height() + _GAP)

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setFont(self._small_font())
        theme = colors(self)
        for name, histogram in self._histograms.items():
            rect = self.tile_rect(name)
            if rect.intersects(event.rect()):
                self._paint_tile(painter, theme, rect, name, histogram)
        painter.end()

    def _paint_tile(self, painter: QPainter, theme: Colors, rect: QRect, name: str, histogram: Histogram) -> None:
        metrics = QFontMetrics(painter.font())
        layer = name.rpartition("/")[0]
        chosen = layer == self._layer
        painter.setPen(QColor(theme.text if chosen else theme.muted))
        title = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(QPoint(rect.left(), rect.top() + metrics.ascent()), title)
        bars = QRectF(rect.left(), rect.top() + metrics.height() + 1, rect.width(), _BARS)
        painter.fillRect(bars, QColor(theme.canvas))
        counts = np.asarray(histogram.counts, np.float64)
        edges = np.asarray(histogram.edges, np.float64)
        highest = counts.max(initial=0)
        if highest and edges[-1] > edges[0]:
            places = bars.left() + (edges - edges[0]) / (edges[-1] - edges[0]) * bars.width()
            heights = counts / highest * (bars.height() - 2)
            rects = [
                QRectF(left, bars.bottom() - height, right - left, height)
                for left, right, height in zip(places[:-1], places[1:], heights, strict=True)
                if height
            ]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._shades.get(layer, theme.training)))
            painter.drawRects(rects)
            if edges[0] < 0 < edges[-1]:
                zero = bars.left() + -edges[0] / (edges[-1] - edges[0]) * bars.width()
                painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(zero, bars.top()), QPointF(zero, bars.bottom()))
        painter.setPen(QColor(theme.muted))
        said = self._spreads[name]
        foot = QRect(rect.left(), round(bars.bottom()) + 1, rect.width(), metrics.height())
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft), said.text)
        near = f"{said.near_zero:.0%} ≈ 0"
        if metrics.horizontalAdvance(said.text + near) + 8 <= foot.width():
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight), near)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            names = [name for name in self._histograms if self.tile_rect(name).contains(event.pos())]
            QToolTip.showText(event.globalPos(), self.sentence(names[0]) if names else "", self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_scroll_range()


def _short(value: float) -> str:
    if value == 0 or abs(value) < 5e-7:
        return "0"
    return short_number(value, 2)
