"""What every layer type declares about itself.

A layer type is one frozen class: its parameters, its shape rule, its weights and how Keras builds it.
Palette, inspector form, file format, help and tests are all read from these classes.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import msgspec

from nnplayground.layers.activations import ActivationField, activation_name
from nnplayground.layers.initializers import AnyInitializer
from nnplayground.layers.maths import Array, Maths, Pass
from nnplayground.layers.regularizers import Regularizer

Shape = tuple[int, ...]
"""A shape without the batch: (height, width, channels) of an image, (units,) of a vector."""


class ShapeError(ValueError):
    """The inputs do not fit the layer. The message is one sentence for the user."""


class WeightSpec(NamedTuple):
    """One weight tensor of a layer."""

    name: str
    shape: Shape
    initializer: AnyInitializer
    regularizer: Regularizer | None = None
    trainable: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Layer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag=True):
    """Base of the table. A subclass is a layer type; its class name is its Keras name."""

    family: ClassVar[str] = "core"
    about: ClassVar[str] = ""
    essential: ClassVar[tuple[str, ...]] = ()
    """Parameters shown first in the form and always written to the file."""
    input_count: ClassVar[tuple[int, int | None]] = (1, 1)
    """Least and most number of wires into the layer; None: any number."""
    training_only: ClassVar[bool] = False
    """The layer changes its input only while training (dropout, augmentation)."""
    mixes_samples: ClassVar[bool] = False
    """While training, what comes out for a sample depends on the other samples of its batch."""
    output_ports: ClassVar[tuple[str, ...]] = ()
    """What it gives beside its output, by name: "states" of a recurrent layer. A wire begins there at `id.port`."""
    input_ports: ClassVar[tuple[str, ...]] = ()
    """What it may receive beside its inputs, by name, one wire each: "initial_state"."""
    activates_inside: ClassVar[bool] = False
    """Its activation functions belong to its inner workings (to every step of a row) and are not applied to what
    comes out."""

    keeps_mask: ClassVar[bool] = False
    """Where some steps of its input do not count, neither do those of its output; else all of them count again."""

    @property
    def type(self) -> str:
        return type(self).__name__

    @property
    def outer_activation(self) -> ActivationField:
        """The activation function that is applied to what `maths` gives, "linear" where there is none."""
        return "linear" if self.activates_inside else getattr(self, "activation", "linear")

    @property
    def draws(self) -> bool:
        """Whether its maths in training asks for random numbers."""
        return self.training_only

    def output_shape(self, *inputs: Shape) -> Shape:
        """Shape of the output, without the batch. Raises ShapeError where the inputs do not fit."""
        raise NotImplementedError(type(self).__name__)

    def port_shape(self, port: str, *inputs: Shape) -> Shape:
        """Shape of what an output port gives, for inputs that `output_shape` accepts. Raises ShapeError."""
        raise NotImplementedError(f"{type(self).__name__}.{port}")

    def check_port(self, port: str, shape: Shape, *inputs: Shape) -> None:
        """Raises ShapeError where a shape does not fit an input port."""
        raise NotImplementedError(f"{type(self).__name__}.{port}")

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        """The weight tensors, in Keras' order, for inputs that `output_shape` accepts."""
        return ()

    def parameter_count(self, *inputs: Shape) -> int:
        """Number of values in all weights, trainable or not: Keras' `count_params`."""
        return sum(weight.size for weight in self.weights(*inputs))

    def regularizer_name(self, weight: str) -> str:
        """The parameter that regularizes a weight, whether or not the layer has it."""
        return f"{weight}_regularizer"

    def caption(self) -> str:
        """The few words beside the type's name on a block, such as '32 filters · 3×3 · relu'."""
        return ""

    def explain(self, *inputs: Shape) -> str:
        """How the output shape and the number of parameters come about, with their numbers."""
        return ""

    def maths(self, inputs: tuple[Array, ...], weights: Mapping[str, Array], now: Pass) -> Maths | None:
        """One pass in numpy, up to the activation function; None where only the Keras engine can do this layer.

        inputs: each (batch, *shape); weights: by the names that `weights` declares.
        """
        return None

    def working_values(self, *inputs: Shape) -> int:
        """About how many values of one sample `maths` works with: those that come out, and copies on the way there."""
        return math.prod(self.output_shape(*inputs))

    def mask(self, inputs: tuple[Array, ...], masks: tuple[Array | None, ...]) -> Array | None:
        """Which steps of the output count, (batch, steps) of 1 and 0; None where all do. masks: of the inputs."""
        return masks[0] if self.keeps_mask and masks else None

    @property
    def has_maths(self) -> bool:
        """Whether the scratch engine can do this layer."""
        return type(self).maths is not Layer.maths

    def bare(self) -> Layer:
        """The layer without what an engine applies itself: the outer activation and all penalties on weights."""
        bare: dict[str, Any] = {name: None for name in self.__struct_fields__ if name.endswith("_regularizer")}
        if "activation" in self.__struct_fields__ and not self.activates_inside:
            bare["activation"] = "linear"
        return msgspec.structs.replace(self, **bare)

    def without_chance(self) -> Layer:
        """The layer with its dropout, of whatever kind, turned off."""
        rates = [name for name in ("rate", "dropout", "recurrent_dropout") if name in self.__struct_fields__]
        return msgspec.structs.replace(self, **dict.fromkeys(rates, 0.0)) if rates else self

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        """The Keras layer of the same name. `keras` is the module; `seed` makes its randomness repeatable."""
        raise NotImplementedError(type(self).__name__)

    def call_keras(self, made: Callable[..., Any], inputs: Sequence[Any], **ports: Any) -> Any:
        """What the Keras layer that `to_keras` made gives for tensors of the inputs, and of the input ports by name."""
        return made(inputs[0] if len(inputs) == 1 else list(inputs), **ports)


