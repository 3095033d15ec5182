"""The settings of points: shapes, sliders, switches, painting, files; with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nnplayground import data
from nnplayground.spec.dataset import CountSplit, FractionSplit, Points
from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.panels.dataset import DatasetPanel
from nnplayground.ui.theme import apply_theme
from nnplayground.ui.widgets.point_classes import PointClasses
from nnplayground.ui.widgets.shape_tiles import ShapeTile
from nnplayground.ui.widgets.sliders import CountScale, EvenScale

LEFT = Qt.MouseButton.LeftButton


class Shown:
    """The data panel of a document, and the hands on it."""

    def __init__(self, document: Document, panel: DatasetPanel) -> None:
        self.document = document
        self.panel = panel

    @property
    def points(self) -> Points:
        dataset = self.document.project.dataset
        assert isinstance(dataset, Points)
        return dataset

    def look(self) -> None:
        """What the window does after each change: look at the data."""
        self.document.set_facts(data.scan(self.points, Path.cwd()))

    def find(self, kind: type, name: str) -> QWidget:
        found = self.panel.findChild(kind, name)
        assert found is not None, name
        return found

    def click(self, name: str, kind: type = QAbstractButton) -> None:
        widget = self.find(kind, name)
        assert widget.isVisibleTo(self.panel), name
        assert widget.isEnabled(), name
        QTest.mouseClick(widget, LEFT)

    def sees(self, name: str, kind: type = QWidget) -> bool:
        return self.find(kind, name).isVisibleTo(self.panel)

    def line(self, name: str) -> QLineEdit:
        found = self.find(QLineEdit, name)
        assert isinstance(found, QLineEdit)
        return found

    def type_into(self, name: str, text: str) -> None:
        line = self.line(name)
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)

    def slider(self, name: str) -> QSlider:
        found = self.find(QSlider, f"{name}.slider")
        assert isinstance(found, QSlider)
        return found

    def drag(self, name: str, *shares: float) -> None:
        """Press the slider at the first share of its length, and pull it over the others."""
        slider = self.slider(name)

        def at(share: float) -> QPoint:
            return QPoint(round(7 + share * (slider.width() - 14)), slider.height() // 2)

        QTest.mousePress(slider, LEFT, pos=at(shares[0]))
        for share in shares[1:]:
            QTest.mouseMove(slider, at(share))
        QTest.mouseRelease(slider, LEFT, pos=at(shares[-1]))

    def words(self) -> str:
        return "\n".join(each.text() for each in self.panel.findChildren(QLabel) if each.isVisibleTo(self.panel))

    @property
    def steps(self) -> int:
        return self.document.undo_stack.index()


Show = Callable[..., Shown]


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    panels: list[DatasetPanel] = []

    def shown(dataset: Points | None = None, *, width: int = 215) -> Shown:
        document = Document(Project(dataset=dataset or Points()))
        panel = DatasetPanel(document)
        panels.append(panel)
        qtbot.addWidget(panel)
        panel.setMinimumSize(1, 1)
        panel.resize(width, 900)
        with qtbot.waitExposed(panel):
            panel.show()
        result = Shown(document, panel)
        result.look()
        QApplication.processEvents()  # what has been shown finds its place
        return result

    yield shown
    for panel in panels:
        panel.shutdown()


# -- shapes ----------------------------------------------------------------------------------------------------------


def test_a_click_on_a_picture_chooses_the_shape(show: Show) -> None:
    shown = show()
    circle, spiral = (
        shown.find(ShapeTile, "field.dataset.shape.circle"),
        shown.find(ShapeTile, "field.dataset.shape.spiral"),
    )
    assert isinstance(circle, ShapeTile)
    assert isinstance(spiral, ShapeTile)
    assert circle.isChecked()
    before = spiral.grab().toImage()
    shown.click("field.dataset.shape.spiral")
    assert shown.points == Points(shape="spiral")
    assert spiral.isChecked()
    assert not circle.isChecked()
    assert spiral.grab().toImage() != before
    shown.click("field.dataset.shape.spiral")
    assert spiral.isChecked()
    assert shown.steps == 1
    shown.document.undo_stack.undo()
    assert circle.isChecked()


def test_shapes_are_named_and_reached_with_the_keyboard(show: Show) -> None:
    shown = show()
    tiles = shown.panel.findChildren(ShapeTile)
    assert len(tiles) == 8
    assert all(tile.accessibleName() and tile.accessibleName() in tile.toolTip() for tile in tiles)
    circle = shown.find(ShapeTile, "field.dataset.shape.circle")
    circle.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(circle, Qt.Key.Key_Right)
    assert shown.points.shape == "xor"
    assert shown.find(ShapeTile, "field.dataset.shape.xor").hasFocus()


def test_pictures_follow_classes_and_noise(qtbot: QtBot, show: Show) -> None:
    shown = show()
    tile = shown.find(ShapeTile, "field.dataset.shape.moons")
    before = tile.grab().toImage()
    shown.document.set_value("dataset.classes", 4)
    qtbot.waitUntil(lambda: tile.grab().toImage() != before, timeout=5_000)
    with_four = tile.grab().toImage()
    shown.document.set_value("dataset.noise", 1)
    qtbot.waitUntil(lambda: tile.grab().toImage() != with_four, timeout=5_000)


def test_several_clouds_need_more_than_two_classes(show: Show) -> None:
    shown = show()
    shown.click("field.dataset.shape.multi_gauss")
    assert shown.points == Points(shape="multi_gauss", classes=3)
    shown.look()
    assert "250 points · 3 classes" in shown.words()
    classes = shown.find(PointClasses, "dataset.point_classes")
    assert classes.accessibleDescription() == "0: 84; 1: 83; 2: 83"


def test_only_what_has_a_meaning_is_shown(show: Show) -> None:
    shown = show()
    everything = ("count", "noise", "split.training", "classes", "seed", "file")

    def visible() -> set[str]:
        return {name for name in everything if shown.sees(f"field.dataset.{name}")}

    assert visible() == {"count", "noise", "split.training", "classes", "seed"}
    shown.click("field.dataset.shape.plane")
    assert visible() == {"count", "noise", "split.training", "seed"}
    shown.click("points.paint")
    assert visible() == {"split.training", "seed"}
    shown.document.set_value("dataset.shape", "file")
    assert visible() == {"split.training", "seed", "file"}


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_a_drag_is_one_step_of_undo_and_another_drag_another(show: Show) -> None:
    shown = show()
    shown.drag("field.dataset.noise", 0.5, 0.4, 0.6)
    assert shown.points.noise == pytest.approx(0.6, abs=0.05)
    assert shown.line("field.dataset.noise").text() == f"{shown.points.noise:g}"
    assert shown.steps == 1
    shown.drag("field.dataset.noise", 0.6, 0.8, 1.2)
    assert shown.points.noise == 1
    assert shown.steps == 2
    shown.document.undo_stack.undo()
    assert shown.points.noise == pytest.approx(0.6, abs=0.05)
    shown.document.undo_stack.undo()
    assert shown.points.noise == 0.1
    assert shown.slider("field.dataset.noise").value() == 10


def test_the_number_of_points_goes_from_20_to_5000_in_round_steps(show: Show) -> None:
    shown = show()
    shown.drag("field.dataset.count", 0.5, 1.2)
    assert shown.points.count == 5000
    shown.drag("field.dataset.count", 0.5, -0.2)
    assert shown.points.count == 20
    scale = CountScale(20, 5000)
    values = [scale.value(place) for place in range(scale.last + 1)]
    assert values == sorted(values)
    assert all(value < 100 or value % 10 == 0 for value in values)
    assert max(abs(scale.place(scale.value(place)) - place) for place in range(scale.last + 1)) <= 1


def test_even_scales_have_clean_numbers() -> None:
    scale = EvenScale(0, 1, 0.01, 2)
    assert [scale.value(place) for place in (0, 7, 29, 100)] == [0, 0.07, 0.29, 1]
    assert all(scale.place(scale.value(place)) == place for place in range(101))


def test_numbers_can_be_typed_and_wrong_ones_are_refused_with_a_reason(show: Show) -> None:
    shown = show()
    shown.type_into("field.dataset.count", "321")
    assert shown.points.count == 321
    shown.type_into("field.dataset.count", "9999")
    assert shown.points.count == 321
    assert "Points must be a whole number from 20 to 5,000, got 9999." in shown.words()
    shown.type_into("field.dataset.noise", "0.25")
    assert shown.points.noise == 0.25
    shown.type_into("field.dataset.split.training", "120")
    assert "Training must be a whole number from 5 to 100, got 120." in shown.words()


def test_arrow_keys_move_a_slider_in_one_step_of_undo(show: Show) -> None:
    shown = show()
    slider = shown.slider("field.dataset.noise")
    slider.setFocus()
    for _ in range(3):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert shown.points.noise == pytest.approx(0.25)
    assert shown.steps == 1


def test_the_wheel_scrolls_the_panel_and_leaves_sliders_alone(show: Show) -> None:
    shown = show()
    slider = shown.slider("field.dataset.noise")
    shown.find(QPushButton, "points.regenerate").setFocus()
    middle = QPointF(slider.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(slider.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, event)
    assert shown.points.noise == 0.1
    assert not event.isAccepted()


def test_the_share_that_trains(show: Show) -> None:
    shown = show()
    assert shown.line("field.dataset.split.training").text() == "80 %"
    shown.drag("field.dataset.split.training", 0.5, -0.2)
    assert shown.points.split == FractionSplit(0.95)
    shown.type_into("field.dataset.split.training", "50%")
    assert shown.points.split == FractionSplit(0.5)
    shown.look()
    assert "125 training · 125 validation" in shown.words()
    shown.document.set_value("dataset.split", CountSplit(100))
    shown.look()
    assert shown.line("field.dataset.split.training").text() == "60 %"
    assert shown.find(QWidget, "field.dataset.split.validation") is not None


def test_regenerate_takes_the_next_seed(show: Show) -> None:
    shown = show(Points(seed=6))
    shown.click("points.regenerate")
    assert shown.points.seed == 7
    seed = shown.find(QSpinBox, "field.dataset.seed")
    assert isinstance(seed, QSpinBox)
    assert seed.value() == 7
    shown.document.undo_stack.undo()
    assert shown.points.seed == 6


# -- inputs ----------------------------------------------------------------------------------------------------------


def test_inputs_are_switched_in_their_usual_order(show: Show) -> None:
    shown = show()
    for name in ("sin_x2", "x1^2"):
        shown.click(f"field.dataset.features.{name}", QCheckBox)
    assert shown.points.features == ("x1", "x2", "x1^2", "sin_x2")
    switch = shown.find(QCheckBox, "field.dataset.features.x1")
    switch.setFocus()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    assert shown.points.features == ("x2", "x1^2", "sin_x2")
    assert switch.accessibleName() == "x1"
    assert shown.find(QCheckBox, "field.dataset.features.x1^2").accessibleName() == "x1 squared"


def test_the_last_input_stays_on_and_the_reason_is_given(show: Show) -> None:
    shown = show(Points(features=("x1x2",)))
    shown.click("field.dataset.features.x1x2", QCheckBox)
    assert shown.points.features == ("x1x2",)
    box = shown.find(QCheckBox, "field.dataset.features.x1x2")
    assert isinstance(box, QCheckBox)
    assert box.isChecked()
    assert "At least one input must stay on" in shown.words()
    shown.click("field.dataset.features.x1", QCheckBox)
    assert "At least one input must stay on" not in shown.words()


def test_each_input_has_a_picture_of_its_own(show: Show) -> None:
    shown = show(Points(features=("x1", "x2", "x1^2", "x2^2", "x1x2", "sin_x1", "sin_x2")))
    pictures = []
    for box in shown.panel.findChildren(QCheckBox):
        if box.objectName().startswith("field.dataset.features."):
            image = box.grab(QRect(0, 0, box.height(), box.height())).toImage()
            assert all(image != other for other in pictures)
            pictures.append(image)
    assert len(pictures) == 7


# -- painting, files -------------------------------------------------------------------------------------------------


def test_painting_begins_empty_and_says_where_to_paint(show: Show) -> None:
    shown = show()
    shown.click("points.paint")
    shown.look()
    assert shown.points.shape == "painted"
    assert "Painted points" in shown.words()
    assert "Boundary panel" in shown.words()
    assert "Nothing is painted yet" in shown.words()
    assert not shown.find(QPushButton, "points.clear").isEnabled()
    assert not shown.sees("points.edit")


def test_generated_points_can_be_changed_by_hand(show: Show) -> None:
    shown = show(Points(shape="xor", count=60))
    shown.click("points.edit")
    shown.look()
    assert shown.points.shape == "painted"
    assert len(shown.points.points) == 60
    assert "60 points · 2 classes" in shown.words()
    shown.click("points.clear")
    assert shown.points.points == ()
    shown.document.undo_stack.undo()
    shown.document.undo_stack.undo()
    assert shown.points == Points(shape="xor", count=60)
    shown.click("field.dataset.shape.plane")
    assert not shown.find(QPushButton, "points.edit").isEnabled()


def test_a_file_shows_its_classes_what_was_scaled_and_what_was_left_out(
    qtbot: QtBot, show: Show, tmp_path: Path
) -> None:
    file = tmp_path / "trees.csv"
    lines = [f"{number},{number % 9},{'oak' if number % 3 else 'ash'}" for number in range(30)]
    file.write_text("\n".join(["width,height,kind", *lines, "1,2"]))
    shown = show(Points(shape="file", file=str(file)))
    assert "trees.csv" in shown.words()
    assert "30 points · 2 classes" in shown.words()
    assert "x₁ from 0 to 29" in shown.words()
    assert shown.find(PointClasses, "dataset.point_classes").accessibleDescription() == "ash: 10; oak: 20"
    button = shown.find(QPushButton, "dataset.skipped")
    assert isinstance(button, QPushButton)
    assert button.text() == "1 line skipped — why?"
    QTest.mouseClick(button, LEFT)
    dialog = shown.panel.findChild(QDialog, "dataset.skipped_dialog")
    assert dialog is not None
    assert dialog.windowTitle() == "Skipped lines"
    table = dialog.findChild(QTableView)
    assert table is not None
    assert table.model().index(0, 0).data() == "trees.csv, line 32"
    dialog.close()
    with qtbot.waitSignal(shown.panel.open_points_requested):
        shown.click("points.open")
    shown.click("points.edit")
    assert len(shown.points.points) == 30


def test_a_file_that_is_gone_can_be_located(qtbot: QtBot, show: Show) -> None:
    shown = show(Points(shape="file", file="/nowhere/trees.csv"))
    assert "/nowhere/trees.csv" in shown.words()
    button = shown.find(QPushButton, "dataset.locate")
    assert isinstance(button, QPushButton)
    assert button.text() == "Locate file…"
    with qtbot.waitSignal(shown.panel.locate_requested):
        QTest.mouseClick(button, LEFT)
    assert not shown.find(QPushButton, "points.edit").isEnabled()


def test_asking_for_a_file_chooses_nothing_yet(show: Show) -> None:
    shown = show()
    shown.click("points.open")
    button = shown.find(QPushButton, "points.open")
    assert isinstance(button, QPushButton)
    assert not button.isChecked()
    assert shown.points == Points()


# -- in the window ---------------------------------------------------------------------------------------------------


def test_while_a_run_goes_on_changes_say_when_they_take_effect(show: Show) -> None:
    shown = show()
    shown.panel.set_running(True)
    assert "next run" not in shown.words()
    shown.click("points.regenerate")
    assert shown.sees("hint.points")
    shown.click("field.dataset.features.x1x2", QCheckBox)
    assert shown.sees("hint.features")
    shown.panel.set_running(False)
    assert "next run" not in shown.words()


@pytest.mark.parametrize(("scale", "width"), [(1.0, 206), (1.25, 237)])
def test_everything_fits_into_the_narrowest_panel(show: Show, qapp: QApplication, scale: float, width: int) -> None:
    apply_theme(qapp, "light", scale=scale)
    shown = show(Points(shape="spiral", classes=6, noise=0.25, count=5000), width=width)
    QApplication.processEvents()
    cut_off = [
        each.objectName()
        for each in shown.panel.findChildren(QWidget)
        if each.isVisible()
        and each.objectName().startswith(("field.", "points.", "dataset.point"))
        and not shown.panel.rect().contains(QRect(each.mapTo(shown.panel, QPoint(0, 0)), each.size()))
        and each.mapTo(shown.panel, each.rect().topRight()).x() >= width
    ]
    assert cut_off == []
    line = shown.line("field.dataset.count")
    assert line.fontMetrics().horizontalAdvance("5000") + 18 <= line.width()
    assert shown.slider("field.dataset.count").width() >= 40
