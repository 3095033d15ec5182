"""Fields for the columns of a table. What columns there are is found out later; before, they show the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton

from nnplayground.ui.widgets.choice_fields import ChoiceField

_BY_ITSELF = "found by itself"


class ColumnField(ChoiceField):
    """One column by name, or "" for the one that is found by itself."""

    def __init__(self) -> None:
        super().__init__([(_BY_ITSELF, "")])

    def offer(self, names: Sequence[str]) -> None:
        """The columns that there are."""
        value = self.currentData()
        blocked = self.blockSignals(True)
        self.clear()
        self.addItem(_BY_ITSELF, "")
        for name in names:
            self.addItem(name, name)
        self.blockSignals(blocked)
        self.show_value(value)

    def show_value(self, value: str | None) -> None:
        if value and self.findData(value) < 0:
            blocked = self.blockSignals(True)
            self.addItem(value, value)
            self.blockSignals(blocked)
        super().show_value(value or "")


class ColumnsField(QToolButton):
    """Any of the columns, in the order of the table; none chosen: all that hold numbers."""

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu.aboutToShow.connect(self._fill)

    def offer(self, names: Sequence[str]) -> None:
        """The columns that there are."""
        self._names = tuple(names)

    def show_value(self, value: Sequence[str]) -> None:
        self._chosen = tuple(value)
        self.setText(", ".join(self._chosen) or "all with numbers")

    def _fill(self) -> None:
        self._menu.clear()
        for name in self._names or self._chosen:
            action = self._menu.addAction(name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name in self._chosen)
            action.toggled.connect(lambda on, name=name: self._on_toggled(name, on))
        self._menu.addSeparator()
        everything = self._menu.addAction("All that hold numbers")
        everything.triggered.connect(lambda: self.committed.emit([], False))

    def _on_toggled(self, name: str, on: bool) -> None:
        chosen = {*self._chosen, name} if on else set(self._chosen) - {name}
        order = self._names or self._chosen
        self.committed.emit([each for each in order if each in chosen], False)
