"""The playground in the window: the network is there before Run, its weights can be changed, and it can be slow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.layers.core import Dense
from nnplayground.spec import edits
from nnplayground.spec.dataset import Points
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from nnplayground.training.events import Snapshot
from nnplayground.ui.main_window import MainWindow
from nnplayground.ui.playground.view import NeuronView

PATIENCE = 20_000


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    _, window = create_app([])
    window.resize(1440, 900)
    yield window
    with qtbot.waitSignal(window.runner.closed, timeout=PATIENCE):
        window.discard_changes()
        window.close()
    window.deleteLater()


@pytest.fixture
def project() -> Project:
    result = Project(
        dataset=Points(shape="circle", count=60),
        training=Training(engine="scratch", epochs=3, batch_size=10, optimizer=SGD(learning_rate=0.1)),
    )
    for layer in (Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid")):
        result = edits.append_layer(result, layer)
    return result


@pytest.fixture
def snapshots(window: MainWindow) -> list[Snapshot]:
    """All that have come, the latest one last."""
    found: list[Snapshot] = []
    window.runner.frame_ready.connect(
        lambda frame: found.append(frame.snapshot) if frame.snapshot is not None else None
    )
    return found


def shown(window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]) -> None:
    window.show()
    window.files.show_project(project)
    qtbot.waitUntil(lambda: any(each.plane is not None for each in snapshots), timeout=PATIENCE)


def neurons(window: MainWindow) -> NeuronView:
    view = window.workspace.neurons
    assert view is not None
    return view


def button(window: MainWindow, name: str) -> QToolButton:
    found = window.findChild(QToolButton, name)
    assert isinstance(found, QToolButton)
    return found


def test_points_show_their_neurons_before_anything_is_trained(
    window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]
) -> None:
    shown(window, project, qtbot, snapshots)
    assert window.workspace.centre.shows_neurons
    plane = snapshots[-1].plane
    assert plane is not None
    assert plane.small["dense_1"].shape[0] == 3
    assert not window.runner.trained


def test_blocks_and_neurons_are_two_pictures_of_one_project(
    window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]
) -> None:
    shown(window, project, qtbot, snapshots)
    QTest.mouseClick(button(window, "view_blocks"), Qt.MouseButton.LeftButton)
    assert window.workspace.canvas.isVisible()
    QTest.mouseClick(button(window, "view_neurons"), Qt.MouseButton.LeftButton)
    assert neurons(window).isVisible()
    assert window.document.project == project
    assert not window.document.dirty


def test_images_have_no_neurons_to_choose(window: MainWindow) -> None:
    window.show()
    window.files.show_project(Project())
    assert not window.workspace.centre.shows_neurons
    assert not button(window, "view_neurons").isVisible()


def test_another_seed_or_another_unit_shows_another_network(
    window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]
) -> None:
    shown(window, project, qtbot, snapshots)
    window.document.set_value("model.dense_1.units", 5)
    qtbot.waitUntil(lambda: _units(snapshots) == 5, timeout=PATIENCE)
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: _units(snapshots) == 3, timeout=PATIENCE)


def _units(snapshots: list[Snapshot]) -> int:
    plane = snapshots[-1].plane
    return plane.small["dense_1"].shape[0] if plane is not None and "dense_1" in plane.small else 0


def _weight(snapshots: list[Snapshot]) -> float:
    return float(snapshots[-1].weights["dense_1/kernel"][0, 1])


def test_a_weight_changed_by_hand_is_undone_and_done_again(
    window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]
) -> None:
    shown(window, project, qtbot, snapshots)
    before = _weight(snapshots)
    neurons(window).weight_edit_requested.emit("dense_1/kernel", (0, 1), 2.5)
    qtbot.waitUntil(lambda: _weight(snapshots) == 2.5, timeout=PATIENCE)
    assert not window.document.dirty
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: _weight(snapshots) == before, timeout=PATIENCE)
    window.document.undo_stack.redo()
    qtbot.waitUntil(lambda: _weight(snapshots) == 2.5, timeout=PATIENCE)


def test_the_speed_reaches_the_run_that_goes_on(
    window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]
) -> None:
    shown(window, project, qtbot, snapshots)
    slider = window.findChild(QSlider, "speed")
    assert isinstance(slider, QSlider)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Home)
    updates: list[int] = []
    window.runner.frame_ready.connect(lambda frame: updates.extend(len(step.values["loss"]) for step in frame.steps))
    window.start()
    qtbot.waitUntil(lambda: len(updates) >= 2, timeout=PATIENCE)
    assert updates == [1, 1]
    with qtbot.waitSignal(window.runner.state_changed, timeout=PATIENCE, check_params_cb=lambda state: state == "idle"):
        QTest.keyClick(slider, Qt.Key.Key_End)
    assert sum(updates) == 15


def test_reset_shows_the_network_as_it_began(
    window: MainWindow, project: Project, qtbot: QtBot, snapshots: list[Snapshot]
) -> None:
    shown(window, project, qtbot, snapshots)
    before = _weight(snapshots)
    with qtbot.waitSignal(window.runner.state_changed, timeout=PATIENCE, check_params_cb=lambda state: state == "idle"):
        window.start()
    qtbot.waitUntil(lambda: _weight(snapshots) != before, timeout=PATIENCE)
    action = window.findChild(QAction, "reset")
    assert isinstance(action, QAction)
    action.trigger()
    qtbot.waitUntil(lambda: _weight(snapshots) == before, timeout=PATIENCE)
