"""Models with several Inputs, states handed from layer to layer, and layers inside others, in the Keras engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional
from nnplayground.layers.regularizers import L2
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.training import SGD, Training

keras: Any = pytest.importorskip("keras")

SOURCE, TARGET, WORDS, UNITS = 6, 4, 11, 5
FACTS = DataFacts(
    input_shape=(SOURCE,), input_shapes={"source": (SOURCE,), "target": (TARGET,)}, class_names=("a", "b", "c")
)


def translator() -> Model:
    """input – words_1 – encoder ─states→ decoder – dense_1, and input_2 – words_2 – decoder."""
    blocks = (
        Block("input", Input()),
        Block("words_1", Embedding(input_dim=WORDS, output_dim=3)),
        Block("encoder", LSTM(units=UNITS)),
        Block("input_2", Input()),
        Block("words_2", Embedding(input_dim=WORDS, output_dim=3)),
        Block("decoder", LSTM(units=UNITS)),
        Block("dense_1", Dense(units=3, activation="softmax")),
    )
    wires = (
        Wire("input", "words_1"),
        Wire("words_1", "encoder"),
        Wire("encoder.states", "decoder.initial_state"),
        Wire("input_2", "words_2"),
        Wire("words_2", "decoder"),
        Wire("decoder", "dense_1"),
    )
    return Model(blocks, wires)


def texts(n: int) -> Samples:
    random = np.random.default_rng(0)
    return Samples(
        inputs={
            "input": random.integers(0, WORDS, (n, SOURCE), dtype=np.int32),
            "input_2": random.integers(0, WORDS, (n, TARGET), dtype=np.int32),
        },
        targets={"dense_1": random.integers(0, 3, n).astype(np.int32)},
        ids=tuple(map(str, range(n))),
    )


def bare_keras() -> tuple[Any, list[Any]]:
    """The same model, written by hand."""
    one, two = keras.Input((SOURCE,)), keras.Input((TARGET,))
    words = [keras.layers.Embedding(WORDS, 3) for _ in range(2)]
    encoder, decoder = keras.layers.LSTM(UNITS, return_state=True), keras.layers.LSTM(UNITS)
    dense = keras.layers.Dense(3, activation="softmax")
    _, h, c = encoder(words[0](one))
    out = dense(decoder(words[1](two), initial_state=[h, c]))
    return keras.Model([one, two], out), [words[0], encoder, words[1], decoder, dense]


def test_states_are_handed_on_as_in_keras(bench: Any, shuffled: Callable[..., list[np.ndarray]]) -> None:
    engine = bench.engine(translator(), FACTS, Training(optimizer=SGD(learning_rate=0.5)))
    samples = texts(30)
    engine.attach({"training": samples})
    model, layers = bare_keras()
    weights = engine.weights()
    names = {"words_1": 0, "encoder": 1, "words_2": 2, "decoder": 3, "dense_1": 4}
    for block_id, place in names.items():
        layers[place].set_weights([value for name, value in weights.items() if name.split("/")[0] == block_id])
    stored = [samples.inputs["input"], samples.inputs["input_2"]]
    inputs = {name: array.astype(np.float32) for name, array in samples.inputs.items()}
    np.testing.assert_allclose(engine.predict(inputs), model.predict_on_batch(stored), atol=1e-6)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    for batch in shuffled(30, 8):
        engine.train([batch])
        model.train_on_batch([array[batch] for array in stored], samples.targets["dense_1"][batch])
    after = engine.weights()
    for block_id, place in names.items():
        ours = [value for name, value in after.items() if name.split("/")[0] == block_id]
        for value, theirs in zip(ours, layers[place].get_weights(), strict=True):
            np.testing.assert_allclose(value, theirs, atol=1e-5)
    # The encoder learns through its states alone.
    assert np.abs(after["encoder/kernel"] - weights["encoder/kernel"]).max() > 1e-4


def test_states_as_an_ordinary_input(bench: Any) -> None:
    blocks = (Block("input", Input()), Block("lstm", LSTM(units=4)), Block("flat", Flatten()), Block("end", Dense()))
    wires = (Wire("input", "lstm"), Wire("lstm.states", "flat"), Wire("flat", "end"))
    model = Model(blocks, wires)
    facts = DataFacts(input_shape=(5, 2), target="number")
    engine = bench.engine(Model((*blocks[:-1], Block("end", Dense(units=1))), model.wires), facts)
    inputs = {"input": np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)}
    found = engine.activations(inputs, ("lstm", "flat"))
    assert found["flat"].shape == (3, 8)
    np.testing.assert_allclose(found["flat"][:, :4], found["lstm"], rtol=1e-6)


def test_states_beside_the_output(bench: Any) -> None:
    blocks = (
        Block("input", Input()),
        Block("gru_1", GRU(units=3, return_sequences=True)),
        Block("gru_2", GRU(units=3)),
        Block("dense_1", Dense(units=1)),
    )
    wires = (
        Wire("input", "gru_1"),
        Wire("gru_1", "gru_2"),
        Wire("gru_1.states", "gru_2.initial_state"),
        Wire("gru_2", "dense_1"),
    )
    engine = bench.engine(Model(blocks, wires), DataFacts(input_shape=(4, 2), target="number"))
    inputs = {"input": np.ones((2, 4, 2), np.float32)}
    handed_on = engine.predict(inputs)
    alone = bench.engine(Model(blocks, (*wires[:2], wires[3])), DataFacts(input_shape=(4, 2), target="number"))
    alone.set_weights(engine.weights())
    assert np.abs(alone.predict(inputs) - handed_on).max() > 1e-4


def test_weights_of_a_layer_inside_have_names_and_penalties(bench: Any) -> None:
    inner = GRU(units=3, kernel_regularizer=L2(l2=0.5))
    model = bench.chain(Bidirectional(layer=inner), Dense(units=2, activation="softmax"))
    facts = bench.facts((4, 2))
    engine = bench.engine(model, facts)
    weights = engine.weights()
    assert {name for name in weights if "kernel" in name and "recurrent" not in name} == {
        "bidirectional_1/forward_kernel",
        "bidirectional_1/backward_kernel",
        "dense_1/kernel",
    }
    engine.attach({"training": bench.samples(model, (4, 2), 12), "validation": bench.samples(model, (4, 2), 12)})
    evaluation = engine.evaluate("validation")
    squares = sum(np.square(weights[f"bidirectional_1/{each}_kernel"]).sum() for each in ("forward", "backward"))
    assert evaluation.metrics["loss"] - evaluation.losses.mean() == pytest.approx(0.5 * squares, rel=1e-5)
    assert engine.state().weights.keys() == weights.keys()


def test_traces_know_what_came_in(bench: Any) -> None:
    engine = bench.engine(translator(), FACTS)
    engine.attach({"training": texts(8)})
    trace = engine.trace(np.arange(4), ("decoder", "dense_1"))
    assert [each.shape for each in trace.layers["decoder"].inputs] == [(4, TARGET, 3)]
    assert trace.layers["decoder"].gradients["kernel"].shape == (3, 4 * UNITS)
    assert trace.gradient_norms["encoder"] > 0
