"""Behind tanh with a squared or absolute error, the two classes are −1 and 1."""

from __future__ import annotations

import numpy as np
import pytest

from nnplayground.engine import build
from nnplayground.engine.base import Engine
from nnplayground.layers.core import Dense
from nnplayground.samples import Samples
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training

X = np.array([[0.5, -1.0], [2.0, 0.3], [-0.4, 0.8], [0.1, -0.2]], np.float32)
LABELS = np.array([0, 1, 1, 0], np.int32)


def engine(activation: str, **training: object) -> Engine:
    settings = Training(engine="scratch", optimizer=SGD(learning_rate=0.1), **training)  # type: ignore[arg-type]
    project = append_layer(Project(training=settings), Dense(units=1, activation=activation))  # type: ignore[arg-type]
    made = build(project, DataFacts(input_shape=(2,), target="classes", class_names=("a", "b")))
    samples = Samples(inputs={"input": X}, targets={"dense_1": LABELS}, ids=("0", "1", "2", "3"))
    made.attach({"training": samples, "validation": samples})
    made.set_weights({"dense_1/kernel": np.array([[0.7], [-0.4]], np.float32)})
    return made


@pytest.mark.parametrize(("loss", "error"), [("mean_squared_error", np.square), ("mean_absolute_error", np.abs)])
def test_the_loss_is_taken_from_minus_one_and_one(loss: str, error: np.ufunc) -> None:
    outputs = np.tanh(X @ np.array([0.7, -0.4]))
    evaluation = engine("tanh", loss=loss, metrics=("accuracy", "mae", "auc")).evaluate("validation")
    assert evaluation is not None
    targets = np.array([-1, 1, 1, -1])
    np.testing.assert_allclose(evaluation.losses, error(outputs - targets), rtol=1e-5)
    np.testing.assert_allclose(evaluation.metrics["mae"], np.abs(outputs - targets).mean(), rtol=1e-5)
    assert evaluation.metrics["accuracy"] == ((outputs > 0) == (targets > 0)).mean()
    assert 0 <= evaluation.metrics["auc"] <= 1


def test_predictions_are_shares_of_the_second_class() -> None:
    outputs = np.tanh(X @ np.array([0.7, -0.4]))
    made = engine("tanh", loss="mean_squared_error")
    np.testing.assert_allclose(made.predict({"input": X})[:, 0], (outputs + 1) / 2, rtol=1e-5)
    np.testing.assert_allclose(made.activations({"input": X}, ["dense_1"])["dense_1"][:, 0], outputs, rtol=1e-5)


def test_one_update_follows_these_targets() -> None:
    made = engine("tanh", loss="mean_squared_error")
    w = np.array([0.7, -0.4])
    a = np.tanh(X @ w)
    delta = 2 * (a - np.array([-1, 1, 1, -1])) * (1 - a * a) / 4
    told = made.train([np.arange(4)])
    np.testing.assert_allclose(made.weights()["dense_1/kernel"][:, 0], w - 0.1 * X.T @ delta, rtol=1e-5)
    assert told.values["accuracy"][0] == ((a > 0) == (LABELS == 1)).mean()


def test_a_sigmoid_keeps_zero_and_one() -> None:
    outputs = 1 / (1 + np.exp(-(X @ np.array([0.7, -0.4]))))
    evaluation = engine("sigmoid", loss="mean_squared_error").evaluate("validation")
    assert evaluation is not None
    np.testing.assert_allclose(evaluation.losses, np.square(outputs - LABELS), rtol=1e-5)
