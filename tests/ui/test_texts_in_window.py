"""Texts in the whole window: dropped on it, trained on the scratch engine, looked into, and written on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.spec.dataset import Pairs, Points, Series, Text
from nnplayground.spec.edits import set_parameters
from nnplayground.spec.training import NextToken, Supervised, TeacherForcing
from nnplayground.ui.main_window import MainWindow
from nnplayground.ui.widgets.step_map import StepMap
from tests.e2e.hands import PATIENCE, Person


@pytest.fixture
def person(qtbot: QtBot) -> Iterator[Person]:
    _, window = create_app([])
    window.resize(1280, 720)
    window.show()
    QApplication.processEvents()
    yield Person(qtbot, window)
    window.discard_changes()
    window.close()
    qtbot.waitUntil(lambda: window.runner.wait_closed(0.0), timeout=PATIENCE)
    window.deleteLater()


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    rows = [
        f"day {number // 2} was {'good' if number % 2 else 'bad'},{'up' if number % 2 else 'down'}"
        for number in range(80)
    ]
    file = tmp_path / "reviews.csv"
    file.write_text("\n".join(["text,label", *rows]))
    return file


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    copy = Qt.DropAction.CopyAction
    event = QDropEvent(QPointF(300, 300), copy, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(event)


def wait_for_data(person: Person, kind: type) -> None:
    document = person.window.document
    person.wait(lambda: isinstance(document.project.dataset, kind), "the file has become the data")
    person.wait(lambda: document.facts is not None, "the data has been looked at")


def train(person: Person, *, epochs: int) -> None:
    window = person.window
    window.document.apply(
        lambda project: set_parameters(project, [("training.engine", "scratch"), ("training.epochs", epochs)]), "epochs"
    )
    person.wait(lambda: person.action("run").isEnabled(), "Run is possible")
    person.press("run")
    person.wait(lambda: window.runner.trained and not window.runner.active, "the run has ended")


def test_a_dropped_table_of_texts_is_learned_and_looked_into(person: Person, reviews: Path) -> None:
    window = person.window
    drop(window, reviews)
    wait_for_data(person, Text)
    assert window.document.project.training.objective == Supervised()
    card = window.workspace.canvas.findChild(QPushButton, "starter.lstm")
    assert isinstance(card, QPushButton)
    person.wait(card.isVisible, "a model for texts is offered")
    other = window.workspace.canvas.findChild(QPushButton, "starter.convolutional")
    assert isinstance(other, QPushButton)
    assert not other.isVisible()
    person.click(card)
    window.workspace.canvas.select(["lstm_1"])
    train(person, epochs=3)
    person.wait(lambda: window.workspace.findChild(StepMap, "activations.steps") is not None, "states are shown")
    undo = window.document.undo_stack
    while undo.canUndo():
        undo.undo()
    assert window.document.project.dataset is None


def test_one_undo_takes_back_the_data_with_its_objective(person: Person, tmp_path: Path) -> None:
    story = tmp_path / "story.txt"
    story.write_text("the fox saw the hen. " * 60)
    drop(person.window, story)
    wait_for_data(person, Text)
    document = person.window.document
    assert document.project.training.objective == NextToken()
    document.undo_stack.undo()
    assert document.project.dataset is None
    assert document.project.training.objective == Supervised()


def test_a_model_for_other_data_is_exchanged_at_one_click(person: Person, reviews: Path) -> None:
    window = person.window
    window.files.new_points()
    wait_for_data(person, Points)
    drop(window, reviews)
    wait_for_data(person, Text)
    person.wait(lambda: "made for other data" in window.workspace.messages.text, "another model is offered")
    button = next(each for each in window.workspace.messages.findChildren(QPushButton) if "LSTM" in each.text())
    person.click(button)
    assert "lstm_1" in window.document.project.model.by_id
    assert not window.document.errors


def test_a_model_that_has_learned_a_text_goes_on_with_a_prompt(person: Person, tmp_path: Path) -> None:
    window = person.window
    story = tmp_path / "story.txt"
    story.write_text("the fox saw the hen. " * 60)
    drop(window, story)
    wait_for_data(person, Text)
    window.use_template("text_writer")
    window.document.apply(
        lambda project: set_parameters(project, [("model.lstm_1.units", 8), ("dataset.sequence_length", 12)]),
        "a small one",
    )
    window.workspace.show_panel("output")
    train(person, epochs=2)
    page = window.workspace.output.written
    assert page is not None
    person.wait(lambda: "Temperature 0.7" in page.texts.toPlainText(), "it writes after each epoch")
    prompt = page.findChild(QLineEdit, "written.prompt")
    assert isinstance(prompt, QLineEdit)
    for typed, expected in (("the ", "the "), ("§", "does not occur")):
        prompt.clear()
        QTest.keyClicks(prompt, typed)
        QTest.keyClick(prompt, Qt.Key.Key_Return)
        person.wait(lambda expected=expected: expected in page.answer, "the model answers")


@pytest.mark.parametrize(
    ("header", "row", "kind", "objective"),
    [
        ("sum,result", "{0}+{1},{2}", Pairs, TeacherForcing()),
        ("visitors", "{0}", Series, Supervised()),
        ("x,y,label", "{0},{1},a", Points, Supervised()),
    ],
)
def test_what_is_in_a_table_decides(
    person: Person, tmp_path: Path, header: str, row: str, kind: type, objective: object
) -> None:
    file = tmp_path / "table.csv"
    file.write_text("\n".join([header, *(row.format(n, n + 3, 2 * n + 3) for n in range(60))]))
    drop(person.window, file)
    wait_for_data(person, kind)
    assert person.window.document.project.training.objective == objective


def test_where_a_table_may_be_several_things_one_is_asked(person: Person, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("\n".join(f"{n}.5,{n * 2},{n % 2}" for n in range(60)))
    drop(person.window, file)
    person.wait(lambda: person.window.findChild(QPushButton, "data_chooser.1") is not None, "a question")
    person.click(person.find(QPushButton, "data_chooser.1"))
    wait_for_data(person, Series)
