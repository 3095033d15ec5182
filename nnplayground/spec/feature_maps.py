"""Which layers give feature maps, such as Grad-CAM looks at."""

from __future__ import annotations

from collections.abc import Mapping

from nnplayground.layers.base import Layer
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.model import LayerShapes, Model


def map_layers(model: Model, shapes: Mapping[str, LayerShapes]) -> tuple[str, ...]:
    """Ids of all convolutional layers, and of the layers with maps inside Pretrained blocks, in the model's order.

    The last one saw the most before it was summed up: it is the one that Grad-CAM looks at where none is chosen.
    """
    found: list[str] = []
    for layer_id in model.order:
        layer, known = model.layer(layer_id), shapes[layer_id]
        if known.output is None:
            continue
        if isinstance(layer, Pretrained):
            found += [f"{layer_id}/{each.name}" for each in layer.inner(*known.inputs) if _are_maps(each.shape.output)]
        elif _convolves(layer) and _are_maps(known.output):
            found.append(layer_id)
    return tuple(found)


def _convolves(layer: Layer) -> bool:
    return layer.family == "convolution"


def _are_maps(shape: tuple[int, ...]) -> bool:
    """(height, width, channels), of more than a single place."""
    return len(shape) == 3 and shape[0] * shape[1] > 1
