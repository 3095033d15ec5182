"""The order of the data: a function of seed and epoch, not of a generator's hidden state, so resuming is trivial."""

from __future__ import annotations

from typing import Literal

import numpy as np

from nnplayground.engine.base import IndexArray


def epoch_order(seed: int, epoch: int, count: int) -> IndexArray:
    """A shuffled order of all samples: (count,) int64, the same for the same seed and epoch."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def epoch_batches(seed: int, epoch: int, count: int, *, batch_size: int | Literal["all"]) -> list[IndexArray]:
    """The minibatches of one epoch; the last one may be smaller. "all": one batch of everything."""
    order = epoch_order(seed, epoch, count)
    size = count if batch_size == "all" else batch_size
    return [order[start : start + size] for start in range(0, count, size)]


def batch_count(count: int, batch_size: int | Literal["all"]) -> int:
    return 1 if batch_size == "all" else -(-count // batch_size)
