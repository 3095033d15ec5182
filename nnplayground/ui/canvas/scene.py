"""The scene: an item for every block and wire, kept in step with the project by what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QRectF, QVariantAnimation
from PySide6.QtWidgets import QGraphicsScene

from nnplayground.layers.core import Input
from nnplayground.spec.checks import Problem
from nnplayground.spec.model import LayerShapes, Model, Wire
from nnplayground.ui.canvas.block_item import BlockItem, Port
from nnplayground.ui.canvas.faces import BlockFace, block_faces, renamed, wire_labels
from nnplayground.ui.canvas.layout import Layout, arrange
from nnplayground.ui.canvas.look import Style
from nnplayground.ui.canvas.preview import Preview
from nnplayground.ui.canvas.selection import Selection
from nnplayground.ui.canvas.wire_item import WireItem

MARGIN = 18.0
"""Between the model and the edge of the scene; the marks and glows of blocks lie in it."""
ROOM_BELOW = 28.0
"""Where the note about a layer at the end is written."""
_NEAR_WIRE = 22.0


class CanvasScene(QGraphicsScene):
    """Blocks and wires by id; where they are; which of them is where the pointer is."""

    def __init__(self, style: Style, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.style_in_use = style
        self.blocks: dict[str, BlockItem] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.selection = Selection(self.blocks, self.wires, self)
        self._model = Model()
        self._layout = Layout({}, {})
        self._moves: dict[BlockItem, tuple[QPointF, QPointF]] = {}
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._motion.valueChanged.connect(self._move)

    # What is shown

    def show_model(
        self,
        model: Model,
        shapes: Mapping[str, LayerShapes],
        problems: Sequence[Problem],
        *,
        arrays: Mapping[str, str] | None = None,
        milliseconds: int = 0,
    ) -> None:
        """Bring the items in step with a model.

        arrays: which array of the data each Input gets, where there are several. milliseconds: how long blocks are on
        their way to new places.
        """
        structure_changed = self._structure(model) != self._structure(self._model)
        for before, after in renamed(self._model, model).items():
            self._rename(before, after)
        self._model = model
        self._show_blocks(block_faces(model, shapes, problems, arrays))
        self._show_wires(wire_labels(model, shapes))
        if structure_changed:
            self._arrange(milliseconds)
        self.selection.tell()

    def show_style(self, style: Style) -> None:
        """Other fonts and sizes."""
        self.style_in_use = style
        for item in (*self.blocks.values(), *self.wires.values()):
            item.show_style(style)
        self._arrange(0)

    def show_trial(self, trial: Preview | None) -> None:
        """Show on all blocks and wires what an edit would make of them; None: what they are."""
        faces = trial.faces if trial is not None else {}
        labels = trial.labels if trial is not None else {}
        for layer_id, block in self.blocks.items():
            block.show_trial(faces.get(layer_id))
        for wire, item in self.wires.items():
            item.show_trial(labels.get(wire))

    @staticmethod
    def _structure(model: Model) -> tuple[object, ...]:
        """All that the layout depends on."""
        ids = tuple((block.id, isinstance(block.layer, Input)) for block in model.blocks)
        return ids, model.wires

    def _rename(self, before: str, after: str) -> None:
        was_selected = self.blocks[before].isSelected()
        self.selection.follow_rename(before, after)
        self.blocks[after] = self.blocks.pop(before)
        for wire in list(self.wires):
            if before in (wire.source_id, wire.target_id):
                item = self.wires.pop(wire)
                item.wire = wire.renamed({before: after})
                self.wires[item.wire] = item
        self.blocks[after].setSelected(was_selected)

    def _show_blocks(self, faces: Mapping[str, BlockFace]) -> None:
        for layer_id in [each for each in self.blocks if each not in faces]:
            self.removeItem(self.blocks.pop(layer_id))
        kept = dict(self.blocks)
        self.blocks.clear()
        for layer_id, face in faces.items():
            item = kept.get(layer_id)
            if item is None:
                item = BlockItem(face, self.style_in_use)
                self.addItem(item)
            item.show_face(face)
            self.blocks[layer_id] = item

    def _show_wires(self, labels: Mapping[Wire, str]) -> None:
        for wire in [each for each in self.wires if each not in labels]:
            self.removeItem(self.wires.pop(wire))
        for wire, label in labels.items():
            item = self.wires.get(wire)
            if item is None:
                item = WireItem(wire, self.style_in_use)
                self.wires[wire] = item
                self.addItem(item)
            item.show_label(label)

    # Where things are

    def _arrange(self, milliseconds: int) -> None:
        known = self._layout.positions
        self._layout = arrange(self._model, self.style_in_use.measures)
        self._motion.stop()
        self._moves = {}
        for layer_id, item in self.blocks.items():
            item.show_ports_left(layer_id in self._layout.ports_left)
            end = QPointF(*self._layout.positions[layer_id])
            if layer_id not in known or milliseconds <= 0:
                item.setPos(end)
            elif item.pos() != end:
                self._moves[item] = (item.pos(), end)
        for wire in self.wires:
            self._run(wire)
        self.setSceneRect(self._extent())
        if self._moves:
            self._motion.setDuration(milliseconds)
            self._motion.start()

    def _move(self, share: float) -> None:
        moving = set()
        for item, (start, end) in self._moves.items():
            item.setPos(start + (end - start) * share)
            moving.add(item.face.layer_id)
        for wire in self.wires:
            if wire.source_id in moving or wire.target_id in moving:
                self._run(wire)
        if share >= 1:
            self._moves = {}

    def _run(self, wire: Wire) -> None:
        source, target = self.blocks[wire.source_id], self.blocks[wire.target_id]
        self.wires[wire].run(source.output_port, target.input_port, self._layout.routes[wire])

    def _extent(self) -> QRectF:
        measures = self.style_in_use.measures
        rect = QRectF()
        for point in self._layout.positions.values():
            rect |= QRectF(point.x - measures.width / 2, point.y - measures.height / 2, measures.width, measures.height)
        for route in self._layout.routes.values():
            for lane in route.lanes:
                rect |= QRectF(lane.x - 1, lane.top, measures.width / 4 + 1, lane.bottom - lane.top)
        return rect.adjusted(-MARGIN, -MARGIN, MARGIN, ROOM_BELOW)

    @property
    def model_rect(self) -> QRectF:
        """What has to be seen of the scene when all of the model is to be seen."""
        return self._extent()

    @property
    def positions(self) -> Mapping[str, tuple[float, float]]:
        """Middle of every block, at the end of its way."""
        return self._layout.positions

    def rect_of(self, layer_id: str) -> QRectF:
        """A block's rectangle at the end of its way."""
        return self.blocks[layer_id].rect.translated(QPointF(*self._layout.positions[layer_id]))

    # What is under the pointer

    def block_at(self, point: QPointF) -> BlockItem | None:
        """The block that a point lies on."""
        items = self.items(point)
        return next((item for item in items if isinstance(item, BlockItem) and item.scene_rect.contains(point)), None)

    def port_at(self, point: QPointF) -> tuple[BlockItem, Port] | None:
        """The block and which of its ports a point lies on."""
        for item in self.items(point):
            if isinstance(item, BlockItem):
                port = item.port_at(point)
                if port is not None:
                    return item, port
        return None

    def marked_block_at(self, point: QPointF) -> BlockItem | None:
        """The block whose problem mark a point lies on."""
        reach = QRectF(point.x() - 10, point.y() - 10, 20, 20)
        return next((item for item in self.items(reach) if isinstance(item, BlockItem) and item.mark_at(point)), None)

    def wire_at(self, point: QPointF) -> WireItem | None:
        """The wire, or its label, that a point lies on."""
        found = [item for item in self.items(point) if isinstance(item, WireItem)]
        return min(found, key=lambda item: item.distance(point), default=None)

    def wire_near(self, point: QPointF) -> WireItem | None:
        """The wire on which a layer dropped at a point is meant to go: the nearest, or the one in whose gap it lies."""
        reach = QRectF(point.x() - _NEAR_WIRE, point.y() - _NEAR_WIRE, 2 * _NEAR_WIRE, 2 * _NEAR_WIRE)
        near = [
            item
            for item in self.items(reach)
            if isinstance(item, WireItem) and item.wire.plain and item.distance(point) <= _NEAR_WIRE
        ]
        if near:
            return min(near, key=lambda item: item.distance(point))
        for wire, item in self.wires.items():
            if not wire.plain:
                continue
            upper, lower = self.blocks[wire.source].scene_rect, self.blocks[wire.target].scene_rect
            gap = QRectF(upper.bottomLeft(), lower.topRight())
            if item.runs_straight_down and gap.contains(point):
                return item
        return None
