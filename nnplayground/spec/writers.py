"""Ready-made models that write: one that goes on with a text, and pairs of an encoder and a decoder."""

from __future__ import annotations

from itertools import pairwise

import msgspec

from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.recurrent import LSTM
from nnplayground.layers.sequences import Embedding
from nnplayground.spec.dataset import Pairs, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Clip, NextToken, TeacherForcing, Training

_EMBEDDED = 32
_UNITS = 128


def text_writer(project: Project, facts: DataFacts | None) -> Project:
    """The project with a model that tells the next token of its text at each place."""
    dataset = project.dataset
    size = _vocabulary_size(facts, "text", dataset.vocabulary_size if isinstance(dataset, Text) else 100)
    blocks = (
        Block("input", Input()),
        Block("embedding_1", Embedding(input_dim=size, output_dim=_EMBEDDED)),
        Block("lstm_1", LSTM(units=_UNITS, return_sequences=True)),
        Block("dense_1", Dense(units=size, activation="softmax")),
    )
    wires = tuple(Wire(first.id, second.id) for first, second in pairwise(blocks))
    training = _training(project, objective=NextToken())
    return msgspec.structs.replace(project, model=Model(blocks, wires), training=training)


def encoder_decoder(project: Project, facts: DataFacts | None) -> Project:
    """The project with an LSTM that reads the source, and one that starts with its state and writes the target."""
    return _pair(project, facts, attention=False)


def attending_decoder(project: Project, facts: DataFacts | None) -> Project:
    """The same with a decoder that looks at all places of the source, at each place that it writes."""
    return _pair(project, facts, attention=True)


def _pair(project: Project, facts: DataFacts | None, *, attention: bool) -> Project:
    dataset = project.dataset if isinstance(project.dataset, Pairs) else Pairs()
    read = _vocabulary_size(facts, "source", dataset.source_vocabulary)
    written = _vocabulary_size(facts, "target", dataset.target_vocabulary)
    blocks = [
        Block("source", Input(source="source")),
        # Padding is passed over, so that the state is what was read last.
        Block("embedding_1", Embedding(input_dim=read, output_dim=_EMBEDDED, mask_zero=True)),
        Block("encoder", LSTM(units=_UNITS, return_sequences=attention)),
        Block("target", Input(source="target")),
        Block("embedding_2", Embedding(input_dim=written, output_dim=_EMBEDDED, mask_zero=True)),
        Block("decoder", LSTM(units=_UNITS, return_sequences=True)),
    ]
    wires = [
        Wire("source", "embedding_1"),
        Wire("embedding_1", "encoder"),
        Wire("target", "embedding_2"),
        Wire("embedding_2", "decoder"),
        Wire("encoder.states", "decoder.initial_state"),
    ]
    last = "decoder"
    if attention:
        blocks.append(Block("attention", MultiHeadAttention(num_heads=1, key_dim=64)))
        blocks.append(Block("concatenate_1", Concatenate()))
        wires += [
            Wire("decoder", "attention"),
            Wire("encoder", "attention"),
            Wire("decoder", "concatenate_1"),
            Wire("attention", "concatenate_1"),
        ]
        last = "concatenate_1"
    blocks.append(Block("dense_1", Dense(units=written, activation="softmax")))
    wires.append(Wire(last, "dense_1"))
    training = _training(project, objective=TeacherForcing())
    return msgspec.structs.replace(project, model=Model(tuple(blocks), tuple(wires)), training=training)


def _training(project: Project, *, objective: NextToken | TeacherForcing) -> Training:
    return msgspec.structs.replace(
        project.training,
        engine="keras",
        objective=objective,
        optimizer=Adam(learning_rate=0.003),
        # Gradients through many steps may explode now and then.
        clip=Clip(global_norm=1.0),
        loss="auto",
        metrics="auto",
        class_weight="none",
        batch_size=64,
    )


def _vocabulary_size(facts: DataFacts | None, name: str, at_most: int) -> int:
    known = facts.vocabularies.get(name) if facts is not None else None
    return len(known) if known else at_most
