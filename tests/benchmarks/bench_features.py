"""A head on a frozen MobileNet over the photographs: an epoch on kept features against one with the base inside.

The weights of the base are random: time does not depend on them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nnplayground.layers.applications import MobileNet
from nnplayground.layers.core import Dense
from nnplayground.layers.pooling import GlobalAveragePooling2D
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.dataset import FolderSplit, ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Preparing
from nnplayground.training.session import Session
from tests.benchmarks.common import PHOTOGRAPHS, isolate, print_rows, ratio_row

EPOCHS = 12
"""On features."""
EPOCHS_INSIDE = 3
"""With the base inside: each takes as long as the next."""


def project(epochs: int) -> Project:
    result = Project(
        dataset=ImageFolder(
            folder=str(PHOTOGRAPHS / "train"),
            split=FolderSplit(validation=str(PHOTOGRAPHS / "validation")),
            image_size=(96, 96),
        ),
        training=Training(epochs=epochs, batch_size=32, optimizer=Adam(learning_rate=0.001)),
    )
    for layer in (
        MobileNet(weights_from="none"),
        GlobalAveragePooling2D(),
        Dense(units=64, activation="relu"),
        Dropout(rate=0.3),
        Dense(units=1, activation="sigmoid"),
    ):
        result = append_layer(result, layer)
    return result


def seconds(epochs: int, cache: Path, preparing: list[str]) -> list[float]:
    """Of each epoch with its validation. preparing: gets what was waited for."""
    found = []

    def report(event: Any) -> None:
        if isinstance(event, Preparing) and event.message not in preparing:
            preparing.append(event.message)

    for event in Session(cache=cache).run(project(epochs), controls=Controls(), report=report):
        if isinstance(event, EpochDone):
            found.append(event.seconds)
    return found


@contextmanager
def base_inside() -> Iterator[None]:
    """Train through the whole model, as if something random came before the frozen part."""
    with patch("nnplayground.training.session.use_features", lambda *args, **parts: None):
        yield


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def main() -> None:
    isolate()
    if not PHOTOGRAPHS.is_dir():
        print("The photographs are not here; left out.")
        return
    cache = Path(tempfile.mkdtemp())
    preparing: list[str] = []
    with base_inside():
        inside = seconds(EPOCHS_INSIDE, cache, [])
    first = seconds(EPOCHS, cache, preparing)
    assert any("frozen part" in message for message in preparing)
    again: list[str] = []
    second = seconds(EPOCHS, cache, again)
    assert not any("frozen part" in message for message in again), "the features were not found again"
    reference = median(inside[1:])
    print_rows(
        [
            ratio_row(
                "epoch of a head on a frozen MobileNet, from the second on", median(first[1:]), reference, budget=1 / 30
            ),
            ratio_row("the same in the next run, features found again", median(second[1:]), reference, budget=1 / 30),
        ]
    )


if __name__ == "__main__":
    main()
