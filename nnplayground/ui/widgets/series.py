"""Long series of numbers that grow while they are drawn: storage, peaks for drawing, and moving averages.

A curve of a million points has far more of them than the screen has columns. Each series keeps the least and greatest
value of every 8, 64, 512, … points, extended as points arrive, so that drawing any part of it handles a few thousand
numbers only, and no peak is ever lost.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nnplayground.samples import Array

_FACTOR = 8
"""How many entries of one level of peaks are one entry of the next."""


class GrowingArray:
    """A one-dimensional array to append to, in amortized constant time."""

    def __init__(self, dtype: npt.DTypeLike = np.float64) -> None:
        self._store = np.empty(64, dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> Array:
        """A view of everything so far; valid until the next `extend`."""
        return self._store[: self._count]

    def extend(self, values: npt.ArrayLike) -> None:
        """Append a one-dimensional array."""
        added = np.asarray(values, self._store.dtype)
        needed = self._count + len(added)
        if needed > len(self._store):
            larger = np.empty(max(needed, 2 * len(self._store)), self._store.dtype)
            larger[: self._count] = self.values
            self._store = larger
        self._store[self._count : needed] = added
        self._count = needed


class Series:
    """Numbers in order, with their peaks. What is not finite is kept as NaN: a gap in the curve."""

    def __init__(self, dtype: npt.DTypeLike = np.float64) -> None:
        self._values = GrowingArray(dtype)
        self._lows: list[GrowingArray] = []
        self._highs: list[GrowingArray] = []
        self.low = np.inf
        """The least finite value, +inf where there is none."""
        self.high = -np.inf
        """The greatest finite value, -inf where there is none."""
        self.low_positive = np.inf
        """The least value above 0 (for a logarithmic axis), +inf where there is none."""
        self.not_positive = 0
        """How many finite values are 0 or less: those that a logarithmic axis cannot show."""

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Array:
        """(n,), a view that is valid until the next `extend`."""
        return self._values.values

    def extend(self, values: npt.ArrayLike) -> None:
        """Append a one-dimensional array."""
        added = np.array(values, self.values.dtype)
        finite = np.isfinite(added)
        added[~finite] = np.nan
        self._values.extend(added)
        shown = added[finite]
        if shown.size:
            self.low = min(self.low, float(shown.min()))
            self.high = max(self.high, float(shown.max()))
            positive = shown[shown > 0]
            self.not_positive += shown.size - positive.size
            if positive.size:
                self.low_positive = min(self.low_positive, float(positive.min()))
        self._extend_peaks()

    def first(self, count: int) -> Series:
        """A series of the first `count` values."""
        part = Series(self.values.dtype)
        part.extend(self.values[:count])
        return part

    def outline(self, start: int, stop: int, columns: int) -> tuple[Array, Array]:
        """What to draw of the values from `start` to `stop` on `columns` pixels: (indices, values), both (m,).

        All of them while they are few; else the least and the greatest value of equal stretches, at most
        2 · `columns` + 2 numbers. The stretches lie at multiples of their own length, so that they stay put while the
        series grows or is moved.
        """
        if stop - start <= 2 * columns:
            return np.arange(start, stop), self.values[start:stop]
        length = 1 << int(np.ceil(np.log2((stop - start) / columns)))
        start = start // length * length
        whole = stop // length * length
        low, high = self._peaks(start, whole, length)
        begins = np.arange(start, whole, length)
        if whole < stop:
            rest = self.values[whole:stop]
            low = np.append(low, np.fmin.reduce(rest))
            high = np.append(high, np.fmax.reduce(rest))
            begins = np.append(begins, whole)
        indices = np.stack([begins, np.minimum(begins + length // 2, stop - 1)], axis=1)
        return indices.ravel(), np.stack([low, high], axis=1).ravel()

    def _peaks(self, start: int, stop: int, length: int) -> tuple[Array, Array]:
        """Least and greatest of each stretch of `length` values; all three are multiples of `length`, a power of 2."""
        level, size = 0, 1
        while size * _FACTOR <= length and level < len(self._lows):
            level, size = level + 1, size * _FACTOR
        low = self.values if level == 0 else self._lows[level - 1].values
        high = self.values if level == 0 else self._highs[level - 1].values
        entries = slice(start // size, stop // size)
        shape = (-1, length // size)
        return np.fmin.reduce(low[entries].reshape(shape), axis=1), np.fmax.reduce(high[entries].reshape(shape), axis=1)

    def _extend_peaks(self) -> None:
        low = high = self.values
        level = 0
        while len(low) >= _FACTOR:
            if level == len(self._lows):
                self._lows.append(GrowingArray(self.values.dtype))
                self._highs.append(GrowingArray(self.values.dtype))
            fresh = slice(len(self._lows[level]) * _FACTOR, len(low) // _FACTOR * _FACTOR)
            self._lows[level].extend(np.fmin.reduce(low[fresh].reshape(-1, _FACTOR), axis=1))
            self._highs[level].extend(np.fmax.reduce(high[fresh].reshape(-1, _FACTOR), axis=1))
            low, high = self._lows[level].values, self._highs[level].values
            level += 1


class MovingAverage:
    """The exponential moving average of a growing series, as a series of its own.

    s_t = β s_{t−1} + (1 − β) x_t over the weights that this leaves to the values so far, so that it starts at the
    first value and not at 0 (Kingma & Ba, "Adam", 2015, section 3). Gaps stay gaps and are passed over.
    """

    def __init__(self, span: float, dtype: npt.DTypeLike = np.float64) -> None:
        """span: about how many values the average reaches over, at least 1; β = 1 − 1/span."""
        self._beta = 1 - 1 / span
        self._sum = 0.0
        self._weight = 0.0
        self.series = Series(dtype)

    def follow(self, values: Array) -> None:
        """Take in what `values`, all of the series so far, holds more than last time."""
        fresh = values[len(self.series) :]
        if not len(fresh):
            return
        known = np.isfinite(fresh)
        share = 1 - self._beta
        sums = _recurrence(np.where(known, fresh, 0.0) * share, self._beta, self._sum)
        if known.all():
            weights = 1 - (1 - self._weight) * self._beta ** np.arange(1, len(fresh) + 1)
        else:
            weights = _recurrence(known * share, self._beta, self._weight)
        self._sum, self._weight = float(sums[-1]), float(weights[-1])
        with np.errstate(invalid="ignore", divide="ignore"):  # no value yet: 0/0, a gap
            self.series.extend(np.where(known, sums / weights, np.nan))


_BLOCK = 64


def _recurrence(inputs: Array, factor: float, before: float) -> Array:
    """c_i = factor · c_{i−1} + inputs_i with c_{−1} = before, for all i at once: (n,) float64.

    A block of 64 is one product with a triangular matrix of powers; what each block hands on to the next is the same
    recurrence again, 64 times shorter.
    """
    count = len(inputs)
    size = min(_BLOCK, count)
    powers = factor ** np.arange(size + 1, dtype=np.float64)
    steps = np.arange(size)
    reach = steps[:, np.newaxis] - steps
    matrix = np.where(reach >= 0, powers[np.maximum(reach, 0)], 0.0)
    blocks = np.zeros((-(-count // size), size))
    blocks.ravel()[:count] = inputs
    alone = blocks @ matrix.T
    if len(blocks) == 1:
        carried = np.array([before])
    else:
        ends = _recurrence(alone[:-1, -1], float(powers[size]), before)
        carried = np.concatenate([[before], ends])
    return (alone + carried[:, np.newaxis] * powers[1:]).ravel()[:count]
