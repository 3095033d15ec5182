"""Numbers in formulas: four significant digits, true minus signs, exact ones short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnplayground.formulas.numbers import full_text, written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.81, "0.81"),
        (0.81001, "0.8100"),
        (-0.613449, "−0.6134"),
        (9.99996, "10.00"),
        (123456.7, "123457"),
        (0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (1e-7, "1×10⁻⁷"),
        (1.23456e-5, "1.235×10⁻⁵"),
        (0.00012345, "0.0001234"),
        (-2.5e8, "−2.5×10⁸"),
        (float("nan"), "not a number"),
        (float("-inf"), "−∞"),
    ],
)
def test_written(value: float, text: str) -> None:
    assert written(full_text(value)).plain == text


def test_the_nearest_float32_is_told_by_its_own_shortest_digits() -> None:
    assert full_text(np.float32(0.1)) == "0.1"
    assert full_text(np.float64(np.float32(0.1))) == "0.10000000149011612"
    assert written(full_text(np.float64(np.float32(0.1)))).plain == "0.1000"


def test_latex_has_powers_of_ten() -> None:
    assert written("-1.23456e-05").latex == r"-1.235 \times 10^{-5}"
    assert written("inf").latex == r"\infty"


@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False, min_value=-1e30, max_value=1e30))
def test_four_digits_are_right(value: float) -> None:
    shown = written(full_text(value))
    read = float(shown.mantissa.replace("−", "-")) * 10.0 ** (shown.exponent or 0)
    assert read == pytest.approx(value, rel=5.1e-4, abs=0)
