"""Numbers that change while the Keras engine trains have the effect of a model that was built with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.layers.core import Dense
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.spec.training import SGD, Adam, AdamW, Clip, RMSprop, Training

N = 30


def _weights_after(engine: Any, samples: Any, batches: list[np.ndarray], values: dict[str, float]) -> Any:
    """Weights after two rounds over the batches, with `values` set before the second."""
    engine.attach({"training": samples})
    engine.train(batches)
    engine.set_values(values)
    engine.train(batches)
    return engine.weights()


def _assert_equal(ours: Any, theirs: Any) -> None:
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-5, atol=1e-6, err_msg=name)


def _differ(ours: Any, theirs: Any) -> bool:
    return any(not np.allclose(ours[name], values, rtol=1e-3, atol=1e-4) for name, values in theirs.items())


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        (SGD(learning_rate=0.1), SGD(learning_rate=0.5), {"learning_rate": 0.5}),
        (SGD(learning_rate=0.1, momentum=0.9), SGD(learning_rate=0.1, momentum=0.2), {"momentum": 0.2}),
        (SGD(learning_rate=0.1, momentum=0.5), SGD(learning_rate=0.1, momentum=0.0), {"momentum": 0.0}),
        (SGD(learning_rate=0.1), SGD(learning_rate=0.1, momentum=0.9), {"momentum": 0.9}),
        (
            SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
            SGD(learning_rate=0.1, momentum=0.3, nesterov=True),
            {"momentum": 0.3},
        ),
        (RMSprop(learning_rate=0.05, momentum=0.9), RMSprop(learning_rate=0.05, momentum=0.1), {"momentum": 0.1}),
        (
            RMSprop(learning_rate=0.05),
            RMSprop(learning_rate=0.02, momentum=0.9),
            {"momentum": 0.9, "learning_rate": 0.02},
        ),
        (Adam(learning_rate=0.05), Adam(learning_rate=0.05, beta_1=0.5), {"beta_1": 0.5}),
        (AdamW(learning_rate=0.05), AdamW(learning_rate=0.05, weight_decay=0.9), {"weight_decay": 0.9}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else type(value).__name__,
)
def test_an_optimizers_number_changes_at_once(
    bench: Any, shuffled: Any, before: Any, after: Any, values: dict[str, float]
) -> None:
    """Set before the first update, it gives what an optimizer with that number gives."""
    model = bench.chain(Dense(units=5, activation="tanh"), Dense(units=1, activation="sigmoid"))
    samples, facts, batches = bench.samples(model, (4,), N), bench.facts((4,)), shuffled(N, 8)
    paths = {f"training.optimizer.{name}": value for name, value in values.items()}
    live = bench.engine(model, facts, Training(optimizer=before))
    live.set_values(paths)
    expected = bench.engine(model, facts, Training(optimizer=after))
    unchanged = bench.engine(model, facts, Training(optimizer=before))
    told = [_weights_after(engine, samples, batches, {}) for engine in (live, expected, unchanged)]
    _assert_equal(told[0], told[1])
    assert _differ(told[0], told[2])


def test_the_optimizers_memory_outlives_a_change(bench: Any, shuffled: Any) -> None:
    """Changed to the number it has and back, nothing is different, even where Keras' optimizer is made anew."""
    model = bench.chain(Dense(units=5, activation="tanh"), Dense(units=1, activation="sigmoid"))
    samples, facts, batches = bench.samples(model, (4,), N), bench.facts((4,)), shuffled(N, 8)
    touched, untouched = (bench.engine(model, facts, Training(optimizer=Adam(learning_rate=0.05))) for _ in range(2))
    touched.attach({"training": samples})
    touched.train(batches)
    touched.set_values({"training.optimizer.beta_2": 0.5})
    touched.set_values({"training.optimizer.beta_2": 0.999})
    touched.train(batches)
    _assert_equal(touched.weights(), _weights_after(untouched, samples, batches, {}))


