"""A question where a look at a file does not tell what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from nnplayground.ui.widgets.labels import describe, muted

if TYPE_CHECKING:
    from nnplayground.data.guessing import Guess


class DataChooser(QDialog):
    """A button for each thing that a file may be, the likeliest first."""

    chosen = Signal(object)
    """A Guess."""

    def __init__(self, name: str, guesses: Sequence[Guess], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("data_chooser")
        self.setWindowTitle("What is in this file?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 12)
        layout.setSpacing(4)
        layout.addWidget(muted(f"“{name}” may be used in more than one way. What is it?"))
        layout.addSpacing(6)
        for number, guess in enumerate(guesses):
            button = QPushButton(guess.title)
            button.setObjectName(f"data_chooser.{number}")
            button.setProperty("primary", "false" if number else "true")
            button.setDefault(not number)
            describe(button, guess.title, guess.reason)
            button.clicked.connect(lambda checked=False, guess=guess: self._choose(guess))
            layout.addWidget(button)
            reason = muted(guess.reason)
            reason.setContentsMargins(2, 0, 2, 8)
            layout.addWidget(reason)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(24 * self.fontMetrics().height())

    def _choose(self, guess: Guess) -> None:
        self.accept()
        self.chosen.emit(guess)
