"""What the canvas says about what the pointer rests on."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPointF

from nnplayground.ui.canvas.block_item import Port
from nnplayground.ui.canvas.faces import UNKNOWN, BlockFace
from nnplayground.ui.canvas.scene import CanvasScene


def tooltip_at(scene: CanvasScene, point: QPointF) -> str:
    """Rich text for a point of the scene; empty where there is nothing to say."""
    marked = scene.marked_block_at(point)
    if marked is not None:
        return "<br>".join(escape(sentence) for _, sentence in marked.face.marks)
    port = scene.port_at(point)
    if port is not None:
        return _port_tooltip(port[1])
    block = scene.block_at(point)
    if block is not None:
        return block_tooltip(block.face)
    wire = scene.wire_at(point)
    if wire is None:
        return ""
    ends = f"{escape(wire.wire.source)} → {escape(wire.wire.target)}"
    shape = "shape not known yet" if wire.label.endswith(UNKNOWN) else f"{wire.label} for each sample"
    ways = "Drop a layer here to insert it, double-click to choose one, Delete to remove."
    return f"<b>{ends}</b><br>{shape}<br>{ways if wire.wire.plain else 'Delete to remove.'}"


def _port_tooltip(port: Port) -> str:
    if not port.name:
        return "Drag to the block that feeds it." if port.incoming else "Drag to another block to connect them."
    if port.incoming:
        return f"<b>{escape(port.name)}</b><br>Where it begins, if another layer's state is dragged here."
    return f"<b>{escape(port.name)}</b><br>What it remembers after the last step; drag it to another recurrent layer."


def block_tooltip(face: BlockFace) -> str:
    words = [f"<b>{escape(face.title)}</b> {escape(face.layer_id)}", escape(face.caption)]
    words.extend(escape(line) for line in face.details.splitlines())
    words.extend(escape(sentence) for _, sentence in face.marks)
    return "<br>".join(word for word in words if word)
