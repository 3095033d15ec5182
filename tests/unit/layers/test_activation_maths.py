"""The numpy form of activations: values, derivatives, number types, extremes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from nnplayground.layers import activations
from nnplayground.layers.activations import Elu, LeakyRelu, activation

EVERY = [*activations.NAMES, LeakyRelu(negative_slope=0.3), Elu(alpha=1.7)]


@pytest.mark.parametrize("field", [each for each in EVERY if each != "softmax"], ids=str)
def test_the_derivative_is_the_slope(field: Any) -> None:
    z = np.linspace(-8, 8, 1601) + 0.0031
    entry, step = activation(field), 1e-6
    slope = (entry.value(z + step) - entry.value(z - step)) / (2 * step)
    np.testing.assert_allclose(entry.derivative(z, entry.value(z)), slope, atol=2e-9)


@pytest.mark.parametrize("field", EVERY, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_type_stays_and_nothing_overflows(field: Any, dtype: Any) -> None:
    z = np.array([[-1e4, -90, -1, 0], [1, 40, 90, 1e4]], dtype)
    entry = activation(field)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = entry.value(z)
        derivative = entry.derivative(z, value)
        backward = entry.backward(z, value, np.ones_like(z))
    for result in (value, derivative, backward):
        assert result.dtype == dtype
        assert np.isfinite(result).all()


def test_gelu_is_exact_to_twelve_places() -> None:
    z = np.linspace(-9, 9, 3001)
    expected = [each * 0.5 * math.erfc(-each / math.sqrt(2)) for each in z]
    np.testing.assert_allclose(activation("gelu").value(z), expected, atol=1e-12)


def test_softmax_passes_back_what_each_output_owes_to_each_input() -> None:
    z, da = np.random.default_rng(0).normal(size=(2, 4, 3))
    a = activation("softmax").value(z)
    np.testing.assert_allclose(a.sum(axis=1), 1)
    jacobians = np.einsum("bi,ij->bij", a, np.eye(3)) - np.einsum("bi,bj->bij", a, a)
    expected = np.einsum("bij,bj->bi", jacobians, da)
    np.testing.assert_allclose(activation("softmax").backward(z, a, da), expected)
