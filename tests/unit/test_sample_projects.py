"""Each bundled sample teaches what its hint says: the same runs as in the window, from the files that are opened."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from nnplayground.resources import resources
from nnplayground.sample_projects import SampleProject, sample_projects
from nnplayground.spec.edits import append_layer
from nnplayground.spec.files import load_project
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Mistakes, RunEnded, Snapshot, SnapshotWants
from nnplayground.training.outcomes import predicted_classes
from nnplayground.training.session import Session

SAMPLES = {sample.path.stem: sample for sample in sample_projects()}


class Outcome:
    """A run to its end, or to an epoch."""

    def __init__(self, project: Project, *, wants: SnapshotWants | None = None, session: Session | None = None) -> None:
        controls = Controls()
        controls.wants = wants or SnapshotWants()
        run = (session or Session()).run(project, controls=controls)
        self.events = list(run)
        self.epochs = [event.metrics for event in self.events if isinstance(event, EpochDone)]
        ended = self.events[-1]
        assert isinstance(ended, RunEnded)
        self.reason = ended.reason

    def last(self, metric: str) -> float:
        return self.epochs[-1][metric]


def project_of(name: str, **training: Any) -> Project:
    project = load_project(SAMPLES[name].path)
    return msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, **training))


def changed(project: Project, layer_id: str, **parameters: Any) -> Project:
    blocks = tuple(
        msgspec.structs.replace(block, layer=msgspec.structs.replace(block.layer, **parameters))
        if block.id == layer_id
        else block
        for block in project.model.blocks
    )
    return msgspec.structs.replace(project, model=msgspec.structs.replace(project.model, blocks=blocks))


def with_features(project: Project, *features: str) -> Project:
    assert project.dataset is not None
    return msgspec.structs.replace(project, dataset=msgspec.structs.replace(project.dataset, features=features))


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=lambda sample: sample.path.stem)
def test_says_what_to_try_in_a_few_sentences(sample: SampleProject) -> None:
    assert sample.path.is_file()
    assert 2 <= len(re.findall(r"[.?!](?= |$)", sample.hint)) <= 4
    assert sample.title
    assert sample.about.endswith(".")


PLAIN = (
    *("circle", "spiral", "logistic", "xor_linear", "xor", "symmetry", "vanishing", "not_vanishing"),
    *("valley", "plane", "hills", "classes", "digits_scratch"),
)


@pytest.mark.parametrize("name", PLAIN)
def test_needs_no_tensorflow(name: str) -> None:
    assert load_project(SAMPLES[name].path).training.engine == "scratch"


def test_the_files_are_those_that_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _maker()
    assert list(made.projects()) == list(SAMPLES)
    (tmp_path / "digits").mkdir()
    monkeypatch.setattr(made, "SAMPLES", tmp_path)
    made.main()
    for name, sample in SAMPLES.items():
        assert (tmp_path / f"{name}.nnp").read_text("utf-8") == sample.path.read_text("utf-8"), name


def _maker() -> ModuleType:
    path = resources().parent / "packaging" / "make_samples.py"
    if not path.is_file():
        pytest.skip("The script lies beside the source only.")
    spec = importlib.util.spec_from_file_location("make_samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOLVED = {"circle": 400, "spiral": 600, "logistic": 100, "xor": 500, "not_vanishing": 200, "classes": 300}


@pytest.mark.parametrize(("name", "epochs"), SOLVED.items(), ids=lambda value: str(value))
def test_learns(name: str, epochs: int) -> None:
    assert Outcome(project_of(name, epochs=epochs)).last("val_accuracy") >= 0.95


def test_one_line_is_not_enough_for_xor() -> None:
    project = project_of("xor_linear")
    assert Outcome(project).last("val_accuracy") < 0.6
    assert Outcome(with_features(project, "x1", "x2", "x1x2")).last("val_accuracy") > 0.95


def test_squares_make_the_circle_a_straight_line() -> None:
    project = with_features(project_of("circle", epochs=300), "x1", "x2", "x1^2", "x2^2")
    output = project.model.blocks[-1].layer
    model = msgspec.structs.replace(project.model, blocks=project.model.blocks[:1], wires=())
    project = append_layer(msgspec.structs.replace(project, model=model), output)
    assert Outcome(project).last("val_accuracy") > 0.95


class TestSymmetry:
    PROJECT = "symmetry"

    def test_nothing_is_learned(self) -> None:
        outcome = Outcome(project_of(self.PROJECT, epochs=300))
        assert outcome.last("loss") > 0.69

    @pytest.mark.parametrize(("name", "index"), [("dense_1/kernel", (0, 2)), ("dense_2/kernel", (2, 0))])
    def test_one_weight_wakes_its_neuron_alone(self, name: str, index: tuple[int, ...]) -> None:
        project, session = project_of(self.PROJECT, epochs=300), Session()
        session.make_ready(project)
        session.model.set_weight(name, index, 0.5)
        outcome = Outcome(project, session=session)
        assert outcome.last("loss") < 0.6
        kernel = session.model.engine.state().weights["dense_1/kernel"]
        assert abs(kernel[:, 2]).min() > 0.1
        assert not kernel[:, [0, 1, 3]].any()

    def test_another_initializer_parts_them(self) -> None:
        project = changed(project_of(self.PROJECT, epochs=600), "dense_1", kernel_initializer="glorot_uniform")
        assert Outcome(project).last("val_accuracy") > 0.95


def gradients(name: str, epochs: int = 20) -> list[float]:
    """Norms at the end of some epochs, from the first layer to the last."""
    outcome = Outcome(project_of(name, epochs=epochs), wants=SnapshotWants(flow=True, trace="dense_1"))
    flow = [event.flow for event in outcome.events if isinstance(event, Snapshot) and event.flow is not None][-1]
    return [layer.gradient for layer in flow.layers.values() if layer.gradient is not None]


def test_gradients_vanish_through_ten_sigmoids_and_arrive_through_relus() -> None:
    vanishing, arriving = gradients("vanishing"), gradients("not_vanishing")
    assert len(vanishing) == len(arriving) == 11
    assert vanishing[0] < vanishing[-1] / 10_000
    assert max(arriving) < 30 * min(arriving)
    assert Outcome(project_of("vanishing", epochs=100)).last("loss") > 0.68


def test_momentum_leaves_the_valley_sooner() -> None:
    def after(epochs: int, *, learning_rate: float = 0.008, momentum: float = 0.0) -> Outcome:
        optimizer = SGD(learning_rate=learning_rate, momentum=momentum)
        return Outcome(project_of("valley", epochs=epochs, optimizer=optimizer))

    assert load_project(SAMPLES["valley"].path).training.optimizer == SGD(learning_rate=0.008)
    plain, momentum = after(60).last("loss"), after(60, momentum=0.9).last("loss")
    assert plain > 10 * momentum
    assert after(60, learning_rate=0.05).last("loss") < plain / 5
    assert after(300, learning_rate=0.08).reason == "diverged"


def test_a_plane_has_two_equal_weights() -> None:
    session = Session()
    outcome = Outcome(project_of("plane"), session=session)
    first, second = session.model.engine.state().weights["dense_1/kernel"][:, 0]
    assert first == pytest.approx(second, rel=0.1)
    assert outcome.last("val_mae") < 0.06


def test_hills_need_the_hidden_layers() -> None:
    assert Outcome(project_of("hills", epochs=1000)).last("val_mae") < 0.1


def test_neighbouring_classes_are_mixed_up_and_opposite_ones_never() -> None:
    mistakes = [event for event in Outcome(project_of("classes")).events if isinstance(event, Mistakes)][-1]
    said, true = predicted_classes(mistakes.predictions), mistakes.labels
    wrong = said != true
    assert wrong.any()
    assert set(((said - true) % 5)[wrong].tolist()) <= {1, 4}


def test_digits_from_scratch() -> None:
    controls = Controls()
    session = Session(base=SAMPLES["digits_scratch"].path.parent)
    events = list(session.run(project_of("digits_scratch", epochs=20), controls=controls))
    assert [event.metrics for event in events if isinstance(event, EpochDone)][-1]["val_accuracy"] > 0.93
