"""What the values of a layer over the plane stand for, what is wrong there, and how to say it."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from nnplayground.data.points import plane_grid
from nnplayground.layers.core import Input
from nnplayground.samples import Array
from nnplayground.spec.dataset import Points
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import counts_from_minus_one, output_activation
from nnplayground.spec.project import Project
from nnplayground.training.events import Mistakes
from nnplayground.training.outcomes import predicted_classes
from nnplayground.ui.playground.heat import limits
from nnplayground.ui.playground.plan import FEATURE_NAMES
from nnplayground.ui.widgets.numbers import short_number
from nnplayground.ui.widgets.plane_caption import Legend
from nnplayground.ui.widgets.plane_figure import Place
from nnplayground.ui.widgets.plane_maps import PlaneMap
from nnplayground.ui.widgets.plane_pictures import positions
from nnplayground.ui.widgets.plane_points import PlotPoints

_SIDE = 100
"""Side of the map of a feature, a little finer than the maps that come from the engine."""
_LEAST_REACH = 1.0
"""Numbers are shaded at least from −1 to 1, as the targets of generated points are."""


def output_map(values: Array, project: Project, facts: DataFacts | None) -> PlaneMap:
    """The map of the model's output. values: (units, side, side). facts: about the data, as far as known."""
    units = len(values)
    classes = facts.class_count if facts is not None and facts.target == "classes" else 0
    if facts is not None and classes == 2 and units == 1:
        low = -1.0 if counts_from_minus_one(project, facts) else 0.0
        return PlaneMap(values, low, 1.0, classes)
    if units == classes > 1:
        return PlaneMap(values, 0.0, 1.0, classes)
    low, high = limits(values[0], "linear")
    return PlaneMap(values[:1], min(low, -_LEAST_REACH), max(high, _LEAST_REACH))


def unit_map(values: Array, unit: int, project: Project, layer_id: str) -> PlaneMap | None:
    """The map of one unit of a layer, in the colours it has among the others; None where there is no such unit.

    values: (units, side, side).
    """
    if layer_id not in project.model.by_id or not 0 <= unit < len(values):
        return None
    low, high = limits(values, output_activation(project.model.layer(layer_id)))
    return PlaneMap(values[unit : unit + 1], low, high)


def is_feature(project: Project, layer_id: str) -> bool:
    """Whether a "unit" of this layer is one of the features that the model gets."""
    block = project.model.by_id.get(layer_id)
    return block is not None and isinstance(block.layer, Input)


def unit_name(project: Project, layer_id: str, unit: int) -> str:
    """x₁, or unit 3, counted from 1 as in the neuron view."""
    dataset = project.dataset
    if is_feature(project, layer_id) and isinstance(dataset, Points) and 0 <= unit < len(dataset.features):
        return FEATURE_NAMES[dataset.features[unit]]
    return f"unit {unit + 1}"


def feature_map(project: Project, unit: int) -> PlaneMap | None:
    """The map of one of the features that the model gets, which no engine needs to be asked for."""
    if not isinstance(project.dataset, Points) or not 0 <= unit < len(project.dataset.features):
        return None
    values = plane_grid(project.dataset.features[unit : unit + 1], _SIDE).T.reshape(1, _SIDE, _SIDE)
    return PlaneMap(values, *limits(values, ""))


def wrong_points(points: PlotPoints, plane_map: PlaneMap | None, mistakes: Mistakes | None) -> Array | None:
    """Which points the model gets wrong: (n,) bool; None where nothing is known, or targets are numbers.

    plane_map: of the output, by which every point is judged. mistakes: what the model said about the points of a split
    themselves, which then counts for them.
    """
    if points.numbers:
        return None
    judged = plane_map is not None and plane_map.class_count > 0
    if not judged and mistakes is None:
        return None
    wrong = np.zeros(len(points), bool)
    if plane_map is not None and judged:
        wrong = plane_map.classes_at(points.coordinates) != points.targets
    if mistakes is not None and mistakes.class_names:
        places = positions(mistakes.ids)
        if places is not None and (not len(places) or int(places.max()) < len(points)):
            wrong[places] = predicted_classes(mistakes.predictions) != mistakes.labels
    return wrong


def loss_text(value: float) -> str:
    """A loss, short enough to stand beside another one."""
    if not math.isfinite(value):
        return "∞"
    if value >= 100:
        return f"{value:,.0f}" if value < 1e5 else f"{value:.0e}"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.2g}"


class PlaneView(msgspec.Struct, frozen=True, eq=False):
    """What a plot shows at one moment, in words.

    shown: what the plane is shaded with. layer_id, unit: the unit that this is, ("", −1) for the model's output.
    wrong: (n,) bool, which points are; None where nobody knows. class_names: of the data.
    """

    project: Project
    class_names: tuple[str, ...]
    layer_id: str = ""
    unit: int = -1
    shown: PlaneMap | None = None
    points: PlotPoints | None = None
    wrong: Array | None = None

    @property
    def titles(self) -> tuple[str, str]:
        """What is shown, in full and where there is little room."""
        if self.layer_id:
            name = unit_name(self.project, self.layer_id, self.unit)
            return (name if is_feature(self.project, self.layer_id) else f"{self.layer_id} · {name}"), name
        numbers = self.points is not None and self.points.numbers
        return "Prediction" if numbers else "Decision boundary", ""

    def legend(self, *, held_back: bool) -> Legend:
        """What the colours and marks mean. held_back: validation points are shown."""
        shown = self.shown
        classes = not self.layer_id and (shown is None or shown.class_count > 0)
        names = self.class_names if classes else ()
        scale = shown if not names else None
        return Legend(
            class_names=names,
            low=short_number(scale.low) if scale is not None else "",
            high=short_number(scale.high) if scale is not None else "",
            points=self.points is not None,
            held_back=held_back,
            wrong=self.wrong is not None,
        )

    def reading(self, place: Place, number: int | None) -> tuple[str, str]:
        """What there is at a place: coordinates and values in one line, a point in another. number: of the point."""
        x1, x2 = (f"{value:.2f}".replace("-", "−") for value in place)
        words = f"x₁ {x1}  x₂ {x2}"
        if self.shown is not None:
            words = f"{words}  {self._values(self.shown, np.array([place]))}"
        return words, "" if number is None or self.points is None else self._point(self.points, number)

    def _values(self, shown: PlaneMap, at: Array) -> str:
        values = shown.at(at)[0].tolist()
        if not shown.class_count:
            name = unit_name(self.project, self.layer_id, self.unit) if self.layer_id else "output"
            return f"{name} {short_number(values[0])}"
        said = short_number(values[0]) if len(values) == 1 else " ".join(f"{value:.2f}" for value in values)
        return f"output {said} → {self._class_name(int(shown.classes_at(at)[0]))}"

    def _point(self, points: PlotPoints, number: int) -> str:
        target = float(points.targets[number])
        true = f"true {short_number(target)}" if points.numbers else f"class {self._class_name(int(target))}"
        outcome = "" if self.wrong is None else " ✗ wrong" if self.wrong[number] else " ✓ right"
        split = "test" if points.test[number] else "validation" if points.held_back[number] else "training"
        return f"Point {number}{outcome} · {true} · {split}"

    def _class_name(self, number: int) -> str:
        return self.class_names[number] if number < len(self.class_names) else str(number)
