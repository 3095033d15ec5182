"""Values as bars: the units of a dense layer, or classes with their names and probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.numbers import short_number

_NARROWEST = 7.0
"""Width of a unit's bar with its gap, in pixels."""
_ROW_HEIGHT = (46, 120)
"""The least and the greatest height of a row of units."""
_MARGIN = 4
PALE = 0.35
"""Opacity of values that no longer belong to what stands beside them."""


def small_font(font: QFont) -> QFont:
    """The font for numbers at axes and notes."""
    small = QFont(font)
    small.setPixelSize(max(9, round(font.pixelSize() * 0.85)))
    return small


class _Scrolled(QAbstractScrollArea):
    """A column of rows, of which only the visible ones are painted."""

    described = Signal(str)
    """What is under the mouse, in one line; empty where there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointer: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.viewport().setMouseTracking(True)

    def _set_content(self, height: int, step: int) -> None:
        bar = self.verticalScrollBar()
        bar.setSingleStep(step)
        bar.setPageStep(self.viewport().height())
        bar.setRange(0, max(0, height - self.viewport().height()))

    def tell(self) -> None:
        """Describe again what is under the mouse: its value may be another one now."""
        self.described.emit(self._describe_at(self._pointer) if self._pointer is not None else "")

    def _describe_at(self, position: QPointF) -> str:
        raise NotImplementedError

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self.tell()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._pointer = None
            self.tell()
        return super().viewportEvent(event)


class UnitBars(_Scrolled):
    """One upright bar for each unit, in rows that are read like lines of text. All rows have the same scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Array = np.zeros(0, np.float32)

    def show_values(self, values: Array) -> None:
        """values: (units,)."""
        self._values = np.nan_to_num(np.asarray(values, np.float32), nan=0.0)
        self._lay_out()
        self.viewport().update()

    def summary(self) -> str:
        """One line about all of them."""
        values = self._values
        if not values.size:
            return ""
        zero = int((values == 0).sum())
        text = f"{values.size:,} {'unit' if values.size == 1 else 'units'}"
        text = f"{text} · {zero:,} zero" if zero else text
        least, mean, most = (short_number(value, 2) for value in (values.min(), values.mean(), values.max()))
        return f"{text} · min {least} · mean {mean} · max {most}"

    @property
    def _per_row(self) -> int:
        fitting = max(1, int(self.viewport().width() / _NARROWEST))
        if fitting >= self._values.size:
            return max(1, self._values.size)
        # Round numbers are easier to count on.
        return max(8, fitting // 8 * 8)

    @property
    def _rows(self) -> int:
        return math.ceil(self._values.size / self._per_row)

    @property
    def _row_height(self) -> int:
        low, high = _ROW_HEIGHT
        return min(max(low, self.viewport().height() // max(1, self._rows)), high)

    def _limits(self) -> tuple[float, float]:
        """Zero is always in sight, because bars start there."""
        if not self._values.size:
            return 0.0, 1.0
        low, high = min(0.0, float(self._values.min())), max(0.0, float(self._values.max()))
        return (low, high) if high > low else (0.0, 1.0)

    def _lay_out(self) -> None:
        self._set_content(self._rows * self._row_height, self._row_height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self.viewport())
        painter.setOpacity(1.0 if self.isEnabled() else PALE)
        font = small_font(self.font())
        painter.setFont(font)
        metrics = QFontMetrics(font)
        top, height = self.verticalScrollBar().value(), self._row_height
        low, high = self._limits()
        width = self.viewport().width() / self._per_row
        for row in range(top // height, min(self._rows, math.ceil((top + self.viewport().height()) / height))):
            first = row * self._per_row
            values = self._values[first : first + self._per_row]
            plot = QRectF(
                0, row * height - top + metrics.height(), self.viewport().width(), height - metrics.height() - 8
            )
            painter.setPen(QColor(theme.muted))
            label = f"units {first}–{first + len(values) - 1}" if len(values) > 1 else f"unit {first}"
            painter.drawText(QPointF(0, plot.top() - metrics.descent()), label)
            zero = plot.bottom() + low / (high - low) * plot.height()
            heights = values / (high - low) * plot.height()
            gap = 1 if width < 12 else 3
            bars = [
                QRectF(number * width, zero - max(tall, 0.0), max(1.0, min(width - gap, 40)), abs(tall))
                for number, tall in enumerate(heights.tolist())
            ]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent))
            painter.drawRects([bar for bar, tall in zip(bars, heights, strict=True) if tall > 0])
            painter.setBrush(QColor(theme.validation))
            painter.drawRects([bar for bar, tall in zip(bars, heights, strict=True) if tall < 0])
            painter.setPen(QColor(theme.border))
            painter.drawLine(QPointF(0, zero + 0.5), QPointF(len(values) * width, zero + 0.5))
        painter.end()

    def _describe_at(self, position: QPointF) -> str:
        row = int((position.y() + self.verticalScrollBar().value()) // self._row_height)
        column = int(position.x() // (self.viewport().width() / self._per_row))
        unit = row * self._per_row + column
        there = 0 <= column < self._per_row and 0 <= unit < self._values.size
        return f"Unit {unit}: {short_number(self._values[unit], 4)}" if there else ""


Tone = Literal["accent", "good", "error", "pale_run"]


class ClassBar(msgspec.Struct, frozen=True):
    """A class with its probability. note: why it stands out ("true, predicted")."""

    name: str
    value: float
    note: str = ""
    tone: Tone = "pale_run"


def class_bars(probabilities: Array, names: Sequence[str], *, label: int, by_value: bool = False) -> list[ClassBar]:
    """A bar for each class, the true and the predicted one marked in words.

    probabilities: (k,), or (1,) for the probability of the second class of two. by_value: the most probable first.
    """
    if len(probabilities) == 1:
        second = float(probabilities[0])
        values = [1 - second, second]
    else:
        values = [float(value) for value in probabilities]
    # As in training/outcomes: exactly 0.5 of a single output is the first class.
    predicted = values.index(max(values))
    bars: list[ClassBar] = []
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        notes = [word for word, there in (("true", number == label), ("predicted", number == predicted)) if there]
        tone: Tone = "pale_run"
        if number == predicted:
            tone = "good" if number == label else "error"
        elif number == label:
            tone = "accent"
        bars.append(ClassBar(name, value, ", ".join(notes), tone))
    return sorted(bars, key=lambda bar: -bar.value) if by_value else bars


class ClassBars(_Scrolled):
    """Names with probabilities: name, note and value on a line, a bar of 0…1 below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[ClassBar, ...] = ()

    @property
    def bars(self) -> tuple[ClassBar, ...]:
        return self._bars

    def show_bars(self, bars: Sequence[ClassBar]) -> None:
        self._bars = tuple(bars)
        self._set_content(len(self._bars) * self.row_height, self.row_height)
        self.updateGeometry()
        self.viewport().update()

    @property
    def row_height(self) -> int:
        return self.fontMetrics().height() + 15

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self._bars)) * self.row_height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._set_content(len(self._bars) * self.row_height, self.row_height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setOpacity(1.0 if self.isEnabled() else PALE)
        top, height = self.verticalScrollBar().value(), self.row_height
        width = self.viewport().width() - _MARGIN
        for row in range(top // height, min(len(self._bars), math.ceil((top + self.viewport().height()) / height))):
            self._draw(painter, QRectF(0, row * height - top, width, height), self._bars[row])
        painter.end()

    def _draw(self, painter: QPainter, area: QRectF, bar: ClassBar) -> None:
        theme = colors(self)
        font = QFont(self.font())
        font.setBold(bool(bar.note))
        metrics = QFontMetrics(font)
        line = QRectF(area.left(), area.top(), area.width(), metrics.height() + 2)
        value = f"{bar.value:.3f}"
        note_font = small_font(self.font())
        note_width = QFontMetrics(note_font).horizontalAdvance(bar.note) + 8 if bar.note else 0
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        room = line.width() - metrics.horizontalAdvance(value) - note_width - 8
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, max(0, int(room)))
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        painter.drawText(line, left, name)
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), value)
        painter.setFont(note_font)
        painter.setPen(QColor(theme.muted))
        painter.drawText(line.adjusted(metrics.horizontalAdvance(name) + 8, 0, 0, 0), left, bar.note)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(area.left(), line.bottom() + 1, area.width(), 6)
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(groove, 3, 3)
        share = min(max(bar.value, 0.0), 1.0) if math.isfinite(bar.value) else 0.0
        if share > 0:
            painter.setBrush(QColor(getattr(theme, bar.tone)))
            painter.drawRoundedRect(QRectF(groove.left(), groove.top(), max(groove.width() * share, 2), 6), 3, 3)

    def _describe_at(self, position: QPointF) -> str:
        row = int((position.y() + self.verticalScrollBar().value()) // self.row_height)
        if not 0 <= row < len(self._bars):
            return ""
        bar = self._bars[row]
        return f"{bar.name}: {bar.value:.4f}" + (f" ({bar.note})" if bar.note else "")
