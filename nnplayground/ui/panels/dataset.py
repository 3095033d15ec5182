"""The data: what it is, how it is split, a look at it, and its settings; see `data_rooms` for each type."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from nnplayground.layers.base import counted
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.points_edits import use_points
from nnplayground.spec.project import Project
from nnplayground.training.events import Catalog
from nnplayground.ui.document import Document
from nnplayground.ui.panels.data_rooms import DataRoom, RoomTools, make_room
from nnplayground.ui.panels.dataset_dialogs import SkippedFiles
from nnplayground.ui.widgets.labels import ElidedLabel, IconButton, describe, muted
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.problems import ProblemList
from nnplayground.ui.widgets.split_bar import SplitBar, split_words

_NOTHING = (
    "Your data will appear here. Open a folder that holds one folder of images for each class, or drop it on the "
    "window; a text or a table of texts or numbers will do as well. Or begin with points in the plane, on which "
    "everything is seen at once."
)
_OPEN_FOLDER = "Use a folder that holds one folder of images, or of .txt files, for each class"
_OPEN_TABLE = "Use a text, or a CSV or TSV file of labelled texts, pairs of texts, numbers or points"


class DatasetPanel(QWidget):
    """The dataset of the document. Asks for folders and for an end of loading; the rest it does itself."""

    open_folder_requested = Signal()
    open_table_requested = Signal()
    """The user wants to choose a text, or a table."""
    locate_requested = Signal()
    """The folder or file of the dataset is not where it was; the user wants to show where it is."""
    open_points_requested = Signal()
    """The user wants to choose a CSV file of points."""
    cancel_requested = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setObjectName("dataset")
        self.setAccessibleName("Data")
        self._document = document
        self._tools = RoomTools(self, PictureLoader(self, threads=1))
        self._room: DataRoom | None = None
        self._room_type: type | None = None
        self._closed: list[DataRoom] = []
        self._running = False
        self._name = ElidedLabel()
        self._counts = muted()
        self._progress = _Progress()
        self._progress.cancelled.connect(self.cancel_requested)
        self._problems = ProblemList(document)
        self._locate = _button("Locate…", "", name="dataset.locate")
        self._locate.clicked.connect(self.locate_requested)
        self._bar = SplitBar()
        self._splits = muted()
        self._skipped = _SkippedButton()
        self._skipped.clicked.connect(self._on_skipped_clicked)
        self._open = _button("", _OPEN_FOLDER, name="dataset.open")
        self._open.clicked.connect(self._on_open_clicked)
        self._open_table = _button(
            "Texts or a table…",
            _OPEN_TABLE,
            name="dataset.open_table",
        )
        self._open_table.clicked.connect(self.open_table_requested)
        self._use_points = _button(
            "Points in the plane",
            "Begin with points in the plane, in shapes to choose or painted",
            name="dataset.use_points",
        )
        self._use_points.clicked.connect(self._on_use_points_clicked)
        self._open_settings = _button(
            "Settings…", "What the model gets of the data, and how it is split", name="dataset.settings"
        )
        self._open_settings.clicked.connect(self._on_settings_clicked)
        self._lay_out()
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._refresh)
        document.problems_changed.connect(self._show_problems)
        self._refresh()

    def show_progress(self, message: str, done: int = 0, total: int = 0) -> None:
        """What is being waited for; total 0: nobody knows for how long. An empty message: nothing any more."""
        self._progress.show_progress(message, done, total)

    def show_catalog(self, catalog: Catalog) -> None:
        """The samples of the data, once they are loaded."""
        if self._room is not None:
            self._room.show_catalog(catalog)

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then the forms say what takes effect only at the next one."""
        self._running = running
        if self._room is not None:
            self._room.set_running(running)

    def shutdown(self) -> None:
        """End the threads."""
        for room in (*self._closed, *([self._room] if self._room is not None else [])):
            room.shutdown()
        self._tools.pictures.shutdown()

    def _lay_out(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(12, 4, 8, 4)
        self._column.setSpacing(6)
        for widget in (self._name, self._counts, self._progress, self._problems):
            self._column.addWidget(widget)
        self._column.addWidget(self._locate, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self._bar, self._splits):
            self._column.addWidget(widget)
        self._column.addWidget(self._skipped, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 2, 12, 10)
        buttons.setSpacing(6)
        buttons.addWidget(self._open, 1)
        buttons.addWidget(self._open_settings, 1)
        others = QVBoxLayout()
        others.setContentsMargins(12, 2, 12, 4)
        others.setSpacing(6)
        others.addWidget(self._open_table)
        others.addWidget(self._use_points)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(others)
        layout.addLayout(buttons)

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.dataset != after.dataset:
            self._refresh()

    def _refresh(self) -> None:
        dataset, facts = self._document.project.dataset, self._document.facts
        usable = facts if facts is not None and facts.problem is None else None
        self._choose_room()
        room = self._room
        self._name.setVisible(room is not None)
        if room is not None:
            title, tip = room.title(dataset)
            self._name.show_text(title, tip=tip)
            room.show_data(dataset, usable)
        self._show_counts(usable)
        self._show_problems()
        skipped = facts.skipped if facts is not None else ()
        self._skipped.show_count(len(skipped), room.skipped if room is not None else "file")
        what = room.place if room is not None else "folder"
        self._locate.setText(f"Locate {what}…")
        describe(self._locate, self._locate.text(), f"Show where the {what} is now")
        self._locate.setVisible(facts is not None and facts.missing_path is not None)
        self._show_buttons()

    def _show_buttons(self) -> None:
        room, empty = self._room, self._document.project.dataset is None
        settings = room is not None and room.has_settings
        # At the weight of a primary button, one word more would not fit into the narrowest panel.
        self._open.setText("Open image folder…" if empty else "Open…" if settings else "Open an image folder…")
        folder = self._room is None or self._room.opens_folder(self._document.project.dataset)
        help_text = _OPEN_FOLDER if folder else _OPEN_TABLE
        self._open.setToolTip(help_text)
        self._open.setStatusTip(help_text)
        self._open.setProperty("primary", "true" if empty else "false")
        self._open.style().polish(self._open)
        self._open_settings.setVisible(settings)
        self._open_table.setVisible(empty)
        self._use_points.setVisible(empty)

    def _choose_room(self) -> None:
        """The room exists as long as there is data of its kind, whether or not it is in view."""
        dataset = self._document.project.dataset
        wanted = type(dataset) if dataset is not None else None
        if wanted is self._room_type:
            return
        if self._room is not None:
            self._room.close()
            self._closed.append(self._room)
        self._room, self._room_type = None, wanted
        if dataset is None:
            return
        room = self._room = make_room(type(dataset), self._document, self._tools)
        room.file_requested.connect(self.open_points_requested)
        for widget in room.above:
            self._column.insertWidget(self._column.indexOf(self._bar), widget)
        for widget in room.below:
            self._column.insertWidget(self._column.count() - 1, widget)
        room.set_running(self._running)

    def _show_counts(self, facts: DataFacts | None) -> None:
        splits = facts.splits if facts is not None else {}
        self._bar.setVisible(bool(splits))
        self._splits.setVisible(bool(splits))
        self._bar.show_splits(splits)
        self._splits.setText(split_words(splits))
        self._counts.setText(self._summary(facts))
        self._counts.setVisible(bool(self._counts.text()))

    def _summary(self, facts: DataFacts | None) -> str:
        if self._room is None:
            return _NOTHING
        if facts is None:
            return "" if self._document.facts is not None else "Looking at the data…"
        return self._room.summary(self._document.project.dataset, facts)

    def _show_problems(self) -> None:
        if self._document.project.dataset is None:
            self._problems.show_problems(())
            return
        found = [each for each in self._document.problems if each.path.partition(".")[0] == "dataset"]
        self._problems.show_problems(found)

    def _on_open_clicked(self) -> None:
        room = self._room
        if room is None or room.opens_folder(self._document.project.dataset):
            self.open_folder_requested.emit()
        else:
            self.open_table_requested.emit()

    def _on_settings_clicked(self) -> None:
        if self._room is not None:
            self._room.open_settings()

    def _on_skipped_clicked(self) -> None:
        facts = self._document.facts
        if facts is not None and self._room is not None:
            SkippedFiles(facts.skipped, self, what=self._room.skipped).show()

    def _on_use_points_clicked(self) -> None:
        self._document.apply(use_points, "choice of points as data")


def _button(text: str, help_text: str, *, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    describe(button, text or "Open an image folder…", help_text)
    return button


class _SkippedButton(QPushButton):
    """3 files skipped — show why; or lines of a file."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dataset.skipped")
        self.setProperty("link", "warning")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_count(self, count: int, what: str) -> None:
        """what: "file" or "line"."""
        self.setVisible(count > 0)
        self.setText(f"{counted(count, what)} skipped — why?")
        describe(self, self.text(), f"Show which {what}s were skipped, and why")


class _Progress(QWidget):
    """What is being waited for, how far it is, and a button to end it."""

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._message = muted()
        self._bar = QProgressBar()
        self._bar.setObjectName("dataset.progress")
        self._bar.setTextVisible(False)
        cancel = IconButton("close", "Cancel loading")
        cancel.setObjectName("dataset.cancel")
        cancel.clicked.connect(self.cancelled)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self._bar, 1)
        line.addWidget(cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._message)
        layout.addLayout(line)
        self.hide()

    def show_progress(self, message: str, done: int, total: int) -> None:
        self.setVisible(bool(message))
        self._message.setText(f"{message} {done:,} of {total:,}" if total else message)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._bar.setAccessibleName(self._message.text())
