"""An update of the 12288-20-7-5-1 network on 790 images, full batch, against its formulas as plain numpy.

The reference computes in float64, as numpy does unless told otherwise: forward, cost, backward and update as they are
written in a textbook, layer by layer. The second row leaves out what no update needs, the gradient by the data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.core import Dense, Flatten
from nnplayground.samples import Array, Preparation, Samples
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from tests.benchmarks.common import alternating, print_rows, ratio_row

COUNT, SHAPE, UNITS, RATE = 790, (64, 64, 3), (20, 7, 5, 1), 0.005
UPDATES = 20


def engine(pictures: Array, labels: Array) -> ScratchEngine:
    project = append_layer(
        Project(training=Training(engine="scratch", optimizer=SGD(learning_rate=RATE), batch_size="all")), Flatten()
    )
    for units in UNITS:
        project = append_layer(project, Dense(units=units, activation="relu" if units > 1 else "sigmoid"))
    made = ScratchEngine(project, DataFacts(input_shape=SHAPE, target="classes", class_names=("cat", "no cat")))
    training = Samples(
        inputs={"input": pictures},
        targets={project.model.outputs[0]: labels},
        ids=tuple(map(str, range(COUNT))),
        preparation={"input": Preparation(scale=(1 / 255,), offset=(0.0,))},
    )
    made.attach({"training": training})
    return made


class Formulas:
    """Z = A_prev W + b, A = g(Z); dZ = dA g′(Z), dW = A_prevᵀ dZ / m, db = mean dZ, dA_prev = dZ Wᵀ; W ← W − α dW."""

    def __init__(self, pictures: Array, labels: Array, *, by_data: bool) -> None:
        """by_data: whether to compute dA_prev of the first layer too, as the formulas say."""
        random = np.random.default_rng(0)
        self.x, self.y = pictures.reshape(COUNT, -1) / 255, labels.reshape(-1, 1)
        sizes = [self.x.shape[1], *UNITS]
        self.w = [random.normal(scale=0.05, size=shape) for shape in pairwise(sizes)]
        self.b = [np.zeros(units) for units in UNITS]
        self.by_data = by_data

    def update(self) -> float:
        """The cost before it."""
        values = [self.x]
        for w, b in zip(self.w[:-1], self.b[:-1], strict=True):
            values.append(np.maximum(0, values[-1] @ w + b))
        output = 1 / (1 + np.exp(-(values[-1] @ self.w[-1] + self.b[-1])))
        cost = -np.mean(self.y * np.log(output) + (1 - self.y) * np.log(1 - output))
        dz = output - self.y
        for layer in reversed(range(len(UNITS))):
            dw, db = values[layer].T @ dz / COUNT, dz.mean(axis=0)
            if layer > 0 or self.by_data:
                da = dz @ self.w[layer].T
                dz = da * (values[layer] > 0)
            self.w[layer] = self.w[layer] - RATE * dw
            self.b[layer] = self.b[layer] - RATE * db
        return float(cost)


def seconds(update: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(UPDATES):
        update()
    return (time.perf_counter() - began) / UPDATES


def main() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(256, size=(COUNT, *SHAPE)).astype(np.uint8)
    labels = random.integers(2, size=COUNT).astype(np.int32)
    ours, everything = engine(pictures, labels), np.arange(COUNT)
    rows = []
    for by_data, what in ((True, ""), (False, ", without the gradient by the data")):
        formulas = Formulas(pictures, labels, by_data=by_data)
        mine, reference = alternating(
            partial(seconds, lambda: ours.train([everything])), partial(seconds, formulas.update), rounds=7
        )
        rows.append(
            ratio_row(f"update of 12288-20-7-5-1 on 790 images, against plain numpy{what}", mine, reference, budget=0.5)
        )
    print_rows(rows)


if __name__ == "__main__":
    main()
