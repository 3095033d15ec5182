"""Where layers are put by hand: on a wire, behind a layer, at the end or apart; pure edits like those in `edits`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.core import Input
from nnplayground.spec import edits
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Block, Model, Wire, new_id
from nnplayground.spec.project import Project


class OnWire(msgspec.Struct, frozen=True):
    """In the middle of a wire."""

    wire: Wire


class Behind(msgspec.Struct, frozen=True):
    """Behind a layer, which hands its outgoing wires on. An id that is not in the model means the end."""

    layer_id: str


class AtEnd(msgspec.Struct, frozen=True):
    """Behind the last layer."""


class Apart(msgspec.Struct, frozen=True):
    """Without a wire to the rest of the model."""


class Inside(msgspec.Struct, frozen=True):
    """Inside a layer that holds another one, in the place of the one that it holds."""

    layer_id: str


Place = OnWire | Behind | AtEnd | Apart | Inside


def place_layer(project: Project, layer: Layer, place: Place) -> Project:
    """A new layer at a place. An Input stands apart: nothing can be wired into it."""
    if isinstance(place, Inside):
        return _put_inside(project, place.layer_id, layer)
    taken = project.model.by_id
    first_input = isinstance(layer, Input) and "input" not in taken
    block = Block("input" if first_input else new_id(layer.type, taken), layer)
    return _spliced(project, Model((block,)), Apart() if isinstance(layer, Input) else place)


def _put_inside(project: Project, holder_id: str, layer: Layer) -> Project:
    holder = project.model.layer(holder_id)
    if not may_hold(holder, layer):
        raise EditError(f"{holder.type} cannot hold {layer.type}; put it elsewhere.")
    blocks = tuple(
        Block(holder_id, _holding(holder, layer)) if block.id == holder_id else block for block in project.model.blocks
    )
    return msgspec.structs.replace(project, model=Model(blocks, project.model.wires))


def may_hold(holder: Layer, layer: Layer) -> bool:
    """Whether a layer can be put inside another one: inside Bidirectional a recurrent layer."""
    if "layer" not in holder.__struct_fields__:
        return False
    try:
        msgspec.convert(msgspec.to_builtins(_holding(holder, layer)), type(holder))
    except msgspec.ValidationError:
        return False
    return True


def _holding(holder: Layer, layer: Layer) -> Layer:
    changed: dict[str, Layer] = {"layer": layer}
    return msgspec.structs.replace(holder, **changed)


def place_copies(project: Project, copied: Model, place: Place) -> Project:
    """Layers with the wires among them, under new ids, as one piece at a place. Inputs among them are left out."""
    piece = edits.fragment(msgspec.structs.replace(project, model=copied), copied.by_id)
    names: dict[str, str] = {}
    for block in piece.blocks:
        names[block.id] = new_id(block.layer.type, (*project.model.by_id, *names.values()))
    return _spliced(
        project,
        Model(
            tuple(Block(names[block.id], block.layer) for block in piece.blocks),
            tuple(wire.renamed(names) for wire in piece.wires),
        ),
        place,
    )


def move_layers(project: Project, layer_ids: Collection[str], place: Place) -> Project:
    """Take layers out as one piece, close the gap, and put them at a place. An Input stays where it is.

    A place that touches one of the layers means where they already are.
    """
    piece = edits.fragment(project, layer_ids)
    if not piece.blocks:
        raise EditError("The Input stays where the data enters; move the other layers instead.")
    if _touches(project, place, piece.by_id):
        return project
    moved = _spliced(edits.remove_layers(project, piece.by_id), piece, place)
    after = edits.with_ports_of(moved, project.model, piece.by_id)
    same_wires = all(after.model.sources(each) == project.model.sources(each) for each in project.model.by_id)
    return project if same_wires and after.model.blocks == project.model.blocks else after


def shift_layers(project: Project, layer_ids: Collection[str], direction: Literal[-1, 1]) -> Project:
    """Move layers past one layer of their chain: -1 towards the input, 1 towards the end."""
    model = project.model
    piece = edits.fragment(project, layer_ids)
    if not piece.blocks:
        return project
    if direction < 0:
        first = piece.blocks[0].id
        into = next(iter(model.input_wires(first)), None)
        beyond = model.input_wires(into.source_id) if into is not None else ()
        if not beyond:
            raise EditError(f"{first} is already at the beginning.")
        return move_layers(project, piece.by_id, OnWire(beyond[0]))
    last = piece.blocks[-1].id
    out = _plain_output(model, last)
    if out is None:
        raise EditError(f"{last} is already at the end.")
    further = _plain_output(model, out.target)
    return move_layers(project, piece.by_id, OnWire(further) if further is not None else Behind(out.target))


def _plain_output(model: Model, layer_id: str) -> Wire | None:
    return next((wire for wire in model.output_wires(layer_id) if wire.plain), None)


def branch_layer(project: Project, layer: Layer, source: str) -> Project:
    """A new layer that receives a layer's output beside those that already do."""
    after = place_layer(project, layer, Apart())
    (added,) = edits.added_ids(project, after)
    return edits.connect(after, source, added)


def _touches(project: Project, place: Place, layer_ids: Collection[str]) -> bool:
    if isinstance(place, OnWire):
        return place.wire.source_id in layer_ids or place.wire.target_id in layer_ids
    if isinstance(place, Behind):
        return place.layer_id in layer_ids
    return isinstance(place, AtEnd) and edits.last_id(project.model) in layer_ids


def _spliced(project: Project, piece: Model, place: Place) -> Project:
    """A piece whose ids are free, put in place: its first layers receive, its last one hands on."""
    if not piece.blocks:
        return project
    model = project.model
    if isinstance(place, Inside):
        raise EditError(f"{place.layer_id} holds one new layer; put these elsewhere.")
    entries = [block.id for block in piece.blocks if not piece.input_wires(block.id)]
    exits = [block.id for block in piece.blocks if not piece.targets(block.id)]
    if not entries or not exits:
        raise EditError("The wires among these layers close a circle; data can only flow forward.")
    if isinstance(place, OnWire):
        edits.expect_open(model, place.wire)
        wires = [Wire(exits[-1], wire.target) if wire == place.wire else wire for wire in model.wires]
        return _joined(project, piece, wires, place.wire.source, entries)
    if isinstance(place, Apart):
        return _joined(project, piece, model.wires, None, entries)
    wanted = place.layer_id if isinstance(place, Behind) else ""
    previous = wanted if wanted in model.by_id else edits.last_id(model)
    wires = model.wires if previous is None else edits.handed_on(model.wires, previous, exits[-1])
    return _joined(project, piece, wires, previous, entries)


def _joined(
    project: Project, piece: Model, wires: Sequence[Wire], previous: str | None, entries: Sequence[str]
) -> Project:
    """The order of the file follows the order of the model: the piece lies behind `previous`."""
    blocks = project.model.blocks
    place = next((index + 1 for index, block in enumerate(blocks) if block.id == previous), len(blocks))
    leading = [] if previous is None else [Wire(previous, entry) for entry in entries]
    return msgspec.structs.replace(
        project,
        model=Model((*blocks[:place], *piece.blocks, *blocks[place:]), (*wires, *leading, *piece.wires)),
    )
