"""The random numbers of layers such as Dropout: a generator for each, whose state can be kept as an array."""

from __future__ import annotations

import numpy as np

from nnplayground.engine.scratch.graph import Graph
from nnplayground.layers.base import derived_seed
from nnplayground.samples import Array

_WORD = 1 << 64


def uniform(generator: np.random.Generator, shape: tuple[int, ...], dtype: type[np.floating]) -> Array:
    """Random numbers in [0, 1) as a program of training draws them: a matrix column by column."""
    if len(shape) == 2:
        return generator.random(shape[::-1], dtype).T
    return generator.random(shape, dtype)


def layer_generators(graph: Graph, seed: int) -> dict[str, np.random.Generator]:
    """By layer id, for the layers that draw random numbers in training."""
    return {
        place.id: np.random.Generator(np.random.PCG64(derived_seed(seed, place.id, "random")))
        for place in graph.places
        if place.layer.draws
    }


def state_array(generator: np.random.Generator) -> Array:
    """(6,) uint64: the two 128-bit numbers of PCG64 in halves, and its spare 32 bits."""
    state = generator.bit_generator.state
    numbers = [number for key in ("state", "inc") for number in divmod(state["state"][key], _WORD)]
    return np.array([*numbers, state["has_uint32"], state["uinteger"]], np.uint64)


def set_state(generator: np.random.Generator, array: Array) -> None:
    """Put a generator where `state_array` was taken."""
    high, low, increment_high, increment_low, has_spare, spare = (int(number) for number in array)
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {"state": (high << 64) | low, "inc": (increment_high << 64) | increment_low},
        "has_uint32": has_spare,
        "uinteger": spare,
    }
