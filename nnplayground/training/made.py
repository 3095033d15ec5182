"""What a generator makes, beside the training images that are most alike: whether it invents or copies."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from nnplayground.engine.base import Engine
from nnplayground.samples import Array, Preparation, Samples
from nnplayground.training.events import Event, Made

COUNT = 64
"""Images that are made after each epoch, always of the same noise."""
SHARE = 0.1
"""Of the time of a run that making and comparing them may take."""
_MOST_COMPARED = 4096
"""Training images that are looked through for the nearest one."""
_SAME = 256
"""Training images of which the distance to their own nearest one is measured."""


class Gallery:
    """Makes images after epochs. Used by the thread that owns the engine."""

    def __init__(self, engine: Engine, training: Samples, name: str, *, run_id: str) -> None:
        """training: the real images, stored as uint8 (n, height, width, channels) under the Input `name`.

        Of very many, a selection spread over all of them is compared.
        """
        self._engine = engine
        self._run_id = run_id
        self._preparation = training.preparation.get(name, Preparation())
        stored = training.inputs[name]
        step = -(-len(stored) // _MOST_COMPARED)
        self._real = np.ascontiguousarray(stored[::step])
        self._flat = self._real.reshape(len(self._real), -1).astype(np.float32) / 255
        self._typical = _typical(self._flat)
        self._due_at = 0.0

    def results(self, epoch: int, update: int) -> Iterator[Event]:
        """The images of now, unless the last ones were so recent that looking would slow the training down."""
        began = time.perf_counter()
        if epoch and began < self._due_at:
            return
        yield self.made(epoch)
        ended = time.perf_counter()
        self._due_at = ended + (ended - began) / SHARE

    def made(self, epoch: int, count: int = COUNT) -> Made:
        """The first `count` images of the noise that stays the same."""
        images = as_pixels(self._engine.made(count), self._preparation)
        places, distances = nearest(images.reshape(len(images), -1).astype(np.float32) / 255, self._flat)
        return Made(self._run_id, epoch, images, self._real[places], distances, self._typical)


def as_pixels(values: Array, preparation: Preparation) -> Array:
    """Prepared values (n, height, width, channels) back to pixels: the same shape, uint8."""
    pixels = (values - np.array(preparation.offset, np.float32)) / np.array(preparation.scale, np.float32)
    return np.clip(np.nan_to_num(pixels) + 0.5, 0, 255).astype(np.uint8)


def nearest(images: Array, among: Array, *, skip: Array | None = None) -> tuple[Array, Array]:
    """For each image the place of the nearest one among others, and how far it is: (n,) int, (n,) float32.

    images: (n, pixels), among: (m, pixels), in 0…1. skip: (n,) a place for each that does not count. The distance is
    the root of the mean squared difference of the pixels: 0 for a copy, 1 for black beside white.
    """
    # |a − b|² = |a|² − 2 a·b + |b|²: one product instead of n · m differences.
    squares = np.einsum("ij,ij->i", images, images)[:, None] + np.einsum("ij,ij->i", among, among)
    squares -= 2 * images @ among.T
    if skip is not None:
        squares[np.arange(len(images)), skip] = np.inf
    places = squares.argmin(axis=1)
    # Anew for the chosen ones: of numbers that are almost the same, the difference of squares is mostly rounding.
    distances = np.sqrt(np.mean((images - among[places]) ** 2, axis=1))
    return places, distances.astype(np.float32)


def _typical(flat: Array) -> float:
    """The median distance between images and the nearest other one."""
    if len(flat) < 2:
        return 0.0
    chosen = np.linspace(0, len(flat) - 1, min(len(flat), _SAME)).astype(int)
    return float(np.median(nearest(flat[chosen], flat, skip=chosen)[1]))
