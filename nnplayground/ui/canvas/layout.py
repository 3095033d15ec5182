"""Where blocks and wires lie: layers from top to bottom, branches side by side. Pure computation, without Qt.

The method is Sugiyama's: every block gets a row below all its sources; a wire that passes rows gets a lane in each of
them; rows are ordered so that few wires cross; then each row moves as close as it can to where its neighbours are.
The same model always gives the same layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from nnplayground.layers.core import Input
from nnplayground.spec.model import Model, Wire
from nnplayground.ui.canvas.rows import Node, Rows, arrange_rows


class Point(NamedTuple):
    x: float
    y: float


class Measures(msgspec.Struct, frozen=True):
    """Sizes in scene units (pixels at 100 %)."""

    width: float = 320
    height: float = 38
    gap: float = 22
    """Between rows whose wires run straight down."""
    bend_gap: float = 52
    """Between rows where wires bend."""
    column_gap: float = 40
    lane: float = 28
    """Width of the lane in which a wire passes a row."""
    side_gap: float = 56
    """Between the model and what is not connected to it."""
    entry_gap: float = 22
    """Between the ends of wires that enter the same block."""
    port_aside: float = 104
    """From the middle of a block's edge to its port."""


class Lane(NamedTuple):
    """A straight piece of a wire, down past blocks."""

    x: float
    top: float
    bottom: float


class Route(NamedTuple):
    """How a wire runs: from its source's bottom edge through lanes to its target's top edge."""

    lanes: tuple[Lane, ...]
    entry: float
    """Where it enters, counted from the middle of the target's top edge."""
    label: Point
    """Where its shape is written: the middle of the text's near edge."""
    label_right: bool
    """The text lies to the right of that point."""
    exit: float = 0.0
    """Where it leaves, counted from the middle of the source's bottom edge."""


class Layout(msgspec.Struct, frozen=True):
    """positions: centre of every block. ports_left: blocks whose ports for what comes in lie on the left of their edge,
    where it comes from; those of others lie on the right, as do all for what goes out."""

    positions: Mapping[str, Point]
    routes: Mapping[Wire, Route]
    ports_left: frozenset[str] = frozenset()


def arrange(model: Model, measures: Measures) -> Layout:
    """The layout of a model, valid or not."""
    column, beside = _parts(model)
    positions: dict[str, Point] = {}
    routes: dict[Wire, Route] = {}
    right = measures.width / 2
    top = 0.0
    for part in column:
        piece = _arrange_part(model, part, measures)
        _put(piece, positions, routes, 0.0, top)
        top = piece.bottom + top + measures.bend_gap
        right = max(right, piece.right)
    top = 0.0
    for part in beside:
        piece = _arrange_part(model, part, measures)
        _put(piece, positions, routes, right + measures.side_gap - piece.left, top)
        top = piece.bottom + top + measures.gap
    ports_left = frozenset(wire.target_id for wire, route in routes.items() if wire.target_port and route.entry < 0)
    return Layout(positions, routes, ports_left)


class _Piece(msgspec.Struct, frozen=True):
    """A connected part, its first block at x = 0 and its top edge at y = 0."""

    positions: Mapping[str, Point]
    routes: Mapping[Wire, Route]
    left: float
    right: float
    bottom: float


def _put(piece: _Piece, positions: dict[str, Point], routes: dict[Wire, Route], x: float, y: float) -> None:
    for layer_id, point in piece.positions.items():
        positions[layer_id] = Point(point.x + x, point.y + y)
    for wire, route in piece.routes.items():
        lanes = tuple(Lane(lane.x + x, lane.top + y, lane.bottom + y) for lane in route.lanes)
        label = Point(route.label.x + x, route.label.y + y)
        routes[wire] = Route(lanes, route.entry, label, route.label_right, route.exit)


def _parts(model: Model) -> tuple[list[list[str]], list[list[str]]]:
    """(connected parts of the main column, the others that stand beside it), each in the order of the model's blocks.

    The part with the first Input leads. A piece of chain that was cut off stays below it, so that a removed wire
    leaves a gap and not a jump.
    """
    group: dict[str, str] = {block.id: block.id for block in model.blocks}

    def leader(layer_id: str) -> str:
        while group[layer_id] != layer_id:
            group[layer_id] = group[group[layer_id]]
            layer_id = group[layer_id]
        return layer_id

    for wire in model.wires:
        group[leader(wire.target_id)] = leader(wire.source_id)
    parts: dict[str, list[str]] = {}
    for block in model.blocks:
        parts.setdefault(leader(block.id), []).append(block.id)
    rest = list(parts.values())
    if not rest:
        return [], []
    first_input = next(iter(model.inputs), None)
    lead = next((part for part in rest if first_input in part), None) or max(rest, key=len)
    rest.remove(lead)
    largest = max(rest, key=len, default=[])
    if len(largest) < 2:
        return [lead], rest
    rest.remove(largest)
    return [lead, largest], rest


