"""The whole window: commands, files, states, layout, appearance, and the names that programs rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nnplayground.app import create_app
from nnplayground.cli import demo as demo_command
from nnplayground.cli.screenshot import screenshot
from nnplayground.sample_projects import sample_projects
from nnplayground.spec.dataset import ImageFolder, Points
from nnplayground.spec.edits import remove_layers
from nnplayground.spec.files import load_project, save_project
from nnplayground.spec.model import Block
from nnplayground.spec.project import Project
from nnplayground.ui.main_window import MainWindow
from nnplayground.ui.preferences import Preferences
from nnplayground.ui.theme import DARK, LIGHT, colors
from tests.e2e.hands import PATIENCE, Person, write_photographs

LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier
CIRCLE = next(sample for sample in sample_projects() if sample.file == "circle.nnp")
ACTIONS = ("new", "open", "save", "save_as", "undo", "redo", "run", "pause", "step", "stop", "reset")
PANELS = (
    "palette",
    "canvas",
    "inspector",
    "dataset",
    "curves",
    "activations",
    "mistakes",
    "confusion",
    "weights",
)


def circle(*, epochs: int) -> Project:
    """Points in a plane and a small network for them, on the scratch engine."""
    project = load_project(CIRCLE.path)
    return msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, epochs=epochs))


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Callable[..., Person]]:
    """Opens windows as the program does; closes those that are still open."""
    windows: list[MainWindow] = []

    def open_window(*arguments: str, size: tuple[int, int] = (1440, 900)) -> Person:
        _, window = create_app(list(arguments))
        windows.append(window)
        window.resize(*size)
        window.show()
        QApplication.processEvents()
        return Person(qtbot, window)

    yield open_window
    for window in windows:
        window.discard_changes()
        window.close()
        qtbot.waitUntil(lambda window=window: window.runner.wait_closed(0.0), timeout=PATIENCE)
        window.deleteLater()


@pytest.fixture
def person(opened: Callable[..., Person]) -> Person:
    """Somebody in front of the start page."""
    return opened()


@pytest.fixture
def trainer(opened: Callable[..., Person], tmp_path: Path) -> Person:
    """Somebody with a project of points whose run does not end by itself."""
    path = tmp_path / "endless.nnp"
    save_project(circle(epochs=1_000_000), path)
    person = opened(str(path))
    person.wait(lambda: person.action("run").isEnabled(), "the data has been looked at")
    return person


def answer(person: Person, button: QMessageBox.StandardButton, seen: list[str]) -> None:
    """Press a button of the question that is about to be asked."""

    def press() -> None:
        box = person.find(QMessageBox, "ask_to_save")
        seen.append(box.text())
        person.click(box.button(button))

    QTimer.singleShot(0, press)


def drop(window: MainWindow, *paths: Path) -> bool:
    """Drop files on the window. Whether it takes them."""
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place = QPoint(300, 300)
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, content, LEFT, NO_KEY)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(place), Qt.DropAction.CopyAction, content, LEFT, NO_KEY)
        QApplication.sendEvent(window, event)
    return enter.isAccepted()


def entry(menu: QMenu, text: str) -> QAction:
    return next(each for each in menu.actions() if each.text().replace("&", "") == text)


def menu_of(window: MainWindow, title: str) -> QMenu:
    return next(menu for menu in window.menuBar().findChildren(QMenu) if menu.title().replace("&", "") == title)


# From a program


def test_the_window_comes_unshown_with_its_project_loaded(
    opened: Callable[..., Person], qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "circle.nnp"
    save_project(circle(epochs=3), path)
    app, window = create_app([str(path)])
    try:
        assert app is QApplication.instance()
        assert not window.isVisible()
        assert window.document.path == path.resolve()
        assert window.document.project == load_project(path)
    finally:
        window.close()
        qtbot.waitUntil(lambda: window.runner.wait_closed(0.0), timeout=PATIENCE)
        window.deleteLater()


def test_actions_and_panels_have_their_names(person: Person) -> None:
    for name in ACTIONS:
        assert person.action(name).objectName() == name
    for name in PANELS:
        assert person.window.findChild(QWidget, name) is not None, name


def test_every_action_says_what_it_does(person: Person) -> None:
    for name in ACTIONS:
        action = person.action(name)
        assert all((action.toolTip(), action.statusTip(), action.text())), name


def test_fields_of_training_and_data_are_there_in_a_fresh_window(trainer: Person) -> None:
    trainer.wait(
        lambda: trainer.window.findChild(QWidget, "field.dataset.shape") is not None, "the forms have been made"
    )
    names = {each.objectName() for each in trainer.window.findChildren(QWidget)}
    for field in ("engine", "optimizer", "optimizer.learning_rate", "schedule", "loss", "metrics", "batch_size"):
        assert f"field.training.{field}" in names
    for field in ("epochs", "seed", "class_weight", "early_stopping", "clip.norm"):
        assert f"field.training.{field}" in names
    for field in ("shape", "count", "noise", "features", "split", "seed"):
        assert f"field.dataset.{field}" in names


def test_buttons_of_the_toolbar_are_told_to_those_who_do_not_see_them(person: Person) -> None:
    buttons = {
        button.defaultAction().objectName(): button
        for button in person.window.findChildren(QToolButton)
        if button.defaultAction() is not None and button.isVisible()
    }
    assert buttons["run"].accessibleName() == "Run"
    assert buttons["stop"].accessibleName() == "Stop"
    assert all(button.toolTip() for button in buttons.values())


# The start page


def test_one_click_on_a_sample_leads_to_something_that_trains(person: Person) -> None:
    window = person.window
    person.click(person.find(QWidget, f"sample.{CIRCLE.file}"))
    assert window.workspace.isVisible()
    assert isinstance(window.document.project.dataset, Points)
    assert window.document.path is None
    assert not window.document.dirty
    assert CIRCLE.hint == window.workspace.messages.text
    person.wait(lambda: person.action("run").isEnabled(), "the data has been looked at")
    window.workspace.inspector.show_training()
    QApplication.processEvents()
    person.type_into("field.training.epochs", "4")
    person.press("run")
    person.wait(lambda: not window.runner.active, "the run has ended")
    assert len(window.workspace.curves.series("val_loss")[0]) == 4
    assert person.find(QLabel, "run_epoch").accessibleName() == "Finished · epoch 4"
    assert "weights of epoch 4" in person.find(QLabel, "status_activity").accessibleName()


def test_the_start_page_lists_what_was_open_lately(opened: Callable[..., Person], tmp_path: Path) -> None:
    kept, gone = tmp_path / "kept.nnp", tmp_path / "gone.nnp"
    for path in (kept, gone):
        save_project(circle(epochs=2), path)
        Preferences().add_recent(path.resolve())
    gone.unlink()
    person = opened()
    entries = [each for each in person.all(QPushButton, "recent_project") if each.isVisible()]
    assert [each.toolTip() for each in entries] == [str(kept)]
    person.click(entries[0])
    assert person.window.document.path == kept.resolve()


def test_the_menu_lists_what_was_open_lately(person: Person, tmp_path: Path) -> None:
    recent = menu_of(person.window, "Open recent")
    recent.aboutToShow.emit()
    assert [each.text() for each in recent.actions()] == ["None yet"]
    path = tmp_path / "lately.nnp"
    save_project(circle(epochs=2), path)
    person.window.files.open_path(path)
    recent.aboutToShow.emit()
    assert [each.text() for each in recent.actions()] == [f"lately  ({path.resolve().parent})"]


# An empty canvas


def test_an_empty_canvas_offers_ready_made_models(person: Person) -> None:
    person.click(person.find(QPushButton, "start_empty"))
    QApplication.processEvents()
    card = person.find(QWidget, "starters")
    person.click(person.find(QPushButton, "starter.convolutional"))
    assert person.layer_types()[:3] == ["Input", "Conv2D", "MaxPooling2D"]
    assert person.layer_types()[-1] == "Dense"
    assert not card.isVisible()
    person.action("undo").trigger()
    assert person.layer_types() == ["Input"]
    assert card.isVisible()


def test_convolutions_are_not_offered_for_points(person: Person) -> None:
    project = circle(epochs=2)
    only_input = msgspec.structs.replace(
        project.model, blocks=(Block("input", project.model.layer("input")),), wires=()
    )
    person.window.files.show_project(msgspec.structs.replace(project, model=only_input))
    QApplication.processEvents()
    assert person.find(QPushButton, "starter.dense")
    assert not any(each.isVisible() for each in person.all(QPushButton, "starter.convolutional"))


def test_the_offer_makes_way_for_a_dragged_layer(person: Person) -> None:
    person.click(person.find(QPushButton, "start_empty"))
    QApplication.processEvents()
    card = person.find(QWidget, "starters")
    assert card.geometry().top() > 0
    person.drop_layer("Flatten", person.below_the_model)
    assert person.layer_types() == ["Input", "Flatten"]
    assert not card.isVisible()


# Dropped files


def test_a_dropped_folder_becomes_the_data(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    write_photographs(folder, per_class=4)
    assert drop(person.window, folder)
    person.wait(lambda: person.window.document.facts is not None, "the data has been looked at")
    dataset = person.window.document.project.dataset
    assert isinstance(dataset, ImageFolder)
    assert Path(dataset.folder) == folder.resolve()
    assert person.window.document.facts is not None
    assert person.window.document.facts.class_names == ("bar", "disc")
    person.action("undo").trigger()
    assert person.window.document.project.dataset is None


def test_a_dropped_project_is_opened(person: Person, tmp_path: Path) -> None:
    path = tmp_path / "dropped.nnp"
    save_project(circle(epochs=2), path)
    assert drop(person.window, path)
    person.wait(lambda: person.window.document.path == path.resolve(), "the project is open")


def test_other_files_are_not_taken(person: Person, tmp_path: Path) -> None:
    text = tmp_path / "notes.pdf"
    text.write_text("no project")
    assert not drop(person.window, text)
    assert not drop(person.window, tmp_path, tmp_path)


# Unsaved work


def test_changes_are_marked_until_they_are_saved(trainer: Person) -> None:
    window = trainer.window
    title = trainer.find(QLabel, "project_title")
    assert not window.isWindowModified()
    assert "•" not in title.text()
    trainer.type_into("quick.batch_size", "20")
    assert window.isWindowModified()
    assert "•" in title.text()
    assert trainer.find(QLabel, "status_saved").text() == "Changes not saved"
    trainer.action("save").trigger()
    assert not window.isWindowModified()
    assert "•" not in title.text()
    assert trainer.find(QLabel, "status_saved").text().startswith("Saved at ")
    assert window.document.path is not None
    assert load_project(window.document.path).training.batch_size == 20


def test_cancel_keeps_what_would_be_lost(trainer: Person) -> None:
    trainer.type_into("quick.batch_size", "20")
    seen: list[str] = []
    answer(trainer, QMessageBox.StandardButton.Cancel, seen)
    trainer.action("new").trigger()
    assert seen == ["endless.nnp has changes that are not saved."]
    assert trainer.window.document.project.training.batch_size == 20
    answer(trainer, QMessageBox.StandardButton.Cancel, seen)
    trainer.window.close()
    assert trainer.window.isVisible()


def test_discard_goes_on_without_saving(trainer: Person) -> None:
    path = trainer.window.document.path
    assert path is not None
    trainer.type_into("quick.batch_size", "20")
    answer(trainer, QMessageBox.StandardButton.Discard, [])
    trainer.action("new").trigger()
    assert trainer.window.document.project == Project()
    assert load_project(path).training.batch_size == 10


def test_save_saves_before_going_on(trainer: Person) -> None:
    path = trainer.window.document.path
    assert path is not None
    trainer.type_into("quick.batch_size", "20")
    answer(trainer, QMessageBox.StandardButton.Save, [])
    trainer.action("new").trigger()
    assert trainer.window.document.project == Project()
    assert load_project(path).training.batch_size == 20


def test_save_as_gives_a_name_its_suffix(trainer: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(tmp_path / "other"), ""))
    trainer.action("save_as").trigger()
    assert trainer.window.document.path == (tmp_path / "other.nnp").resolve()
    assert (tmp_path / "other.nnp").is_file()


def test_save_as_asks_before_it_replaces_under_the_full_name(
    trainer: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "photos.v2.nnp"
    there.write_text("something of value")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: (str(tmp_path / "photos.v2"), ""))
    monkeypatch.setattr(QMessageBox, "question", lambda *arguments: QMessageBox.StandardButton.No)
    trainer.action("save_as").trigger()
    assert there.read_text() == "something of value"
    monkeypatch.setattr(QMessageBox, "question", lambda *arguments: QMessageBox.StandardButton.Yes)
    trainer.action("save_as").trigger()
    assert load_project(there) == trainer.window.document.project


def test_a_paused_run_goes_on_though_the_edited_model_has_a_problem(trainer: Person) -> None:
    window = trainer.window
    trainer.type_into("quick.batch_size", "10")
    window.document.set_value("training.epochs", 1_000_000)
    trainer.press("run")
    epochs: list[object] = []
    window.runner.frame_ready.connect(lambda frame: epochs.extend(frame.epochs))
    trainer.wait(lambda: bool(epochs), "training has begun")
    trainer.press("pause")
    last = window.document.project.model.outputs[0]
    window.document.apply(lambda project: remove_layers(project, [last]), "removal of the output")
    assert window.document.errors
    trainer.press("run")
    assert window.runner.state == "running"
    before = len(epochs)
    trainer.wait(lambda: len(epochs) > before + 1, "it goes on")
    trainer.press("stop")
    trainer.wait(lambda: not window.runner.active, "the run has ended")
    assert "failed" not in window.workspace.messages.text


def test_a_number_that_is_still_being_typed_is_saved(trainer: Person) -> None:
    path = trainer.window.document.path
    assert path is not None
    field = trainer.find(QLineEdit, "quick.learning_rate")
    trainer.click(field)
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(field, "0.25")
    trainer.action("save").trigger()
    assert load_project(path).training.optimizer.learning_rate == 0.25


def test_a_number_that_is_still_being_typed_is_used_by_the_run(trainer: Person) -> None:
    trainer.window.workspace.inspector.show_training()
    QApplication.processEvents()
    field = trainer.find(QWidget, "field.training.epochs")
    inner = field if isinstance(field, QLineEdit) else field.findChild(QLineEdit)
    assert inner is not None
    inner.setFocus()
    inner.selectAll()
    QTest.keyClicks(inner, "3")
    QTest.keyClick(inner, Qt.Key.Key_F5)
    trainer.wait(lambda: not trainer.window.runner.active, "the run has ended")
    assert len(trainer.window.workspace.curves.series("loss")[0]) == 3


# Undo


def test_undo_and_redo_name_what_they_do(trainer: Person) -> None:
    undo, redo = trainer.action("undo"), trainer.action("redo")
    assert not undo.isEnabled()
    assert not redo.isEnabled()
    trainer.type_into("quick.batch_size", "20")
    assert undo.text() == "&Undo change of batch size"
    assert undo.isEnabled()
    undo.trigger()
    assert trainer.find(QLineEdit, "quick.batch_size").text() == "10"
    assert redo.text() == "&Redo change of batch size"
    assert not undo.isEnabled()
    redo.trigger()
    assert trainer.find(QLineEdit, "quick.batch_size").text() == "20"


# Running


def test_run_says_why_it_is_not_possible(person: Person) -> None:
    person.click(person.find(QPushButton, "start_empty"))
    run = person.action("run")
    problem = person.window.document.errors[0].message
    assert not run.isEnabled()
    assert problem in run.toolTip()
    assert person.find(QLabel, "run_epoch").toolTip() == problem
    assert not person.action("step").isEnabled()


def test_a_problem_after_a_run_is_told_in_the_place_of_its_end(trainer: Person) -> None:
    trainer.press("run")
    trainer.wait(lambda: trainer.window.workspace.curves.numbers != "", "an epoch is done")
    trainer.press("stop")
    trainer.wait(lambda: not trainer.window.runner.active, "the run has ended")
    label = trainer.find(QLabel, "run_epoch")
    assert label.toolTip().startswith("The weights of epoch")
    trainer.window.workspace.canvas.select(["dense_3"])
    trainer.window.document.set_value("model.dense_3.units", 5)
    assert label.toolTip() == trainer.window.document.errors[0].message
    trainer.action("undo").trigger()
    assert label.toolTip().startswith("The weights of epoch")


def test_stop_is_possible_exactly_while_a_run_is_active(trainer: Person) -> None:
    runner, stop = trainer.window.runner, trainer.action("stop")
    observed: list[tuple[bool, bool]] = []
    runner.state_changed.connect(lambda state: observed.append((state != "idle", stop.isEnabled())))
    assert not stop.isEnabled()
    trainer.press("run")
    trainer.wait(lambda: runner.trained, "training has begun")
    trainer.press("pause")
    assert runner.state == "paused"
    assert stop.isEnabled()
    trainer.press("run")
    assert runner.state == "running"
    assert stop.isEnabled()
    trainer.press("stop")
    trainer.wait(lambda: not runner.active, "the run has ended")
    assert not stop.isEnabled()
    assert [state for state, _ in observed] == [enabled for _, enabled in observed]
    assert len(observed) == 5


def test_f5_runs_and_pauses_wherever_the_focus_is(trainer: Person) -> None:
    runner = trainer.window.runner
    field = trainer.find(QLineEdit, "quick.batch_size")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_F5)
    assert runner.state == "running"
    trainer.wait(lambda: runner.trained, "training has begun")
    QTest.keyClick(field, Qt.Key.Key_F5)
    assert runner.state == "paused"
    QTest.keyClick(trainer.window.workspace.canvas.view, Qt.Key.Key_F5)
    assert runner.state == "running"


def test_space_runs_and_pauses_on_the_canvas_and_on_a_plot_only(trainer: Person) -> None:
    runner, workspace = trainer.window.runner, trainer.window.workspace
    workspace.canvas.view.setFocus()
    QTest.keyClick(workspace.canvas.view, Qt.Key.Key_Space)
    assert runner.state == "running"
    workspace.curves.plot.setFocus()
    QTest.keyClick(workspace.curves.plot, Qt.Key.Key_Space)
    assert runner.state == "paused"
    field = trainer.find(QLineEdit, "quick.batch_size")
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Space)
    assert runner.state == "paused"


def test_one_step_then_a_pause(trainer: Person) -> None:
    runner = trainer.window.runner
    trainer.press("step")
    assert runner.state == "paused"
    trainer.wait(lambda: runner.trained, "training has begun")
    trainer.wait(lambda: trainer.find(QLabel, "run_epoch").toolTip() == "1 updates so far", "one update is done")
    assert trainer.action("run").text() == "&Continue"


def test_reset_forgets_what_was_learned(trainer: Person) -> None:
    window = trainer.window
    trainer.press("run")
    trainer.wait(lambda: window.workspace.curves.numbers != "", "an epoch is done")
    trainer.press("stop")
    trainer.wait(lambda: not window.runner.active, "the run has ended")
    trainer.press("reset")
    assert not trainer.action("reset").isEnabled()
    assert trainer.find(QLabel, "run_epoch").accessibleName() == "Ready"
    assert trainer.find(QLabel, "status_activity").accessibleName() == "Ready to run"


def test_the_status_bar_tells_what_is_going_on(trainer: Person) -> None:
    activity = trainer.find(QLabel, "status_activity")
    assert activity.accessibleName() == "Ready to run"
    assert trainer.find(QLabel, "status_engine").text() == "Scratch engine ready (numpy)"
    trainer.press("run")
    trainer.wait(lambda: activity.accessibleName().startswith("Training on 150 samples in batches of 10"), "it trains")
    trainer.press("pause")
    assert activity.accessibleName() == "Paused; Run goes on"
    trainer.window.document.set_value("training.engine", "keras")
    assert trainer.find(QLabel, "status_engine").text() == "TensorFlow is loaded at the first run"


def test_closing_while_it_trains_ends_the_run(trainer: Person, qtbot: QtBot) -> None:
    window = trainer.window
    trainer.press("run")
    trainer.wait(lambda: window.runner.trained, "training has begun")
    with qtbot.waitSignal(window.runner.closed, timeout=PATIENCE):
        window.close()
    assert not window.isVisible()


# Appearance


def test_a_theme_recolours_the_window_at_once_and_stays(person: Person) -> None:
    person.click(person.find(QPushButton, "start_empty"))
    light, dark = person.action("theme.light"), person.action("theme.dark")
    light.trigger()
    QApplication.processEvents()
    assert colors(person.window.workspace.canvas) is LIGHT
    shot = person.window.grab().toImage()
    assert shot.pixelColor(3, shot.height() // 2).lightness() > 200
    dark.trigger()
    QApplication.processEvents()
    assert colors(person.window.workspace.canvas) is DARK
    shot = person.window.grab().toImage()
    assert shot.pixelColor(3, shot.height() // 2).lightness() < 60
    assert Preferences().theme == "dark"


def test_larger_text_enlarges_all_letters_and_stays(person: Person) -> None:
    label = person.window.findChild(QLabel, "project_title")
    assert label is not None
    before = label.fontInfo().pixelSize()
    person.action("larger_text").trigger()
    QApplication.processEvents()
    assert label.fontInfo().pixelSize() == round(before * 1.25)
    assert Preferences().larger_text
    person.action("larger_text").trigger()
    QApplication.processEvents()
    assert label.fontInfo().pixelSize() == before


@pytest.mark.parametrize("larger", [False, True])
def test_everything_in_the_toolbar_fits_at_1280(opened: Callable[..., Person], larger: bool) -> None:
    if larger:
        Preferences().larger_text = True
    person = opened(size=(1280, 720))
    person.window.files.show_project(circle(epochs=1_000_000))
    person.wait(lambda: person.action("run").isEnabled(), "the data has been looked at")
    extension = person.window.findChild(QToolButton, "qt_toolbar_ext_button")
    assert extension is None or not extension.isVisible()
    assert person.find(QLineEdit, "quick.learning_rate")
    person.press("run")
    person.wait(lambda: person.window.workspace.curves.numbers != "", "an epoch is done")
    person.press("pause")
    QApplication.processEvents()
    assert extension is None or not extension.isVisible()
    assert person.find(QLabel, "run_epoch").accessibleName().startswith("Epoch ")
    assert person.window.width() == 1280


# Layout


def test_the_view_menu_closes_and_restores_panels(trainer: Person) -> None:
    view, panel = menu_of(trainer.window, "View"), trainer.window.workspace.mistakes
    assert panel.isVisible()
    assert entry(view, "Mistakes").isChecked()
    entry(view, "Mistakes").trigger()
    assert not panel.isVisible()
    assert not entry(view, "Mistakes").isChecked()
    entry(view, "Mistakes").trigger()
    assert panel.isVisible()


def test_the_layout_is_remembered_and_can_be_reset(opened: Callable[..., Person], tmp_path: Path) -> None:
    path = tmp_path / "circle.nnp"
    save_project(circle(epochs=2), path)
    first = opened(str(path))
    entry(menu_of(first.window, "View"), "Layers").trigger()
    first.window.workspace.show_panel("confusion")
    first.window.close()
    second = opened(str(path))
    workspace = second.window.workspace
    assert not workspace.palette_panel.isVisible()
    assert workspace.confusion.isVisible()
    assert not workspace.curves.isVisible()
    second.action("reset_layout").trigger()
    QApplication.processEvents()
    assert workspace.palette_panel.isVisible()
    assert workspace.curves.isVisible()


# Commands that make pictures


@pytest.fixture
def tidy() -> Iterator[None]:
    """The commands leave their windows to the end of the process, which is not near."""
    yield
    for window in QApplication.topLevelWidgets():
        if isinstance(window, MainWindow):
            window.deleteLater()


@pytest.mark.usefixtures("tidy")
def test_a_screenshot_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    path, picture = tmp_path / "circle.nnp", tmp_path / "window.png"
    save_project(circle(epochs=2), path)
    assert screenshot(path, output=picture, size=(1280, 720), theme="light", epochs=2, select="dense_1") == 0
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1280, 720)
    assert image.pixelColor(3, 360).lightness() > 200


@pytest.mark.usefixtures("tidy")
def test_the_demo_without_a_window_leaves_two_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo_command, "EPOCHS", 2)
    monkeypatch.setattr(demo_command, "sample_projects", lambda: [CIRCLE])
    assert demo_command.demo(headless=True) == 0
    printed = capsys.readouterr().out
    assert "epoch  1/2" in printed
    assert "epoch  2/2" in printed
    for name in ("nnplayground-demo.png", "nnplayground-demo-curves.png"):
        assert not QImage(str(tmp_path / name)).isNull()
