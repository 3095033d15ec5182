"""Layers that make sequences, or treat each step of one by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
import numpy as np
from msgspec import Meta

from nnplayground.layers import initializers, regularizers
from nnplayground.layers.activations import ActivationField
from nnplayground.layers.base import (
    Layer,
    Shape,
    ShapeError,
    WeightSpec,
    counted,
    expect_sequence,
    parts,
    shape_text,
    shown_regularizer,
)
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.convolution_1d import Conv1D
from nnplayground.layers.core import Activation, Dense, Flatten
from nnplayground.layers.initializers import Initializer, RandomUniform
from nnplayground.layers.maths import Array, Gradients, Maths, Pass, computed
from nnplayground.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from nnplayground.layers.pooling_1d import GlobalAveragePooling1D, GlobalMaxPooling1D
from nnplayground.layers.regularization import LayerNormalization
from nnplayground.layers.regularizers import Regularizer


class Embedding(Layer, frozen=True):
    """For each whole number of the input, the row of a learned table."""

    family: ClassVar[str] = "sequence"
    about: ClassVar[str] = (
        "Turns each token, a whole number, into a learned vector: tokens that are used alike end up close together."
    )
    essential: ClassVar[tuple[str, ...]] = ("input_dim", "output_dim", "mask_zero")

    input_dim: Annotated[
        int,
        Meta(
            title="Input dimension",
            description="How many different tokens there are: the size of the vocabulary, with padding.",
            ge=1,
            le=1_000_000,
        ),
    ] = 1000
    output_dim: Annotated[
        int, Meta(title="Output dimension", description="Length of the vector of each token.", ge=1, le=65536)
    ] = 32
    mask_zero: Annotated[
        bool,
        Meta(
            title="Mask zero",
            description="Token 0 is padding: the layers behind pass over it, as far as they know how to.",
        ),
    ] = False
    embeddings_initializer: Annotated[
        Initializer, Meta(title="Embeddings initializer", description="How the vectors start, before any training.")
    ] = RandomUniform()
    embeddings_regularizer: Annotated[
        Regularizer | None, Meta(title="Embeddings regularizer", description="A penalty on large vectors.")
    ] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = inputs[0]
        if len(shape) != 1:
            raise ShapeError(
                f"Embedding needs a row of tokens, but receives {shape_text(shape)}; connect it to the Input of a text."
            )
        return (*shape, self.output_dim)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        shape = (self.input_dim, self.output_dim)
        return (WeightSpec("embeddings", shape, self.embeddings_initializer, self.embeddings_regularizer),)

    def caption(self) -> str:
        return parts(
            f"{self.input_dim:,} → {self.output_dim:,}",
            "masks 0" if self.mask_zero else None,
            shown_regularizer(self.embeddings_regularizer),
        )

    def explain(self, *inputs: Shape) -> str:
        return f"{self.parameter_count(*inputs):,} parameters = {self.input_dim:,} · {self.output_dim:,}"

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        return (inputs[0] != 0).astype(inputs[0].dtype) if self.mask_zero else None

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = E[x], the rows of the table E that x names. dE[k] = Σ dZ over all places where x is k; x has no gradient.

        A number beyond the table takes its last row.
        """
        (x,) = inputs
        table = weights["embeddings"]
        (z,) = computed(_looked_up, [(*x.shape, self.output_dim)], x, table)

        def backward(dz: Array) -> Gradients:
            (d_table,) = computed(_summed_by_token, [table.shape], x, dz)
            return Gradients((), {"embeddings": d_table})

        return Maths(z, backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Embedding(
            self.input_dim,
            self.output_dim,
            mask_zero=self.mask_zero,
            embeddings_initializer=initializers.to_keras(keras, self.embeddings_initializer, seed=seed),
            embeddings_regularizer=regularizers.to_keras(keras, self.embeddings_regularizer),
            name=name,
        )


def _looked_up(x: Array, table: Array, *, out: tuple[Array, ...]) -> None:
    np.take(table, x.astype(np.intp), axis=0, out=out[0], mode="clip")


def _summed_by_token(x: Array, dz: Array, *, out: tuple[Array, ...]) -> None:
    """Sorted by token, those of one token lie together and are summed as a block."""
    (d_table,) = out
    tokens = np.clip(x.astype(np.intp).reshape(-1), 0, len(d_table) - 1)
    order = np.argsort(tokens, kind="stable")
    tokens = tokens[order]
    starts = np.flatnonzero(np.concatenate([[True], tokens[1:] != tokens[:-1]]))
    d_table[...] = 0
    d_table[tokens[starts]] = np.add.reduceat(dz.reshape(len(order), -1)[order], starts, axis=0)


class Masking(Layer, frozen=True):
    """Steps whose values are all `mask_value` do not count for the layers behind."""

    family: ClassVar[str] = "sequence"
    about: ClassVar[str] = (
        "Marks the steps whose values are all the same given number as padding, which recurrent layers then pass over."
    )
    essential: ClassVar[tuple[str, ...]] = ("mask_value",)

    mask_value: Annotated[
        float,
        Meta(title="Mask value", description="A step with nothing but this value does not count.", ge=-1e6, le=1e6),
    ] = 0.0

    def output_shape(self, *inputs: Shape) -> Shape:
        expect_sequence(self.type, inputs)
        return inputs[0]

    def caption(self) -> str:
        return f"steps of {self.mask_value:g}"

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        (x,) = inputs
        return (x != self.mask_value).astype(x.dtype).max(axis=-1)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X where the step counts, else 0; so dX = dZ there, and else 0."""
        mask = self.mask(inputs, ())
        assert mask is not None
        counts = mask[:, :, np.newaxis]
        return Maths(inputs[0] * counts, lambda dz: Gradients((dz * counts,)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Masking(self.mask_value, name=name)


class RepeatVector(Layer, frozen=True):
    """The same row of values at every step."""

    family: ClassVar[str] = "sequence"
    about: ClassVar[str] = "Makes a sequence of a single vector by repeating it; a decoder then reads it at every step."
    essential: ClassVar[tuple[str, ...]] = ("n",)

    n: Annotated[int, Meta(title="Number", description="How many steps the sequence gets.", ge=1, le=65536)] = 8

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(inputs[0]) != 1:
            raise ShapeError(
                f"RepeatVector needs one row of values, but receives {shape_text(inputs[0])}; turn off return "
                f"sequences of the layer before it, or put Flatten between."
            )
        return self.n, *inputs[0]

    def caption(self) -> str:
        return counted(self.n, "time")

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Zₜ = X at every step t; dX = Σ dZₜ."""
        (x,) = inputs
        z = np.broadcast_to(x.reshape(len(x), 1, x.shape[1]), (len(x), self.n, x.shape[1]))
        return Maths(z, lambda dz: Gradients((dz.sum(axis=1),)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.RepeatVector(self.n, name=name)


AtEachStep = (
    Dense
    | Activation
    | Flatten
    | LayerNormalization
    | Conv1D
    | GlobalMaxPooling1D
    | GlobalAveragePooling1D
    | Conv2D
    | MaxPooling2D
    | AveragePooling2D
    | GlobalMaxPooling2D
    | GlobalAveragePooling2D
)


class TimeDistributed(Layer, frozen=True):
    """One layer, with the same weights, for every step of a sequence by itself."""

    family: ClassVar[str] = "sequence"
    about: ClassVar[str] = (
        "Applies one layer to every step of a sequence by itself, with the same weights: a Dense to each token, or a "
        "Conv2D to each picture of a film."
    )
    essential: ClassVar[tuple[str, ...]] = ("layer",)
    keeps_mask: ClassVar[bool] = True

    layer: Annotated[AtEachStep, Meta(title="Layer", description="The layer that every step goes through.")] = Dense()

    @property
    def outer_activation(self) -> ActivationField:
        return self.layer.outer_activation

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = inputs[0]
        if len(shape) < 2:
            raise ShapeError(
                f"TimeDistributed needs a sequence (steps × values), but receives {shape_text(shape)}; use "
                f"{self.layer.type} without it."
            )
        try:
            return shape[0], *self.layer.output_shape(shape[1:])
        except ShapeError as problem:
            raise ShapeError(f"{self.type} gives each step to {self.layer.type}. {problem}") from None

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        return self.layer.weights(inputs[0][1:])

    def regularizer_name(self, weight: str) -> str:
        return f"layer.{self.layer.regularizer_name(weight)}"

    def bare(self) -> TimeDistributed:
        return msgspec.structs.replace(self, layer=self.layer.bare())

    def caption(self) -> str:
        return parts(self.layer.type, self.layer.caption())

    def explain(self, *inputs: Shape) -> str:
        return self.layer.explain(inputs[0][1:])

    def working_values(self, *inputs: Shape) -> int:
        return inputs[0][0] * self.layer.working_values(inputs[0][1:])

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """To the layer inside, each step of each sample is a sample."""
        (x,) = inputs
        samples, steps = x.shape[:2]
        inner = self.layer.maths((x.reshape(samples * steps, *x.shape[2:]),), weights, now._replace(masks=()))
        assert inner is not None

        def backward(dz: Array) -> Gradients:
            flow = inner.backward(dz.reshape(samples * steps, *dz.shape[2:]))
            return Gradients((flow.inputs[0].reshape(x.shape),), flow.weights)

        return Maths(inner.before.reshape(samples, steps, *inner.before.shape[1:]), backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.TimeDistributed(self.layer.to_keras(keras, name=f"{name}_layer", seed=seed), name=name)
