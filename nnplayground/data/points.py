"""Points in the plane as data: generated, painted by hand, or read from a file.

Generated ones are the same for the same settings and seed, whatever else is drawn at random.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nnplayground.data.errors import DataError
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.point_shapes import class_coordinates, height
from nnplayground.data.points_file import is_read, read_points
from nnplayground.data.splits import assign
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import (
    NUMBER_SHAPES,
    PLANE_LIMIT,
    Feature,
    FolderSplit,
    PaintedPoint,
    Points,
    input_shape,
)
from nnplayground.spec.facts import DataFacts, SkippedFile

LIMIT = PLANE_LIMIT
"""Coordinates lie in −6…6."""

_FEATURES: dict[Feature, Callable[[Array, Array], Array]] = {
    "x1": lambda x1, x2: x1,
    "x2": lambda x1, x2: x2,
    "x1^2": lambda x1, x2: x1 * x1,
    "x2^2": lambda x1, x2: x2 * x2,
    "x1x2": lambda x1, x2: x1 * x2,
    "sin_x1": lambda x1, x2: np.sin(x1),
    "sin_x2": lambda x1, x2: np.sin(x2),
}


@dataclass(frozen=True)
class PlanePoints:
    """coordinates: (n, 2) float32 in −6…6. targets: (n,) int32 class indices, or (n, 1) float32 numbers around −1…1.

    Point i is the sample with the id str(i).
    """

    coordinates: Array
    targets: Array

    @property
    def labeled(self) -> bool:
        """The targets are classes."""
        return self.targets.ndim == 1


@dataclass(frozen=True)
class _Found:
    """Points with what is to be said about them."""

    points: PlanePoints
    class_names: tuple[str, ...]
    skipped: tuple[SkippedFile, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fitted: dict[str, Any] = field(default_factory=dict)


def point_features(coordinates: Array, features: Sequence[Feature]) -> Array:
    """What the model gets of points: coordinates (n, 2) → (n, len(features)) float32."""
    x1, x2 = coordinates[:, 0], coordinates[:, 1]
    return np.stack([_FEATURES[name](x1, x2) for name in features], axis=1).astype(np.float32)


def plane_grid(features: Sequence[Feature], side: int) -> Array:
    """What the model gets all over the plane: (side · side, len(features)) float32, in the middles of equal squares.

    Row by row from the top left, where x1 = −6 and x2 = 6.
    """
    middles = (np.arange(side) + 0.5) * (2 * LIMIT / side) - LIMIT
    x1, x2 = np.meshgrid(middles, middles[::-1])
    return point_features(np.stack([x1.ravel(), x2.ravel()], axis=1), features)


def generate_points(dataset: Points, base: Path = Path()) -> PlanePoints:
    """The points of a dataset, whether they are made, painted or read: what lies in the plane.

    The class of a generated point i is i modulo the number of classes. A file is looked at again only after it has
    changed. Raises DataError where it cannot be used. An empty painting has no points.
    """
    return _found(dataset, base).points


def points_at_hand(dataset: Points, base: Path = Path()) -> bool:
    """Whether the points can be had at once: those of a file only after somebody has waited for it to be read."""
    return dataset.shape != "file" or is_read(dataset.file, base)


def painted_points(points: PlanePoints) -> tuple[PaintedPoint, ...]:
    """Points as a painting holds them; empty where the targets are numbers."""
    if not points.labeled:
        return ()
    coordinates = points.coordinates.astype(np.float64).tolist()
    return tuple((x1, x2, label) for (x1, x2), label in zip(coordinates, points.targets.tolist(), strict=True))


def point_splits(dataset: Points, base: Path = Path()) -> dict[str, list[int]]:
    """Which points train and which are held back: positions by split. Raises DataError where they cannot be used."""
    return _assignment(dataset, _found(dataset, base))


def scan(dataset: Points, base: Path, cancelled: Callable[[], bool]) -> DataFacts:
    try:
        found = _found(dataset, base)
        return _facts(dataset, found, _assignment(dataset, found))
    except DataError as error:
        return DataFacts(
            input_shape=input_shape(dataset),
            target="number" if dataset.shape in NUMBER_SHAPES else "classes",
            problem=str(error),
            missing_path=error.missing_path,
        )


def load(dataset: Points, loading: Loading) -> LoadedData:
    """Raises DataError where the points cannot be used, or the split does not fit."""
    found = _found(dataset, loading.base)
    assignment = _assignment(dataset, found)
    inputs = point_features(found.points.coordinates, dataset.features)
    return LoadedData(
        splits={
            name: Samples(
                inputs={"points": inputs[positions]},
                targets={TARGET: found.points.targets[positions]},
                ids=tuple(map(str, positions)),
            )
            for name, positions in assignment.items()
        },
        facts=_facts(dataset, found, assignment),
        fitted={"class_names": list(found.class_names), **found.fitted},
    )


def _found(dataset: Points, base: Path) -> _Found:
    if dataset.shape == "painted":
        return _paint(dataset.points)
    if dataset.shape == "file":
        return _read(dataset.file, base)
    points = _generate(dataset)
    return _Found(points, tuple(map(str, range(dataset.classes))) if points.labeled else ())


def _generate(dataset: Points) -> PlanePoints:
    random = np.random.default_rng(dataset.seed)
    if dataset.shape in NUMBER_SHAPES:
        coordinates = random.uniform(-LIMIT, LIMIT, (dataset.count, 2))
        noise = dataset.noise * 0.3 * random.standard_normal(dataset.count)
        targets = height(dataset.shape, coordinates) + noise
        return PlanePoints(coordinates.astype(np.float32), targets.astype(np.float32)[:, None])
    labels = np.arange(dataset.count) % dataset.classes
    coordinates = np.clip(class_coordinates(dataset, random, labels), -LIMIT, LIMIT)
    return PlanePoints(coordinates.astype(np.float32), labels.astype(np.int32))


def _paint(painted: Sequence[PaintedPoint]) -> _Found:
    rows = np.array(painted, np.float64).reshape(-1, 3)
    labels = rows[:, 2].astype(np.int32)
    classes = int(labels.max(initial=-1)) + 1
    empty = sorted(set(range(classes)) - set(labels.tolist()))
    warnings: tuple[str, ...] = ()
    if 0 < len(empty) < classes - 1:
        warnings = (
            f"No points of {'class' if len(empty) == 1 else 'the classes'} {', '.join(map(str, empty))} are painted, "
            f"but there are some of class {classes - 1}, so the model needs {classes} outputs all the same.",
        )
    return _Found(
        PlanePoints(rows[:, :2].astype(np.float32), labels),
        tuple(map(str, range(classes))),
        warnings=warnings,
    )


def _read(file: str, base: Path) -> _Found:
    read = read_points(file, base)
    return _Found(
        PlanePoints(read.coordinates, read.targets),
        read.class_names,
        skipped=read.skipped,
        warnings=read.warnings,
        notes=read.notes,
        fitted={"scaling": read.scaling} if read.scaling else {},
    )


def _names(dataset: Points, points: PlanePoints) -> Sequence[str]:
    """What points are called when the split is made: those that may come and go one by one after what they are, so
    that all others stay in their splits.
    """
    if dataset.shape not in ("painted", "file"):
        return tuple(map(str, range(len(points.targets))))
    seen: Counter[str] = Counter()
    names: list[str] = []
    targets = points.targets.reshape(len(points.targets))
    for (x1, x2), target in zip(points.coordinates.tolist(), targets.tolist(), strict=True):
        name = f"{x1:.6g},{x2:.6g},{target:.6g}"
        seen[name] += 1
        names.append(f"{name} {seen[name]}")
    return names


def _assignment(dataset: Points, found: _Found) -> dict[str, list[int]]:
    if isinstance(dataset.split, FolderSplit):
        raise DataError("Points do not lie in folders, so split them by a fraction or a count.")
    names = _names(dataset, found.points)
    if not names:
        raise DataError("Nothing is painted yet, so choose a class in the Boundary panel and press the mouse there.")
    labels = found.points.targets.tolist() if found.points.labeled else [0] * len(names)
    return assign(names, labels, dataset.split, seed=dataset.seed, what="points")


def _facts(dataset: Points, found: _Found, assignment: dict[str, list[int]]) -> DataFacts:
    classes = len(found.class_names)
    return DataFacts(
        input_shape=input_shape(dataset),
        target="classes" if found.points.labeled else "number",
        class_names=found.class_names,
        splits={name: len(positions) for name, positions in assignment.items()},
        per_class={
            name: tuple(np.bincount(found.points.targets[positions], minlength=classes).tolist()) if classes else ()
            for name, positions in assignment.items()
        },
        skipped=found.skipped,
        warnings=found.warnings,
        notes=found.notes,
    )
