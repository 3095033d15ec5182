"""The network that is drawn: columns, where they lie, what is known of their weights and maps, what is where."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF

from nnplayground.samples import Array
from nnplayground.ui.playground.heat import Atlas, atlas
from nnplayground.ui.playground.layout import Box, Layout
from nnplayground.ui.playground.plan import Column, Plan
from nnplayground.ui.playground.wires import Bundle
from nnplayground.ui.widgets.numbers import short_number

_OVERLAP = 2.0
"""Wires reach so far under the tiles."""
BIAS_SIDE = 0.22
"""Of a tile's side: that of the mark for the bias."""
_LEAST_BIAS = 6.0


class TileSpot(msgspec.Struct, frozen=True):
    """A unit's tile; where `row` is the number of units with a tile, the one for all the others."""

    column: int
    row: int


class BiasSpot(msgspec.Struct, frozen=True):
    """The mark for a unit's bias."""

    column: int
    row: int


class WireSpot(msgspec.Struct, frozen=True):
    """The wire from unit `source` of the column before to unit `row` of a column."""

    column: int
    source: int
    row: int


class TagSpot(msgspec.Struct, frozen=True):
    """The label of a layer without neurons."""

    column: int
    tag: int


Spot = TileSpot | BiasSpot | WireSpot | TagSpot
Number = BiasSpot | WireSpot
"""What a number stands behind that can be changed by hand."""


