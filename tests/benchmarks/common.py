"""What benchmarks share: rows of the table, processes in pairs, a window with all panels visible."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "santa"


class Row(NamedTuple):
    """One row of the table. ours, reference: in `unit`; measured: the figure that the budget speaks of."""

    what: str
    ours: str
    reference: str
    measured: str
    budget: str
    kept: bool


def print_rows(rows: Sequence[Row]) -> None:
    """As a Markdown table, and as a line of JSON that the runner of all benchmarks collects."""
    for row in rows:
        print("ROW " + json.dumps(row._asdict(), ensure_ascii=False))


def table(rows: Sequence[Row]) -> str:
    lines = ["| what | ours | reference | measured | budget | kept |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.what} | {row.ours} | {row.reference} | {row.measured} | {row.budget} | {'yes' if row.kept else 'NO'} |"
        for row in rows
    ]
    return "\n".join(lines)


def ratio_row(what: str, ours: float, reference: float, *, budget: float, unit: str = "s") -> Row:
    """A row whose figure is ours divided by the reference."""
    ratio = ours / reference
    digits = 4 if budget < 0.05 else 2
    return Row(
        what, f"{ours:.4g} {unit}", f"{reference:.4g} {unit}", f"{ratio:.{digits}f}×", f"≤ {budget:g}×", ratio <= budget
    )


def environment() -> dict[str, str]:
    """Bytecode is kept, as after an installation: the libraries that we are compared with have theirs."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TF_CPP_MIN_LOG_LEVEL": "3", "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}


def process_seconds(code: str, *arguments: str) -> float:
    """Wall time of a fresh Python process."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, env=environment(), capture_output=True)
    return time.perf_counter() - began


def result_of(code: str, *arguments: str) -> Any:
    """What a fresh Python process prints as its last line, as JSON."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def alternating(ours: Callable[[], float], reference: Callable[[], float], *, rounds: int) -> tuple[float, float]:
    """Medians of both, measured in turn, so that a busy moment of the machine hits both."""
    ours()
    reference()
    pairs = [(ours(), reference()) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def isolate() -> None:
    """Keep caches and settings of the user out of it."""
    os.environ.update(environment())
    folder = tempfile.mkdtemp(prefix="nnplayground-benchmark-")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ[name] = folder
