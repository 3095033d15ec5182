"""The order of the data: a function of seed and epoch, not of what was drawn before, so resuming is trivial."""

from __future__ import annotations

from typing import Literal

import numpy as np

from nnplayground.engine.base import IndexArray

_WORD = (1 << 64) - 1


class DataOrder:
    """The minibatches of any epoch, always the same for the same seed.

    Philox turns a counter into random numbers, with the seed as its key. Each epoch begins at a counter of its own, and
    to go there takes a tenth of the time that a new generator does.
    """

    def __init__(self, seed: int, count: int, batch_size: int | Literal["all"]) -> None:
        """count: the number of samples. "all": one batch of everything."""
        self._count = count
        self._size = count if batch_size == "all" else batch_size
        self._philox = np.random.Philox(key=seed & _WORD)
        self._generator = np.random.Generator(self._philox)
        self._start = self._philox.state

    def batches(self, epoch: int) -> list[IndexArray]:
        """All samples in a shuffled order, (batch,) int64 each; the last one may be smaller."""
        self._start["state"]["counter"][2] = epoch
        self._philox.state = self._start
        order = self._generator.permutation(self._count)
        return [order[start : start + self._size] for start in range(0, self._count, self._size)]


def batch_count(count: int, batch_size: int | Literal["all"]) -> int:
    return 1 if batch_size == "all" else -(-count // batch_size)