class Network:
    """Plain state for the item that paints it. Coordinates are those of the scene: pixels at 100 %."""

    def __init__(self) -> None:
        self.plan = Plan()
        self.layout: Layout | None = None
        self.bundles: list[Bundle] = []
        """By the column that the wires end at, less one."""
        self.atlases: dict[str, Atlas] = {}
        self._weights: dict[str, Array] = {}

    # What is shown

    def show(self, plan: Plan, layout: Layout) -> None:
        """Other columns, or other places for them. What is known of the layers that are still there is kept."""
        self.plan, self.layout = plan, layout
        ids = {column.layer_id for column in plan.columns}
        self.atlases = {layer_id: each for layer_id, each in self.atlases.items() if layer_id in ids}
        self._weights = {name: each for name, each in self._weights.items() if name.partition("/")[0] in ids}
        self.bundles = [
            Bundle(
                np.array(layout.rows[number][: before.shown]),
                np.array(layout.rows[number + 1][: column.shown]),
                left=layout.exits[number] - _OVERLAP,
                right=layout.entry(number + 1) + _OVERLAP,
                tile=layout.tile,
            )
            for number, (before, column) in enumerate(zip(plan.columns, plan.columns[1:], strict=False))
        ]
        self._show_weights()

    def show_nothing(self) -> None:
        """There are no columns."""
        self.plan, self.layout, self.bundles = Plan(), None, []
        self.forget(set(self.atlases))

    def show_features(self, maps: Array) -> None:
        """maps: (features, side, side), of what the model gets."""
        self.atlases[self.plan.columns[0].layer_id] = atlas(maps, "")

    def show_values(self, maps: Mapping[str, Array], weights: Mapping[str, Array]) -> None:
        """What a snapshot brings. maps: by layer, (units, side, side); weights: by "<layer id>/<name>"."""
        for column in self.plan.layers:
            if column.layer_id in maps:
                drawn = maps[column.layer_id][: column.shown]
                self.atlases[column.layer_id] = atlas(drawn, column.activation)
        self._weights.update(weights)
        self._show_weights()

    def forget(self, layer_ids: set[str]) -> None:
        """Of these layers nothing is known any more."""
        for layer_id in layer_ids:
            self.atlases.pop(layer_id, None)
        self._weights = {name: each for name, each in self._weights.items() if name.partition("/")[0] not in layer_ids}
        self._show_weights()

    def misfits(self) -> set[str]:
        """Layers whose maps or weights are those of another number of units or inputs."""
        found: set[str] = set()
        for before, column in zip(self.plan.columns, self.plan.layers, strict=False):
            kernel = self._weights.get(f"{column.layer_id}/kernel")
            if kernel is not None and kernel.shape != (before.units, column.units):
                found.add(column.layer_id)
            known = self.atlases.get(column.layer_id)
            if known is not None and known.units != column.shown:
                found.add(column.layer_id)
        return found

    def _show_weights(self) -> None:
        for number, bundle in enumerate(self.bundles):
            kernel = self._weights.get(f"{self.plan.columns[number + 1].layer_id}/kernel")
            sources, targets = len(bundle.starts), len(bundle.ends)
            if kernel is None or kernel.ndim != 2:
                bundle.show_weights(None)
                continue
            drawn = np.zeros((sources, targets), np.float32)
            part = kernel[:sources, :targets]
            drawn[: part.shape[0], : part.shape[1]] = part
            bundle.show_weights(drawn)

    # Numbers

    def weight_of(self, spot: Number) -> tuple[str, tuple[int, ...]]:
        """("<layer id>/<name>", where in it)."""
        layer_id = self.plan.columns[spot.column].layer_id
        if isinstance(spot, BiasSpot):
            return f"{layer_id}/bias", (spot.row,)
        return f"{layer_id}/kernel", (spot.source, spot.row)

    def value_of(self, spot: Number) -> float | None:
        """None where it is not known."""
        name, index = self.weight_of(spot)
        values = self._weights.get(name)
        if values is None or any(at >= size for at, size in zip(index, values.shape, strict=False)):
            return None
        return float(values[index])

    def name_of(self, spot: Number) -> str:
        """What a label calls it: bias of unit 3; x₁ → unit 3."""
        if isinstance(spot, BiasSpot):
            return f"bias of unit {spot.row + 1}"
        before = self.plan.columns[spot.column - 1]
        source = before.unit_name(spot.source)
        return f"{source if before.is_input else f'unit {source}'} → unit {spot.row + 1}"

    def numbers_into(self, tile: TileSpot) -> list[Number]:
        """The bias of a unit, and the weights of the wires into it."""
        column = self.plan.columns[tile.column]
        if column.is_input or tile.row >= column.shown:
            return []
        found: list[Number] = [BiasSpot(tile.column, tile.row)] if column.has_bias else []
        sources = range(self.plan.columns[tile.column - 1].shown)
        return [*found, *(WireSpot(tile.column, source, tile.row) for source in sources)]

    # What is where

    @property
    def rect(self) -> QRectF:
        return QRectF(0, 0, self.layout.width, self.layout.height) if self.layout is not None else QRectF()

    def tile_rect(self, column: int, row: int) -> QRectF:
        assert self.layout is not None
        return QRectF(*self.layout.tile_box(column, row))

    def bias_rect(self, column: int, row: int) -> QRectF:
        """A small square on the lower left corner of a tile."""
        tile = self.tile_rect(column, row)
        side = max(BIAS_SIDE * tile.width(), _LEAST_BIAS)
        return QRectF(tile.left() - side * 0.3, tile.bottom() - side * 0.7, side, side)

    def column_rect(self, column: int) -> QRectF:
        """Around all tiles of a column."""
        assert self.layout is not None
        rows = len(self.layout.rows[column])
        return self.tile_rect(column, 0) | self.tile_rect(column, rows - 1)

    def phase_rect(self, layer_id: str, unit: int) -> QRectF | None:
        """Where a unit is, else what stands for it: all of its column, or the label of a layer without neurons."""
        number = self.plan.place_of(layer_id)
        if number is None or self.layout is None:
            return None
        column = self.plan.columns[number]
        if column.layer_id == layer_id:
            return self.tile_rect(number, unit) if unit < column.shown else self.column_rect(number)
        tag = next(place for place, each in enumerate(column.tags) if each.layer_id == layer_id)
        return QRectF(*self.layout.tags[number][tag])

    def anchor(self, spot: Spot) -> QPointF:
        """Where something that belongs to a spot is put beside it."""
        if isinstance(spot, WireSpot):
            return self.bundles[spot.column - 1].middle(spot.source, spot.row)
        if isinstance(spot, BiasSpot):
            return self.bias_rect(spot.column, spot.row).center()
        if isinstance(spot, TileSpot):
            return self.tile_rect(spot.column, spot.row).center()
        assert self.layout is not None
        return QRectF(*self.layout.tags[spot.column][spot.tag]).center()

    def spot_at(self, point: QPointF, *, reach: float) -> Spot | None:
        """What lies at a point, or within `reach` of it where that is a wire or a small mark."""
        if self.layout is None:
            return None
        for number, column in enumerate(self.plan.columns):
            found = self._in_column(number, column, point, reach)
            if found is not None:
                return found
        for number, bundle in enumerate(self.bundles):
            nearest = bundle.nearest(point.x(), point.y())
            if nearest is not None and nearest[2] <= reach:
                return WireSpot(number + 1, nearest[0], nearest[1])
        return None

    def _in_column(self, number: int, column: Column, point: QPointF, reach: float) -> Spot | None:
        assert self.layout is not None
        for place, box in enumerate(self.layout.tags[number]):
            if box.holds(point.x(), point.y()):
                return TagSpot(number, place)
        if abs(point.x() - self.layout.centres[number]) > self.layout.tile / 2 + reach:
            return None
        for row in range(len(self.layout.rows[number])):
            marked = column.has_bias and row < column.shown
            if marked and _around(self.bias_rect(number, row), reach / 3).contains(point):
                return BiasSpot(number, row)
        for row in range(len(self.layout.rows[number])):
            if Box(*self.layout.tile_box(number, row)).holds(point.x(), point.y()):
                return TileSpot(number, row)
        return None

    # In words

    def spoken(self, spot: Spot | None) -> str:
        """For screen readers, and for tooltips."""
        if spot is None or self.layout is None:
            return "Nothing is chosen."
        column = self.plan.columns[spot.column]
        if isinstance(spot, TagSpot):
            tag = column.tags[spot.tag]
            return f"{tag.title}, {tag.layer_id}."
        if isinstance(spot, TileSpot):
            return self._spoken_tile(column, spot)
        value = self.value_of(spot)
        number = "not known yet" if value is None else short_number(value)
        return f"{column.layer_id}, {self.name_of(spot)}: {number}."

    def _spoken_tile(self, column: Column, spot: TileSpot) -> str:
        if spot.row >= column.shown:
            return f"{column.layer_id}: {column.more} more units that are not drawn."
        if column.is_input:
            return f"Feature {column.unit_name(spot.row)}."
        bias = self.value_of(BiasSpot(spot.column, spot.row)) if column.has_bias else None
        words = f"{column.layer_id}, {column.activation}, unit {spot.row + 1} of {column.units}"
        return f"{words}, bias {short_number(bias)}." if bias is not None else f"{words}."


def _around(rect: QRectF, reach: float) -> QRectF:
    return rect.adjusted(-reach, -reach, reach, reach)
