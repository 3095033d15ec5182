"""The table of layers: every layer type by its Keras name, in the order of the palette."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Union

from nnplayground.layers import (
    applications,
    attention,
    augmentation,
    convolution,
    convolution_1d,
    core,
    merge,
    pooling,
    pooling_1d,
    recurrent,
    regularization,
    sequences,
)
from nnplayground.layers.base import Layer, Shape, ShapeError, WeightSpec

_MODULES: tuple[ModuleType, ...] = (
    core,
    convolution,
    convolution_1d,
    pooling,
    pooling_1d,
    regularization,
    sequences,
    recurrent,
    attention,
    augmentation,
    merge,
    applications,
)


def _layer_types() -> dict[str, type[Layer]]:
    found: dict[str, type[Layer]] = {}
    for module in _MODULES:
        for name, value in vars(module).items():
            declared_here = isinstance(value, type) and value.__module__ == module.__name__
            if declared_here and issubclass(value, Layer) and not name.startswith("_"):
                found[name] = value
    return found


LAYER_TYPES: dict[str, type[Layer]] = _layer_types()
"""Layer type by name, grouped by family in the palette's order."""

AnyLayer: Any = Union[tuple(LAYER_TYPES.values())]  # noqa: UP007 - made from the table
"""The tagged union of all layer types, for decoding."""

FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(kind.family for kind in LAYER_TYPES.values()))

__all__ = ["FAMILIES", "LAYER_TYPES", "AnyLayer", "Layer", "Shape", "ShapeError", "WeightSpec"]
