"""Fetching a file of weights in a thread of its own, so that the window stays usable."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from nnplayground.engine import weight_files
from nnplayground.engine.weight_files import WeightsProblem
from nnplayground.layers.networks import WeightsFile

_MILLISECONDS = 60
"""How often the window looks how far it is."""


@dataclass
class _Fetch:
    """What the thread and the window share. The thread knows nothing of Qt, whose objects may be gone before it."""

    file: WeightsFile
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    total: int | None = None
    problem: str = ""

    def work(self) -> None:
        try:
            weight_files.download(self.file, progress=self._progress, cancelled=self.cancelled.is_set)
        except WeightsProblem as caught:
            self.problem = str(caught)
        except weight_files.Cancelled:
            self.problem = ""
        finally:
            self.ended.set()

    def _progress(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total


class WeightsFetch(QObject):
    """One download at a time. `ended` follows every start."""

    progressed = Signal(float, float)
    """(bytes so far, bytes in all; 0 where nobody knows)"""
    ended = Signal(str)
    """Why it failed; "" where the file is there, or the user gave it up."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fetch: _Fetch | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_MILLISECONDS)
        self._timer.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        return self._fetch is not None

    def start(self, file: WeightsFile) -> None:
        """Fetch a file, unless another one is on its way."""
        if self._fetch is not None:
            return
        fetch = self._fetch = _Fetch(file)
        # Whoever closes the window does not wait for the rest.
        self.destroyed.connect(fetch.cancelled.set)
        threading.Thread(target=fetch.work, name="weights", daemon=True).start()
        self._timer.start()

    def cancel(self) -> None:
        if self._fetch is not None:
            self._fetch.cancelled.set()

    def _look(self) -> None:
        fetch = self._fetch
        if fetch is None:
            return
        self.progressed.emit(float(fetch.done), float(fetch.total or 0))
        if fetch.ended.is_set():
            self._fetch = None
            self._timer.stop()
            self.ended.emit(fetch.problem)
