"""What a model writes that makes one text of another: a source of one's own, and each token with its certainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from nnplayground.ui.widgets.labels import describe, muted
from nnplayground.ui.widgets.pair_view import PairView

if TYPE_CHECKING:
    from nnplayground.training.translating import Translation

_BEFORE = "Write a source above and press Enter: what the model makes of it appears here, token by token."


class TranslationPage(QWidget):
    """A line to write in, and below what the model makes of it."""

    translation_requested = Signal(str)
    """The user wants to see what the model writes for a source."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = QLineEdit()
        self._source.setObjectName("translation.source")
        self._source.setPlaceholderText("Write a source…")
        describe(self._source, "Source", "What the model is to read; press Enter to see what it writes.")
        self._source.returnPressed.connect(self._ask)
        self._go = QPushButton("Write")
        self._go.setObjectName("translation.go")
        describe(self._go, "Write", "Let the model write the target of this source")
        self._go.clicked.connect(self._ask)
        self._example = QPushButton("Take an example")
        self._example.setObjectName("translation.example")
        describe(self._example, "Take an example", "Fill in the source of another validation sample")
        self._example.clicked.connect(self._take_example)
        self._words = muted(_BEFORE)
        self._words.setObjectName("translation.words")
        self._pair = PairView()
        self._pair.setObjectName("translation.pair")
        self._pair.setAccessibleName("What the model writes, token by token")
        self._examples: tuple[str, ...] = ()
        self._taken = -1
        self._example.hide()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self._source, 1)
        row.addWidget(self._go)
        row.addWidget(self._example)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._pair)
        # Not before: a scroll area shows what it is given.
        self._pair.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self._words)
        layout.addWidget(area, 1)

    def show_examples(self, sources: tuple[str, ...]) -> None:
        """Sources that may be taken at one click."""
        self._examples, self._taken = sources, -1
        self._example.setVisible(bool(sources))

    def show_translation(self, translation: Translation) -> None:
        """What the model writes for the source."""
        self._go.setEnabled(True)
        least = min(translation.certainties, default=1.0)
        self._words.setText(f"“{translation.output}” · least sure of one token: {least:.0%}; below each, how sure.")
        self._pair.show_pair(
            translation.source,
            translation.target_tokens if translation.target is not None else None,
            translation.output_tokens,
            translation.certainties,
        )
        self._pair.show()

    def show_problem(self, problem: str) -> None:
        """Why it writes nothing, in one sentence."""
        self._go.setEnabled(True)
        self._words.setText(problem)
        self._pair.hide()

    def clear(self) -> None:
        """Forget what was written."""
        self._go.setEnabled(True)
        self._words.setText(_BEFORE)
        self._pair.hide()

    @property
    def words(self) -> str:
        """The sentence about what was written, or why nothing was."""
        return self._words.text()

    def _ask(self) -> None:
        if self._go.isEnabled():
            self._go.setEnabled(False)
            self.translation_requested.emit(self._source.text())

    def _take_example(self) -> None:
        self._taken = (self._taken + 1) % len(self._examples)
        self._source.setText(self._examples[self._taken])
        self._ask()
