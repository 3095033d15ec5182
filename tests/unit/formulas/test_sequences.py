"""What is written out of a model that reads sequences, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.formulas.steps import CannotExplain, explain
from nnplayground.formulas.subject import Focus
from nnplayground.layers.core import Dense
from nnplayground.layers.recurrent import GRU
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Samples
from nnplayground.spec.dataset import Text
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training

LAYERS = ("input", "embedding_1", "gru_1", "dense_1")


def traced(*, tokens: bool) -> tuple[Project, DataFacts, ScratchEngine]:
    project = Project(dataset=Text(sequence_length=3), training=Training(engine="scratch"))
    last = Dense(units=5, activation="softmax") if tokens else Dense(units=1, activation="sigmoid")
    for layer in (Embedding(input_dim=5, output_dim=2), GRU(units=4, return_sequences=tokens), last):
        project = append_layer(project, layer)
    facts = DataFacts(
        input_shapes={"text": (3,)},
        target="tokens" if tokens else "classes",
        target_length=3 if tokens else None,
        class_names=tuple("_?abc") if tokens else ("a", "b"),
    )
    texts = np.array([[2, 3, 4], [3, 2, 2]], np.int32)
    targets = np.array([[3, 4, 2], [2, 2, 3]] if tokens else [0, 1], np.int32)
    engine = ScratchEngine(project, facts)
    engine.attach({"training": Samples(inputs={"input": texts}, targets={"dense_1": targets}, ids=("a", "b"))})
    return project, facts, engine


def test_the_head_of_a_model_that_reads_is_written_out() -> None:
    project, facts, engine = traced(tokens=False)
    trace = engine.trace(np.arange(2), LAYERS)
    explanation = explain(project, facts, trace, Focus("dense_1"))
    assert [step.phase for step in explanation.steps] == ["forward", "activation", "loss", "backward", "update"]
    for layer_id in ("embedding_1", "gru_1"):
        with pytest.raises(CannotExplain, match=f"{layer_id} works on sequences.*Activations shows"):
            explain(project, facts, trace, Focus(layer_id))


@pytest.mark.parametrize("layer_id", LAYERS)
def test_an_update_with_tokens_as_targets_is_not(layer_id: str) -> None:
    project, facts, engine = traced(tokens=True)
    trace = engine.trace(np.arange(2), LAYERS)
    with pytest.raises(CannotExplain, match=f"{layer_id} works on sequences"):
        explain(project, facts, trace, Focus(layer_id))
