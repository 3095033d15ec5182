"""What the mouse does on the canvas: one small object per gesture, from press to release or Escape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from nnplayground.spec import edits
from nnplayground.spec.edits import EditError
from nnplayground.spec.model import Wire
from nnplayground.spec.project import Project
from nnplayground.spec.rearrange import Place, move_layers, place_copies
from nnplayground.ui.canvas.block_item import OUTPUT, BlockItem, Port
from nnplayground.ui.canvas.overlays import BandItem, GhostItem, RubberWireItem
from nnplayground.ui.canvas.placing import Placing, Workbench
from nnplayground.ui.canvas.preview import preview

_COPYING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class Gesture(Protocol):
    """Points are in the scene."""

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None: ...

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None: ...

    def cancel(self) -> None: ...


class MoveBlocks:
    """Drag the selected blocks to another place; with Ctrl or Alt, copies of them.

    A press that does not move is a click: `clicked` then says what it does to the selection.
    """

    def __init__(self, bench: Workbench, start: QPointF, *, zoom: float, clicked: Callable[[], None]) -> None:
        self._bench = bench
        self._start = start
        self._threshold = QApplication.startDragDistance() / zoom
        self._clicked = clicked
        self._ghost: GhostItem | None = None
        self._placing: Placing | None = None
        self._copying = False
        self._ids = tuple(bench.scene.selection.ids)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self._ghost is None:
            if (point - self._start).manhattanLength() < self._threshold:
                return
            self._begin()
        assert self._ghost is not None
        copying = bool(modifiers & _COPYING)
        if self._placing is None or copying != self._copying:
            self._take_hold(copying)
        assert self._placing is not None
        self._ghost.setPos(point + QPointF(14, 10))
        self._placing.follow(point)

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self._placing is None:
            self._clicked()
            return
        self.move(point, modifiers)
        place = self._placing.follow(point)
        copying = self._copying
        self.cancel()
        if copying:
            self._bench.commands.duplicate(self._ids, place)
        else:
            self._bench.commands.move(self._ids, place)

    def cancel(self) -> None:
        if self._placing is not None:
            self._placing.clear()
            self._placing = None
        if self._ghost is not None:
            self._bench.scene.removeItem(self._ghost)
            self._ghost = None
        self._fade(1.0)

    def _begin(self) -> None:
        scene = self._bench.scene
        self._ghost = GhostItem(tuple(scene.blocks[each].face for each in self._ids[:3]), scene.style_in_use)
        scene.addItem(self._ghost)

    def _take_hold(self, copying: bool) -> None:
        if self._placing is not None:
            self._placing.clear()
        self._copying = copying
        model = self._bench.document.project.model
        title = model.layer(self._ids[0]).type if len(self._ids) == 1 else f"{len(self._ids)} layers"
        self._placing = Placing(
            self._bench,
            self._copied if copying else self._moved,
            title=f"Copy of {title}" if copying else title,
            layer_ids=self._ids,
        )
        self._fade(1.0 if copying else 0.4)

    def _moved(self, project: Project, place: Place) -> Project:
        return move_layers(project, self._ids, place)

    def _copied(self, project: Project, place: Place) -> Project:
        return place_copies(project, edits.fragment(project, self._ids), place)

    def _fade(self, opacity: float) -> None:
        for layer_id in self._ids:
            item = self._bench.scene.blocks.get(layer_id)
            if item is not None:
                item.setOpacity(opacity)


class ConnectWire:
    """Draw a wire from a port to another block: to the port under the pointer, else to the one that is meant.

    From a named port that is the first named one of the other block. Let go over nothing: `dropped` may offer a new
    layer there.
    """

    def __init__(
        self,
        bench: Workbench,
        block: BlockItem,
        port: Port,
        *,
        clicked: Callable[[], None],
        dropped: Callable[[str, QPointF], None],
    ) -> None:
        self._bench = bench
        self._layer_id = block.face.layer_id
        self._port = port
        self._anchor = block.port_position(port)
        self._clicked = clicked
        self._dropped = dropped
        self._rubber: RubberWireItem | None = None
        self._hovered: tuple[str, Port] | None = None

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        scene = self._bench.scene
        if self._rubber is None:
            if (point - self._anchor).manhattanLength() < 2 * QApplication.startDragDistance():
                return
            self._rubber = RubberWireItem()
            scene.addItem(self._rubber)
            for item in scene.blocks.values():
                self._mark(item)
        block = self._other_at(point)
        other = (block.face.layer_id, self._meant(block, point)) if block is not None else None
        refusal = self._refusal(*other) if other is not None else None
        end = point
        if block is not None and other is not None and refusal is None:
            end = block.port_position(other[1])
        start, stop = (end, self._anchor) if self._port.incoming else (self._anchor, end)
        self._rubber.stretch(start, stop, allowed=refusal is None)
        if other != self._hovered:
            self._aim(other)
            self._try(other)
        if other is not None:
            note = self._bench.note
            note.setPos(point + QPointF(0, note.height / 2 + 26))

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self._rubber is None:
            self._clicked()
            return
        block = self._other_at(point)
        self.cancel()
        if block is not None:
            self._bench.commands.connect(*self._ends(block.face.layer_id, self._meant(block, point)))
        elif self._port == OUTPUT:
            self._dropped(self._layer_id, point)

    def cancel(self) -> None:
        scene = self._bench.scene
        if self._rubber is not None:
            scene.removeItem(self._rubber)
            self._rubber = None
        for item in scene.blocks.values():
            item.show_as_target(None)
        scene.show_trial(None)
        self._bench.note.hide()

    def _other_at(self, point: QPointF) -> BlockItem | None:
        scene = self._bench.scene
        port = scene.port_at(point)
        block = scene.block_at(point) or (port[0] if port is not None else None)
        return None if block is None or block.face.layer_id == self._layer_id else block

    def _meant(self, block: BlockItem, point: QPointF | None) -> Port:
        """The port of another block at which the wire would end."""
        facing = [port for port in block.ports if port.incoming != self._port.incoming]
        under = block.port_at(point) if point is not None else None
        if under is not None and under in facing:
            return under
        named = [port for port in facing if port.name] if self._port.name else []
        return (named or facing or [Port("", not self._port.incoming)])[0]

    def _ends(self, other: str, port: Port) -> tuple[str, str]:
        ends = self._port.end(self._layer_id), port.end(other)
        return (ends[1], ends[0]) if self._port.incoming else ends

    def _mark(self, block: BlockItem) -> None:
        """Light up where the wire may end."""
        port = self._meant(block, None)
        block.show_as_target(port if self._refusal(block.face.layer_id, port) is None else None)

    def _refusal(self, other: str, port: Port) -> str | None:
        """Why there can be no wire to a port of another layer."""
        try:
            edits.connect(self._bench.document.project, *self._ends(other, port))
        except EditError as problem:
            return str(problem)
        return None

    def _aim(self, other: tuple[str, Port] | None) -> None:
        """Light up the block that the wire would end at."""
        blocks = self._bench.scene.blocks
        if self._hovered is not None:
            self._mark(blocks[self._hovered[0]])
        if other is not None and self._refusal(*other) is None:
            blocks[other[0]].show_as_target(other[1], aimed=True)
        self._hovered = other

    def _try(self, other: tuple[str, Port] | None) -> None:
        bench = self._bench
        if other is None:
            bench.scene.show_trial(None)
            bench.note.hide()
            return
        source, target = self._ends(*other)
        subject = Wire(source, target).target_id
        trial = preview(
            bench.document.project,
            lambda project: edits.connect(project, source, target),
            bench.document.facts,
            layer_id=subject,
        )
        bench.scene.show_trial(trial)
        text = f"{subject} {trial.message}" if trial.fits else trial.message
        bench.note.show_note(text, self._anchor, fits=trial.fits)


class SelectBand:
    """Span a rectangle over blocks. With Shift or Ctrl they join what is selected; a click without moving clears."""

    def __init__(self, bench: Workbench, start: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._bench = bench
        self._start = start
        extend = modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
        self._before = bench.scene.selection.ids if extend else ()
        if not extend:
            bench.scene.selection.select(())
        self._band = BandItem()
        bench.scene.addItem(self._band)

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        rect = self._band.span(self._start, point)
        scene = self._bench.scene
        touched = [layer_id for layer_id, item in scene.blocks.items() if item.scene_rect.intersects(rect)]
        chosen = [*self._before, *(each for each in touched if each not in self._before)]
        scene.selection.select(chosen, current=chosen[-1] if chosen else "")

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        self._bench.scene.removeItem(self._band)

    def cancel(self) -> None:
        self._bench.scene.removeItem(self._band)
        self._bench.scene.selection.select(self._before)
