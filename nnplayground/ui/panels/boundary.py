"""The big plot of the plane of points: what the model makes of it now, and the points, which can be painted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from nnplayground.spec.dataset import MOST_POINT_CLASSES, Points
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.training.events import Catalog, Mistakes, Snapshot
from nnplayground.training.mailbox import Frame
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.picture_menu import install_picture_menu
from nnplayground.ui.widgets.plane_figure import Place
from nnplayground.ui.widgets.plane_header import PlaneHeader
from nnplayground.ui.widgets.plane_maps import PlaneMap
from nnplayground.ui.widgets.plane_outputs import (
    PlaneView,
    feature_map,
    is_feature,
    loss_text,
    unit_map,
    wrong_points,
)
from nnplayground.ui.widgets.plane_page import PlanePage
from nnplayground.ui.widgets.plane_painting import Painting
from nnplayground.ui.widgets.plane_pictures import PlanePictures
from nnplayground.ui.widgets.plane_plot import PlanePlot
from nnplayground.ui.widgets.plane_points import PlotPoints, plot_points
from nnplayground.ui.widgets.plane_state import PlaneState

_NO_POINTS = (
    "What the model makes of every place of the plane appears here. It is for data that are points: choose them "
    "in the data panel."
)
_NOBODY = ("", -1)
_LOSSES_MILLISECONDS = 100
"""Nobody reads numbers that change faster."""


class BoundaryPanel(QWidget):
    """The output of the model over the plane, or the unit that the mouse is over in the neuron view."""

    wants_changed = Signal()
    """`wanted_layer` has changed."""
    sample_chosen = Signal(str)
    """The id of a point that was clicked."""
    run_pause_requested = Signal()
    """Space was pressed on the plot."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("boundary")
        self.setAccessibleName("Decision boundary")
        self._document = document
        self._facts: DataFacts | None = None
        self._points: PlotPoints | None = None
        self._state = PlaneState()
        self._unit = _NOBODY
        self._view = PlaneView(document.project, ())
        self._running = False
        self._pointed: Place | None = None
        self._stale = True
        self._losses_due = QTimer(self)
        self._losses_due.setSingleShot(True)
        self._losses_due.setInterval(_LOSSES_MILLISECONDS)
        self._losses_due.timeout.connect(self._show_losses)
        self.pictures = PlanePictures(self)
        """Tiny pictures of the points, for panels that show samples."""

        self._page = PlanePage()
        self._plot = self._page.plot
        self._strip = self._page.strip
        self._smooth = QAction("Smooth the map", self, checkable=True, checked=True)
        self._smooth.setStatusTip("Smooth between the squares in which the map is computed, or show each of them")
        more = install_picture_menu(self._page.picture, name="decision boundary", extra=(self._smooth,))
        self.header = PlaneHeader(more)
        """What is shown, and the losses; a dock may take it as its title."""
        self._stack = QStackedWidget()
        for page in (EmptyState("dots", _NO_POINTS), self._page):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 2, 10, 6)
        layout.setSpacing(2)
        layout.addWidget(self.header)
        layout.addWidget(self._stack, 1)
        self._painting = Painting(document, self._plot, self._strip, self)
        self._add_keys()

        self._page.discrete.toggled.connect(self._on_look_changed)
        self._smooth.toggled.connect(self._on_look_changed)
        self._page.held_back.toggled.connect(self._on_held_back_toggled)
        self._plot.pointed_at.connect(self._on_pointed_at)
        self._plot.point_clicked.connect(self._on_point_clicked)
        self._plot.run_pause_requested.connect(self.run_pause_requested)
        document.changed.connect(self._on_project_changed)
        document.facts_changed.connect(self._on_facts_changed)
        document.replaced.connect(self._strip.forget_classes)
        self._show_dataset()

    def _add_keys(self) -> None:
        """Keys for the tools, wherever in the panel the focus is."""
        keys: list[tuple[str, int | str]] = [(str(number + 1), number) for number in range(MOST_POINT_CLASSES)]
        for key, tool in (*keys, ("E", "erase"), ("Esc", "pick")):
            self._add_key(key, lambda tool=tool: self._strip.choose(tool))
        self._add_key("[", lambda: self._strip.change_size(-1))
        self._add_key("]", lambda: self._strip.change_size(1))

    def _add_key(self, key: str, then: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(key), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(then)

    # What comes from outside

    @property
    def wanted_layer(self) -> str | None:
        """The layer whose map is wanted in full resolution; None while nothing of the kind can be seen."""
        project = self._document.project
        if not self.isVisible() or not isinstance(project.dataset, Points):
            return None
        layer_id, outputs = self._unit[0], project.model.outputs
        if layer_id in project.model.by_id and not is_feature(project, layer_id):
            return layer_id
        return outputs[0] if len(outputs) == 1 else None

    @property
    def plot(self) -> PlanePlot:
        """The plot itself."""
        return self._plot

    def show_catalog(self, catalog: Catalog) -> None:
        """Which samples there are. What was said about others is forgotten."""
        self._facts = catalog.facts
        self._state.take_mistakes(None)
        dataset = self._document.project.dataset
        self.pictures.show_catalog(catalog, dataset)
        if isinstance(dataset, Points) and dataset.shape == "file":
            self._show_dataset()  # it may have been read only now, or have changed
        self._refresh()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """The plane at one moment, as far as it is in the snapshot."""
        if snapshot.plane is not None:
            if self._state.take_snapshot(snapshot, self._document.project, self._known_facts):
                self.pictures.show_map(self._state.output)
            self._refresh()

    def show_frame(self, frame: Frame) -> None:
        """Losses of the epochs that are done."""
        if frame.started is not None or frame.epochs or frame.ended is not None:
            self._state.take_frame(frame)
            if frame.ended is not None or not self._losses_due.isActive():
                self._show_losses()
                self._losses_due.start()

    def show_mistakes(self, mistakes: Mistakes) -> None:
        """What the model says about each point of a split."""
        self._state.take_mistakes(mistakes)
        self._refresh()

    def show_unit(self, layer_id: str, unit: int) -> None:
        """Show a unit (counted from 0) in the place of the output; ("", -1) goes back to that."""
        before = self.wanted_layer
        self._unit = (layer_id, unit) if layer_id else _NOBODY
        self._refresh()
        if self.wanted_layer != before:
            self.wants_changed.emit()

    def select_sample(self, sample_id: str) -> None:
        """Mark the point that is shown elsewhere; "" marks none. Tells nobody."""
        self._plot.select(self.pictures.number(sample_id) if self._shows_loaded_points else None)

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then what is painted counts from the next one."""
        self._running = running
        self._show_tools()

    def clear(self) -> None:
        """Forget what was shown of the model, as after another project was opened."""
        self._state = PlaneState()
        self._facts = None
        self._unit = _NOBODY
        self.pictures.clear()
        self._show_losses()
        self._refresh()

    # The document

    @property
    def _known_facts(self) -> DataFacts | None:
        return self._document.facts or self._facts

    @property
    def _class_names(self) -> tuple[str, ...]:
        facts = self._known_facts
        return facts.class_names if facts is not None and facts.target == "classes" else ()

    @property
    def _shows_loaded_points(self) -> bool:
        """Whether the points of the plot are the samples that panels and engine know: not so while they are edited."""
        loaded, points = self.pictures.points, self._points
        return (
            loaded is not None
            and points is not None
            and np.array_equal(loaded.coordinates, points.coordinates)
            and np.array_equal(loaded.targets, points.targets)
        )

    def _on_project_changed(self, before: Project, after: Project) -> None:
        if before.dataset != after.dataset:
            self._show_dataset()
        if before.model != after.model:
            self._state.keep(after.model.by_id)
            if self._unit[0] not in after.model.by_id:
                self._unit = _NOBODY
            self._read_output()
            self.wants_changed.emit()
            self._refresh()

    def _on_facts_changed(self) -> None:
        if self._points is None:
            self._show_dataset()  # a file has been read
        self._show_tools()
        self._read_output()
        self._refresh()

    def _read_output(self) -> None:
        self._state.make_output(self._document.project, self._known_facts)
        self.pictures.show_map(self._state.output)

    def _show_dataset(self) -> None:
        dataset = self._document.project.dataset
        self._points = plot_points(dataset)
        self._plot.show_points(self._points)
        self._stack.setCurrentIndex(1 if isinstance(dataset, Points) else 0)
        self._show_tools()
        self._refresh()

    def _show_tools(self) -> None:
        dataset = self._document.project.dataset
        self._strip.show_classes(self._class_names)
        if isinstance(dataset, Points):
            self._strip.show_state(
                painted=dataset.shape == "painted",
                running=self._running,
                shown=self._points is not None and not self._points.numbers,
                before=bool(dataset.points),
            )

    # What is shown

    def _refresh(self) -> None:
        self._stale = True
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        self._stale = False
        points, shown = self._points, self._state.output if self._unit == _NOBODY else self._unit_map()
        wrong = None
        if points is not None:
            said = self._state.mistakes if self._shows_loaded_points else None
            wrong = wrong_points(points, self._state.output, said)
        self._view = PlaneView(self._document.project, self._class_names, *self._unit, shown, points, wrong)
        self._plot.show_map(shown)
        self._plot.show_wrong(wrong)
        self.header.show_title(*self._view.titles)
        self._page.caption.show_legend(self._view.legend(held_back=self._page.held_back.isChecked()))
        self._show_reading()

    def _unit_map(self) -> PlaneMap | None:
        layer_id, unit = self._unit
        project = self._document.project
        if is_feature(project, layer_id):
            return feature_map(project, unit)
        values = self._state.values(layer_id)
        return unit_map(values, unit, project, layer_id) if values is not None else None

    def _show_losses(self) -> None:
        losses = self._state.losses
        texts = (loss_text(losses[name]) if name in losses else "" for name in ("loss", "val_loss"))
        self.header.show_losses(*texts)

    def _show_reading(self) -> None:
        """What the mouse reads now, which training may have changed under it."""
        place = self._pointed
        reading = self._view.reading(place, self._plot.point_near(place)) if place is not None else None
        self._page.caption.show_reading(reading)

    def _on_pointed_at(self, place: Place | None) -> None:
        self._pointed = place
        self._show_reading()

    def _on_point_clicked(self, number: int) -> None:
        if self._shows_loaded_points:
            self._plot.select(number)
            self.sample_chosen.emit(str(number))

    def _on_look_changed(self) -> None:
        self._plot.set_look(discrete=self._page.discrete.isChecked(), smooth=self._smooth.isChecked())

    def _on_held_back_toggled(self, shown: bool) -> None:
        self._plot.show_held_back(shown)
        self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._show()
        self.wants_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.wants_changed.emit()
