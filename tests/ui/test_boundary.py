from __future__ import annotations

import math
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.data import scan
from nnplayground.spec.dataset import CountSplit, FractionSplit, ImageFolder, Points
from nnplayground.spec.edits import set_dataset, set_parameter
from nnplayground.training.events import Snapshot
from nnplayground.ui.document import Document
from nnplayground.ui.panels.boundary import BoundaryPanel
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.plane_caption import PlaneCaption
from nnplayground.ui.widgets.plane_outputs import loss_text
from nnplayground.ui.widgets.plane_points import plot_points
from nnplayground.ui.widgets.point_marks import CLASS_COLORS
from tests.ui.plane_data import (
    CORNERS,
    catalog,
    color_at,
    distance,
    document_of,
    done,
    ended,
    everywhere,
    left_to_right,
    painted,
    plane_snapshot,
    points_project,
    said,
    started,
)
from tests.ui.test_plane_maps import BLUE, ORANGE, WHITE

Kind = TypeVar("Kind", bound=QWidget)
EMPTY = (0.5, 4.9)
"""A place without points near it."""


@pytest.fixture
def document(qapp: object) -> Document:
    return document_of(points_project(painted(*CORNERS)))


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> BoundaryPanel:
    return shown(qtbot, document)


def shown(qtbot: QtBot, document: Document) -> BoundaryPanel:
    panel = BoundaryPanel(document)
    qtbot.addWidget(panel)
    panel.resize(360, 520)
    panel.show()
    return panel


def child(panel: QWidget, kind: type[Kind], name: str) -> Kind:
    found = panel.findChild(kind, f"boundary.{name}")
    assert isinstance(found, kind)
    return found


def switch(panel: QWidget, name: str) -> None:
    box = child(panel, QCheckBox, name)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def caption(panel: QWidget) -> str:
    return child(panel, PlaneCaption, "caption").text


def title(panel: QWidget) -> str:
    return child(panel, QLabel, "title").text()


def point_at(panel: BoundaryPanel, place: tuple[float, float]) -> None:
    # A mouse that is where it was has not moved.
    QTest.mouseMove(panel.plot, QPoint(1, 1))
    QTest.mouseMove(panel.plot, panel.plot.frame().spot(place).toPoint())


def click(panel: BoundaryPanel, place: tuple[float, float]) -> None:
    QTest.mouseClick(panel.plot, Qt.MouseButton.LeftButton, pos=panel.plot.frame().spot(place).toPoint())


# The map


def test_two_classes_are_orange_and_blue(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(left_to_right()))
    assert distance(color_at(panel.plot, (-5.5, 0.5)), ORANGE) < 40
    assert distance(color_at(panel.plot, (0.06, 4.9)), WHITE) < 25
    assert distance(color_at(panel.plot, (5.5, 0.5)), BLUE) < 40


def test_with_tanh_and_squared_error_the_middle_is_zero(qtbot: QtBot) -> None:
    project = set_parameter(points_project(painted(*CORNERS), activation="tanh"), "training.loss", "mean_squared_error")
    panel = shown(qtbot, document_of(project))
    panel.show_snapshot(plane_snapshot(everywhere(0.0)))
    assert distance(color_at(panel.plot, EMPTY), WHITE) < 6
    panel.show_snapshot(plane_snapshot(everywhere(-1.0)))
    assert distance(color_at(panel.plot, EMPTY), ORANGE) < 6


def test_several_classes_have_the_colours_of_their_points(qtbot: QtBot) -> None:
    project = points_project(Points(shape="multi_gauss", classes=3, count=30), units=3, activation="softmax")
    panel = shown(qtbot, document_of(project))
    for number in range(3):
        values = [0.0, 0.0, 0.0]
        values[number] = 1.0
        panel.show_snapshot(plane_snapshot(everywhere(*values)))
        assert distance(color_at(panel.plot, (5.7, 0.6)), CLASS_COLORS[number]) < 6
    assert caption(panel).splitlines()[0] == "0, 1, 2"


