"""Comparing the engines on the project in the window: a picture of how far apart they are, layer by layer.

The engine thread does one update of both engines at a time and answers other questions in between, so that the window
lives on, and stopping is only a matter of not asking for the next update.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from nnplayground.spec.project import Project, project_shapes
from nnplayground.training.compare import MARKS, UPDATES, Comparison
from nnplayground.training.controls import Controls
from nnplayground.training.questions import Refusal
from nnplayground.ui.document import Document
from nnplayground.ui.runner import Runner
from nnplayground.ui.widgets.difference_bars import DifferenceBars, DifferenceKey
from nnplayground.ui.widgets.labels import describe, muted
from nnplayground.ui.widgets.thin_bar import ThinBar

if TYPE_CHECKING:
    from nnplayground.training.session import Session

_ABOUT = (
    "Both engines start with the same new weights and train on the same batches, those of the first updates of a run. "
    "They compute with 32-bit numbers, whose rounding grows from update to update: weights that differ by less than "
    "0.01 % of their size count as equal. Your trained weights stay as they are."
)
_RUN_ACTIVE = "Only one engine computes at a time: end the run to compare the engines."


_MOST_ROWS = 14
"""So many layers are seen without scrolling."""


class _Job:
    """One comparison, in the engine thread."""

    def __init__(self, project: Project) -> None:
        self.controls = Controls()
        self._project = project
        self._steps: Generator[Comparison, None, None] | None = None

    def step(self, session: Session) -> Comparison:
        """What is known after the next update. Raises EngineError, NotTrained."""
        if self._steps is None:
            self._steps = session.comparison(self._project, self.controls)
        comparison = next(self._steps)
        if comparison.finished:
            self.end(session)
        return comparison

    def end(self, session: Session) -> None:
        """Let go of both engines."""
        if self._steps is not None:
            self._steps.close()


class CompareDialog(QDialog):
    """A window of its own beside the main one. A comparison begins when it is shown, and ends when it is closed."""

    compared = Signal(str)
    """The result in one line."""

    def __init__(self, runner: Runner, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_dialog")
        self.setWindowTitle("Compare engines")
        self._runner = runner
        self._document = document
        self._job: _Job | None = None
        self._comparison = Comparison()
        self._refusal = ""
        self._changed = False

        self._summary = QLabel()
        self._summary.setObjectName("compare.summary")
        self._summary.setProperty("heading", "true")
        self._summary.setWordWrap(True)
        self._progress = ThinBar()
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._bars = DifferenceBars()
        self._bars.setObjectName("compare.bars")
        self._bars.setAccessibleName("Largest relative difference of each layer's weights")
        self._key = DifferenceKey()
        self._notes = muted()
        self._notes.setObjectName("compare.notes")
        self._start = _button("compare.start", "Compare again", "Begin anew, with the project as it is now")
        self._stop = _button("compare.stop", "Stop", "End the comparison; what is known already stays")
        self._copy = _button("compare.copy", "Copy", "Copy the result as a table")
        self._close = _button("compare.close", "Close", "Close this window (Escape)")
        self._lay_out()

        self._start.clicked.connect(self._begin)
        self._stop.clicked.connect(self._on_stop_clicked)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._close.clicked.connect(self.close)
        runner.state_changed.connect(self._on_state_changed)
        runner.forgot.connect(self._on_forgot)
        document.changed.connect(self._on_document_changed)
        document.replaced.connect(self._on_document_replaced)
        self._show()

    def _lay_out(self) -> None:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 6, 0)
        column.addWidget(self._bars)
        column.addStretch(1)
        area.setWidget(inside)
        buttons = QHBoxLayout()
        buttons.addWidget(self._start)
        buttons.addWidget(self._stop)
        buttons.addStretch(1)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(self._summary)
        layout.addWidget(self._progress)
        layout.addWidget(area, 1)
        layout.addWidget(self._key)
        layout.addWidget(self._notes)
        layout.addLayout(buttons)
        unit = self.fontMetrics().height()
        learning = sum(known.parameters > 0 for known in project_shapes(self._document.project).values())
        self.resize(unit * 44, unit * 17 + self._bars.height_of(min(max(learning, 4), _MOST_ROWS)))

    @property
    def comparing(self) -> bool:
        return self._job is not None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous() and not self.comparing:
            self._begin()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._end()

    def _begin(self) -> None:
        self._end()
        self._comparison, self._refusal, self._changed = Comparison(), "", False
        if not self._runner.active:
            self._job = _Job(self._document.project)
            self._ask(self._job)
        self._show()

    def _ask(self, job: _Job) -> None:
        self._runner.ask(job.step, lambda answer: self._on_answered(job, answer))

    def _end(self) -> None:
        """Let go of the comparison under way; what it has found out stays."""
        if self._job is None:
            return
        self._job.controls.stop()
        self._runner.ask(self._job.end, lambda answer: None)
        self._job = None

    def _on_answered(self, job: _Job, told: Comparison | Refusal) -> None:
        if job is not self._job:
            return
        if isinstance(told, Refusal):
            self._refusal = told.message
            self._end()
        else:
            self._comparison = told
            if told.finished:
                self._job = None
                self.compared.emit(told.summary)
            else:
                self._ask(job)
        self._show()

    def _on_stop_clicked(self) -> None:
        self._end()
        self._show()

    def _on_state_changed(self, state: str) -> None:
        if self._runner.active:
            self._end()
        if self.isVisible():
            self._show()

    def _on_forgot(self) -> None:
        """What was asked before is not answered any more."""
        if self.comparing:
            self._end()
            self._show()

    def _on_document_changed(self) -> None:
        if not self._changed:
            self._changed = True
            self._show()

    def _on_document_replaced(self) -> None:
        """What was found out is about another project."""
        self._end()
        self._comparison, self._refusal, self._changed = Comparison(), "", False
        self._show()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._comparison.text}\n{self._notes.text()}")

    def _show(self) -> None:
        found, active = self._comparison, self._runner.active
        self._summary.setText(self._headline())
        self._progress.setVisible(self.comparing)
        self._progress.show_progress(found.updates, UPDATES if found.updates else 0)
        self._bars.show_layers(found.layers)
        self._key.setVisible(bool(found.layers))
        self._key.show_marks([mark for mark in MARKS if mark <= found.updates])
        self._notes.setText("\n".join(self._remarks()))
        self._start.setVisible(not self.comparing)
        self._start.setEnabled(not active)
        self._start.setText("Compare again" if found.layers or self._refusal else "Compare")
        self._stop.setVisible(self.comparing)
        self._copy.setEnabled(bool(found.layers))

    def _headline(self) -> str:
        found = self._comparison
        if self._refusal:
            return self._refusal
        if self.comparing:
            return f"Comparing: update {found.updates} of {UPDATES}" if found.updates else found.message or "Starting…"
        if found.finished:
            return found.summary
        if self._runner.active:
            return _RUN_ACTIVE
        if found.layers:
            return f"Stopped after {found.updates} of {UPDATES} updates"
        return "Do both engines come to the same weights?"

    def _remarks(self) -> list[str]:
        found = self._comparison
        remarks = [_ABOUT]
        if found.finished and found.by_rounding:
            remarks.append(
                "In this model rounding grows fast: with 64-bit numbers the scratch engine gets about as far away from "
                "itself. So the engines do the same, but no two computers would come to the same weights."
            )
        if found.switched_off:
            remarks.append(
                f"Left out, because each engine draws random numbers of its own: {', '.join(found.switched_off)}."
            )
        if found.held:
            remarks.append(
                f"Not compared, because their gradient is zero but for rounding: {', '.join(found.held)}. They are put "
                "back after each update."
            )
        if self._changed and found.layers:
            remarks.append("The project has been changed since.")
        return remarks


def _button(name: str, text: str, help_text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    describe(button, text, help_text)
    return button
