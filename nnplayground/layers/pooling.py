"""Layers that change the size of an image without weights: pooling, padding, upsampling."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

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
from nnplayground.layers.parameters import Padding, PoolSize, PoolStrides, Side


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

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return getattr(keras.layers, self.type)(self.pool_size, strides=self.strides, padding=self.padding, name=name)


class MaxPooling2D(_Pooling2D, frozen=True):
    """The largest value of each window."""

    about: ClassVar[str] = "Keeps the largest value of each window: the image shrinks, the strongest responses stay."


class AveragePooling2D(_Pooling2D, frozen=True):
    """The mean of each window (zeros added by padding do not count)."""

    about: ClassVar[str] = "Replaces each window by its average: the image shrinks and becomes smoother."


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


class GlobalAveragePooling2D(_GlobalPooling2D, frozen=True):
    """The mean of each channel."""

    about: ClassVar[str] = "One number for each channel: its average over the whole image."


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

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.UpSampling2D(self.size, interpolation=self.interpolation, name=name)
