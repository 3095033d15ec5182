"""Layers in which every step looks at all others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from nnplayground.layers import initializers, regularizers
from nnplayground.layers.activations import activation
from nnplayground.layers.base import Layer, Shape, ShapeError, WeightSpec, counted, expect_sequence, parts, shape_text
from nnplayground.layers.initializers import Initializer
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import (
    BiasInitializer,
    BiasRegularizer,
    KernelInitializer,
    KernelRegularizer,
    UseBias,
)

Size = Annotated[int, Meta(ge=1, le=4096)]
_ROLES = ("query", "value", "key")


class MultiHeadAttention(Layer, frozen=True):
    """For each step of the query and each head: a mean of the values, weighted by softmax(q kᵀ / √key_dim)."""

    family: ClassVar[str] = "sequence"
    about: ClassVar[str] = (
        "Lets each step of its first input look at all steps of its second and take most from those that fit; with one "
        "input, the steps of a sequence look at each other."
    )
    essential: ClassVar[tuple[str, ...]] = ("num_heads", "key_dim", "dropout", "use_causal_mask")
    input_count: ClassVar[tuple[int, int | None]] = (1, 3)
    """The query, the values, and the keys, where these are not the values; alone, the query is all three."""
    keeps_mask: ClassVar[bool] = True

    num_heads: Annotated[
        int, Meta(title="Number of heads", description="How many different ways of looking there are.", ge=1, le=256)
    ] = 4
    key_dim: Annotated[
        Size,
        Meta(title="Key dimension", description="Length of the queries and keys that are compared, for each head."),
    ] = 32
    value_dim: Annotated[
        Size | None,
        Meta(title="Value dimension", description="Length of what each head takes; that of the keys, if not given."),
    ] = None
    dropout: Annotated[
        float,
        Meta(
            title="Dropout",
            description="The share of looks from step to step that are dropped at each update.",
            ge=0,
            le=0.99,
        ),
    ] = 0.0
    use_causal_mask: Annotated[
        bool, Meta(title="Use causal mask", description="No step sees a later one, as where the next token is learned.")
    ] = False
    use_bias: UseBias = True
    kernel_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    kernel_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    @property
    def draws(self) -> bool:
        return self.dropout > 0

    def _three(self, inputs: Sequence[Any]) -> tuple[Any, Any, Any]:
        """Query, values and keys."""
        query, value, key = (*inputs, inputs[-1], inputs[-1])[:3]
        return query, value, key

    def output_shape(self, *inputs: Shape) -> Shape:
        query, value, key = self._three(inputs)
        for shape in inputs:
            expect_sequence(self.type, (shape,))
        if value[0] != key[0]:
            raise ShapeError(
                f"MultiHeadAttention needs as many keys as values, but receives values of {shape_text(value)} and keys "
                f"of {shape_text(key)}."
            )
        return query

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        query, value, key = self._three(inputs)
        heads, deep = self.num_heads, self.value_dim or self.key_dim
        kernels = {
            "query": (query[-1], heads, self.key_dim),
            "key": (key[-1], heads, self.key_dim),
            "value": (value[-1], heads, deep),
            "attention_output": (heads, deep, query[-1]),
        }
        found: list[WeightSpec] = []
        for name, shape in kernels.items():
            found.append(WeightSpec(f"{name}_kernel", shape, self.kernel_initializer, self.kernel_regularizer))
            if self.use_bias:
                bias = shape[2:] if name == "attention_output" else shape[1:]
                found.append(WeightSpec(f"{name}_bias", bias, self.bias_initializer, self.bias_regularizer))
        return tuple(found)

    def regularizer_name(self, weight: str) -> str:
        return super().regularizer_name(weight.rpartition("_")[2])

    def caption(self) -> str:
        return parts(
            counted(self.num_heads, "head"),
            f"keys of {self.key_dim}",
            f"values of {self.value_dim}" if self.value_dim else None,
            "causal" if self.use_causal_mask else None,
            f"dropout {self.dropout:g}" if self.dropout else None,
        )

    def explain(self, *inputs: Shape) -> str:
        query, value, key = self._three(inputs)
        deep = self.value_dim or self.key_dim
        one = " + 1" if self.use_bias else ""
        out = f" + {query[-1]}" if self.use_bias else ""
        return (
            f"{self.parameter_count(*inputs):,} parameters = {self.num_heads} · (({query[-1]}{one}) · {self.key_dim} + "
            f"({key[-1]}{one}) · {self.key_dim} + ({value[-1]}{one}) · {deep} + {deep} · {query[-1]}){out}"
        )

    def working_values(self, *inputs: Shape) -> int:
        query, value, _ = self._three(inputs)
        deep = self.value_dim or self.key_dim
        looks = 3 * query[0] * value[0]
        return self.num_heads * (looks + (query[0] + value[0]) * (self.key_dim + deep)) + math.prod(query)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """For each head, Q = Xq Wq + bq, K = Xk Wk + bk, V = Xv Wv + bv, and P = softmax(Q Kᵀ / √key_dim).

        P says how much each step of the query takes from each step of the values; where a step of either does not
        count, or comes later under a causal mask, −10⁹ stands before the softmax. Z = Σ over the heads of P V Wₒ, + bₒ.
        Back: with dO = dZ Wₒᵀ of each head, dP = dO Vᵀ, dV = Pᵀ dO, dS from dP through the softmax, and
        dQ = dS K / √key_dim, dK = dSᵀ Q / √key_dim. While training, dropout multiplies P.
        """
        places = _places(inputs)
        arrays = dict(zip(_ROLES, (inputs[place] for place in places), strict=True))
        scale = 1 / math.sqrt(self.key_dim)
        q, k, v = (self._heads(arrays[name], weights, name) for name in ("query", "key", "value"))
        allowed = self._allowed(q.shape[2], v.shape[2], now.masks, places, q)
        scores = self._scores(q, k, allowed)
        softmax = activation("softmax")
        looks = softmax.value(scores)
        kept: Array | None = None
        if now.training and self.dropout:
            drawn = now.uniform(looks.shape)
            kept = (drawn >= self.dropout).astype(drawn.dtype) * (1 / (1 - self.dropout))
        used = looks if kept is None else looks * kept
        taken = (used @ v).transpose(0, 2, 1, 3)
        rows = taken.reshape(math.prod(taken.shape[:2]), math.prod(taken.shape[2:]))
        out = weights["attention_output_kernel"]
        flat = out.reshape(rows.shape[1], out.shape[2])
        z = rows @ flat
        if self.use_bias:
            z = z + weights["attention_output_bias"]

        def backward(dz: Array) -> Gradients:
            dz = dz.reshape(-1, dz.shape[2])
            gradients = {"attention_output_kernel": (rows.T @ dz).reshape(out.shape)}
            if self.use_bias:
                gradients["attention_output_bias"] = dz.sum(axis=0)
            d_taken = (dz @ flat.T).reshape(taken.shape).transpose(0, 2, 1, 3)
            d_used = d_taken @ v.transpose(0, 1, 3, 2)
            d_scores = softmax.backward(scores, looks, d_used if kept is None else d_used * kept)
            if allowed is not None:
                d_scores = d_scores * allowed
            d_heads = {
                "query": d_scores @ k * scale,
                "key": d_scores.transpose(0, 1, 3, 2) @ q * scale,
                "value": used.transpose(0, 1, 3, 2) @ d_taken,
            }
            d_inputs: dict[int, Array] = {}
            for name, place in zip(_ROLES, places, strict=True):
                dx, found = self._heads_back(arrays[name], weights, name, d_heads[name])
                gradients |= found
                d_inputs[place] = d_inputs[place] + dx if place in d_inputs else dx
            return Gradients(tuple(d_inputs[place] for place in range(len(inputs))), gradients)

        return Maths(z.reshape(inputs[0].shape), backward)

    def looks(
        self, inputs: tuple[Array, ...], weights: Mapping[str, Array], masks: tuple[Array | None, ...] = ()
    ) -> Array:
        """P of `maths`, as when the model is used: (n, heads, steps of the query, steps of the values), rows sum to 1.

        masks: for each input, which steps count, as in `Pass`.
        """
        places = _places(inputs)
        query, value, key = (inputs[place] for place in places)
        q, k = self._heads(query, weights, "query"), self._heads(key, weights, "key")
        allowed = self._allowed(query.shape[1], value.shape[1], masks, places, q)
        return activation("softmax").value(self._scores(q, k, allowed))

    def _scores(self, q: Array, k: Array, allowed: Array | None) -> Array:
        """What goes into the softmax: (n, heads, steps, others)."""
        scores = q @ k.transpose(0, 1, 3, 2) * (1 / math.sqrt(self.key_dim))
        return scores if allowed is None else scores * allowed + (1 - allowed) * -1e9

    def _heads(self, x: Array, weights: Mapping[str, Array], name: str) -> Array:
        """X W + b of each head: (n, steps, channels) → (n, heads, steps, length)."""
        kernel = weights[f"{name}_kernel"]
        length = kernel.shape[2]
        product = x.reshape(-1, x.shape[2]) @ kernel.reshape(x.shape[2], self.num_heads * length)
        if self.use_bias:
            product = product + weights[f"{name}_bias"].reshape(self.num_heads * length)
        return product.reshape(x.shape[0], x.shape[1], self.num_heads, length).transpose(0, 2, 1, 3)

    def _heads_back(
        self, x: Array, weights: Mapping[str, Array], name: str, d_heads: Array
    ) -> tuple[Array, dict[str, Array]]:
        """The derivatives by X, and by the weights of that name."""
        kernel = weights[f"{name}_kernel"]
        width = self.num_heads * kernel.shape[2]
        d = d_heads.transpose(0, 2, 1, 3).reshape(x.shape[0] * x.shape[1], width)
        gradients = {f"{name}_kernel": (x.reshape(-1, x.shape[2]).T @ d).reshape(kernel.shape)}
        if self.use_bias:
            gradients[f"{name}_bias"] = d.sum(axis=0).reshape(kernel.shape[1:])
        return (d @ kernel.reshape(x.shape[2], width).T).reshape(x.shape), gradients

    def _allowed(
        self, steps: int, others: int, masks: tuple[Array | None, ...], places: tuple[int, ...], like: Array
    ) -> Array | None:
        """(n or 1, 1, steps, others): 1 where a step of the query may look at one of the values, else 0."""
        allowed: Array | None = None
        if self.use_causal_mask:
            allowed = np.tri(steps, others, dtype=like.dtype).reshape(1, 1, steps, others)
        if not masks:
            return allowed
        query, value, key = (masks[place] for place in places)
        told = [None if query is None else query[:, np.newaxis, :, np.newaxis]]
        told += [None if mask is None else mask[:, np.newaxis, np.newaxis] for mask in (value, key)]
        for mask in told:
            if mask is not None:
                allowed = mask if allowed is None else allowed * mask
        return allowed

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.MultiHeadAttention(
            self.num_heads,
            self.key_dim,
            value_dim=self.value_dim,
            dropout=self.dropout,
            use_bias=self.use_bias,
            kernel_initializer=_one_after_the_other(keras, self.kernel_initializer, seed=seed),
            bias_initializer=_one_after_the_other(keras, self.bias_initializer, seed=seed + 10),
            kernel_regularizer=regularizers.to_keras(keras, self.kernel_regularizer),
            bias_regularizer=regularizers.to_keras(keras, self.bias_regularizer),
            seed=seed,
            name=name,
        )

    def call_keras(self, made: Callable[..., Any], inputs: Sequence[Any], **ports: Any) -> Any:
        query, value, key = self._three(inputs)
        return made(query, value, key, use_causal_mask=self.use_causal_mask)


def _places(inputs: Sequence[Any]) -> tuple[int, int, int]:
    """Which of the inputs are the query, the values and the keys."""
    return 0, min(1, len(inputs) - 1), len(inputs) - 1


def _one_after_the_other(keras: Any, initializer: Initializer, *, seed: int) -> Any:
    """An initializer of which every copy has a seed of its own.

    Keras makes copies for query, keys, values and output; with the same seed, these would start with the same weights.
    """
    seeds = count(seed)

    class Source(keras.initializers.Initializer):  # type: ignore[misc]
        def get_config(self) -> dict[str, Any]:
            return {}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            return initializers.to_keras(keras, initializer, seed=next(seeds))

    return Source()
