"""What one picture of curves shows, worked out of the histories of runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal
from weakref import WeakKeyDictionary

import msgspec

from nnplayground.samples import Array
from nnplayground.ui.widgets.run_history import GENERATOR_LOSS, LEARNING_RATE, Axis, RunHistory, more_is_better
from nnplayground.ui.widgets.series import MovingAverage, Series

Role = Literal["training", "validation", "trace", "rival", "earlier"]


class Line(msgspec.Struct, frozen=True):
    """One curve.

    xs: (n,) ascending; a value stands at xs / unit. series: n values, more where the run has gone on since. smoothed:
    the same, averaged; the values themselves are then drawn pale behind it. role "trace": every update, behind the
    means of epochs; "rival": of a generator, beside the discriminator.
    """

    name: str
    role: Role
    run: str
    xs: Array
    series: Series
    unit: float = 1.0
    smoothed: Series | None = None

    @property
    def main(self) -> Series:
        """What is drawn in full strength."""
        return self.series if self.smoothed is None else self.smoothed


class Mark(msgspec.Struct, frozen=True):
    """A vertical line with a few words."""

    place: float
    text: str
    role: Literal["best", "kept", "diverged", "stage"]


class Figure(msgspec.Struct, frozen=True):
    """A picture of curves.

    lines: of the current run, in the order of the legend. end: how far the axis reaches. best: the place of the best
    epoch. bounded: the values lie between 0 and 1. empty: what to say while there is nothing to draw.
    """

    name: str
    axis: Axis
    label: str
    lines: tuple[Line, ...] = ()
    earlier: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    end: float = 1.0
    updates_per_epoch: int = 1
    best: float | None = None
    bounded: bool = False
    empty: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(len(line.series) for line in (*self.lines, *self.earlier))


class Smoother:
    """Moving averages of series, kept up to date as these grow."""

    def __init__(self, *, updates: float = 1, epochs: float = 1) -> None:
        """Over about how many values an average reaches, where there is one each update and each epoch; 1: none."""
        self.spans: dict[Axis, float] = {"update": updates, "epoch": epochs}
        self._averages: WeakKeyDictionary[Series, MovingAverage] = WeakKeyDictionary()

    def of(self, series: Series, per: Axis) -> Series | None:
        """The average of a series with one value each update or epoch; None where nothing is smoothed."""
        if self.spans[per] <= 1:
            return None
        average = self._averages.get(series)
        if average is None:
            average = self._averages[series] = MovingAverage(self.spans[per], series.values.dtype)
        average.follow(series.values)
        return average.series


def figure_title(name: str) -> str:
    """What the choice of pictures calls one: Keras' names, and the word cost for the loss."""
    return {"loss": "Cost (loss)", LEARNING_RATE: "Learning rate"}.get(name, name)


def make_figure(
    history: RunHistory | None, earlier: Sequence[RunHistory], *, name: str, axis: Axis, smoother: Smoother
) -> Figure:
    """The picture of the loss, a metric or the learning rate over updates or epochs."""
    label = {"loss": "cost", LEARNING_RATE: "learning rate"}.get(name, name)
    pale = [line for run in earlier for line in _earlier_lines(run, name, axis, smoother)]
    if history is None:
        empty = "No run yet. Press Run (F5) and the curves grow here with every update."
        end = max((float(line.xs[-1]) for line in pale if len(line.xs)), default=1.0)
        return Figure(name=name, axis=axis, label=label, earlier=tuple(pale), end=end, empty=empty)
    lines = _current_lines(history, name, axis, smoother)
    return Figure(
        name=name,
        axis=axis,
        label=label,
        lines=tuple(lines),
        earlier=tuple(pale),
        marks=tuple(_marks(history, name, axis)),
        end=max([_end(history, axis), *(float(line.xs[-1]) for line in pale if len(line.xs))]),
        updates_per_epoch=history.updates_per_epoch,
        best=_best_place(history, name, axis),
        bounded=more_is_better(name),
        empty=_why_empty(history, name),
    )


