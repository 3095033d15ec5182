"""A traced update of the scratch engine is an update of training, and its numbers are those of the formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.engine.base import EngineError, Trace
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Activation, Dense, Flatten
from nnplayground.layers.initializers import RandomNormal
from nnplayground.layers.merge import Add
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Clip, Nadam, RMSprop

BATCH = np.array([3, 1, 9, 14, 4])


def dense(units: int, activation: Any = "linear", **parameters: Any) -> Dense:
    return Dense(units=units, activation=activation, bias_initializer=RandomNormal(stddev=0.5), **parameters)


def same_state(first: ScratchEngine, second: ScratchEngine, tolerance: float) -> None:
    one, other = first.state(), second.state()
    for part in ("weights", "optimizer", "random"):
        ours, theirs = getattr(one, part), getattr(other, part)
        assert ours.keys() == theirs.keys()
        for name, values in ours.items():
            np.testing.assert_allclose(values, theirs[name], rtol=tolerance, atol=tolerance, err_msg=name)


TRAINING = {
    "sgd": {"optimizer": SGD(learning_rate=0.1)},
    "momentum, value": {"optimizer": SGD(learning_rate=0.1, momentum=0.9), "clip": Clip(value=0.01)},
    "nesterov, norm": {"optimizer": SGD(learning_rate=0.1, momentum=0.9, nesterov=True), "clip": Clip(norm=0.02)},
    "rmsprop": {"optimizer": RMSprop(learning_rate=0.01, momentum=0.5, centered=True, epsilon=1e-3)},
    "adam, global norm": {"optimizer": Adam(learning_rate=0.01), "clip": Clip(global_norm=0.05)},
    "adamw": {"optimizer": AdamW(learning_rate=0.01, weight_decay=0.1)},
    "adagrad": {"optimizer": Adagrad(learning_rate=0.1)},
    "adamax": {"optimizer": Adamax(learning_rate=0.01)},
    "nadam, class weights": {
        "optimizer": Nadam(learning_rate=0.01),
        "class_weight": {"class 0": 0.5, "class 1": 2.0, "class 2": 1.0},
    },
}


@pytest.mark.parametrize("training", TRAINING.values(), ids=TRAINING)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_a_traced_update_does_what_training_does(workshop: Any, training: Any, dtype: Any, tolerance: float) -> None:
    model = workshop.chain(
        Flatten(),
        dense(6, "tanh", kernel_regularizer=L1L2(l1=0.01, l2=0.02), bias_regularizer=L1(l1=0.01)),
        Dropout(rate=0.4),
        dense(5, "selu", kernel_regularizer=L2(l2=0.01)),
        Activation(activation="arctan"),
        dense(3, "softmax"),
    )
    samples = workshop.random_samples(model, (2, 3), 20, classes=3)
    trained, traced = (workshop.engine(model, samples, classes=3, dtype=dtype, **training) for _ in range(2))
    batches = np.random.default_rng(5).permutation(20).reshape(4, 5)
    for engine in (trained, traced):
        engine.train([*batches])
    for count in (5, 6, 7):
        expected = trained.train([BATCH])
        trace = traced.trace(BATCH, ["layer_2"])
        same_state(trained, traced, tolerance)
        for name, values in expected.values.items():
            np.testing.assert_allclose(trace.metrics.values[name], values, rtol=max(tolerance, 1e-6), err_msg=name)
        np.testing.assert_array_equal(trace.metrics.sizes, expected.sizes)
        assert trace.count == count
    trained.train([*batches])
    traced.train([*batches])
    same_state(trained, traced, 10 * tolerance)


def test_a_batch_of_everything_drops_the_same_units(workshop: Any) -> None:
    model = workshop.chain(dense(6, "tanh"), Dropout(rate=0.5), dense(1, "sigmoid"))
    samples = workshop.random_samples(model, (3,), 12)
    trained, traced = (workshop.engine(model, samples) for _ in range(2))
    everything = np.random.default_rng(0).permutation(12)
    trained.train([everything])
    trace = traced.trace(everything, ["input", "layer_1", "layer_2"])
    same_state(trained, traced, 1e-12)
    np.testing.assert_array_equal(trace.layers["input"].values, samples.inputs["input"][trace.samples])
    dropped = trace.layers["layer_2"]
    kept = dropped.values != 0
    np.testing.assert_array_equal(dropped.values, dropped.inputs[0] * 2 * kept)
    assert 0 < kept.mean() < 1
    np.testing.assert_array_equal(dropped.d_before * 2 * kept, trace.layers["layer_1"].d_values)


def test_images_and_moving_statistics(workshop: Any) -> None:
    model = workshop.chain(
        Conv2D(filters=3, padding="same", kernel_regularizer=L2(l2=0.01)),
        BatchNormalization(momentum=0.8),
        Activation(activation="relu"),
        Dropout(rate=0.25),
        MaxPooling2D(),
        Flatten(),
        dense(1, "sigmoid"),
    )
    samples = workshop.random_samples(model, (6, 6, 2), 20)
    trained, traced = (workshop.engine(model, samples, optimizer=Adam(learning_rate=0.01)) for _ in range(2))
    trained.train([BATCH, BATCH[:3]])
    traced.train([BATCH])
    traced.trace(BATCH[:3], [])
    same_state(trained, traced, 1e-10)
    layer = traced.trace(BATCH, ["layer_2"]).layers["layer_2"]
    assert set(layer.weights) == {"gamma", "beta", "moving_mean", "moving_variance"}
    assert set(layer.gradients) == set(layer.limited) == set(layer.memory["mean"]) == {"gamma", "beta"}
    mean = layer.inputs[0].mean(axis=(0, 1, 2))
    moved = 0.8 * layer.weights["moving_mean"] + 0.2 * mean
    np.testing.assert_allclose(layer.after["moving_mean"], moved, rtol=1e-12)


def test_a_batch_in_pieces_drops_the_same_units(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnplayground.engine.scratch.updates.PIECE_VALUES", 40)
    model = workshop.chain(dense(6, "tanh"), Dropout(rate=0.5), Flatten(), dense(1, "sigmoid"))
    samples = workshop.random_samples(model, (3,), 20)
    trained, traced = (workshop.engine(model, samples) for _ in range(2))
    for batch in (BATCH, np.random.default_rng(0).permutation(20)):
        trained.train([batch])
        traced.trace(batch, [])
        same_state(trained, traced, 1e-12)


def test_what_is_told_of_a_batch_in_pieces_is_that_of_the_whole(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = workshop.chain(dense(4, "tanh", kernel_regularizer=L1L2(l1=0.01, l2=0.02)), dense(1, "sigmoid"))
    samples = workshop.random_samples(model, (3,), 20)
    whole, parts = (workshop.engine(model, samples, class_weight="balanced") for _ in range(2))
    batch = np.random.default_rng(0).permutation(20)[:11]
    expected = whole.trace(batch, ["layer_1", "layer_2"])
    monkeypatch.setattr("nnplayground.engine.scratch.updates.PIECE_VALUES", 3 * whole._graph.working_values)
    trace = parts.trace(batch, ["layer_1", "layer_2"])
    assert trace.penalty == pytest.approx(expected.penalty)
    assert trace.metrics.values["loss"][0] == pytest.approx(expected.metrics.values["loss"][0])
    for part in ("outputs", "losses", "shares", "targets"):
        np.testing.assert_allclose(getattr(trace, part), getattr(expected, part), rtol=1e-12)
    for layer_id, layer in expected.layers.items():
        told = trace.layers[layer_id]
        np.testing.assert_allclose(told.inputs[0], layer.inputs[0], rtol=1e-12)
        for part in ("before", "values", "d_before", "d_values"):
            np.testing.assert_allclose(getattr(told, part), getattr(layer, part), rtol=1e-12)
        for part in ("gradients", "after"):
            for name, values in getattr(layer, part).items():
                np.testing.assert_allclose(getattr(told, part)[name], values, rtol=1e-10)


class ByHand:
    """The 2-3-1 network with tanh, sigmoid and cross-entropy, written out once more in float64."""

    def __init__(self, weights: Any, x: Any, y: Any) -> None:
        w1, b1, w2, b2 = (
            weights[name].astype(np.float64)
            for name in ("layer_1/kernel", "layer_1/bias", "layer_2/kernel", "layer_2/bias")
        )
        m = len(x)
        self.z1 = x @ w1 + b1
        self.a1 = np.tanh(self.z1)
        self.z2 = self.a1 @ w2 + b2
        self.a2 = 1 / (1 + np.exp(-self.z2))
        self.losses = -(y * np.log(self.a2) + (1 - y) * np.log(1 - self.a2))[:, 0]
        self.da2 = -(y / self.a2 - (1 - y) / (1 - self.a2)) / m
        self.dz2 = self.da2 * self.a2 * (1 - self.a2)
        self.dw2, self.db2 = self.a1.T @ self.dz2, self.dz2.sum(axis=0)
        self.da1 = self.dz2 @ w2.T
        self.dz1 = self.da1 * (1 - self.a1**2)
        self.dw1, self.db1 = x.T @ self.dz1, self.dz1.sum(axis=0)
        self.dx = self.dz1 @ w1.T


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.2, momentum=0.9), Adam(learning_rate=0.05)], ids=str)
def test_every_number_follows_the_formulas(workshop: Any, optimizer: Any, dtype: Any) -> None:
    model = workshop.chain(dense(3, "tanh"), dense(1, "sigmoid"))
    samples = workshop.random_samples(model, (2,), 20)
    engine = workshop.engine(model, samples, optimizer=optimizer, dtype=dtype)
    engine.train([np.arange(10), np.arange(10, 20)])
    start, memory = engine.weights(), engine.state().optimizer
    trace = engine.trace(BATCH, ["input", "layer_1", "layer_2"])
    x = samples.inputs["input"][BATCH].astype(np.float64)
    y = samples.targets["layer_2"][BATCH].astype(np.float64)[:, np.newaxis]
    hand = ByHand(start, x, y)
    rtol, atol = (1e-12, 1e-14) if dtype == np.float64 else (2e-5, 1e-6)

    def same(actual: Any, expected: Any) -> None:
        assert actual.dtype == dtype
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)

    data, hidden, last = (trace.layers[layer_id] for layer_id in ("input", "layer_1", "layer_2"))
    same(trace.targets, y)
    same(trace.outputs, hand.a2)
    same(trace.losses, hand.losses)
    same(trace.shares, np.full(5, 1 / 5))
    assert trace.metrics.values["loss"][0] == pytest.approx(hand.losses.mean(), rel=1e-6)
    assert trace.metrics.values["accuracy"][0] == pytest.approx(((hand.a2 > 0.5) == y).mean())
    assert (trace.penalty, trace.count) == (0.0, 3)
    same(data.values, x)
    same(data.d_values, hand.dx)
    assert data.inputs == ()
    assert not data.weights
    assert not data.memory
    same(hidden.inputs[0], x)
    same(last.inputs[0], hand.a1)
    for layer, names in ((hidden, ("z1", "a1", "da1", "dz1")), (last, ("z2", "a2", "da2", "dz2"))):
        for values, name in zip((layer.before, layer.values, layer.d_values, layer.d_before), names, strict=True):
            same(values, getattr(hand, name))
    gradients = {"layer_1": (hand.dw1, hand.db1), "layer_2": (hand.dw2, hand.db2)}
    for layer_id, layer in (("layer_1", hidden), ("layer_2", last)):
        for name, gradient in zip(("kernel", "bias"), gradients[layer_id], strict=True):
            np.testing.assert_array_equal(layer.weights[name], start[f"{layer_id}/{name}"])
            np.testing.assert_array_equal(layer.after[name], engine.weights()[f"{layer_id}/{name}"])
            same(layer.gradients[name], gradient)
            same(layer.limited[name], gradient)
            remembered = {each: values[name].astype(np.float64) for each, values in layer.memory.items()}
            told, w = _updated(optimizer, layer.weights[name].astype(np.float64), gradient, remembered, trace)
            same(layer.after[name], w)
            assert layer.memory_after.keys() == told.keys()
            for each, values in told.items():
                same(layer.memory_after[each][name], values)
        norms = trace.gradient_norms[layer_id], trace.update_norms[layer_id]
        change = [layer.after[name].astype(np.float64) - layer.weights[name] for name in ("kernel", "bias")]
        assert norms[0] == pytest.approx(np.sqrt(sum((part**2).sum() for part in gradients[layer_id])), rel=1e-5)
        assert norms[1] == pytest.approx(np.sqrt(sum((part**2).sum() for part in change)), rel=1e-5)
    assert trace.gradient_norms.keys() == trace.update_norms.keys() == {"layer_1", "layer_2"}
    name, parts = next(iter(hidden.memory.items()))
    np.testing.assert_array_equal(np.concatenate([part.ravel() for part in parts.values()]), memory[name][:9])


def _updated(optimizer: Any, w: Any, g: Any, memory: Any, trace: Trace) -> Any:
    number = {path.removeprefix("training.optimizer."): value for path, value in trace.numbers.items()}
    assert number == {name: pytest.approx(getattr(optimizer, name)) for name in number}
    alpha = optimizer.learning_rate
    if isinstance(optimizer, SGD):
        v = optimizer.momentum * memory["velocity"] - alpha * g
        return {"velocity": v}, w + v
    m = optimizer.beta_1 * memory["mean"] + (1 - optimizer.beta_1) * g
    v = optimizer.beta_2 * memory["mean_square"] + (1 - optimizer.beta_2) * g**2
    rate = alpha * np.sqrt(1 - optimizer.beta_2**trace.count) / (1 - optimizer.beta_1**trace.count)
    return {"mean": m, "mean_square": v}, w - rate * m / (np.sqrt(v) + optimizer.epsilon)


def test_regularization_is_in_the_gradient_and_limits_come_after_it(workshop: Any) -> None:
    model = workshop.chain(dense(1, "sigmoid", kernel_regularizer=L1L2(l1=0.25, l2=0.5)))
    samples = workshop.random_samples(model, (3,), 20)
    weights = np.arange(20, dtype=np.float32) / 10
    samples = workshop.samples(samples.inputs["input"], samples.targets["layer_1"], "layer_1", weights=weights)
    engine = workshop.engine(model, samples, optimizer=SGD(learning_rate=1.0), clip=Clip(global_norm=0.25))
    engine.set_values({"training.clip.global_norm": 0.125})
    trace = engine.trace(BATCH, ["layer_1"])
    layer = trace.layers["layer_1"]
    w = layer.weights["kernel"]
    np.testing.assert_allclose(trace.shares, weights[BATCH] / 5, rtol=1e-6)
    plain = layer.inputs[0].T @ layer.d_before
    np.testing.assert_allclose(layer.gradients["kernel"], plain + 0.25 * np.sign(w) + w, rtol=1e-12)
    assert trace.penalty == pytest.approx(0.25 * np.abs(w).sum() + 0.5 * (w**2).sum())
    assert trace.metrics.values["loss"][0] == pytest.approx((trace.losses * trace.shares).sum() + trace.penalty)
    norm = trace.gradient_norms["layer_1"]
    assert norm > 0.125
    for name, gradient in layer.gradients.items():
        np.testing.assert_allclose(layer.limited[name], gradient * 0.125 / norm, rtol=1e-12)
        np.testing.assert_allclose(layer.after[name], layer.weights[name] - layer.limited[name], rtol=1e-12)
    assert trace.numbers == {"training.optimizer.learning_rate": 1.0, "training.optimizer.momentum": 0.0} | {
        "training.clip.global_norm": 0.125
    }


def test_what_flows_back_from_branches_is_added_up(workshop: Any) -> None:
    layers = {
        "first": dense(3, "tanh"),
        "bent": Activation(activation="sigmoid"),
        "sum": Add(),
        "out": dense(1),
    }
    wires = (("input", "first"), ("first", "bent"), ("first", "sum"), ("bent", "sum"), ("sum", "out"))
    model = workshop.graph(layers, wires)
    samples = workshop.random_samples(model, (2,), 20, classes=0)
    engine = workshop.engine(model, samples, classes=0)
    layers_of = engine.trace(BATCH, ["first", "bent", "sum", "out"]).layers
    first, bent, total = layers_of["first"], layers_of["bent"], layers_of["sum"]
    assert len(total.inputs) == 2
    np.testing.assert_array_equal(total.inputs[1], bent.values)
    np.testing.assert_array_equal(bent.before, first.values)
    np.testing.assert_array_equal(bent.d_values, total.d_before)
    np.testing.assert_allclose(bent.d_before, bent.d_values * bent.values * (1 - bent.values), rtol=1e-12)
    np.testing.assert_allclose(first.d_values, total.d_before + bent.d_before, rtol=1e-12)
    error = layers_of["out"].values - samples.targets["out"][BATCH]
    np.testing.assert_allclose(layers_of["out"].d_values, 2 * error / 5, rtol=1e-12)


def test_a_loss_that_never_sees_the_output_has_no_derivative_by_it(workshop: Any) -> None:
    model = workshop.chain(dense(3, "sigmoid"))
    samples = workshop.random_samples(model, (2,), 20, classes=3)
    layer = workshop.engine(model, samples, classes=3, loss="categorical_crossentropy").trace(BATCH, ["layer_1"])
    assert np.isnan(layer.layers["layer_1"].d_values).all()
    assert np.isfinite(layer.layers["layer_1"].d_before).all()


def test_a_layer_that_is_not_there_changes_nothing(workshop: Any) -> None:
    model = workshop.chain(dense(1, "sigmoid"))
    engine = workshop.engine(model, workshop.random_samples(model, (2,), 20))
    before = engine.weights()["layer_1/kernel"]
    with pytest.raises(EngineError, match="no layer layer_7"):
        engine.trace(BATCH, ["layer_7"])
    np.testing.assert_array_equal(engine.weights()["layer_1/kernel"], before)
    assert engine.trace(BATCH, []).count == 1
