"""What Run means: going on, starting with the weights of untouched layers, starting anew. On the numpy engine."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from nnplayground.engine.base import EngineError
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.recurrent import LSTM
from nnplayground.layers.sequences import Embedding, RepeatVector
from nnplayground.spec import edits
from nnplayground.spec.codec import FileError
from nnplayground.spec.dataset import ImageFolder, Pairs, Points, Series
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, TeacherForcing, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import (
    DataLoaded,
    DataRefused,
    EpochDone,
    Event,
    Mistakes,
    Notice,
    RunEnded,
    RunStarted,
    SnapshotWants,
)
from nnplayground.training.questions import NotTrained
from nnplayground.training.runs import runs_folder
from nnplayground.training.session import Session
from nnplayground.training.store import RunStore, load_run, newest_run


@pytest.fixture
def circle() -> Project:
    project = Project(
        dataset=Points(shape="circle", count=120),
        training=Training(engine="scratch", epochs=4, batch_size=10, optimizer=Adam(learning_rate=0.01)),
    )
    for layer in (Dense(units=5, activation="tanh"), Dense(units=1, activation="sigmoid")):
        project = edits.append_layer(project, layer)
    return project


def run(session: Session, project: Project, **options: object) -> list[Event]:
    return list(session.run(project, controls=Controls(), **options))  # type: ignore[arg-type]


def first(kind: type, events: list[Event]):  # type: ignore[no-untyped-def]
    return next(event for event in events if isinstance(event, kind))


def test_a_run_from_data_to_end(circle: Project) -> None:
    events = run(Session(), circle)
    catalog = first(DataLoaded, events).catalog
    assert len(catalog.ids["training"]) == 96
    assert len(catalog.labels["validation"]) == 24
    assert first(RunStarted, events).epochs == 4
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "finished"
    mistakes = [event for event in events if isinstance(event, Mistakes)][-1]
    wrong = (mistakes.predictions[:, 0] >= 0.5).astype(int) != mistakes.labels
    assert ended.mistakes == wrong.sum()


def test_the_same_seed_gives_the_same_run(circle: Project) -> None:
    histories = []
    for _ in range(2):
        events = run(Session(), circle)
        histories.append([event.metrics for event in events if isinstance(event, EpochDone)])
    assert histories[0] == histories[1]


def test_run_again_goes_on(circle: Project) -> None:
    session = Session()
    one = run(session, circle)
    two = run(session, circle)
    assert first(RunStarted, two).epoch == 4
    assert first(RunStarted, two).epochs == 8
    assert first(RunStarted, two).run_id == first(RunStarted, one).run_id
    whole = run(Session(), msgspec.structs.replace(circle, training=msgspec.structs.replace(circle.training, epochs=8)))
    assert two[-1].metrics == whole[-1].metrics  # type: ignore[union-attr]


def test_more_epochs_and_another_rate_go_on_too(circle: Project) -> None:
    session = Session()
    run(session, circle)
    longer = edits.set_parameters(circle, [("training.epochs", 6), ("training.optimizer.learning_rate", 0.001)])
    events = run(session, longer)
    assert first(RunStarted, events).epoch == 4
    assert [event.learning_rate for event in events if isinstance(event, EpochDone)] == [0.001, 0.001]


def test_untouched_layers_keep_their_weights(circle: Project) -> None:
    session = Session()
    run(session, circle)
    before = session.model.engine.state().weights
    changed = edits.set_parameter(circle, "model.dense_1.units", 7)
    events = run(session, edits.set_parameter(changed, "training.optimizer.learning_rate", 0.0))
    started = first(RunStarted, events)
    assert started.kept == ()
    assert started.reinitialized == ("dense_1", "dense_2")

    session = Session()
    run(session, circle)
    before = session.model.engine.state().weights
    deeper = edits.append_layer(circle, Dense(units=1, activation="sigmoid"))
    deeper = edits.set_parameter(deeper, "training.optimizer.learning_rate", 0.0)
    started = first(RunStarted, run(session, deeper))
    assert started.kept == ("dense_1", "dense_2")
    assert started.reinitialized == ("dense_3",)
    after = session.model.engine.state().weights
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


@pytest.mark.parametrize(
    "change",
    [("dataset.seed", 7), ("dataset.split", {"type": "fraction", "validation": 0.4}), ("training.seed", 7)],
)
def test_nothing_learned_goes_over_to_another_split_or_seed(circle: Project, change: tuple[str, object]) -> None:
    session = Session()
    run(session, circle)
    other = edits.set_parameter(circle, *change)
    events = run(session, other)
    started = first(RunStarted, events)
    assert started.epoch == 0
    assert started.kept == ()
    assert started.reinitialized == ("dense_1", "dense_2")
    assert events[-1].metrics == run(Session(), other)[-1].metrics  # type: ignore[union-attr]


def test_reset_starts_from_the_seed(circle: Project) -> None:
    session = Session()
    one = run(session, circle)
    session.reset()
    two = run(session, circle)
    assert first(RunStarted, two).epoch == 0
    assert one[-1].metrics == two[-1].metrics  # type: ignore[union-attr]


def test_the_model_can_be_asked_after_the_run(circle: Project) -> None:
    session = Session()
    with pytest.raises(NotTrained, match="press Run first"):
        session.model.prediction("0")
    events = run(session, circle)
    sample_id = first(DataLoaded, events).catalog.ids["validation"][0]
    said = session.model.prediction(sample_id)
    mistakes = [event for event in events if isinstance(event, Mistakes)][-1]
    place = mistakes.ids.index(sample_id)
    assert said.values == pytest.approx(mistakes.predictions[place], abs=1e-6)
    assert said.loss == pytest.approx(mistakes.losses[place], rel=1e-4)
    wants = SnapshotWants(sample_id, ("dense_1",), ("dense_1",), histograms=True, before_of="dense_1")
    snapshot = session.model.snapshot(wants, run_id="x")
    assert snapshot.activations["dense_1"].shape == (5,)
    assert snapshot.weights["dense_1/kernel"].shape == (2, 5)
    assert snapshot.before is not None
    assert snapshot.before.counts.sum() == 16 * 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("dataset", None), "no data"),
        (("dataset", ImageFolder(folder="/nowhere/at/all")), "nowhere"),
        (("model", edits.append_layer(Project(), Dense(units=3)).model), "needs 1 unit"),
    ],
)
def test_what_keeps_a_run_from_starting_ends_it_with_a_sentence(
    circle: Project, change: tuple[str, object], words: str
) -> None:
    ended = run(Session(), msgspec.structs.replace(circle, **{change[0]: change[1]}))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "failed"
    assert ended.error is not None
    assert words in ended.error


def test_data_that_turns_out_to_be_unusable_is_told_apart_from_the_run(tmp_path: Path, circle: Project) -> None:
    dataset = ImageFolder(folder=str(tmp_path / "gone"))
    events = [
        *Session().preload(dataset, controls=Controls(), report=lambda event: None),
        *run(Session(), msgspec.structs.replace(circle, dataset=dataset)),
    ]
    refusals = [event for event in events if isinstance(event, DataRefused)]
    assert [refused.dataset for refused in refusals] == [dataset, dataset]
    assert {refused.missing_path for refused in refusals} == {str(tmp_path / "gone")}


def test_too_little_memory_is_one_sentence(circle: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise MemoryError("Unable to allocate 402. GiB for an array with shape (108, 1000000000)")

    monkeypatch.setattr("nnplayground.engine.build", refuse)
    ended = run(Session(), circle)[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "failed"
    assert ended.error is not None
    assert "not enough memory" in ended.error


def test_stop_before_the_engine_is_built(circle: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnplayground.engine.build", lambda *arguments: pytest.fail("nobody waits for it any more"))
    controls = Controls()
    events: list[Event] = []
    for event in Session().run(circle, controls=controls):
        events.append(event)
        if isinstance(event, DataLoaded):
            controls.stop()
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "stopped"


def test_stop_while_loading(circle: Project) -> None:
    controls = Controls()
    controls.stop()
    ended = list(Session().run(circle, controls=controls))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "stopped"


def test_occlusion_of_an_image(tmp_path: Path) -> None:
    for name, value in (("dark", 20), ("light", 230)):
        (tmp_path / name).mkdir()
        for number in range(6):
            Image.new("L", (8, 8), value + number).save(tmp_path / name / f"{number}.png")
    project = Project(
        dataset=ImageFolder(folder=str(tmp_path), image_size=(8, 8), color_mode="grayscale"),
        training=Training(engine="scratch", epochs=5),
    )
    project = edits.append_layer(edits.append_layer(project, Flatten()), Dense(units=1, activation="sigmoid"))
    session = Session(cache=tmp_path / "cache")
    events = run(session, project)
    seen = session.model.occlusion(first(DataLoaded, events).catalog.ids["training"][0])
    assert seen.shape == (8, 8)
    assert np.isfinite(seen).all()
    with pytest.raises(NotTrained, match="no convolutional layer"):
        session.model.heat(first(DataLoaded, events).catalog.ids["training"][0])


def test_grad_cam_of_an_image(tmp_path: Path) -> None:
    for name, value in (("dark", 20), ("light", 230)):
        (tmp_path / name).mkdir()
        for number in range(6):
            Image.new("L", (8, 8), value + number).save(tmp_path / name / f"{number}.png")
    project = Project(
        dataset=ImageFolder(folder=str(tmp_path), image_size=(8, 8), color_mode="grayscale"),
        training=Training(engine="scratch", epochs=2),
    )
    for layer in (Conv2D(filters=3, kernel_size=(3, 3)), Conv2D(filters=2, kernel_size=(3, 3)), Flatten()):
        project = edits.append_layer(project, layer)
    project = edits.append_layer(project, Dense(units=1, activation="sigmoid"))
    session = Session(cache=tmp_path / "cache")
    sample = first(DataLoaded, run(session, project)).catalog.ids["training"][0]
    assert session.model.heat(sample).shape == (4, 4)
    assert session.model.heat(sample, "conv2d_1").shape == (6, 6)
    assert session.model.heat(sample).min() >= 0
    with pytest.raises(EngineError, match="gives none"):
        session.model.heat(sample, "dense_1")
    with pytest.raises(NotTrained, match="not among the samples"):
        session.model.heat("nowhere.png")


def test_pictures_that_have_gone_are_gone_when_the_data_is_read_again(tmp_path: Path) -> None:
    for name, value in (("dark", 20), ("light", 230)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(6):
            Image.new("L", (8, 8), value + number).save(tmp_path / "photos" / name / f"{number}.png")
    project = Project(
        dataset=ImageFolder(folder=str(tmp_path / "photos"), image_size=(8, 8), color_mode="grayscale"),
        training=Training(engine="scratch", epochs=2),
    )
    project = edits.append_layer(edits.append_layer(project, Flatten()), Dense(units=1, activation="sigmoid"))
    session = Session(cache=tmp_path / "cache")
    before = first(DataLoaded, run(session, project)).catalog
    (tmp_path / "photos" / "dark" / "3.png").unlink()
    session.forget_data()
    events = run(session, project)
    after = first(DataLoaded, events).catalog
    assert sum(map(len, after.ids.values())) == sum(map(len, before.ids.values())) - 1
    assert first(RunStarted, events).kept == ()
    assert events[-1].reason == "finished"  # type: ignore[union-attr]


class TestStore:
    def stored(self, folder: Path, project: Project, **options: object) -> list[Event]:
        return run(
            Session(), project, store=lambda frozen, run_id: RunStore(folder / run_id, frozen, seed=0), **options
        )

    def test_what_a_run_leaves_behind(self, tmp_path: Path, circle: Project) -> None:
        events = self.stored(tmp_path, circle)
        folder = tmp_path / events[-1].run_id
        assert {path.name for path in folder.iterdir()} == {
            "project.nnp",
            "run.json",
            "history.csv",
            "preparation.json",
            "last.npz",
            "best.npz",
        }
        about = json.loads((folder / "run.json").read_text())
        assert about["state"] == "ended"
        assert about["reason"] == "finished"
        assert about["versions"]["numpy"] == np.__version__
        rows = (folder / "history.csv").read_text().splitlines()
        assert rows[0].startswith("epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds")
        assert [row.split(",")[0] for row in rows[1:]] == ["1", "2", "3", "4"]

    def test_resume_is_exact(self, tmp_path: Path, circle: Project) -> None:
        whole = self.stored(tmp_path / "whole", edits.set_parameter(circle, "training.epochs", 8))
        self.stored(tmp_path / "parts", circle)
        found = newest_run(tmp_path / "parts")
        project = edits.set_parameter(found.project, "training.epochs", 8)
        rest = self.stored(tmp_path / "parts", project, resume=found)
        assert rest[-1].metrics == whole[-1].metrics  # type: ignore[union-attr]
        again = load_run(tmp_path / "parts" / found.run_id)
        assert again.progress.epoch == 8
        rows = (tmp_path / "parts" / found.run_id / "history.csv").read_text().splitlines()
        assert [row.split(",")[0] for row in rows[1:]] == [str(epoch) for epoch in range(1, 9)]

    def test_nothing_to_resume(self, tmp_path: Path) -> None:
        with pytest.raises(FileError, match="no run to go on with"):
            newest_run(tmp_path)

    def test_a_damaged_checkpoint(self, tmp_path: Path, circle: Project) -> None:
        events = self.stored(tmp_path, circle)
        (tmp_path / events[-1].run_id / "last.npz").write_bytes(b"PK\x03\x04 damaged")
        with pytest.raises(FileError, match="damaged"):
            newest_run(tmp_path)

    def test_a_disk_that_refuses_does_not_end_the_run(self, tmp_path: Path, circle: Project) -> None:
        (tmp_path / "file").write_text("in the way")
        events = self.stored(tmp_path / "file", circle)
        assert events[-1].reason == "finished"  # type: ignore[union-attr]
        (notice,) = [event for event in events if isinstance(event, Notice)]
        assert notice.message.startswith(f"The run cannot be kept in {tmp_path / 'file'}")
        assert "a part of its path is not a folder" in notice.message
        assert events.index(notice) < len(events) - 1

    def test_a_disk_that_fills_up_while_training(
        self, tmp_path: Path, circle: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(handle: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        session = Session()
        events: list[Event] = []
        for event in session.run(
            circle,
            controls=Controls(),
            store=lambda frozen, run_id: RunStore(tmp_path / run_id, frozen, seed=0),
        ):
            events.append(event)
            if isinstance(event, RunStarted):
                monkeypatch.setattr(os, "fsync", refuse)
        (notice,) = [event for event in events if isinstance(event, Notice)]
        assert "the disk is full" in notice.message
        assert events[-1].reason == "finished"  # type: ignore[union-attr]
        assert session.model.progress.epoch == 4

    def test_place(self, tmp_path: Path) -> None:
        assert runs_folder(tmp_path / "a.nnp", tmp_path / "data") == tmp_path / "a.nnp.runs"
        assert runs_folder(None, tmp_path / "data") == tmp_path / "data" / "unsaved.nnp.runs"

    def test_a_run_that_fails_keeps_what_it_has_learned(
        self, tmp_path: Path, circle: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = Session()
        events = session.run(
            circle, controls=Controls(), store=lambda frozen, run_id: RunStore(tmp_path / run_id, frozen, seed=0)
        )
        while not (isinstance(event := next(events), EpochDone) and event.epoch == 2):
            pass
        built = session._built
        assert built is not None
        monkeypatch.setattr(built.engine, "train", lambda batches: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list(events)
        found = newest_run(tmp_path)
        assert found.progress.epoch == 2
        assert json.loads((tmp_path / found.run_id / "run.json").read_text())["reason"] == "failed"

    def test_a_rate_changed_by_hand_goes_on_after_resume(self, tmp_path: Path, circle: Project) -> None:
        controls = Controls()
        controls.set_value("training.optimizer.learning_rate", 0.5)
        list(
            Session().run(
                circle, controls=controls, store=lambda frozen, run_id: RunStore(tmp_path / run_id, frozen, seed=0)
            )
        )
        found = newest_run(tmp_path)
        project = edits.set_parameter(found.project, "training.epochs", 6)
        rest = self.stored(tmp_path, project, resume=found)
        assert {event.learning_rate for event in rest if isinstance(event, EpochDone)} == {0.5}

    def test_a_momentum_turned_on_by_hand_keeps_its_velocity_after_resume(
        self, tmp_path: Path, circle: Project
    ) -> None:
        plain = edits.set_parameter(circle, "training.optimizer", SGD(learning_rate=0.1))
        longer = edits.set_parameter(plain, "training.epochs", 8)
        last = []
        for project, folder in ((longer, tmp_path / "whole"), (plain, tmp_path / "parts")):
            controls = Controls()
            controls.set_value("training.optimizer.momentum", 0.9)
            events = Session().run(
                project,
                controls=controls,
                store=lambda frozen, run_id, folder=folder: RunStore(folder / run_id, frozen, seed=0),
            )
            last.append(list(events)[-1])
        rest = self.stored(tmp_path / "parts", longer, resume=newest_run(tmp_path / "parts"))
        assert rest[-1].metrics == last[0].metrics != last[1].metrics  # type: ignore[union-attr]


class TestArrays:
    def test_each_input_gets_its_array(self, tmp_path: Path) -> None:
        """The second Input names the source, so the first one gets what is left: the target so far."""
        lines = [f"{a}{b},{a}" for a in "abcd" for b in "efgh"]
        (tmp_path / "pairs.csv").write_text("source,target\n" + "\n".join(lines))
        blocks = (
            Block("input", Input()),
            Block("input_2", Input(source="source")),
            Block("embedding_1", Embedding(input_dim=20, output_dim=4)),
            Block("embedding_2", Embedding(input_dim=20, output_dim=4)),
            Block("lstm_1", LSTM(units=4)),
            Block("repeat_vector_1", RepeatVector(n=2)),
            Block("concatenate_1", Concatenate()),
            Block("dense_1", Dense(units=8, activation="softmax")),
        )
        wires = (
            Wire("input", "embedding_1"),
            Wire("input_2", "embedding_2"),
            Wire("embedding_2", "lstm_1"),
            Wire("lstm_1", "repeat_vector_1"),
            Wire("embedding_1", "concatenate_1"),
            Wire("repeat_vector_1", "concatenate_1"),
            Wire("concatenate_1", "dense_1"),
        )
        project = Project(
            model=Model(blocks, wires),
            dataset=Pairs(file="pairs.csv", source_length=3, target_length=2),
            training=Training(engine="scratch", objective=TeacherForcing(), epochs=2, batch_size=4),
        )
        session = Session(base=tmp_path)
        events = run(session, project)
        assert events[-1].reason == "finished", events[-1]  # type: ignore[union-attr]
        catalog = first(DataLoaded, events).catalog
        sample_id = catalog.ids["training"][0]
        label = catalog.labels["training"][0]
        assert label.shape == (2,)
        wanted = SnapshotWants(sample_id=sample_id, layer_ids=("input", "input_2"))
        activations = session.model.snapshot(wanted, run_id="").activations
        assert activations["input"].shape == (2,)
        assert activations["input"][1] == label[0]  # behind the mark of the start comes what was right before
        assert activations["input_2"].shape == (3,)
        assert catalog.texts[sample_id][0] == catalog.target_texts[sample_id]

    def test_columns_that_only_the_file_tells(self, tmp_path: Path) -> None:
        (tmp_path / "series.csv").write_text("a,b\n" + "\n".join(f"{n % 7},{n % 3}" for n in range(120)))
        project = Project(
            dataset=Series(file="series.csv", window=6), training=Training(engine="scratch", epochs=1, batch_size=16)
        )
        for layer in (LSTM(units=3), Dense(units=4, activation="tanh"), Dense(units=1)):
            project = edits.append_layer(project, layer)
        session = Session(base=tmp_path)
        assert run(session, project)[-1].reason == "finished"  # type: ignore[union-attr]
        started = first(RunStarted, run(session, edits.set_parameter(project, "model.dense_1.units", 5)))
        assert started.kept == ("lstm_1",)
        assert started.reinitialized == ("dense_1", "dense_2")
