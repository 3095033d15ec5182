"""Numbers as colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.ui.widgets.colormaps import Kind, table, to_rgb, value_limits


def _luminance(colors: Any) -> Any:
    """Relative luminance as WCAG defines it; colors: (…, 3) uint8."""
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def test_sequential_runs_from_dark_to_light() -> None:
    luminance = _luminance(table("sequential"))
    # A step of a 256th may round to the same 8-bit colour, so look at every fourth shade.
    assert (np.diff(luminance[::4]) > 0).all()
    assert luminance[0] < 0.02
    assert luminance[-1] > 0.75


def test_diverging_is_lightest_at_zero_and_darkens_to_both_ends() -> None:
    luminance = _luminance(table("diverging"))
    assert luminance[127:129].min() > 0.85
    assert (np.diff(luminance[:128:4]) > 0).all()
    assert (np.diff(luminance[128::4]) < 0).all()


def test_sequential_spans_the_values() -> None:
    picture = to_rgb(np.array([[3.0, 4.0], [5.0, 7.0]]), "sequential")
    assert picture.shape == (2, 2, 3)
    assert picture.dtype == np.uint8
    assert (picture[0, 0] == table("sequential")[0]).all()
    assert (picture[1, 1] == table("sequential")[255]).all()


def test_diverging_is_symmetric_about_zero() -> None:
    picture = to_rgb(np.array([[-1.0, 0.0, 2.0]]), "diverging")
    assert value_limits(np.array([-1.0, 0.0, 2.0]), "diverging") == (-2.0, 2.0)
    assert (picture[0, 2] == table("diverging")[255]).all()
    assert (picture[0, 1] == table("diverging")[128]).all()
    assert (picture[0, 0] == table("diverging")[64]).all()


def test_limits_are_shared_and_clipped() -> None:
    picture = to_rgb(np.array([[-5.0, 20.0]]), "sequential", limits=(0.0, 10.0))
    assert (picture == table("sequential")[[0, 255]]).all()


@pytest.mark.parametrize(("kind", "shade"), [("sequential", 0), ("diverging", 128)])
def test_equal_values_are_one_colour(kind: Kind, shade: int) -> None:
    assert (to_rgb(np.zeros((2, 3)), kind) == table(kind)[shade]).all()


def test_values_that_are_not_finite_are_grey() -> None:
    picture = to_rgb(np.array([[0.0, np.nan, np.inf, 1.0]]), "sequential")
    assert (picture[0, 1:3] == 128).all()
    assert (picture[0, 3] == table("sequential")[255]).all()
    assert (to_rgb(np.full((1, 2), np.nan), "diverging") == 128).all()


def test_many_pictures_at_once() -> None:
    values = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    assert (
        to_rgb(values, "diverging")[2] == to_rgb(values[2], "diverging", limits=value_limits(values, "diverging"))
    ).all()
