"""The output of one layer for one sample, in the way that fits its shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from nnplayground.samples import Array
from nnplayground.training.events import SamplePrediction
from nnplayground.ui.widgets.bars import ClassBars, UnitBars, class_bars, small_font
from nnplayground.ui.widgets.color_scale import ColorScale
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.feature_maps import FeatureMaps
from nnplayground.ui.widgets.labels import ElidedLabel
from nnplayground.ui.widgets.numbers import short_number

if TYPE_CHECKING:
    from nnplayground.ui.widgets.sequence_view import SequenceView


class LayerOutput(QWidget):
    """Feature maps, bars of units, or classes with their probabilities; below, what the mouse points at."""

    enlarged_changed = Signal(bool)
    """One feature map is shown alone, or all of them again."""

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        """name: of the panel, the beginning of object names."""
        super().__init__(parent)
        self.maps = FeatureMaps()
        self.maps.setObjectName(f"{name}.maps")
        self.maps.setAccessibleName("Feature maps")
        self.maps.setStatusTip("Click a map, or press Enter, to see it large; press Escape to go back")
        self._units = UnitBars()
        self._units.setObjectName(f"{name}.units")
        self._units.setAccessibleName("Values of the units")
        self._classes = ClassBars()
        self._classes.setObjectName(f"{name}.classes")
        self._classes.setAccessibleName("Probabilities of the classes")
        self._empty = EmptyState("image")
        self.views = QStackedWidget()
        self._name = name
        self._sequence: SequenceView | None = None
        for widget in (self._empty, self.maps, self._units, self._classes):
            self.views.addWidget(widget)

        self._description = ElidedLabel()
        self._description.setObjectName(f"{name}.description")
        self._description.setProperty("muted", "true")
        self._description.setFont(small_font(self.font()))
        self._colors = ColorScale("sequential")
        self._same_scale = QCheckBox("Same scale")
        self._same_scale.setObjectName(f"{name}.same_scale")
        explanation = "Colour all maps by one scale, so that strong ones can be told from weak ones"
        self._same_scale.setToolTip(explanation)
        self._same_scale.setStatusTip(explanation)
        self._same_scale.toggled.connect(lambda on: self.maps.set_scale("layer" if on else "map"))
        self._legend = QWidget()
        legend = QHBoxLayout(self._legend)
        legend.setContentsMargins(0, 0, 0, 0)
        legend.setSpacing(10)
        legend.addWidget(self._colors, 1)
        legend.addWidget(self._same_scale)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.views, 1)
        layout.addWidget(self._description)
        layout.addWidget(self._legend)
        self.maps.view_changed.connect(self._on_maps_changed)
        for view in (self.maps, self._units, self._classes):
            view.described.connect(self._describe)
        self.say("")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._description.setFont(small_font(self.font()))

    def say(self, text: str) -> None:
        """A sentence in the place of values."""
        self.views.setEnabled(True)
        self._empty.say(text)
        self._switch_to(self._empty)

    def wait(self) -> None:
        """What is shown belongs to another sample or layer: it turns pale until the next values come."""
        self.views.setEnabled(False)

    def show_values(
        self, values: Array, *, prediction: SamplePrediction | None = None, class_names: Sequence[str] = ()
    ) -> None:
        """values: the layer's output without the batch, of any shape. Those of the output layer get class names."""
        self.views.setEnabled(True)
        if prediction is not None and class_names and _is_output(values, prediction):
            self._classes.show_bars(class_bars(prediction.values, class_names, label=int(prediction.label)))
            self._switch_to(self._classes)
        elif values.ndim == 1:
            self._units.show_values(values)
            self._switch_to(self._units)
        elif values.ndim in (2, 3) and values.size:
            self.maps.show_maps(values if values.ndim == 3 else values[:, :, None])
            self._switch_to(self.maps)
        else:
            self.say(f"There is no picture for an output of the shape {_shape(values)}.")

    def show_steps(
        self, output: Array, gates: Mapping[str, Array], tokens: Sequence[str], looked_at: Sequence[str] = ()
    ) -> None:
        """A layer that reads a sequence, see `SequenceView.show_steps`."""
        self.views.setEnabled(True)
        if self._sequence is None:
            from nnplayground.ui.widgets.sequence_view import SequenceView

            self._sequence = SequenceView(name=self._name)
            self._sequence.described.connect(self._describe)
            self.views.addWidget(self._sequence)
        self._sequence.show_steps(output, gates, tokens, looked_at)
        self._switch_to(self._sequence)
        self._sequence.map.tell()

    def _switch_to(self, view: QWidget) -> None:
        self.views.setCurrentWidget(view)
        self._legend.setVisible(view is self.maps)
        self._description.setVisible(view is not self._empty)
        if view is not self.maps and self.maps.enlarged is not None:
            self.maps.enlarge(None)
        if isinstance(view, FeatureMaps | UnitBars | ClassBars):
            view.tell()

    def _describe(self, text: str) -> None:
        text = text or self._summary()
        self._description.show_text(text)

    def _summary(self) -> str:
        current = self.views.currentWidget()
        if current is self._units:
            return self._units.summary()
        if self._sequence is not None and current is self._sequence:
            return self._sequence.summary()
        if current is not self.maps:
            return ""
        stack, visible = self.maps.stack, self.maps.fully_visible()
        count, zero = stack.count, stack.zero_count
        words = f"{visible} of {count} maps" if 0 < visible < count else f"{count} {'map' if count == 1 else 'maps'}"
        return f"{words} · {zero} all zero" if zero else words

    def _on_maps_changed(self) -> None:
        low, high = self.maps.limits
        alone = self.maps.enlarged is not None
        if self._same_scale.isChecked() or alone:
            self._colors.set_ends(short_number(low), short_number(high))
        else:
            self._colors.set_ends("least", "most")
        self._same_scale.setVisible(not alone)
        self.enlarged_changed.emit(alone)


def _is_output(values: Array, prediction: SamplePrediction) -> bool:
    return values.shape == prediction.values.shape and np.allclose(values, prediction.values, atol=1e-5, equal_nan=True)


def _shape(values: Array) -> str:
    return " × ".join(str(size) for size in values.shape) or "()"
