"""The toolbar: run and pause, where the run stands, and the settings that one reaches for most."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from nnplayground.training.events import RunEnded
from nnplayground.training.mailbox import Frame
from nnplayground.ui.actions import Actions
from nnplayground.ui.document import Document
from nnplayground.ui.quick_settings import QuickSettings
from nnplayground.ui.widgets.labels import ElidedLabel
from nnplayground.ui.widgets.thin_bar import ThinBar

_GAP = 10
"""Pixels between progress and settings."""
_REST_MILLISECONDS = 200


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
        self._run_button.setObjectName("run_button")
        self._run_button.installEventFilter(self)
        self._add_step_button()
        self._button(actions["stop"])
        self._button(actions["reset"])
        self.addSeparator()
        self._details = RunDetails(document)
        self.progress = self._details.progress
        self.settings = self._details.settings
        self.addWidget(self._details)
        self._measure()

    def _button(self, action: QAction, *, primary: bool = False) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setAccessibleName(action.text().replace("&", ""))
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on Run is meant as one: its second half would press Pause, which stands there by then."""
        if watched is self._run_button and event.type() == QEvent.Type.MouseButtonDblClick:
            return True
        return super().eventFilter(watched, event)

    def show_state(self, state: str) -> None:
        """The main button pauses while a run goes on, and runs otherwise. state: of the runner."""
        self._details.share(active=state != "idle")
        action = self._actions["pause" if state == "running" else "run"]
        self._run_button.setDefaultAction(action)
        self._run_button.setAccessibleName(action.text().replace("&", ""))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()

    def _measure(self) -> None:
        """The main button has room for both of its words, so that nothing moves when it is pressed."""
        font = self.font()
        font.setBold(True)
        words = QFontMetrics(font).horizontalAdvance("  Pause ")
        self._run_button.setMinimumWidth(words + self.iconSize().width() + 26)

    def show_title(self, text: str, tip: str) -> None:
        metrics = QFontMetrics(self._title.font())
        self._title.setText(f"<b>{metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, 180)}</b>")
        self._title.setToolTip(tip)


class RunDetails(QWidget):
    """Where the run stands at the left, quick settings at the right; both give way where the window is narrow."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._active = False
        self.progress = RunProgress()
        self.settings = QuickSettings(document)
        self.progress.room_needed.connect(lambda: self.share(active=self._active))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_GAP)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self.settings)

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        width = self.settings.minimumSizeHint().width() + _GAP + self.progress.minimumSizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.share(active=self._active)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.share(active=self._active)

    def share(self, *, active: bool) -> None:
        """A run has more to tell, and leaves fewer settings that take effect at once."""
        self._active = active
        self.settings.fit_into(self.width() - _GAP - self.progress.usual_width(active=active))


class RunProgress(QWidget):
    """Epoch, progress, speed and time left; or why Run is not possible."""

    room_needed = Signal()
    """What is usually shown has become wider or narrower."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epoch = ElidedLabel()
        self._epoch.setObjectName("run_epoch")
        self._bar = ThinBar()
        self._bar.setFixedWidth(80)
        self._bar.setAccessibleName("Progress of the run")
        self._speed = ElidedLabel()
        self._speed.setProperty("muted", True)
        self._speed.setObjectName("run_speed")
        for label in (self._epoch, self._speed):
            label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            label.setMinimumWidth(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2, 0, 2, 0)
        layout.setSpacing(8)
        for widget in (self._epoch, self._bar, self._speed):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._ended: RunEnded | None = None
        self._epochs = 0
        self._per_epoch = 1
        self._trained_seconds = 0.0
        self._epochs_timed = 0
        self._rate = 0.0
        self._shown_at = 0.0
        self._place: tuple[int, int] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(self._show_latest)
        self.show_idle(None)

    def usual_width(self, *, active: bool) -> int:
        """Pixels for what is usually shown, while a run of so many epochs goes on or else."""
        last = f"{max(self._epochs, 99):,}"
        words = f"Epoch {last} / {last} 9,999 samples/s · 59 s left" if active else f"Finished · epoch {last} 59 s"
        return self.fontMetrics().horizontalAdvance(words) + 28 + (self._bar.width() if active else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("Epoch 999 / 999"), super().minimumSizeHint().height())

    def show_idle(self, reason: str | None) -> None:
        """No run: how the last one ended, or why there cannot be one."""
        self._bar.hide()
        self._speed.show_text("")
        if reason is None and self._ended is not None:
            self._show_end(self._ended)
        elif reason is None:
            self._epoch.show_text("Ready", tip="Press Run to train the model.")
        else:
            self._epoch.show_text(reason)

    def forget(self) -> None:
        """The last run no longer matters."""
        self._ended = None

    def show_starting(self) -> None:
        """Run was pressed, and nothing has come back yet."""
        self._epoch.show_text("Starting…")
        self._speed.show_text("")

    def show_frame(self, frame: Frame) -> None:
        """Follow the run."""
        if frame.preparing is not None and frame.started is None and not frame.steps:
            self._epoch.show_text(frame.preparing.message)
            self._bar.setVisible(True)
            self._bar.show_progress(frame.preparing.done, frame.preparing.total)
            self._speed.show_text("")
        if frame.started is not None:
            self._epochs = frame.started.epochs
            self.room_needed.emit()
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
            self._place = (last.epoch, last.first_update - 1 + len(last.values["loss"]))
            if not self._rest.isActive():
                self._show_latest()
        if frame.ended is not None:
            self._place = None
            self._ended = frame.ended
            self._show_end(frame.ended)

    def _show_latest(self) -> None:
        """Where the run is now, but not more often than can be read: each time the toolbar is laid out anew."""
        if self._place is not None:
            self._show_place(*self._place)
            self._show_speed()
            self._place = None
            self._rest.start()

    def _show_place(self, epoch: int, update: int) -> None:
        self._epoch.show_text(f"Epoch {epoch:,} / {self._epochs:,}", tip=f"{update:,} updates so far")
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
        self._speed.show_text(" · ".join(words))

    def _show_end(self, ended: RunEnded) -> None:
        words = {
            "finished": "Finished",
            "stopped": "Stopped",
            "early_stopped": "Stopped early",
            "diverged": "Diverged",
            "failed": "Failed",
        }
        self._bar.hide()
        kept = ended.error or f"The weights of epoch {ended.epoch:,} are kept."
        self._epoch.show_text(f"{words[ended.reason]} · epoch {ended.epoch:,}", tip=kept)
        self._speed.show_text(_duration(ended.seconds) if ended.seconds else "")


def _duration(seconds: float) -> str:
    if seconds < 1:
        return "less than 1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
