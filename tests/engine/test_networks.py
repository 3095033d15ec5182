"""The tables of what lies inside the networks of keras.applications equal Keras, for every network.

Each is built once, for pictures that are neither square nor even, where rounding shows; the quick ones again for their
smallest pictures and with their top.
"""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("tensorflow")

from nnplayground.engine.keras.runtime import keras
from nnplayground.layers import LAYER_TYPES, Shape
from nnplayground.layers.networks import inner_shapes, network

NETWORKS = [name for name, kind in LAYER_TYPES.items() if kind.family == "pretrained"]
ODD = (97, 110, 3)


def _built(name: str, shape: Shape, *, include_top: bool) -> Any:
    """As Keras builds it, with the names of a fresh start, and without ever making the weights."""
    keras.utils.clear_session()
    with keras.StatelessScope():
        return getattr(keras.applications, name)(include_top=include_top, weights=None, input_shape=shape)


def _compare(name: str, shape: Shape, *, include_top: bool) -> None:
    table = network(name, include_top)
    model = _built(name, shape, include_top=include_top)
    ours = inner_shapes(name, include_top, shape, len(table.layers) - 1)
    assert len(ours) == len(table.layers) == len(model.operations)
    place = {id(operation): number for number, operation in enumerate(model.operations)}
    for number, operation in enumerate(model.operations):
        inner, kind = table.layers[number], type(operation).__name__
        known = ours[number]
        assert inner.kind == (kind if isinstance(operation, keras.Layer) else f"ops.{kind}")
        if number:
            assert inner.name == operation.name
        assert tuple(operation.output.shape[1:]) == known.output, inner.name
        sources = [tensor._keras_history.operation for tensor in operation._inbound_nodes[0].arguments.keras_tensors]
        assert tuple(place[id(source)] for source in sources) == inner.sources, inner.name
        weights = list(operation.weights) if isinstance(operation, keras.Layer) else []
        assert [tuple(weight.shape) for weight in weights] == [weight.shape for weight in known.weights], inner.name
        assert [weight.trainable for weight in weights] == [weight.learned for weight in known.weights], inner.name
        if kind not in ("Sequential", "LayerScale"):  # whose weights have no names of their own
            assert [weight.name for weight in weights] == [weight.name for weight in known.weights]
    assert model.count_params() == sum(known.parameters for known in ours.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_equals_keras(name: str) -> None:
    _compare(name, ODD, include_top=False)


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV3Small", "VGG16", "ConvNeXtTiny"])
def test_with_its_top_it_equals_keras(name: str) -> None:
    _compare(name, (64, 64, 3), include_top=True)


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "MobileNetV3Small", "VGG16", "Xception"])
def test_for_the_smallest_pictures_it_equals_keras(name: str) -> None:
    least = network(name, False).least
    _compare(name, (least, least, 3), include_top=False)
    with pytest.raises(ValueError, match=str(least)):
        _built(name, (least - 1, least, 3), include_top=False)
