"""Tables of numbers on coloured squares, and pictures of larger ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from nnplayground.formulas.pictures import Area, Grid
from nnplayground.ui.maths.boxes import Box, Look
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.contrast import readable_on
from nnplayground.ui.widgets.pictures import image_from_array

_SIDE = 84.0
"""The longer side of a picture, at the usual size of the text."""


@dataclass(slots=True, frozen=True)
class GridInk:
    """cell: size of one cell. texts: by row and column, none where it is a picture."""

    grid: Grid
    cell: tuple[float, float]
    font: QFont
    texts: tuple[tuple[str, ...], ...]
    image: QImage
    colors: tuple[tuple[tuple[int, int, int], ...], ...]

    @property
    def height(self) -> float:
        return self.cell[1] * self.grid.values.shape[0]

    @property
    def width(self) -> float:
        return self.cell[0] * self.grid.values.shape[1]

    def area(self, box: Box, place: QPointF) -> QRectF:
        """Where the cells are; below them stands the title."""
        left = place.x() + (box.width - self.width) / 2
        return QRectF(left, place.y() - box.ascent, self.width, self.height)

    def cell_at(self, box: Box, place: QPointF, position: QPointF) -> tuple[int, int] | None:
        area = self.area(box, place)
        if not area.contains(position):
            return None
        rows, columns = self.grid.values.shape
        row = int((position.y() - area.top()) // self.cell[1])
        column = int((position.x() - area.left()) // self.cell[0])
        return min(row, rows - 1), min(column, columns - 1)

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        area = self.area(box, place)
        painter.drawImage(area, self.image)
        if self.texts:
            self._paint_numbers(painter, area)
        border = look.theme.accent if box.node is look.pointed else look.theme.border
        painter.setPen(QPen(QColor(border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
        if self.grid.marked is not None:
            self._paint_mark(painter, area, self.grid.marked)
        painter.setFont(self.font)
        painter.setPen(QColor(look.theme.muted))
        title = QRectF(place.x(), area.bottom() + 1, box.width, box.rect(place).bottom() - area.bottom())
        painter.drawText(title, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop), self.grid.title)

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(self.font)
        for row, texts in enumerate(self.texts):
            for column, text in enumerate(texts):
                ground = QColor(*self.colors[row][column])
                painter.setPen(readable_on(ground, QColor("#1c2230")))
                cell = QRectF(
                    area.left() + column * self.cell[0], area.top() + row * self.cell[1], self.cell[0], self.cell[1]
                )
                painter.drawText(cell, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_mark(self, painter: QPainter, area: QRectF, marked: Area) -> None:
        frame = QRectF(
            area.left() + marked.left * self.cell[0],
            area.top() + marked.top * self.cell[1],
            marked.width * self.cell[0],
            marked.height * self.cell[1],
        )
        # Dark on light, so that it is seen on any colour.
        painter.setPen(QPen(QColor("#ffffff"), 3))
        painter.drawRect(frame)
        painter.setPen(QPen(QColor("#111722"), 1.4))
        painter.drawRect(frame)


def grid_box(grid: Grid, font: QFont, *, scale: float, axis: float, path: tuple[int, ...]) -> Box:
    """font: small; scale: of the text, against the usual size; axis: height of the middle above the baseline."""
    metrics = QFontMetricsF(font)
    rows, columns = grid.values.shape
    kind = "diverging" if grid.limits[0] < 0 else "sequential"
    shades = to_rgb(grid.values, kind, limits=grid.limits)
    texts: tuple[tuple[str, ...], ...] = ()
    colors: tuple[tuple[tuple[int, int, int], ...], ...] = ()
    if grid.as_numbers:
        texts = tuple(tuple(_cell_text(grid, row, column) for column in range(columns)) for row in range(rows))
        widest = max(metrics.horizontalAdvance(text) for line in texts for text in line)
        cell = (max(widest + 8, metrics.height() + 6), metrics.height() + 6)
        colors = tuple(tuple((int(r), int(g), int(b)) for r, g, b in line) for line in shades)
    else:
        # Whole pixels for each value keep the squares equal, as long as there is room for one each.
        side = _SIDE * scale / max(rows, columns)
        side = float(int(side)) if side >= 1 else side
        cell = (side, side)
    image = image_from_array(np.ascontiguousarray(shades))
    ink = GridInk(grid, cell, font, texts, image, colors)
    title = metrics.height() + 2
    ascent = ink.height / 2 + axis
    width = max(ink.width, metrics.horizontalAdvance(grid.title)) + 2
    return Box(width, ascent, ink.height + title - ascent, grid, path, ink=ink)


def _cell_text(grid: Grid, row: int, column: int) -> str:
    number = grid.cell(row, column)
    return "" if np.isnan(number.value) else number.plain()
