"""An epoch of recurrent networks, in a run of ours and in a bare `model.fit` of the same model.

LSTM 64 over texts of 100 words, LSTM 128 that tells the next of 60 characters, and an encoder and a decoder of LSTM 128
that read 36 characters and write 11. Both sides train on the same samples in shuffled batches, measure the accuracy,
and validate after each epoch; their epochs alternate within one process, and the first does not count.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from nnplayground.layers.activations import activation
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.recurrent import LSTM
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import Pairs, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire, infer_shapes
from nnplayground.spec.objective import resolved_loss, resolved_metrics
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Clip, NextToken, TeacherForcing, Training
from nnplayground.spec.writers import encoder_decoder
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone
from nnplayground.training.loop import TrainingLoop
from nnplayground.training.progress import Progress, RunPlan
from nnplayground.training.snapshots import Viewer
from tests.benchmarks.common import Row, isolate, print_rows, ratio_row, result_of

EPOCHS, WARM_UP = 4, 1
TRAINING, VALIDATION = 3000, 600
_CASES = ("words", "characters", "pairs")
_TITLES = {
    "words": "epoch, LSTM 64 over 100 words, all events, against model.fit",
    "characters": "epoch, LSTM 128 over 60 characters, next token at each place, against model.fit",
    "pairs": "epoch, encoder and decoder LSTM 128, against model.fit",
}


class Case(NamedTuple):
    """inputs: name of the array → (length, vocabulary). targets: (places, vocabulary), no places for one class."""

    project: Project
    inputs: dict[str, tuple[int, int]]
    targets: tuple[int | None, int]


def case(name: str) -> Case:
    training = Training(optimizer=Adam(learning_rate=0.001), batch_size=32, epochs=EPOCHS)
    if name == "words":
        model = _chain(Embedding(input_dim=2000, output_dim=32), LSTM(units=64), Dense(units=2, activation="softmax"))
        project = Project(model=model, dataset=Text(sequence_length=100), training=training)
        return Case(project, {"text": (100, 2000)}, (None, 2))
    if name == "characters":
        model = _chain(
            Embedding(input_dim=60, output_dim=32),
            LSTM(units=128, return_sequences=True),
            Dense(units=60, activation="softmax"),
        )
        training = Training(optimizer=Adam(learning_rate=0.001), batch_size=32, epochs=EPOCHS, objective=NextToken())
        project = Project(model=model, dataset=Text(sequence_length=60), training=training)
        return Case(project, {"text": (60, 60)}, (60, 60))
    dataset = Pairs(source_length=36, target_length=11, source_vocabulary=60, target_vocabulary=15)
    made = encoder_decoder(Project(dataset=dataset), None)
    training = Training(
        optimizer=Adam(learning_rate=0.001), batch_size=32, epochs=EPOCHS, objective=TeacherForcing(), clip=Clip()
    )
    project = Project(model=made.model, dataset=dataset, training=training)
    return Case(project, {"source": (36, 60), "target": (11, 15)}, (11, 15))


def _chain(*layers: Any) -> Model:
    blocks = [Block("input", Input()), *(Block(f"layer_{number}", layer) for number, layer in enumerate(layers))]
    return Model(tuple(blocks), tuple(Wire(first.id, second.id) for first, second in pairwise(blocks)))


def samples(chosen: Case, count: int, seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    model = chosen.project.model
    arrays = zip(model.inputs, chosen.inputs.values(), strict=True)
    inputs = {name: rng.integers(1, size, (count, length)).astype(np.int32) for name, (length, size) in arrays}
    places, size = chosen.targets
    targets: Array = rng.integers(0, size, count) if places is None else rng.integers(1, size, (count, places))
    return Samples(
        inputs=inputs,
        targets={model.outputs[0]: targets.astype(np.int32)},
        ids=tuple(f"{seed}/{number}" for number in range(count)),
    )


def our_epochs(chosen: Case, splits: dict[str, Samples]) -> Iterator[float]:
    """The seconds of one epoch after the other, each begun when it is asked for."""
    from nnplayground.engine.keras.engine import KerasEngine

    project = chosen.project
    places, size = chosen.targets
    facts = DataFacts(
        input_shapes={name: (length,) for name, (length, _) in chosen.inputs.items()},
        target="classes" if places is None else "tokens",
        target_length=places,
        class_names=tuple(map(str, range(size))),
    )
    engine = KerasEngine(project, facts)
    engine.attach(splits)
    shapes = {each: known.output for each, known in infer_shapes(project.model, facts.input_shapes).items()}
    loop = TrainingLoop(
        engine,
        splits,
        plan=RunPlan("run", project, (), resolved_metrics(project, facts), EPOCHS),
        controls=Controls(),
        progress=Progress(),
        viewer=Viewer(
            engine,
            splits,
            loss=resolved_loss(project, facts),
            shapes={each: shape for each, shape in shapes.items() if shape is not None},
            activations={
                block.id: activation(getattr(block.layer, "activation", "linear")) for block in project.model.blocks
            },
        ),
    )
    began = time.perf_counter()
    for event in loop.events():
        if isinstance(event, EpochDone):
            yield time.perf_counter() - began
            began = time.perf_counter()


def fit_epochs(chosen: Case, splits: dict[str, Samples], between: Callable[[], None]) -> list[float]:
    """The seconds of each epoch of `fit`. between: called after each, and not counted."""
    from nnplayground.engine.keras.runtime import keras

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []
            self.began = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.began)
            between()

    watch = Watch()
    model = _bare(keras, chosen)
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    (x, y), validation = (_arrays(splits[name]) for name in ("training", "validation"))
    model.fit(x, y, validation_data=validation, batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[watch])
    return watch.seconds


def _arrays(split: Samples) -> tuple[Any, Array]:
    inputs = list(split.inputs.values())
    return inputs if len(inputs) > 1 else inputs[0], next(iter(split.targets.values()))


def _bare(keras: Any, chosen: Case) -> Any:
    """The model as one writes it down with Keras."""
    layers = keras.layers
    _, size = chosen.targets
    if len(chosen.inputs) == 1:
        ((length, vocabulary),) = chosen.inputs.values()
        given = keras.Input((length,))
        units, sequences = (64, False) if chosen.targets[0] is None else (128, True)
        hidden = layers.LSTM(units, return_sequences=sequences)(layers.Embedding(vocabulary, 32)(given))
        return keras.Model(given, layers.Dense(size, activation="softmax")(hidden))
    (read, known), (written, told) = chosen.inputs.values()
    source, target = keras.Input((read,)), keras.Input((written,))
    seen = layers.Embedding(known, 32, mask_zero=True)(source)
    _, *states = layers.LSTM(128, return_state=True)(seen)
    before = layers.Embedding(told, 32, mask_zero=True)(target)
    hidden = layers.LSTM(128, return_sequences=True)(before, initial_state=states)
    return keras.Model([source, target], layers.Dense(size, activation="softmax")(hidden))


def measured(name: str) -> tuple[float, float]:
    """Median seconds of an epoch: (ours, fit)."""
    chosen = case(name)
    splits = {"training": samples(chosen, TRAINING, 1), "validation": samples(chosen, VALIDATION, 2)}
    ours = our_epochs(chosen, splits)
    ours_seconds: list[float] = []
    fit_seconds = fit_epochs(chosen, splits, lambda: ours_seconds.append(next(ours)))
    return statistics.median(ours_seconds[WARM_UP:]), statistics.median(fit_seconds[WARM_UP:])


_IN_A_PROCESS = """
import json, sys
from tests.benchmarks.bench_sequences import measured
print(json.dumps(measured(sys.argv[1])))
"""


def row(name: str) -> Row:
    ours, reference = result_of(_IN_A_PROCESS, name)
    return ratio_row(_TITLES[name], ours, reference, budget=0.95)


def main() -> None:
    isolate()
    print_rows([row(name) for name in _CASES])


if __name__ == "__main__":
    main()
