"""What the layers inside Pretrained blocks give, addressed as "vgg16_1/block5_conv1"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.pretrained import PretrainedLayer
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.engine.keras.steps import concrete
from nnplayground.samples import Array

MOST_TRACES = 8
"""So many choices of inner layers are kept ready."""


def is_inner(layer_id: str) -> bool:
    """Whether an id names a layer inside a block."""
    return "/" in layer_id


class Insides:
    """Computes what inner layers give. What is looked at is traced when it is first asked for."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._traces: dict[tuple[str, tuple[str, ...]], Callable[..., Any]] = {}

    def block(self, layer_id: str) -> str:
        """The id of the block around an inner layer. Raises EngineError where there is none such in the model."""
        block_id, _, inner = layer_id.partition("/")
        layer = self._network.layers.get(block_id)
        if not isinstance(layer, PretrainedLayer):
            raise EngineError(f"The model that is being run has no layer {layer_id}.")
        layer.expect_inner(inner)
        return block_id

    def activations(self, received: Mapping[str, Array], layer_ids: Sequence[str], chunk: int) -> dict[str, Array]:
        """By id of the inner layers, (n, *shape) each. received: what comes to each block; chunk: samples at a time."""
        found: dict[str, Array] = {}
        for block_id, pictures in received.items():
            names = tuple(name for each, _, name in (one.partition("/") for one in layer_ids) if each == block_id)
            trace = self._trace(block_id, names, pictures.shape[1:])
            told = [
                [tensor.numpy() for tensor in trace(tf.constant(pictures[start : start + chunk]))]
                for start in range(0, max(len(pictures), 1), chunk)
            ]
            for name, pieces in zip(names, zip(*told, strict=True), strict=True):
                found[f"{block_id}/{name}"] = np.concatenate(pieces)
        return found

    def _trace(self, block_id: str, names: tuple[str, ...], shape: tuple[int, ...]) -> Callable[..., Any]:
        key = (block_id, names)
        if key not in self._traces:
            while len(self._traces) >= MOST_TRACES:
                del self._traces[next(iter(self._traces))]
            layer = self._network.layers[block_id]
            model = layer.opened(names)
            self._traces[key] = concrete(
                lambda pictures: keras.tree.flatten(model(layer.prepared(pictures), training=False)),
                [tf.TensorSpec((None, *shape), tf.float32)],
            )
        return self._traces[key]
