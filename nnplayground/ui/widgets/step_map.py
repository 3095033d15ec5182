"""What units do from step to step: a row for each step, named by its token, a column for each unit.

Of attention, the columns are the places that are looked at, and have names as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.colormaps import Kind, to_rgb
from nnplayground.ui.widgets.pictures import image_from_array
from nnplayground.ui.widgets.token_chips import shown_token

_GAP = 6.0
_WIDEST_LABEL = 0.42
"""Share of the width that the names of the steps may take."""
_TALLEST_HEAD = 0.3
"""Share of the height that the names of the columns may take."""
_NARROWEST_LETTER = 6.0


class StepMap(QAbstractScrollArea):
    """A heatmap that scrolls from step to step. The arrow keys move a cursor; what it is on, or the mouse, is told."""

    described = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Array = np.zeros((0, 1), np.float32)
        self._labels: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()
        self._image = QImage()
        self._cursor: tuple[int, int] | None = None
        self._pointer: tuple[int, int] | None = None
        self._label_width = 0.0
        self._head_height = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setMouseTracking(True)

    def show_values(
        self,
        values: Array,
        labels: Sequence[str],
        *,
        kind: Kind,
        limits: tuple[float, float],
        columns: Sequence[str] = (),
    ) -> None:
        """values: (steps, units); labels: of the steps; kind, limits: of the colours; columns: what the columns are
        where they are no units.
        """
        names = (tuple(labels), tuple(columns))
        fresh = values.shape != self._values.shape or names != (self._labels, self._columns)
        self._values, (self._labels, self._columns) = values, names
        self._image = image_from_array(np.ascontiguousarray(to_rgb(values, kind, limits=limits)))
        if fresh:
            self._cursor = self._pointer = None
            self._lay_out()
        self.viewport().update()
        self.tell()

    def tell(self) -> None:
        """Describe again what the mouse or the cursor is on: its value may be another one now."""
        self.described.emit(self._describe())

    def _describe(self) -> str:
        at = self._pointer or (self._cursor if self.hasFocus() else None)
        if at is None or at[0] >= len(self._values):
            return ""
        step, unit = at
        value = f"{self._values[step, unit]:.3f}".replace("-", "−")
        if self._columns:
            row, column = shown_token(self._labels[step]), shown_token(self._columns[unit])
            return f"{step + 1} “{row}” takes {value} from {unit + 1} “{column}”"
        return f"unit {unit + 1} at {step + 1} “{shown_token(self._labels[step])}”: {value}"

    @property
    def row_height(self) -> float:
        return QFontMetricsF(small_font(self.font())).height() + 2

    def _lay_out(self) -> None:
        metrics = QFontMetricsF(small_font(self.font()))
        widest = max((metrics.horizontalAdvance(shown_token(label)) for label in self._labels), default=0.0)
        self._label_width = min(widest + 2 + _GAP, self.viewport().width() * _WIDEST_LABEL)
        self._head_height = self._needed_head(metrics)
        shown = self.viewport().height() - self._head_height
        bar = self.verticalScrollBar()
        bar.setSingleStep(round(self.row_height))
        bar.setPageStep(max(1, round(shown)))
        bar.setRange(0, max(0, round(len(self._values) * self.row_height - shown)))

    def _needed_head(self, metrics: QFontMetricsF) -> float:
        """The height of the names of the columns, which stand upright or lie on their side."""
        if not self._columns:
            return 0.0
        if self._upright:
            return metrics.height() + 2
        widest = max(metrics.horizontalAdvance(shown_token(column)) for column in self._columns)
        return min(widest + _GAP, self.viewport().height() * _TALLEST_HEAD)

    @property
    def _upright(self) -> bool:
        """Whether the names of the columns have room beside each other."""
        wide = self._field().width() / max(len(self._columns), 1)
        if all(len(shown_token(column)) == 1 for column in self._columns):
            return wide >= _NARROWEST_LETTER
        metrics = QFontMetricsF(small_font(self.font()))
        return all(metrics.horizontalAdvance(shown_token(column)) + 2 <= wide for column in self._columns)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._values):
            return
        theme = colors(self)
        painter = QPainter(self.viewport())
        if not self.isEnabled():
            painter.setOpacity(0.35)
        scrolled = self.verticalScrollBar().value()
        height = self.row_height
        field = self._field()
        painter.setFont(small_font(self.font()))
        painter.setPen(QColor(theme.text))
        metrics = painter.fontMetrics()
        self._paint_columns(painter)
        painter.setClipRect(self.viewport().rect().adjusted(0, round(self._head_height), 0, 0))
        painter.drawImage(field.translated(0, -scrolled), self._image)
        first = int(scrolled // height)
        last = min(len(self._values), int((scrolled + self.viewport().height()) // height) + 1)
        for row in range(first, last):
            line = QRectF(0, field.top() + row * height - scrolled, self._label_width - _GAP, height)
            text = metrics.elidedText(shown_token(self._labels[row]), Qt.TextElideMode.ElideRight, int(line.width()))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        at = self._cursor if self.hasFocus() else self._pointer
        if at is not None and at[0] < len(self._values):
            wide = field.width() / self._values.shape[1]
            cell = QRectF(field.left() + at[1] * wide, field.top() + at[0] * height - scrolled, max(wide, 3), height)
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(cell)
        painter.end()

    def _paint_columns(self, painter: QPainter) -> None:
        """The names of the columns; where they are too many, of every second one, and so on."""
        field, metrics = self._field(), painter.fontMetrics()
        wide = field.width() / max(len(self._columns), 1)
        upright, deep = self._upright, self._head_height
        every = 1 if upright else max(1, math.ceil(0.8 * metrics.height() / wide))
        for place in range(0, len(self._columns), every):
            text = shown_token(self._columns[place])
            painter.save()
            if upright:
                # A letter may be wider than its column: there is room above the neighbours.
                painter.translate(field.left() + place * wide + (wide - metrics.horizontalAdvance(text)) / 2, 0)
                painter.drawText(QPointF(0, metrics.ascent()), text)
            else:
                painter.translate(field.left() + (place + 0.5) * wide, deep)
                painter.rotate(-90)
                line = QRectF(_GAP / 2, -metrics.height() / 2, deep - _GAP / 2, metrics.height())
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(line.width()))
                painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            painter.restore()

    def _field(self) -> QRectF:
        """Where the values are, before scrolling."""
        left, top = self._label_width, self._head_height
        return QRectF(left, top, max(1.0, self.viewport().width() - left - 2), len(self._values) * self.row_height)

    def _at(self, position: QPointF) -> tuple[int, int] | None:
        field = self._field()
        if position.y() < field.top():
            return None
        position = position + QPointF(0, self.verticalScrollBar().value())
        if not field.contains(position):
            return None
        unit = int((position.x() - field.left()) / field.width() * self._values.shape[1])
        row = int((position.y() - field.top()) // self.row_height)
        return min(row, len(self._values) - 1), min(unit, self._values.shape[1] - 1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event.position()))

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._point(None)
        return super().viewportEvent(event)

    def _point(self, at: tuple[int, int] | None) -> None:
        if at != self._pointer:
            self._pointer = at
            self.viewport().update()
            self.tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None or not len(self._values):
            super().keyPressEvent(event)
            return
        steps, units = self._values.shape
        if self._cursor is None:
            self._cursor = (0, 0)
        else:
            step, unit = self._cursor
            self._cursor = (min(max(step + move[0], 0), steps - 1), min(max(unit + move[1], 0), units - 1))
        top = self._cursor[0] * self.row_height
        bar = self.verticalScrollBar()
        if top < bar.value():
            bar.setValue(int(top))
        elif top + self.row_height > bar.value() + (shown := self.viewport().height() - self._head_height):
            bar.setValue(int(top + self.row_height - shown) + 1)
        self._pointer = None
        self.viewport().update()
        self.tell()
