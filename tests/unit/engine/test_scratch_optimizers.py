"""Optimizers of the scratch engine against their formulas, written out once more for a single number at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nnplayground.layers.core import Dense
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Clip, Nadam, RMSprop

RATES = [0.1, 0.1, 0.05, 0.05, 0.2, 0.2]


def _plain_sgd(w: float, gradients: Callable[[float], float]) -> float:
    for rate in RATES:
        w -= rate * gradients(w)
    return w


def _momentum(beta: float, nesterov: bool) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        v = 0.0
        for rate in RATES:
            g = gradient(w)
            v = beta * v - rate * g
            w += beta * v - rate * g if nesterov else v
        return w

    return run


def _rmsprop(rho: float, beta: float, epsilon: float, centered: bool) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        s = c = v = 0.0
        for rate in RATES:
            g = gradient(w)
            s = rho * s + (1 - rho) * g**2
            c = rho * c + (1 - rho) * g
            v = beta * v + rate * g / (s - (c**2 if centered else 0) + epsilon) ** 0.5
            w -= v
        return w

    return run


def _adam(beta_1: float, beta_2: float, epsilon: float) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        m = v = 0.0
        for t, rate in enumerate(RATES, 1):
            g = gradient(w)
            m = beta_1 * m + (1 - beta_1) * g
            v = beta_2 * v + (1 - beta_2) * g**2
            w -= rate * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t) * m / (v**0.5 + epsilon)
        return w

    return run


def _adamw(decay: float) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        m = v = 0.0
        for t, rate in enumerate(RATES, 1):
            g = gradient(w)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w *= 1 - rate * decay
            w -= rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-7 / (1 - 0.999**t) ** 0.5)
        return w

    return run


def _adagrad(initial: float, epsilon: float) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        s = initial
        for rate in RATES:
            g = gradient(w)
            s += g**2
            w -= rate * g / (s + epsilon) ** 0.5
        return w

    return run


def _adamax(beta_1: float, beta_2: float, epsilon: float) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        m = u = 0.0
        for t, rate in enumerate(RATES, 1):
            g = gradient(w)
            m = beta_1 * m + (1 - beta_1) * g
            u = max(beta_2 * u, abs(g))
            w -= rate / (1 - beta_1**t) * m / (u + epsilon)
        return w

    return run


def _nadam(beta_1: float, beta_2: float, epsilon: float) -> Any:
    def run(w: float, gradient: Callable[[float], float]) -> float:
        m = v = 0.0
        product = 1.0
        for t, rate in enumerate(RATES, 1):
            g = gradient(w)
            m = beta_1 * m + (1 - beta_1) * g
            v = beta_2 * v + (1 - beta_2) * g**2
            now, following = beta_1 * (1 - 0.96**t / 2), beta_1 * (1 - 0.96 ** (t + 1) / 2)
            product *= now
            ahead = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
            w -= rate * ahead / ((v / (1 - beta_2**t)) ** 0.5 + epsilon)
        return w

    return run


def _named(value: object) -> str:
    """A name that is the same in every process."""
    return "" if callable(value) else str(value)


@pytest.mark.parametrize(
    ("optimizer", "formula"),
    [
        (SGD(), _plain_sgd),
        (SGD(momentum=0.9), _momentum(0.9, False)),
        (SGD(momentum=0.8, nesterov=True), _momentum(0.8, True)),
        (RMSprop(), _rmsprop(0.9, 0.0, 1e-7, False)),
        (RMSprop(rho=0.7, momentum=0.5, epsilon=0.1), _rmsprop(0.7, 0.5, 0.1, False)),
        (RMSprop(rho=0.7, epsilon=0.1, centered=True), _rmsprop(0.7, 0.0, 0.1, True)),
        (Adam(), _adam(0.9, 0.999, 1e-7)),
        (Adam(beta_1=0.5, beta_2=0.9, epsilon=0.1), _adam(0.5, 0.9, 0.1)),
        (AdamW(weight_decay=0.5), _adamw(0.5)),
        (Adagrad(), _adagrad(0.1, 1e-7)),
        (Adagrad(initial_accumulator_value=2.0, epsilon=0.1), _adagrad(2.0, 0.1)),
        (Adamax(), _adamax(0.9, 0.999, 1e-7)),
        (Adamax(beta_1=0.5, beta_2=0.25, epsilon=0.1), _adamax(0.5, 0.25, 0.1)),
        (Nadam(), _nadam(0.9, 0.999, 1e-7)),
        (Nadam(beta_1=0.5, beta_2=0.9, epsilon=0.1), _nadam(0.5, 0.9, 0.1)),
    ],
    ids=_named,
)
def test_updates_follow_the_formula_while_the_rate_changes(workshop: Any, optimizer: Any, formula: Any) -> None:
    """One weight, one sample x = 2 with target 3: the gradient of (2w − 3)² is 4(2w − 3)."""
    model = workshop.chain(Dense(units=1, use_bias=False, kernel_initializer="ones"))
    samples = workshop.samples(np.array([[2.0]]), np.array([[3.0]]), "layer_1")
    engine = workshop.engine(model, samples, classes=0, optimizer=optimizer)
    for rate in RATES:
        engine.set_values({"training.optimizer.learning_rate": rate})
        engine.train([np.array([0])])
    expected = formula(1.0, lambda w: 4 * (2 * w - 3))
    assert engine.weights()["layer_1/kernel"].item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("clip", "limited"),
    [
        (Clip(value=0.5), lambda kernel, bias: (np.clip(kernel, -0.5, 0.5), np.clip(bias, -0.5, 0.5))),
        (Clip(norm=0.5), lambda kernel, bias: tuple(g * min(1, 0.5 / np.linalg.norm(g)) for g in (kernel, bias))),
        (
            Clip(global_norm=0.5),
            lambda kernel, bias: tuple(
                g * min(1, 0.5 / np.hypot(np.linalg.norm(kernel), np.linalg.norm(bias))) for g in (kernel, bias)
            ),
        ),
    ],
    ids=_named,
)
def test_limits_on_gradients(workshop: Any, clip: Clip, limited: Any) -> None:
    model = workshop.chain(Dense(units=2, kernel_initializer="ones"))
    samples = workshop.samples(np.array([[0.2, -0.1]]), np.array([[3.0, 0.0]]), "layer_1")
    engine = workshop.engine(model, samples, classes=0, optimizer=SGD(learning_rate=1.0), clip=clip)
    start, batch = engine.weights(), np.array([0])
    gradients = engine.gradients(batch)
    kernel, bias = limited(gradients["layer_1/kernel"], gradients["layer_1/bias"])
    engine.train([batch])
    np.testing.assert_allclose(engine.weights()["layer_1/kernel"], start["layer_1/kernel"] - kernel, rtol=1e-12)
    np.testing.assert_allclose(engine.weights()["layer_1/bias"], start["layer_1/bias"] - bias, rtol=1e-12)
    engine.set_values({f"training.clip.{name}": 1e6 for name in ("value", "norm", "global_norm")})
    before = engine.weights()["layer_1/kernel"]
    gradient = engine.gradients(batch)["layer_1/kernel"]
    engine.train([batch])
    np.testing.assert_allclose(engine.weights()["layer_1/kernel"], before - gradient, rtol=1e-12)


def test_momentum_can_be_switched_on_and_off_while_training(workshop: Any) -> None:
    model = workshop.chain(Dense(units=1, use_bias=False, kernel_initializer="ones"))
    samples = workshop.samples(np.array([[2.0]]), np.array([[3.0]]), "layer_1")
    engine = workshop.engine(model, samples, classes=0, optimizer=SGD(learning_rate=0.01))
    w, v, begun = 1.0, 0.0, False
    for beta in (0.0, 0.9, 0.9, 0.0, 0.9):
        engine.set_values({"training.optimizer.momentum": beta})
        engine.train([np.array([0])])
        begun = begun or beta > 0
        v = beta * v - 0.01 * 4 * (2 * w - 3)
        w += v
        v = v if begun else 0.0  # the velocity begins with the first momentum, and then stays, as Keras' does
    assert engine.weights()["layer_1/kernel"].item() == pytest.approx(w, rel=1e-12)


def test_all_numbers_of_an_optimizer_can_change_while_training(workshop: Any) -> None:
    model = workshop.chain(Dense(units=1, use_bias=False, kernel_initializer="ones"))
    samples = workshop.samples(np.array([[2.0]]), np.array([[3.0]]), "layer_1")
    started = AdamW(learning_rate=0.1, weight_decay=0.1, beta_1=0.9, beta_2=0.99, epsilon=0.1)
    engine = workshop.engine(model, samples, classes=0, optimizer=started)
    engine.train([np.array([0])])
    values = {"learning_rate": 0.2, "weight_decay": 0.5, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.25}
    engine.set_values({f"training.optimizer.{name}": value for name, value in values.items()})
    trace = engine.trace(np.array([0]), ["layer_1"])
    assert trace.numbers == {f"training.optimizer.{name}": value for name, value in values.items()}
    layer = trace.layers["layer_1"]
    (w, g), memory = (part["kernel"].item() for part in (layer.weights, layer.gradients)), layer.memory
    m = 0.5 * memory["mean"]["kernel"].item() + 0.5 * g
    v = 0.75 * memory["mean_square"]["kernel"].item() + 0.25 * g**2
    rate = 0.2 * (1 - 0.75**2) ** 0.5 / (1 - 0.5**2)
    expected = w - 0.2 * 0.5 * w - rate * m / (v**0.5 + 0.25)
    assert layer.after["kernel"].item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), Adagrad(), Adamax(), Nadam()], ids=str)
def test_a_run_goes_on_where_its_state_was_kept(workshop: Any, optimizer: Any) -> None:
    model = workshop.chain(Dense(units=3, activation="tanh"), Dense(units=1, activation="sigmoid"))
    samples = workshop.random_samples(model, (2,), 12)
    first, second = (workshop.engine(model, samples, optimizer=optimizer) for _ in range(2))
    batches = [np.arange(start, start + 4) for start in (0, 4, 8)]
    first.train(batches)
    second.restore(first.state())
    assert second.trace(batches[1], []).count == 4
    first.train(batches[1:2])
    for name, values in first.weights().items():
        np.testing.assert_allclose(second.weights()[name], values, rtol=1e-12)