def derived_seed(seed: int, *parts: str) -> int:
    """A seed of its own for each named part of a model, the same in every process."""
    return zlib.crc32("/".join((str(seed), *parts)).encode()) & 0x7FFFFFFF


def parts(*words: str | None) -> str:
    """Join the words of a caption, leaving out the empty ones."""
    return " · ".join(word for word in words if word)


def counted(number: int, singular: str) -> str:
    return f"{number:,} {singular}" if number == 1 else f"{number:,} {singular}s"


def times(values: Shape) -> str:
    """3×3, or 62 × 62 × 32 is written by `shape_text`; this is the tight form for kernels."""
    return "×".join(f"{value:,}" for value in values)


def shape_text(shape: Shape) -> str:
    """A shape as the canvas writes it: 62 × 62 × 32."""
    return " × ".join(f"{value:,}" for value in shape)


def shown_activation(activation: ActivationField) -> str | None:
    name = activation_name(activation)
    return None if name == "linear" else name


def shown_regularizer(regularizer: Regularizer | None) -> str | None:
    return None if regularizer is None else regularizer.caption()


def expect_image(layer: str, inputs: tuple[Shape, ...]) -> tuple[int, int, int]:
    """The (height, width, channels) of the only input, or a ShapeError that says what came instead."""
    shape = inputs[0]
    if len(shape) != 3:
        raise ShapeError(f"{layer} needs an image (height × width × channels), but receives {shape_text(shape)}.")
    return shape[0], shape[1], shape[2]


def expect_sequence(layer: str, inputs: tuple[Shape, ...]) -> tuple[int, int]:
    """(steps, channels) of the first input, or a ShapeError that says what came instead and the way out."""
    shape = inputs[0]
    if len(shape) == 2:
        return shape[0], shape[1]
    needs = f"{layer} needs a sequence (steps × channels), but receives {shape_text(shape)}"
    if len(shape) == 3:
        raise ShapeError(
            f"{needs}, an image; put Reshape before it, or choose a layer for images, such as Conv2D or Flatten."
        )
    way_out = "put Embedding before it if these are tokens, or Reshape" if shape else "put Reshape before it"
    raise ShapeError(f"{needs}; {way_out}.")


def window_size(size: int, window: int, stride: int, padding: str, dilation: int = 1) -> int:
    """Number of window positions along one side: ⌊(n − f) / s⌋ + 1 (valid), ⌈n / s⌉ (same)."""
    if padding == "same":
        return -(-size // stride)
    reach = (window - 1) * dilation + 1
    return (size - reach) // stride + 1


def windowed(
    layer: str, what: str, sides: tuple[int, int], window: Shape, strides: Shape, padding: str, dilation: Shape = (1, 1)
) -> tuple[int, int]:
    """(height, width) after sliding a window over `sides`; ShapeError where the window does not fit."""
    result = []
    for size, side, stride, step in zip(sides, window, strides, dilation, strict=True):
        length = window_size(size, side, stride, padding, step)
        if length < 1:
            reach = tuple((extent - 1) * gap + 1 for extent, gap in zip(window, dilation, strict=True))
            raise ShapeError(
                f"The {what} of {layer} covers {times(reach)} pixels, but its input is only {times(sides)}; "
                f"make it smaller or set padding to same."
            )
        result.append(length)
    return result[0], result[1]


def window_formula(size: int, window: int, stride: int, padding: str, dilation: int = 1) -> str:
    """The computation of one side with its numbers: ⌊(31 − 3) / 1⌋ + 1 = 29."""
    length = window_size(size, window, stride, padding, dilation)
    if padding == "same":
        return f"⌈{size} / {stride}⌉ = {length}"
    reach = (window - 1) * dilation + 1
    return f"⌊({size} − {reach}) / {stride}⌋ + 1 = {length}"
