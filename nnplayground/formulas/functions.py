"""Activation functions and their derivatives as formulas, with the numbers of one unit put in.

The formulas are those of `nnplayground.layers.activations`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np

from nnplayground.formulas.nodes import (
    Cases,
    Fenced,
    Fraction,
    Node,
    Number,
    Operator,
    Root,
    Row,
    Script,
    Symbol,
    Words,
)
from nnplayground.formulas.numbers import full_text
from nnplayground.formulas.symbols import A, Z
from nnplayground.formulas.writing import factor, function, indexed, num, of, result, row, squared, total
from nnplayground.layers.activations import (
    ActivationField,
    Elu,
    LeakyRelu,
    activation_name,
)

_E = Symbol("e", "Euler's number, 2.718…")
_ONE = Number("1.0")
SLOPE = row(Symbol("g′", "the slope of the activation function of this layer"), Fenced(Z))
"""g′(z)."""
_SELU_SCALE, _SELU_REACH = 1.0507009873554805, 1.7580993408473766
"""Keras' constants: the slope above zero, and how far below zero the output falls."""


class Unit(msgspec.Struct, frozen=True, eq=False):
    """z and a: of one unit; slope: g′(z). others: z of all units of the layer at this place, for softmax."""

    z: Any
    a: Any
    slope: float
    others: Any
    index: int


class Written(NamedTuple):
    """general: with letters; numbers: with the numbers in it, None where that would say no more."""

    general: Node
    numbers: Node | None


def value_line(field: ActivationField, unit: Unit) -> Row:
    """a = g(z) = … = number."""
    written = _VALUES[activation_name(field)](field, unit)
    return _joined(row(A, "="), written, result(unit.a, "the output of this unit"))


def slope_line(field: ActivationField, unit: Unit) -> Row:
    """g′(z) = … = number."""
    written = _SLOPES[activation_name(field)](field, unit)
    return _joined(row(SLOPE, "="), written, result(unit.slope, "how steep the activation function is at this z"))


def _joined(start: Row, written: Written, end: Number) -> Row:
    middle = (written.general, "=") if written.numbers is None else (written.general, "=", written.numbers, "=")
    return row(start, *middle, end)


def _z(unit: Unit) -> Number:
    return num(unit.z, Z.tip)


def _a(unit: Unit) -> Number:
    return num(unit.a, A.tip)


def _power(of_e: Node) -> Script:
    return Script(_E, sup=of_e)


def _minus(number: Number) -> Node:
    """−z with its number: −0.5, or 0.5 where z is −0.5."""
    full = number.full
    return Number(full[1:] if full.startswith("-") else f"-{full}", f"minus z: {number.tip}")


def _gate(minus: Node) -> Fraction:
    return Fraction(_ONE, row(_ONE, "+", _power(minus)))


def _minus_z() -> Row:
    return Row((Operator("−", "sign"), Z))


def _linear(field: ActivationField, unit: Unit) -> Written:
    return Written(Z, None)


def _relu(field: ActivationField, unit: Unit) -> Written:
    return Written(function("max", Number("0.0"), ",", Z), function("max", Number("0.0"), ",", _z(unit)))


def _above(value: Node, below: Node) -> Cases:
    return Cases(((value, row(Words("if"), Z, ">", Number("0.0"))), (below, Words("otherwise"))))


def _leaky(field: ActivationField, unit: Unit) -> Written:
    slope = num(_leak(field), "the slope below zero")
    numbers = _z(unit) if unit.z > 0 else row(slope, "·", factor(unit.z, Z.tip))
    return Written(_above(Z, row(slope, "·", Z)), numbers)


def _leak(field: ActivationField) -> float:
    return field.negative_slope if isinstance(field, LeakyRelu) else 0.2


def _reach(field: ActivationField) -> float:
    return field.alpha if isinstance(field, Elu) else 1.0


def _bent(scale: float, reach: float, unit: Unit) -> Written:
    """scale·z above zero, reach·(e^z − 1) below."""
    high = Z if scale == 1 else row(num(scale), "·", Z)
    low, low_number = (row(_power(z), "−", _ONE) for z in (Z, _z(unit)))
    if reach != 1:
        low, low_number = (row(num(reach), "·", Fenced(each)) for each in (low, low_number))
    high_number = _z(unit) if scale == 1 else row(num(scale), "·", _z(unit))
    return Written(_above(high, low), high_number if unit.z > 0 else low_number)


def _bent_slope(scale: float, reach: float, unit: Unit) -> Written:
    low = row(A, "+", num(reach))
    numbers = None if unit.z > 0 else row(_a(unit), "+", num(reach))
    return Written(_above(num(scale), low), numbers)


def _softmax(field: ActivationField, unit: Unit) -> Written:
    own = indexed("z", unit.index + 1, tip=Z.tip)
    every = indexed("z", "k", tip="z of every unit of this layer")
    below = total("k", "the sum over all units of this layer")
    powers = np.exp(np.asarray(unit.others, np.float64) - float(np.max(unit.others)))
    # Divided by the largest power on both sides of the fraction, as it is computed, so that nothing overflows.
    largest = Number(full_text(np.max(unit.others)), "the largest z of this layer, which changes nothing in the end")
    top = _power(row(_z(unit), "−", Fenced(largest) if largest.full.startswith("-") else largest))
    numbers = Fraction(top, num(float(powers.sum()), "the sum of these powers over all units"))
    return Written(Fraction(_power(own), row(below, _power(every))), numbers)


