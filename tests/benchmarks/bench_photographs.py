"""30 epochs on the photographs for three seeds: validation accuracy and time against a bare Keras script."""

from __future__ import annotations

import statistics
import time

from nnplayground.layers.augmentation import RandomFlip
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone
from nnplayground.training.session import Session
from tests.benchmarks import photographs
from tests.benchmarks.common import PHOTOGRAPHS, Row, isolate, print_rows, ratio_row, result_of

EPOCHS = 30
SEEDS = (0, 1, 2)
LAST = 10
"""What one sees of a curve at its end is the mean over so many epochs; a single one jumps by some samples."""
FRONT = (RandomFlip(),)


def ours(seed: int, *, augmented: bool = False) -> tuple[list[float], float]:
    """(validation accuracy after each epoch, seconds of all epochs)."""
    project = photographs.project(epochs=EPOCHS, seed=seed, front=FRONT if augmented else ())
    began = ended = time.perf_counter()
    accuracy: list[float] = []
    for event in Session().run(project, controls=Controls()):
        if isinstance(event, EpochDone):
            began = began if event.epoch > 1 else time.perf_counter() - event.seconds
            ended = time.perf_counter()
            accuracy.append(event.metrics["val_accuracy"])
    return accuracy, ended - began


def main() -> None:
    isolate()
    if not PHOTOGRAPHS.is_dir():
        print("The photographs are not here; left out.")
        return
    path = str(photographs.arrays())
    mine, script = [], []
    for seed in SEEDS:
        mine.append(ours(seed))
        bare = result_of(photographs.SCRIPT, str(seed), str(EPOCHS), path)
        script.append((bare["accuracy"][-1], sum(bare["epochs"])))
    augmented = [ours(seed, augmented=True)[0] for seed in SEEDS]
    accuracy = statistics.median(run[0][-1] for run in mine)
    reference = statistics.median(run[0] for run in script)
    before, after = (
        [statistics.mean(curve[-LAST:]) for curve in curves] for curves in ([run[0] for run in mine], augmented)
    )
    print_rows(
        [
            Row(
                "validation accuracy on the photographs, median of seeds 0, 1, 2",
                ", ".join(f"{run[0][-1]:.3f}" for run in mine),
                ", ".join(f"{run[0]:.3f}" for run in script),
                f"{accuracy - reference:+.3f}",
                "≥ −0.02",
                accuracy >= reference - 0.02,
            ),
            ratio_row(
                f"time of {EPOCHS} epochs on the photographs",
                statistics.median(run[1] for run in mine),
                statistics.median(run[1] for run in script),
                budget=1.0,
            ),
            Row(
                f"mean of the last {LAST} epochs, with augmentation layers in front and without",
                ", ".join(f"{value:.3f}" for value in after),
                ", ".join(f"{value:.3f}" for value in before),
                f"{statistics.median(after) - statistics.median(before):+.3f}",
                "rises",
                statistics.median(after) > statistics.median(before),
            ),
        ]
    )


if __name__ == "__main__":
    main()
