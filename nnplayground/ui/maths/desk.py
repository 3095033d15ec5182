"""What is in the maths panel: the formulas of one update, what of it is looked at, and the way through its phases."""

from __future__ import annotations

import time

import msgspec
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from nnplayground.formulas.nodes import Node
from nnplayground.formulas.pictures import Grid
from nnplayground.formulas.steps import CannotExplain, Explanation, explain
from nnplayground.formulas.subject import Focus
from nnplayground.formulas.writing import SHOWN, next_shown
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.training.events import Catalog, Snapshot
from nnplayground.ui.document import Document
from nnplayground.ui.maths.head import MathsHead, caption
from nnplayground.ui.maths.layers import shown_layer
from nnplayground.ui.maths.view import FormulaView
from nnplayground.ui.widgets.empty_state import EmptyState

_PAUSE_MILLISECONDS = 250
"""While a run goes on, numbers stay at least so long, for nobody reads faster."""
_PATIENCE_SECONDS = 3.0
_SHARE = 0.04
"""Of the time that setting formulas may take while a run goes on."""
_EMPTY = "Press Step to see one update with all its numbers."
_IN_TURN = "Two networks are updated in turn here; updates are written out where a single one learns."


class MathsDesk(QWidget):
    """Follows the selected layer. Its buttons go on by a phase, an update or an epoch."""

    step_requested = Signal(str)
    """"update" or "epoch": so far the training is to go on."""
    phase_changed = Signal(str, str, int)
    """(layer id, phase, unit): what is being looked at; phase "": nothing special any more."""
    layer_chosen = Signal(str)
    """A layer was chosen here."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._layer_id = ""
        self._focus = Focus("")
        self._snapshot: Snapshot | None = None
        self._project: Project | None = None
        self._facts: DataFacts | None = None
        self._catalog: Catalog | None = None
        self._samples: Catalog | None = None
        """What the samples of the update that is shown are called; other data may have come since."""
        self._explanation: Explanation | None = None
        self._phase: str | None = None
        self._told_phase = ("", "", 0)
        self._asked_at: float | None = None
        self._running = False
        self._stale = True
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._on_pause_over)

        self.view = FormulaView()
        self.view.link_clicked.connect(self._on_link)
        self.view.cell_clicked.connect(self._on_cell)
        self.view.more_requested.connect(self._on_more)
        self.view.phase_clicked.connect(self._set_phase)
        self._empty = EmptyState("step", _EMPTY)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.view)
        self._head = MathsHead(self.view)
        self._head.fields.layer_chosen.connect(self._on_layer_chosen)
        self._head.fields.focus_chosen.connect(self._look_at)
        self._head.phase_requested.connect(self.next_phase)
        self._head.step_requested.connect(self.step_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._head)
        layout.addWidget(self._pages, 1)
        document.changed.connect(self._on_project_changed)
        self._show_layers()

    # Data

    @property
    def layer_id(self) -> str:
        """The layer that is shown: the selected one, else the output."""
        return shown_layer(self._document.project.model, self._layer_id)

    @property
    def explanation(self) -> Explanation | None:
        """What is shown, None while there is nothing to show."""
        return self._explanation

    @property
    def phase(self) -> str | None:
        """The step that is highlighted."""
        return self._phase

    @property
    def sentence(self) -> str:
        """What is said in the place of formulas; "" where there are some."""
        return self._empty.text if self._pages.currentWidget() is self._empty else ""

    def set_layer(self, layer_id: str) -> None:
        """Show another layer; "": the output."""
        if layer_id == self._layer_id:
            return
        self._layer_id = layer_id
        self._focus = Focus(self.layer_id, sample=self._focus.sample)
        self._show_layers()
        self._set_phase(None)
        self._refresh_when_visible()

    def set_unit(self, unit: int) -> None:
        """Show another unit of the layer, counted from 0."""
        if unit != self._focus.unit:
            self._focus = msgspec.structs.replace(self._focus, layer_id=self.layer_id, unit=unit)
            self._refresh_when_visible()

    def show_catalog(self, catalog: Catalog) -> None:
        """The names of the samples."""
        self._catalog = catalog
        if self._samples is None:
            self._samples = catalog
            self._show_caption()

    def show_snapshot(self, snapshot: Snapshot, project: Project, facts: DataFacts | None) -> None:
        """Show the update that a snapshot brings, if it brings one.

        project, facts: as they were when it came; what is edited later is not what its numbers are of.
        """
        trace = snapshot.trace
        if trace is None or (self._snapshot is not None and trace is self._snapshot.trace):
            return
        self._snapshot, self._project, self._facts, self._samples = snapshot, project, facts, self._catalog
        if self._asked_at is not None:
            self._asked_at = None
            self._stale = True
            if self.isVisible():
                self._refresh()
            self._set_phase(self._phases[0] if self._phases else None)
            return
        self._stale = True
        if not (self._running and self._pause.isActive()):
            self._refresh_when_visible()
            if self._running:
                self._pause.start()

    def set_running(self, running: bool) -> None:
        """Whether the training goes on by itself, not step by step."""
        self._running = running
        self._head.set_running(running)
        if not running and self._stale:
            self._refresh_when_visible()

    def clear(self) -> None:
        """Forget what was shown, as after another project was opened."""
        self._snapshot = self._project = self._facts = self._catalog = self._samples = None
        self._asked_at = None
        self._focus = Focus(self.layer_id)
        self._set_phase(None)
        self._refresh()

    # Phases

    @property
    def _phases(self) -> tuple[str, ...]:
        return tuple(step.phase for step in self._explanation.steps) if self._explanation is not None else ()

    def next_phase(self) -> None:
        """Go on to the next step; after the last one, ask for the next update."""
        phases = self._phases
        at = phases.index(self._phase) if self._phase in phases else -1
        if phases and at + 1 < len(phases):
            self._set_phase(phases[at + 1])
        elif phases and self._running:
            self._set_phase(phases[0])
        elif self._asked_at is None or time.monotonic() > self._asked_at + _PATIENCE_SECONDS:
            # Pressed again and again, it asks for one update, but does not wait for ever for one that cannot be made.
            self._asked_at = time.monotonic()
            self.step_requested.emit("update")

    def _set_phase(self, phase: str | None) -> None:
        self._phase = phase
        self.view.highlight(phase)
        self._tell_phase()

    def _tell_phase(self) -> None:
        told = (self.layer_id, self._phase, self._focus.unit) if self._phase is not None else ("", "", 0)
        if told != self._told_phase:
            self._told_phase = told
            self.phase_changed.emit(*told)

    # Choices

    def _on_layer_chosen(self, layer_id: str) -> None:
        self.set_layer(layer_id)
        self.layer_chosen.emit(layer_id)

    def _look_at(self, focus: Focus) -> None:
        self._focus = focus
        self._refresh()

    def _on_link(self, key: str) -> None:
        kind, _, number = key.partition(":")
        if kind == "weight":
            self._look_at(msgspec.structs.replace(self._focus, weight=int(number)))
        else:
            shown = {**self._focus.shown, key: next_shown(self._focus.terms(key))}
            self._look_at(msgspec.structs.replace(self._focus, shown=shown))

    def _on_cell(self, key: str, row: int, column: int) -> None:
        if key == "place":
            self._look_at(msgspec.structs.replace(self._focus, place=(row, column)))
        elif self._explanation is not None:
            width = _filter_width(self._explanation)
            weight = self._explanation.weight_number(row, column, width=width)
            self._look_at(msgspec.structs.replace(self._focus, weight=weight))

    def _on_more(self, more: bool) -> None:
        keys = ("inputs", "channels", "window", "outputs", "losses", "following", "samples", "gradients", "updates")
        shown = {key: next_shown(self._focus.terms(key)) for key in keys} if more else dict.fromkeys(keys, SHOWN)
        self._look_at(msgspec.structs.replace(self._focus, shown=shown))

    def _on_project_changed(self) -> None:
        self._show_layers()
        self._refresh_when_visible()

    def _show_layers(self) -> None:
        self._head.fields.show_layers([block.id for block in self._document.project.model.blocks], self.layer_id)

    # Showing

    def _refresh_when_visible(self) -> None:
        self._stale = True
        if self.isVisible():
            self._refresh()

    def _on_pause_over(self) -> None:
        if self._stale and self.isVisible():
            self._refresh()
            self._pause.start()

    def _refresh(self) -> None:
        began = time.perf_counter()
        self._show()
        # Long sums take long to set; then numbers stay longer, so that the training is not held up.
        spent = 1000 * (time.perf_counter() - began)
        self._pause.setInterval(max(_PAUSE_MILLISECONDS, round(spent / _SHARE)))

    def _show(self) -> None:
        self._stale = False
        self._explanation = None
        message = _EMPTY
        trace = self._snapshot.trace if self._snapshot is not None else None
        if self._document.project.takes_turns:
            message = _IN_TURN
        elif not self.layer_id:
            message = "Add a layer to the model: here you will see its updates with all their numbers."
        elif trace is not None and self._project is not None:
            if self._focus.layer_id != self.layer_id:
                self._focus = Focus(self.layer_id)
            try:
                facts = self._facts or self._document.facts
                self._explanation = explain(self._project, facts, trace, self._focus)
            except CannotExplain as reason:
                message = str(reason)
        self._head.show_explanation(self._explanation)
        if self._explanation is None:
            self._empty.say(message)
            self.view.show_steps((), None)
            self._pages.setCurrentWidget(self._empty)
        else:
            self._focus = self._explanation.focus
            self.view.show_steps(self._explanation.steps, self._phase)
            self._pages.setCurrentWidget(self.view)
        self._tell_phase()
        self._show_caption()

    def _show_caption(self) -> None:
        explanation, snapshot = self._explanation, self._snapshot
        if explanation is None or snapshot is None:
            self._head.show_caption("")
        else:
            self._head.show_caption(caption(explanation, snapshot, self._samples))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()


def _filter_width(explanation: Explanation) -> int:
    """How many columns the filter has that is drawn."""

    def grids(node: Node) -> list[Grid]:
        found = [node] if isinstance(node, Grid) and node.pick == "weight" else []
        return found + [grid for child in node.children for grid in grids(child)]

    return next(grid.values.shape[1] for step in explanation.steps for line in step.lines for grid in grids(line))
