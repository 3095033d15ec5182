"""Generated points in the plane: how each shape arranges its classes, or what height its numbers have.

Coordinates are around −6…6. With two classes a shape draws its random numbers in an order that never changes, so that
the same settings give the same points for ever.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnplayground.samples import Array
from nnplayground.spec.dataset import PLANE_LIMIT, Points, PointsShape

_REACH = 5.4
"""How far out shapes with many classes go."""


def class_coordinates(dataset: Points, random: np.random.Generator, labels: Array) -> Array:
    """Places for points of given classes: labels (n,) → (n, 2) float64, which noise may carry out of the plane."""
    return _CLASS_SHAPES[dataset.shape](random, labels, dataset)


def height(shape: PointsShape, coordinates: Array) -> Array:
    """The target of the shapes with numbers, without noise: coordinates (n, 2) → (n,) in −1…1."""
    return _plane(coordinates) if shape == "plane" else _hills(coordinates)


def _circle(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Class 0 fills a disc, the others rings around it, evenly by area."""
    if dataset.classes == 2:
        inner, outer = np.where(labels == 0, 0.0, 3.4), np.where(labels == 0, 2.2, 5.0)
    else:
        # Rings with gaps of a third of their width, out to the reach.
        width = _REACH / (dataset.classes + (dataset.classes - 1) / 3)
        inner = labels * width * 4 / 3
        outer = inner + width
    share = random.uniform(0, 1, len(labels))
    radius = np.sqrt(inner**2 + share * (outer**2 - inner**2))
    angle = random.uniform(0, 2 * np.pi, len(labels))
    return _polar(radius, angle) + _scatter(random, labels, 3.0 / dataset.classes * dataset.noise)


def _xor(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Class 0 where both coordinates have the same sign, class 1 where not, with a gap along the axes.

    More classes take turns in twice as many sectors, so that opposite ones belong together.
    """
    if dataset.classes > 2:
        return _sectors(random, labels, dataset)
    size = random.uniform(0.4, 5, (len(labels), 2))
    sign = np.where(random.uniform(0, 1, len(labels)) < 0.5, -1.0, 1.0)
    signs = np.stack([sign, np.where(labels == 0, sign, -sign)], axis=1)
    return size * signs + _scatter(random, labels, 1.5 * dataset.noise)


def _sectors(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Sector s of 2k belongs to class s modulo k; an even gap lies along the borders."""
    width = np.pi / dataset.classes
    sector = labels + dataset.classes * (random.uniform(0, 1, len(labels)) < 0.5)
    nearest = 0.3 / np.sin(width / 2)
    radius = nearest + np.sqrt(random.uniform(0, 1, len(labels))) * (_REACH - nearest)
    margin = np.arcsin(0.3 / radius)
    angle = sector * width + margin + random.uniform(0, 1, len(labels)) * (width - 2 * margin)
    return _polar(radius, angle) + _scatter(random, labels, 3.0 / dataset.classes * dataset.noise)


def _gauss(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Two clouds, around (2.2, 2.2) and (−2.2, −2.2); more of them evenly around a circle through both."""
    if dataset.classes == 2:
        centre = np.where(labels == 0, 2.2, -2.2)
        centres = np.stack([centre, centre], axis=1)
    else:
        centres = _around(labels, dataset.classes, 2.2 * np.sqrt(2))
    return centres + _scatter(random, labels, 0.5 + 1.5 * dataset.noise)


def _multi_gauss(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """A cloud for each class, evenly around a circle of radius 3.6."""
    return _around(labels, dataset.classes, 3.6) + _scatter(random, labels, 0.45 + 1.2 * dataset.noise)


def _spiral(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """An arm for each class: the radius grows with the angle, over one and a quarter turns, from the middle to 5.4."""
    along = np.sqrt(random.uniform(0.005, 1, len(labels)))
    angle = 2.5 * np.pi * along + 2 * np.pi * labels / dataset.classes
    return _polar(_REACH * along, angle) + _scatter(random, labels, 0.8 * dataset.noise)


def _moons(random: np.random.Generator, labels: Array, dataset: Points) -> Array:
    """Half circles that reach into each other, in turn open downwards and upwards; two have a radius of 3."""
    angle = random.uniform(0, np.pi, len(labels))
    if dataset.classes == 2:
        radius, step, deviation = 3.0, 3.0, 1.2
    else:
        # Wider apart than two are, so that the ends of every other one do not meet.
        radius = 2 * _REACH / (1.2 * (dataset.classes - 1) + 2)
        step, deviation = 1.2 * radius, 0.4 * radius
    arc = _polar(np.full(len(labels), radius), angle)
    side = np.where(labels % 2 == 0, 1.0, -1.0)[:, None]
    across = (labels - (dataset.classes - 1) / 2) * step
    centres = np.stack([across, np.where(labels % 2 == 0, -radius / 4, radius / 4)], axis=1)
    return side * arc + centres + _scatter(random, labels, deviation * dataset.noise)


def _plane(coordinates: Array) -> Array:
    """(x1 + x2) / 12: −1 in one corner, 1 in the opposite one."""
    return coordinates.sum(axis=1) / (2 * PLANE_LIMIT)


def _hills(coordinates: Array) -> Array:
    """Two hills and two hollows: Σ sₖ·exp(−‖x − cₖ‖² / (2·1.6²)), cₖ = (±3, ±3), sₖ = 1 where signs agree, else −1."""
    total = np.zeros(len(coordinates))
    for x1, x2 in ((3, 3), (-3, -3), (3, -3), (-3, 3)):
        distance = ((coordinates - np.array([x1, x2])) ** 2).sum(axis=1)
        total += np.sign(x1 * x2) * np.exp(-distance / (2 * 1.6**2))
    return total


def _around(labels: Array, classes: int, radius: float) -> Array:
    """Evenly around a circle, the first one at 45°."""
    return _polar(np.full(len(labels), radius), 2 * np.pi * labels / classes + np.pi / 4)


def _polar(radius: Array, angle: Array) -> Array:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _scatter(random: np.random.Generator, labels: Array, deviation: float) -> Array:
    return deviation * random.standard_normal((len(labels), 2))


_CLASS_SHAPES: dict[PointsShape, Callable[[np.random.Generator, Array, Points], Array]] = {
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "moons": _moons,
    "multi_gauss": _multi_gauss,
}
