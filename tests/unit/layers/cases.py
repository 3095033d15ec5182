"""Every layer type with numpy maths, with parameters that lead to each of its branches: what the batteries run over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nnplayground.layers import Layer, Shape
from nnplayground.layers.activations import LeakyRelu
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Input, Rescaling, Reshape
from nnplayground.layers.maths import Array, Maths, Pass
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    UpSampling2D,
    ZeroPadding2D,
)
from nnplayground.layers.regularization import BatchNormalization, Dropout, LayerNormalization

FLAT, TABLE, IMAGE, SMALL = (4,), (3, 4), (5, 6, 2), (3, 2, 2)


class Case(NamedTuple):
    """A layer and the shapes of its inputs."""

    layer: Layer
    inputs: tuple[Shape, ...]

    def __str__(self) -> str:
        fields = {name: getattr(self.layer, name) for name in self.layer.__struct_fields__}
        plain = {name: getattr(type(self.layer)(), name) for name in fields}
        told = (f"{name}={value}" for name, value in fields.items() if value != plain[name])
        return f"{self.layer.type}({', '.join(told)}) of {self.inputs}"


def _each(kind: type[Layer], shapes: tuple[Shape, ...], *parameters: dict[str, Any], **always: Any) -> list[Case]:
    return [Case(kind(**always, **chosen), (shape,)) for chosen in parameters for shape in shapes]


_WINDOWS: tuple[dict[str, Any], ...] = (
    {},
    {"padding": "same"},
    {"strides": (2, 2)},
    {"strides": (2, 2), "padding": "same", "kernel_size": (3, 2)},
    {"dilation_rate": (2, 2), "padding": "same"},
    {"dilation_rate": (1, 2), "kernel_size": (2, 2), "use_bias": False},
    {"strides": (3, 3), "padding": "same", "kernel_size": (1, 1)},
)
_POOLS: tuple[dict[str, Any], ...] = (
    {},
    {"padding": "same"},
    {"pool_size": (3, 3), "strides": (2, 2)},
    {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"},
    {"pool_size": (1, 1), "strides": (2, 2)},
)
_SCALES: tuple[dict[str, Any], ...] = ({}, {"center": False}, {"scale": False}, {"center": False, "scale": False})

CASES: list[Case] = [
    Case(Input(), (TABLE,)),
    *_each(Dense, (FLAT, TABLE, SMALL), {}, {"use_bias": False}, units=3),
    *_each(Activation, (FLAT, SMALL), {"activation": "tanh"}, {"activation": LeakyRelu(negative_slope=0.25)}),
    *_each(Flatten, (FLAT, IMAGE), {}),
    *_each(Reshape, (IMAGE,), {"target_shape": (-1, 4)}),
    *_each(Rescaling, (FLAT, SMALL), {"scale": 0.5, "offset": -0.25}),
    *_each(Conv2D, (IMAGE,), *_WINDOWS, filters=3),
    *_each(Conv2D, (IMAGE,), {"strides": (2, 1), "padding": "same"}, {"strides": (1, 3)}, filters=2),
    *_each(SeparableConv2D, (IMAGE,), *_WINDOWS, {"depth_multiplier": 2}, filters=3),
    *_each(DepthwiseConv2D, (IMAGE,), *_WINDOWS, {"depth_multiplier": 3, "strides": (2, 2)}),
    *_each(
        Conv2DTranspose,
        (SMALL,),
        {},
        {"padding": "same"},
        {"strides": (2, 2)},
        {"strides": (2, 3), "padding": "same", "use_bias": False},
        {"strides": (3, 3), "kernel_size": (1, 2)},
        {"strides": (3, 3), "kernel_size": (2, 2), "padding": "same"},
        filters=3,
    ),
    *_each(MaxPooling2D, (IMAGE,), *_POOLS),
    *_each(AveragePooling2D, (IMAGE,), *_POOLS),
    *_each(GlobalMaxPooling2D, (IMAGE,), {}, {"keepdims": True}),
    *_each(GlobalAveragePooling2D, (IMAGE,), {}, {"keepdims": True}),
    *_each(ZeroPadding2D, (IMAGE,), {}, {"padding": (0, 2)}),
    *_each(UpSampling2D, (SMALL,), {}, {"size": (2, 3)}, interpolation="nearest"),
    *_each(UpSampling2D, (SMALL,), {}, {"size": (2, 3)}, interpolation="bilinear"),
    *_each(Dropout, (FLAT, SMALL), {"rate": 0.25}),
    *_each(BatchNormalization, (FLAT, SMALL), *_SCALES, momentum=0.75),
    *_each(LayerNormalization, (FLAT, SMALL), *_SCALES),
    Case(Add(), (SMALL, SMALL, SMALL)),
    Case(Concatenate(), (FLAT, FLAT)),
    Case(Concatenate(axis=1), (IMAGE, (2, 6, 2))),
]


class Numbers(NamedTuple):
    """Numbers for a case: arrays that go in, weights by name, and the derivative of a loss by what comes out."""

    case: Case
    inputs: tuple[Array, ...]
    weights: dict[str, Array]
    dz: Array

    def maths(self, *, training: bool = True) -> Maths:
        maths = self.case.layer.maths(self.inputs, self.weights, self.now(training=training))
        assert maths is not None
        return maths

    def now(self, *, training: bool = True) -> Pass:
        """The same random numbers in each pass."""
        dtype = self.dz.dtype
        return Pass(
            training,
            lambda shape: np.random.default_rng(1).random(shape).astype(dtype),
            lambda name: np.array(getattr(self.case.layer, name), dtype),
        )


def numbers(case: Case, dtype: Any = np.float64, *, samples: int = 3) -> Numbers:
    """Normally distributed; variances are above zero."""
    random = np.random.default_rng(0)
    inputs = tuple(random.normal(size=(samples, *shape)).astype(dtype) for shape in case.inputs)
    weights = {spec.name: random.normal(size=spec.shape).astype(dtype) for spec in case.layer.weights(*case.inputs)}
    if "moving_variance" in weights:
        weights["moving_variance"] = weights["moving_variance"] ** 2 + dtype(0.5)
    output = case.layer.output_shape(*case.inputs)
    return Numbers(case, inputs, weights, random.normal(size=(samples, *output)).astype(dtype))
