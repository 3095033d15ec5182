"""What the mouse does on the canvas: one small object per gesture, from press to release or Escape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from nnplayground.spec import edits
from nnplayground.spec.edits import EditError
from nnplayground.spec.project import Project
from nnplayground.spec.rearrange import Place, move_layers, place_copies
from nnplayground.ui.canvas.block_item import BlockItem
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
    """Draw a wire from a port to another block. Let go over nothing: `dropped` may offer a new layer there."""

    def __init__(
        self,
        bench: Workbench,
        block: BlockItem,
        port: str,
        *,
        clicked: Callable[[], None],
        dropped: Callable[[str, QPointF], None],
    ) -> None:
        self._bench = bench
        self._layer_id = block.face.layer_id
        self._from_output = port == "output"
        self._anchor = block.output_port if self._from_output else block.input_port
        self._clicked = clicked
        self._dropped = dropped
        self._rubber: RubberWireItem | None = None
        self._hovered = ""

    def move(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        scene = self._bench.scene
        if self._rubber is None:
            if (point - self._anchor).manhattanLength() < 2 * QApplication.startDragDistance():
                return
            self._rubber = RubberWireItem()
            scene.addItem(self._rubber)
            for layer_id, item in scene.blocks.items():
                item.show_as_target(self._refusal(layer_id) is None)
        block = self._other_at(point)
        other = block.face.layer_id if block is not None else ""
        refusal = self._refusal(other) if other else None
        end = point
        if block is not None and refusal is None:
            end = block.input_port if self._from_output else block.output_port
        start, stop = (self._anchor, end) if self._from_output else (end, self._anchor)
        self._rubber.stretch(start, stop, allowed=refusal is None)
        if other != self._hovered:
            self._aim(other)
            self._try(other)
        if other:
            note = self._bench.note
            note.setPos(point + QPointF(0, note.height / 2 + 26))

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self._rubber is None:
            self._clicked()
            return
        block = self._other_at(point)
        self.cancel()
        if block is not None:
            self._bench.commands.connect(*self._ends(block.face.layer_id))
        elif self._from_output:
            self._dropped(self._layer_id, point)

    def cancel(self) -> None:
        scene = self._bench.scene
        if self._rubber is not None:
            scene.removeItem(self._rubber)
            self._rubber = None
        for item in scene.blocks.values():
            item.show_as_target(False)
        scene.show_trial(None)
        self._bench.note.hide()

    def _other_at(self, point: QPointF) -> BlockItem | None:
        scene = self._bench.scene
        port = scene.port_at(point)
        block = scene.block_at(point) or (port[0] if port is not None else None)
        return None if block is None or block.face.layer_id == self._layer_id else block

    def _ends(self, other: str) -> tuple[str, str]:
        return (self._layer_id, other) if self._from_output else (other, self._layer_id)

    def _refusal(self, other: str) -> str | None:
        """Why there can be no wire to another layer."""
        try:
            edits.connect(self._bench.document.project, *self._ends(other))
        except EditError as problem:
            return str(problem)
        return None

    def _aim(self, other: str) -> None:
        """Light up the block that the wire would end at."""
        blocks = self._bench.scene.blocks
        for layer_id, aimed in ((self._hovered, False), (other, True)):
            if layer_id and self._refusal(layer_id) is None:
                blocks[layer_id].show_as_target(True, aimed=aimed)
        self._hovered = other

    def _try(self, other: str) -> None:
        bench = self._bench
        if not other:
            bench.scene.show_trial(None)
            bench.note.hide()
            return
        source, target = self._ends(other)
        trial = preview(
            bench.document.project,
            lambda project: edits.connect(project, source, target),
            bench.document.facts,
            layer_id=target,
        )
        bench.scene.show_trial(trial)
        text = f"{target} {trial.message}" if trial.fits else trial.message
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
