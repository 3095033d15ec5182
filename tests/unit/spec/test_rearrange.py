"""Putting layers in places by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.merge import Add
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.rearrange import (
    Apart,
    AtEnd,
    Behind,
    OnWire,
    branch_layer,
    move_layers,
    place_copies,
    place_layer,
    shift_layers,
)


def chain(*ids: str) -> Project:
    """input and Dense layers of these ids, in a row."""
    blocks = (Block("input", Input()), *(Block(layer_id, Dense(units=index + 1)) for index, layer_id in enumerate(ids)))
    wires = tuple(Wire(one.id, other.id) for one, other in pairwise(blocks))
    return Project(model=Model(blocks, wires))


def way(project: Project) -> list[str]:
    """Ids along the first wires from the input."""
    found = ["input"]
    while project.model.targets(found[-1]):
        found.append(project.model.targets(found[-1])[0])
    return found


def test_a_layer_goes_onto_a_wire() -> None:
    after = place_layer(chain("a", "b"), Dropout(), OnWire(Wire("a", "b")))
    assert way(after) == ["input", "a", "dropout_1", "b"]
    assert [block.id for block in after.model.blocks] == ["input", "a", "dropout_1", "b"]


@pytest.mark.parametrize("place", [AtEnd(), Behind("b"), Behind("gone")])
def test_a_layer_goes_to_the_end(place: AtEnd | Behind) -> None:
    assert way(place_layer(chain("a", "b"), Dropout(), place)) == ["input", "a", "b", "dropout_1"]


def test_a_layer_behind_another_takes_over_all_its_wires() -> None:
    project = chain("a", "b")
    project = branch_layer(project, Flatten(), "a")
    after = place_layer(project, Dropout(), Behind("a"))
    assert set(after.model.targets("dropout_1")) == {"b", "flatten_1"}
    assert after.model.targets("a") == ("dropout_1",)


def test_a_layer_apart_and_an_input_have_no_wires() -> None:
    assert place_layer(chain("a"), Add(), Apart()).model.sources("add_1") == ()
    after = place_layer(chain("a"), Input(), OnWire(Wire("input", "a")))
    assert after.model.sources("input_1") == ()
    assert after.model.wires == chain("a").model.wires


def test_the_first_input_is_called_input() -> None:
    after = place_layer(Project(model=Model()), Input(), AtEnd())
    assert [block.id for block in after.model.blocks] == ["input"]


def test_layers_move_as_one_piece() -> None:
    after = move_layers(chain("a", "b", "c", "d"), ["b", "a"], OnWire(Wire("c", "d")))
    assert way(after) == ["input", "c", "a", "b", "d"]
    assert after.model.layer("a") == Dense(units=1)


def test_moving_to_where_a_layer_is_changes_nothing() -> None:
    project = chain("a", "b", "c")
    for place in (OnWire(Wire("a", "b")), OnWire(Wire("b", "c")), Behind("b"), Behind("a")):
        assert move_layers(project, ["b"], place) == project
    assert move_layers(project, ["c"], AtEnd()) == project


def test_the_input_does_not_move() -> None:
    with pytest.raises(EditError, match="Input stays"):
        move_layers(chain("a", "b"), ["input"], AtEnd())
    assert way(move_layers(chain("a", "b", "c"), ["input", "a"], AtEnd())) == ["input", "b", "c", "a"]


def test_layers_shift_past_their_neighbours() -> None:
    assert way(shift_layers(chain("a", "b", "c"), ["c"], -1)) == ["input", "a", "c", "b"]
    assert way(shift_layers(chain("a", "b", "c"), ["a"], 1)) == ["input", "b", "a", "c"]
    assert way(shift_layers(chain("a", "b", "c"), ["b"], 1)) == ["input", "a", "c", "b"]
    assert way(shift_layers(chain("a", "b", "c"), ["a", "b"], 1)) == ["input", "c", "a", "b"]


def test_nothing_shifts_past_the_ends() -> None:
    with pytest.raises(EditError, match="already at the beginning"):
        shift_layers(chain("a", "b"), ["a"], -1)
    with pytest.raises(EditError, match="already at the end"):
        shift_layers(chain("a", "b"), ["b"], 1)


def test_copies_get_new_ids_and_keep_their_wires() -> None:
    project = chain("a", "b", "c")
    copied = Model((Block("a", Dense(units=5)), Block("b", Dropout())), (Wire("a", "b"),))
    after = place_copies(project, copied, OnWire(Wire("a", "b")))
    assert way(after) == ["input", "a", "dense_1", "dropout_1", "b", "c"]
    assert after.model.layer("dense_1") == Dense(units=5)


def test_an_input_among_the_copies_is_left_out() -> None:
    after = place_copies(chain("a"), chain("x").model, AtEnd())
    assert way(after) == ["input", "a", "dense_1"]
    assert after.model.inputs == ("input",)


def test_copies_in_a_circle_are_refused() -> None:
    circle = Model((Block("a", Dense()), Block("b", Dense())), (Wire("a", "b"), Wire("b", "a")))
    with pytest.raises(EditError, match="circle"):
        place_copies(chain("x"), circle, AtEnd())


def test_a_wire_that_is_gone_is_refused() -> None:
    with pytest.raises(EditError, match="no wire from a to c"):
        place_layer(chain("a", "b", "c"), Dropout(), OnWire(Wire("a", "c")))


def test_a_branch_receives_beside_the_others() -> None:
    after = branch_layer(chain("a", "b"), Dense(), "a")
    assert after.model.targets("a") == ("b", "dense_1")
