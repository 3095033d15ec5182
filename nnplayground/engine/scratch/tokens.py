"""Targets that are tokens: one of a vocabulary at each of several places, 0 where nothing counts.

The loss of a sample is the mean over its places that count, that of a batch the mean over all of theirs, and so is the
accuracy. tokens: (m, T) int32; of a batch, they are one-hot while it is trained on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnplayground.samples import Array


def fill_one_hot(tokens: Array, out: Array) -> None:
    """out: (m, T, V)."""
    out[...] = 0
    np.put_along_axis(out, tokens[..., np.newaxis], 1, -1)


def token_shares(tokens: Array, starts: Array, weights: Array | None, dtype: type[np.floating]) -> Array:
    """(m, T, 1) how much the loss at each place counts in that of its batch: weight / places that count in the batch.

    starts: the first row of each batch. weights: (m, 1), or None.
    """
    counting = tokens != 0
    places = np.add.reduceat(np.count_nonzero(counting, axis=1), starts)
    of_row = np.repeat(np.maximum(places, 1), np.diff(starts, append=len(tokens)))
    shares = counting / of_row[:, np.newaxis]
    if weights is not None:
        shares = shares * weights
    return shares[..., np.newaxis].astype(dtype)


def sample_losses(tokens: Array, losses: Array) -> Array:
    """(m,) from those of all places, (m, T)."""
    counting = tokens != 0
    return (losses * counting).sum(axis=1) / np.maximum(np.count_nonzero(counting, axis=1), 1)


def batch_values(
    tokens: Array, losses: Array, output: Array, *, shares: Array, starts: Array, metrics: Sequence[str]
) -> dict[str, Array]:
    """ "loss" and metrics of each batch. losses: (m, T); output: (m, T, V); shares: as of `token_shares`."""
    counting = tokens != 0
    right = (output.argmax(axis=-1) == tokens) & counting
    correct, places = (
        np.add.reduceat(np.count_nonzero(each, axis=1), starts).astype(np.float64) for each in (right, counting)
    )
    of_samples = (losses * shares[..., 0]).sum(axis=1, dtype=np.float64)
    accuracy = correct / np.maximum(places, 1)
    return {"loss": np.add.reduceat(of_samples, starts), **dict.fromkeys(metrics, accuracy)}
