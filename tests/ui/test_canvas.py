"""The canvas: what it shows, selection, keyboard, problems, clipboard."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.merge import Add
from nnplayground.layers.regularization import Dropout
from nnplayground.spec import edits
from nnplayground.spec.edits import set_dataset
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.ui import mime
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.canvas.quick_add import QuickAdd
from nnplayground.ui.canvas.tooltips import tooltip_at
from nnplayground.ui.document import Document
from nnplayground.ui.theme import apply_theme
from tests.ui.canvas_hand import Hand, chain, document_of, image_model, way

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def document() -> Document:
    return document_of(image_model())


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> CanvasPanel:
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(620, 700)
    panel.show()
    panel.view.setFocus()
    return panel


@pytest.fixture
def hand(panel: CanvasPanel) -> Hand:
    return Hand(panel)


# What is shown


def test_blocks_and_wires_show_the_model(panel: CanvasPanel) -> None:
    faces = {layer_id: item.face for layer_id, item in panel.scene.blocks.items()}
    assert faces["input"].caption == "64 × 64 × 3"
    assert faces["conv2d_1"].count == "896"
    assert faces["conv2d_1"].caption == "32 filters · 3×3 · relu"
    assert faces["dense_1"].family == "output"
    labels = {wire: item.label for wire, item in panel.scene.wires.items()}
    assert labels[Wire("conv2d_1", "max_pooling2d_1")] == "62 × 62 × 32"
    assert labels[Wire("flatten_1", "dense_1")] == "30,752"


def test_an_edit_keeps_the_items(panel: CanvasPanel, document: Document) -> None:
    before = dict(panel.scene.blocks)
    wires = dict(panel.scene.wires)
    document.set_value("model.conv2d_1.filters", 8)
    assert panel.scene.blocks == before
    assert panel.scene.wires == wires
    assert panel.scene.blocks["conv2d_1"].face.caption.startswith("8 filters")
    assert panel.scene.wires[Wire("conv2d_1", "max_pooling2d_1")].label == "62 × 62 × 8"


def test_300_blocks_are_updated_not_rebuilt(qtbot: QtBot) -> None:
    document = document_of(chain(*[Dense(units=4, activation="relu") for _ in range(300)]))
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    before = dict(panel.scene.blocks)
    document.apply(lambda project: edits.append_layer(project, Dropout(), "dense_150"), "insertion")
    after = panel.scene.blocks
    assert len(after) == 302
    assert all(after[layer_id] is item for layer_id, item in before.items())
    assert after["dense_151"].pos().y() > before["dense_150"].pos().y()
    document.undo_stack.undo()
    assert panel.scene.blocks == before


def test_renaming_keeps_the_item_and_the_selection(panel: CanvasPanel, document: Document) -> None:
    panel.select(["conv2d_1"])
    item = panel.scene.blocks["conv2d_1"]
    document.apply(lambda project: edits.rename_layer(project, "conv2d_1", "edges"), "rename")
    assert panel.scene.blocks["edges"] is item
    assert panel.selected_ids() == ("edges",)
    assert item.face.caption == "edges · 32 filters · 3×3 · relu"


def test_shapes_follow_the_data(panel: CanvasPanel, document: Document) -> None:
    dataset = document.project.dataset
    document.apply(lambda project: set_dataset(project, None), "no data")
    assert panel.scene.wires[Wire("input", "conv2d_1")].label == "?"
    document.apply(lambda project: set_dataset(project, dataset), "data")
    document.set_value("dataset.image_size", 32)
    document.set_value("dataset.color_mode", "grayscale")
    assert panel.scene.wires[Wire("input", "conv2d_1")].label == "32 × 32 × 1"


def test_figures_add_up(panel: CanvasPanel) -> None:
    text = panel.figures.accessibleName()
    assert text.startswith("31,649 parameters, 127 kB weights, ")
    # (62·62·32 + 31·31·32 + 30752 + 1) outputs twice, 64·64·3 inputs once, 32 samples of 4 bytes
    expected = (2 * (123_008 + 30_752 + 30_752 + 1) + 12_288) * 32 * 4
    assert f"{expected / 1e6:.0f} MB memory per batch" in text
    panel.show_seconds_per_epoch(0.52)
    assert "0.5 s per epoch" in panel.figures.accessibleName()
    panel.show_seconds_per_epoch(None)
    assert "per epoch" not in panel.figures.accessibleName()


def test_a_narrow_window_shows_fewer_figures(panel: CanvasPanel) -> None:
    panel.show_seconds_per_epoch(0.52)
    panel.resize(1000, 600)
    assert "memory per batch" in panel.figures.text()
    panel.resize(260, 600)
    assert "memory per batch" not in panel.figures.text()
    assert "parameters" in panel.figures.text()
    assert "memory per batch" in panel.figures.toolTip()


def test_tooltips_say_what_lies_there(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    assert "conv2d_1" in tooltip_at(panel.scene, hand.block("conv2d_1"))
    assert "64 × 64 × 3 → 62 × 62 × 32 · 896 parameters" in tooltip_at(panel.scene, hand.block("conv2d_1"))
    assert "62 × 62 × 32" in tooltip_at(panel.scene, hand.wire("conv2d_1", "max_pooling2d_1"))
    assert "Drag to another block" in tooltip_at(panel.scene, panel.scene.blocks["conv2d_1"].output_port)
    assert tooltip_at(panel.scene, hand.below()) == ""
    document.set_value("model.dense_1.units", 3)
    block = panel.scene.rect_of("dense_1")
    assert "for 2 classes" in tooltip_at(panel.scene, block.topRight())


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_paints_in_both_themes(panel: CanvasPanel, qapp: QApplication, theme: str) -> None:
    apply_theme(qapp, theme, scale=1.25)  # type: ignore[arg-type]
    assert panel.scene.rect_of("conv2d_1").height() > 40
    picture = panel.grab().toImage()
    corner = panel.view.mapTo(panel, panel.view.viewport().rect().topLeft()) + QPoint(3, 3)
    assert (picture.pixelColor(corner).lightness() < 128) == (theme == "dark")


# Selection


def test_clicks_select(panel: CanvasPanel, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.layer_selected) as told:
        hand.click(hand.block("conv2d_1"))
    assert told.args == ["conv2d_1"]
    hand.click(hand.block("flatten_1"), CTRL)
    assert panel.selected_ids() == ("conv2d_1", "flatten_1")
    hand.click(hand.block("dense_1"), SHIFT)
    hand.click(hand.block("conv2d_1"), CTRL)
    assert panel.selected_ids() == ("flatten_1", "dense_1")
    hand.click(hand.block("flatten_1"))
    assert panel.selected_ids() == ("flatten_1",)
    with qtbot.waitSignal(panel.layer_selected) as told:
        hand.click(hand.below())
    assert told.args == [""]


def test_the_layer_selected_last_is_current(panel: CanvasPanel, hand: Hand, qtbot: QtBot) -> None:
    hand.click(hand.block("flatten_1"))
    with qtbot.waitSignal(panel.layer_selected) as told:
        hand.click(hand.block("conv2d_1"), CTRL)
    assert told.args == ["conv2d_1"]


def test_select_tells_once(panel: CanvasPanel) -> None:
    heard: list[str] = []
    panel.layer_selected.connect(heard.append)
    panel.select(["conv2d_1", "dense_1", "gone"])
    panel.select(["conv2d_1", "dense_1"])
    assert heard == ["dense_1"]
    panel.select_all()
    assert len(panel.selected_ids()) == 5


def test_a_rubber_band_selects_what_it_touches(panel: CanvasPanel, hand: Hand) -> None:
    one, other = panel.scene.rect_of("conv2d_1"), panel.scene.rect_of("max_pooling2d_1")
    outside = QPointF(one.right() + 30, one.top() - 6)
    hand.drag(outside, QPointF(one.center().x(), other.center().y()))
    assert panel.selected_ids() == ("conv2d_1", "max_pooling2d_1")
    last = panel.scene.rect_of("dense_1")
    hand.drag(QPointF(outside.x(), last.bottom() + 10), last.center(), SHIFT)
    assert panel.selected_ids() == ("conv2d_1", "max_pooling2d_1", "dense_1")


def test_what_undo_brings_back_is_selected(panel: CanvasPanel, document: Document) -> None:
    panel.select(["conv2d_1"])
    panel.delete_selection()
    panel.select([])
    document.undo_stack.undo()
    assert panel.selected_ids() == ("conv2d_1",)


def test_screen_readers_hear_the_selected_block(panel: CanvasPanel) -> None:
    panel.select(["conv2d_1"])
    assert panel.view.accessibleDescription() == "Conv2D, conv2d_1, 32 filters · 3×3 · relu, 896 parameters"


def test_another_project_clears_the_selection_and_fits(panel: CanvasPanel, document: Document) -> None:
    panel.select(["conv2d_1"])
    panel.view.zoom_by(3)
    document.reset(Project(model=chain(Dense())))
    assert panel.selected_ids() == ()
    assert panel.view.zoom == 1
    assert set(panel.scene.blocks) == {"input", "dense_1"}


# Edits by key


def test_delete_reconnects_and_moves_on(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.click(hand.block("max_pooling2d_1"))
    hand.key(Key.Key_Delete)
    assert way(document) == ["input", "conv2d_1", "flatten_1", "dense_1"]
    assert panel.selected_ids() == ("flatten_1",)
    hand.key(Key.Key_Backspace)
    assert way(document) == ["input", "conv2d_1", "dense_1"]
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.project.model == image_model()


def test_the_input_is_not_deleted(panel: CanvasPanel, hand: Hand, document: Document, qtbot: QtBot) -> None:
    panel.select(["input"])
    with qtbot.waitSignal(document.refused) as refused:
        hand.key(Key.Key_Delete)
    assert "Input stays" in refused.args[0]
    assert document.project.model == image_model()


def test_a_wire_is_selected_and_deleted(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.click(hand.wire("conv2d_1", "max_pooling2d_1"))
    assert panel.scene.selection.wire == Wire("conv2d_1", "max_pooling2d_1")
    hand.key(Key.Key_Delete)
    assert Wire("conv2d_1", "max_pooling2d_1") not in document.project.model.wires
    assert panel.scene.blocks["max_pooling2d_1"].face.severity == "error"
    document.undo_stack.undo()
    assert document.project.model == image_model()


def test_arrows_walk_along_the_wires(panel: CanvasPanel, hand: Hand) -> None:
    hand.key(Key.Key_Down)
    assert panel.selected_ids() == ("input",)
    hand.key(Key.Key_Down)
    assert panel.selected_ids() == ("conv2d_1",)
    hand.key(Key.Key_Down, SHIFT)
    assert panel.selected_ids() == ("conv2d_1", "max_pooling2d_1")
    hand.key(Key.Key_Up)
    assert panel.selected_ids() == ("conv2d_1",)
    hand.key(Key.Key_Escape)
    assert panel.selected_ids() == ()


def test_arrows_walk_between_branches(qtbot: QtBot) -> None:
    model = chain(Dense(), Dense())
    model = Model((*model.blocks, Block("side", Dense())), (*model.wires, Wire("dense_1", "side")))
    panel = CanvasPanel(document_of(model))
    qtbot.addWidget(panel)
    panel.show()
    hand = Hand(panel)
    panel.select(["dense_2"])
    hand.key(Key.Key_Right)
    assert panel.selected_ids() == ("side",)
    hand.key(Key.Key_Left)
    assert panel.selected_ids() == ("dense_2",)


def test_enter_and_double_click_ask_for_the_inspector(panel: CanvasPanel, hand: Hand, qtbot: QtBot) -> None:
    panel.select(["dense_1"])
    with qtbot.waitSignal(panel.edit_requested) as asked:
        hand.key(Key.Key_Return)
    assert asked.args == ["dense_1"]
    with qtbot.waitSignal(panel.edit_requested) as asked:
        hand.double_click(hand.block("conv2d_1"))
    assert asked.args == ["conv2d_1"]


def test_space_asks_to_run_unless_it_shoves(panel: CanvasPanel, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.run_pause_requested):
        hand.key(Key.Key_Space)
    panel.view.zoom_by(3)
    before = panel.view.verticalScrollBar().value()
    with qtbot.assertNotEmitted(panel.run_pause_requested):
        QTest.keyPress(panel.view, Key.Key_Space)
        middle = QPoint(200, 200)
        QTest.mousePress(panel.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
        QTest.mouseMove(panel.view.viewport(), middle - QPoint(0, 50))
        QTest.mouseRelease(panel.view.viewport(), Qt.MouseButton.LeftButton)
        QTest.keyRelease(panel.view, Key.Key_Space)
    assert panel.view.verticalScrollBar().value() == before + 50


def test_alt_arrows_move_the_block(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    panel.select(["flatten_1"])
    hand.key(Key.Key_Up, ALT)
    assert way(document) == ["input", "conv2d_1", "flatten_1", "max_pooling2d_1", "dense_1"]
    assert panel.selected_ids() == ("flatten_1",)
    hand.key(Key.Key_Down, ALT)
    assert way(document)[-2:] == ["flatten_1", "dense_1"]


@pytest.mark.parametrize("key", [Key.Key_Slash, Key.Key_Insert])
def test_quick_add_finds_by_typing(
    panel: CanvasPanel, hand: Hand, document: Document, qapp: QApplication, key: Key
) -> None:
    panel.select(["conv2d_1"])
    hand.key(key)
    popup = panel.findChild(QuickAdd)
    assert popup is not None
    QTest.keyClicks(popup.search, "drop")
    QTest.keyClick(popup.search, Key.Key_Return)
    assert way(document)[:3] == ["input", "conv2d_1", "dropout_1"]
    assert panel.selected_ids() == ("dropout_1",)


def test_quick_add_walks_through_the_list_and_escapes(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.key(Key.Key_Slash)
    popup = panel.findChild(QuickAdd)
    assert popup is not None
    QTest.keyClicks(popup.search, "f/")
    assert popup.search.text() == "f/", "the canvas' own keys are text here"
    QTest.keyClick(popup.search, Key.Key_Backspace)
    QTest.keyClick(popup.search, Key.Key_Backspace)
    QTest.keyClicks(popup.search, "pooling2d")
    QTest.keyClick(popup.search, Key.Key_Down)
    assert popup.list.currentRow() == 1
    QTest.keyClick(popup.search, Key.Key_Escape)
    assert not popup.isVisible()
    assert document.project.model == image_model()


def test_append_goes_behind_the_selection_or_to_the_end(panel: CanvasPanel, document: Document) -> None:
    panel.append("Dense")
    assert way(document)[-1] == "dense_2"
    assert panel.selected_ids() == ("dense_2",)
    assert document.project.model.layer("dense_2") == Dense(activation="relu")
    panel.select(["conv2d_1"])
    panel.append("Dropout")
    assert way(document)[1:3] == ["conv2d_1", "dropout_1"]
    panel.scene.selection.select_wire(Wire("input", "conv2d_1"))
    panel.append("RandomFlip")
    assert way(document)[:3] == ["input", "random_flip_1", "conv2d_1"]


def test_actions_follow_the_selection(panel: CanvasPanel) -> None:
    actions = {action.objectName(): action for action in panel.actions_for_menu() if not action.isSeparator()}
    assert {"cut", "copy", "paste", "duplicate", "delete", "select_all", "fit", "zoom_in", "zoom_out"} <= set(actions)
    assert not actions["cut"].isEnabled()
    assert actions["select_all"].isEnabled()
    panel.select(["conv2d_1"])
    assert actions["cut"].isEnabled()
    panel.scene.selection.select_wire(Wire("input", "conv2d_1"))
    assert actions["delete"].isEnabled()
    assert not actions["copy"].isEnabled()
    assert all(action.toolTip() and action.statusTip() for action in actions.values())


# Clipboard


def test_copy_and_paste(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    panel.select(["conv2d_1", "max_pooling2d_1"])
    hand.key(Key.Key_C, CTRL)
    panel.select(["max_pooling2d_1"])
    hand.key(Key.Key_V, CTRL)
    expected = ["input", "conv2d_1", "max_pooling2d_1", "conv2d_2", "max_pooling2d_2", "flatten_1", "dense_1"]
    assert way(document) == expected
    assert panel.selected_ids() == ("conv2d_2", "max_pooling2d_2")
    document.undo_stack.undo()
    assert document.project.model == image_model()


def test_what_is_copied_is_json(panel: CanvasPanel) -> None:
    panel.select(["input", "conv2d_1"])
    panel.copy()
    content = QGuiApplication.clipboard().mimeData()
    written = json.loads(content.text())
    assert [layer["id"] for layer in written["layers"]] == ["conv2d_1"]
    assert json.loads(bytes(content.data(mime.LAYERS).data())) == written


def test_cut_closes_the_gap(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    panel.select(["max_pooling2d_1"])
    hand.key(Key.Key_X, CTRL)
    assert way(document) == ["input", "conv2d_1", "flatten_1", "dense_1"]
    panel.select(["input"])
    hand.key(Key.Key_V, CTRL)
    assert way(document)[:3] == ["input", "max_pooling2d_1", "conv2d_1"]


def test_duplicate_puts_copies_behind(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    panel.select(["conv2d_1", "max_pooling2d_1"])
    hand.key(Key.Key_D, CTRL)
    assert way(document)[1:5] == ["conv2d_1", "max_pooling2d_1", "conv2d_2", "max_pooling2d_2"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello", "no layers on the clipboard, but other text"),
        ("[1, 2]", "cannot be pasted"),
        ('{"layers": [{"id": "a", "type": "Warp"}]}', "Warp"),
        ('{"layers": [{"id": "a", "type": "Dense", "units": -3}]}', "units"),
        ('{"layers": []}', "no layers"),
        ('{"layers": [{"id": "input", "type": "Input"}]}', "only an Input"),
        ('{"layers": [{"id": "a", "type": "Flatten"}], "wires": [["a", "a"]]}', "circle"),
        ("[" * 100_000, "other text"),
        ("\ud800", "other text"),
    ],
)
def test_broken_clipboards_are_refused(
    panel: CanvasPanel, document: Document, qtbot: QtBot, text: str, sentence: str
) -> None:
    content = QMimeData()
    content.setText(text)
    if text == "\ud800":
        content = QMimeData()
        content.setData(mime.LAYERS, b"\xff\xfe")
    QGuiApplication.clipboard().setMimeData(content)
    with qtbot.waitSignal(document.refused) as refused:
        panel.paste()
    assert sentence in refused.args[0]
    assert document.project.model == image_model()


def test_layers_from_elsewhere_can_be_pasted(panel: CanvasPanel, document: Document) -> None:
    QGuiApplication.clipboard().setText('{"layers": [{"id": "x", "type": "Dropout", "rate": 0.25}]}')
    panel.select(["conv2d_1"])
    panel.paste()
    assert document.project.model.layer("dropout_1") == Dropout(rate=0.25)
    assert way(document)[2] == "dropout_1"


# Problems


def test_a_problem_is_one_sentence_with_its_fix(panel: CanvasPanel, document: Document) -> None:
    assert panel.problems.isHidden()
    document.set_value("model.dense_1.units", 3)
    assert panel.problems.isVisible()
    assert "for 2 classes (cat, dog)" in panel.problems.sentence.text()
    assert panel.scene.blocks["dense_1"].face.severity == "error"
    button = panel.findChild(QPushButton, "problem_fix")
    assert button.text() == "Set 1 unit"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.project.model == image_model()
    assert panel.problems.isHidden()
    assert panel.scene.blocks["dense_1"].face.severity is None


def test_arrows_lead_through_the_problems(panel: CanvasPanel, document: Document) -> None:
    document.set_value("model.dense_1.units", 3)
    document.apply(lambda project: edits.add_layer(project, Flatten()), "insertion")
    first, second = document.problems
    assert panel.problems.sentence.text() == second.message, "the sentence that is being read stays"
    following = panel.findChild(QToolButton, "problem_next")
    QTest.mouseClick(following, Qt.MouseButton.LeftButton)
    assert panel.problems.sentence.text() == first.message
    QTest.mouseClick(panel.findChild(QToolButton, "problem_previous"), Qt.MouseButton.LeftButton)
    assert panel.problems.sentence.text() == second.message


def test_a_click_on_the_problem_shows_its_place(panel: CanvasPanel, document: Document, qtbot: QtBot) -> None:
    document.set_value("model.dense_1.units", 3)
    with qtbot.waitSignal(panel.problem_clicked) as clicked:
        QTest.mouseClick(panel.problems.sentence, Qt.MouseButton.LeftButton)
    assert clicked.args == ["model.dense_1"]
    assert panel.selected_ids() == ("dense_1",)
    panel.select([])
    panel.problems.setFocus()
    QTest.keyClick(panel.problems, Key.Key_Return)
    assert panel.selected_ids() == ("dense_1",)


def test_errors_come_before_warnings(panel: CanvasPanel, document: Document) -> None:
    document.set_value("model.conv2d_1.activation", "linear")
    document.apply(lambda project: edits.append_layer(project, Conv2D(activation="relu"), "conv2d_1"), "insertion")
    assert panel.scene.blocks["conv2d_1"].face.severity == "warning"
    assert panel.problems.current is not None
    assert panel.problems.current.severity == "warning"
    document.set_value("model.dense_1.units", 3)
    document.apply(lambda project: edits.set_parameter(project, "model.conv2d_1.activation", "linear"), "")
    assert [problem.severity for problem in document.problems] == ["error", "warning"]


# Zoom and menus


def wheel(panel: CanvasPanel, turn: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    viewport = panel.view.viewport()
    middle = QPointF(viewport.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(viewport.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def test_the_wheel_zooms_within_limits(panel: CanvasPanel, hand: Hand) -> None:
    wheel(panel, 120)
    assert panel.view.zoom == pytest.approx(1.15)
    for _ in range(30):
        wheel(panel, 120)
    assert panel.view.zoom == pytest.approx(3)
    before = panel.view.verticalScrollBar().value()
    wheel(panel, -120, SHIFT)
    assert panel.view.zoom == pytest.approx(3)
    assert panel.view.verticalScrollBar().value() > before
    for _ in range(40):
        wheel(panel, -120, CTRL)
    assert panel.view.zoom == pytest.approx(0.25)
    hand.key(Key.Key_F)
    assert panel.view.zoom == 1


def test_fit_shows_a_long_model_whole(qtbot: QtBot) -> None:
    panel = CanvasPanel(document_of(chain(*[Dense(activation="relu") for _ in range(20)])))
    qtbot.addWidget(panel)
    panel.resize(600, 700)
    panel.show()
    assert panel.view.zoom < 1
    panel.fit()
    shown = panel.view.mapToScene(panel.view.viewport().rect()).boundingRect()
    assert shown.contains(panel.scene.rect_of("input"))
    assert shown.contains(panel.scene.rect_of("dense_20"))
    panel.actual_size()
    assert panel.view.zoom == pytest.approx(1)


def test_what_is_opened_refits_until_somebody_zooms(panel: CanvasPanel) -> None:
    panel.resize(620, 300)
    smaller = panel.view.zoom
    assert smaller < 1
    panel.zoom_in()
    zoomed = panel.view.zoom
    panel.resize(620, 700)
    assert panel.view.zoom == zoomed


def test_a_new_block_is_scrolled_into_view(qtbot: QtBot) -> None:
    panel = CanvasPanel(document_of(chain(*[Dense(activation="relu") for _ in range(30)])))
    qtbot.addWidget(panel)
    panel.resize(600, 500)
    panel.show()
    panel.actual_size()
    panel.append("Dropout")
    shown = panel.view.mapToScene(panel.view.viewport().rect()).boundingRect()
    assert shown.contains(panel.scene.rect_of("dropout_1"))


def menu_at(panel: CanvasPanel, hand: Hand, point: QPointF) -> QMenu:
    position = hand.at(point)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, position, panel.view.viewport().mapToGlobal(position))
    QApplication.sendEvent(panel.view.viewport(), event)
    menu = panel.findChildren(QMenu, "canvas_menu")[-1]
    assert menu.isVisible()
    return menu


def choose(menu: QMenu, *titles: str) -> None:
    """Trigger an entry of nested menus by its texts, without their mnemonics."""
    for title in titles[:-1]:
        (entry,) = (action for action in menu.actions() if action.text().replace("&", "") == title)
        menu = entry.menu()
    (entry,) = (action for action in menu.actions() if action.text().replace("&", "") == titles[-1])
    entry.trigger()


def test_the_menu_of_a_block(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    document.set_value("model.dense_1.units", 3)
    menu = menu_at(panel, hand, hand.block("dense_1"))
    assert panel.selected_ids() == ("dense_1",)
    choose(menu, "Set 1 unit")
    assert document.project.model == image_model()
    menu.close()
    menu = menu_at(panel, hand, hand.block("conv2d_1"))
    choose(menu, "Branch to", "Pooling and size", "MaxPooling2D")
    assert document.project.model.targets("conv2d_1") == ("max_pooling2d_1", "max_pooling2d_2")
    menu.close()


def test_the_menu_of_a_wire_and_of_the_ground(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    menu = menu_at(panel, hand, hand.wire("flatten_1", "dense_1"))
    choose(menu, "Insert layer", "Regularization", "Dropout")
    assert way(document)[-3:] == ["flatten_1", "dropout_1", "dense_1"]
    menu.close()
    menu = menu_at(panel, hand, hand.below())
    choose(menu, "Add layer", "Merge", "Add")
    assert document.project.model.layer("add_1") == Add()
    menu.close()
