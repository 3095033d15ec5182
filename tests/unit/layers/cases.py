"""Every layer type with numpy maths, with parameters that lead to each of its branches: what the batteries run over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from nnplayground.layers import Layer, Shape
from nnplayground.layers.activations import LeakyRelu
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.convolution_1d import Conv1D
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
from nnplayground.layers.pooling_1d import AveragePooling1D, GlobalAveragePooling1D, GlobalMaxPooling1D, MaxPooling1D
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN
from nnplayground.layers.regularization import BatchNormalization, Dropout, LayerNormalization, SpatialDropout1D
from nnplayground.layers.sequences import Embedding, Masking, RepeatVector, TimeDistributed

FLAT, TABLE, IMAGE, SMALL, STEPS = (4,), (3, 4), (5, 6, 2), (3, 2, 2), (5, 3)


class Case(NamedTuple):
    """A layer and the shapes of its inputs. masked: some steps of its first input do not count."""

    layer: Layer
    inputs: tuple[Shape, ...]
    masked: bool = False

    def __str__(self) -> str:
        fields = {name: getattr(self.layer, name) for name in self.layer.__struct_fields__}
        plain = {name: getattr(type(self.layer)(), name) for name in fields}
        told = (f"{name}={value}" for name, value in fields.items() if value != plain[name])
        return f"{self.layer.type}({', '.join(told)}) of {self.inputs}{' masked' if self.masked else ''}"


def _each(kind: type[Layer], shapes: tuple[Shape, ...], *parameters: dict[str, Any], **always: Any) -> list[Case]:
    return [Case(kind(**always, **chosen), (shape,)) for chosen in parameters for shape in shapes]


def _masked(kind: type[Layer], *parameters: dict[str, Any], **always: Any) -> list[Case]:
    return [Case(kind(**always, **chosen), (STEPS,), masked=True) for chosen in parameters]


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
_ALONG: tuple[dict[str, Any], ...] = (
    {},
    {"padding": "same"},
    {"strides": 2, "padding": "same", "kernel_size": 2},
    {"dilation_rate": 2, "padding": "causal"},
    {"strides": 3, "padding": "causal", "use_bias": False},
    {"kernel_size": 1, "strides": 2},
)
_POOLS_ALONG: tuple[dict[str, Any], ...] = (
    {},
    {"padding": "same"},
    {"pool_size": 3, "strides": 2},
    {"pool_size": 3, "strides": 1, "padding": "same"},
)
_RECURRENT: tuple[dict[str, Any], ...] = (
    {},
    {"return_sequences": True},
    {"return_sequences": True, "go_backwards": True},
    {"go_backwards": True, "use_bias": False},
    {"activation": "relu", "return_sequences": True},
    {"activation": "softmax"},
)
_DROPPED: tuple[dict[str, Any], ...] = (
    {"dropout": 0.25},
    {"recurrent_dropout": 0.25, "return_sequences": True},
    {"dropout": 0.25, "recurrent_dropout": 0.25, "go_backwards": True},
)
_GATED: tuple[dict[str, Any], ...] = (*_RECURRENT, {"recurrent_activation": "hard_sigmoid"})
_RESETS: tuple[dict[str, Any], ...] = tuple({"reset_after": False, **given} for given in _RECURRENT)
_READERS: tuple[Any, ...] = (
    SimpleRNN(units=2),
    LSTM(units=2, return_sequences=True),
    GRU(units=2, return_sequences=True),
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
    *_each(Conv1D, (STEPS,), *_ALONG, filters=4),
    *_each(MaxPooling1D, (STEPS,), *_POOLS_ALONG),
    *_each(AveragePooling1D, (STEPS,), *_POOLS_ALONG),
    *_each(GlobalMaxPooling1D, (STEPS,), {}, {"keepdims": True}),
    *_each(GlobalAveragePooling1D, (STEPS,), {}, {"keepdims": True}),
    *_masked(GlobalAveragePooling1D, {}, {"keepdims": True}),
    *_masked(BatchNormalization, *_SCALES, momentum=0.75),
    *_each(SpatialDropout1D, (STEPS,), {"rate": 0.25}),
    Case(Embedding(input_dim=6, output_dim=3), ((9,),)),
    Case(Masking(mask_value=0.5), (STEPS,)),
    Case(RepeatVector(n=3), (FLAT,)),
    Case(TimeDistributed(layer=Dense(units=2)), (STEPS,)),
    Case(TimeDistributed(layer=Activation(activation="tanh")), (STEPS,)),
    Case(TimeDistributed(layer=Conv2D(filters=2, kernel_size=(2, 2))), ((3, 4, 3, 2),)),
    *_each(SimpleRNN, (STEPS,), *_RECURRENT, *_DROPPED, units=2),
    *_masked(SimpleRNN, *_RECURRENT, *_DROPPED, units=2),
    *_each(LSTM, (STEPS,), *_GATED, *_DROPPED, units=2),
    *_masked(LSTM, *_GATED, *_DROPPED, units=2),
    *_each(GRU, (STEPS,), *_GATED, *_DROPPED, *_RESETS, units=2),
    *_masked(GRU, *_GATED, *_DROPPED, *_RESETS, units=2),
    *_each(Bidirectional, (STEPS,), *({"layer": reader} for reader in _READERS), merge_mode="concat"),
    *_each(Bidirectional, (STEPS,), *({"merge_mode": mode} for mode in ("sum", "mul", "ave")), layer=_READERS[2]),
    *_masked(Bidirectional, *({"layer": reader} for reader in _READERS), merge_mode="concat"),
    *_masked(Bidirectional, {"merge_mode": "mul"}, layer=_READERS[1]),
    # Keras keeps 1 / √key_dim in float32; those of 4 and 1 are exact.
    *_each(MultiHeadAttention, (STEPS,), {}, {"use_causal_mask": True}, {"dropout": 0.25}, num_heads=2, key_dim=4),
    *_masked(MultiHeadAttention, {}, {"use_causal_mask": True, "use_bias": False}, num_heads=2, key_dim=4, value_dim=3),
    Case(MultiHeadAttention(num_heads=2, key_dim=4), (STEPS, (4, 2))),
    Case(MultiHeadAttention(num_heads=3, key_dim=1, value_dim=2), (STEPS, (4, 2), (4, 3)), masked=True),
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
            (self.mask, *(None for _ in self.inputs[1:])),
        )

    @property
    def mask(self) -> Array | None:
        """Of the first input: padding at the end of one sample, at the beginning of another, nowhere, and in gaps."""
        if not self.case.masked:
            return None
        places = np.arange(self.inputs[0].shape[1])
        kinds = [places < 3, places > 1, places >= 0, places % 3 != 1]
        return np.stack([kinds[number % 4] for number in range(len(self.dz))]).astype(self.dz.dtype)


def numbers(case: Case, dtype: Any = np.float64, *, samples: int = 4) -> Numbers:
    """Normally distributed; variances are above zero, and tokens are whole numbers."""
    random = np.random.default_rng(0)
    inputs = tuple(random.normal(size=(samples, *shape)).astype(dtype) for shape in case.inputs)
    if isinstance(case.layer, Embedding):
        inputs = tuple(random.integers(case.layer.input_dim, size=x.shape).astype(dtype) for x in inputs)
    weights = {spec.name: random.normal(size=spec.shape).astype(dtype) for spec in case.layer.weights(*case.inputs)}
    if "moving_variance" in weights:
        weights["moving_variance"] = weights["moving_variance"] ** 2 + dtype(0.5)
    output = case.layer.output_shape(*case.inputs)
    return Numbers(case, inputs, weights, random.normal(size=(samples, *output)).astype(dtype))
