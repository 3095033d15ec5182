"""An activation function as curves: its values and slopes, and how much of what flows in they hardly let through."""

from __future__ import annotations

import math
from typing import TypeAlias

import msgspec
import numpy as np

from nnplayground.layers.activations import Activation
from nnplayground.samples import Array
from nnplayground.training.events import Histogram

Limits: TypeAlias = tuple[float, float]
WHOLE: Limits = (-10.0, 10.0)
POINTS = 481
_SATURATED = 0.01
"""Below this share of its largest value the derivative passes on next to nothing."""


class Curve(msgspec.Struct, frozen=True):
    """Both over z, (POINTS,) each; low, high: the range of values that is drawn."""

    z: Array
    value: Array
    derivative: Array
    low: float
    high: float


def curve_values(function: Activation, z: Array) -> tuple[Array, Array]:
    """Function and derivative at each z, (n,) each. softmax: as a function of one input, while one other is 0."""
    z = z.astype(np.float64)
    if function.name != "softmax":
        value = function.value(z)
        return value, function.derivative(z, value)
    pair = np.stack([z, np.zeros_like(z)], axis=-1)
    value = function.value(pair)
    return value[:, 0], function.derivative(pair, value)[:, 0]


def saturated_share(function: Activation, inputs: Histogram) -> float:
    """The share of the inputs at which the derivative is next to nothing (below 1 % of its largest value)."""
    total = float(inputs.counts.sum())
    if total == 0:
        return 0.0
    centres = (inputs.edges[:-1] + inputs.edges[1:]) / 2
    largest = np.abs(curve_values(function, np.linspace(*WHOLE, POINTS))[1]).max()
    small = np.abs(curve_values(function, centres)[1]) < _SATURATED * largest
    return float(inputs.counts[small].sum()) / total


def round_ticks(low: float, high: float) -> list[float]:
    """Round numbers in a range: about four of them."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
