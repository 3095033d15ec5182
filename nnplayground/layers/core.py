"""Input, Dense, Activation, Flatten, Reshape, Rescaling: the layers that almost every model has."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from nnplayground.layers import activations
from nnplayground.layers.base import (
    Layer,
    Shape,
    ShapeError,
    WeightSpec,
    counted,
    parts,
    shape_text,
    shown_activation,
    shown_regularizer,
)
from nnplayground.layers.maths import Array, Gradients, Maths, Pass
from nnplayground.layers.parameters import (
    ActivationParameter,
    BiasInitializer,
    BiasRegularizer,
    KernelInitializer,
    KernelRegularizer,
    Units,
    UseBias,
    kernel_and_bias,
)


class Input(Layer, frozen=True):
    """Where the data enters."""

    about: ClassVar[str] = "Where the data enters the model. Its shape comes from the data."
    input_count: ClassVar[tuple[int, int | None]] = (0, 0)

    source: Annotated[
        str | None, Meta(title="Source", description="Which array of the data, where there are several.")
    ] = None
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...] | None,
        Meta(title="Shape", description="Only where no data feeds it: the shape of one sample."),
    ] = None

    def output_shape(self, *inputs: Shape) -> Shape:
        """The declared shape; where the data gives the shape, the caller passes it as the only input."""
        if self.shape is not None:
            return self.shape
        if not inputs:
            raise ShapeError("The shape of the input is unknown until data is chosen.")
        return inputs[0]

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """The data itself, passed as the only input."""
        return Maths(inputs[0], lambda dz: Gradients((dz,)))


class Dense(Layer, frozen=True):
    """a = g(x W + b) on the last axis of x."""

    about: ClassVar[str] = (
        "Every unit looks at every input: it adds them up, each with its own weight, and applies the activation."
    )
    essential: ClassVar[tuple[str, ...]] = ("units", "activation", "kernel_regularizer")
    keeps_mask: ClassVar[bool] = True

    units: Units = 32
    activation: ActivationParameter = "linear"
    use_bias: UseBias = True
    kernel_initializer: KernelInitializer = "glorot_uniform"
    bias_initializer: BiasInitializer = "zeros"
    kernel_regularizer: KernelRegularizer = None
    bias_regularizer: BiasRegularizer = None

    def output_shape(self, *inputs: Shape) -> Shape:
        if not inputs[0]:
            raise ShapeError("Dense needs at least one value per sample, but receives none.")
        return (*inputs[0][:-1], self.units)

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        kernel = WeightSpec("kernel", (inputs[0][-1], self.units), self.kernel_initializer, self.kernel_regularizer)
        if not self.use_bias:
            return (kernel,)
        return kernel, WeightSpec("bias", (self.units,), self.bias_initializer, self.bias_regularizer)

    def caption(self) -> str:
        return parts(
            counted(self.units, "unit"), shown_activation(self.activation), shown_regularizer(self.kernel_regularizer)
        )

    def explain(self, *inputs: Shape) -> str:
        count = self.parameter_count(*inputs)
        bias = " + 1" if self.use_bias else ""
        return f"{count:,} parameters = ({inputs[0][-1]:,}{bias}) · {self.units:,}"

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X W + b; dW = Xᵀ dZ, db = Σ dZ, dX = dZ Wᵀ. The 1/m of the mean is already in dZ."""
        kernel = weights["kernel"]
        x = inputs[0].reshape(-1, inputs[0].shape[-1])
        z = x @ kernel
        if self.use_bias:
            z = z + weights["bias"]

        def backward(dz: Array) -> Gradients:
            dz = dz.reshape(-1, self.units)
            gradients = {"kernel": x.T @ dz}
            if self.use_bias:
                gradients["bias"] = dz.sum(axis=0)
            return Gradients(((dz @ kernel.T).reshape(inputs[0].shape),), gradients)

        return Maths(z.reshape(*inputs[0].shape[:-1], self.units), backward)

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Dense(self.units, **kernel_and_bias(keras, self, seed=seed, name=name))