def _arrange_part(model: Model, part: Sequence[str], measures: Measures) -> _Piece:
    rows = _rows(model, part)
    placed = arrange_rows(rows, width=measures.width, gap=measures.column_gap, lane=measures.lane)
    origin = placed[Node(rows.rows[0][0].source)]
    x = {node: value - origin for node, value in placed.items()}
    bends = _bending_rows(rows, x)
    tops: list[float] = []
    top = 0.0
    for number in range(len(rows.rows)):
        tops.append(top)
        top += measures.height + (measures.bend_gap if number in bends else measures.gap)
    positions = {
        layer_id: Point(x[Node(layer_id)], tops[rows.row[layer_id]] + measures.height / 2) for layer_id in part
    }
    routes = _routes(rows, x, tops, positions, measures)
    lanes = [lane.x for route in routes.values() for lane in route.lanes]
    half = measures.width / 2
    return _Piece(
        positions,
        routes,
        min([point.x - half for point in positions.values()] + lanes),
        max([point.x + half for point in positions.values()] + lanes),
        tops[-1] + measures.height,
    )


def _rows(model: Model, part: Sequence[str]) -> Rows:
    """Every block in the row below its lowest source, and the lanes of wires that pass rows."""
    chosen = set(part)
    wires = list(
        dict.fromkeys(wire for wire in model.wires if wire.source_id in chosen and wire.source_id != wire.target_id)
    )
    order = _forward_order(part, wires)
    place = {layer_id: index for index, layer_id in enumerate(order)}
    forward = [wire for wire in wires if place[wire.source_id] < place[wire.target_id]]
    sources: dict[str, list[str]] = {layer_id: [] for layer_id in order}
    targets: dict[str, list[str]] = {layer_id: [] for layer_id in order}
    for wire in forward:
        sources[wire.target_id].append(wire.source_id)
        targets[wire.source_id].append(wire.target_id)
    row: dict[str, int] = {}
    for layer_id in order:
        row[layer_id] = max((row[source] + 1 for source in sources[layer_id]), default=0)
    for layer_id in order:
        # What has no source yet waits right above the layer that it feeds.
        if not sources[layer_id] and targets[layer_id] and not isinstance(model.layer(layer_id), Input):
            row[layer_id] = min(row[target] for target in targets[layer_id]) - 1
    upward = [wire for wire in wires if place[wire.source_id] > place[wire.target_id]]
    loops = [wire for wire in model.wires if wire.source_id == wire.target_id and wire.source_id in chosen]
    return Rows.of(order, row, forward, [*upward, *loops])


def _forward_order(part: Sequence[str], wires: Sequence[Wire]) -> list[str]:
    """Every block after its sources, as far as there is no circle; a circle is cut at its first block."""
    waiting = dict.fromkeys(part, 0)
    targets: dict[str, list[str]] = {layer_id: [] for layer_id in part}
    for wire in wires:
        waiting[wire.target_id] += 1
        targets[wire.source_id].append(wire.target_id)
    ready = [layer_id for layer_id in part if not waiting[layer_id]]
    order: dict[str, None] = {}
    while len(order) < len(waiting):
        if not ready:
            ready.append(next(layer_id for layer_id in part if layer_id not in order))
        layer_id = ready.pop(0)
        if layer_id in order:
            continue
        order[layer_id] = None
        for target in targets[layer_id]:
            waiting[target] -= 1
            if not waiting[target] and target not in order:
                ready.append(target)
    return list(order)


def _bending_rows(rows: Rows, x: Mapping[Node, float]) -> set[int]:
    """Numbers of the rows below which a wire does not run straight down, or of which several ends meet."""
    bends = {
        number
        for number, steps in enumerate(rows.steps)
        if any(abs(x[upper] - x[lower]) > 0.5 for upper, lower in steps)
    }
    for wire in rows.wires:
        first, last = rows.row[wire.source_id], rows.row[wire.target_id] - 1
        if first == last and bool(wire.source_port) == bool(wire.target_port):
            continue  # From port to port it runs as straight as between the blocks' middles.
        bends |= {first} if wire.source_port else set()
        bends |= {last} if wire.target_port else set()
    return bends


def _exit(wire: Wire, measures: Measures) -> float:
    """Where a wire leaves, counted from the middle of the block's bottom edge."""
    return measures.port_aside if wire.source_port else 0.0


def _port_entry(wires: Sequence[Wire], x: Mapping[Node, float], measures: Measures) -> float:
    """Where wires into a port of a block enter: on the side that they come from, on the right if from above."""
    from_left = any(x[Node(wire.source_id)] < x[Node(wire.target_id)] - 0.5 for wire in wires)
    return -measures.port_aside if from_left else measures.port_aside


