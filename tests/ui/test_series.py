"""Long series: storage, peaks and moving averages."""

from __future__ import annotations

import numpy as np
import pytest

from nnplayground.ui.widgets.series import MovingAverage, Series


def grown(values: np.ndarray, pieces: int) -> Series:
    series = Series(values.dtype)
    for piece in np.array_split(values, pieces):
        series.extend(piece)
    return series


def test_few_values_are_drawn_as_they_are() -> None:
    series = grown(np.arange(10.0), 3)
    indices, values = series.outline(2, 7, columns=100)
    assert indices.tolist() == values.tolist() == [2, 3, 4, 5, 6]


@pytest.mark.parametrize("pieces", [1, 7, 1000])
@pytest.mark.parametrize(("start", "stop"), [(0, 100_003), (12_345, 98_765), (99_000, 100_003)])
def test_no_peak_is_lost(pieces: int, start: int, stop: int) -> None:
    values = np.random.default_rng(1).normal(size=100_003)
    values[[20_000, 60_000, 99_999]] = [50, -50, 70]
    indices, drawn = grown(values, pieces).outline(start, stop, columns=200)
    assert len(drawn) <= 402
    assert (np.diff(indices) >= 0).all()
    assert indices[-1] < stop
    assert drawn.max() == values[start:stop].max()
    assert drawn.min() == values[start:stop].min()
    # Each stretch lies between its own least and greatest value.
    length = indices[2] - indices[0]
    for place, low, high in zip(indices[::2], drawn[::2], drawn[1::2], strict=True):
        stretch = values[place : min(place + length, stop)]
        assert (low, high) == (stretch.min(), stretch.max())


def test_stretches_stay_put_while_the_series_grows() -> None:
    values = np.random.default_rng(2).normal(size=5_000)
    series = grown(values[:4_900], 1)
    before = series.outline(0, 4_900, columns=400)
    series.extend(values[4_900:])
    after = series.outline(0, 5_000, columns=400)
    shared = len(before[0]) - 2
    assert (before[0][:shared] == after[0][:shared]).all()
    assert (before[1][:shared] == after[1][:shared]).all()


def test_gaps_do_not_hide_their_neighbours() -> None:
    values = np.ones(1_000)
    values[100:200] = np.nan
    values[150] = np.inf
    values[500] = 7
    series = grown(values, 5)
    _, drawn = series.outline(0, 1_000, columns=50)
    assert np.nanmax(drawn) == 7
    assert np.isnan(drawn).any()
    assert (series.low, series.high) == (1, 7)


def test_extremes_for_both_kinds_of_axis() -> None:
    series = grown(np.array([3.0, 0.0, -1.0, 0.5, np.nan]), 2)
    assert (series.low, series.high, series.low_positive, series.not_positive) == (-1, 3, 0.5, 2)


@pytest.mark.parametrize("span", [2.0, 50.0, 1000.0])
@pytest.mark.parametrize("pieces", [1, 13])
def test_moving_average_is_the_weighted_recurrence(span: float, pieces: int) -> None:
    values = np.random.default_rng(3).normal(size=5_000)
    values[[10, 700]] = np.nan
    average = MovingAverage(span)
    for end in np.linspace(0, len(values), pieces + 1, dtype=int)[1:]:
        average.follow(values[:end])
    beta, total, weight, expected = 1 - 1 / span, 0.0, 0.0, []
    for value in values:
        known = np.isfinite(value)
        total = beta * total + (1 - beta) * (value if known else 0.0)
        weight = beta * weight + (1 - beta) * known
        expected.append(total / weight if known else np.nan)
    assert np.allclose(average.series.values, expected, rtol=1e-9, atol=1e-12, equal_nan=True)
