"""The size of a model in numbers: parameters, weights, memory. Pure computation, without Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.project import Project

_FLOAT32 = 4


class Figures(msgspec.Struct, frozen=True):
    """parameters: number of values in all weights. weights, memory_per_batch: bytes; None where not yet known."""

    parameters: int
    weights: int
    memory_per_batch: int | None


def figures(project: Project, shapes: Mapping[str, LayerShapes], facts: DataFacts | None) -> Figures:
    """What the model takes, all values being float32.

    Memory per batch: the output of every layer for each sample of a batch, twice, because training keeps the values
    for the way back and a gradient of the same size for each; and the batch itself. Working space of the libraries
    comes on top.
    """
    parameters = sum(known.parameters for known in shapes.values())
    return Figures(parameters, parameters * _FLOAT32, _memory(project, shapes, facts))


def _memory(project: Project, shapes: Mapping[str, LayerShapes], facts: DataFacts | None) -> int | None:
    outputs = [known.output for known in shapes.values()]
    samples = facts.splits.get("training", 0) if facts is not None else 0
    batch = project.training.batch_size
    if batch == "all":
        batch = samples
    elif samples:
        batch = min(batch, samples)
    if not batch or not outputs or any(shape is None for shape in outputs):
        return None
    inputs = sum(math.prod(shapes[layer_id].output or ()) for layer_id in project.model.inputs)
    values = sum(math.prod(shape) for shape in outputs if shape is not None) - inputs
    for block in project.model.blocks:
        if isinstance(block.layer, Pretrained):
            values += block.layer.kept_values(*shapes[block.id].inputs)
    return (2 * values + inputs) * batch * _FLOAT32


def bytes_text(count: int) -> str:
    """A number of bytes with two or three digits: 540 B, 1.6 MB, 58 MB."""
    units = ["B", "kB", "MB", "GB", "TB"]
    value = float(count)
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    unit = units[0]
    digits = 1 if value < 9.95 and unit != "B" else 0
    return f"{value:,.{digits}f} {unit}"


def seconds_text(seconds: float) -> str:
    """A duration as short as it can be read: 8 ms, 0.5 s, 12 s, 3 min."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.{0 if seconds >= 0.00095 else 1}f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"
