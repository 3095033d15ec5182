"""How the value of one unit comes about, layer type by layer type, with the numbers of one sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnplayground.formulas.forward_windows import filtered, globally_pooled, painted, pooled, separable, two_pictures
from nnplayground.formulas.nodes import Fraction, Node, Number, Operator, Root, Row, Symbol, Words
from nnplayground.formulas.subject import Subject, agrees, exact
from nnplayground.formulas.symbols import EPSILON, B, Z
from nnplayground.formulas.unit_weights import normalized
from nnplayground.formulas.writing import factor, indexed, num, result, row, squared, terms, total
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Input, Rescaling, Reshape
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

ONE = Number("1.0")
MEAN = Symbol("μ", "the mean")
VARIANCE = squared(Symbol("σ", "the standard deviation"))


def forward_lines(subject: Subject) -> tuple[Row, ...]:
    """From what comes into the layer to z of the unit in focus."""
    write = next((write for kind, write in _WRITERS if isinstance(subject.layer, kind)), _plainly)
    return write(subject)


def z_line(subject: Subject, *before: Node | str) -> Row:
    """z = … = number."""
    return row(Z, "=", *before, *(("=",) if before else ()), result(subject.z, Z.tip))


def _plainly(subject: Subject) -> tuple[Row, ...]:
    if subject.place and subject.inputs.ndim == 4:
        return two_pictures(subject), z_line(subject)
    return (z_line(subject),)


def _input(subject: Subject) -> tuple[Row, ...]:
    index = (*(at + 1 for at in subject.place), subject.unit + 1)
    start = row(indexed("x", *index, tip="a value of the data"), "=", result(subject.z, "a value of the data"))
    return (row(start, Words("is what the data gives; it passes on as it is.")),)


def _dense(subject: Subject) -> tuple[Row, ...]:
    kernel, record = subject.record.weights["kernel"][:, subject.unit], subject.record
    inputs = record.inputs[0][(subject.sample, *subject.place)]
    bias = record.weights.get("bias")
    w_i, x_i = indexed("w", "i", tip="the weight of input i"), subject.input_symbol("i")
    general = row(total("i", "the sum over all inputs of this unit"), w_i, x_i)
    if bias is not None:
        general = row(general, "+", B)
    products = exact(kernel) * exact(inputs)
    added = float(products.sum()) + (float(bias[subject.unit]) if bias is not None else 0.0)
    if not agrees(added, float(subject.z), float(np.abs(products).sum())):
        return (z_line(subject, general),)

    def term(place: int) -> tuple[Any, Sequence[Node]]:
        return kernel[place], (Operator("·", "product"), factor(inputs[place], subject.input_number(0).tip))

    numbers = terms(len(kernel), term, key="inputs", shown=subject.focus.terms("inputs"), tip=lambda at: f"w{at + 1}")
    if bias is not None:
        numbers = row(numbers, *_plus(bias[subject.unit], B.tip))
    return (z_line(subject, general, "=", numbers),)


def _plus(value: Any, tip: str) -> tuple[str, Number]:
    """+ 0.1, or − 0.1."""
    number = num(value, tip)
    if not number.full.startswith("-"):
        return "+", number
    return "−", Number(number.full, tip, unsigned=True)


def _activation(subject: Subject) -> tuple[Row, ...]:
    return (z_line(subject, subject.input_symbol(subject.unit + 1)),)


def _moved(subject: Subject) -> tuple[Row, ...]:
    """Flatten and Reshape: the same value at another place."""
    flat = np.ravel_multi_index((*subject.place, subject.unit), subject.record.before.shape[1:])
    index = np.unravel_index(int(flat), subject.inputs.shape[1:])
    return (z_line(subject, subject.input_symbol(*(int(at) + 1 for at in index))),)


def _rescaling(subject: Subject) -> tuple[Row, ...]:
    layer = subject.layer
    assert isinstance(layer, Rescaling)
    value = subject.inputs[subject.spot]
    scale, offset = num(layer.scale, "the scale"), _plus(layer.offset, "the offset")
    if not agrees(float(value) * layer.scale + layer.offset, float(subject.z), abs(layer.offset)):
        return (z_line(subject),)
    letters = row(subject.input_symbol(subject.unit + 1), "·", scale, *offset)
    numbers = row(subject.input_number(value), "·", factor(layer.scale), *offset)
    return (z_line(subject, letters, "=", numbers),)


def _dropout(subject: Subject) -> tuple[Row, ...]:
    layer, value = subject.layer, subject.inputs[subject.spot]
    assert isinstance(layer, Dropout)
    symbol = subject.input_symbol(subject.unit + 1)
    if float(value) == 0:
        return z_line(subject, symbol), row(Words("Nothing comes in, which stays nothing, dropped or kept."))
    if float(subject.z) == 0:
        dropped = row(num(0.0), "·", factor(value, subject.input_number(value).tip))
        said = Words("The coin fell on its tail: this value is dropped in this update.")
        return z_line(subject, row(num(0.0), "·", symbol), "=", dropped), row(said)
    if not agrees(float(value) / (1 - layer.rate), float(subject.z), 0.0):
        return (z_line(subject),)
    letters = Fraction(symbol, row(ONE, "−", num(layer.rate, "the share of values that are dropped")))
    numbers = Fraction(subject.input_number(value), row(ONE, "−", num(layer.rate, "the rate")))
    said = Words("It is kept, and larger by as much as the others lose on average.")
    return z_line(subject, letters, "=", numbers), row(said)


def _add(subject: Subject) -> tuple[Row, ...]:
    values = [each[subject.spot] for each in subject.record.inputs]
    numbers = terms(len(values), lambda place: (values[place], ()), key="inputs", shown=subject.focus.terms("inputs"))
    general = row(total("i", "the sum over the layers that come together here"), subject.input_symbol("i"))
    return (z_line(subject, general, "=", numbers),)


def _concatenate(subject: Subject) -> tuple[Row, ...]:
    layer = subject.layer
    assert isinstance(layer, Concatenate)
    rank = subject.record.before.ndim - 1
    axis = (layer.axis + rank if layer.axis < 0 else layer.axis - 1) + 1
    at = subject.spot[axis]
    for number, each in enumerate(subject.record.inputs):
        if at < each.shape[axis]:
            place = (*subject.spot[1:axis], at, *subject.spot[axis + 1 :])
            symbol = subject.input_symbol(*(index + 1 for index in place))
            return (row(z_line(subject, symbol), Words(f"from input {number + 1}")),)
        at -= each.shape[axis]
    return (z_line(subject),)


def _zero_padding(subject: Subject) -> tuple[Row, ...]:
    layer = subject.layer
    assert isinstance(layer, ZeroPadding2D)
    place = tuple(at - added for at, added in zip(subject.place, layer.padding, strict=True))
    if all(0 <= at < side for at, side in zip(place, subject.inputs.shape[1:3], strict=True)):
        value: Node = subject.input_symbol(*(at + 1 for at in (*place, subject.unit)))
        return two_pictures(subject), z_line(subject, value)
    return two_pictures(subject), row(z_line(subject), Words("in the border"))


def _up_sampling(subject: Subject) -> tuple[Row, ...]:
    layer = subject.layer
    assert isinstance(layer, UpSampling2D)
    if layer.interpolation != "nearest":
        return two_pictures(subject), row(z_line(subject), Words("blended of the nearest values"))
    place = tuple(at // times for at, times in zip(subject.place, layer.size, strict=True))
    return two_pictures(subject), z_line(subject, subject.input_symbol(*(at + 1 for at in (*place, subject.unit))))


def _batch_normalization(subject: Subject) -> tuple[Row, ...]:
    values = exact(subject.inputs[..., subject.unit])
    return _normalized(subject, values, "of this channel in the minibatch")


def _layer_normalization(subject: Subject) -> tuple[Row, ...]:
    values = exact(subject.inputs[(subject.sample, *subject.place)])
    return _normalized(subject, values, "of what comes in at this place")


def _normalized(subject: Subject, values: Any, which: str) -> tuple[Row, ...]:
    layer, weights = subject.layer, subject.record.weights
    assert isinstance(layer, BatchNormalization | LayerNormalization)
    gamma, beta = (weights[name][subject.unit] if name in weights else None for name in ("gamma", "beta"))
    expected = float(normalized(subject)[subject.spot[:-1]]) * float(1 if gamma is None else gamma)
    expected += float(0 if beta is None else beta)
    if not agrees(expected, float(subject.z), 1.0):
        return (z_line(subject),)
    mean, variance = float(values.mean()), float(values.var())
    x = subject.inputs[subject.spot]
    letters = Fraction(row(Symbol(subject.letter), "−", MEAN), Root(row(VARIANCE, "+", EPSILON)))
    numbers = Fraction(
        row(subject.input_number(x), "−", factor(mean)), Root(row(num(variance), "+", num(layer.epsilon, "epsilon")))
    )
    general, shown = row(letters), row(numbers)
    if gamma is not None:
        general, shown = row(Symbol("γ"), "·", general), row(num(gamma, "the factor of this channel"), "·", shown)
    if beta is not None:
        general, shown = row(general, "+", Symbol("β")), row(shown, *_plus(beta, "the constant of this channel"))
    return (
        row(MEAN, "=", result(mean, f"the mean {which}"), Words(f"is the mean {which},")),
        row(VARIANCE, "=", result(variance), Words(f"is the variance of these {values.size:,} values.")),
        z_line(subject, general, "=", shown),
    )


_Writer = Callable[[Subject], tuple[Row, ...]]

_WRITERS: tuple[tuple[type | tuple[type, ...], _Writer], ...] = (
    (Input, _input),
    (Dense, _dense),
    ((Conv2D, DepthwiseConv2D), filtered),
    (SeparableConv2D, separable),
    (Conv2DTranspose, painted),
    ((MaxPooling2D, AveragePooling2D), pooled),
    ((GlobalMaxPooling2D, GlobalAveragePooling2D), globally_pooled),
    (Activation, _activation),
    ((Flatten, Reshape), _moved),
    (Rescaling, _rescaling),
    (Dropout, _dropout),
    (Add, _add),
    (Concatenate, _concatenate),
    (ZeroPadding2D, _zero_padding),
    (UpSampling2D, _up_sampling),
    (BatchNormalization, _batch_normalization),
    (LayerNormalization, _layer_normalization),
)
