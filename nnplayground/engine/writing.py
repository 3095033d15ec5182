"""How models write with any engine, by asking again for every token; an engine may know a faster way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from nnplayground.engine.base import Engine
from nnplayground.samples import Array, Arrays

States: TypeAlias = Sequence[Any]
"""What recurrent layers carry from token to token; means something to its engine only."""


@runtime_checkable
class WritesFast(Protocol):
    """An engine with ways of its own."""

    def step(self, tokens: Array, states: States | None) -> tuple[Array, States] | None:
        """One token further in each of m texts: ((m, V) probabilities of the next one, states for the next call).

        tokens: (m,) int32; states: None before the first token. None where the model has to see all tokens at once.
        """
        ...

    def complete(self, inputs: Arrays, written: str | None, *, start: int, end: int) -> Array:
        """As the function below, but what stands behind `end` means nothing."""
        ...


def complete(engine: Engine, inputs: Arrays, written: str | None, *, places: int, start: int, end: int) -> Array:
    """What a model writes from its source, always the most probable token: (n, places) int32, 0 behind `end`.

    inputs: of all Inputs but `written`, prepared. That one, (places,), gets the token `start` and then what has been
    told so far, place by place; None where the model writes all places at once.
    """
    if isinstance(engine, WritesFast):
        tokens = engine.complete(inputs, written, start=start, end=end)
    elif written is None:
        tokens = engine.predict(inputs).argmax(-1)
    else:
        count = len(next(iter(inputs.values())))
        so_far = np.zeros((count, places + 1), np.float32)
        so_far[:, 0] = start
        for place in range(places):
            told = engine.predict({**inputs, written: so_far[:, :places]})[:, place]
            so_far[:, place + 1] = told.argmax(-1)
        tokens = so_far[:, 1:]
    behind = np.cumsum(tokens == end, axis=1) - (tokens == end) > 0
    return np.where(behind, 0, tokens).astype(np.int32)
