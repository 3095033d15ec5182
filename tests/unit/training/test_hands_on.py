"""Looking into a model before it is trained, changing its weights by hand, and training slowly."""

from __future__ import annotations

import threading

import msgspec
import numpy as np
import pytest

from nnplayground.data.points import point_features
from nnplayground.layers.activations import activation
from nnplayground.layers.core import Dense
from nnplayground.spec import edits
from nnplayground.spec.dataset import Points
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import PlaneWants, RunStarted, SnapshotWants, StepsDone
from nnplayground.training.mailbox import Mailbox
from nnplayground.training.questions import NotTrained
from nnplayground.training.session import Session
from nnplayground.training.snapshots import BINS, histogram, idle_units
from nnplayground.training.worker import EngineWorker

PLANE = SnapshotWants(plane=PlaneWants(("input", "dense_1", "dense_2"), "dense_2"))


@pytest.fixture
def project() -> Project:
    result = Project(
        dataset=Points(shape="circle", count=100, features=("x1", "x2", "x1^2")),
        training=Training(engine="scratch", epochs=3, batch_size=10, optimizer=SGD(learning_rate=0.1)),
    )
    for layer in (Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid")):
        result = edits.append_layer(result, layer)
    return result


def weights(session: Session) -> dict[str, np.ndarray]:
    return dict(session.model.engine.state().weights)


def train(session: Session, project: Project) -> list:
    return list(session.run(project, controls=Controls()))


def test_a_model_that_is_ready_can_be_looked_at_and_is_what_run_begins_with(project: Project) -> None:
    session, other = Session(), Session()
    session.make_ready(project)
    initial = weights(session)
    assert session.model.snapshot(PLANE, run_id="").plane is not None
    train(session, project)
    train(other, project)
    for name, values in weights(other).items():
        np.testing.assert_array_equal(weights(session)[name], values)
        assert (values != initial[name]).any()


def test_maps_are_what_units_give_over_the_plane(project: Project) -> None:
    session = Session()
    session.make_ready(project)
    plane = session.model.snapshot(PLANE, run_id="").plane
    assert plane is not None
    assert plane.large is not None
    assert {name: maps.shape for name, maps in plane.small.items()} == {
        "input": (3, 32, 32),
        "dense_1": (4, 32, 32),
        "dense_2": (1, 32, 32),
    }
    assert plane.large.shape == (1, 80, 80)
    # The square in row 10, column 70 of 80, from the top left.
    point = np.array([[-6 + 70.5 * 0.15, 6 - 10.5 * 0.15]], np.float32)
    features = point_features(point, ("x1", "x2", "x1^2"))
    found = weights(session)
    hidden = np.tanh(features @ found["dense_1/kernel"] + found["dense_1/bias"])
    output = 1 / (1 + np.exp(-(hidden @ found["dense_2/kernel"] + found["dense_2/bias"])))
    assert plane.large[0, 10, 70] == pytest.approx(output[0, 0], rel=1e-4)
    assert plane.small["input"][0, 0, 0] == pytest.approx(-6 + 12 / 64)
    assert plane.small["input"][1, 0, 0] == pytest.approx(6 - 12 / 64)


def test_an_edit_that_is_undone_brings_back_what_was_trained(project: Project) -> None:
    session = Session()
    train(session, project)
    trained = weights(session)
    wider = edits.set_parameter(project, "model.dense_1.units", 6)
    session.make_ready(wider)
    assert weights(session)["dense_1/kernel"].shape == (3, 6)
    session.make_ready(project)
    for name, values in trained.items():
        np.testing.assert_array_equal(weights(session)[name], values)
    started = next(event for event in train(session, project) if isinstance(event, RunStarted))
    assert started.epoch == 3


def test_a_project_that_cannot_run_is_refused_and_changes_nothing(project: Project) -> None:
    session = Session()
    session.make_ready(project)
    before = weights(session)
    with pytest.raises(NotTrained, match="output"):
        session.make_ready(edits.set_parameter(project, "model.dense_2.units", 3))
    with pytest.raises(NotTrained, match="data"):
        session.make_ready(msgspec.structs.replace(project, dataset=None))
    assert weights(session).keys() == before.keys()


def test_a_weight_is_changed_by_hand(project: Project) -> None:
    session = Session()
    session.make_ready(project)
    before = weights(session)["dense_1/kernel"].copy()
    assert session.model.set_weight("dense_1/kernel", (1, 2), 0.75) == pytest.approx(before[1, 2])
    column = session.model.set_weight("dense_1/kernel", (slice(None), 0), np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(column, before[:, 0])
    after = weights(session)["dense_1/kernel"]
    assert after[1, 2] == 0.75
    np.testing.assert_array_equal(after[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(after[:, 3], before[:, 3])
    for name, index in (("dense_9/kernel", (0, 0)), ("dense_1/kernel", (0,))):
        with pytest.raises(NotTrained):
            session.model.set_weight(name, index, 0.0)


def test_dead_and_saturated_units() -> None:
    z = np.array([[-1.0, 2.0, 0.0], [-3.0, -1.0, -0.5]])
    assert idle_units(activation("relu"), z) == (pytest.approx(2 / 3), None)
    assert idle_units(activation("sigmoid"), np.array([[9.0, 0.1], [-12.0, 1.0]])) == (None, 0.5)
    assert idle_units(activation("linear"), z) == (None, None)


@pytest.mark.parametrize("values", [[1, 1 + 2**-23, 1 - 2**-24], [-3e38, 0, 3e38], [0, 1e-45, 1e-45], [2, 2, 2]])
def test_a_histogram_has_its_bins_however_near_or_far_the_values_are(values: list[float]) -> None:
    """As of gammas that have hardly moved, and of weights on the way to infinity."""
    found = histogram(np.array([*values, np.nan, np.inf], np.float32))
    assert (len(found.counts), found.counts.sum()) == (BINS, 3)
    assert (np.diff(found.edges) > 0).all()


def test_a_slow_run_does_one_update_at_a_time(project: Project) -> None:
    controls = Controls()
    controls.speed = 20
    blocks = [
        len(event.values["loss"]) for event in Session().run(project, controls=controls) if isinstance(event, StepsDone)
    ]
    assert blocks == [1] * 24
    controls = Controls()
    controls.speed = 90
    sizes = {
        len(event.values["loss"]) for event in Session().run(project, controls=controls) if isinstance(event, StepsDone)
    }
    assert max(sizes) == 3


def test_another_speed_ends_the_wait(project: Project) -> None:
    """At one update in a thousand seconds the second update waits, until the speed is set free."""
    controls = Controls()
    controls.speed = 0.001
    second = threading.Event()

    class Watched(Mailbox):
        updates = 0

        def put(self, event: object) -> None:  # type: ignore[override]
            super().put(event)  # type: ignore[arg-type]
            if isinstance(event, StepsDone):
                self.updates += len(event.values["loss"])
                if self.updates == 2:
                    second.set()

    mailbox = Watched()
    worker = EngineWorker(mailbox, Session)
    worker.run(lambda session, controls, report: session.run(project, controls=controls), controls)
    assert second.wait(30)
    assert mailbox.updates == 2
    controls.speed = None
    worker.wake()
    ended = threading.Event()
    worker.ask(lambda session: None, lambda answer: ended.set(), between_runs=True)
    assert ended.wait(30)
    assert mailbox.updates == 24
    worker.close()
    assert worker.join(30)
