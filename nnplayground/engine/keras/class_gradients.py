"""How the values of a layer move the prediction; also of a layer inside a Pretrained block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.inside import MOST_TRACES, Insides, is_inner
from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.engine.keras.steps import concrete
from nnplayground.samples import Array


class ClassGradients:
    """See `nnplayground.engine.heat`. What TensorFlow makes of it is kept for the layers that were asked for last."""

    def __init__(self, network: Network, insides: Insides, *, classes: bool) -> None:
        """classes: whether the output tells classes; else the gradients are those of the predicted number itself."""
        self._network = network
        self._insides = insides
        self._classes = classes
        self._traces: dict[str, Callable[..., Any]] = {}

    def find(self, inputs: tuple[Any, ...], layer_id: str) -> tuple[Array, Array]:
        """(values, gradients). Raises EngineError for a layer that the model does not have."""
        block_id, _, inner = layer_id.partition("/")
        if is_inner(layer_id):
            self._insides.block(layer_id)
        elif layer_id not in self._network.after:
            raise EngineError(f"The model that is being run has no layer {layer_id}.")
        values, gradients, received = self._trace(block_id, lambda: self._outer(block_id))(inputs)
        if is_inner(layer_id):
            # The chain rule: back to the output of the block, and from there on to the layer inside.
            values, gradients = self._trace(layer_id, lambda: self._inner(block_id, inner))(received[0], gradients)
        return values.numpy(), gradients.numpy()

    def _trace(self, key: str, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        if key not in self._traces:
            while len(self._traces) >= MOST_TRACES:
                del self._traces[next(iter(self._traces))]
            self._traces[key] = make()
        return self._traces[key]

    def _outer(self, block_id: str) -> Callable[..., Any]:
        """(inputs) → (values of a block, gradients, what comes to it)."""
        network = self._network

        def told(inputs: tuple[Any, ...]) -> tuple[Any, Any, list[Any]]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(inputs)
                tensors = network.forward(inputs, training=False)
                values = tensors[network.after[block_id]]
                decisive = self._decisive(tensors[network.before[network.output]])
            gradients = tape.gradient(decisive, values, unconnected_gradients="zero")
            return values, gradients, [tensors[place] for place in network.received[block_id]]

        specs = tuple(tf.TensorSpec((None, *network.shapes[name]), tf.float32) for name in network.inputs)
        return concrete(told, [specs])

    def _inner(self, block_id: str, name: str) -> Callable[..., Any]:
        """(pictures, gradients by the output of the block) → (values of an inner layer, gradients)."""
        layer = self._network.layers[block_id]
        model = layer.opened([name, ""])

        def told(pictures: Any, upstream: Any) -> tuple[Any, Any]:
            prepared = layer.prepared(pictures)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(prepared)
                values, output = keras.tree.flatten(model(prepared, training=False))
            return values, tape.gradient(output, values, output_gradients=upstream, unconnected_gradients="zero")

        shape = self._network.shapes[block_id]
        picture = self._network.model.outputs[self._network.received[block_id][0]].shape[1:]
        return concrete(told, [tf.TensorSpec((None, *each), tf.float32) for each in (picture, shape)])

    def _decisive(self, z: Any) -> Any:
        """Of each sample: the value that decides for what is predicted. z: (batch, k), ahead of the activation."""
        if not self._classes:
            return z
        return tf.where(z >= 0, z, -z) if z.shape[-1] == 1 else tf.reduce_max(z, axis=-1)
