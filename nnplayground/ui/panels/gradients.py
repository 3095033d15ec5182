"""The gradients panel: how gradients run through the layers over time, and which units no longer take part."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from nnplayground.training.events import Snapshot
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.flow_history import FlowHistory
from nnplayground.ui.widgets.flow_strips import FlowStrips
from nnplayground.ui.widgets.labels import ElidedLabel
from nnplayground.ui.widgets.picture_menu import install_picture_menu

_PAUSE_MILLISECONDS = 100
_EMPTY = "Press Run (F5) or Step: how large the gradient of each layer is, and how it changes, is drawn here."
_HELP = "Bright is large, dark is small, grey is exactly 0."


class GradientsPanel(QWidget):
    """Strips of colour, a sentence on what they mean, and what the mouse points at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gradients")
        self.setAccessibleName("Gradients")
        self._history = FlowHistory()
        self._run_id = ""
        self._stale = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._on_pause_over)
        self.strips = FlowStrips()
        self.strips.described.connect(self._describe)
        self._line = ElidedLabel()
        self._line.setObjectName("gradients.line")
        self._line.setProperty("muted", "true")
        self._empty = EmptyState("regression", _EMPTY)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.strips)
        foot = QHBoxLayout()
        foot.setSpacing(6)
        foot.addWidget(self._line, 1)
        foot.addWidget(install_picture_menu(self.strips, name="gradients"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 2)
        layout.setSpacing(2)
        layout.addWidget(self._pages, 1)
        layout.addLayout(foot)

    @property
    def line(self) -> str:
        """What is said below the strips."""
        return self._line.accessibleName()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Take in how gradients flow, if a snapshot says so."""
        if snapshot.flow is None:
            return
        if snapshot.run_id != self._run_id:
            # It counts its updates from the beginning, and may be looked at later than the run before has ended.
            self._run_id, self._history = snapshot.run_id, FlowHistory()
        if not self._history.append(snapshot.flow):
            return
        self._stale = True
        if self.isVisible() and not self._pause.isActive():
            self._refresh()
            self._pause.start()

    def say_while_empty(self, text: str) -> None:
        """What stands here as long as there is nothing to draw; "": how to begin."""
        self._empty.say(text or _EMPTY)

    def clear(self) -> None:
        """Forget what was shown, as after another project was opened."""
        self._history = FlowHistory()
        self._pause.stop()
        self._refresh()

    def _on_pause_over(self) -> None:
        if self._stale and self.isVisible():
            self._refresh()
            self._pause.start()

    def _refresh(self) -> None:
        self._stale = False
        self.strips.show_history(self._history)
        self._pages.setCurrentWidget(self._empty if self._history.latest is None else self.strips)

    def _describe(self, text: str) -> None:
        """What is under the mouse, else what there is to notice."""
        said = text or self._history.verdict() or (_HELP if self._history.latest is not None else "")
        self._line.show_text(said)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()
