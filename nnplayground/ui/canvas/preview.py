"""What an edit would do, shown while the hand still holds the block: plain data, without Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from nnplayground.layers.base import counted, shape_text
from nnplayground.spec import edits
from nnplayground.spec.checks import check
from nnplayground.spec.edits import EditError
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import LayerShapes, Wire
from nnplayground.spec.project import Project, project_shapes, several_arrays
from nnplayground.ui.canvas.faces import BlockFace, block_faces, wire_labels

Edit = Callable[[Project], Project]


class Preview(NamedTuple):
    """message: the new shape, or why it does not fit. fits: no layer gets a problem of shapes that it did not have.

    faces, labels: of all blocks and wires after the edit; empty where it is not possible at all.
    """

    possible: bool
    fits: bool
    message: str
    faces: Mapping[str, BlockFace]
    labels: Mapping[Wire, str]


def preview(project: Project, edit: Edit, facts: DataFacts | None, *, layer_id: str | None = None) -> Preview:
    """Try an edit. layer_id: the layer whose new shape is told, where the edit adds none."""
    try:
        after = edit(project)
    except EditError as problem:
        return Preview(False, False, str(problem), {}, {})
    before = project_shapes(project, facts)
    shapes = project_shapes(after, facts)
    faces = block_faces(after.model, shapes, check(after, facts), several_arrays(after, facts))
    labels = wire_labels(after.model, shapes)
    added = edits.added_ids(project, after)
    subject = added[-1] if added else layer_id
    trouble = _new_trouble(before, shapes, subject)
    if trouble is not None:
        return Preview(True, False, trouble, faces, labels)
    return Preview(True, True, _result(after, subject, shapes), faces, labels)


def _new_trouble(
    before: Mapping[str, LayerShapes], after: Mapping[str, LayerShapes], subject: str | None
) -> str | None:
    """The first sentence about a layer that no longer fits; about the subject first of all."""
    if subject is not None and after[subject].problem is not None:
        return after[subject].problem
    for layer_id, known in after.items():
        known_before = before.get(layer_id)
        if known.problem is not None and (known_before is None or known_before.problem is None):
            return f"Then {layer_id} does not fit: {known.problem}"
    return None


def _result(after: Project, subject: str | None, shapes: Mapping[str, LayerShapes]) -> str:
    if subject is None:
        return ""
    known = shapes[subject]
    words = [f"→ {shape_text(known.output)}"] if known.output is not None else []
    if known.parameters:
        words.append(counted(known.parameters, "parameter"))
    least = after.model.layer(subject).input_count[0]
    missing = least - len(after.model.input_wires(subject))
    if least > 1 and missing > 0:
        words = [f"then drag {'another wire' if missing == 1 else f'{missing} wires'} to it"]
    return " · ".join(words)
