"""The edits that the neuron view offers, each one undoable step of the document."""

from __future__ import annotations

from nnplayground.spec.model import Wire
from nnplayground.ui.document import Document
from nnplayground.ui.playground import changes


class Commands:
    """Every method returns whether something changed; where it did not, the document says why."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def change_units(self, layer_id: str, by: int) -> bool:
        text = f"one unit {'more' if by > 0 else 'fewer'} in {layer_id}"
        return self._document.apply(lambda project: changes.change_units(project, layer_id, by), text)

    def set_activation(self, layer_id: str, name: str) -> bool:
        return self._document.apply(
            lambda project: changes.set_activation(project, layer_id, name), f"activation of {layer_id}"
        )

    def remove(self, layer_id: str) -> bool:
        return self._document.apply(lambda project: changes.remove_layer(project, layer_id), f"removal of {layer_id}")

    def insert(self, wire: Wire) -> bool:
        """A Dense layer in the middle of a wire."""
        return self._document.apply(lambda project: changes.insert_dense(project, wire), "insertion of Dense")