def test_numbers_are_shaded_with_a_scale(qtbot: QtBot) -> None:
    panel = shown(qtbot, document_of(points_project(Points(shape="plane", count=20), activation="linear")))
    panel.show_snapshot(plane_snapshot(left_to_right(-0.5, 0.5)))
    assert title(panel) == "Prediction"
    assert caption(panel).splitlines()[0] == "−1 to 1"
    panel.show_snapshot(plane_snapshot(left_to_right(-4, 4)))
    low, high = caption(panel).splitlines()[0].split(" to ")
    assert low == f"−{high}"
    assert float(high) == pytest.approx(3.9, abs=0.1)


def test_discretize_takes_the_shades_away(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(0.6)))
    assert distance(color_at(panel.plot, EMPTY), BLUE) > 60
    switch(panel, "discrete")
    assert distance(color_at(panel.plot, EMPTY), BLUE) < 6


def test_squares_of_the_map_can_be_shown_as_they_are(panel: BoundaryPanel) -> None:
    """A chequered map of 100 squares a side: smoothed it is grey between them, else it has only two colours."""
    values = (np.indices((100, 100)).sum(axis=0) % 2).astype(np.float32)[None]
    panel.resize(900, 1000)
    panel.show_snapshot(plane_snapshot(values))
    menu = panel.findChild(QMenu, "decision_boundary.menu")
    assert isinstance(menu, QMenu)
    action = next(action for action in menu.actions() if action.text() == "Smooth the map")
    spots = [(2 + step * 0.01, 4.0) for step in range(60)]
    smooth = {color_at(panel.plot, spot).name() for spot in spots}
    action.trigger()
    assert {color_at(panel.plot, spot).name() for spot in spots} == {ORANGE.name(), BLUE.name()}
    assert len(smooth) > 4


