"""The Keras engine beside training: evaluation, predictions, activations, state, data of any size, and its errors."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.engine import build
from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.runtime import keras, plain_errors, tf
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from nnplayground.layers.base import Layer
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Input
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.pooling import GlobalAveragePooling2D, MaxPooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.layers.regularizers import L2
from nnplayground.samples import Preparation, Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, Nadam, Training

SIDE = 8
SHAPE = (SIDE, SIDE, 3)
CNN: tuple[Layer, ...] = (
    RandomFlip(),
    Conv2D(filters=4, activation="relu"),
    MaxPooling2D(),
    BatchNormalization(momentum=0.8),
    Flatten(),
    Dropout(rate=0.3),
    Dense(units=1, activation="sigmoid"),
)
AUGMENTATION = (
    RandomFlip(mode="horizontal_and_vertical"),
    RandomRotation(),
    RandomZoom(),
    RandomTranslation(),
    RandomContrast(),
    RandomBrightness(),
)
FOLDER = ImageFolder(folder="photos", image_size=(SIDE, SIDE), augmentation=(RandomTranslation(), RandomContrast()))


def _equal(ours: Any, theirs: Any) -> bool:
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in theirs)


@pytest.fixture
def cnn(bench: Any) -> Model:
    return bench.chain(*CNN)


class TestEvaluation:
    @pytest.mark.parametrize(
        ("layers", "classes", "loss"),
        [
            ((Dense(units=1, activation="sigmoid"),), 2, "binary_crossentropy"),
            ((Dense(units=3, activation="softmax"),), 3, "categorical_crossentropy"),
            ((Dense(units=1),), 0, "mean_squared_error"),
        ],
    )
    def test_it_equals_keras(self, bench: Any, layers: Any, classes: int, loss: str) -> None:
        model = bench.chain(Dense(units=5, activation="tanh", kernel_regularizer=L2(0.1)), *layers)
        samples = bench.samples(model, (4,), 33, classes)
        metrics = ("mae", "mse") if not classes else ("accuracy", "mae", "mse")
        engine = bench.engine(model, bench.facts((4,), classes), Training(metrics=metrics))
        engine.attach({"validation": samples})
        told = engine.evaluate("validation")
        reference = keras.Sequential([keras.Input((4,))])
        for block in model.blocks[1:]:
            reference.add(block.layer.to_keras(keras, name=block.id, seed=0))
        reference.set_weights(list(engine.weights().values()))
        reference.compile("sgd", loss, metrics=list(metrics))
        targets = samples.targets[model.outputs[0]]
        if classes > 2:
            targets = np.eye(classes, dtype=np.float32)[targets]
        expected = reference.evaluate(samples.inputs["input"], targets, verbose=0, return_dict=True)
        assert told.metrics == {name: pytest.approx(value, rel=1e-5) for name, value in expected.items()}
        np.testing.assert_allclose(told.predictions, reference(samples.inputs["input"]).numpy(), rtol=1e-5)
        assert told.predictions.dtype == np.float32
        penalty = 0.1 * np.square(engine.weights()["dense_1/kernel"]).sum()
        assert told.losses.mean() + penalty == pytest.approx(expected["loss"], rel=1e-5)

    @pytest.mark.parametrize(("units", "activation"), [(1, "sigmoid"), (2, "softmax")])
    def test_metrics_of_a_whole_split_equal_keras(self, bench: Any, units: int, activation: Any) -> None:
        model = bench.chain(Dense(units=units, activation=activation))
        engine = bench.engine(model, bench.facts((4,)), Training(metrics=("auc", "precision", "recall")))
        samples = bench.samples(model, (4,), 60)
        engine.attach({"training": samples, "test": samples})
        told = engine.evaluate("test")
        labels = samples.targets[model.outputs[0]]
        for name, kind in (("auc", "AUC"), ("precision", "Precision"), ("recall", "Recall")):
            metric = getattr(keras.metrics, kind)()
            metric.update_state(labels, told.predictions[:, -1])
            assert told.metrics[name] == pytest.approx(float(metric.result()), abs=1e-6)
        assert set(engine.train([np.arange(20)]).values) == {"loss"}

    def test_sample_weights_count_and_class_weights_do_not(self, bench: Any) -> None:
        """As in the validation of Keras' fit."""
        model = bench.chain(Dense(units=1, activation="sigmoid"))
        samples = bench.samples(model, (4,), 20)
        weights = np.linspace(0, 2, 20, dtype=np.float32)
        weighted = Samples(inputs=samples.inputs, targets=samples.targets, ids=samples.ids, weights=weights)
        engine = bench.engine(model, bench.facts((4,)), Training(class_weight={"class 0": 9.0}))
        engine.attach({"plain": samples, "weighted": weighted})
        plain, counted = engine.evaluate("plain"), engine.evaluate("weighted")
        assert plain.metrics["loss"] == pytest.approx(plain.losses.mean())
        np.testing.assert_array_equal(plain.losses, counted.losses)
        assert counted.metrics["loss"] == pytest.approx((plain.losses * weights).mean())

    def test_it_can_be_cancelled(self, bench: Any, cnn: Model) -> None:
        engine = bench.engine(cnn, bench.facts(SHAPE))
        engine.attach({"validation": bench.images(cnn, 5)})
        assert engine.evaluate("validation", lambda: True) is None
        assert engine.evaluate("validation", lambda: False) is not None

    def test_many_samples_go_piece_by_piece(self, bench: Any, cnn: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        samples = bench.images(cnn, 23)
        whole = bench.engine(cnn, bench.facts(SHAPE))
        monkeypatch.setattr("nnplayground.engine.keras.ways.FORWARD_BYTES", 1)
        pieces = bench.engine(cnn, bench.facts(SHAPE))
        asked = []
        told = []
        for engine in (whole, pieces):
            engine.attach({"validation": samples})
            asked.append(0)

            def counted() -> bool:
                asked[-1] += 1
                return False

            told.append(engine.evaluate("validation", counted))
        assert asked == [1, 23]
        np.testing.assert_allclose(told[0].predictions, told[1].predictions, rtol=1e-5)
        assert told[0].metrics["accuracy"] == told[1].metrics["accuracy"]
        prepared = {"input": samples.prepared("input", slice(None))}
        np.testing.assert_allclose(pieces.predict(prepared), told[1].predictions, rtol=1e-5)


class TestTraining:
    def test_metrics_are_those_of_each_batch(self, bench: Any) -> None:
        model = bench.chain(Dense(units=1, activation="sigmoid"))
        engine = bench.engine(model, bench.facts((4,)), Training(optimizer=SGD(0.0), metrics=("accuracy", "mae")))
        samples = bench.samples(model, (4,), 22)
        engine.attach({"training": samples})
        told = engine.train([np.arange(0, 8), np.arange(8, 16), np.arange(16, 22)])
        assert told.sizes.tolist() == [8, 8, 6]
        assert all(values.dtype == np.float64 for values in told.values.values())
        whole = engine.evaluate("training")
        for name, values in told.values.items():
            assert np.average(values, weights=told.sizes) == pytest.approx(whole.metrics[name], rel=1e-5)

    def test_an_empty_block_does_nothing(self, bench: Any) -> None:
        engine = bench.engine(bench.chain(Dense(units=1, activation="sigmoid")), bench.facts((4,)))
        before = engine.weights()
        told = engine.train([])
        assert told.values["loss"].shape == (0,)
        assert _equal(engine.weights(), before)

    def test_blocks_may_be_cut_anywhere(self, bench: Any, cnn: Model, shuffled: Any) -> None:
        one, several = (bench.engine(cnn, bench.facts(SHAPE)) for _ in range(2))
        for engine in (one, several):
            engine.attach({"training": bench.images(cnn, 29)})
        batches = shuffled(29, 8)
        whole = one.train(batches)
        parts = [several.train(batches[:1]), several.train(batches[1:3]), several.train(batches[3:])]
        assert np.array_equal(whole.values["loss"], np.concatenate([part.values["loss"] for part in parts]))
        assert _equal(one.weights(), several.weights())

    def test_large_data_stays_outside_and_trains_alike(
        self, bench: Any, cnn: Model, shuffled: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engines = [bench.engine(cnn, bench.facts(SHAPE)) for _ in range(2)]
        samples = bench.images(cnn, 29)
        engines[0].attach({"training": samples})
        monkeypatch.setattr("nnplayground.engine.keras.splits.RESIDENT_BYTES", 0)
        monkeypatch.setattr("nnplayground.engine.keras.splits.PIECE_BYTES", 3000)
        engines[1].attach({"training": samples})
        told = [engine.train(shuffled(29, 8)) for engine in engines]
        assert np.array_equal(told[0].values["loss"], told[1].values["loss"])
        assert _equal(engines[0].weights(), engines[1].weights())
        evaluated = [engine.evaluate("training") for engine in engines]
        assert np.array_equal(evaluated[0].predictions, evaluated[1].predictions)

    def test_preparation_is_applied(self, bench: Any, shuffled: Any) -> None:
        """Stored pixels with a scale and an offset for each channel train like the numbers that they stand for."""
        model = bench.chain(Conv2D(filters=2), GlobalAveragePooling2D(), Dense(units=1, activation="sigmoid"))
        stored = bench.images(model, 20)
        preparation = Preparation((0.01, 0.02, 0.03), (-1.0, 0.0, 1.0))
        given = Samples(
            inputs=stored.inputs, targets=stored.targets, ids=stored.ids, preparation={"input": preparation}
        )
        done = Samples(inputs={"input": given.prepared("input", slice(None))}, targets=stored.targets, ids=stored.ids)
        engines = [bench.engine(model, bench.facts(SHAPE)) for _ in range(2)]
        for engine, samples in zip(engines, (given, done), strict=True):
            engine.attach({"training": samples})
            engine.train(shuffled(20, 8))
        for name, values in engines[0].weights().items():
            np.testing.assert_allclose(values, engines[1].weights()[name], rtol=1e-4, atol=1e-6)

    def test_divergence_is_told_not_raised(self, bench: Any, shuffled: Any) -> None:
        model = bench.chain(Dense(units=8), Dense(units=1))
        engine = bench.engine(model, bench.facts((4,), 0), Training(optimizer=SGD(learning_rate=100.0)))
        engine.attach({"training": bench.samples(model, (4,), 40, 0)})
        losses = np.concatenate([engine.train(shuffled(40, 4)).values["loss"] for _ in range(10)])
        assert not np.isfinite(losses[-1])

    def test_a_model_without_weights_runs(self, bench: Any, shuffled: Any) -> None:
        model = bench.chain(Activation(activation="sigmoid"))
        engine = bench.engine(model, bench.facts((1,)), Training(loss="binary_crossentropy"))
        engine.attach({"training": bench.samples(model, (1,), 12)})
        assert np.isfinite(engine.train(shuffled(12, 5)).values["loss"]).all()
        assert engine.weights() == {}


class TestRandomness:
    def test_the_same_seed_gives_the_same_bits(self, bench: Any, cnn: Model, shuffled: Any) -> None:
        engines = [bench.engine(cnn, bench.facts(SHAPE), Training(seed=seed), dataset=FOLDER) for seed in (1, 1, 2)]
        for engine in engines:
            engine.attach({"training": bench.images(cnn, 29)})
        same, again, other = (
            [engine.train(shuffled(29, 8, epoch)).values["loss"] for epoch in range(2)] for engine in engines
        )
        assert np.array_equal(same, again)
        assert not np.array_equal(same, other)
        assert _equal(engines[0].weights(), engines[1].weights())

    def test_the_weights_seed_replaces_the_projects(self, bench: Any) -> None:
        project = Project(model=bench.chain(Dense(units=1, activation="sigmoid")), training=Training(seed=1))
        engines = [build(project, bench.facts((4,)), weights_seed=seed) for seed in (None, 1, 2)]
        first, same, other = (engine.weights()["dense_1/kernel"] for engine in engines)
        assert np.array_equal(first, same)
        assert not np.array_equal(first, other)
        for engine in engines:
            engine.close()

    @pytest.mark.parametrize("optimizer", [Adam(), SGD(momentum=0.9), Nadam()], ids=str)
    def test_a_resumed_run_gives_the_same_bits(self, bench: Any, cnn: Model, shuffled: Any, optimizer: Any) -> None:
        """Four epochs equal two, and two more in a new engine: weights, optimizer, dropout, augmentation."""
        samples, training = bench.images(cnn, 29), Training(optimizer=optimizer)
        rate = {"model.dropout_1.rate": 0.6, "training.optimizer.learning_rate": 0.02}
        straight, first, second = (bench.engine(cnn, bench.facts(SHAPE), training, dataset=FOLDER) for _ in range(3))
        for engine in (straight, first, second):
            engine.attach({"training": samples})
        told = []
        for epoch in range(4):
            told.append(straight.train(shuffled(29, 8, epoch)).values["loss"])
            if epoch == 0:
                straight.set_values(rate)
        first.train(shuffled(29, 8, 0))
        first.set_values(rate)
        first.train(shuffled(29, 8, 1))
        state = first.state()
        first.train(shuffled(29, 8, 2))  # what the state holds must not move with the engine
        second.restore(state)
        resumed = [second.train(shuffled(29, 8, epoch)).values["loss"] for epoch in (2, 3)]
        assert np.array_equal(told[2:], resumed)
        assert _equal(straight.weights(), second.weights())

    def test_a_resumed_run_keeps_a_momentum_that_was_turned_on(self, bench: Any, shuffled: Any) -> None:
        model = bench.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
        engines = [bench.engine(model, bench.facts((4,)), Training(optimizer=SGD())) for _ in range(2)]
        for engine in engines:
            engine.attach({"training": bench.samples(model, (4,), 20)})
        engines[0].set_values({"training.optimizer.momentum": 0.9})
        engines[0].train(shuffled(20, 8))
        engines[1].restore(engines[0].state())
        for engine in engines:
            engine.train(shuffled(20, 8, 1))
        assert _equal(engines[0].weights(), engines[1].weights())

    def test_a_momentum_turned_off_and_on_again_does_what_the_scratch_engine_does(
        self, bench: Any, shuffled: Any
    ) -> None:
        model = bench.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
        training, facts = Training(optimizer=SGD(learning_rate=0.1, momentum=0.9)), bench.facts((4,))
        ours = bench.engine(model, facts, training)
        scratch = ScratchEngine(Project(model=model, training=training), facts)
        scratch.set_weights(ours.weights())
        for engine in (ours, scratch):
            engine.attach({"training": bench.samples(model, (4,), 20)})
            for epoch, momentum in enumerate((0.9, 0.0, 0.9)):
                engine.set_values({"training.optimizer.momentum": momentum})
                engine.train(shuffled(20, 8, epoch))
        for name, weight in ours.weights().items():
            np.testing.assert_allclose(scratch.weights()[name], weight, rtol=1e-5, atol=1e-6)

    def test_augmentation_acts_on_every_training_input_only(self, bench: Any) -> None:
        model = bench.chain(Flatten(), Dense(units=1, activation="sigmoid"))
        still = Training(optimizer=SGD(learning_rate=0.0))
        samples = bench.images(model, 12)
        plain = bench.engine(model, bench.facts(SHAPE), still)
        for augmentation in AUGMENTATION:
            folder = ImageFolder(folder="photos", image_size=SHAPE[:2], augmentation=(augmentation,))
            engine = bench.engine(model, bench.facts(SHAPE), still, dataset=folder)
            for each in (plain, engine):
                each.attach({"training": samples})
            batch = [np.arange(12), np.arange(12)]
            first, second = engine.train(batch).values["loss"]
            assert first != second, augmentation
            assert np.ptp(plain.train(batch).values["loss"]) == 0
            inputs = {"input": samples.prepared("input", slice(None))}
            assert np.array_equal(engine.predict(inputs), plain.predict(inputs))
            assert np.array_equal(engine.evaluate("training").losses, plain.evaluate("training").losses)

    def test_layers_for_training_rest_otherwise(self, bench: Any) -> None:
        model = bench.chain(*AUGMENTATION, Flatten(), Dropout(rate=0.5), Dense(units=1, activation="sigmoid"))
        engine = bench.engine(model, bench.facts(SHAPE))
        inputs = {"input": np.random.default_rng(0).random((3, *SHAPE), dtype=np.float32)}
        seen = engine.activations(inputs, ["random_brightness_1", "dropout_1"])
        assert np.array_equal(seen["random_brightness_1"], inputs["input"])
        assert np.array_equal(seen["dropout_1"], inputs["input"].reshape(3, -1))
        assert np.array_equal(engine.predict(inputs), engine.predict(inputs))


class TestInside:
    def test_activations_are_keras_layers_one_after_another(self, bench: Any) -> None:
        layers = (
            Conv2D(filters=3, activation="relu"),
            MaxPooling2D(),
            Flatten(),
            Dense(units=4, activation="arctan"),
            Activation(activation="tanh"),
            Dense(units=3, activation="softmax"),
        )
        model = bench.chain(*layers)
        engine = bench.engine(model, bench.facts(SHAPE, 3))
        inputs = {"input": np.random.default_rng(0).random((5, *SHAPE), dtype=np.float32)}
        names = [block.id for block in model.blocks]
        after, before = engine.activations(inputs, names), engine.activations(inputs, names, before=True)
        assert list(after) == names
        weights = engine.weights()
        z = (
            np.einsum(
                "nhwijc,ijcf->nhwf",
                np.lib.stride_tricks.sliding_window_view(inputs["input"], (3, 3), (1, 2)).transpose(0, 1, 2, 4, 5, 3),
                weights["conv2d_1/kernel"],
            )
            + weights["conv2d_1/bias"]
        )
        np.testing.assert_allclose(before["conv2d_1"], z, atol=1e-5)
        np.testing.assert_allclose(after["conv2d_1"], np.maximum(z, 0), atol=1e-5)
        assert np.array_equal(after["input"], inputs["input"])
        assert np.array_equal(before["flatten_1"], after["flatten_1"])
        np.testing.assert_allclose(after["dense_1"], np.arctan(before["dense_1"]), rtol=1e-5)
        assert np.array_equal(before["activation_1"], after["dense_1"])
        np.testing.assert_allclose(after["activation_1"], np.tanh(after["dense_1"]), rtol=1e-5)
        np.testing.assert_allclose(after["dense_2"].sum(axis=1), 1, rtol=1e-5)
        assert np.array_equal(engine.predict(inputs), after["dense_2"])

    def test_wires_may_part_and_meet(self, bench: Any, shuffled: Any) -> None:
        blocks = (
            Block("input", Input()),
            Block("left", Dense(units=3, activation="tanh")),
            Block("right", Dense(units=3)),
            Block("sum", Add()),
            Block("both", Concatenate()),
            Block("out", Dense(units=1, activation="sigmoid")),
        )
        wires = (
            Wire("input", "left"),
            Wire("input", "right"),
            Wire("left", "sum"),
            Wire("right", "sum"),
            Wire("right", "both"),
            Wire("sum", "both"),
            Wire("both", "out"),
        )
        model = Model(blocks, wires)
        engine = bench.engine(model, bench.facts((4,)))
        samples = bench.samples(model, (4,), 20)
        engine.attach({"training": samples})
        losses = [engine.train(shuffled(20, 5)).values["loss"].mean() for _ in range(20)]
        assert losses[-1] < losses[0]
        seen = engine.activations(samples.inputs, ["left", "right", "sum", "both"])
        np.testing.assert_allclose(seen["sum"], seen["left"] + seen["right"], rtol=1e-6)
        assert np.array_equal(seen["both"], np.concatenate([seen["right"], seen["sum"]], axis=1))

    def test_weights_carry_the_names_and_shapes_of_the_table(self, bench: Any, cnn: Model) -> None:
        engine = bench.engine(cnn, bench.facts(SHAPE))
        shape: tuple[int, ...] = SHAPE
        expected = {}
        for block in cnn.blocks[1:]:
            expected.update({f"{block.id}/{weight.name}": weight.shape for weight in block.layer.weights(shape)})
            shape = block.layer.output_shape(shape)
        assert {name: values.shape for name, values in engine.weights().items()} == expected

    def test_weights_that_are_set_are_used_and_trained_on(self, bench: Any, shuffled: Any) -> None:
        model = bench.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
        source, target = (bench.engine(model, bench.facts((4,)), Training(seed=seed)) for seed in (1, 2))
        samples = bench.samples(model, (4,), 20)
        for engine in (source, target):
            engine.attach({"training": samples})
        target.set_weights(source.weights())
        assert np.array_equal(target.predict(samples.inputs), source.predict(samples.inputs))
        for engine in (source, target):
            engine.train(shuffled(20, 8))
        assert _equal(target.weights(), source.weights())
        kept = target.weights()
        target.set_weights({"dense_2/bias": np.array([0.5], dtype=np.float32)})
        assert target.weights()["dense_2/bias"] == 0.5
        assert np.array_equal(target.weights()["dense_1/kernel"], kept["dense_1/kernel"])

    def test_copies_do_not_move(self, bench: Any, shuffled: Any) -> None:
        model = bench.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
        engine = bench.engine(model, bench.facts((4,)))
        engine.attach({"training": bench.samples(model, (4,), 20)})
        weights, state = engine.weights(), engine.state()
        kept = {name: values.copy() for name, values in weights.items()}
        memory = {name: values.copy() for name, values in state.optimizer.items()}
        engine.train(shuffled(20, 8))
        assert _equal(weights, kept)
        assert _equal(state.optimizer, memory)
        assert not _equal(engine.weights(), kept)


class TestErrors:
    def test_a_model_that_does_not_fit_together(self, bench: Any) -> None:
        with pytest.raises(EngineError, match="Conv2D needs an image"):
            bench.engine(bench.chain(Conv2D()), bench.facts((4,)))

    def test_an_output_that_is_an_image(self, bench: Any) -> None:
        with pytest.raises(EngineError, match=r"conv2d_1 gives 6 × 6 × 2.*Flatten"):
            bench.engine(bench.chain(Conv2D(filters=2)), bench.facts(SHAPE))

    def test_two_outputs(self, bench: Any) -> None:
        blocks = (Block("input", Input()), Block("dense_1", Dense()), Block("dense_2", Dense()))
        model = Model(blocks, (Wire("input", "dense_1"), Wire("input", "dense_2")))
        with pytest.raises(EngineError, match="exactly one output layer, but has 2"):
            bench.engine(model, bench.facts((4,)))

    def test_an_output_that_does_not_fit_the_classes(self, bench: Any) -> None:
        with pytest.raises(EngineError, match=r"dense_1 has 4 values, but there are 3 classes"):
            bench.engine(bench.chain(Dense(units=4, activation="softmax")), bench.facts((4,), 3))

    def test_a_target_of_another_width(self, bench: Any) -> None:
        model = bench.chain(Dense(units=2))
        engine = bench.engine(model, bench.facts((4,), 0))
        with pytest.raises(EngineError, match="dense_1 has 2 values, but each target has 1; give it 1 units"):
            engine.attach({"training": bench.samples(model, (4,), 6, 0)})

    def test_data_of_another_shape(self, bench: Any) -> None:
        model = bench.chain(Dense(units=1, activation="sigmoid"))
        engine = bench.engine(model, bench.facts((4,)))
        with pytest.raises(EngineError, match="expects samples of 4, but the data has 5"):
            engine.attach({"training": bench.samples(model, (5,), 6)})
        with pytest.raises(EngineError, match="expects samples of 4, but receives 5"):
            engine.predict({"input": np.zeros((1, 5), np.float32)})
        with pytest.raises(EngineError, match="no layer dense_7"):
            engine.activations({"input": np.zeros((1, 4), np.float32)}, ["dense_7"])

    def test_a_split_that_is_not_there_or_is_empty(self, bench: Any) -> None:
        model = bench.chain(Dense(units=1, activation="sigmoid"))
        engine = bench.engine(model, bench.facts((4,)))
        with pytest.raises(EngineError, match="no training split"):
            engine.train([np.arange(3)])
        engine.attach({"validation": bench.samples(model, (4,), 0)})
        with pytest.raises(EngineError, match="no validation samples"):
            engine.evaluate("validation")

    def test_weights_that_do_not_fit_change_nothing(self, bench: Any) -> None:
        engine = bench.engine(bench.chain(Dense(units=1, activation="sigmoid")), bench.facts((4,)))
        before = engine.weights()
        with pytest.raises(EngineError, match="dense_1/bias has the shape 1, but the given one has 2"):
            engine.set_weights({"dense_1/kernel": np.ones((4, 1)), "dense_1/bias": np.ones(2)})
        with pytest.raises(EngineError, match="no weight dense_2/kernel"):
            engine.set_weights({"dense_2/kernel": np.ones((4, 1))})
        assert _equal(engine.weights(), before)

    def test_a_state_of_another_optimizer_changes_nothing(self, bench: Any) -> None:
        model = bench.chain(Dense(units=1, activation="sigmoid"))
        adam, plain = (
            bench.engine(model, bench.facts((4,)), Training(optimizer=optimizer, seed=number))
            for number, optimizer in enumerate((Adam(), SGD()))
        )
        before = plain.weights()
        with pytest.raises(EngineError, match="another optimizer"):
            plain.restore(adam.state())
        assert _equal(plain.weights(), before)

    def test_running_out_of_memory_is_told_in_one_sentence(self) -> None:
        told = r"not enough memory to train the model.*smaller batch size"
        with pytest.raises(EngineError, match=told), plain_errors("train the model"):
            raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[1,2]")

    def test_a_failing_operation_is_told_in_one_sentence(self) -> None:
        with pytest.raises(EngineError) as told, plain_errors("predict"):
            tf.linalg.matmul(tf.zeros((2, 3)), tf.zeros((2, 3)))
        assert str(told.value).startswith("TensorFlow could not predict: Matrix size-incompatible")
        assert "\n" not in str(told.value)


class TestLife:
    def test_an_engine_lives_in_a_thread_of_its_own(self, bench: Any, shuffled: Any) -> None:
        """Keras keeps settings per thread, so that an engine must not lean on those of the main one."""
        model = bench.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
        samples, facts, told = bench.samples(model, (4,), 20), bench.facts((4,)), []

        def work() -> None:
            engine = build(Project(model=model), facts)
            engine.attach({"training": samples})
            told.append(engine.train(shuffled(20, 8)).values["loss"])
            engine.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        here = bench.engine(model, facts)
        here.attach({"training": samples})
        assert np.array_equal(told[0], here.train(shuffled(20, 8)).values["loss"])

    def test_a_closed_engine_frees_its_model(self, bench: Any, shuffled: Any) -> None:
        model = bench.chain(Dense(units=3, activation="tanh"), Dropout(), Dense(units=1, activation="sigmoid"))
        engine: Any = build(Project(model=model), bench.facts((4,)))
        engine.attach({"training": bench.samples(model, (4,), 20)})
        engine.train(shuffled(20, 8))
        engine.evaluate("training")
        engine.activations({"input": np.zeros((1, 4), np.float32)}, ["dense_1"])
        held = [weakref.ref(engine._network.model), weakref.ref(engine._whole.splits["training"])]
        engine.close()
        gc.collect()
        assert [reference() for reference in held] == [None, None]
