"""What the tests of engines share: small models, small data, and engines that are closed again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nnplayground.engine import build
from nnplayground.layers import Layer
from nnplayground.layers.core import Input
from nnplayground.samples import Preparation, Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire, new_id
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training


class Bench:
    """Makes models, samples and engines, and remembers the engines."""

    def __init__(self) -> None:
        self.engines: list[Any] = []

    def chain(self, *layers: Layer) -> Model:
        """One layer after another behind an Input, with ids as the window gives them: dense_1, dense_2, …"""
        blocks = [Block("input", Input())]
        for layer in layers:
            blocks.append(Block(new_id(layer.type, (block.id for block in blocks)), layer))
        wires = tuple(Wire(first.id, second.id) for first, second in pairwise(blocks))
        return Model(tuple(blocks), wires)

    def facts(self, shape: tuple[int, ...], classes: int = 2) -> DataFacts:
        """classes=0: the target is a number."""
        names = tuple(f"class {number}" for number in range(classes))
        return DataFacts(input_shape=shape, target="classes" if classes else "number", class_names=names)

    def samples(self, model: Model, shape: tuple[int, ...], n: int, classes: int = 2, *, seed: int = 0) -> Samples:
        """n normally distributed samples with a label that depends on them."""
        random = np.random.default_rng(seed)
        inputs = random.normal(size=(n, *shape)).astype(np.float32)
        told = inputs.reshape(n, math.prod(shape))[:, :3].sum(axis=1)
        if classes:
            targets = np.searchsorted(np.linspace(-1, 1, classes + 1)[1:-1], told).astype(np.int32)
        else:
            targets = told[:, np.newaxis].astype(np.float32)
        names = tuple(str(number) for number in range(n))
        return Samples(inputs={"input": inputs}, targets={model.outputs[0]: targets}, ids=names)

    def images(self, model: Model, n: int, side: int = 8, *, seed: int = 0) -> Samples:
        """n random uint8 pictures of two classes, scaled to 0…1 by their preparation."""
        random = np.random.default_rng(seed)
        pixels = random.integers(0, 256, (n, side, side, 3), dtype=np.uint8)
        labels = (pixels[:, : side // 2].mean(axis=(1, 2, 3)) > pixels[:, side // 2 :].mean(axis=(1, 2, 3))).astype(
            np.int32
        )
        return Samples(
            inputs={"input": pixels},
            targets={model.outputs[0]: labels},
            ids=tuple(str(number) for number in range(n)),
            preparation={"input": Preparation((1 / 255,), (0.0,))},
        )

    def engine(self, model: Model, facts: DataFacts, training: Training | None = None, **parts: Any) -> Any:
        """A Keras engine, closed when the test ends. parts: further fields of the project."""
        project = Project(model=model, training=training or Training(), **parts)
        made = build(project, facts)
        self.engines.append(made)
        return made


def batches(n: int, size: int, epoch: int = 0) -> list[np.ndarray]:
    """An epoch's shuffled batches; the last may be smaller."""
    order = np.random.default_rng((7, epoch)).permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for engine in made.engines:
        engine.close()


@pytest.fixture
def shuffled() -> Callable[..., list[np.ndarray]]:
    return batches


@pytest.fixture(autouse=True)
def _compile_only_where_asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling takes a second for each small model; what it computes is tested for itself."""
    if request.node.get_closest_marker("compiled") is None and find_spec("tensorflow") is not None:
        monkeypatch.setattr("nnplayground.engine.keras.compiled.MOST_PARAMETERS", 0)