def _current_lines(history: RunHistory, name: str, axis: Axis, smoother: Smoother) -> list[Line]:
    lines: list[Line] = []
    updates = history.line(name, "update")
    if axis == "epoch" and name != LEARNING_RATE and updates is not None and len(updates[0]) > history.epoch:
        # Before the first epoch is complete this is all there is to see; later it shows how noisy the updates are.
        lines.append(Line(name, "trace", history.name, *updates, unit=float(history.updates_per_epoch)))
    roles: tuple[tuple[str, Role], ...] = ((name, "training"), (f"val_{name}", "validation"))
    if name == "loss" and history.is_contest:
        # Each of the two wins what the other loses, so that only both together say something.
        roles = ((name, "training"), (GENERATOR_LOSS, "rival"))
    for line_name, role in roles:
        found = history.line(line_name, axis)
        if found is not None:
            smoothed = None if name == LEARNING_RATE else smoother.of(found[1], _per(history, line_name, axis))
            lines.append(Line(line_name, role, history.name, *found, smoothed=smoothed))
    return lines


def _earlier_lines(run: RunHistory, name: str, axis: Axis, smoother: Smoother) -> list[Line]:
    """At most one line: the validation values where there are some, for runs are compared by these."""
    line_name = f"val_{name}" if run.line(f"val_{name}", axis) is not None else name
    found = run.line(line_name, axis)
    if found is None:
        return []
    smoothed = None if name == LEARNING_RATE else smoother.of(found[1], _per(run, line_name, axis))
    return [Line(line_name, "earlier", run.name, *found, smoothed=smoothed)]


def _per(run: RunHistory, line_name: str, axis: Axis) -> Axis:
    """How often the values come that a line has on an axis."""
    return "update" if axis == "update" and run.has_updates(line_name) else "epoch"


def _best_place(history: RunHistory, name: str, axis: Axis) -> float | None:
    best = history.best_epoch(name)
    return None if best is None else history.place(best, axis)


def _marks(history: RunHistory, name: str, axis: Axis) -> list[Mark]:
    marks = [Mark(float(each.epoch if axis == "epoch" else each.update), each.what, "stage") for each in history.stages]
    best = history.best_epoch(name)
    kept = history.ended.epoch if history.ended is not None and history.ended.epoch else None
    if best is not None and (place := history.place(best, axis)) is not None:
        marks.append(Mark(place, f"{'best, kept' if kept == best else 'best'}: epoch {best:,}", "best"))
    if kept is not None and kept != best and (place := history.place(kept, axis)) is not None:
        marks.append(Mark(place, f"kept: epoch {kept:,}", "kept"))
    diverged = history.diverged_at
    if diverged is None and history.ended is not None and history.ended.reason == "diverged":
        diverged = history.update
    if diverged is not None:
        place = diverged / history.updates_per_epoch if axis == "epoch" else float(diverged)
        marks.append(Mark(place, f"diverged at update {diverged:,}", "diverged"))
    return marks


_WHOLE_AXIS_EPOCHS = 100


def _end(history: RunHistory, axis: Axis) -> float:
    """How far the axis reaches: to the planned end, once that is in sight; to the real end when the run is over.

    A plan of many epochs is halved until the run fills two fifths of the axis, so that it moves seldom.
    """
    unit = history.updates_per_epoch if axis == "epoch" else 1
    reached = history.update / unit
    if history.ended is not None and reached:
        return reached
    planned = history.planned_epochs
    while planned > _WHOLE_AXIS_EPOCHS and planned / 2 > history.update / history.updates_per_epoch * 1.25:
        planned = math.ceil(planned / 2)
    return max(planned * history.updates_per_epoch / unit, reached, 1.0)


def _why_empty(history: RunHistory, name: str) -> str:
    if name == LEARNING_RATE:
        return "The learning rate is drawn at the end of each epoch."
    if name == "loss" or not history.epoch:
        return f"{figure_title(name)} is drawn as soon as the first updates are done."
    return f"{name} was not measured in this run. Choose it among the metrics and run again."
