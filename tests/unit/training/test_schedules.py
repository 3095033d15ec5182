"""The learning rate of each epoch, by the formulas; e = 0 for the first epoch."""

from __future__ import annotations

import math

import pytest

from nnplayground.spec.training import (
    Adam,
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
from nnplayground.training.batches import DataOrder, batch_count
from nnplayground.training.schedules import planned_rates, scheduled_rate


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (ConstantSchedule(), [0.5, 0.5, 0.5, 0.5]),
        (InverseTimeSchedule(decay_rate=1.0), [0.5, 0.25, 0.5 / 3, 0.125]),
        (ExponentialSchedule(), [0.5, 0.5 * 0.97, 0.5 * 0.97**2, 0.5 * 0.97**3]),
        (SquareRootSchedule(k=2.0), [1.0, 1 / math.sqrt(2), 1 / math.sqrt(3), 0.5]),
        (StepSchedule(every=2, factor=0.1), [0.5, 0.5, 0.05, 0.05]),
        (CosineSchedule(), [0.5, 0.25 * (1 + math.cos(math.pi / 4)), 0.25, 0.25 * (1 + math.cos(3 * math.pi / 4))]),
        (TableSchedule(rates={"2": 0.1, "4": 0.01}), [0.5, 0.1, 0.1, 0.01]),
        (PlateauSchedule(), [0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_formulas(schedule: Schedule, rates: list[float]) -> None:
    training = Training(optimizer=Adam(learning_rate=0.5), epochs=4, schedule=schedule)
    assert planned_rates(training) == pytest.approx(rates)


@pytest.mark.parametrize(
    ("losses", "rate"),
    [([], 1.0), ([3, 2, 1], 1.0), ([1, 2, 3], 0.5), ([1, 2, 3, 4, 5], 0.25), ([1, 2, 0.5, 2, 2], 0.5)],
)
def test_plateau(losses: list[float], rate: float) -> None:
    schedule = PlateauSchedule(patience=2, factor=0.5)
    assert scheduled_rate(schedule, 1.0, epoch=len(losses), epochs=10, losses=losses) == rate


def test_batches() -> None:
    batches = DataOrder(0, 10, 4).batches(3)
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert batch_count(10, 4) == 3
    assert batch_count(10, "all") == 1
    assert [len(batch) for batch in DataOrder(0, 10, "all").batches(0)] == [10]
    assert [batch.tolist() for batch in batches] == [b.tolist() for b in DataOrder(0, 10, 4).batches(3)]
    order = DataOrder(0, 10, 4)
    order.batches(1)
    assert [batch.tolist() for batch in order.batches(3)] == [batch.tolist() for batch in batches]
    assert [batch.tolist() for batch in batches] != [b.tolist() for b in DataOrder(1, 10, 4).batches(3)]


def test_a_table_gives_way_to_a_change_by_hand_until_its_next_entry() -> None:
    table = TableSchedule(rates={"2": 0.1, "4": 0.01})
    rates = [scheduled_rate(table, 0.5, epoch=epoch, epochs=5, changed_in=3) for epoch in range(1, 5)]
    assert rates == [0.5, 0.5, 0.01, 0.01]
