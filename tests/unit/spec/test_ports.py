"""Wires at ports: an encoder that hands its states to a decoder; and layers inside others."""

from __future__ import annotations

import json
import re

import pytest

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.merge import Add
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional
from nnplayground.layers.sequences import Embedding
from nnplayground.spec import edits
from nnplayground.spec.codec import FileError, decode, encode
from nnplayground.spec.dataset import Pairs
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Block, Model, Wire, infer_shapes, input_sources, wire_shape
from nnplayground.spec.paths import ValueProblem, get_value, set_value
from nnplayground.spec.project import Project, project_shapes
from nnplayground.spec.rearrange import Behind, Inside, OnWire, move_layers, place_layer, shift_layers

STATES = Wire("encoder.states", "decoder.initial_state")


@pytest.fixture
def translator() -> Project:
    """input – embedding_1 – encoder ─states→ decoder – dense_1, and input_2 – embedding_2 – decoder."""
    blocks = (
        Block("input", Input()),
        Block("embedding_1", Embedding(input_dim=30, output_dim=8)),
        Block("encoder", LSTM(units=16)),
        Block("input_2", Input(source="target")),
        Block("embedding_2", Embedding(input_dim=20, output_dim=8)),
        Block("decoder", LSTM(units=16, return_sequences=True)),
        Block("dense_1", Dense(units=20, activation="softmax")),
    )
    wires = (
        Wire("input", "embedding_1"),
        Wire("embedding_1", "encoder"),
        Wire("input_2", "embedding_2"),
        Wire("embedding_2", "decoder"),
        STATES,
        Wire("decoder", "dense_1"),
    )
    return Project(model=Model(blocks, wires), dataset=Pairs(file="/pairs.csv", source_length=12, target_length=7))


def test_the_ends_of_a_wire() -> None:
    assert (STATES.source_id, STATES.source_port) == ("encoder", "states")
    assert (STATES.target_id, STATES.target_port) == ("decoder", "initial_state")
    assert not STATES.plain
    assert (Wire("a", "b").source_id, Wire("a", "b").source_port, Wire("a", "b").plain) == ("a", "", True)
    assert STATES.renamed({"encoder": "reader"}) == Wire("reader.states", "decoder.initial_state")


def test_neighbours_are_layers(translator: Project) -> None:
    model = translator.model
    assert model.sources("decoder") == ("embedding_2", "encoder")
    assert model.targets("encoder") == ("decoder",)
    assert [wire.source for wire in model.input_wires("decoder")] == ["embedding_2"]
    assert model.port_wires("decoder") == (STATES,)
    assert model.outputs == ("dense_1",)
    assert model.order.index("encoder") < model.order.index("decoder")
    assert "dense_1" in model.downstream("embedding_1")


def test_each_input_gets_its_array(translator: Project) -> None:
    assert input_sources(translator.model, ("source", "target")) == {"input": "source", "input_2": "target"}
    shapes = project_shapes(translator)
    assert shapes["encoder"].inputs == ((12, 8),)
    assert shapes["decoder"].inputs == ((7, 8),)
    assert shapes["decoder"].output == (7, 16)
    assert wire_shape(translator.model, shapes, STATES) == (2, 16)


@pytest.mark.parametrize(("encoder", "words"), [(LSTM(units=8), "same number of units"), (GRU(units=16), "same type")])
def test_states_that_do_not_fit(translator: Project, encoder: LSTM | GRU, words: str) -> None:
    blocks = [Block("encoder", encoder) if block.id == "encoder" else block for block in translator.model.blocks]
    shapes = infer_shapes(Model(tuple(blocks), translator.model.wires), {"source": (12,), "target": (7,)})
    assert shapes["decoder"].problem is not None
    assert words in shapes["decoder"].problem
    assert shapes["dense_1"].output is None


def test_what_is_not_known_before_a_port_is_not_known_behind_it(translator: Project) -> None:
    shapes = infer_shapes(translator.model, {"source": None, "target": (7,)})
    assert shapes["decoder"].problem is None
    assert shapes["decoder"].output is None


