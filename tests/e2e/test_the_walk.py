"""The main job from first start to the next day, by mouse and keyboard on what is visible in the real window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QListView, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.layers.convolution import Conv2D
from nnplayground.spec.training import RMSprop
from nnplayground.ui.main_window import MainWindow
from nnplayground.ui.panels.curves import CurvesPanel
from tests.e2e.hands import PATIENCE, Person, write_photographs

pytest.importorskip("tensorflow")


def open_window(arguments: list[str]) -> MainWindow:
    _, window = create_app(arguments)
    window.resize(1440, 900)
    window.show()
    return window


def close_window(qtbot: QtBot, window: MainWindow) -> None:
    window.close()
    qtbot.waitUntil(lambda: window.runner.wait_closed(0.0), timeout=PATIENCE)
    window.deleteLater()


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    write_photographs(folder)
    return folder


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = open_window([])
    yield window
    window.discard_changes()
    close_window(qtbot, window)


def test_the_walk(
    qtbot: QtBot, window: MainWindow, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person(qtbot, window)
    workspace = window.workspace

    # The first start offers to open a folder; the system's dialog answers with it.
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(photographs))
    person.click(person.find(QPushButton, "start_open_folder"))

    # Its classes, counts and some pictures.
    person.wait(lambda: window.document.facts is not None, "the folder has been looked at")
    shown = " ".join(label.text() for label in workspace.dataset.findChildren(QLabel) if label.isVisible())
    assert "60 images" in shown
    assert "2 classes" in shown
    person.wait(lambda: workspace.catalog is not None, "the pictures have been read")

    # There is no output layer yet, so Run is not possible, and the window says why.
    assert not person.action("run").isEnabled()
    assert "output layer" in person.action("run").toolTip()

    # Layers are dragged onto the canvas, onto its end and onto wires.
    for layer_type in ("Conv2D", "Flatten", "Dense"):
        person.drop_layer(layer_type, person.below_the_model)
    person.drop_layer("MaxPooling2D", lambda: person.on_wire("conv2d_1", "flatten_1"))
    person.drop_layer("Dropout", lambda: person.on_wire("flatten_1", "dense_1"))
    assert person.layer_types() == ["Input", "Conv2D", "MaxPooling2D", "Flatten", "Dropout", "Dense"]

    # The output does not fit the classes; the problem has a button that fixes it.
    assert "dense_1" in {problem.layer_id for problem in window.document.errors} or window.document.errors
    while window.document.errors:
        person.click(person.find(QPushButton, "problem_fix"))
    assert person.layer_types()[-1] == "Dense"
    assert person.action("run").isEnabled()

    # The inspector changes activation, filters and regularization.
    person.click_block("conv2d_1")
    person.type_into("field.model.conv2d_1.filters", "8")
    layer = window.document.project.model.layer("conv2d_1")
    assert isinstance(layer, Conv2D)
    assert layer.filters == 8
    choose(person, "field.model.conv2d_1.activation", "tanh")
    choose(person, "field.model.conv2d_1.kernel_regularizer", "L2")
    layer = window.document.project.model.layer("conv2d_1")
    assert isinstance(layer, Conv2D)
    assert layer.activation == "tanh"
    assert layer.kernel_regularizer is not None
    choose(person, "quick.optimizer", "RMSprop")
    assert isinstance(window.document.project.training.optimizer, RMSprop)
    person.type_into("quick.batch_size", "8")

    # Run: curves, activations and mistakes come alive.
    person.press("run")
    assert person.action("stop").isEnabled()
    person.wait(lambda: epochs_on(workspace.curves) >= 2, "two epochs are on the curve")
    person.wait(lambda: workspace.mistakes.sample_ids() != (), "there are mistakes")
    person.wait(
        lambda: any(each.isVisible() for each in person.all(QWidget, "activations.maps")), "there are feature maps"
    )

    # Pause; the learning rate changes; on it goes.
    person.press("pause")
    assert window.runner.state == "paused"
    assert not person.action("pause").isEnabled()
    person.type_into("quick.learning_rate", "0.0005")
    epochs = epochs_on(workspace.curves)
    person.press("run")
    person.wait(lambda: epochs_on(workspace.curves) > epochs + 1, "training goes on")
    rates = workspace.curves.series("learning_rate")[1]
    assert rates[-1] == pytest.approx(0.0005)

    # Stop.
    if window.runner.active:
        person.press("stop")
    person.wait(lambda: not window.runner.active, "the run has ended")
    assert not person.action("stop").isEnabled()

    # A click on a mistake shows it large, with what the model says.
    gallery = person.find(QListView, "mistakes.gallery")
    first = gallery.visualRect(gallery.model().index(0, 0)).center()
    QTest.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, first)
    person.wait(lambda: any(each.isVisible() for each in person.all(QWidget, "sample_detail")), "it is shown large")
    detail = person.find(QWidget, "sample_detail")
    person.wait(
        lambda: any("%" in label.text() for label in detail.findChildren(QLabel) if label.isVisible()),
        "the model has said what it thinks",
    )
    QTest.keyClick(detail, Qt.Key.Key_Escape)
    assert not detail.isVisible()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)

    # Save.
    project_file = tmp_path / "shapes.nnp"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(project_file), ""))
    assert window.document.dirty
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert project_file.is_file()
    assert not window.document.dirty
    saved = window.document.project

    # Regret: a layer is deleted, and undone.
    person.click_block("max_pooling2d_1")
    QTest.keyClick(workspace.canvas.view, Qt.Key.Key_Delete)
    assert "MaxPooling2D" not in person.layer_types()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.project == saved
    assert not window.document.dirty

    # The next day.
    again = open_window([str(project_file)])
    try:
        assert again.document.project == saved
        next_day = Person(qtbot, again)
        next_day.wait(lambda: again.document.facts is not None, "the data has been looked at")
        assert again.document.errors == ()
        assert next_day.action("run").isEnabled()
    finally:
        close_window(qtbot, again)


def epochs_on(curves: CurvesPanel) -> int:
    """How many epochs the curve of the validation shows."""
    try:
        return len(curves.series("val_loss")[0])
    except KeyError:
        return 0


def choose(person: Person, name: str, text: str) -> None:
    """Choose an entry of a visible combo box with the keyboard."""
    field = person.find(QWidget, name)
    combo = field if isinstance(field, QComboBox) else field.findChild(QComboBox)
    assert combo is not None
    target = combo.findText(text)
    assert target >= 0, [combo.itemText(row) for row in range(combo.count())]
    combo.setFocus()
    QTest.keyClick(combo, Qt.Key.Key_Space)
    popup = combo.view()
    assert popup.isVisible()
    popup.setCurrentIndex(combo.model().index(target, 0))
    QTest.keyClick(popup, Qt.Key.Key_Return)
