"""Bad input and bad moments in the whole window: one clear sentence, nothing lost, nothing of another project."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QProgressBar, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.spec.dataset import FractionSplit, ImageFolder, Points
from nnplayground.spec.edits import remove_layers, set_dataset
from nnplayground.spec.files import load_project, save_project
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from nnplayground.training.mailbox import Frame
from nnplayground.ui.main_window import MainWindow

PATIENCE = 20_000
"""Milliseconds that a fact may take to come true."""
FOREVER = 1_000_000
"""Epochs of a run that does not end by itself."""


def circle(*, epochs: int = FOREVER, rate: float = 0.03, units: int = 4) -> Project:
    """A small network on points in a plane, computed by the scratch engine."""
    blocks = (
        Block("input", Input()),
        Block("dense_1", Dense(units=units, activation="tanh")),
        Block("dense_2", Dense(units=1, activation="sigmoid")),
    )
    model = Model(blocks, (Wire("input", "dense_1"), Wire("dense_1", "dense_2")))
    training = Training(engine="scratch", epochs=epochs, optimizer=SGD(learning_rate=rate), batch_size=10)
    return Project(model=model, dataset=Points(count=200), training=training)


def pictures(folder: Path, *, epochs: int = FOREVER) -> Project:
    """A small network on a folder of images."""
    blocks = (
        Block("input", Input()),
        Block("flatten_1", Flatten()),
        Block("dense_1", Dense(units=1, activation="sigmoid")),
    )
    model = Model(blocks, (Wire("input", "flatten_1"), Wire("flatten_1", "dense_1")))
    dataset = ImageFolder(folder=str(folder), image_size=(6, 6), split=FractionSplit(validation=0.25))
    return Project(model=model, dataset=dataset, training=Training(engine="scratch", epochs=epochs, batch_size=4))


def write_images(folder: Path, *, count: int = 8) -> Path:
    rng = np.random.default_rng(3)
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


class Desk:
    """The window, and what a person sees of it."""

    def __init__(self, qtbot: QtBot, arguments: list[str]) -> None:
        self._qtbot = qtbot
        _, self.window = create_app(arguments)
        self.window.resize(1280, 800)
        self.window.show()
        self.frames: list[Frame] = []
        self.window.runner.frame_ready.connect(self.frames.append)

    def wait(self, fact: Callable[[], bool]) -> None:
        self._qtbot.waitUntil(fact, timeout=PATIENCE)

    def show(self, project: Project, path: Path | None = None) -> None:
        self.window.files.show_project(project, path)
        self.wait(lambda: self.window.document.facts is not None)

    def run(self, *, epochs: int = 1) -> None:
        """Press F5 and wait for so many epochs."""
        self.frames.clear()
        QTest.keyClick(self.window, Qt.Key.Key_F5)
        self.wait(lambda: sum(len(frame.epochs) for frame in self.frames) >= epochs)

    def wait_for_end(self) -> Frame:
        self.wait(lambda: not self.window.runner.active)
        return next(frame for frame in self.frames if frame.ended is not None)

    def stop(self) -> Frame:
        QTest.keyClick(self.window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
        return self.wait_for_end()

    @property
    def message(self) -> str:
        return self.window.workspace.messages.text

    def complaint(self) -> QMessageBox:
        """The box that is on the screen; the person has not pressed OK yet."""

        def shown() -> list[QMessageBox]:
            return [box for box in self.window.findChildren(QMessageBox, "complaint") if box.isVisible()]

        self.wait(lambda: bool(shown()))
        return shown()[0]

    def curve(self, name: str = "loss") -> int:
        """How many epochs are on a curve."""
        try:
            return len(self.window.workspace.curves.series(name)[0])
        except KeyError:
            return 0

    def close(self) -> None:
        self.window.discard_changes()
        self.window.close()
        self.wait(lambda: self.window.runner.wait_closed(0.0))
        self.window.deleteLater()


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(qtbot, [])
    yield desk
    desk.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write_images(tmp_path / "photos")


class TestFiles:
    def test_a_file_that_is_no_project_is_said_once_the_window_is_there(self, qtbot: QtBot, tmp_path: Path) -> None:
        picture = tmp_path / "cat.jpg"
        Image.new("RGB", (4, 4)).save(picture)
        desk = Desk(qtbot, [str(picture)])
        try:
            box = desk.complaint()
            assert "cat.jpg cannot be opened. It is not a project file" in box.text()
            QTest.keyClick(box, Qt.Key.Key_Return)
        finally:
            desk.close()

    def test_a_file_that_cannot_be_opened_changes_nothing(self, desk: Desk, tmp_path: Path) -> None:
        desk.show(circle())
        desk.window.document.set_value("training.seed", 5)
        before = desk.window.document.project
        newer = tmp_path / "newer.nnp"
        newer.write_text('{"format": "nnplayground-project", "version": 9}')
        assert not desk.window.files.open_path(newer)
        assert "update the program" in desk.complaint().text()
        assert desk.window.document.project == before
        assert desk.window.document.dirty

    @pytest.mark.parametrize(
        ("code", "reason"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "the disk is read-only")]
    )
    def test_a_save_that_fails(
        self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
    ) -> None:
        path = tmp_path / "circle.nnp"
        save_project(circle(), path)
        desk.show(load_project(path), path)
        desk.window.document.set_value("training.seed", 5)

        def refuse(handle: int) -> None:
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            QTest.keyClick(desk.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
            text = desk.complaint().text()
        assert reason in text
        assert "The file from before is unchanged." in text
        assert load_project(path) == circle()
        assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["circle.nnp"]
        assert desk.window.document.dirty

    def test_the_same_project_again_is_looked_at_again(self, desk: Desk, tmp_path: Path) -> None:
        path = tmp_path / "circle.nnp"
        save_project(circle(), path)
        for _ in range(2):
            assert desk.window.files.open_path(path)
            desk.wait(lambda: desk.window.document.facts is not None)


class TestData:
    def test_a_folder_in_which_no_image_can_be_read(self, desk: Desk, tmp_path: Path) -> None:
        for name in ("cats", "dogs"):
            (tmp_path / "photos" / name).mkdir(parents=True)
            (tmp_path / "photos" / name / "1.jpg").write_text("not an image")
        desk.window.files.open_folder(tmp_path / "photos")
        panel = desk.window.workspace.dataset

        def shown() -> str:
            return " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())

        desk.wait(lambda: "can be read" in shown())
        assert any("can be read" in problem.message for problem in desk.window.document.errors)
        bars = panel.findChildren(QProgressBar, "dataset.progress")
        assert not any(bar.isVisible() for bar in bars)
        activity = desk.window.findChild(QLabel, "status_activity")
        assert activity is not None
        assert "Reading" not in activity.text()

    def test_a_folder_that_is_gone_when_it_is_loaded_can_be_located(
        self, desk: Desk, photos: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moved = photos.with_name("moved")
        desk.window.document.facts_changed.connect(lambda: photos.exists() and photos.rename(moved))
        desk.window.files.show_project(pictures(photos))
        document = desk.window.document
        locate = desk.window.workspace.dataset.findChild(QPushButton, "dataset.locate")
        assert locate is not None
        desk.wait(locate.isVisible)
        assert str(photos) in document.errors[0].message

        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(moved))
        QTest.mouseClick(locate, Qt.MouseButton.LeftButton)
        desk.wait(lambda: desk.window.workspace.catalog is not None)
        assert not document.errors
        assert not locate.isVisible()

        QTest.keyClick(desk.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        desk.wait(locate.isVisible)
        assert document.project == pictures(photos)

    def test_a_folder_that_disappears_while_training(self, desk: Desk, photos: Path) -> None:
        desk.show(pictures(photos))
        desk.run(epochs=2)
        shutil.rmtree(photos)
        epochs = desk.curve()
        desk.wait(lambda: desk.curve() > epochs)
        desk.window.workspace.show_panel("mistakes")
        ended = desk.stop().ended
        assert ended is not None
        assert ended.reason == "stopped"
        desk.run(epochs=2)
        assert not desk.message


class TestRuns:
    def test_a_run_that_cannot_be_kept_is_said_once(self, desk: Desk, tmp_path: Path) -> None:
        path = tmp_path / "circle.nnp"
        path.with_name("circle.nnp.runs").write_text("a file where the folder should be")
        desk.show(circle(), path)
        desk.run(epochs=3)
        desk.wait(lambda: "The run cannot be kept in" in desk.message)
        desk.window.workspace.messages.clear()
        epochs = desk.curve()
        desk.wait(lambda: desk.curve() > epochs)
        desk.stop()
        assert desk.message == ""

    def test_divergence_is_explained_and_the_next_run_works(self, desk: Desk) -> None:
        project = circle(rate=100.0, units=8)
        layers = (Block("input", Input()), Block("dense_1", Dense(units=8)), Block("dense_2", Dense(units=1)))
        project = msgspec.structs.replace(
            project,
            model=Model(layers, project.model.wires),
            training=msgspec.structs.replace(
                project.training, loss="mean_squared_error", optimizer=SGD(learning_rate=100.0, momentum=0.9)
            ),
        )
        desk.show(project)
        QTest.keyClick(desk.window, Qt.Key.Key_F5)
        ended = desk.wait_for_end().ended
        assert ended is not None
        assert ended.reason == "diverged"
        assert "became infinite or not a number" in desk.message
        assert "the initial weights are kept" in desk.message
        desk.wait(lambda: bool(desk.window.workspace.mistakes.sample_ids()))

        desk.window.document.set_value("training.optimizer.learning_rate", 0.01)
        desk.run(epochs=5)
        desk.stop()
        assert np.isfinite(desk.window.workspace.curves.series("loss")[1][-5:]).all()

    def test_stop_at_once(self, desk: Desk) -> None:
        desk.show(circle())
        QTest.keyClick(desk.window, Qt.Key.Key_F5)
        ended = desk.stop().ended
        assert ended is not None
        assert ended.reason == "stopped"
        desk.run(epochs=2)

    def test_a_double_click_on_run_does_not_pause(self, desk: Desk) -> None:
        desk.show(circle())
        run = desk.window.findChild(QToolButton, "run_button")
        assert run is not None
        # What a double click is made of.
        for part in (QTest.mousePress, QTest.mouseRelease, QTest.mouseDClick, QTest.mouseRelease):
            part(run, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(8, 8))
        assert desk.window.runner.state == "running"

    def test_reset_while_training_leaves_nothing_to_see(self, desk: Desk) -> None:
        desk.show(circle())
        desk.run(epochs=3)
        QTest.keyClick(
            desk.window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
        assert not desk.window.runner.active
        desk.frames.clear()
        desk.run(epochs=3)
        first = next(frame.started for frame in desk.frames if frame.started is not None)
        assert first.update == 0
        assert not any(frame.ended for frame in desk.frames)


class TestEditsWhileTraining:
    def test_the_layer_in_view_is_deleted(self, desk: Desk) -> None:
        desk.show(circle())
        desk.window.workspace.canvas.select(["dense_1"])
        desk.run(epochs=2)
        desk.window.document.apply(lambda project: remove_layers(project, ("dense_1",)), "removal")
        epochs = desk.curve()
        desk.wait(lambda: desk.curve() > epochs + 2)
        assert desk.window.runner.state == "running"
        ended = desk.stop().ended
        assert ended is not None
        assert ended.error is None
        desk.run(epochs=2)
        assert desk.window.runner.project is not None
        assert len(desk.window.runner.project.model.blocks) == 2

    def test_another_engine(self, desk: Desk) -> None:
        desk.show(circle())
        desk.run(epochs=2)
        desk.window.document.set_value("training.engine", "keras")
        epochs = desk.curve()
        desk.wait(lambda: desk.curve() > epochs)
        assert desk.window.runner.project is not None
        assert desk.window.runner.project.training.engine == "scratch"
        desk.window.document.undo_stack.undo()
        desk.stop()
        desk.run(epochs=2)

    def test_the_data_is_changed_and_the_change_undone(self, desk: Desk) -> None:
        desk.show(circle())
        document = desk.window.document
        document.apply(lambda project: set_dataset(project, Points(shape="xor", count=300)), "other data")
        desk.wait(lambda: document.facts is not None and sum(document.facts.splits.values()) == 300)
        desk.run(epochs=2)
        document.undo_stack.undo()
        desk.wait(lambda: document.facts is not None and sum(document.facts.splits.values()) == 200)
        epochs = desk.curve()
        desk.wait(lambda: desk.curve() > epochs)
        desk.stop()
        desk.run(epochs=2)
        assert document.facts is not None
        assert sum(document.facts.splits.values()) == 200


class TestAnotherProject:
    def test_ends_the_run_and_forgets_everything_of_it(self, desk: Desk, tmp_path: Path) -> None:
        first, second = tmp_path / "first.nnp", tmp_path / "second.nnp"
        save_project(circle(), first)
        save_project(circle(epochs=4), second)
        window, workspace = desk.window, desk.window.workspace
        assert window.files.open_path(first)
        desk.wait(lambda: window.document.facts is not None)
        workspace.show_all_side_by_side()
        desk.run(epochs=3)
        desk.wait(lambda: bool(workspace.mistakes.sample_ids()))
        old = next(frame.started for frame in desk.frames if frame.started is not None)

        assert window.files.open_path(second)
        desk.frames.clear()
        assert not window.runner.active
        assert not window.runner.trained
        assert "The run of first.nnp was stopped" in desk.message
        assert desk.curve() == 0
        assert workspace.mistakes.sample_ids() == ()
        assert workspace.curves.earlier_runs == ()
        assert workspace.confusion.headline == ""

        desk.wait(lambda: workspace.catalog is not None)
        assert workspace.mistakes.sample_ids() == ()
        desk.run(epochs=4)
        desk.wait_for_end()
        started = next(frame.started for frame in desk.frames if frame.started is not None)
        assert started.run_id != old.run_id
        assert (started.update, started.kept, started.reinitialized) == (0, (), ())
        events = [event for frame in desk.frames for event in (*frame.steps, *frame.epochs, frame.snapshot) if event]
        assert {event.run_id for event in events} == {started.run_id}

        # The run that was stopped is on the disk as a whole.
        folder = tmp_path / "first.nnp.runs" / old.run_id
        assert (folder / "last.npz").is_file()
        assert '"reason": "stopped"' in (folder / "run.json").read_text()

    def test_a_learning_rate_of_the_new_project_does_not_reach_the_old_run(self, desk: Desk, tmp_path: Path) -> None:
        desk.show(circle(rate=0.03), tmp_path / "first.nnp")
        desk.run(epochs=3)
        desk.show(circle(rate=0.5), tmp_path / "second.nnp")
        desk.window.runner.ask(lambda session: None, lambda answer: None)
        desk.run(epochs=1)
        history = next((tmp_path / "first.nnp.runs").glob("*/history.csv")).read_text().splitlines()
        column = history[0].split(",").index("learning_rate")
        assert {line.split(",")[column] for line in history[1:]} == {"0.03"}


class TestClosing:
    def test_while_training_without_changes(self, qtbot: QtBot, tmp_path: Path) -> None:
        path = tmp_path / "circle.nnp"
        save_project(circle(), path)
        desk = Desk(qtbot, [str(path)])
        desk.wait(lambda: desk.window.document.facts is not None)
        desk.run(epochs=3)
        assert desk.window.close()
        desk.wait(lambda: desk.window.runner.wait_closed(0.0))
        desk.window.deleteLater()
        document = next(path.with_name("circle.nnp.runs").glob("*/run.json")).read_text()
        assert '"reason": "stopped"' in document

    def test_with_changes_asks_and_cancel_goes_on(
        self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.show(circle(), tmp_path / "circle.nnp")
        desk.run(epochs=2)
        desk.window.document.set_value("training.seed", 5)
        asked: list[str] = []

        def cancel(box: QMessageBox) -> int:
            asked.append(box.text())
            return QMessageBox.StandardButton.Cancel

        monkeypatch.setattr(QMessageBox, "exec", cancel)
        assert not desk.window.close()
        assert asked == ["circle.nnp has changes that are not saved."]
        epochs = desk.curve()
        desk.wait(lambda: desk.curve() > epochs)


def test_a_mistake_of_the_program_is_told_in_the_window(desk: Desk, tmp_path: Path) -> None:
    desk.show(circle())
    window: MainWindow = desk.window
    window.show_unexpected(ZeroDivisionError("division by zero\nmore"), tmp_path / "nnplayground.log")
    assert desk.message == (
        f"Something went wrong unexpectedly: division by zero. Your project is as it was; the details are in "
        f"{tmp_path / 'nnplayground.log'}."
    )
