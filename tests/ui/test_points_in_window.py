"""Points in the whole window: ways to get them, files that move, and that all kinds of them train."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.spec.dataset import Points
from nnplayground.spec.edits import set_parameters
from nnplayground.spec.points_edits import add_points
from nnplayground.ui.main_window import MainWindow
from tests.e2e.hands import PATIENCE, Person


@pytest.fixture
def person(qtbot: QtBot) -> Iterator[Person]:
    """Somebody in front of the start page."""
    _, window = create_app([])
    window.resize(1440, 900)
    window.show()
    QApplication.processEvents()
    yield Person(qtbot, window)
    window.discard_changes()
    window.close()
    qtbot.waitUntil(lambda: window.runner.wait_closed(0.0), timeout=PATIENCE)
    window.deleteLater()


@pytest.fixture
def trees(tmp_path: Path) -> Path:
    """Points of two classes that a line can tell apart."""
    file = tmp_path / "trees.csv"
    rows = [f"{number % 8},{number % 5},{'oak' if number % 8 > 3 else 'ash'}" for number in range(80)]
    file.write_text("\n".join(["x,y,kind", *rows]))
    return file


def points_of(window: MainWindow) -> Points:
    dataset = window.document.project.dataset
    assert isinstance(dataset, Points)
    return dataset


def train(person: Person, *, epochs: int) -> None:
    window = person.window
    window.document.apply(
        lambda project: set_parameters(project, [("training.engine", "scratch"), ("training.epochs", epochs)]), "epochs"
    )
    person.wait(lambda: person.action("run").isEnabled(), "Run is possible")
    person.press("run")
    person.wait(lambda: window.runner.trained and not window.runner.active, "the run has ended")


def chosen_by(monkeypatch: pytest.MonkeyPatch, file: Path) -> list[str]:
    """The file dialog answers with this file; its titles are collected."""
    titles: list[str] = []

    def choose(parent: object, title: str, *_: object) -> tuple[str, str]:
        titles.append(title)
        return str(file), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    return titles


def test_from_the_start_page_to_trained_points_in_two_clicks(person: Person) -> None:
    person.click(person.find(QPushButton, "start_points"))
    assert points_of(person.window) == Points()
    assert person.layer_types() == ["Input", "Dense", "Dense", "Dense"]
    train(person, epochs=3)
    assert not person.window.document.errors


def test_an_empty_project_offers_points(person: Person) -> None:
    person.click(person.find(QPushButton, "start_empty"))
    person.click(person.find(QPushButton, "dataset.use_points"))
    assert points_of(person.window) == Points()
    person.wait(lambda: person.window.document.facts is not None, "the points have been looked at")
    person.click(person.find(QAbstractButton, "field.dataset.shape.gauss"))
    person.wait(lambda: points_of(person.window).shape == "gauss", "the shape is chosen")
    person.action("undo").trigger()
    assert points_of(person.window).shape == "circle"


def test_points_from_a_file_train(person: Person, trees: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person.click(person.find(QPushButton, "start_points"))
    titles = chosen_by(monkeypatch, trees)
    person.click(person.find(QPushButton, "points.open"))
    assert titles == ["Choose a file with x, y and label in each line"]
    assert points_of(person.window).file == str(trees)
    person.wait(lambda: person.window.document.facts is not None, "the file has been looked at")
    train(person, epochs=200)
    facts = person.window.document.facts
    assert facts is not None
    assert facts.class_names == ("ash", "oak")
    assert person.window.workspace.catalog is not None


def test_a_file_of_points_can_be_dropped_on_the_window(person: Person, trees: Path) -> None:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(trees))])
    place, copy = QPoint(300, 300), Qt.DropAction.CopyAction
    left, no_key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, content, left, no_key)
    enter.ignore()
    QApplication.sendEvent(person.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(person.window, QDropEvent(QPointF(place), copy, content, left, no_key))
    person.wait(lambda: isinstance(person.window.document.project.dataset, Points), "the file is the data")
    assert points_of(person.window).shape == "file"


def test_a_file_that_has_moved_is_located_and_saved_beside_the_project(
    person: Person, trees: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = person.window
    window.files.open_points(trees)
    moved = tmp_path / "moved" / "trees.csv"
    moved.parent.mkdir()
    trees.rename(moved)
    window.files.open_points(trees)
    facts_gone: Callable[[], bool] = lambda: (  # noqa: E731
        window.document.facts is not None and window.document.facts.missing_path is not None
    )
    person.wait(facts_gone, "the file is missed")
    titles = chosen_by(monkeypatch, moved)
    person.click(person.find(QPushButton, "dataset.locate"))
    assert titles == [f"Where is {trees} now?"]
    assert points_of(window).file == str(moved)
    person.wait(lambda: not facts_gone(), "the file is found")
    project = tmp_path / "mine.nnp"
    window.document.save(project)
    assert json.loads(project.read_bytes())["dataset"]["file"] == "moved/trees.csv"
    assert window.files.open_path(project)
    assert points_of(window).file == str(moved)


def test_painted_points_train_and_are_undone_stroke_by_stroke(person: Person) -> None:
    person.click(person.find(QPushButton, "start_points"))
    person.click(person.find(QPushButton, "points.paint"))
    document = person.window.document
    person.wait(lambda: bool(document.errors), "an empty painting is a problem")
    assert "Nothing is painted yet" in document.errors[0].message
    for label, side in ((0, -3.0), (1, 3.0)):
        for number in range(10):
            point = (side + number % 3, number / 2 - 2, label)
            document.apply(
                lambda project, point=point: add_points(project, [point]), "painting", merge_key=f"stroke {label}"
            )
    assert len(points_of(person.window).points) == 20
    train(person, epochs=5)
    undo = person.action("undo")
    undo.trigger()  # the settings of the run
    undo.trigger()
    assert {label for _, _, label in points_of(person.window).points} == {0}
    person.wait(lambda: any("only one class, 0" in each.message for each in document.errors), "one class is too few")


def test_a_step_that_is_not_possible_says_why(person: Person) -> None:
    person.click(person.find(QPushButton, "start_points"))
    person.click(person.find(QPushButton, "points.paint"))
    window = person.window
    person.wait(lambda: bool(window.document.errors), "an empty painting is a problem")
    window.workspace.step_requested.emit("update")
    assert window.workspace.messages.text == window.document.errors[0].message
    assert window.runner.state == "idle"


def test_a_run_that_is_being_stopped_makes_no_step(person: Person) -> None:
    person.click(person.find(QPushButton, "start_points"))
    window = person.window
    window.document.apply(lambda project: set_parameters(project, [("training.engine", "scratch")]), "engine")
    person.wait(lambda: person.action("run").isEnabled(), "Run is possible")
    person.press("run")
    person.wait(lambda: window.runner.trained, "it trains")
    window.runner.stop()
    window.workspace.step_requested.emit("update")
    assert window.runner.state == "stopping"
    person.wait(lambda: not window.runner.active, "it has stopped")
