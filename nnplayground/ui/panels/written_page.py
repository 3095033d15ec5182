"""What a model writes that goes on with texts: after each epoch at several temperatures, and behind a prompt."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from nnplayground.training.events import Written
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.labels import describe, muted

_SOON = "After each epoch, what the model writes at three temperatures appears here. Press Run (F5)."
_MOST_KEPT = 500
"""Epochs of which the texts are kept; of more, every second one is let go."""
_MANNERS = ((0.35, "careful"), (0.95, "lively"), (10.0, "wild"))


class WrittenPage(QWidget):
    """Follows the training; a slider goes back through time. Below, one writes a prompt and the model goes on."""

    continuation_requested = Signal(str, float)
    """(prompt, temperature): the model is to go on with the prompt."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history: list[Written] = []
        self._continued: tuple[str, str] | None = None
        self._problem = ""
        self.texts = QTextBrowser()
        self.texts.setObjectName("written.texts")
        self.texts.setAccessibleName("What the model writes")
        self.texts.setOpenLinks(False)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("written.slider")
        self._slider.setPageStep(5)
        describe(self._slider, "Epoch", "Go back to what was written after earlier epochs.")
        self._slider.valueChanged.connect(lambda place: self._show())
        self._when = muted()
        self._when.setObjectName("written.when")
        self._when.setWordWrap(False)
        self._prompt = QLineEdit()
        self._prompt.setObjectName("written.prompt")
        self._prompt.setPlaceholderText("Write a beginning, and the model goes on…")
        describe(self._prompt, "Prompt", "What the model is to go on with; press Enter to have it written.")
        self._prompt.returnPressed.connect(self._ask)
        self._temperature = QDoubleSpinBox()
        self._temperature.setObjectName("written.temperature")
        self._temperature.setLocale(QLocale.c())
        # The style sheet's padding does not reach the text of a spin box.
        self._temperature.lineEdit().setTextMargins(6, 0, 0, 0)
        self._temperature.setRange(0.1, 2.0)
        self._temperature.setSingleStep(0.1)
        self._temperature.setDecimals(1)
        self._temperature.setValue(0.7)
        describe(
            self._temperature,
            "Temperature",
            "How daring the model is: near 0 it takes the most probable token, from 1 on unlikely ones as well.",
        )
        label = QLabel("Temperature")
        label.setBuddy(self._temperature)
        self._go = QPushButton("Write on")
        self._go.setObjectName("written.go")
        describe(self._go, "Write on", "Let the model go on with the prompt; once more, it writes something else.")
        self._go.clicked.connect(self._ask)
        self._answer = QTextBrowser()
        self._answer.setObjectName("written.answer")
        self._answer.setAccessibleName("What the model writes behind the prompt")
        self._answer.hide()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._when)
        head.addWidget(self._slider, 1)
        ask = QHBoxLayout()
        ask.setSpacing(6)
        ask.addWidget(self._prompt, 1)
        ask.addWidget(label)
        ask.addWidget(self._temperature)
        ask.addWidget(self._go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self.texts, 3)
        layout.addWidget(self._answer, 2)
        layout.addLayout(ask)
        self._show()

    def show_written(self, written: Written) -> None:
        """The latest texts. The slider follows them where it stands at its end."""
        latest = self._history[-1] if self._history else None
        if latest is not None and (latest.run_id != written.run_id or latest.epoch >= written.epoch):
            self._history = [
                each for each in self._history if each.run_id == written.run_id and each.epoch < written.epoch
            ]
        follows = self._slider.value() == self._slider.maximum()
        place = self._slider.value()
        self._history.append(written)
        if len(self._history) > _MOST_KEPT:
            self._history = [*self._history[:-1:2], self._history[-1]]
            place //= 2
        last = len(self._history) - 1
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, last)
            self._slider.setValue(last if follows else min(place, last))
        self._show()

    def show_continuation(self, prompt: str, text: str) -> None:
        """What the model writes behind a prompt."""
        self._continued, self._problem = (prompt, text), ""
        self._go.setEnabled(True)
        self._show_answer()

    def show_problem(self, problem: str) -> None:
        """Why it writes nothing, in one sentence."""
        self._continued, self._problem = None, problem
        self._go.setEnabled(True)
        self._show_answer()

    def clear(self) -> None:
        """Forget what was written."""
        self._history.clear()
        self._continued, self._problem = None, ""
        self._go.setEnabled(True)
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, 0)
        self._show()
        self._show_answer()

    @property
    def answer(self) -> str:
        """What was written behind the prompt, or why nothing was."""
        return self._answer.toPlainText() if not self._answer.isHidden() else ""

    def _ask(self) -> None:
        # Nothing is asked twice at once; the answer switches the button on again.
        if self._go.isEnabled():
            self._go.setEnabled(False)
            self.continuation_requested.emit(self._prompt.text(), round(self._temperature.value(), 2))

    def _show(self) -> None:
        self._slider.setVisible(len(self._history) > 1)
        if not self._history:
            self._when.setText("")
            self.texts.setHtml(f"<p style='color:{colors(self).muted}'>{_SOON}</p>")
            return
        written = self._history[self._slider.value()]
        latest = self._history[-1]
        ending = f" of {latest.epoch:,}" if written is not latest else ""
        self._when.setText(f"Epoch {written.epoch:,}{ending}")
        theme = colors(self)
        parts = []
        for each in written.texts:
            manner = next(word for limit, word in _MANNERS if each.temperature <= limit)
            title = f"<span style='color:{theme.muted}'>Temperature {each.temperature:g}, {manner}</span>"
            parts.append(f"<p>{title}<br>{_styled(each.prompt, each.text, theme.muted)}</p>")
        place = self.texts.verticalScrollBar().value()
        self.texts.setHtml("".join(parts))
        self.texts.verticalScrollBar().setValue(place)

    def _show_answer(self) -> None:
        theme = colors(self)
        self._answer.setVisible(bool(self._continued or self._problem))
        if self._continued is not None:
            self._answer.setHtml(_styled(*self._continued, theme.muted))
        elif self._problem:
            self._answer.setHtml(f"<p style='color:{theme.warning}'>{escape(self._problem)}</p>")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show()
            self._show_answer()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()


def _styled(prompt: str, text: str, muted_color: str) -> str:
    """The prompt in a quiet colour and in italics, and what was written behind it."""
    return f"<span style='color:{muted_color};white-space:pre-wrap'><i>{_lines(prompt)}</i></span>{_lines(text)}"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
