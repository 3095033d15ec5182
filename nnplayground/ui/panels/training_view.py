"""How the model is trained: all settings of the run, in groups."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import resolved_loss, resolved_metrics
from nnplayground.spec.project import Project
from nnplayground.spec.training import ConstantSchedule, PlateauSchedule, Training
from nnplayground.training.schedules import scheduled_rate
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.form import Form
from nnplayground.ui.widgets.labels import muted, section
from nnplayground.ui.widgets.rate_plot import RatePlot
from nnplayground.ui.widgets.soon import Soon

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Optimizer", ("optimizer", "schedule")),
    ("Loss and metrics", ("objective", "loss", "metrics")),
    ("Batches and epochs", ("batch_size", "epochs")),
    ("Against overfitting", ("class_weight", "early_stopping", "clip")),
    ("Engine", ("engine", "seed")),
)
_RUNNING = (
    "Training is running. Learning rate, momentum and clipping change at once; everything else takes effect at the "
    "next run."
)
_DRAWN_EPOCHS = 240


class TrainingView(QWidget):
    """The form of `training`, with what its settings come to."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._forms: list[Form] = []
        self._rates = RatePlot()
        self._running = muted(_RUNNING)
        self._running.setObjectName("inspector.running")
        self._running.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._running)
        self._forms_made = Soon(self, lambda: self._make(layout), after_painting=True)

    def showEvent(self, event: QShowEvent) -> None:
        self._forms_made.now()
        super().showEvent(event)

    def _make(self, layout: QVBoxLayout) -> None:
        for number, (title, names) in enumerate(_GROUPS):
            heading = section(title)
            heading.setContentsMargins(0, 10 if number else 0, 0, 0)
            layout.addWidget(heading)
            form = Form(self._document, "training", names=names)
            form.set_running(not self._running.isHidden())
            self._forms.append(form)
            layout.addWidget(form)
            if "schedule" in names:
                layout.addWidget(self._rates)
        layout.addStretch(1)
        self._document.changed.connect(self._on_changed)
        self._document.facts_changed.connect(self._show_notes)
        self._show_rates()
        self._show_notes()

    def set_running(self, running: bool) -> None:
        self._running.setVisible(running)
        for form in self._forms:
            form.set_running(running)

    def _on_changed(self, before: Project, after: Project) -> None:
        if before.training != after.training:
            self._show_rates()
        self._show_notes()

    def _show_rates(self) -> None:
        training = self._document.project.training
        self._rates.setVisible(not isinstance(training.schedule, ConstantSchedule | PlateauSchedule))
        count = min(training.epochs, _DRAWN_EPOCHS)
        drawn = sorted({round(epoch) for epoch in np.linspace(0, training.epochs - 1, count)})
        rates = [
            scheduled_rate(training.schedule, training.optimizer.learning_rate, epoch=epoch, epochs=training.epochs)
            for epoch in drawn
        ]
        self._rates.show_rates(np.array(drawn) + 1, np.array(rates))

    def _show_notes(self) -> None:
        project, facts = self._document.project, self._document.facts
        known = facts if facts is not None and facts.problem is None else None
        self._note("loss", _loss_note(project, known))
        self._note("metrics", _metrics_note(project, known))
        self._note("batch_size", _updates_note(project.training, known))

    def _note(self, name: str, text: str) -> None:
        form = next(form for form, (_, names) in zip(self._forms, _GROUPS, strict=True) if name in names)
        form.row(f"training.{name}").show_note(text)


def _loss_note(project: Project, facts: DataFacts | None) -> str:
    if project.training.loss != "auto" or facts is None:
        return ""
    return f"auto → {resolved_loss(project, facts)}"


def _metrics_note(project: Project, facts: DataFacts | None) -> str:
    if project.training.metrics != "auto" or facts is None:
        return ""
    return f"auto → {', '.join(resolved_metrics(project, facts))}"


def _updates_note(training: Training, facts: DataFacts | None) -> str:
    samples = facts.splits.get("training", 0) if facts is not None else 0
    if not samples:
        return ""
    size = samples if training.batch_size == "all" else training.batch_size
    updates = math.ceil(samples / size)
    return f"{samples:,} samples → {updates:,} {'update' if updates == 1 else 'updates'} per epoch"
