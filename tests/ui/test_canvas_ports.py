"""States wired by hand from layer to layer, several Inputs, and layers put inside others, on the canvas."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QComboBox, QMenu, QSpinBox
from pytestqt.qtbot import QtBot

from nnplayground.layers.core import Dense, Input
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional
from nnplayground.layers.sequences import Embedding
from nnplayground.spec.dataset import Pairs
from nnplayground.spec.edits import append_layer, connect, rename_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import TeacherForcing, Training
from nnplayground.ui.canvas.block_item import Port
from nnplayground.ui.canvas.layout import Measures, arrange
from nnplayground.ui.canvas.overlays import NoteItem
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.canvas.tooltips import tooltip_at
from nnplayground.ui.document import Document
from nnplayground.ui.panels.inspector import InspectorPanel
from tests.ui.canvas_hand import Hand

LETTERS = tuple("…?<>abcdefgh")
STATES, INITIAL_STATE = Port("states", False), Port("initial_state", True)
STATE_WIRE = Wire("encoder.states", "decoder.initial_state")


def translator(*, wired: bool = False) -> Project:
    """Two chains, source – encoder and target – decoder; wired: the first hands its state to the second."""
    blocks = (
        Block("input", Input()),
        Block("embedding_1", Embedding(input_dim=12, mask_zero=True)),
        Block("encoder", LSTM(units=16)),
        Block("input_2", Input()),
        Block("embedding_2", Embedding(input_dim=12, mask_zero=True)),
        Block("decoder", LSTM(units=16, return_sequences=True)),
        Block("dense_1", Dense(units=12, activation="softmax")),
    )
    wires = [
        Wire("input", "embedding_1"),
        Wire("embedding_1", "encoder"),
        Wire("input_2", "embedding_2"),
        Wire("embedding_2", "decoder"),
        Wire("decoder", "dense_1"),
    ]
    return Project(
        model=Model(blocks, (*wires, STATE_WIRE) if wired else tuple(wires)),
        dataset=Pairs(file="pairs.csv", source_length=9, target_length=6),
        training=Training(objective=TeacherForcing()),
    )


FACTS = DataFacts(
    input_shape=(9,),
    input_shapes={"source": (9,), "target": (6,)},
    vocabularies={"source": LETTERS, "target": LETTERS},
    target="tokens",
    target_length=6,
    class_names=LETTERS,
    splits={"training": 100, "validation": 20},
)


def shown(project: Project, qtbot: QtBot) -> tuple[Document, CanvasPanel, Hand]:
    document = Document(project)
    document.set_facts(FACTS)
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.resize(1100, 800)
    with qtbot.waitActive(panel):
        panel.show()
    panel.view.setFocus()
    return document, panel, Hand(panel)


def note(panel: CanvasPanel) -> str:
    (found,) = (item for item in panel.scene.items() if isinstance(item, NoteItem))
    return found.text


class TestByMouse:
    def test_states_are_dragged_to_another_layer(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(), qtbot)
        assert any("2 ends" in each.message for each in document.problems)
        start, end = panel.scene.blocks["encoder"].port_position(STATES), hand.block("decoder", aside=0)
        hand.press(start)
        hand.move((start + end) / 2)
        hand.move(end)
        assert note(panel) == "decoder → 6 × 16 · 3,136 parameters"
        hand.release(end)
        assert document.project.model.wires[-1] == STATE_WIRE
        assert document.problems == ()
        document.undo_stack.undo()
        assert document.project == translator()

    def test_and_from_the_port_that_takes_them(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(), qtbot)
        start = panel.scene.blocks["decoder"].port_position(INITIAL_STATE) + QPointF(0, 3)
        hand.drag(start, hand.block("encoder", aside=0))
        assert document.project.model.wires[-1] == STATE_WIRE

    def test_an_output_is_still_an_output(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(), qtbot)
        hand.drag(panel.scene.blocks["embedding_1"].output_port, hand.block("decoder", aside=40))
        assert document.project.model.sources("decoder") == ("embedding_1",)

    def test_what_has_no_port_takes_them_as_an_input(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(), qtbot)
        hand.drag(panel.scene.blocks["encoder"].port_position(STATES), hand.block("dense_1"))
        assert Wire("encoder.states", "dense_1") in document.project.model.wires

    def test_states_that_do_not_fit_say_why(self, qtbot: QtBot) -> None:
        project = translator()
        blocks = [Block("encoder", LSTM(units=8)) if each.id == "encoder" else each for each in project.model.blocks]
        _, panel, hand = shown(Project(model=Model(tuple(blocks), project.model.wires), dataset=project.dataset), qtbot)
        start, end = panel.scene.blocks["encoder"].port_position(STATES), hand.block("decoder", aside=0)
        hand.press(start)
        hand.move((start + end) / 2)
        hand.move(end)
        assert "same number of units" in note(panel)
        hand.key(Qt.Key.Key_Escape)

    def test_layers_are_not_put_on_states(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(wired=True), qtbot)
        middle = panel.scene.wires[STATE_WIRE].middle
        asked = []
        panel.view.insertion_requested.connect(lambda wire, position: asked.append(wire))
        hand.double_click(middle)
        assert asked == []
        hand.drop("Dropout", middle)
        assert STATE_WIRE in document.project.model.wires


class TestByKeyboard:
    def menu(self, panel: CanvasPanel) -> QMenu:
        panel.view.menu_requested.emit(panel.view.selection_corner())
        (menu,) = panel.findChildren(QMenu, "canvas_menu")
        return menu

    def test_the_menu_connects(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(), qtbot)
        hand.click(hand.block("encoder", aside=20))
        menu = self.menu(panel)
        (connect_to,) = (each for each in menu.findChildren(QMenu) if each.title() == "&Connect to")
        assert [each.text() for each in connect_to.actions()] == [
            "embedding_2",
            "decoder",
            "decoder  (initial_state)",
            "dense_1",
        ]
        connect_to.actions()[2].trigger()
        menu.close()
        assert document.project.model.wires[-1] == STATE_WIRE

    def test_a_wire_of_states_is_removed(self, qtbot: QtBot) -> None:
        document, panel, hand = shown(translator(wired=True), qtbot)
        hand.click(panel.scene.wires[STATE_WIRE].middle)
        assert panel.scene.selection.wire == STATE_WIRE
        hand.key(Qt.Key.Key_Delete)
        assert document.project.model == translator().model

    def test_arrows_lead_along_states(self, qtbot: QtBot) -> None:
        _, panel, hand = shown(translator(wired=True), qtbot)
        hand.click(hand.block("encoder", aside=20))
        hand.key(Qt.Key.Key_Down)
        assert panel.selected_ids() == ("decoder",)


class TestWhatIsShown:
    def test_labels_and_arrays(self, qtbot: QtBot) -> None:
        _, panel, _ = shown(translator(wired=True), qtbot)
        assert panel.scene.wires[STATE_WIRE].label == "states 2 × 16"
        assert panel.scene.blocks["input"].face.caption == "source · 9"
        assert panel.scene.blocks["input_2"].face.caption == "target · 6"
        assert panel.scene.blocks["encoder"].face.in_use == {"states"}
        assert panel.scene.blocks["decoder"].face.in_use == {"initial_state"}
        assert "initial_state" in tooltip_at(panel.scene, panel.scene.blocks["decoder"].port_position(INITIAL_STATE))

    def test_a_renamed_layer_keeps_its_item(self, qtbot: QtBot) -> None:
        document, panel, _ = shown(translator(wired=True), qtbot)
        item = panel.scene.wires[STATE_WIRE]
        document.apply(lambda project: rename_layer(project, "encoder", "reader"), "rename")
        assert panel.scene.wires[Wire("reader.states", "decoder.initial_state")] is item

    def test_wires_begin_and_end_at_the_ports_on_their_side(self, qtbot: QtBot) -> None:
        _, panel, _ = shown(translator(wired=True), qtbot)
        encoder, decoder = panel.scene.blocks["encoder"], panel.scene.blocks["decoder"]
        assert encoder.pos().x() < decoder.pos().x()
        assert encoder.port_position(STATES).x() > encoder.pos().x()
        assert decoder.port_position(INITIAL_STATE).x() < decoder.pos().x()
        path = panel.scene.wires[STATE_WIRE].shape().boundingRect()
        assert path.contains(encoder.port_position(STATES))
        assert path.contains(decoder.port_position(INITIAL_STATE))


def test_states_beside_the_output_run_beside_it() -> None:
    project = Project()
    for layer in (LSTM(return_sequences=True), LSTM()):
        project = append_layer(project, layer)
    project = connect(project, "lstm_1.states", "lstm_2.initial_state")
    layout = arrange(project.model, Measures())
    states = layout.routes[Wire("lstm_1.states", "lstm_2.initial_state")]
    plain = layout.routes[Wire("lstm_1", "lstm_2")]
    assert (states.exit, states.entry) == (Measures().port_aside, Measures().port_aside)
    assert (plain.exit, plain.entry) == (0, 0)
    # Both run straight down, and what is written beside them does not touch.
    gap = layout.positions["lstm_2"].y - layout.positions["lstm_1"].y - Measures().height
    assert gap == Measures().gap
    assert states.label.x - plain.label.x >= 100


def test_states_pass_rows_in_a_lane_of_their_own() -> None:
    project = Project()
    for layer in (LSTM(return_sequences=True), Dense(), LSTM()):
        project = append_layer(project, layer)
    project = connect(project, "lstm_1.states", "lstm_2.initial_state")
    layout = arrange(project.model, Measures())
    (lane,) = layout.routes[Wire("lstm_1.states", "lstm_2.initial_state")].lanes
    assert abs(lane.x - layout.positions["dense_1"].x) >= Measures().width / 2


def test_the_inspector_offers_the_arrays_of_the_data(qtbot: QtBot) -> None:
    document, panel, _ = shown(translator(), qtbot)
    inspector = InspectorPanel(document)
    qtbot.addWidget(inspector)
    inspector.show_layer("input_2")
    inspector.show()
    source = inspector.findChild(QComboBox, "field.model.input_2.source")
    assert source is not None
    assert [source.itemText(row) for row in range(source.count())] == ["the next one", "source", "target"]
    assert source.currentText() == "the next one"
    source.setCurrentIndex(1)
    assert document.project.model.layer("input_2") == Input(source="source")
    # What is left goes to the other one.
    assert panel.scene.blocks["input"].face.caption == "target · 6"
    document.set_value("model.input_2.source", "text")
    assert source.currentText() == "text"


class TestInside:
    @pytest.fixture
    def reader(self, qtbot: QtBot) -> tuple[Document, CanvasPanel, Hand]:
        project = translator()
        project = Project(model=Model((Block("input", Input()),)), dataset=project.dataset, training=project.training)
        for layer in (Embedding(input_dim=12, mask_zero=True), Bidirectional(layer=LSTM(units=8))):
            project = append_layer(project, layer)
        return shown(project, qtbot)

    def test_the_block_shows_the_layer_inside(self, reader: tuple[Document, CanvasPanel, Hand]) -> None:
        _, panel, _ = reader
        assert panel.scene.blocks["bidirectional_1"].face.caption == "LSTM · 8 units"

    def test_a_recurrent_layer_is_dropped_inside(self, reader: tuple[Document, CanvasPanel, Hand]) -> None:
        document, panel, hand = reader
        hand.carry("GRU", hand.block("bidirectional_1"))
        assert note(panel).startswith("GRU inside bidirectional_1 → 64")
        hand.leave()
        hand.drop("GRU", hand.block("bidirectional_1"))
        assert document.project.model.layer("bidirectional_1") == Bidirectional(layer=GRU())
        assert len(document.project.model.blocks) == 3
        assert panel.scene.blocks["bidirectional_1"].face.caption == "GRU · 32 units"

    def test_another_layer_goes_behind(self, reader: tuple[Document, CanvasPanel, Hand]) -> None:
        document, _, hand = reader
        hand.drop("Dense", hand.block("bidirectional_1"))
        assert document.project.model.sources("dense_1") == ("bidirectional_1",)

    def test_the_inspector_has_the_form_of_the_layer_inside(
        self, reader: tuple[Document, CanvasPanel, Hand], qtbot: QtBot
    ) -> None:
        document, panel, _ = reader
        inspector = InspectorPanel(document)
        qtbot.addWidget(inspector)
        inspector.show_layer("bidirectional_1")
        inspector.show()
        units = inspector.findChild(QSpinBox, "field.model.bidirectional_1.layer.units")
        assert units is not None
        assert units.value() == 8
        units.setValue(24)
        assert document.project.model.layer("bidirectional_1") == Bidirectional(layer=LSTM(units=24))
        assert panel.scene.blocks["bidirectional_1"].face.caption == "LSTM · 24 units"
        document.set_value("model.bidirectional_1.layer", {"type": "GRU"})
        units = inspector.findChild(QSpinBox, "field.model.bidirectional_1.layer.units")
        assert units is not None
        assert units.value() == 32
