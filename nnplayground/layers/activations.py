"""Activation functions: their names and parameters, their numpy form and derivative, and how Keras builds them.

Formulas are Keras' own. An activation in a project is a Keras name with Keras' defaults, or an object with parameters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, get_args

import msgspec
import numpy as np

Array: TypeAlias = np.ndarray

ActivationName = Literal[
    "linear",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softmax",
    "arctan",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "hard_sigmoid",
]


class LeakyRelu(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="leaky_relu"):
    """A leaky_relu whose slope for negative inputs is chosen. 0.05 here; Keras' bare name means 0.2."""

    negative_slope: Annotated[
        float,
        msgspec.Meta(
            title="Negative slope", description="Slope for inputs below zero; 0 makes it a plain relu.", ge=0, le=1
        ),
    ] = 0.05


class Elu(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="elu"):
    """An elu whose lower limit −α is chosen."""

    alpha: Annotated[
        float,
        msgspec.Meta(title="Alpha", description="The output falls towards −α for very negative inputs.", gt=0, le=10),
    ] = 1.0


ActivationField = ActivationName | LeakyRelu | Elu

NAMES: tuple[ActivationName, ...] = get_args(ActivationName)


class Activation(NamedTuple):
    """One activation with its parameters filled in; works on arrays of any shape (softmax along the last axis).

    The formulas keep the array's number type, change nothing in place and use operators and numpy functions only, so
    that the scratch engine can also record them.
    """

    name: str
    formula: str
    about: str
    value: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
    """derivative(z, a), elementwise da/dz. For softmax it is the diagonal of the Jacobian, a(1 − a)."""

    def backward(self, z: Array, a: Array, da: Array) -> Array:
        """The derivative of the loss by z, from `da`, the one by a: dZ = dA · g′(Z)."""
        if self.name == "linear":
            return da
        if self.name == "softmax":  # Each output depends on every z: the sum over outputs j of daⱼ·aⱼ(δᵢⱼ − aᵢ).
            return a * (da - (da * a).sum(axis=-1, keepdims=True))
        return da * self.derivative(z, a)


_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805

_ERFC = (
    -7.215178265585671e-09,
    4.4642114810672324e-08,
    4.0684066861226814e-08,
    -4.4750439936527213e-07,
    -1.8444260987737454e-08,
    2.8532005132325043e-06,
    -9.25062213340381e-07,
    -1.727552682320822e-05,
    5.898758589043439e-06,
    0.00011695149403089773,
    2.7027898387116548e-05,
    -0.0008717170191788397,
    -0.00157513777423406,
    0.004582615571167681,
    0.03183894742644997,
    0.09509659028644821,
    0.19422459742631024,
    0.30235720773529634,
    0.3742127534229365,
)
"""Coefficients of P, highest power first, for `_erf`."""


