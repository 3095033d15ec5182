"""Generated points in the plane: the same for the same settings and seed, whatever else is drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnplayground.data.errors import DataError
from nnplayground.data.loaded import LoadedData
from nnplayground.data.splits import assign
from nnplayground.samples import Array, Samples
from nnplayground.spec.dataset import Feature, FolderSplit, Points, PointsShape, input_shape
from nnplayground.spec.facts import DataFacts

LIMIT = 6.0
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

_NUMBER_SHAPES: frozenset[PointsShape] = frozenset({"plane", "regression_gauss"})
_MANY_CLASS_SHAPES: frozenset[PointsShape] = frozenset({"spiral", "multi_gauss"})


@dataclass(frozen=True)
class PlanePoints:
    """coordinates: (n, 2) float32 in −6…6. targets: (n,) int32 class indices, or (n, 1) float32 numbers around −1…1."""

    coordinates: Array
    targets: Array


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


def generate_points(dataset: Points) -> PlanePoints:
    """The points of a dataset; point i has the id str(i), and its class is i modulo the number of classes."""
    random = np.random.default_rng(dataset.seed)
    labels = np.arange(dataset.count) % _class_count(dataset)
    if dataset.shape in _NUMBER_SHAPES:
        coordinates = random.uniform(-LIMIT, LIMIT, (dataset.count, 2))
        height = _plane(coordinates) if dataset.shape == "plane" else _hills(coordinates)
        targets = height + dataset.noise * 0.3 * random.standard_normal(dataset.count)
        return PlanePoints(coordinates.astype(np.float32), targets.astype(np.float32)[:, None])
    coordinates = _SHAPES[dataset.shape](random, labels, dataset)
    coordinates = np.clip(coordinates, -LIMIT, LIMIT)
    return PlanePoints(coordinates.astype(np.float32), labels.astype(np.int32))


def scan_points(dataset: Points) -> DataFacts:
    try:
        return _facts(dataset, generate_points(dataset), _assignment(dataset))
    except DataError as error:
        return DataFacts(input_shape=input_shape(dataset), target=_target(dataset), problem=str(error))


def load_points(dataset: Points, *, input_ids: Sequence[str], output_ids: Sequence[str]) -> LoadedData:
    """Raises DataError where the split does not fit."""
    assignment = _assignment(dataset)
    points = generate_points(dataset)
    inputs = point_features(points.coordinates, dataset.features)
    facts = _facts(dataset, points, assignment)
    return LoadedData(
        splits={
            name: Samples(
                inputs=dict.fromkeys(input_ids, inputs[positions]),
                targets=dict.fromkeys(output_ids, points.targets[positions]),
                ids=tuple(map(str, positions)),
            )
            for name, positions in assignment.items()
        },
        facts=facts,
        fitted={"class_names": list(facts.class_names)},
        files={},
    )


def _assignment(dataset: Points) -> dict[str, list[int]]:
    if isinstance(dataset.split, FolderSplit):
        raise DataError("Generated points do not lie in folders, so split them by a fraction or a count.")
    classes = _class_count(dataset)
    ids = [str(position) for position in range(dataset.count)]
    labels = [position % classes for position in range(dataset.count)]
    return assign(ids, labels, dataset.split, seed=dataset.seed, what="points")


def _facts(dataset: Points, points: PlanePoints, assignment: dict[str, list[int]]) -> DataFacts:
    classes = 0 if dataset.shape in _NUMBER_SHAPES else _class_count(dataset)
    return DataFacts(
        input_shape=input_shape(dataset),
        target=_target(dataset),
        class_names=tuple(map(str, range(classes))),
        splits={name: len(positions) for name, positions in assignment.items()},
        per_class={
            name: tuple(np.bincount(points.targets[positions], minlength=classes).tolist()) if classes else ()
            for name, positions in assignment.items()
        },
    )


def _target(dataset: Points) -> Literal["classes", "number"]:
    return "number" if dataset.shape in _NUMBER_SHAPES else "classes"


def _class_count(dataset: Points) -> int:
    if dataset.shape in _NUMBER_SHAPES:
        return 1
    return dataset.classes if dataset.shape in _MANY_CLASS_SHAPES else 2


def _circle(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Class 0 fills a disc of radius 2.2, class 1 a ring from 3.4 to 5, both evenly by area."""
    inner, outer = np.where(labels == 0, 0.0, 3.4), np.where(labels == 0, 2.2, 5.0)
    share = random.uniform(0, 1, len(labels))
    radius = np.sqrt(inner**2 + share * (outer**2 - inner**2))
    return _polar(radius, random.uniform(0, 2 * np.pi, len(labels))) + _scatter(random, labels, 1.5 * dataset.noise)


def _xor(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Class 0 where both coordinates have the same sign, class 1 where not, with a gap along the axes."""
    size = random.uniform(0.4, 5, (len(labels), 2))
    sign = np.where(random.uniform(0, 1, len(labels)) < 0.5, -1.0, 1.0)
    signs = np.stack([sign, np.where(labels == 0, sign, -sign)], axis=1)
    return size * signs + _scatter(random, labels, 1.5 * dataset.noise)


def _gauss(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Two clouds, around (2.2, 2.2) and (−2.2, −2.2)."""
    centre = np.where(labels == 0, 2.2, -2.2)
    return np.stack([centre, centre], axis=1) + _scatter(random, labels, 0.5 + 1.5 * dataset.noise)


def _multi_gauss(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """A cloud for each class, evenly around a circle of radius 3.6."""
    centres = _polar(np.full(len(labels), 3.6), 2 * np.pi * labels / dataset.classes + np.pi / 4)
    return centres + _scatter(random, labels, 0.45 + 1.2 * dataset.noise)


def _spiral(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """An arm for each class: the radius grows with the angle, over one and a quarter turns, from the middle to 5.4."""
    along = np.sqrt(random.uniform(0.005, 1, len(labels)))
    angle = 2.5 * np.pi * along + 2 * np.pi * labels / dataset.classes
    return _polar(5.4 * along, angle) + _scatter(random, labels, 0.8 * dataset.noise)


def _moons(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Two half circles of radius 3 that reach into each other."""
    angle = random.uniform(0, np.pi, len(labels))
    arc = _polar(np.full(len(labels), 3.0), angle)
    upper = arc + np.array([-1.5, -0.75])
    lower = -arc + np.array([1.5, 0.75])
    return np.where((labels == 0)[:, None], upper, lower) + _scatter(random, labels, 1.2 * dataset.noise)


def _plane(coordinates: Array) -> Array:
    """(x1 + x2) / 12: −1 in one corner, 1 in the opposite one."""
    return coordinates.sum(axis=1) / (2 * LIMIT)


def _hills(coordinates: Array) -> Array:
    """Two hills and two hollows: Σ sₖ·exp(−‖x − cₖ‖² / (2·1.6²)), cₖ = (±3, ±3), sₖ = 1 where signs agree, else −1."""
    height = np.zeros(len(coordinates))
    for x1, x2 in ((3, 3), (-3, -3), (3, -3), (-3, 3)):
        distance = ((coordinates - np.array([x1, x2])) ** 2).sum(axis=1)
        height += np.sign(x1 * x2) * np.exp(-distance / (2 * 1.6**2))
    return height


def _polar(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _scatter(random: np.random.Generator, labels: Array, deviation: float) -> Array:
    return deviation * random.standard_normal((len(labels), 2))


_SHAPES: dict[PointsShape, Callable[[np.random.Generator, Array, Points], Array]] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "moons": _moons,
    "multi_gauss": _multi_gauss,
}
