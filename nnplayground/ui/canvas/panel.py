"""The canvas: the model as blocks and wires, built by hand; below it the problems and the size of the model."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QEvent, QRectF, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QGuiApplication
from PySide6.QtWidgets import QStyle, QVBoxLayout, QWidget

from nnplayground.layers.core import Input
from nnplayground.spec import edits
from nnplayground.spec.checks import Problem
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.project import Project, project_shapes, several_arrays
from nnplayground.ui.canvas.actions import CanvasActions
from nnplayground.ui.canvas.commands import Commands
from nnplayground.ui.canvas.figures import figures
from nnplayground.ui.canvas.figures_strip import FiguresStrip
from nnplayground.ui.canvas.look import Style
from nnplayground.ui.canvas.navigation import heir
from nnplayground.ui.canvas.offers import Offers
from nnplayground.ui.canvas.overlays import NoteItem
from nnplayground.ui.canvas.phase_item import PhaseItem
from nnplayground.ui.canvas.placing import Workbench, place_of
from nnplayground.ui.canvas.problem_strip import ProblemStrip
from nnplayground.ui.canvas.scene import CanvasScene
from nnplayground.ui.canvas.starters import StarterCard, starting_templates
from nnplayground.ui.canvas.view import CanvasView
from nnplayground.ui.document import Document

_LONGEST_MOTION = 150
"""Milliseconds in which blocks glide to new places."""


class CanvasPanel(QWidget):
    """Shows and edits the model of a document."""

    selection_changed = Signal()
    layer_selected = Signal(str)
    """Id of the layer that the inspector should show: the one selected last; "" when none is selected."""
    edit_requested = Signal(str)
    """Id of the layer whose parameters the user wants to change now."""
    problem_clicked = Signal(str)
    """Path of the problem that the user wants to see the place of."""
    template_requested = Signal(str)
    """Name of a ready-made model that the user wants to begin with."""
    run_pause_requested = Signal()
    """Space was pressed on the canvas."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._told_layer = ""
        self._shapes: dict[str, LayerShapes] = {}
        self.setObjectName("canvas")
        self.setAccessibleName("Canvas")
        self.commands = Commands(document)
        self.scene = CanvasScene(Style.of(self.font()), self)
        note = NoteItem(self.scene.style_in_use)
        self._note = note
        self.scene.addItem(note)
        self._phase = PhaseItem()
        self._phase_of = ("", "")
        self.scene.addItem(self._phase)
        self.view = CanvasView(Workbench(document, self.scene, self.commands, note), self)
        self.starters = StarterCard(self.view)
        self.problems = ProblemStrip(self)
        self.figures = FiguresStrip(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self.problems)
        column.addWidget(self.figures)
        self.setFocusProxy(self.view)
        self._actions = CanvasActions(
            self,
            {
                "edit_layer": lambda: self.edit_requested.emit(self.scene.selection.current),
                "add_layer": lambda: self._offers.offer_layers(self.scene.selection.wire, self.view.selection_corner()),
                "cut": self.cut,
                "copy": self.copy,
                "paste": self.paste,
                "duplicate": self.duplicate,
                "delete": self.delete_selection,
                "select_all": self.select_all,
                "move_up": lambda: self.commands.shift(self.selected_ids(), -1),
                "move_down": lambda: self.commands.shift(self.selected_ids(), 1),
                "fit": self.fit,
                "zoom_in": self.zoom_in,
                "zoom_out": self.zoom_out,
                "actual_size": self.actual_size,
            },
        )
        self._offers = Offers(self, document, self.scene.selection, self._actions, self.commands)
        self._connect()
        self._refresh()
        self._on_problems_changed()
        self._on_selection_changed()
        self.view.fit_opened()

    def _connect(self) -> None:
        self._document.changed.connect(self._on_changed)
        self._document.replaced.connect(self._on_replaced)
        self._document.facts_changed.connect(self._refresh)
        self._document.problems_changed.connect(self._on_problems_changed)
        self.scene.selection.changed.connect(self._on_selection_changed)
        self.starters.template_requested.connect(self.template_requested)
        self.view.edit_requested.connect(self.edit_requested)
        self.view.run_pause_requested.connect(self.run_pause_requested)
        self.view.insertion_requested.connect(self._offers.offer_layers)
        self.view.branch_requested.connect(self._offers.offer_branch)
        self.view.menu_requested.connect(self._offers.show_menu)
        self.problems.problem_clicked.connect(self._on_problem_clicked)
        self.problems.fix_requested.connect(self.commands.fix)

    # Selection

    def selected_ids(self) -> tuple[str, ...]:
        """Ids of the selected layers, in the model's order."""
        return self.scene.selection.ids

    def select(self, layer_ids: Collection[str]) -> None:
        """Select exactly these layers, and show the last of them."""
        known = [layer_id for layer_id in layer_ids if layer_id in self.scene.blocks]
        self.scene.selection.select(known, current=known[-1] if known else "")
        if known:
            self.view.show_rect(self.scene.rect_of(known[-1]))

    def select_all(self) -> None:
        self.scene.selection.select(tuple(self.scene.blocks), current=self.scene.selection.current)

    # Edits

    def append(self, layer_type: str) -> None:
        """Add a layer behind the selected one, on the selected wire, or at the end."""
        self.commands.insert(layer_type, place_of(self.scene.selection))

    def delete_selection(self) -> None:
        """Remove the selected layers and join what was before and behind them; or remove the selected wire."""
        wire = self.scene.selection.wire
        if wire is not None:
            self.commands.disconnect(wire)
            return
        removed = self.selected_ids()
        following = heir(self._document.project.model, removed)
        if removed and self.commands.remove(removed) and following:
            self.select((following,))

    def cut(self) -> None:
        removed = self.selected_ids()
        following = heir(self._document.project.model, removed)
        if self.commands.cut(removed) and following:
            self.select((following,))

    def copy(self) -> None:
        self.commands.copy(self.selected_ids())

    def paste(self) -> None:
        """Put the copied layers behind the selected one, on the selected wire, or at the end."""
        self.commands.paste(place_of(self.scene.selection))

    def duplicate(self) -> None:
        if self.selected_ids():
            self.commands.duplicate(self.selected_ids())

    # View

    def fit(self) -> None:
        """Show all of the model, at 100 % at most."""
        self.view.fit()

    def zoom_in(self) -> None:
        self.view.zoom_by(1.25)

    def zoom_out(self) -> None:
        self.view.zoom_by(1 / 1.25)

    def actual_size(self) -> None:
        self.view.zoom_by(1 / self.view.zoom)

    def show_seconds_per_epoch(self, seconds: float | None) -> None:
        """As measured in the last run; None while nothing has been measured."""
        self.figures.show_seconds_per_epoch(seconds)

    def show_phase(self, layer_id: str, phase: str) -> None:
        """Mark the step of an update that is being explained on its block; "": none."""
        self._phase_of = (layer_id, phase)
        block = self.scene.blocks.get(layer_id)
        self._phase.show_on(block, block.rect if block is not None else QRectF(), phase, self.font())

    @property
    def phase(self) -> tuple[str, str]:
        """(layer id, step) that is marked; ("", "") while there is none."""
        return self._phase_of if self._phase.phase else ("", "")

    def actions_for_menu(self) -> list[QAction]:
        """All actions of the canvas, with separators; by object name: cut, copy, paste, delete, select_all, fit, …"""
        return self._actions.grouped()

    # What happens

    def _refresh(self) -> None:
        project, facts = self._document.project, self._document.facts
        self._shapes = project_shapes(project, facts)
        self._show_model()
        self.figures.show_figures(figures(project, self._shapes, facts))
        if all(isinstance(block.layer, Input) for block in project.model.blocks):
            self.starters.offer(starting_templates(project, facts))
        else:
            self.starters.withdraw()

    def _show_model(self) -> None:
        document = self._document
        self.scene.show_model(
            document.project.model,
            self._shapes,
            document.problems,
            arrays=several_arrays(document.project, document.facts),
            milliseconds=_milliseconds(self),
        )

    def _on_changed(self, before: Project, after: Project) -> None:
        self.view.cancel_gesture()
        self._phase.show_on(None, QRectF(), "", self.font())  # its block may go
        self._refresh()
        self.show_phase(*self._phase_of)
        if self._document.replacing:
            return
        added = edits.added_ids(before, after)
        if added and len(added) < len(after.model.blocks) and len(after.model.blocks) > len(before.model.blocks):
            self.select(added)

    def _on_replaced(self) -> None:
        self.scene.selection.select(())
        self.view.fit_opened()

    def _on_problems_changed(self) -> None:
        self._show_model()
        self.problems.show_problems(self._document.problems)

    def _on_selection_changed(self) -> None:
        selection = self.scene.selection
        self._actions.follow_selection(layers=bool(selection.ids), wire=selection.wire is not None)
        self.selection_changed.emit()
        current = selection.current
        spoken = self.scene.blocks[current].face.spoken if current else "Nothing is selected."
        self.view.setAccessibleDescription(spoken)
        QAccessible.updateAccessibility(QAccessibleEvent(self.view, QAccessible.Event.DescriptionChanged))
        if current != self._told_layer:
            self._told_layer = current
            self.layer_selected.emit(current)

    def _on_problem_clicked(self, problem: Problem) -> None:
        if problem.layer_id is not None:
            self.select((problem.layer_id,))
        self.problem_clicked.emit(problem.path)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            style = Style.of(self.font())
            self._note.show_style(style)
            self.scene.show_style(style)
        elif event.type() == QEvent.Type.PaletteChange:
            self._actions.show_icons()
            self.view.resetCachedContent()
            self.view.viewport().update()


def _milliseconds(widget: QWidget) -> int:
    """How long blocks may glide: not at all where nobody watches, or where the desktop wants no motion."""
    if not widget.isVisible() or QGuiApplication.platformName() == "offscreen":
        return 0
    wanted = widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, widget)
    return min(wanted, _LONGEST_MOTION)
