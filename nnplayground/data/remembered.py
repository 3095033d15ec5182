"""What was read from files a moment ago, so that another setting does not read them all again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

from nnplayground.data.folder_survey import resolved

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The last value that was made, for as long as its files stay as they are. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[Hashable, Value] | None = None

    def get(self, key: Hashable, files: Iterable[str], base: Path, make: Callable[[], Value]) -> Value:
        """The value of a key, made anew where it is another one, or one of the files has changed."""
        complete = (key, tuple(_state(file, base) for file in files))
        with self._lock:
            last = self._last
        if last is not None and last[0] == complete:
            return last[1]
        value = make()
        with self._lock:
            self._last = (complete, value)
        return value


def _state(file: str, base: Path) -> tuple[str, int, int]:
    """Path, time of change and size; of a file that is not there it says so, and whoever reads it raises."""
    path = resolved(file, base)
    try:
        status = path.stat()
    except (OSError, ValueError):
        return str(path), -1, -1
    return str(path), status.st_mtime_ns, status.st_size
