"""Looking for a few pictures of each class, in a thread: large folders take their time to list."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from nnplayground.spec.dataset import Dataset

Examples: TypeAlias = Mapping[str, tuple[Path, ...]]
_POLL_MILLISECONDS = 20
_PATIENCE = 2.0
"""Seconds that a shutdown waits for a folder, which may lie on a network that hangs."""


class _Search:
    """One look at one dataset. The thread holds this and no Qt object, so none can be freed there."""

    def __init__(self, dataset: Dataset, per_class: int) -> None:
        self._dataset = dataset
        self._per_class = per_class
        self.found: Examples | None = None
        self.thread = threading.Thread(target=self._look, name="examples", daemon=True)

    def _look(self) -> None:
        # Pillow is loaded with the first pictures, not with the window.
        from nnplayground import data

        self.found = data.example_files(self._dataset, Path.cwd(), self._per_class)


class ExampleFinder(QObject):
    """The latest dataset wins; what is found for an earlier one is dropped."""

    found = Signal(object)
    """Examples: paths by class name."""

    def __init__(self, per_class: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._per_class = per_class
        self._search: _Search | None = None
        self._earlier: list[threading.Thread] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    def find(self, dataset: Dataset) -> None:
        """Look for pictures; `found` follows, unless something else is looked for before."""
        self.cancel()
        self._search = _Search(dataset, self._per_class)
        self._timer.start()

    def cancel(self) -> None:
        """What is being looked for is no longer wanted."""
        self._timer.stop()
        self._earlier = [thread for thread in self._earlier if thread.is_alive()]
        if self._search is not None:
            if self._search.thread.ident is not None:
                self._earlier.append(self._search.thread)
            self._search = None

    def shutdown(self) -> None:
        self.cancel()
        for thread in self._earlier:
            thread.join(_PATIENCE)

    def _poll(self) -> None:
        search = self._search
        if search is None or search.thread.is_alive():
            return
        if search.thread.ident is None:
            # Not at once: a window opens before its pictures are looked for.
            search.thread.start()
            return
        self.cancel()
        if search.found is not None:
            self.found.emit(search.found)
