"""Making what is not seen at first a moment later, so that a window is there sooner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Soon:
    """Calls `make` once: in the turn of the event loop after the next one, of which the first one paints a new window,
    or when `now` is called, whichever comes first.
    """

    def __init__(self, owner: QObject, make: Callable[[], None]) -> None:
        self._make: Callable[[], None] | None = make
        self._second = QTimer(owner)
        self._second.setSingleShot(True)
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
