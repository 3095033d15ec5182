"""Fine-tuning as a second stage: which of a network's layers are trained with its head from now on, and how fast."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QCompleter, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from nnplayground.layers import ShapeError
from nnplayground.layers.base import counted
from nnplayground.layers.pretrained import Inner, Pretrained
from nnplayground.spec.edits import fine_tune
from nnplayground.spec.paths import get_value
from nnplayground.spec.project import Project, project_shapes
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.labels import describe, muted

_ABOUT = (
    "First train the layers behind the network while it is frozen. Then let its last layers learn too, ten times more "
    "slowly, so that they adapt to your pictures and forget little. All weights go on as they are."
)
_SHARE = 5 / 6
"""How many of the layers with weights stay frozen at first sight: in VGG16, all before its last group."""


def blocks_to_tune(project: Project) -> tuple[str, ...]:
    """Ids of the Pretrained blocks whose pictures fit, so that their layers are known."""
    shapes = project_shapes(project)
    return tuple(
        block.id
        for block in project.model.blocks
        if isinstance(block.layer, Pretrained) and shapes[block.id].output is not None
    )


class FineTuneDialog(QDialog):
    """One undoable edit: the layer to train from, and a tenth of the learning rate."""

    def __init__(self, document: Document, layer_id: str, parent: QWidget | None = None) -> None:
        """layer_id: of a block among `blocks_to_tune`."""
        super().__init__(parent)
        self.setObjectName("fine_tune")
        self.setWindowTitle(f"Fine-tune {layer_id}")
        self._document = document
        self._layer_id = layer_id
        layer = document.project.model.layer(layer_id)
        assert isinstance(layer, Pretrained)
        self._layer = layer
        known = project_shapes(document.project)[layer_id]
        self._inner: tuple[Inner, ...] = tuple(each for each in layer.inner(*known.inputs) if each.shape.weights)
        self._choice = QComboBox()
        self._choice.setObjectName("fine_tune.layer")
        self._choice.setEditable(True)
        self._choice.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._choice.addItems([each.name for each in self._inner])
        describe(self._choice, "Train from", "The first layer that is trained; all before it stay frozen")
        completer = QCompleter(self._choice.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._choice.setCompleter(completer)
        title = QLabel("&Train this layer and all after it:")
        title.setBuddy(self._choice)
        self._told = muted()
        self._told.setObjectName("fine_tune.told")
        self._told.setWordWrap(True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._accept = self._buttons.addButton("Fine-tune", QDialogButtonBox.ButtonRole.AcceptRole)
        self._accept.setObjectName("fine_tune.accept")
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        about = muted(_ABOUT)
        about.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        for widget in (about, title, self._choice, self._told):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        unit = self.fontMetrics().height()
        self.setMinimumWidth(30 * unit)
        # Room for what is said about any choice, so that the buttons do not jump.
        self._told.setMinimumHeight(round(3.6 * unit))
        self._choice.setCurrentIndex(min(int(len(self._inner) * _SHARE), len(self._inner) - 1))
        self._choice.editTextChanged.connect(self._tell)
        self._tell()

    def choose(self, name: str) -> None:
        """Train from this layer on."""
        self._choice.setEditText(name)

    def _tell(self) -> None:
        """What the choice means, or what is wrong with it."""
        problem = self._problem()
        self._accept.setEnabled(not problem)
        if problem:
            self._told.setText(problem)
            return
        names = [each.name for each in self._inner]
        trained = self._inner[names.index(self._choice.currentText()) :]
        values = sum(each.shape.parameters for each in trained)
        rate = get_value(self._document.project, "training.optimizer.learning_rate")
        self._told.setText(
            f"{len(trained):,} of {counted(len(names), 'layer')} with weights will be trained, "
            f"{counted(values, 'parameter')}. The learning rate goes from {rate:g} to {rate / 10:.6g}. "
            f"Press Run for the second stage."
        )

    def _problem(self) -> str:
        """Why the layer that is written there cannot be the first one, in one sentence; "" where it can."""
        name = self._choice.currentText()
        if name in [each.name for each in self._inner]:
            return ""
        if not name.strip():
            return "Choose the layer from which on the network is trained."
        try:
            place = msgspec.structs.replace(self._layer, trainable=name).trainable_from
        except ShapeError as problem:
            return str(problem)
        if place is None or place == 0:
            return f"Choose a layer; {name} can be set in the inspector."
        return f"{name} has no weights, so there is nothing in it to be trained; choose the layer before or after it."

    def _on_accepted(self) -> None:
        name = self._choice.currentText()
        self._document.apply(
            lambda project: fine_tune(project, self._layer_id, name), f"fine-tuning of {self._layer_id}"
        )
        self.accept()
