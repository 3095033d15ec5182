"""Pretrained blocks without TensorFlow: what is known about them, what they refuse, and how they prepare pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.layers import LAYER_TYPES, ShapeError
from nnplayground.layers.applications import VGG16, InceptionV3, MobileNet, MobileNetV2, ResNet50
from nnplayground.layers.pretrained import Pretrained

NETWORKS: list[Any] = [kind for kind in LAYER_TYPES.values() if kind.family == "pretrained"]
SHAPE = (96, 96, 3)


@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.__name__)
class TestEveryNetwork:
    def test_it_tells_its_shape_and_its_parts(self, kind: type[Pretrained]) -> None:
        layer = kind()
        height, width, channels = layer.output_shape(SHAPE)
        assert height == width
        assert 1 <= height <= 4
        assert kind(pooling="avg").output_shape(SHAPE) == (channels,)
        inner = layer.inner(SHAPE)
        assert inner[-1].shape.output == layer.output_shape(SHAPE)
        assert not any(each.trained for each in inner)
        assert layer.parameter_count(SHAPE) == sum(each.shape.parameters for each in inner)
        assert len({each.name for each in inner}) == len(inner)

    def test_it_ends_and_is_trained_where_one_says(self, kind: type[Pretrained]) -> None:
        inner = kind().inner(SHAPE)
        middle = inner[len(inner) // 2].name
        layer = kind(output_layer=middle, trainable=middle)
        assert layer.output_shape(SHAPE) == inner[len(inner) // 2].shape.output
        assert [each.name for each in layer.inner(SHAPE) if each.trained] == [middle]
        assert layer.parameter_count(SHAPE) < kind().parameter_count(SHAPE)
        everything = kind(trainable="all")
        assert 0 < everything.trained_count(SHAPE) <= everything.parameter_count(SHAPE)

    def test_its_weights_have_a_published_file(self, kind: type[Pretrained]) -> None:
        for layer in (kind(), kind(include_top=True)):
            file = layer.weights_file((layer.table.size,) * 2 + (3,))
            assert file.name.endswith(".h5")
            assert file.origin.startswith("https://")
            assert len(file.hash) in (0, 32, 64)


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (VGG16(), (31, 64, 3), "at least 32×32 pixels, but receives 31×64"),
        (InceptionV3(), (64, 64, 3), "at least 75×75"),
        (VGG16(), (64, 64, 1), "three colour channels, but receives 1"),
        (VGG16(), (64,), "needs an image"),
        (VGG16(include_top=True), (96, 96, 3), "takes pictures of 224×224 pixels"),
        (VGG16(output_layer="block9"), SHAPE, "no inner layer block9"),
        (VGG16(trainable="block5_cov1"), SHAPE, "did you mean block5_conv1"),
        (VGG16(output_layer="fc1"), SHAPE, "include the top"),
        (
            VGG16(output_layer="block2_pool", trainable="block5_conv1"),
            SHAPE,
            "comes after its output layer block2_pool",
        ),
    ],
)
def test_what_does_not_fit_is_refused(layer: Pretrained, shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        layer.output_shape(shape)


def test_what_training_keeps_are_the_values_of_the_trained_layers() -> None:
    assert VGG16().kept_values((64, 64, 3)) == 0
    assert VGG16(trainable="block5_conv3").kept_values((64, 64, 3)) == 4 * 4 * 512 + 2 * 2 * 512


def test_weights_go_with_the_size_of_the_pictures() -> None:
    assert "1.0_96_no_top" in MobileNetV2().weights_file((96, 96, 3)).name
    assert "1.0_224_no_top" in MobileNetV2().weights_file((100, 100, 3)).name
    assert "1_0_160_tf.h5" in MobileNet(include_top=True).weights_file((160, 160, 3)).name


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (VGG16, [0.25 * 255 - 103.939, 0.5 * 255 - 116.779, 1.0 * 255 - 123.68]),
        (ResNet50, [0.25 * 255 - 103.939, 0.5 * 255 - 116.779, 1.0 * 255 - 123.68]),
        (MobileNet, [1.0, 0.0, -0.5]),
        (LAYER_TYPES["DenseNet121"], [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.25 - 0.406) / 0.225]),
        (LAYER_TYPES["EfficientNetV2B0"], [255.0, 127.5, 63.75]),
    ],
)
@pytest.mark.parametrize(("pixels", "scale", "offset"), [("0..1", 1, 0), ("-1..1", 2, -1), ("0..255", 255, 0)])
def test_pixels_of_any_range_become_what_the_network_expects(
    kind: Any, expected: list[float], pixels: Any, scale: float, offset: float
) -> None:
    """An orange pixel."""
    arriving = np.array([1.0, 0.5, 0.25]) * scale + offset
    prepared = kind(input_range=pixels).preprocessed()
    if prepared.reversed:
        arriving = arriving[::-1]
    np.testing.assert_allclose(arriving * prepared.scale + prepared.offset, expected, atol=1e-9)
