"""Everything about one layer: name, parameters, activation function, shape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from nnplayground.layers import Layer
from nnplayground.layers.activations import activation
from nnplayground.layers.base import shape_text
from nnplayground.layers.pretrained import Pretrained
from nnplayground.spec import edits
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.project import Project, project_shapes
from nnplayground.training.events import Histogram
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.activation_curve import saturated_share
from nnplayground.ui.widgets.activation_plot import ActivationPlot
from nnplayground.ui.widgets.form import Form
from nnplayground.ui.widgets.labels import ElidedLabel, describe, muted, retire, section
from nnplayground.ui.widgets.problems import ProblemList

if TYPE_CHECKING:
    from nnplayground.ui.panels.pretrained_section import PretrainedSection

_RENAMING = "Double-click or press F2 to rename the layer"
_LEAST_NAME = 40
"""Pixels that are left for a name however long the type is; the tooltip has all of it."""


class _LayerName(QWidget):
    """The type of a layer and its id. A double click, Enter or F2 on the id renames the layer."""

    rename_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._type = QLabel()
        self._type.setProperty("heading", "true")
        self._layer_id = ""
        self.id_label = ElidedLabel()
        self.id_label.setMinimumWidth(_LEAST_NAME)
        self.id_label.setProperty("muted", "true")
        self.id_label.setObjectName("inspector.layer_id")
        self.id_label.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.id_label.setStatusTip(_RENAMING)
        self.editor = QLineEdit()
        self.editor.setObjectName("inspector.rename")
        describe(self.editor, "New name of the layer", "Small letters, digits and _, with a letter first")
        self.editor.hide()
        for widget in (self.id_label, self.editor):
            widget.installEventFilter(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._type)
        layout.addWidget(self.id_label, 1)
        layout.addWidget(self.editor, 1)

    def show_layer(self, layer_id: str, layer: Layer) -> None:
        self._type.setText(layer.type)
        self._layer_id = layer_id
        self.id_label.show_text(layer_id, tip=f"{layer_id}. {_RENAMING}")
        self.id_label.setAccessibleName(f"Name of the layer: {layer_id}")
        self._end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.id_label and self._asks_for_editor(event):
            self.begin()
            return True
        if watched is self.editor:
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    self.rename_requested.emit(self.editor.text().strip())
                    return True
                if event.key() == Qt.Key.Key_Escape:
                    self._end()
                    self.id_label.setFocus()
                    return True
            elif event.type() == QEvent.Type.FocusOut:
                self._end()
        return super().eventFilter(watched, event)

    def _asks_for_editor(self, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return event.type() == QEvent.Type.MouseButtonDblClick
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
        return False

    def begin(self) -> None:
        self.editor.setText(self._layer_id)
        self.id_label.hide()
        self.editor.show()
        self.editor.selectAll()
        self.editor.setFocus()

    def _end(self) -> None:
        self.editor.hide()
        self.id_label.show()


class _ActivationSection(QWidget):
    """The plot of the activation function, with what it does in words."""

    def __init__(self) -> None:
        super().__init__()
        self._title = section("Activation")
        self.plot = ActivationPlot()
        self._formula = QLabel()
        self._formula.setWordWrap(True)
        self._formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._about = muted()
        self._live = muted()
        self._live.setObjectName("inspector.saturation")
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.plot.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        for widget in (self.plot, self._formula, self._about, self._live):
            layout.addWidget(widget)

    def show_layer(self, layer: Layer) -> bool:
        """False where the layer has no activation function."""
        field = getattr(layer, "activation", None)
        self.setVisible(field is not None)
        if field is None:
            return False
        self._function = activation(field)
        self.plot.show_activation(self._function)
        self._formula.setText(f"{self._function.name}(z) = {self._function.formula}")
        about = self._function.about
        if self._function.name == "softmax":
            about += " It depends on all inputs; drawn is one of them, while another one is 0."
        self._about.setText(about)
        self.show_inputs(self.plot.inputs)
        return True

    def show_inputs(self, inputs: Histogram | None) -> None:
        self.plot.show_inputs(inputs)
        title = "Activation" if inputs is None else "Activation, with this layer's live inputs"
        self._title.setText(title.upper())
        self._title.setAccessibleName(title)
        self._live.setVisible(inputs is not None)
        if inputs is not None:
            share = saturated_share(self._function, inputs)
            self._live.setText(
                f"{share:.0%} of these inputs lie where the derivative is almost 0, so hardly any gradient passes."
            )


class LayerView(QWidget):
    """One layer of the document's model. It follows the layer when it is renamed."""

    layer_gone = Signal()
    layer_renamed = Signal(str, str)
    """(id before, id after)"""
    inner_chosen = Signal(str)
    """The user wants to look at a layer inside this one: vgg16_1/block5_conv1."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._layer_id = ""
        self._inside: PretrainedSection | None = None
        self._running = False
        self._form: Form | None = None
        self._form_type: type[Layer] | None = None
        self._name = _LayerName()
        self._name.rename_requested.connect(self._on_rename_requested)
        self._refusal = QLabel()
        self._refusal.setProperty("severity", "error")
        self._refusal.setWordWrap(True)
        self._about = muted()
        self._problems = ProblemList(document)
        self._no_parameters = muted("This layer has nothing to set.")
        self._activation = _ActivationSection()
        self._shape = QLabel()
        self._shape.setWordWrap(True)
        self._shape.setObjectName("inspector.shape")
        self._explanation = muted()
        self._explanation.setObjectName("inspector.explanation")
        for label in (self._shape, self._explanation):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        shape_title = section("Shape")
        shape_title.setContentsMargins(0, 8, 0, 0)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        for widget in (self._name, self._refusal, self._about, self._problems, self._no_parameters):
            self._layout.addWidget(widget)
        self._form_place = self._layout.count()
        for widget in (self._activation, shape_title, self._shape, self._explanation):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        self._refusal.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._show_shapes)
        document.problems_changed.connect(self._show_problems)

    @property
    def layer_id(self) -> str:
        return self._layer_id

    @property
    def before_of(self) -> str | None:
        """The layer whose pre-activations can be shown here."""
        layer = self._layer()
        return self._layer_id if layer is not None and hasattr(layer, "activation") else None

    def show_layer(self, layer_id: str) -> None:
        """Show another layer; "" shows none."""
        if layer_id == self._layer_id:
            return
        self._layer_id = layer_id
        self._activation.plot.show_inputs(None)
        self._form_type = None
        self._refusal.hide()
        self._refresh()

    def show_before(self, histogram: Histogram | None, layer_id: str) -> None:
        """What flows into the layer's activation function. Ignored where it is about another layer."""
        if layer_id == self._layer_id and self.before_of is not None:
            self._activation.show_inputs(histogram)

    def set_running(self, running: bool) -> None:
        self._running = running
        if self._form is not None:
            self._form.set_running(running)
        if self._inside is not None:
            self._inside.set_running(running)

    def _layer(self) -> Layer | None:
        block = self._document.project.model.by_id.get(self._layer_id)
        return block.layer if block is not None else None

    def _on_changed(self, before: Project, after: Project) -> None:
        if not self._layer_id:
            return
        if self._layer_id not in after.model.by_id:
            name = renamed(before, after, self._layer_id)
            if name is None:
                self.layer_gone.emit()
                return
            previous, self._layer_id = self._layer_id, name
            self._form_type = None
            self.layer_renamed.emit(previous, name)
        self._refresh()

    def _refresh(self) -> None:
        layer = self._layer()
        if layer is None:
            return
        self._name.show_layer(self._layer_id, layer)
        self._about.setText(layer.about)
        if type(layer) is not self._form_type:
            self._make_form(layer)
        self._activation.show_layer(layer)
        self._show_shapes()
        self._show_problems()

    def _make_form(self, layer: Layer) -> None:
        if self._form is not None:
            retire(self._form)
        self._form = Form(self._document, f"model.{self._layer_id}")
        self._form.set_running(self._running)
        self._form_type = type(layer)
        self._layout.insertWidget(self._form_place, self._form)
        self._form.setVisible(not self._form.empty)
        self._no_parameters.setVisible(self._form.empty)

    def _show_problems(self) -> None:
        path = f"model.{self._layer_id}"
        self._problems.show_problems([each for each in self._document.problems if each.path == path])

    def _show_shapes(self) -> None:
        layer = self._layer()
        if layer is None:
            return
        known = project_shapes(self._document.project, self._document.facts)[self._layer_id]
        self._show_inside(layer, known)
        self._shape.setText(_shape_line(known))
        explanation = layer.explain(*known.inputs) if known.output is not None else _unknown(known)
        # The shape and the number of parameters are two formulas.
        explanation = re.sub(r" · (?=[\d,]+ parameters)", "\n", explanation)
        self._explanation.setText(explanation)
        self._explanation.setVisible(bool(explanation))

    def _show_inside(self, layer: Layer, known: LayerShapes) -> None:
        """The part about what lies inside; made when there is first something inside."""
        if self._inside is None and isinstance(layer, Pretrained):
            # Only here: with downloading it brings half of the modules for the web along.
            from nnplayground.ui.panels.pretrained_section import PretrainedSection

            self._inside = PretrainedSection(self._document)
            self._inside.inner_chosen.connect(self.inner_chosen)
            self._inside.set_running(self._running)
            self._layout.insertWidget(self._layout.indexOf(self._activation), self._inside)
        if self._inside is not None:
            self._inside.show_layer(self._layer_id, layer, known)

    def _on_rename_requested(self, name: str) -> None:
        layer_id = self._layer_id
        try:
            edits.rename_layer(self._document.project, layer_id, name)
        except edits.EditError as problem:
            self._refusal.setText(str(problem))
            self._refusal.show()
            return
        self._refusal.hide()
        self._document.apply(lambda project: edits.rename_layer(project, layer_id, name), f"rename {layer_id}")
        self._name.show_layer(self._layer_id, self._document.project.model.layer(self._layer_id))


def renamed(before: Project, after: Project, layer_id: str) -> str | None:
    """The id that a layer has after an edit that renamed it; None where it was removed."""
    if len(before.model.blocks) != len(after.model.blocks):
        return None
    for old, new in zip(before.model.blocks, after.model.blocks, strict=True):
        if old.id == layer_id:
            return new.id if new.layer == old.layer and new.id not in before.model.by_id else None
    return None


def _shape_line(known: LayerShapes) -> str:
    inputs = " + ".join(_unbroken(shape_text(shape)) for shape in known.inputs)
    output = f"<b>{_unbroken(shape_text(known.output))}</b>" if known.output is not None else "?"
    return f"{inputs}&nbsp; → &nbsp;{output}" if inputs else output


def _unbroken(text: str) -> str:
    return re.sub(r" ", "&nbsp;", text)


def _unknown(known: LayerShapes) -> str:
    if known.problem is not None:
        return "The output has no shape as long as the problem above is there."
    return "The shape is known once there is data and all layers before this one fit."
