"""The layer that slides filters along a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from msgspec import Meta

from nnplayground.layers.base import (
    Layer,
    Shape,
    ShapeError,
    WeightSpec,
    counted,
    expect_sequence,
    parts,
    shown_activation,
    shown_regularizer,
    window_formula,
    window_size,
)
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import (
    ActivationParameter,
    BiasInitializer,
    BiasRegularizer,
    Filters,
    KernelInitializer,
    KernelRegularizer,
    UseBias,
    kernel_and_bias,
)

Length = Annotated[int, Meta(ge=1, le=1024)]


def window_along(layer: str, what: str, steps: int, size: int, stride: int, padding: str, dilation: int = 1) -> int:
    """Number of positions of a window along a sequence; ShapeError where it does not fit."""
    positions = window_size(steps, size, stride, "valid" if padding == "valid" else "same", dilation)
    if positions < 1:
        raise ShapeError(
            f"The {what} of {layer} covers {counted((size - 1) * dilation + 1, 'step')}, but its input has only "
            f"{steps}; make it smaller or set padding to same."
        )
    return positions


class Conv1D(Layer, frozen=True):
    """Each output step of a filter: the sum of a window of steps times the filter, plus the bias."""

    family: ClassVar[str] = "convolution"
    about: ClassVar[str] = (
        "Slides small windows along a sequence; each filter learns to respond to one pattern of neighbouring steps, "
        "such as a phrase."
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
    kernel_size: Annotated[
        Length,
        Meta(title="Kernel size", description="How many steps the window covers that slides along the sequence."),
    ] = 3
    strides: Annotated[
        Length, Meta(title="Strides", description="How many steps the window moves on from one position to the next.")
    ] = 1
    padding: Annotated[
        Literal["valid", "same", "causal"],
        Meta(
            title="Padding",
            description="valid keeps the window inside the sequence; same adds zeros at both ends, so that the length "
            "stays; causal adds them at the beginning only, so that no step sees a later one.",
        ),
    ] = "valid"
    dilation_rate: Annotated[
        Length,
        Meta(title="Dilation rate", description="Spacing of the steps that the window looks at; 1 means neighbours."),
    ] = 1
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    kernel_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    kernel_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        steps, _ = expect_sequence(self.type, inputs)
        if self.strides > 1 and self.dilation_rate > 1:
            raise ShapeError("Conv1D can have strides or a dilation rate above 1, but not both; set one of them to 1.")
        window = (self.kernel_size, self.strides, self.padding, self.dilation_rate)
        return window_along(self.type, "kernel", steps, *window), self.filters

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        shape = (self.kernel_size, inputs[0][-1], self.filters)
        kernel = WeightSpec("kernel", shape, self.kernel_initializer, self.kernel_regularizer)
        if not self.use_bias:
            return (kernel,)
        return kernel, WeightSpec("bias", (self.filters,), self.bias_initializer, self.bias_regularizer)

    def caption(self) -> str:
        return parts(
            counted(self.filters, "filter"),
            counted(self.kernel_size, "step"),
            f"stride {self.strides}" if self.strides > 1 else None,
            self.padding if self.padding != "valid" else None,
            shown_activation(self.activation),
            shown_regularizer(self.kernel_regularizer),
        )

    def explain(self, *inputs: Shape) -> str:
        steps, channels = inputs[0]
        padding = "valid" if self.padding == "valid" else "same"
        positions = window_formula(steps, self.kernel_size, self.strides, padding, self.dilation_rate)
        bias = " + 1" if self.use_bias else ""
        count = self.parameter_count(*inputs)
        return f"{positions} · {count:,} parameters = ({self.kernel_size}·{channels:,}{bias}) · {self.filters:,}"

    def working_values(self, *inputs: Shape) -> int:
        positions, filters = self.output_shape(*inputs)
        return positions * (self.kernel_size * inputs[0][-1] + filters)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """That of Conv2D, for an image that is one pixel high and as wide as the sequence is long.

        causal: valid, behind as many zeros as the window reaches back.
        """
        (x,) = inputs
        samples, steps, channels = x.shape
        before = (self.kernel_size - 1) * self.dilation_rate if self.padding == "causal" else 0
        image = (np.pad(x, ((0, 0), (before, 0), (0, 0))) if before else x)[:, np.newaxis]
        flat = Conv2D(
            filters=self.filters,
            kernel_size=(1, self.kernel_size),
            strides=(1, self.strides),
            padding="same" if self.padding == "same" else "valid",
            dilation_rate=(1, self.dilation_rate),
            use_bias=self.use_bias,
        )
        kernel = weights["kernel"]
        inner = flat.maths((image,), {**weights, "kernel": kernel.reshape(1, *kernel.shape)}, now)
        positions = inner.before.shape[2]

        def backward(dz: Array) -> Gradients:
            flow = inner.backward(dz.reshape(samples, 1, positions, self.filters))
            gradients = {**flow.weights, "kernel": flow.weights["kernel"].reshape(kernel.shape)}
            return Gradients((flow.inputs[0].reshape(samples, before + steps, channels)[:, before:],), gradients)

        return Maths(inner.before.reshape(samples, positions, self.filters), backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Conv1D(
            self.filters,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            **kernel_and_bias(keras, self, seed=seed, name=name),
        )
