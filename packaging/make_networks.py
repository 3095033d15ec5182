"""Makes nnplayground/layers/networks from Keras' own applications: python packaging/make_networks.py [NETWORK…]

One table for each network, with a line for each layer inside it and what its shapes are computed from. Needs Keras with
TensorFlow; nothing is downloaded. Another version of Keras may write other tables.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import keras
from keras.src.applications import (
    convnext,
    densenet,
    efficientnet_v2,
    imagenet_utils,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
    nasnet,
    resnet,
    resnet_v2,
    vgg16,
    vgg19,
    xception,
)

TABLES = Path(__file__).resolve().parent.parent / "nnplayground" / "layers" / "networks"

NETWORKS: dict[str, Any] = {
    "DenseNet121": densenet,
    "DenseNet169": densenet,
    "DenseNet201": densenet,
    "InceptionResNetV2": inception_resnet_v2,
    "InceptionV3": inception_v3,
    "MobileNet": mobilenet,
    "MobileNetV2": mobilenet_v2,
    "MobileNetV3Small": mobilenet_v3,
    "MobileNetV3Large": mobilenet_v3,
    "NASNetMobile": nasnet,
    "NASNetLarge": nasnet,
    "ResNet50": resnet,
    "ResNet101": resnet,
    "ResNet152": resnet,
    "ResNet50V2": resnet_v2,
    "ResNet101V2": resnet_v2,
    "ResNet152V2": resnet_v2,
    "VGG16": vgg16,
    "VGG19": vgg19,
    "Xception": xception,
    "EfficientNetV2B0": efficientnet_v2,
    "EfficientNetV2B1": efficientnet_v2,
    "EfficientNetV2B2": efficientnet_v2,
    "EfficientNetV2B3": efficientnet_v2,
    "ConvNeXtTiny": convnext,
}
MOBILE_SIZES = {"MobileNet": (128, 160, 192, 224), "MobileNetV2": (96, 128, 160, 192, 224)}
"""Networks with weights of their own for several sizes of pictures."""
UNSAID = {"MobileNetV3Small": 224, "MobileNetV3Large": 224}
"""Picture sizes of networks that take any size by themselves; they look at the least one, 32, by themselves too."""


class Fitted(tuple):
    """A padding that Keras works out from the size of its input."""

    kernel: int


class Asked(Exception):
    """Keras would download a file now."""


def fitted(inputs: Any, kernel_size: Any) -> Fitted:
    padding = Fitted(_correct_pad(inputs, kernel_size))
    padding.kernel = kernel_size if isinstance(kernel_size, int) else kernel_size[0]
    return padding


_correct_pad = imagenet_utils.correct_pad
_zero_padding = keras.layers.ZeroPadding2D.__init__
_obtain_input_shape = imagenet_utils.obtain_input_shape


def zero_padding(self: Any, padding: Any = (1, 1), **others: Any) -> None:
    _zero_padding(self, padding=padding, **others)
    self.fitted_to = getattr(padding, "kernel", None)


def build(name: str, *, include_top: bool) -> tuple[Any, int, int]:
    """(the Keras model without weights of anybody, its own picture size, the smallest it takes)."""
    limits: dict[str, int] = {}

    def obtain(*given: Any, **named: Any) -> Any:
        limits.update(default=named["default_size"], least=named["min_size"])
        return _obtain_input_shape(*given, **named)

    keras.utils.clear_session()
    with (
        patch.object(imagenet_utils, "correct_pad", fitted),
        patch.object(imagenet_utils, "obtain_input_shape", obtain),
        patch.object(keras.layers.ZeroPadding2D, "__init__", zero_padding),
        keras.StatelessScope(),
    ):
        size = UNSAID.get(name)
        shape = None if size is None else (size, size, 3)
        model = getattr(keras.applications, name)(weights=None, include_top=True, input_shape=shape)
        size = model.input_shape[1]
        if not include_top:
            keras.utils.clear_session()
            model = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=(size, size, 3))
    return model, size, limits.get("least", 32)


def rows(model: Any) -> Iterator[str]:
    """A line for each operation: name, kind, what its shape depends on, and where its inputs are if not just before."""
    place: dict[int, int] = {}
    for number, operation in enumerate(model.operations):
        place[id(operation)] = number
        sources = [
            place[id(tensor._keras_history.operation)] - number
            for node in operation._inbound_nodes[:1]
            for tensor in node.arguments.keras_tensors
        ]
        words = [operation.name, described(operation)]
        if number and sources != [-1]:
            words.append("<" + ",".join(str(-source) for source in sources))
        yield " ".join(words)


def described(operation: Any) -> str:
    kind = type(operation).__name__
    if isinstance(operation, keras.Sequential):
        return "Sequential " + " | ".join(described(layer) for layer in operation.layers)
    return " ".join(
        filter(None, [kind if isinstance(operation, keras.Layer) else f"ops.{kind}", parameters(operation)])
    )


def parameters(operation: Any) -> str:
    kind = type(operation).__name__
    bias = "bias" if getattr(operation, "use_bias", False) else ""
    match kind:
        case "Conv2D" | "SeparableConv2D":
            groups = f"groups={operation.groups}" if getattr(operation, "groups", 1) > 1 else ""
            return words(operation.filters, *window(operation), bias, groups)
        case "DepthwiseConv2D":
            assert operation.depth_multiplier == 1
            return words(*window(operation), bias)
        case "MaxPooling2D" | "AveragePooling2D":
            return words(side(operation.pool_size), side(operation.strides), operation.padding)
        case "BatchNormalization":
            return words("" if operation.scale else "unscaled", "" if operation.center else "uncentred")
        case "ZeroPadding2D":
            if operation.fitted_to is not None:
                return words("fitted", operation.fitted_to)
            return words(*(number for pair in operation.padding for number in pair))
        case "Cropping2D":
            return words(*(number for pair in operation.cropping for number in pair))
        case "Dense":
            return words(operation.units, bias)
        case "Reshape":
            return words("x".join(map(str, operation.target_shape)))
        case "GlobalAveragePooling2D" | "GlobalMaxPooling2D":
            return "keepdims" if operation.keepdims else ""
        case "Activation":
            return operation.activation.__name__
        case "Concatenate":
            assert operation.axis in (-1, 3)
            return ""
        case _:
            return ""


def window(operation: Any) -> tuple[Any, ...]:
    assert tuple(operation.dilation_rate) in ((1, 1), (1,))
    return side(operation.kernel_size), side(operation.strides), operation.padding


def side(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def words(*parts: Any) -> str:
    return " ".join(str(part) for part in parts if part != "")


def weights_file(name: str, *, include_top: bool, size: int) -> dict[str, str]:
    """The file that Keras would download."""
    asked: dict[str, str] = {}

    def get_file(fname: str, origin: str, *, cache_subdir: str, file_hash: str = "") -> str:
        assert cache_subdir == "models"
        asked.update(file=fname, origin=origin, hash=file_hash)
        raise Asked

    module = NETWORKS[name]
    keras.utils.clear_session()
    places = [each for each in (module, resnet) if hasattr(each, "file_utils")]
    with keras.StatelessScope(), patch.object(places[0].file_utils, "get_file", get_file):
        try:
            getattr(keras.applications, name)(include_top=include_top, input_shape=(size, size, 3))
        except Asked:
            return asked
    raise AssertionError(f"{name} did not ask for weights")


@contextmanager
def recorded_mode(found: list[str]) -> Iterator[None]:
    def preprocess(x: Any, data_format: Any = None, mode: str = "caffe") -> Any:
        found.append(mode)
        return x

    with patch.object(imagenet_utils, "preprocess_input", preprocess):
        yield


def preprocessing(name: str) -> str:
    """Keras' mode of preprocess_input; "none" where the network takes 0 to 255 and does the rest by itself."""
    found: list[str] = []
    with recorded_mode(found):
        NETWORKS[name].preprocess_input(None)
    return found[0] if found else "none"


def main() -> None:
    TABLES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or NETWORKS:
        whole, size, least = build(name, include_top=True)
        with_top = list(rows(whole))
        headless = list(rows(build(name, include_top=False)[0]))
        pairs = zip(with_top, headless, strict=False)
        shared = next((place for place, (one, other) in enumerate(pairs) if one != other), len(headless))
        assert len(headless) - shared <= 1, name
        sizes = MOBILE_SIZES.get(name, (size,))
        head = {
            "size": size,
            "least": least,
            "preprocessing": preprocessing(name),
            "shared": shared,
            "end": headless[shared:],
            "weights": {
                "top": {each: weights_file(name, include_top=True, size=each) for each in sizes},
                "notop": {each: weights_file(name, include_top=False, size=each) for each in sizes},
            },
        }
        lines = [json.dumps(head), *with_top]
        (TABLES / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(with_top)} layers")


if __name__ == "__main__":
    main()
