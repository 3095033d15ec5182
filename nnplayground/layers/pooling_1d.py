"""Layers that make a sequence shorter without weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta

from nnplayground.layers.base import Layer, Shape, counted, expect_sequence, parts, window_formula
from nnplayground.layers.convolution_1d import Length, window_along
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.pooling import AveragePooling2D, GlobalMaxPooling2D, MaxPooling2D


class _Pooling1D(Layer, frozen=True):
    family: ClassVar[str] = "pooling"
    essential: ClassVar[tuple[str, ...]] = ("pool_size", "strides", "padding")
    of_images: ClassVar[type[MaxPooling2D] | type[AveragePooling2D]]
    """What does the same for images."""

    pool_size: Annotated[
        Length, Meta(title="Pool size", description="How many steps the window covers that becomes one step.")
    ] = 2
    strides: Annotated[
        Length | None,
        Meta(
            title="Strides", description="How far the window moves on at each step; as far as it is long, if not given."
        ),
    ] = None
    padding: Annotated[
        Literal["valid", "same"],
        Meta(
            title="Padding",
            description="valid keeps the window inside the sequence; same lets it reach beyond its ends.",
        ),
    ] = "valid"

    def output_shape(self, *inputs: Shape) -> Shape:
        steps, channels = expect_sequence(self.type, inputs)
        stride = self.strides or self.pool_size
        return window_along(self.type, "window", steps, self.pool_size, stride, self.padding), channels

    def caption(self) -> str:
        moved = self.strides is not None and self.strides != self.pool_size
        return parts(
            counted(self.pool_size, "step"),
            f"stride {self.strides}" if moved else None,
            "same" if self.padding == "same" else None,
        )

    def explain(self, *inputs: Shape) -> str:
        return window_formula(inputs[0][0], self.pool_size, self.strides or self.pool_size, self.padding)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """As for an image that is one pixel high and as wide as the sequence is long."""
        (x,) = inputs
        window = (1, self.pool_size)
        strides = (1, self.strides or self.pool_size)
        flat = self.of_images(pool_size=window, strides=strides, padding=self.padding)
        return _of_image(flat.maths((x[:, np.newaxis],), {}, now), x)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return getattr(keras.layers, self.type)(self.pool_size, strides=self.strides, padding=self.padding, name=name)


def _of_image(flat: Maths, x: Array) -> Maths:
    """Maths of images that are one pixel high, as maths of the sequences x."""
    samples, _, positions, channels = flat.before.shape

    def backward(dz: Array) -> Gradients:
        flow = flat.backward(dz.reshape(flat.before.shape))
        return Gradients((flow.inputs[0].reshape(x.shape),))

    return Maths(flat.before.reshape(samples, positions, channels), backward)


class MaxPooling1D(_Pooling1D, frozen=True):
    """The largest value of each window."""

    about: ClassVar[str] = (
        "Keeps the largest value of each window of steps: the sequence gets shorter, the strongest responses stay."
    )
    of_images: ClassVar[type[MaxPooling2D] | type[AveragePooling2D]] = MaxPooling2D


class AveragePooling1D(_Pooling1D, frozen=True):
    """The mean of each window (what padding adds does not count)."""

    about: ClassVar[str] = "Replaces each window of steps by its average: the sequence gets shorter and smoother."
    of_images: ClassVar[type[MaxPooling2D] | type[AveragePooling2D]] = AveragePooling2D


class _GlobalPooling1D(Layer, frozen=True):
    family: ClassVar[str] = "pooling"
    essential: ClassVar[tuple[str, ...]] = ("keepdims",)

    keepdims: Annotated[
        bool, Meta(title="Keep dimensions", description="Keeps the steps as a single one instead of dropping them.")
    ] = False

    def output_shape(self, *inputs: Shape) -> Shape:
        _, channels = expect_sequence(self.type, inputs)
        return (1, channels) if self.keepdims else (channels,)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return getattr(keras.layers, self.type)(keepdims=self.keepdims, name=name)


class GlobalMaxPooling1D(_GlobalPooling1D, frozen=True):
    """The largest value of each channel."""

    about: ClassVar[str] = (
        "One number for each channel: its largest value, at whichever step it is. Steps that are masked count too."
    )

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """As for an image that is one pixel high and as wide as the sequence is long."""
        (x,) = inputs
        flat = GlobalMaxPooling2D().maths((x[:, np.newaxis],), {}, now)

        def backward(dz: Array) -> Gradients:
            flow = flat.backward(dz.reshape(flat.before.shape))
            return Gradients((flow.inputs[0].reshape(x.shape),))

        return Maths(flat.before.reshape(len(x), *self.output_shape(x.shape[1:])), backward)


class GlobalAveragePooling1D(_GlobalPooling1D, frozen=True):
    """The mean of each channel over the steps that count."""

    about: ClassVar[str] = (
        "One number for each channel: its average over all steps, without those that are masked as padding."
    )

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = Σ X / n over the n steps that count; each of them gets dZ / n."""
        (x,) = inputs
        samples, steps, channels = x.shape
        counts: Array = np.ones((1, steps, 1), x.dtype) if now.mask is None else now.mask[:, :, np.newaxis]
        n = counts.sum(axis=1, keepdims=True)
        total = x.sum(axis=1, keepdims=True) if now.mask is None else (x * counts).sum(axis=1, keepdims=True)

        def backward(dz: Array) -> Gradients:
            return Gradients((counts * (dz.reshape(samples, 1, channels) / n),))

        return Maths((total / n).reshape(samples, *self.output_shape(x.shape[1:])), backward)
