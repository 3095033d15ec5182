"""Where tiles, labels and wires lie: geometry in pixels at 100 %, without Qt.

Distances are whole numbers, so that wires that rise alike are drawn alike, and edges are sharp.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from nnplayground.ui.playground.plan import Column

LEAST_TILE, MOST_TILE = 18.0, 56.0
_ROOMY = 900.0
"""Pixels; in a larger room tiles grow with it."""
_LEAST_PITCH = 52.0
"""Between the middles of two columns: what the controls above a column need."""
_FAR = 190.0
"""Columns may lie so far apart, however small their tiles are."""
_MARGIN, _BELOW = 20.0, 34.0
"""Around the tiles; below them there are the buttons that insert a layer."""
_NAMES = 44.0
"""At the left, for the names of the features."""
_HEADER = 18.0
"""At the right, for the half of the last header that reaches beyond its tile."""
_TAG, _TAG_GAP, _LEAST_TAG = 22.0, 12.0, 150.0


class Box(NamedTuple):
    """A rectangle by its top left corner."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


class Layout(msgspec.Struct, frozen=True):
    """centres: x of each column's middle. rows: y of the middle of each of its tiles, the one for the units that are
    not drawn included. tags: by column, the box of each. exits: where the wires to the next column begin.
    """

    tile: float
    centres: tuple[float, ...]
    rows: tuple[tuple[float, ...], ...]
    tags: tuple[tuple[Box, ...], ...]
    exits: tuple[float, ...]
    width: float
    height: float

    def tile_box(self, column: int, row: int) -> Box:
        half = self.tile / 2
        return Box(self.centres[column] - half, self.rows[column][row] - half, self.tile, self.tile)

    def entry(self, column: int) -> float:
        """Where the wires into a column end."""
        return self.centres[column] - self.tile / 2


def arrange(columns: tuple[Column, ...], *, width: float, height: float, scale: float = 1.0) -> Layout:
    """A place for everything, within a room where it fits, larger where it does not. There is at least one column.

    scale: of the text, 1 at the ordinary size.
    """
    counts = [column.shown + (1 if column.more else 0) for column in columns]
    most, steps = max(counts), max(len(columns) - 1, 1)
    tags = sum(len(column.tags) for column in columns) * (_TAG + _TAG_GAP) * scale
    left, right = (_MARGIN + _NAMES) * scale, (_MARGIN + _HEADER) * scale
    inner_width = max(width - left - right - tags, 1.0)
    inner_height = max(height - (_MARGIN + _BELOW) * scale, 1.0)
    largest = MOST_TILE * max(1.0, min(min(width, height) / _ROOMY, 2.0))
    tile = min(inner_width / (2.3 * len(columns)), inner_height / (1.35 * most), largest)
    tile = _even(max(tile, LEAST_TILE * scale))
    across = min((inner_width - tile) / steps, max(4.3 * tile, _FAR * scale))
    across = math.floor(max(across, 2 * tile, _LEAST_PITCH * scale))
    down = _even(max(min(inner_height / most, 1.75 * tile), 1.2 * tile))
    centres, edges, exits = _along(columns, across=across, tile=tile, left=left, scale=scale)
    middle = math.ceil(_MARGIN * scale + most * down / 2)
    rows = tuple(tuple(middle + (row - (count - 1) / 2) * down for row in range(count)) for count in counts)
    tag_boxes = tuple(
        tuple(_tag_box(x, middle, length=(count - 1) * down + tile, scale=scale) for x in places)
        for places, count in zip(edges, counts, strict=True)
    )
    below = middle + most * down / 2 + _BELOW * scale
    return Layout(tile, centres, rows, tag_boxes, exits, math.floor(exits[-1] + right), math.floor(below))


def _even(size: float) -> float:
    return 2.0 * math.floor(size / 2)


def _tag_box(x: float, middle: float, *, length: float, scale: float) -> Box:
    length = max(length, _LEAST_TAG * scale)
    return Box(x, middle - length / 2, _TAG * scale, length)


def _along(
    columns: tuple[Column, ...], *, across: float, tile: float, left: float, scale: float
) -> tuple[tuple[float, ...], list[list[float]], tuple[float, ...]]:
    """(middle of each column, left edge of each of its tags, where its wires begin)."""
    centres: list[float] = []
    tags: list[list[float]] = []
    exits: list[float] = []
    x = math.ceil(left + tile / 2)
    for column in columns:
        centres.append(x)
        edge = x + tile / 2
        places: list[float] = []
        for _ in column.tags:
            places.append(edge + round(_TAG_GAP * scale))
            edge = places[-1] + round(_TAG * scale)
        tags.append(places)
        exits.append(edge)
        x = edge + across - tile / 2
    return tuple(centres), tags, tuple(exits)
