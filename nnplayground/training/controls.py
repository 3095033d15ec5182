"""What a user can do to a run while it goes on. Set from any thread, read by the loop between its blocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Literal

from nnplayground.training.events import SnapshotWants

StepKind = Literal["update", "epoch"]


class Controls:
    """Pause, step, stop, numbers that change while running, and what panels want to see.

    Pausing does not block the loop: whoever drives it just does not ask for the next event.
    """

    def __init__(self, *, snapshot_waiting: Callable[[], bool] = lambda: False) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, float] = {}
        self._wants = SnapshotWants()
        self._snapshot_waiting = snapshot_waiting
        self._stop_asked = 0
        self.paused_seconds = 0.0
        """How long the run has been waiting in pauses; kept by whoever drives the loop."""
        self._paused = False
        self._step: StepKind | None = None
        self.unseen = False
        """The last update was made without its numbers, although somebody wants to see them; kept by the loop.

        A pause or a stop lets the next update come first, made by itself, so that what is shown is where it stands.
        """
        self.speed: float | None = None
        """At most so many updates a second; None: as fast as it goes."""

    def stop(self) -> None:
        """End the run after the block under way; asked a second time, also leave out the last evaluation."""
        self._stop_asked += 1

    @property
    def stopping(self) -> bool:
        return self._stop_asked > 0

    @property
    def abandoning(self) -> bool:
        """Stop was asked for twice."""
        return self._stop_asked > 1

    def pause(self) -> None:
        self._paused = True
        self._step = None

    def resume(self) -> None:
        self._paused = False
        self._step = None

    def step(self, kind: StepKind) -> None:
        """From a pause: do one update, or go on to the end of the epoch, then pause again."""
        self._paused = True
        self._step = kind

    @property
    def paused(self) -> bool:
        """Waiting: paused, and no step is asked for."""
        return self._paused and self._step is None and not self.unseen

    @property
    def halting(self) -> bool:
        """Stop was asked for, and no last update is to come."""
        return self.stopping and (self.abandoning or not self.unseen)

    @property
    def steps_to_epoch(self) -> bool:
        """The pause comes at the end of the epoch."""
        return self._step == "epoch"

    @property
    def most_updates(self) -> int | None:
        """How many updates the next block may have; None: as many as are quick."""
        if self._step == "update" or (self._paused and self._step is None) or self.stopping:
            return 1
        # Slower than the eye, one by one; faster, in thirtieths of a second.
        return None if self.speed is None else max(1, round(self.speed / 30))

    def step_done(self, kind: StepKind) -> None:
        """Told by whoever drives the loop: an update or an epoch is complete."""
        if self._step == kind:
            self._step = None

    def set_value(self, path: str, value: float) -> None:
        """Change a number from the next block on; paths as in `Engine.set_values`."""
        with self._lock:
            self._values[path] = value

    def take_values(self) -> Mapping[str, float]:
        """The changes since the last time."""
        if not self._values:
            return {}
        with self._lock:
            values, self._values = self._values, {}
        return values

    @property
    def wants(self) -> SnapshotWants:
        return self._wants

    @wants.setter
    def wants(self, wants: SnapshotWants) -> None:
        self._wants = wants

    @property
    def snapshot_due(self) -> bool:
        """Some visible panel wants one, and the last one has been looked at."""
        return self._wants.anything and not self._snapshot_waiting()
