"""Small models whose updates are explained, and a reader that works out formulas as they are displayed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnplayground.engine.base import Trace
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.formulas.nodes import Node, Number, Row
from nnplayground.formulas.steps import Explanation, explain
from nnplayground.formulas.subject import Focus
from nnplayground.layers import Layer
from nnplayground.layers.core import Input
from nnplayground.samples import Array, Samples
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training

_SUMS = ("inputs", "channels", "window", "outputs", "losses", "following", "samples", "gradients", "updates")
ALL: dict[str, int] = dict.fromkeys(_SUMS, 600)
"""Every sum written out."""
BATCH = 6


class Traced:
    """A model after some updates, and one more of them with all its numbers."""

    def __init__(
        self,
        *layers: Layer,
        shape: Sequence[int] = (2,),
        classes: int = 2,
        dtype: Any = np.float64,
        updates: int = 3,
        weights: Array | None = None,
        **training: Any,
    ) -> None:
        """classes: 0 for a number as target. The layers follow each other as layer_1, layer_2, …"""
        ids = [f"layer_{number + 1}" for number in range(len(layers))]
        blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in zip(ids, layers, strict=True)))
        model = Model(blocks, tuple(Wire(*pair) for pair in zip(["input", *ids], ids, strict=False)))
        random = np.random.default_rng(1)
        inputs = random.normal(size=(4 * BATCH, *shape)).astype(np.float32)
        told = inputs.reshape(len(inputs), -1)[:, :2].sum(axis=1)
        targets = told[:, None]
        if classes:
            targets = np.searchsorted(np.linspace(-1, 1, classes + 1)[1:-1], told).astype(np.int32)
        names = tuple(f"class {number}" for number in range(classes))
        self.facts = DataFacts(input_shape=tuple(shape), target="classes" if classes else "number", class_names=names)
        settings = Training(engine="scratch", **{"optimizer": SGD(learning_rate=0.1), **training})
        self.project = Project(model=model, training=settings)
        self.engine = ScratchEngine(self.project, self.facts, dtype=dtype)
        samples = Samples(
            inputs={"input": inputs},
            targets={ids[-1]: targets},
            ids=tuple(str(number) for number in range(len(inputs))),
            weights=weights,
        )
        self.engine.attach({"training": samples, "validation": samples})
        for number in range(updates):
            first = BATCH * (number % 3 + 1)
            self.engine.train([np.arange(first, first + BATCH)])
        self.trace: Trace = self.engine.trace(np.arange(BATCH), list(model.by_id))

    def explain(self, layer_id: str, *, shown: Mapping[str, int] = ALL, **focus: Any) -> Explanation:
        return explain(self.project, self.facts, self.trace, Focus(layer_id, shown=shown, **focus))

    def lines(self, layer_id: str, phase: str, **focus: Any) -> tuple[Row, ...]:
        steps = self.explain(layer_id, **focus).steps
        return next(step.lines for step in steps if step.phase == phase)


def results(lines: Sequence[Row]) -> list[float]:
    """What each line arrives at: its last bold number. Lines without one are left out."""
    found = []
    for line in lines:
        bold = [number.value for number in numbers_of(line) if number.bold]
        found += bold[-1:]
    return found


def numbers_of(node: Node) -> list[Number]:
    own = [node] if isinstance(node, Number) else []
    return own + [number for child in node.children for number in numbers_of(child)]


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_NAMES: dict[str, Any] = {
    "log": math.log,
    "tanh": math.tanh,
    "arctan": math.atan,
    "sqrt": math.sqrt,
    "max": max,
    "min": min,
    "size": abs,
    "sign": lambda value: float(np.sign(value)),
    "Φ": lambda value: 0.5 * (1 + math.erf(value / math.sqrt(2))),
    "e": math.e,
}


def read(text: str) -> float:
    """The value of an expression as it is displayed, worked out by Python from its text alone."""
    text = re.sub(r"\|([^|]*)\|", r"size(\1)", text)
    text = re.sub(r"×10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)", lambda found: "E" + found[1].translate(_SUPERSCRIPTS), text)
    text = re.sub(r"([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+)", lambda found: f"**({found[1].translate(_SUPERSCRIPTS)})", text)
    text = text.replace("−", "-").replace("·", "*").replace("^", "**")
    number = r"\d+(?:\.\d+)?(?:E-?\d+)?"
    text = re.sub(rf"√({number})", r"sqrt(\1)", text).replace("√", "sqrt")
    text = re.sub(rf"\b(log|tanh|arctan|sign) ({number})", r"\1(\2)", text)
    text = re.sub(r"(?<=[\d)])\(", "*(", text)
    return float(eval(text, {"__builtins__": {}}, _NAMES))
