"""Layers that slide filters over an image."""

from __future__ import annotations

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


def _expect_one_kind_of_step(layer: str, strides: Shape, dilation: Shape) -> None:
    if max(strides) > 1 and max(dilation) > 1:
        raise ShapeError(f"{layer} can have strides or a dilation rate above 1, but not both; set one of them to 1.")


def _expect_equal_strides(layer: str, strides: Shape) -> None:
    if strides[0] != strides[1]:
        raise ShapeError(f"{layer} needs the same stride down and across, got {times(strides)}.")


def _shape_and_count(layer: Any, count: str, shape: Shape) -> str:
    height = window_formula(shape[0], layer.kernel_size[0], layer.strides[0], layer.padding, layer.dilation_rate[0])
    return f"{height} · {count}"


class Conv2D(Layer, frozen=True):
    """Each output pixel of a filter: the sum of a window of the input times the filter, plus the bias."""

    family: ClassVar[str] = "convolution"
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
    kernel_size: KernelSize = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    dilation_rate: DilationRate = (1, 1)
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    kernel_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    kernel_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, _ = expect_image("Conv2D", inputs)
        _expect_one_kind_of_step("Conv2D", self.strides, self.dilation_rate)
        sides = windowed(
            "Conv2D", "kernel", (height, width), self.kernel_size, self.strides, self.padding, self.dilation_rate
        )
        return (*sides, self.filters)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        shape = (*self.kernel_size, inputs[0][-1], self.filters)
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, self.kernel_regularizer)
        if not self.use_bias:
            return (kernel,)
        return kernel, WeightSpec("bias", (self.filters,), self.bias_initializer, self.bias_regularizer)

    def caption(self) -> str:
        return parts(
            counted(self.filters, "filter"),
            times(self.kernel_size),
            f"stride {times(self.strides)}" if max(self.strides) > 1 else None,
            "same" if self.padding == "same" else None,
            shown_activation(self.activation),
            shown_regularizer(self.kernel_regularizer),
        )

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        bias = " + 1" if self.use_bias else ""
        count = self.parameter_count(*inputs)
        return _shape_and_count(
            self, f"{count:,} parameters = ({height}·{width}·{inputs[0][-1]:,}{bias}) · {self.filters:,}", inputs[0]
        )

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Conv2D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            **kernel_and_bias(keras, self, seed=seed, name=name),
        )


class SeparableConv2D(Layer, frozen=True):
    """A depthwise convolution, then a 1×1 convolution that mixes the channels."""

    family: ClassVar[str] = "convolution"
    about: ClassVar[str] = (
        "A cheaper Conv2D in two steps: first each channel on its own, then a mix of the channels at every pixel."
    )
    essential: ClassVar[tuple[str, ...]] = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "activation",
    )

    filters: Filters = 32
    kernel_size: KernelSize = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    dilation_rate: DilationRate = (1, 1)
    depth_multiplier: DepthMultiplier = 1
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    depthwise_initializer: KernelInitializer = "glorot_uniform"
    pointwise_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    depthwise_regularizer: KernelRegularizer = None
    pointwise_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, _ = expect_image("SeparableConv2D", inputs)
        _expect_equal_strides("SeparableConv2D", self.strides)
        _expect_one_kind_of_step("SeparableConv2D", self.strides, self.dilation_rate)
        sides = windowed(
            "SeparableConv2D",
            "kernel",
            (height, width),
            self.kernel_size,
            self.strides,
            self.padding,
            self.dilation_rate,
        )
        return (*sides, self.filters)

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
        if not self.use_bias:
            return depthwise, pointwise
        bias = WeightSpec("bias", (self.filters,), self.bias_initializer, self.bias_regularizer)
        return depthwise, pointwise, bias

    def caption(self) -> str:
        return parts(
            counted(self.filters, "filter"),
            times(self.kernel_size),
            f"stride {times(self.strides)}" if max(self.strides) > 1 else None,
            "same" if self.padding == "same" else None,
            shown_activation(self.activation),
        )

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        channels = inputs[0][-1]
        count = self.parameter_count(*inputs)
        bias = f" + {self.filters:,}" if self.use_bias else ""
        deep = channels * self.depth_multiplier
        return _shape_and_count(
            self, f"{count:,} parameters = {height}·{width}·{deep:,} + {deep:,}·{self.filters:,}{bias}", inputs[0]
        )

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.SeparableConv2D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            depth_multiplier=self.depth_multiplier,
            pointwise_initializer=initializers.to_keras(keras, self.pointwise_initializer, seed=seed + 2),
            pointwise_regularizer=regularizers.to_keras(keras, self.pointwise_regularizer),
            **kernel_and_bias(keras, self, seed=seed, name=name, kernel="depthwise"),
        )


