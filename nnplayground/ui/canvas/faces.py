"""What blocks and wires show, computed from the project: plain data, without Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from nnplayground.layers.base import counted, shape_text
from nnplayground.layers.core import Input
from nnplayground.spec.checks import Problem, Severity
from nnplayground.spec.model import Block, LayerShapes, Model, Wire, snake_case, wire_shape

UNKNOWN = "?"
"""Written beside a wire whose shape is not known."""


class BlockFace(msgspec.Struct, frozen=True):
    """Everything a block shows. family: key of its colour; marks: its problems as (severity, sentence)."""

    layer_id: str
    title: str
    caption: str
    count: str
    family: str
    marks: tuple[tuple[Severity, str], ...]
    details: str
    takes_input: bool = True
    outlets: tuple[str, ...] = ()
    """Its ports below, and those above; in_use: those that a wire is at."""
    inlets: tuple[str, ...] = ()
    in_use: frozenset[str] = frozenset()

    @property
    def severity(self) -> Severity | None:
        if not self.marks:
            return None
        return "error" if any(severity == "error" for severity, _ in self.marks) else "warning"

    @property
    def spoken(self) -> str:
        """For screen readers."""
        words = [self.title, self.layer_id, self.caption, self.count and f"{self.count} parameters"]
        words.extend(f"{severity}: {sentence}" for severity, sentence in self.marks)
        return ", ".join(word for word in words if word)


def automatic_name(layer_id: str, layer_type: str) -> bool:
    """Whether an id is one that the program gives: conv2d_1; input."""
    stem = snake_case(layer_type)
    return re.fullmatch(rf"{stem}(_\d+)?", layer_id) is not None


Marks = tuple[tuple[Severity, str], ...]


def block_faces(
    model: Model,
    shapes: Mapping[str, LayerShapes],
    problems: Sequence[Problem],
    arrays: Mapping[str, str] | None = None,
) -> dict[str, BlockFace]:
    """The face of every block, by id. arrays: which array of the data each Input gets, where there are several."""
    arrays = arrays or {}
    marks: dict[str, Marks] = {}
    for problem in problems:
        if problem.layer_id is not None:
            marks[problem.layer_id] = (*marks.get(problem.layer_id, ()), (problem.severity, problem.message))
    in_use: dict[str, set[str]] = {}
    for wire in model.wires:
        for layer_id, port in ((wire.source_id, wire.source_port), (wire.target_id, wire.target_port)):
            if port:
                in_use.setdefault(layer_id, set()).add(port)
    return {
        block.id: _block_face(
            block,
            shapes[block.id],
            marks.get(block.id, ()),
            is_end=not model.targets(block.id) and bool(model.sources(block.id)),
            array=arrays.get(block.id, ""),
            in_use=frozenset(in_use.get(block.id, ())),
        )
        for block in model.blocks
    }


@lru_cache(maxsize=4096)  # most blocks of a large model are the same after an edit
def _block_face(
    block: Block, known: LayerShapes, marks: Marks, *, is_end: bool, array: str, in_use: frozenset[str]
) -> BlockFace:
    layer = block.layer
    is_input = isinstance(layer, Input)
    caption = layer.caption()
    if is_input:
        caption = shape_text(known.output) if known.output else "shape comes from the data"
        caption = " · ".join(word for word in (array if array != block.id else "", caption) if word)
    name = "" if automatic_name(block.id, layer.type) else block.id
    return BlockFace(
        layer_id=block.id,
        title=layer.type,
        caption=" · ".join(word for word in (name, caption) if word),
        count=f"{known.parameters:,}" if known.parameters else "",
        family="input" if is_input else "output" if is_end else layer.family,
        marks=marks,
        details=_details(layer.about, known),
        takes_input=not is_input,
        outlets=layer.output_ports,
        inlets=layer.input_ports,
        in_use=in_use,
    )


def _details(about: str, known: LayerShapes) -> str:
    if known.output is None or not known.inputs:
        return about
    received = " and ".join(shape_text(shape) for shape in known.inputs)
    count = f" · {counted(known.parameters, 'parameter')}" if known.parameters else ""
    return f"{about}\n{received} → {shape_text(known.output)}{count}"


def wire_labels(model: Model, shapes: Mapping[str, LayerShapes]) -> dict[Wire, str]:
    """What each wire carries: its shape, and which port it comes from."""
    labels: dict[Wire, str] = {}
    for wire in model.wires:
        shape = wire_shape(model, shapes, wire)
        words = [wire.source_port, UNKNOWN if shape is None else shape_text(shape)]
        labels[wire] = " ".join(word for word in words if word)
    return labels


def renamed(before: Model, after: Model) -> dict[str, str]:
    """Old to new id where an edit renamed layers: same layers at the same places under other ids."""
    if len(before.blocks) != len(after.blocks):
        return {}
    pairs = list(zip(before.blocks, after.blocks, strict=True))
    changed = {old.id: new.id for old, new in pairs if old.id != new.id}
    if any(old.layer != new.layer for old, new in pairs if old.id in changed) or len(changed) != 1:
        return {}
    return {} if set(changed.values()) & before.by_id.keys() else changed
