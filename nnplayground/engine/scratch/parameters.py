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
    """All weights in one vector, their gradients in another.

    An optimizer sees the whole vectors; layers see views of them: `weights[layer id][name]` and
    `gradients[layer id][name]`, in Keras' shapes.
    """

    def __init__(self, graph: Graph, *, seed: int, dtype: Number) -> None:
        specs = {place.id: place.layer.weights(*place.inputs) for place in graph.places}
        size = sum(spec.size for layer_specs in specs.values() for spec in layer_specs)
        self.vector = np.zeros(size, dtype)
        self.gradient = np.zeros(size, dtype)
        self.weights = _views(self.vector, specs)
        self.gradients = _views(self.gradient, specs)
        for layer_id, layer_specs in specs.items():
            for spec in layer_specs:
                generator = np.random.default_rng(derived_seed(seed, layer_id, spec.name))
                self.weights[layer_id][spec.name][...] = initial_values(spec.initializer, spec.shape, generator)

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

    def under(self, prefix: str, read: Callable[[Array], Any]) -> Callable[[str], Any]:
        """name → the number at `prefix.name`, as `read` hands it out."""
        return lambda name: read(self._arrays[f"{prefix}.{name}"])
