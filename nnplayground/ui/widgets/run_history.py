"""What the curves know of one run: every update, every epoch, the best epoch and where it diverged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from nnplayground.samples import Array
from nnplayground.training.events import EpochDone, RunEnded, RunStarted, StepsDone
from nnplayground.ui.widgets.series import GrowingArray, Series

Axis = Literal["update", "epoch"]

LEARNING_RATE = "learning_rate"
GENERATOR_LOSS = "generator_loss"
_SECONDS = "seconds"
_MORE_IS_BETTER = frozenset({"accuracy", "auc", "precision", "recall", "exact_match"})


def more_is_better(figure: str) -> bool:
    """Whether a high value of a loss or metric is the good one."""
    return figure in _MORE_IS_BETTER


class RunHistory:
    """One run as series over its updates and over its epochs."""

    def __init__(self, started: RunStarted, *, name: str) -> None:
        """name: how the user is told of it, as in "run 3"."""
        self.name = name
        self.run_id = started.run_id
        self.metrics = started.metrics
        self.stages = started.stages
        self.planned_epochs = started.epochs
        self.updates_per_epoch = max(1, started.updates_per_epoch)
        self.ended: RunEnded | None = None
        self.diverged_at: int | None = None
        """The first update whose loss was not finite."""
        self._updates = GrowingArray()
        self._epochs = GrowingArray()
        self._epoch_updates = GrowingArray()
        self._by_update: dict[str, Series] = {}
        self._by_epoch: dict[str, Series] = {}

    def continued(self, started: RunStarted, *, name: str) -> RunHistory:
        """The history of a run that goes on from `started.update` of this one."""
        history = RunHistory(started, name=name)
        updates = int(np.searchsorted(self._updates.values, started.update, side="right"))
        epochs = int(np.searchsorted(self._epochs.values, started.epoch, side="right"))
        history._updates.extend(self._updates.values[:updates])
        history._epochs.extend(self._epochs.values[:epochs])
        history._epoch_updates.extend(self._epoch_updates.values[:epochs])
        history._by_update = {key: series.first(updates) for key, series in self._by_update.items()}
        history._by_epoch = {key: series.first(epochs) for key, series in self._by_epoch.items()}
        return history

    @property
    def figures(self) -> tuple[str, ...]:
        """What can be drawn: "loss", the metrics, "learning_rate"."""
        return ("loss", *(name for name in self.metrics if name != "loss"), LEARNING_RATE)

    @property
    def is_contest(self) -> bool:
        """Whether two networks learn from each other: then no epoch is the best by its losses."""
        return GENERATOR_LOSS in self.metrics

    @property
    def update(self) -> int:
        """The latest update."""
        return int(self._updates.values[-1]) if len(self._updates) else 0

    @property
    def epoch(self) -> int:
        """The latest epoch that is complete."""
        return int(self._epochs.values[-1]) if len(self._epochs) else 0

    def append_steps(self, steps: Sequence[StepsDone]) -> None:
        """Take in blocks of updates, in order."""
        if not steps:
            return
        lengths = [_length(block.values) for block in steps]
        before = len(self._updates)
        self._updates.extend(_numbers([block.first_update for block in steps], lengths))
        names = dict.fromkeys(name for block in steps for name in block.values)
        # A small network brings more than a thousand blocks a second: what is missing is made only where it is.
        parts = {
            name: np.concatenate(
                [
                    block.values[name] if name in block.values else np.full(length, np.nan)
                    for block, length in zip(steps, lengths, strict=True)
                ]
            )
            for name in names
        }
        _extend(self._by_update, parts, before=before, after=len(self._updates), dtype=np.float32)
        self._note_divergence(parts.get("loss"), before)

    def append_epochs(self, epochs: Sequence[EpochDone]) -> None:
        """Take in complete epochs, in order."""
        if not epochs:
            return
        before = len(self._epochs)
        self._epochs.extend([done.epoch for done in epochs])
        self._epoch_updates.extend([done.update for done in epochs])
        rows = [{**done.metrics, LEARNING_RATE: done.learning_rate, _SECONDS: done.seconds} for done in epochs]
        names = dict.fromkeys(name for row in rows for name in row)
        parts = {name: np.array([row.get(name, np.nan) for row in rows], np.float64) for name in names}
        _extend(self._by_epoch, parts, before=before, after=len(self._epochs), dtype=np.float64)

    def line(self, name: str, axis: Axis) -> tuple[Array, Series] | None:
        """The places on the axis and the values of one line, such as "val_loss"; None where there is nothing of it.

        On the update axis a value that exists once an epoch stands at the epoch's last update.
        """
        if axis == "update" and name in self._by_update:
            return self._updates.values, self._by_update[name]
        if name in self._by_epoch:
            return (self._epochs if axis == "epoch" else self._epoch_updates).values, self._by_epoch[name]
        return None

    def has_updates(self, name: str) -> bool:
        """Whether there is a value for every update, not only for every epoch."""
        return name in self._by_update

    def place(self, epoch: int, axis: Axis) -> float | None:
        """Where an epoch stands on the axis; None where it is not known."""
        index = int(np.searchsorted(self._epochs.values, epoch))
        if index == len(self._epochs) or self._epochs.values[index] != epoch:
            return None
        return float((self._epochs if axis == "epoch" else self._epoch_updates).values[index])

    def best_epoch(self, figure: str) -> int | None:
        """The first epoch with the best validation value; None without validation, or where it means nothing."""
        if self.is_contest:
            return None
        series = self._by_epoch.get(f"val_{figure}")
        if series is None or series.low > series.high:
            return None
        values = series.values
        return int(self._epochs.values[np.nanargmax(values) if more_is_better(figure) else np.nanargmin(values)])

    def latest(self, name: str) -> float | None:
        """The newest value of a line: of the last epoch, or in the first epoch of the last update. NaN: not finite."""
        for lines in (self._by_epoch, self._by_update):
            if name in lines and len(lines[name]):
                return float(lines[name].values[-1])
        return None

    def csv_text(self, axis: Axis) -> str:
        """The history as CSV with a header; an empty cell where a number is missing or not finite."""
        if axis == "epoch":
            lines, first = self._by_epoch, {"epoch": self._epochs.values}
        else:
            updates = self._updates.values
            lines, first = self._by_update, {"update": updates, "epoch": np.ceil(updates / self.updates_per_epoch)}
        # One format for a whole row, and the gaps afterwards: there may be millions of rows.
        row = ",".join(["%d"] * len(first) + ["%.7g"] * len(lines)) + "\n"
        columns = [*first.values(), *(series.values for series in lines.values())]
        numbers = "".join(map(row.__mod__, zip(*(column.tolist() for column in columns), strict=True)))
        return ",".join([*first, *lines]) + "\n" + numbers.replace("nan", "")

    def _note_divergence(self, losses: Array | None, before: int) -> None:
        if losses is None or self.diverged_at is not None:
            return
        broken = ~np.isfinite(losses)
        if broken.any():
            self.diverged_at = int(self._updates.values[before + int(broken.argmax())])


def _length(values: Mapping[str, Array]) -> int:
    return max(map(len, values.values()), default=0)


def _numbers(firsts: Sequence[int], lengths: Sequence[int]) -> Array:
    """The numbers of the updates of blocks that begin at `firsts`: (n,)."""
    begins = np.cumsum([0, *lengths])
    return np.arange(begins[-1]) + np.repeat(np.asarray(firsts) - begins[:-1], lengths)


def _extend(
    lines: dict[str, Series], parts: Mapping[str, Array], *, before: int, after: int, dtype: type[np.floating]
) -> None:
    """Append to every line, so that all stay equally long; gaps where a line has no value."""
    for name in parts:
        if name not in lines:
            lines[name] = Series(dtype)
            lines[name].extend(np.full(before, np.nan))
    for name, series in lines.items():
        series.extend(parts.get(name, np.full(after - before, np.nan)))
