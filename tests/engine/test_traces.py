"""A traced update of the Keras engine is one of its updates, and its numbers are those of the scratch engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.engine.base import EngineError, LayerTrace, Trace
from nnplayground.engine.keras import tracing
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers import Layer
from nnplayground.layers.augmentation import RandomContrast, RandomTranslation
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Input
from nnplayground.layers.initializers import RandomNormal
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.layers.regularizers import L1L2, L2
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Clip, Nadam, RMSprop, Training

BATCH = np.array([3, 1, 9, 14, 4, 22])


def dense(units: int, activation: Any = "linear", **parameters: Any) -> Dense:
    return Dense(units=units, activation=activation, bias_initializer=RandomNormal(stddev=0.5), **parameters)


def chain(*layers: Layer) -> Model:
    ids = [f"layer_{number}" for number in range(1, len(layers) + 1)]
    return graph(dict(zip(ids, layers, strict=True)), zip(["input", *ids], ids, strict=False))


def graph(layers: Mapping[str, Layer], wires: Any) -> Model:
    blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in layers.items()))
    return Model(blocks, tuple(Wire(*wire) for wire in wires))


BRANCHES = graph(
    {
        "other": Input(),
        "first": dense(4, "tanh"),
        "bent": Activation(activation="sigmoid"),
        "side": dense(4, "arctan"),
        "sum": Add(),
        "joined": Concatenate(),
        "last": dense(3),
        "out": Activation(activation="softmax"),
    },
    (
        ("input", "first"),
        ("other", "side"),
        ("first", "bent"),
        ("first", "sum"),
        ("bent", "sum"),
        ("side", "sum"),
        ("sum", "joined"),
        ("bent", "joined"),
        ("joined", "last"),
        ("last", "out"),
    ),
)
CONVOLUTION = chain(
    Conv2D(filters=3, use_bias=False),
    BatchNormalization(momentum=0.8),
    Activation(activation="relu"),
    MaxPooling2D(),
    Flatten(),
    dense(2, "softmax"),
)
CASES: dict[str, tuple[Model, tuple[int, ...], int, dict[str, Any]]] = {
    "sgd": (chain(dense(3, "tanh"), dense(1, "sigmoid")), (2,), 2, {"optimizer": SGD(learning_rate=0.1)}),
    "adam": (
        chain(dense(4, "tanh"), dense(4, "selu"), dense(1, "sigmoid")),
        (2,),
        2,
        {"optimizer": Adam(learning_rate=0.01)},
    ),
    "nesterov, norm, penalties, class weights": (
        chain(dense(5, "silu", kernel_regularizer=L1L2(l1=0.01, l2=0.02)), dense(3, "softmax")),
        (4,),
        3,
        {
            "optimizer": SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
            "clip": Clip(norm=0.05),
            "class_weight": {"class 0": 0.5, "class 2": 2.0},
        },
    ),
    "numbers, value": (
        chain(dense(5, "softplus"), dense(1)),
        (3,),
        0,
        {
            "optimizer": RMSprop(learning_rate=0.01, momentum=0.5, centered=True, epsilon=1e-3),
            "clip": Clip(value=0.05),
        },
    ),
    "from −1 to 1": (
        chain(dense(4, "tanh"), dense(1, "tanh")),
        (2,),
        2,
        {"optimizer": Adagrad(learning_rate=0.1), "loss": "mean_squared_error"},
    ),
    "branches, two inputs, global norm": (
        BRANCHES,
        (3,),
        3,
        {"optimizer": AdamW(learning_rate=0.01, weight_decay=0.1), "clip": Clip(global_norm=0.05)},
    ),
    "a loss that never sees the output": (
        chain(dense(4, "tanh"), dense(3, "sigmoid")),
        (2,),
        3,
        {"optimizer": Adamax(learning_rate=0.01), "loss": "categorical_crossentropy"},
    ),
    "probabilities": (
        chain(dense(4, "tanh"), dense(3, "softplus")),
        (2,),
        3,
        {"optimizer": Adam(learning_rate=0.01), "loss": "categorical_crossentropy"},
    ),
    "convolution, normalization": (CONVOLUTION, (8, 8, 2), 2, {"optimizer": Nadam(learning_rate=0.01)}),
}


def both(bench: Any, case: Any) -> list[Any]:
    """The same model in the Keras and in the scratch engine, with the same weights and samples."""
    model, shape, classes, settings = case
    facts = bench.facts(shape, classes)
    samples = bench.samples(model, shape, 30, classes)
    samples = Samples(
        inputs={name: samples.inputs["input"] + np.float32(place) for place, name in enumerate(model.inputs)},
        targets=samples.targets,
        ids=samples.ids,
    )
    keras_engine = bench.engine(model, facts, Training(**settings))
    scratch = ScratchEngine(Project(model=model, training=Training(engine="scratch", **settings)), facts)
    keras_engine.set_weights(scratch.weights())
    for engine in (keras_engine, scratch):
        engine.attach({"training": samples})
    return [keras_engine, scratch]


def same(actual: Any, expected: Any, what: str, tolerance: float = 1e-5) -> None:
    """Equal up to this share of the size of the whole tensor."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, what
    assert (np.isnan(actual) == np.isnan(expected)).all(), what
    difference = np.linalg.norm(np.nan_to_num(actual - expected))
    assert difference <= tolerance * np.linalg.norm(np.nan_to_num(expected)) + 1e-7, f"{what} differs by {difference}"


