"""The model: layers at their places, and the wires between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from nnplayground.layers import Layer, Shape, ShapeError
from nnplayground.layers.core import Input


class Block(msgspec.Struct, frozen=True):
    """A layer at its place in a model. `id` matches [a-z][a-z0-9_]* and is unique in the model."""

    id: str
    layer: Layer


class Wire(NamedTuple):
    """From one layer to another. An end is an id, which means the layer's output or one of its inputs, or `id.port`."""

    source: str
    target: str

    @property
    def source_id(self) -> str:
        return self.source.partition(".")[0]

    @property
    def source_port(self) -> str:
        """Empty where it begins at the layer's output."""
        return self.source.partition(".")[2]

    @property
    def target_id(self) -> str:
        return self.target.partition(".")[0]

    @property
    def target_port(self) -> str:
        """Empty where it is one of the layer's inputs."""
        return self.target.partition(".")[2]

    @property
    def plain(self) -> bool:
        """Whether it runs from an output to an input, without ports."""
        return "." not in self.source and "." not in self.target

    def renamed(self, names: Mapping[str, str]) -> Wire:
        """The same wire between layers under other ids; those not named keep theirs."""
        return Wire(*(_renamed_end(end, names) for end in self))


def _renamed_end(end: str, names: Mapping[str, str]) -> str:
    layer_id, dot, port = end.partition(".")
    return f"{names.get(layer_id, layer_id)}{dot}{port}"