def test_it_can_be_copied_as_a_picture(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(1.0)))
    menu = panel.findChild(QMenu, "decision_boundary.menu")
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == "Copy picture").trigger()
    picture = QGuiApplication.clipboard().image()
    assert distance(picture.pixelColor(picture.width() // 2 + 10, 60), BLUE) < 6


@pytest.mark.parametrize("size", [(200, 330), (360, 520), (900, 980), (900, 300)])
def test_the_plot_is_a_square_that_uses_the_room(panel: BoundaryPanel, size: tuple[int, int]) -> None:
    panel.resize(*size)
    area = panel.plot.frame().area
    assert area.width() == area.height()
    assert area.width() > 0.55 * min(size) - 40
    assert panel.plot.rect().contains(area.toRect())


# Points


def test_points_are_marked_in_the_colours_of_their_classes(panel: BoundaryPanel) -> None:
    assert distance(color_at(panel.plot, (-3, -3)), CLASS_COLORS[0]) < 12
    assert distance(color_at(panel.plot, (3, 3)), CLASS_COLORS[1]) < 12


def test_validation_points_are_shown_on_demand_and_look_different(qtbot: QtBot) -> None:
    document = document_of(points_project(painted(*CORNERS, validation=0.5)))
    panel = shown(qtbot, document)
    points = plot_points(document.project.dataset)
    assert points is not None
    assert points.held_back.sum() == 2
    first = points.targets == 0
    held_back = tuple(points.coordinates[points.held_back & first][0].tolist())
    training = tuple(points.coordinates[~points.held_back & first][0].tolist())
    panel.show_snapshot(plane_snapshot(everywhere(0.0)))
    empty = color_at(panel.plot, EMPTY)
    assert color_at(panel.plot, held_back) == empty
    assert "validation" not in caption(panel)
    switch(panel, "held_back")
    assert color_at(panel.plot, held_back) != empty
    assert "validation" in caption(panel)

    def darkest(place: tuple[float, float]) -> int:
        return min(color_at(panel.plot, place, beside=step).lightness() for step in range(6))

    # Both have the colour of the class in the middle; what is held back also has a dark outline.
    assert darkest(held_back) < 80 < darkest(training)


def test_wrong_points_are_ringed(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(0.0)))

    def darkest(place: tuple[float, float]) -> int:
        return min(color_at(panel.plot, place, beside=step).lightness() for step in range(12))

    assert darkest((3, 3)) < 60
    assert darkest((-3, 3)) > 80
    assert "wrong" in caption(panel)
    panel.show_snapshot(plane_snapshot(left_to_right()))
    assert darkest((3, 3)) > 80


def test_what_was_said_about_points_counts_until_a_newer_map_comes(qtbot: QtBot) -> None:
    document = document_of(points_project(painted(*CORNERS, validation=0.5)))
    panel = shown(qtbot, document)
    panel.show_catalog(catalog(document.project))
    points = panel.plot.points
    assert points is not None
    held_back = np.flatnonzero(points.held_back)
    number = int(held_back[0])
    switch(panel, "held_back")

    def words() -> str:
        point_at(panel, tuple(points.coordinates[number].tolist()))
        return " ".join(caption(panel).splitlines()[1].split(" · ")[0].split()[2:])

    ids, labels = tuple(map(str, held_back)), points.targets[held_back].tolist()
    panel.show_frame(started())
    panel.show_snapshot(plane_snapshot(left_to_right(), update=1))
    panel.show_frame(done(1, 1, loss=0.5))
    assert words() == "✓ right"
    panel.show_mistakes(said(ids, labels, [1.0 - label for label in labels]))
    assert words() == "✗ wrong"
    panel.show_snapshot(plane_snapshot(left_to_right(), update=2))
    assert words() == "✓ right"
    panel.show_frame(ended(loss=0.5))
    panel.show_mistakes(said(ids, labels, [1.0 - label for label in labels], epoch=2))
    assert words() == "✗ wrong"


def test_a_click_on_a_point_chooses_its_sample(qtbot: QtBot, panel: BoundaryPanel, document: Document) -> None:
    panel.show_catalog(catalog(document.project))
    chosen: list[str] = []
    panel.sample_chosen.connect(chosen.append)
    click(panel, (3.1, -2.95))
    click(panel, EMPTY)
    assert chosen == ["1"]


def test_points_that_are_no_samples_yet_are_not_chosen(panel: BoundaryPanel, document: Document) -> None:
    """While points are edited, the samples that other panels know are still the ones of before."""
    panel.show_catalog(catalog(document.project))
    chosen: list[str] = []
    panel.sample_chosen.connect(chosen.append)
    document.set_value("dataset.points", CORNERS[1:])
    click(panel, (3, -3))
    assert chosen == []
    panel.show_catalog(catalog(document.project))
    click(panel, (3, -3))
    assert chosen == ["0"]


def test_a_sample_that_is_shown_elsewhere_is_marked_and_seen(qtbot: QtBot) -> None:
    document = document_of(points_project(painted(*CORNERS, validation=0.5)))
    panel = shown(qtbot, document)
    panel.show_catalog(catalog(document.project))
    points = panel.plot.points
    assert points is not None
    number = int(np.flatnonzero(points.held_back)[0])
    place = tuple(points.coordinates[number].tolist())
    before = color_at(panel.plot, place)
    panel.select_sample(str(number))
    assert color_at(panel.plot, place) != before


# Reading


def test_the_mouse_reads_place_and_output(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(0.75)))
    point_at(panel, (1.5, -2.0))
    first, second = caption(panel).split("\n")
    words = first.split()
    assert [words[0], words[2], words[4]] == ["x₁", "x₂", "output"]
    assert float(words[1]) == pytest.approx(1.5, abs=0.06)
    assert float(words[3].replace("−", "-")) == pytest.approx(-2, abs=0.06)
    assert first.endswith("output 0.75 → 1")
    assert second == ""


def test_the_mouse_reads_the_point_below_it(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(0.75)))
    point_at(panel, (-3, 3))
    assert caption(panel).split("\n")[1] == "Point 2 ✗ wrong · class 0 · training"


def test_points_for_the_test_are_called_so(qtbot: QtBot) -> None:
    dataset = msgspec.structs.replace(painted(*CORNERS), split=FractionSplit(validation=0.25, test=0.25))
    panel = shown(qtbot, document_of(points_project(dataset)))
    switch(panel, "held_back")
    read: list[str] = []
    for x1, x2, _ in CORNERS:
        point_at(panel, (x1, x2))
        read.append(caption(panel).split("\n")[1].rpartition(" ")[2])
    assert sorted(read) == ["test", "training", "training", "validation"]


