"""What a run is given, and where it stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import msgspec

from nnplayground.engine.base import Weights
from nnplayground.spec.project import Project
from nnplayground.training.events import EpochDone, Event, Stage


class Progress(msgspec.Struct, eq=False):
    """Where a run stands: what must be known to go on with it."""

    epoch: int = 0
    """Complete epochs."""
    update: int = 0
    history: list[Mapping[str, float]] = msgspec.field(default_factory=list)
    """Metrics of each complete epoch, with its learning_rate and seconds."""
    best_epoch: int = 0
    best_score: float = math.inf
    """The monitored figure at the best epoch, turned so that less is better."""
    best_weights: Weights | None = None
    monitor: str = ""
    """The figure by which an epoch is the best; with another one, what was best before means nothing."""
    live: dict[str, float] = msgspec.field(default_factory=dict)
    """Numbers that were changed while the run went on, by path."""
    rate_changed_in: int = 0
    """The epoch, counted from 1, in which the learning rate was last changed by hand; 0: in none."""
    stages: list[Stage] = msgspec.field(default_factory=list)
    """Apart from the first."""
    by_hand: bool = False
    """A weight was changed by hand since the end of the last epoch, whose figures are of other weights."""

    def watch(self, monitor: str) -> None:
        """Judge epochs by this figure from now on."""
        if monitor != self.monitor:
            self.monitor = monitor
            self.best_epoch, self.best_score, self.best_weights = self.epoch, math.inf, None


class RunPlan(msgspec.Struct, frozen=True, eq=False):
    """All that a run is given. `epochs`: complete epochs at its end, those of `progress` included."""

    run_id: str
    project: Project
    class_names: tuple[str, ...]
    metrics: tuple[str, ...]
    epochs: int
    kept: tuple[str, ...] = ()
    reinitialized: tuple[str, ...] = ()
    on_epoch: Callable[[EpochDone, Weights | None], None] = lambda done, best: None
    """Called after each epoch, before its event is out, with the weights if they are the best so far."""
    results: Callable[[int, int], Iterator[Event]] = lambda epoch, update: iter(())
    """What a model makes or writes, as events: asked before the first epoch and after each, (complete epochs, updates).
    """
    last_results: Callable[[int, int], Iterator[Event]] = lambda epoch, update: iter(())
    """The same at the end of the run, with the weights that are kept, and the epoch they are from."""
