"""Looking inside models that read: states and gates step by step, and which tokens matter."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from nnplayground.layers import Layer
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.pooling_1d import GlobalAveragePooling1D
from nnplayground.layers.recurrent import GRU, LSTM, SimpleRNN
from nnplayground.layers.sequences import Embedding
from nnplayground.spec.dataset import Series, Text
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import DataLoaded, RunEnded, SnapshotWants
from nnplayground.training.questions import NotTrained
from nnplayground.training.sequences import SequenceLens
from nnplayground.training.session import Session

LENGTH = 6


@pytest.fixture
def texts(tmp_path: Path) -> Text:
    """The second word alone tells the class; of three words each, the rest is padding."""
    rows = [
        f"the {'good' if number % 2 else 'bad'} {['dog', 'cat', 'cow', 'hen'][number // 2 % 4]}" for number in range(60)
    ]
    file = tmp_path / "texts.csv"
    file.write_text("\n".join(["text,label", *(f"{row},{['no', 'yes'][n % 2]}" for n, row in enumerate(rows))]))
    return Text(file=str(file), text_column="text", label_column="label", sequence_length=LENGTH)


def project_of(dataset: Text, *readers: Layer, mask: bool = True) -> Project:
    """readers: what stands between the Embedding and the output; the first one has the id "reader"."""
    ids = ("input", "embedding_1", "reader", *(f"behind_{number}" for number in range(1, len(readers))), "dense_1")
    layers = (
        Input(),
        Embedding(input_dim=16, output_dim=6, mask_zero=mask),
        *readers,
        Dense(units=1, activation="sigmoid"),
    )
    model = Model(
        tuple(Block(name, each) for name, each in zip(ids, layers, strict=True)),
        tuple(Wire(first, second) for first, second in itertools.pairwise(ids)),
    )
    training = Training(engine="scratch", optimizer=Adam(learning_rate=0.05), batch_size=16, epochs=30)
    return Project(model=model, dataset=dataset, training=training)


def trained(project: Project) -> Session:
    session = Session()
    events = list(session.run(project, controls=Controls()))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "finished"
    return session


GATES = {
    SimpleRNN: {"hidden"},
    GRU: {"hidden", "update_gate", "reset_gate", "candidate"},
    LSTM: {"hidden", "cell", "input_gate", "forget_gate", "candidate", "output_gate"},
}


@pytest.mark.parametrize("kind", list(GATES))
def test_gates_end_in_what_the_layer_gives(texts: Text, kind: type[LSTM] | type[GRU] | type[SimpleRNN]) -> None:
    session = trained(project_of(texts, kind(units=4)))
    snapshot = session.model.snapshot(SnapshotWants(sample_id="2", layer_ids=("reader", "dense_1")), run_id="")
    gates = snapshot.gates["reader"]
    assert set(gates) == GATES[kind]
    assert all(values.shape == (LENGTH, 4) for values in gates.values())
    assert np.allclose(gates["hidden"][-1], snapshot.activations["reader"], atol=1e-6)
    # At padding, the state stays what it was.
    assert np.allclose(gates["hidden"][2], gates["hidden"][-1])
    assert snapshot.tokens["reader"] == ("the", "bad", "dog", "", "", "")
    assert snapshot.gates["dense_1"] == {}
    session.close()


def test_attention_is_told_with_the_words_that_it_looks_at(texts: Text) -> None:
    session = trained(project_of(texts, MultiHeadAttention(num_heads=2, key_dim=4), GlobalAveragePooling1D()))
    snapshot = session.model.snapshot(SnapshotWants(sample_id="2", layer_ids=("reader", "dense_1")), run_id="")
    heads = snapshot.gates["reader"]
    assert list(heads) == ["head_1", "head_2"]
    assert heads["head_1"].shape == (LENGTH, LENGTH)
    # Nothing is taken from padding.
    assert np.allclose(heads["head_1"][:3, :3].sum(axis=1), 1)
    assert snapshot.looked_at["reader"] == snapshot.tokens["reader"] == ("the", "bad", "dog", "", "", "")
    assert snapshot.looked_at["dense_1"] == ()
    session.close()


def test_what_is_looked_at_may_be_another_text() -> None:
    blocks = (
        Block("source", Input()),
        Block("read", Embedding(input_dim=4)),
        Block("target", Input()),
        Block("written", Embedding(input_dim=4)),
        Block("attention", MultiHeadAttention()),
    )
    wires = (
        *(Wire("source", "read"), Wire("target", "written")),
        *(Wire("written", "attention"), Wire("read", "attention")),
    )
    lens = SequenceLens(
        cast(Any, None), Model(blocks, wires), {"source": ("", "?", "one", "two"), "target": ("", "?", "1", "2")}
    )
    inputs = {"source": np.array([[3, 2, 0]], np.float32), "target": np.array([[2, 3]], np.float32)}
    assert lens.tokens("attention", inputs) == ("1", "2")
    assert lens.looked_at("attention", inputs) == ("two", "one", "")


def test_nothing_of_it_is_computed_where_nobody_looks(texts: Text) -> None:
    session = trained(project_of(texts, LSTM(units=4)))
    snapshot = session.model.snapshot(SnapshotWants(weights=("reader",)), run_id="")
    assert snapshot.gates == {}
    assert snapshot.tokens == {}
    session.close()


@pytest.mark.parametrize("mask", [True, False])
def test_the_word_that_decides_matters_most(texts: Text, mask: bool) -> None:
    session = trained(project_of(texts, GRU(units=6), mask=mask))
    influence = session.model.influence("2")
    assert influence.shape == (LENGTH,)
    assert influence.dtype == np.float32
    assert (influence[3:] == 0).all()
    # Without it the model takes one of the two classes, so it matters in texts of the other one.
    both = [influence, session.model.influence("3")]
    assert max(each[1] for each in both) > 0.2
    assert all(each[1] >= each[[0, 2]].max() for each in both)
    with pytest.raises(NotTrained, match="not among the samples"):
        session.model.influence("nobody")
    session.close()


def test_numbers_have_no_words(tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("\n".join(["value", *(f"{np.sin(row / 3):.4f}" for row in range(80))]))
    dataset = Series(file=str(file), columns=("value",), target="value", window=5)
    ids = ("input", "reader", "dense_1")
    layers = (Input(), SimpleRNN(units=3), Dense(units=1))
    model = Model(
        tuple(Block(name, each) for name, each in zip(ids, layers, strict=True)),
        tuple(Wire(first, second) for first, second in itertools.pairwise(ids)),
    )
    project = Project(model=model, dataset=dataset, training=Training(engine="scratch", epochs=1))
    session = Session()
    events = list(session.run(project, controls=Controls()))
    catalog = next(event.catalog for event in events if isinstance(event, DataLoaded))
    sample_id = catalog.ids["validation"][0]
    snapshot = session.model.snapshot(SnapshotWants(sample_id=sample_id, layer_ids=("reader",)), run_id="")
    assert snapshot.gates["reader"]["hidden"].shape == (5, 3)
    assert snapshot.tokens["reader"] == ()
    with pytest.raises(NotTrained, match="no token"):
        session.model.influence(sample_id)
    series = catalog.series
    assert series is not None
    assert series.columns == ("value",)
    # The first target of the validation is the row behind the first window of it.
    label = float(catalog.labels["validation"][0])
    assert series.in_file(label) == pytest.approx(np.sin((64 + 5) / 3), abs=1e-3)
    assert series.in_file(series.windows["validation"][0, :, 0]) == pytest.approx(
        np.sin(np.arange(64, 69) / 3), abs=1e-3
    )
    session.close()
