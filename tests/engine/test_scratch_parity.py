"""From the same weights and batches, the scratch engine comes to the same weights as plain Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from nnplayground.engine.scratch.metrics import measure
from nnplayground.engine.scratch.splits import dense_targets
from nnplayground.layers import LAYER_TYPES, Layer, activations
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Activation, Dense, Flatten, Reshape
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.pooling import GlobalAveragePooling2D, MaxPooling2D, UpSampling2D
from nnplayground.layers.regularization import BatchNormalization
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.spec.training import (
    SGD,
    Adam,
    Clip,
    ConstantSchedule,
    Optimizer,
    PlateauSchedule,
    RMSprop,
    Schedule,
    StepSchedule,
    TableSchedule,
)
from nnplayground.training.schedules import scheduled_rate
from tests.engine.parity import EPOCH, UPDATES, assert_same_training, chain, dense, graph, keras, tf
from tests.unit.layers.cases import CASES, Case, numbers

ROUNDED_INSIDE = {"leaky_relu": 1e-7, "gelu": 1e-7, "Nadam": 1e-7}
"""TensorFlow keeps the slope 0.2 and √2 as float32, Keras the 0.96 of Nadam, whatever the model's type. A slope of 0.25
is exact."""


@pytest.fixture(params=["float64", "float32"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(request.param)
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


ACTIVATIONS = [*activations.NAMES, "sigmoid", activations.LeakyRelu(negative_slope=0.25), activations.Elu(alpha=1.7)]


@pytest.mark.parametrize(("first", "second"), [*zip(ACTIVATIONS[::2], ACTIVATIONS[1::2], strict=True)], ids=str)
def test_every_activation(dtype: str, first: Any, second: Any) -> None:
    model = chain(dense(4, first), dense(3), Activation(activation=second), dense(1, "sigmoid"))
    tolerance = max(ROUNDED_INSIDE.get(str(activation), 0.0) for activation in (first, second))
    assert_same_training(model, dtype, loss="binary_crossentropy", tolerance=tolerance)


def test_layers_of_one_unit(dtype: str) -> None:
    model = chain(dense(1, "tanh"), dense(3), dense(1), dense(3, "softmax"))
    assert_same_training(model, dtype, classes=3, loss="categorical_crossentropy")


@pytest.mark.parametrize(
    ("loss", "last", "units", "classes"),
    [
        ("binary_crossentropy", "sigmoid", 3, 3),
        ("binary_crossentropy", "softmax", 3, 3),
        ("binary_crossentropy", "hard_sigmoid", 1, 2),
        ("categorical_crossentropy", "softmax", 3, 3),
        ("categorical_crossentropy", "sigmoid", 3, 3),
        ("categorical_crossentropy", "softplus", 3, 3),
        ("mean_squared_error", "linear", 2, 0),
        ("mean_squared_error", "sigmoid", 1, 2),
        ("mean_absolute_error", "linear", 2, 0),
        ("mean_absolute_error", "softmax", 3, 3),
    ],
)
def test_every_loss(dtype: str, loss: str, last: Any, units: int, classes: int) -> None:
    model = chain(dense(4, "tanh"), dense(units, last))
    assert_same_training(model, dtype, classes=classes, loss=loss)


EXACT = {
    "learning_rate": 2**-6,
    "momentum": 0.5,
    "rho": 0.875,
    "beta_1": 0.875,
    "beta_2": 1 - 2**-10,
    "weight_decay": 2**-4,
    "initial_accumulator_value": 0.125,
}
"""Numbers that float32 holds exactly, because Keras keeps such numbers in it even in a float64 model."""
OPTIMIZERS = [
    kind(**{name: value for name, value in EXACT.items() if name in kind.__struct_fields__})
    for kind in get_args(Optimizer)
]
FURTHER = [
    SGD(learning_rate=0.2),
    SGD(learning_rate=0.05, momentum=0.75, nesterov=True),
    RMSprop(learning_rate=0.01),
    RMSprop(learning_rate=0.01, momentum=0.5, rho=0.8, epsilon=1e-3),
    RMSprop(learning_rate=0.01, centered=True, epsilon=1e-2),
    Adam(learning_rate=0.02, beta_1=0.5, beta_2=0.875, epsilon=1e-2),
]


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, *FURTHER], ids=str)
def test_every_optimizer(dtype: str, optimizer: Any) -> None:
    model = chain(dense(4, "tanh"), dense(3, "softmax"))
    assert_same_training(
        model,
        dtype,
        classes=3,
        loss="categorical_crossentropy",
        optimizer=optimizer,
        tolerance=ROUNDED_INSIDE.get(type(optimizer).__name__, 0.0),
    )


@pytest.mark.parametrize("clip", [Clip(value=0.02), Clip(norm=0.05), Clip(global_norm=0.1)], ids=str)
def test_every_limit_on_gradients(dtype: str, clip: Clip) -> None:
    model = chain(dense(4, "tanh"), dense(1, "sigmoid"))
    assert_same_training(model, dtype, loss="binary_crossentropy", clip=clip, optimizer=SGD(learning_rate=0.5))


@pytest.mark.parametrize("regularizer", [L1(l1=2**-6), L2(l2=2**-5), L1L2(l1=2**-6, l2=2**-5)], ids=str)
def test_every_regularizer(dtype: str, regularizer: Any) -> None:
    model = chain(
        dense(4, "tanh", kernel_regularizer=regularizer, bias_regularizer=regularizer),
        Dense(units=1, activation="sigmoid", use_bias=False, kernel_regularizer=L2(l2=0.125)),
    )
    assert_same_training(model, dtype, loss="binary_crossentropy")


def test_regularizers_of_convolutions(dtype: str) -> None:
    """Each strength belongs to its own weight."""
    strengths = iter(L1L2(l1=2.0**-power, l2=2.0**-6) for power in range(4, 14))
    layers: dict[str, Layer] = {
        "conv": Conv2D(filters=2, kernel_regularizer=next(strengths), bias_regularizer=next(strengths)),
        "depthwise": DepthwiseConv2D(depthwise_regularizer=next(strengths), bias_regularizer=next(strengths)),
        "separable": SeparableConv2D(
            filters=2,
            depthwise_regularizer=next(strengths),
            pointwise_regularizer=next(strengths),
            bias_regularizer=next(strengths),
        ),
        "transpose": Conv2DTranspose(
            filters=2, padding="same", kernel_regularizer=next(strengths), bias_regularizer=next(strengths)
        ),
    }
    layers = {
        name: msgspec.structs.replace(layer, bias_initializer="ones")  # type: ignore[call-arg]
        for name, layer in layers.items()
    }
    names = ["input", *layers, "flat", "out"]
    layers |= {"flat": Flatten(), "out": dense(1, "sigmoid")}
    model = graph(layers, list(pairwise(names)))
    assert_same_training(model, dtype, shape=(9, 8, 2), loss="binary_crossentropy")


def _schedule(kind: Any) -> Any:
    return {
        StepSchedule: StepSchedule(every=3, factor=0.5),
        TableSchedule: TableSchedule(rates={"2": 0.5, "4": 0.125, "8": 1.0}),
        PlateauSchedule: PlateauSchedule(patience=1, factor=0.5),
    }.get(kind, kind())


@pytest.mark.parametrize("kind", get_args(Schedule), ids=lambda kind: kind.__name__)
def test_every_schedule(dtype: str, kind: Any) -> None:
    schedule, told = _schedule(kind), []

    def rate(epoch: int) -> float:
        losses = [1.0] * epoch  # without any progress
        told.append(scheduled_rate(schedule, 0.75, epoch=epoch, epochs=UPDATES // EPOCH, losses=losses))
        return told[-1]

    model = chain(dense(4, "tanh"), dense(3, "softmax"))
    assert_same_training(model, dtype, classes=3, loss="categorical_crossentropy", rate=rate)
    assert len(set(told)) > 1 or kind is ConstantSchedule


def test_class_and_sample_weights(dtype: str) -> None:
    model = chain(dense(4, "tanh"), dense(1, "sigmoid"))
    weights = (np.arange(40) % 5 / 2).astype(np.float32)
    assert_same_training(
        model, dtype, loss="binary_crossentropy", weights=weights, class_weight={"class 0": 0.5, "class 1": 3.0}
    )


LAYERS = {
    name: [case for case in CASES if case.layer.type == name and not case.masked]
    for name in LAYER_TYPES
    if name not in ("Input", "Embedding", "Masking")  # see test_scratch_sequences
}


@pytest.mark.parametrize("name", [name for name, cases in LAYERS.items() if cases])
def test_every_layer(dtype: str, name: str) -> None:
    """All cases of one type side by side, behind Dense layers, so that their gradients are seen as well."""
    layers: dict[str, Layer] = {}
    wires: list[tuple[str, str]] = []
    for number, case in enumerate(LAYERS[name]):
        _add_branch(layers, wires, number, case)
    ends = [layer_id for layer_id in layers if layer_id.startswith("end")]
    layers |= {"together": Concatenate(), "out": dense(3, "softmax")}
    wires += [*((end, "together") for end in ends), ("together", "out")]
    blended = any(isinstance(layer, UpSampling2D) and layer.interpolation == "bilinear" for layer in layers.values())
    assert_same_training(
        graph(layers, wires),
        dtype,
        shape=(12,),
        classes=3,
        loss="categorical_crossentropy",
        # TensorFlow blends pixels in float32, whatever the model's type.
        tolerance=1e-6 if blended else 0.0,
    )


def _add_branch(layers: dict[str, Layer], wires: list[tuple[str, str]], number: int, case: Case) -> None:
    """From "input" to an end that is flat. What gives an input of the case its shape is shared with other cases."""
    layer = case.layer.without_chance()  # The engines draw other random numbers.
    if hasattr(layer, "bias_initializer"):
        layer = msgspec.structs.replace(layer, bias_initializer="ones")  # type: ignore[call-arg]
    here, end = f"layer_{number}", f"end_{number}"
    for source, shape in enumerate(case.inputs):
        told = "_".join(map(str, (*shape, source)))
        row, table = f"row_{told}", f"table_{told}"
        if row not in layers:
            layers |= {
                row: dense(math.prod(shape), "tanh"),
                table: Reshape(target_shape=shape),
                f"end_{told}": Flatten(),
            }
            wires += [("input", row), (row, table), (table, f"end_{told}")]
        wires.append((table, here))
    layers |= {here: layer, end: Flatten()}
    wires.append((here, end))


POOLS = [case for case in CASES if case.layer.type in ("MaxPooling2D", "GlobalMaxPooling2D")]


@pytest.mark.parametrize("case", POOLS, ids=str)
def test_gradients_where_several_values_are_the_largest(dtype: str, case: Case) -> None:
    """As behind a relu, where whole windows are zero."""
    given = numbers(case, np.dtype(dtype).type)
    given.inputs[0][...] = np.random.default_rng(0).integers(3, size=given.inputs[0].shape)
    layer, x = case.layer.to_keras(keras, name="pool", seed=0), tf.constant(given.inputs[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = layer(x)
    expected = tape.gradient(z, x, output_gradients=tf.constant(given.dz)).numpy()
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(given.maths().backward(given.dz).inputs[0], expected, rtol=tolerance, atol=tolerance)


def test_a_network_of_convolutions(dtype: str) -> None:
    """One behind the other, as they are used; the biases before the normalizations have no gradient but rounding."""
    model = chain(
        Conv2D(filters=4, padding="same"),
        BatchNormalization(momentum=0.875),
        Activation(activation="relu"),
        MaxPooling2D(),
        Conv2D(filters=3, kernel_size=(2, 2), strides=(2, 2), padding="same"),
        BatchNormalization(momentum=0.5),
        Activation(activation="tanh"),
        GlobalAveragePooling2D(),
        dense(3, "softmax"),
    )
    assert_same_training(
        model,
        dtype,
        shape=(9, 8, 2),
        classes=3,
        loss="categorical_crossentropy",
        optimizer=SGD(learning_rate=0.1, momentum=0.5),
        without=("layer_1/bias", "layer_5/bias"),
    )


@pytest.mark.parametrize("units", [1, 3])
def test_every_metric(units: int) -> None:
    random = np.random.default_rng(2)
    labels = random.integers(max(units, 2), size=500).astype(np.int32)
    outputs = random.random((500, units)).astype(np.float32) ** 2
    outputs[:40, -1] = np.repeat([0.0, 0.5, 1.0, 100 / 199], 10)
    targets = dense_targets(labels, units, np.float32)
    plain = {
        "accuracy": keras.metrics.BinaryAccuracy() if units == 1 else keras.metrics.CategoricalAccuracy(),
        "mae": keras.metrics.MeanAbsoluteError(),
        "mse": keras.metrics.MeanSquaredError(),
    }
    for name, metric in plain.items():
        metric.update_state(targets, outputs)
        assert measure(name, targets, outputs) == pytest.approx(float(metric.result()), abs=1e-6), name
    second_class = {
        "auc": keras.metrics.AUC(),
        "precision": keras.metrics.Precision(),
        "recall": keras.metrics.Recall(),
    }
    for name, metric in second_class.items():
        metric.update_state(labels if units == 1 else labels != 0, outputs[:, -1])
        assert measure(name, targets, outputs) == pytest.approx(float(metric.result()), abs=1e-6), name
