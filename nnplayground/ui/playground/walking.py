"""Where the keyboard leads: from tile to tile, and from column to column."""

from __future__ import annotations

from nnplayground.ui.playground.network import Network, Spot, TagSpot, TileSpot


def walked(network: Network, current: Spot | None, across: int, down: int) -> Spot | None:
    """The tile that an arrow key leads to: the next one of the column, or the one beside it. None: there is none."""
    layout, columns = network.layout, network.plan.columns
    if layout is None or not columns:
        return None
    if not isinstance(current, TileSpot):
        return TileSpot(current.column if current is not None else 0, 0)
    column = min(max(current.column + across, 0), len(columns) - 1)
    rows = layout.rows[column]
    if column == current.column:
        return TileSpot(column, min(max(current.row + down, 0), len(rows) - 1))
    height = layout.rows[current.column][current.row]
    return TileSpot(column, min(range(len(rows)), key=lambda row: abs(rows[row] - height)))


def next_stop(network: Network, current: Spot | None, direction: int) -> Spot | None:
    """Where Tab leads to (direction 1; −1 backwards): from each column to its labels and to the next one.

    current: None is beside the network, before or behind it. None: there is nothing more in this direction.
    """
    stops: list[Spot] = []
    for number, column in enumerate(network.plan.columns):
        stops.append(TileSpot(number, 0))
        stops.extend(TagSpot(number, tag) for tag in range(len(column.tags)))
    if not stops:
        return None
    if current is None:
        return stops[0 if direction > 0 else -1]
    here = current if isinstance(current, TagSpot) else TileSpot(current.column, 0)
    place = stops.index(here) + direction
    return stops[place] if 0 <= place < len(stops) else None


def exists(network: Network, spot: Spot | None) -> bool:
    """Whether there still is such a spot."""
    if spot is None or network.layout is None or spot.column >= len(network.layout.rows):
        return False
    if isinstance(spot, TileSpot):
        return spot.row < len(network.layout.rows[spot.column])
    return not isinstance(spot, TagSpot) or spot.tag < len(network.layout.tags[spot.column])
