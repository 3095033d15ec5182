"""The confusion matrix: how often each true class was predicted as each class, as a picture to point and click at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.confusion_painting import Cell, Confusion, Grid, lay_out, paint_matrix, percent

_ZOOM = 1.25


class ConfusionMatrix(QAbstractScrollArea):
    """A matrix of counts. Arrow keys move from cell to cell, a click or Enter chooses one; + and − zoom."""

    cell_chosen = Signal(int, int)
    """(index of the true class, index of the predicted class)"""
    cell_pointed = Signal(str)
    """What the cell under the mouse, or the one reached by keyboard, says; empty where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusion.matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusion matrix: true classes in rows, predicted classes in columns")
        self.viewport().setMouseTracking(True)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self._confusion: Confusion | None = None
        self._zoom = 1.0
        self._current = (0, 0)
        self._hovered: Cell | None = None

    @property
    def confusion(self) -> Confusion | None:
        return self._confusion

    @property
    def current(self) -> Cell:
        """The cell that the keyboard is at: (true, predicted)."""
        return self._current

    @property
    def pointed(self) -> str:
        """What the cell under the mouse says, or the one that the keyboard is at; empty where there is none."""
        cell = self._hovered or (self._current if self.hasFocus() else None)
        return self._confusion.sentence(*cell) if self._confusion is not None and cell is not None else ""

    def show_confusion(self, confusion: Confusion) -> None:
        """Show these counts."""
        if self._confusion is None or len(confusion.names) != len(self._confusion.names):
            self._current, self._hovered, self._zoom = (0, 0), None, 1.0
        self._confusion = confusion
        self._set_scroll_ranges()
        self.viewport().update()

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell is, in the viewport."""
        return self._grid().rect(row, column)

    def zoom_by(self, factor: float) -> None:
        """Larger or smaller cells."""
        self._zoom = min(max(self._zoom * factor, 1.0), 40.0)
        self._set_scroll_ranges()
        self.viewport().update()

    def fit(self) -> None:
        """Cells as large as they can be with all of the matrix in sight."""
        self._zoom = 1.0
        self._set_scroll_ranges()
        self.viewport().update()

    @property
    def numbers_shown(self) -> bool:
        """Whether cells are large enough to hold their counts."""
        return self._grid().numbers_shown

    # Places

    def _grid(self) -> Grid:
        return lay_out(
            self._confusion.names if self._confusion is not None else (),
            self.viewport().size(),
            metrics=QFontMetrics(self._small_font()),
            scrolled=QPoint(self.horizontalScrollBar().value(), self.verticalScrollBar().value()),
            zoom=self._zoom,
        )

    def _set_scroll_ranges(self) -> None:
        grid = self._grid()
        count = len(self._confusion.names) if self._confusion is not None else 0
        for bar, content, visible in (
            (self.horizontalScrollBar(), grid.cell.width() * count, grid.cells.width()),
            (self.verticalScrollBar(), grid.cell.height() * count, grid.cells.height()),
        ):
            bar.setRange(0, max(content - visible, 0))
            bar.setPageStep(visible)
            bar.setSingleStep(max(grid.cell.height(), 1))

    def _cell_at(self, place: QPoint) -> Cell | None:
        grid = self._grid()
        if self._confusion is None or not grid.cells.contains(place):
            return None
        away = place - grid.origin
        return away.y() // grid.cell.height(), away.x() // grid.cell.width()

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._confusion is None:
            return
        painter = QPainter(self.viewport())
        painter.setFont(self._small_font())
        focused = self._current if self.hasFocus() else None
        paint_matrix(painter, colors(self), self._grid(), self._confusion, hovered=self._hovered, focused=focused)
        painter.end()

    # Mouse, keyboard, help

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._cell_at(event.position().toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position().toPoint())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._current = cell
            self.viewport().update()
            self.cell_chosen.emit(*cell)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point_at(None)
        elif isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.help_at(event.pos())
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().viewportEvent(event)

    def help_at(self, place: QPoint) -> str:
        """What a tooltip says at a place in the viewport."""
        confusion = self._confusion
        if confusion is None:
            return ""
        cell = self._cell_at(place)
        if cell is not None:
            return f"{confusion.sentence(*cell)}. Click to see them."
        grid = self._grid()
        row = (place.y() - grid.origin.y()) // grid.cell.height()
        column = (place.x() - grid.origin.x()) // grid.cell.width()
        if grid.cells.top() <= place.y() <= grid.cells.bottom() and 0 <= row < len(confusion.names):
            if place.x() > grid.cells.right():
                return f"Recall: of all that are '{confusion.names[row]}', {percent(confusion.recall(row))} were found."
            return confusion.names[row]
        if grid.cells.left() <= place.x() <= grid.cells.right() and 0 <= column < len(confusion.names):
            if place.y() > grid.cells.bottom():
                share = percent(confusion.precision(column))
                return f"Precision: of all predicted as '{confusion.names[column]}', {share} are right."
            return confusion.names[column]
        if place.x() > grid.cells.right() and place.y() > grid.cells.bottom():
            return f"Accuracy: {confusion.right:,} of {confusion.total:,} are right."
        return ""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(_ZOOM if event.angleDelta().y() > 0 else 1 / _ZOOM)
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        key = Qt.Key(event.key())
        if self._confusion is None:
            super().keyPressEvent(event)
        elif key in moves:
            last = len(self._confusion.names) - 1
            row, column = (
                min(max(place + step, 0), last) for place, step in zip(self._current, moves[key], strict=True)
            )
            self._move_to(row, column)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.cell_chosen.emit(*self._current)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(_ZOOM)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / _ZOOM)
        else:
            super().keyPressEvent(event)

    def _move_to(self, row: int, column: int) -> None:
        self._current = (row, column)
        grid = self._grid()
        for bar, start, size in (
            (self.horizontalScrollBar(), column * grid.cell.width(), grid.cell.width()),
            (self.verticalScrollBar(), row * grid.cell.height(), grid.cell.height()),
        ):
            bar.setValue(min(max(bar.value(), start + size - bar.pageStep()), start))
        self._say()
        self.viewport().update()

    def _point_at(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self._say()
            self.viewport().update()

    def _say(self) -> None:
        self.setAccessibleDescription(self.pointed)
        self.cell_pointed.emit(self.pointed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_scroll_ranges()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._say()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._say()
        self.viewport().update()
