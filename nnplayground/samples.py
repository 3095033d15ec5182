"""Samples: what data hands to engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec
import numpy as np

Array: TypeAlias = np.ndarray
Arrays: TypeAlias = Mapping[str, Array]


class Preparation(msgspec.Struct, frozen=True):
    """How a stored array becomes what the model gets: float32(x) · scale + offset.

    scale, offset: one number for all values, or one for each channel (the last axis).
    """

    scale: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)

    def apply(self, stored: Array) -> Array:
        """stored: (n, …) of any number type → float32 of the same shape."""
        return stored.astype(np.float32) * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)


class Samples(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The samples of one split.

    inputs: by Input layer id, each (n, *input shape), stored (perhaps memory-mapped uint8) before `preparation`. Tokens
    are numbers of the vocabulary, 0 where there is none.
    targets: by output layer id, each (n,) int32 class indices, (n, k) float32 numbers or (n, places) int32 tokens.
    weights: (n,) float32, how much each sample counts in the loss; None: all the same. Of tokens, those that are 0
    count for nothing.
    ids: n stable names (the relative file path, or the number of a point).
    """

    inputs: Arrays
    targets: Arrays
    ids: tuple[str, ...]
    weights: Array | None = None
    preparation: Mapping[str, Preparation] = msgspec.field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def prepared(self, name: str, index: Array | slice) -> Array:
        """Input `name` of the chosen samples as the model gets it: (m, *input shape) float32."""
        return self.preparation.get(name, Preparation()).apply(np.asarray(self.inputs[name][index]))