class Model(msgspec.Struct, frozen=True, dict=True):
    """A directed graph of blocks, usually a chain. The order of wires into a layer is the order of its inputs.

    A model may be invalid (a normal state while editing): wires may be missing, shapes may not fit, and there may
    be cycles. Ids of wires always exist.
    """

    blocks: tuple[Block, ...] = ()
    wires: tuple[Wire, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Block]:
        return {block.id: block for block in self.blocks}

    def layer(self, layer_id: str) -> Layer:
        """The layer of that id. Raises KeyError."""
        return self.by_id[layer_id].layer

    @cached_property
    def _input_wires(self) -> dict[str, tuple[Wire, ...]]:
        return self._wires_by(lambda wire: wire.target_id, (wire for wire in self.wires if not wire.target_port))

    @cached_property
    def _port_wires(self) -> dict[str, tuple[Wire, ...]]:
        return self._wires_by(lambda wire: wire.target_id, (wire for wire in self.wires if wire.target_port))

    @cached_property
    def _output_wires(self) -> dict[str, tuple[Wire, ...]]:
        return self._wires_by(lambda wire: wire.source_id, self.wires)

    def _wires_by(self, end: Callable[[Wire], str], wires: Iterable[Wire]) -> dict[str, tuple[Wire, ...]]:
        found: dict[str, list[Wire]] = {block.id: [] for block in self.blocks}
        for wire in wires:
            found[end(wire)].append(wire)
        return {layer_id: tuple(each) for layer_id, each in found.items()}

    @cached_property
    def _sources(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for layer_id, wires in self._input_wires.items():
            ids = [wire.source_id for wire in wires]
            ports = (wire.source_id for wire in self._port_wires[layer_id])
            found[layer_id] = (*ids, *dict.fromkeys(each for each in ports if each not in ids))
        return found

    @cached_property
    def _targets(self) -> dict[str, tuple[str, ...]]:
        return {
            layer_id: tuple(dict.fromkeys(wire.target_id for wire in wires))
            for layer_id, wires in self._output_wires.items()
        }

    def input_wires(self, layer_id: str) -> tuple[Wire, ...]:
        """The wires that carry its inputs, in their order, without those into its ports."""
        return self._input_wires[layer_id]

    def port_wires(self, layer_id: str) -> tuple[Wire, ...]:
        """The wires into its ports."""
        return self._port_wires[layer_id]

    def output_wires(self, layer_id: str) -> tuple[Wire, ...]:
        """The wires that leave it, from its output and from its ports."""
        return self._output_wires[layer_id]

    def sources(self, layer_id: str) -> tuple[str, ...]:
        """Ids of the layers that it receives something from: its inputs in their order, then those of its ports."""
        return self._sources[layer_id]

    def targets(self, layer_id: str) -> tuple[str, ...]:
        """Ids of the layers that receive something from it, each once."""
        return self._targets[layer_id]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(block.id for block in self.blocks if isinstance(block.layer, Input))

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Ids of layers that nothing follows, Input apart."""
        return tuple(
            block.id for block in self.blocks if not self._targets[block.id] and not isinstance(block.layer, Input)
        )

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Ids so that every layer comes after its sources; layers in or behind a cycle are left out."""
        waiting = {layer_id: len(set(ids)) for layer_id, ids in self._sources.items()}
        ready = [block.id for block in self.blocks if not waiting[block.id]]
        result: list[str] = []
        while ready:
            layer_id = ready.pop(0)
            result.append(layer_id)
            for target in self._targets[layer_id]:
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        return tuple(result)

    def downstream(self, layer_id: str) -> frozenset[str]:
        """Ids of all layers that its output reaches, itself included."""
        reached: set[str] = set()
        ahead = [layer_id]
        while ahead:
            current = ahead.pop()
            if current not in reached:
                reached.add(current)
                ahead.extend(self._targets[current])
        return frozenset(reached)


class LayerShapes(NamedTuple):
    """What is known about one layer once shapes have been followed through the model."""

    inputs: tuple[Shape, ...]
    output: Shape | None
    """None where the shape is unknown, because of `problem` or of a problem before this layer."""
    parameters: int
    problem: str | None
    """Why this very layer does not fit its inputs; a sentence for the user."""


def input_sources(model: Model, names: Sequence[str]) -> dict[str, str]:
    """Which array of the data each Input gets, by their ids. names: of the arrays, the main one first.

    An Input takes the array that it names. Those that name none share the main one where there is but one, else they
    take the arrays that are left, in order. Inputs with a shape of their own get nothing, nor do those for which no
    array is left or there is none of that name.
    """
    waiting = [each for each in model.inputs if not getattr(model.layer(each), "shape", None)]
    named: dict[str, str | None] = {each: getattr(model.layer(each), "source", None) for each in waiting}
    found = {each: source for each, source in named.items() if source is not None and source in names}
    left = [name for name in names if name not in found.values()]
    for each in waiting:
        if named[each] is not None:
            continue
        if len(names) == 1:
            found[each] = names[0]
        elif left:
            found[each] = left.pop(0)
    return found


def infer_shapes(model: Model, shapes: Mapping[str, Shape | None] | Shape | None) -> dict[str, LayerShapes]:
    """Follow shapes from the inputs to the outputs; an entry for every layer.

    shapes: of each array of one sample of the data by name, or of the only one; None while there is no data.
    """
    arrays = shapes if isinstance(shapes, Mapping) else {"": shapes}
    sources = input_sources(model, tuple(arrays))
    known: dict[str, LayerShapes] = {}
    for layer_id in model.order:
        given = arrays[sources[layer_id]] if layer_id in sources else None
        known[layer_id] = _layer_shapes(model, layer_id, given, known)
    unknown = LayerShapes((), None, 0, None)
    return {block.id: known.get(block.id, unknown) for block in model.blocks}


def _layer_shapes(model: Model, layer_id: str, input_shape: Shape | None, known: dict[str, LayerShapes]) -> LayerShapes:
    layer = model.layer(layer_id)
    if isinstance(layer, Input):
        given = layer.shape or input_shape
        return LayerShapes((), given, 0, None)
    carried = [wire_shape(model, known, wire) for wire in model.input_wires(layer_id)]
    shapes = tuple(shape for shape in carried if shape is not None)
    if len(shapes) < max(len(carried), layer.input_count[0]):
        return LayerShapes(shapes, None, 0, None)
    try:
        output = layer.output_shape(*shapes)
        for wire in model.port_wires(layer_id):
            shape = wire_shape(model, known, wire)
            if shape is None:
                return LayerShapes(shapes, None, 0, None)
            layer.check_port(wire.target_port, shape, *shapes)
        return LayerShapes(shapes, output, layer.parameter_count(*shapes), None)
    except ShapeError as problem:
        return LayerShapes(shapes, None, 0, str(problem))


def wire_shape(model: Model, shapes: Mapping[str, LayerShapes], wire: Wire) -> Shape | None:
    """Shape of what a wire carries; None where it is unknown. shapes: of the layers before it at least."""
    source = shapes.get(wire.source_id)
    if source is None or source.output is None or not wire.source_port:
        return source.output if source is not None else None
    return model.layer(wire.source_id).port_shape(wire.source_port, *source.inputs)


def new_id(layer_type: str, taken: Iterable[str]) -> str:
    """A free id after Keras' fashion: conv2d_1, conv2d_2, …; max_pooling2d_1."""
    stem = snake_case(layer_type)
    used = set(taken)
    number = 1
    while f"{stem}_{number}" in used:
        number += 1
    return f"{stem}_{number}"


def snake_case(name: str) -> str:
    """Keras' snake case of a class name: MaxPooling2D → max_pooling2d, Conv2DTranspose → conv2d_transpose."""
    letters: list[str] = []
    for place, letter in enumerate(name):
        follows_lower = place > 0 and name[place - 1].islower()
        starts_word = (
            place > 0
            and name[place - 1] == "D"
            and place > 1
            and name[place - 2].isdigit()
            and place + 1 < len(name)
            and name[place + 1].islower()
        )
        if letter.isupper() and (follows_lower or starts_word):
            letters.append("_")
        letters.append(letter.lower())
    return "".join(letters)
