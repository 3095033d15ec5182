"""The frozen part of a model by itself, and the network behind it, which shares its layers with the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from nnplayground.engine.keras.network import Network, build_behind
from nnplayground.engine.keras.runtime import keras
from nnplayground.engine.keras.splits import Kind, Split, prepared
from nnplayground.engine.keras.steps import concrete, split_specs
from nnplayground.layers import Shape
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.frozen import FrozenPart
from nnplayground.spec.model import Model

AT_ONCE = 64
"""Samples: a large network is quickest with about so many."""


class FrozenBase:
    """The frozen part. Where the trained part takes something else than features, it takes it from the samples."""

    def __init__(self, model: Model, network: Network, part: FrozenPart) -> None:
        self._network = network
        self._opened = {
            block_id: tuple(f"{block_id}.{place}" for place, _ in enumerate(network.layers[block_id].frozen_shapes))
            for block_id in part.opened
        }
        whole = set(part.whole)
        self._behind = [each for each in model.order if each not in whole]
        asked = (source for each in self._behind if each not in self._opened for source in model.sources(each))
        self._cut = list(dict.fromkeys(each for each in asked if each in whole))
        self._model = model
        self._parts = part
        self._traces: dict[Kind, Callable[..., Any]] = {}
        self.shapes: dict[str, Shape] = {
            **{each: network.shapes[each] for each in self._cut if each not in network.inputs},
            **{
                name: shape
                for block_id, names in self._opened.items()
                for name, shape in zip(names, network.layers[block_id].frozen_shapes, strict=True)
            },
        }

    def network_behind(self) -> Network:
        """What is trained. Its inputs are the features, and the Inputs that go past the frozen part."""
        past = {each: self._network.shapes[each] for each in self._cut if each in self._network.inputs}
        return build_behind(
            self._model, self._network, self._behind, given={**past, **self.shapes}, opened=self._opened
        )

    def weights(self) -> dict[str, Any]:
        """The variables that features depend on, by name; those of an opened block only as far as they are frozen."""
        trained = {id(weight) for weight in self._network.model.trainable_weights}
        return {
            f"{block_id}/{name}": variable
            for block_id in (*self._parts.whole, *self._parts.opened)
            for name, variable in self._network.weights.get(block_id, {}).items()
            if block_id in self._parts.whole or not self._follows(block_id, name, variable, trained)
        }

    def _follows(self, block_id: str, name: str, variable: Any, trained: set[int]) -> bool:
        """Whether training changes a weight of an opened block, also one that only follows, such as a moving mean."""
        if id(variable) in trained:
            return True
        layer_name = name.rpartition("/")[0]
        inner = self._network.weights[block_id]
        return any(id(each) in trained for other, each in inner.items() if other.rpartition("/")[0] == layer_name)

    def samples(self, samples: Samples, features: Arrays) -> Samples:
        """Samples as the network behind reads them."""
        past = [each for each in self._cut if each in self._network.inputs]
        return msgspec.structs.replace(
            samples,
            inputs={**{name: samples.inputs[name] for name in past}, **features},
            preparation={name: samples.preparation[name] for name in past if name in samples.preparation},
        )

    def compute(self, split: Split, rows: slice) -> Mapping[str, Array]:
        """Features of some samples, (m, *shape) float32 each."""
        trace = self._traces.get(split.kind)
        if trace is None:
            trace = self._traces[split.kind] = self._trace(split.kind)
        stored = tuple(each[rows] for each in split.inputs) if split.resident else split.gathered(rows)
        return {name: tensor.numpy() for name, tensor in zip(self.shapes, trace(stored), strict=True)}

    def _trace(self, kind: Kind) -> Callable[..., Any]:
        network = self._network
        places = [network.after[each] for each in self._cut if each not in network.inputs]
        received = {block_id: network.received[block_id][0] for block_id in self._opened}
        # Only as far as it is frozen: what lies behind is not computed.
        wanted = [*places, *received.values()]
        model = network.part(wanted)

        def features(inputs: tuple[Any, ...]) -> list[Any]:
            batch = [prepared(stored, each) for stored, each in zip(inputs, kind.preparations, strict=True)]
            tensors = keras.tree.flatten(model(batch, training=False))
            found = tensors[: len(places)]
            for block_id, picture in zip(received, tensors[len(places) :], strict=True):
                found.extend(network.layers[block_id].frozen_outputs(picture))
            return found

        return concrete(features, [split_specs(network, kind)[0]])
