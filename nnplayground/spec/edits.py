"""Edits: pure functions from a project to a changed project. Nothing is ever changed in place.

They keep what a file could hold: ids stay unique, wires end at layers that exist. What does not make sense as a
network is left to `checks`; what cannot be done at all raises EditError with a sentence for the user.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.core import Input
from nnplayground.spec.dataset import Dataset
from nnplayground.spec.model import Block, Model, Wire, new_id
from nnplayground.spec.paths import set_value
from nnplayground.spec.project import Project


class EditError(ValueError):
    """The edit cannot be done. The message is one sentence for the user."""


def _with_model(project: Project, blocks: Sequence[Block], wires: Sequence[Wire]) -> Project:
    return msgspec.structs.replace(project, model=Model(tuple(blocks), tuple(wires)))


def added_ids(before: Project, after: Project) -> tuple[str, ...]:
    """Ids of the layers that `after` has and `before` has not."""
    return tuple(layer_id for layer_id in after.model.by_id if layer_id not in before.model.by_id)


def set_parameter(project: Project, path: str, value: Any) -> Project:
    """Another value at a path, converted and range-checked. Raises ValueProblem."""
    return set_value(project, path, value)


def set_parameters(project: Project, values: Sequence[tuple[str, Any]]) -> Project:
    """Several values at once; all of them or none."""
    for path, value in values:
        project = set_value(project, path, value)
    return project


def fine_tune(project: Project, layer_id: str, inner: str) -> Project:
    """Train a Pretrained block from an inner layer on ("all": all of it), at a tenth of the present learning rate."""
    rate = project.training.optimizer.learning_rate
    return set_parameters(
        project,
        ((f"model.{layer_id}.trainable", inner), ("training.optimizer.learning_rate", float(f"{rate / 10:.6g}"))),
    )


def set_dataset(project: Project, dataset: Dataset | None) -> Project:
    return msgspec.structs.replace(project, dataset=dataset)


def add_layer(project: Project, layer: Layer) -> Project:
    """A layer without wires."""
    model = project.model
    block = Block(_free_id(model, layer), layer)
    return _with_model(project, (*model.blocks, block), model.wires)


def append_layer(project: Project, layer: Layer, after: str | None = None) -> Project:
    """A layer behind another one, which hands its outgoing wires on to it; behind the last layer if none is named."""
    model = project.model
    previous = after if after in model.by_id else last_id(model)
    block = Block(_free_id(model, layer), layer)
    if previous is None or isinstance(layer, Input):
        return _with_model(project, (*model.blocks, block), model.wires)
    wires = [*handed_on(model.wires, previous, block.id), Wire(previous, block.id)]
    return _with_model(project, _placed(model, block, previous), wires)


def insert_on_wire(project: Project, layer: Layer, wire: Wire) -> Project:
    """A layer in the middle of a wire. Raises EditError where there is no such wire, or where it ends at a port."""
    model = project.model
    expect_open(model, wire)
    block = Block(_free_id(model, layer), layer)
    return _with_model(project, _placed(model, block, wire.source_id), _split(model.wires, wire, block.id))


def insert_before(project: Project, layer: Layer, target: str) -> Project:
    """A layer on the first wire into another one."""
    wires = project.model.input_wires(target)
    if not wires:
        raise EditError(f"{target} has no input yet, so nothing can be put before it.")
    return insert_on_wire(project, layer, wires[0])


def move_layer(project: Project, layer_id: str, wire: Wire) -> Project:
    """Take a layer out of its place, close the gap, and put it in the middle of a wire.

    A wire that touches the layer means where it already is.
    """
    if layer_id in (wire.source_id, wire.target_id):
        return project
    block = _block(project.model, layer_id)
    expect_open(project.model, wire)
    without = _removed(project.model, {layer_id})
    expect_open(without, wire)
    moved = _with_model(project, _placed(without, block, wire.source_id), _split(without.wires, wire, layer_id))
    return with_ports_of(moved, project.model, {layer_id})


def move_to_end(project: Project, layer_id: str) -> Project:
    """Take a layer out of its place, close the gap, and put it behind the last layer."""
    block = _block(project.model, layer_id)
    without = _removed(project.model, {layer_id})
    previous = last_id(without)
    if previous is None or isinstance(block.layer, Input):
        return project
    moved = _with_model(project, (*without.blocks, block), (*without.wires, Wire(previous, layer_id)))
    return with_ports_of(moved, project.model, {layer_id})


def remove_layers(project: Project, layer_ids: Collection[str]) -> Project:
    """Remove layers and join what was before them to what was behind. The last Input stays."""
    removed = {layer_id for layer_id in layer_ids if layer_id in project.model.by_id}
    inputs = project.model.inputs
    if inputs and removed.issuperset(inputs):
        removed.discard(inputs[0])
    model = _removed(project.model, removed)
    return _with_model(project, model.blocks, model.wires)


def connect(project: Project, source: str, target: str) -> Project:
    """A wire from one end to another, each an id or `id.port`.

    A layer with a single input exchanges its wire for the new one, and so does a port.
    """
    model = project.model
    wire = Wire(source, target)
    giver, taker = _block(model, wire.source_id).layer, _block(model, wire.target_id).layer
    if isinstance(taker, Input):
        raise EditError(f"{target} is where the data enters; nothing can be wired into it.")
    _expect_port(wire.source, wire.source_port, giver.output_ports)
    _expect_port(wire.target, wire.target_port, taker.input_ports)
    if wire.source_id in model.downstream(wire.target_id):
        raise EditError(f"A wire from {source} to {target} would close a circle; data can only flow forward.")
    if wire in model.wires:
        raise EditError(f"{source} and {target} are already connected.")
    there = [each for each in model.wires if each.target == target]
    most = 1 if wire.target_port else taker.input_count[1]
    wires = list(model.wires)
    if most is not None and len(there) >= most:
        wires[wires.index(there[-1])] = wire
    else:
        wires.append(wire)
    return _with_model(project, model.blocks, wires)


def _expect_port(end: str, port: str, ports: tuple[str, ...]) -> None:
    if port and port not in ports:
        raise EditError(f"{end.partition('.')[0]} has no port {port}, so nothing can be wired there.")


def disconnect(project: Project, wire: Wire) -> Project:
    """Remove a wire. Raises EditError where there is no such wire."""
    _expect_wire(project.model, wire)
    return _with_model(project, project.model.blocks, [each for each in project.model.wires if each != wire])


def rename_layer(project: Project, layer_id: str, name: str) -> Project:
    """Another id for a layer."""
    model = project.model
    if name == layer_id:
        return project
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise EditError(
            f"{name!r} cannot be the name of a layer; use small letters, digits and _, with a letter first."
        )
    if name in model.by_id:
        raise EditError(f"There is already a layer named {name}.")
    blocks = [Block(name, block.layer) if block.id == layer_id else block for block in model.blocks]
    return _with_model(project, blocks, [wire.renamed({layer_id: name}) for wire in model.wires])


def fragment(project: Project, layer_ids: Collection[str]) -> Model:
    """The named layers with the wires among them: what copying puts on the clipboard. Input is left out."""
    model = project.model
    chosen = {layer_id for layer_id in layer_ids if not isinstance(model.layer(layer_id), Input)}
    order = {layer_id: place for place, layer_id in enumerate(model.order)}
    blocks = sorted((model.by_id[each] for each in chosen), key=lambda block: order.get(block.id, len(order)))
    wires = [wire for wire in model.wires if wire.source_id in chosen and wire.target_id in chosen]
    return Model(tuple(blocks), tuple(wires))


def paste(project: Project, copied: Model, after: str | None = None) -> Project:
    """Put copied layers, under new ids, behind a layer (the last one if none is named), as one piece of its chain."""
    if not copied.blocks:
        return project
    model = project.model
    names: dict[str, str] = {}
    for block in copied.blocks:
        names[block.id] = new_id(block.layer.type, (*model.by_id, *names.values()))
    blocks = [Block(names[block.id], block.layer) for block in copied.blocks]
    inner = [wire.renamed(names) for wire in copied.wires]
    previous = after if after in model.by_id else last_id(model)
    if previous is None:
        return _with_model(project, (*model.blocks, *blocks), (*model.wires, *inner))
    entries = [block.id for block in blocks if not any(wire.target == block.id for wire in inner)]
    exits = [block.id for block in blocks if not any(wire.source_id == block.id for wire in inner)]
    wires = handed_on(model.wires, previous, exits[-1])
    wires.extend(Wire(previous, entry) for entry in entries)
    place = next(index for index, block in enumerate(model.blocks) if block.id == previous) + 1
    return _with_model(project, (*model.blocks[:place], *blocks, *model.blocks[place:]), (*wires, *inner))


def duplicate(project: Project, layer_ids: Collection[str]) -> Project:
    """Copies of layers, behind the last of them."""
    copied = fragment(project, layer_ids)
    if not copied.blocks:
        return project
    return paste(project, copied, copied.blocks[-1].id)


def last_id(model: Model) -> str | None:
    """The layer behind which a new one is appended: the end of the model, else its last Input, else the last layer."""
    connected = [layer_id for layer_id in model.outputs if model.sources(layer_id)]
    if connected:
        return connected[-1]
    if model.inputs:
        return model.inputs[-1]
    return model.blocks[-1].id if model.blocks else None


def _free_id(model: Model, layer: Layer) -> str:
    if isinstance(layer, Input) and "input" not in model.by_id:
        return "input"
    return new_id(layer.type, model.by_id)


def _block(model: Model, layer_id: str) -> Block:
    if layer_id not in model.by_id:
        raise EditError(f"There is no layer {layer_id} in the model.")
    return model.by_id[layer_id]


def _expect_wire(model: Model, wire: Wire) -> None:
    if wire not in model.wires:
        raise EditError(f"There is no wire from {wire.source} to {wire.target}.")


def expect_open(model: Model, wire: Wire) -> None:
    """Raises EditError where a layer cannot be put on a wire."""
    _expect_wire(model, wire)
    if not wire.plain:
        raise EditError(
            f"What goes from {wire.source} to {wire.target} cannot pass another layer; put the layer elsewhere."
        )


def handed_on(wires: Sequence[Wire], layer_id: str, new: str) -> list[Wire]:
    """The wires with those from a layer's output leaving another one instead; wires at ports stay."""
    return [Wire(new, wire.target) if wire.plain and wire.source == layer_id else wire for wire in wires]


