"""Projects and their files: opening, saving, samples, data, and asking before work is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from nnplayground.sample_projects import sample_projects
from nnplayground.spec.codec import FileError
from nnplayground.spec.data_edits import relocated, use_data, without_folder_split
from nnplayground.spec.dataset import Dataset, ImageFolder, Points, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.files import SUFFIX, load_project
from nnplayground.spec.points_edits import use_points
from nnplayground.spec.project import Project
from nnplayground.spec.templates import TEMPLATES
from nnplayground.ui.document import Document
from nnplayground.ui.lookup import Lookup
from nnplayground.ui.preferences import Preferences

if TYPE_CHECKING:
    from nnplayground.data.guessing import Guess

_FILTER = f"nnplayground projects (*{SUFFIX})"
DATA_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
"""Files that are data by themselves."""
_TWO_CLASSES = DataFacts(class_names=("0", "1"))
"""What is known about the first points before anybody has looked at them."""
_DATA_FILTER = "Texts and tables (*.txt *.csv *.tsv *.tab);;All files (*)"
_POINTS_FILTER = "Points: x, y, label (*.csv *.tsv *.txt);;All files (*)"


class ProjectFiles(QObject):
    """What the File menu does. window: over which dialogs appear. commit: takes what is still being typed."""

    shown = Signal()
    """There is a project, or data, to be seen."""
    saved = Signal()
    reload_requested = Signal()
    """The same folder was chosen again: what has changed in it is to be seen."""
    data_opened = Signal()
    """Other data was chosen, for which the model may not have been made."""
    advised = Signal(str)
    """What to try with a sample that was opened, and what to watch."""

    def __init__(
        self, document: Document, preferences: Preferences, *, window: QWidget, commit: Callable[[], None]
    ) -> None:
        super().__init__(window)
        self._document = document
        self._preferences = preferences
        self._window = window
        self._commit = commit
        self._looked_at = Path()
        self._lookup = Lookup(self)
        self._lookup.found.connect(self._on_guessed)

    def open_path(self, path: Path) -> bool:
        """Open a project file, or a folder or a file of data. False where it was not done; the user has been told."""
        if path.is_dir() or path.suffix.lower() in DATA_SUFFIXES:
            return self.open_data(path)
        try:
            project = load_project(path)
        except FileError as error:
            self._complain("The project cannot be opened", str(error))
            return False
        if not self.may_discard():
            return False
        self.show_project(project, path.resolve())
        self._preferences.add_recent(path.resolve())
        return True

    def open_data(self, path: Path) -> bool:
        """Make a folder or a file the data of the project, as what a look at it says; where that does not tell, the
        user is asked. A file is looked at in the background.
        """
        from nnplayground.data.guessing import guesses

        current = self._document.project.dataset
        if path.is_dir():
            self._use(guesses(path)[0].dataset, path)
        elif current is not None and getattr(current, "file", "") == str(path.resolve()):
            self._use(current, path)
        else:
            self._looked_at = path
            self._lookup.look(lambda cancelled: guesses(path))
        return True

    def _on_guessed(self, guesses: tuple[Guess, ...]) -> None:
        path = self._looked_at
        if len(guesses) == 1:
            self._use(guesses[0].dataset, path)
            return
        from nnplayground.ui.data_chooser import DataChooser

        chooser = DataChooser(path.name, guesses, self._window)
        chooser.chosen.connect(lambda guess: self._use(guess.dataset, path))
        chooser.open()

    def open_folder(self, folder: Path) -> bool:
        """Make a folder of images the data of the project."""
        self._use(ImageFolder(folder=str(folder.resolve())), folder)
        return True

    def open_points(self, file: Path) -> bool:
        """Make a CSV file of points the data of the project."""
        self._use(Points(shape="file", file=str(file.resolve())), file)
        return True

    def _use(self, found: Dataset, path: Path) -> None:
        """Make it the data. Images and points keep the settings that were chosen for others of their kind."""
        current = self._document.project.dataset
        dataset = found
        if isinstance(found, ImageFolder) and isinstance(current, ImageFolder):
            same = current.folder == found.folder
            dataset = msgspec.structs.replace(current if same else without_folder_split(current), folder=found.folder)
        elif isinstance(found, Points) and isinstance(current, Points):
            dataset = msgspec.structs.replace(current, shape="file", file=found.file)
        if dataset == current:
            self.reload_requested.emit()
        self._document.apply(lambda project: use_data(project, dataset), f"opening of {path.name}")
        self.shown.emit()
        if type(dataset) is not type(current):
            self.data_opened.emit()

    def shutdown(self) -> None:
        """End the threads."""
        self._lookup.shutdown()

    def open_sample(self, file: str) -> bool:
        """Open a bundled sample as an unsaved project."""
        if not self.may_discard():
            return False
        sample = next(each for each in sample_projects() if each.file == file)
        try:
            project = load_project(sample.path)
        except FileError as error:
            self._complain("The sample cannot be opened", str(error))
            return False
        self.show_project(project)
        self.advised.emit(sample.hint)
        return True

    def save(self) -> bool:
        """Save in the project's file. False where it was not done."""
        self._commit()
        if self._document.path is None:
            return self.save_as()
        return self._save_to(self._document.path)

    def save_as(self) -> bool:
        """Ask for a file and save there."""
        self._commit()
        start = self._document.path or Path(self._preferences.last_folder) / f"untitled{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the project", str(start), _FILTER)
        if not name:
            return False
        path = Path(name)
        if path.suffix != SUFFIX:
            # The dialog has asked about the name as it was typed, which is not the one that is written.
            path = path.with_name(path.name + SUFFIX)
            if path.exists() and not self._may_replace(path):
                return False
        return self._save_to(path)

    def _may_replace(self, path: Path) -> bool:
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window, "Replace the project?", f"{path.name} is already there. Replace it?", buttons.Yes | buttons.No
        )
        return answer == buttons.Yes

    def _save_to(self, path: Path) -> bool:
        try:
            self._document.save(path)
        except FileError as error:
            self._complain("The project cannot be saved", str(error))
            return False
        self._preferences.last_folder = str(path.parent)
        self._preferences.add_recent(path.resolve())
        self.saved.emit()
        return True

    def show_project(self, project: Project, path: Path | None = None) -> None:
        """Put a project in the place of the present one, without asking."""
        self._document.reset(project, path)
        self.shown.emit()

    def new(self) -> None:
        """Begin with an empty project."""
        if self.may_discard():
            self.show_project(Project())

    def new_points(self) -> None:
        """Begin with points in the plane and a small network for them."""
        if self.may_discard():
            template = next(each for each in TEMPLATES if each.name == "dense")
            self.show_project(template.build(use_points(Project()), _TWO_CLASSES))

    def ask_for_points(self) -> None:
        """Let the user choose a CSV file of points, and make it the data."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            "Choose a file with x, y and label in each line",
            self._preferences.last_folder,
            _POINTS_FILTER,
        )
        if name:
            self._preferences.last_folder = str(Path(name).parent)
            self.open_points(Path(name))

    def ask_for_project(self) -> None:
        """Let the user choose a project file, and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a project", self._preferences.last_folder, _FILTER)
        if name:
            self._preferences.last_folder = str(Path(name).parent)
            self.open_path(Path(name))

    def ask_for_folder(self) -> None:
        """Let the user choose a folder of images, and make it the data."""
        folder = QFileDialog.getExistingDirectory(
            self._window, "Choose a folder with one folder of images for each class", self._preferences.last_folder
        )
        if folder:
            self._preferences.last_folder = str(Path(folder).parent)
            self.open_data(Path(folder))

    def ask_for_text_folder(self) -> None:
        """Let the user choose a folder of texts, and make it the data."""
        folder = QFileDialog.getExistingDirectory(
            self._window, "Choose a folder with one folder of .txt files for each class", self._preferences.last_folder
        )
        if folder:
            self._preferences.last_folder = str(Path(folder).parent)
            current = self._document.project.dataset
            settings = without_folder_split(current) if isinstance(current, Text) and current.folder else Text()
            self._use(msgspec.structs.replace(settings, folder=str(Path(folder).resolve()), file=""), Path(folder))

    def ask_for_table(self) -> None:
        """Let the user choose a text or a table, and make it the data."""
        name, _ = QFileDialog.getOpenFileName(
            self._window,
            "Choose a text, or a table of texts, numbers or points",
            self._preferences.last_folder,
            _DATA_FILTER,
        )
        if name:
            self._preferences.last_folder = str(Path(name).parent)
            self.open_data(Path(name))

    def ask_for_moved_data(self) -> None:
        """The data has moved: ask where it is now."""
        facts = self._document.facts
        missing = facts.missing_path if facts is not None else None
        question, start = f"Where is {missing} now?", self._preferences.last_folder
        if getattr(self._document.project.dataset, "file", "") or isinstance(self._document.project.dataset, Points):
            place, _ = QFileDialog.getOpenFileName(self._window, question, start, _DATA_FILTER)
        else:
            place = QFileDialog.getExistingDirectory(self._window, question, start)
        if place and missing is not None:
            self._document.apply(
                lambda project: relocated(project, missing, place), f"new place of {Path(missing).name}"
            )

    def may_discard(self) -> bool:
        """Ask before losing work. True to go on."""
        self._commit()
        if not self._document.dirty:
            return True
        box = QMessageBox(self._window)
        box.setObjectName("ask_to_save")
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(f"{document_name(self._document)} has changes that are not saved.")
        box.setInformativeText("Save them?")
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        box.deleteLater()
        if answer == buttons.Save:
            return self.save()
        return answer == buttons.Discard

    def _complain(self, title: str, text: str) -> None:
        """A message that must be seen: something the user asked for was not done."""
        box = QMessageBox(QMessageBox.Icon.Warning, title, text, QMessageBox.StandardButton.Ok, self._window)
        box.setObjectName("complaint")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # While the program starts, the window is not there yet; then it is said as soon as it is.
        QTimer.singleShot(0, box, box.open)


def document_name(document: Document) -> str:
    """The file's name, or a word for a project without one."""
    return document.path.name if document.path is not None else "Untitled"
