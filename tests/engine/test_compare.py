"""Comparing the engines on a project: what agrees, what differs, and what is left out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nnplayground.engine.base import EngineError
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.engine.scratch.optimizers import SGDMaths
from nnplayground.engine.weighting import training_weights
from nnplayground.layers import Layer
from nnplayground.layers.augmentation import RandomFlip, RandomTranslation
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Activation, Dense, Flatten
from nnplayground.layers.regularization import BatchNormalization, Dropout, LayerNormalization
from nnplayground.layers.regularizers import L2
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, StepSchedule, Training
from nnplayground.training.compare import MARKS, TOLERANCE, UPDATES, Comparison, LayerDifference, compare, short

POINTS = (
    Dense(units=6, activation="tanh", kernel_regularizer=L2(l2=0.01)),
    Dense(units=1, activation="sigmoid"),
)


def told(bench: Any, *layers: Layer, shape: tuple[int, ...] = (3,), dataset: Any = None, **training: Any) -> Any:
    """What is told about a chain of layers, one after the other."""
    model = bench.chain(*layers)
    settings = Training(**{"optimizer": SGD(learning_rate=0.1), "batch_size": 8, **training})
    project = Project(model=model, training=settings, dataset=dataset)
    samples = bench.samples(model, shape, 40)
    return compare(project, bench.facts(shape), samples)


def last(comparisons: Any) -> Comparison:
    return list(comparisons)[-1]


@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.1, momentum=0.9), Adam(learning_rate=0.02)], ids=str)
def test_engines_that_agree(bench: Any, optimizer: Any) -> None:
    pytest.importorskip("tensorflow")
    schedule = StepSchedule(every=2, factor=0.5)
    everything = list(told(bench, *POINTS, optimizer=optimizer, schedule=schedule, class_weight="balanced"))
    assert [each.updates for each in everything] == [0, *range(UPDATES + 1)]
    assert [each.message != "" for each in everything[:3]] == [True, True, False]
    assert [sorted(each.layers) for each in everything[1:3]] == [[], ["dense_1", "dense_2"]]
    assert everything[10].layers == everything[2].layers
    found = everything[-1]
    assert found.finished
    for layer in found.layers.values():
        assert tuple(layer.differences) == tuple(layer.rounding) == MARKS
        assert 0 < layer.last < TOLERANCE / 10
        assert layer.explained
    assert found.summary == f"Keras agrees: max weight difference {short(found.largest)}"
    assert found.switched_off == found.held == ()
    lines = found.text.splitlines()
    assert lines[0] == found.summary
    assert [line.split("\t")[0] for line in lines[1:]] == ["updates", "dense_1", "dense_2"]
    assert all(len(line.split("\t")) == 5 for line in lines[1:])


def test_a_wrong_formula_is_found(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    right = SGDMaths.step

    def wrong(self: SGDMaths, w: Any, g: Any, memory: Any, number: Any) -> Any:
        return right(self, w, 1.001 * g, memory, number)

    monkeypatch.setattr(SGDMaths, "step", wrong)
    found = last(told(bench, *POINTS))
    assert found.largest > TOLERANCE
    assert not all(layer.explained for layer in found.layers.values())
    assert found.summary.startswith("Keras differs: the weights of dense_")


def test_what_rounding_explains_is_no_difference() -> None:
    chaotic = LayerDifference({1: 1e-7, 50: 0.02}, {1: 1e-7, 50: 0.005})
    calm = LayerDifference({1: 1e-7, 50: 1e-6}, {1: 1e-7, 50: 1e-6})
    wrong = LayerDifference({1: 1e-7, 50: 0.02}, {1: 1e-7, 50: 1e-6})
    agreed = Comparison(50, {"a": chaotic, "b": calm}).summary
    assert agreed == "Keras agrees as far as rounding allows: max weight difference 2.0e-2"
    assert Comparison(50, {"a": calm, "b": wrong}).summary == "Keras differs: the weights of b by 2.0e-2"


def test_how_keras_rounds_the_numbers_of_adam_counts_as_rounding(bench: Any) -> None:
    """It makes the steps a little shorter than they are without rounding, from the first one on."""
    pytest.importorskip("tensorflow")
    hidden = [Dense(units=8, activation="relu", kernel_initializer="he_normal")] * 6
    output = Dense(units=1, activation="sigmoid")
    for layer in last(told(bench, *hidden, output, optimizer=Adam(learning_rate=0.1))).layers.values():
        assert layer.differences[1] == pytest.approx(layer.rounding[1], rel=0.3)
        assert layer.explained


def test_what_is_random_is_switched_off(bench: Any) -> None:
    pytest.importorskip("tensorflow")
    layers = (RandomFlip(), Conv2D(filters=2, activation="relu"), Flatten(), Dropout(rate=0.5), Dropout(rate=0.0))
    folder = ImageFolder(folder="photos", image_size=(6, 6), augmentation=(RandomTranslation(),))
    found = last(told(bench, *layers, Dense(units=1, activation="sigmoid"), shape=(6, 6, 3), dataset=folder))
    assert found.switched_off == ("dropout_1", "the augmentation of the data", "random_flip_1")
    assert list(found.layers) == ["conv2d_1", "dense_1"]
    assert found.largest < TOLERANCE


def test_a_bias_without_gradient_is_held(bench: Any) -> None:
    """Adam would make steps of whole learning rates from the rounding of such a gradient."""
    pytest.importorskip("tensorflow")
    layers = (Dense(units=8), BatchNormalization(), Activation(activation="tanh"), Dense(units=1, activation="sigmoid"))
    found = last(told(bench, *layers, optimizer=Adam(learning_rate=0.05), batch_size=20))
    assert found.held == ("dense_1/bias",)
    assert set(found.layers) == {"dense_1", "batch_normalization_1", "dense_2"}
    assert found.largest < TOLERANCE


def test_weights_that_become_infinite(bench: Any) -> None:
    pytest.importorskip("tensorflow")
    found = last(
        told(bench, Dense(units=3), Dense(units=1), loss="mean_squared_error", optimizer=SGD(learning_rate=90.0))
    )
    assert math.isnan(found.largest)
    assert "infinite in both engines" in found.summary


def test_samples_that_no_batch_holds_are_not_copied(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others still say how much a class counts."""
    pytest.importorskip("tensorflow")
    attached: list[Any] = []
    attach = ScratchEngine.attach
    monkeypatch.setattr(
        ScratchEngine, "attach", lambda self, splits: attached.append(splits["training"]) or attach(self, splits)
    )
    model = bench.chain(*POINTS)
    samples, facts = bench.samples(model, (3,), 2000), bench.facts((3,))
    project = Project(model=model, training=Training(batch_size=4, class_weight="balanced"))
    comparisons = compare(project, facts, samples)
    for _ in range(2):
        next(comparisons)
    comparisons.close()
    some = attached[0]
    assert len(some) == 4 * UPDATES
    weights = training_weights(project, facts, samples, "dense_2")
    assert weights is not None
    place = int(some.ids[7])
    np.testing.assert_array_equal(some.inputs["input"][7], samples.inputs["input"][place])
    assert (some.targets["dense_2"][7], some.weights[7]) == (samples.targets["dense_2"][place], weights[place])


def test_whoever_stops_asking_ends_it(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    closed: list[int] = []
    close = ScratchEngine.close
    monkeypatch.setattr(ScratchEngine, "close", lambda self: closed.append(1) or close(self))
    comparisons = told(bench, *POINTS)
    for _ in range(3):
        next(comparisons)
    assert not closed
    comparisons.close()
    assert len(closed) == 2


def test_a_layer_that_only_one_engine_has(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LayerNormalization, "maths", Layer.maths)
    with pytest.raises(EngineError) as caught:
        next(told(bench, LayerNormalization(), *POINTS))
    expected = "Only the Keras engine has LayerNormalization, so there is nothing to compare this model with."
    assert str(caught.value) == expected


def test_a_model_without_weights(bench: Any) -> None:
    pytest.importorskip("tensorflow")
    with pytest.raises(EngineError, match="This model has no weights, so there is nothing to compare"):
        last(told(bench, Activation(activation="softmax"), shape=(2,)))


def test_without_tensorflow(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnplayground.engine.find_spec", lambda name: None)
    with pytest.raises(EngineError, match="needs TensorFlow, which this Python does not have"):
        next(told(bench, *POINTS))
