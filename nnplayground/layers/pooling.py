"""Layers that change the size of an image without weights: pooling, padding, upsampling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta

from nnplayground.layers.base import (
    Layer,
    Shape,
    expect_image,
    parts,
    times,
    window_formula,
    windowed,
)
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import Padding, PoolSize, PoolStrides, Side
from nnplayground.layers.windows import Windows, sliding


class _Pooling2D(Layer, frozen=True):
    family: ClassVar[str] = "pooling"
    essential: ClassVar[tuple[str, ...]] = ("pool_size", "strides", "padding")

    pool_size: PoolSize = (2, 2)
    strides: PoolStrides = None
    padding: Padding = "valid"

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = expect_image(self.type, inputs)
        sides = windowed(
            self.type, "window", (height, width), self.pool_size, self.strides or self.pool_size, self.padding
        )
        return (*sides, channels)

    def caption(self) -> str:
        moved = self.strides is not None and self.strides != self.pool_size
        return parts(
            times(self.pool_size),
            f"stride {times(self.strides)}" if moved and self.strides else None,
            "same" if self.padding == "same" else None,
        )

    def explain(self, *inputs: Shape) -> str:
        strides = self.strides or self.pool_size
        return window_formula(inputs[0][0], self.pool_size[0], strides[0], self.padding)

    def _windows(self, x: Array) -> Windows:
        return sliding(x.shape[1:3], self.pool_size, self.strides or self.pool_size, self.padding)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return getattr(keras.layers, self.type)(self.pool_size, strides=self.strides, padding=self.padding, name=name)


class MaxPooling2D(_Pooling2D, frozen=True):
    """The largest value of each window."""

    about: ClassVar[str] = "Keeps the largest value of each window: the image shrinks, the strongest responses stay."

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = the largest X of each window; dZ goes back to it, to the first where several are the largest."""
        windows = self._windows(inputs[0])
        pixels = windows.pixels(inputs[0], fill=-np.inf)
        z = pixels[0]
        for pixel in pixels[1:]:
            z = np.maximum(z, pixel)

        def backward(dz: Array) -> Gradients:
            parts, rest = [], dz
            for pixel in pixels:
                parts.append(rest * (pixel == z))
                rest = rest - parts[-1]
            return Gradients((windows.overlapped(parts),))

        return Maths(z, backward)


class AveragePooling2D(_Pooling2D, frozen=True):
    """The mean of each window (zeros added by padding do not count)."""

    about: ClassVar[str] = "Replaces each window by its average: the image shrinks and becomes smoother."

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = Σ X / n over each window, n being how many of its pixels lie in the image; each of them gets dZ / n."""
        (x,) = inputs
        windows = self._windows(x)
        pixels = windows.pixels(x)
        n = sum(windows.pixels(np.ones((1, *x.shape[1:3], 1), x.dtype)))
        total = pixels[0]
        for pixel in pixels[1:]:
            total = total + pixel

        def backward(dz: Array) -> Gradients:
            share = dz / n
            return Gradients((windows.overlapped([share] * len(pixels)),))

        return Maths(total / n, backward)


class _GlobalPooling2D(Layer, frozen=True):
    family: ClassVar[str] = "pooling"
    essential: ClassVar[tuple[str, ...]] = ("keepdims",)

    keepdims: Annotated[
        bool, Meta(title="Keep dimensions", description="Keeps height and width as 1 × 1 instead of dropping them.")
    ] = False

    def output_shape(self, *inputs: Shape) -> Shape:
        _, _, channels = expect_image(self.type, inputs)
        return (1, 1, channels) if self.keepdims else (channels,)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return getattr(keras.layers, self.type)(keepdims=self.keepdims, name=name)


class GlobalMaxPooling2D(_GlobalPooling2D, frozen=True):
    """The largest value of each channel."""

    about: ClassVar[str] = "One number for each channel: its largest value, wherever in the image it is."

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = the largest X of each channel; dZ goes back to it, in equal shares where several are the largest."""
        (x,) = inputs
        z = x.max(axis=(1, 2), keepdims=True)

        def backward(dz: Array) -> Gradients:
            largest = (x == z).astype(x.dtype)
            return Gradients((largest * (dz.reshape(z.shape) / largest.sum(axis=(1, 2), keepdims=True)),))

        return Maths(z.reshape(len(x), *self.output_shape(x.shape[1:])), backward)


