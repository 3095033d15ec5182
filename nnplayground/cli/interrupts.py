"""Ctrl-C: the first one ends gently, so that what has been trained is kept; the second one ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def gentle_interrupt(end: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """While the context lasts, the first Ctrl-C calls `end`. Yields a function: whether it was pressed."""
    pressed = False

    def on_interrupt(number: int, frame: object) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        end()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)
