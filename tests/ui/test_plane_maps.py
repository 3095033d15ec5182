"""Values over the plane as colours."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from nnplayground.ui.widgets.colormaps import table
from nnplayground.ui.widgets.plane_maps import BANDS, PlaneMap
from nnplayground.ui.widgets.point_marks import CLASS_COLORS
from tests.ui.plane_data import SIDE, distance, everywhere, left_to_right

ORANGE, WHITE, BLUE = (QColor(*map(int, table("plane")[place])) for place in (0, 127, 255))


def pixels(plane_map: PlaneMap, **look: bool) -> list[QColor]:
    """The colours of a row in the middle."""
    image = plane_map.image(**look)
    return [image.pixelColor(x, image.height() // 2) for x in range(image.width())]


def test_two_classes_run_from_orange_over_white_to_blue() -> None:
    row = pixels(PlaneMap(left_to_right(), class_count=2))
    assert len(row) == SIDE
    assert distance(row[0], ORANGE) < 6
    assert distance(row[SIDE // 2], WHITE) < 6
    assert distance(row[-1], BLUE) < 6


def test_two_units_look_as_one_does() -> None:
    second = left_to_right()
    both = np.concatenate([1 - second, second])
    one, two = pixels(PlaneMap(second, class_count=2)), pixels(PlaneMap(both, class_count=2))
    assert max(distance(each, other) for each, other in zip(one, two, strict=True)) <= 2


def test_from_minus_one_the_middle_is_zero() -> None:
    row = pixels(PlaneMap(everywhere(0.0), -1.0, 1.0, 2))
    assert distance(row[0], WHITE) < 6


def test_values_beyond_the_ends_have_the_colours_of_the_ends() -> None:
    assert distance(pixels(PlaneMap(everywhere(-7.0)))[0], ORANGE) == 0
    assert distance(pixels(PlaneMap(everywhere(7.0)))[0], BLUE) == 0


def test_values_far_beyond_the_ends_too() -> None:
    row = pixels(PlaneMap(left_to_right(-1e12, 1e12), class_count=2))
    assert distance(row[0], ORANGE) < 6
    assert distance(row[-1], BLUE) < 6


@pytest.mark.parametrize("smooth", [True, False])
def test_discrete_classes_have_no_shades(smooth: bool) -> None:
    row = pixels(PlaneMap(left_to_right(), class_count=2), discrete=True, smooth=smooth)
    assert {color.name() for color in row} == {ORANGE.name(), BLUE.name()}
    half = len(row) // 2
    assert {color.name() for color in row[:half]} == {ORANGE.name()}


def test_smooth_edges_are_finer_than_the_map() -> None:
    values = left_to_right()
    assert len(pixels(PlaneMap(values, class_count=2), discrete=True, smooth=True)) == 3 * SIDE
    assert len(pixels(PlaneMap(values, class_count=2), discrete=True, smooth=False)) == SIDE


def test_discrete_numbers_have_a_few_steps() -> None:
    row = pixels(PlaneMap(left_to_right(-1, 1), -1.0, 1.0), discrete=True)
    assert len({color.name() for color in row}) == BANDS
    assert distance(row[0], ORANGE) == 0
    assert distance(row[-1], BLUE) == 0


def test_several_classes_have_their_own_colours_where_they_are_sure() -> None:
    for number, name in enumerate(CLASS_COLORS):
        values = [0.0] * len(CLASS_COLORS)
        values[number] = 1.0
        for discrete in (False, True):
            row = pixels(PlaneMap(everywhere(*values), class_count=len(CLASS_COLORS)), discrete=discrete)
            assert distance(row[0], name) <= 1


def test_where_no_class_is_likelier_than_another_the_plane_is_pale() -> None:
    unsure = pixels(PlaneMap(everywhere(1 / 3, 1 / 3, 1 / 3), class_count=3))[0]
    hardly = pixels(PlaneMap(everywhere(0.5, 0.3, 0.2), class_count=3))[0]
    surely = pixels(PlaneMap(everywhere(0.9, 0.06, 0.04), class_count=3))[0]
    assert distance(unsure, WHITE) < 6
    assert distance(hardly, WHITE) < 60
    assert distance(surely, CLASS_COLORS[0]) < distance(hardly, CLASS_COLORS[0])


@pytest.mark.parametrize("units", [1, 2, 3])
@pytest.mark.parametrize("discrete", [False, True])
def test_what_is_no_number_is_grey(units: int, discrete: bool) -> None:
    values = everywhere(*[1 / units] * units)
    values[:, :, : SIDE // 2] = np.nan
    row = pixels(PlaneMap(values, class_count=max(units, 2)), discrete=discrete)
    assert row[0].name() == "#808080"
    assert row[-1].name() != "#808080"


def test_values_between_the_middles_of_squares() -> None:
    plane_map = PlaneMap(left_to_right(-6, 6), -6.0, 6.0)
    places = np.array([[-5.94, 0], [-1.234, 5.9], [0, 0], [2.5, -6], [5.94, 3]])
    assert plane_map.at(places)[:, 0] == pytest.approx(places[:, 0], abs=1e-5)
    upside = PlaneMap(np.ascontiguousarray(left_to_right(6, -6).swapaxes(1, 2)), -6.0, 6.0)
    assert upside.at(np.array([[1.0, 4.0]]))[0, 0] == pytest.approx(4.0, abs=1e-5)


def test_at_the_border_the_nearest_square_counts() -> None:
    plane_map = PlaneMap(left_to_right(-6, 6), -6.0, 6.0)
    assert plane_map.at(np.array([[6.0, 6.0]]))[0, 0] == pytest.approx(5.94, abs=1e-5)
    assert plane_map.at(np.array([[-9.0, -6.0]]))[0, 0] == pytest.approx(-5.94, abs=1e-5)


def test_classes_by_threshold_and_by_the_likeliest() -> None:
    places = np.array([[-1.0, 0.0], [1.0, 0.0]])
    assert PlaneMap(left_to_right(), class_count=2).classes_at(places).tolist() == [0, 1]
    assert PlaneMap(left_to_right(-1, 1), -1.0, 1.0, 2).classes_at(places).tolist() == [0, 1]
    third = left_to_right()
    values = np.concatenate([1 - third, 0.4 * (1 - third), third])
    assert PlaneMap(values, class_count=3).classes_at(places).tolist() == [0, 2]


_MACHADO = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
"""How eyes without one kind of cone see linear RGB (Machado, Oliveira and Fernandes, 2009)."""


@pytest.mark.parametrize("eyes", ["usual", *_MACHADO])
def test_colours_of_classes_are_far_apart_for_all_eyes(eyes: str) -> None:
    matrix = np.array(_MACHADO.get(eyes, np.eye(3)))
    seen = [_lab(matrix @ _linear(name)) for name in CLASS_COLORS]
    # About 2 is the least that can be told side by side; far apart in a plot it takes ten times as much.
    assert min(float(np.linalg.norm(one - two)) for one, two in combinations(seen, 2)) > 20


def _linear(name: str) -> np.ndarray:
    share = np.array(QColor(name).getRgbF()[:3])  # type: ignore[index]
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    """CIE L*a*b* under D65."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
