"""The small field in which one weight or bias is changed, beside its wire or mark."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.fields import ENTER, mark_invalid, undoes
from nnplayground.ui.widgets.numbers import read_number, short_number

_STEP, _FINE_STEP = 0.1, 0.01
_WIDTH = 84
_DIGITS = 5
"""Short, but close enough that Enter would change nothing that is seen."""
_REACH = 1e6
"""A weight beyond this is a slip of the finger."""


class WeightField(QWidget):
    """Enter applies what was typed, Escape puts the first value back, arrows and the wheel change it at once."""

    value_chosen = Signal(float)
    step_requested = Signal(int)
    """To the next (1) or previous (−1) number of the same unit."""
    closed = Signal(bool)
    """Whether the keyboard was still in it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setObjectName("weight_field")
        self._first = 0.0
        self._value = 0.0
        self._is_open = False
        self.caption = QLabel(self)
        self.caption.setProperty("muted", "true")
        self.line = _Line(self)
        self.line.setObjectName("weight_value")
        self.line.setFixedWidth(round(_WIDTH * self.fontMetrics().height() / 16))
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 4, 4, 4)
        row.setSpacing(7)
        row.addWidget(self.caption)
        row.addWidget(self.line)
        self.line.nudged.connect(self._on_nudged)
        self.line.entered.connect(self._on_entered)
        self.line.escaped.connect(self.cancel)
        self.line.left.connect(self._on_left)
        self.line.walked.connect(self._on_walked)
        self.hide()

    @property
    def value(self) -> float:
        """The value that was chosen last, or the first one."""
        return self._value

    def open(self, name: str, value: float, at: QPoint) -> None:
        """Ask for a number. name: what it is called; at: where, in the parent."""
        self._is_open = True
        self._first = self._value = value
        self.caption.setText(name)
        before = short_number(value, _DIGITS)
        tip = f"The {name}. Enter applies, Escape puts {before} back, arrow keys and the wheel change it."
        self.line.setAccessibleName(name)
        self.line.setToolTip(tip)
        self.line.setStatusTip(tip)
        self._write()
        self.adjustSize()
        room = self._room.rect()
        x = min(max(at.x() + 12, room.left() + 4), room.right() - self.width() - 4)
        y = min(max(at.y() - self.height() - 8, room.top() + 4), room.bottom() - self.height() - 4)
        self.move(x, y)
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.selectAll()

    def cancel(self) -> None:
        """The first value again."""
        # What is not a number differs from itself, and was not chosen here.
        if self._value != self._first and not math.isnan(self._value):
            self._value = self._first
            self.value_chosen.emit(self._first)
        self._close()

    def dismiss(self) -> None:
        """Close without choosing anything: what the number belongs to is gone."""
        self._close()

    def _on_entered(self) -> None:
        if self._take():
            self._close()

    def _on_left(self) -> None:
        """Like Enter; what means nothing is given up."""
        if self._is_open:
            self._take()
            self._close()

    def _on_walked(self, direction: int) -> None:
        if self._take():
            self.step_requested.emit(direction)

    def _on_nudged(self, direction: int, fine: bool) -> None:
        read = self._read()
        size = _FINE_STEP if fine else _STEP
        before = self._value if read is None else read
        if not math.isfinite(before):
            before = 0.0  # from a number that has run away there is no next one
        after = (math.floor(before / size + 0.5) + direction) * size
        self._choose(round(after, 12))
        self._write()
        self.line.selectAll()

    def _take(self) -> bool:
        """Choose what was typed; false where it means nothing."""
        if self.line.text() == short_number(self._value, _DIGITS):
            return True
        value = self._read()
        mark_invalid(self.line, value is None)
        if value is None:
            return False
        self._choose(value)
        return True

    def _choose(self, value: float) -> None:
        if value != self._value and abs(value) <= _REACH:
            self._value = value
            self.value_chosen.emit(value)

    def _read(self) -> float | None:
        try:
            value = float(read_number(self.line.text(), whole=False))
        except ValueError:
            return None
        return value if abs(value) <= _REACH else None

    def _write(self) -> None:
        mark_invalid(self.line, False)
        self.line.setText(short_number(self._value, _DIGITS))

    def _close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        # A widget that is hidden while it has the focus hands it on as if Tab had been pressed.
        self.closed.emit(self.line.hasFocus())
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent), 1.5))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)


class _Line(QLineEdit):
    """Where the number is typed."""

    nudged = Signal(int, bool)
    """(direction, by a small step)."""
    entered = Signal()
    escaped = Signal()
    left = Signal()
    walked = Signal(int)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                self.walked.emit(1 if event.key() == Qt.Key.Key_Tab else -1)
                return True
            if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return False if undoes(event) and not self.isModified() else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.nudged.emit(1 if event.key() == Qt.Key.Key_Up else -1, fine)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # With Shift some platforms turn a wheel sideways.
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self.nudged.emit(1 if turned > 0 else -1, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()
