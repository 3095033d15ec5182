"""Samples as the traced steps read them: kept by TensorFlow where they fit, else handed over piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.runtime import tf
from nnplayground.layers.base import Shape, shape_text
from nnplayground.samples import Array, Preparation, Samples

RESIDENT_BYTES = 1 << 30
"""Splits up to this size are copied to where TensorFlow computes, as stored; larger ones stay where they are."""
PIECE_BYTES = 64 << 20
"""How much of a larger split is gathered at a time."""


@dataclass(frozen=True)
class Kind:
    """What a traced step depends on: number types, targets, preparation, and whether samples are weighted."""

    dtypes: tuple[str, ...]
    preparations: tuple[Preparation, ...]
    target_shape: Shape
    """Of one sample: () for a class."""
    target_dtype: str
    weighted: bool


@dataclass(frozen=True)
class Split:
    """One split. inputs: a tensor or, where it stays outside, an array, in the order of the model's Inputs."""

    samples: Samples
    kind: Kind
    inputs: tuple[Any, ...]
    labels: Any
    weights: Any
    resident: bool
    sample_bytes: int

    def __len__(self) -> int:
        return len(self.samples)

    def gathered(self, rows: Array | slice) -> tuple[Any, ...]:
        """The chosen rows of every input that stays outside, as tensors."""
        return tuple(
            tf.constant(_stored(stored[rows], dtype))
            for stored, dtype in zip(self.inputs, self.kind.dtypes, strict=True)
        )

    def pieces(self, batches: Sequence[Array]) -> list[Sequence[Array]]:
        """The batches in groups that may be gathered at once: one group where the split is kept by TensorFlow."""
        if self.resident:
            return [batches]
        groups: list[list[Array]] = []
        filled = PIECE_BYTES
        for batch in batches:
            size = len(batch) * self.sample_bytes
            if filled + size > PIECE_BYTES:
                groups.append([])
                filled = 0
            groups[-1].append(batch)
            filled += size
        return list(groups)


def make_split(samples: Samples, network: Network, weights: Array | None, *, resident: bool = True) -> Split:
    """Check samples against the model and make them available. Raises EngineError where they do not fit.

    weights: (n,) how much each sample counts, or None. resident: copied to where TensorFlow computes, if small enough.
    """
    stored = [_checked(samples.inputs, name, network) for name in network.inputs]
    labels = samples.targets[network.output]
    _check_targets(labels, network)
    dtypes = tuple("uint8" if array.dtype == np.uint8 else "float32" for array in stored)
    resident = resident and sum(array.nbytes for array in stored) <= RESIDENT_BYTES
    if resident:
        inputs = tuple(tf.constant(_stored(array, dtype)) for array, dtype in zip(stored, dtypes, strict=True))
    else:
        inputs = tuple(stored)
    return Split(
        samples=samples,
        kind=Kind(
            dtypes=dtypes,
            preparations=tuple(samples.preparation.get(name, Preparation()) for name in network.inputs),
            target_shape=labels.shape[1:],
            target_dtype=_target_dtype(labels),
            weighted=weights is not None,
        ),
        inputs=inputs,
        labels=tf.constant(np.ascontiguousarray(labels, _target_dtype(labels))),
        weights=tf.constant(np.zeros(0, np.float32) if weights is None else weights),
        resident=resident,
        sample_bytes=sum(array.nbytes for array in stored) // max(len(samples), 1),
    )


def prepared(stored: Any, preparation: Preparation) -> Any:
    """stored: (batch, …) of any number type → float32 as the model gets it; Samples.prepared in the graph."""
    values = tf.cast(stored, tf.float32)
    if any(number != 1 for number in preparation.scale):
        values *= tf.constant(preparation.scale, tf.float32)
    if any(preparation.offset):
        values += tf.constant(preparation.offset, tf.float32)
    return values


def _target_dtype(labels: Array) -> str:
    """Classes and tokens are whole numbers, all else is not."""
    return "int32" if labels.ndim == 1 or np.issubdtype(labels.dtype, np.integer) else "float32"


def _check_targets(labels: Array, network: Network) -> None:
    output = network.shapes[network.output]
    if _target_dtype(labels) == "float32" and labels.shape[1:] != output:
        raise EngineError(
            f"The output layer {network.output} has {shape_text(output)} values, but each target has "
            f"{labels.shape[1]:,}; give it {labels.shape[1]:,} units."
        )
    if labels.ndim > 1 and _target_dtype(labels) == "int32" and labels.shape[1:] != output[:1]:
        raise EngineError(
            f"The output layer {network.output} tells something at {output[0]:,} places, but each target has "
            f"{labels.shape[1]:,}."
        )


def _stored(array: Array, dtype: str) -> Array:
    return np.ascontiguousarray(array, dtype=dtype)


def _checked(inputs: Mapping[str, Array], name: str, network: Network) -> Array:
    if name not in inputs:
        raise EngineError(f"The data has nothing for the Input {name}.")
    array = inputs[name]
    if array.shape[1:] != network.shapes[name]:
        raise EngineError(
            f"The Input {name} expects samples of {shape_text(network.shapes[name])}, "
            f"but the data has {shape_text(array.shape[1:])}."
        )
    return array