def same_layer(actual: LayerTrace, expected: LayerTrace, layer_id: str) -> None:
    assert len(actual.inputs) == len(expected.inputs)
    for place, pair in enumerate(zip(actual.inputs, expected.inputs, strict=True)):
        same(*pair, f"{layer_id}, input {place}")
    for part in ("before", "values", "d_values", "d_before"):
        same(getattr(actual, part), getattr(expected, part), f"{layer_id}, {part}")
    for part in ("weights", "gradients", "limited", "after"):
        same_parts(getattr(actual, part), getattr(expected, part), f"{layer_id}, {part}")
    for part in ("memory", "memory_after"):
        ours, theirs = getattr(actual, part), getattr(expected, part)
        assert ours.keys() == theirs.keys()
        for name in ours:
            same_parts(ours[name], theirs[name], f"{layer_id}, {part} {name}")


def same_parts(actual: Mapping[str, Array], expected: Mapping[str, Array], what: str) -> None:
    assert actual.keys() == expected.keys(), what
    for name, values in actual.items():
        same(values, expected[name], f"{what} {name}")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_engines_tell_the_same(bench: Any, shuffled: Any, case: Any) -> None:
    engines = both(bench, case)
    ids = [block.id for block in case[0].blocks]
    for engine in engines:
        engine.train(shuffled(30, 10))
    told: list[Trace] = [engine.trace(BATCH, ids) for engine in engines]
    ours, theirs = told
    assert list(ours.layers) == list(theirs.layers) == ids
    for layer_id in ids:
        same_layer(ours.layers[layer_id], theirs.layers[layer_id], layer_id)
    for part in ("samples", "targets", "outputs", "losses", "shares", "penalty", "count"):
        same(getattr(ours, part), getattr(theirs, part), part)
    for part in ("gradient_norms", "update_norms", "numbers"):
        same_parts(getattr(ours, part), getattr(theirs, part), part)
    same_parts(ours.metrics.values, theirs.metrics.values, "metrics")
    assert ours.count == 4
    for name, values in engines[0].weights().items():
        same(values, engines[1].weights()[name], name)


PHOTOS = (
    Conv2D(filters=4, activation="relu", kernel_regularizer=L2(l2=0.01)),
    BatchNormalization(momentum=0.8),
    MaxPooling2D(),
    Flatten(),
    Dropout(rate=0.3),
    Dense(units=1, activation="sigmoid"),
)
FOLDER = ImageFolder(folder="photos", image_size=(8, 8), augmentation=(RandomTranslation(), RandomContrast()))


@pytest.mark.parametrize("kept_outside", [False, True])
@pytest.mark.parametrize("one_vector", [False, True])
def test_an_update_of_photographs_is_one_of_training(
    bench: Any, shuffled: Any, monkeypatch: pytest.MonkeyPatch, kept_outside: bool, one_vector: bool
) -> None:
    """With augmentation, dropout, moving statistics and a limit on the gradient."""
    if kept_outside:
        monkeypatch.setattr("nnplayground.engine.keras.splits.RESIDENT_BYTES", 0)
    if not one_vector:
        monkeypatch.setattr("nnplayground.engine.keras.optimizer.FLAT_LIMIT", 0)
    model = bench.chain(*PHOTOS)
    training = Training(optimizer=Adam(learning_rate=0.01), clip=Clip(global_norm=0.1), class_weight="balanced")
    trained, traced = (bench.engine(model, bench.facts((8, 8, 3)), training, dataset=FOLDER) for _ in range(2))
    for engine in (trained, traced):
        engine.attach({"training": bench.images(model, 29)})
        engine.train(shuffled(29, 8))
    expected = trained.train([BATCH])
    trace = traced.trace(BATCH, ["input", "conv2d_1", "batch_normalization_1"])
    for name, values in expected.values.items():
        same(trace.metrics.values[name], values, name)
    _same_state(traced, trained)
    convolution, normalization = trace.layers["conv2d_1"], trace.layers["batch_normalization_1"]
    assert not np.array_equal(trace.layers["input"].values, bench.images(model, 29).prepared("input", BATCH))
    assert set(normalization.weights) == {"gamma", "beta", "moving_mean", "moving_variance"}
    assert set(normalization.gradients) == {"gamma", "beta"}
    assert not np.array_equal(normalization.after["moving_mean"], normalization.weights["moving_mean"])
    norm = np.linalg.norm(list(trace.gradient_norms.values()))
    assert norm > 0.1
    for layer in (convolution, normalization):
        same_parts(
            layer.limited, {name: gradient * (0.1 / norm) for name, gradient in layer.gradients.items()}, "limited"
        )
    trained.train(shuffled(29, 8, 1))
    traced.train(shuffled(29, 8, 1))
    _same_state(traced, trained, 1e-4)


