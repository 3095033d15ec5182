"""The model: layers at their places, and the wires between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    """From one layer's output to another's input. Ends are ids (`id.port` is reserved for layers with several)."""

    source: str
    target: str


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
    def _sources(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {block.id: [] for block in self.blocks}
        for wire in self.wires:
            found[wire.target].append(wire.source)
        return {layer_id: tuple(ids) for layer_id, ids in found.items()}

    @cached_property
    def _targets(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {block.id: [] for block in self.blocks}
        for wire in self.wires:
            found[wire.source].append(wire.target)
        return {layer_id: tuple(ids) for layer_id, ids in found.items()}

    def sources(self, layer_id: str) -> tuple[str, ...]:
        """Ids of the layers whose outputs it receives, in the order of its inputs."""
        return self._sources[layer_id]

    def targets(self, layer_id: str) -> tuple[str, ...]:
        """Ids of the layers that receive its output."""
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
        waiting = {layer_id: len(ids) for layer_id, ids in self._sources.items()}
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
    outputs = [known[source].output for source in model.sources(layer_id)]
    shapes = tuple(shape for shape in outputs if shape is not None)
    if len(shapes) < max(len(outputs), layer.input_count[0]):
        return LayerShapes(shapes, None, 0, None)
    try:
        output = layer.output_shape(*shapes)
        return LayerShapes(shapes, output, layer.parameter_count(*shapes), None)
    except ShapeError as problem:
        return LayerShapes(shapes, None, 0, str(problem))


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
