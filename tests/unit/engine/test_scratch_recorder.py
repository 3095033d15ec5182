"""Recorded formulas compute what they compute when run directly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from nnplayground.engine.scratch.compiler import Room, compiled
from nnplayground.engine.scratch.recorder import Recorder, run
from nnplayground.layers.maths import computed, scattered


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
        lambda x, y: np.pad(x, ((1, 0), (0, 2)), constant_values=-2.0) * 3 + np.pad(y, ((0, 1), (1, 1))),
        lambda x, y: sliding_window_view(x * 1, (2, 2), axis=(0, 1))[::2].transpose(0, 3, 1, 2).reshape(2, -1),
        lambda x, y: scattered([x, 2 * y], [np.s_[:4, ::2], np.s_[1:, 1:4]], (5, 5)),
        lambda x, y: np.concatenate((x, y), axis=0).max(axis=(0, 1), keepdims=True) * x,
        lambda x, y: (x.reshape(2, 2, 3).transpose(1, 0, 2) @ y.T.reshape(3, 4)).mean(axis=(0, 2), keepdims=True),
        lambda x, y: np.broadcast_to(x.reshape(4, 1, 3), (4, 2, 3)).reshape(8, 3) - y.reshape(2, 6).sum(),
    ],
)
def test_a_program_repeats_the_formula(formula: Any) -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 4, 3))
    np.testing.assert_allclose(_replayed(formula, x, y), formula(x, y), rtol=1e-13)


def _sums(x: Any, y: Any, absent: Any, *, out: Any) -> None:
    """Running sums along both axes; something that numpy's operators cannot say."""
    assert absent is None
    np.cumsum(x * y, axis=0, out=out[0])
    np.cumsum(x + y, axis=1, out=out[1])


def test_what_a_function_computes_is_computed_anew_in_each_run() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 4, 3))

    def formula(x: Any, y: Any) -> Any:
        first, second = computed(_sums, [(4, 3), (4, 3)], x @ y.T @ x, y * 2, None)
        return first.reshape(2, 6)[:, 1:] * 2 + second.reshape(6, 2).sum(axis=1).reshape(6)[:5] + (first + 1).sum()

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


def test_memory_is_used_again_where_nobody_needs_it() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3))

    def formula(x: Any) -> Any:
        total = np.exp(x).reshape(-1).sum()
        for power in (2, 3, 4):
            total = total + np.tanh(power * x).reshape(2, 6).sum(axis=1).sum()
        return total

    room = Room()
    outs, places = [np.zeros(()) for _ in range(2)], [np.zeros((4, 3)) for _ in range(2)]
    programs = []
    for place, out in zip(places, outs, strict=True):
        recorder = Recorder(np.float64)
        recorder.store(formula(recorder.array(place)), out)
        programs.append(compiled(recorder, room).each)
    for factor in (1, 2):
        for number, place in enumerate(places):
            place[...] = (factor + number) * x
        for program in programs:
            run(program)
        np.testing.assert_allclose(outs, [formula(factor * x), formula((factor + 1) * x)], rtol=1e-13)
    curved = [arguments[-1] for program in programs for function, arguments in program if function is np.tanh]
    assert len(curved) == 6
    assert all(np.shares_memory(curved[0], other) for other in curved)


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
