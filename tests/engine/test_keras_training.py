"""The Keras engine trains exactly as Keras' own fit does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import msgspec

from nnplayground.engine.keras.runtime import keras
from nnplayground.layers.base import derived_seed
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Input
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.samples import Samples
from nnplayground.spec.model import Model
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Clip, Nadam, RMSprop, Training

EPOCHS, BATCH = 3, 8
SIGMOID = (Dense(units=6, activation="tanh"), Dense(units=1, activation="sigmoid"))
SOFTMAX = (Dense(units=6, activation="relu"), Dense(units=3, activation="softmax"))


def _reference(model: Model, shape: tuple[int, ...], seed: int) -> Any:
    """The chain as a plain Keras model, each layer with its own activation, regularizers and seed."""
    made = keras.Sequential([keras.Input(shape)])
    for block in model.blocks:
        if not isinstance(block.layer, Input):
            made.add(block.layer.to_keras(keras, name=block.id, seed=derived_seed(seed, block.id)))
    return made


def _keras_optimizer(training: Training) -> Any:
    settings, clip = training.optimizer, training.clip
    return getattr(keras.optimizers, type(settings).__name__)(
        **msgspec.structs.asdict(settings), clipvalue=clip.value, clipnorm=clip.norm, global_clipnorm=clip.global_norm
    )


def _trained(engine: Any, samples: Samples) -> list[float]:
    """Losses of the epochs, over the samples in their order."""
    engine.attach({"training": samples})
    n = len(samples)
    told = []
    for _ in range(EPOCHS):
        block = engine.train([np.arange(start, min(start + BATCH, n)) for start in range(0, n, BATCH)])
        told.append(float(np.average(block.values["loss"], weights=block.sizes)))
    return told


def _fitted(
    model: Model, samples: Samples, shape: tuple[int, ...], training: Training, loss: str, **how: Any
) -> tuple[Any, list[float]]:
    """The reference after fit, with the losses that fit told."""
    reference = _reference(model, shape, training.seed)
    reference.compile(_keras_optimizer(training), loss, jit_compile=False)
    targets: Any = samples.targets[model.outputs[0]]
    if loss == "categorical_crossentropy":
        targets = np.eye(3, dtype=np.float32)[targets]
    inputs = samples.prepared("input", slice(None))
    history = reference.fit(inputs, targets, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, **how)
    return reference, history.history["loss"]


def _assert_same(engine: Any, reference: Any, *, atol: float = 2e-6) -> None:
    weights = engine.weights()
    theirs = {f"{layer.name}/{weight.name}": weight.numpy() for layer in reference.layers for weight in layer.weights}
    assert weights.keys() == theirs.keys()
    for name, values in theirs.items():
        np.testing.assert_allclose(weights[name], values, rtol=2e-5, atol=atol, err_msg=name)


OPTIMIZERS = (
    SGD(),
    SGD(momentum=0.9),
    SGD(momentum=0.8, nesterov=True),
    RMSprop(),
    RMSprop(momentum=0.9, centered=True),
    Adam(learning_rate=0.01, epsilon=1e-3),
    AdamW(weight_decay=0.1),
    Adagrad(),
    Adamax(),
    Nadam(),
)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda settings: type(settings).__name__)
def test_every_optimizer_equals_fit(bench: Any, optimizer: Any) -> None:
    model = bench.chain(*SIGMOID)
    samples = bench.samples(model, (4,), 43)
    training = Training(optimizer=optimizer, seed=5)
    engine = bench.engine(model, bench.facts((4,)), training)
    losses = _trained(engine, samples)
    reference, expected = _fitted(model, samples, (4,), training, "binary_crossentropy")
    _assert_same(engine, reference)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_a_large_model_equals_fit(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a number of weights, they are not updated as one vector."""
    monkeypatch.setattr("nnplayground.engine.keras.optimizer.FLAT_LIMIT", 10)
    model = bench.chain(*SIGMOID)
    samples = bench.samples(model, (4,), 43)
    training = Training(optimizer=Adam(learning_rate=0.01), clip=Clip(norm=0.05))
    engine = bench.engine(model, bench.facts((4,)), training)
    _trained(engine, samples)
    _assert_same(engine, _fitted(model, samples, (4,), training, "binary_crossentropy")[0])


@pytest.mark.parametrize(
    ("layers", "classes", "loss"),
    [
        (SOFTMAX, 3, "categorical_crossentropy"),
        ((SOFTMAX[0], Dense(units=3), Activation(activation="softmax")), 3, "categorical_crossentropy"),
        ((Dense(units=5, activation="silu"), Dense(units=1)), 0, "mean_squared_error"),
        ((Dense(units=5, activation="arctan"), Dense(units=1)), 0, "mean_absolute_error"),
        (SIGMOID, 2, "mean_squared_error"),
        # The loss on outputs that are not made by its own activation.
        ((SIGMOID[0], Dense(units=1, activation="hard_sigmoid")), 2, "binary_crossentropy"),
    ],
)
def test_every_loss_equals_fit(bench: Any, layers: Any, classes: int, loss: Any) -> None:
    model = bench.chain(*layers)
    samples = bench.samples(model, (4,), 30, classes)
    training = Training(loss=loss, optimizer=SGD(learning_rate=0.1))
    engine = bench.engine(model, bench.facts((4,), classes), training)
    losses = _trained(engine, samples)
    reference, expected = _fitted(model, samples, (4,), training, loss)
    _assert_same(engine, reference)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


