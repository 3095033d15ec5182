"""The confusion matrix as a picture: where everything goes, and how it is painted."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPen

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors
from nnplayground.ui.widgets.contrast import mixed, readable_on

_LEAST_WITH_NUMBERS = 16
_SMALLEST, _WIDEST, _HIGHEST = 4, 150, 90
_CORNER = "true ↓ predicted →"

Cell = tuple[int, int]
"""(index of the true class, index of the predicted class)"""


class Confusion(msgspec.Struct, frozen=True):
    """counts: (k, k), true classes in rows, predicted ones in columns; names: of the k classes."""

    counts: Array
    names: tuple[str, ...]

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    @property
    def right(self) -> int:
        """How many were predicted as what they are."""
        return int(np.trace(self.counts))

    @property
    def shares(self) -> Array:
        """(k, k): of the samples of each true class, the share predicted as each class; 0 where it has none."""
        return self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)

    def recall(self, row: int) -> float | None:
        """The share of the samples of a class that was predicted as it; None without samples."""
        count = int(self.counts[row].sum())
        return int(self.counts[row, row]) / count if count else None

    def precision(self, column: int) -> float | None:
        """The share of what was predicted as a class that belongs to it.

        None where nothing was predicted so, or all samples are of one class.
        """
        count = int(self.counts[:, column].sum())
        return int(self.counts[column, column]) / count if count and not self.only else None

    @property
    def only(self) -> str:
        """The class that all samples belong to, where there are others that have none; else ""."""
        present = np.flatnonzero(self.counts.sum(axis=1))
        return self.names[present[0]] if len(present) == 1 and len(self.names) > 1 else ""

    def sentence(self, row: int, column: int) -> str:
        """What a cell says."""
        count, of = int(self.counts[row, column]), int(self.counts[row].sum())
        were = "was" if count == 1 else "were"
        end = "recognized" if row == column else f"predicted as '{self.names[column]}'"
        return f"{count:,} of {of:,} '{self.names[row]}' {were} {end}"


class Grid(msgspec.Struct, frozen=True):
    """Where everything is, in pixels of the viewport. cells: what is visible of the matrix; origin: of cell (0, 0)."""

    cell: QSize
    cells: QRect
    origin: QPoint
    label_width: int
    head_height: int
    foot_height: int
    side_width: int
    upright: bool

    def rect(self, row: int, column: int) -> QRect:
        corner = self.origin + QPoint(column * self.cell.width(), row * self.cell.height())
        return QRect(corner, self.cell)

    @property
    def numbers_shown(self) -> bool:
        """Whether cells are large enough to hold their counts."""
        return min(self.cell.width(), self.cell.height()) >= _LEAST_WITH_NUMBERS


def lay_out(names: tuple[str, ...], size: QSize, *, metrics: QFontMetrics, scrolled: QPoint, zoom: float) -> Grid:
    """Places for a matrix of these classes in a viewport of `size`; zoom 1: as large as all of it fits, or nearly."""
    count = max(len(names), 1)
    width, height = size.width(), size.height()
    longest = max((metrics.horizontalAdvance(name) for name in names), default=0)
    label_width = min(max(longest, metrics.horizontalAdvance(_CORNER)) + 14, max(width // 4, 60))
    side_width = metrics.horizontalAdvance("100.0%") + 14
    foot_height = metrics.height() + 4
    line = metrics.height() + 4
    cell_width = _cell_size((width - label_width - side_width) / count, _WIDEST, zoom)
    upright = cell_width < min(longest + 6, 44)
    head_height = max(line, min(longest + 10, height // 3)) if upright else line
    cell_height = _cell_size((height - head_height - foot_height) / count, _HIGHEST, zoom)
    room = QSize(max(width - label_width - side_width, 1), max(height - head_height - foot_height, 1))
    shown = room.boundedTo(QSize(cell_width * count, cell_height * count))
    cells = QRect(QPoint(label_width + (room.width() - shown.width()) // 2, head_height), shown)
    return Grid(
        QSize(cell_width, cell_height),
        cells,
        cells.topLeft() - scrolled,
        label_width,
        head_height,
        foot_height,
        side_width,
        upright,
    )


def _cell_size(room: float, most: int, zoom: float) -> int:
    fitting = int(min(max(room, _SMALLEST), most))
    # Some scrolling is better than a matrix that just fails to show its numbers.
    if _LEAST_WITH_NUMBERS // 2 <= fitting < _LEAST_WITH_NUMBERS:
        fitting = _LEAST_WITH_NUMBERS
    return round(fitting * zoom)


def paint_matrix(
    painter: QPainter, theme: Colors, grid: Grid, confusion: Confusion, *, hovered: Cell | None, focused: Cell | None
) -> None:
    """Paint everything, with frames around the cell under the mouse and the one that has the keyboard."""
    painter.save()
    painter.setClipRect(grid.cells)
    if grid.numbers_shown:
        _paint_cells(painter, theme, grid, confusion)
    else:
        _paint_picture(painter, theme, grid, confusion)
    _paint_frames(painter, theme, grid, hovered=hovered, focused=focused)
    painter.restore()
    marked = hovered or focused
    _paint_rows(painter, theme, grid, confusion, marked)
    _paint_columns(painter, theme, grid, confusion, marked)
    _paint_corners(painter, theme, grid, confusion)


def _paint_cells(painter: QPainter, theme: Colors, grid: Grid, confusion: Confusion) -> None:
    metrics = QFontMetrics(painter.font())
    shares = confusion.shares
    two_lines = grid.cell.height() >= 2 * metrics.height() + 6
    for row in _visible(grid.cells.top() - grid.origin.y(), grid.cells.height(), grid.cell.height(), shares):
        for column in _visible(grid.cells.left() - grid.origin.x(), grid.cells.width(), grid.cell.width(), shares):
            rect = grid.rect(row, column).adjusted(1, 1, -1, -1)
            share = float(shares[row, column])
            back = cell_color(theme, share, right=row == column)
            painter.fillRect(rect, back)
            count = int(confusion.counts[row, column])
            texts = [f"{count:,}"]
            if two_lines and confusion.counts[row].any():
                texts.append(f"{share:.0%}")
            preferred = QColor(theme.text if count else theme.muted)
            painter.setPen(readable_on(back, preferred))
            if metrics.horizontalAdvance(texts[0]) <= rect.width() - 2:
                painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), "\n".join(texts))


def _paint_picture(painter: QPainter, theme: Colors, grid: Grid, confusion: Confusion) -> None:
    """Small cells as one picture, a pixel each, stretched."""
    shades = np.array([[_rgb(cell_color(theme, step / 63, right=right)) for step in range(64)] for right in (0, 1)])
    steps = np.ceil(confusion.shares * 63).astype(np.intp)
    pixels = shades[np.eye(len(steps), dtype=np.intp), steps].astype(np.uint8)
    count = len(steps)
    image = QImage(pixels.tobytes(), count, count, 3 * count, QImage.Format.Format_RGB888)
    painter.drawImage(QRect(grid.origin, grid.cell * count), image)


def _paint_frames(painter: QPainter, theme: Colors, grid: Grid, *, hovered: Cell | None, focused: Cell | None) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if hovered is not None:
        painter.setPen(QPen(QColor(theme.text), 1))
        painter.drawRect(grid.rect(*hovered).adjusted(0, 0, -1, -1))
    if focused is not None:
        painter.setPen(QPen(QColor(theme.text), 2))
        painter.drawRect(grid.rect(*focused).adjusted(1, 1, -1, -1))


def _paint_rows(painter: QPainter, theme: Colors, grid: Grid, confusion: Confusion, marked: Cell | None) -> None:
    """Names on the left, recall on the right."""
    metrics = QFontMetrics(painter.font())
    painter.save()
    beside = QRect(0, grid.cells.top(), grid.cells.right() + 1 + grid.side_width, grid.cells.height())
    # Labels of cells lower than a line reach a little beyond their cell.
    beyond = max(0, (metrics.height() - grid.cell.height()) // 2)
    painter.setClipRect(beside.adjusted(0, -beyond, 0, beyond))
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    every = _label_step(metrics.height(), grid.cell.height())
    for row in _visible(grid.cells.top() - grid.origin.y(), grid.cells.height(), grid.cell.height(), confusion.counts):
        if row % every:
            continue
        rect = grid.rect(row, 0)
        line = QRect(
            grid.cells.left() - grid.label_width, rect.center().y() - metrics.height(), 0, 2 * metrics.height()
        )
        line.setWidth(grid.label_width - 7)
        painter.setPen(QColor(theme.text if marked is not None and row == marked[0] else theme.muted))
        name = metrics.elidedText(confusion.names[row], Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, flags, name)
        line.moveLeft(grid.cells.right() + 1)
        line.setWidth(grid.side_width - 4)
        painter.setPen(QColor(theme.text))
        painter.drawText(line, flags, percent(confusion.recall(row)))
    painter.restore()


def _paint_columns(painter: QPainter, theme: Colors, grid: Grid, confusion: Confusion, marked: Cell | None) -> None:
    """Names above, precision below."""
    metrics = QFontMetrics(painter.font())
    painter.save()
    above = QRect(grid.cells.left(), 0, grid.cells.width(), grid.cells.bottom() + 1 + grid.foot_height)
    beyond = max(0, (metrics.height() - grid.cell.width()) // 2)
    painter.setClipRect(above.adjusted(-beyond, 0, beyond, 0))
    every = _label_step(metrics.height(), grid.cell.width())
    for column in _visible(
        grid.cells.left() - grid.origin.x(), grid.cells.width(), grid.cell.width(), confusion.counts
    ):
        if column % every:
            continue
        rect = grid.rect(0, column)
        painter.setPen(QColor(theme.text if marked is not None and column == marked[1] else theme.muted))
        room = grid.head_height - 8 if grid.upright else rect.width() - 4
        name = metrics.elidedText(confusion.names[column], Qt.TextElideMode.ElideMiddle, room)
        if grid.upright:
            painter.save()
            painter.translate(rect.center().x() + metrics.ascent() / 2 - 1, grid.head_height - 4)
            painter.rotate(-90)
            painter.drawText(QPointF(0, 0), name)
            painter.restore()
        else:
            head = QRect(rect.left(), 0, rect.width(), grid.head_height)
            painter.drawText(head, int(Qt.AlignmentFlag.AlignCenter), name)
        share = percent(confusion.precision(column), short=rect.width() < metrics.horizontalAdvance("100.0%"))
        if metrics.horizontalAdvance(share) <= rect.width():
            painter.setPen(QColor(theme.text))
            foot = QRect(rect.left(), grid.cells.bottom() + 1, rect.width(), grid.foot_height)
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignCenter), share)
    painter.restore()


def _paint_corners(painter: QPainter, theme: Colors, grid: Grid, confusion: Confusion) -> None:
    metrics = QFontMetrics(painter.font())
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    line = metrics.height() + 4
    left, right = grid.cells.left() - grid.label_width, grid.cells.right() + 1
    painter.setPen(QColor(theme.muted))
    for rect, text in (
        (QRect(left, grid.head_height - line, grid.label_width - 7, line), _CORNER),
        (QRect(right, grid.head_height - line, grid.side_width - 4, line), "recall"),
        (QRect(left, grid.cells.bottom() + 1, grid.label_width - 7, grid.foot_height), "precision"),
    ):
        painter.drawText(rect, flags, metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width()))
    bold = QFont(painter.font())
    bold.setBold(True)
    painter.setFont(bold)
    painter.setPen(QColor(theme.text))
    corner = QRect(right, grid.cells.bottom() + 1, grid.side_width - 4, grid.foot_height)
    painter.drawText(corner, flags, percent(confusion.right / confusion.total if confusion.total else None))


def cell_color(theme: Colors, share: float, *, right: bool | int) -> QColor:
    """The colour of a cell: blue for right predictions, red for wrong ones, stronger with the share of the row."""
    base = QColor(theme.canvas)
    if share <= 0:
        return base
    # The power makes a few mistakes among many samples visible.
    return mixed(QColor(theme.training if right else theme.error), base, 0.12 + 0.78 * share**0.6)


def _rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()


def percent(share: float | None, *, short: bool = False) -> str:
    if share is None:
        return "–"
    return f"{share:.0%}" if short else f"{share:.1%}"


def _visible(start: int, room: int, size: int, cells: Array) -> Iterator[int]:
    """Rows or columns of which something is in sight; start: pixels that are scrolled away."""
    return iter(range(max(start // size, 0), min((start + room - 1) // size + 1, len(cells))))


def _label_step(line: int, cell: int) -> int:
    """Every how many cells there is room for a label."""
    return max(1, -(-(line - 2) // cell))
