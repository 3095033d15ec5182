"""A field for a text that may be anything, with the usual ones in a menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from nnplayground.ui.widgets.fields import LineField
from nnplayground.ui.widgets.numbers import PlainText


class OfferedText(QWidget):
    """A line to type in, and a menu of texts to take."""

    wide = True
    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, offers: Mapping[str, str], *, title: str) -> None:
        """offers: what each text means."""
        super().__init__()
        self.line = LineField(PlainText())
        self.line.committed.connect(self.committed)
        self.line.refused.connect(self.refused)
        self.line.left.connect(self.left)
        self.setFocusProxy(self.line)
        self._offers = QToolButton()
        self._offers.setText("▾")
        self._offers.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        explanation = f"The usual values of {title[:1].lower()}{title[1:]}"
        for set_text in (self._offers.setToolTip, self._offers.setStatusTip, self._offers.setAccessibleName):
            set_text(explanation)
        menu = QMenu(self._offers)
        menu.setToolTipsVisible(True)
        for text, meaning in offers.items():
            action = menu.addAction(text)
            action.setToolTip(meaning)
            action.setStatusTip(meaning)
            action.triggered.connect(lambda checked=False, text=text: self.committed.emit(text, False))
        self._offers.setMenu(menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.line, 1)
        layout.addWidget(self._offers)

    def setObjectName(self, name: Any) -> None:
        """The line is what a program looks for."""
        self.line.setObjectName(name)
        self._offers.setObjectName(f"{name}.offers")

    def show_value(self, value: str) -> None:
        self.line.show_value(value)
