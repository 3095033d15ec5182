"""The workspace: the canvas in the middle, all panels around it in docks, and what they need of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QTabWidget, QWidget

from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec.adversarial import chains
from nnplayground.spec.dataset import Pairs, Points, Series, Text
from nnplayground.spec.model import Model
from nnplayground.spec.training import Supervised
from nnplayground.training.events import Catalog, DataLoaded, PlaneWants, RunStarted, Snapshot, SnapshotWants
from nnplayground.training.mailbox import Frame
from nnplayground.ui.centre import Centre
from nnplayground.ui.docks import PanelDock, TabMenus
from nnplayground.ui.document import Document
from nnplayground.ui.panels.activations import ActivationsPanel
from nnplayground.ui.panels.boundary import BoundaryPanel
from nnplayground.ui.panels.confusion import ConfusionPanel
from nnplayground.ui.panels.curves import CurvesPanel
from nnplayground.ui.panels.dataset import DatasetPanel
from nnplayground.ui.panels.gradients import GradientsPanel
from nnplayground.ui.panels.inspector import InspectorPanel
from nnplayground.ui.panels.maths import MathsPanel
from nnplayground.ui.panels.mistakes import MistakesPanel
from nnplayground.ui.panels.output import OutputPanel
from nnplayground.ui.panels.palette import PalettePanel
from nnplayground.ui.panels.weights import WeightsPanel
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.staggered import Staggered

if TYPE_CHECKING:
    from nnplayground.ui.playground.view import NeuronView

_IN_TURN = "Two networks are updated in turn here; gradients are drawn where a single one learns."
_USUAL_LINE = 16
"""Pixels of a line of text at the usual size."""
_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


class Workspace(QMainWindow):
    """Panels and their docks. Knows the document, but neither files nor the engine."""

    wants_changed = Signal()
    """What visible panels want to see of the model has changed: see `wants`."""
    detail_requested = Signal(str)
    """A sample is to be shown large, with reasons."""
    weight_edit_requested = Signal(str, object, object)
    """(name, index, values): a part of a weight is to be changed by hand."""
    painting = Signal(bool)
    """Panels are being painted with what has come of a run: True when it begins, False when it is done."""
    step_requested = Signal(str)
    """"update" or "epoch": train that much, then pause."""
    run_pause_requested = Signal()
    """Space was pressed where one watches the run."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self._document = document
        self.pictures = PictureLoader(self)
        self.centre = Centre(document)
        self.messages = self.centre.messages
        self.canvas = self.centre.canvas
        self.palette_panel = PalettePanel()
        self.dataset = DatasetPanel(document)
        self.inspector = InspectorPanel(document)
        self.boundary = BoundaryPanel(document)
        self.activations = ActivationsPanel(self.pictures, plane=self.boundary.pictures)
        self.curves = CurvesPanel()
        self.confusion = ConfusionPanel()
        self.weights = WeightsPanel(document)
        self.maths = MathsPanel(document)
        self.gradients = GradientsPanel()
        self.output = OutputPanel(document)
        self.mistakes = MistakesPanel(self.pictures, plane=self.boundary.pictures)
        self._docks: dict[str, PanelDock] = {}
        self._tab_menus = TabMenus(self)
        self._staggered = Staggered(self)
        self._layer = ""
        self._inner = ""
        """The layer inside the selected block that is looked at: vgg16_1/block5_conv1."""
        self._points = False
        self._reads = False
        """Whether the data are texts or series, of which the data panel shows more than of images."""
        self._catalog: Catalog | None = None
        self._build()
        self._connect()
        self._show_layers()
        self._initial = self.saveState()

    def _build(self) -> None:
        self.setCentralWidget(self.centre)
        self.setDockNestingEnabled(True)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomLeftCorner, _LEFT)
        self.setCorner(Qt.Corner.BottomRightCorner, _BOTTOM)
        self._dock(self.palette_panel, "Layers", _LEFT)
        self._dock(self.dataset, "Data", _LEFT)
        self._dock(self.inspector, "Inspector", _RIGHT, header=self.inspector.header)
        self._dock(self.activations, "Activations", _RIGHT)
        self.splitDockWidget(self._docks["inspector"], self._docks["activations"], Qt.Orientation.Horizontal)
        self._dock(self.boundary, "Boundary", on="activations")
        self._dock(self.curves, "Curves", _BOTTOM)
        self._dock(self.mistakes, "Mistakes", _BOTTOM, header=self.mistakes.header)
        self.splitDockWidget(self._docks["curves"], self._docks["mistakes"], Qt.Orientation.Horizontal)
        stacked = {
            "Weights": self.weights,
            "Confusion": self.confusion,
            "Maths": self.maths,
            "Gradients": self.gradients,
            "Output": self.output,
        }
        for title, panel in stacked.items():
            self._dock(panel, title, on="curves")
        self._docks["curves"].raise_()
        self._docks["activations"].raise_()
        # Not while they are put in place: each change would look after all of them.
        for dock in self._docks.values():
            dock.visibilityChanged.connect(self._on_docks_changed)
            dock.dockLocationChanged.connect(self._on_docks_changed)
        self._on_docks_changed()

    def _dock(
        self,
        panel: QWidget,
        title: str,
        area: Qt.DockWidgetArea = _BOTTOM,
        *,
        on: str = "",
        header: QWidget | None = None,
    ) -> None:
        """on: the panel beside which this one is a tab."""
        dock = PanelDock(panel, title, header=header)
        if on:
            # The dock will say when it comes to the front; Qt shows what is in it before it says that it is behind.
            panel.hide()
            self.tabifyDockWidget(self._docks[on], dock)
        else:
            self.addDockWidget(area, dock)
        self._docks[panel.objectName()] = dock

    def _on_docks_changed(self) -> None:
        for dock in self._docks.values():
            dock.follow_tabs()
        self._tab_menus.watch()
        self.wants_changed.emit()

    def _connect(self) -> None:
        self.palette_panel.layer_requested.connect(self._on_layer_requested)
        self.canvas.layer_selected.connect(self._on_layer_selected)
        self.canvas.edit_requested.connect(self._on_edit_requested)
        self.activations.layer_chosen.connect(self._on_activation_layer)
        self.activations.sample_changed.connect(lambda sample_id: self.wants_changed.emit())
        self.activations.sample_changed.connect(self.boundary.select_sample)
        self.weights.wants_changed.connect(self.wants_changed)
        self.inspector.before_of_changed.connect(self.wants_changed)
        self.inspector.inner_chosen.connect(self._on_inner_chosen)
        self.inspector.layer_renamed.connect(lambda before, after: self.canvas.select([after]))
        self.canvas.problem_clicked.connect(self._on_problem_clicked)
        self.confusion.cell_chosen.connect(self._on_cell_chosen)
        self.mistakes.sample_chosen.connect(self.activations.show_sample)
        self.mistakes.detail_requested.connect(self.detail_requested)
        self._staggered.began.connect(lambda: self.painting.emit(True))
        self._staggered.ended.connect(lambda: self.painting.emit(False))
        self.centre.view_changed.connect(self.wants_changed)
        self.centre.neurons_made.connect(self._on_neurons_made)
        for watched in (self.canvas, self.curves, self.boundary, self.output):
            watched.run_pause_requested.connect(self.run_pause_requested)
        self.boundary.wants_changed.connect(self.wants_changed)
        self.boundary.sample_chosen.connect(self.activations.show_sample)
        self.maths.wants_changed.connect(self.wants_changed)
        self.maths.step_requested.connect(self.step_requested)
        self.maths.layer_chosen.connect(lambda layer_id: self.canvas.select([layer_id]))
        self.maths.phase_changed.connect(self.canvas.show_phase)
        self.weights.weight_edit_requested.connect(self.weight_edit_requested)
        self._document.changed.connect(self._on_project_changed)
        self._document.replaced.connect(self._on_replaced)

    def _on_neurons_made(self) -> None:
        neurons = self.centre.neurons
        assert neurons is not None
        neurons.wants_changed.connect(self.wants_changed)
        neurons.layer_selected.connect(lambda layer_id: self.canvas.select([layer_id]))
        neurons.unit_hovered.connect(self.boundary.show_unit)
        neurons.unit_chosen.connect(self.maths.set_unit)
        neurons.weight_edit_requested.connect(self.weight_edit_requested.emit)
        neurons.run_pause_requested.connect(self.run_pause_requested)
        self.maths.phase_changed.connect(neurons.show_phase)
        neurons.show_selected(self._layer)

    def place_docks(self, width: int, height: int) -> None:
        """Sizes in keeping with the window, for the first start and after a reset of the layout."""
        # Larger letters need more room at the sides, of which the canvas has the most to give.
        scale = min(max(self.fontMetrics().height() / _USUAL_LINE, 1.0), 1.15)
        side = round(scale * max(206, min(250, width * 15 // 100)))
        # Of points, one looks at the plane, and chooses them in the data panel; of images, at what layers make of them.
        inspector = round(scale * max(262, min(300 if self._points else 330, width * 20 // 100)))
        activations = round(
            scale * max(250, min(380 if self._points else 330, width * (26 if self._points else 20) // 100))
        )
        layers = 24 if self._points else 34 if self._reads else 46
        bottom = max(220, min(420, height * 31 // 100))
        docks = self._docks
        self.resizeDocks([docks["palette"]], [side], Qt.Orientation.Horizontal)
        self.resizeDocks(
            [docks["inspector"], docks["activations"]], [inspector, activations], Qt.Orientation.Horizontal
        )
        self.resizeDocks([docks["curves"], docks["mistakes"]], [bottom, bottom], Qt.Orientation.Vertical)
        rest = width - side
        self.resizeDocks(
            [docks["curves"], docks["mistakes"]], [rest * 52 // 100, rest * 48 // 100], Qt.Orientation.Horizontal
        )
        self.resizeDocks(
            [docks["palette"], docks["dataset"]],
            [height * layers // 100, height * (92 - layers) // 100],
            Qt.Orientation.Vertical,
        )

    def reset_layout(self) -> None:
        """All panels back to their places."""
        for dock in self._docks.values():
            dock.setFloating(False)
        self.restoreState(self._initial)
        for dock in self._docks.values():
            dock.show()
        self.place_docks(self.width(), self.height())
        self._docks["curves"].raise_()

    def show_all_side_by_side(self) -> None:
        """Every panel visible at once: the stacked ones beside each other."""
        docks = self._docks
        self.splitDockWidget(docks["curves"], docks["weights"], Qt.Orientation.Horizontal)
        self.splitDockWidget(docks["weights"], docks["confusion"], Qt.Orientation.Horizontal)
        self.splitDockWidget(docks["confusion"], docks["maths"], Qt.Orientation.Horizontal)
        self.splitDockWidget(docks["maths"], docks["gradients"], Qt.Orientation.Horizontal)
        self.splitDockWidget(docks["gradients"], docks["output"], Qt.Orientation.Horizontal)
        self.splitDockWidget(docks["activations"], docks["boundary"], Qt.Orientation.Horizontal)
        for dock in docks.values():
            dock.show()

    def restore_layout(self, state: QByteArray | None) -> bool:
        return state is not None and self.restoreState(state)

    def dock_actions(self) -> list[QAction]:
        """For the View menu: show and hide each panel."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    @property
    def panel_names(self) -> tuple[str, ...]:
        """Object names of all panels in docks."""
        return tuple(self._docks)

    def show_panel(self, name: str) -> None:
        """Bring a panel to the front, by its object name."""
        self._docks[name].show()
        self._docks[name].raise_()

    @property
    def neurons(self) -> NeuronView | None:
        """The neuron view, once there was reason to show it."""
        return self.centre.neurons

    @property
    def wants(self) -> SnapshotWants:
        """What visible panels want to see of the model."""
        sample = self.activations.sample_id() if self.activations.isVisible() else None
        weights_shown = self.weights.isVisible()
        neurons = self.neurons.wanted_layers if self.neurons is not None else ()
        weights = self.weights.wanted_layers() if weights_shown else ()
        return SnapshotWants(
            sample_id=sample,
            layer_ids=(self.activation_layer,) if sample is not None and self.activation_layer else (),
            weights=tuple(dict.fromkeys((*weights, *neurons))),
            histograms=weights_shown and self.weights.wants_histograms(),
            before_of=self.inspector.before_of,
            flow=self.gradients.isVisible(),
            trace=self.maths.wanted_layer if self.maths.isVisible() else None,
            plane=PlaneWants(neurons, self.boundary.wanted_layer if self.boundary.isVisible() else None),
        )

    @property
    def catalog(self) -> Catalog | None:
        """Which samples there are, once the data is loaded."""
        return self._catalog

    @property
    def activation_layer(self) -> str:
        """The layer whose activations are shown: the selected one, or one inside it; else the output."""
        model = self._document.project.model
        if self._inner:
            return self._inner
        if self._layer in model.by_id:
            return self._layer
        return model.outputs[0] if model.outputs else ""

    def show_frame(self, frame: Frame) -> None:
        """Hand what has happened in the run to the panels."""
        if frame.preparing is not None:
            self.dataset.show_progress(frame.preparing.message, frame.preparing.done, frame.preparing.total)
        if frame.loaded is not None and self._fits(frame.loaded):
            self._show_catalog(frame.loaded.catalog)
        if frame.started is not None or frame.ended is not None or frame.refused is not None:
            self.dataset.show_progress("")
        if frame.started is not None:
            self._show_started(frame.started)
        if frame.notice is not None:
            self.messages.show_message(frame.notice.message, "warning")
        self.curves.show_frame(frame)
        self.boundary.show_frame(frame)
        if frame.made is not None or frame.written is not None:
            self._staggered.put("output", lambda: self.output.show_frame(frame))
        if frame.snapshot is not None:
            self._show_snapshot(frame.snapshot)
        if frame.mistakes is not None:
            mistakes = frame.mistakes
            self._staggered.put("mistakes", lambda: self.mistakes.show_mistakes(mistakes))
            self._staggered.put("boundary", lambda: self.boundary.show_mistakes(mistakes))
            self._staggered.put("confusion", lambda: self.confusion.show_mistakes(mistakes))
        if frame.epochs:
            seconds = frame.epochs[-1].seconds
            self._staggered.put("canvas", lambda: self.canvas.show_seconds_per_epoch(seconds))

    def _fits(self, loaded: DataLoaded) -> bool:
        """Whether to show these samples: those of a run, or the ones of the data as it is chosen now."""
        return bool(loaded.run_id) or loaded.dataset == self._document.project.dataset

    def _show_catalog(self, catalog: Catalog) -> None:
        self.dataset.show_progress("", 0, 0)
        self._catalog = catalog
        self.dataset.show_catalog(catalog)
        # First, for it has the pictures of points for the others.
        self.boundary.show_catalog(catalog)
        self.activations.show_catalog(catalog)
        self.mistakes.show_catalog(catalog)
        self.output.show_catalog(catalog)
        # The sample that the activations begin with nobody has chosen.
        self.boundary.select_sample("")
        self.maths.show_catalog(catalog)

    def _show_started(self, started: RunStarted) -> None:
        if started.stages and started.stages[-1].update == started.update:
            self.messages.show_message(
                f"A further stage of the run: {started.stages[-1].what}. All layers go on with what they had learned."
            )
        elif started.reinitialized:
            kept = f" The weights of {_list(started.kept)} were kept." if started.kept else ""
            self.messages.show_message(f"Started anew: {_list(started.reinitialized)}.{kept}")
        elif started.kept:
            self.messages.show_message(f"A new run, with the weights that {_list(started.kept)} had learned.")

    def _show_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.wants.sample_id is not None:
            self._staggered.put("activations", lambda: self.activations.show_snapshot(snapshot))
        neurons = self.neurons
        if neurons is not None and (snapshot.plane is not None or snapshot.wants.weights):
            self._staggered.put("neurons", lambda: neurons.show_snapshot(snapshot))
        if snapshot.trace is not None:
            self._staggered.put("maths", lambda: self.maths.show_snapshot(snapshot))
        if snapshot.flow is not None:
            self._staggered.put("gradients", lambda: self.gradients.show_snapshot(snapshot))
        if snapshot.plane is not None:
            self._staggered.put("plane", lambda: self.boundary.show_snapshot(snapshot))
        if snapshot.wants.weights or snapshot.wants.histograms:
            self._staggered.put("weights", lambda: self.weights.show_snapshot(snapshot))
        before, layer_id = snapshot.before, snapshot.wants.before_of
        if before is not None and layer_id is not None:
            self._staggered.put("inspector", lambda: self.inspector.show_before(before, layer_id))

    def _on_layer_requested(self, layer_type: str) -> None:
        self.canvas.append(layer_type)

    def _on_layer_selected(self, layer_id: str) -> None:
        self._layer = layer_id
        if self._inner.partition("/")[0] != layer_id:
            self._inner = ""
        self.inspector.show_layer(layer_id)
        if self.neurons is not None:
            self.neurons.show_selected(layer_id)
        self.maths.set_layer(layer_id)
        self._look_inside()

    def _on_inner_chosen(self, layer_id: str) -> None:
        """A layer inside a block is looked at: vgg16_1/block5_conv1."""
        self._inner = layer_id
        self.canvas.select([layer_id.partition("/")[0]])
        self._look_inside()

    def _look_inside(self) -> None:
        """Show activations and weights of the selected layer, or of one inside it."""
        self._show_activation_layer()
        block = self._document.project.model.by_id.get(self._layer)
        shown = self._layer
        if block is not None and isinstance(block.layer, Pretrained):
            shown = self._inner or f"{self._layer}/{block.layer.first_filters}"
        self.weights.set_layer(shown)
        self.wants_changed.emit()

    def _on_edit_requested(self, layer_id: str) -> None:
        self.show_panel("inspector")
        self.inspector.focus_form()

    def _on_problem_clicked(self, path: str) -> None:
        if path.startswith("training"):
            self.show_panel("inspector")
            self.inspector.show_training()
        elif path.startswith("dataset"):
            self.show_panel("dataset")

    def _on_activation_layer(self, layer_id: str) -> None:
        block_id, _, inner = layer_id.partition("/")
        self._inner = layer_id if inner else ""
        self.canvas.select([block_id])
        self._look_inside()

    def _on_cell_chosen(self, true_index: int, predicted_index: int) -> None:
        self.show_panel("mistakes")
        self.mistakes.show_cell(true_index, predicted_index)

    def _on_project_changed(self) -> None:
        if self._inner and not _is_inside(self._document.project.model, self._inner):
            self._inner = ""
        self._show_layers()
        project = self._document.project
        self.palette_panel.set_engine(project.training.engine)
        self.gradients.say_while_empty(_IN_TURN if project.takes_turns else "")
        self.wants_changed.emit()

    def _on_replaced(self) -> None:
        """What one looks at first: the plane of points, or what layers make of a picture."""
        dataset = self._document.project.dataset
        points, reads = isinstance(dataset, Points), isinstance(dataset, Text | Series | Pairs)
        if (points, reads) != (self._points, self._reads):
            self._points, self._reads = points, reads
            self.place_docks(self.width(), self.height())
        self.show_panel("boundary" if points else "activations")
        supervised = isinstance(self._document.project.training.objective, Supervised)
        self.show_panel("curves" if supervised else "output")

    def _show_layers(self) -> None:
        model = self._document.project.model
        titles = [(block.id, f"{block.id} · {block.layer.type}") for block in model.blocks]
        parts = chains(model) if self._document.project.takes_turns else ""
        noisy = () if isinstance(parts, str) else [block.id for block in parts.generator.blocks]
        self.activations.set_layers(titles, noisy)
        self._show_activation_layer()

    def _show_activation_layer(self) -> None:
        layer_id = self.activation_layer
        if layer_id:
            self.activations.set_layer(layer_id, layer_id)

    def clear(self) -> None:
        """Forget everything that was shown of a project and its runs: another one takes its place."""
        self._staggered.clear()
        self._catalog = None
        for panel in (
            self.curves,
            self.activations,
            self.mistakes,
            self.confusion,
            self.weights,
            self.boundary,
            self.maths,
            self.gradients,
            self.output,
            self.messages,
        ):
            panel.clear()
        if self.neurons is not None:
            self.neurons.clear()
        self.dataset.show_progress("")
        self.canvas.show_seconds_per_epoch(None)

    def show_reset(self) -> None:
        """What was learned is forgotten; the curves of earlier runs stay."""
        self._staggered.clear()
        self.confusion.clear()
        self.weights.clear()
        if self.neurons is not None:
            self.neurons.clear()
        self.boundary.clear()
        self.maths.clear()
        self.gradients.clear()
        self.output.clear()
        if self._catalog is not None:
            self._show_catalog(self._catalog)
        self.messages.show_message("What was learned is forgotten; the next run starts from the seed.")

    def shutdown(self) -> None:
        """End the threads of the panels."""
        self.pictures.shutdown()
        self.dataset.shutdown()


def _is_inside(model: Model, layer_id: str) -> bool:
    """Whether there is such a layer inside a block."""
    block_id, _, name = layer_id.partition("/")
    block = model.by_id.get(block_id)
    return block is not None and isinstance(block.layer, Pretrained) and name in block.layer.table.by_name


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
