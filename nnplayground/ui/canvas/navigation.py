"""Where the keyboard leads: along wires, from branch to branch, on from what was removed. Without Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from nnplayground.spec.model import Model

Direction = Literal["up", "down", "left", "right"]


def neighbour(
    model: Model, positions: Mapping[str, tuple[float, float]], current: str, direction: Direction
) -> str | None:
    """Id of the layer that an arrow key leads to from `current` ("": none yet); None where there is nothing there.

    positions: middle (x, y) of every block.
    """
    if current not in positions:
        return next(iter(model.by_id), None)
    x, y = positions[current]
    if direction in ("up", "down"):
        candidates = model.sources(current) if direction == "up" else model.targets(current)
        if candidates:
            return min(candidates, key=lambda each: abs(positions[each][0] - x))
        sign = -1 if direction == "up" else 1
        column = [each for each, (_, other) in positions.items() if (other - y) * sign > 1]
        return min(
            (each for each in column if abs(positions[each][0] - x) < 1),
            key=lambda each: abs(positions[each][1] - y),
            default=None,
        )
    sign = -1 if direction == "left" else 1
    beside = [each for each, (other, _) in positions.items() if (other - x) * sign > 1]
    return min(beside, key=lambda each: 4 * abs(positions[each][1] - y) + abs(positions[each][0] - x), default=None)


def heir(model: Model, removed: Collection[str]) -> str:
    """Id of the layer to select once some are gone: the one behind them, else the one before; "" if there is none."""
    near = [each for layer_id in removed for each in (*model.targets(layer_id), *model.sources(layer_id))]
    return next((layer_id for layer_id in near if layer_id not in removed), "")
