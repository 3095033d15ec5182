"""What a run tells, how it is controlled, and which weights remain."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from nnplayground.layers.activations import activation
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, EarlyStopping, ExponentialSchedule, PlateauSchedule, TableSchedule, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import (
    EpochDone,
    Event,
    Mistakes,
    RunEnded,
    RunStarted,
    Snapshot,
    SnapshotWants,
    StepsDone,
)
from nnplayground.training.loop import TrainingLoop
from nnplayground.training.progress import Progress, RunPlan
from nnplayground.training.snapshots import Viewer
from tests.unit.training.fakes import FakeEngine, samples

SPLITS = {"training": samples(10), "validation": samples(4)}


def loop(
    engine: FakeEngine,
    *,
    controls: Controls | None = None,
    progress: Progress | None = None,
    splits: dict = SPLITS,
    **training: object,
) -> TrainingLoop:
    settings = msgspec.structs.replace(Training(epochs=3, batch_size=4, optimizer=SGD(learning_rate=0.5)), **training)
    engine.attach(splits)
    plan = RunPlan("run", Project(training=settings), ("a", "b"), ("accuracy",), settings.epochs)
    return TrainingLoop(
        engine,
        splits,
        plan=plan,
        controls=controls or Controls(),
        progress=progress or Progress(),
        viewer=Viewer(
            engine,
            splits,
            loss="binary_crossentropy",
            shapes={"dense_1": (1,)},
            activations={"dense_1": activation("sigmoid")},
        ),
    )


def events_of(kind: type, events: list[Event]) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_the_story_of_a_run() -> None:
    events = list(loop(FakeEngine()).events())
    assert isinstance(events[0], RunStarted)
    assert events[0].updates_per_epoch == 3
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "finished"
    assert [done.epoch for done in events_of(EpochDone, events)] == [1, 2, 3]
    steps = events_of(StepsDone, events)
    counted = [step.first_update + place for step in steps for place in range(len(step.values["loss"]))]
    assert counted == list(range(1, 10))


def test_an_epoch_goes_through_all_samples_in_an_order_of_its_own() -> None:
    engine = FakeEngine()
    list(loop(engine).events())
    order = np.concatenate([batch for block in engine.blocks for batch in block])
    epochs = order.reshape(3, 10)
    for epoch in epochs:
        assert sorted(epoch) == list(range(10))
    assert len({tuple(epoch) for epoch in epochs}) == 3
    again = FakeEngine()
    list(loop(again).events())
    np.testing.assert_array_equal(order, np.concatenate([batch for block in again.blocks for batch in block]))


def test_the_loss_of_an_epoch_is_the_mean_over_samples() -> None:
    engine = FakeEngine(losses=lambda update: float(update))
    done = events_of(EpochDone, list(loop(engine, epochs=1).events()))[0]
    assert done.metrics["loss"] == pytest.approx((1 * 4 + 2 * 4 + 3 * 2) / 10)
    assert done.metrics["val_loss"] == 1.0


def test_blocks_never_cross_an_epoch() -> None:
    engine = FakeEngine()
    list(loop(engine, epochs=30).events())
    sizes = [sum(len(batch) for batch in block) for block in engine.blocks]
    total = 0
    for size in sizes:
        assert total % 10 + size <= 10
        total += size


def test_stop_between_blocks_keeps_the_weights_and_evaluates_them() -> None:
    engine, controls = FakeEngine(), Controls()
    seen: list[Event] = []
    for event in loop(engine, controls=controls).events():
        seen.append(event)
        if isinstance(event, StepsDone) and event.first_update == 4:
            controls.stop()
    ended = seen[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "stopped"
    assert ended.epoch == 1
    assert engine.updates < 9
    assert engine.weight == pytest.approx(0.5 * engine.updates)
    assert ended.metrics["val_loss"] == 0.5
    assert ended.mistakes == 2


def test_stop_before_the_first_update() -> None:
    engine, controls = FakeEngine(), Controls()
    controls.stop()
    ended = list(loop(engine, controls=controls).events())[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.reason, ended.epoch, engine.updates) == ("stopped", 0, 0)


def test_stop_twice_leaves_out_the_last_evaluation() -> None:
    engine, controls = FakeEngine(), Controls()
    controls.stop()
    controls.stop()
    ended = list(loop(engine, controls=controls).events())[-1]
    assert isinstance(ended, RunEnded)
    assert engine.evaluations == 0
    assert ended.mistakes is None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_divergence_keeps_the_last_good_weights_and_says_what_to_do(bad: float) -> None:
    engine = FakeEngine(losses=lambda update: 0.5 if update < 5 else bad)
    events = list(loop(engine, optimizer=SGD(learning_rate=10.0)).events())
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "diverged"
    assert ended.epoch == 1
    assert engine.weight == pytest.approx(30.0)
    assert ended.error is not None
    assert "update 5" in ended.error
    assert "try 1" in ended.error
    assert ended.metrics["loss"] == 0.5


def test_divergence_lets_the_optimizer_forget_what_it_has_seen() -> None:
    engine = FakeEngine(losses=lambda update: 0.5 if update < 5 else math.inf)
    engine.memory = {"velocity": np.full(2, 0.1)}
    for event in loop(engine).events():
        if isinstance(event, EpochDone):
            engine.memory = {
                "velocity": np.full(2, np.inf),
                "training.optimizer.momentum": np.array(0.9),
                "momentum": np.array([np.nan]),
            }
    np.testing.assert_array_equal(engine.memory["velocity"], [0.1, 0.1])
    assert engine.memory["training.optimizer.momentum"] == 0.9
    assert engine.memory["momentum"] == [0.0]


def test_a_weight_that_is_not_finite_is_divergence() -> None:
    engine = FakeEngine()
    events = []
    for event in loop(engine).events():
        events.append(event)
        if isinstance(event, EpochDone):
            engine.weight = np.array([np.inf], np.float32)
    assert events[-1].reason == "diverged"
    assert np.isfinite(engine.weight).all()


def test_early_stopping_restores_the_best() -> None:
    engine = FakeEngine()
    engine.validation_loss = lambda evaluation: {1: 0.9, 2: 0.4}.get(evaluation, 0.6)
    stopping = EarlyStopping(patience=3)
    events = list(loop(engine, epochs=50, early_stopping=stopping).events())
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "early_stopped"
    assert len(events_of(EpochDone, events)) == 5
    assert ended.epoch == 2
    assert engine.weight == pytest.approx(0.5 * 6)


def test_early_stopping_of_a_figure_that_should_rise() -> None:
    engine = FakeEngine()
    engine.validation_accuracy = lambda evaluation: {1: 0.5, 2: 0.6, 3: 0.7}.get(evaluation, 0.65)
    stopping = EarlyStopping(monitor="val_accuracy", patience=2)
    events = list(loop(engine, epochs=50, early_stopping=stopping).events())
    assert len(events_of(EpochDone, events)) == 5
    assert events[-1].epoch == 3
    assert engine.weight == pytest.approx(0.5 * 9)


def test_divergence_keeps_the_last_good_weights_even_where_the_best_are_restored() -> None:
    engine = FakeEngine(losses=lambda update: 0.5 if update < 10 else math.nan)
    engine.validation_loss = lambda evaluation: {1: 0.1}.get(evaluation, 0.6)
    ended = list(loop(engine, epochs=50, early_stopping=EarlyStopping(patience=40)).events())[-1]
    assert ended.reason == "diverged"
    assert ended.epoch == 3
    assert "end of epoch 3" in ended.error
    assert engine.weight == pytest.approx(0.5 * 9)


def test_a_run_that_goes_on_remembers_its_best_and_has_its_patience_again() -> None:
    engine = FakeEngine()
    engine.validation_loss = lambda evaluation: {2: 0.1}.get(evaluation, 0.6)
    stopping, progress = EarlyStopping(patience=2), Progress()
    first = list(loop(engine, epochs=50, early_stopping=stopping, progress=progress).events())[-1]
    assert (first.reason, first.epoch, progress.epoch) == ("early_stopped", 2, 4)
    second = list(loop(engine, epochs=50, early_stopping=stopping, progress=progress).events())
    assert len(events_of(EpochDone, second)) == 2
    assert second[-1].epoch == 2
    assert engine.weight == pytest.approx(0.5 * 6)


def test_another_monitored_figure_begins_anew() -> None:
    engine = FakeEngine()
    progress = Progress()
    watched = EarlyStopping(monitor="val_accuracy", patience=50)
    list(loop(engine, epochs=2, early_stopping=watched, progress=progress).events())
    assert progress.best_score == -0.5
    list(loop(engine, epochs=4, early_stopping=EarlyStopping(patience=50), progress=progress).events())
    assert progress.monitor == "val_loss"
    assert progress.best_epoch == 4


def test_a_rate_changed_while_running_is_used_and_recorded() -> None:
    engine, controls = FakeEngine(), Controls()
    rates = []
    for event in loop(engine, controls=controls, schedule=ExponentialSchedule(base=0.5)).events():
        if isinstance(event, EpochDone):
            rates.append(event.learning_rate)
            if event.epoch == 1:
                controls.set_value("training.optimizer.learning_rate", 8.0)
    assert rates == [0.5, 4.0, 2.0]


def test_a_rate_changed_by_hand_goes_before_the_entry_of_a_table_that_was_reached() -> None:
    engine, controls, progress = FakeEngine(), Controls(), Progress()
    rates: list[float] = []
    table = TableSchedule(rates={"2": 0.1, "4": 0.01})
    run = loop(engine, controls=controls, progress=progress, epochs=4, schedule=table)
    for event in run.events():
        if isinstance(event, EpochDone):
            rates.append(event.learning_rate)
            if event.epoch == 2:
                controls.set_value("training.optimizer.learning_rate", 0.3)
    assert rates == [0.5, 0.1, 0.3, 0.01]
    assert progress.rate_changed_in == 3


def test_the_end_describes_a_weight_that_was_changed_by_hand_after_the_last_epoch() -> None:
    engine, controls, progress = FakeEngine(), Controls(), Progress()
    for event in loop(engine, controls=controls, progress=progress).events():
        if isinstance(event, EpochDone) and event.epoch == 2:
            progress.by_hand = True
            before = engine.evaluations
            controls.stop()
    assert isinstance(event, RunEnded)
    assert engine.evaluations == before + 1
    assert "loss" not in event.metrics
    assert "val_loss" in event.metrics


def test_other_live_values_reach_the_engine() -> None:
    engine, controls = FakeEngine(), Controls()
    controls.set_value("model.dropout_1.rate", 0.1)
    list(loop(engine, controls=controls).events())
    assert engine.values["model.dropout_1.rate"] == 0.1


def test_plateau_drops_the_rate() -> None:
    engine = FakeEngine()
    engine.validation_loss = lambda evaluation: 1.0
    events = list(loop(engine, epochs=6, schedule=PlateauSchedule(patience=2, factor=0.5)).events())
    assert [done.learning_rate for done in events_of(EpochDone, events)] == [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_a_single_step_is_one_update() -> None:
    engine, controls = FakeEngine(), Controls()
    controls.step("update")
    events = loop(engine, controls=controls).events()
    for event in events:
        if isinstance(event, StepsDone):
            break
    assert engine.updates == 1


def test_going_on_where_a_run_stood() -> None:
    whole = FakeEngine()
    list(loop(whole, epochs=4).events())
    first = FakeEngine()
    progress = Progress()
    list(loop(first, epochs=2, progress=progress).events())
    second = FakeEngine()
    second.restore(first.state())
    list(loop(second, epochs=4, progress=progress).events())
    assert [len(batch) for block in second.blocks for batch in block] == [4, 4, 2, 4, 4, 2]
    np.testing.assert_array_equal(
        np.concatenate([batch for block in whole.blocks for batch in block])[20:],
        np.concatenate([batch for block in second.blocks for batch in block]),
    )
    assert second.weight == whole.weight


def test_snapshots_are_made_only_while_they_are_wanted_and_looked_at() -> None:
    engine = FakeEngine()
    waiting = {"now": False}
    controls = Controls(snapshot_waiting=lambda: waiting["now"])

    def seen(events: list[Event]) -> int:
        return len(events_of(Snapshot, events))

    assert seen(list(loop(engine, controls=controls).events())) == 0
    controls.wants = SnapshotWants(sample_id="3", layer_ids=("dense_1",), histograms=True)
    events = list(loop(FakeEngine(), controls=controls).events())
    assert seen(events) > 0
    snapshot = events_of(Snapshot, events)[0]
    assert snapshot.prediction.sample_id == "3"
    assert snapshot.prediction.loss == pytest.approx(-math.log(0.9))
    assert snapshot.activations["dense_1"].shape == (1,)
    assert snapshot.histograms["dense_1/kernel"].counts.sum() == 1
    waiting["now"] = True
    assert seen(list(loop(FakeEngine(), controls=controls).events())) == 0


def test_mistakes_tell_about_every_validation_sample() -> None:
    mistakes = events_of(Mistakes, list(loop(FakeEngine(), epochs=1).events()))[-1]
    assert mistakes.ids == ("0", "1", "2", "3")
    assert mistakes.labels.tolist() == [0, 1, 0, 1]
    assert mistakes.predictions.shape == (4, 1)


def test_without_validation() -> None:
    events = list(loop(FakeEngine(), splits={"training": samples(10)}).events())
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.mistakes is None
    assert "val_loss" not in ended.metrics
    assert not events_of(Mistakes, events)


def test_full_batch() -> None:
    engine = FakeEngine()
    list(loop(engine, batch_size="all", epochs=2).events())
    assert [len(batch) for block in engine.blocks for batch in block] == [10, 10]


def test_a_layer_that_the_running_model_does_not_have_is_left_out() -> None:
    controls = Controls()
    controls.wants = SnapshotWants(sample_id="3", layer_ids=("dense_9",), before_of="dense_9")
    events = list(loop(FakeEngine(), controls=controls).events())
    assert events[-1].reason == "finished"
    snapshot = events_of(Snapshot, events)[0]
    assert snapshot.prediction.sample_id == "3"
    assert snapshot.activations == {}
    assert snapshot.before is None
