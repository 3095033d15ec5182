"""Building a model on the canvas with the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.merge import Add
from nnplayground.spec import edits
from nnplayground.spec.model import Block, Model, Wire, infer_shapes
from nnplayground.ui.canvas.overlays import GhostItem, NoteItem, RubberWireItem
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.canvas.quick_add import QuickAdd
from nnplayground.ui.document import Document
from tests.ui.canvas_hand import Hand, chain, document_of, image_model, way

CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def document() -> Document:
    return document_of(image_model())


@pytest.fixture
def panel(document: Document, qtbot: QtBot) -> CanvasPanel:
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(1000, 700)
    panel.show()
    return panel


@pytest.fixture
def hand(panel: CanvasPanel) -> Hand:
    return Hand(panel)


def note(panel: CanvasPanel) -> str:
    """What is written beside the pointer; "" while nothing is."""
    (found,) = (item for item in panel.scene.items() if isinstance(item, NoteItem))
    return found.text


def assert_undone(document: Document) -> None:
    """One step back, and everything is as it was."""
    document.undo_stack.undo()
    assert document.project.model == image_model()
    assert not document.undo_stack.canUndo()


# Layers from the palette


def test_a_layer_dropped_on_a_wire_is_inserted(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.drop("Dropout", hand.wire("flatten_1", "dense_1"))
    assert way(document) == ["input", "conv2d_1", "max_pooling2d_1", "flatten_1", "dropout_1", "dense_1"]
    assert panel.selected_ids() == ("dropout_1",)
    assert panel.view.hasFocus()
    assert_undone(document)


def test_the_gap_beside_a_wire_belongs_to_it(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.drop("Dropout", hand.wire("flatten_1", "dense_1") + QPointF(-120, 0))
    assert way(document)[-2:] == ["dropout_1", "dense_1"]


@pytest.mark.parametrize("where", ["below", "last", "left"])
def test_a_layer_dropped_at_the_end_is_appended(panel: CanvasPanel, hand: Hand, document: Document, where: str) -> None:
    last = panel.scene.rect_of("dense_1")
    points = {"below": hand.below(), "last": hand.block("dense_1"), "left": QPointF(last.left() - 100, last.top() - 90)}
    hand.drop("Dense", points[where])
    assert way(document)[-2:] == ["dense_1", "dense_2"]
    assert document.project.model.layer("dense_2") == Dense(activation="relu")
    assert_undone(document)


def test_a_layer_dropped_on_a_block_goes_behind_it(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.drop("MaxPooling2D", hand.block("conv2d_1"))
    assert way(document)[1:4] == ["conv2d_1", "max_pooling2d_2", "max_pooling2d_1"]
    assert_undone(document)


def test_only_a_merge_layer_stands_apart_on_the_right(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    right = QPointF(panel.scene.model_rect.right() + 80, 100)
    hand.drop("Add", right)
    assert document.project.model.sources("add_1") == ()
    assert_undone(document)
    hand.drop("Dropout", right)
    assert way(document)[-1] == "dropout_1"


def test_shapes_change_under_the_hand(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    point = hand.wire("conv2d_1", "max_pooling2d_1")
    hand.carry("Conv2D", hand.below(), point)
    assert note(panel) == "Conv2D → 60 × 60 × 32 · 9,248 parameters"
    following = panel.scene.wires[Wire("max_pooling2d_1", "flatten_1")]
    assert following.shown_label == "30 × 30 × 32"
    assert following.label == "31 × 31 × 32"
    assert panel.scene.blocks["dense_1"].shown_face.count == "28,801"
    hand.leave()
    assert note(panel) == ""
    assert following.shown_label == "31 × 31 × 32"
    assert panel.scene.blocks["dense_1"].shown_face.count == "30,753"
    assert document.project.model == image_model()


def test_what_does_not_fit_is_said_under_the_hand(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.carry("Conv2D", hand.wire("flatten_1", "dense_1"))
    assert note(panel) == "Conv2D needs an image (height × width × channels), but receives 30,752."
    hand.carry("Flatten", hand.wire("conv2d_1", "max_pooling2d_1"))
    assert note(panel).startswith("Then max_pooling2d_1 does not fit: MaxPooling2D needs an image")
    assert panel.scene.blocks["max_pooling2d_1"].shown_face.severity == "error"
    hand.leave()
    assert panel.scene.blocks["max_pooling2d_1"].shown_face.severity is None
    hand.drop("Conv2D", hand.wire("flatten_1", "dense_1"))
    assert panel.scene.blocks["conv2d_2"].face.severity == "error"


def test_files_are_left_to_others(panel: CanvasPanel, hand: Hand) -> None:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile("/photos")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(hand.at(hand.below()), copy, content, left, none)
    QApplication.sendEvent(panel.view.viewport(), event)
    assert not event.isAccepted()


def test_a_layer_type_that_does_not_exist_is_ignored(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.drop("Warp", hand.below())
    assert document.project.model == image_model()


# Blocks


def test_a_block_is_dragged_onto_a_wire(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.drag(hand.block("max_pooling2d_1"), hand.wire("input", "conv2d_1"))
    assert way(document) == ["input", "max_pooling2d_1", "conv2d_1", "flatten_1", "dense_1"]
    assert panel.selected_ids() == ("max_pooling2d_1",)
    assert panel.scene.blocks["max_pooling2d_1"].opacity() == 1
    assert_undone(document)


def test_a_block_is_dragged_to_the_end_and_several_as_one(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.click(hand.block("conv2d_1"))
    hand.click(hand.block("max_pooling2d_1"), CTRL)
    hand.drag(hand.block("conv2d_1"), hand.below())
    assert way(document) == ["input", "flatten_1", "dense_1", "conv2d_1", "max_pooling2d_1"]
    assert_undone(document)


@pytest.mark.parametrize("modifier", [CTRL, ALT])
def test_dragging_with_a_key_copies(
    panel: CanvasPanel, hand: Hand, document: Document, modifier: Qt.KeyboardModifier
) -> None:
    start, end = hand.block("conv2d_1"), hand.wire("conv2d_1", "max_pooling2d_1")
    hand.press(start)
    hand.move((start + end) / 2 + QPointF(40, 0))
    hand.release(end, modifier)
    assert way(document)[1:4] == ["conv2d_1", "conv2d_2", "max_pooling2d_1"]
    assert_undone(document)


def test_escape_gives_up_the_move(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    panel.view.setFocus()
    start, end = hand.block("max_pooling2d_1"), hand.wire("input", "conv2d_1")
    hand.press(start)
    hand.move((start + end) / 2)
    hand.move(end)
    assert note(panel) == "MaxPooling2D → 32 × 32 × 3"
    assert any(isinstance(item, GhostItem) for item in panel.scene.items())
    hand.key(Qt.Key.Key_Escape)
    assert note(panel) == ""
    assert not any(isinstance(item, GhostItem) for item in panel.scene.items())
    hand.release(end)
    assert document.project.model == image_model()
    assert panel.selected_ids() == ("max_pooling2d_1",)


def test_a_small_move_is_a_click(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    point = hand.block("conv2d_1")
    hand.press(point)
    hand.move(point + QPointF(2, 1))
    hand.release(point + QPointF(2, 1))
    assert document.project.model == image_model()
    assert panel.selected_ids() == ("conv2d_1",)


def test_the_input_stays(panel: CanvasPanel, hand: Hand, document: Document, qtbot: QtBot) -> None:
    with qtbot.waitSignal(document.refused) as refused:
        hand.drag(hand.block("input"), hand.wire("flatten_1", "dense_1"))
    assert "Input stays" in refused.args[0]
    assert document.project.model == image_model()


def test_an_edit_from_elsewhere_ends_the_gesture(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    start, end = hand.block("max_pooling2d_1"), hand.wire("input", "conv2d_1")
    hand.press(start)
    hand.move((start + end) / 2)
    hand.move(end)
    document.apply(lambda project: edits.remove_layers(project, ["max_pooling2d_1"]), "removal")
    hand.release(end)
    assert way(document) == ["input", "conv2d_1", "flatten_1", "dense_1"]


# Wires


def residual() -> Model:
    """input → conv2d_1 → conv2d_2 → add_1 → flatten_1 → dense_1, where add_1 lacks its second input."""
    same = Conv2D(padding="same", activation="relu")
    return chain(same, same, Add(), Flatten(), Dense(units=1, activation="sigmoid"))


def test_a_second_input_is_wired_by_hand(qtbot: QtBot) -> None:
    document = document_of(residual())
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(800, 800)
    panel.show()
    hand = Hand(panel)
    assert panel.scene.blocks["add_1"].face.severity == "error"
    start, end = panel.scene.blocks["conv2d_1"].output_port, hand.block("add_1")
    hand.press(start)
    hand.move((start + end) / 2)
    hand.move(end)
    assert any(isinstance(item, RubberWireItem) for item in panel.scene.items())
    assert note(panel) == "add_1 → 64 × 64 × 32"
    assert panel.scene.blocks["add_1"].shown_face.severity is None
    hand.release(end)
    assert document.project.model.sources("add_1") == ("conv2d_2", "conv2d_1")
    assert panel.scene.blocks["add_1"].face.severity is None
    assert not any(isinstance(item, RubberWireItem) for item in panel.scene.items())
    document.undo_stack.undo()
    assert document.project.model == residual()


def test_a_wire_is_drawn_backwards_from_an_input_port(qtbot: QtBot) -> None:
    document = document_of(residual())
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(800, 800)
    panel.show()
    hand = Hand(panel)
    hand.drag(panel.scene.blocks["add_1"].input_port + QPointF(0, 3), hand.block("conv2d_1"))
    assert document.project.model.sources("add_1") == ("conv2d_2", "conv2d_1")


def test_a_wire_that_cannot_be_says_why(panel: CanvasPanel, hand: Hand, document: Document, qtbot: QtBot) -> None:
    start, end = panel.scene.blocks["flatten_1"].output_port, hand.block("conv2d_1")
    hand.press(start)
    hand.move((start + end) / 2)
    hand.move(end)
    assert "would close a circle" in note(panel)
    with qtbot.waitSignal(document.refused) as refused:
        hand.release(end)
    assert "would close a circle" in refused.args[0]
    assert note(panel) == ""
    assert document.project.model == image_model()


def test_a_click_on_a_port_selects_the_block(panel: CanvasPanel, hand: Hand) -> None:
    hand.click(panel.scene.blocks["conv2d_1"].output_port)
    assert panel.selected_ids() == ("conv2d_1",)


def test_a_wire_let_go_over_nothing_offers_a_branch(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.drag(panel.scene.blocks["conv2d_1"].output_port, QPointF(panel.scene.model_rect.right() + 60, 200))
    popup = panel.findChild(QuickAdd)
    assert popup is not None
    QTest.keyClicks(popup.search, "average")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert document.project.model.targets("conv2d_1") == ("max_pooling2d_1", "average_pooling2d_1")
    assert_undone(document)


def test_a_double_click_on_a_wire_offers_layers(panel: CanvasPanel, hand: Hand, document: Document) -> None:
    hand.double_click(hand.wire("flatten_1", "dense_1"))
    popup = panel.findChild(QuickAdd)
    assert popup is not None
    QTest.keyClicks(popup.search, "dropout")
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert way(document)[-2:] == ["dropout_1", "dense_1"]


def test_a_merge_layer_can_be_dropped_on_a_bent_wire(qtbot: QtBot) -> None:
    model = chain(Dense(), Dense(), Add(), Dense())
    model = Model(model.blocks, (*model.wires, Wire("dense_1", "add_1")))
    document = document_of(model)
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(800, 800)
    panel.show()
    hand = Hand(panel)
    hand.drop("Dropout", hand.wire("dense_1", "add_1"))
    assert document.project.model.sources("add_1") == ("dense_2", "dropout_1")


def test_holding_a_layer_at_the_edge_scrolls(qtbot: QtBot) -> None:
    document = document_of(chain(*[Dense(activation="relu") for _ in range(30)]))
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(600, 400)
    panel.show()
    panel.actual_size()
    bar = panel.view.verticalScrollBar()
    bar.setValue(bar.minimum())
    hand = Hand(panel)
    bottom = panel.view.mapToScene(panel.view.viewport().rect().center())
    edge = QPointF(bottom.x(), panel.view.mapToScene(0, panel.view.viewport().height() - 4).y())
    before = bar.value()
    hand.carry("Dense", edge)
    qtbot.waitUntil(lambda: bar.value() > before, timeout=5000)
    hand.leave()


def test_blocks_glide_to_their_new_places(panel: CanvasPanel, document: Document, qtbot: QtBot) -> None:
    block = panel.scene.blocks["dense_1"]
    start = block.pos()
    after = edits.append_layer(document.project, Dense(), "conv2d_1")
    shapes = infer_shapes(after.model, (64, 64, 3))
    panel.scene.show_model(after.model, shapes, (), milliseconds=60)
    end = QPointF(*panel.scene.positions["dense_1"])
    assert end.y() > start.y()
    assert block.pos().y() < end.y()
    qtbot.waitUntil(lambda: block.pos() == end, timeout=5000)
    wire = panel.scene.wires[Wire("flatten_1", "dense_1")]
    assert wire.middle.y() < end.y()


def test_a_loose_block_is_wired_in(qtbot: QtBot) -> None:
    model = image_model()
    document = document_of(Model((*model.blocks, Block("loose", Flatten())), model.wires))
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(1200, 700)
    panel.show()
    hand = Hand(panel)
    hand.drag(hand.block("loose"), hand.wire("conv2d_1", "max_pooling2d_1"))
    assert way(document)[1:4] == ["conv2d_1", "loose", "max_pooling2d_1"]
