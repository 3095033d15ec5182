"""A single step of a run whose numbers are wanted: the snapshot tells of exactly that update. So does the last one
ahead of a pause and at the end, however seldom updates are looked at while the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.activations import activation
from nnplayground.layers.core import Dense, Input
from nnplayground.samples import Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training
from nnplayground.training.batches import DataOrder
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Event, RunEnded, Snapshot, SnapshotWants, StepsDone
from nnplayground.training.loop import TrainingLoop
from nnplayground.training.progress import Progress, RunPlan
from nnplayground.training.snapshots import Pace, Viewer

MODEL = Model(
    (
        Block("input", Input()),
        Block("dense_1", Dense(units=3, activation="tanh")),
        Block("dense_2", Dense(units=1, activation="sigmoid")),
    ),
    (Wire("input", "dense_1"), Wire("dense_1", "dense_2")),
)
PROJECT = Project(
    model=MODEL, training=Training(engine="scratch", optimizer=Adam(learning_rate=0.05), batch_size=5, epochs=2)
)
SHAPES = {"input": (2,), "dense_1": (3,), "dense_2": (1,)}


def some_samples(count: int) -> Samples:
    inputs = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    return Samples(
        inputs={"input": inputs},
        targets={"dense_2": (inputs.sum(axis=1) > 0).astype(np.int32)},
        ids=tuple(str(number) for number in range(count)),
    )


SPLITS = {"training": some_samples(20), "validation": some_samples(6)}


def made() -> ScratchEngine:
    engine = ScratchEngine(PROJECT, DataFacts(input_shape=(2,), class_names=("a", "b")))
    engine.attach(SPLITS)
    return engine


def stepping(engine: ScratchEngine, controls: Controls) -> TrainingLoop:
    viewer = Viewer(
        engine,
        SPLITS,
        loss="binary_crossentropy",
        shapes=SHAPES,
        activations={"input": activation("linear"), "dense_1": activation("tanh"), "dense_2": activation("sigmoid")},
    )
    plan = RunPlan("run", PROJECT, ("a", "b"), ("accuracy",), 2)
    return TrainingLoop(engine, SPLITS, plan=plan, controls=controls, progress=Progress(), viewer=viewer)


def test_each_step_shows_its_own_update() -> None:
    engine, beside, controls = made(), made(), Controls()
    controls.wants = SnapshotWants(trace="dense_1", flow=True, weights=("dense_1", "dense_2"))
    controls.step("update")
    order = DataOrder(0, 20, 5)
    updates = [(epoch, batch) for epoch in range(2) for batch in order.batches(epoch)]
    snapshot: Snapshot | None = None
    seen = 0
    for event in stepping(engine, controls).events():
        if isinstance(event, Snapshot):
            snapshot = event
        if not isinstance(event, StepsDone):
            continue
        epoch, batch = updates[seen]
        seen += 1
        before, expected = beside.weights(), beside.train([batch])
        assert snapshot is not None
        trace = snapshot.trace
        assert trace is not None
        assert snapshot.flow is not None
        assert (snapshot.epoch, snapshot.update, trace.count) == (epoch + 1, seen, seen)
        assert (event.first_update, len(event.values["loss"])) == (seen, 1)
        np.testing.assert_array_equal(trace.samples, batch)
        assert event.values["loss"][0] == trace.metrics.values["loss"][0]
        assert trace.metrics.values["loss"][0] == pytest.approx(expected.values["loss"][0], rel=1e-5)
        for layer_id in ("dense_1", "dense_2"):
            layer = trace.layers[layer_id]
            assert snapshot.flow.layers[layer_id].gradient == trace.gradient_norms[layer_id]
            for name, weight in layer.after.items():
                np.testing.assert_allclose(layer.weights[name], before[f"{layer_id}/{name}"], atol=1e-5)
                np.testing.assert_array_equal(weight, snapshot.weights[f"{layer_id}/{name}"])
                np.testing.assert_allclose(weight, beside.weights()[f"{layer_id}/{name}"], atol=1e-5)
        controls.step("update")
        snapshot = None
    assert seen == len(updates)


class Watched:
    """A run in which nobody has time to look at the snapshots. Its events, one after the other, and what came last."""

    def __init__(self, wants: SnapshotWants) -> None:
        self.controls = Controls(snapshot_waiting=lambda: True)
        self.controls.wants = wants
        self.snapshot: Snapshot | None = None
        self.updates = 0
        self._events = stepping(made(), self.controls).events()

    def go(self, until: Callable[[Event], bool]) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, Snapshot):
                self.snapshot = event
            if isinstance(event, StepsDone):
                self.updates = event.first_update + len(event.values["loss"]) - 1
            yield event
            if until(event):
                return

    @property
    def told(self) -> int:
        """Which update the numbers that came last are of."""
        assert self.snapshot is not None
        assert self.snapshot.trace is not None
        return self.snapshot.trace.count


def took_steps(event: Event) -> bool:
    return isinstance(event, StepsDone)


@pytest.fixture
def watched() -> Watched:
    return Watched(SnapshotWants(trace="dense_1"))


def test_the_last_update_of_a_run_is_told(watched: Watched) -> None:
    events = list(watched.go(lambda event: False))
    assert isinstance(events[-1], RunEnded)
    assert watched.updates == 8
    assert watched.told == 8


def test_the_last_update_of_an_epoch_is_told_where_a_pause_comes_after_it(watched: Watched) -> None:
    watched.controls.step("epoch")
    list(watched.go(lambda event: isinstance(event, EpochDone)))
    assert watched.told == 4


def test_a_pause_comes_after_an_update_that_is_told(watched: Watched) -> None:
    list(watched.go(took_steps))
    assert watched.snapshot is None
    watched.controls.pause()
    assert not watched.controls.paused
    list(watched.go(took_steps))
    assert watched.controls.paused
    assert watched.told == watched.updates == 2


def test_a_stop_comes_after_an_update_that_is_told(watched: Watched) -> None:
    list(watched.go(took_steps))
    watched.controls.stop()
    events = list(watched.go(lambda event: False))
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "stopped"
    assert watched.told == watched.updates == 2


def test_a_second_stop_ends_at_once(watched: Watched) -> None:
    list(watched.go(took_steps))
    watched.controls.stop()
    watched.controls.stop()
    list(watched.go(lambda event: False))
    assert watched.updates == 1


def test_a_pause_comes_at_once_where_nobody_wants_the_numbers() -> None:
    watched = Watched(SnapshotWants(weights=("dense_1",)))
    list(watched.go(took_steps))
    watched.controls.pause()
    assert watched.controls.paused


def test_getting_ready_for_the_first_look_does_not_put_off_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("nnplayground.training.snapshots.time.perf_counter", lambda: now[0])
    pace, wants = Pace(), SnapshotWants(trace="dense_1")

    def look(seconds: float) -> None:
        with pace.timed("update", wants):
            now[0] += seconds

    look(3.0)
    now[0] += 0.3
    assert pace.due(wants) == wants
    look(0.1)
    now[0] += 0.3
    assert not pace.due(wants).anything
    now[0] += 5.0
    assert pace.due(wants) == wants
