"""The data panel: nothing yet, being looked at, a problem, images, points."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableView,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nnplayground import data
from nnplayground.spec.dataset import FolderSplit, ImageFolder, Points
from nnplayground.spec.facts import DataFacts, SkippedFile
from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.panels.dataset import DatasetPanel
from nnplayground.ui.widgets.class_list import ClassList
from nnplayground.ui.widgets.split_bar import SplitBar

Show = Callable[[Document], DatasetPanel]


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    panels: list[DatasetPanel] = []

    def shown(document: Document) -> DatasetPanel:
        panel = DatasetPanel(document)
        panels.append(panel)
        qtbot.addWidget(panel)
        panel.setMinimumSize(1, 1)
        panel.resize(215, 640)
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    yield shown
    for panel in panels:
        panel.shutdown()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """cat: 3 red pictures, dog: 5 blue ones."""
    folder = tmp_path / "photos"
    for name, count, color in (("cat", 3, (200, 30, 30)), ("dog", 5, (30, 30, 200))):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (80, 60), color).save(folder / name / f"{number}.png")
    return folder


def looked_at(dataset: ImageFolder | Points) -> Document:
    document = Document(Project(dataset=dataset))
    document.set_facts(data.scan(dataset, Path.cwd()))
    return document


def words(panel: QWidget) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel))


def child(panel: QWidget, kind: type, name: str) -> QWidget:
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def test_without_data_it_says_how_to_get_some(qtbot: QtBot, show: Show) -> None:
    panel = show(Document())
    assert "Your data will appear here" in words(panel)
    button = child(panel, QPushButton, "dataset.open")
    with qtbot.waitSignal(panel.open_folder_requested):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not child(panel, QPushButton, "dataset.settings").isVisibleTo(panel)
    assert not child(panel, QPushButton, "dataset.locate").isVisibleTo(panel)


def test_without_data_points_are_one_click_away(show: Show) -> None:
    document = Document()
    panel = show(document)
    button = child(panel, QPushButton, "dataset.use_points")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.project.dataset == Points()
    assert document.project.training.engine == "scratch"
    assert not button.isVisibleTo(panel)
    document.undo_stack.undo()
    assert button.isVisibleTo(panel)


def test_while_the_folder_is_looked_at_it_says_so(show: Show) -> None:
    panel = show(Document(Project(dataset=ImageFolder(folder="/somewhere/holiday"))))
    assert "holiday" in words(panel)
    assert "Looking at the data" in words(panel)


def test_loading_can_be_followed_and_cancelled(qtbot: QtBot, show: Show) -> None:
    panel = show(Document(Project(dataset=ImageFolder(folder="/somewhere/holiday"))))
    bar = child(panel, QProgressBar, "dataset.progress")
    assert isinstance(bar, QProgressBar)
    panel.show_progress("Reading images", 320, 741)
    assert "Reading images 320 of 741" in words(panel)
    assert (bar.value(), bar.maximum()) == (320, 741)
    with qtbot.waitSignal(panel.cancel_requested):
        QTest.mouseClick(child(panel, QToolButton, "dataset.cancel"), Qt.MouseButton.LeftButton)
    panel.show_progress("Loading TensorFlow")
    assert bar.maximum() == 0
    panel.show_progress("")
    assert not bar.isVisibleTo(panel)


def test_a_missing_folder_can_be_located(qtbot: QtBot, show: Show) -> None:
    panel = show(looked_at(ImageFolder(folder="/nowhere/holiday")))
    assert "/nowhere/holiday" in words(panel)
    with qtbot.waitSignal(panel.locate_requested):
        QTest.mouseClick(child(panel, QPushButton, "dataset.locate"), Qt.MouseButton.LeftButton)
    assert not child(panel, SplitBar, "dataset.split_bar").isVisibleTo(panel)


def test_images_are_counted_and_shown(qtbot: QtBot, show: Show, photos: Path) -> None:
    panel = show(looked_at(ImageFolder(folder=str(photos))))
    assert "photos" in words(panel)
    assert "8 images · 2 classes" in words(panel)
    assert "6 training · 2 validation" in words(panel)
    classes = child(panel, ClassList, "dataset.classes")
    assert isinstance(classes, ClassList)
    assert classes.accessibleDescription() == "cat: 3; dog: 5"

    def colors_seen() -> set[str]:
        image = classes.grab().toImage()
        seen = set()
        for y in range(0, image.height(), 4):
            pixel = image.pixelColor(20, y)
            if pixel.red() > 180 and pixel.blue() < 60:
                seen.add("red")
            if pixel.blue() > 180 and pixel.red() < 60:
                seen.add("blue")
        return seen

    qtbot.waitUntil(lambda: colors_seen() == {"red", "blue"}, timeout=10_000)
    assert "0.png" in classes.help_at(QPointF(10, classes.height() / 2 - 20))
    assert classes.help_at(QPointF(10, 2)) == "cat: 2 training · 1 validation"


def test_a_bar_is_as_long_as_the_class_is_large(show: Show) -> None:
    document = Document(Project(dataset=ImageFolder(folder="/somewhere/holiday")))
    panel = show(document)
    facts = DataFacts(class_names=("a", "b"), splits={"training": 5}, per_class={"training": (4, 1)})
    document.set_facts(facts)
    image = child(panel, ClassList, "dataset.classes").grab().toImage()
    accent = [
        max((x for x in range(image.width()) if image.pixelColor(x, y).blue() > 220), default=0)
        for y in range(image.height())
    ]
    lengths = sorted({length for length in accent if length > 20})
    assert lengths[-1] > 180
    assert any(40 <= length <= 55 for length in lengths)


def test_what_was_skipped_is_listed_with_reasons(qtbot: QtBot, show: Show, qapp: QApplication) -> None:
    document = Document(Project(dataset=ImageFolder(folder="/somewhere/holiday")))
    panel = show(document)
    button = child(panel, QPushButton, "dataset.skipped")
    assert not button.isVisibleTo(panel)
    skipped = (SkippedFile("cat/a.txt", "It is not an image."), SkippedFile("dog/b.png", "It is empty."))
    document.set_facts(DataFacts(class_names=("cat", "dog"), splits={"training": 5}, skipped=skipped))
    assert button.text() == "2 files skipped — why?"  # type: ignore[attr-defined]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = child(panel, QDialog, "dataset.skipped_dialog")
    model = child(dialog, QTableView, "").model()  # type: ignore[attr-defined]
    assert [model.index(1, column).data() for column in (0, 1)] == ["dog/b.png", "It is empty."]
    QTest.mouseClick(child(dialog, QPushButton, "dataset.copy_skipped"), Qt.MouseButton.LeftButton)
    assert qapp.clipboard().text() == "cat/a.txt\tIt is not an image.\ndog/b.png\tIt is empty."
    dialog.close()


def test_settings_open_beside_the_window_and_change_the_document(qtbot: QtBot, show: Show, photos: Path) -> None:
    document = looked_at(ImageFolder(folder=str(photos)))
    panel = show(document)
    QTest.mouseClick(child(panel, QPushButton, "dataset.settings"), Qt.MouseButton.LeftButton)
    dialog = child(panel, QDialog, "dataset.settings_dialog")
    assert dialog.isVisible()
    assert not dialog.isModal()
    child(dialog, QComboBox, "field.dataset.color_mode").setCurrentText("grayscale")  # type: ignore[attr-defined]
    assert document.project.dataset == ImageFolder(folder=str(photos), color_mode="grayscale")
    assert "grayscale" in words(panel)
    child(dialog, QComboBox, "field.dataset.split").setCurrentText("folder")  # type: ignore[attr-defined]
    line = child(dialog, QLineEdit, "field.dataset.split.validation")
    qtbot.waitUntil(line.isVisible, timeout=5_000)
    dialog.close()


def test_a_folder_is_chosen_with_a_dialog(show: Show, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = looked_at(ImageFolder(folder=str(photos), split=FolderSplit()))
    panel = show(document)
    asked: list[str] = []

    def choose(parent: QWidget, title: str, start: str) -> str:
        asked.append(title)
        return str(photos / "cat")

    monkeypatch.setattr("nnplayground.ui.widgets.fields.QFileDialog.getExistingDirectory", choose)
    QTest.mouseClick(child(panel, QPushButton, "dataset.settings"), Qt.MouseButton.LeftButton)
    button = child(panel, QPushButton, "field.dataset.split.validation.choose")
    button.click()  # type: ignore[attr-defined]
    assert asked == ["Validation folder"]
    assert document.project.dataset == ImageFolder(
        folder=str(photos), split=FolderSplit(validation=str(photos / "cat"))
    )


def test_other_data_takes_the_place_of_what_was_there(qtbot: QtBot, show: Show, photos: Path) -> None:
    document = looked_at(ImageFolder(folder=str(photos)))
    panel = show(document)
    document.set_value("dataset", Points(shape="xor"))
    document.set_facts(data.scan(Points(shape="xor"), Path.cwd()))
    assert "Xor" in words(panel)
    assert "250 points · 2 classes" in words(panel)
    tile = child(panel, QAbstractButton, "field.dataset.shape.xor")
    qtbot.waitUntil(lambda: tile.isVisibleTo(panel), timeout=5_000)
    document.undo_stack.undo()
    assert "photos" in words(panel)
    visible = [each.objectName() for each in panel.findChildren(QWidget) if each.isVisibleTo(panel)]
    assert "field.dataset.shape" not in visible


def test_warnings_about_the_data_are_offered_with_their_fix(show: Show, photos: Path) -> None:
    document = looked_at(ImageFolder(folder=str(photos)))
    panel = show(document)
    document.set_value("dataset.split.validation", 0)
    document.set_facts(data.scan(ImageFolder(folder=str(photos)), Path.cwd()))
    facts = document.facts
    assert facts is not None
    document.set_facts(DataFacts(class_names=facts.class_names, splits={"training": 8}))
    assert "No samples are kept for validation" in words(panel)
    QTest.mouseClick(child(panel, QPushButton, "fix.dataset.split"), Qt.MouseButton.LeftButton)
    assert document.project.dataset == ImageFolder(folder=str(photos))


def test_shutting_down_while_pictures_are_looked_for_leaves_no_thread(show: Show, photos: Path) -> None:
    panel = show(looked_at(ImageFolder(folder=str(photos))))
    panel.shutdown()
    names = [thread.name for thread in threading.enumerate() if thread.is_alive()]
    assert not [name for name in names if name == "examples" or name.startswith("pictures")]
