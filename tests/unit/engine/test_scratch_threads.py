"""How many threads the scratch engine leaves to matrix products."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import ctypes, os
from pathlib import Path
import numpy as np
from nnplayground.engine.scratch.threads import leave_a_core_free
os.cpu_count = lambda: 2
found = list((Path(np.__file__).resolve().parent.parent / "numpy.libs").glob("*openblas*"))
library = ctypes.CDLL(str(found[0])) if found else None
number = getattr(library, "scipy_openblas_get_num_threads64_", None)
if number is not None:
    getattr(library, "scipy_openblas_set_num_threads64_")(2)
    leave_a_core_free()
    print(number())
"""


@pytest.mark.parametrize(("chosen", "expected"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")], ids=["", "chosen"])
def test_one_core_is_left_unless_the_user_has_chosen(chosen: dict[str, str], expected: str) -> None:
    """In a process of its own, because it holds for the whole process."""
    done = subprocess.run([sys.executable, "-c", CODE], env=chosen, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    if not done.stdout:
        pytest.skip("numpy comes with another library here")
    assert done.stdout.strip() == expected