def _same_state(actual: Any, expected: Any, tolerance: float = 1e-5) -> None:
    one, other = actual.state(), expected.state()
    for part in ("weights", "optimizer", "random"):
        for name, values in getattr(other, part).items():
            same(getattr(one, part)[name], values, name, tolerance)


@pytest.mark.compiled
def test_an_update_between_compiled_blocks(bench: Any, shuffled: Any) -> None:
    model = bench.chain(Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid"))
    trained, traced = (bench.engine(model, bench.facts((4,)), Training(optimizer=Adam())) for _ in range(2))
    for engine in (trained, traced):
        engine.attach({"training": bench.samples(model, (4,), 30)})
        engine.train(shuffled(30, 6))
    trained.train([BATCH])
    assert traced.trace(BATCH, ["dense_1"]).count == 6
    _same_state(traced, trained)


def test_numbers_are_those_of_the_moment(bench: Any) -> None:
    model = bench.chain(Dense(units=1, activation="sigmoid"))
    training = Training(optimizer=RMSprop(momentum=0.5), clip=Clip(value=0.5))
    engine = bench.engine(model, bench.facts((4,)), training)
    engine.attach({"training": bench.samples(model, (4,), 30)})
    engine.trace(BATCH, ["dense_1"])
    changed = {
        "training.optimizer.learning_rate": 0.25,
        "training.optimizer.momentum": 0.75,
        "training.optimizer.rho": 0.5,
        "training.clip.value": 0.125,
    }
    engine.set_values(changed)
    trace = engine.trace(BATCH, ["dense_1"])
    assert trace.numbers == {**changed, "training.optimizer.epsilon": 1e-7}
    assert trace.count == 2
    layer = trace.layers["dense_1"]
    g, s = layer.limited["kernel"], layer.memory_after["mean_square"]["kernel"]
    np.testing.assert_allclose(s, 0.5 * layer.memory["mean_square"]["kernel"] + 0.5 * g**2, rtol=1e-5)
    velocity = 0.75 * layer.memory["velocity"]["kernel"] + 0.25 * g / np.sqrt(s + 1e-7)
    np.testing.assert_allclose(layer.memory_after["velocity"]["kernel"], velocity, rtol=1e-5)
    np.testing.assert_allclose(layer.after["kernel"], layer.weights["kernel"] - velocity, rtol=1e-5)


def test_looking_at_other_layers_or_batches_traces_nothing_anew(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = tracing.concrete
    monkeypatch.setattr(tracing, "concrete", lambda *arguments: made.append(1) or original(*arguments))
    model = bench.chain(Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid"))
    engine = bench.engine(model, bench.facts((4,)))
    engine.attach({"training": bench.samples(model, (4,), 30)})
    for batch in (BATCH, BATCH[:2]):
        for ids in (["dense_1"], ["dense_2", "input"], []):
            assert list(engine.trace(batch, ids).layers) == ids
    assert len(made) == 1
    monkeypatch.setattr(tracing, "ALL_VALUES", 0)
    for _ in range(2):
        for ids in (["dense_1"], ["dense_2"]):
            engine.trace(BATCH, ids)
    assert len(made) == 3


def test_a_layer_that_is_not_there_changes_nothing(bench: Any) -> None:
    model = bench.chain(Dense(units=1, activation="sigmoid"))
    engine = bench.engine(model, bench.facts((4,)))
    engine.attach({"training": bench.samples(model, (4,), 30)})
    before = engine.weights()["dense_1/kernel"]
    with pytest.raises(EngineError, match="no layer dense_7"):
        engine.trace(BATCH, ["dense_7"])
    np.testing.assert_array_equal(engine.weights()["dense_1/kernel"], before)
