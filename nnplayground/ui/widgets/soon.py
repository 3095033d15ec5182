"""Making what is not seen at first a moment later, so that a window is there sooner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

PAINTED_MILLISECONDS = 25
"""Qt paints a new window a few milliseconds after its event loop has begun."""


class Soon:
    """Calls `make` once: when the event loop begins, or when `now` is called, whichever comes first.

    after_painting: not before a new window has been painted, for what takes long.
    """

    def __init__(self, owner: QObject, make: Callable[[], None], *, after_painting: bool = False) -> None:
        self._make: Callable[[], None] | None = make
        self._timer = QTimer(owner)
        self._timer.setSingleShot(True)
        if after_painting:
            self._timer.setInterval(PAINTED_MILLISECONDS)
            self._timer.timeout.connect(self.now)
            # It counts from the beginning of the event loop.
            QTimer.singleShot(0, self._timer, self._timer.start)
        else:
            self._timer.timeout.connect(self.now)
            self._timer.start()

    def now(self) -> None:
        """It is needed: make it, if it has not been made yet."""
        make, self._make = self._make, None
        if make is not None:
            make()
