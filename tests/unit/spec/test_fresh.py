"""Layers as they come from the palette."""

from __future__ import annotations

import pytest

from nnplayground.layers import LAYER_TYPES
from nnplayground.spec.fresh import fresh_layer


@pytest.mark.parametrize("layer_type", LAYER_TYPES)
def test_every_type_comes_fresh(layer_type: str) -> None:
    layer = fresh_layer(layer_type)
    assert layer.type == layer_type
    if "activation" in layer.__struct_fields__ and not layer.activates_inside:
        assert layer.activation == "relu"  # type: ignore[attr-defined]


def test_fresh_reshape_accepts_any_input() -> None:
    assert fresh_layer("Reshape").output_shape((4, 4, 3)) == (48,)
