"""Points in the plane, what a model might make of it, and where colours are to be found in a picture of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtGui import QColor

from nnplayground.data import load, scan
from nnplayground.layers.core import Dense, Input
from nnplayground.samples import Array
from nnplayground.spec.dataset import FractionSplit, Points
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.training.events import (
    Catalog,
    EpochDone,
    Mistakes,
    PlaneMaps,
    PlaneWants,
    RunEnded,
    RunStarted,
    Snapshot,
    SnapshotWants,
)
from nnplayground.training.feeding import catalog_of
from nnplayground.training.mailbox import Frame
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.plane_plot import PlanePlot

SIDE = 100
CORNERS = ((-3.0, -3.0, 0), (3.0, -3.0, 1), (-3.0, 3.0, 0), (3.0, 3.0, 1))
"""Two points of class 0 at the left, two of class 1 at the right."""


def points_project(dataset: Points, *, units: int = 1, activation: str = "sigmoid", hidden: str = "tanh") -> Project:
    """input → dense_1 (3 units) → dense_2."""
    blocks = (
        Block("input", Input()),
        Block("dense_1", Dense(units=3, activation=hidden)),  # type: ignore[arg-type]
        Block("dense_2", Dense(units=units, activation=activation)),  # type: ignore[arg-type]
    )
    wires = (Wire("input", "dense_1"), Wire("dense_1", "dense_2"))
    return Project(model=Model(blocks, wires), dataset=dataset)


def painted(*points: tuple[float, float, int], validation: float = 0.0) -> Points:
    return Points(shape="painted", points=points, split=FractionSplit(validation=validation))


def document_of(project: Project) -> Document:
    document = Document(project)
    assert project.dataset is not None
    document.set_facts(scan(project.dataset, Path()))
    return document


def catalog(project: Project) -> Catalog:
    assert project.dataset is not None
    return catalog_of(load(project.dataset, Path(), input_ids=["input"], output_ids=["target"]))


def left_to_right(low: float = 0.0, high: float = 1.0) -> Array:
    """A map that grows evenly from the left to the right: (1, side, side)."""
    middles = (np.arange(SIDE) + 0.5) / SIDE
    return np.tile((low + middles * (high - low)).astype(np.float32), (1, SIDE, 1))


def everywhere(*values: float, side: int = SIDE) -> Array:
    """A map for each unit, the same at every place: (units, side, side)."""
    return np.stack([np.full((side, side), value, np.float32) for value in values])


def plane_snapshot(
    large: Array | None, layer_id: str | None = "dense_2", *, small: dict[str, Array] | None = None, update: int = 1
) -> Snapshot:
    """What a model makes of the plane; other parts are left out."""
    wants = SnapshotWants(plane=PlaneWants(tuple(small or ()), layer_id))
    maps = PlaneMaps(small or {}, large)
    return Snapshot("run", 1, update, wants, None, {}, {}, {}, None, plane=maps)


def started(update: int = 0) -> Frame:
    return Frame(started=RunStarted("run", 10, 1, 4, 0, update, ()))


def done(epoch: int, update: int, **metrics: float) -> Frame:
    return Frame(epochs=(EpochDone("run", epoch, update, metrics, 0.1, 0.1),))


def ended(**metrics: float) -> Frame:
    return Frame(ended=RunEnded("run", "finished", 1, metrics, 0, 1.0))


def said(ids: tuple[str, ...], labels: list[int], second: list[float], *, epoch: int = 1) -> Mistakes:
    """second: the probability of the second class, for each of the points."""
    predictions = np.array(second, np.float32)[:, None]
    losses = predictions[:, 0]
    return Mistakes("run", epoch, "validation", ("0", "1"), ids, np.array(labels, np.int32), predictions, losses)


def color_at(plot: PlanePlot, place: tuple[float, float], *, beside: float = 0.0) -> QColor:
    """What is painted at a place of the plane. beside: so many pixels to the right of it."""
    spot = plot.frame().spot(place)
    return plot.grab().toImage().pixelColor(int(spot.x() + beside), int(spot.y()))


def distance(first: QColor, second: QColor | str) -> int:
    """How far apart two colours are: the largest difference of their parts."""
    other = QColor(second)
    return max(abs(one - two) for one, two in zip(first.getRgb()[:3], other.getRgb()[:3], strict=True))  # type: ignore[index]
