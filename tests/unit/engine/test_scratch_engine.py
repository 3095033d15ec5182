"""What the scratch engine does besides computing gradients."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from nnplayground.engine.base import EngineError
from nnplayground.engine.scratch import engine as engine_module
from nnplayground.engine.scratch import splits as splits_module
from nnplayground.engine.scratch import updates as updates_module
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.augmentation import RandomFlip, RandomZoom
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Activation, Dense, Flatten
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.layers.regularizers import L1L2, L2
from nnplayground.samples import Preparation
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, AdamW, Clip, RMSprop, Training


def xor_engine(workshop: Any, *hidden: Any, seed: int = 0, count: int = 200, **training: Any) -> Any:
    """A classifier of points by the sign of x₁·x₂, with a block of batches for an epoch."""
    model = workshop.chain(*hidden, Dense(units=1, activation="sigmoid"))
    points = np.random.default_rng(3).uniform(-1, 1, size=(count, 2)).astype(np.float32)
    labels = (points[:, 0] * points[:, 1] > 0).astype(np.int32)
    samples = workshop.samples(points, labels, model.outputs[0])
    return workshop.engine(model, samples, dtype=np.float32, seed=seed, **training)


def epoch_batches(epoch: int, count: int = 200, size: int = 15) -> list[np.ndarray]:
    order = np.random.default_rng((0, epoch)).permutation(count)
    return [order[start : start + size] for start in range(0, count, size)]


HIDDEN = (Dense(units=8, activation="tanh"), Dense(units=8, activation="tanh"))


def test_it_learns_xor_in_float32(workshop: Any) -> None:
    engine = xor_engine(workshop, *HIDDEN, optimizer=Adam(learning_rate=0.02))
    losses = [engine.train(epoch_batches(epoch)).values["loss"].mean() for epoch in range(60)]
    evaluation = engine.evaluate("validation")
    assert losses[-1] < 0.2 < 0.6 < losses[0]
    assert evaluation.metrics["accuracy"] > 0.95
    assert evaluation.predictions.dtype == evaluation.losses.dtype == np.float32
    assert all(weight.dtype == np.float32 for weight in engine.weights().values())


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), RMSprop(centered=True, momentum=0.5), Adam()], ids=str)
def test_a_restored_engine_goes_on_bit_for_bit(workshop: Any, optimizer: Any) -> None:
    layers = (Dense(units=8, activation="tanh"), Dropout(rate=0.3))
    engine = xor_engine(workshop, *layers, optimizer=optimizer)
    engine.train(epoch_batches(0))
    state = engine.state()
    first = [engine.train(epoch_batches(epoch)).values["loss"] for epoch in (1, 2)]
    other = xor_engine(workshop, *layers, seed=5, optimizer=optimizer)
    other.train(epoch_batches(7))
    other.restore(state)
    second = [other.train(epoch_batches(epoch)).values["loss"] for epoch in (1, 2)]
    np.testing.assert_array_equal(first, second)
    for name, weight in engine.weights().items():
        np.testing.assert_array_equal(weight, other.weights()[name])


def test_the_seed_decides_weights_and_dropout(workshop: Any) -> None:
    engines = [xor_engine(workshop, *HIDDEN, Dropout(rate=0.5), seed=seed) for seed in (1, 1, 2)]
    same, too, other = [engine.train(epoch_batches(0)).values["loss"] for engine in engines]
    np.testing.assert_array_equal(same, too)
    assert not np.array_equal(same, other)


def test_blocks_of_any_length_come_to_the_same(workshop: Any) -> None:
    whole, parts = (xor_engine(workshop, *HIDDEN, optimizer=Adam()) for _ in range(2))
    batches = epoch_batches(0)
    values = whole.train(batches)
    singles = [parts.train([batch]) for batch in batches]
    for name in ("loss", "accuracy"):
        np.testing.assert_array_equal(values.values[name], [single.values[name][0] for single in singles])
    assert values.values["loss"].dtype == np.float64
    assert values.sizes.tolist() == [15] * 13 + [5]
    for name, weight in whole.weights().items():
        np.testing.assert_array_equal(weight, parts.weights()[name])


def test_loss_of_an_update_is_that_of_the_weights_before_it(workshop: Any) -> None:
    engine = xor_engine(workshop, Dense(units=4, activation="tanh", kernel_regularizer=L1L2(l1=0.01, l2=0.02)))
    batch = np.random.default_rng(0).permutation(200)
    for _ in range(3):
        evaluation = engine.evaluate("validation")
        update = engine.train([batch])
        assert update.values["loss"][0] == pytest.approx(evaluation.metrics["loss"], rel=1e-5)
        assert update.values["accuracy"][0] == evaluation.metrics["accuracy"]
    kernel = engine.weights()["layer_1/kernel"].astype(np.float64)
    evaluation = engine.evaluate("validation")
    penalty = 0.01 * np.abs(kernel).sum() + 0.02 * np.square(kernel).sum()
    assert evaluation.metrics["loss"] == pytest.approx(evaluation.losses.mean() + penalty, rel=1e-5)


def test_dropout_drops_its_share_while_training_only(workshop: Any) -> None:
    model = workshop.chain(Dropout(rate=0.25))
    samples = workshop.samples(np.ones((50, 400), np.float32), np.zeros((50, 400), np.float32), "layer_1")
    engine = workshop.engine(model, samples, classes=0, dtype=np.float32, metrics=("mae", "mse"))
    values = engine.train([np.arange(25), np.arange(25, 50)]).values
    # Kept values are 1 / 0.75, so the mean stays 1 and the mean square is 1 / 0.75.
    np.testing.assert_allclose(values["mae"], 1, atol=0.04)
    np.testing.assert_allclose(values["mse"], 1 / 0.75, atol=0.05)
    assert values["mse"][0] != values["mse"][1]
    np.testing.assert_array_equal(engine.predict(samples.inputs), samples.inputs["input"])
    engine.set_values({"model.layer_1.rate": 0.9})
    np.testing.assert_allclose(engine.train([np.arange(25)]).values["mse"], 10, atol=1.5)
    engine.set_values({"model.layer_1.rate": 0.0})
    assert engine.train([np.arange(25)]).values["mse"] == 1


def test_strengths_of_regularizers_are_live(workshop: Any) -> None:
    engine = xor_engine(workshop, Dense(units=4, kernel_regularizer=L2(l2=0.0)))
    plain = engine.evaluate("validation").metrics["loss"]
    before = engine.gradients(np.arange(200))["layer_1/kernel"]
    engine.set_values({"model.layer_1.kernel_regularizer.l2": 0.5, "model.gone.rate": 1.0, "training.clip.norm": 1.0})
    kernel = engine.weights()["layer_1/kernel"]
    assert engine.evaluate("validation").metrics["loss"] == pytest.approx(
        plain + 0.5 * np.square(kernel).sum(), rel=1e-5
    )
    np.testing.assert_allclose(
        engine.gradients(np.arange(200))["layer_1/kernel"], before + kernel, rtol=1e-4, atol=1e-6
    )


def test_activations_before_and_after_the_function(workshop: Any) -> None:
    engine = xor_engine(workshop, Dense(units=5), Activation(activation="relu"), Dropout(rate=0.5))
    points = {"input": np.array([[0.5, -1.0], [2.0, 3.0]], np.float32)}
    ids = ["layer_1", "layer_2", "layer_4"]
    before = engine.activations(points, ids, before=True)
    after = engine.activations(points, ids)
    weights = engine.weights()
    np.testing.assert_allclose(before["layer_1"], points["input"] @ weights["layer_1/kernel"], rtol=1e-5)
    np.testing.assert_array_equal(after["layer_1"], before["layer_1"])
    np.testing.assert_array_equal(after["layer_2"], np.maximum(before["layer_2"], 0))
    np.testing.assert_allclose(after["layer_4"], 1 / (1 + np.exp(-before["layer_4"])), rtol=1e-5)
    np.testing.assert_array_equal(after["layer_4"], engine.predict(points))


def test_large_data_is_prepared_and_evaluated_piece_by_piece(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = workshop.chain(Flatten(), Dense(units=3, activation="softmax"))
    pictures = np.random.default_rng(0).integers(256, size=(50, 4, 4, 3)).astype(np.uint8)
    labels = (pictures.reshape(50, -1).sum(axis=1) % 3).astype(np.int32)
    preparation = {"input": Preparation(scale=(1 / 255,), offset=(-0.5,))}
    samples = workshop.samples(pictures, labels, "layer_2", preparation=preparation)
    options: dict[str, Any] = {"classes": 3, "dtype": np.float32, "metrics": ("accuracy", "auc")}
    kept = workshop.engine(model, samples, **options)
    monkeypatch.setattr(splits_module, "RESIDENT_BYTES", 100)
    monkeypatch.setattr(engine_module, "FORWARD_VALUES", 1000)
    streamed = workshop.engine(model, samples, **options)
    batches = [*epoch_batches(0, 50), np.random.default_rng(1).permutation(50)]
    np.testing.assert_allclose(kept.train(batches).values["loss"], streamed.train(batches).values["loss"], rtol=1e-4)
    expected, evaluation = kept.evaluate("validation"), streamed.evaluate("validation")
    np.testing.assert_allclose(evaluation.losses, expected.losses, rtol=1e-4)
    assert evaluation.metrics == pytest.approx(expected.metrics, rel=1e-4)
    np.testing.assert_allclose(
        streamed.predict({"input": samples.prepared("input", slice(None))}), expected.predictions, rtol=1e-4
    )
    answers = iter([False, False, True])
    assert streamed.evaluate("validation", lambda: next(answers)) is None
    assert kept.evaluate("validation", lambda: True) is None


def normalized_engine(workshop: Any, **training: Any) -> tuple[Any, Any]:
    """The engine, and what it trains on."""
    model = workshop.chain(
        Conv2D(filters=3), BatchNormalization(momentum=0.75), MaxPooling2D(), Flatten(), Dense(units=1)
    )
    samples = workshop.random_samples(model, (6, 6, 2), 40, classes=0)
    return workshop.engine(model, samples, classes=0, **training), samples.inputs["input"]


def test_moving_statistics_follow_the_batches_and_nothing_else(workshop: Any) -> None:
    """Neither an optimizer that moves every weight nor a limit on gradients may touch them."""
    engine, images = normalized_engine(workshop, optimizer=AdamW(weight_decay=0.5), clip=Clip(global_norm=0.01))
    start, batch = engine.weights(), np.arange(8)
    gradients = engine.gradients(batch)
    assert gradients.keys() == start.keys() - {"layer_2/moving_mean", "layer_2/moving_variance"}
    np.testing.assert_array_equal(engine.weights()["layer_2/moving_mean"], start["layer_2/moving_mean"])
    before = engine.activations({"input": images[batch]}, ["layer_1"])["layer_1"].reshape(-1, 3)
    engine.train([batch])
    mean, variance = (engine.weights()[f"layer_2/moving_{what}"] for what in ("mean", "variance"))
    np.testing.assert_allclose(mean, 0.25 * before.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(variance, 0.75 + 0.25 * before.var(axis=0), rtol=1e-6)
    unlearned = sum(value.size for value in (mean, variance))
    assert engine.state().optimizer["mean"].size == sum(value.size for value in start.values()) - unlearned


def test_moving_statistics_are_kept_set_and_restored(workshop: Any) -> None:
    (engine, images), (other, _) = (normalized_engine(workshop, seed=seed, optimizer=Adam()) for seed in (0, 1))
    engine.train(epoch_batches(0, 40, 9))
    state = engine.state()
    expected = engine.train(epoch_batches(1, 40, 9)).values["loss"]
    other.train(epoch_batches(5, 40, 9))
    other.restore(state)
    np.testing.assert_array_equal(other.train(epoch_batches(1, 40, 9)).values["loss"], expected)
    for name, weight in engine.weights().items():
        np.testing.assert_array_equal(weight, other.weights()[name])
    used = engine.predict({"input": images})
    engine.set_weights({"layer_2/moving_variance": np.full(3, 4.0)})
    assert (engine.weights()["layer_2/moving_variance"] == 4).all()
    assert not np.allclose(engine.predict({"input": images}), used)


def test_layers_of_one_unit_compute_as_programs_what_they_compute_at_once(workshop: Any) -> None:
    """Their outputs are single columns, with ones beside them, whichever way these lie in memory."""
    model = workshop.chain(Dense(units=1, activation="tanh"), Dense(units=1), Dense(units=3, activation="softmax"))
    samples = workshop.random_samples(model, (3,), 20, classes=3)
    engine, traced = (workshop.engine(model, samples, classes=3) for _ in range(2))
    for batch in (np.arange(8), np.arange(8, 20), np.array([3])):
        expected = traced.trace(batch, [])
        told = engine.train([batch])
        assert told.values["loss"] == pytest.approx(expected.metrics.values["loss"], rel=1e-12)
        for name, weight in traced.weights().items():
            np.testing.assert_allclose(engine.weights()[name], weight, rtol=1e-12)
    evaluation = engine.evaluate("validation")
    np.testing.assert_allclose(evaluation.predictions, engine.predict(samples.inputs), rtol=1e-12)


@pytest.mark.parametrize("regularizer", [None, L1L2(l1=0.01, l2=0.02)], ids=["plain", "regularized"])
def test_a_batch_in_pieces_comes_to_the_same(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, regularizer: L1L2 | None
) -> None:
    layers = (Conv2D(filters=3, kernel_regularizer=regularizer), Flatten(), Dense(units=1, activation="sigmoid"))
    model = workshop.chain(*layers)
    samples = workshop.random_samples(model, (6, 6, 2), 40)
    whole, parts = (workshop.engine(model, samples) for _ in range(2))
    batches = [*epoch_batches(0, 40, 15), np.arange(40)]
    expected = whole.train(batches)
    monkeypatch.setattr(updates_module, "PIECE_VALUES", 4 * parts._graph.working_values)
    told = parts.train(batches)
    assert len(parts._ready_trainer().piece_ends(0, 15)) == 5
    np.testing.assert_allclose(told.values["loss"], expected.values["loss"], rtol=1e-12)
    for name, weight in whole.weights().items():
        np.testing.assert_allclose(parts.weights()[name], weight, rtol=1e-10)


def test_samples_larger_than_a_piece_are_pieces_by_themselves(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As photographs are behind two convolutions."""
    model = workshop.chain(Conv2D(filters=3), Conv2D(filters=2), Flatten(), Dense(units=1, activation="sigmoid"))
    samples = workshop.random_samples(model, (6, 6, 2), 20)
    whole, parts, traced = (workshop.engine(model, samples) for _ in range(3))
    batches = [np.arange(7), np.arange(7, 8)]
    expected = whole.train(batches)
    monkeypatch.setattr(updates_module, "PIECE_VALUES", whole._graph.working_values // 3)
    assert parts._ready_trainer().piece_ends(5, 8) == [5, 6, 7, 8]
    np.testing.assert_allclose(parts.train(batches).values["loss"], expected.values["loss"], rtol=1e-12)
    for batch in batches:
        traced.trace(batch, [])
    for name, weight in whole.weights().items():
        np.testing.assert_allclose(parts.weights()[name], weight, rtol=1e-10)
        np.testing.assert_allclose(traced.weights()[name], weight, rtol=1e-10)


def test_a_normalized_batch_stays_whole(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole, _), (kept, _) = (normalized_engine(workshop) for _ in range(2))
    expected = whole.train([np.arange(20)] * 2).values["loss"]
    monkeypatch.setattr(updates_module, "PIECE_VALUES", 1)
    np.testing.assert_array_equal(kept.train([np.arange(20)] * 2).values["loss"], expected)


def test_a_batch_of_everything_is_the_same_in_any_order(workshop: Any) -> None:
    engines = [xor_engine(workshop, *HIDDEN, optimizer=SGD(learning_rate=0.5)) for _ in range(2)]
    order = np.random.default_rng(0).permutation(200)
    in_order = engines[0].train([np.arange(200)] * 5)
    shuffled = engines[1].train([order] * 5)
    np.testing.assert_array_equal(in_order.values["loss"], shuffled.values["loss"])
    drawn_twice = np.r_[order[:199], order[:1]]
    assert engines[0].train([drawn_twice]).values["loss"][0] != engines[1].train([order]).values["loss"][0]


def test_divergence_is_told_by_the_loss_and_by_nothing_else(workshop: Any) -> None:
    model = workshop.chain(Dense(units=8, activation="relu"), Dense(units=1))
    samples = workshop.random_samples(model, (3,), 20, classes=0)
    engine = workshop.engine(model, samples, classes=0, dtype=np.float32, optimizer=SGD(learning_rate=100.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = engine.train([np.arange(10)] * 30).values
        engine.trace(np.arange(10), ["layer_1"])
        evaluation = engine.evaluate("validation")
        engine.predict(samples.inputs)
        engine.activations(samples.inputs, ["layer_1"])
    assert np.isfinite(values["loss"][0])
    assert not np.isfinite(values["loss"][-1])
    assert not np.isfinite(evaluation.metrics["loss"])


def test_extreme_outputs_keep_their_loss_and_gradient(workshop: Any) -> None:
    model = workshop.chain(Dense(units=1, activation="sigmoid", kernel_initializer="ones"))
    samples = workshop.samples(np.array([[200.0], [-200.0]], np.float32), np.array([0, 1], np.int32), "layer_1")
    engine = workshop.engine(model, samples, dtype=np.float32)
    np.testing.assert_allclose(engine.evaluate("validation").losses, [200, 200])
    np.testing.assert_allclose(engine.gradients(np.arange(2))["layer_1/kernel"], [[200]])


def test_weights_can_be_set_one_by_one(workshop: Any) -> None:
    engine = xor_engine(workshop, Dense(units=4))
    before = engine.weights()
    engine.set_weights({"layer_1/bias": np.arange(4)})
    np.testing.assert_array_equal(engine.weights()["layer_1/bias"], [0, 1, 2, 3])
    np.testing.assert_array_equal(engine.weights()["layer_1/kernel"], before["layer_1/kernel"])
    with pytest.raises(EngineError, match="layer_1/bias has the shape 4, but 3 was given"):
        engine.set_weights({"layer_1/kernel": np.zeros((2, 4)), "layer_1/bias": np.zeros(3)})
    np.testing.assert_array_equal(engine.weights()["layer_1/kernel"], before["layer_1/kernel"])
    with pytest.raises(EngineError, match="no weight layer_9/bias"):
        engine.set_weights({"layer_9/bias": np.zeros(3)})
    with pytest.raises(EngineError, match="another model or optimizer"):
        engine.restore(xor_engine(workshop, Dense(units=4), optimizer=Adam()).state())


def test_what_it_cannot_do_is_said_in_one_sentence(workshop: Any) -> None:
    def message(*layers: Any, dataset: Any = None, **training: Any) -> str:
        project = Project(
            model=workshop.chain(*layers), dataset=dataset, training=Training(engine="scratch", **training)
        )
        with pytest.raises(EngineError) as caught:
            ScratchEngine(project, workshop.facts((8, 8, 3)))
        return str(caught.value)

    flip = message(RandomFlip(), Flatten(), Dense(units=1))
    assert flip == "RandomFlip is not available in the scratch engine; choose the Keras engine."
    both = message(RandomFlip(), RandomZoom(), Flatten(), Dense(units=1))
    assert both == "RandomFlip and RandomZoom are not available in the scratch engine; choose the Keras engine."
    assert "cannot augment" in message(Flatten(), Dense(units=1), dataset=ImageFolder(augmentation=(RandomFlip(),)))
    assert "layer_1 gives 8 × 8 × 1; put Flatten before it" in message(Dense(units=1))


def test_data_that_does_not_fit_is_refused(workshop: Any) -> None:
    model = workshop.chain(Dense(units=3, activation="softmax"))
    good = workshop.random_samples(model, (2,), 10, classes=3)
    engine = workshop.engine(model, good, classes=3)
    points, labels = good.inputs["input"], good.targets["layer_1"]
    with pytest.raises(EngineError, match="3 units, but the data has at least 5 classes"):
        engine.attach({"training": workshop.samples(points, np.full(10, 4), "layer_1")})
    with pytest.raises(EngineError, match="expects samples of 2, but the data has 1"):
        engine.attach({"training": workshop.samples(points[:, :1], labels, "layer_1")})
    with pytest.raises(EngineError, match="nothing for the Input input"):
        engine.attach({"training": workshop.samples(points, labels, "layer_1", name="other")})
    with pytest.raises(EngineError, match="no test samples"):
        engine.evaluate("test")
