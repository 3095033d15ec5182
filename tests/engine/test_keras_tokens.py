"""Tokens as targets: the loss and the accuracy over the places that count, and writing with the trained model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.engine import KerasEngine
from nnplayground.engine.keras.runtime import keras
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.engine.writing import complete
from nnplayground.layers import Layer
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN
from nnplayground.layers.sequences import Embedding, RepeatVector
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import Pairs, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, NextToken, TeacherForcing, Training
from nnplayground.spec.writers import attending_decoder, encoder_decoder

PLACES, VOCABULARY, COUNT = 5, 7, 12
WORDS = ("", "[UNK]", "[start]", "[end]", "a", "b", "c")
FACTS = DataFacts(
    input_shape=(PLACES,),
    input_shapes={"text": (PLACES,)},
    target="tokens",
    target_length=PLACES,
    vocabularies={"text": WORDS},
    class_names=WORDS,
)
PAIR_FACTS = DataFacts(
    input_shape=(4,),
    input_shapes={"source": (4,), "target": (PLACES,)},
    target="tokens",
    target_length=PLACES,
    vocabularies={"source": WORDS, "target": WORDS},
    class_names=WORDS,
)


def chain(*layers: Layer) -> Model:
    blocks = [Block("input", Input()), *(Block(f"layer_{number}", layer) for number, layer in enumerate(layers))]
    return Model(tuple(blocks), tuple(Wire(a.id, b.id) for a, b in pairwise(blocks)))


def writer(*between: Layer, mask_zero: bool = False) -> Project:
    model = chain(
        Embedding(input_dim=VOCABULARY, output_dim=3, mask_zero=mask_zero),
        *between,
        Dense(units=VOCABULARY, activation="softmax"),
    )
    training = Training(objective=NextToken(), optimizer=SGD(learning_rate=0.5))
    return Project(model=model, dataset=Text(sequence_length=PLACES), training=training)


def padded(rng: np.random.Generator, count: int, places: int) -> Array:
    """Tokens, and 0 behind a random place."""
    tokens = rng.integers(1, VOCABULARY, (count, places)).astype(np.int32)
    tokens[np.arange(places) >= rng.integers(1, places + 1, (count, 1))] = 0
    return tokens


def samples(output: str, weights: Array | None = None) -> Samples:
    rng = np.random.default_rng(3)
    return Samples(
        inputs={"input": padded(rng, COUNT, PLACES)},
        targets={output: padded(rng, COUNT, PLACES)},
        ids=tuple(map(str, range(COUNT))),
        weights=weights,
    )


@contextmanager
def built(project: Project, facts: DataFacts = FACTS) -> Iterator[KerasEngine]:
    engine = KerasEngine(project, facts)
    try:
        yield engine
    finally:
        engine.close()


def by_hand(targets: Array, probabilities: Array) -> tuple[Array, float]:
    """(loss of each sample, accuracy), place by place."""
    counts = targets != 0
    right = np.take_along_axis(probabilities, targets[..., None].astype(int), -1)[..., 0]
    losses = (-np.log(right) * counts).sum(1) / counts.sum(1)
    return losses, float(((probabilities.argmax(-1) == targets) & counts).sum() / counts.sum())


@pytest.mark.parametrize("mask_zero", [False, True])
def test_padding_counts_for_nothing(mask_zero: bool) -> None:
    with built(writer(LSTM(units=4, return_sequences=True), mask_zero=mask_zero)) as engine:
        data = samples("layer_2")
        engine.attach({"validation": data})
        evaluation = engine.evaluate("validation")
        assert evaluation is not None
        targets = data.targets["layer_2"]
        probabilities = engine.predict({"input": data.prepared("input", slice(None))})
        losses, accuracy = by_hand(targets, probabilities)
        np.testing.assert_allclose(evaluation.losses, losses, rtol=1e-4)
        places = (targets != 0).sum(1)
        assert evaluation.metrics["loss"] == pytest.approx((losses * places).sum() / places.sum(), rel=1e-4)
        assert evaluation.metrics["accuracy"] == pytest.approx(accuracy)
        assert evaluation.predictions.dtype == np.int32
        np.testing.assert_array_equal(evaluation.predictions, probabilities.argmax(-1))


@pytest.mark.parametrize("weighted", [False, True])
def test_an_update_is_that_of_keras_with_the_places_as_weights(weighted: bool) -> None:
    weights = np.linspace(0.5, 2, COUNT).astype(np.float32) if weighted else None
    with built(writer(GRU(units=4, return_sequences=True))) as engine:
        data = samples("layer_2", weights)
        engine.attach({"training": data})
        reference = _keras_copy(engine)
        order = np.random.default_rng(0).permutation(COUNT)
        batches = [order[:5], order[5:10], order[10:]]
        told = engine.train(batches)
        for number, batch in enumerate(batches):
            loss, accuracy = _keras_update(reference, data, batch, weights)
            assert told.values["loss"][number] == pytest.approx(loss, rel=1e-4)
            assert told.values["accuracy"][number] == pytest.approx(accuracy, abs=1e-6)
        ours = list(engine.weights().values())
        for mine, theirs in zip(ours, reference.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=2e-5)


def _keras_copy(engine: KerasEngine) -> Any:
    given = keras.Input((PLACES,))
    hidden = keras.layers.Embedding(VOCABULARY, 3)(given)
    hidden = keras.layers.GRU(4, return_sequences=True)(hidden)
    model = keras.Model(given, keras.layers.Dense(VOCABULARY, activation="softmax")(hidden))
    model.set_weights(list(engine.weights().values()))
    model.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(reduction="sum"))
    return model


def _keras_update(model: Any, data: Samples, batch: Array, weights: Array | None) -> tuple[float, float]:
    inputs, targets = data.inputs["input"][batch], data.targets["layer_2"][batch]
    counts = (targets != 0).astype(np.float32)
    _, accuracy = by_hand(targets, model.predict_on_batch(inputs))
    shares = counts / counts.sum()
    if weights is not None:
        shares *= weights[batch][:, None]
    return float(model.train_on_batch(inputs, targets, sample_weight=shares)), accuracy


def test_both_engines_learn_the_same() -> None:
    project = writer(GRU(units=4, return_sequences=True), mask_zero=True)
    scratch = ScratchEngine(project, FACTS)
    weights = np.linspace(0.5, 2, COUNT).astype(np.float32)
    batches = [np.arange(5), np.arange(5, COUNT), np.arange(COUNT)]
    with built(project) as engine:
        engine.set_weights(scratch.weights())
        told = []
        for each in (engine, scratch):
            each.attach({"training": samples("layer_2", weights), "validation": samples("layer_2", weights)})
            metrics = each.train(batches)
            evaluation = each.evaluate("validation")
            assert evaluation is not None
            told.append((metrics, evaluation))
        (metrics, evaluation), (other_metrics, other_evaluation) = told
        for name, values in metrics.values.items():
            np.testing.assert_allclose(values, other_metrics.values[name], rtol=1e-4)
            assert evaluation.metrics[name] == pytest.approx(other_evaluation.metrics[name], rel=1e-4)
        np.testing.assert_allclose(evaluation.losses, other_evaluation.losses, rtol=1e-4)
        np.testing.assert_array_equal(evaluation.predictions, other_evaluation.predictions)
        for name, value in engine.weights().items():
            np.testing.assert_allclose(scratch.weights()[name], value, atol=1e-5)


def test_a_traced_update_is_the_same_update() -> None:
    batch = np.arange(4)
    project = writer(SimpleRNN(units=4, return_sequences=True))
    with built(project) as traced, built(project) as trained:
        for engine in (traced, trained):
            engine.attach({"training": samples("layer_2")})
        trace = traced.trace(batch, ["input", "layer_0", "layer_1", "layer_2"])
        told = trained.train([batch])
        for name, values in told.values.items():
            assert trace.metrics.values[name] == pytest.approx(values, rel=1e-5)
        for name, value in trained.weights().items():
            np.testing.assert_allclose(traced.weights()[name], value, atol=1e-6)
        # −1/p of what is right, times softmax′, is a − y at each place that counts.
        layer = trace.layers["layer_2"]
        targets = trace.targets
        shares = (targets != 0) / (targets != 0).sum()
        expected = (layer.values - np.eye(VOCABULARY)[targets]) * shares[..., None]
        np.testing.assert_allclose(layer.d_before, expected, atol=1e-5)
        np.testing.assert_allclose((layer.d_values * layer.values).sum(), -1, rtol=1e-4)
        assert trace.layers["layer_0"].gradients["embeddings"].shape == (VOCABULARY, 3)


def test_an_output_of_another_shape_is_refused() -> None:
    project = writer(LSTM(units=4))
    with pytest.raises(EngineError, match=r"layer_2 gives 7, but one of 7 tokens is to be told at each of 5 places"):
        KerasEngine(project, FACTS)


def test_step_by_step_a_model_says_what_it_says_about_the_whole_window() -> None:
    project = writer(
        LSTM(units=4, return_sequences=True),
        Dense(units=6, activation="relu"),
        GRU(units=3, return_sequences=True),
    )
    with built(project) as engine:
        tokens = np.random.default_rng(1).integers(1, VOCABULARY, (3, PLACES)).astype(np.int32)
        whole = engine.predict({"input": tokens.astype(np.float32)})
        states = None
        for place in range(PLACES):
            told = engine.step(tokens[:, place], states)
            assert told is not None
            probabilities, states = told
            np.testing.assert_allclose(probabilities, whole[:, place], atol=1e-5)


def test_what_sees_the_future_cannot_go_step_by_step() -> None:
    with built(writer(Bidirectional(layer=LSTM(units=2, return_sequences=True)))) as engine:
        assert engine.step(np.array([2]), None) is None


def repeated() -> Project:
    """The whole source, read once, stands beside each token of the target."""
    blocks = {
        "source": Input(source="source"),
        "read": Embedding(input_dim=VOCABULARY, output_dim=3, mask_zero=True),
        "encoder": GRU(units=4),
        "repeat": RepeatVector(n=PLACES),
        "target": Input(source="target"),
        "seen": Embedding(input_dim=VOCABULARY, output_dim=3),
        "both": Concatenate(),
        "decoder": SimpleRNN(units=5, return_sequences=True),
        "output": Dense(units=VOCABULARY, activation="softmax"),
    }
    wires = ["source read", "read encoder", "encoder repeat", "target seen", "repeat both", "seen both"]
    wires += ["both decoder", "decoder output"]
    model = Model(
        tuple(Block(each, layer) for each, layer in blocks.items()), tuple(Wire(*wire.split()) for wire in wires)
    )
    return Project(model=model, dataset=_PAIRS, training=Training(objective=TeacherForcing()))


_PAIRS = Pairs(source_length=4, target_length=PLACES, source_vocabulary=7, target_vocabulary=7)
_EMPTY = Project(dataset=_PAIRS)


@pytest.mark.parametrize(
    "project",
    [encoder_decoder(_EMPTY, PAIR_FACTS), attending_decoder(_EMPTY, PAIR_FACTS), repeated()],
    ids=["states", "attention", "repeated"],
)
def test_a_target_is_written_as_place_by_place(project: Project) -> None:
    class Slow:
        """The engine without a way of its own."""

        def __init__(self, engine: KerasEngine) -> None:
            self.predict = engine.predict

    with built(project, PAIR_FACTS) as engine:
        # Untrained weights all say the same: larger ones make more of a difference.
        rng = np.random.default_rng(5)
        engine.set_weights({name: rng.normal(size=value.shape) for name, value in engine.weights().items()})
        source = padded(rng, 20, 4).astype(np.float32)
        fast = complete(engine, {"source": source}, "target", places=PLACES, start=2, end=3)
        slow = complete(Slow(engine), {"source": source}, "target", places=PLACES, start=2, end=3)  # type: ignore[arg-type]
        np.testing.assert_array_equal(fast, slow)
        assert len(np.unique(fast, axis=0)) > 1
        behind = np.cumsum(fast == 3, axis=1) - (fast == 3) > 0
        assert (fast[behind] == 0).all()
