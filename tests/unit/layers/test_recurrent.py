"""Recurrent layers, step by step, as their equations say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.layers.activations import sigmoid
from nnplayground.layers.base import ShapeError
from nnplayground.layers.core import Dense
from nnplayground.layers.initializers import initial_values
from nnplayground.layers.maths import Array
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN, gates, weights_of
from nnplayground.layers.sequences import Embedding
from tests.unit.layers.cases import Case, numbers

STEPS = (6, 3)


def given(layer: Any, *, masked: bool = False) -> Any:
    return numbers(Case(layer, (STEPS,), masked))


def test_the_equations_of_an_lstm() -> None:
    """Written out for one sample, gate by gate."""
    layer = LSTM(units=2)
    numbers_of = given(layer)
    w, r, b = (np.split(numbers_of.weights[name], 4, axis=-1) for name in ("kernel", "recurrent_kernel", "bias"))
    h = c = np.zeros(2)
    for x in numbers_of.inputs[0][0]:
        i, f, g, o = (x @ w[k] + h @ r[k] + b[k] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    np.testing.assert_allclose(numbers_of.maths(training=False).before[0], h, rtol=1e-12)


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_equations_of_a_gru(reset_after: bool) -> None:
    layer = GRU(units=2, reset_after=reset_after)
    numbers_of = given(layer)
    w, r = (np.split(numbers_of.weights[name], 3, axis=-1) for name in ("kernel", "recurrent_kernel"))
    biases = numbers_of.weights["bias"].reshape(-1, 6)
    b = np.split(biases[0], 3)
    c = np.split(biases[1] if reset_after else np.zeros(6), 3)
    h = np.zeros(2)
    for x in numbers_of.inputs[0][0]:
        update, reset = (sigmoid(x @ w[k] + b[k] + h @ r[k] + c[k]) for k in range(2))
        product = reset * (h @ r[2] + c[2]) if reset_after else (reset * h) @ r[2]
        h = update * h + (1 - update) * np.tanh(x @ w[2] + b[2] + product)
    np.testing.assert_allclose(numbers_of.maths(training=False).before[0], h, rtol=1e-12)


@pytest.mark.parametrize("kind", [SimpleRNN, LSTM, GRU])
def test_padding_does_not_matter(kind: Any) -> None:
    """What stands where a step does not count changes nothing, and the state stays."""
    numbers_of = given(kind(units=3, return_sequences=True), masked=True)
    counts = numbers_of.mask[:, :, np.newaxis]
    before = numbers_of.maths(training=False).before
    numbers_of.inputs[0][...] = np.where(counts > 0, numbers_of.inputs[0], 99.0)
    np.testing.assert_array_equal(numbers_of.maths(training=False).before, before)
    np.testing.assert_array_equal(before[0, 3:], np.repeat(before[0, 2:3], 3, axis=0))
    assert (before[1, :2] == 0).all()  # Nothing has come yet.


def test_dropout_drops_the_same_at_every_step() -> None:
    layer = SimpleRNN(units=3, dropout=0.5, recurrent_dropout=0.5)
    numbers_of = given(layer)
    now = numbers_of.now()
    kept, state_kept = now.uniform((4, 1, 3)) >= 0.5, now.uniform((4, 3)) >= 0.5
    w, r, b = (numbers_of.weights[name] for name in ("kernel", "recurrent_kernel", "bias"))
    h = np.zeros((4, 3))
    for t in range(STEPS[0]):
        h = np.tanh((numbers_of.inputs[0] * kept * 2)[:, t] @ w + (h * state_kept * 2) @ r + b)
    np.testing.assert_allclose(numbers_of.maths().before, h, rtol=1e-12)


GATES = {
    SimpleRNN: {"hidden"},
    LSTM: {"hidden", "cell", "input_gate", "forget_gate", "candidate", "output_gate"},
    GRU: {"hidden", "update_gate", "reset_gate", "candidate"},
}


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
@pytest.mark.parametrize("kind", GATES)
def test_gates_are_those_of_the_steps(kind: Any, backwards: bool, masked: bool) -> None:
    numbers_of = given(kind(units=2, go_backwards=backwards), masked=masked)
    inside = gates(numbers_of.case.layer, numbers_of.weights, numbers_of.inputs[0], numbers_of.mask)
    assert inside.keys() == GATES[kind]
    assert {values.shape for values in inside.values()} == {(4, STEPS[0], 2)}
    last = inside["hidden"][:, 0 if backwards else -1]
    np.testing.assert_allclose(last, numbers_of.maths(training=False).before, rtol=1e-12)
    for name, values in inside.items():
        if name.endswith("gate"):
            assert values.min() >= 0
            assert values.max() <= 1


def test_gates_fit_together_as_in_an_lstm() -> None:
    numbers_of = given(LSTM(units=2))
    inside = gates(numbers_of.case.layer, numbers_of.weights, numbers_of.inputs[0])
    earlier = np.concatenate([np.zeros((4, 1, 2)), inside["cell"][:, :-1]], axis=1)
    cell = inside["forget_gate"] * earlier + inside["input_gate"] * inside["candidate"]
    np.testing.assert_allclose(inside["cell"], cell, rtol=1e-12)
    np.testing.assert_allclose(inside["hidden"], inside["output_gate"] * np.tanh(cell), rtol=1e-12)


def test_gates_begin_with_the_state_that_arrives() -> None:
    """Half of the steps, and then the other half from there, are all steps."""
    layer = LSTM(units=2)
    numbers_of = given(layer)
    x = numbers_of.inputs[0]
    whole, first = (gates(layer, numbers_of.weights, part) for part in (x, x[:, :3]))
    state = np.stack([first["hidden"][:, -1], first["cell"][:, -1]], axis=1)
    second = gates(layer, numbers_of.weights, x[:, 3:], None, state)
    np.testing.assert_allclose(second["hidden"], whole["hidden"][:, 3:], rtol=1e-12)


def test_gates_of_both_directions() -> None:
    layer = Bidirectional(layer=GRU(units=2, return_sequences=True))
    numbers_of = given(layer)
    inside = gates(layer, numbers_of.weights, numbers_of.inputs[0])
    both = np.concatenate([inside["forward_hidden"], inside["backward_hidden"]], axis=2)
    np.testing.assert_allclose(both, numbers_of.maths(training=False).before, rtol=1e-12)
    assert inside.keys() == {f"{side}_{name}" for side in ("forward", "backward") for name in GATES[GRU]}


def test_directions_have_weights_of_their_own() -> None:
    layer = Bidirectional(layer=LSTM(units=2))
    names = {"kernel", "recurrent_kernel", "bias"}
    weights = {spec.name: np.zeros(spec.shape) for spec in layer.weights(STEPS)}
    assert weights.keys() == {f"{side}_{name}" for side in ("forward", "backward") for name in names}
    assert weights_of(weights, "backward").keys() == names


def test_other_layers_have_no_steps() -> None:
    with pytest.raises(TypeError, match="Dense has no steps"):
        gates(Dense(), {}, np.zeros((1, 2, 3)))


def test_an_lstm_starts_with_its_forget_gate_open() -> None:
    kernel, recurrent, bias = LSTM(units=3).weights(STEPS)
    random = np.random.default_rng(0)
    np.testing.assert_array_equal(initial_values(bias.initializer, bias.shape, random), [0] * 3 + [1] * 3 + [0] * 6)
    square: Array = initial_values(recurrent.initializer, recurrent.shape, random)
    np.testing.assert_allclose(square @ square.T, np.eye(3), atol=1e-12)
    tall = initial_values("orthogonal", (5, 2), random)
    np.testing.assert_allclose(tall.T @ tall, np.eye(2), atol=1e-12)
    assert kernel.initializer == "glorot_uniform"


def test_tokens_beyond_the_table_take_its_last_row() -> None:
    numbers_of = numbers(Case(Embedding(input_dim=3, output_dim=2), ((4,),)), samples=1)
    numbers_of.inputs[0][...] = [[0, 2, 3, 1000]]
    table = numbers_of.weights["embeddings"]
    np.testing.assert_array_equal(numbers_of.maths().before[0], table[[0, 2, 2, 2]])


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (LSTM(), (8, 8, 3), ["image", "Reshape"]),
        (LSTM(), (8,), ["sequence", "Embedding"]),
        (GRU(), (), ["sequence", "Reshape"]),
        (Bidirectional(layer=LSTM(go_backwards=True)), (4, 3), ["go backwards"]),
        (Embedding(), (4, 3), ["row of tokens"]),
    ],
)
def test_what_does_not_fit_is_said(layer: Any, shape: Any, words: list[str]) -> None:
    with pytest.raises(ShapeError) as refused:
        layer.output_shape(shape)
    assert all(word in str(refused.value) for word in (layer.type, *words))


def test_states_leave_and_arrive() -> None:
    lstm, gru = LSTM(units=5), GRU(units=5)
    assert lstm.port_shape("states", STEPS) == (2, 5)
    assert gru.port_shape("states", STEPS) == (1, 5)
    lstm.check_port("initial_state", (2, 5), STEPS)
    with pytest.raises(ShapeError, match="same type"):
        lstm.check_port("initial_state", (1, 5), STEPS)
    with pytest.raises(ShapeError, match="same number of units"):
        gru.check_port("initial_state", (1, 6), STEPS)
