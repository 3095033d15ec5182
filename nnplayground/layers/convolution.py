"""Layers that slide filters over an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from nnplayground.layers import initializers, regularizers
from nnplayground.layers.base import (
    Layer,
    Shape,
    ShapeError,
    WeightSpec,
    counted,
    expect_image,
    parts,
    shown_activation,
    shown_regularizer,
    times,
    window_formula,
    windowed,
)
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import (
    ActivationParameter,
    BiasInitializer,
    BiasRegularizer,
    DepthMultiplier,
    DilationRate,
    Filters,
    KernelInitializer,
    KernelRegularizer,
    KernelSize,
    Padding,
    Strides,
    UseBias,
    kernel_and_bias,
)
from nnplayground.layers.windows import Windows, depthwise, sliding


class _Convolution2D(Layer, frozen=True):
    """What all convolutions have: a window that moves, an activation, a bias for each output channel."""

    family: ClassVar[str] = "convolution"

    kernel_size: KernelSize = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    bias_initializer: BiasInitializer = "zeros"
    bias_regularizer: BiasRegularizer = None

    def _with_bias(self, *kernels: WeightSpec, channels: int) -> tuple[WeightSpec, ...]:
        """The weights, with a bias for each output channel behind them where there is one."""
        if not self.use_bias:
            return kernels
        return *kernels, WeightSpec("bias", (channels,), self.bias_initializer, self.bias_regularizer)

    def caption(self) -> str:
        filters: int | None = getattr(self, "filters", None)
        return parts(
            counted(filters, "filter") if filters is not None else None,
            times(self.kernel_size),
            f"stride {times(self.strides)}" if max(self.strides) > 1 else None,
            "same" if self.padding == "same" else None,
            shown_activation(self.activation),
            shown_regularizer(getattr(self, "kernel_regularizer", None)),
        )


class _WindowedConvolution2D(_Convolution2D, frozen=True):
    """A convolution whose output is as large as the number of positions of its window."""

    equal_strides: ClassVar[bool] = False
    """The stride must be the same down and across."""

    dilation_rate: DilationRate = (1, 1)

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = expect_image(self.type, inputs)
        if self.equal_strides and self.strides[0] != self.strides[1]:
            raise ShapeError(f"{self.type} needs the same stride down and across, got {times(self.strides)}.")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ShapeError(
                f"{self.type} can have strides or a dilation rate above 1, but not both; set one of them to 1."
            )
        sides = windowed(
            self.type, "kernel", (height, width), self.kernel_size, self.strides, self.padding, self.dilation_rate
        )
        return (*sides, self._output_channels(channels))

    def _output_channels(self, channels: int) -> int:
        raise NotImplementedError

    def _windows(self, x: Array) -> Windows:
        return sliding(x.shape[1:3], self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def _explained(self, count: str, shape: Shape) -> str:
        height = window_formula(shape[0], self.kernel_size[0], self.strides[0], self.padding, self.dilation_rate[0])
        return f"{height} · {count}"

    def _keras_window(self) -> dict[str, Any]:
        return {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation_rate}


class Conv2D(_WindowedConvolution2D, frozen=True):
    """Each output pixel of a filter: the sum of a window of the input times the filter, plus the bias."""

    about: ClassVar[str] = (
        "Slides small windows over the image; each filter learns to respond to one local pattern, wherever it is."
    )
    essential: ClassVar[tuple[str, ...]] = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "activation",
        "kernel_regularizer",
    )

    filters: Filters = 32
    kernel_initializer: KernelInitializer = "glorot_uniform"
    kernel_regularizer: KernelRegularizer = None

    def _output_channels(self, channels: int) -> int:
        return self.filters

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        shape = (*self.kernel_size, inputs[0][-1], self.filters)
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, self.kernel_regularizer)
        return self._with_bias(kernel, channels=self.filters)

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        bias = " + 1" if self.use_bias else ""
        count = self.parameter_count(*inputs)
        return self._explained(
            f"{count:,} parameters = ({height}·{width}·{inputs[0][-1]:,}{bias}) · {self.filters:,}", inputs[0]
        )

    def working_values(self, *inputs: Shape) -> int:
        height, width, _ = self.output_shape(*inputs)
        return height * width * (math.prod(self.kernel_size) * inputs[0][-1] + self.filters)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = P W + b, where each row of P is what one window sees; dW = Pᵀ dZ, db = Σ dZ, dP = dZ Wᵀ.

        A pixel of X is seen by several windows: its dX is the sum of its dP.
        """
        (x,) = inputs
        windows, kernel = self._windows(x), weights["kernel"]
        p = windows.seen(x).reshape(-1, math.prod(kernel.shape[:3]))
        z = (p @ kernel.reshape(-1, self.filters)).reshape(len(x), *windows.positions, self.filters)
        if self.use_bias:
            z = z + weights["bias"]

        def backward(dz: Array) -> Gradients:
            dz = dz.reshape(-1, self.filters)
            gradients = {"kernel": (p.T @ dz).reshape(kernel.shape)}
            if self.use_bias:
                gradients["bias"] = dz.sum(axis=0)
            # For each pixel of the window by itself, as these are then added in different places.
            dp = dz @ kernel.reshape(-1, *kernel.shape[2:]).transpose(0, 2, 1)
            return Gradients((windows.overlapped(dp.reshape(-1, len(x), *windows.positions, x.shape[-1])),), gradients)

        return Maths(z, backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Conv2D(
            self.filters,
            self.kernel_size,
            **self._keras_window(),
            **kernel_and_bias(keras, self, seed=seed, name=name),
        )


class SeparableConv2D(_WindowedConvolution2D, frozen=True):
    """A depthwise convolution, then a 1×1 convolution that mixes the channels."""

    about: ClassVar[str] = (
        "A cheaper Conv2D in two steps: first each channel on its own, then a mix of the channels at every pixel."
    )
    essential: ClassVar[tuple[str, ...]] = ("filters", "kernel_size", "strides", "padding", "activation")
    equal_strides: ClassVar[bool] = True

    filters: Filters = 32
    depth_multiplier: DepthMultiplier = 1
    depthwise_initializer: KernelInitializer = "glorot_uniform"
    pointwise_initializer: KernelInitializer = "glorot_uniform"
    depthwise_regularizer: KernelRegularizer = None
    pointwise_regularizer: KernelRegularizer = None

    def _output_channels(self, channels: int) -> int:
        return self.filters

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        channels = inputs[0][-1]
        depthwise = WeightSpec(
            "depthwise_kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            self.depthwise_regularizer,
        )
        pointwise = WeightSpec(
            "pointwise_kernel",
            (1, 1, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            self.pointwise_regularizer,
        )
        return self._with_bias(depthwise, pointwise, channels=self.filters)

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        count = self.parameter_count(*inputs)
        bias = f" + {self.filters:,}" if self.use_bias else ""
        deep = inputs[0][-1] * self.depth_multiplier
        return self._explained(
            f"{count:,} parameters = {height}·{width}·{deep:,} + {deep:,}·{self.filters:,}{bias}", inputs[0]
        )

    def regularizer_name(self, weight: str) -> str:
        return super().regularizer_name(weight.removesuffix("_kernel"))

    def working_values(self, *inputs: Shape) -> int:
        height, width, _ = self.output_shape(*inputs)
        return height * width * (inputs[0][-1] * self.depth_multiplier + self.filters)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """U as in DepthwiseConv2D, then Z = U V + b at every pixel, V being the pointwise kernel.

        dV = Uᵀ dZ, db = Σ dZ, dU = dZ Vᵀ, and from dU on as in DepthwiseConv2D.
        """
        (x,) = inputs
        image, depthwise_backward = depthwise(x, weights["depthwise_kernel"], self._windows(x))
        pointwise = weights["pointwise_kernel"].reshape(-1, self.filters)
        u = image.reshape(-1, len(pointwise))
        z = (u @ pointwise).reshape(*image.shape[:3], self.filters)
        if self.use_bias:
            z = z + weights["bias"]

        def backward(dz: Array) -> Gradients:
            dz = dz.reshape(-1, self.filters)
            gradients = {"pointwise_kernel": (u.T @ dz).reshape(weights["pointwise_kernel"].shape)}
            if self.use_bias:
                gradients["bias"] = dz.sum(axis=0)
            dx, gradients["depthwise_kernel"] = depthwise_backward((dz @ pointwise.T).reshape(image.shape))
            return Gradients((dx,), gradients)

        return Maths(z, backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.SeparableConv2D(
            self.filters,
            self.kernel_size,
            depth_multiplier=self.depth_multiplier,
            pointwise_initializer=initializers.to_keras(keras, self.pointwise_initializer, seed=seed + 2),
            pointwise_regularizer=regularizers.to_keras(keras, self.pointwise_regularizer),
            **self._keras_window(),
            **kernel_and_bias(keras, self, seed=seed, name=name, kernel="depthwise"),
        )


class DepthwiseConv2D(_WindowedConvolution2D, frozen=True):
    """Each channel convolved with filters of its own."""

    about: ClassVar[str] = "Slides a separate filter over each channel and does not mix the channels."
    essential: ClassVar[tuple[str, ...]] = ("kernel_size", "strides", "padding", "depth_multiplier", "activation")
    equal_strides: ClassVar[bool] = True

    depth_multiplier: DepthMultiplier = 1
    depthwise_initializer: KernelInitializer = "glorot_uniform"
    depthwise_regularizer: KernelRegularizer = None

    def _output_channels(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        channels = inputs[0][-1]
        kernel = WeightSpec(
            "kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            self.depthwise_regularizer,
        )
        return self._with_bias(kernel, channels=channels * self.depth_multiplier)

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        count = self.parameter_count(*inputs)
        bias = " + 1" if self.use_bias else ""
        deep = inputs[0][-1] * self.depth_multiplier
        return self._explained(f"{count:,} parameters = ({height}·{width}{bias}) · {deep:,}", inputs[0])

    def regularizer_name(self, weight: str) -> str:
        return super().regularizer_name("depthwise" if weight == "kernel" else weight)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = Σ over the pixels of a window of X · W, channel by channel, + b; db = Σ dZ.

        For each pixel of the window: dW = Σ X · dZ, and what it adds to dX is dZ · W.
        """
        (x,) = inputs
        z, depthwise_backward = depthwise(x, weights["kernel"], self._windows(x))
        if self.use_bias:
            z = z + weights["bias"]

        def backward(dz: Array) -> Gradients:
            dx, d_kernel = depthwise_backward(dz)
            gradients = {"kernel": d_kernel}
            if self.use_bias:
                gradients["bias"] = dz.reshape(-1, dz.shape[-1]).sum(axis=0)
            return Gradients((dx,), gradients)

        return Maths(z, backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.DepthwiseConv2D(
            self.kernel_size,
            depth_multiplier=self.depth_multiplier,
            **self._keras_window(),
            **kernel_and_bias(keras, self, seed=seed, name=name, kernel="depthwise"),
        )


class Conv2DTranspose(_Convolution2D, frozen=True):
    """The convolution run backwards: every input pixel paints a window of the output."""

    about: ClassVar[str] = "A convolution run backwards: every pixel paints a small window, so that images grow."
    essential: ClassVar[tuple[str, ...]] = ("filters", "kernel_size", "strides", "padding", "activation")

    filters: Filters = 32
    kernel_initializer: KernelInitializer = "glorot_uniform"
    kernel_regularizer: KernelRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, _ = expect_image(self.type, inputs)
        sides = tuple(
            size * stride + (max(side - stride, 0) if self.padding == "valid" else 0)
            for size, side, stride in zip((height, width), self.kernel_size, self.strides, strict=True)
        )
        return (*sides, self.filters)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        shape = (*self.kernel_size, self.filters, inputs[0][-1])
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, self.kernel_regularizer)
        return self._with_bias(kernel, channels=self.filters)

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        size = inputs[0][0]
        grown = f"{size} · {self.strides[0]}"
        if self.padding == "valid":
            grown += f" + {max(height - self.strides[0], 0)}"
        count = self.parameter_count(*inputs)
        bias = " + 1" if self.use_bias else ""
        return (
            f"{grown} = {self.output_shape(*inputs)[0]} · "
            f"{count:,} parameters = ({height}·{width}·{inputs[0][-1]:,}{bias}) · {self.filters:,}"
        )

    def working_values(self, *inputs: Shape) -> int:
        height, width, _ = inputs[0]
        return height * width * math.prod(self.kernel_size) * self.filters + math.prod(self.output_shape(*inputs))

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """P = X Wᵀ, each row being what one pixel of X paints; Z is the sum of what overlaps, + b.

        dP holds the same windows of dZ; dX = dP W, dW = dPᵀ X, db = Σ dZ.
        """
        (x,) = inputs
        height, width, _ = self.output_shape(x.shape[1:])
        windows = sliding((height, width), self.kernel_size, self.strides, self.padding)
        kernel, rows = weights["kernel"], x.reshape(-1, x.shape[-1])
        # For each pixel of the window by itself, as these are then added in different places.
        p = rows @ kernel.reshape(-1, *kernel.shape[2:]).transpose(0, 2, 1)
        z = windows.overlapped(p.reshape(-1, *x.shape[:3], self.filters))
        if self.use_bias:
            z = z + weights["bias"]

        def backward(dz: Array) -> Gradients:
            dp = windows.seen(dz).reshape(len(rows), -1)
            gradients = {"kernel": (dp.T @ rows).reshape(kernel.shape)}
            if self.use_bias:
                gradients["bias"] = dz.reshape(-1, self.filters).sum(axis=0)
            return Gradients(((dp @ kernel.reshape(-1, x.shape[-1])).reshape(x.shape),), gradients)

        return Maths(z, backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Conv2DTranspose(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            **kernel_and_bias(keras, self, seed=seed, name=name),
        )