def _sigmoid(field: ActivationField, unit: Unit) -> Written:
    return Written(_gate(_minus_z()), _gate(_minus(_z(unit))))


def _gelu(field: ActivationField, unit: Unit) -> Written:
    share = Symbol("Φ", "the share of a normal distribution that lies below z")
    general = row(Z, "·", share, Fenced(Z))
    return Written(general, row(_z(unit), "·", share, Fenced(_z(unit))))


def _silu(field: ActivationField, unit: Unit) -> Written:
    general = Fraction(Z, row(_ONE, "+", _power(_minus_z())))
    return Written(general, Fraction(_z(unit), row(_ONE, "+", _power(_minus(_z(unit))))))


def _softplus(field: ActivationField, unit: Unit) -> Written:
    return Written(of("log", row(_ONE, "+", _power(Z))), of("log", row(_ONE, "+", _power(_z(unit)))))


def _hard_sigmoid(field: ActivationField, unit: Unit) -> Written:
    def line(z: Node) -> Node:
        inside = function("max", Fraction(z, Number("6.0")), "+", Number("0.5"), ",", Number("0.0"))
        return function("min", inside, ",", _ONE)

    return Written(line(Z), line(_z(unit)))


def _step(field: ActivationField, unit: Unit) -> Written:
    return Written(_above(_ONE, Number("0.0")), None)


def _leaky_slope(field: ActivationField, unit: Unit) -> Written:
    return Written(_above(_ONE, num(_leak(field))), None)


def _sigmoid_slope(field: ActivationField, unit: Unit) -> Written:
    return Written(row(A, Fenced(row(_ONE, "−", A))), row(_a(unit), "·", Fenced(row(_ONE, "−", _a(unit)))))


def _tanh_slope(field: ActivationField, unit: Unit) -> Written:
    return Written(row(_ONE, "−", squared(A)), row(_ONE, "−", squared(factor(unit.a, A.tip))))


def _arctan_slope(field: ActivationField, unit: Unit) -> Written:
    numbers = Fraction(_ONE, row(_ONE, "+", squared(factor(unit.z, Z.tip))))
    return Written(Fraction(_ONE, row(_ONE, "+", squared(Z))), numbers)


def _gelu_slope(field: ActivationField, unit: Unit) -> Written:
    share = Symbol("Φ", "the share of a normal distribution that lies below z")
    half = Fraction(squared(Z), Number("2.0"))
    bell = Fraction(_power(Row((Operator("−", "sign"), half))), Root(row(Number("2.0"), Symbol("π"))))
    return Written(row(share, Fenced(Z), "+", Z, "·", bell), None)


def _silu_slope(field: ActivationField, unit: Unit) -> Written:
    gate = row(Symbol("σ", "the sigmoid: 1 / (1 + e⁻ᶻ)"), Fenced(Z))
    return Written(row(gate, "+", A, Fenced(row(_ONE, "−", gate))), None)


def _softplus_slope(field: ActivationField, unit: Unit) -> Written:
    return _sigmoid(field, unit)


def _hard_sigmoid_slope(field: ActivationField, unit: Unit) -> Written:
    inside = Fraction(_ONE, Number("6.0"))
    return Written(
        Cases(
            (
                (inside, row(Words("if"), Number("-3.0"), "<", Z, "<", Number("3.0"))),
                (Number("0.0"), Words("otherwise")),
            )
        ),
        None,
    )


_Formula = Callable[[ActivationField, Unit], Written]

_VALUES: dict[str, _Formula] = {
    "linear": _linear,
    "relu": _relu,
    "leaky_relu": _leaky,
    "sigmoid": _sigmoid,
    "tanh": lambda field, unit: Written(of("tanh", Z), of("tanh", _z(unit))),
    "softmax": _softmax,
    "arctan": lambda field, unit: Written(of("arctan", Z), of("arctan", _z(unit))),
    "elu": lambda field, unit: _bent(1.0, _reach(field), unit),
    "selu": lambda field, unit: _bent(_SELU_SCALE, _SELU_REACH, unit),
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
    "hard_sigmoid": _hard_sigmoid,
}
_SLOPES: dict[str, _Formula] = {
    "linear": lambda field, unit: Written(_ONE, None),
    "relu": _step,
    "leaky_relu": _leaky_slope,
    "sigmoid": _sigmoid_slope,
    "tanh": _tanh_slope,
    "softmax": _sigmoid_slope,
    "arctan": _arctan_slope,
    "elu": lambda field, unit: _bent_slope(1.0, _reach(field), unit),
    "selu": lambda field, unit: _bent_slope(_SELU_SCALE, _SELU_REACH, unit),
    "gelu": _gelu_slope,
    "silu": _silu_slope,
    "softplus": _softplus_slope,
    "hard_sigmoid": _hard_sigmoid_slope,
}
