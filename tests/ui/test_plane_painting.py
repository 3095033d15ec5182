"""Painting one's own points on the plot of the plane."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSlider, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.data import generate_points
from nnplayground.spec.dataset import PLANE_LIMIT, Points
from nnplayground.ui.document import Document
from nnplayground.ui.panels.boundary import BoundaryPanel
from nnplayground.ui.widgets.plane_strokes import EraseStroke, PaintStroke
from tests.ui.plane_data import CORNERS, color_at, document_of, painted, points_project

Place = tuple[float, float]
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def document(qapp: object) -> Document:
    return document_of(points_project(painted(*CORNERS)))


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> BoundaryPanel:
    return shown(qtbot, document)


def shown(qtbot: QtBot, document: Document) -> BoundaryPanel:
    panel = BoundaryPanel(document)
    qtbot.addWidget(panel)
    panel.resize(400, 600)
    panel.show()
    return panel


def button(panel: QWidget, name: str) -> QToolButton:
    found = panel.findChild(QToolButton, f"boundary.{name}")
    assert isinstance(found, QToolButton)
    return found


def press(panel: QWidget, name: str) -> None:
    QTest.mouseClick(button(panel, name), Qt.MouseButton.LeftButton)


def choose(panel: QWidget, title: str) -> None:
    """An entry of the menu of "Paint my own"."""
    menu = button(panel, "paint").menu()
    assert menu is not None
    next(action for action in menu.actions() if action.text() == title).trigger()


def offers(panel: QWidget) -> list[str]:
    menu = button(panel, "paint").menu()
    assert menu is not None
    return [action.text() for action in menu.actions() if action.isVisible() and action.isEnabled()]


def set_slider(panel: QWidget, name: str, value: int) -> None:
    slider = panel.findChild(QSlider, f"boundary.{name}")
    assert isinstance(slider, QSlider)
    slider.setValue(value)


def drag(panel: BoundaryPanel, *places: Place, shift: bool = False, release: bool = True) -> None:
    """With the left button, from place to place."""
    plot, left, modifiers = panel.plot, Qt.MouseButton.LeftButton, SHIFT if shift else NONE
    spots = [plot.frame().spot(place).toPoint() for place in places]
    QTest.mousePress(plot, left, modifiers, spots[0])
    for spot in spots[1:]:
        QTest.mouseMove(plot, spot)
    if release:
        QTest.mouseRelease(plot, left, modifiers, spots[-1])


def points(document: Document) -> tuple[tuple[float, float, int], ...]:
    dataset = document.project.dataset
    assert isinstance(dataset, Points)
    return dataset.points


def new_points(document: Document) -> np.ndarray:
    """What was added to the corners: (n, 3)."""
    assert points(document)[: len(CORNERS)] == CORNERS
    return np.array(points(document)[len(CORNERS) :])


# To begin


def test_points_that_are_generated_cannot_be_painted_on(qtbot: QtBot) -> None:
    document = document_of(points_project(Points(count=40)))
    panel = shown(qtbot, document)
    assert not button(panel, "class_0").isVisible()
    assert button(panel, "paint").isVisible()
    QTest.keyClick(panel.plot, Qt.Key.Key_1)
    drag(panel, (-5, 5), (5, 5))
    assert document.undo_stack.count() == 0


def test_go_on_by_hand_from_what_is_shown(qtbot: QtBot) -> None:
    document = document_of(points_project(Points(count=40)))
    before = generate_points(Points(count=40))
    panel = shown(qtbot, document)
    choose(panel, "Start from these points")
    rows = np.array(points(document))
    assert rows[:, :2] == pytest.approx(before.coordinates, abs=0.001)
    assert rows[:, 2].tolist() == before.targets.tolist()
    assert not button(panel, "paint").isVisible()
    assert button(panel, "class_0").isVisible()
    assert button(panel, "class_0").isChecked()
    document.undo_stack.undo()
    assert document.project.dataset == Points(count=40)
    assert button(panel, "paint").isVisible()


def test_begin_with_nothing(qtbot: QtBot) -> None:
    document = document_of(points_project(Points(count=40)))
    panel = shown(qtbot, document)
    choose(panel, "Start from an empty plane")
    assert points(document) == ()
    set_slider(panel, "radius", 0)
    drag(panel, (1.0, 2.0))
    assert len(points(document)) == 1
    assert points(document)[0] == pytest.approx((1.0, 2.0, 0), abs=0.05)


def test_come_back_to_what_was_painted_before(qtbot: QtBot, document: Document) -> None:
    document.set_value("dataset.shape", "circle")
    panel = shown(qtbot, document)
    assert "Go on with what I painted" in offers(panel)
    choose(panel, "Go on with what I painted")
    assert points(document) == CORNERS


def test_numbers_have_no_classes_to_go_on_from(qtbot: QtBot) -> None:
    panel = shown(qtbot, document_of(points_project(Points(shape="plane", count=40), activation="linear")))
    assert offers(panel) == ["Start from an empty plane"]


# Strokes


def test_one_stroke_is_one_step(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "class_1")
    drag(panel, (-5, 5), (0, 5), (5, 5))
    rows = new_points(document)
    assert len(rows) > 20
    assert set(rows[:, 2]) == {1}
    assert (np.abs(rows[:, 1] - 5) <= 0.66).all()
    assert rows[:, 0].min() < -4
    assert rows[:, 0].max() > 4
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == f"painting of {len(rows)} points"
    document.undo_stack.undo()
    assert points(document) == CORNERS


def test_what_is_painted_is_seen_before_the_button_is_released(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "class_0")
    set_slider(panel, "radius", 0)
    before = color_at(panel.plot, (0.5, 5))
    drag(panel, (0.5, 5), (0.5, 4.9), release=False)
    assert color_at(panel.plot, (0.5, 5)) != before
    assert points(document) == CORNERS


def test_size_and_density_of_the_brush(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "class_0")
    set_slider(panel, "radius", 20)
    set_slider(panel, "density", 12)
    drag(panel, (0, 0))
    rows = new_points(document)
    assert len(rows) == 12
    assert np.hypot(rows[:, 0], rows[:, 1]).max() > 0.8
    assert np.hypot(rows[:, 0], rows[:, 1]).max() <= 2.05


def test_keys_choose_the_tools(panel: BoundaryPanel) -> None:
    QTest.keyClick(panel.plot, Qt.Key.Key_2)
    assert button(panel, "class_1").isChecked()
    QTest.keyClick(panel.plot, Qt.Key.Key_E)
    assert button(panel, "erase").isChecked()
    QTest.keyClick(panel.plot, Qt.Key.Key_3)  # there is no third class yet
    assert button(panel, "erase").isChecked()
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert button(panel, "pick").isChecked()


def test_keys_change_the_size(panel: BoundaryPanel, document: Document) -> None:
    QTest.keyClick(panel.plot, Qt.Key.Key_1)
    for _ in range(30):
        QTest.keyClick(panel.plot, Qt.Key.Key_BracketLeft)
    drag(panel, (0, 0))
    assert len(new_points(document)) == 1
    QTest.keyClick(panel.plot, Qt.Key.Key_BracketRight)
    drag(panel, (0, 1))
    assert len(new_points(document)) > 2


def test_points_are_painted_with_the_keyboard_too(panel: BoundaryPanel, document: Document) -> None:
    for key in (Qt.Key.Key_2, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        QTest.keyClick(panel.plot, key)
    rows = new_points(document)
    assert len(rows) > 1
    assert set(rows[:, 2]) == {1}
    assert np.hypot(rows[:, 0] - 0.25, rows[:, 1] - 0.25).max() <= 0.61
    assert document.undo_stack.count() == 1


def test_classes_can_be_added_up_to_six(panel: BoundaryPanel, document: Document) -> None:
    shown_classes = [number for number in range(6) if button(panel, f"class_{number}").isVisible()]
    assert shown_classes == [0, 1]
    for number in range(2, 6):
        press(panel, "add_class")
        assert button(panel, f"class_{number}").isChecked()
    assert not button(panel, "add_class").isVisible()
    drag(panel, (0, 0))
    assert set(new_points(document)[:, 2]) == {5}


def test_classes_of_the_data_have_their_tools(qtbot: QtBot) -> None:
    panel = shown(qtbot, document_of(points_project(painted(*CORNERS, (0, 0, 3)))))
    assert button(panel, "class_3").isVisible()
    assert not button(panel, "class_4").isVisible()


# Erasing


def test_the_eraser_removes_what_it_goes_over(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "erase")
    drag(panel, (-3, -4), (-3, 0), (-3, 4))
    assert points(document) == (CORNERS[1], CORNERS[3])
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "erasing of 2 points"
    document.undo_stack.undo()
    assert points(document) == CORNERS


def test_shift_erases_with_any_tool(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "class_0")
    drag(panel, (3, 3), shift=True)
    assert points(document) == CORNERS[:3]


def test_what_is_erased_is_gone_before_the_button_is_released(panel: BoundaryPanel, document: Document) -> None:
    before = color_at(panel.plot, (3, 3))
    press(panel, "erase")
    drag(panel, (3, 3), (4.5, 3), release=False)
    assert color_at(panel.plot, (3, 3)) != before
    assert points(document) == CORNERS


def test_erasing_where_nothing_is_changes_nothing(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "erase")
    drag(panel, (0, 0), (0.5, 0.5))
    assert document.undo_stack.count() == 0


def test_clear_and_undo(panel: BoundaryPanel, document: Document) -> None:
    assert not button(panel, "undo").isEnabled()
    press(panel, "clear")
    assert points(document) == ()
    assert "clearing of the plane" in button(panel, "undo").toolTip()
    press(panel, "undo")
    assert points(document) == CORNERS
    assert not button(panel, "undo").isEnabled()


def test_more_points_than_fit_are_refused_in_one_sentence(qtbot: QtBot) -> None:
    many = tuple((x / 100 - 5, 5.5, 0) for x in range(1000)) * 5
    document = document_of(points_project(painted(*many)))
    panel = shown(qtbot, document)
    press(panel, "class_1")
    with qtbot.waitSignal(document.refused) as refused:
        drag(panel, (0, 0))
    assert "5,000" in refused.args[0]
    assert points(document) == many


def test_a_stroke_is_given_up_when_its_points_are_undone(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "class_0")
    drag(panel, (0, 0))
    press(panel, "erase")
    drag(panel, (3, 3), (3.2, 3), release=False)
    document.undo_stack.undo()
    spot = panel.plot.frame().spot((-3, -3)).toPoint()
    QTest.mouseMove(panel.plot, spot)
    panel.plot.grab()
    QTest.mouseRelease(panel.plot, Qt.MouseButton.LeftButton, NONE, spot)
    assert points(document) == CORNERS


def test_enter_does_not_come_between_a_stroke_and_its_end(panel: BoundaryPanel, document: Document) -> None:
    press(panel, "class_1")
    drag(panel, (-4, 0), (0, 0), release=False)
    QTest.keyClick(panel.plot, Qt.Key.Key_Return)
    QTest.mouseRelease(panel.plot, Qt.MouseButton.LeftButton, NONE, panel.plot.frame().spot((0, 0)).toPoint())
    assert new_points(document)[:, 0].min() < -3
    assert document.undo_stack.count() == 1


# While a run goes on


def test_a_run_under_way_is_told_of(panel: BoundaryPanel, document: Document) -> None:
    note = panel.findChild(QLabel, "boundary.next_run")
    assert isinstance(note, QLabel)
    assert not note.isVisible()
    panel.set_running(True)
    assert note.isVisible()
    assert "next run" in note.text()
    press(panel, "class_0")
    drag(panel, (0, 0))
    assert len(points(document)) > len(CORNERS)
    panel.set_running(False)
    assert not note.isVisible()


# The strokes themselves


def test_a_stroke_paints_at_equal_distances_however_it_is_cut_up() -> None:
    whole = PaintStroke(0, radius=0, density=9, random=np.random.default_rng(0))
    parts = PaintStroke(0, radius=0, density=9, random=np.random.default_rng(0))
    whole.move_to((-2.0, 0.0))
    whole.move_to((2.0, 0.0))
    for step in range(41):
        parts.move_to((-2.0 + step / 10, 0.0))
    assert len(whole.points) == 21
    assert np.array(parts.points)[:20] == pytest.approx(np.array(whole.points)[:20], abs=1e-9)


def test_nothing_is_painted_outside_the_plane() -> None:
    stroke = PaintStroke(2, radius=2, density=200, random=np.random.default_rng(0))
    stroke.move_to((PLANE_LIMIT, -PLANE_LIMIT))
    rows = np.array(stroke.points)
    assert np.abs(rows[:, :2]).max() <= PLANE_LIMIT


def test_points_spread_evenly_over_the_brush() -> None:
    stroke = PaintStroke(0, radius=2, density=4000, random=np.random.default_rng(0))
    stroke.move_to((0.0, 0.0))
    distance = np.hypot(*np.array(stroke.points)[:, :2].T)
    assert (distance <= 1).mean() == pytest.approx(0.25, abs=0.03)


def test_an_eraser_remembers_only_where_there_was_something() -> None:
    stroke = EraseStroke(np.array([[0.0, 0.0], [3.0, 0.0]]), radius=0.5)
    stroke.move_to((-5.0, 0.0))
    stroke.move_to((1.0, 0.0))
    assert stroke.erased.tolist() == [True, False]
    assert len(stroke.centres) == 1
