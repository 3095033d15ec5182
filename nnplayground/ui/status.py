"""The status bar: at the left what is going on and whether it is saved, at the right the engine."""

from __future__ import annotations

from PySide6.QtCore import QTime
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStatusBar, QWidget

from nnplayground.spec.project import Project
from nnplayground.training.events import RunEnded, RunStarted
from nnplayground.training.mailbox import Frame
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.labels import ElidedLabel

_ENDINGS = {
    "finished": "Finished",
    "stopped": "Stopped",
    "early_stopped": "Stopped early",
    "diverged": "Diverged",
    "failed": "Failed",
}


class StatusNotes(QWidget):
    """Lives in a status bar, whose own messages (help on what the pointer is on) cover the left part for a while."""

    def __init__(self, bar: QStatusBar, document: Document) -> None:
        super().__init__()
        self._document = document
        self._saved_at: QTime | None = None
        self._ending = ""
        self._running = ""
        self._tensorflow_ready = False
        self._comparison = ""
        self._activity = ElidedLabel()
        self._activity.setObjectName("status_activity")
        self._saved = QLabel()
        self._saved.setObjectName("status_saved")
        self._engine = QLabel()
        self._engine.setObjectName("status_engine")
        self._engine.setContentsMargins(0, 0, 12, 0)
        for label in (self._activity, self._saved, self._engine):
            label.setProperty("muted", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(18)
        row.addWidget(self._activity, 1)
        row.addWidget(self._saved)
        bar.setSizeGripEnabled(False)
        bar.addWidget(self, 1)
        bar.addPermanentWidget(self._engine)
        document.changed.connect(self._on_changed)
        document.changed.connect(lambda before, after: self._show_saved())
        document.replaced.connect(self._on_replaced)
        document.undo_stack.cleanChanged.connect(lambda clean: self._show_saved())
        document.path_changed.connect(self._show_saved)
        self._show_saved()
        self._show_engine()

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.model != after.model or before.dataset != after.dataset:
            self._comparison = ""
        self._show_engine()

    def show_saved_now(self) -> None:
        """The project has just been written to its file."""
        self._saved_at = QTime.currentTime()
        self._show_saved()

    def show_state(self, state: str, problems: int) -> None:
        """state: of the runner; problems: how many keep the model from running."""
        if state == "idle" and problems:
            text = f"{problems} {'problem keeps' if problems == 1 else 'problems keep'} the model from running"
        else:
            text = {
                "idle": self._ending or "Ready to run",
                "running": self._running or "Starting…",
                "paused": "Paused; Run goes on",
                "stopping": "Stopping: the last epoch is being evaluated…",
            }[state]
        self._activity.show_text(text)

    def show_frame(self, frame: Frame, project: Project | None) -> None:
        """Follow the loading of data and a run. project: that of the run."""
        if frame.preparing is not None:
            message, done, total = frame.preparing.message, frame.preparing.done, frame.preparing.total
            self._activity.show_text(f"{message} {done:,} of {total:,}" if total else message)
        if frame.started is not None and project is not None:
            self._tensorflow_ready |= project.training.engine == "keras"
            self._running = _run_words(frame.started, project)
            self._ending = ""
            self._activity.show_text(self._running)
            self._show_engine()
        if frame.ended is not None:
            self._running = ""
            self._ending = _end_words(frame.ended)
            self._activity.show_text(self._ending)

    def forget_run(self) -> None:
        """What was learned is forgotten."""
        self._ending = self._running = ""

    def show_comparison(self, words: str) -> None:
        """How well both engines agree about this model, in one line; until the project is another."""
        self._comparison = words
        self._show_engine()

    def _on_replaced(self) -> None:
        self._saved_at = None
        self._ending = ""
        self._show_saved()

    def _show_saved(self) -> None:
        if self._document.dirty:
            text = "Changes not saved"
        elif self._saved_at is not None:
            text = f"Saved at {self._saved_at.toString('HH:mm')}"
        else:
            text = "" if self._document.path is not None else "Not saved yet"
        self._saved.setText(text)

    def _show_engine(self) -> None:
        if self._document.project.training.engine == "scratch":
            text = "Scratch engine ready (numpy)"
        elif self._tensorflow_ready:
            text = f"{_tensorflow()} ready"
        else:
            text = "TensorFlow is loaded at the first run"
        self._engine.setText(f"{self._comparison}  ·  {text}" if self._comparison else text)


def _run_words(started: RunStarted, project: Project) -> str:
    size = project.training.batch_size
    batches = "all at once" if size == "all" else f"in batches of {size:,}"
    updates = f"{started.updates_per_epoch:,} {'update' if started.updates_per_epoch == 1 else 'updates'} per epoch"
    return f"Training on {started.samples:,} samples {batches}, {updates}"


def _end_words(ended: RunEnded) -> str:
    figures = ", ".join(f"{name} {value:.4g}" for name, value in ended.metrics.items() if name.startswith("val_"))
    words = _ENDINGS[ended.reason] + (f"; the weights of epoch {ended.epoch:,} are kept" if ended.epoch else "")
    return f"{words} ({figures})" if figures else words


def _tensorflow() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        major, minor = version("tensorflow").split(".")[:2]
    except PackageNotFoundError:  # it goes by another name in some builds
        return "TensorFlow"
    return f"TensorFlow {major}.{minor}"
