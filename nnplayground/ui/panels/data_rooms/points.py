"""Points in the data panel: where they come from, their classes, and what the model gets of each."""

from __future__ import annotations

from typing import ClassVar

from nnplayground.spec.dataset import Points
from nnplayground.spec.facts import DataFacts
from nnplayground.ui.document import Document
from nnplayground.ui.panels.data_rooms.room import DataRoom, RoomTools
from nnplayground.ui.panels.points_dataset import PointsInputs, PointsSettings, points_title
from nnplayground.ui.widgets.point_classes import PointClasses


class PointsRoom(DataRoom):
    """Points in the plane. All settings are in the panel itself."""

    has_settings: ClassVar[bool] = False

    def __init__(self, document: Document, tools: RoomTools) -> None:
        super().__init__(document, tools)
        self._settings, self._inputs = PointsSettings(document), PointsInputs(document)
        self._settings.open_file_requested.connect(self.file_requested)
        self._classes = PointClasses()
        self.above = (self._settings,)
        self.below = (self._classes, self._inputs)

    def opens_folder(self, dataset: Points) -> bool:
        return True

    def title(self, dataset: Points) -> tuple[str, str]:
        return points_title(dataset), dataset.file if dataset.shape == "file" else ""

    def summary(self, dataset: Points, facts: DataFacts) -> str:
        kinds = f"{facts.class_count:,} classes" if facts.target == "classes" else "a number as target"
        return f"{sum(facts.splits.values()):,} points · {kinds}"

    def show_data(self, dataset: Points, facts: DataFacts | None) -> None:
        names = facts.class_names if facts is not None else ()
        self._classes.setVisible(bool(names))
        self._classes.show_classes(names, facts.per_class if facts is not None and names else {})

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        self._settings.set_running(running)
        self._inputs.set_running(running)
