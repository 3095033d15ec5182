"""The runner: the window's side of the engine thread. It starts runs, collects their events into frames at about
30 Hz, and brings answers back into the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from nnplayground.spec.dataset import Dataset
from nnplayground.spec.project import Project
from nnplayground.training.controls import Controls, StepKind
from nnplayground.training.events import SnapshotWants
from nnplayground.training.live import live_changes
from nnplayground.training.mailbox import Frame, Mailbox
from nnplayground.training.questions import Refusal
from nnplayground.training.worker import EngineWorker

if TYPE_CHECKING:
    from nnplayground.training.session import Session
    from nnplayground.training.store import RunStore

State = Literal["idle", "running", "paused", "stopping"]
FRAME_MILLISECONDS = 32


class Runner(QObject):
    """Owns the engine worker of one window.

    session: makes the session in the engine thread.
    """

    state_changed = Signal(str)
    frame_ready = Signal(object)
    """A Frame, about 30 times a second while something happens."""
    forgot = Signal()
    """The trained weights were forgotten; nothing that was asked before is answered any more."""
    closed = Signal()
    """The engine thread has ended, after `close`."""
    _answered = Signal(object)

    def __init__(self, session: Callable[[], Session], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox = Mailbox()
        self._worker = EngineWorker(self._mailbox, session)
        self._state: State = "idle"
        self._controls: Controls | None = None
        self._loading: Controls | None = None
        self._wants = SnapshotWants()
        self._project: Project | None = None
        self._run_id = ""
        self._trained = False
        self._ready = False
        self._speed: float | None = None
        self._generation = 0
        self._closing = False
        self._answered.connect(self._on_answered)
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MILLISECONDS)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()

    @property
    def state(self) -> State:
        return self._state

    @property
    def active(self) -> bool:
        """A run is under way, perhaps paused."""
        return self._state != "idle"

    @property
    def trained(self) -> bool:
        """There is a model that can be asked."""
        return self._trained

    @property
    def project(self) -> Project | None:
        """The frozen project of the last run."""
        return self._project

    def run(self, project: Project, runs: Path | None) -> None:
        """Start a run, or go on with the paused one. runs: the folder in which the run gets its own."""
        if self._state == "paused" and self._controls is not None:
            self._controls.resume()
            self._set_state("running")
            self._worker.wake()
            return
        if self.active:
            return
        self._start(project, runs, first_step=None)

    def step(self, kind: StepKind, project: Project, runs: Path | None) -> None:
        """Do one update or one epoch, then pause. Starts a run where there is none."""
        if not self.active:
            self._start(project, runs, first_step=kind)
        elif self._controls is not None:
            self._controls.step(kind)
            self._set_state("paused")
            self._worker.wake()

    def _start(self, project: Project, runs: Path | None, *, first_step: StepKind | None) -> None:
        self.cancel_loading()
        mailbox = self._mailbox
        controls = Controls(snapshot_waiting=lambda: mailbox.snapshot_waiting)
        controls.wants = self._wants
        controls.speed = self._speed
        if first_step is not None:
            controls.step(first_step)
        self._controls = controls
        self._project = project

        def store(frozen: Project, run_id: str) -> RunStore | None:
            from nnplayground.training.store import RunStore

            return RunStore(runs / run_id, frozen, seed=frozen.training.seed) if runs is not None else None

        self._worker.run(
            lambda session, controls, report: session.run(project, controls=controls, store=store, report=report),
            controls,
        )
        self._set_state("paused" if first_step is not None else "running")

    def hold_training(self, painting: bool) -> None:
        """While the window paints, the engine waits for a moment, which keeps both faster; see EngineWorker."""
        if painting:
            self._worker.not_painting.clear()
        else:
            self._worker.not_painting.set()

    def set_speed(self, updates_per_second: float | None) -> None:
        """How fast to train, at most; None: as fast as it goes."""
        self._speed = updates_per_second
        if self._controls is not None:
            self._controls.speed = updates_per_second
            self._worker.wake()

    def make_ready(self, project: Project) -> None:
        """Build the model without training it, so that panels can look inside. Where that is not possible, nothing
        happens: Run will say why.
        """
        if self.active:
            return

        def made(answer: object) -> None:
            self._ready = not isinstance(answer, Refusal)
            if self._ready and not self.active:
                self.refresh_snapshot()

        self.ask(lambda session: session.make_ready(project), made)

    def set_weight(self, name: str, index: tuple[int | slice, ...], value: Any, then: Callable[[Any], None]) -> None:
        """Change a part of a weight, see Session.set_weight; `then` gets what was there, or a Refusal."""

        def changed(answer: Any) -> None:
            then(answer)
            if self._state != "running":
                self.refresh_snapshot()

        self.ask(lambda session: session.model.set_weight(name, index, value), changed)

    def pause(self) -> None:
        if self._state == "running" and self._controls is not None:
            self._controls.pause()
            self._set_state("paused")

    def stop(self) -> None:
        """End the run; a second time, without the last evaluation."""
        if self._controls is not None and self.active:
            self._controls.stop()
            self._worker.wake()
            self._set_state("stopping")

    def reset(self) -> None:
        """Forget the trained weights. Ends a run that is under way: it is kept, but nothing more is heard of it."""
        if self._controls is not None:
            self._controls.stop()
            # Once more: what it would say about the validation samples at its end nobody wants to know.
            self._controls.stop()
            self._worker.wake()
            self._listen_anew()
        self._controls = None
        self._trained = self._ready = False
        self._generation += 1
        if self._worker.alive:
            self._worker.ask(lambda session: session.reset(), lambda answer: None, between_runs=True)
        self._set_state("idle")
        self.forgot.emit()

    def forget(self) -> None:
        """Another project takes the place of this one: as `reset`, and data that is being read is not wanted either."""
        self.cancel_loading()
        self._listen_anew()
        self.reset()
        self._project = None

    def forget_data(self) -> None:
        """The data may have changed on the disk: the next run, or the next preload, reads it again."""
        if self._worker.alive:
            self._worker.ask(lambda session: session.forget_data(), lambda answer: None, between_runs=True)

    def _listen_anew(self) -> None:
        self._mailbox = Mailbox()
        self._worker.deliver_to(self._mailbox)

    def preload(self, dataset: Dataset) -> None:
        """Read data in the background, in place of what is being read."""
        self.cancel_loading()
        controls = Controls()
        self._loading = controls
        self._worker.run(
            lambda session, controls, report: session.preload(dataset, controls=controls, report=report), controls
        )

    def cancel_loading(self) -> None:
        """End the reading of data: that of `preload`, or that of a run that has not begun to train."""
        if self._loading is not None:
            self._loading.stop()
            self._loading = None

    def project_changed(self, before: Project, after: Project) -> None:
        """Hand on numbers that may change while a run goes on."""
        if self._controls is None or not self.active:
            return
        for path, value in live_changes(before, after).items():
            self._controls.set_value(path, value)

    def set_wants(self, wants: SnapshotWants) -> None:
        """What visible panels want to see from now on."""
        if wants == self._wants:
            return
        self._wants = wants
        if self._controls is not None:
            self._controls.wants = wants
        if (self._trained or self._ready) and self._state != "running":
            self.refresh_snapshot()

    def refresh_snapshot(self) -> None:
        """Look into the model as it is now; the snapshot comes with a frame."""
        wants, run_id, mailbox = self._wants, self._run_id, self._mailbox
        if not wants.anything:
            return
        self._worker.ask(
            lambda session: session.model.snapshot(wants, run_id=run_id),
            lambda answer: None if isinstance(answer, Refusal) else mailbox.put(answer),
        )

    def ask(self, question: Callable[[Session], Any], then: Callable[[Any], None]) -> None:
        """Ask the session in the engine thread; `then` gets the answer, or a Refusal, in the GUI thread."""
        generation = self._generation
        self._worker.ask(question, lambda answer: self._answered.emit((generation, then, answer)))

    def close(self) -> None:
        """End the run and the thread, without waiting; `closed` follows."""
        self._closing = True
        self.cancel_loading()
        self._worker.close()

    def wait_closed(self, seconds: float) -> bool:
        """Wait for the thread to end, where nothing else is left to do. True if it has."""
        return self._worker.join(seconds)

    def _on_answered(self, answered: tuple[int, Callable[[Any], None], Any]) -> None:
        generation, then, answer = answered
        if not self._closing and generation == self._generation:
            then(answer)

    def _on_tick(self) -> None:
        if self._closing:
            if not self._worker.alive:
                self._timer.stop()
                self.closed.emit()
            return
        frame = self._mailbox.drain()
        if frame is None:
            return
        self.hold_training(True)
        try:
            self._show(frame)
        finally:
            # After the paint events that showing the frame has caused.
            QTimer.singleShot(0, lambda: self.hold_training(False))

    def _show(self, frame: Frame) -> None:
        if frame.loaded is not None or frame.refused is not None:
            self._loading = None
        if frame.started is not None:
            self._run_id = frame.started.run_id
            self._trained = True
        self.frame_ready.emit(frame)
        if self._controls is not None and self._controls.paused and self._trained and (frame.steps or frame.epochs):
            # A pause comes before the loop has looked inside, so what is seen would be older than the last step.
            self.refresh_snapshot()
        if frame.ended is not None:
            self._controls = None
            self._set_state("idle")
            if self._trained:
                self.refresh_snapshot()

    def _set_state(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