def _routes(
    rows: Rows, x: Mapping[Node, float], tops: Sequence[float], positions: Mapping[str, Point], measures: Measures
) -> dict[Wire, Route]:
    into: dict[str, list[Wire]] = {}
    out: dict[str, int] = {}
    for wire in rows.wires:
        into.setdefault(wire.target, []).append(wire)
        out[wire.source] = out.get(wire.source, 0) + 1
    routes: dict[Wire, Route] = {}
    for wires in into.values():
        if wires[0].target_port:
            entries = [_port_entry(wires, x, measures)] * len(wires)
        else:
            entries = _entries(
                [_arrival(rows, x, wire, measures) for wire in wires], positions[wires[0].target_id].x, measures
            )
        for wire, entry in zip(wires, entries, strict=True):
            lanes = _lanes(rows, x, tops, wire, measures)
            shared = out[wire.source] > 1
            routes[wire] = _labelled(
                wire, lanes, entry, positions, measures, near_target=shared, several=len(wires) > 1
            )
    for wire in rows.upward:
        source, target = positions[wire.source_id], positions[wire.target_id]
        label = Point(source.x + measures.width / 4, (source.y + target.y) / 2)
        leaves, enters = _exit(wire, measures), _port_entry((wire,), x, measures) if wire.target_port else 0.0
        routes[wire] = Route((), enters, label, label_right=True, exit=leaves)
    return routes


def _arrival(rows: Rows, x: Mapping[Node, float], wire: Wire, measures: Measures) -> float:
    last = rows.row[wire.target_id] - 1
    passes = last > rows.row[wire.source_id]
    return x[Node(wire.source, last)] if passes else x[Node(wire.source_id)] + _exit(wire, measures)


def _entries(arrivals: Sequence[float], middle: float, measures: Measures) -> list[float]:
    """Where wires enter a block, counted from its middle: what comes straight from above in the middle, the others
    beside it on their side, the nearest innermost."""
    if len(arrivals) == 1:
        return [0.0]
    limit = measures.width / 2 - measures.entry_gap
    straight = any(abs(arrival - middle) <= 0.5 for arrival in arrivals)
    entries = [0.0] * len(arrivals)
    for side in (-1, 1):
        beside = sorted(
            (index for index, arrival in enumerate(arrivals) if (arrival - middle) * side > 0.5),
            key=lambda index: abs(arrivals[index] - middle),
        )
        for number, index in enumerate(beside):
            entries[index] = side * min(limit, measures.entry_gap * (number + (1 if straight else 0.5)))
    return entries


def _lanes(
    rows: Rows, x: Mapping[Node, float], tops: Sequence[float], wire: Wire, measures: Measures
) -> tuple[Lane, ...]:
    """The pieces beside blocks, joined where they lie below each other."""
    lanes: list[Lane] = []
    for number in range(rows.row[wire.source_id] + 1, rows.row[wire.target_id]):
        lane = Lane(x[Node(wire.source, number)], tops[number], tops[number] + measures.height)
        if lanes and abs(lanes[-1].x - lane.x) <= 0.5:
            lanes[-1] = Lane(lanes[-1].x, lanes[-1].top, lane.bottom)
        else:
            lanes.append(lane)
    return tuple(lanes)


def _labelled(
    wire: Wire,
    lanes: tuple[Lane, ...],
    entry: float,
    positions: Mapping[str, Point],
    measures: Measures,
    *,
    near_target: bool,
    several: bool,
) -> Route:
    """The shape is written where the wire runs alone: beside a lane, near its target if others leave with it, near
    its source if others arrive with it or it comes from a port; and on the side away from the bend."""
    half = measures.height / 2
    source, target, leaves = positions[wire.source_id], positions[wire.target_id], _exit(wire, measures)
    start = Point(source.x + leaves, source.y + half)
    end = Point(target.x + entry, target.y - half)
    if lanes:
        longest = max(lanes, key=lambda lane: lane.bottom - lane.top)
        middle = Point(longest.x, (longest.top + longest.bottom) / 2)
        return Route(lanes, entry, middle, label_right=longest.x >= start.x, exit=leaves)
    if abs(start.x - end.x) <= 0.5:
        # Beside bends in the same gap, the label keeps to the end that has none.
        y = (start.y + end.y) / 2
        if near_target != several:
            y = end.y - measures.gap / 2 if near_target else start.y + measures.gap / 2
        return Route(lanes, entry, Point(end.x, y), label_right=True, exit=leaves)
    if not wire.source_port and (near_target or not several):
        near_end = Point(end.x, end.y - measures.gap / 2)
        return Route(lanes, entry, near_end, label_right=end.x > start.x, exit=leaves)
    near_start = Point(start.x, start.y + measures.gap / 2)
    return Route(lanes, entry, near_start, label_right=bool(wire.source_port) or start.x > end.x, exit=leaves)
