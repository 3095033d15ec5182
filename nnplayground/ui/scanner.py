"""Looking at the data of a project in a thread of its own, so that a large folder never holds up the window."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from nnplayground import data
from nnplayground.spec.dataset import Dataset
from nnplayground.spec.facts import DataFacts
from nnplayground.ui.widgets.soon import PAINTED_MILLISECONDS


class Scanner(QObject):
    """The latest dataset wins; the look at an earlier one is cancelled."""

    found = Signal(object, object)
    """(dataset, facts): a Dataset and its DataFacts."""
    _done = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._threads: list[threading.Thread] = []
        self._done.connect(self._on_done)
        self._wanted: Dataset | None = None
        # A moment after the next turn of the event loop: several changes at once are one look, and a new window is
        # painted before it looks, which would hold the interpreter meanwhile.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._painted = QTimer(self)
        self._painted.setSingleShot(True)
        self._painted.setInterval(PAINTED_MILLISECONDS)
        self._soon.timeout.connect(self._painted.start)
        self._painted.timeout.connect(self._start)

    def scan(self, dataset: Dataset) -> None:
        """Look at a dataset; `found` follows, unless another scan is asked for before."""
        self.cancel()
        self._wanted = dataset
        self._soon.start()

    def _start(self) -> None:
        dataset, number = self._wanted, self._number
        if dataset is None:
            return

        def look() -> None:
            try:
                facts = data.scan(dataset, Path.cwd(), cancelled=lambda: self._number != number)
            except data.Cancelled:
                return
            self._done.emit(number, dataset, facts)

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=look, name="scanner", daemon=True)
        self._threads.append(thread)
        thread.start()

    def cancel(self) -> None:
        self._wanted = None
        self._number += 1

    def shutdown(self) -> None:
        """Cancel and wait for the last look to notice, which takes a few milliseconds."""
        self.cancel()
        for thread in self._threads:
            thread.join(5.0)

    def _on_done(self, number: int, dataset: Dataset, facts: DataFacts) -> None:
        if number == self._number:
            self.found.emit(dataset, facts)
