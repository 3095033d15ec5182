"""What several checks ask about layers that read sequences."""

from __future__ import annotations

from nnplayground.layers import Layer
from nnplayground.layers.recurrent import Bidirectional
from nnplayground.layers.recurrent_base import Recurrent
from nnplayground.spec.model import Model


def reader(layer: Layer) -> Recurrent | None:
    """The layer that goes from step to step: a recurrent one itself, or the one inside Bidirectional."""
    inner = layer.layer if isinstance(layer, Bidirectional) else layer
    return inner if isinstance(inner, Recurrent) else None


def sequences_path(model: Model, layer_id: str) -> str:
    """Path of `return_sequences` of a layer that has a reader."""
    inner = ".layer" if isinstance(model.layer(layer_id), Bidirectional) else ""
    return f"model.{layer_id}{inner}.return_sequences"


def readers_before(model: Model, layer_id: str) -> tuple[str, ...]:
    """Ids of the recurrent layers on the way to a layer, itself included, nearest first; along its first inputs."""
    found: list[str] = []
    seen: set[str] = set()
    current: str | None = layer_id
    while current is not None and current not in seen:
        seen.add(current)
        if reader(model.layer(current)) is not None:
            found.append(current)
        current = next((wire.source_id for wire in model.input_wires(current)), None)
    return tuple(found)
