"""From stored values to what the model gets."""

from __future__ import annotations

from typing import Literal

import numpy as np

from nnplayground.samples import Array, Preparation

_VALUES_AT_ONCE = 2**22
"""Values counted at a time: keeps a memory-mapped folder from being read into memory as a whole."""

FIXED: dict[str, Preparation] = {
    "0..1": Preparation(scale=(1 / 255,)),
    "-1..1": Preparation(scale=(1 / 127.5,), offset=(-1.0,)),
    "0..255": Preparation(),
}
"""Ranges that depend on nothing but their name."""


def pixel_preparation(
    pixels: Literal["0..1", "-1..1", "0..255", "standardize"], training: Array
) -> tuple[Preparation, dict[str, list[float]]]:
    """How uint8 pixels become what `pixels` says, and what was measured for it: mean and deviation, or nothing.

    training: (n, height, width, channels) uint8, the only samples that are measured.
    """
    if pixels != "standardize":
        return FIXED[pixels], {}
    mean, deviation = channel_statistics(training)
    # A channel without any variation has nothing to scale; it becomes 0 everywhere.
    divisor = np.where(deviation > 0, deviation, 1.0)
    preparation = Preparation(scale=tuple((1 / divisor).tolist()), offset=tuple((-mean / divisor).tolist()))
    return preparation, {"mean": mean.tolist(), "deviation": deviation.tolist()}


def channel_statistics(pixels: Array) -> tuple[Array, Array]:
    """Mean and (population) deviation of each channel of (n, height, width, channels) uint8: float64, in 0…255.

    By counting the 256 levels, which is exact at any number of pixels.
    """
    channels = pixels.shape[-1]
    counts = np.zeros((channels, 256), np.int64)
    rows = max(1, _VALUES_AT_ONCE // max(1, int(np.prod(pixels.shape[1:]))))
    for start in range(0, len(pixels), rows):
        part = pixels[start : start + rows].reshape(-1, channels)
        for channel in range(channels):
            counts[channel] += np.bincount(part[:, channel], minlength=256)
    levels = np.arange(256.0)
    total = counts.sum(axis=1)
    mean = counts @ levels / total
    variance = (counts * (levels - mean[:, None]) ** 2).sum(axis=1) / total
    return mean, np.sqrt(variance)
