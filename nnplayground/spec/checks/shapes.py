"""Layers that do not fit what they receive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.base import shape_text
from nnplayground.layers.core import Dense, Flatten, Reshape
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.checks.pretrained import misfit
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.checks.recurrent import reader, sequences_path
from nnplayground.spec.checks.sequences import suggested_embedding
from nnplayground.spec.dataset import Pairs, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import LayerShapes, input_sources
from nnplayground.spec.project import Project, array_shapes


def shape_problems(project: Project, facts: DataFacts | None, shapes: Mapping[str, LayerShapes]) -> Iterator[Problem]:
    for layer_id, known in shapes.items():
        layer = project.model.layer(layer_id)
        if known.problem is not None:
            yield _misfit(project, facts, layer_id, known)
        if isinstance(layer, Dense) and known.inputs and len(known.inputs[0]) == 3:
            yield Problem(
                f"model.{layer_id}",
                "warning",
                f"{layer_id} looks at each pixel of its {shape_text(known.inputs[0])} input on its own; put Flatten "
                f"before it to look at the whole image.",
                Fix("Insert Flatten", "insert_before", (Flatten(), layer_id)),
            )


def _misfit(project: Project, facts: DataFacts | None, layer_id: str, known: LayerShapes) -> Problem:
    assert known.problem is not None
    layer, path = project.model.layer(layer_id), f"model.{layer_id}"
    received = known.inputs[0] if known.inputs else ()
    if isinstance(layer, Pretrained):
        return misfit(project, layer_id, layer, known)
    if not _reads_rows(layer, known):
        return Problem(path, "error", known.problem, _padding_fix(layer, layer_id, known))
    source = project.model.input_wires(layer_id)[0].source_id
    before = reader(project.model.layer(source))
    if len(received) == 1 and before is not None:
        return Problem(
            path,
            "error",
            f"{layer_id} reads a row of steps, but {source} gives only its last one; let {source} return sequences.",
            Fix(f"Let {source} return sequences", "set_parameter", (sequences_path(project.model, source), True)),
        )
    array = input_sources(project.model, tuple(array_shapes(project, facts))).get(source)
    if len(received) == 1 and array is not None and isinstance(project.dataset, Text | Pairs):
        return Problem(
            path,
            "error",
            f"{layer_id} reads a row of steps with several values each, but receives {shape_text(received)} tokens; "
            f"put Embedding before it.",
            Fix("Insert Embedding", "insert_before", (suggested_embedding(facts, array), layer_id)),
        )
    return Problem(path, "error", known.problem, _reshape_fix(layer, layer_id, known))


def _reads_rows(layer: Layer, known: LayerShapes) -> bool:
    """Whether the layer would take a sequence, and that is what it lacks."""
    if not known.inputs or len(known.inputs[0]) == 2:
        return False
    steps = known.inputs[0][0] if known.inputs[0] else 1
    try:
        layer.output_shape((steps, 8), *known.inputs[1:])
    except ValueError:
        return False
    return True


def _reshape_fix(layer: Layer, layer_id: str, known: LayerShapes) -> Fix | None:
    """The rows of an image, or the values of a vector, as steps."""
    received = known.inputs[0]
    if len(received) == 3:
        target = (received[0], received[1] * received[2])
        title = f"Insert Reshape: {target[0]:,} rows of pixels as steps"
    elif len(received) == 1:
        target = (received[0], 1)
        title = f"Insert Reshape: {target[0]:,} steps of one value"
    else:
        return None
    return Fix(title, "insert_before", (Reshape(target_shape=target), layer_id))


def _padding_fix(layer: Layer, layer_id: str, known: LayerShapes) -> Fix | None:
    """Padding same, where a window is larger than its input."""
    if getattr(layer, "padding", None) == "valid" and known.inputs and len(known.inputs[0]) in (2, 3):
        repaired = msgspec.structs.replace(layer, padding="same")
        try:
            repaired.output_shape(*known.inputs)
        except ValueError:
            return None
        return Fix("Set padding to same", "set_parameter", (f"model.{layer_id}.padding", "same"))
    return None
