"""The learning rate of each epoch. Schedules are the loop's own, so that the rate stays changeable while training.

e = 0 for the first epoch; it runs at α₀ in all of them but square_root, which counts from 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnplayground.samples import Array
from nnplayground.spec.training import (
    ConstantSchedule,
    CosineSchedule,
    ExponentialSchedule,
    InverseTimeSchedule,
    PlateauSchedule,
    Schedule,
    SquareRootSchedule,
    StepSchedule,
    TableSchedule,
    Training,
)


def scheduled_rate(
    schedule: Schedule, base: float, *, epoch: int, epochs: int, losses: Sequence[float] = (), changed_in: int = 0
) -> float:
    """The rate of an epoch.

    base: α₀. epoch: counted from 0. epochs: length of the run, for cosine. losses: the validation loss (without
    validation, the training loss) of each epoch before, for plateau. changed_in: the epoch, counted from 1, in which α₀
    was changed by hand; a table's entry up to there gives way to it, for its rates do not follow from α₀.
    """
    match schedule:
        case ConstantSchedule():
            return base
        case InverseTimeSchedule():
            return base / (1 + schedule.decay_rate * epoch)
        case ExponentialSchedule():
            return base * schedule.base**epoch
        case SquareRootSchedule():
            return schedule.k * base / math.sqrt(epoch + 1)
        case StepSchedule():
            return base * schedule.factor ** (epoch // schedule.every)
        case CosineSchedule():
            return base * (1 + math.cos(math.pi * min(epoch / epochs, 1.0))) / 2
        case TableSchedule():
            return _table_rate(schedule, base, epoch, changed_in)
        case PlateauSchedule():
            return base * schedule.factor ** plateau_drops(losses, schedule.patience)


def _table_rate(schedule: TableSchedule, base: float, epoch: int, changed_in: int) -> float:
    """The rate of the last entry whose epoch (counted from 1) has been reached since the last change by hand."""
    entries = ((int(number), rate) for number, rate in schedule.rates.items())
    reached = [(number, rate) for number, rate in entries if changed_in < number <= epoch + 1]
    return max(reached)[1] if reached else base


def plateau_drops(losses: Sequence[float], patience: int) -> int:
    """How often the loss has gone `patience` epochs without falling below its best; each drop waits anew."""
    best = math.inf
    waited = 0
    drops = 0
    for loss in losses:
        if loss < best:
            best = loss
            waited = 0
            continue
        waited += 1
        if waited >= patience:
            drops += 1
            waited = 0
    return drops


def planned_rates(training: Training) -> Array:
    """The rate of every epoch as known before the run: (epochs,) float64. plateau is drawn as if it never dropped."""
    base = training.optimizer.learning_rate
    return np.array(
        [
            scheduled_rate(training.schedule, base, epoch=epoch, epochs=training.epochs)
            for epoch in range(training.epochs)
        ]
    )
