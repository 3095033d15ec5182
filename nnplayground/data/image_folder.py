"""Images in class folders → samples."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import platformdirs

from nnplayground.data.errors import DataError
from nnplayground.data.folder_survey import arranged, facts, survey
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.pixels import PixelLoader, pixel_identity
from nnplayground.data.preparation import pixel_preparation
from nnplayground.samples import Samples
from nnplayground.spec.dataset import ImageFolder, input_shape
from nnplayground.spec.facts import DataFacts, SkippedFile


def scan(dataset: ImageFolder, base: Path, cancelled: Callable[[], bool]) -> DataFacts:
    try:
        found = survey(dataset, base, cancelled)
        assignment, warnings = arranged(found, dataset, found.candidates)
    except DataError as error:
        return DataFacts(input_shape=input_shape(dataset), problem=str(error), missing_path=error.missing_path)
    return facts(found, dataset, assignment, skipped=(), warnings=warnings)


def load(dataset: ImageFolder, loading: Loading) -> LoadedData:
    found = survey(dataset, loading.base, loading.cancelled)
    cache = loading.cache
    if cache is None:
        cache = platformdirs.user_cache_path("nnplayground", appauthor=False) / "images"
    cache = Path(os.path.abspath(os.path.expanduser(cache)))
    pixels = PixelLoader(dataset, found, cache=cache, progress=loading.progress, cancelled=loading.cancelled).load()
    preparation, measured = pixel_preparation(dataset.pixels, pixels.rows[: len(pixels.assignment["training"])])
    splits: dict[str, Samples] = {}
    start = 0
    for name, files in pixels.assignment.items():
        rows = pixels.rows[start : start + len(files)]
        labels = np.array([file.label for file in files], np.int32)
        start += len(files)
        splits[name] = Samples(
            inputs={"image": rows},
            targets={TARGET: labels},
            ids=tuple(file.id for file in files),
            preparation={"image": preparation},
        )
    skipped = [
        SkippedFile(file.id, pixels.reasons[file.key]) for file in found.candidates if file.key in pixels.reasons
    ]
    return LoadedData(
        splits=splits,
        facts=facts(found, dataset, pixels.assignment, skipped=skipped, warnings=pixels.warnings),
        fitted={"class_names": list(found.class_names), **measured},
        files={file.id: Path(file.path) for files in pixels.assignment.values() for file in files},
        identity=pixel_identity(dataset, found, pixels.assignment),
    )


def examples(dataset: ImageFolder, base: Path, per_class: int) -> dict[str, tuple[Path, ...]]:
    try:
        found = survey(dataset, base, lambda: False)
    except DataError:
        return {}
    by_class: dict[str, list[str]] = {name: [] for name in found.class_names}
    for file in found.candidates:
        if file.split in ("", "training"):
            by_class[found.class_names[file.label]].append(file.path)
    return {name: tuple(Path(path) for path in _spread(paths, per_class)) for name, paths in by_class.items()}


def _spread(paths: Sequence[str], count: int) -> list[str]:
    """Up to `count` of them, evenly over the whole: neighbours in a folder often show the same scene."""
    if len(paths) <= count:
        return list(paths)
    return [paths[position * len(paths) // count] for position in range(count)]
