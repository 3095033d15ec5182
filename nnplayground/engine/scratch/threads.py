"""How many threads numpy's matrix products use.

OpenBLAS, which computes them, divides a product among all cores and waits in a loop until each has done its part. While
a core is busy with something else, such as the window, all products of an update wait for that core: with other work on
both of two cores, an update of a small convolutional network took five times as long on two threads as on one, and on
two idle cores it was as fast on one.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

import numpy as np

_SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads")


@cache
def leave_a_core_free() -> None:
    """Have products use all cores but one, from now on and in the whole process.

    numpy has no function for it, but that of the OpenBLAS which comes with its wheels can be called. Where numpy uses
    another library, or the number has been chosen with OPENBLAS_NUM_THREADS, all stays as it is.
    """
    if "OPENBLAS_NUM_THREADS" in os.environ:
        return
    beside = Path(np.__file__).resolve().parent.parent / "numpy.libs"
    for path in beside.glob("*openblas*"):
        library = ctypes.CDLL(str(path))  # It is loaded already; this is the same one.
        for name in _SETTERS:
            if hasattr(library, name):
                getattr(library, name)(max((os.cpu_count() or 2) - 1, 1))
                return
