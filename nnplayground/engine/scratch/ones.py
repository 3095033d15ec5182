"""A column of ones beside a matrix: with it, x W + b is one product, [x 1] · [W; b].

Adding b by itself takes as long as the product of a small network, and so does summing dZ for db. In the vector of all
weights the bias follows its kernel, so [W; b] already lies there as one matrix; and [x 1]ᵀ dZ is [dW; db].
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from nnplayground.samples import Array


def beside_ones(rows: int, columns: int, dtype: type[np.floating], *, by_column: bool) -> Array:
    """(rows, columns) of zeros, behind which a column of ones lies in memory. by_column: the order of the values."""
    if by_column:
        memory = np.zeros((columns + 1, rows), dtype)
        memory[-1] = 1
        return memory[:-1].T
    memory = np.zeros((rows, columns + 1), dtype)
    memory[:, -1] = 1
    return memory[:, :-1]


def with_ones(array: Array) -> Array:
    """[x 1], (rows, columns + 1), of an array that `beside_ones` made."""
    # Without being told, numpy takes a single column for one that lies row by row.
    return as_strided(array, (array.shape[0], array.shape[1] + 1), array.strides)


def follows(bias: Array | None, kernel: Array | None) -> bool:
    """Whether the bias lies behind its kernel in memory; of their gradients likewise."""
    if bias is None or kernel is None or kernel.ndim != 2 or bias.shape != kernel.shape[1:]:
        return False
    same_vector = kernel.base is not None and kernel.base is bias.base
    return same_vector and kernel.ctypes.data + kernel.nbytes == bias.ctypes.data


def with_bias(kernel: Array) -> Array:
    """[W; b], (inputs + 1, units), of a kernel that its bias `follows`."""
    return as_strided(kernel, (kernel.shape[0] + 1, kernel.shape[1]))
