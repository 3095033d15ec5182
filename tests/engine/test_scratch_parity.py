"""From the same weights and batches, the scratch engine comes to the same weights as plain Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.engine.scratch.metrics import measure
from nnplayground.engine.scratch.splits import dense_targets
from nnplayground.layers import Layer, activations
from nnplayground.layers.core import Activation, Dense, Flatten, Input, Rescaling, Reshape
from nnplayground.layers.initializers import RandomNormal
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import L1, L1L2, L2
from nnplayground.samples import Array, Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, Clip, RMSprop, Training

keras: Any = pytest.importorskip("keras")
tf: Any = pytest.importorskip("tensorflow")

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
"""Largest relative difference of a weight tensor. Momentum, betas and strengths of regularizers are sums of few powers
of two in these tests, because Keras rounds them to float32 even in a float64 model."""
ROUNDED_INSIDE = {"leaky_relu": 1e-7, "gelu": 1e-7}
"""TensorFlow keeps the slope 0.2 and √2 as float32, whatever the model's type."""
UPDATES = 50


@pytest.fixture(params=["float64", "float32"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(request.param)
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def chain(*layers: Layer) -> Model:
    ids = [f"layer_{number}" for number in range(1, len(layers) + 1)]
    blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in zip(ids, layers, strict=True)))
    return Model(blocks, tuple(Wire(*ends) for ends in zip(["input", *ids], ids, strict=False)))


def dense(units: int, activation: Any = "linear", **parameters: Any) -> Dense:
    """A Dense whose bias does not start at zero."""
    return Dense(units=units, activation=activation, bias_initializer=RandomNormal(stddev=0.5), **parameters)


def random_samples(model: Model, shape: tuple[int, ...], classes: int, weights: Any = None) -> Samples:
    """40 samples; classes=0: two numbers as targets."""
    random = np.random.default_rng(1)
    inputs = random.normal(size=(40, *shape)).astype(np.float32)
    told = inputs.reshape(40, -1)
    numbers = np.stack([told[:, 0] * told[:, 1], told.sum(axis=1)], axis=1)
    labels = np.searchsorted(np.linspace(-1, 1, classes + 1)[1:-1], numbers[:, 1]) if classes else numbers
    ids = tuple(str(number) for number in range(40))
    target = labels.astype(np.int32 if classes else np.float32)
    return Samples(inputs={"input": inputs}, targets={model.outputs[0]: target}, ids=ids, weights=weights)


