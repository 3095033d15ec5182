"""Training the scratch engine and plain Keras side by side, from the same weights, on the same batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers import Layer
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.initializers import RandomNormal
from nnplayground.samples import Array, Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training

keras: Any = pytest.importorskip("keras")
tf: Any = pytest.importorskip("tensorflow")

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
"""Largest difference of a weight tensor, relative to its norm. Momentum, betas and strengths of regularizers are sums
of few powers of two in these tests, because Keras rounds them to float32 even in a float64 model."""
UPDATES, EPOCH = 50, 5
"""An epoch is 40 samples in five updates: four of 9 samples and one of 4."""


def chain(*layers: Layer) -> Model:
    """One layer after another behind "input", with the ids layer_1, layer_2, …"""
    ids = [f"layer_{number}" for number in range(1, len(layers) + 1)]
    return graph(dict(zip(ids, layers, strict=True)), list(zip(["input", *ids], ids, strict=False)))


def graph(layers: Mapping[str, Layer], wires: Sequence[tuple[str, str]]) -> Model:
    """Layers by id, besides "input"."""
    blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in layers.items()))
    return Model(blocks, tuple(Wire(*ends) for ends in wires))


def dense(units: int, activation: Any = "linear", **parameters: Any) -> Dense:
    """A Dense whose bias does not start at zero."""
    return Dense(units=units, activation=activation, bias_initializer=RandomNormal(stddev=0.5), **parameters)


def random_samples(
    model: Model, shape: tuple[int, ...], classes: int, weights: Any = None, *, tokens: int = 0
) -> Samples:
    """40 samples; classes=0: two numbers as targets. tokens: the inputs are whole numbers below it, 0 being padding."""
    random = np.random.default_rng(1)
    inputs = random.normal(size=(40, *shape)).astype(np.float32)
    told = inputs.reshape(40, -1)
    numbers = np.stack([told[:, 0] * told[:, 1], told[:, :4].sum(axis=1)], axis=1)
    labels = np.searchsorted(np.linspace(-1, 1, classes + 1)[1:-1], numbers[:, 1]) if classes else numbers
    if tokens:
        length = random.integers(2, shape[0] + 1, size=(40, 1))
        inputs = np.where(np.arange(shape[0]) < length, random.integers(1, tokens, size=inputs.shape), 0)
    ids = tuple(str(number) for number in range(40))
    target = labels.astype(np.int32 if classes else np.float32)
    return Samples(inputs={"input": inputs}, targets={model.outputs[0]: target}, ids=ids, weights=weights)


class PlainKeras:
    """A model of Keras' own layers, loss and optimizer, with the weights of an engine."""

    def __init__(self, project: Project, shape: tuple[int, ...], weights: Mapping[str, Array], loss: str) -> None:
        model = project.model
        tensors: dict[str, Any] = {"input": keras.Input(shape, name="input")}
        self._inside: dict[str, Any] = {}
        for layer_id in model.order[1:]:
            ours = model.layer(layer_id)
            layer = ours.to_keras(keras, name=layer_id, seed=0)
            tensors[layer_id] = ours.call_keras(layer, [tensors[source] for source in model.sources(layer_id)])
            names = [name for name in weights if name.partition("/")[0] == layer_id]
            for name, variable in zip(names, layer.weights, strict=True):
                variable.assign(weights[name])
                self._inside[name] = variable
        self.model = keras.Model(tensors["input"], tensors[model.outputs[0]])
        self.loss = getattr(keras.losses, loss.title().replace("_", ""))()
        training = project.training
        settings = {name: getattr(training.optimizer, name) for name in training.optimizer.__struct_fields__}
        clip = training.clip
        settings |= {"clipvalue": clip.value, "clipnorm": clip.norm, "global_clipnorm": clip.global_norm}
        self.optimizer = getattr(keras.optimizers, type(training.optimizer).__name__)(**settings)
        self.optimizer.build(self.model.trainable_variables)
        # Traced once, for batches of any size.
        shapes = ((None, *shape), (None, self.model.output_shape[-1]), (None,))
        signature = [tf.TensorSpec(each, keras.config.floatx()) for each in shapes]
        self._step = tf.function(self._update, input_signature=signature, autograph=False)

    def _update(self, inputs: Any, targets: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = self.loss(targets, self.model(inputs, training=True), sample_weight=weights)
            loss += sum(self.model.losses)
        variables = self.model.trainable_variables
        # The gradient of an Embedding comes in parts, which Keras' Adam squares before it adds them up.
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, variables)]
        self.optimizer.apply(gradients, variables)
        return loss

    def update(self, inputs: Array, targets: Array, weights: Array) -> float:
        dtype = keras.config.floatx()
        return float(self._step(*(tf.constant(part, dtype) for part in (inputs, targets, weights))))

    def weights(self) -> dict[str, Array]:
        return {name: variable.numpy() for name, variable in self._inside.items()}


def assert_same_training(
    model: Model,
    dtype: str,
    *,
    shape: tuple[int, ...] = (3,),
    classes: int = 2,
    weights: Any = None,
    loss: str,
    tolerance: float = 0.0,
    without: Sequence[str] = (),
    rate: Callable[[int], float] | None = None,
    tokens: int = 0,
    **training: Any,
) -> None:
    """Fifty updates, with a smaller last batch in each epoch; losses, weights and predictions are compared.

    tolerance: where it must be larger than that of the number type. without: weights that are not compared.
    rate: epoch, from 0 → its learning rate; else it stays. tokens: as in `random_samples`.
    """
    samples = random_samples(model, shape, classes, weights, tokens=tokens)
    training = {"optimizer": SGD(learning_rate=0.1), "engine": "scratch", **training}
    project = Project(model=model, training=Training(loss=loss, **training))  # type: ignore[arg-type]
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
    inputs = samples.inputs["input"]
    tolerance = max(tolerance, TOLERANCE[dtype])
    for epoch in range(UPDATES // EPOCH):
        if rate is not None:
            now = rate(epoch)
            engine.set_values({"training.optimizer.learning_rate": now})
            plain.optimizer.learning_rate.assign(now)
        order = np.random.default_rng((0, epoch)).permutation(40)
        batches = [order[start : start + 9] for start in range(0, 40, 9)]
        expected = [plain.update(inputs[batch], targets[batch], counted[batch]) for batch in batches]
        # In blocks, as training does it.
        told = np.concatenate([engine.train(block).values["loss"] for block in (batches[:2], batches[2:])])
        np.testing.assert_allclose(told, expected, rtol=10 * tolerance, atol=tolerance)
    _assert_same_weights(engine.weights(), plain.weights(), tolerance=tolerance, without=without)
    predictions = plain.model(tf.constant(inputs, dtype), training=False).numpy()
    np.testing.assert_allclose(engine.predict(samples.inputs), predictions, rtol=10 * tolerance, atol=10 * tolerance)


def _assert_same_weights(
    actual: Mapping[str, Array], expected: Mapping[str, Array], *, tolerance: float, without: Sequence[str]
) -> None:
    assert actual.keys() == expected.keys()
    differences = {
        name: np.linalg.norm(actual[name] - weight) / np.linalg.norm(weight)
        for name, weight in expected.items()
        if name not in without
    }
    wrong = {name: f"{difference:.2g}" for name, difference in differences.items() if not difference <= tolerance}
    assert not wrong, f"relative differences above {tolerance:g}: {wrong}"
