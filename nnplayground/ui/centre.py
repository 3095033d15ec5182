"""The centre of the window: the model as blocks or as neurons, and above them what there is to say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnplayground.layers.core import Input
from nnplayground.spec.dataset import Points
from nnplayground.spec.project import Project
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.document import Document
from nnplayground.ui.playground.plan import Plan, plan_of
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.message_bar import MessageBar

if TYPE_CHECKING:
    from nnplayground.ui.playground.view import NeuronView

SPEEDS: tuple[float | None, ...] = (1, 2, 5, 10, 25, 100, 500, None)
"""Updates a second, the last one without a limit."""


def speed_text(speed: float | None) -> str:
    if speed is None:
        return "as fast as it goes"
    return f"{speed:,.0f} update a second" if speed == 1 else f"{speed:,.0f} updates a second"


class Centre(QWidget):
    """Blocks and neurons are two pictures of one model; which of them is seen changes nothing in the project."""

    view_changed = Signal()
    speed_chosen = Signal(object)
    """Updates a second, or None for no limit."""
    neurons_made = Signal()
    """There is a neuron view from now on: see `neurons`."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.messages = MessageBar()
        self.canvas = CanvasPanel(document)
        self._neurons: NeuronView | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.canvas)
        self._bar = QWidget()
        self._buttons = QButtonGroup(self)
        self._speed = QSlider(Qt.Orientation.Horizontal)
        self._speed_words = QLabel()
        self._build_bar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self._bar)
        column.addWidget(self._stack, 1)
        self._buttons.idClicked.connect(self._on_view_clicked)
        document.changed.connect(self._on_changed)
        document.replaced.connect(self._choose_view)
        self._choose_view()

    def _build_bar(self) -> None:
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(2)
        for number, (name, text, tip) in enumerate(
            (
                ("view_blocks", "Blocks", "The model as blocks and wires, layer by layer."),
                ("view_neurons", "Neurons", "The same model neuron by neuron, with what each makes of the plane."),
            )
        ):
            button = QToolButton()
            button.setObjectName(name)
            button.setText(text)
            button.setCheckable(True)
            button.setProperty("segment", "true")
            describe(button, text, tip)
            self._buttons.addButton(button, number)
            row.addWidget(button)
        row.addStretch(1)
        caption = QLabel("Speed")
        caption.setProperty("muted", "true")
        self._speed.setObjectName("speed")
        self._speed.setRange(0, len(SPEEDS) - 1)
        self._speed.setPageStep(1)
        self._speed.setFixedWidth(96)
        describe(self._speed, "Speed of training", "How many updates are made in a second, at most.")
        self._speed.valueChanged.connect(self._on_speed_moved)
        self._speed_words.setProperty("muted", "true")
        widest = max(self._speed_words.fontMetrics().horizontalAdvance(speed_text(speed)) for speed in SPEEDS)
        self._speed_words.setMinimumWidth(widest)
        for widget in (caption, self._speed, self._speed_words):
            row.addSpacing(6)
            row.addWidget(widget)
        self._speed.setValue(len(SPEEDS) - 1)

    @property
    def neurons(self) -> NeuronView | None:
        """The neuron view, made when it is first shown: a window of images opens sooner without it."""
        return self._neurons

    @property
    def shows_neurons(self) -> bool:
        return self._stack.currentWidget() is not self.canvas

    def show_blocks(self) -> None:
        self._show(self.canvas)

    def show_neurons(self) -> None:
        if self._neurons is None:
            from nnplayground.ui.playground.view import NeuronView

            self._neurons = NeuronView(self._document)
            self._neurons.blocks_requested.connect(self.show_blocks)
            self._stack.addWidget(self._neurons)
            self.neurons_made.emit()
        self._show(self._neurons)

    def _show(self, view: QWidget) -> None:
        self._buttons.button(0 if view is self.canvas else 1).setChecked(True)
        before = self._stack.currentWidget()
        if before is view:
            return
        focused = QApplication.focusWidget()
        had_focus = before is not None and focused is not None and before.isAncestorOf(focused)
        self._stack.setCurrentWidget(view)
        if had_focus:
            view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.view_changed.emit()

    def set_speed(self, speed: float | None) -> None:
        self._speed.setValue(SPEEDS.index(speed))

    def _on_view_clicked(self, number: int) -> None:
        if number == 0:
            self.show_blocks()
        else:
            self.show_neurons()

    def _on_speed_moved(self, place: int) -> None:
        self._speed_words.setText(speed_text(SPEEDS[place]))
        self.speed_chosen.emit(SPEEDS[place])

    def _on_changed(self, before: Project, after: Project) -> None:
        """Other data may be no points, or points for the first time."""
        if isinstance(before.dataset, Points) != isinstance(after.dataset, Points):
            self._choose_view()

    def _choose_view(self) -> None:
        """Points are for the neurons, where these can show the model; everything else is for the blocks, which also
        offer something to begin with.
        """
        project = self._document.project
        points = isinstance(project.dataset, Points)
        begun = any(not isinstance(block.layer, Input) for block in project.model.blocks)
        self._bar.setVisible(points)
        if points and begun and isinstance(plan_of(project), Plan):
            self.show_neurons()
        else:
            self.show_blocks()
