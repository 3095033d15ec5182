"""Spreads the repainting of many panels over several turns of the event loop, so that none of them takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

_MILLISECONDS = 4
_TURN_SECONDS = 0.002
"""What is quickly shown shares a turn: each turn has costs of its own."""


class Staggered(QObject):
    """A queue of things to show, one a turn. What is put under a name takes the place of what waits under it."""

    began = Signal()
    """Something is about to be shown."""
    ended = Signal()
    """It has been painted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: dict[str, Callable[[], None]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_MILLISECONDS)
        self._timer.timeout.connect(self._on_turn)
        # It comes after the paint events that showing something has caused.
        self._painted = QTimer(self)
        self._painted.setSingleShot(True)
        self._painted.setInterval(0)
        self._painted.timeout.connect(self.ended)

    def put(self, name: str, show: Callable[[], None]) -> None:
        """Show something soon."""
        self._waiting[name] = show
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._timer.stop()

    def _on_turn(self) -> None:
        if self._waiting:
            self.began.emit()
            end = time.perf_counter() + _TURN_SECONDS
            while self._waiting:
                self._waiting.pop(next(iter(self._waiting)))()
                if time.perf_counter() > end:
                    break
            self._painted.start()
        if not self._waiting:
            self._timer.stop()