@pytest.mark.parametrize(
    ("before", "after", "values"),
    [
        (L2(0.001), L2(0.5), {"l2": 0.5}),
        (L1(0.001), L1(0.2), {"l1": 0.2}),
        (L1L2(0.001, 0.001), L1L2(0.1, 0.3), {"l1": 0.1, "l2": 0.3}),
        (L2(0.0), L2(0.5), {"l2": 0.5}),
    ],
    ids=str,
)
def test_a_penalty_changes_at_once(
    bench: Any, shuffled: Any, before: Any, after: Any, values: dict[str, float]
) -> None:
    def model(regularizer: Any) -> Any:
        return bench.chain(Dense(units=5, activation="tanh", kernel_regularizer=regularizer), Dense(units=1))

    training = Training(optimizer=SGD(learning_rate=0.05))
    samples, facts = bench.samples(model(before), (4,), N, 0), bench.facts((4,), 0)
    live, expected = (bench.engine(model(regularizer), facts, training) for regularizer in (before, after))
    for engine in (live, expected):
        engine.attach({"training": samples, "validation": samples})
    live.set_values({f"model.dense_1.kernel_regularizer.{name}": value for name, value in values.items()})
    told = [engine.train(shuffled(N, 8)).values["loss"] for engine in (live, expected)]
    np.testing.assert_allclose(told[0], told[1], rtol=1e-5)
    _assert_equal(live.weights(), expected.weights())
    evaluated = live.evaluate("validation")
    assert evaluated.metrics["loss"] == pytest.approx(expected.evaluate("validation").metrics["loss"], rel=1e-5)
    assert evaluated.metrics["loss"] > evaluated.losses.mean() + 0.05


def test_dropout_changes_at_once(bench: Any, shuffled: Any) -> None:
    def model(rate: float) -> Any:
        return bench.chain(Dense(units=8, activation="tanh"), Dropout(rate=rate), Dense(units=1, activation="sigmoid"))

    training = Training(optimizer=SGD(learning_rate=0.5))
    samples, facts, batches = bench.samples(model(0), (4,), N), bench.facts((4,)), shuffled(N, 8)
    live, expected, none = (bench.engine(model(rate), facts, training) for rate in (0.0, 0.6, 0.0))
    live.set_values({"model.dropout_1.rate": 0.6})
    told = [_weights_after(engine, samples, batches, {}) for engine in (live, expected, none)]
    _assert_equal(told[0], told[1])
    assert _differ(told[0], told[2])


@pytest.mark.parametrize("kind", ["value", "norm", "global_norm"])
def test_a_clip_limit_changes_at_once(bench: Any, shuffled: Any, kind: str) -> None:
    model = bench.chain(Dense(units=5, activation="tanh"), Dense(units=1, activation="sigmoid"))
    samples, facts, batches = bench.samples(model, (4,), N), bench.facts((4,)), shuffled(N, 8)
    optimizer = SGD(learning_rate=1.0)
    live, expected, unchanged = (
        bench.engine(model, facts, Training(optimizer=optimizer, clip=Clip(**{kind: limit})))
        for limit in (1.0, 0.01, 1.0)
    )
    live.set_values({f"training.clip.{kind}": 0.01})
    told = [_weights_after(engine, samples, batches, {}) for engine in (live, expected, unchanged)]
    _assert_equal(told[0], told[1])
    assert _differ(told[0], told[2])


def test_paths_of_absent_things_are_ignored(bench: Any, shuffled: Any) -> None:
    model = bench.chain(Dense(units=1, activation="sigmoid"))
    samples, facts, batches = bench.samples(model, (4,), N), bench.facts((4,)), shuffled(N, 8)
    absent = {
        "model.dropout_9.rate": 0.5,
        "model.dense_1.kernel_regularizer.l2": 0.5,
        "training.clip.norm": 0.01,
        "training.optimizer.momentum": 0.5,
        "training.optimizer.initial_accumulator_value": 0.5,
    }
    touched, untouched = (bench.engine(model, facts, Training()) for _ in range(2))
    ours = _weights_after(touched, samples, batches, absent)
    theirs = _weights_after(untouched, samples, batches, {})
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
