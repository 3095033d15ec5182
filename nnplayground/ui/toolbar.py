"""The toolbar: run and pause, where the run stands, and the settings that one reaches for most."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from nnplayground.spec.training import Optimizer, Training
from nnplayground.training.mailbox import Frame
from nnplayground.ui.actions import Actions
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.thin_bar import ThinBar

_ENGINES = {"keras": "Keras", "scratch": "From scratch (numpy)"}
_OPTIMIZERS = tuple(kind.__name__ for kind in Optimizer.__args__)


class RunToolBar(QToolBar):
    """Signals nothing of its own: actions and the document do the work."""

    def __init__(self, actions: Actions, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("Run", parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setIconSize(QSize(14, 14))
        self._actions = actions
        self._document = document
        self._title = QLabel()
        self._title.setObjectName("project_title")
        self.addWidget(self._title)
        self.addSeparator()
        self._run_button = self._button(actions["run"], primary=True)
        self._add_step_button()
        self._button(actions["stop"])
        self._button(actions["reset"])
        self.addSeparator()
        self.progress = RunProgress()
        self.addWidget(self.progress)
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spacer)
        self.settings = QuickSettings(document)
        self.addWidget(self.settings)

    def _button(self, action: QAction, *, primary: bool = False) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("primary", primary)
        self.addWidget(button)
        return button

    def _add_step_button(self) -> None:
        button = self._button(self._actions["step"])
        menu = QMenu(button)
        menu.addAction(self._actions["step"])
        menu.addAction(self._actions["step_epoch"])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setText("Step")
        self._actions["step"].setIconText("Step")

    def show_running(self, running: bool) -> None:
        """The main button pauses while a run goes on, and runs otherwise."""
        self._run_button.setDefaultAction(self._actions["pause" if running else "run"])

    def show_title(self, text: str, tip: str) -> None:
        metrics = QFontMetrics(self._title.font())
        self._title.setText(f"<b>{metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, 180)}</b>")
        self._title.setToolTip(tip)


class RunProgress(QWidget):
    """Epoch, progress, speed and time left; or why Run is not possible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epoch = QLabel()
        self._epoch.setObjectName("run_epoch")
        self._bar = ThinBar()
        self._bar.setFixedWidth(110)
        self._bar.setAccessibleName("Progress of the run")
        self._speed = QLabel()
        self._speed.setProperty("muted", True)
        self._speed.setObjectName("run_speed")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(8)
        for widget in (self._epoch, self._bar, self._speed):
            layout.addWidget(widget)
        self._epochs = 0
        self._per_epoch = 1
        self._first_epoch = 0
        self._trained_seconds = 0.0
        self._epochs_timed = 0
        self._rate = 0.0
        self._shown_at = 0.0
        self.show_idle(None)

    def show_idle(self, reason: str | None) -> None:
        """No run: nothing, or why there cannot be one."""
        self._bar.hide()
        self._speed.clear()
        if reason is None:
            self._epoch.setText("Ready")
            self._epoch.setToolTip("Press Run to train the model.")
        else:
            metrics = QFontMetrics(self._epoch.font())
            self._epoch.setText(metrics.elidedText(reason, Qt.TextElideMode.ElideRight, 300))
            self._epoch.setToolTip(reason)

    def show_frame(self, frame: Frame) -> None:
        """Follow the run."""
        if frame.preparing is not None and frame.started is None and not frame.steps:
            self._epoch.setText(frame.preparing.message)
            self._epoch.setToolTip(frame.preparing.message)
            self._bar.setVisible(True)
            self._bar.show_progress(frame.preparing.done, frame.preparing.total)
            self._speed.clear()
        if frame.started is not None:
            self._epochs = frame.started.epochs
            self._per_epoch = max(frame.started.updates_per_epoch, 1)
            self._trained_seconds, self._epochs_timed, self._rate = 0.0, 0, 0.0
            self._show_place(frame.started.epoch, frame.started.update)
        for done in frame.epochs:
            self._trained_seconds += done.seconds
            self._epochs_timed += 1
        if frame.steps:
            last = frame.steps[-1]
            fresh = sum(step.samples_per_second for step in frame.steps) / len(frame.steps)
            self._rate = fresh if not self._rate else 0.9 * self._rate + 0.1 * fresh
            self._show_place(last.epoch, last.first_update - 1 + len(last.values["loss"]))
            self._show_speed()
        if frame.ended is not None:
            self._show_end(frame)

    def _show_place(self, epoch: int, update: int) -> None:
        self._epoch.setText(f"Epoch <b>{epoch:,}</b> / {self._epochs:,}")
        self._epoch.setToolTip(f"{update:,} updates so far")
        self._bar.setVisible(True)
        self._bar.show_progress(update, self._epochs * self._per_epoch)

    def _show_speed(self) -> None:
        now = time.monotonic()
        if now - self._shown_at < 0.25:
            return
        self._shown_at = now
        words = []
        if self._epochs_timed and self._trained_seconds / self._epochs_timed < 0.05:
            words.append(f"{self._epochs_timed / max(self._trained_seconds, 1e-9):,.0f} epochs/s")
        else:
            words.append(f"{self._rate:,.0f} samples/s")
        if self._epochs_timed:
            left = (1 - (self._bar.share or 0)) * self._epochs * self._trained_seconds / self._epochs_timed
            words.append(f"{_duration(left)} left")
        self._speed.setText(" · ".join(words))

    def _show_end(self, frame: Frame) -> None:
        ended = frame.ended
        assert ended is not None
        words = {
            "finished": "Finished",
            "stopped": "Stopped",
            "early_stopped": "Stopped early",
            "diverged": "Diverged",
            "failed": "Failed",
        }
        self._bar.hide()
        self._epoch.setText(f"{words[ended.reason]} · epoch <b>{ended.epoch:,}</b>")
        self._epoch.setToolTip(ended.error or "The weights of this epoch are kept.")
        self._speed.setText(_duration(ended.seconds) if ended.seconds else "")


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "less than 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class QuickSettings(QWidget):
    """Engine, optimizer, learning rate and batch size; the same values as in the training form."""

    focus_left = Signal()

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._engine = QComboBox()
        for value, text in _ENGINES.items():
            self._engine.addItem(text, value)
        self._optimizer = QComboBox()
        self._optimizer.addItems(list(_OPTIMIZERS))
        self._rate = QLineEdit()
        self._batch = QLineEdit()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for label, widget, name, tip, width in (
            ("Engine", self._engine, "engine", "What computes: Keras on TensorFlow, or our own numpy engine.", 104),
            ("Optimizer", self._optimizer, "optimizer", "The rule by which gradients become steps.", 94),
            (
                "LR",
                self._rate,
                "learning_rate",
                "Learning rate; can be changed while training. Up and down: × and ÷.",
                62,
            ),
            ("Batch", self._batch, "batch_size", "Samples for each update, or all.", 48),
        ):
            caption = QLabel(label)
            caption.setProperty("muted", True)
            caption.setBuddy(widget)
            layout.addWidget(caption)
            widget.setObjectName(f"quick.{name}")
            widget.setToolTip(tip)
            widget.setStatusTip(tip)
            widget.setAccessibleName(label if label != "LR" else "Learning rate")
            widget.setFixedWidth(width)
            layout.addWidget(widget)
        self._engine.activated.connect(lambda: self._set("training.engine", self._engine.currentData()))
        self._optimizer.activated.connect(self._on_optimizer)
        self._rate.editingFinished.connect(lambda: self._set_number("training.optimizer.learning_rate", self._rate))
        self._batch.editingFinished.connect(lambda: self._set_number("training.batch_size", self._batch))
        self._rate.installEventFilter(self)
        document.changed.connect(lambda before, after: self._show(after.training))
        self._show(document.project.training)

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
    """The next rate up or down the ladder 1, 2, 5, 10, 20, 50, …"""
    from math import floor, log10

    if rate <= 0:
        return 0.001
    ladder = [1.0, 2.0, 5.0, 10.0]
    exponent = floor(log10(rate) + 1e-9)
    lead = rate / 10**exponent
    if direction > 0:
        step = next((each for each in ladder if each > lead * 1.001), 20.0)
    else:
        step = next((each for each in reversed(ladder) if each < lead * 0.999), 0.5)
    return float(f"{step * 10**exponent:.6g}")
