"""The data: what it is, how it is split, a look at it, and its settings."""

from __future__ import annotations

from pathlib import Path

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
from nnplayground.spec.dataset import ImageFolder, Points
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.points_edits import use_points
from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.examples import ExampleFinder
from nnplayground.ui.panels.dataset_dialogs import ImageSettings, SkippedFiles
from nnplayground.ui.panels.points_dataset import PointsInputs, PointsSettings, points_title
from nnplayground.ui.widgets.class_list import MOST_CLASSES, ClassEntry, ClassList
from nnplayground.ui.widgets.labels import ElidedLabel, IconButton, describe, muted, retire
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.point_classes import PointClasses
from nnplayground.ui.widgets.problems import ProblemList
from nnplayground.ui.widgets.split_bar import SplitBar, split_words

_PER_CLASS = 6
_PLAIN_NAMES = frozenset({"train", "training", "images", "data", "dataset", "photos", "pictures"})
_NOTHING = (
    "Your data will appear here. Open a folder that holds one folder of images for each class, or drop it on the "
    "window. Or begin with points in the plane, on which everything is seen at once."
)


class DatasetPanel(QWidget):
    """The dataset of the document. Asks for folders and for an end of loading; the rest it does itself."""

    open_folder_requested = Signal()
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
        self._pictures = PictureLoader(self, threads=1)
        self._finder = ExampleFinder(_PER_CLASS, self)
        self._finder.found.connect(self._on_examples_found)
        self._looked_at: object = None
        self._settings: ImageSettings | None = None
        self._points: tuple[PointsSettings, PointsInputs] | None = None
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
        self._point_classes = PointClasses()
        self._classes = ClassList(self._pictures)
        self._more_classes = muted()
        self._open = _button("", "Use a folder that holds one folder of images for each class", name="dataset.open")
        self._open.clicked.connect(self.open_folder_requested)
        self._use_points = _button(
            "Points in the plane",
            "Begin with points in the plane, in shapes to choose or painted",
            name="dataset.use_points",
        )
        self._use_points.clicked.connect(self._on_use_points_clicked)
        self._open_settings = _button("Settings…", "Image size, pixels, split, augmentation", name="dataset.settings")
        self._open_settings.clicked.connect(self._on_settings_clicked)
        self._lay_out()
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._refresh)
        document.problems_changed.connect(self._show_problems)
        self._refresh()

    def show_progress(self, message: str, done: int = 0, total: int = 0) -> None:
        """What is being waited for; total 0: nobody knows for how long. An empty message: nothing any more."""
        self._progress.show_progress(message, done, total)

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then the forms say what takes effect only at the next one."""
        self._running = running
        if self._settings is not None:
            self._settings.set_running(running)
        for part in self._points or ():
            part.set_running(running)

    def shutdown(self) -> None:
        """End the threads."""
        self._finder.shutdown()
        self._pictures.shutdown()

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
        for widget in (self._point_classes, self._classes, self._more_classes):
            self._column.addWidget(widget)
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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        points = QHBoxLayout()
        points.setContentsMargins(12, 2, 12, 4)
        points.addWidget(self._use_points)
        layout.addLayout(points)
        layout.addLayout(buttons)

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.dataset != after.dataset:
            self._refresh()

    def _refresh(self) -> None:
        dataset, facts = self._document.project.dataset, self._document.facts
        usable = facts if facts is not None and facts.problem is None else None
        images, points = isinstance(dataset, ImageFolder), isinstance(dataset, Points)
        self._show_name()
        self._show_counts(usable)
        self._show_classes(usable)
        self._show_problems()
        skipped = facts.skipped if facts is not None else ()
        self._skipped.show_count(len(skipped), "line" if points else "file")
        what = "file" if points else "folder"
        self._locate.setText(f"Locate {what}…")
        describe(self._locate, self._locate.text(), f"Show where the {what} is now")
        self._locate.setVisible(facts is not None and facts.missing_path is not None)
        # At the weight of a primary button, one word more would not fit into the narrowest panel.
        self._open.setText("Open…" if images else "Open image folder…" if dataset is None else "Open an image folder…")
        self._open.setProperty("primary", "false" if dataset is not None else "true")
        self._open.style().polish(self._open)
        self._open_settings.setVisible(images)
        self._use_points.setVisible(dataset is None)
        self._show_forms()
        self._look_for_examples(usable)

    def _show_name(self) -> None:
        dataset = self._document.project.dataset
        self._name.setVisible(dataset is not None)
        if isinstance(dataset, ImageFolder):
            self._name.show_text(_short(dataset.folder), tip=dataset.folder)
        elif isinstance(dataset, Points):
            self._name.show_text(points_title(dataset), tip=dataset.file if dataset.shape == "file" else "")

    def _show_counts(self, facts: DataFacts | None) -> None:
        dataset = self._document.project.dataset
        splits = facts.splits if facts is not None else {}
        self._bar.setVisible(bool(splits))
        self._splits.setVisible(bool(splits))
        self._bar.show_splits(splits)
        self._splits.setText(split_words(splits))
        self._counts.setText(_NOTHING if dataset is None else _summary(dataset, facts, self._document.facts))
        self._counts.setVisible(bool(self._counts.text()))

    def _show_classes(self, facts: DataFacts | None) -> None:
        dataset = self._document.project.dataset
        images = isinstance(dataset, ImageFolder)
        names = facts.class_names if facts is not None and images else ()
        per_class = facts.per_class if facts is not None else {}
        entries = [
            ClassEntry(name, {split: counts[place] for split, counts in per_class.items() if place < len(counts)})
            for place, name in enumerate(names)
        ]
        self._classes.setVisible(bool(entries))
        self._classes.show_classes(entries)
        hidden = len(names) - MOST_CLASSES
        self._more_classes.setVisible(hidden > 0)
        self._more_classes.setText(f"and {hidden:,} more classes")
        marked = facts.class_names if facts is not None and isinstance(dataset, Points) else ()
        self._point_classes.setVisible(bool(marked))
        self._point_classes.show_classes(marked, per_class if marked else {})

    def _show_problems(self) -> None:
        if self._document.project.dataset is None:
            self._problems.show_problems(())
            return
        found = [each for each in self._document.problems if each.path.partition(".")[0] == "dataset"]
        self._problems.show_problems(found)

    def _show_forms(self) -> None:
        """The forms exist as long as there is data of their kind, whether or not they are in view."""
        dataset = self._document.project.dataset
        if isinstance(dataset, ImageFolder) and self._settings is None:
            self._settings = ImageSettings(self._document, self)
            self._settings.set_running(self._running)
        elif not isinstance(dataset, ImageFolder) and self._settings is not None:
            self._settings.close()
            retire(self._settings)
            self._settings = None
        if isinstance(dataset, Points) and self._points is None:
            settings, inputs = self._points = PointsSettings(self._document), PointsInputs(self._document)
            settings.open_file_requested.connect(self.open_points_requested)
            self._column.insertWidget(self._column.indexOf(self._bar), settings)
            self._column.insertWidget(self._column.count() - 1, inputs)
            self.set_running(self._running)
        elif not isinstance(dataset, Points) and self._points is not None:
            for part in self._points:
                retire(part)
            self._points = None

    def _look_for_examples(self, facts: DataFacts | None) -> None:
        dataset = self._document.project.dataset
        if not isinstance(dataset, ImageFolder) or facts is None:
            self._finder.cancel()
            self._classes.show_files({})
            self._looked_at = None
            return
        wanted = (dataset.folder, dataset.split, dataset.seed, facts.class_names)
        if wanted != self._looked_at:
            self._looked_at = wanted
            self._classes.show_files({})
            self._finder.find(dataset)

    def _on_examples_found(self, examples: dict[str, tuple[Path, ...]]) -> None:
        self._classes.show_files(examples)

    def _on_settings_clicked(self) -> None:
        if self._settings is not None:
            self._settings.show()
            self._settings.raise_()
            self._settings.activateWindow()

    def _on_skipped_clicked(self) -> None:
        facts = self._document.facts
        if facts is not None:
            lines = isinstance(self._document.project.dataset, Points)
            SkippedFiles(facts.skipped, self, what="line" if lines else "file").show()

    def _on_use_points_clicked(self) -> None:
        self._document.apply(use_points, "choice of points as data")


def _summary(dataset: ImageFolder | Points, usable: DataFacts | None, facts: DataFacts | None) -> str:
    """741 images · 2 classes, and for images in which form the model gets them."""
    if usable is None:
        return "" if facts is not None else "Looking at the data…"
    total = sum(usable.splits.values())
    what = "images" if isinstance(dataset, ImageFolder) else "points"
    kinds = f"{usable.class_count:,} classes" if usable.target == "classes" else "a number as target"
    counts = f"{total:,} {what} · {kinds}"
    if not isinstance(dataset, ImageFolder):
        return counts
    height, width = dataset.image_size
    augmented = " · augmented" if dataset.augmentation else ""
    return f"{counts}\n{height} × {width} · {dataset.color_mode} · {dataset.pixels}{augmented}"


def _short(folder: str) -> str:
    """The folder's name; with that of its parent where it says little by itself."""
    path = Path(folder)
    if path.name.lower() in _PLAIN_NAMES and path.parent.name:
        return f"{path.parent.name}/{path.name}"
    return path.name or "No folder chosen"


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
