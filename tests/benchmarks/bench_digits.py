"""An epoch of the bundled sample of handwritten digits, a small convolutional network, on both engines.

1,438 pictures of 8×8 pixels train in batches of 32, the other 359 validate after each epoch; with all events, and
without the first epochs, in which the Keras engine is warming up.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise

import msgspec

from nnplayground.resources import resources
from nnplayground.spec.files import load_project
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone
from nnplayground.training.session import Session
from tests.benchmarks.common import isolate, print_rows, ratio_row

EPOCHS, WARM_UP = 15, 3


def seconds_per_epoch(engine: str) -> float:
    project = load_project(resources() / "samples" / "digits.nnp")
    training = msgspec.structs.replace(project.training, engine=engine, epochs=EPOCHS)
    project = msgspec.structs.replace(project, training=training)
    ends = [
        time.perf_counter() for event in Session().run(project, controls=Controls()) if isinstance(event, EpochDone)
    ]
    return statistics.median(end - start for start, end in pairwise(ends[WARM_UP:]))


def main() -> None:
    isolate()
    pairs = [(seconds_per_epoch("scratch"), seconds_per_epoch("keras")) for _ in range(3)]
    ours, reference = (min(pair[place] for pair in pairs) for place in (0, 1))
    print_rows(
        [ratio_row("epoch of the digits sample, scratch engine against Keras engine", ours, reference, budget=3)]
    )


if __name__ == "__main__":
    main()
