"""Penalties on weights: λ₁ Σ|w| + λ₂ Σ w² and their derivatives λ₁ sign w + 2 λ₂ w."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnplayground.engine.scratch.graph import Graph
from nnplayground.engine.scratch.parameters import LiveNumbers


class Penalty(NamedTuple):
    """The regularizer of one weight tensor. path: of the regularizer in the project; l1, l2: which parts it has."""

    layer_id: str
    weight: str
    path: str
    l1: bool
    l2: bool


def penalties(graph: Graph, numbers: LiveNumbers) -> tuple[Penalty, ...]:
    """All regularizers of the model; their strengths become live numbers."""
    found = []
    for place in graph.places:
        for spec in place.layer.weights(*place.inputs):
            if spec.regularizer is None:
                continue
            path = f"model.{place.id}.{place.layer.regularizer_name(spec.name)}"
            numbers.add(path, spec.regularizer)
            found.append(
                Penalty(place.id, spec.name, path, *(hasattr(spec.regularizer, part) for part in ("l1", "l2")))
            )
    return tuple(found)


def cost(penalty: Penalty, w: Any, number: Callable[[str], Any]) -> Any:
    """What the penalty adds to the loss. w: the weight tensor; number: name → strength."""
    flat = w.reshape(-1)
    total = number("l1") * np.abs(flat).sum() if penalty.l1 else 0.0
    return total + number("l2") * (flat @ flat) if penalty.l2 else total


def d_weight(penalty: Penalty, w: Any, number: Callable[[str], Any]) -> Any:
    """The derivative of `cost` by w."""
    total = number("l1") * np.sign(w) if penalty.l1 else 0.0
    return total + (2 * number("l2")) * w if penalty.l2 else total
