"""The settings of points, in the place where others have a form: shapes to click, sliders, inputs to switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from nnplayground.data import DataError, generate_points, painted_points
from nnplayground.spec.dataset import MOST_POINTS, NUMBER_SHAPES, FractionSplit, Points, PointsShape
from nnplayground.spec.paths import ValueProblem
from nnplayground.spec.points_edits import (
    clear_points,
    convert_to_painted,
    regenerate,
    set_shape,
    set_training_share,
)
from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.feature_switches import FeatureSwitches
from nnplayground.ui.widgets.fields import LineField, WholeField
from nnplayground.ui.widgets.flow import FlowLayout
from nnplayground.ui.widgets.form import Form
from nnplayground.ui.widgets.labels import Disclosure, describe, muted, section
from nnplayground.ui.widgets.numbers import OneNumber, PlainText
from nnplayground.ui.widgets.rows import Row
from nnplayground.ui.widgets.schema import Number, Parameter, Range, parameters
from nnplayground.ui.widgets.shape_tiles import ShapeTiles
from nnplayground.ui.widgets.sliders import CountScale, EvenScale, SliderField, SliderRow

SHAPES: dict[PointsShape, tuple[str, str]] = {
    "circle": ("Circle", "a disc, and rings around it"),
    "xor": ("Xor", "classes take turns around the middle, opposite corners belong together"),
    "gauss": ("Gaussians", "clouds that a straight line can tell apart"),
    "spiral": ("Spiral", "arms that wind around each other, the hardest one"),
    "moons": ("Moons", "half circles that reach into each other"),
    "multi_gauss": ("Several gaussians", "a cloud for each of at least three classes"),
    "plane": ("Plane", "a number that grows from one corner to the other (regression)"),
    "regression_gauss": ("Hills", "a number with two hills and two hollows (regression)"),
}
_SPACING = 5
_CLEAR_NOISE = 0.15
"""Pictures of shapes have no more than this, so that they can be told apart."""
_DRAWN_MILLISECONDS = 80
"""While a slider is dragged, the pictures of shapes follow at this pace, which leaves time for all that follows it."""
_NEXT_RUN = "Takes effect at the next run."


def points_title(dataset: Points) -> str:
    """What to call the points in a few words."""
    if dataset.shape == "painted":
        return "Painted points"
    if dataset.shape == "file":
        return Path(dataset.file).name or "No file chosen"
    return SHAPES[dataset.shape][0]


class PointsSettings(QWidget):
    """Where the points come from and how many there are. Hidden is what the present shape has no use for."""

    open_file_requested = Signal()
    """The user wants to choose a CSV file."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._drawn: object = None
        self._running = False
        self._tiles = ShapeTiles(SHAPES)
        self._tiles.setObjectName("field.dataset.shape")
        self._tiles.setAccessibleName("Shape of the points")
        self._tiles.chosen.connect(self._on_shape_chosen)
        self._paint = _button("Paint own", "points.paint", "Paint points of your own with the mouse, class by class")
        self._open = _button("CSV file…", "points.open", "Read points from a file with x, y and label in each line")
        for button in (self._paint, self._open):
            button.setCheckable(True)
        self._rows = _rows(document)
        self._notes = muted()
        self._notes.setObjectName("points.notes")
        self._again = _button("", "points.regenerate", "")
        self._by_hand = _button("Edit", "points.edit", "Change these points by hand: they become a painting")
        self._clear = _button("Clear", "points.clear", "Remove all painted points")
        self._hint = _hint("points")
        self._paint.clicked.connect(lambda: self._on_shape_chosen("painted"))
        self._open.clicked.connect(self._on_open_clicked)
        self._again.clicked.connect(self._on_again_clicked)
        self._by_hand.clicked.connect(self._on_by_hand_clicked)
        self._clear.clicked.connect(self._on_clear_clicked)
        self._drawing = QTimer(self)
        self._drawing.setSingleShot(True)
        self._drawing.setInterval(_DRAWN_MILLISECONDS)
        self._drawing.timeout.connect(self._draw_tiles)
        self._lay_out()
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._show_facts)
        self._show()
        self._draw_tiles()

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then a change says that it takes effect only at the next one."""
        self._running = running
        if not running:
            self._hint.hide()

    def _lay_out(self) -> None:
        ways, actions = FlowLayout(), FlowLayout()
        for button in (self._paint, self._open):
            ways.addWidget(button)
        for button in (self._again, self._by_hand, self._clear):
            actions.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(_SPACING)
        column.addWidget(self._tiles)
        column.addLayout(ways)
        column.addWidget(self._rows["file"])
        column.addWidget(self._notes)
        for name in ("count", "noise", "share", "classes", "seed"):
            column.addWidget(self._rows[name])
        column.addLayout(actions)
        column.addWidget(self._hint)

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.dataset == after.dataset or not isinstance(after.dataset, Points):
            return
        self._show()
        if self._running and isinstance(before.dataset, Points) and before.dataset.features == after.dataset.features:
            self._hint.show()

    def _show(self) -> None:
        dataset = self._document.project.dataset
        assert isinstance(dataset, Points)
        generated, painted = dataset.shape in SHAPES, dataset.shape == "painted"
        self._tiles.show_chosen(dataset.shape)
        if not self._drawing.isActive():
            self._drawing.start()
        self._paint.setChecked(painted)
        self._open.setChecked(dataset.shape == "file")
        for name in ("count", "noise", "classes", "seed", "file"):
            self._rows[name].show_value(getattr(dataset, name))
        for name in ("count", "noise"):
            self._rows[name].setVisible(generated)
        self._rows["classes"].setVisible(generated and dataset.shape not in NUMBER_SHAPES)
        self._rows["file"].setVisible(dataset.shape == "file")
        if generated:
            self._again.setText("Regenerate")
            describe(self._again, "Regenerate", "Other points of the same kind: the next seed")
        else:
            self._again.setText("Split anew")
            describe(self._again, "Split anew", "Keep other points back for validation: the next seed")
        self._by_hand.setVisible(not painted)
        self._clear.setVisible(painted)
        self._clear.setEnabled(bool(dataset.points))
        self._show_facts()

    def _show_facts(self) -> None:
        dataset, facts = self._document.project.dataset, self._document.facts
        if not isinstance(dataset, Points):
            return
        self._rows["share"].show_value(self._share(dataset))
        notes: tuple[str, ...] = facts.notes if facts is not None else ()
        if dataset.shape == "painted":
            notes = ("Paint in the Boundary panel: choose a class there, then press the mouse on the plane.",)
        self._notes.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        labeled = dataset.shape not in NUMBER_SHAPES
        if dataset.shape == "file":
            labeled = facts is not None and facts.problem is None and facts.target == "classes"
        self._by_hand.setEnabled(labeled)

    def _share(self, dataset: Points) -> int:
        """Per cent of the points that train, as the split says, or as it turned out."""
        if isinstance(dataset.split, FractionSplit):
            return round(100 * (1 - dataset.split.validation - dataset.split.test))
        facts = self._document.facts
        total = sum(facts.splits.values()) if facts is not None else 0
        return round(100 * facts.splits.get("training", 0) / total) if facts is not None and total else 100

    def _draw_tiles(self) -> None:
        """The pictures follow what all shapes have in common."""
        dataset = self._document.project.dataset
        if not isinstance(dataset, Points):
            return
        noise = min(dataset.noise, _CLEAR_NOISE)
        wanted = (dataset.classes, noise, dataset.seed)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        for tile in self._tiles.tiles.values():
            classes = max(dataset.classes, 3) if tile.shape == "multi_gauss" else dataset.classes
            sketch = Points(shape=tile.shape, count=tile.point_count, classes=classes, noise=noise, seed=dataset.seed)
            tile.show_points(generate_points(sketch))

    def _on_shape_chosen(self, shape: PointsShape) -> None:
        if not self._document.apply(lambda project: set_shape(project, shape), "choice of a shape"):
            self._show()  # a click on what is chosen already has taken its mark away

    def _on_open_clicked(self) -> None:
        self._show()  # nothing is chosen yet
        self.open_file_requested.emit()

    def _on_again_clicked(self) -> None:
        self._document.apply(regenerate, "another seed")

    def _on_by_hand_clicked(self) -> None:
        dataset = self._document.project.dataset
        assert isinstance(dataset, Points)
        try:
            points = painted_points(generate_points(dataset, Path.cwd()))
        except DataError as error:
            # The file has changed since it was looked at.
            self._document.refused.emit(str(error))
            return
        self._document.apply(lambda project: convert_to_painted(project, points), "change of the points by hand")

    def _on_clear_clicked(self) -> None:
        self._document.apply(clear_points, "removal of all points")


class PointsInputs(QWidget):
    """What the model gets of each point; and, rarely changed, how the split is made."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._running = False
        self._features = FeatureSwitches()
        self._features.setObjectName("field.dataset.features")
        self._features.setAccessibleName("Input features")
        self._features.chosen.connect(self._on_features_chosen)
        self._refusal = muted("At least one input must stay on; switch another one on first.")
        self._refusal.setObjectName("refusal.dataset.features")
        self._refusal.setProperty("severity", "error")
        self._refusal.hide()
        self._hint = _hint("features")
        self._split = Form(document, "dataset", names=("split",))
        more = Disclosure("More", key="dataset")
        inside = QVBoxLayout(more.content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(_SPACING)
        for widget in (section("Input features"), self._features, self._refusal, self._hint, more):
            column.addWidget(widget)
        document.changed.connect(self._on_changed)
        self._show()

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then a change says that it takes effect only at the next one."""
        self._running = running
        self._split.set_running(running)
        if not running:
            self._hint.hide()

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.dataset == after.dataset or not isinstance(after.dataset, Points):
            return
        self._show()
        if self._running and isinstance(before.dataset, Points) and before.dataset.features != after.dataset.features:
            self._hint.show()

    def _show(self) -> None:
        dataset = self._document.project.dataset
        assert isinstance(dataset, Points)
        self._features.show_features(dataset.features)
        self._refusal.hide()

    def _on_features_chosen(self, features: list[str]) -> None:
        if features:
            self._document.set_value("dataset.features", features)
        else:
            self._show()
            self._refusal.show()


class _ShareRow(SliderRow):
    """How many of the points train: the part of the split that is not kept back."""

    def edited(self, project: Project, value: Any) -> Project:
        kind = self.parameter.kind
        assert isinstance(kind, Number)
        if not kind.range.holds(value):
            raise ValueProblem(f"{self.parameter.title} must be {kind.words()}, got {value}.")
        return set_training_share(project, value / 100)


class _Percent(OneNumber, frozen=True):
    """A whole number of hundredths."""

    def read(self, text: str) -> int | float | None:
        return super().read(text.strip().removesuffix("%"))

    def write(self, value: float | None) -> str:
        return f"{super().write(value)} %"


_SHARE = Parameter(
    "training",
    "Training",
    "Share of the points that the model learns from; the others only check it.",
    Number(whole=True, range=Range(least=5, most=100)),
)
_WIDEST = ("5000", "0.55", "100 %")


def _rows(document: Document) -> dict[str, Row]:
    """By parameter; "share" is the one of training."""
    known = {each.name: each for each in parameters(Points)}

    def number(parameter: Parameter) -> Number:
        assert isinstance(parameter.kind, Number)
        return parameter.kind

    def whole(name: str) -> Row:
        return Row(document, known[name], f"dataset.{name}", field=WholeField(number(known[name])))

    count = SliderField(OneNumber(number(known["count"])), CountScale(20, MOST_POINTS), widest=_WIDEST, step=4)
    noise = SliderField(OneNumber(number(known["noise"])), EvenScale(0, 1, 0.01, 2), widest=_WIDEST, step=5)
    share = SliderField(_Percent(number(_SHARE)), EvenScale(5, 100, 1), widest=_WIDEST, step=5)
    rows: dict[str, Row] = {
        "count": SliderRow(document, known["count"], "dataset.count", field=count),
        "noise": SliderRow(document, known["noise"], "dataset.noise", field=noise),
        "share": _ShareRow(document, _SHARE, "dataset.split.training", field=share),
        "classes": whole("classes"),
        "seed": whole("seed"),
        "file": Row(document, known["file"], "dataset.file", field=LineField(PlainText(), placeholder="none chosen")),
    }
    titles = [row.parameter.title for row in rows.values()]
    for row in rows.values():
        row.align_with(titles)
    return rows


def _hint(name: str) -> QLabel:
    label = muted(_NEXT_RUN)
    label.setObjectName(f"hint.{name}")
    label.hide()
    return label


def _button(text: str, name: str, help_text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setProperty("compact", "true")
    describe(button, text, help_text)
    return button
