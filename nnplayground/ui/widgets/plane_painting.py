"""Painting points on a plot of the plane: strokes of the mouse become edits of the project, each of them undoable."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject

from nnplayground.data import DataError, generate_points, painted_points
from nnplayground.spec.dataset import PaintedPoint, Points
from nnplayground.spec.points_edits import add_points, clear_points, convert_to_painted, erase
from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.plane_plot import PlanePlot
from nnplayground.ui.widgets.plane_points import PlotPoints
from nnplayground.ui.widgets.plane_strokes import EraseStroke, PaintStroke
from nnplayground.ui.widgets.plane_tools import PaintStrip


class Painting(QObject):
    """Joins the plot, the tools and the document."""

    def __init__(self, document: Document, plot: PlanePlot, strip: PaintStrip, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._plot = plot
        self._strip = strip
        self._stroke: PaintStroke | EraseStroke | None = None
        plot.stroke_begun.connect(self._on_stroke_begun)
        plot.stroke_moved.connect(self._on_stroke_moved)
        plot.stroke_ended.connect(self._on_stroke_ended)
        strip.brush_changed.connect(lambda: plot.set_brush(strip.brush))
        strip.start_requested.connect(self._on_start_requested)
        strip.clear_requested.connect(lambda: document.apply(clear_points, "clearing of the plane"))
        strip.undo_requested.connect(document.undo_stack.undo)
        document.undo_stack.undoTextChanged.connect(strip.show_undo)
        document.changed.connect(self._on_changed)
        strip.show_undo(document.undo_stack.undoText())

    def _on_stroke_begun(self, place: tuple[float, float], erasing: bool) -> None:
        brush = self._strip.brush
        if brush is None:
            return
        if erasing:
            points = self._plot.points
            coordinates = points.coordinates if points is not None else np.zeros((0, 2))
            self._stroke = EraseStroke(coordinates, radius=self._strip.eraser_radius)
        else:
            random = np.random.default_rng()
            self._stroke = PaintStroke(brush.label, radius=brush.radius, density=self._strip.density, random=random)
        self._on_stroke_moved(place)

    def _on_stroke_moved(self, place: tuple[float, float]) -> None:
        stroke = self._stroke
        if stroke is None:
            return
        stroke.move_to(place)
        if isinstance(stroke, EraseStroke):
            self._plot.show_stroke(added=None, erased=stroke.erased)
        else:
            self._plot.show_stroke(added=_as_plotted(stroke.points), erased=None)

    def _on_stroke_ended(self) -> None:
        stroke, self._stroke = self._stroke, None
        if stroke is None:
            return
        self._plot.show_stroke(added=None, erased=None)
        if isinstance(stroke, EraseStroke):
            self._document.apply(
                lambda project: erase(project, stroke.centres, stroke.radius),
                _counted("erasing", int(stroke.erased.sum())),
            )
        else:
            self._document.apply(
                lambda project: add_points(project, stroke.points), _counted("painting", len(stroke.points))
            )

    def _on_changed(self, before: Project, after: Project) -> None:
        """A stroke that was begun on other points, as when they are undone under it, is given up."""
        if before.dataset != after.dataset:
            self._stroke = None

    def _on_start_requested(self, start: str) -> None:
        dataset = self._document.project.dataset
        if not isinstance(dataset, Points):
            return
        points: tuple[PaintedPoint, ...] = ()
        if start == "before":
            points = dataset.points
        elif start == "shown":
            try:
                points = painted_points(generate_points(dataset))
            except DataError:
                points = ()
        if self._document.apply(lambda project: convert_to_painted(project, points), "change to painted points"):
            self._strip.choose(0)


def _as_plotted(points: list[PaintedPoint]) -> PlotPoints:
    rows = np.array(points, np.float64).reshape(-1, 3)
    labels = rows[:, 2].astype(np.int32)
    nowhere = np.zeros(len(rows), bool)
    return PlotPoints(rows[:, :2].astype(np.float32), labels, nowhere, nowhere, 2)


def _counted(what: str, count: int) -> str:
    return f"{what} of {count:,} {'point' if count == 1 else 'points'}"
