"""A model that was told, at each place, what was right before it now goes on from what it has written itself."""

from __future__ import annotations

import time

import msgspec
import numpy as np

from nnplayground.data.tokens import END, START, Tokenizer
from nnplayground.engine.base import Engine
from nnplayground.engine.writing import complete
from nnplayground.samples import Array, Arrays, Samples

SHARE = 0.2
"""Of the time of an epoch that translating validation samples may take."""
LEAST, MOST = 50, 1000
"""Samples that are translated after each epoch; at the end of a run all are."""
_AT_ONCE = 256


class Translation(msgspec.Struct, frozen=True):
    """What the model makes of a source. target: what is right, where that is known.

    output_tokens, target_tokens: the same place by place, as the vocabulary has them, without marks and padding.
    certainties: the probability of each of the output's tokens, and of the end behind them where there is one.
    """

    source: str
    output: str
    target: str | None
    output_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    certainties: tuple[float, ...] = ()

    @property
    def exact(self) -> bool | None:
        return None if self.target is None else self.output_tokens == self.target_tokens


class Translator:
    """Writes targets with the weights as they are. Used by the thread that owns the engine.

    written: the Input that takes the target so far, None where the model writes all places at once. places: of a
    target; tokenizer: of it.
    """

    def __init__(self, engine: Engine, tokenizer: Tokenizer, *, places: int, written: str | None) -> None:
        self._engine = engine
        self._tokenizer = tokenizer
        self._written = written
        self._places = places
        self._start, self._end = (tokenizer.vocabulary.index(mark) for mark in (START, END))
        self._seconds: float | None = None

    def affordable(self, samples: Samples, epoch_seconds: float) -> int:
        """How many of the samples, from the first on, may be translated after an epoch that took so long."""
        count = min(len(samples), MOST)
        if self._seconds is None:
            # The first time an engine gets ready, which takes far longer than translating.
            self.tokens(samples, min(count, LEAST))
            self._seconds = 0.0
            self.tokens(samples, min(count, LEAST))
        while count > LEAST and count * self._seconds > SHARE * epoch_seconds:
            count //= 2
        return count

    def tokens(self, samples: Samples, count: int) -> Array:
        """What it writes from the first samples: (count, T) int32."""
        began = time.perf_counter()
        parts: list[Array] = []
        for start in range(0, count, _AT_ONCE):
            rows = slice(start, min(start + _AT_ONCE, count))
            parts.append(self.complete({name: samples.prepared(name, rows) for name in samples.inputs}))
        if count and self._seconds is not None:
            self._seconds = (time.perf_counter() - began) / count
        return np.concatenate(parts)

    def complete(self, inputs: Arrays) -> Array:
        """inputs: prepared, whatever there is of the target is left out → (n, T) int32, 0 behind the end."""
        known = {name: array for name, array in inputs.items() if name != self._written}
        return complete(self._engine, known, self._written, places=self._places, start=self._start, end=self._end)

    def translation(self, source: str, inputs: Arrays, target: Array | None) -> Translation:
        """inputs: of one sample, (1, …). target: (T,) int32, or None."""
        output = self.complete(inputs)[0]
        return Translation(
            source,
            self._tokenizer.text(output),
            None if target is None else self._tokenizer.text(target),
            self._shown(output),
            () if target is None else self._shown(target),
            self._certainties(output, inputs),
        )

    def _certainties(self, output: Array, inputs: Arrays) -> tuple[float, ...]:
        """The probability of each token of an output, (T,), told again with all of it in view."""
        given = dict(inputs)
        if self._written is not None:
            seen = np.zeros((1, self._places), np.float32)
            seen[0, 0] = self._start
            seen[0, 1:] = output[:-1]
            given[self._written] = seen
        told = self._engine.predict(given)[0]
        count = int((output != 0).sum())
        return tuple(told[np.arange(count), output[:count]].tolist())

    def _shown(self, tokens: Array) -> tuple[str, ...]:
        return tuple(self._tokenizer.vocabulary[token] for token in tokens if token not in (0, self._start, self._end))


def exact(targets: Array, tokens: Array) -> Array:
    """Which samples are right at every place: (n,) bool. targets, tokens: (n, T) int32."""
    return (targets == tokens).all(axis=1)
