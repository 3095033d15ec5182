"""The formulas of the maths panel, with numbers read from Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.formulas.steps import explain
from nnplayground.formulas.subject import Focus
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.regularizers import L2
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, Adamax, Clip, Nadam, Optimizer, RMSprop, Training
from tests.unit.formulas.updates import ALL, results

OPTIMIZERS: tuple[Optimizer, ...] = (
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    RMSprop(learning_rate=0.01, momentum=0.5, centered=True),
    Adam(learning_rate=0.01),
    Adamax(learning_rate=0.01),
    Nadam(learning_rate=0.01),
)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_an_update_of_keras_in_formulas(bench: Any, optimizer: Optimizer) -> None:
    layers = (
        Conv2D(filters=2, kernel_size=(3, 3), padding="same", activation="relu", kernel_regularizer=L2(l2=0.01)),
        Flatten(),
        Dense(units=3, activation="softmax"),
    )
    model = bench.chain(*layers)
    samples = bench.samples(model, (5, 5, 2), 24, 3)
    facts = bench.facts((5, 5, 2), 3)
    training = Training(optimizer=optimizer, clip=Clip(global_norm=0.5))
    project = Project(model=model, training=training)
    engine = bench.engine(model, facts, training)
    engine.attach({"training": samples, "validation": samples})
    engine.train([np.arange(8), np.arange(8, 16)])
    trace = engine.trace(np.arange(16, 24), list(model.by_id))
    after = engine.weights()
    for layer_id, place in (("conv2d_1", (2, 1, 1, 1)), ("dense_1", (5, 1))):
        weight = 15 if layer_id == "conv2d_1" else 5
        steps = explain(project, facts, trace, Focus(layer_id, unit=1, sample=3, weight=weight, shown=ALL)).steps
        lines = {step.phase: step.lines for step in steps}
        assert lines["forward"][-1].plain().startswith("z = Σ")
        gradient = next(line for line in lines["backward"] if "= ∂L/∂w" in line.plain())
        assert " = Σ δ" in gradient.plain()
        assert "by the optimizer" not in "".join(line.plain() for line in lines["update"])
        assert np.float32(results(lines["update"])[-1]) == after[f"{layer_id}/kernel"][place]
        assert lines["loss"][0].plain().startswith("ℓ = −Σₖ yₖ·log ŷₖ = −log ŷ")
        assert lines["loss"][1].plain().startswith("L = (Σᵢ ℓᵢ)/m + Ω = ")
