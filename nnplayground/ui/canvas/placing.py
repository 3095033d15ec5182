"""Where a dragged layer would go, and showing on the canvas what would come of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec
from PySide6.QtCore import QPointF

from nnplayground.spec import edits
from nnplayground.spec.model import Wire
from nnplayground.spec.project import Project
from nnplayground.spec.rearrange import Apart, AtEnd, Behind, Inside, OnWire, Place
from nnplayground.ui.canvas.block_item import INPUT
from nnplayground.ui.canvas.commands import Commands
from nnplayground.ui.canvas.overlays import NoteItem
from nnplayground.ui.canvas.preview import Preview, preview
from nnplayground.ui.canvas.scene import CanvasScene
from nnplayground.ui.canvas.selection import Selection
from nnplayground.ui.document import Document

_FAR_RIGHT = 30.0
"""How far beside the model the empty area begins where a merge layer stands apart."""


class Workbench(msgspec.Struct, frozen=True):
    """What a gesture works with."""

    document: Document
    scene: CanvasScene
    commands: Commands
    note: NoteItem


def place_at(
    scene: CanvasScene,
    point: QPointF,
    *,
    may_stand_apart: bool,
    may_be_inside: Callable[[str], bool] = lambda layer_id: False,
) -> Place:
    """Where a layer dropped at a point of the scene goes.

    Onto a wire: into it. Onto a block: behind it, or inside where that may hold it. Far to the right: apart, if it may.
    Else: to the end.
    """
    block = scene.block_at(point)
    if block is not None:
        layer_id = block.face.layer_id
        return Inside(layer_id) if may_be_inside(layer_id) else Behind(layer_id)
    wire = scene.wire_near(point)
    if wire is not None:
        return OnWire(wire.wire)
    if may_stand_apart and point.x() > scene.model_rect.right() + _FAR_RIGHT:
        return Apart()
    return AtEnd()


def place_of(selection: Selection) -> Place:
    """Where a layer goes that is added without dragging: on the selected wire, behind the current block, or the end."""
    if selection.wire is not None and selection.wire.plain:
        return OnWire(selection.wire)
    return Behind(selection.current) if selection.current else AtEnd()


class Placing:
    """Follows the pointer while layers are dragged: lights up the wire, shows the shapes that would follow.

    edit: what letting go at a place would do; title: how the dragged layers are called in the note; layer_ids: the
    dragged blocks, empty for a layer from the palette.
    """

    def __init__(
        self,
        bench: Workbench,
        edit: Callable[[Project, Place], Project],
        *,
        title: str,
        may_stand_apart: bool = False,
        may_be_inside: Callable[[str], bool] = lambda layer_id: False,
        layer_ids: Collection[str] = (),
    ) -> None:
        self._bench = bench
        self._edit = edit
        self._title = title
        self._may_stand_apart = may_stand_apart
        self._may_be_inside = may_be_inside
        self._layer_ids = tuple(layer_ids)
        self._place: Place | None = None
        self._preview: Preview | None = None
        self._receiving: Wire | None = None

    def follow(self, point: QPointF) -> Place:
        """The place that a point means; the canvas shows it."""
        place = place_at(
            self._bench.scene,
            point,
            may_stand_apart=self._may_stand_apart,
            may_be_inside=self._may_be_inside,
        )
        if place != self._place or self._preview is None:
            self._try(place)
        self._show_note(place, point)
        return place

    def clear(self) -> None:
        """Show the canvas as it is."""
        self._place = None
        self._preview = None
        self._bench.note.hide()
        self._bench.scene.show_trial(None)
        self._light(None, None)

    def _try(self, place: Place) -> None:
        document = self._bench.document
        self._place = place
        holder = place.layer_id if isinstance(place, Inside) else None
        self._preview = preview(
            document.project,
            lambda project: self._edit(project, place),
            document.facts,
            layer_id=self._layer_ids[-1] if self._layer_ids else holder,
        )
        self._bench.scene.show_trial(self._preview)
        self._light(place.wire if isinstance(place, OnWire) else None, holder)

    def _light(self, wire: Wire | None, holder: str | None) -> None:
        for layer_id, block in self._bench.scene.blocks.items():
            block.show_as_target(INPUT if layer_id == holder else None, aimed=True)
        wires = self._bench.scene.wires
        if self._receiving is not None and self._receiving in wires:
            wires[self._receiving].show_receiving(False)
        self._receiving = wire
        if wire is not None:
            wires[wire].show_receiving(True)

    def _show_note(self, place: Place, point: QPointF) -> None:
        assert self._preview is not None
        title = f"{self._title} inside {place.layer_id}" if isinstance(place, Inside) else self._title
        words = [title if self._preview.fits else "", self._preview.message]
        text = " ".join(word for word in words if word)
        note, scene = self._bench.note, self._bench.scene
        note.show_note(text, point, fits=self._preview.fits)
        if isinstance(place, OnWire):
            note.setPos(scene.wires[place.wire].middle)
            return
        previous = (
            place.layer_id if isinstance(place, Behind | Inside) else edits.last_id(self._bench.document.project.model)
        )
        if isinstance(place, Apart) or previous is None:
            note.setPos(point + QPointF(0, note.height))
            return
        rect = scene.rect_of(previous)
        note.setPos(QPointF(rect.center().x(), rect.bottom() + note.height / 2 + 5))
