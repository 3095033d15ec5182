"""The neuron view: the network of a project of points, unit by unit, live and open to the hand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from nnplayground.data.points import plane_grid
from nnplayground.samples import Array
from nnplayground.spec.dataset import Points
from nnplayground.spec.project import Project
from nnplayground.training.events import Snapshot
from nnplayground.ui.canvas.phase_item import PhaseItem
from nnplayground.ui.document import Document
from nnplayground.ui.playground.commands import Commands
from nnplayground.ui.playground.editing import NumberEditing
from nnplayground.ui.playground.headers import HeaderStrip
from nnplayground.ui.playground.inserts import Inserts
from nnplayground.ui.playground.layout import arrange
from nnplayground.ui.playground.network import Network, Spot, TagSpot, TileSpot
from nnplayground.ui.playground.network_view import NetworkView
from nnplayground.ui.playground.plan import Plan, plan_of
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.labels import describe

_SIDE = 32
"""Of the maps of the features, as many squares as the maps of units have."""
_PATIENCE = 600
"""Milliseconds that maps and weights of a layer which has changed stay, unless new ones come first."""
_USUAL_LINE = 16


class NeuronView(QWidget):
    """Shows and edits the model of a document, where it is one of points."""

    layer_selected = Signal(str)
    unit_hovered = Signal(str, int)
    """(layer id, unit) that the pointer, or else the keyboard, is on; ("", −1) when it is on none."""
    unit_chosen = Signal(str, int)
    """(layer id, unit) that was clicked, or that the keyboard has come to; its layer was selected before."""
    weight_edit_requested = Signal(str, object, float)
    """("<layer id>/<name>", where in it, another value): a weight is to be changed in the engine."""
    wants_changed = Signal()
    """`wanted_layers` has changed."""
    blocks_requested = Signal()
    run_pause_requested = Signal()
    """Space was pressed on the network."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._snapshot: Snapshot | None = None
        self._stale = False
        self._selected = ""
        self._told_unit = ("", -1)
        self._features: tuple[str, ...] = ()
        self._wanted: tuple[str, ...] = ()
        self.setObjectName("neurons")
        self.setAccessibleName("Neurons")
        self.network = Network()
        self.headers = HeaderStrip()
        self.view = NetworkView(self.network)
        self._phase = PhaseItem()
        self._phase_of = ("", "", 0)
        self.inserts = Inserts(self.view)
        self._editing = NumberEditing(self.network, self.view)
        self._commands = Commands(document)
        self._reason = EmptyState("info")
        self._pages = QStackedWidget()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE)
        self._patience.timeout.connect(self._on_patience_over)
        self._build()
        self._connect()
        self._show_project()
        self.view.fit()

    def _build(self) -> None:
        drawn = QWidget()
        column = QVBoxLayout(drawn)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.headers)
        column.addWidget(self.view, 1)
        instead = QWidget()
        blocks = QPushButton("Show the blocks")
        blocks.setObjectName("show_blocks")
        describe(blocks, "Show the blocks", "Show the same model as blocks and wires.")
        blocks.clicked.connect(self.blocks_requested)
        column = QVBoxLayout(instead)
        column.addStretch(1)
        column.addWidget(self._reason)
        column.addWidget(blocks, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self._pages.addWidget(instead)
        self._pages.addWidget(drawn)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._pages)
        self.setFocusProxy(self.view)

    def _connect(self) -> None:
        self._document.changed.connect(self._on_changed)
        self._document.replaced.connect(self._on_replaced)
        self.headers.selected.connect(self._select)
        self.headers.units_requested.connect(self._commands.change_units)
        self.headers.activation_requested.connect(self._commands.set_activation)
        self.headers.removal_requested.connect(self._commands.remove)
        self.inserts.insertion_requested.connect(self._insert)
        self.view.moved.connect(self._place_headers)
        self.view.resized.connect(self._arrange)
        self.view.hovered.connect(self._tell_unit)
        self.view.chosen.connect(self._on_chosen)
        self.view.units_requested.connect(self._on_units_key)
        self.view.removal_requested.connect(lambda spot: self._commands.remove(self._layer_id(spot)))
        self.view.insertion_requested.connect(self._insert)
        self.view.run_pause_requested.connect(self.run_pause_requested)
        self._editing.weight_edit_requested.connect(self.weight_edit_requested)

    # What is shown

    @property
    def reason(self) -> str:
        """Why the model cannot be drawn; "" where it can."""
        return "" if self.network.plan.columns else self._reason.text

    @property
    def wanted_layers(self) -> tuple[str, ...]:
        """Layers whose maps and weights are wanted, while they can be seen."""
        return self._wanted if self.isVisible() else ()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the maps and the weights that a snapshot brings."""
        self._snapshot = snapshot
        self._stale = True
        if self.isVisible():
            self._take_snapshot()

    def show_selected(self, layer_id: str) -> None:
        """Mark the layer that is selected; "": none is."""
        self._selected = layer_id
        self.headers.show_selected(layer_id)
        self.view.item.show_selected(layer_id)

    def show_phase(self, layer_id: str, phase: str, unit: int) -> None:
        """Mark the step of an update that is being explained on its unit; "": none."""
        self._phase_of = (layer_id, phase, unit)
        place = self.network.phase_rect(layer_id, unit)
        item = self.view.item if place is not None else None
        self._phase.show_on(item, place or QRectF(), phase, self.view.font())

    @property
    def phase(self) -> tuple[str, str, int]:
        """(layer id, step, unit) that is marked; ("", "", 0) while there is none."""
        return self._phase_of if self._phase.phase else ("", "", 0)

    def clear(self) -> None:
        """Forget what was learned: tiles are empty and wires grey until the next snapshot."""
        self._snapshot = None
        self._stale = False
        self.view.field.dismiss()
        self.network.forget({column.layer_id for column in self.network.plan.layers})
        self.view.refresh()

    def _take_snapshot(self) -> None:
        snapshot = self._snapshot
        if snapshot is None or not self.network.plan.columns:
            return
        self._stale = False
        ids = {column.layer_id for column in self.network.plan.layers}
        maps = snapshot.plane.small if snapshot.plane is not None else {}
        weights = {name: array for name, array in snapshot.weights.items() if name.partition("/")[0] in ids}
        self.network.show_values(maps, weights)
        self.view.refresh()

    def _show_project(self) -> None:
        project = self._document.project
        plan = plan_of(project)
        if isinstance(plan, str):
            self._reason.say(plan)
            self._pages.setCurrentIndex(0)
            plan = Plan()
        else:
            self._pages.setCurrentIndex(1)
        self.headers.show_columns(plan.columns, selected=self._selected)
        self.inserts.show_columns(plan.columns)
        self._arrange(plan)
        self._show_features(project)
        if self.network.misfits():
            self._patience.start()
        wanted = tuple(column.layer_id for column in plan.layers)
        if wanted != self._wanted:
            self._wanted = wanted
            self.wants_changed.emit()

    def _show_features(self, project: Project) -> None:
        dataset = project.dataset
        columns = self.network.plan.columns
        if not columns or not isinstance(dataset, Points):
            self._features = ()
            return
        if dataset.features != self._features or columns[0].layer_id not in self.network.atlases:
            self._features = dataset.features
            self.network.show_features(_feature_maps(dataset))

    def _arrange(self, plan: Plan | None = None) -> None:
        plan = plan if plan is not None else self.network.plan
        if not plan.columns:
            self.network.show_nothing()
            self.view.set_current(None)
            self.show_phase(*self._phase_of)
            return
        room = self.view.maximumViewportSize()
        scale = self.fontMetrics().height() / _USUAL_LINE
        self.network.show(plan, arrange(plan.columns, width=room.width(), height=room.height(), scale=scale))
        self.view.show_arranged()
        self.show_phase(*self._phase_of)

    def _place_headers(self) -> None:
        layout = self.network.layout
        if layout is None or not self.network.plan.columns:
            return
        centres = [self.view.x_of(x) for x in layout.centres]
        middles = [(layout.exits[number] + layout.entry(number + 1)) / 2 for number in range(len(centres) - 1)]
        gaps = [self.view.x_of(x) for x in middles]
        self.headers.place(centres)
        self.inserts.place(gaps)

    def _on_patience_over(self) -> None:
        self.network.forget(self.network.misfits())
        self.view.refresh()

    # What is asked for

    def _select(self, layer_id: str) -> None:
        self.show_selected(layer_id)
        self.layer_selected.emit(layer_id)

    def _on_chosen(self, spot: Spot) -> None:
        column = self.network.plan.columns[spot.column]
        self._select(self._layer_id(spot))
        if isinstance(spot, TileSpot) and spot.row < column.shown:
            self.unit_chosen.emit(column.layer_id, spot.row)

    def _tell_unit(self) -> None:
        spot = self.view.looked_at
        unit = ("", -1)
        if isinstance(spot, TileSpot) and spot.row < self.network.plan.columns[spot.column].shown:
            unit = (self._column_id(spot.column), spot.row)
        if unit != self._told_unit:
            self._told_unit = unit
            self.unit_hovered.emit(*unit)

    def _column_id(self, number: int) -> str:
        return self.network.plan.columns[number].layer_id

    def _layer_id(self, spot: Spot) -> str:
        column = self.network.plan.columns[spot.column]
        return column.tags[spot.tag].layer_id if isinstance(spot, TagSpot) else column.layer_id

    def _on_units_key(self, number: int, by: int) -> None:
        if 0 < number < len(self.network.plan.columns) - 1:
            self._commands.change_units(self._column_id(number), by)

    def _insert(self, number: int) -> None:
        if number > 0:
            self._commands.insert(self.network.plan.wire_into(number))

    # What happens

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.model != after.model or before.dataset != after.dataset:
            self._show_project()

    def _on_replaced(self) -> None:
        self.clear()
        self.view.set_current(None)
        self.view.fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._take_snapshot()
        self.wants_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.view.field.dismiss()
        self.wants_changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._arrange()


def _feature_maps(dataset: Points) -> Array:
    """What the model gets of every place of the plane: (features, side, side)."""
    values = plane_grid(dataset.features, _SIDE)
    return values.T.reshape(len(dataset.features), _SIDE, _SIDE)
