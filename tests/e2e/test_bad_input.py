"""A bad day: the wrong folder, a folder that moves, another project in the middle of a run. By mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.spec.files import load_project, save_project
from nnplayground.ui.main_window import MainWindow
from tests.e2e.hands import PATIENCE, Person, write_photographs

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    _, window = create_app([])
    window.resize(1440, 900)
    window.show()
    yield window
    window.discard_changes()
    window.close()
    qtbot.waitUntil(lambda: window.runner.wait_closed(0.0), timeout=PATIENCE)
    window.deleteLater()


def test_a_bad_day(qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(qtbot, window)
    photographs = tmp_path / "photographs"
    write_photographs(photographs, per_class=12)
    loose = tmp_path / "loose"
    loose.mkdir()
    Image.new("RGB", (8, 8)).save(loose / "a.png")

    def said_about_the_data() -> str:
        panel = window.workspace.dataset
        return " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())

    def answer_with(folder: Path) -> None:
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(folder))

    # The wrong folder: the Data panel says what is wrong with it, and so does Run.
    answer_with(loose)
    person.click(person.find(QPushButton, "start_open_folder"))
    person.wait(lambda: "lie directly in" in said_about_the_data(), "the panel says what is wrong")
    assert not person.action("run").isEnabled()
    assert "lie directly in" in person.action("run").toolTip()

    # The right one, and a small model for it on the numpy engine.
    answer_with(photographs)
    person.click(person.find(QPushButton, "dataset.open"))
    person.wait(lambda: "2 classes" in said_about_the_data(), "the classes are shown")
    for layer_type in ("Flatten", "Dense"):
        person.drop_layer(layer_type, person.below_the_model)
    while window.document.errors:
        person.click(person.find(QPushButton, "problem_fix"))
    window.document.set_value("training.engine", "scratch")
    window.document.set_value("training.epochs", 1_000_000)
    first = tmp_path / "first.nnp"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(first), ""))
    QTest.keyClick(window, Qt.Key.Key_S, CONTROL)
    second = tmp_path / "second.nnp"
    save_project(load_project(first), second)

    # In the middle of a run a file is opened that is no project: a sentence, and the run goes on.
    person.press("run")
    person.wait(lambda: window.workspace.mistakes.sample_ids() != (), "there are mistakes")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *arguments: (str(loose / "a.png"), ""))
    QTest.keyClick(window, Qt.Key.Key_O, CONTROL)
    person.wait(lambda: any(box.isVisible() for box in person.all(QMessageBox, "complaint")), "a box is shown")
    box = person.find(QMessageBox, "complaint")
    assert "a.png cannot be opened" in box.text()
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert window.runner.active
    assert window.document.path == first
    window.activateWindow()
    person.wait(window.isActiveWindow, "the box is gone")

    # Another project: nothing is unsaved, so nobody asks; the run ends, and the panels are empty.
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *arguments: (str(second), ""))
    QTest.keyClick(window, Qt.Key.Key_O, CONTROL)
    assert window.document.path == second
    assert not window.runner.active
    assert window.workspace.mistakes.sample_ids() == ()
    assert "The run of first.nnp was stopped" in person.find(QLabel, "message_text").text()

    # The folder moves between two days.
    person.wait(lambda: window.workspace.catalog is not None, "the pictures have been read")
    moved = photographs.rename(tmp_path / "moved")
    QTest.keyClick(window, Qt.Key.Key_O, CONTROL)
    person.wait(lambda: any(each.isVisible() for each in person.all(QWidget, "dataset.locate")), "it is missed")
    answer_with(moved)
    person.click(person.find(QPushButton, "dataset.locate"))
    person.wait(lambda: person.action("run").isEnabled() and window.workspace.catalog is not None, "it is found")
    person.press("run")
    person.wait(lambda: window.workspace.mistakes.sample_ids() != (), "there are mistakes")

    # Closing asks, since the new place is not saved; Cancel goes on training.
    asked: list[str] = []

    def cancel(box: QMessageBox) -> int:
        asked.append(box.text())
        return QMessageBox.StandardButton.Cancel

    with monkeypatch.context() as patch:
        patch.setattr(QMessageBox, "exec", cancel)
        assert not window.close()
    assert asked == ["second.nnp has changes that are not saved."]
    assert window.runner.state == "running"