def _step(z: Array) -> Array:
    """1 where z > 0, else 0. On numbers of both signs, np.heaviside takes several times as long."""
    return np.sign(np.maximum(z, 0))


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^−z). Where e^−z overflows to infinity, its reciprocal is the right 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def softmax(z: Array) -> Array:
    """e^z / Σ e^z along the last axis, shifted by the largest value so that nothing overflows."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _erf(x: Array) -> Array:
    """Error function, elementwise, which numpy lacks; right to 1e-13.

    1 − erf |x| = t · P(2t − 1) · e^−x² with t = 1 / (1 + 0.35 |x|), the form of Abramowitz and Stegun 7.1.26. P is the
    polynomial of degree 18 that fits e^x² (1 − erf x) / t at 400 Chebyshev points of t in 0…1.
    """
    t = 1 / (1 + 0.35 * np.abs(x))
    u = 2 * t - 1
    polynomial = _ERFC[0] * u + _ERFC[1]
    for coefficient in _ERFC[2:]:
        polynomial = polynomial * u + coefficient
    return np.sign(x) * (1 - t * polynomial * np.exp(-x * x))


def _normal_below(z: Array) -> Array:
    """Φ(z), the share of a normal distribution that lies below z."""
    return 0.5 * (1 + _erf(z * math.sqrt(0.5)))


def _gelu_derivative(z: Array, a: Array) -> Array:
    return _normal_below(z) + z * np.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))


def _silu_derivative(z: Array, a: Array) -> Array:
    gate = sigmoid(z)
    return gate + a * (1 - gate)


def _leaky_relu(slope: float) -> Activation:
    return Activation(
        "leaky_relu",
        f"z if z > 0, else {slope:g}·z",
        "Like relu, but negative inputs keep a small slope, so that a unit never goes silent for good.",
        lambda z: np.maximum(z, slope * z),
        lambda z, a: slope + (1 - slope) * _step(z),
    )


def _scaled_elu(z: Array, scale: float, alpha: float) -> Array:
    return scale * np.maximum(z, 0) + scale * alpha * np.expm1(np.minimum(z, 0))


def _scaled_elu_derivative(z: Array, a: Array, scale: float, alpha: float) -> Array:
    above = _step(z)
    return scale * above + (1 - above) * (np.minimum(a, 0) + scale * alpha)


def _elu(alpha: float) -> Activation:
    return Activation(
        "elu",
        f"z if z > 0, else {alpha:g}·(eᶻ − 1)",
        "Like relu for positive inputs; negative ones bend smoothly towards a lower limit.",
        lambda z: _scaled_elu(z, 1, alpha),
        lambda z, a: _scaled_elu_derivative(z, a, 1, alpha),
    )


_TABLE: dict[str, Activation] = {
    entry.name: entry
    for entry in (
        Activation(
            "linear",
            "z",
            "Passes its input on unchanged. Right for the output of a regression.",
            lambda z: z,
            lambda z, a: np.ones_like(z),
        ),
        Activation(
            "relu",
            "max(0, z)",
            "Lets positive values through and cuts the rest. Fast, and its gradient does not fade.",
            lambda z: np.maximum(z, 0),
            lambda z, a: np.sign(a),
        ),
        _leaky_relu(0.2),
        Activation(
            "sigmoid",
            "1 / (1 + e⁻ᶻ)",
            "Squeezes any number into 0…1, read as a probability. Right for the output with two classes.",
            sigmoid,
            lambda z, a: a * (1 - a),
        ),
        Activation(
            "tanh",
            "tanh z",
            "Squeezes into −1…1, with outputs that average near zero.",
            np.tanh,
            lambda z, a: 1 - a * a,
        ),
        Activation(
            "softmax",
            "eᶻ / Σ eᶻ",
            "Turns the layer's outputs into probabilities that add up to 1. Right for the output with several classes.",
            softmax,
            lambda z, a: a * (1 - a),
        ),
        Activation(
            "arctan",
            "arctan z",
            "Squeezes into −π/2…π/2, more gently than tanh.",
            np.arctan,
            lambda z, a: 1 / (1 + z * z),
        ),
        _elu(1.0),
        Activation(
            "selu",
            "1.0507·z if z > 0, else 1.7581·(eᶻ − 1)",
            "A scaled elu that keeps the outputs of deep dense networks near mean 0 and deviation 1.",
            lambda z: _scaled_elu(z, _SELU_SCALE, _SELU_ALPHA),
            lambda z, a: _scaled_elu_derivative(z, a, _SELU_SCALE, _SELU_ALPHA),
        ),
        Activation(
            "gelu",
            "z·Φ(z)",
            "A smooth relu: the input times the share of a normal distribution that lies below it.",
            lambda z: z * _normal_below(z),
            _gelu_derivative,
        ),
        Activation(
            "silu",
            "z / (1 + e⁻ᶻ)",
            "A smooth relu that dips a little below zero before it rises.",
            lambda z: z * sigmoid(z),
            _silu_derivative,
        ),
        Activation(
            "softplus",
            "log(1 + eᶻ)",
            "A relu with a rounded corner; its output is always positive.",
            lambda z: np.logaddexp(z, 0),
            lambda z, a: sigmoid(z),
        ),
        Activation(
            "hard_sigmoid",
            "min(max(z/6 + ½, 0), 1)",
            "A sigmoid made of three straight lines.",
            lambda z: np.minimum(np.maximum(z / 6 + 0.5, 0), 1),
            lambda z, a: _step(3 - np.abs(z)) / 6,
        ),
    )
}


def activation_name(activation: ActivationField) -> str:
    """The Keras name, whether or not parameters are given."""
    if isinstance(activation, str):
        return activation
    return str(activation.__struct_config__.tag)


def activation(field: ActivationField) -> Activation:
    """The numpy form of an activation with its parameters."""
    if isinstance(field, LeakyRelu):
        return _leaky_relu(field.negative_slope)
    if isinstance(field, Elu):
        return _elu(field.alpha)
    return _TABLE[field]


def to_keras(keras: Any, field: ActivationField, *, name: str) -> Any:
    """A callable on Keras tensors: an Activation layer, a LeakyReLU, an ELU, or the arctan operation."""
    if isinstance(field, LeakyRelu):
        return keras.layers.LeakyReLU(negative_slope=field.negative_slope, name=name)
    if isinstance(field, Elu):
        return keras.layers.ELU(alpha=field.alpha, name=name)
    if field == "arctan":
        return keras.ops.arctan  # Keras has no activation of this name, and a bare function does not survive saving.
    return keras.layers.Activation(field, name=name)