@pytest.mark.parametrize("clip", [Clip(value=0.01), Clip(norm=0.02), Clip(global_norm=0.03)], ids=str)
def test_clipping_equals_fit(bench: Any, clip: Clip) -> None:
    model = bench.chain(*SIGMOID)
    samples = bench.samples(model, (4,), 30)
    training = Training(optimizer=SGD(learning_rate=1.0), clip=clip)
    engine = bench.engine(model, bench.facts((4,)), training)
    _trained(engine, samples)
    _assert_same(engine, _fitted(model, samples, (4,), training, "binary_crossentropy")[0])


def test_regularizers_equal_fit(bench: Any) -> None:
    model = bench.chain(
        Dense(units=6, activation="tanh", kernel_regularizer=L2(0.05), bias_regularizer=L1(0.01)),
        Dense(units=4, use_bias=False, kernel_regularizer=L1L2(0.01, 0.02)),
        Dense(units=1, activation="sigmoid"),
    )
    samples = bench.samples(model, (4,), 30)
    training = Training(optimizer=SGD(learning_rate=0.1))
    engine = bench.engine(model, bench.facts((4,)), training)
    losses = _trained(engine, samples)
    reference, expected = _fitted(model, samples, (4,), training, "binary_crossentropy")
    _assert_same(engine, reference)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_regularizers_of_convolutions_equal_fit(bench: Any) -> None:
    """Each belongs to its own weight."""
    model = bench.chain(
        Conv2D(filters=3, kernel_regularizer=L2(0.05), bias_regularizer=L1(0.01)),
        DepthwiseConv2D(depthwise_regularizer=L1(0.02)),
        SeparableConv2D(filters=2, depthwise_regularizer=L2(0.1), pointwise_regularizer=L1(0.03)),
        Conv2DTranspose(filters=2, kernel_regularizer=L1L2(0.01, 0.04), use_bias=False),
        Flatten(),
        Dense(units=1, activation="sigmoid"),
    )
    images = bench.images(model, 20)
    training = Training(optimizer=SGD(learning_rate=0.1))
    engine = bench.engine(model, bench.facts((8, 8, 3)), training)
    losses = _trained(engine, images)
    reference, expected = _fitted(model, images, (8, 8, 3), training, "binary_crossentropy")
    _assert_same(engine, reference)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_dropout_and_batch_normalization_equal_fit(bench: Any) -> None:
    """The same seeds drop the same values, and running statistics move alike."""
    model = bench.chain(
        Dense(units=8), BatchNormalization(momentum=0.8), Activation(activation="relu"), Dropout(rate=0.3), *SIGMOID
    )
    samples = bench.samples(model, (4,), 43)
    # Not Adam: the bias before a normalization has no gradient but rounding, which Adam makes full steps of.
    training = Training(seed=3, optimizer=SGD(learning_rate=0.1, momentum=0.5))
    engine = bench.engine(model, bench.facts((4,)), training)
    losses = _trained(engine, samples)
    reference, expected = _fitted(model, samples, (4,), training, "binary_crossentropy")
    _assert_same(engine, reference)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_images_with_class_and_sample_weights_equal_fit(bench: Any) -> None:
    model = bench.chain(
        Conv2D(filters=4, activation="relu"), MaxPooling2D(), Flatten(), Dense(units=1, activation="sigmoid")
    )
    images = bench.images(model, 37)
    weights = np.random.default_rng(0).random(37).astype(np.float32)
    weighted = Samples(
        inputs=images.inputs, targets=images.targets, ids=images.ids, weights=weights, preparation=images.preparation
    )
    training = Training(optimizer=Adam(), class_weight={"class 0": 3.0, "class 1": 0.5})
    engine = bench.engine(model, bench.facts((8, 8, 3)), training)
    _trained(engine, weighted)
    # fit takes one kind of weights at a time, and multiplies either into the loss of the sample.
    both = np.where(images.targets[model.outputs[0]] == 0, 3.0, 0.5) * weights
    reference, _ = _fitted(model, images, (8, 8, 3), training, "binary_crossentropy", sample_weight=both)
    _assert_same(engine, reference)


def test_balanced_class_weights_equal_fit(bench: Any) -> None:
    model = bench.chain(*SOFTMAX)
    samples = bench.samples(model, (4,), 40, 3)
    labels = samples.targets[model.outputs[0]]
    counts = np.bincount(labels, minlength=3)
    assert len(set(counts)) > 1, "classes of one size would not tell weights from none"
    training = Training(class_weight="balanced", optimizer=SGD(learning_rate=0.1))
    engine = bench.engine(model, bench.facts((4,), 3), training)
    _trained(engine, samples)
    balanced = {number: 40 / (3 * count) for number, count in enumerate(counts)}
    reference, _ = _fitted(model, samples, (4,), training, "categorical_crossentropy", class_weight=balanced)
    _assert_same(engine, reference)
