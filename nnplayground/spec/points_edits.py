"""Edits of points as data: pure functions from a project to a changed project, as in `edits`.

What cannot be done raises EditError, what does not fit ValueProblem, each with a sentence for the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any

import msgspec
import numpy as np

from nnplayground.spec.dataset import (
    MOST_POINT_CLASSES,
    MOST_POINTS,
    PLANE_LIMIT,
    FractionSplit,
    PaintedPoint,
    Points,
    PointsShape,
)
from nnplayground.spec.edits import EditError, set_dataset
from nnplayground.spec.paths import set_value
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training

_DECIMALS = 3
"""Of painted coordinates: finer than a screen, and short in a file."""
_LARGEST_SEED = 2**31 - 1
_SEVERAL = 3

POINTS_TRAINING = Training(engine="scratch", optimizer=Adam(learning_rate=0.01), batch_size=10, epochs=1000)
"""How to begin with points: on the engine that is there at once, in small batches."""


def use_points(project: Project) -> Project:
    """Points as the data. Where nothing is set up yet, with training settings that suit them."""
    fresh = project.training == Training()
    changed = set_dataset(project, Points())
    return msgspec.structs.replace(changed, training=POINTS_TRAINING) if fresh else changed


def set_shape(project: Project, shape: PointsShape) -> Project:
    """Another arrangement of the points. Several clouds are at least three; one or two are what gauss makes."""
    points = _points(project)
    classes = max(points.classes, _SEVERAL) if shape == "multi_gauss" else points.classes
    return _with(project, shape=shape, classes=classes)


def regenerate(project: Project) -> Project:
    """Other points of the same kind: the next seed."""
    seed = _points(project).seed
    return _with(project, seed=seed + 1 if seed < _LARGEST_SEED else 0)


def set_training_share(project: Project, share: float) -> Project:
    """How much of the points trains the model, of 1; the test keeps its share, and validation gets the rest.

    Raises ValueProblem where nothing that is possible is left for validation.
    """
    split = _points(project).split
    test = split.test if isinstance(split, FractionSplit) else 0.0
    validation = round(max(0.0, 1 - share - test), 6)
    return set_value(project, "dataset.split", {"type": "fraction", "validation": validation, "test": test})


def open_points_file(project: Project, file: str) -> Project:
    """The points of a CSV file as the data; other settings of points stay as they are."""
    dataset = project.dataset if isinstance(project.dataset, Points) else Points()
    return set_dataset(project, msgspec.structs.replace(dataset, shape="file", file=file))


def convert_to_painted(project: Project, points: Sequence[PaintedPoint] = ()) -> Project:
    """Go on by hand from these points, in the place of what was painted before."""
    return _with(project, shape="painted", points=_checked(points))


def add_points(project: Project, points: Sequence[PaintedPoint]) -> Project:
    """Paint more points. Coordinates outside the plane are moved to its border. All of them or none."""
    painted = _painted(project)
    return _with(project, points=_checked((*painted.points, *points), new=len(points)))


def erase(project: Project, centres: Sequence[tuple[float, float]], radius: float) -> Project:
    """Remove the painted points that are no farther than `radius` from one of the centres."""
    painted = _painted(project)
    x1, x2, _ = np.array(painted.points, np.float64).reshape(-1, 3).T
    is_kept = np.ones(len(painted.points), bool)
    for across, up in centres:
        is_kept &= (x1 - across) ** 2 + (x2 - up) ** 2 > radius**2
    return project if is_kept.all() else _with(project, points=tuple(compress(painted.points, is_kept.tolist())))


def clear_points(project: Project) -> Project:
    """Remove all painted points."""
    _painted(project)
    return _with(project, points=())


def _points(project: Project) -> Points:
    if not isinstance(project.dataset, Points):
        raise EditError("The data of this project are not points, so choose points as data first.")
    return project.dataset


def _painted(project: Project) -> Points:
    points = _points(project)
    if points.shape != "painted":
        raise EditError("Only painted points can be changed by hand, so choose “Paint my own” first.")
    return points


def _with(project: Project, **changes: Any) -> Project:
    return set_dataset(project, msgspec.structs.replace(_points(project), **changes))


def _checked(points: Sequence[PaintedPoint], new: int | None = None) -> tuple[PaintedPoint, ...]:
    """The points as a project holds them. new: how many at the end have not been checked before; None: all."""
    if len(points) > MOST_POINTS:
        raise EditError(
            f"A painting holds up to {MOST_POINTS:,} points, and this would make {len(points):,}; erase some first."
        )
    start = 0 if new is None else len(points) - new
    return (*points[:start], *map(_within, points[start:]))


def _within(point: PaintedPoint) -> PaintedPoint:
    x1, x2, label = point
    if not 0 <= label < MOST_POINT_CLASSES:
        raise EditError(f"Painted points have classes from 0 to {MOST_POINT_CLASSES - 1}, got {label}.")
    return _coordinate(x1), _coordinate(x2), int(label)


def _coordinate(value: float) -> float:
    return round(min(max(float(value), -PLANE_LIMIT), PLANE_LIMIT), _DECIMALS) + 0.0
