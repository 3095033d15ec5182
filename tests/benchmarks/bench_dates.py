"""How long the bundled sample of dates takes to write 98 of 100 dates right that it has never seen, in no format.

The seconds are those of the training alone, by the clock, until the end of the first epoch after which so many of the
dates that are written then are right; at the end of the run all dates of the validation are written and counted.
"""

from __future__ import annotations

import math
import time

import msgspec

from nnplayground.resources import resources
from nnplayground.spec.files import load_project
from nnplayground.training.controls import Controls
from nnplayground.training.events import DataLoaded, EpochDone, RunEnded, RunStarted
from nnplayground.training.session import Session
from tests.benchmarks.common import Row, isolate, print_rows

SEEDS = (0, 1)
SHARE, SECONDS = 0.98, 300


def measured(seed: int) -> tuple[float, float, float]:
    """(seconds until SHARE are right, seconds of the whole run, share that is right at its end)."""
    project = load_project(resources() / "samples" / "dates.nnp")
    project = msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, seed=seed))
    began, reached, right, dates = time.perf_counter(), math.inf, 0.0, 0
    for event in Session().run(project, controls=Controls()):
        match event:
            case DataLoaded():
                dates = len(event.catalog.ids["validation"])
            case RunStarted():
                began = time.perf_counter()
            case EpochDone() if math.isinf(reached) and event.metrics["val_exact_match"] >= SHARE:
                reached = time.perf_counter() - began
            case RunEnded() if event.mistakes is not None:
                right = 1 - event.mistakes / dates
            case _:
                pass
    return reached, time.perf_counter() - began, right


def row(seed: int) -> Row:
    reached, whole, right = measured(seed)
    return Row(
        f"dates never seen, seed {seed}: until {SHARE:.0%} are written without a mistake",
        f"{reached:.3g} s",
        "",
        f"{right:.1%} after {whole:.3g} s",
        f"≥ {SHARE:.0%} within {SECONDS} s",
        reached <= SECONDS and right >= SHARE,
    )


def main() -> None:
    isolate()
    print_rows([row(seed) for seed in SEEDS])


if __name__ == "__main__":
    main()
