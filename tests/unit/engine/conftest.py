"""Small models and data for the scratch engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers import Layer
from nnplayground.layers.core import Input
from nnplayground.samples import Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training


class Workshop:
    """Makes models, data and engines."""

    def chain(self, *layers: Layer) -> Model:
        """One layer after another behind "input", with the ids layer_1, layer_2, …"""
        ids = [f"layer_{number}" for number in range(1, len(layers) + 1)]
        blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in zip(ids, layers, strict=True)))
        wires = tuple(Wire(first, second) for first, second in zip(["input", *ids], ids, strict=False))
        return Model(blocks, wires)

    def graph(self, layers: dict[str, Layer], wires: Sequence[tuple[str, str]]) -> Model:
        blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in layers.items()))
        return Model(blocks, tuple(Wire(*wire) for wire in wires))

    def samples(
        self, inputs: Any, targets: Any, output: str, *, weights: Any = None, name: str = "input", **options: Any
    ) -> Samples:
        ids = tuple(str(number) for number in range(len(inputs)))
        return Samples(inputs={name: inputs}, targets={output: targets}, ids=ids, weights=weights, **options)

    def random_samples(self, model: Model, shape: tuple[int, ...], count: int, *, classes: int = 2) -> Samples:
        """Normally distributed inputs with a label that depends on them; classes=0: with a number."""
        inputs = np.random.default_rng(0).normal(size=(count, *shape)).astype(np.float32)
        told = inputs.reshape(count, -1)[:, :3].sum(axis=1)
        if classes:
            targets = np.searchsorted(np.linspace(-1, 1, classes + 1)[1:-1], told).astype(np.int32)
        else:
            targets = told[:, np.newaxis]
        return self.samples(inputs, targets, model.outputs[0])

    def facts(self, shape: tuple[int, ...], *, classes: int = 2) -> DataFacts:
        names = tuple(f"class {number}" for number in range(classes))
        return DataFacts(input_shape=shape, target="classes" if classes else "number", class_names=names)

    def engine(
        self, model: Model, samples: Samples, *, classes: int = 2, dtype: Any = np.float64, **training: Any
    ) -> ScratchEngine:
        """An engine whose training and validation split are the samples; SGD if nothing else is said."""
        project = Project(model=model, training=Training(engine="scratch", **{"optimizer": SGD(), **training}))
        shape = next(iter(samples.inputs.values())).shape[1:]
        engine = ScratchEngine(project, self.facts(shape, classes=classes), dtype=dtype)
        engine.attach({"training": samples, "validation": samples})
        return engine


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()
