"""Making what is not seen at first a moment later, so that a window is there sooner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


_MILLISECONDS = 25
"""Qt paints a new window a few milliseconds after its event loop has begun."""


class Soon:
    """Calls `make` once: a moment after the event loop has begun, or when `now` is called, whichever comes first."""

    def __init__(self, owner: QObject, make: Callable[[], None]) -> None:
        self._make: Callable[[], None] | None = make
        self._second = QTimer(owner)
        self._second.setSingleShot(True)
        self._second.setInterval(_MILLISECONDS)
        self._second.timeout.connect(self.now)
        first = QTimer(owner)
        first.setSingleShot(True)
        first.timeout.connect(self._second.start)
        first.start()

    def now(self) -> None:
        """It is needed: make it, if it has not been made yet."""
        make, self._make = self._make, None
        if make is not None:
            make()
