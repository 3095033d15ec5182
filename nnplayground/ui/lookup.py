"""Looking at files in a thread: what is found comes back into the GUI thread, unless it is no longer wanted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from PySide6.QtCore import QObject, QTimer, Signal

from nnplayground.data.errors import Cancelled, DataError

Work: TypeAlias = Callable[[Callable[[], bool]], Any]
"""What is done in the thread; it gets a function that says whether it is no longer wanted. May raise DataError."""

_log = logging.getLogger(__name__)
_POLL_MILLISECONDS = 20
_PATIENCE = 2.0
"""Seconds that a shutdown waits for a file, which may lie on a network that hangs."""


class _Look:
    """One look. The thread holds this and no Qt object, so none can be freed there."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._unwanted = threading.Event()
        self.result: Any = None
        self.problem: str | None = None
        self.thread = threading.Thread(target=self._run, name="lookup", daemon=True)

    def _run(self) -> None:
        try:
            self.result = self._work(self._unwanted.is_set)
        except Cancelled:
            return
        except DataError as error:
            self.problem = str(error)
        except Exception:
            # Whatever a file is like must not end the program; nothing is shown of it.
            _log.exception("A look at the data failed.")
            self.problem = "It could not be looked at; details are in the log."

    def give_up(self) -> None:
        self._unwanted.set()


class Lookup(QObject):
    """The latest look wins; what is found by an earlier one is dropped."""

    found = Signal(object)
    failed = Signal(str)
    """Why there is nothing to show, in one sentence."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look: _Look | None = None
        self._earlier: list[_Look] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    def look(self, work: Work) -> None:
        """Do something in a thread; `found` or `failed` follows."""
        self.cancel()
        self._look = _Look(work)
        self._timer.start()

    def cancel(self) -> None:
        """What is being looked at is no longer wanted."""
        self._timer.stop()
        self._earlier = [each for each in self._earlier if each.thread.is_alive()]
        if self._look is not None:
            self._look.give_up()
            if self._look.thread.ident is not None:
                self._earlier.append(self._look)
            self._look = None

    def shutdown(self) -> None:
        """End the threads."""
        self.cancel()
        for each in self._earlier:
            each.thread.join(_PATIENCE)

    def _poll(self) -> None:
        look = self._look
        if look is None or look.thread.is_alive():
            return
        if look.thread.ident is None:
            # Not at once: a window is painted before files are looked at.
            look.thread.start()
            return
        self.cancel()
        if look.problem is not None:
            self.failed.emit(look.problem)
        elif look.result is not None:
            self.found.emit(look.result)
