"""Wires as pixels: as thick as they should be, where they should be, one over the other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nnplayground.samples import Array
from nnplayground.ui.playground.layout import arrange
from nnplayground.ui.playground.plan import Column
from nnplayground.ui.playground.strokes import Stroke, Thickness, colored, draw

WIDTH, HEIGHT = 30, 120


THICK = Thickness(3.0, 1.0)


def drawn(*strokes: Stroke, thickness: Thickness = THICK) -> Array:
    return draw(strokes, size=(WIDTH, HEIGHT), thickness=(thickness, Thickness(3.0, 0.5)))


def distances(start: int, end: int) -> Array:
    """From the middle of each pixel to the curve, by trying very many of its points."""
    t = np.linspace(0, 1, 3001)
    curve = np.stack([WIDTH * (1.5 * t - 1.5 * t**2 + t**3), start + (end - start) * (3 * t**2 - 2 * t**3)], axis=1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    nearest = [
        np.hypot(*(pixels[row : row + WIDTH, None] - curve[None]).transpose(2, 0, 1)).min(axis=1)
        for row in range(0, len(pixels), WIDTH)
    ]
    return np.concatenate(nearest).reshape(HEIGHT, WIDTH)


@pytest.mark.parametrize(("start", "end"), [(100, 100), (40, 70), (110, 10), (5, 115)])
@pytest.mark.parametrize("width", [1.0, 2.4, 6.0])
def test_a_pixel_is_covered_by_its_distance_from_the_curve(start: int, end: int, width: float) -> None:
    found = np.real(drawn(Stroke(start, end, 0, False), thickness=Thickness(width, 1.0)))
    expected = np.clip(width / 2 + 0.5 - distances(start, end), 0, 1)
    assert np.abs(found - expected).max() < 0.08


def test_a_thin_wire_is_a_pale_one() -> None:
    half = np.real(drawn(Stroke(60, 60, 0, False), thickness=Thickness(0.5, 1.0)))
    whole = np.real(drawn(Stroke(60, 60, 0, False), thickness=Thickness(1.0, 1.0)))
    assert half == pytest.approx(whole / 2)


def test_the_later_wire_lies_over_the_earlier_one() -> None:
    over = drawn(Stroke(60, 60, 0, False), Stroke(60, 60, 0, True))[60, 20]
    assert (over.real, over.imag) == pytest.approx((0, 1))
    half = drawn(Stroke(60, 60, 0, False), Stroke(60, 60, 1, True))[60, 20]
    assert (half.real, half.imag) == pytest.approx((0.5, 0.5))


def test_colours_are_multiplied_by_their_opacity() -> None:
    opacities = np.array([[1, 1j, 0.5, 0]], np.complex64)
    pixels = colored(opacities, (10, 20, 200), (240, 130, 40))
    assert pixels.tolist() == [[[200, 20, 10, 255], [40, 130, 240, 255], [100, 10, 5, 128], [0, 0, 0, 0]]]


def test_wires_that_run_to_the_edge_stay_in_the_picture() -> None:
    picture = drawn(Stroke(0, HEIGHT, 0, False), Stroke(HEIGHT, 0, 0, True), thickness=Thickness(8.0, 1.0))
    assert picture.shape == (HEIGHT, WIDTH)
    assert picture[0, 0].real > 0.9
    assert picture[HEIGHT - 1, 0].imag > 0.9


@pytest.mark.parametrize("columns", [2, 5, 8])
@pytest.mark.parametrize("units", [1, 8, 40])
def test_distances_are_whole_numbers_and_columns_do_not_touch(columns: int, units: int) -> None:
    plan = tuple(Column(f"dense_{number}", "Dense", units, activation="tanh") for number in range(columns))
    layout = arrange(plan, width=683.3, height=517.7)
    assert layout.tile % 2 == 0
    assert all(x == int(x) for x in (*layout.centres, *layout.exits))
    gaps = [layout.entry(number + 1) - layout.exits[number] for number in range(columns - 1)]
    assert min(gaps) >= layout.tile
    steps = {after - before for rows in layout.rows for before, after in pairwise(rows)}
    assert len(steps) <= 1
    assert all(step >= layout.tile for step in steps)
