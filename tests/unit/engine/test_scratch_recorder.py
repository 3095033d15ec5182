"""Recorded formulas compute what they compute when run directly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.engine.scratch.compiler import compiled
from nnplayground.engine.scratch.recorder import Recorder, run


def _replayed(formula: Any, *arrays: Any) -> Any:
    """The formula's value in a second run, on other values than those that lay there while recording."""
    recorder = Recorder(np.float64)
    places = [np.zeros_like(array) for array in arrays]
    value = formula(*(recorder.array(place) for place in places))
    out = np.zeros(value.shape)
    recorder.store(value, out)
    calls = compiled(recorder).each
    run(calls)
    for place, array in zip(places, arrays, strict=True):
        place[...] = array
    run(calls)
    return out


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: x @ y.T,
        lambda x, y: (x * x - 2 * y) / (1 + np.abs(x)),
        lambda x, y: np.maximum(x, 0) + np.minimum(y, 0.5) ** 2,
        lambda x, y: x.sum(axis=0) - y.max(axis=0),
        lambda x, y: x.sum(axis=-1, keepdims=True) * y.mean(axis=-1).reshape(4, 1),
        lambda x, y: np.concatenate((x, x * y), axis=1)[:, 2:5].reshape(2, -1),
        lambda x, y: (x.T.reshape(-1) @ y.reshape(-1)) * np.exp(x),
        lambda x, y: (x[:, :1] + 1).sum(axis=1) * (y[:1, :1] * 3),
    ],
)
def test_a_program_repeats_the_formula(formula: Any) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 4, 3))
    np.testing.assert_allclose(_replayed(formula, x, y), formula(x, y), rtol=1e-13)


def test_a_value_used_again_later_keeps_its_memory() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))

    def formula(x: Any) -> Any:
        square = x * x
        shifted = square + 1
        rows = shifted.reshape(-1)
        again = np.exp(shifted) - square
        return again.reshape(-1) * rows

    np.testing.assert_allclose(_replayed(formula, x), formula(x), rtol=1e-13)


def test_what_nothing_depends_on_is_left_out() -> None:
    recorder = Recorder(np.float32)
    x = recorder.array(np.ones((2, 2), np.float32))
    used = x * 2
    _unused = np.exp(used) @ x
    recorder.store(used, np.zeros((2, 2), np.float32))
    assert len(compiled(recorder).each) == 1


def test_results_keep_the_number_type() -> None:
    recorder = Recorder(np.float32)
    x = recorder.array(np.array([-1.0, 2.0], np.float32))
    out = np.zeros(2, np.float32)
    recorder.store((x > 0) / np.float64(3), out)
    run(compiled(recorder).each)
    np.testing.assert_array_equal(out, np.array([0, 1 / 3], np.float32))


def test_a_formula_may_replace_what_it_reads_but_not_read_what_was_replaced() -> None:
    w = np.array([1.0, 2.0])
    recorder = Recorder(np.float64)
    recorder.store(recorder.array(w) * 3, w)
    run(compiled(recorder).each)
    np.testing.assert_array_equal(w, [3, 6])
    recorder.store(recorder.array(w) + 1, np.zeros(2))
    with pytest.raises(ValueError, match="must use the new value"):
        compiled(recorder)


def test_what_cannot_be_recorded_is_refused() -> None:
    x: Any = Recorder(np.float64).array(np.ones((2, 2)))
    with pytest.raises(TypeError):
        np.where(x > 0, x, 0)
    with pytest.raises(TypeError):
        x += 1
