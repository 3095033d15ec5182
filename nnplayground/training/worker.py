"""The engine thread: one per window, from first use to close. It serves one thing at a time: a run, and between its
blocks or after it questions to the model. It knows nothing of Qt.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from nnplayground.engine.base import EngineError
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Event, RunEnded, Snapshot, StepsDone
from nnplayground.training.mailbox import Mailbox
from nnplayground.training.questions import NotTrained, Refusal

if TYPE_CHECKING:
    from nnplayground.training.session import Session

_log = logging.getLogger(__name__)

PAINTING_SECONDS = 0.05
"""The longest time for which the worker waits while the window paints a frame."""
NICENESS = 10
"""How far the engine's threads stand back where all cores are busy, so that the window gets one when it needs it."""


class _Question(msgspec.Struct, frozen=True, eq=False):
    ask: Callable[[Session], Any]
    reply: Callable[[Any], None]
    between_runs: bool


class _Run(msgspec.Struct, frozen=True, eq=False):
    make: Callable[[Session, Controls, Callable[[Event], None]], Iterator[Event]]
    controls: Controls
    mailbox: Mailbox


class EngineWorker:
    """Owns the thread and the queue. All public methods may be called from any thread.

    painting: while it is cleared a frame is being painted, and the worker waits a little, which keeps both faster
    than a fight over the interpreter lock.
    """

    def __init__(self, mailbox: Mailbox, session: Callable[[], Session]) -> None:
        self._mailbox = mailbox
        self._make_session = session
        self._jobs: queue.SimpleQueue[_Run | _Question | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._controls: Controls | None = None
        self._wake = threading.Event()
        self._closing = False
        self._held_until = 0.0
        self.not_painting = threading.Event()
        self.not_painting.set()

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def run(
        self, make: Callable[[Session, Controls, Callable[[Event], None]], Iterator[Event]], controls: Controls
    ) -> None:
        """Start a run behind whatever is under way. make(session, controls, report) gives its events."""
        self._controls = controls
        self._put(_Run(make, controls, self._mailbox))

    def deliver_to(self, mailbox: Mailbox) -> None:
        """Where the events of later runs go. What is under way goes on filling the mailbox from before."""
        self._mailbox = mailbox

    def ask(
        self, question: Callable[[Session], Any], reply: Callable[[Any], None], *, between_runs: bool = False
    ) -> None:
        """Ask the session something in the engine thread. `reply` gets the answer, or a Refusal, in that thread.

        between_runs: not before the run that is under way has ended.
        """
        self._put(_Question(question, reply, between_runs))

    def wake(self) -> None:
        """Look again: a pause is over, or something else has been set from outside."""
        self._wake.set()

    def close(self) -> None:
        """End the run and the thread; returns at once."""
        self._closing = True
        if self._controls is not None:
            self._controls.stop()
            self._controls.stop()
        if self._thread is not None:
            self._put(None)

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end. True if it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.alive

    def _put(self, job: _Run | _Question | None) -> None:
        self._jobs.put(job)
        self._wake.set()
        if self._thread is None and job is not None:
            self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        _stand_back()
        session = self._make_session()
        waiting: list[_Run | _Question] = []
        try:
            while not self._closing:
                job = waiting.pop(0) if waiting else self._jobs.get()
                if isinstance(job, _Question):
                    self._answer(job, session)
                elif isinstance(job, _Run):
                    waiting.extend(self._run(job, session))
        finally:
            session.close()

    def _run(self, job: _Run, session: Session) -> list[_Run | _Question]:
        """Drive one run to its end. What was asked for meanwhile and has to wait for that is handed back."""
        later: list[_Run | _Question] = []
        controls = job.controls
        run_id = ""
        ended = False
        try:
            for event in job.make(session, controls, job.mailbox.put):
                run_id = event.run_id
                ended = isinstance(event, RunEnded)
                # Before the event is out: whoever sees it may ask for the next step at once.
                if isinstance(event, StepsDone):
                    controls.step_done("update")
                elif isinstance(event, EpochDone):
                    controls.step_done("epoch")
                job.mailbox.put(event)
                later.extend(self._serve(session))
                if isinstance(event, StepsDone):
                    self._hold_back(controls, session, later, updates=len(event.values["loss"]))
                # Only now: a pause may also have come while the run was held back. A snapshot comes ahead of the steps
                # that it belongs to, and behind the end there is nothing to go on with.
                if not isinstance(event, Snapshot | RunEnded):
                    self._wait_while_paused(controls, session, later)
                if not self.not_painting.is_set():
                    self.not_painting.wait(PAINTING_SECONDS)
        except Exception as error:
            # Whatever goes wrong in an engine must end the run, not the thread; the details are in the log.
            details = traceback.format_exc()
            _log.error("A run failed.\n%s", details)
            if not ended:
                message = f"The run failed unexpectedly: {_first_line(error)} Details are in the log."
                job.mailbox.put(RunEnded(run_id, "failed", 0, {}, None, 0.0, message, details))
        return later

    def _wait_while_paused(self, controls: Controls, session: Session, later: list[_Run | _Question]) -> None:
        if not controls.paused:
            return
        began = time.perf_counter()
        while controls.paused and not controls.stopping:
            self._wake.wait()
            self._wake.clear()
            later.extend(self._serve(session))
        controls.paused_seconds += time.perf_counter() - began

    def _hold_back(self, controls: Controls, session: Session, later: list[_Run | _Question], *, updates: int) -> None:
        """After some updates, wait as long as the chosen speed asks for; another speed, a pause or a stop end it."""
        speed = controls.speed
        if speed is None:
            return
        began = now = time.perf_counter()
        # A block that was begun before this speed was chosen may be longer than it allows, but is not to be paid off.
        updates = min(updates, controls.most_updates or updates)
        # Measured from the last time, so that computing counts as waiting.
        due = max(self._held_until, began - 1 / speed) + updates / speed
        while now < due and controls.speed == speed and not (controls.paused or controls.stopping):
            self._wake.wait(due - now)
            self._wake.clear()
            later.extend(self._serve(session))
            now = time.perf_counter()
        self._held_until = due if now >= due else now
        controls.paused_seconds += now - began

    def _serve(self, session: Session) -> list[_Run | _Question]:
        """Answer what has been asked meanwhile; what has to wait for the end of the run is handed back."""
        later: list[_Run | _Question] = []
        while not self._jobs.empty():
            job = self._jobs.get()
            if isinstance(job, _Question) and not job.between_runs:
                self._answer(job, session)
            elif job is not None:
                later.append(job)
        return later

    def _answer(self, question: _Question, session: Session) -> None:
        try:
            answer = question.ask(session)
        except (NotTrained, EngineError) as problem:
            answer = Refusal(str(problem))
        except Exception as error:
            _log.exception("A question to the model failed.")
            answer = Refusal(f"The model could not answer: {_first_line(error)}")
        question.reply(answer)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0] if lines else type(error).__name__}"


def _stand_back() -> None:
    """Let other threads of the program go first. Threads that this one starts, as TensorFlow's, do the same.

    On Linux alone a thread has a niceness of its own; elsewhere it would be the whole program's.
    """
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    try:
        os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
    except OSError as error:  # A sandbox may forbid it; then the threads compete as equals.
        _log.info("The engine's thread keeps its priority: %s", error)
