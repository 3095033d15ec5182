"""A project's model as a Keras model that also shows what lies inside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.layers import Layer, Shape, activations
from nnplayground.layers.base import derived_seed, shape_text
from nnplayground.layers.core import Activation, Input
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import strengths
from nnplayground.spec.model import Model, infer_shapes


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
    its activation are. live: tf.Variables by path. values_per_sample: numbers that one sample makes on its way.
    """

    model: Any
    inputs: tuple[str, ...]
    output: str
    layers: Mapping[str, Any]
    before: Mapping[str, int]
    after: Mapping[str, int]
    live: Mapping[str, Any]
    penalties: tuple[Penalty, ...]
    shapes: Mapping[str, Shape]
    values_per_sample: int

    def forward(self, inputs: Sequence[Any], *, training: bool) -> list[Any]:
        """Every tensor inside for prepared inputs: (batch, *input shape) float32 each."""
        return self.model(list(inputs), training=training)

    def penalty(self) -> Any:
        """The sum of all penalties, a scalar; 0 where there are none."""
        return tf.add_n([penalty.value() for penalty in self.penalties]) if self.penalties else tf.constant(0.0)


def build_network(model: Model, input_shape: Shape | None, *, seed: int) -> Network:
    """Build every block with its own seed. Raises EngineError where the model does not fit together."""
    shapes = _checked_shapes(model, input_shape)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    layers: dict[str, Any] = {}
    live: dict[str, Any] = {}
    for block_id in model.order:
        layer = model.layer(block_id)
        if isinstance(layer, Input):
            after[block_id] = before[block_id] = keras.Input(shapes[block_id], name=block_id)
            continue
        sources = [after[source] for source in model.sources(block_id)]
        received = sources[0] if len(sources) == 1 else sources
        layers[block_id] = _keras_layer(block_id, layer, derived_seed(seed, block_id), live)
        if isinstance(layer, Activation):
            before[block_id] = received
            after[block_id] = layers[block_id](received)
        else:
            before[block_id] = layers[block_id](received)
            after[block_id] = _activated(block_id, layer, before[block_id])
    tensors = list({id(tensor): tensor for tensor in (*before.values(), *after.values())}.values())
    place = {id(tensor): number for number, tensor in enumerate(tensors)}
    return Network(
        model=keras.Model([after[block_id] for block_id in model.inputs], tensors),
        inputs=model.inputs,
        output=model.outputs[0],
        layers=layers,
        before={block_id: place[id(tensor)] for block_id, tensor in before.items()},
        after={block_id: place[id(tensor)] for block_id, tensor in after.items()},
        live=live,
        penalties=tuple(
            penalty
            for block_id, keras_layer in layers.items()
            for penalty in _penalties(block_id, model.layer(block_id), keras_layer, live)
        ),
        shapes=shapes,
        values_per_sample=sum(math.prod(tensor.shape[1:]) for tensor in tensors),
    )


def _checked_shapes(model: Model, input_shape: Shape | None) -> dict[str, Shape]:
    """The output shape of every block, or an EngineError with the first reason why there is none."""
    if len(model.outputs) != 1:
        raise EngineError(f"The model needs exactly one output layer, but has {len(model.outputs)}.")
    if not model.inputs:
        raise EngineError("The model has no Input.")
    found: dict[str, Shape] = {}
    known = infer_shapes(model, input_shape)
    for problem in (known[block_id].problem for block_id in model.order):
        if problem is not None:
            raise EngineError(problem)
    for block_id, shapes in known.items():
        if shapes.output is None:
            raise EngineError(f"The shape of {block_id} is unknown: connect it, and choose data.")
        found[block_id] = shapes.output
    output = model.outputs[0]
    if len(found[output]) != 1:
        raise EngineError(
            f"The output layer {output} gives {shape_text(found[output])}, but the targets are single numbers or "
            "classes; put Flatten or a global pooling layer and a Dense before the end."
        )
    return found


def _keras_layer(block_id: str, layer: Layer, seed: int, live: dict[str, Any]) -> Any:
    """The Keras layer of a block, without what the engine applies itself: activation and penalties."""
    if isinstance(layer, Dropout):
        rate = _number(live, f"model.{block_id}.rate", layer.rate)
        return LiveDropout(rate, seed=seed, name=block_id)
    bare: dict[str, Any] = {name: None for name in layer.__struct_fields__ if name.endswith("_regularizer")}
    if hasattr(layer, "activation") and not isinstance(layer, Activation):
        bare["activation"] = "linear"
    return msgspec.structs.replace(layer, **bare).to_keras(keras, name=block_id, seed=seed)


def _activated(block_id: str, layer: Layer, tensor: Any) -> Any:
    """The layer's activation as a step of its own."""
    field: Any = getattr(layer, "activation", "linear")
    if field == "linear":
        return tensor
    # A block's id has no dot, so this name is never taken.
    return activations.to_keras(keras, field, name=f"{block_id}.activation")(tensor)


def _penalties(block_id: str, layer: Layer, keras_layer: Any, live: dict[str, Any]) -> list[Penalty]:
    """One for each weight with a regularizer."""
    found = []
    for weight in keras_layer.weights:
        name = layer.regularizer_name(weight.name)
        regularizer = getattr(layer, name, None)
        if regularizer is None:
            continue
        given = dict(zip(("l1", "l2"), strengths(regularizer), strict=True))
        numbers = {
            key: _number(live, f"model.{block_id}.{name}.{key}", value) if hasattr(regularizer, key) else None
            for key, value in given.items()
        }
        found.append(Penalty(weight, numbers["l1"], numbers["l2"]))
    return found


def _number(live: dict[str, Any], path: str, value: float) -> Any:
    """A variable for one live number, entered by its path."""
    live[path] = tf.Variable(value, trainable=False, dtype=tf.float32)
    return live[path]
