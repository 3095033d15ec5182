"""Where a worker leaves events and a window collects them: one frame at a time, nothing important lost."""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

from nnplayground.training.events import (
    DataLoaded,
    DataRefused,
    EpochDone,
    Event,
    Made,
    Mistakes,
    Notice,
    Preparing,
    RunEnded,
    RunStarted,
    Snapshot,
    StepsDone,
    Written,
)


class Frame(msgspec.Struct, frozen=True, eq=False):
    """What has happened since the last frame. Scalars are complete; pictures are the latest."""

    preparing: Preparing | None = None
    loaded: DataLoaded | None = None
    refused: DataRefused | None = None
    notice: Notice | None = None
    started: RunStarted | None = None
    steps: tuple[StepsDone, ...] = ()
    epochs: tuple[EpochDone, ...] = ()
    snapshot: Snapshot | None = None
    mistakes: Mistakes | None = None
    made: Made | None = None
    written: Written | None = None
    ended: RunEnded | None = None


class Mailbox:
    """Events of one run, from one thread to another. `drain` never waits for more than a few instructions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._latest: dict[type, Event] = {}
        self._steps: list[StepsDone] = []
        self._epochs: list[EpochDone] = []

    def put(self, event: Event) -> None:
        """Leave an event. Steps and epochs are all kept, of the other kinds the latest one."""
        with self._lock:
            if isinstance(event, StepsDone):
                self._steps.append(event)
            elif isinstance(event, EpochDone):
                self._epochs.append(event)
            else:
                self._latest[type(event)] = event

    @property
    def snapshot_waiting(self) -> bool:
        """A snapshot lies here that nobody has looked at; a further one would be computed in vain."""
        return Snapshot in self._latest

    def drain(self) -> Frame | None:
        """Everything since the last time, or None where nothing has happened."""
        with self._lock:
            if not (self._latest or self._steps or self._epochs):
                return None
            latest, steps, epochs = self._latest, self._steps, self._epochs
            self._clear()

        return Frame(
            preparing=_one(latest, Preparing),
            loaded=_one(latest, DataLoaded),
            refused=_one(latest, DataRefused),
            notice=_one(latest, Notice),
            started=_one(latest, RunStarted),
            steps=tuple(steps),
            epochs=tuple(epochs),
            snapshot=_one(latest, Snapshot),
            mistakes=_one(latest, Mistakes),
            made=_one(latest, Made),
            written=_one(latest, Written),
            ended=_one(latest, RunEnded),
        )


_Kind = TypeVar("_Kind")


def _one(latest: dict[type, Event], kind: type[_Kind]) -> _Kind | None:
    event = latest.get(kind)
    return event if isinstance(event, kind) else None
