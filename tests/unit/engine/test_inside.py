"""Looking into recurrent layers of a model that an engine runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.engine.base import EngineError
from nnplayground.engine.inside import look_inside
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers import Layer
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, gates
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Array
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training

TEXTS = np.array([[3, 1, 2, 0, 0], [1, 1, 4, 2, 3]], np.float32)


def built(layers: dict[str, Layer], wires: list[tuple[str, str]]) -> tuple[ScratchEngine, Model]:
    blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in layers.items()))
    model = Model(blocks, tuple(Wire(*ends) for ends in wires))
    project = Project(model=model, training=Training(engine="scratch"))
    return ScratchEngine(project, DataFacts(input_shape=(5,), class_names=("no", "yes"))), model


def reader(layer: Layer) -> tuple[ScratchEngine, Model]:
    layers = {"tokens": Embedding(input_dim=5, output_dim=3, mask_zero=True), "reader": layer, "out": Dense(units=1)}
    return built(layers, [("input", "tokens"), ("tokens", "reader"), ("reader", "out")])


@pytest.mark.parametrize("layer", [LSTM(units=2), GRU(units=2, go_backwards=True)])
def test_the_last_state_is_the_output(layer: Any) -> None:
    engine, model = reader(layer)
    inside = look_inside(engine, model, "reader", {"input": TEXTS})
    output = engine.activations({"input": TEXTS}, ["reader"])["reader"]
    assert inside["hidden"].shape == (2, 5, 2)
    np.testing.assert_array_equal(inside["hidden"][:, 0 if layer.go_backwards else -1], output)


def test_padding_is_passed_over() -> None:
    engine, model = reader(LSTM(units=2))
    hidden = look_inside(engine, model, "reader", {"input": TEXTS})["hidden"]
    np.testing.assert_array_equal(hidden[0, 3:], hidden[0, 2:3].repeat(2, axis=0))
    assert (hidden[1, 3] != hidden[1, 2]).all()


def test_both_directions() -> None:
    engine, model = reader(Bidirectional(layer=GRU(units=2)))
    inside = look_inside(engine, model, "reader", {"input": TEXTS})
    output = engine.activations({"input": TEXTS}, ["reader"])["reader"]
    both = [inside["forward_hidden"][:, -1], inside["backward_hidden"][:, 0]]
    np.testing.assert_array_equal(np.concatenate(both, axis=1), output)


def test_a_state_that_arrives_is_the_beginning() -> None:
    """As in the decoder of an encoder and decoder, with an engine that only knows outputs and weights."""
    encoder, decoder = LSTM(units=2, go_backwards=True), LSTM(units=2, return_sequences=True)
    layers: dict[str, Layer] = {
        "tokens": Embedding(input_dim=5, output_dim=3),
        "encoder": encoder,
        "decoder": decoder,
    }
    wires = [
        ("input", "tokens"),
        ("tokens", "encoder"),
        ("tokens", "decoder"),
        ("encoder.states", "decoder.initial_state"),
    ]
    model = Model(
        (Block("input", Input()), *(Block(name, layer) for name, layer in layers.items())),
        tuple(Wire(*ends) for ends in wires),
    )
    random = np.random.default_rng(0)
    vectors = random.normal(size=(2, 5, 3))

    class Known:
        def activations(self, inputs: Any, layer_ids: Any) -> dict[str, Array]:
            return {layer_id: vectors if layer_id != "input" else TEXTS for layer_id in layer_ids}

        def weights(self) -> dict[str, Array]:
            return {
                f"{name}/{spec.name}": np.random.default_rng(1).normal(size=spec.shape)
                for name in ("encoder", "decoder")
                for spec in layers[name].weights((5, 3))
            }

    known: Any = Known()
    inside = look_inside(known, model, "decoder", {"input": TEXTS})
    weights = {name.removeprefix("encoder/"): value for name, value in known.weights().items() if "encoder" in name}
    first = gates(encoder, weights, vectors)
    state = np.stack([first["hidden"][:, 0], first["cell"][:, 0]], axis=1)
    expected = gates(decoder, weights, vectors, None, state)
    np.testing.assert_array_equal(inside["hidden"], expected["hidden"])
    assert not np.allclose(expected["hidden"], gates(decoder, weights, vectors)["hidden"])


def test_attention_tells_how_much_each_step_takes_from_each_place() -> None:
    """With values that are the places themselves, what a head gives is where it looks."""
    attention = MultiHeadAttention(num_heads=2, key_dim=5, use_bias=False)
    engine, model = built(
        {"tokens": Embedding(input_dim=5, output_dim=5, mask_zero=True), "attention": attention, "flat": Flatten()},
        [("input", "tokens"), ("tokens", "attention"), ("attention", "flat")],
    )
    one = np.eye(5, dtype=np.float32)
    none = np.zeros_like(one)
    # Every token is its place in the vocabulary; the output is what the second head takes of each token.
    engine.set_weights(
        {
            "tokens/embeddings": one,
            "attention/value_kernel": np.stack([one, one], axis=1),
            "attention/attention_output_kernel": np.stack([none, one]),
        }
    )
    inside = look_inside(engine, model, "attention", {"input": TEXTS})
    assert list(inside) == ["head_1", "head_2"]
    looks = inside["head_2"]
    assert looks.shape == (2, 5, 5)
    np.testing.assert_allclose(looks.sum(axis=2), 1, rtol=1e-6)
    output = engine.activations({"input": TEXTS}, ["attention"])["attention"]
    taken = np.zeros_like(output)
    for text, step, place in np.ndindex(looks.shape):
        taken[text, step, int(TEXTS[text, place])] += looks[text, step, place]
    np.testing.assert_allclose(taken, output, atol=1e-6)
    assert not np.allclose(looks, inside["head_1"])
    # Nobody looks at padding.
    assert (looks[0, :3, 3:] == 0).all()


def test_no_step_looks_ahead_under_a_causal_mask() -> None:
    engine, model = built(
        {
            "tokens": Embedding(input_dim=5, output_dim=3),
            "attention": MultiHeadAttention(use_causal_mask=True),
            "flat": Flatten(),
        },
        [("input", "tokens"), ("tokens", "attention"), ("attention", "flat")],
    )
    looks = look_inside(engine, model, "attention", {"input": TEXTS})["head_1"]
    assert (looks[:, *np.triu_indices(5, 1)] == 0).all()
    assert (looks[:, *np.tril_indices(5)] > 0).all()


def test_other_layers_are_refused() -> None:
    engine, model = reader(LSTM(units=2))
    with pytest.raises(TypeError, match="Dense has no steps"):
        look_inside(engine, model, "out", {"input": TEXTS})


def test_the_scratch_engine_refuses_states_handed_on() -> None:
    layers: dict[str, Layer] = {"tokens": Embedding(), "encoder": GRU(), "decoder": GRU(), "out": Dense(units=1)}
    wires = [("input", "tokens"), ("tokens", "encoder"), ("tokens", "decoder"), ("decoder", "out")]
    with pytest.raises(EngineError, match=r"encoder\.states to decoder\.initial_state; choose the Keras engine"):
        built(layers, [*wires, ("encoder.states", "decoder.initial_state")])
