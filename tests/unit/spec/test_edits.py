"""Edits keep a model whole: wires are closed behind what is removed, ids stay unique, nothing changes in place."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.merge import Add
from nnplayground.layers.regularization import Dropout
from nnplayground.spec import edits
from nnplayground.spec.codec import decode, encode
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Model, Wire
from nnplayground.spec.paths import ValueProblem
from nnplayground.spec.project import Project

CHAIN = ("input", "conv2d_1", "max_pooling2d_1", "flatten_1", "dense_1")


def chain_of(model: Model) -> tuple[str, ...]:
    """Ids from the input on, following the only wire out of each layer."""
    found = ["input"]
    while model.targets(found[-1]):
        assert len(model.targets(found[-1])) == 1
        found.append(model.targets(found[-1])[0])
    return tuple(found)


def test_append_goes_to_the_end(cnn: Project) -> None:
    assert chain_of(edits.append_layer(cnn, Dropout()).model) == (*CHAIN, "dropout_1")


def test_append_after_a_layer_takes_over_its_wires(cnn: Project) -> None:
    after = edits.append_layer(cnn, Dropout(), "flatten_1")
    assert chain_of(after.model) == ("input", "conv2d_1", "max_pooling2d_1", "flatten_1", "dropout_1", "dense_1")


def test_insert_on_a_wire(cnn: Project) -> None:
    after = edits.insert_on_wire(cnn, Dropout(), Wire("conv2d_1", "max_pooling2d_1"))
    assert chain_of(after.model)[1:4] == ("conv2d_1", "dropout_1", "max_pooling2d_1")


def test_insert_on_a_wire_that_is_not_there(cnn: Project) -> None:
    with pytest.raises(EditError, match="no wire from input to dense_1"):
        edits.insert_on_wire(cnn, Dropout(), Wire("input", "dense_1"))


def test_ids_are_new(cnn: Project) -> None:
    twice = edits.append_layer(edits.append_layer(cnn, Dense()), Dense())
    assert [layer_id for layer_id in twice.model.by_id if layer_id.startswith("dense")] == [
        "dense_1",
        "dense_2",
        "dense_3",
    ]
    assert edits.added_ids(cnn, twice) == ("dense_2", "dense_3")


def test_remove_reconnects(cnn: Project) -> None:
    after = edits.remove_layers(cnn, ["max_pooling2d_1", "flatten_1"])
    assert chain_of(after.model) == ("input", "conv2d_1", "dense_1")
    assert chain_of(cnn.model) == CHAIN


def test_the_last_input_stays(cnn: Project) -> None:
    after = edits.remove_layers(cnn, list(cnn.model.by_id))
    assert [block.id for block in after.model.blocks] == ["input"]


def test_remove_before_a_merge_keeps_the_order_of_inputs(cnn: Project) -> None:
    project = edits.append_layer(cnn, Add(), "conv2d_1")
    project = edits.insert_on_wire(project, Dropout(), Wire("conv2d_1", "add_1"))
    project = edits.connect(project, "conv2d_1", "add_1")
    assert project.model.sources("add_1") == ("dropout_1", "conv2d_1")
    after = edits.remove_layers(project, ["dropout_1"])
    assert after.model.sources("add_1") == ("conv2d_1",)


def test_move(cnn: Project) -> None:
    after = edits.move_layer(cnn, "flatten_1", Wire("input", "conv2d_1"))
    assert chain_of(after.model) == ("input", "flatten_1", "conv2d_1", "max_pooling2d_1", "dense_1")
    assert after.model.layer("flatten_1") == Flatten()


def test_move_onto_its_own_wire_changes_nothing(cnn: Project) -> None:
    assert edits.move_layer(cnn, "flatten_1", Wire("flatten_1", "dense_1")) == cnn


def test_move_to_end(cnn: Project) -> None:
    assert chain_of(edits.move_to_end(cnn, "conv2d_1").model)[-2:] == ("dense_1", "conv2d_1")


def test_connect_exchanges_the_wire_of_a_single_input(cnn: Project) -> None:
    after = edits.connect(cnn, "conv2d_1", "flatten_1")
    assert after.model.sources("flatten_1") == ("conv2d_1",)
    assert after.model.outputs == ("max_pooling2d_1", "dense_1")


def test_connect_adds_an_input_to_a_merge(cnn: Project) -> None:
    project = edits.append_layer(cnn, Add(), "max_pooling2d_1")
    after = edits.connect(project, "conv2d_1", "add_1")
    assert after.model.sources("add_1") == ("max_pooling2d_1", "conv2d_1")


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("dense_1", "conv2d_1", "circle"),
        ("conv2d_1", "conv2d_1", "circle"),
        ("conv2d_1", "input", "nothing can be wired into it"),
        ("conv2d_1", "max_pooling2d_1", "already connected"),
        ("conv2d_1", "nowhere", "no layer nowhere"),
    ],
)
def test_connections_that_cannot_be(cnn: Project, source: str, target: str, words: str) -> None:
    with pytest.raises(EditError, match=words):
        edits.connect(cnn, source, target)


def test_disconnect(cnn: Project) -> None:
    after = edits.disconnect(cnn, Wire("flatten_1", "dense_1"))
    assert after.model.sources("dense_1") == ()


def test_duplicate_goes_behind_the_last_copied(cnn: Project) -> None:
    after = edits.duplicate(cnn, ["conv2d_1", "max_pooling2d_1"])
    assert chain_of(after.model) == (
        "input",
        "conv2d_1",
        "max_pooling2d_1",
        "conv2d_2",
        "max_pooling2d_2",
        "flatten_1",
        "dense_1",
    )
    assert after.model.layer("conv2d_2") == cnn.model.layer("conv2d_1")


def test_paste_into_another_project(cnn: Project) -> None:
    copied = edits.fragment(cnn, ["flatten_1", "dense_1", "input"])
    after = edits.paste(Project(), copied)
    assert chain_of(after.model) == ("input", "flatten_1", "dense_1")


def test_rename(cnn: Project) -> None:
    after = edits.rename_layer(cnn, "conv2d_1", "edges")
    assert chain_of(after.model)[1] == "edges"
    for name, words in (("dense_1", "already"), ("Edges", "small letters"), ("", "small letters")):
        with pytest.raises(EditError, match=words):
            edits.rename_layer(cnn, "conv2d_1", name)


def test_parameters_are_checked(cnn: Project) -> None:
    assert edits.set_parameter(cnn, "model.conv2d_1.filters", 64).model.layer("conv2d_1").filters == 64  # type: ignore[attr-defined]
    with pytest.raises(ValueProblem, match=r"model\.conv2d_1\.filters must be .* got -1"):
        edits.set_parameter(cnn, "model.conv2d_1.filters", -1)


_Edit = st.one_of(
    st.tuples(st.just("append"), st.sampled_from([Dense(), Dropout(), Add(), Flatten(), Input()]), st.integers(0, 30)),
    st.tuples(st.just("remove"), st.none(), st.integers(0, 30)),
    st.tuples(st.just("move"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("connect"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("duplicate"), st.none(), st.integers(0, 30)),
    st.tuples(st.just("disconnect"), st.none(), st.integers(0, 30)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_Edit, max_size=12))
def test_any_sequence_of_edits_gives_a_project_that_a_file_can_hold(steps: list[tuple[str, object, int]]) -> None:
    project = Project()
    for kind, what, number in steps:
        before = msgspec.to_builtins(project.model.wires)
        project_before = project
        ids = list(project.model.by_id)
        layer_id = ids[number % len(ids)]
        wires = project.model.wires
        try:
            if kind == "append":
                project = edits.append_layer(project, what, layer_id)  # type: ignore[arg-type]
            elif kind == "remove":
                project = edits.remove_layers(project, [layer_id])
            elif kind == "move" and wires:
                project = edits.move_layer(project, layer_id, wires[int(what) % len(wires)])  # type: ignore[call-overload]
            elif kind == "connect":
                project = edits.connect(project, ids[int(what) % len(ids)], layer_id)  # type: ignore[call-overload]
            elif kind == "duplicate":
                project = edits.duplicate(project, [layer_id])
            elif kind == "disconnect" and wires:
                project = edits.disconnect(project, wires[number % len(wires)])
        except EditError:
            assert project is project_before
        assert msgspec.to_builtins(project_before.model.wires) == before
        assert len(project.model.by_id) == len(project.model.blocks)
        assert len(set(project.model.wires)) == len(project.model.wires)
        assert len(project.model.order) == len(project.model.blocks), "edits never make a circle"
        assert project.model.inputs
    assert decode(encode(project)) == project
