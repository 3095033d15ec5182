"""A project's model as a Keras model that also shows what lies inside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.pretrained import PretrainedLayer
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.layers import Layer, Shape, activations
from nnplayground.layers.base import derived_seed
from nnplayground.layers.core import Activation
from nnplayground.layers.pretrained import Pretrained
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import strengths
from nnplayground.spec.model import LayerShapes, Model, Wire, infer_shapes


class LiveDropout(keras.layers.Dropout):
    """Keras' Dropout with a rate that can change without a new trace. Equal to Keras' for the same seed."""

    def __init__(self, rate: Any, *, seed: int, name: str) -> None:
        """rate: a scalar tf.Variable."""
        # Keras makes no seed generator for rate 0, and this one may leave 0 later.
        super().__init__(0.5, seed=seed, name=name)
        self.live_rate = rate

    def call(self, inputs: Any, training: bool = False) -> Any:
        """inputs: (batch, …) → the same shape."""
        if not training:
            return inputs
        # As Keras folds its 64-bit seed into the 32 bits that the operation takes.
        seed = tf.cast(tf.math.floormod(self.seed_generator.next(), tf.int32.max - 1), tf.int32)
        return tf.nn.experimental.stateless_dropout(inputs, rate=tf.convert_to_tensor(self.live_rate), seed=seed)


@dataclass(frozen=True)
class Penalty:
    """The regularization of one weight: l1 Σ|w| + l2 Σ w². The strengths are scalar tf.Variables, or absent."""

    weight: Any
    l1: Any | None
    l2: Any | None

    def value(self) -> Any:
        """The scalar to add to the loss."""
        # The terms of keras.regularizers.L1L2, in its order.
        terms = []
        if self.l1 is not None:
            terms.append(self.l1 * tf.reduce_sum(tf.abs(self.weight.value)))
        if self.l2 is not None:
            terms.append(self.l2 * tf.reduce_sum(tf.square(self.weight.value)))
        return tf.add_n(terms)


@dataclass(frozen=True)
class Network:
    """A built model.

    model: keras.Model from the Inputs, in order, to a list of every tensor inside.
    layers: Keras layer by block id, Inputs apart. before, after: where in that list a block's values before and after
    its activation are; received: where those are that come to its inputs, ports apart. weights: of each block, by the
    names that its layer declares. live: tf.Variables by path. values_per_sample: numbers that one sample makes on its
    way.
    """

    model: Any
    inputs: tuple[str, ...]
    output: str
    layers: Mapping[str, Any]
    before: Mapping[str, int]
    after: Mapping[str, int]
    received: Mapping[str, tuple[int, ...]]
    weights: Mapping[str, Mapping[str, Any]]
    live: Mapping[str, Any]
    penalties: tuple[Penalty, ...]
    shapes: Mapping[str, Shape]
    values_per_sample: int

    def forward(self, inputs: Sequence[Any], *, training: bool) -> list[Any]:
        """Every tensor inside for prepared inputs: (batch, *input shape) float32 each."""
        return self.model(list(inputs), training=training)

    def part(self, places: Sequence[int]) -> Any:
        """A keras.Model from the inputs to some of the tensors only, as a list."""
        return keras.Model(self.model.inputs, [self.model.outputs[place] for place in places])

    def penalty(self) -> Any:
        """The sum of all penalties, a scalar; 0 where there are none."""
        return tf.add_n([penalty.value() for penalty in self.penalties]) if self.penalties else tf.constant(0.0)


def build_network(model: Model, shapes: Mapping[str, Shape | None] | Shape | None, *, seed: int) -> Network:
    """Build every block with its own seed. Raises EngineError where the model does not fit together.

    shapes: of each array of the data by name, or of the only one.
    """
    known = _checked_shapes(model, shapes)
    layers: dict[str, Any] = {}
    live: dict[str, Any] = {}

    def called(block_id: str, inputs: list[Any], ports: Mapping[str, Any], gives_states: bool) -> Any:
        layer = model.layer(block_id)
        layers[block_id] = keras_layer = _keras_layer(block_id, layer, derived_seed(seed, block_id), live)
        if gives_states:
            keras_layer.return_state = True
        return layer.call_keras(keras_layer, inputs, **ports)

    given = {block_id: keras.Input(known[block_id].output, name=block_id) for block_id in model.inputs}
    wired = _wired(model, [each for each in model.order if each not in given], given, called)
    weights = {
        block_id: _named_weights(model.layer(block_id), keras_layer, known[block_id].inputs)
        for block_id, keras_layer in layers.items()
    }
    return Network(
        model=keras.Model(list(given.values()), wired.tensors),
        inputs=model.inputs,
        output=model.outputs[0],
        layers=layers,
        before=wired.before,
        after=wired.after,
        received=wired.received,
        weights=weights,
        live=live,
        penalties=tuple(
            penalty
            for block_id in layers
            for penalty in _penalties(block_id, model.layer(block_id), known[block_id].inputs, weights[block_id], live)
        ),
        shapes={block_id: each.output for block_id, each in known.items() if each.output is not None},
        values_per_sample=wired.values_per_sample + _inside(model, known),
    )


def build_behind(
    model: Model,
    network: Network,
    ids: Collection[str],
    *,
    given: Mapping[str, Shape],
    opened: Mapping[str, Sequence[str]],
) -> Network:
    """Some blocks of a network, with the same layers and weights, as a network whose inputs are what comes to them.

    given: shapes of one sample by name: the block that it comes from, or a name for what the frozen part of a
    Pretrained block gives. opened: these names by the id of the block, of whose trained part they are the inputs.
    """
    tensors = {name: keras.Input(shape, name=name) for name, shape in given.items()}

    def called(block_id: str, inputs: list[Any], ports: Mapping[str, Any], gives_states: bool) -> Any:
        keras_layer = network.layers[block_id]
        if block_id in opened:
            return keras_layer.trained_output([tensors[name] for name in opened[block_id]], training=None)
        return model.layer(block_id).call_keras(keras_layer, inputs, **ports)

    blocks = {name: tensor for name, tensor in tensors.items() if name in model.by_id}
    wired = _wired(model, [each for each in model.order if each in ids], blocks, called, begins=frozenset(opened))
    return replace(
        network,
        model=keras.Model(list(tensors.values()), wired.tensors),
        inputs=tuple(tensors),
        before=wired.before,
        after=wired.after,
        received=wired.received,
        shapes={**network.shapes, **given},
        values_per_sample=network.values_per_sample if opened else wired.values_per_sample,
    )


@dataclass(frozen=True)
class _Wired:
    """Layers that were called one after the other: see Network."""

    tensors: list[Any]
    before: Mapping[str, int]
    after: Mapping[str, int]
    received: Mapping[str, tuple[int, ...]]

    @property
    def values_per_sample(self) -> int:
        return sum(math.prod(tensor.shape[1:]) for tensor in self.tensors)


def _wired(
    model: Model,
    ids: Sequence[str],
    given: Mapping[str, Any],
    called: Callable[[str, list[Any], Mapping[str, Any], bool], Any],
    *,
    begins: frozenset[str] = frozenset(),
) -> _Wired:
    """Call blocks, in the model's order.

    given: tensors of blocks that are not called. called: block id, inputs, by port what arrives there, whether its
    states are wanted too → what it gives. begins: blocks of which only a part is called, without the block's inputs.
    """
    before: dict[str, Any] = dict(given)
    after: dict[str, Any] = dict(given)
    states: dict[str, list[Any]] = {}
    received: dict[str, list[Any]] = {}
    for block_id in given:
        received[block_id] = []
    for block_id in ids:
        inputs = [] if block_id in begins else [_carried(wire, after, states) for wire in model.input_wires(block_id)]
        received[block_id] = inputs
        gives_states = any(wire.source_port for wire in model.output_wires(block_id))
        ports = {wire.target_port: _arriving(wire, after, states) for wire in model.port_wires(block_id)}
        told = called(block_id, inputs, ports, gives_states)
        if gives_states:
            told, *states[block_id] = told
        after[block_id] = before[block_id] = told
        layer = model.layer(block_id)
        if isinstance(layer, Activation):
            before[block_id] = inputs[0]
        else:
            after[block_id] = _activated(block_id, layer, told)
    inside = (*before.values(), *after.values(), *itertools.chain(*received.values()))
    tensors = list({id(tensor): tensor for tensor in inside}.values())
    place = {id(tensor): number for number, tensor in enumerate(tensors)}
    return _Wired(
        tensors=tensors,
        before={block_id: place[id(tensor)] for block_id, tensor in before.items()},
        after={block_id: place[id(tensor)] for block_id, tensor in after.items()},
        received={block_id: tuple(place[id(tensor)] for tensor in each) for block_id, each in received.items()},
    )


def _inside(model: Model, known: Mapping[str, LayerShapes]) -> int:
    """Numbers that one sample makes inside Pretrained blocks, as far as they are kept at the same time."""
    blocks = [block for block in model.blocks if isinstance(block.layer, Pretrained)]
    return sum(block.layer.working_values(*known[block.id].inputs) for block in blocks)


def _carried(wire: Wire, after: Mapping[str, Any], states: Mapping[str, Sequence[Any]]) -> Any:
    """What a wire brings to an input: one tensor; the states of a port above each other, (batch, states, units)."""
    return keras.ops.stack(states[wire.source_id], axis=1) if wire.source_port else after[wire.source_id]


def _arriving(wire: Wire, after: Mapping[str, Any], states: Mapping[str, Sequence[Any]]) -> list[Any]:
    """What a wire brings to a port: a tensor for each state, (batch, units)."""
    return list(states[wire.source_id]) if wire.source_port else keras.ops.unstack(after[wire.source_id], axis=1)


def _named_weights(layer: Layer, keras_layer: Any, inputs: Sequence[Shape]) -> dict[str, Any]:
    """The Keras weights of a layer under the names that it declares for them, which are in the same order."""
    return dict(zip((spec.name for spec in layer.weights(*inputs)), keras_layer.weights, strict=True))


def _checked_shapes(model: Model, shapes: Mapping[str, Shape | None] | Shape | None) -> dict[str, LayerShapes]:
    """What is known about every block, or an EngineError with the first reason why it has no output shape."""
    if len(model.outputs) != 1:
        raise EngineError(f"The model needs exactly one output layer, but has {len(model.outputs)}.")
    if not model.inputs:
        raise EngineError("The model has no Input.")
    known = infer_shapes(model, shapes)
    for problem in (known[block_id].problem for block_id in model.order):
        if problem is not None:
            raise EngineError(problem)
    for block_id, each in known.items():
        if each.output is None:
            raise EngineError(f"The shape of {block_id} is unknown: connect it, and choose data.")
    return known


def _keras_layer(block_id: str, layer: Layer, seed: int, live: dict[str, Any]) -> Any:
    """The Keras layer of a block, without what the engine applies itself: activation and penalties."""
    if isinstance(layer, Dropout):
        rate = _number(live, f"model.{block_id}.rate", layer.rate)
        return LiveDropout(rate, seed=seed, name=block_id)
    if isinstance(layer, Pretrained):
        return PretrainedLayer(layer, name=block_id, seed=seed)
    bare = layer if isinstance(layer, Activation) else layer.bare()
    return bare.to_keras(keras, name=block_id, seed=seed)


def _activated(block_id: str, layer: Layer, tensor: Any) -> Any:
    """The layer's activation as a step of its own."""
    if layer.outer_activation == "linear":
        return tensor
    # A block's id has no dot, so this name is never taken.
    return activations.to_keras(keras, layer.outer_activation, name=f"{block_id}.activation")(tensor)


def _penalties(
    block_id: str, layer: Layer, inputs: Sequence[Shape], weights: Mapping[str, Any], live: dict[str, Any]
) -> list[Penalty]:
    """One for each weight with a regularizer."""
    found = []
    for spec in layer.weights(*inputs):
        if spec.regularizer is None:
            continue
        path = f"model.{block_id}.{layer.regularizer_name(spec.name)}"
        given = dict(zip(("l1", "l2"), strengths(spec.regularizer), strict=True))
        numbers = {
            key: _number(live, f"{path}.{key}", value) if hasattr(spec.regularizer, key) else None
            for key, value in given.items()
        }
        found.append(Penalty(weights[spec.name], numbers["l1"], numbers["l2"]))
    return found


def _number(live: dict[str, Any], path: str, value: float) -> Any:
    """A variable for one live number, entered by its path; weights that share a regularizer share it."""
    if path in live:
        return live[path]
    live[path] = tf.Variable(value, trainable=False, dtype=tf.float32)
    return live[path]
