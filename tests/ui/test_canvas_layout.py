"""Where blocks and wires lie."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnplayground.layers.core import Dense, Input
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.ui.canvas.layout import Layout, Measures, arrange
from nnplayground.ui.canvas.rows import spread

SIZES = Measures()


def model(*wires: str, apart: tuple[str, ...] = ()) -> Model:
    """From wires such as "a>b"; what is called input is an Input."""
    pairs = [Wire(*wire.split(">")) for wire in wires]
    ids = dict.fromkeys([end for wire in pairs for end in wire] + list(apart))
    blocks = tuple(Block(each, Input() if each == "input" else Dense()) for each in ids)
    return Model(blocks, tuple(pairs))


def assert_apart(layout: Layout) -> None:
    for (one, first), (other, second) in combinations(layout.positions.items(), 2):
        aside = abs(first.x - second.x) >= SIZES.width
        below = abs(first.y - second.y) >= SIZES.height
        assert aside or below, f"{one} and {other} overlap"


def test_a_chain_is_one_column() -> None:
    layout = arrange(model("input>a", "a>b", "b>c"), SIZES)
    assert {point.x for point in layout.positions.values()} == {0.0}
    tops = [layout.positions[each].y for each in ("input", "a", "b", "c")]
    assert [later - earlier for earlier, later in pairwise(tops)] == [SIZES.height + SIZES.gap] * 3
    assert all(route.lanes == () and route.entry == 0 for route in layout.routes.values())


def test_an_empty_model_has_an_empty_layout() -> None:
    assert arrange(Model(), SIZES).positions == {}


def test_branches_lie_side_by_side_and_merge_below() -> None:
    layout = arrange(model("input>a", "a>b", "a>c", "b>d", "c>d", "d>e"), SIZES)
    at = layout.positions
    assert at["b"].y == at["c"].y
    assert at["b"].x < 0 < at["c"].x
    assert at["b"].x == -at["c"].x
    assert at["a"].x == at["d"].x == at["e"].x == 0
    assert layout.routes[Wire("b", "d")].entry < 0 < layout.routes[Wire("c", "d")].entry
    assert_apart(layout)


def test_a_shortcut_runs_beside_the_blocks_that_it_passes() -> None:
    layout = arrange(model("input>a", "a>b", "b>c", "c>add", "a>add", "add>d"), SIZES)
    assert {point.x for point in layout.positions.values()} == {0.0}
    (lane,) = layout.routes[Wire("a", "add")].lanes
    assert lane.x > SIZES.width / 2
    assert lane.top <= layout.positions["b"].y - SIZES.height / 2
    assert lane.bottom >= layout.positions["c"].y + SIZES.height / 2
    assert layout.routes[Wire("c", "add")].entry == 0
    assert layout.routes[Wire("a", "add")].entry > 0


def test_nested_shortcuts_do_not_share_a_lane() -> None:
    layout = arrange(model("input>a", "a>b", "b>c", "c>d", "d>e", "e>f", "b>e", "a>f"), SIZES)
    inner, outer = layout.routes[Wire("b", "e")].lanes, layout.routes[Wire("a", "f")].lanes
    assert len(inner) == len(outer) == 1
    assert SIZES.width / 2 < inner[0].x < outer[0].x


def test_a_short_branch_runs_straight_beside_a_long_one() -> None:
    layout = arrange(model("input>a", "a>b", "b>b2", "b2>d", "a>c", "c>d"), SIZES)
    (lane,) = layout.routes[Wire("c", "d")].lanes
    assert lane.x == layout.positions["c"].x
    assert layout.positions["b"].x == layout.positions["b2"].x


def test_what_is_not_connected_stands_to_the_right() -> None:
    layout = arrange(model("input>a", "a>b", apart=("x", "y")), SIZES)
    assert layout.positions["x"].x == layout.positions["y"].x > SIZES.width
    assert layout.positions["x"].y < layout.positions["y"].y
    assert_apart(layout)


def test_a_piece_that_was_cut_off_stays_below() -> None:
    layout = arrange(model("input>a", "b>c"), SIZES)
    assert {point.x for point in layout.positions.values()} == {0.0}
    assert layout.positions["b"].y > layout.positions["a"].y
    assert_apart(layout)


def test_a_source_without_wire_waits_above_its_target() -> None:
    layout = arrange(model("input>a", "a>b", "b>c", "c>add", "loose>add"), SIZES)
    assert layout.positions["loose"].y == layout.positions["c"].y


@pytest.mark.parametrize("wires", [("input>a", "a>b", "b>a"), ("a>b", "b>c", "c>a"), ("a>a", "input>a")])
def test_a_circle_has_a_layout_too(wires: tuple[str, ...]) -> None:
    drawn = model(*wires)
    layout = arrange(drawn, SIZES)
    assert set(layout.routes) == set(drawn.wires)
    assert_apart(layout)


def test_wires_that_repeat_are_drawn_once() -> None:
    assert set(arrange(model("input>a", "input>a"), SIZES).routes) == {Wire("input", "a")}


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=24))
@settings(max_examples=60, deadline=None)
def test_no_blocks_overlap_and_wires_avoid_blocks(pairs: list[tuple[int, int]]) -> None:
    wires = tuple(dict.fromkeys(Wire(f"l{min(pair)}", f"l{max(pair)}") for pair in pairs if pair[0] != pair[1]))
    drawn = Model(tuple(Block(f"l{number}", Dense()) for number in range(12)), wires)
    layout = arrange(drawn, SIZES)
    assert layout == arrange(drawn, SIZES)
    assert set(layout.positions) == set(drawn.by_id)
    assert set(layout.routes) == set(wires)
    assert_apart(layout)
    for wire, route in layout.routes.items():
        assert layout.positions[wire.source].y < layout.positions[wire.target].y
        for lane in route.lanes:
            for layer_id, point in layout.positions.items():
                beside = abs(point.x - lane.x) > SIZES.width / 2
                above_or_below = point.y + SIZES.height / 2 <= lane.top or point.y - SIZES.height / 2 >= lane.bottom
                assert beside or above_or_below, f"{wire} runs through {layer_id}"


def test_spread_is_exact() -> None:
    assert spread([0, 0], [1, 1], [10]) == [-5, 5]
    assert spread([0, 100], [1, 1], [10]) == [0, 100]
    assert spread([5, 0, 0], [1, 1, 1], [10, 10]) == pytest.approx([-25 / 3, 5 / 3, 35 / 3])
    light = spread([0, 0], [1, 1e-6], [10])
    assert light[0] == pytest.approx(0, abs=1e-4)
