"""Small projects that write, and the data they learn from, for the scratch engine."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from nnplayground.layers.core import Dense, Input
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.recurrent import GRU
from nnplayground.layers.sequences import Embedding, RepeatVector
from nnplayground.spec.dataset import FractionSplit, Pairs, Text
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, NextToken, TeacherForcing, Training


def rhyme_project(folder: Path) -> Project:
    """abcabcabc…, and a model that soon knows it by heart."""
    (folder / "rhyme.txt").write_text("abc" * 200)
    blocks = (
        Block("input", Input()),
        Block("embedding_1", Embedding(input_dim=5, output_dim=4)),
        Block("gru_1", GRU(units=8, return_sequences=True)),
        Block("dense_1", Dense(units=5, activation="softmax")),
    )
    wires = (Wire("input", "embedding_1"), Wire("embedding_1", "gru_1"), Wire("gru_1", "dense_1"))
    dataset = Text(file=str(folder / "rhyme.txt"), level="character", vocabulary_size=100, sequence_length=6)
    training = Training(
        engine="scratch", objective=NextToken(), optimizer=Adam(learning_rate=0.05), batch_size=16, epochs=8
    )
    return Project(model=Model(blocks, wires), dataset=dataset, training=training)


def echo_project(folder: Path) -> Project:
    """Two letters, to be written again."""
    rng = np.random.default_rng(0)
    with (folder / "echo.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("source", "target"))
        for _ in range(300):
            text = "".join(rng.choice(list("xyz"), rng.integers(1, 3)))
            table.writerow((text, text))
    blocks = {
        "source": Input(source="source"),
        "read": Embedding(input_dim=5, output_dim=4, mask_zero=True),
        "encoder": GRU(units=16),
        "repeated": RepeatVector(n=3),
        "target": Input(source="target"),
        "seen": Embedding(input_dim=7, output_dim=4),
        "both": Concatenate(),
        "decoder": GRU(units=16, return_sequences=True),
        "output": Dense(units=7, activation="softmax"),
    }
    wires = ["source read", "read encoder", "encoder repeated", "target seen", "repeated both", "seen both"]
    wires += ["both decoder", "decoder output"]
    model = Model(
        tuple(Block(each, layer) for each, layer in blocks.items()), tuple(Wire(*wire.split()) for wire in wires)
    )
    dataset = Pairs(
        file=str(folder / "echo.csv"), source_length=2, target_length=3, split=FractionSplit(validation=0.2)
    )
    training = Training(
        engine="scratch", objective=TeacherForcing(), optimizer=Adam(learning_rate=0.02), batch_size=16, epochs=12
    )
    return Project(model=model, dataset=dataset, training=training)