class GlobalAveragePooling2D(_GlobalPooling2D, frozen=True):
    """The mean of each channel."""

    about: ClassVar[str] = "One number for each channel: its average over the whole image."

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = Σ X / n over the n pixels of each channel; each of them gets dZ / n."""
        (x,) = inputs
        samples, height, width, channels = x.shape

        def backward(dz: Array) -> Gradients:
            share = dz.reshape(samples, 1, 1, channels) / (height * width)
            return Gradients((np.broadcast_to(share, x.shape),))

        return Maths(x.mean(axis=(1, 2)).reshape(samples, *self.output_shape(x.shape[1:])), backward)


class ZeroPadding2D(Layer, frozen=True):
    """Zeros around the image."""

    family: ClassVar[str] = "pooling"
    about: ClassVar[str] = "Adds a border of zeros around the image."
    essential: ClassVar[tuple[str, ...]] = ("padding",)

    padding: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=512)], Annotated[int, Meta(ge=0, le=512)]],
        Meta(title="Padding", description="Rows added above and below, and columns added left and right."),
    ] = (1, 1)

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = expect_image("ZeroPadding2D", inputs)
        return height + 2 * self.padding[0], width + 2 * self.padding[1], channels

    def caption(self) -> str:
        return times(self.padding)

    def explain(self, *inputs: Shape) -> str:
        return f"{inputs[0][0]} + 2 · {self.padding[0]} = {self.output_shape(*inputs)[0]}"

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X within zeros; dX is dZ without the border."""
        (x,) = inputs
        (rows, columns), (_, height, width, _) = self.padding, x.shape
        return Maths(
            np.pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0))),
            lambda dz: Gradients((dz[:, rows : rows + height, columns : columns + width],)),
        )

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.ZeroPadding2D(self.padding, name=name)


class UpSampling2D(Layer, frozen=True):
    """Each pixel repeated, or interpolated between neighbours."""

    family: ClassVar[str] = "pooling"
    about: ClassVar[str] = "Makes the image larger by repeating pixels, or by blending between them."
    essential: ClassVar[tuple[str, ...]] = ("size", "interpolation")

    size: Annotated[
        tuple[Side, Side], Meta(title="Size", description="How many times higher and wider the image becomes.")
    ] = (2, 2)
    interpolation: Annotated[
        Literal["nearest", "bilinear"],
        Meta(title="Interpolation", description="nearest repeats pixels, bilinear blends between them."),
    ] = "nearest"

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = expect_image("UpSampling2D", inputs)
        return height * self.size[0], width * self.size[1], channels

    def caption(self) -> str:
        return parts(times(self.size), "bilinear" if self.interpolation == "bilinear" else None)

    def explain(self, *inputs: Shape) -> str:
        return f"{inputs[0][0]} · {self.size[0]} = {self.output_shape(*inputs)[0]}"

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """nearest: each x fills a block of Z, and gets the sum of its dZ.

        bilinear: Z = R X Cᵀ for each channel, where R blends rows and C columns; dX = Rᵀ dZ C.
        """
        (x,) = inputs
        samples, height, width, channels = x.shape
        down, across = self.size
        shape = (samples, height * down, width * across, channels)
        if self.interpolation == "nearest":
            blocks = (samples, height, down, width, across, channels)
            z = np.broadcast_to(x.reshape(samples, height, 1, width, 1, channels), blocks)
            return Maths(z.reshape(shape), lambda dz: Gradients((dz.reshape(blocks).sum(axis=(2, 4)),)))
        rows, columns = (_blend(size, factor).astype(x.dtype) for size, factor in ((height, down), (width, across)))

        def blended(image: Array, rows: Array, columns: Array) -> Array:
            """image: (m, height, width, c) → R X Cᵀ for each channel."""
            stretched = rows @ image.reshape(samples, image.shape[1], -1)
            stretched = columns @ stretched.reshape(samples * len(rows), image.shape[2], channels)
            return stretched.reshape(samples, len(rows), len(columns), channels)

        return Maths(blended(x, rows, columns), lambda dz: Gradients((blended(dz, rows.T, columns.T),)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.UpSampling2D(self.size, interpolation=self.interpolation, name=name)


def _blend(size: int, factor: int) -> Array:
    """(size · factor, size): how much of each pixel a finer pixel takes, by the distance of their centres.

    The centre of finer pixel i lies at (i + ½) / factor − ½; beyond the outermost centres the image goes on unchanged.
    """
    centres = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
    return np.maximum(1 - np.abs(centres[:, np.newaxis] - np.arange(size)), 0)