def with_ports_of(project: Project, before: Model, layer_ids: Collection[str]) -> Project:
    """Layers that were moved, wired at their ports to the others as before. Raises EditError where that is a circle."""
    for wire in before.wires:
        crosses = (wire.source_id in layer_ids) != (wire.target_id in layer_ids)
        if crosses and not wire.plain:
            project = connect(project, *wire)
    return project


def _placed(model: Model, block: Block, previous: str) -> tuple[Block, ...]:
    """The blocks with one more behind `previous`: the order of the file follows the order of the model."""
    place = next(index for index, each in enumerate(model.blocks) if each.id == previous) + 1
    return (*model.blocks[:place], block, *model.blocks[place:])


def _split(wires: Sequence[Wire], wire: Wire, middle: str) -> list[Wire]:
    """The wires with one of them going through `middle`; the target keeps the order of its inputs."""
    result: list[Wire] = []
    for each in wires:
        if each == wire:
            result.append(Wire(wire.source, middle))
            result.append(Wire(middle, wire.target))
        else:
            result.append(each)
    return result


def _removed(model: Model, layer_ids: Collection[str]) -> Model:
    for layer_id in layer_ids:
        model = _without(model, layer_id)
    return model


def _without(model: Model, layer_id: str) -> Model:
    """A model without a layer, its sources joined to what was behind it. What was at its ports is gone."""
    sources = [wire.source for wire in model.input_wires(layer_id)]
    wires: list[Wire] = []
    for wire in model.wires:
        if wire.target_id == layer_id:
            continue
        if wire.source_id != layer_id:
            wires.append(wire)
        elif wire.plain:
            most = model.layer(wire.target).input_count[1]
            joined = sources if most is None else sources[:most]
            there = {each.source for each in model.input_wires(wire.target)}
            wires.extend(Wire(source, wire.target) for source in joined if source not in there)
    return Model(tuple(block for block in model.blocks if block.id != layer_id), tuple(wires))
