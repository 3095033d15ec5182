"""A network of keras.applications as one layer of a model, in two parts: what is frozen, and what is trained.

The frozen part is computed as at inference always: its BatchNormalization uses the moving statistics, its Dropout drops
nothing. It ends in one tensor or more, where the trained part takes over:

    received = the picture, as the data gives it                       (batch, height, width, 3)
    frozen   = layer.frozen_outputs(received)                          a list; of a wholly frozen block its only output
    output   = layer.trained_output(frozen, training=training)

so what `frozen_outputs` gives can be computed once for each sample and kept: `layer.frozen_shapes` are the shapes of
one sample. `layer.inner_outputs(received, names)` gives what inner layers give, as at inference, in one go with the
output of the block (""), so that one can be derived by the other; each choice of names gets a model of its own, so that
not every tensor of a large network is held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nnplayground.engine import weight_files
from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.engine.keras.weights_reader import read_weights
from nnplayground.engine.weight_files import WeightsProblem
from nnplayground.layers import Shape
from nnplayground.layers.base import derived_seed
from nnplayground.layers.networks import InnerWeight
from nnplayground.layers.pretrained import Pretrained


@dataclass
class _Parts:
    """Models that share the layers of the whole; held by this class, as Keras would count their weights again."""

    picture: Any
    tensors: dict[str, Any]
    """Output of each inner layer by name; "" is that of the block."""
    frozen: Any | None
    trained: Any | None
    named: dict[str, Any]
    """Weights by name, in the order of the table."""


class PretrainedLayer(keras.layers.Layer):
    """The Keras layer of a Pretrained block. What lies inside is built when the shape of the pictures is known."""

    frozen_shapes: tuple[Shape, ...]
    """Of one sample, of what `frozen_outputs` gives."""

    def __init__(self, layer: Pretrained, *, name: str, seed: int) -> None:
        super().__init__(name=name)
        self._description = layer
        self._first_seed = seed
        self._preprocessed = layer.preprocessed()

    def build(self, input_shape: Any) -> None:
        """input_shape: (None, height, width, 3). Raises EngineError where the weights cannot be had."""
        layer, shape = self._description, tuple(input_shape[1:])
        whole = _application(layer, shape)
        operations = list(whole.operations)
        table = layer.table
        if len(operations) != len(table.layers):
            raise EngineError(
                f"This version of Keras ({keras.__version__}) builds {layer.type} in another way than the one that "
                f"nnplayground knows; install the version that it asks for."
            )
        _randomize(operations, table.layers, self._first_seed)
        _load_weights(layer, operations, shape)
        tensors = [operation.output for operation in operations]
        output = tensors[layer.last]
        if layer.pools(tuple(output.shape[1:])):
            kind = "GlobalAveragePooling2D" if layer.pooling == "avg" else "GlobalMaxPooling2D"
            output = getattr(keras.layers, kind)(name=f"{layer.pooling}_pool")(output)
        self._base = keras.Model(tensors[0], output)
        used = table.needed(layer.last)
        trained = self._trained_places(operations, used)
        needed = {source for place in trained for source in table.layers[place].sources} - set(trained)
        cut = [tensors[place] for place in sorted(needed)] if trained else [output]
        self.frozen_shapes = tuple(tuple(tensor.shape[1:]) for tensor in cut)
        self._parts = _Parts(
            picture=tensors[0],
            tensors={**{table.layers[place].name: tensors[place] for place in used}, "": output},
            frozen=None if needed == {0} else keras.Model(tensors[0], cut),
            trained=keras.Model(cut, output) if trained else None,
            named=dict(_named_weights(layer, operations, used)),
        )
        super().build(input_shape)

    def _trained_places(self, operations: Sequence[Any], used: Sequence[int]) -> list[int]:
        """Places of the layers that are trained; all others are told that they are not."""
        start = self._description.trainable_from
        # The input is there before anything that could be trained.
        trained = [place for place in used if start is not None and place >= max(start, 1)]
        for place in set(used) - set(trained):
            if isinstance(operations[place], keras.Layer):
                operations[place].trainable = False
        return trained

    @property
    def weights(self) -> list[Any]:
        """All weights, in the order of the table."""
        return list(self._parts.named.values()) if self.built else []

    def call(self, inputs: Any, training: bool = False) -> Any:
        """inputs: (batch, height, width, 3) in the declared range → (batch, *output shape)."""
        return self.trained_output(self.frozen_outputs(inputs), training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *self._description.output_shape(tuple(input_shape[1:])))

    def prepared(self, inputs: Any) -> Any:
        """Pixels in the declared range → as the network has learned to expect them."""
        preprocessed = self._preprocessed
        values = tf.reverse(inputs, [-1]) if preprocessed.reversed else inputs
        return values * tf.constant(preprocessed.scale, tf.float32) + tf.constant(preprocessed.offset, tf.float32)

    def frozen_outputs(self, inputs: Any) -> list[Any]:
        """What the trained part receives, as at inference; where all is trained, the prepared picture."""
        prepared = self.prepared(inputs)
        if self._parts.frozen is None:
            return [prepared]
        given = self._parts.frozen(prepared, training=False)
        return list(given) if isinstance(given, list | tuple) else [given]

    def trained_output(self, frozen: Sequence[Any], *, training: bool) -> Any:
        """The output of the block, from what the frozen part gave."""
        if self._parts.trained is None:
            return frozen[0]
        return self._parts.trained(list(frozen) if len(frozen) > 1 else frozen[0], training=training)

    def inner_outputs(self, inputs: Any, names: Sequence[str]) -> list[Any]:
        """What inner layers give, as at inference. "": the block itself. Raises EngineError for an unknown name."""
        return keras.tree.flatten(self.opened(names)(self.prepared(inputs), training=False))

    def opened(self, names: Sequence[str]) -> Any:
        """A keras.Model from the prepared picture to what inner layers give. Raises EngineError for an unknown name."""
        for name in names:
            self.expect_inner(name)
        return keras.Model(self._parts.picture, [self._parts.tensors[name] for name in names])

    def expect_inner(self, name: str) -> None:
        """Raises EngineError where there is no such inner layer, or its output is not needed for that of the block."""
        if name not in self._parts.tensors:
            raise EngineError(f"{self.name} has no inner layer {name} that is used.")


def _application(layer: Pretrained, shape: Shape) -> Any:
    """The whole network as Keras builds it, with random weights."""
    build = getattr(keras.applications, layer.type)
    return build(include_top=layer.include_top, weights=None, input_shape=shape)


def stored_paths(operations: Sequence[Any]) -> list[str]:
    """Where Keras 3 keeps the weights of each layer that has any in a file, in order: by its class, counted."""
    return [f"layers/{path}" for path, layer in _counted(operations) for path in _inner_paths(path, layer)]


def _inner_paths(path: str, layer: Any) -> list[str]:
    if isinstance(layer, keras.Sequential):
        return [f"{path}/layers/{inner}" for inner, leaf in _counted(layer.layers) if leaf.weights]
    return [path] if layer.weights else []


def _counted(operations: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """conv2d, conv2d_1, … for the layers among the operations."""
    used: dict[str, int] = {}
    for operation in operations:
        if isinstance(operation, keras.Layer):
            words = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", type(operation).__name__)
            name = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
            number = used.get(name, 0)
            used[name] = number + 1
            yield (f"{name}_{number}" if number else name), operation


def _leaves(operation: Any) -> Iterator[Any]:
    """The layers inside an operation: itself, or those of a Sequential."""
    yield from operation.layers if isinstance(operation, keras.Sequential) else (operation,)


def _named_weights(layer: Pretrained, operations: Sequence[Any], used: Sequence[int]) -> Iterator[tuple[str, Any]]:
    """("block5_conv1/kernel", variable) of all weights of the layers that are used."""
    table = layer.table
    inputs = {place: operations[place].output.shape[1:] for place in used}
    for place in used:
        inner = table.layers[place]
        if place == 0 or not inner.is_layer:
            continue
        declared = inner.shape(*(tuple(inputs[source]) for source in inner.sources)).weights
        for spec, variable in zip(declared, _variables(operations[place], declared), strict=True):
            yield f"{inner.name}/{spec.name}", variable


def _variables(operation: Any, declared: Sequence[InnerWeight]) -> list[Any]:
    """The weights of an inner layer, which are those that the table declares, in the same order."""
    found = [variable for leaf in _leaves(operation) for variable in leaf.weights]
    if [tuple(variable.shape) for variable in found] != [weight.shape for weight in declared]:
        raise EngineError(
            f"This version of Keras ({keras.__version__}) builds {operation.name} in another way than the one that "
            f"nnplayground knows; install the version that it asks for."
        )
    return found


_INITIALIZERS = (
    ("kernel", "kernel_initializer"),
    ("kernel", "depthwise_initializer"),
    ("depthwise_kernel", "depthwise_initializer"),
    ("pointwise_kernel", "pointwise_initializer"),
)


def _randomize(operations: Sequence[Any], inner: Sequence[Any], seed: int) -> None:
    """Keras' own initial weights again, but from a seed of their own, as keras.applications takes none."""
    for place, operation in enumerate(operations):
        for number, leaf in enumerate(_leaves(operation)):
            name = f"{inner[place].name}/{number}"
            for weight, initializer in _INITIALIZERS:
                drawn = getattr(leaf, initializer, None)
                variable = getattr(leaf, weight, None)
                if drawn is not None and variable is not None:
                    own = {**drawn.get_config(), "seed": derived_seed(seed, name, weight)}
                    variable.assign(type(drawn).from_config(own)(variable.shape))
            generator = getattr(leaf, "seed_generator", None)
            if generator is not None:
                generator.state.assign([derived_seed(seed, name, "dropout"), 0])


def _load_weights(layer: Pretrained, operations: Sequence[Any], shape: Shape) -> None:
    """Set the weights of the whole network from its file, if it has one. Raises EngineError."""
    try:
        path = weight_files.needed(layer, shape)
        if path is None:
            return
        weight_files.check_hash(path, layer.weights_file(shape))
        learning = [
            (inner.name, [variable for leaf in _leaves(operation) for variable in leaf.weights])
            for inner, operation in zip(layer.table.layers, operations, strict=True)
            if isinstance(operation, keras.Layer) and operation.weights
        ]
        what = f"{layer.type} {'with' if layer.include_top else 'without'} its top"
        read_weights(path, learning, stored_paths(operations), what=what)
    except WeightsProblem as problem:
        raise EngineError(str(problem)) from None
