"""Engines that can compute the frozen part of a model by itself, and train on what it gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from nnplayground.engine.base import Weights
from nnplayground.layers import Shape
from nnplayground.samples import Array, Arrays


@runtime_checkable
class ExtractsFeatures(Protocol):
    """Features are what the frozen part gives for a sample: the same at every update."""

    @property
    def feature_shapes(self) -> Mapping[str, Shape]:
        """Of one sample, by name. Empty where there is no frozen part that is worth it."""
        ...

    @property
    def has_features(self) -> bool:
        """Whether `train` and `evaluate` read features that are at hand."""
        ...

    @property
    def features_at_once(self) -> int:
        """For how many samples features should be computed in one go."""
        ...

    def frozen_weights(self) -> Weights:
        """All weights that features depend on."""
        ...

    def features(self, split: str, rows: slice) -> Mapping[str, Array]:
        """Computed for some samples of a split: (m, *shape) float32 each."""
        ...

    def attach_features(self, features: Mapping[str, Arrays]) -> None:
        """Train on and evaluate these from now on, by split and name: (n, *shape) float32. All else stays as it is.

        They are let go of as soon as a weight of the frozen part is set to another value.
        """
        ...
