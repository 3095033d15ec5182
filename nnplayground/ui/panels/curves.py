"""The curves: cost, metrics and learning rate of the run, live, with earlier runs pale behind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnplayground.samples import Array
from nnplayground.training.events import RunStarted
from nnplayground.training.mailbox import Frame
from nnplayground.ui import icons
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.curve_figure import Figure, Smoother, figure_title, make_figure
from nnplayground.ui.widgets.curve_legend import CurveLegend, LegendEntry, LegendLine
from nnplayground.ui.widgets.curve_readout import number_text
from nnplayground.ui.widgets.picture_menu import ask_path, install_picture_menu, tell_unsaved
from nnplayground.ui.widgets.run_history import LEARNING_RATE, Axis, RunHistory
from nnplayground.ui.widgets.soon import Soon

_EARLIER_RUNS = 8
_SPANS = (
    (1, 1),
    (3, 1.5),
    (5, 2),
    (8, 2.5),
    (12, 3),
    (20, 4),
    (30, 5),
    (50, 6),
    (80, 8),
    (120, 10),
    (200, 12),
    (300, 15),
    (500, 20),
    (1000, 30),
)
"""Over how many updates, and over how many epochs, each step of the smoothing slider averages."""

if TYPE_CHECKING:
    from nnplayground.ui.widgets.curve_plot import CurvePlot

_PAUSE_MILLISECONDS = 100
_LONGEST_PAUSE = 400
_MOST_ARRIVED = 32
"""Frames that wait to be drawn before they are taken in all the same, which bounds what is kept of them."""
SHARE = 0.05
"""Of the time that drawing may take."""


class CurvesPanel(QWidget):
    """Curves of the current run and of the ones before."""

    run_pause_requested = Signal()
    """Space was pressed on the plot."""

    def __init__(self, parent: QWidget | None = None, *, pause: int = _PAUSE_MILLISECONDS) -> None:
        """pause: milliseconds between two drawings while a run goes on; 0 draws with every frame."""
        super().__init__(parent)
        self.setObjectName("curves")
        self._run: RunHistory | None = None
        self._arrived: list[Frame] = []
        self._refresh_seconds = 0.0
        self._earlier: list[RunHistory] = []
        self._run_count = 0
        self._smoother = Smoother()
        self._stale = True
        # Drawing takes a good part of what a frame may take; a curve that grows ten times a second grows smoothly.
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._least_pause = pause
        self._pause.timeout.connect(self._on_pause_over)

        self._picture = QWidget(self)
        self._legend = CurveLegend(self._picture)
        self._picture_layout = QVBoxLayout(self._picture)
        self._plot: CurvePlot | None = None
        self._build_controls()
        self._build_layout()
        self._style_icons()
        self._plot_made = Soon(self, self._make_plot, after_painting=True)

    def _make_plot(self) -> None:
        # Importing pyqtgraph takes longer than all the rest of a window; the window does not wait for it.
        from nnplayground.ui.widgets.curve_plot import CurvePlot

        self._plot = CurvePlot(self._picture)
        self._plot.run_pause_requested.connect(self.run_pause_requested)
        self._picture_layout.addWidget(self._plot, 1)
        self._refresh()

    @property
    def plot(self) -> CurvePlot:
        """Where the curves are drawn."""
        self._plot_made.now()
        assert self._plot is not None
        return self._plot

    # Data

    def show_frame(self, frame: Frame) -> None:
        """Take in what has happened in a run."""
        if not (frame.started or frame.steps or frame.epochs or frame.ended):
            return
        if frame.started is not None:
            self._begin(frame.started)
        if self._run is None:
            return
        self._arrived.append(frame)
        if len(self._arrived) > _MOST_ARRIVED:
            self._take_in()
        self._stale = True
        if frame.started is not None or frame.ended is not None or not self._pause.isActive():
            self._refresh_when_visible()
            self._rest()

    def clear(self) -> None:
        """Forget all runs."""
        self._run = None
        self._arrived.clear()
        self._earlier.clear()
        self._run_count = 0
        self._refresh_when_visible()

    def series(self, name: str, *, per: Axis = "epoch") -> tuple[Array, Array]:
        """The numbers of a line of the current run, such as "val_loss": (places, values), both (n,)."""
        found = self._history.line(name, per) if self._history is not None else None
        if found is None:
            raise KeyError(name)
        return found[0].copy(), found[1].values.copy()

    @property
    def _history(self) -> RunHistory | None:
        """The current run with all that has arrived of it."""
        self._take_in()
        return self._run

    def _take_in(self) -> None:
        """Several frames at once, for there are more of them than drawings, and each costs as much as many."""
        frames, run = self._arrived, self._run
        self._arrived = []
        if run is None or not frames:
            return
        run.append_steps([block for frame in frames for block in frame.steps if block.run_id == run.run_id])
        run.append_epochs([done for frame in frames for done in frame.epochs if done.run_id == run.run_id])
        for frame in frames:
            if frame.ended is not None and frame.ended.run_id == run.run_id:
                run.ended = frame.ended

    @property
    def best_epoch(self) -> int | None:
        """The best epoch by validation, for the loss or metric that is shown."""
        return self._history.best_epoch(self.figure_name) if self._history is not None else None

    @property
    def earlier_runs(self) -> tuple[str, ...]:
        """Names of the runs that are kept beside the current one, oldest first."""
        return tuple(run.name for run in self._earlier)

    @property
    def numbers(self) -> str:
        """The latest numbers, as they stand above the curves."""
        return self._legend.text

    def export_csv(self, path: Path) -> None:
        """Write the current run as CSV, by epoch or by update as shown. Raises OSError."""
        path.write_text(self._csv_text(), encoding="utf-8", newline="")

    def _begin(self, started: RunStarted) -> None:
        before = self._history
        if before is not None and before.run_id == started.run_id:
            self._run = before.continued(started, name=before.name)
            return
        self._run_count += 1
        name = f"run {self._run_count}"
        if before is not None and 0 < started.update <= before.update:
            self._run = before.continued(started, name=name)
            holds_more = before.update > started.update
        else:
            self._run = RunHistory(started, name=name)
            holds_more = before is not None and before.update > 0
        if before is not None and holds_more:
            self._earlier = [*self._earlier, before][-_EARLIER_RUNS:]

    # Choices

    @property
    def figure_name(self) -> str:
        """What is drawn: "loss", a metric, "learning_rate"."""
        return self._figure_choice.currentData()

    @property
    def axis(self) -> Axis:
        return "update" if self._updates_button.isChecked() else "epoch"

    def _build_controls(self) -> None:
        self._figure_choice = QComboBox()
        self._figure_choice.setObjectName("curves.figure")
        self._figure_choice.setProperty("compact", "true")
        self._figure_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._figure_choice.setMinimumContentsLength(8)
        _explain(self._figure_choice, "What to draw", "What to draw: the cost, a metric or the learning rate")
        self._figure_choice.currentIndexChanged.connect(self._refresh)

        self._epochs_button = _toggle("Epochs", "curves.epochs", "One value for each epoch, the updates pale behind")
        self._updates_button = _toggle("Updates", "curves.updates", "One value for each update of the weights")
        self._axis_group = QButtonGroup(self)
        for button in (self._epochs_button, self._updates_button):
            self._axis_group.addButton(button)
        self._epochs_button.setChecked(True)
        self._axis_group.buttonClicked.connect(self._refresh)

        self._log_button = _toggle("Log", "curves.log", "Logarithmic axis: equal steps are equal factors")
        self._log_button.toggled.connect(self._refresh)

        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setObjectName("curves.smoothing")
        self._smoothing.setRange(0, len(_SPANS) - 1)
        self._smoothing.setPageStep(2)
        self._smoothing.setMinimumWidth(40)
        self._smoothing.setMaximumWidth(120)
        self._smoothing.valueChanged.connect(self._on_smoothing_changed)
        self._smoothing_label = QLabel("Smooth")
        self._smoothing_label.setProperty("muted", "true")
        self._smoothing_label.setBuddy(self._smoothing)
        self._explain_smoothing()

        self._fit_button = QToolButton()
        self._fit_button.setObjectName("curves.fit")
        self._fit_button.setProperty("flat_look", "true")
        _explain(
            self._fit_button, "Show everything", "Show all of the curves again after zooming (F, or a double click)"
        )
        self._fit_button.clicked.connect(lambda: self.plot.fit())

        self._earlier_action = QAction("Show earlier runs", self, checkable=True, checked=True)
        self._earlier_action.setStatusTip(f"Keep the last {_EARLIER_RUNS} runs as pale lines behind the current one")
        self._earlier_action.toggled.connect(self._refresh)
        forget = QAction("Forget earlier runs", self)
        forget.setStatusTip("Remove the pale lines of earlier runs")
        forget.triggered.connect(self._on_forget)
        self._copy_csv = QAction("Copy as CSV", self)
        self._copy_csv.setStatusTip("Copy the numbers of the current run, separated by commas, to the clipboard")
        self._copy_csv.triggered.connect(self._on_copy_csv)
        self._save_csv = QAction("Save CSV…", self)
        self._save_csv.setStatusTip("Save the numbers of the current run to a file that spreadsheets open")
        self._save_csv.triggered.connect(self._on_save_csv)
        separator = QAction(self)
        separator.setSeparator(True)
        extra = (self._copy_csv, self._save_csv, separator, self._earlier_action, forget)
        self._more_button = install_picture_menu(self._picture, name="curves", extra=extra)

    def _build_layout(self) -> None:
        axes = QHBoxLayout()
        axes.setSpacing(2)
        axes.addWidget(self._epochs_button)
        axes.addWidget(self._updates_button)
        controls = QHBoxLayout()
        controls.setSpacing(5)
        controls.addWidget(self._figure_choice)
        controls.addLayout(axes)
        controls.addWidget(self._log_button)
        controls.addWidget(self._smoothing_label)
        controls.addWidget(self._smoothing, 1)
        controls.addStretch(1)
        controls.addWidget(self._fit_button)
        controls.addWidget(self._more_button)
        self._picture_layout.setContentsMargins(0, 0, 0, 0)
        self._picture_layout.setSpacing(2)
        self._picture_layout.addWidget(self._legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 4)
        layout.setSpacing(4)
        layout.addLayout(controls)
        layout.addWidget(self._picture, 1)

    def _offer_figures(self) -> None:
        """Bring the choice of figures up to what the run measures; the chosen one stays where it can."""
        figures = self._history.figures if self._history is not None else ("loss", LEARNING_RATE)
        known = tuple(self._figure_choice.itemData(row) for row in range(self._figure_choice.count()))
        if figures == known:
            return
        chosen = self._figure_choice.currentData()
        with QSignalBlocker(self._figure_choice):
            self._figure_choice.clear()
            for name in figures:
                self._figure_choice.addItem(figure_title(name), name)
            self._figure_choice.setCurrentIndex(max(self._figure_choice.findData(chosen), 0))

    def _explain_smoothing(self) -> None:
        updates, epochs = _SPANS[self._smoothing.value()]
        state = "off" if updates == 1 else f"averages over about {updates:,} updates, or {epochs:g} epochs"
        _explain(self._smoothing, f"Smoothing: {state}", f"Smoothing: {state}. The values themselves stay pale behind")

    def _on_smoothing_changed(self, step: int) -> None:
        updates, epochs = _SPANS[step]
        self._smoother = Smoother(updates=updates, epochs=epochs)
        self._explain_smoothing()
        self._refresh()

    def _on_forget(self) -> None:
        self._earlier.clear()
        self._refresh()

    def _csv_text(self) -> str:
        return self._history.csv_text(self.axis) if self._history is not None else ""

    def _on_copy_csv(self) -> None:
        QGuiApplication.clipboard().setText(self._csv_text())

    def _on_save_csv(self) -> None:
        path = ask_path(self, title="Save CSV", name="curves.csv", kinds="Comma-separated values (*.csv)")
        if path is None:
            return
        try:
            self.export_csv(path)
        except OSError as problem:
            tell_unsaved(self, path, (problem.strerror or str(problem)).lower())

    # Drawing

    def _refresh_when_visible(self) -> None:
        self._stale = True
        if self.isVisible():
            self._refresh()

    def _on_pause_over(self) -> None:
        if self._stale and self.isVisible():
            self._refresh()
            self._rest()

    def _rest(self) -> None:
        """Longer where drawing takes long, so that it never takes more than a small part of the time."""
        if self._least_pause:
            painting = self._plot.painting_seconds if self._plot is not None else 0.0
            drawing = self._refresh_seconds + painting
            self._pause.start(max(self._least_pause, min(round(1000 * drawing / SHARE), _LONGEST_PAUSE)))

    def _refresh(self) -> None:
        self._stale = False
        began = time.perf_counter()
        self._offer_figures()
        earlier = self._earlier if self._earlier_action.isChecked() else []
        figure = make_figure(self._history, earlier, name=self.figure_name, axis=self.axis, smoother=self._smoother)
        self.plot.show_figure(figure, log=self._log_button.isChecked())
        self._legend.show_entries(self._entries(figure))
        has_numbers = self._history is not None and self._history.update > 0
        self._copy_csv.setEnabled(has_numbers)
        self._save_csv.setEnabled(has_numbers)
        self._refresh_seconds = time.perf_counter() - began

    def _entries(self, drawn: Figure) -> list[LegendEntry]:
        """The legend: what is drawn first, then the latest numbers of the rest."""
        history = self._history
        if history is None:
            return []
        roles: dict[str, LegendLine] = {line.name: line.role for line in drawn.lines if line.role != "trace"}
        shown = self.figure_name
        figures = sorted(history.figures, key=lambda name: name != shown)
        names = dict.fromkeys((*roles, *(name for figure in figures for name in (figure, f"val_{figure}"))))
        entries = [
            LegendEntry(_spoken(name, history), number_text(value), roles.get(name, "none"))
            for name in names
            if (value := history.latest(name)) is not None
        ]
        if drawn.earlier:
            own = sum(entry.line != "none" for entry in entries)
            entries.insert(own, LegendEntry("earlier runs", line="earlier"))
        return entries

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale and self._plot is not None:
            self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._style_icons()

    def _style_icons(self) -> None:
        self._fit_button.setIcon(icons.icon("fit", colors(self).muted))


def _spoken(name: str, history: RunHistory) -> str:
    """A number by its name, and with the network that it is of where there are two."""
    return name.replace("loss", "discriminator_loss") if history.is_contest and "generator" not in name else name


def _toggle(text: str, object_name: str, explanation: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setCheckable(True)
    button.setProperty("compact", "true")
    button.setObjectName(object_name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    _explain(button, text, explanation)
    return button


def _explain(widget: QWidget, name: str, explanation: str) -> None:
    widget.setAccessibleName(name)
    widget.setToolTip(explanation)
    widget.setStatusTip(explanation)
