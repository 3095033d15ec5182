"""Cross-entropy by the probabilities that a model gives, for looking at: no engine computes its derivative that way.

Where the last activation is a sigmoid or a softmax, both engines go from the loss straight to the values before it,
because a − y is simpler than the two derivatives whose product it is, and never divides by zero.
"""

from __future__ import annotations

import numpy as np

from nnplayground.samples import Array
from nnplayground.spec.training import LossName

_NEAR = 1e-7
"""Keras' `backend.epsilon()`: probabilities are kept this far from 0 and 1."""
_ACTIVATIONS: dict[str, LossName] = {"sigmoid": "binary_crossentropy", "softmax": "categorical_crossentropy"}


def d_probabilities(loss: LossName, activation: str, targets: Array, outputs: Array) -> Array:
    """The derivative of each sample's loss by its own outputs, (m, k); not a number where they are no part of it.

    targets, outputs: (m, k). activation: Keras name of the last one, "sigmoid" or "softmax". With the other one of the
    two, cross-entropy is taken of the values before the activation and never sees what it makes of them.
    """
    if _ACTIVATIONS[activation] != loss:
        return np.full_like(outputs, np.nan)
    p = np.clip(outputs, _NEAR, 1 - _NEAR)
    if loss == "categorical_crossentropy":
        return -targets / p
    return (p - targets) / (p * (1 - p)) / outputs.shape[-1]
