"""The base of the rooms: what the data panel asks of each type of dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.labels import retire
from nnplayground.ui.widgets.pictures import PictureLoader

_PLAIN_NAMES = frozenset({"train", "training", "images", "data", "dataset", "photos", "pictures", "texts"})


class RoomTools(msgspec.Struct, frozen=True, eq=False):
    """What rooms share. panel: over which dialogs appear."""

    panel: QWidget
    pictures: PictureLoader


class DataRoom(QObject):
    """The parts of the panel for one type of dataset, made while there is such data and closed with it."""

    file_requested = Signal()
    """The user wants to choose another file of this kind."""

    skipped: ClassVar[str] = "line"
    """What may be skipped: "line" or "file"."""
    place: ClassVar[str] = "file"
    """What may have to be located: "file" or "folder"."""
    has_settings: ClassVar[bool] = True

    def __init__(self, document: Document, tools: RoomTools) -> None:
        super().__init__(tools.panel)
        self.document = document
        self.tools = tools
        self.above: tuple[QWidget, ...] = ()
        """Widgets between what is said about the data and its split."""
        self.below: tuple[QWidget, ...] = ()
        """Widgets below the split."""
        self.dialog: QDialog | None = None
        self.running = False

    def opens_folder(self, dataset: Any) -> bool:
        """Whether other data of this kind is a folder; else it is a file."""
        return self.place == "folder"

    def title(self, dataset: Any) -> tuple[str, str]:
        """(what to call the data in a few words, the tooltip)."""
        return short_name(dataset.file) or "No file chosen", dataset.file

    def summary(self, dataset: Any, facts: DataFacts) -> str:
        """How much there is, and in which form the model gets it."""
        raise NotImplementedError

    def show_data(self, dataset: Any, facts: DataFacts | None) -> None:
        """What is known of it; None: nothing yet, or that it cannot be used."""

    def show_catalog(self, catalog: Catalog) -> None:
        """The samples themselves, once they are loaded."""

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then the forms say what takes effect only at the next one."""
        self.running = running

    def make_dialog(self) -> QDialog:
        """The dialog with the settings, made when it is first opened."""
        raise NotImplementedError

    def open_settings(self) -> None:
        """Show the dialog; it does not block anything."""
        if self.dialog is None:
            self.dialog = self.make_dialog()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """Other data takes the place of this one."""
        if self.dialog is not None:
            self.dialog.close()
            retire(self.dialog)
            self.dialog = None
        for widget in (*self.above, *self.below):
            retire(widget)

    def shutdown(self) -> None:
        """End the threads."""


def short_name(path: str) -> str:
    """The name of a folder or file; with that of its parent where it says little by itself."""
    place = Path(path)
    if place.stem.lower() in _PLAIN_NAMES and place.parent.name:
        return f"{place.parent.name}/{place.name}"
    return place.name
