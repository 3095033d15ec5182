"""Layers as they come from the palette: Keras' defaults, but with an activation that lets a learner's model learn."""

from __future__ import annotations

import msgspec

from nnplayground.layers import LAYER_TYPES, Layer


def fresh_layer(layer_type: str) -> Layer:
    """A new layer of a type. Raises KeyError for a type that is not in the table.

    Keras' default activation is linear, with which a stack of layers can do no more than a single one; here they
    start with relu.
    """
    layer = LAYER_TYPES[layer_type]()
    if "activation" in layer.__struct_fields__ and not layer.activates_inside:
        return msgspec.structs.replace(layer, activation="relu")
    return layer
