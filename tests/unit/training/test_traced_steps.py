"""A single step of a run whose numbers are wanted: the snapshot tells of exactly that update."""

from __future__ import annotations

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
from nnplayground.training.events import Snapshot, SnapshotWants, StepsDone
from nnplayground.training.loop import Progress, RunPlan, TrainingLoop
from nnplayground.training.snapshots import Viewer

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
