"""Compiled blocks compute what traced ones do, however updates are grouped, and give way where that is not possible."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.engine.keras import compiled
from nnplayground.engine.keras.runtime import tf
from nnplayground.layers.activations import LeakyRelu
from nnplayground.layers.core import Dense
from nnplayground.layers.regularization import BatchNormalization, Dropout, LayerNormalization
from nnplayground.layers.regularizers import L1L2
from nnplayground.spec.training import SGD, Adam, Clip, RMSprop, Training
from tests.engine.conftest import batches

TANH = (Dense(units=6, activation="tanh"), Dense(units=1, activation="sigmoid"))
CASES = {
    "momentum": (TANH, 2, Training(optimizer=SGD(momentum=0.9))),
    "adam, class weights": (TANH, 2, Training(optimizer=Adam(), class_weight="balanced")),
    "clipped": (TANH, 2, Training(optimizer=RMSprop(), clip=Clip(global_norm=0.1))),
    "softmax": ((Dense(units=6, activation="gelu"), Dense(units=3, activation="softmax")), 3, Training()),
    "regression": ((Dense(units=6, activation=LeakyRelu()), Dense(units=1)), 0, Training()),
    "normalization": (
        (
            Dense(units=6, use_bias=False),
            BatchNormalization(),
            LayerNormalization(),
            Dense(units=1, activation="sigmoid"),
        ),
        2,
        Training(),
    ),
    "regularized": (
        (
            Dense(units=6, activation="arctan", kernel_regularizer=L1L2(l1=0.01, l2=0.02)),
            Dense(units=1, activation="sigmoid"),
        ),
        2,
        Training(),
    ),
}


def _traced_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_PARAMETERS", 0)


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of batches that are compiled for, from now on."""
    sizes: list[int] = []
    real = compiled._compile

    def compile_and_count(network: Any, objective: Any, update: Any, kind: Any, rows: int) -> Any:
        sizes.append(rows)
        return real(network, objective, update, kind, rows)

    monkeypatch.setattr(compiled, "_compile", compile_and_count)
    return sizes


@pytest.mark.compiled
@pytest.mark.parametrize("case", CASES)
def test_compiled_blocks_equal_traced_ones(bench: Any, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    layers, classes, training = CASES[case]
    model = bench.chain(*layers)
    samples = bench.samples(model, (4,), 43, classes)
    sizes = _counted(monkeypatch)
    told, weights = [], []
    for _ in range(2):
        engine = bench.engine(model, bench.facts((4,), classes), training)
        engine.attach({"training": samples})
        told.append([engine.train(batches(43, 10, epoch)) for epoch in range(3)])
        weights.append(engine.weights())
        _traced_only(monkeypatch)
    assert sizes == [10, 3]
    for name, values in weights[1].items():
        np.testing.assert_allclose(weights[0][name], values, rtol=2e-4, atol=2e-5, err_msg=name)
    for mine, reference in zip(*told, strict=True):
        np.testing.assert_array_equal(mine.sizes, reference.sizes)
        assert mine.values.keys() == reference.values.keys()
        for name, values in reference.values.items():
            np.testing.assert_allclose(mine.values[name], values, rtol=1e-4, atol=1e-5)


@pytest.mark.compiled
def test_grouping_updates_differently_changes_no_bit(bench: Any) -> None:
    model = bench.chain(*TANH)
    samples = bench.samples(model, (4,), 43)
    everything = [batch for epoch in range(12) for batch in batches(43, 10, epoch)]
    weights = []
    for size in (len(everything), 1, 7):
        engine = bench.engine(model, bench.facts((4,)), Training(optimizer=Adam()))
        engine.attach({"training": samples})
        for start in range(0, len(everything), size):
            engine.train(everything[start : start + size])
        weights.append(engine.weights())
    for other in weights[1:]:
        for name, values in weights[0].items():
            np.testing.assert_array_equal(other[name], values)


@pytest.mark.compiled
def test_numbers_are_live_in_compiled_blocks(bench: Any) -> None:
    model = bench.chain(*TANH)
    engine = bench.engine(model, bench.facts((4,)), Training(optimizer=SGD(learning_rate=0.1, momentum=0.9)))
    engine.attach({"training": bench.samples(model, (4,), 20)})
    engine.train(batches(20, 10))
    engine.set_values({"training.optimizer.learning_rate": 0.0, "training.optimizer.momentum": 0.0})
    before = engine.weights()
    engine.train(batches(20, 10))
    for name, values in engine.weights().items():
        np.testing.assert_array_equal(values, before[name])
    engine.set_values({"training.optimizer.learning_rate": 0.1})
    engine.train(batches(20, 10))
    assert any((values != before[name]).any() for name, values in engine.weights().items())


@pytest.mark.compiled
def test_weights_that_are_set_are_what_training_goes_on_from(bench: Any) -> None:
    model = bench.chain(*TANH)
    engine = bench.engine(model, bench.facts((4,)), Training(optimizer=SGD(learning_rate=0.0)))
    engine.attach({"training": bench.samples(model, (4,), 20)})
    engine.train(batches(20, 10))
    kernel = np.full((4, 6), 0.25, np.float32)
    engine.set_weights({"dense_1/kernel": kernel})
    engine.train(batches(20, 10))
    np.testing.assert_array_equal(engine.weights()["dense_1/kernel"], kernel)


@pytest.mark.compiled
def test_where_nothing_can_be_compiled_training_goes_on(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*arguments: Any) -> Any:
        raise tf.errors.UnimplementedError(None, None, "no compiler here")

    monkeypatch.setattr(compiled, "_compile", unable)
    model = bench.chain(*TANH)
    engine = bench.engine(model, bench.facts((4,)), Training())
    engine.attach({"training": bench.samples(model, (4,), 20)})
    assert np.isfinite(engine.train(batches(20, 10)).values["loss"]).all()


@pytest.mark.compiled
def test_random_layers_keep_the_random_numbers_of_fit(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = _counted(monkeypatch)
    model = bench.chain(TANH[0], Dropout(rate=0.5), TANH[1])
    engine = bench.engine(model, bench.facts((4,)), Training())
    engine.attach({"training": bench.samples(model, (4,), 20)})
    engine.train(batches(20, 10))
    assert sizes == []
