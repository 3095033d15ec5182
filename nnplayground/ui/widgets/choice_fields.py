"""Fields with a list to choose from. They behave like those of `fields`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyle, QStyleOptionComboBox, QStylePainter

from nnplayground.ui.widgets.fields import ENTER, UNSET, is_invalid, mark_invalid, undoes, whole_number
from nnplayground.ui.widgets.schema import NumberOrName

_BATCH_SIZES = (8, 16, 32, 64, 128, 256)


class ChoiceField(QComboBox):
    """One of several values. The wheel scrolls the form, not the choice, unless the field has the focus."""

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, items: Sequence[tuple[str, Any]], *, helps: Sequence[str] = ()) -> None:
        """items: (text, value). helps: the tooltip of each item."""
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setMaxVisibleItems(16)
        for text, value in items:
            self.addItem(text, value)
        for index, text in enumerate(helps):
            self.setItemData(index, text, Qt.ItemDataRole.ToolTipRole)
        self.currentIndexChanged.connect(self._on_index_changed)

    def show_value(self, value: Any) -> None:
        blocked = self.blockSignals(True)
        self.setCurrentIndex(next((row for row in range(self.count()) if self.itemData(row) == value), -1))
        self.blockSignals(blocked)

    def showPopup(self) -> None:
        self.view().setMinimumWidth(max(self.width(), self.view().sizeHintForColumn(0) + 28))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt does it, but a long text ends in "…" instead of in the middle of a letter."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(  # type: ignore[attr-defined]
            self.currentText(), Qt.TextElideMode.ElideRight, room.width() - 4
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _on_index_changed(self, index: int) -> None:
        if index >= 0:
            self.committed.emit(self.itemData(index), False)


class NumberOrNameField(QComboBox):
    """A number that is typed or picked, or a name in its place ("all")."""

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, kind: NumberOrName) -> None:
        super().__init__()
        self._kind = kind
        self._value: Any = UNSET
        self._line = QLineEdit()
        self._line.setFrame(False)
        self.setLineEdit(self._line)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCompleter(None)  # type: ignore[arg-type] - None is Qt's way to have none
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.addItems([str(size) for size in _BATCH_SIZES if kind.number.range.holds(size)])
        self.addItems(list(kind.names))
        self.activated.connect(lambda index: self.commit())

    def show_value(self, value: Any) -> None:
        if value == self._value and self._line.isModified() and self.hasFocus():
            return
        self._value = value
        self.take_back()

    def take_back(self) -> None:
        mark_invalid(self, False)
        text = str(self._value)
        blocked = self.blockSignals(True)
        self.setCurrentIndex(self.findText(text))
        self.setEditText(text)
        self._line.setModified(False)
        self.blockSignals(blocked)

    def commit(self) -> None:
        text = self.currentText().strip()
        if text == str(self._value):
            self.take_back()
        elif text in self._kind.names:
            self.committed.emit(text, False)
        else:
            value = whole_number(text)
            if value is None:
                self.refused.emit(text)
            else:
                self.committed.emit(value, False)

    def event(self, event: QEvent) -> bool:
        return False if undoes(event) and not self._line.isModified() else super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.commit()
            self._line.selectAll()
        elif event.key() == Qt.Key.Key_Escape and self._line.isModified():
            self.take_back()
            self._line.selectAll()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() == Qt.FocusReason.PopupFocusReason:
            return
        fresh = not is_invalid(self)
        if fresh:
            self.commit()
        if is_invalid(self):
            self.left.emit(fresh)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
