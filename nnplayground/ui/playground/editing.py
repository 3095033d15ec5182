"""Changing single weights and biases by hand: which number the field is about, and where it is."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, Qt, Signal

from nnplayground.ui.playground.network import Network, Number, TileSpot
from nnplayground.ui.playground.network_view import NetworkView


class NumberEditing(QObject):
    """Opens the field of a view for a number, and walks with it through the numbers of a unit."""

    weight_edit_requested = Signal(str, object, float)
    """("<layer id>/<name>", where in it, another value)."""

    def __init__(self, network: Network, view: NetworkView) -> None:
        super().__init__(view)
        self._network = network
        self._view = view
        self._edited: Number | None = None
        view.number_requested.connect(self.edit)
        view.field.value_chosen.connect(self._on_value_chosen)
        view.field.step_requested.connect(self._on_step)
        view.field.closed.connect(self._on_closed)

    def edit(self, number: Number, position: QPoint | None = None) -> None:
        """position: of the pointer, where it asked; else the field opens beside what the number belongs to."""
        value = self._network.value_of(number)
        if value is None:
            return
        self._edited = number
        self._view.label.hide()
        self._view.item.show_current(number)
        place = position or self._view.mapFromScene(self._network.anchor(number))
        self._view.field.open(self._network.name_of(number), value, place)

    def _on_value_chosen(self, value: float) -> None:
        if self._edited is not None:
            name, index = self._network.weight_of(self._edited)
            self.weight_edit_requested.emit(name, index, value)

    def _on_step(self, direction: int) -> None:
        """To the next of the numbers of a unit: its bias, and the weights of the wires into it."""
        if self._edited is not None:
            numbers = self._network.numbers_into(TileSpot(self._edited.column, self._edited.row))
            self.edit(numbers[(numbers.index(self._edited) + direction) % len(numbers)])

    def _on_closed(self, focused: bool) -> None:
        self._edited = None
        self._view.item.show_current(self._view.current)
        if focused:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
