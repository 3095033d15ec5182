"""What the maths panel looks at: layer, unit, sample, place, weight. Fields for each, as far as the layer has it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec
from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QComboBox, QSizePolicy, QSpinBox, QWidget

from nnplayground.formulas.steps import Explanation
from nnplayground.formulas.subject import Focus
from nnplayground.ui.widgets.flow import FlowLayout
from nnplayground.ui.widgets.labels import describe

_ARROWS = 1.45
"""Room for arrows and margins of a field, in heights of a line."""

_LAYER_HELP = "Which layer's update to show; the layer selected in the model, at first"


class FocusFields(QWidget):
    """Fields for a focus. They show what they are told, and say what somebody chooses in them."""

    layer_chosen = Signal(str)
    focus_chosen = Signal(object)
    """A Focus."""

    def __init__(self) -> None:
        super().__init__()
        self._focus = Focus("")
        self._layer = QComboBox()
        self._layer.setObjectName("maths.layer")
        self._layer.setProperty("compact", "true")
        self._layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._layer.setMinimumContentsLength(5)
        describe(self._layer, "Layer", _LAYER_HELP)
        self._layer.currentTextChanged.connect(self._on_layer)
        self._unit = _Number("maths.unit", "Unit", "Which unit or filter of the layer to look at")
        self._sample = _Number("maths.sample", "Sample", "Which sample of the minibatch to look at")
        row_help = "Which row of the output to look at; a click on its picture chooses, too"
        self._row = _Number("maths.row", "Row", row_help, tells_count=False)
        column_help = "Which column of the output to look at; a click on its picture chooses, too"
        self._column = _Number("maths.column", "Column", column_help, tells_count=False)
        self._weight = _WeightNumber()
        self._sample.setPrefix("Sample ")
        self._row.setPrefix("row ")
        self._column.setPrefix("col ")
        layout = FlowLayout(self)
        layout.addWidget(self._layer)
        for field in self._numbers:
            layout.addWidget(field)
            field.valueChanged.connect(self._on_changed)
            field.hide()

    @property
    def _numbers(self) -> tuple[_Number, ...]:
        return self._unit, self._sample, self._row, self._column, self._weight

    def show_layers(self, layer_ids: Sequence[str], chosen: str) -> None:
        """Offer these layers."""
        with QSignalBlocker(self._layer):
            if [self._layer.itemText(at) for at in range(self._layer.count())] != list(layer_ids):
                self._layer.clear()
                self._layer.addItems(list(layer_ids))
            self._layer.setCurrentIndex(self._layer.findText(chosen))
            # Long names do not fit into the field.
            self._layer.setToolTip(f"{chosen}\n{_LAYER_HELP}" if chosen else _LAYER_HELP)

    def show_explanation(self, explanation: Explanation | None) -> None:
        """Offer what there is to choose from, and show what is chosen. None: nothing but the layer can be chosen."""
        if explanation is None:
            for field in self._numbers:
                field.hide()
            return
        focus, choices = explanation.focus, explanation.choices
        self._focus = focus
        sides, place = (choices.sides, focus.place) if len(choices.sides) == 2 else ((0, 0), (0, 0))
        self._unit.setPrefix(f"{choices.unit_word} ")
        self._unit.offer(focus.unit, choices.units)
        self._sample.offer(focus.sample, choices.samples)
        self._row.offer(place[0], sides[0])
        self._column.offer(place[1], sides[1])
        if choices.weights:  # The hidden field goes on asking for its text.
            self._weight.label = explanation.weight_label
        else:
            self._weight.label = _unnamed
        self._weight.offer(focus.weight, choices.weights)

    def _on_layer(self, layer_id: str) -> None:
        if layer_id:
            self.layer_chosen.emit(layer_id)

    def _on_changed(self) -> None:
        place = self._focus.place
        if len(place) == 2:
            place = (self._row.value() - 1, self._column.value() - 1)
        focus = msgspec.structs.replace(
            self._focus,
            unit=self._unit.value() - 1,
            sample=self._sample.value() - 1,
            place=place,
            weight=self._weight.value() - 1,
        )
        self.focus_chosen.emit(focus)


class _Number(QSpinBox):
    """A number from 1 on, no wider than it needs to be."""

    def __init__(self, name: str, title: str, help_text: str, *, tells_count: bool = True) -> None:
        """tells_count: writes "/ 10" behind it."""
        super().__init__()
        self._tells_count = tells_count
        self.setObjectName(name)
        self.setProperty("compact", "true")
        self.setMinimum(1)
        self.setKeyboardTracking(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        describe(self, title, help_text)

    def offer(self, index: int, count: int) -> None:
        """Show a number, counted from 0, of so many. Nothing to choose from: nothing to see."""
        with QSignalBlocker(self):
            self.setMaximum(max(count, 1))
            if self._tells_count:
                self.setSuffix(f" / {count:,}")
            self.setValue(index + 1)
        self.setVisible(count > 0)

    def _widest(self) -> str:
        return f"{self.prefix()}{self.maximum()}{self.suffix()}"

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(self._widest()) + round(_ARROWS * metrics.height())
        return QSize(room, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class _WeightNumber(_Number):
    """The number of a weight, shown by its letter: w3, or b for the bias."""

    def __init__(self) -> None:
        self.label: Callable[[int], str] = _unnamed
        help_text = "Which weight of this unit to follow to its new value; b is the bias"
        super().__init__("maths.weight", "Weight", help_text, tells_count=False)

    def _widest(self) -> str:
        return max((self.label(number) for number in (0, max(self.maximum() - 2, 0))), key=len)

    def textFromValue(self, value: int) -> str:
        return self.label(value - 1)

    def valueFromText(self, text: str) -> int:
        """The weight of that name, or of that number."""
        wanted = text.strip()
        if wanted == self.label(self.value() - 1):
            return self.value()
        digits = re.findall(r"\d+", wanted)
        if len(digits) == 1:
            return min(max(int(digits[0]), 1), self.maximum())
        named = (number + 1 for number in reversed(range(self.maximum())) if self.label(number) == wanted)
        return next(named, self.value())

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, at


def _unnamed(number: int) -> str:
    """What a weight is called while nothing is known of it."""
    return f"w{number + 1}"
