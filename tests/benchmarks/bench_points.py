"""An epoch of the 2-8-8-1 network on 250 points, batch 10, on both engines, against a bare `model.fit` script.

All three do the same: 200 points train in a new order each epoch, loss and accuracy of every update are known, the
other 50 validate after each epoch.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from nnplayground import data
from nnplayground.layers.core import Dense
from nnplayground.spec.dataset import Points
from nnplayground.spec.edits import append_layer
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone
from nnplayground.training.session import Session
from tests.benchmarks.common import isolate, print_rows, ratio_row, result_of

FIT = """
import json, sys, time
import numpy as np, keras
keras.utils.set_random_seed(0)
data = np.load(sys.argv[1])
L = keras.layers
model = keras.Sequential([keras.Input((2,)), L.Dense(8, activation="tanh"), L.Dense(8, activation="tanh"),
                          L.Dense(1, activation="sigmoid")])
model.compile(getattr(keras.optimizers, sys.argv[2])(0.01), "binary_crossentropy", metrics=["accuracy"])
def fit(epochs):
    model.fit(data["x"], data["y"], batch_size=10, epochs=epochs, validation_data=(data["vx"], data["vy"]), verbose=0)
fit(3)
began = time.perf_counter()
fit(20)
print(json.dumps((time.perf_counter() - began) / 20))
"""


def project(engine: str, optimizer: SGD | Adam, epochs: int) -> Project:
    result = Project(
        dataset=Points(shape="circle", count=250),
        training=Training(engine=engine, optimizer=optimizer, batch_size=10, epochs=epochs),  # type: ignore[arg-type]
    )
    for units in (8, 8):
        result = append_layer(result, Dense(units=units, activation="tanh"))
    return append_layer(result, Dense(units=1, activation="sigmoid"))


def seconds_per_epoch(engine: str, optimizer: SGD | Adam, epochs: int) -> float:
    """The whole loop with all its events, the first tenth left out."""
    ends = [
        time.perf_counter()
        for event in Session().run(project(engine, optimizer, epochs), controls=Controls())
        if isinstance(event, EpochDone)
    ]
    skipped = epochs // 10
    return (ends[-1] - ends[skipped]) / (len(ends) - 1 - skipped)


def arrays() -> Path:
    dataset = project("scratch", SGD(), 1).dataset
    assert dataset is not None
    splits = data.load(dataset, Path.cwd(), input_ids=("input",), output_ids=("target",)).splits
    path = Path(tempfile.mkdtemp()) / "points.npz"
    np.savez(
        path,
        x=splits["training"].prepared("input", slice(None)),
        y=splits["training"].targets["target"],
        vx=splits["validation"].prepared("input", slice(None)),
        vy=splits["validation"].targets["target"],
    )
    return path


def main() -> None:
    isolate()
    points = str(arrays())
    rows = []
    for optimizer in (SGD(learning_rate=0.01), Adam(learning_rate=0.01)):
        name = type(optimizer).__name__
        reference = float(result_of(FIT, points, name))
        keras = seconds_per_epoch("keras", optimizer, 600)
        scratch = min(seconds_per_epoch("scratch", optimizer, 4000) for _ in range(3))
        rows.append(ratio_row(f"epoch, 2-8-8-1 on 250 points, Keras engine, {name}", keras, reference, budget=0.03))
        rows.append(
            ratio_row(
                f"epoch, same, scratch engine, {name} ({1 / scratch:,.0f} epochs/s)", scratch, reference, budget=0.006
            )
        )
    print_rows(rows)


if __name__ == "__main__":
    main()