class DepthwiseConv2D(Layer, frozen=True):
    """Each channel convolved with filters of its own."""

    family: ClassVar[str] = "convolution"
    about: ClassVar[str] = "Slides a separate filter over each channel and does not mix the channels."
    essential: ClassVar[tuple[str, ...]] = ("kernel_size", "strides", "padding", "depth_multiplier", "activation")

    kernel_size: KernelSize = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    dilation_rate: DilationRate = (1, 1)
    depth_multiplier: DepthMultiplier = 1
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    depthwise_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    depthwise_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, channels = expect_image("DepthwiseConv2D", inputs)
        _expect_equal_strides("DepthwiseConv2D", self.strides)
        _expect_one_kind_of_step("DepthwiseConv2D", self.strides, self.dilation_rate)
        sides = windowed(
            "DepthwiseConv2D",
            "kernel",
            (height, width),
            self.kernel_size,
            self.strides,
            self.padding,
            self.dilation_rate,
        )
        return (*sides, channels * self.depth_multiplier)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        channels = inputs[0][-1]
        kernel = WeightSpec(
            "kernel",
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            self.depthwise_regularizer,
        )
        if not self.use_bias:
            return (kernel,)
        size = channels * self.depth_multiplier
        return kernel, WeightSpec("bias", (size,), self.bias_initializer, self.bias_regularizer)

    def caption(self) -> str:
        return parts(
            times(self.kernel_size),
            f"stride {times(self.strides)}" if max(self.strides) > 1 else None,
            "same" if self.padding == "same" else None,
            shown_activation(self.activation),
        )

    def explain(self, *inputs: Shape) -> str:
        height, width = self.kernel_size
        count = self.parameter_count(*inputs)
        bias = " + 1" if self.use_bias else ""
        deep = inputs[0][-1] * self.depth_multiplier
        return _shape_and_count(self, f"{count:,} parameters = ({height}·{width}{bias}) · {deep:,}", inputs[0])

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.DepthwiseConv2D(
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            depth_multiplier=self.depth_multiplier,
            **kernel_and_bias(keras, self, seed=seed, name=name, kernel="depthwise"),
        )


class Conv2DTranspose(Layer, frozen=True):
    """The convolution run backwards: every input pixel paints a window of the output."""

    family: ClassVar[str] = "convolution"
    about: ClassVar[str] = "A convolution run backwards: every pixel paints a small window, so that images grow."
    essential: ClassVar[tuple[str, ...]] = ("filters", "kernel_size", "strides", "padding", "activation")

    filters: Filters = 32
    kernel_size: KernelSize = (3, 3)
    strides: Strides = (1, 1)
    padding: Padding = "valid"
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    kernel_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    kernel_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        height, width, _ = expect_image("Conv2DTranspose", inputs)
        sides = tuple(
            size * stride + (max(side - stride, 0) if self.padding == "valid" else 0)
            for size, side, stride in zip((height, width), self.kernel_size, self.strides, strict=True)
        )
        return (*sides, self.filters)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        shape = (*self.kernel_size, self.filters, inputs[0][-1])
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, self.kernel_regularizer)
        if not self.use_bias:
            return (kernel,)
        return kernel, WeightSpec("bias", (self.filters,), self.bias_initializer, self.bias_regularizer)

    def caption(self) -> str:
        return parts(
            counted(self.filters, "filter"),
            times(self.kernel_size),
            f"stride {times(self.strides)}" if max(self.strides) > 1 else None,
            "same" if self.padding == "same" else None,
            shown_activation(self.activation),
        )

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

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Conv2DTranspose(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            **kernel_and_bias(keras, self, seed=seed, name=name),
        )
