"""The samples of a split in the form that the formulas take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nnplayground.engine.base import EngineError, IndexArray
from nnplayground.engine.scratch.graph import Graph
from nnplayground.engine.scratch.ones import beside_ones
from nnplayground.layers.base import Shape, shape_text
from nnplayground.layers.core import Input
from nnplayground.samples import Array, Preparation, Samples

RESIDENT_BYTES = 1 << 29
"""Prepared inputs up to this size are kept in memory; of larger splits, each batch is prepared when its turn comes."""


@dataclass(frozen=True)
class Split:
    """inputs: by Input id, prepared, where they are kept; targets: (n, k), or (n, T) int32 tokens, see `tokens`;
    weights: (n, 1) or None.

    from_minus_one: the two classes are −1 and 1 in `targets`.
    """

    samples: Samples
    dtype: type[np.floating]
    inputs: Mapping[str, Array] | None
    targets: Array
    weights: Array | None
    from_minus_one: bool
    tokens: bool

    def __len__(self) -> int:
        return len(self.samples)

    @cached_property
    def everything(self) -> Array:
        """(n,) the indices of all samples, as they lie."""
        return np.arange(len(self))

    def lies_ready(self, batch: IndexArray) -> bool:
        """Whether a batch holds every sample once, as they lie in memory: then nothing needs to be gathered, and
        `everything` will do. Tokens become one-hot first.
        """
        if self.inputs is None or self.tokens:
            return False
        count = len(self)
        return len(batch) == count and bool((np.bincount(batch, minlength=count) == 1).all())

    def rows(self, name: str, index: slice | IndexArray) -> Array:
        """Input `name` of the chosen samples: (m, *shape)."""
        if self.inputs is not None:
            return self.inputs[name][index]
        return self.samples.prepared(name, index).astype(self.dtype, copy=False)


def room_for_inputs(rows: int, shape: Shape, dtype: type[np.floating]) -> Array:
    """(rows, *shape) of zeros; rows of values get a column of ones beside them."""
    if len(shape) == 1:
        return beside_ones(rows, shape[0], dtype, by_column=False)
    return np.zeros((rows, *shape), dtype)


def make_split(
    samples: Samples,
    graph: Graph,
    dtype: type[np.floating],
    *,
    weights: Array | None,
    from_minus_one: bool = False,
    resident_bytes: int = RESIDENT_BYTES,
) -> Split:
    """Raises EngineError where samples do not fit. weights: (n,) how much each counts in the loss, or None."""
    size = 0
    for place in graph.places:
        if not isinstance(place.layer, Input):
            continue
        if place.id not in samples.inputs:
            raise EngineError(f"The data has nothing for the Input {place.id}.")
        shape = samples.inputs[place.id].shape[1:]
        if shape != place.output:
            raise EngineError(
                f"The Input {place.id} expects samples of {shape_text(place.output)}, "
                f"but the data has {shape_text(shape)}."
            )
        size += samples.inputs[place.id].size * np.dtype(dtype).itemsize
    inputs = None
    if size <= resident_bytes:
        inputs = {name: _prepared(samples, name, dtype) for name in graph.input_ids}
    tokens = len(graph.last.output) > 1
    told = samples.targets[graph.output]
    targets = told if tokens else dense_targets(told, graph.last.output[-1], dtype)
    return Split(
        samples=samples,
        dtype=dtype,
        inputs=inputs,
        targets=2 * targets - 1 if from_minus_one else targets,
        from_minus_one=from_minus_one,
        weights=None if weights is None else weights.astype(dtype).reshape(-1, 1),
        tokens=tokens,
    )


def _prepared(samples: Samples, name: str, dtype: type[np.floating]) -> Array:
    stored = samples.inputs[name]
    if stored.ndim == 2:
        values = room_for_inputs(len(stored), stored.shape[1:], dtype)
        values[...] = samples.prepared(name, slice(None))
        return values
    if stored.dtype == dtype and samples.preparation.get(name, Preparation()) == Preparation():
        return np.ascontiguousarray(stored)
    return np.ascontiguousarray(samples.prepared(name, slice(None)), dtype)


def dense_targets(labels: Array, units: int, dtype: type[np.floating]) -> Array:
    """labels: (n,) class indices or (n, k) numbers → (n, k); one-hot where classes meet several output units."""
    if labels.ndim > 1 or units == 1:
        dense = labels.reshape(len(labels), -1).astype(dtype)
    elif labels.size and labels.max() >= units:
        raise EngineError(f"The output has {units} units, but the data has at least {labels.max() + 1} classes.")
    else:
        dense = np.zeros((len(labels), units), dtype)
        dense[np.arange(len(labels)), labels] = 1
    if dense.shape[1] != units:
        raise EngineError(f"The output has {units} units, but each target of the data has {dense.shape[1]} numbers.")
    return dense
