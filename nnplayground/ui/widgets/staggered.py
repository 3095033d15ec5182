"""Spreads the repainting of many panels over several turns of the event loop, so that none of them takes long."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

_MILLISECONDS = 4


class Staggered(QObject):
    """A queue of things to show, one a turn. What is put under a name takes the place of what waits under it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: dict[str, Callable[[], None]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_MILLISECONDS)
        self._timer.timeout.connect(self._on_turn)

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
            self._waiting.pop(next(iter(self._waiting)))()
        if not self._waiting:
            self._timer.stop()
