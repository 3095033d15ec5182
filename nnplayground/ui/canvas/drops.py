"""A layer dragged from the palette over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.core import Input
from nnplayground.spec.fresh import fresh_layer
from nnplayground.spec.rearrange import may_hold, place_layer
from nnplayground.ui import mime
from nnplayground.ui.canvas.placing import Placing, Workbench


class LayerDrop:
    """From the moment it enters the canvas until it is dropped or leaves."""

    def __init__(self, bench: Workbench, layer_type: str) -> None:
        self._bench = bench
        self._layer_type = layer_type
        layer = fresh_layer(layer_type)
        self._placing = Placing(
            bench,
            lambda project, place: place_layer(project, layer, place),
            title=layer_type,
            may_stand_apart=layer.input_count[0] > 1 or isinstance(layer, Input),
            may_be_inside=lambda layer_id: may_hold(bench.document.project.model.layer(layer_id), layer),
        )

    def move(self, point: QPointF) -> None:
        """Show what letting go at a point of the scene would do."""
        self._placing.follow(point)

    def drop(self, point: QPointF) -> None:
        place = self._placing.follow(point)
        self._placing.clear()
        self._bench.commands.insert(self._layer_type, place)

    def leave(self) -> None:
        self._placing.clear()


def dragged_layer_type(content: QMimeData) -> str | None:
    """The layer type that is being dragged; None for anything else, such as files."""
    if not content.hasFormat(mime.LAYER):
        return None
    name = bytes(content.data(mime.LAYER).data()).decode("utf-8", "replace")
    return name if name in LAYER_TYPES else None
