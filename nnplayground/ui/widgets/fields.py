"""The simple fields of a form: one widget for one value.

Every field has `committed(value, merge)`: the user wants this value (merge: as part of one movement); `refused(text)`:
what was typed means nothing; `left(fresh)`: the focus went while it showed something invalid (fresh: which turned out
only then); and `show_value`, which never commits. A field does not know the document.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from nnplayground.ui.widgets.numbers import Notation, stepped
from nnplayground.ui.widgets.schema import Number

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
UNSET = object()


def mark_invalid(widget: QWidget, invalid: bool) -> None:
    """Give a field its red border, or take it away."""
    wanted = "true" if invalid else "false"
    if widget.property("invalid") != wanted:
        widget.setProperty("invalid", wanted)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def is_invalid(widget: QWidget) -> bool:
    return widget.property("invalid") == "true"


def undoes(event: QEvent) -> bool:
    """Whether a field is about to claim undo or redo for itself. Where nothing has been typed, the document's are
    meant."""
    return (
        isinstance(event, QKeyEvent)
        and event.type() == QEvent.Type.ShortcutOverride
        and (event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo))
    )


class LineField(QLineEdit):
    """Text in some notation. Enter and leaving commit, Escape takes back, the arrow keys step."""

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, notation: Notation, *, placeholder: str = "") -> None:
        super().__init__()
        self._notation = notation
        self._value: Any = UNSET
        self.setPlaceholderText(placeholder)

    @property
    def value(self) -> Any:
        """The value that was shown last."""
        return self._value

    def show_value(self, value: Any) -> None:
        """Show a value, unless it is the one from which the user is just typing another one."""
        if value == self._value and self.isModified() and self.hasFocus():
            return
        self._value = value
        self.take_back()

    def take_back(self) -> None:
        """Show the value again in place of what was typed."""
        mark_invalid(self, False)
        self.setText(self._notation.write(self._value))
        self.setCursorPosition(0)

    def commit(self) -> None:
        if self.text() == self._notation.write(self._value):
            self.take_back()
            return
        try:
            value = self._notation.read(self.text())
        except ValueError:
            self.refused.emit(self.text().strip())
        else:
            self.committed.emit(value, False)

    def event(self, event: QEvent) -> bool:
        return False if undoes(event) and not self.isModified() else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.commit()
            self.selectAll()
        elif event.key() == Qt.Key.Key_Escape and self.isModified():
            self.take_back()
            self.selectAll()
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if event.key() == Qt.Key.Key_Up else -1)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and event.angleDelta().y():
            self._step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() == Qt.FocusReason.PopupFocusReason:
            return
        fresh = not is_invalid(self)
        if fresh:
            self.commit()
        if is_invalid(self):
            self.left.emit(fresh)
        self.setCursorPosition(0)

    def _step(self, direction: int) -> None:
        try:
            before = self._notation.read(self.text())
        except ValueError:
            before = self._value
        after = self._notation.step(before, direction)
        if after is not None and after != self._value:
            self.committed.emit(after, True)


class WholeField(QSpinBox):
    """A whole number. Anything can be typed, so that what is wrong with it can be said."""

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, number: Number) -> None:
        super().__init__()
        self._number = number
        self._stepping = False
        self._document_value = 0
        self.setLocale(QLocale.c())
        self.setRange(-(2**31), 2**31 - 1)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The style sheet's padding does not reach the line inside.
        self.lineEdit().setTextMargins(8, 0, 0, 0)
        self.valueChanged.connect(self._on_value_changed)

    def show_value(self, value: int) -> None:
        typing = self.lineEdit().isModified() and self.hasFocus()
        if value == self._document_value and typing:
            return
        self._document_value = value
        self.take_back()

    def take_back(self) -> None:
        mark_invalid(self, False)
        blocked = self.blockSignals(True)
        self.setValue(self._document_value)
        # Qt leaves the text alone where the value stays the same.
        self.lineEdit().setText(str(self._document_value))
        self.blockSignals(blocked)

    def commit(self) -> None:
        text = self.lineEdit().text().strip()
        value = whole_number(text)
        if value is None:
            self.refused.emit(text)
        elif value == self._document_value:
            self.take_back()
        elif value == self.value():
            self.committed.emit(value, False)
        else:
            self.setValue(value)

    def event(self, event: QEvent) -> bool:
        return False if undoes(event) and not self.lineEdit().isModified() else super().event(event)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        fits = whole_number(text) is not None
        return QValidator.State.Acceptable if fits else QValidator.State.Intermediate, text, position

    def valueFromText(self, text: str) -> int:
        value = whole_number(text)
        return self._document_value if value is None else value

    def stepBy(self, steps: int) -> None:
        value: float = self.value()
        for _ in range(abs(steps)):
            value = stepped(value, 1 if steps > 0 else -1, number=self._number)
        self._stepping = True
        self.setValue(int(value))
        self._stepping = False
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.commit()
            self.selectAll()
        elif event.key() == Qt.Key.Key_Escape and self.lineEdit().isModified():
            self.take_back()
            self.selectAll()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # A context menu is no reason to judge what is not finished.
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            fresh = not is_invalid(self)
            if fresh:
                self.commit()
            if is_invalid(self):
                self.left.emit(fresh)
        super().focusOutEvent(event)

    def _on_value_changed(self, value: int) -> None:
        self.committed.emit(value, self._stepping)


def whole_number(text: str) -> int | None:
    """The whole number in a text, None where there is none or it does not fit into 32 bits."""
    try:
        value = int(text.strip().replace("−", "-"))
    except ValueError:
        return None
    return value if -(2**31) <= value < 2**31 else None


class FlagField(QCheckBox):
    """Yes or no."""

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.toggled.connect(lambda checked: self.committed.emit(checked, False))

    def show_value(self, value: bool) -> None:
        blocked = self.blockSignals(True)
        self.setChecked(bool(value))
        self.blockSignals(blocked)


class FolderField(QWidget):
    """The path of a folder, or of a file, typed or chosen."""

    wide = True
    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, notation: Notation, *, title: str, file: Callable[[], bool] = lambda: False) -> None:
        """file: whether a file is wanted, asked when one chooses."""
        super().__init__()
        self._title = title
        self._file = file
        self.line = LineField(notation, placeholder="none chosen" if file() else "no folder chosen")
        self._choose = QPushButton("Choose…")
        explanation = f"Choose the {title[:1].lower()}{title[1:]}"
        for set_text in (self._choose.setToolTip, self._choose.setStatusTip, self._choose.setAccessibleName):
            set_text(explanation)
        self._choose.clicked.connect(self._on_choose_clicked)
        self.line.committed.connect(self.committed)
        self.line.refused.connect(self.refused)
        self.line.left.connect(self.left)
        self.setFocusProxy(self.line)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.line, 1)
        layout.addWidget(self._choose)

    def setObjectName(self, name: Any) -> None:
        """The line that holds the path is what a program looks for."""
        self.line.setObjectName(name)
        self._choose.setObjectName(f"{name}.choose")

    def show_value(self, value: str) -> None:
        self.line.show_value(value)

    def _on_choose_clicked(self) -> None:
        start = self.line.text() or str(Path.home())
        if self._file():
            chosen, _ = QFileDialog.getOpenFileName(self, self._title, start)
        else:
            chosen = QFileDialog.getExistingDirectory(self, self._title, start)
        if chosen:
            self.committed.emit(str(Path(chosen)), False)
