"""Which gesture a press of the mouse begins."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from nnplayground.ui.canvas.gestures import ConnectWire, Gesture, MoveBlocks, SelectBand
from nnplayground.ui.canvas.placing import Workbench
from nnplayground.ui.canvas.scene import CanvasScene

_EXTEND = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


def begin_gesture(
    bench: Workbench,
    point: QPointF,
    modifiers: Qt.KeyboardModifier,
    *,
    zoom: float,
    offer_branch: Callable[[str, QPointF], None],
) -> Gesture | None:
    """The gesture for a press at a point of the scene; None where the press has done all.

    offer_branch: called with a layer's id and a point when a wire from it is let go over nothing.
    """
    scene = bench.scene
    port = scene.port_at(point)
    if port is not None:
        block, name = port
        layer_id = block.face.layer_id
        return ConnectWire(
            bench, block, name, clicked=lambda: scene.selection.select((layer_id,)), dropped=offer_branch
        )
    block = scene.block_at(point)
    if block is not None:
        return _begin_on_block(bench, block.face.layer_id, point, modifiers, zoom)
    wire = scene.wire_at(point)
    if wire is not None:
        scene.selection.select_wire(wire.wire)
        return None
    return SelectBand(bench, point, modifiers)


def _begin_on_block(
    bench: Workbench, layer_id: str, point: QPointF, modifiers: Qt.KeyboardModifier, zoom: float
) -> Gesture:
    """Select the block, so that it can be dragged; what a click does to the selection waits for the release."""
    selection = bench.scene.selection
    was_selected = layer_id in selection.ids
    extend = bool(modifiers & _EXTEND)

    def click() -> None:
        if not extend:
            selection.select((layer_id,))
        elif was_selected:
            selection.toggle(layer_id)

    if not was_selected:
        selection.select((*selection.ids, layer_id) if extend else (layer_id,), current=layer_id)
    return MoveBlocks(bench, point, zoom=zoom, clicked=click)


def cursor_at(scene: CanvasScene, point: QPointF) -> Qt.CursorShape:
    """The pointer's shape over a point of the scene: what a press there would take hold of."""
    if scene.port_at(point) is not None:
        return Qt.CursorShape.CrossCursor
    if scene.block_at(point) is None and scene.wire_at(point) is not None:
        return Qt.CursorShape.PointingHandCursor
    return Qt.CursorShape.ArrowCursor
