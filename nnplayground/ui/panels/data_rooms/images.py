"""Images in the data panel: their classes with pictures, and the dialog with their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtWidgets import QDialog

from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.ui.document import Document
from nnplayground.ui.examples import ExampleFinder
from nnplayground.ui.panels.data_rooms.room import DataRoom, RoomTools, short_name
from nnplayground.ui.panels.dataset_dialogs import DataSettings
from nnplayground.ui.widgets.class_list import MOST_CLASSES, ClassEntry, ClassList
from nnplayground.ui.widgets.labels import muted

_PER_CLASS = 6
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Images", ("folder", "image_size", "color_mode", "resize", "pixels")),
    ("Split", ("split", "seed")),
    ("Augmentation", ("augmentation",)),
)


class ImageRoom(DataRoom):
    """A folder of images."""

    skipped: ClassVar[str] = "file"
    place: ClassVar[str] = "folder"

    def __init__(self, document: Document, tools: RoomTools) -> None:
        super().__init__(document, tools)
        self._finder = ExampleFinder(_PER_CLASS, self)
        self._finder.found.connect(self._on_found)
        self._looked_at: object = None
        self._classes = ClassList(tools.pictures)
        self._more = muted()
        self.below = (self._classes, self._more)
        # Made when there is time for it: the window opens before.
        self.dialog = self.make_dialog()

    def title(self, dataset: ImageFolder) -> tuple[str, str]:
        return short_name(dataset.folder) or "No folder chosen", dataset.folder

    def summary(self, dataset: ImageFolder, facts: DataFacts) -> str:
        height, width = dataset.image_size
        augmented = " · augmented" if dataset.augmentation else ""
        return (
            f"{sum(facts.splits.values()):,} images · {facts.class_count:,} classes\n"
            f"{height} × {width} · {dataset.color_mode} · {dataset.pixels}{augmented}"
        )

    def show_data(self, dataset: ImageFolder, facts: DataFacts | None) -> None:
        show_classes(self._classes, facts)
        hidden = (facts.class_count if facts is not None else 0) - MOST_CLASSES
        self._more.setVisible(hidden > 0)
        self._more.setText(f"and {hidden:,} more classes")
        if facts is None:
            self._finder.cancel()
            self._classes.show_files({})
            self._looked_at = None
            return
        wanted = (dataset.folder, dataset.split, dataset.seed, facts.class_names)
        if wanted != self._looked_at:
            self._looked_at = wanted
            self._classes.show_files({})
            self._finder.find(dataset)

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        if isinstance(self.dialog, DataSettings):
            self.dialog.set_running(running)

    def make_dialog(self) -> QDialog:
        return DataSettings(self.document, self.tools.panel, groups=_GROUPS, running=self.running)

    def close(self) -> None:
        self._finder.cancel()
        super().close()

    def shutdown(self) -> None:
        self._finder.shutdown()

    def _on_found(self, examples: Mapping[str, Sequence[Path]]) -> None:
        self._classes.show_files(examples)


def show_classes(classes: ClassList, facts: DataFacts | None) -> None:
    """The classes with their numbers of samples."""
    names = facts.class_names if facts is not None else ()
    per_class = facts.per_class if facts is not None else {}
    entries = [
        ClassEntry(name, {split: counts[place] for split, counts in per_class.items() if place < len(counts)})
        for place, name in enumerate(names)
    ]
    classes.setVisible(bool(entries))
    classes.show_classes(entries)
