"""What is selected on the canvas: blocks, or one wire."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QObject, Signal

from nnplayground.spec.model import Wire
from nnplayground.ui.canvas.block_item import BlockItem
from nnplayground.ui.canvas.wire_item import WireItem


class Selection(QObject):
    """The marks on the items are the selection; `current` is the block that was selected last."""

    changed = Signal()

    def __init__(
        self, blocks: Mapping[str, BlockItem], wires: Mapping[Wire, WireItem], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._blocks = blocks
        self._wires = wires
        self._current = ""
        self._told: tuple[tuple[str, ...], Wire | None, str] = ((), None, "")

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the selected blocks, in the model's order."""
        return tuple(layer_id for layer_id, item in self._blocks.items() if item.isSelected())

    @property
    def wire(self) -> Wire | None:
        return next((wire for wire, item in self._wires.items() if item.isSelected()), None)

    @property
    def current(self) -> str:
        """Id of the block that the inspector shows: the one selected last. "" where there is none."""
        ids = self.ids
        return self._current if self._current in ids else (ids[-1] if ids else "")

    def select(self, layer_ids: Collection[str], *, current: str = "") -> None:
        """Exactly these blocks; ids that are not there are left out."""
        wanted = set(layer_ids)
        for layer_id, item in self._blocks.items():
            item.setSelected(layer_id in wanted)
        for wire_item in self._wires.values():
            wire_item.setSelected(False)
        self._current = current or next(iter(layer_ids), "")
        self.tell()

    def toggle(self, layer_id: str) -> None:
        """Add a block, or take it out."""
        ids = self.ids
        if layer_id in ids:
            self.select([each for each in ids if each != layer_id], current=self._current)
        else:
            self.select([*ids, layer_id], current=layer_id)

    def select_wire(self, wire: Wire | None) -> None:
        for item in self._blocks.values():
            item.setSelected(False)
        for each, wire_item in self._wires.items():
            wire_item.setSelected(each == wire)
        self._current = ""
        self.tell()

    def follow_rename(self, before: str, after: str) -> None:
        if self._current == before:
            self._current = after

    def tell(self) -> None:
        """Emit `changed` if what is selected is not what was told last."""
        now = (self.ids, self.wire, self.current)
        if now != self._told:
            self._told = now
            self.changed.emit()
