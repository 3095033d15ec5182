"""The rows of a layout: which blocks and lanes lie in each, in which order, and at which x. Pure computation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from nnplayground.spec.model import Wire

_SWEEPS = 4
_LIGHT = 1e-6
"""Weight of a lane that stands aside: it makes room for blocks and moves none."""


class Node(NamedTuple):
    """A block (lane is None), or the lane in which wires from `source` pass row number `lane`.

    source: id of the block; for a lane the end of its wires, which may be a port.
    """

    source: str
    lane: int | None = None


Distance = Callable[[Node, Node], float]
"""The least distance between the middles of two neighbours in a row."""


class Rows(msgspec.Struct, frozen=True):
    """row: number of each block's row. steps[n]: pairs of nodes in rows n and n + 1 that a wire joins.

    wires run down; upward ones (in a circle) take no part in the arrangement. shortcuts: ends all of whose long
    wires go to layers that they also reach otherwise; the lanes of those stand aside.
    """

    row: Mapping[str, int]
    rows: tuple[tuple[Node, ...], ...]
    steps: tuple[tuple[tuple[Node, Node], ...], ...]
    wires: tuple[Wire, ...]
    upward: tuple[Wire, ...]
    shortcuts: frozenset[str]

    @classmethod
    def of(cls, order: Sequence[str], row: Mapping[str, int], wires: Sequence[Wire], upward: Sequence[Wire]) -> Rows:
        """order: ids, sources first. All long wires from one layer share its lanes, so that there are few of them;
        those from a port have lanes of their own."""
        reach: dict[str, dict[str, int]] = {layer_id: {} for layer_id in order}
        for wire in wires:
            ends = reach[wire.source_id]
            ends[wire.source] = max(ends.get(wire.source, 0), row[wire.target_id])
        count = max(row.values()) + 1
        rows: list[list[Node]] = [[] for _ in range(count)]
        for layer_id in order:
            rows[row[layer_id]].append(Node(layer_id))
        for layer_id in order:
            for end, lowest in reach[layer_id].items():
                for number in range(row[layer_id] + 1, lowest):
                    rows[number].append(Node(end, number))
        steps: list[dict[tuple[Node, Node], None]] = [{} for _ in range(count)]
        for wire in wires:
            upper = Node(wire.source_id)
            for number in range(row[wire.source_id] + 1, row[wire.target_id]):
                steps[number - 1][upper, Node(wire.source, number)] = None
                upper = Node(wire.source, number)
            steps[row[wire.target_id] - 1][upper, Node(wire.target_id)] = None
        return cls(
            row,
            tuple(map(tuple, rows)),
            tuple(tuple(each) for each in steps),
            tuple(wires),
            tuple(upward),
            _shortcuts(order, row, wires),
        )


def _shortcuts(order: Sequence[str], row: Mapping[str, int], wires: Sequence[Wire]) -> frozenset[str]:
    sources: dict[str, list[str]] = {layer_id: [] for layer_id in order}
    for wire in wires:
        sources[wire.target_id].append(wire.source_id)
    bit = {layer_id: 1 << index for index, layer_id in enumerate(order)}
    above: dict[str, int] = {}
    for layer_id in order:
        above[layer_id] = 0
        for source in sources[layer_id]:
            above[layer_id] |= above[source] | bit[source]
    long = [wire for wire in wires if row[wire.target_id] - row[wire.source_id] > 1]
    needed = {
        wire.source
        for wire in long
        if not any(above[other] & bit[wire.source_id] for other in sources[wire.target_id] if other != wire.source_id)
    }
    return frozenset(wire.source for wire in long) - needed


def arrange_rows(rows: Rows, *, width: float, gap: float, lane: float) -> dict[Node, float]:
    """x of the middle of every node. width: of a block; gap: between blocks; lane: width of a lane."""
    if all(len(row) == 1 for row in rows.rows):
        return {row[0]: 0.0 for row in rows.rows}
    upper, lower = _neighbours(rows)
    ordered = _ordered(rows, upper, lower)

    def distance(left: Node, right: Node) -> float:
        if left.lane is None and right.lane is None:
            return width + gap
        return lane if left.lane is not None and right.lane is not None else width / 2 + lane

    x: dict[Node, float] = {}
    for row in ordered:
        place = 0.0
        for index, node in enumerate(row):
            place += distance(row[index - 1], node) if index else 0.0
            x[node] = place
    for _ in range(_SWEEPS):
        for row in reversed(ordered[:-1]):
            _settle(row, lower, x, rows.shortcuts, distance)
        for row in ordered[1:]:
            _settle(row, upper, x, rows.shortcuts, distance)
    _straighten_lanes(rows, ordered, x, distance)
    return {node: round(value, 1) + 0.0 for node, value in x.items()}


def _neighbours(rows: Rows) -> tuple[dict[Node, list[Node]], dict[Node, list[Node]]]:
    upper: dict[Node, list[Node]] = {node: [] for row in rows.rows for node in row}
    lower: dict[Node, list[Node]] = {node: [] for row in rows.rows for node in row}
    for steps in rows.steps:
        for above, below in steps:
            upper[below].append(above)
            lower[above].append(below)
    return upper, lower


def _ordered(
    rows: Rows, upper: Mapping[Node, Sequence[Node]], lower: Mapping[Node, Sequence[Node]]
) -> list[list[Node]]:
    """Rows ordered by the mean place of their neighbours, above and below in turn; ties stay as they are."""
    ordered = [list(row) for row in rows.rows]
    place = {node: float(index) for row in ordered for index, node in enumerate(row)}

    def sort(row: list[Node], neighbours: Mapping[Node, Sequence[Node]]) -> None:
        def wanted(node: Node) -> float:
            near = neighbours[node]
            return sum(place[each] for each in near) / len(near) if near else place[node]

        row.sort(key=wanted)
        for index, node in enumerate(row):
            place[node] = float(index)

    for _ in range(_SWEEPS):
        for row in ordered[1:]:
            sort(row, upper)
        for row in reversed(ordered[:-1]):
            sort(row, lower)
    for row in ordered[1:]:
        sort(row, upper)
    return ordered


def _settle(
    row: Sequence[Node],
    neighbours: Mapping[Node, Sequence[Node]],
    x: dict[Node, float],
    shortcuts: frozenset[str],
    distance: Distance,
) -> None:
    """Move the nodes of a row as close as they can to their neighbours, without changing their order."""

    def stands_aside(node: Node) -> bool:
        return node.lane is not None and node.source in shortcuts

    wanted: list[float] = []
    weights: list[float] = []
    for node in row:
        near = neighbours[node]
        chosen = [each for each in near if not stands_aside(each)] or near
        wanted.append(sum(x[each] for each in chosen) / len(chosen) if chosen else x[node])
        weights.append(_LIGHT if stands_aside(node) else 1.0)
    distances = [distance(left, right) for left, right in pairwise(row)]
    for node, value in zip(row, spread(wanted, weights, distances), strict=True):
        x[node] = value


def spread(wanted: Sequence[float], weights: Sequence[float], distances: Sequence[float]) -> list[float]:
    """Places with at least the given distances between neighbours, closest to the wanted ones.

    Weighted least squares under x[i+1] − x[i] ≥ distances[i]; pooling adjacent violators solves it exactly.
    """
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []  # (weighted mean, weight, how many)
    for value, weight, offset in zip(wanted, weights, offsets, strict=True):
        pool = (value - offset, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, heavy, count = pools.pop()
            total = heavy + pool[1]
            pool = ((mean * heavy + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(flat, offsets, strict=True)]


def _straighten_lanes(rows: Rows, ordered: Sequence[Sequence[Node]], x: dict[Node, float], distance: Distance) -> None:
    """Give the lanes of one layer the same x in all rows where there is room for that, leftmost layers first."""
    lanes: dict[str, list[Node]] = {}
    beside: dict[Node, tuple[Sequence[Node], int]] = {}
    for row in ordered:
        for index, node in enumerate(row):
            if node.lane is not None:
                lanes.setdefault(node.source, []).append(node)
                beside[node] = (row, index)
    placed: set[Node] = set()

    def mean(source: str) -> float:
        return sum(x[node] for node in lanes[source]) / len(lanes[source])

    for source in sorted(lanes, key=mean):
        least, most = float("-inf"), float("inf")
        for node in lanes[source]:
            row, index = beside[node]
            room = 0.0
            for left in range(index - 1, -1, -1):
                room += distance(row[left], row[left + 1])
                if row[left].lane is None or row[left] in placed:
                    least = max(least, x[row[left]] + room)
                    break
            room = 0.0
            for right in range(index + 1, len(row)):
                room += distance(row[right - 1], row[right])
                if row[right].lane is None or row[right] in placed:
                    most = min(most, x[row[right]] - room)
                    break
        if least > most:
            continue
        wanted = mean(source) if source in rows.shortcuts else x[Node(source.partition(".")[0])]
        for node in lanes[source]:
            x[node] = min(max(wanted, least), most)
            placed.add(node)
