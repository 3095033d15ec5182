"""The settings that one reaches for most, in the toolbar: engine, optimizer, learning rate, batch size."""

from __future__ import annotations

from math import floor, log10

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from nnplayground.spec.training import Optimizer, Training
from nnplayground.ui.document import Document

_ENGINES = {
    "keras": ("Keras", "Keras on TensorFlow: all layers, and the graphics card where there is one."),
    "scratch": ("Scratch", "Our own engine in numpy: dense networks at great speed, without TensorFlow."),
}
_OPTIMIZERS = tuple(kind.__name__ for kind in Optimizer.__args__)
_SPACING = 6


class QuickSettings(QWidget):
    """The same values as in the training form. Where there is no room for all of it, the least needed is left out."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._engine = QComboBox()
        for place, (value, (text, about)) in enumerate(_ENGINES.items()):
            self._engine.addItem(text, value)
            self._engine.setItemData(place, about, Qt.ItemDataRole.ToolTipRole)
        self._optimizer = QComboBox()
        self._optimizer.addItems(list(_OPTIMIZERS))
        self._rate = QLineEdit()
        self._batch = QLineEdit()
        self._fields: tuple[tuple[QLabel, QWidget, int], ...] = tuple(
            (self._add(widget, title, name, tip), widget, letters)
            for widget, title, name, tip, letters in (
                (self._engine, "Engine", "engine", "What computes: Keras on TensorFlow, or our own numpy engine.", 6),
                (self._optimizer, "Optimizer", "optimizer", "The rule by which gradients become steps.", 6),
                (
                    self._rate,
                    "Learning rate",
                    "learning_rate",
                    "Learning rate: how far a step goes. It can be changed while training; Up and Down step through "
                    "1, 2, 5, 10, …",
                    5,
                ),
                (self._batch, "Batch", "batch_size", "Batch size: how many samples make one update, or all.", 4),
            )
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_SPACING)
        for caption, widget, _ in self._fields:
            layout.addWidget(caption)
            layout.addWidget(widget)
        self._fields[2][0].setText("LR")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._measure()
        self._engine.activated.connect(lambda: self._set("training.engine", self._engine.currentData()))
        self._optimizer.activated.connect(self._on_optimizer)
        self._rate.editingFinished.connect(lambda: self._set_number("training.optimizer.learning_rate", self._rate))
        self._batch.editingFinished.connect(lambda: self._set_number("training.batch_size", self._batch))
        self._rate.installEventFilter(self)
        document.changed.connect(lambda before, after: self._show(after.training))
        self._show(document.project.training)

    def _add(self, widget: QWidget, title: str, name: str, tip: str) -> QLabel:
        caption = QLabel(title)
        caption.setProperty("muted", True)
        caption.setBuddy(widget)
        caption.setToolTip(tip)
        widget.setObjectName(f"quick.{name}")
        widget.setToolTip(tip)
        widget.setStatusTip(tip)
        widget.setAccessibleName(title)
        return caption

    def commit_pending(self) -> None:
        """Take what was typed but not yet confirmed."""
        self._set_number("training.optimizer.learning_rate", self._rate)
        self._set_number("training.batch_size", self._batch)

    def fit_into(self, width: int) -> None:
        """Show as much as goes into a width in pixels. The training form has all of it."""
        levels = self._levels()
        shown = next((each for each in levels if self._width_of(each) <= width), levels[-1])
        for part in (part for caption, field, _ in self._fields for part in (caption, field)):
            part.setVisible(part in shown)

    def _levels(self) -> list[list[QWidget]]:
        """What to show, from everything down to the learning rate, which is changed while training goes on."""
        (engine_caption, engine, _), (optimizer_caption, optimizer, _), rate, batch = self._fields
        numbers: list[QWidget] = [*rate[:2], *batch[:2]]
        return [
            [engine_caption, engine, optimizer_caption, optimizer, *numbers],
            [engine, optimizer, *numbers],
            [optimizer, *numbers],
            numbers,
            list(rate[:2]),
        ]

    def _width_of(self, parts: list[QWidget]) -> int:
        widths = (part.sizeHint().width() if isinstance(part, QLabel) else part.minimumWidth() for part in parts)
        return sum(widths) + _SPACING * (len(parts) - 1)

    def _measure(self) -> None:
        """Fields as wide as what they usually hold."""
        letter = self.fontMetrics().averageCharWidth()
        for _, field, letters in self._fields:
            arrow = 34 if isinstance(field, QComboBox) else 22
            field.setFixedWidth(round(letters * letter * 1.25) + arrow)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width_of(self._levels()[-1]), super().minimumSizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()

    def eventFilter(self, watched, event) -> bool:  # type: ignore[no-untyped-def]
        if watched is self._rate and event.type() == QEvent.Type.KeyPress:
            factor = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(event.key())
            if factor is not None:
                current = self._document.project.training.optimizer.learning_rate
                self._document.set_value("training.optimizer.learning_rate", stepped_rate(current, factor), merge=True)
                return True
        return super().eventFilter(watched, event)

    def _show(self, training: Training) -> None:
        self._engine.setCurrentIndex(self._engine.findData(training.engine))
        self._optimizer.setCurrentText(type(training.optimizer).__name__)
        if not (self._rate.hasFocus() and self._rate.isModified()):
            self._rate.setText(f"{training.optimizer.learning_rate:g}")
        if not (self._batch.hasFocus() and self._batch.isModified()):
            self._batch.setText(str(training.batch_size))

    def _set(self, path: str, value: object) -> None:
        if not self._document.set_value(path, value):
            self._show(self._document.project.training)

    def _set_number(self, path: str, field: QLineEdit) -> None:
        if not field.isModified():
            return
        field.setModified(False)
        text = field.text().strip().replace(",", ".")
        try:
            value: object = int(text) if path.endswith("batch_size") else float(text)
        except ValueError:
            value = text
        self._set(path, value)
        self._show(self._document.project.training)

    def _on_optimizer(self) -> None:
        name = self._optimizer.currentText()
        if name == type(self._document.project.training.optimizer).__name__:
            return
        self._set("training.optimizer", name)


def stepped_rate(rate: float, direction: int) -> float:
    """The next rate up or down the ladder 1, 2, 5, 10, 20, 50, …; from 0, the first of it is 0.001."""
    if rate <= 0:
        return 0.001
    ladder = (1.0, 2.0, 5.0, 10.0)
    exponent = floor(log10(rate) + 1e-9)
    lead = rate / 10**exponent
    if direction > 0:
        step = next((each for each in ladder if each > lead * 1.001), 20.0)
    else:
        step = next((each for each in reversed(ladder) if each < lead * 0.999), 0.5)
    return float(f"{step * 10**exponent:.6g}")
