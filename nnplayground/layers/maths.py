"""What the numpy maths of a layer consists of.

A layer's `maths` is written as plain formulas on arrays, the values before the layer's activation function and how the
gradient flows back through them. Whoever calls it applies the activation function and its derivative, so that a
layer only says what is its own: for Dense, Z = X W + b, and dW = Xᵀ dZ, db = Σ dZ, dX = dZ Wᵀ.

The formulas use operators, numpy functions, `scattered` and `computed`, and change no array in place: the scratch
engine runs them both on arrays and on stand-ins that record them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray


class Gradients(NamedTuple):
    """Derivatives of the loss: by each input of the layer, in their order, and by its weights, by name."""

    inputs: tuple[Array, ...]
    weights: Mapping[str, Array] = {}


class Maths(NamedTuple):
    """One pass through a layer.

    before: (batch, *output shape), the values before the activation function.
    backward: dZ → Gradients, where dZ is the derivative of the loss by `before`, of the same shape.
    following: new values of the weights that are not learned but follow the batches, by name; in training only.
    """

    before: Array
    backward: Callable[[Array], Gradients]
    following: Mapping[str, Array] = {}


class Pass(NamedTuple):
    """What a pass through a layer may depend on besides its inputs and weights.

    training: whether the weights are being learned, as against the model being used.
    uniform: shape → random numbers in [0, 1), other ones in each pass.
    number: name of a parameter → its value as an array without axes; it may change while training runs.
    masks: for each input, which steps of its rows count, (batch, steps) of 1 and 0, or None where all do.
    """

    training: bool
    uniform: Callable[[tuple[int, ...]], Array]
    number: Callable[[str], Array]
    masks: tuple[Array | None, ...] = ()

    @property
    def mask(self) -> Array | None:
        """Of the first input."""
        return self.masks[0] if self.masks else None


def scattered(parts: Sequence[Array], places: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """Zeros of this shape, to which each part is added at its place: the reverse of reading x[place] for each place.

    places: indices made of slices, one for each part.
    """
    first: Any = parts[0]
    if not isinstance(first, np.ndarray):
        # Stand-ins are asked in the way in which numpy's own functions ask them.
        return first.__array_function__(scattered, (type(first),), (parts, places, shape), {})
    total = np.zeros(shape, first.dtype)
    for part, place in zip(parts, places, strict=True):
        total[place] += part
    return total


def computed(
    function: Callable[..., None], shapes: Sequence[tuple[int, ...]], *operands: Array | None
) -> tuple[Array, ...]:
    """Arrays of these shapes, in the number type of the operands, as `function(*operands, out=arrays)` fills them.

    For what numpy functions alone cannot say, such as a loop over steps. Operands may be None, but not all of them.
    """
    given: Any = next(operand for operand in operands if operand is not None)
    if not isinstance(given, np.ndarray):
        return given.__array_function__(computed, (type(given),), (function, shapes, *operands), {})
    out = tuple(np.empty(shape, given.dtype) for shape in shapes)
    function(*operands, out=out)
    return out
