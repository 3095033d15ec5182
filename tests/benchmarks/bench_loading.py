"""Loading a folder of camera-size files, first and again, against one pass over Keras' own reader."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from nnplayground import data
from nnplayground.spec.dataset import ImageFolder
from tests.benchmarks.common import isolate, print_rows, ratio_row, result_of

PER_CLASS = 16
ROUNDS = 3
KERAS = """
import json, sys, time
import keras
def once():
    began = time.perf_counter()
    dataset = keras.utils.image_dataset_from_directory(sys.argv[1], image_size=(64, 64), batch_size=32, verbose=0)
    for batch in dataset:
        pass
    return time.perf_counter() - began
once()
print(json.dumps([once() for _ in range(int(sys.argv[2]))]))
"""


def write_photographs(folder: Path) -> None:
    """Noise, smoothed to the detail of a photograph, as JPEGs of 4000×3000 pixels."""
    rng = np.random.default_rng(0)
    for name in ("first", "second"):
        (folder / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            coarse = Image.fromarray(rng.integers(0, 256, (750, 1000, 3), dtype=np.uint8))
            picture = coarse.filter(ImageFilter.GaussianBlur(2)).resize((4000, 3000), Image.Resampling.BICUBIC)
            picture.save(folder / name / f"{number}.jpg", quality=90)


def load(folder: Path, cache: Path) -> float:
    began = time.perf_counter()
    loaded = data.load(
        ImageFolder(folder=str(folder)), folder, cache=cache, input_ids=("input",), output_ids=("target",)
    )
    for samples in loaded.splits.values():
        int(samples.inputs["input"].sum(dtype=np.int64))
    return time.perf_counter() - began


def main() -> None:
    isolate()
    folder = Path(tempfile.mkdtemp(prefix="nnplayground-photographs-"))
    try:
        write_photographs(folder / "photographs")
        reference = statistics.median(result_of(KERAS, str(folder / "photographs"), str(ROUNDS)))
        load(folder / "photographs", folder / "cache-0")
        first, again = [], []
        for number in range(1, ROUNDS + 1):
            first.append(load(folder / "photographs", folder / f"cache-{number}"))
            again.append(load(folder / "photographs", folder / f"cache-{number}"))
    finally:
        shutil.rmtree(folder)
    print_rows(
        [
            ratio_row("first load of camera-size files", statistics.median(first), reference, budget=1.0),
            ratio_row("loading them again", statistics.median(again), reference, budget=0.1),
        ]
    )


if __name__ == "__main__":
    main()
