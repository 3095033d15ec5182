"""How samples go through a network: through the whole model, or only through what is behind its frozen part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.objective import Objective
from nnplayground.engine.keras.runtime import tf
from nnplayground.engine.keras.splits import Kind, Split
from nnplayground.engine.keras.steps import Update, trace_block, trace_evaluation
from nnplayground.samples import Array

FORWARD_BYTES = 48 << 20
"""How much all values inside the model may take at once when many samples are passed through it."""
_MOST_SAMPLES = 8192


def at_once(network: Network) -> int:
    """How many samples are passed through a network in one go."""
    return max(1, min(_MOST_SAMPLES, FORWARD_BYTES // (4 * network.values_per_sample)))


class Way:
    """A network, the splits that it reads, and the steps that were traced for it."""

    def __init__(self, network: Network, objective: Objective) -> None:
        self.network = network
        self.splits: dict[str, Split] = {}
        self._step = at_once(network)
        self._objective = objective
        self._blocks: dict[Kind, Callable[..., Any]] = {}
        self._pieces: dict[Kind, Callable[..., Any]] = {}

    def block(self, kind: Kind, make_update: Callable[[Network], Update]) -> Callable[..., Any]:
        """The traced block of updates, see `trace_block`."""
        if kind not in self._blocks:
            self._blocks[kind] = trace_block(self.network, self._objective, make_update(self.network), kind)
        return self._blocks[kind]

    def evaluated(self, split: Split, cancelled: Callable[[], bool]) -> tuple[Array, Array, float] | None:
        """(losses (n,), predictions (n, …), penalty), as at inference. None where `cancelled` said so on the way."""
        if split.kind not in self._pieces:
            self._pieces[split.kind] = trace_evaluation(self.network, self._objective, split.kind)
        piece = self._pieces[split.kind]
        losses, predictions, penalty = [], [], 0.0
        for start in range(0, len(split), self._step):
            if cancelled():
                return None
            stop = min(start + self._step, len(split))
            inputs = split.inputs if split.resident else split.gathered(slice(start, stop))
            first = 0 if split.resident else start
            told = piece(inputs, split.labels, tf.constant(start), tf.constant(stop), tf.constant(first))
            losses.append(told[0].numpy())
            predictions.append(told[1].numpy())
            penalty = float(told[2])
        return np.concatenate(losses), np.concatenate(predictions), penalty

    def trace_anew(self) -> None:
        """What was traced with the optimizer as it was is of no use."""
        self._blocks.clear()

    def clear(self) -> None:
        self.splits.clear()
        self._blocks.clear()
        self._pieces.clear()
