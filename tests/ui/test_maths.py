"""The maths panel: what it shows, how one goes through an update, what is selected and copied."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QSpinBox, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.formulas.nodes import Link, More, Node, Number
from nnplayground.formulas.pictures import Grid
from nnplayground.formulas.symbols import DELTA
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.spec.training import Adam
from nnplayground.ui.maths.boxes import Box
from nnplayground.ui.maths.grids import GridInk
from nnplayground.ui.maths.view import FormulaView
from nnplayground.ui.panels.maths import MathsPanel
from nnplayground.ui.theme import apply_theme
from tests.ui.updates import Course


class Shown:
    """A panel with an update in it."""

    def __init__(self, qtbot: QtBot, course: Course, *, width: int = 620, height: int = 320) -> None:
        self.course = course
        self.panel = MathsPanel(course.document)
        qtbot.addWidget(self.panel)
        self.panel.resize(width, height)
        self.panel.show()
        self.panel.set_layer("layer_1")
        self.panel.show_catalog(course.catalog())
        self.panel.show_snapshot(course.snapshot())

    @property
    def view(self) -> FormulaView:
        return self.panel.desk.view

    def step(self) -> None:
        self.panel.show_snapshot(self.course.snapshot())

    def button(self, name: str) -> QToolButton:
        found = self.panel.findChild(QToolButton, f"maths.{name}")
        assert isinstance(found, QToolButton)
        return found

    def number(self, name: str) -> QSpinBox:
        found = self.panel.findChild(QSpinBox, f"maths.{name}")
        assert isinstance(found, QSpinBox)
        return found

    def line(self, beginning: str) -> str:
        return next(line for line in self.view.text().splitlines() if line.startswith(beginning))

    def find(self, wanted: Callable[[Node], bool]) -> tuple[Box, QPoint]:
        """The first part of that kind, scrolled into view, with its middle in the viewport."""
        for formula in self.view.layout_now.formulas:
            for item, at, _ in formula.items():
                for box, place in item.walk(at):
                    if box.node is not None and wanted(box.node):
                        middle = box.rect(place).center()
                        self.view.verticalScrollBar().setValue(round(middle.y()) - 60)
                        return box, (middle - QPointF(0, self.view.verticalScrollBar().value())).toPoint()
        raise AssertionError("There is no such part.")

    def click(self, place: QPoint) -> None:
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def dense() -> Course:
    return Course(
        Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid"), optimizer=Adam(learning_rate=0.01)
    )


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    return Shown(qtbot, dense())


@pytest.fixture
def images(qtbot: QtBot) -> Shown:
    course = Course(
        Conv2D(filters=3, kernel_size=(3, 3), activation="relu"), Flatten(), Dense(units=1), shape=(8, 8, 2)
    )
    return Shown(qtbot, course, width=900, height=500)


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def test_says_what_to_do_while_there_is_nothing(qtbot: QtBot) -> None:
    panel = MathsPanel(dense().document)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.desk.sentence == "Press Step to see one update with all its numbers."
    assert any(label.text() == panel.desk.sentence for label in panel.findChildren(QLabel) if label.isVisible())


@pytest.mark.parametrize("seen", [True, False])
def test_a_unit_that_is_chosen_elsewhere_is_shown(qtbot: QtBot, seen: bool) -> None:
    course = dense()
    panel = MathsPanel(course.document)
    qtbot.addWidget(panel)
    panel.setVisible(seen)
    panel.set_unit("layer_1", 2)
    panel.show_snapshot(course.snapshot())
    panel.show()
    assert panel.desk.explanation is not None
    assert (panel.desk.explanation.focus.layer_id, panel.desk.explanation.focus.unit) == ("layer_1", 2)
    panel.set_layer("layer_2")
    panel.set_layer("layer_1")
    assert panel.desk.explanation.focus.unit == 0
    panel.set_unit("layer_1", 3)
    assert panel.desk.explanation.focus.unit == 3


def test_shows_the_update_of_the_layer_and_unit(shown: Shown) -> None:
    assert shown.panel.desk.sentence == ""
    trace = shown.course.traced
    assert shown.view.text().startswith("forward: z = Σᵢ wᵢxᵢ + b = ")
    before = shown.line("forward")
    shown.number("unit").setValue(3)
    assert shown.line("forward") != before
    explanation = shown.panel.desk.explanation
    assert explanation is not None
    assert explanation.focus.unit == 2
    weights = trace.engine.weights()["layer_1/kernel"]
    updated = [line for line in shown.view.text().splitlines() if line.startswith("update: w₁ ←")][-1]
    assert updated.endswith(f"= {weights[0, 2]:.4f}".replace("-", "−"))


def test_names_the_sample(shown: Shown) -> None:
    caption = shown.panel.findChild(QLabel, "maths.caption")
    assert isinstance(caption, QLabel)
    assert caption.accessibleName() == "photo 0.png · class 0 · update 5"
    shown.number("sample").setValue(4)
    assert caption.accessibleName() == "photo 3.png · class 1 · update 5"
    other = shown.course.catalog()
    ids = {"training": tuple(f"other {number}.png" for number in range(len(other.ids["training"])))}
    shown.panel.show_catalog(msgspec.structs.replace(other, ids=ids))
    shown.number("sample").setValue(5)
    assert caption.accessibleName() == "photo 4.png · class 0 · update 5"
    shown.step()
    assert caption.accessibleName() == "other 4.png · class 0 · update 6"


def test_choices_stay_from_update_to_update(shown: Shown) -> None:
    shown.number("unit").setValue(4)
    shown.number("sample").setValue(2)
    shown.number("weight").setValue(3)
    assert shown.number("weight").text() == "b"
    shown.step()
    assert (shown.number("unit").value(), shown.number("sample").value()) == (4, 2)
    assert "g_b = ∂L/∂b" in shown.view.text()


def test_phases_lead_through_an_update_and_on_to_the_next(shown: Shown, qtbot: QtBot) -> None:
    seen: list[tuple[str, str]] = []
    shown.panel.phase_changed.connect(lambda layer_id, phase: seen.append((layer_id, phase)))
    for _ in range(5):
        shown.button("phase").click()
    assert [phase for _, phase in seen] == ["forward", "activation", "loss", "backward", "update"]
    assert {layer_id for layer_id, _ in seen} == {"layer_1"}
    assert shown.view.phase == "update"
    step = shown.view.layout_now.step("update")
    assert step is not None
    bar = shown.view.verticalScrollBar()
    assert bar.value() <= step.top
    with qtbot.waitSignal(shown.panel.step_requested, timeout=1000) as asked:
        shown.button("phase").click()
    assert asked.args == ["update"]
    with qtbot.assertNotEmitted(shown.panel.step_requested):
        shown.button("phase").click()
    shown.step()
    assert shown.panel.desk.phase == "forward"
    assert seen[-1] == ("layer_1", "forward")


def test_the_first_phase_asks_for_an_update_where_there_is_none(qtbot: QtBot) -> None:
    course = dense()
    panel = MathsPanel(course.document)
    qtbot.addWidget(panel)
    panel.show()
    with qtbot.waitSignal(panel.step_requested, timeout=1000) as asked:
        panel.desk.next_phase()
    assert asked.args == ["update"]
    panel.show_snapshot(course.snapshot())
    assert panel.desk.phase == "forward"


def test_update_and_epoch_are_requests(shown: Shown, qtbot: QtBot) -> None:
    for size in ("update", "epoch"):
        with qtbot.waitSignal(shown.panel.step_requested, timeout=1000) as asked:
            shown.button(size).click()
        assert asked.args == [size]
    shown.panel.set_running(True)
    assert not shown.button("epoch").isEnabled()


def test_a_click_on_the_name_of_a_step_goes_there(shown: Shown) -> None:
    step = shown.view.layout_now.step("loss")
    assert step is not None
    shown.click(QPoint(20, round(step.title_baseline) - 4 - shown.view.verticalScrollBar().value()))
    assert shown.panel.desk.phase == "loss"


def test_a_layer_is_chosen_here_or_there(shown: Shown, qtbot: QtBot) -> None:
    box = shown.panel.findChild(QComboBox, "maths.layer")
    assert isinstance(box, QComboBox)
    assert box.currentText() == "layer_1"
    with qtbot.waitSignal(shown.panel.layer_chosen, timeout=1000) as chosen:
        box.setCurrentText("layer_2")
    assert chosen.args == ["layer_2"]
    assert shown.panel.wanted_layer == "layer_2"
    assert "z = Σᵢ wᵢaᵢ + b" in shown.line("forward")
    with qtbot.assertNotEmitted(shown.panel.layer_chosen):
        shown.panel.set_layer("layer_1")
    assert box.currentText() == "layer_1"


def test_a_layer_without_weights_has_none_to_choose(images: Shown, qtbot: QtBot) -> None:
    images.number("weight").setValue(5)
    with qtbot.captureExceptions() as raised:
        for layer_id in ("layer_2", "input", "layer_1"):
            images.panel.set_layer(layer_id)
            assert images.number("weight").isVisible() == (layer_id == "layer_1")
            assert images.panel.sizeHint().isValid()
    assert not raised


def test_wants_only_what_can_be_seen(shown: Shown, qtbot: QtBot) -> None:
    assert shown.panel.wanted_layer == "layer_1"
    with qtbot.waitSignal(shown.panel.wants_changed, timeout=1000):
        shown.panel.hide()
    assert shown.panel.wanted_layer is None
    shown.step()
    before = shown.view.text()
    with qtbot.waitSignal(shown.panel.wants_changed, timeout=1000):
        shown.panel.show()
    assert shown.view.text() != before


def test_without_a_selected_layer_the_output_is_shown(shown: Shown) -> None:
    shown.panel.set_layer("")
    assert shown.panel.desk.layer_id == "layer_2"


def test_while_running_numbers_stay_long_enough_to_be_read(shown: Shown, qtbot: QtBot) -> None:
    shown.panel.set_running(True)
    shown.step()
    first = shown.view.text()
    for _ in range(5):
        shown.step()
    assert shown.view.text() == first
    qtbot.waitUntil(lambda: shown.view.text() != first, timeout=3000)
    shown.step()
    shown.panel.set_running(False)
    last = shown.course.traced.engine.weights()["layer_1/kernel"][0, 0]
    assert f"{last:.4f}".replace("-", "−") in shown.view.text()


def test_new_numbers_do_not_scroll(shown: Shown) -> None:
    bar = shown.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    for _ in range(3):
        shown.step()
        assert abs(bar.value() - place) <= 2


def test_hovering_tells_the_full_number_and_what_it_is(shown: Shown) -> None:
    weight = float(shown.course.traced.engine.weights()["layer_1/kernel"][0, 0])
    box, place = shown.find(lambda node: isinstance(node, Number) and node.tip == "this weight after the update")
    assert isinstance(box.node, Number)
    assert float(box.node.full) == weight or np.float32(box.node.full) == np.float32(weight)
    said = shown.view.about(QPointF(place))
    assert said == f"this weight after the update\n{box.node.full}".replace("-", "−")
    _, place = shown.find(lambda node: getattr(node, "tip", "") == DELTA.tip)
    assert "how much the loss would change with z" in shown.view.about(QPointF(place))


def test_selecting_with_the_mouse_and_copying(shown: Shown) -> None:
    _, start = shown.find(lambda node: isinstance(node, Number))
    viewport = shown.view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(viewport, start + QPoint(30, 0))
    QTest.mouseMove(viewport, start + QPoint(90, 0))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(90, 0))
    selected = shown.view.selected_text
    assert selected
    assert selected in shown.line("forward")
    QTest.keyClick(shown.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == selected
    QTest.keyClick(shown.view, Qt.Key.Key_Escape)
    assert shown.view.selected_text == ""


def test_a_double_click_takes_a_number_and_a_third_click_the_formula(shown: Shown) -> None:
    box, place = shown.find(lambda node: isinstance(node, Number) and node.bold)
    assert isinstance(box.node, Number)
    QTest.mouseDClick(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert shown.view.selected_text == box.node.plain()
    QTest.mousePress(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseRelease(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert f"forward: {shown.view.selected_text}" == shown.line("forward")


def test_a_selection_within_a_fraction_stays_there(shown: Shown) -> None:
    formula = next(each for each in shown.view.layout_now.formulas if each.row.plain().startswith("L = "))
    inside = [
        (box, place)
        for item, at, _ in formula.items()
        for box, place in item.walk(at)
        if isinstance(box.node, Number) and box.path is not None and len(box.path) > 2
    ]
    (first, start), (second, end) = inside[0], inside[1]
    shown.view.verticalScrollBar().setValue(round(formula.top) - 10)
    offset = QPointF(0, shown.view.verticalScrollBar().value())
    begin = (first.rect(start).center() - offset).toPoint()
    stop = (second.rect(end).center() - offset).toPoint()
    QTest.mousePress(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=begin)
    QTest.mouseMove(shown.view.viewport(), QPoint((begin.x() + stop.x()) // 2, begin.y()))
    QTest.mouseMove(shown.view.viewport(), stop)
    QTest.mouseRelease(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=stop)
    assert isinstance(first.node, Number)
    assert isinstance(second.node, Number)
    assert shown.view.selected_text == f"{first.node.plain()} + {second.node.plain()}"


def test_latex_of_the_selection_or_of_everything(shown: Shown) -> None:
    shown.button("latex").click()
    lines = clipboard().splitlines()
    explanation = shown.panel.desk.explanation
    assert explanation is not None
    assert len(lines) == sum(len(step.lines) for step in explanation.steps)
    assert lines[0].startswith(r"z = \sum_{i} w_{i}x_{i} + b = ")
    assert r"\mathbf{" in lines[0]
    _, place = shown.find(lambda node: isinstance(node, Number) and node.bold)
    QTest.mouseDClick(shown.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    shown.button("latex").click()
    assert clipboard().startswith(r"\mathbf{")
    assert "\n" not in clipboard()


def test_select_all_and_copy_without_a_selection(shown: Shown) -> None:
    shown.view.copy()
    assert clipboard() == shown.view.text()
    QTest.keyClick(shown.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(shown.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard().splitlines() == [line.partition(": ")[2] for line in shown.view.text().splitlines()]


def test_more_terms_on_a_click_or_a_key(qtbot: QtBot) -> None:
    shown = Shown(qtbot, Course(Dense(units=1, activation="sigmoid"), shape=(40,)))
    assert "… 34 more" in shown.line("forward")
    _, place = shown.find(lambda node: isinstance(node, More) and node.key == "inputs")
    assert "Click to see more" in shown.view.about(QPointF(place))
    shown.click(place)
    assert "more" not in shown.line("forward")
    QTest.keyClick(shown.view, Qt.Key.Key_Minus)
    assert "… 34 more" in shown.line("forward")
    QTest.keyClick(shown.view, Qt.Key.Key_Plus)
    assert "more" not in shown.view.text()


def test_another_weight_on_a_click(shown: Shown) -> None:
    _, place = shown.find(lambda node: isinstance(node, Link) and node.key == "weight:1")
    shown.click(place)
    assert shown.number("weight").text() == "w2"
    assert any(line.startswith("update: w₂ ←") for line in shown.view.text().splitlines())


@pytest.mark.parametrize("width", [500, 560, 900])
@pytest.mark.parametrize("scale", [1.0, 1.25])
def test_lines_are_broken_to_fit(qtbot: QtBot, width: int, scale: float) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, "light", scale=scale)
    shown = Shown(qtbot, dense(), width=width)
    assert shown.panel.width() == width
    assert shown.view.horizontalScrollBar().maximum() == 0
    for formula in shown.view.layout_now.formulas:
        texts = dict.fromkeys(range(len(formula.baselines)), 0.0)
        for box, place, line in formula.items():
            assert place.x() >= texts[line] - 0.01
            texts[line] = place.x() + box.width
    assert not shown.view.grab().toImage().isNull()


def test_larger_text_is_set_larger(shown: Shown) -> None:
    before = shown.view.layout_now.height
    font = QFont(shown.view.font())
    font.setPixelSize(round(font.pixelSize() * 1.5))
    shown.view.setFont(font)
    assert shown.view.layout_now.height > before * 1.3


def test_a_place_of_the_output_is_chosen_on_its_picture(images: Shown) -> None:
    assert images.number("row").maximum() == 6
    assert images.number("row").isVisible()
    box, _ = images.find(lambda node: isinstance(node, Grid) and node.pick == "place")
    assert isinstance(box.ink, GridInk)
    formula = images.view.layout_now.formulas[0]
    place = next(at for item, at, _ in formula.items() if item is box)
    area = box.ink.area(box, place).translated(0, -images.view.verticalScrollBar().value())
    spot = QPointF(area.left() + box.ink.cell[0] * 4.5, area.top() + box.ink.cell[1] * 1.5)
    assert "Click to look at this place." in images.view.about(spot)
    images.click(spot.toPoint())
    assert (images.number("row").value(), images.number("column").value()) == (2, 5)
    explanation = images.panel.desk.explanation
    assert explanation is not None
    assert explanation.focus.place == (1, 4)


def test_a_weight_of_a_filter_is_chosen_on_its_square(images: Shown) -> None:
    images.number("weight").setValue(2)
    box, _ = images.find(lambda node: isinstance(node, Grid) and node.pick == "weight")
    assert isinstance(box.ink, GridInk)
    place = next(at for item, at, _ in images.view.layout_now.formulas[0].items() if item is box)
    area = box.ink.area(box, place).translated(0, -images.view.verticalScrollBar().value())
    images.click(QPointF(area.left() + box.ink.cell[0] * 2.5, area.top() + box.ink.cell[1] * 1.5).toPoint())
    assert images.number("weight").text() == "w 2,3,2"


def test_a_changed_layer_is_said_to_be_changed_only_with_the_next_update(shown: Shown) -> None:
    text = shown.view.text()
    shown.course.document.set_value("model.layer_1.activation", "relu")
    assert shown.view.text() == text
    shown.step()
    assert shown.panel.desk.sentence.startswith("layer_1 has been changed since the last update")


def test_clear(shown: Shown) -> None:
    shown.panel.desk.next_phase()
    shown.panel.clear()
    assert shown.panel.desk.sentence == "Press Step to see one update with all its numbers."
    assert shown.panel.desk.phase is None
    assert not shown.button("latex").isEnabled()


def test_what_came_before_it_was_first_seen_is_there(qtbot: QtBot) -> None:
    course = dense()
    panel = MathsPanel(course.document)
    qtbot.addWidget(panel)
    panel.set_layer("layer_1")
    panel.set_running(True)
    panel.show_catalog(course.catalog())
    panel.show_snapshot(course.snapshot())
    assert panel.wanted_layer is None
    with qtbot.waitSignal(panel.wants_changed, timeout=1000):
        panel.show()
    assert panel.wanted_layer == "layer_1"
    assert panel.desk.view.text().startswith("forward: z = Σᵢ wᵢxᵢ + b")
    button = panel.findChild(QToolButton, "maths.update")
    assert isinstance(button, QToolButton)
    assert not button.isEnabled()
