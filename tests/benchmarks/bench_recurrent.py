"""An epoch of recurrent networks that read tokens, on both engines.

1,600 rows of 40 tokens, 50 updates with batches of 32: Embedding(2000, 32), a recurrent layer of 64 units over steps of
which a part is padding, and a sigmoid. Without the first epochs, in which the Keras engine is warming up.
"""

from __future__ import annotations

import time
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from nnplayground.engine import build
from nnplayground.layers import Layer
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training
from tests.benchmarks.common import alternating, isolate, print_rows, ratio_row

COUNT, LENGTH, TOKENS, BATCH = 1600, 40, 2000, 32
ROUNDS = 5


def reader(layer: Layer) -> Model:
    layers = (
        Input(),
        Embedding(input_dim=TOKENS, output_dim=32, mask_zero=True),
        layer,
        Dense(units=1, activation="sigmoid"),
    )
    names = ("input", "tokens", "reader", "output")
    blocks = tuple(Block(name, each) for name, each in zip(names, layers, strict=True))
    return Model(blocks, tuple(Wire(*ends) for ends in pairwise(names)))


def texts() -> Samples:
    """Padded at the end; of class 1, if the first token is the larger one of the first two."""
    random = np.random.default_rng(0)
    tokens = random.integers(1, TOKENS, size=(COUNT, LENGTH)).astype(np.int32)
    tokens[np.arange(LENGTH) >= random.integers(10, LENGTH + 1, size=(COUNT, 1))] = 0
    labels = (tokens[:, 0] > tokens[:, 1]).astype(np.int32)
    return Samples(inputs={"input": tokens}, targets={"output": labels}, ids=tuple(map(str, range(COUNT))))


def trained(model: Model, engine: str) -> Any:
    project = Project(model=model, training=Training(engine=engine, optimizer=Adam()))  # type: ignore[arg-type]
    made = build(project, DataFacts(input_shape=(LENGTH,), class_names=("no", "yes")))
    made.attach({"training": texts()})
    return made


def epoch_seconds(engine: Any) -> float:
    order = np.random.default_rng(0).permutation(COUNT)
    batches = [order[start : start + BATCH] for start in range(0, COUNT, BATCH)]
    began = time.perf_counter()
    engine.train(batches)
    return time.perf_counter() - began


def main() -> None:
    isolate()
    rows = []
    for what, layer in (
        ("LSTM", LSTM(units=64)),
        ("GRU", GRU(units=64)),
        ("Bidirectional LSTM", Bidirectional(layer=LSTM(units=32))),
    ):
        model = reader(layer)
        epochs = [partial(epoch_seconds, trained(model, engine)) for engine in ("scratch", "keras")]
        ours, reference = alternating(epochs[0], epochs[1], rounds=ROUNDS)
        name = f"epoch of {what}, 1,600 rows of 40 tokens, scratch engine against Keras engine"
        rows.append(ratio_row(name, ours, reference, budget=1))
    print_rows(rows)


if __name__ == "__main__":
    main()
