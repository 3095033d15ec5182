"""Where tiles, labels and wires lie: geometry in pixels at 100 %, without Qt."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from nnplayground.ui.playground.plan import Column

LEAST_TILE, MOST_TILE = 24.0, 56.0
_ROOMY = 900.0
"""Pixels; in a larger room tiles grow with it."""
_LEAST_PITCH = 88.0
"""Between the middles of two columns: what the controls above a column need."""
_MARGIN = 22.0
_NAMES = 44.0
"""At the left, for the names of the features."""
_TAG, _TAG_GAP = 22.0, 12.0


class Box(NamedTuple):
    """A rectangle by its top left corner."""

    x: float
    y: float
    width: float
    height: float

    def holds(self, x: float, y: float, *, reach: float = 0.0) -> bool:
        return (
            self.x - reach <= x <= self.x + self.width + reach and self.y - reach <= y <= self.y + self.height + reach
        )


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
    """A place for everything, within a room where it fits, larger where it does not.

    scale: of the text, 1 at the ordinary size.
    """
    counts = [column.shown + (1 if column.more else 0) for column in columns]
    most = max(counts, default=1)
    tags = sum(len(column.tags) for column in columns) * (_TAG + _TAG_GAP) * scale
    left, right = (_MARGIN + _NAMES) * scale, _MARGIN * scale
    inner_width = max(width - left - right - tags, 1.0)
    inner_height = max(height - 2 * _MARGIN * scale, 1.0)
    largest = MOST_TILE * max(1.0, min(min(width, height) / _ROOMY, 2.0))
    tile = min(inner_width / (2.3 * len(columns)), inner_height / (1.35 * most), largest)
    tile = max(tile, LEAST_TILE * scale)
    across = (inner_width - tile) / max(len(columns) - 1, 1)
    across = max(min(across, 4.3 * tile), 2 * tile, _LEAST_PITCH * scale)
    down = max(min(inner_height / most, 1.75 * tile), 1.22 * tile)
    centres, boxes, exits = _along(columns, across=across, tile=tile, left=left, scale=scale)
    total = exits[-1] + right if exits else left + right
    tallest = most * down + 2 * _MARGIN * scale
    middle = tallest / 2
    rows = tuple(tuple(middle + (row - (count - 1) / 2) * down for row in range(count)) for count in counts)
    length = max(min(tallest - 2 * _MARGIN * scale, 0.98 * most * down), tile)
    tag_boxes = tuple(
        tuple(Box(x, middle - length / 2, _TAG * scale, length) for x in positions) for positions in boxes
    )
    return Layout(tile, centres, rows, tag_boxes, exits, total, tallest)


def _along(
    columns: tuple[Column, ...], *, across: float, tile: float, left: float, scale: float
) -> tuple[tuple[float, ...], list[list[float]], tuple[float, ...]]:
    """(middle of each column, left edge of each of its tags, where its wires begin)."""
    centres: list[float] = []
    boxes: list[list[float]] = []
    exits: list[float] = []
    x = left + tile / 2
    for column in columns:
        centres.append(x)
        edge = x + tile / 2
        places: list[float] = []
        for _ in column.tags:
            places.append(edge + _TAG_GAP * scale)
            edge = places[-1] + _TAG * scale
        boxes.append(places)
        exits.append(edge)
        x = edge + across - tile / 2
    return tuple(centres), boxes, tuple(exits)
