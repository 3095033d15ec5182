"""A field for which array of the data an Input takes."""

from __future__ import annotations

from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project, array_shapes
from nnplayground.ui.widgets.choice_fields import ChoiceField

_BY_ITSELF = "the next one"


class ArrayField(ChoiceField):
    """One array by name; None for the one that no other Input names."""

    def __init__(self) -> None:
        super().__init__([(_BY_ITSELF, None)])

    def show_context(self, project: Project, facts: DataFacts | None) -> None:
        """Offer the arrays of the data of a project."""
        blocked = self.blockSignals(True)
        self.clear()
        self.addItem(_BY_ITSELF, None)
        if project.dataset is not None:
            for name in array_shapes(project, facts):
                self.addItem(name, name)
        self.blockSignals(blocked)

    def show_value(self, value: str | None) -> None:
        if value is not None and self.findData(value) < 0:
            # The data has no such array; a problem says so.
            blocked = self.blockSignals(True)
            self.addItem(value, value)
            self.blockSignals(blocked)
        super().show_value(value)
