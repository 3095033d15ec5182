"""What is at a place of the view: what it means, and whether it can be clicked."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPointF

from nnplayground.formulas.nodes import Link, More
from nnplayground.formulas.pictures import Grid
from nnplayground.formulas.steps import Phase
from nnplayground.ui.maths.boxes import Box
from nnplayground.ui.maths.grids import GridInk
from nnplayground.ui.maths.layout import MARGIN, Layout

ABOUT_STEPS: dict[Phase, str] = {
    "forward": "Forward: what comes in is weighted and added up.",
    "activation": "Activation: the unit's function makes its output of the sum.",
    "loss": "Loss: how far the output of the model is from what would be right.",
    "backward": "Backward: how much each part contributed to the loss, found from the loss back to the weights.",
    "update": "Update: each weight moves a little, against its gradient, as the optimizer says.",
}
_ABOUT_PICKS = {"place": "Click to look at this place.", "weight": "Click to follow this weight."}


class Clickable(NamedTuple):
    """A part that can be clicked. cell: row and column, of a grid."""

    node: Link | More | Grid
    cell: tuple[int, int] | None = None


def about(layout: Layout, place: QPointF) -> str:
    """What the part at a place means, with its number in full; "" where there is nothing."""
    found = layout.find(place)
    if found is None:
        phase = phase_named_at(layout, place)
        return ABOUT_STEPS[phase] if phase is not None else ""
    said: list[str] = []
    for box, at in reversed(found.boxes):
        node = box.node
        if isinstance(node, Grid):
            return _about_grid(node, _cell(box, at, place))
        # A number says which one it is; what encloses it may be clicked.
        if node is not None and node.about and (not said or isinstance(node, Link)):
            said.append(node.about)
    return "\n".join(said)


def _about_grid(grid: Grid, cell: tuple[int, int] | None) -> str:
    if cell is None:
        return grid.about
    pick = _ABOUT_PICKS.get(grid.pick)
    return "\n".join((grid.cell(*cell).about, *((pick,) if pick is not None else ())))


def clickable(layout: Layout, place: QPointF) -> Clickable | None:
    """The part at a place that can be clicked, if there is one."""
    found = layout.find(place)
    if found is None:
        return None
    for box, at in reversed(found.boxes):
        node = box.node
        if isinstance(node, More | Link) and node.key:
            return Clickable(node)
        if isinstance(node, Grid) and node.pick:
            cell = _cell(box, at, place)
            return Clickable(node, cell) if cell is not None else None
    return None


def phase_named_at(layout: Layout, place: QPointF) -> Phase | None:
    """The step whose name is there."""
    if place.x() > MARGIN + layout.column:
        return None
    return next((step.phase for step in layout.steps if step.top <= place.y() <= step.bottom), None)


def _cell(box: Box, at: QPointF, place: QPointF) -> tuple[int, int] | None:
    return box.ink.cell_at(box, at, place) if isinstance(box.ink, GridInk) else None
