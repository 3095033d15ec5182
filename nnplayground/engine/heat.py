"""Grad-CAM: which parts of a picture the maps of a layer spoke from, for the class that the model predicts.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from nnplayground.engine.base import Engine, EngineError
from nnplayground.samples import Array, Arrays


@runtime_checkable
class GivesClassGradients(Protocol):
    """An engine that tells how the values of a layer move the prediction."""

    def class_gradients(self, inputs: Arrays, layer_id: str) -> tuple[Array, Array]:
        """(values of the layer, their gradients) as at inference, (n, *shape) float32 each.

        inputs: by Input id, prepared. The gradients are those of the value that decides for the predicted class, ahead
        of the activation function: that of its unit; of a single unit, which speaks for the second class, the value or
        its negative. Raises EngineError for a layer that the model does not have.
        """
        ...


def heat(engine: Engine, inputs: Arrays, layer_id: str) -> Array:
    """(n, height, width) float32, 0 and more: relu(Σ αₖ Aₖ), with αₖ the mean over the map k of ∂y/∂Aₖ.

    Raises EngineError where the engine cannot tell, or the layer gives no maps.
    """
    if not isinstance(engine, GivesClassGradients):
        raise EngineError("Grad-CAM is there for models that predict something; this one makes pictures.")
    values, gradients = engine.class_gradients(inputs, layer_id)
    if values.ndim != 4:
        raise EngineError(f"Grad-CAM needs feature maps, but {layer_id} gives none; choose a convolutional layer.")
    return grad_cam(values, gradients)


def grad_cam(values: Array, gradients: Array) -> Array:
    """values, gradients: (n, height, width, channels) → (n, height, width) float32."""
    importance = gradients.mean(axis=(1, 2), keepdims=True)
    return np.maximum((values * importance).sum(axis=-1), 0).astype(np.float32)


def d_decisive(z: Array, *, classes: bool) -> Array:
    """The derivative of the value that decides by z, (n, k): what the output gives ahead of its activation function."""
    if not classes:
        return np.ones_like(z)
    if z.shape[-1] == 1:
        return np.where(z >= 0, 1, -1).astype(z.dtype)
    return (np.arange(z.shape[-1]) == z.argmax(axis=-1)[..., np.newaxis]).astype(z.dtype)
