"""Dropout and normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta

from nnplayground.layers.base import Layer, Shape, ShapeError, WeightSpec, expect_sequence
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import Epsilon, Momentum


class Dropout(Layer, frozen=True):
    """Training: each value is zeroed with probability `rate`, the others divided by 1 − rate. Else: unchanged."""

    family: ClassVar[str] = "regularization"
    about: ClassVar[str] = (
        "While training, tosses a coin for each value and drops it to zero; the network learns not to rely on any one."
    )
    essential: ClassVar[tuple[str, ...]] = ("rate",)
    training_only: ClassVar[bool] = True
    keeps_mask: ClassVar[bool] = True

    rate: Annotated[
        float, Meta(title="Rate", description="The share of values that are dropped at each update.", ge=0, le=0.99)
    ] = 0.5

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def caption(self) -> str:
        return f"rate {self.rate:g}"

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X · D with D = 0 with probability `rate`, else 1 / (1 − rate); dX = dZ · D. D = 1 outside training."""
        (x,) = inputs
        if not now.training:
            return Maths(x, lambda dz: Gradients((dz,)))
        rate = now.number("rate")
        kept = (now.uniform(x.shape) >= rate) / (1 - rate)
        return Maths(x * kept, lambda dz: Gradients((dz * kept,)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Dropout(self.rate, seed=seed, name=name)


class SpatialDropout1D(Layer, frozen=True):
    """Training: each channel of a sequence is zeroed at all its steps with probability `rate`, as by Dropout."""

    family: ClassVar[str] = "regularization"
    about: ClassVar[str] = (
        "While training, drops whole channels of a sequence at all its steps; neighbouring steps are too much alike "
        "for a plain Dropout to hide anything."
    )
    essential: ClassVar[tuple[str, ...]] = ("rate",)
    training_only: ClassVar[bool] = True
    keeps_mask: ClassVar[bool] = True

    rate: Annotated[
        float, Meta(title="Rate", description="The share of channels that are dropped at each update.", ge=0, le=0.99)
    ] = 0.2

    def output_shape(self, *inputs: Shape) -> Shape:
        expect_sequence(self.type, inputs)
        return inputs[0]

    def caption(self) -> str:
        return f"rate {self.rate:g}"

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X · D as in Dropout, with one D for each channel of a sample; dX = dZ · D."""
        (x,) = inputs
        if not now.training:
            return Maths(x, lambda dz: Gradients((dz,)))
        kept = (now.uniform((len(x), 1, x.shape[2])) >= now.number("rate")) / (1 - now.number("rate"))
        return Maths(x * kept, lambda dz: Gradients((dz * kept,)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.SpatialDropout1D(self.rate, seed=seed, name=name)


class _Normalization(Layer, frozen=True):
    family: ClassVar[str] = "regularization"
    keeps_mask: ClassVar[bool] = True

    center: Annotated[bool, Meta(title="Center", description="Adds a learned offset (beta) to each channel.")] = True
    scale: Annotated[bool, Meta(title="Scale", description="Multiplies each channel by a learned factor (gamma).")] = (
        True
    )
    epsilon: Epsilon = 0.001

    def output_shape(self, *inputs: Shape) -> Shape:
        if not inputs[0]:
            raise ShapeError(f"{self.type} needs at least one value per sample, but receives none.")
        return inputs[0]

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        size = (inputs[0][-1],)
        gamma = (WeightSpec("gamma", size, "ones"),) if self.scale else ()
        beta = (WeightSpec("beta", size, "zeros"),) if self.center else ()
        return gamma + beta

    def explain(self, *inputs: Shape) -> str:
        weights = self.weights(*inputs)
        if not weights:
            return ""
        return f"{self.parameter_count(*inputs):,} parameters = {len(weights)} · {inputs[0][-1]:,}"

    def _scaled(self, normal: Array, weights: Mapping[str, Array]) -> Array:
        """γ X̂ + β, as far as there are γ and β."""
        scaled = normal * weights["gamma"] if self.scale else normal
        return scaled + weights["beta"] if self.center else scaled

    def _scaled_backward(
        self, dz: Array, normal: Array, weights: Mapping[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """The derivatives by X̂, γ and β: dX̂ = γ dZ, dγ = Σ X̂ dZ, dβ = Σ dZ."""
        gradients = {}
        if self.scale:
            gradients["gamma"] = (normal * dz).sum(axis=0)
        if self.center:
            gradients["beta"] = dz.sum(axis=0)
        return dz * weights["gamma"] if self.scale else dz, gradients


class BatchNormalization(_Normalization, frozen=True):
    """(x − mean) / √(variance + ε) · γ + β per channel; training uses the batch's statistics, else running ones."""

    about: ClassVar[str] = (
        "Shifts and scales each channel to mean 0 and deviation 1 over the batch, which keeps deep networks trainable."
    )
    essential: ClassVar[tuple[str, ...]] = ("momentum",)
    mixes_samples: ClassVar[bool] = True

    momentum: Momentum = 0.99

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        size = (inputs[0][-1],)
        return (
            *super().weights(*inputs),
            WeightSpec("moving_mean", size, "zeros", trainable=False),
            WeightSpec("moving_variance", size, "ones", trainable=False),
        )

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """X̂ = (X − μ) / σ with σ = √(v + ε), Z = γ X̂ + β; μ and v are mean and variance of each channel.

        In training they are those of the batch, and depend on X:
        dX = (dX̂ − mean dX̂ − X̂ · mean(X̂ dX̂)) / σ. The moving ones follow: moving ← m · moving + (1 − m) · of the batch,
        m being the momentum. In use the moving ones take their place: dX = dX̂ / σ.

        Where some steps do not count, those of the batch are sums over the others, μ = Σ w X and v = Σ w (X − μ)², with
        w = 1 / (their number + 1e-7), as in Keras. Then Σ w is not quite 1, and with δ = Σ w (X − μ)
        dX = (dX̂ − w (Σ dX̂ − δ / σ · Σ X̂ dX̂) − w X̂ · Σ X̂ dX̂) / σ, w being 0 where a step does not count.
        """
        (x,) = inputs
        rows = x.reshape(-1, x.shape[-1])
        moving = weights["moving_mean"], weights["moving_variance"]
        share: Array | None = None
        if now.training and now.mask is not None:
            counts = now.mask.reshape(len(rows), 1)
            share = counts / (counts.sum() + 1e-7)

        def mean_of(values: Array) -> Array:
            return values.mean(axis=0) if share is None else (values * share).sum(axis=0)

        mean = mean_of(rows) if now.training else moving[0]
        centred = rows - mean
        variance = mean_of(np.square(centred)) if now.training else moving[1]
        deviation = np.sqrt(variance + self.epsilon)
        normal = centred / deviation

        def backward(dz: Array) -> Gradients:
            d_normal, gradients = self._scaled_backward(dz.reshape(rows.shape), normal, weights)
            if share is not None:
                along = (normal * d_normal).sum(axis=0)
                moved = d_normal.sum(axis=0) - mean_of(centred) / deviation * along
                d_normal = d_normal - share * moved - share * normal * along
            elif now.training:
                d_normal = d_normal - d_normal.mean(axis=0) - normal * (normal * d_normal).mean(axis=0)
            return Gradients(((d_normal / deviation).reshape(x.shape),), gradients)

        following = {}
        if now.training:
            m = self.momentum
            following["moving_mean"] = m * moving[0] + (1 - m) * mean
            following["moving_variance"] = m * moving[1] + (1 - m) * variance
        return Maths(self._scaled(normal, weights).reshape(x.shape), backward, following)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, center=self.center, scale=self.scale, name=name
        )


class LayerNormalization(_Normalization, frozen=True):
    """(x − mean) / √(variance + ε) · γ + β, with mean and variance over the last axis of each sample."""

    about: ClassVar[str] = "Shifts and scales the values of each sample to mean 0 and deviation 1, whatever its batch."
    essential: ClassVar[tuple[str, ...]] = ("epsilon",)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """X̂ = (X − μ) / σ with σ = √(v + ε), Z = γ X̂ + β; μ and v are mean and variance along the last axis.

        dX = (dX̂ − mean dX̂ − X̂ · mean(X̂ dX̂)) / σ, these means being along the last axis too.
        """
        (x,) = inputs
        rows = x.reshape(-1, x.shape[-1])
        centred = rows - rows.mean(axis=1, keepdims=True)
        deviation = np.sqrt(np.square(centred).mean(axis=1, keepdims=True) + self.epsilon)
        normal = centred / deviation

        def backward(dz: Array) -> Gradients:
            d, gradients = self._scaled_backward(dz.reshape(rows.shape), normal, weights)
            d = d - d.mean(axis=1, keepdims=True) - normal * (normal * d).mean(axis=1, keepdims=True)
            return Gradients(((d / deviation).reshape(x.shape),), gradients)

        return Maths(self._scaled(normal, weights).reshape(x.shape), backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.LayerNormalization(epsilon=self.epsilon, center=self.center, scale=self.scale, name=name)
