"""The inspector: the selected layer, and the settings of the training."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from nnplayground.training.events import Histogram
from nnplayground.ui.document import Document
from nnplayground.ui.panels.layer_view import LayerView
from nnplayground.ui.panels.training_view import TrainingView
from nnplayground.ui.widgets.labels import describe, muted
from nnplayground.ui.widgets.problems import ProblemList

_LAYER, _TRAINING = 0, 1


class InspectorPanel(QWidget):
    """Two pages: "Layer" and "Training"."""

    layer_renamed = Signal(str, str)
    """(id before, id after): the layer shown has another id now, also by undo."""
    inner_chosen = Signal(str)
    """The user wants to look at a layer inside the one shown: vgg16_1/block5_conv1."""
    before_of_changed = Signal()
    """`before_of` is another layer now, or none."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setObjectName("inspector")
        self.setAccessibleName("Inspector")
        self._document = document
        self._wanted: str | None = None
        self._latest: tuple[Histogram | None, str] | None = None
        self._tabs = QTabBar()
        self._tabs.setObjectName("inspector.tabs")
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        for title, help_text in (
            ("Layer", "The parameters of the selected layer"),
            ("Training", "Optimizer, loss, batches, epochs: how the model is trained"),
        ):
            index = self._tabs.addTab(title)
            self._tabs.setTabToolTip(index, help_text)
        describe(self._tabs, "Pages of the inspector", "What the inspector shows: the selected layer or the training")
        self._tabs.setToolTip("")
        # From the outside to the inside: Qt takes its time to move what is already full.
        self._pages = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.header = QWidget()
        """The tabs of the pages; a dock may take them as its title."""
        row = QHBoxLayout(self.header)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._tabs)
        row.addStretch(1)
        layout.addWidget(self.header)
        layout.addWidget(self._pages, 1)
        self._layer_pages = QStackedWidget()
        self._pages.addWidget(self._layer_pages)
        self._nothing = _NothingSelected(document)
        self._layer = LayerView(document)
        self._training = TrainingView(document)
        _add_page(self._layer_pages, self._nothing)
        _add_page(self._layer_pages, self._layer)
        _add_page(self._pages, self._training)
        self._nothing.training_requested.connect(self.show_training)
        self._tabs.currentChanged.connect(self._on_page_changed)
        self._layer.layer_gone.connect(lambda: self.show_layer(""))
        self._layer.layer_renamed.connect(self._on_layer_renamed)
        self._layer.inner_chosen.connect(self.inner_chosen)
        document.changed.connect(self._tell_wanted)

    @property
    def layer_id(self) -> str:
        """The layer shown, "" for none."""
        return self._layer.layer_id

    @property
    def before_of(self) -> str | None:
        """The layer whose pre-activations are wanted for the plot that is in view; None: none are."""
        visible = self.isVisible() and self._tabs.currentIndex() == _LAYER
        return self._layer.before_of if visible else None

    def show_layer(self, layer_id: str) -> None:
        """Show a layer; "" shows what there is to do where none is selected."""
        self._layer.show_layer(layer_id)
        self._layer_pages.setCurrentIndex(1 if layer_id else 0)
        if layer_id:
            self._tabs.setCurrentIndex(_LAYER)
        self._tell_wanted()

    def show_training(self) -> None:
        """Show the settings of the training."""
        self._tabs.setCurrentIndex(_TRAINING)

    def focus_form(self) -> None:
        """Put the keyboard into the first field of what is shown."""
        fields = [each for each in self._pages.findChildren(QWidget) if each.objectName().startswith("field.")]
        first = next((each for each in fields if each.isVisibleTo(self)), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def show_before(self, histogram: Histogram | None, layer_id: str) -> None:
        """What flows into a layer's activation function; drawn behind the function where that layer is shown."""
        if self.before_of is None:
            self._latest = (histogram, layer_id)
        else:
            self._latest = None
            self._layer.show_before(histogram, layer_id)

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: then the forms say what takes effect only at the next one."""
        self._layer.set_running(running)
        self._training.set_running(running)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._catch_up()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell_wanted()

    def _on_page_changed(self, index: int) -> None:
        self._pages.setCurrentIndex(index)
        self._catch_up()

    def _on_layer_renamed(self, before: str, after: str) -> None:
        self.layer_renamed.emit(before, after)
        self._tell_wanted()

    def _catch_up(self) -> None:
        if self._latest is not None and self.before_of is not None:
            self._layer.show_before(*self._latest)
            self._latest = None
        self._tell_wanted()

    def _tell_wanted(self) -> None:
        if self.before_of != self._wanted:
            self._wanted = self.before_of
            self.before_of_changed.emit()


class _NothingSelected(QWidget):
    """What there is to do while no layer is selected."""

    training_requested = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._problems = ProblemList(document)
        training = QPushButton("Training settings")
        training.setObjectName("inspector.to_training")
        describe(training, "Training settings", "Show optimizer, loss, batches and epochs")
        training.clicked.connect(self.training_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(muted("Select a layer in the model to see what it does and to set its parameters."))
        layout.addWidget(training, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._problems)
        layout.addStretch(1)
        document.problems_changed.connect(self._show_problems)
        self._show_problems()

    def _show_problems(self) -> None:
        self._problems.show_problems([each for each in self._document.problems if each.path == "model"])


def _add_page(pages: QStackedWidget, content: QWidget) -> None:
    """A page that scrolls where its content is higher than the panel."""
    area = QScrollArea()
    pages.addWidget(area)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    padded = QWidget()
    area.setWidget(padded)
    layout = QVBoxLayout(padded)
    layout.setContentsMargins(14, 10, 12, 14)
    layout.addWidget(content)
