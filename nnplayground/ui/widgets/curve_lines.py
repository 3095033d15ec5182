"""The curves themselves as items of a plot: the visible part of each, reduced to what the screen can show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors
from nnplayground.ui.widgets.contrast import mixed
from nnplayground.ui.widgets.curve_figure import Figure, Line
from nnplayground.ui.widgets.series import Series

_DASHES = 400
"""A dashed line of more points than this would be a row of dots, so it is drawn whole."""
_SMOOTH = 3.0
"""A curve is smooth while it goes up and down by less than this many widths of the picture in all."""
_UNSEEN = 0.25
"""Pixels by which a curve may be drawn beside its place."""
_FEW = 64
"""So few points are all drawn."""


def thinned(xs: Array, ys: Array, *, within: float) -> tuple[Array, Array]:
    """A curve without the points that lie within a distance, measured along y, of the line between their neighbours.

    xs, ys: (n,). Every second point is looked at, and three times, so that at least an eighth of them stays. A wide pen
    costs by the number of points; of a smooth curve most of them are not to be seen.
    """
    for _ in range(3):
        if len(xs) <= _FEW:
            break
        before, here, after = (slice(start, len(xs) - 2 + start, 2) for start in range(3))
        width = xs[after] - xs[before]
        share = np.divide(xs[here] - xs[before], width, out=np.zeros(len(width)), where=width > 0)
        off = np.abs(ys[here] - (ys[before] + share * (ys[after] - ys[before])))
        kept = np.ones(len(xs), bool)
        kept[here] = ~(off <= within)  # a gap is not a number, and stays
        xs, ys = xs[kept], ys[kept]
    return xs, ys


class CurveLines:
    """The items of a plot's view that draw the curves of a figure; they are kept and used again."""

    def __init__(self, view: Any) -> None:
        """view: the pyqtgraph.ViewBox to draw in."""
        self._view = view
        self._items: list[Any] = []

    @property
    def drawn(self) -> tuple[tuple[Array, Array], ...]:
        """What is drawn, from back to front: places and heights in the view (logarithms on a logarithmic axis)."""
        return tuple(item.getData() for item in self._items if item.isVisible())

    def draw(self, figure: Figure, theme: Colors, *, log: bool) -> None:
        """Draw the curves of a figure in the visible range."""
        strokes = list(_strokes(figure, theme))
        while len(self._items) < len(strokes):
            item = pyqtgraph.PlotCurveItem(antialias=True, skipFiniteCheck=False)
            item.setZValue(len(self._items))
            self._items.append(item)
            self._view.addItem(item, ignoreBounds=True)
        for item, (line, series, color, dashed) in zip(self._items, strokes, strict=False):
            xs, ys = self._outline(line, series, log=log)
            strong = series is line.main and line.role in ("training", "validation", "rival")
            pen = self._pen(color, ys, strong=strong, dashed=dashed)
            if pen.widthF() > 1:
                _, (low, high) = self._view.viewRange()
                xs, ys = thinned(xs, ys, within=_UNSEEN * (high - low) / max(self._view.height(), 1.0))
            item.setVisible(True)
            item.setData(xs, ys, pen=pen, connect="finite")
        for item in self._items[len(strokes) :]:
            item.setVisible(False)

    def _pen(self, color: QColor, ys: Array, *, strong: bool, dashed: bool) -> QPen:
        """A pen for a curve through `ys`, heights in the view."""
        _, (low, high) = self._view.viewRange()
        way = float(np.nansum(np.abs(np.diff(ys)))) / (high - low) * self._view.height()
        # Qt's raster engine fills the outline of a pen wider than one pixel: 750 ms for a dense zigzag, against 3 ms
        # for a pen of one pixel. Dense curves need no weight; smooth ones are cheap.
        wide = strong and way < _SMOOTH * self._view.width()
        pen = QPen(color, 1.8 if wide else 1.0)
        pen.setCosmetic(True)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin if wide else Qt.PenJoinStyle.BevelJoin)
        if dashed and wide:
            pen.setDashPattern([4.0, 2.5])
        return pen

    def _outline(self, line: Line, series: Series, *, log: bool) -> tuple[Array, Array]:
        """The visible part of a curve, reduced to the columns of the screen, as places in the view."""
        (left, right), _ = self._view.viewRange()
        start = max(int(np.searchsorted(line.xs, left * line.unit)) - 1, 0)
        stop = min(int(np.searchsorted(line.xs, right * line.unit, side="right")) + 1, len(line.xs))
        # Of a curve that is denser than the screen, a stretch is two pixels wide: half as much to draw.
        columns = max(64, round(self._view.width() / 2))
        indices, values = series.outline(start, max(stop, start), columns)
        places = line.xs[indices] / line.unit
        if not log:
            return places, values
        low, high = values, values
        if len(values) < stop - start:
            # Of a stretch that reaches below 0 its upper end can still be drawn.
            high = np.repeat(values[1::2], 2)
        positive = np.where(low > 0, low, high)
        return places, np.log10(np.where(positive > 0, positive, np.nan))


def _strokes(figure: Figure, theme: Colors) -> Iterator[tuple[Line, Series, QColor, bool]]:
    """Every curve from back to front: its values, its colour, and whether it is dashed."""
    for line in figure.earlier:
        yield line, line.main, QColor(theme.pale_run), False
    for line in figure.lines:
        color = QColor({"validation": theme.validation, "rival": theme.rival}.get(line.role, theme.training))
        if line.role == "trace" or line.smoothed is not None:
            # Mixed, not transparent: a transparent pen costs twenty times as much.
            yield line, line.series, mixed(color, QColor(theme.window), 0.4), False
        if line.role != "trace":
            yield line, line.main, color, line.role in ("validation", "rival") and len(line.series) <= _DASHES
