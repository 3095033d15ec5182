"""The maths panel: one update of one unit in formulas with all their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.training.events import Catalog, Snapshot
from nnplayground.ui.document import Document
from nnplayground.ui.maths.layers import shown_layer

if TYPE_CHECKING:
    from nnplayground.ui.maths.desk import MathsDesk


class _Arrived(NamedTuple):
    """A snapshot, with what the document was when it came."""

    snapshot: Snapshot
    project: Project
    facts: DataFacts | None


class MathsPanel(QWidget):
    """Follows the selected layer. What is in it is made when it is first seen: a window opens sooner without it."""

    wants_changed = Signal()
    """`wanted_layer` is another one now."""
    step_requested = Signal(str)
    """"update" or "epoch": so far the training is to go on."""
    phase_changed = Signal(str, str, int)
    """(layer id, phase, unit): what is being looked at; phase "": nothing special any more."""
    layer_chosen = Signal(str)
    """A layer was chosen here."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("maths")
        self.setAccessibleName("Maths")
        self._document = document
        self._layer_id = ""
        self._unit = 0
        self._running = False
        self._arrived: _Arrived | None = None
        self._catalog: Catalog | None = None
        self._wanted: str | None = None
        self._desk: MathsDesk | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 2)
        document.changed.connect(self._tell_wanted)

    @property
    def wanted_layer(self) -> str | None:
        """The layer whose update is wanted with all its numbers; None while nobody sees it."""
        layer_id = shown_layer(self._document.project.model, self._layer_id)
        return layer_id if self.isVisible() and layer_id else None

    @property
    def desk(self) -> MathsDesk:
        """What is in the panel."""
        if self._desk is None:
            from nnplayground.ui.maths.desk import MathsDesk

            self._desk = desk = MathsDesk(self._document)
            desk.step_requested.connect(self.step_requested)
            desk.phase_changed.connect(self.phase_changed)
            desk.layer_chosen.connect(self._on_layer_chosen)
            desk.set_layer(self._layer_id)
            desk.set_unit(self._unit)
            desk.set_running(self._running)
            if self._catalog is not None:
                desk.show_catalog(self._catalog)
            if self._arrived is not None:
                desk.show_snapshot(*self._arrived)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(desk)
        return self._desk

    def set_layer(self, layer_id: str) -> None:
        """Show another layer; "": the output."""
        if layer_id != self._layer_id:
            self._unit = 0
        self._layer_id = layer_id
        if self._desk is not None:
            self._desk.set_layer(layer_id)
        self._tell_wanted()

    def set_unit(self, layer_id: str, unit: int) -> None:
        """Show one of the units of a layer (counted from 0), as after it was chosen in a picture of the model."""
        self.set_layer(layer_id)
        self._unit = unit
        if self._desk is not None:
            self._desk.set_unit(unit)

    def show_catalog(self, catalog: Catalog) -> None:
        """The names of the samples."""
        self._catalog = catalog
        if self._desk is not None:
            self._desk.show_catalog(catalog)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the update that a snapshot brings, if it brings one."""
        if snapshot.trace is None:
            return
        self._arrived = _Arrived(snapshot, self._document.project, self._document.facts)
        if self._desk is not None:
            self._desk.show_snapshot(*self._arrived)

    def set_running(self, running: bool) -> None:
        """Whether the training goes on by itself, not step by step."""
        self._running = running
        if self._desk is not None:
            self._desk.set_running(running)

    def clear(self) -> None:
        """Forget what was shown, as after another project was opened."""
        self._arrived = self._catalog = None
        if self._desk is not None:
            self._desk.clear()

    def _on_layer_chosen(self, layer_id: str) -> None:
        self._layer_id = layer_id
        self.layer_chosen.emit(layer_id)
        self._tell_wanted()

    def _tell_wanted(self) -> None:
        if self.wanted_layer != self._wanted:
            self._wanted = self.wanted_layer
            self.wants_changed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        self.desk.show()
        super().showEvent(event)
        self._tell_wanted()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_wanted()