class Activation(Layer, frozen=True):
    """a = g(z), elementwise (softmax: along the last axis)."""

    about: ClassVar[str] = "Applies an activation function to every value, without any weights."
    essential: ClassVar[tuple[str, ...]] = ("activation",)
    keeps_mask: ClassVar[bool] = True

    activation: ActivationParameter = "relu"

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def caption(self) -> str:
        return activations.activation_name(self.activation)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = X; all that happens is the activation function."""
        return Maths(inputs[0], lambda dz: Gradients((dz,)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Activation(
            activations.to_keras(keras, self.activation, name=f"{name}_activation"), name=name
        )


class Flatten(Layer, frozen=True):
    """All values of a sample in one row."""

    about: ClassVar[str] = "Lays all values of a sample out in one row, so that Dense layers can follow an image."

    def output_shape(self, *inputs: Shape) -> Shape:
        return (math.prod(inputs[0]),)

    def explain(self, *inputs: Shape) -> str:
        if len(inputs[0]) < 2:
            return ""
        return f"{' · '.join(f'{size:,}' for size in inputs[0])} = {math.prod(inputs[0]):,}"

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """The same values in one row, and back."""
        (x,) = inputs
        return Maths(x.reshape(len(x), -1), lambda dz: Gradients((dz.reshape(x.shape),)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Flatten(name=name)


class Reshape(Layer, frozen=True):
    """The same values in another shape."""

    about: ClassVar[str] = "Arranges the values of a sample in another shape, without changing them."
    essential: ClassVar[tuple[str, ...]] = ("target_shape",)

    target_shape: Annotated[
        tuple[Annotated[int, Meta(ge=-1)], ...],
        Meta(
            title="Target shape",
            description="Sizes along each axis, such as 8, 8, 1; one of them may be −1, which is then worked out.",
            min_length=1,
            max_length=4,
        ),
    ] = (-1,)

    def output_shape(self, *inputs: Shape) -> Shape:
        total = math.prod(inputs[0])
        open_axes = self.target_shape.count(-1)
        known = math.prod(size for size in self.target_shape if size != -1)
        if open_axes > 1:
            raise ShapeError("The target shape of Reshape may have only one −1.")
        fits = known > 0 and (total % known == 0 if open_axes else total == known)
        if not fits:
            raise ShapeError(
                f"Reshape receives {total:,} values ({shape_text(inputs[0])}), which do not fill the target shape "
                f"{shape_text(self.target_shape)}; the sizes must multiply to {total:,}."
            )
        return tuple(total // known if size == -1 else size for size in self.target_shape)

    def caption(self) -> str:
        return shape_text(self.target_shape)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """The same values in another shape, and back."""
        (x,) = inputs
        return Maths(x.reshape(len(x), *self.output_shape(x.shape[1:])), lambda dz: Gradients((dz.reshape(x.shape),)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Reshape(self.target_shape, name=name)


class Rescaling(Layer, frozen=True):
    """x · scale + offset."""

    about: ClassVar[str] = "Multiplies every value by a scale and adds an offset; for example 1/127.5 and −1."
    essential: ClassVar[tuple[str, ...]] = ("scale", "offset")
    keeps_mask: ClassVar[bool] = True

    scale: Annotated[float, Meta(title="Scale", description="What every value is multiplied by.", ge=-1e6, le=1e6)] = (
        1 / 255
    )
    offset: Annotated[float, Meta(title="Offset", description="What is added afterwards.", ge=-1e6, le=1e6)] = 0.0

    def output_shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def caption(self) -> str:
        return parts(f"× {self.scale:.4g}", f"{self.offset:+.4g}" if self.offset else None)

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths:
        """Z = s X + c; dX = s dZ."""
        return Maths(inputs[0] * self.scale + self.offset, lambda dz: Gradients((dz * self.scale,)))

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        return keras.layers.Rescaling(self.scale, self.offset, name=name)
