"""Penalties on weights, added to the loss: Keras' L1 (λ Σ|w|) and L2 (λ Σ w²)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

Strength1 = Annotated[
    float,
    Meta(
        title="L1",
        description="λ of λ·Σ|w|, added to the loss. Drives unneeded weights to exactly zero.",
        ge=0,
        le=10,
    ),
]
Strength2 = Annotated[
    float,
    Meta(
        title="L2",
        description="λ of λ·Σw², added to the loss. The textbook's λ/(2m) is this λ: divide yours by twice the "
        "number of samples.",
        ge=0,
        le=10,
    ),
]


class L1(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=True):
    """λ Σ|w|."""

    l1: Strength1 = 0.01

    def caption(self) -> str:
        return f"L1 {self.l1:g}"


class L2(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=True):
    """λ Σ w²."""

    l2: Strength2 = 0.01

    def caption(self) -> str:
        return f"L2 {self.l2:g}"


class L1L2(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=True):
    """λ₁ Σ|w| + λ₂ Σ w²."""

    l1: Strength1 = 0.01
    l2: Strength2 = 0.01

    def caption(self) -> str:
        return f"L1 {self.l1:g} L2 {self.l2:g}"


Regularizer = L1 | L2 | L1L2


def strengths(regularizer: Regularizer | None) -> tuple[float, float]:
    """(λ of L1, λ of L2), zero where there is none."""
    return getattr(regularizer, "l1", 0.0), getattr(regularizer, "l2", 0.0)


def to_keras(keras: Any, regularizer: Regularizer | None) -> Any:
    """The Keras regularizer, or None."""
    if regularizer is None:
        return None
    return getattr(keras.regularizers, type(regularizer).__name__)(**msgspec.structs.asdict(regularizer))
