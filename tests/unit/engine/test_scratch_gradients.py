"""Every gradient of the scratch engine equals the central finite difference of its loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers import activations
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Rescaling, Reshape
from nnplayground.layers.initializers import RandomNormal
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.pooling import AveragePooling2D, GlobalMaxPooling2D, MaxPooling2D, UpSampling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout, LayerNormalization
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.samples import Array
from nnplayground.spec.training import SGD

STEP = 1e-5


def _training_loss(engine: ScratchEngine, state: Any, batch: Array) -> float:
    """The loss of an update that changes nothing, with the random numbers of `state`."""
    weights = engine.weights()
    engine.restore(state)
    engine.set_weights(weights)
    return float(engine.train([batch]).values["loss"][0])


def assert_gradients_equal_differences(engine: ScratchEngine, batch: Array) -> None:
    engine.set_values({"training.optimizer.learning_rate": 0.0})
    start = engine.state()
    gradients = engine.gradients(batch)
    assert gradients.keys() == {name for name in start.weights if "moving" not in name}
    for name, gradient in gradients.items():
        weight = start.weights[name]
        differences = np.zeros(weight.size)
        for place in range(weight.size):
            losses = []
            for step in (STEP, -STEP):
                moved = weight.copy()
                moved.flat[place] += step
                engine.set_weights({name: moved})
                losses.append(_training_loss(engine, start, batch))
            engine.set_weights({name: weight})
            differences[place] = (losses[0] - losses[1]) / (2 * STEP)
        error, size = np.linalg.norm(gradient.ravel() - differences), np.linalg.norm(differences)
        # Differences themselves are only good to about ten places after the point.
        assert error <= 1e-6 * size + 1e-10, f"{name} differs by {error:.2g} at a size of {size:.2g}"
    assert any(np.abs(gradient).max() > 1e-3 for gradient in gradients.values())


BATCH = np.array([3, 0, 7, 5, 2])


@pytest.mark.parametrize(
    "activation", [*activations.NAMES, activations.LeakyRelu(negative_slope=0.3), activations.Elu(alpha=1.7)], ids=str
)
def test_every_activation_in_a_hidden_layer(workshop: Any, activation: Any) -> None:
    model = workshop.chain(
        Dense(units=4, activation=activation),
        Dense(units=3, bias_initializer=RandomNormal(stddev=1.0)),
        Activation(activation=activation),
        Dense(units=2),
    )
    samples = workshop.random_samples(model, (3,), 9, classes=0)
    samples = workshop.samples(samples.inputs["input"], samples.inputs["input"][:, :2], "layer_4")
    assert_gradients_equal_differences(workshop.engine(model, samples, classes=0), BATCH)


LOSSES = ["binary_crossentropy", "categorical_crossentropy", "mean_squared_error", "mean_absolute_error"]
OUTPUTS = ["linear", "sigmoid", "softmax", "tanh", "softplus"]
ONE_UNIT = [(loss, last, 1) for loss in LOSSES for last in OUTPUTS if last != "softmax" and loss != LOSSES[1]]


@pytest.mark.parametrize(
    ("loss", "last", "units"), [*ONE_UNIT, *((loss, last, 3) for loss in LOSSES for last in OUTPUTS)]
)
def test_every_loss_behind_every_kind_of_output(workshop: Any, loss: str, last: Any, units: int) -> None:
    classes = max(units, 2)
    model = workshop.chain(
        Dense(units=4, activation="sigmoid"), Dense(units=units, activation=last, bias_initializer="ones")
    )
    samples = workshop.random_samples(model, (3,), 9, classes=classes)
    engine = workshop.engine(model, samples, classes=classes, loss=loss)
    if last in ("linear", "tanh", "softplus") and "crossentropy" in loss:  # Outputs that may be probabilities.
        small = 0.1 * engine.weights()["layer_2/kernel"]
        around = -1.0 if last == "softplus" else 0.3
        engine.set_weights({"layer_2/kernel": small, "layer_2/bias": np.linspace(around - 0.1, around + 0.1, units)})
    assert_gradients_equal_differences(engine, BATCH)


@pytest.mark.parametrize(
    "regularizer", [L1(l1=0.02), L2(l2=0.03), L1L2(l1=0.02, l2=0.03)], ids=lambda each: type(each).__name__
)
def test_every_regularizer_on_kernel_and_bias(workshop: Any, regularizer: Any) -> None:
    model = workshop.chain(
        Dense(
            units=3,
            activation="tanh",
            kernel_regularizer=regularizer,
            bias_regularizer=regularizer,
            bias_initializer=RandomNormal(stddev=1.0),
        ),
        Dense(units=1, activation="sigmoid", use_bias=False, kernel_regularizer=L2(l2=0.1)),
    )
    samples = workshop.random_samples(model, (2,), 9)
    assert_gradients_equal_differences(workshop.engine(model, samples), BATCH)


def test_layers_that_only_rearrange_and_rescale(workshop: Any) -> None:
    model = workshop.chain(
        Rescaling(scale=0.5, offset=0.1),
        Dense(units=3, activation="tanh"),
        Reshape(target_shape=(3, -1)),
        Rescaling(scale=-2.0, offset=0.3),
        Dense(units=2, activation="sigmoid"),
        Flatten(),
        Dense(units=1, activation="sigmoid"),
    )
    samples = workshop.random_samples(model, (2, 2, 3), 9)
    assert_gradients_equal_differences(workshop.engine(model, samples), BATCH)


def test_a_network_of_convolutions(workshop: Any) -> None:
    """One layer behind the other, with all kinds of weights, each with a regularizer where it can have one."""
    penalty = {"kernel_regularizer": L1L2(l1=0.01, l2=0.02), "bias_regularizer": L2(l2=0.03)}
    depthwise = {"depthwise_regularizer": L2(l2=0.05), "bias_initializer": "ones"}
    model = workshop.chain(
        Conv2D(filters=3, padding="same", **penalty),
        BatchNormalization(),
        Activation(activation="tanh"),
        MaxPooling2D(),
        DepthwiseConv2D(kernel_size=(2, 2), depth_multiplier=2, activation="sigmoid", **depthwise),
        UpSampling2D(interpolation="bilinear"),
        SeparableConv2D(filters=2, kernel_size=(2, 2), pointwise_regularizer=L1(l1=0.02), **depthwise),
        AveragePooling2D(padding="same"),
        Conv2DTranspose(filters=3, strides=(2, 2), padding="same", activation="silu", **penalty),
        LayerNormalization(),
        GlobalMaxPooling2D(),
        Dense(units=3, activation="softmax"),
    )
    samples = workshop.random_samples(model, (6, 7, 2), 9, classes=3)
    assert_gradients_equal_differences(workshop.engine(model, samples, classes=3), BATCH)


def test_dropout_holds_back_the_gradient_of_what_it_dropped(workshop: Any) -> None:
    model = workshop.chain(Dense(units=6, activation="tanh"), Dropout(rate=0.4), Dense(units=1, activation="sigmoid"))
    samples = workshop.random_samples(model, (3,), 9)
    assert_gradients_equal_differences(workshop.engine(model, samples), BATCH)


def test_branches_that_meet_in_merging_layers(workshop: Any) -> None:
    model = workshop.graph(
        {
            "stem": Dense(units=4, activation="tanh"),
            "left": Dense(units=4, activation="sigmoid"),
            "right": Dense(units=4, activation="softplus"),
            "sum": Add(),
            "joined": Concatenate(),
            "table": Reshape(target_shape=(2, -1)),
            "other": Reshape(target_shape=(3, 4)),
            "stacked": Concatenate(axis=1),
            "flat": Flatten(),
            "out": Dense(units=3, activation="softmax"),
        },
        [
            ("input", "stem"),
            ("stem", "left"),
            ("stem", "right"),
            ("stem", "sum"),
            ("left", "sum"),
            ("right", "sum"),
            ("sum", "joined"),
            ("right", "joined"),
            ("stem", "joined"),
            ("joined", "other"),
            ("input", "table"),
            ("other", "stacked"),
            ("table", "stacked"),
            ("stacked", "flat"),
            ("flat", "out"),
        ],
    )
    samples = workshop.random_samples(model, (8,), 9, classes=3)
    assert_gradients_equal_differences(workshop.engine(model, samples, classes=3), BATCH)


def test_sample_and_class_weights_count_in_the_gradient(workshop: Any) -> None:
    model = workshop.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
    plain = workshop.random_samples(model, (2,), 9)
    weights = np.linspace(0, 2, 9).astype(np.float32)
    samples = workshop.samples(plain.inputs["input"], plain.targets["layer_2"], "layer_2", weights=weights)
    engine = workshop.engine(model, samples, class_weight={"class 1": 3.0})
    assert_gradients_equal_differences(engine, BATCH)
    unweighted = workshop.engine(model, plain, optimizer=SGD(learning_rate=0.0))
    heavier = weights[BATCH] * np.where(plain.targets["layer_2"][BATCH] == 1, 3, 1)
    expected = np.mean([unweighted.train([[row]]).values["loss"][0] * w for row, w in zip(BATCH, heavier, strict=True)])
    assert engine.train([BATCH]).values["loss"][0] == pytest.approx(expected, rel=1e-12)
