"""The scratch engine where one token is told at each of several places."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from nnplayground.engine.base import EngineError
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.recurrent import GRU
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, NextToken, Training

PLACES, VOCABULARY, COUNT = 4, 6, 9
FACTS = DataFacts(
    input_shapes={"text": (PLACES,)},
    target="tokens",
    target_length=PLACES,
    class_names=tuple("_?abcd"),
)


def project(*, sequences: bool = True) -> Project:
    blocks = (
        Block("input", Input()),
        Block("embedding_1", Embedding(input_dim=VOCABULARY, output_dim=3, mask_zero=True)),
        Block("gru_1", GRU(units=4, return_sequences=sequences)),
        Block("dense_1", Dense(units=VOCABULARY, activation="softmax")),
    )
    wires = (Wire("input", "embedding_1"), Wire("embedding_1", "gru_1"), Wire("gru_1", "dense_1"))
    training = Training(engine="scratch", objective=NextToken(), optimizer=SGD(learning_rate=0.5))
    return Project(model=Model(blocks, wires), dataset=Text(sequence_length=PLACES), training=training)


def samples(weights: Array | None = None) -> Samples:
    rng = np.random.default_rng(2)

    def padded() -> Array:
        tokens = rng.integers(1, VOCABULARY, (COUNT, PLACES)).astype(np.int32)
        tokens[np.arange(PLACES) >= rng.integers(1, PLACES + 1, (COUNT, 1))] = 0
        return tokens

    return Samples(
        inputs={"input": padded()},
        targets={"dense_1": padded()},
        ids=tuple(map(str, range(COUNT))),
        weights=weights,
    )


def engine(split: str, data: Samples) -> ScratchEngine:
    made = ScratchEngine(project(), FACTS, dtype=np.float64)
    made.attach({split: data})
    return made


def losses_of(made: ScratchEngine, data: Samples) -> tuple[Array, Array]:
    """(losses, counting), place by place, from what the model predicts."""
    targets = data.targets["dense_1"]
    probabilities = made.predict({"input": data.prepared("input", slice(None))})
    right = np.take_along_axis(probabilities, targets[..., None].astype(int), -1)[..., 0]
    return -np.log(right), targets != 0


def test_padding_counts_for_nothing_in_an_evaluation() -> None:
    data = samples()
    made = engine("validation", data)
    evaluation = made.evaluate("validation")
    assert evaluation is not None
    losses, counting = losses_of(made, data)
    np.testing.assert_allclose(evaluation.losses, (losses * counting).sum(1) / counting.sum(1))
    assert evaluation.metrics["loss"] == pytest.approx(losses[counting].mean())
    right = evaluation.predictions == data.targets["dense_1"]
    assert evaluation.metrics["accuracy"] == pytest.approx(right[counting].mean())
    assert evaluation.predictions.dtype == np.int32
    assert made.evaluate("validation", lambda: True) is None


@pytest.mark.parametrize("weighted", [False, True])
def test_the_gradient_is_that_of_the_mean_over_the_places(weighted: bool) -> None:
    weights = np.linspace(0.5, 2, COUNT) if weighted else None
    data = samples(weights)
    made = engine("training", data)
    batch = np.array([3, 0, 7, 5, 2])

    def loss() -> float:
        losses, counting = losses_of(made, data)
        each = losses * counting * (1 if weights is None else weights[:, None])
        return float(each[batch].sum() / counting[batch].sum())

    gradients = made.gradients(batch)
    for name, gradient in gradients.items():
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        told = []
        for step in (1e-5, -1e-5):
            moved = made.weights()[name].copy()
            moved[place] += step
            before = made.weights()[name]
            made.set_weights({name: moved})
            told.append(loss())
            made.set_weights({name: before})
        assert gradient[place] == pytest.approx((told[0] - told[1]) / 2e-5, rel=1e-4), name


def test_updates_are_the_same_one_by_one_together_and_traced() -> None:
    batches = [np.arange(4), np.arange(4, COUNT), np.arange(COUNT)]
    together, single, traced = (engine("training", samples()) for _ in range(3))
    told = together.train(batches)
    for number, batch in enumerate(batches):
        one = single.train([batch])
        trace = traced.trace(batch, ["dense_1"])
        for name, values in told.values.items():
            assert one.values[name][0] == pytest.approx(values[number])
            assert trace.metrics.values[name][0] == pytest.approx(values[number])
        assert trace.targets.shape == (len(batch), PLACES)
        assert trace.losses.shape == trace.shares.shape == (len(batch),)
        assert trace.shares.sum() == pytest.approx(1)
    for name, value in together.weights().items():
        np.testing.assert_allclose(single.weights()[name], value)
        np.testing.assert_allclose(traced.weights()[name], value)


def test_an_output_of_another_shape_is_refused() -> None:
    with pytest.raises(EngineError, match=r"dense_1 gives 6, but one of 6 tokens is to be told at each of 4 places"):
        ScratchEngine(project(sequences=False), FACTS)
    training = msgspec.structs.replace(project().training, loss="mean_squared_error")
    with pytest.raises(EngineError, match="not with mean_squared_error; choose auto"):
        ScratchEngine(msgspec.structs.replace(project(), training=training), FACTS)