class PlainKeras:
    """A model of Keras' own layers, loss and optimizer, with the weights of an engine."""

    def __init__(self, project: Project, shape: tuple[int, ...], weights: Mapping[str, Array], loss: str) -> None:
        model = project.model
        tensors: dict[str, Any] = {"input": keras.Input(shape, name="input")}
        self._inside: list[tuple[str, Any]] = []
        for layer_id in model.order[1:]:
            layer = model.layer(layer_id).to_keras(keras, name=layer_id, seed=0)
            sources = [tensors[source] for source in model.sources(layer_id)]
            tensors[layer_id] = layer(sources if len(sources) > 1 else sources[0])
            names = [name for name in ("kernel", "bias") if f"{layer_id}/{name}" in weights]
            layer.set_weights([weights[f"{layer_id}/{name}"] for name in names])
            self._inside += [
                (f"{layer_id}/{name}", variable) for name, variable in zip(names, layer.weights, strict=True)
            ]
        self.model = keras.Model(tensors["input"], tensors[model.outputs[0]])
        self.loss = getattr(keras.losses, loss.title().replace("_", ""))()
        training = project.training
        settings = {name: getattr(training.optimizer, name) for name in training.optimizer.__struct_fields__}
        clip = training.clip
        settings |= {"clipvalue": clip.value, "clipnorm": clip.norm, "global_clipnorm": clip.global_norm}
        self._optimizer = getattr(keras.optimizers, type(training.optimizer).__name__)(**settings)
        self._optimizer.build(self.model.trainable_variables)
        self._step = tf.function(self._update)

    def _update(self, inputs: Any, targets: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.loss(targets, self.model(inputs, training=True), sample_weight=weights)
            loss += sum(self.model.losses)
        variables = self.model.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def update(self, inputs: Array, targets: Array, weights: Array) -> float:
        dtype = keras.config.floatx()
        return float(self._step(*(tf.constant(part, dtype) for part in (inputs, targets, weights))))

    def weights(self) -> dict[str, Array]:
        return {name: variable.numpy() for name, variable in self._inside}


def assert_same_training(
    model: Model,
    dtype: str,
    *,
    shape: tuple[int, ...] = (3,),
    classes: int = 2,
    weights: Any = None,
    loss: str,
    tolerance: float = 0.0,
    **training: Any,
) -> None:
    """Fifty updates, with a smaller last batch in each epoch; losses, weights and predictions are compared."""
    samples = random_samples(model, shape, classes, weights)
    training = {"optimizer": SGD(learning_rate=0.1), "engine": "scratch", **training}
    project = Project(model=model, training=Training(loss=loss, **training))
    names = tuple(f"class {number}" for number in range(classes))
    facts = DataFacts(input_shape=shape, target="classes" if classes else "number", class_names=names)
    engine = ScratchEngine(project, facts, dtype=np.dtype(dtype).type)
    engine.attach({"training": samples, "validation": samples})
    plain = PlainKeras(project, shape, engine.weights(), loss)

    units = plain.model.output_shape[-1]
    labels = samples.targets[model.outputs[0]]
    targets = labels.reshape(40, -1) if units == 1 or not classes else np.eye(units)[labels]
    counted = np.ones(40) if weights is None else weights
    if classes and isinstance(training.get("class_weight"), dict):
        counted = counted * np.array([training["class_weight"].get(name, 1) for name in names])[labels]
    epochs = [np.random.default_rng((0, epoch)).permutation(40) for epoch in range(UPDATES)]
    batches = [order[start : start + 16] for order in epochs for start in (0, 16, 32)][:UPDATES]

    inputs = samples.inputs["input"]
    expected_losses = [plain.update(inputs[batch], targets[batch], counted[batch]) for batch in batches]
    losses = np.concatenate([engine.train(batches[start : start + 7]).values["loss"] for start in range(0, UPDATES, 7)])
    tolerance = max(tolerance, TOLERANCE[dtype])
    np.testing.assert_allclose(losses, expected_losses, rtol=10 * tolerance, atol=tolerance)
    expected = plain.weights()
    actual = engine.weights()
    assert actual.keys() == expected.keys()
    for name, weight in expected.items():
        difference = np.linalg.norm(actual[name] - weight) / np.linalg.norm(weight)
        assert difference <= tolerance, f"{name} differs by {difference:.2g}"
    predictions = plain.model(tf.constant(inputs, dtype), training=False).numpy()
    np.testing.assert_allclose(engine.predict(samples.inputs), predictions, rtol=10 * tolerance, atol=10 * tolerance)


ACTIVATIONS = [*activations.NAMES, "sigmoid", activations.LeakyRelu(negative_slope=0.25), activations.Elu(alpha=1.7)]


@pytest.mark.parametrize(("first", "second"), [*zip(ACTIVATIONS[::2], ACTIVATIONS[1::2], strict=True)], ids=str)
def test_every_activation(dtype: str, first: Any, second: Any) -> None:
    model = chain(dense(4, first), dense(3), Activation(activation=second), dense(1, "sigmoid"))
    tolerance = max(ROUNDED_INSIDE.get(str(activation), 0.0) for activation in (first, second))
    assert_same_training(model, dtype, loss="binary_crossentropy", tolerance=tolerance)


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


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(learning_rate=0.2),
        SGD(learning_rate=0.05, momentum=0.875),
        SGD(learning_rate=0.05, momentum=0.75, nesterov=True),
        RMSprop(learning_rate=0.01),
        RMSprop(learning_rate=0.01, momentum=0.5, rho=0.8, epsilon=1e-3),
        RMSprop(learning_rate=0.01, centered=True, epsilon=1e-2),
        Adam(learning_rate=0.02, beta_1=0.875, beta_2=1 - 2**-10),
        Adam(learning_rate=0.02, beta_1=0.5, beta_2=0.875, epsilon=1e-2),
    ],
    ids=str,
)
def test_every_optimizer(dtype: str, optimizer: Any) -> None:
    model = chain(dense(4, "tanh"), dense(3, "softmax"))
    assert_same_training(model, dtype, classes=3, loss="categorical_crossentropy", optimizer=optimizer)


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


def test_class_and_sample_weights(dtype: str) -> None:
    model = chain(dense(4, "tanh"), dense(1, "sigmoid"))
    weights = (np.arange(40) % 5 / 2).astype(np.float32)
    assert_same_training(
        model, dtype, loss="binary_crossentropy", weights=weights, class_weight={"class 0": 0.5, "class 1": 3.0}
    )


def test_every_layer_in_branches_that_meet(dtype: str) -> None:
    layers: dict[str, Layer] = {
        "scaled": Rescaling(scale=0.5, offset=0.1),
        "pixels": dense(4, "tanh"),
        "none_dropped": Dropout(rate=0.0),
        "sum": Add(),
        "joined": Concatenate(axis=1),
        "flat": Flatten(),
        "row": dense(6, "silu"),
        "table": Reshape(target_shape=(-1, 3)),
        "curved": Activation(activation="arctan"),
        "flat_too": Flatten(),
        "both": Concatenate(),
        "out": dense(3, "softmax"),
    }
    wires = (
        ("input", "scaled"),
        ("scaled", "pixels"),
        ("pixels", "none_dropped"),
        ("pixels", "sum"),
        ("none_dropped", "sum"),
        ("input", "sum"),
        ("sum", "joined"),
        ("pixels", "joined"),
        ("joined", "flat"),
        ("flat", "row"),
        ("row", "table"),
        ("table", "curved"),
        ("curved", "flat_too"),
        ("flat_too", "both"),
        ("row", "both"),
        ("both", "out"),
    )
    blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in layers.items()))
    model = Model(blocks, tuple(Wire(*ends) for ends in wires))
    assert_same_training(model, dtype, shape=(2, 3, 4), classes=3, loss="categorical_crossentropy")


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