def test_losses_are_short_however_large() -> None:
    shown_as = {0.00052: "0.00052", 0.0123: "0.012", 3.5: "3.500", 151.4: "151", 23456.0: "23,456", 3e9: "3e+09"}
    assert {value: loss_text(value) for value in (*shown_as, math.inf)} == {**shown_as, math.inf: "∞"}


def test_what_the_mouse_reads_follows_the_training(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(0.75)))
    point_at(panel, EMPTY)
    panel.show_snapshot(plane_snapshot(everywhere(0.25)))
    assert caption(panel).split("\n")[0].endswith("output 0.25 → 0")


def test_arrow_keys_read_and_enter_chooses(panel: BoundaryPanel, document: Document) -> None:
    panel.show_catalog(catalog(document.project))
    panel.show_snapshot(plane_snapshot(everywhere(0.75)))
    chosen: list[str] = []
    panel.sample_chosen.connect(chosen.append)
    for _ in range(12):
        QTest.keyClick(panel.plot, Qt.Key.Key_Right)
        QTest.keyClick(panel.plot, Qt.Key.Key_Up)
    QTest.keyClick(panel.plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert caption(panel).startswith("x₁ 2.95  x₂ 3.00")
    QTest.keyClick(panel.plot, Qt.Key.Key_Return)
    assert chosen == ["3"]


def test_space_asks_for_run_or_pause(qtbot: QtBot, panel: BoundaryPanel) -> None:
    with qtbot.waitSignal(panel.run_pause_requested):
        QTest.keyClick(panel.plot, Qt.Key.Key_Space)


def test_losses_of_the_latest_epoch(panel: BoundaryPanel, qtbot: QtBot) -> None:
    panel.resize(600, 700)
    losses = child(panel, QLabel, "losses")
    assert losses.text() == ""

    def shows(text: str) -> None:
        qtbot.waitUntil(lambda: losses.text() == text)

    panel.show_frame(started())
    panel.show_frame(done(1, 1, loss=0.51234, val_loss=0.7))
    shows("train loss 0.512 · validation loss 0.700")
    panel.show_frame(done(2, 2, loss=0.00003, val_loss=1234.0))
    shows("train loss 3e-05 · validation loss 1,234")
    panel.show_frame(done(3, 3, loss=0.25))
    shows("train loss 0.250")
    panel.show_frame(started())
    shows("")


def test_losses_in_few_words_where_there_is_little_room(panel: BoundaryPanel) -> None:
    panel.show_frame(done(1, 1, loss=0.5, val_loss=0.7))
    panel.resize(220, 400)
    losses = child(panel, QLabel, "losses")
    assert losses.text() == "loss 0.500 · 0.700"
    assert title(panel) == ""
    panel.show_unit("dense_1", 1)
    assert title(panel) == "dense_1 · unit 2"
    assert losses.text() in ("0.500 · 0.700", "")
    assert losses.toolTip() == "train loss 0.500 · validation loss 0.700"


# What is wanted, and units


def test_the_output_is_wanted_while_it_can_be_seen(qtbot: QtBot, panel: BoundaryPanel) -> None:
    assert panel.wanted_layer == "dense_2"
    with qtbot.waitSignal(panel.wants_changed):
        panel.hide()
    assert panel.wanted_layer is None
    with qtbot.waitSignal(panel.wants_changed):
        panel.show()
    assert panel.wanted_layer == "dense_2"


def test_a_hovered_unit_takes_the_place_of_the_output(qtbot: QtBot, panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(0.0), small={"dense_1": everywhere(-1, 1, 0, side=32)}))
    with qtbot.waitSignal(panel.wants_changed):
        panel.show_unit("dense_1", 1)
    assert panel.wanted_layer == "dense_1"
    assert title(panel) == "dense_1 · unit 2"
    assert distance(color_at(panel.plot, EMPTY), BLUE) < 6  # already, from the small map
    panel.show_snapshot(plane_snapshot(everywhere(0, 0, 0), "dense_1"))
    assert distance(color_at(panel.plot, EMPTY), WHITE) < 6
    point_at(panel, EMPTY)
    assert caption(panel).split("\n")[0].endswith("unit 2 0")
    with qtbot.waitSignal(panel.wants_changed):
        panel.show_unit("", -1)
    assert panel.wanted_layer == "dense_2"
    assert title(panel) == "Decision boundary"
    assert distance(color_at(panel.plot, EMPTY), ORANGE) < 6


