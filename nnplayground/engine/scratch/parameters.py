"""The numbers of a model: its weights and their gradients, and those that may be changed while training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from nnplayground.engine.base import EngineError, Weights
from nnplayground.engine.scratch.graph import Graph
from nnplayground.layers import WeightSpec
from nnplayground.layers.base import derived_seed, shape_text
from nnplayground.layers.initializers import initial_values
from nnplayground.samples import Array

Number = type[np.floating]


class Parameters:
    """All weights, those that are learned in one vector and their gradients in another.

    An optimizer sees the whole vectors; layers see views of them: `weights[layer id][name]` and
    `gradients[layer id][name]`, in Keras' shapes. moving: the weights that are not learned but follow the batches, such
    as a moving mean, also in one vector; moved: where these are to move, by `following[layer id][name]`.
    """

    def __init__(self, graph: Graph, *, seed: int, dtype: Number) -> None:
        specs = {place.id: place.layer.weights(*place.inputs) for place in graph.places}
        learned, unlearned = (
            {
                layer_id: tuple(spec for spec in named if spec.trainable == trainable)
                for layer_id, named in specs.items()
            }
            for trainable in (True, False)
        )
        self.vector, self.gradient = np.zeros(_size(learned), dtype), np.zeros(_size(learned), dtype)
        self.moving, self.moved = np.zeros(_size(unlearned), dtype), np.zeros(_size(unlearned), dtype)
        self.gradients = _views(self.gradient, learned)
        self.following = _views(self.moved, unlearned)
        learned_weights, unlearned_weights = _views(self.vector, learned), _views(self.moving, unlearned)
        self.weights: dict[str, dict[str, Array]] = {}
        for layer_id, layer_specs in specs.items():
            views = learned_weights[layer_id] | unlearned_weights[layer_id]
            self.weights[layer_id] = {spec.name: views[spec.name] for spec in layer_specs}
            for spec in layer_specs:
                generator = np.random.default_rng(derived_seed(seed, layer_id, spec.name))
                views[spec.name][...] = initial_values(spec.initializer, spec.shape, generator)

    def copies(self) -> dict[str, Array]:
        return {f"{layer_id}/{name}": view.copy() for layer_id, name, view in each(self.weights)}

    def assign(self, values: Weights) -> None:
        """Set the named weights. Raises EngineError, before anything changes, where one does not fit."""
        views = {f"{layer_id}/{name}": view for layer_id, name, view in each(self.weights)}
        for name, value in values.items():
            if name not in views:
                raise EngineError(f"The model has no weight {name}.")
            if views[name].shape != value.shape:
                raise EngineError(
                    f"The weight {name} has the shape {shape_text(views[name].shape)}, "
                    f"but {shape_text(value.shape)} was given."
                )
        for name, value in values.items():
            views[name][...] = value


def each(tensors: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    """(layer id, name, value) of all weights."""
    return [(layer_id, name, value) for layer_id, named in tensors.items() for name, value in named.items()]


def _size(specs: Mapping[str, tuple[WeightSpec, ...]]) -> int:
    return sum(spec.size for layer_specs in specs.values() for spec in layer_specs)


def _views(vector: Array, specs: Mapping[str, tuple[WeightSpec, ...]]) -> dict[str, dict[str, Array]]:
    views: dict[str, dict[str, Array]] = {}
    start = 0
    for layer_id, layer_specs in specs.items():
        views[layer_id] = {}
        for spec in layer_specs:
            views[layer_id][spec.name] = vector[start : start + spec.size].reshape(spec.shape)
            start += spec.size
    return views


class LiveNumbers:
    """Numbers that may change while training runs, by path. A program reads them from arrays without axes."""

    def __init__(self, dtype: Number) -> None:
        self._dtype = dtype
        self._arrays: dict[str, Array] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._arrays

    def __getitem__(self, path: str) -> Array:
        return self._arrays[path]

    def add(self, prefix: str, settings: msgspec.Struct) -> None:
        """Every number of a struct, under `prefix` and its name."""
        for name, value in msgspec.structs.asdict(settings).items():
            if isinstance(value, float | int) and not isinstance(value, bool):
                self._arrays[f"{prefix}.{name}"] = np.array(value, self._dtype)

    def values(self, *prefixes: str) -> dict[str, float]:
        """The numbers under these prefixes, by path."""
        return {path: float(array) for path, array in self._arrays.items() if path.rpartition(".")[0] in prefixes}

    def under(self, prefix: str, read: Callable[[Array], Any]) -> Callable[[str], Any]:
        """name → the number at `prefix.name`, as `read` hands it out."""
        return lambda name: read(self._arrays[f"{prefix}.{name}"])