class TestFile:
    def test_round_trip(self, translator: Project) -> None:
        content = encode(translator)
        assert b'["encoder.states", "decoder.initial_state"]' in content
        assert decode(content) == translator

    @pytest.mark.parametrize(
        ("wire", "words"),
        [
            (["encoder.memory", "decoder.initial_state"], "it has states"),
            (["encoder.states", "dense_1.initial_state"], "Dense has no port"),
            (["nobody.states", "decoder.initial_state"], "nobody, which is not a layer"),
            (["encoder.", "decoder"], 'no port ""'),
        ],
    )
    def test_ports_that_are_not_there(self, translator: Project, wire: list[str], words: str) -> None:
        content = encode(translator).decode()
        changed = content.replace(f'["{STATES.source}", "{STATES.target}"]', f'["{wire[0]}", "{wire[1]}"]')
        assert changed != content
        with pytest.raises(FileError, match=words):
            decode(changed.encode())

    def test_a_layer_inside_another_has_no_id(self) -> None:
        project = edits.append_layer(Project(), Bidirectional(layer=GRU(units=24, recurrent_dropout=0.1)))
        content = encode(project)
        # Essential parameters are always written, of the layer inside as well.
        assert b'"layer": {"type": "GRU", "units": 24, "return_sequences": false' in content
        assert b"kernel_initializer" not in content
        assert decode(content) == project

    @pytest.mark.parametrize(
        ("inner", "words"),
        [
            ({"type": "Dense"}, 'model.bidirectional_1.layer.type is "Dense"'),
            ({"type": "GRU", "unit": 3}, "model.bidirectional_1.layer.unit is not known"),
            ({"type": "GRU", "units": 0}, "model.bidirectional_1.layer.units must be"),
            ("GRU", "model.bidirectional_1.layer must be an object"),
        ],
    )
    def test_layers_that_cannot_be_inside(self, inner: object, words: str) -> None:
        document = json.loads(encode(edits.append_layer(Project(), Bidirectional())))
        document["model"]["layers"][-1]["layer"] = inner
        with pytest.raises(FileError, match=re.escape(words)):
            decode(json.dumps(document).encode())


class TestPaths:
    def test_parameters_of_a_layer_inside(self) -> None:
        project = edits.append_layer(Project(), Bidirectional(layer=LSTM(units=8)))
        after = set_value(project, "model.bidirectional_1.layer.units", 12)
        assert after.model.layer("bidirectional_1") == Bidirectional(layer=LSTM(units=12))
        assert get_value(after, "model.bidirectional_1.layer.units") == 12
        assert set_value(project, "model.bidirectional_1.layer", "GRU").model.layer("bidirectional_1") == Bidirectional(
            layer=GRU()
        )

    def test_values_that_do_not_fit(self) -> None:
        project = edits.append_layer(Project(), Bidirectional())
        with pytest.raises(ValueProblem, match=r"model\.bidirectional_1\.layer\.units must be a whole number"):
            set_value(project, "model.bidirectional_1.layer.units", 0)
        with pytest.raises(ValueProblem, match=r"layer\.filters is not known"):
            set_value(project, "model.bidirectional_1.layer.filters", 3)