def test_a_hovered_feature_needs_no_engine(panel: BoundaryPanel) -> None:
    panel.show_unit("input", 0)
    assert title(panel) == "x₁"
    assert panel.wanted_layer == "dense_2"
    assert distance(color_at(panel.plot, (-5.8, 0.5)), ORANGE) < 25
    assert distance(color_at(panel.plot, (5.8, 0.5)), BLUE) < 25


def test_a_unit_that_is_removed_gives_way_to_the_output(panel: BoundaryPanel, document: Document) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(1.0), small={"dense_1": everywhere(-1, 1, -1, side=32)}))
    panel.show_unit("dense_1", 2)
    document.set_value("model.dense_1.units", 2)
    panel.show_snapshot(plane_snapshot(everywhere(0.0, 0.0), "dense_1"))
    assert distance(color_at(panel.plot, EMPTY), "#808080") > 60
    assert document.apply(lambda project: set_dataset(project, Points()), "other points")
    panel.show_unit("", -1)
    assert title(panel) == "Decision boundary"


def test_what_came_while_it_was_hidden_is_shown_later(panel: BoundaryPanel) -> None:
    panel.hide()
    panel.show_snapshot(plane_snapshot(everywhere(1.0)))
    panel.show()
    assert distance(color_at(panel.plot, EMPTY), BLUE) < 6


def test_other_data_than_points(qtbot: QtBot, panel: BoundaryPanel, document: Document) -> None:
    document.apply(lambda project: set_dataset(project, ImageFolder(folder="photos")), "images")
    assert panel.wanted_layer is None
    state = panel.findChild(EmptyState)
    assert isinstance(state, EmptyState)
    assert state.isVisible()
    assert "points" in state.text
    document.undo_stack.undo()
    assert panel.wanted_layer == "dense_2"
    assert not state.isVisible()


def test_a_file_is_not_waited_for(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("\n".join(f"{number % 5},{number % 7},{number % 2}" for number in range(40)))
    dataset = Points(shape="file", file=str(file))
    project = points_project(dataset)
    document = Document(project)
    panel = shown(qtbot, document)
    assert panel.plot.points is None
    document.set_facts(scan(dataset, tmp_path))
    assert panel.plot.points is not None
    assert len(panel.plot.points) == 40
    file.write_text("\n".join(f"{number % 5},{number % 7},{number % 2}" for number in range(60)))
    panel.show_catalog(catalog(project))
    assert len(panel.plot.points) == 60


def test_points_that_cannot_be_split_are_shown_all_the_same(panel: BoundaryPanel, document: Document) -> None:
    document.set_value("dataset.split", CountSplit(validation=50))
    assert panel.plot.points is not None
    assert not panel.plot.points.held_back.any()
    document.set_value("dataset.points", [])
    assert panel.plot.points is None


def test_clear_forgets_the_model(panel: BoundaryPanel) -> None:
    before = color_at(panel.plot, EMPTY)
    panel.show_frame(done(1, 1, loss=0.5, val_loss=0.7))
    panel.show_snapshot(plane_snapshot(everywhere(1.0)))
    panel.clear()
    assert color_at(panel.plot, EMPTY) == before
    assert child(panel, QLabel, "losses").text() == ""


def test_snapshots_without_a_plane_change_nothing(panel: BoundaryPanel) -> None:
    panel.show_snapshot(plane_snapshot(everywhere(1.0)))
    panel.show_snapshot(plane_snapshot(None, None))
    other: Snapshot = plane_snapshot(None, None)
    panel.show_snapshot(Snapshot("run", 1, 2, other.wants, None, {}, {}, {}, None))
    assert distance(color_at(panel.plot, EMPTY), BLUE) < 6
