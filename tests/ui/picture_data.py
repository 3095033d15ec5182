"""A small dataset of real picture files, and what a model might say about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from nnplayground.samples import Array
from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog, Mistakes, SamplePrediction, Snapshot, SnapshotWants

NAMES = ("cat", "dog")


def write_picture(path: Path, *, size: tuple[int, int] = (24, 16), color: tuple[int, int, int] = (200, 30, 30)) -> Path:
    """size: width and height."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def picture_catalog(folder: Path, *, training: int = 4, validation: int = 6) -> Catalog:
    """Classes alternate: cat, dog, cat, …; ids are "validation/0-cat.png" and so on."""
    ids: dict[str, tuple[str, ...]] = {}
    files: dict[str, Path] = {}
    labels: dict[str, Array] = {}
    for split, count in (("training", training), ("validation", validation)):
        names = tuple(f"{split}/{number}-{NAMES[number % 2]}.png" for number in range(count))
        ids[split] = names
        labels[split] = np.arange(count, dtype=np.int32) % 2
        for name in names:
            files[name] = write_picture(folder / name)
    facts = DataFacts(input_shape=(8, 8, 3), class_names=NAMES, splits={"training": training, "validation": validation})
    return Catalog(facts, ids, labels, files)


def mistakes_of(catalog: Catalog, probabilities: list[float], *, epoch: int = 1) -> Mistakes:
    """probabilities: of the class dog, one for each validation sample."""
    labels = catalog.labels["validation"]
    dog = np.array(probabilities, np.float32)
    losses = -np.log(np.clip(np.where(labels == 1, dog, 1 - dog), 1e-7, 1))
    return Mistakes("run", epoch, "validation", NAMES, catalog.ids["validation"], labels, dog[:, None], losses)


def snapshot_of(sample_id: str, *, label: int, dog: float, activations: dict[str, Array]) -> Snapshot:
    """dog: the probability of the second class."""
    loss = float(-np.log(dog if label == 1 else 1 - dog))
    prediction = SamplePrediction(sample_id, label, np.array([dog], np.float32), loss)
    wants = SnapshotWants(sample_id=sample_id, layer_ids=tuple(activations))
    return Snapshot("run", 1, 1, wants, prediction, activations, {}, {}, None)
