"""Dropout and normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from nnplayground.layers.base import Layer, Shape, ShapeError, WeightSpec
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


class _Normalization(Layer, frozen=True):
    family: ClassVar[str] = "regularization"

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


class BatchNormalization(_Normalization, frozen=True):
    """(x − mean) / √(variance + ε) · γ + β per channel; training uses the batch's statistics, else running ones."""

    about: ClassVar[str] = (
        "Shifts and scales each channel to mean 0 and deviation 1 over the batch, which keeps deep networks trainable."
    )
    essential: ClassVar[tuple[str, ...]] = ("momentum",)

    momentum: Momentum = 0.99

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        size = (inputs[0][-1],)
        return (
            *super().weights(*inputs),
            WeightSpec("moving_mean", size, "zeros", trainable=False),
            WeightSpec("moving_variance", size, "ones", trainable=False),
        )

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, center=self.center, scale=self.scale, name=name
        )


class LayerNormalization(_Normalization, frozen=True):
    """(x − mean) / √(variance + ε) · γ + β, with mean and variance over the last axis of each sample."""

    about: ClassVar[str] = "Shifts and scales the values of each sample to mean 0 and deviation 1, whatever its batch."
    essential: ClassVar[tuple[str, ...]] = ("epsilon",)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.LayerNormalization(epsilon=self.epsilon, center=self.center, scale=self.scale, name=name)
