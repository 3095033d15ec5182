"""Where weights start: Keras' initializers by name, or with parameters."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec
import numpy as np
from msgspec import Meta

from nnplayground.layers.maths import Array

InitializerName = Literal[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "zeros",
    "ones",
]

NAMES: tuple[InitializerName, ...] = get_args(InitializerName)

RecurrentName = Literal[InitializerName, "orthogonal"]


class _Initializer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=True):
    pass


class RandomNormal(_Initializer, frozen=True):
    """Normally distributed values."""

    mean: Annotated[float, Meta(title="Mean", description="Centre of the distribution.", ge=-10, le=10)] = 0.0
    stddev: Annotated[
        float, Meta(title="Standard deviation", description="Spread of the distribution.", ge=0, le=10)
    ] = 0.05


class TruncatedNormal(_Initializer, frozen=True):
    """Normally distributed values; those beyond two deviations are drawn again."""

    mean: Annotated[float, Meta(title="Mean", description="Centre of the distribution.", ge=-10, le=10)] = 0.0
    stddev: Annotated[
        float, Meta(title="Standard deviation", description="Spread of the distribution.", ge=0, le=10)
    ] = 0.05


class RandomUniform(_Initializer, frozen=True):
    """Values evenly spread between two limits."""

    minval: Annotated[float, Meta(title="Least", description="Lower limit of the values.", ge=-10, le=10)] = -0.05
    maxval: Annotated[float, Meta(title="Most", description="Upper limit of the values.", ge=-10, le=10)] = 0.05


class Constant(_Initializer, frozen=True):
    """The same value everywhere."""

    value: Annotated[float, Meta(title="Value", description="What every weight starts at.", ge=-100, le=100)] = 0.0


class ForgetGateOpen(NamedTuple):
    """Of the biases of an LSTM: those of the forget gate are 1, so that it remembers at first; the others as given."""

    others: Initializer


Initializer = InitializerName | RandomNormal | TruncatedNormal | RandomUniform | Constant
RecurrentInitializer = RecurrentName | RandomNormal | TruncatedNormal | RandomUniform | Constant
"""orthogonal needs a matrix: nothing grows or fades when it is applied again and again."""
AnyInitializer = RecurrentInitializer | ForgetGateOpen


def initial_values(initializer: AnyInitializer, shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """Values of that shape, float64, distributed as Keras' are.

    The named ones keep the size of signals as they pass the layer: their variance is 2 / (fan_in + fan_out) for glorot,
    2 / fan_in for he, 1 / fan_in for lecun, where fan_in and fan_out are how many values one value depends on, forward
    and backward.
    """
    match initializer:
        case "zeros":
            return np.zeros(shape)
        case "ones":
            return np.ones(shape)
        case Constant(value):
            return np.full(shape, value)
        case RandomNormal(mean, stddev):
            return generator.normal(mean, stddev, shape)
        case TruncatedNormal(mean, stddev):
            return mean + stddev * _truncated_normal(shape, generator)
        case RandomUniform(minval, maxval):
            return generator.uniform(minval, maxval, shape)
        case "orthogonal":
            return _orthogonal(shape, generator)
        case ForgetGateOpen(others):
            units = shape[0] // 4
            parts = (initial_values(others, (size,), generator) for size in (units, 2 * units))
            input_gate, rest = parts
            return np.concatenate([input_gate, np.ones(units), rest])
        case _:
            deviation = math.sqrt(_variance(initializer, shape))
            if initializer.endswith("_uniform"):
                limit = math.sqrt(3) * deviation
                return generator.uniform(-limit, limit, shape)
            return deviation / _TRUNCATED_DEVIATION * _truncated_normal(shape, generator)


_TRUNCATED_DEVIATION = 0.87962566103423978
"""Standard deviation of a standard normal distribution cut off at −2 and 2."""


def _variance(initializer: InitializerName, shape: tuple[int, ...]) -> float:
    window = math.prod(shape[:-2])
    fan_in, fan_out = shape[-min(len(shape), 2)] * window, shape[-1] * window
    if initializer.startswith("glorot"):
        return 2 / (fan_in + fan_out)
    return (2 if initializer.startswith("he") else 1) / fan_in


def _truncated_normal(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    values = generator.standard_normal(shape)
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = generator.standard_normal(int(beyond.sum()))
    return values


def _orthogonal(shape: tuple[int, ...], generator: np.random.Generator) -> Array:
    """A random matrix with Q Qᵀ = I or Qᵀ Q = I, whichever is the smaller; uniformly distributed among those.

    From the QR decomposition of a normally distributed matrix, with the signs of the diagonal of R (Mezzadri 2007).
    """
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(generator.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)


def to_keras(keras: Any, initializer: RecurrentInitializer, *, seed: int) -> Any:
    """The Keras initializer, seeded where it is random."""
    if not isinstance(initializer, str):
        parameters = msgspec.structs.asdict(initializer)
        if not isinstance(initializer, Constant):
            parameters["seed"] = seed
        return getattr(keras.initializers, type(initializer).__name__)(**parameters)
    if initializer in ("zeros", "ones"):
        return keras.initializers.get(initializer)
    return keras.initializers.get({"class_name": initializer, "config": {"seed": seed}})
