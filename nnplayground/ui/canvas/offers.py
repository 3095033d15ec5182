"""What the canvas offers to choose from: layers to add, and the context menu."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from nnplayground.spec.model import Wire
from nnplayground.spec.rearrange import OnWire
from nnplayground.ui.canvas.actions import CanvasActions
from nnplayground.ui.canvas.commands import Commands
from nnplayground.ui.canvas.menus import context_menu
from nnplayground.ui.canvas.placing import place_of
from nnplayground.ui.canvas.quick_add import QuickAdd
from nnplayground.ui.canvas.selection import Selection
from nnplayground.ui.document import Document


class Offers:
    """Opens small windows and menus at global positions; what is chosen becomes an edit."""

    def __init__(
        self, owner: QWidget, document: Document, selection: Selection, actions: CanvasActions, commands: Commands
    ) -> None:
        self._owner = owner
        self._document = document
        self._selection = selection
        self._actions = actions
        self._commands = commands

    def offer_layers(self, wire: Wire | None, position: QPoint) -> None:
        """Layers for a wire; None: for where the selection says."""
        popup = QuickAdd("Add a layer…" if wire is None else "Insert a layer…", self._owner)
        place = OnWire(wire) if wire is not None else place_of(self._selection)
        popup.layer_chosen.connect(lambda name: self._commands.insert(name, place))
        popup.open_at(position)

    def offer_branch(self, source: str, position: QPoint) -> None:
        """Layers that would receive the output of `source` too."""
        popup = QuickAdd(f"Branch from {source} to…", self._owner)
        popup.layer_chosen.connect(lambda name: self._commands.branch(name, source))
        popup.open_at(position)

    def show_menu(self, position: QPoint) -> None:
        """The context menu for what is selected."""
        menu = context_menu(
            self._owner,
            self._selection,
            self._actions,
            self._commands,
            project=self._document.project,
            problems=self._document.problems,
        )
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)
