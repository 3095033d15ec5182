"""Initial weights are distributed as Keras documents it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nnplayground.layers import initializers
from nnplayground.layers.initializers import Constant, RandomNormal, RandomUniform, TruncatedNormal, initial_values

SHAPE = (3, 3, 20, 80)
FAN_IN, FAN_OUT = 9 * 20, 9 * 80


@pytest.mark.parametrize(
    ("family", "variance"), [("glorot", 2 / (FAN_IN + FAN_OUT)), ("he", 2 / FAN_IN), ("lecun", 1 / FAN_IN)]
)
def test_the_named_ones_depend_on_the_shape(family: str, variance: float) -> None:
    uniform = initial_values(f"{family}_uniform", SHAPE, np.random.default_rng(0))  # type: ignore[arg-type]
    assert np.abs(uniform).max() == pytest.approx(math.sqrt(3 * variance), rel=1e-3)
    normal = initial_values(f"{family}_normal", SHAPE, np.random.default_rng(0))  # type: ignore[arg-type]
    assert np.abs(normal).max() == pytest.approx(2 * math.sqrt(variance) / 0.87962566, rel=1e-2)
    for values in (uniform, normal):
        assert values.shape == SHAPE
        assert values.mean() == pytest.approx(0, abs=0.02 * math.sqrt(variance))
        assert values.std() == pytest.approx(math.sqrt(variance), rel=0.02)


def test_the_ones_with_parameters() -> None:
    random = np.random.default_rng(0)
    assert (initial_values(Constant(value=2.5), (4, 3), random) == 2.5).all()
    assert (initial_values("zeros", (4,), random) == 0).all()
    assert (initial_values("ones", (4,), random) == 1).all()
    normal = initial_values(RandomNormal(mean=1.0, stddev=0.5), (10000,), random)
    assert (normal.mean(), normal.std()) == pytest.approx((1, 0.5), abs=0.02)
    truncated = initial_values(TruncatedNormal(mean=1.0, stddev=0.5), (10000,), random)
    assert (truncated.min(), truncated.max()) == pytest.approx((0, 2), abs=0.01)
    uniform = initial_values(RandomUniform(minval=-1.0, maxval=3.0), (10000,), random)
    assert (uniform.min(), uniform.max(), uniform.mean()) == pytest.approx((-1, 3, 1), abs=0.05)


@pytest.mark.parametrize("name", initializers.NAMES)
def test_the_generator_decides(name: initializers.InitializerName) -> None:
    first, second = (initial_values(name, (7,), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
