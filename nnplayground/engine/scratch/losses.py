"""The losses and their derivatives, as Keras computes them.

Cross-entropy is computed from the values before the last activation where that is a sigmoid or a softmax: these neither
overflow nor round to 0 or 1, and the derivative becomes as simple as a − y. Elsewhere probabilities are kept a little
away from 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnplayground.engine.crossentropy import d_probabilities
from nnplayground.layers.activations import Activation, sigmoid, softmax
from nnplayground.samples import Array
from nnplayground.spec.training import LossName

_NEAR = 1e-7
"""Keras' `backend.epsilon()`."""


class Loss(NamedTuple):
    """y: targets, z and a: the output layer before and after its activation; all (batch, k).

    losses: (y, z, a) → (batch,), the loss of each sample.
    d_before: (y, z, a) → (batch, k), the derivative of each sample's loss by its own z.
    d_values: (y, a) → (batch, k), the one by its own a, which training goes past; on arrays only.
    """

    losses: Callable[[Array, Array, Array], Array]
    d_before: Callable[[Any, Any, Any], Any]
    d_values: Callable[[Array, Array], Array]


def make_loss(name: LossName, activation: Activation) -> Loss:
    """activation: of the output layer."""
    if activation.name in _PROBABILITY and name in _FROM_LOGITS:
        losses, probabilities_of = _FROM_LOGITS[name]

        def d_values(y: Array, a: Array) -> Array:
            return d_probabilities(name, activation.name, y, a)

        if activation.name == _PROBABILITY_OF[name]:
            return Loss(lambda y, z, a: losses(y, z), lambda y, z, a: _per_unit(name, a - y), d_values)
        return Loss(lambda y, z, a: losses(y, z), lambda y, z, a: _per_unit(name, probabilities_of(z) - y), d_values)
    losses, d_output = _FROM_OUTPUT[name]
    return Loss(lambda y, z, a: losses(y, a), lambda y, z, a: activation.backward(z, a, d_output(y, a)), d_output)


def _per_unit(name: LossName, d_total: Any) -> Any:
    """Binary cross-entropy is the mean over the output units, categorical the sum."""
    units = d_total.shape[-1]
    return d_total if name == "categorical_crossentropy" or units == 1 else d_total / units


def _binary_from_logits(y: Array, z: Array) -> Array:
    """−(y log σ(z) + (1 − y) log(1 − σ(z))), rearranged so that no logarithm of 0 is taken."""
    return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(axis=-1)


def _categorical_from_logits(y: Array, z: Array) -> Array:
    """−Σ y log softmax(z), with log softmax(z) = z − log Σ e^z."""
    shifted = z - z.max(axis=-1, keepdims=True)
    return (y * (np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted)).sum(axis=-1)


def _binary(y: Array, a: Array) -> Array:
    p = np.minimum(np.maximum(a, _NEAR), 1 - _NEAR)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=-1)


def _d_binary(y: Any, a: Any) -> Any:
    p = np.minimum(np.maximum(a, _NEAR), 1 - _NEAR)
    return _within(a) * (p - y) / (p * (1 - p)) / a.shape[-1]


def _categorical(y: Array, a: Array) -> Array:
    """Of outputs that need not add up to 1: they are divided by their sum."""
    p = np.minimum(np.maximum(a / a.sum(axis=-1, keepdims=True), _NEAR), 1 - _NEAR)
    return -(y * np.log(p)).sum(axis=-1)


def _d_categorical(y: Any, a: Any) -> Any:
    total = a.sum(axis=-1, keepdims=True)
    q = a / total
    d_q = -_within(q) * y / np.minimum(np.maximum(q, _NEAR), 1 - _NEAR)
    return (d_q - (d_q * q).sum(axis=-1, keepdims=True)) / total


def _within(p: Any) -> Any:
    """1 where p is not cut off, else 0."""
    return np.heaviside(p - _NEAR, 1) * np.heaviside(1 - _NEAR - p, 1)


_FROM_LOGITS: dict[str, tuple[Callable[[Array, Array], Array], Callable[[Any], Any]]] = {
    "binary_crossentropy": (_binary_from_logits, sigmoid),
    "categorical_crossentropy": (_categorical_from_logits, softmax),
}
_PROBABILITY_OF = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}
_PROBABILITY = frozenset(_PROBABILITY_OF.values())

_FROM_OUTPUT: dict[str, tuple[Callable[[Array, Array], Array], Callable[[Any, Any], Any]]] = {
    "binary_crossentropy": (_binary, _d_binary),
    "categorical_crossentropy": (_categorical, _d_categorical),
    "mean_squared_error": (
        lambda y, a: np.square(a - y).mean(axis=-1),
        lambda y, a: (a - y) * (2 / a.shape[-1]),
    ),
    "mean_absolute_error": (
        lambda y, a: np.abs(a - y).mean(axis=-1),
        lambda y, a: np.sign(a - y) / a.shape[-1],
    ),
}
