"""Making what is not seen at first a moment later, so that a window is there sooner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


def soon(owner: QObject, make: Callable[[], None]) -> None:
    """Call `make` in the turn of the event loop after the next one, of which the first one paints a new window."""
    first, second = QTimer(owner), QTimer(owner)
    for timer in (first, second):
        timer.setSingleShot(True)
        timer.setInterval(0)
    first.timeout.connect(second.start)
    second.timeout.connect(make)
    first.start()