class TestEdits:
    def test_wired_by_hand(self, translator: Project) -> None:
        apart = edits.disconnect(translator, STATES)
        assert edits.connect(apart, *STATES).model.sources("decoder") == ("embedding_2", "encoder")

    def test_a_port_takes_one_wire(self, translator: Project) -> None:
        more = edits.append_layer(translator, LSTM(units=16), "embedding_1")
        (added,) = edits.added_ids(translator, more)
        after = edits.connect(more, f"{added}.states", "decoder.initial_state")
        assert after.model.port_wires("decoder") == (Wire(f"{added}.states", "decoder.initial_state"),)
        assert [wire.source for wire in after.model.input_wires("decoder")] == ["embedding_2"]

    def test_states_may_come_with_the_output(self) -> None:
        project = Project()
        for layer in (LSTM(return_sequences=True), LSTM()):
            project = edits.append_layer(project, layer)
        after = edits.connect(project, "lstm_1.states", "lstm_2.initial_state")
        assert after.model.sources("lstm_2") == ("lstm_1",)
        assert after.model.order == ("input", "lstm_1", "lstm_2")

    @pytest.mark.parametrize(
        ("source", "target", "words"),
        [
            ("encoder.memory", "decoder.initial_state", "encoder has no port memory"),
            ("encoder.states", "dense_1.initial_state", "dense_1 has no port"),
            ("decoder.states", "encoder.initial_state", "close a circle"),
            ("encoder.states", "input_2", "where the data enters"),
            (*STATES, "already connected"),
        ],
    )
    def test_connections_that_cannot_be(self, translator: Project, source: str, target: str, words: str) -> None:
        with pytest.raises(EditError, match=words):
            edits.connect(translator, source, target)

    def test_nothing_can_be_put_on_a_wire_between_ports(self, translator: Project) -> None:
        with pytest.raises(EditError, match="cannot pass another layer"):
            edits.insert_on_wire(translator, Dense(), STATES)
        with pytest.raises(EditError, match="cannot pass another layer"):
            place_layer(translator, Dense(), OnWire(STATES))

    def test_a_layer_behind_the_encoder_leaves_the_states(self, translator: Project) -> None:
        assert STATES in edits.append_layer(translator, Dense(), "encoder").model.wires
        assert STATES in place_layer(translator, Dense(), Behind("encoder")).model.wires

    def test_removal_drops_wires_at_ports(self, translator: Project) -> None:
        model = edits.remove_layers(translator, {"encoder"}).model
        assert all(wire.plain for wire in model.wires)
        # What was before the encoder does not take its place at the port.
        assert model.targets("embedding_1") == ()
        assert edits.remove_layers(translator, {"decoder"}).model.sources("dense_1") == ("embedding_2",)

    def test_removal_before_a_merge_keeps_the_order(self) -> None:
        blocks = [Block("input", Input()), *(Block(each, Dense()) for each in ("a", "b")), Block("add", Add())]
        wires = [Wire("input", "a"), Wire("input", "b"), Wire("a", "add"), Wire("b", "add")]
        after = edits.remove_layers(Project(model=Model(tuple(blocks), tuple(wires))), {"a"})
        assert after.model.sources("add") == ("input", "b")

    def test_rename(self, translator: Project) -> None:
        model = edits.rename_layer(translator, "encoder", "reader").model
        assert Wire("reader.states", "decoder.initial_state") in model.wires
        assert model.sources("reader") == ("embedding_1",)

    def test_copies_are_wired_as_the_originals(self, translator: Project) -> None:
        copied = edits.fragment(translator, {"encoder", "decoder"})
        assert copied.wires == (STATES,)
        model = edits.paste(translator, copied, "dense_1").model
        assert Wire("lstm_1.states", "lstm_2.initial_state") in model.wires

    def test_moved_layers_keep_their_states(self, translator: Project) -> None:
        more = edits.insert_on_wire(translator, Dense(units=8), Wire("embedding_1", "encoder"))
        after = move_layers(more, {"encoder"}, OnWire(Wire("embedding_1", "dense_2")))
        assert after.model.sources("dense_2") == ("encoder",)
        assert STATES in after.model.wires
        shifted = shift_layers(more, {"encoder"}, -1)
        assert shifted.model.sources("dense_2") == ("encoder",)
        assert STATES in shifted.model.wires

    def test_a_move_that_would_close_a_circle(self, translator: Project) -> None:
        with pytest.raises(EditError, match="close a circle"):
            move_layers(translator, {"encoder"}, Behind("decoder"))

    def test_a_layer_put_inside_another(self) -> None:
        project = edits.append_layer(Project(), Bidirectional(layer=LSTM(units=8)))
        after = place_layer(project, GRU(units=4), Inside("bidirectional_1"))
        assert after.model.layer("bidirectional_1") == Bidirectional(layer=GRU(units=4))
        assert after.model.wires == project.model.wires
        with pytest.raises(EditError, match="Bidirectional cannot hold Dense"):
            place_layer(project, Dense(), Inside("bidirectional_1"))


@pytest.mark.parametrize("layer_type", LAYER_TYPES)
def test_ports_of_the_table_have_shapes(layer_type: str) -> None:
    layer = LAYER_TYPES[layer_type]()
    for port in layer.output_ports:
        shape = layer.port_shape(port, (5, 3))
        for entry in layer.input_ports:
            layer.check_port(entry, shape, (5, 3))
