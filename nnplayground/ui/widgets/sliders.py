"""Sliders beside the number they stand for, as fields of a form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QStyle, QStyleOptionSlider, QWidget

from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.fields import LineField
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.numbers import Notation
from nnplayground.ui.widgets.rows import Row
from nnplayground.ui.widgets.schema import Parameter

_GAP = 6
_LINE_MARGINS = 22
_LEAST_SLIDER = 30


class SliderScale(Protocol):
    """The places of a slider, from 0 to `last`, and the values they stand for."""

    @property
    def last(self) -> int: ...

    def place(self, value: float) -> int:
        """The place next to a value."""
        ...

    def value(self, place: int) -> Any: ...


class EvenScale(msgspec.Struct, frozen=True):
    """Equal steps. decimals: of the values; 0: they are whole numbers."""

    least: float
    most: float
    step: float
    decimals: int = 0

    @property
    def last(self) -> int:
        return round((self.most - self.least) / self.step)

    def place(self, value: float) -> int:
        return round((value - self.least) / self.step)

    def value(self, place: int) -> float:
        value = self.least + place * self.step
        return round(value, self.decimals) if self.decimals else round(value)


class CountScale(msgspec.Struct, frozen=True):
    """Whole numbers, each place larger than the one before by the same share, rounded to two figures."""

    least: int
    most: int

    @property
    def last(self) -> int:
        return 100

    def place(self, value: float) -> int:
        return round(self.last * math.log(max(value, self.least) / self.least) / math.log(self.most / self.least))

    def value(self, place: int) -> int:
        exact = self.least * (self.most / self.least) ** (place / self.last)
        size = 10 ** max(0, math.floor(math.log10(exact)) - 1)
        return min(max(round(exact / size) * size, self.least), self.most)


class Slider(QSlider):
    """Goes to where it is clicked. The wheel scrolls the form, not the slider, unless the slider has the focus."""

    seized = Signal()
    """The user takes hold of it, by mouse or keyboard: what follows is one movement."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_LEAST_SLIDER)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.seized.emit()
        if event.button() == Qt.MouseButton.LeftButton:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl
            handle = self.style().subControlRect(control, option, part.SC_SliderHandle, self)
            groove = self.style().subControlRect(control, option, part.SC_SliderGroove, self)
            if not handle.contains(event.position().toPoint()):
                place = round(event.position().x()) - groove.x() - handle.width() // 2
                span = groove.width() - handle.width()
                self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, span))
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.seized.emit()
        super().focusInEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SliderField(QWidget):
    """A slider and the number itself, which can also be typed. See `fields`.

    movement: counts how often the user has begun to move it; what belongs to one movement is undone in one step.
    """

    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, notation: Notation, scale: SliderScale, *, widest: Sequence[str], step: int) -> None:
        """widest: texts that must fit, so that sliders below each other are equally long. step: places that an arrow
        key moves the slider.
        """
        super().__init__()
        self.movement = 0
        self._scale = scale
        self._widest = widest
        self.slider = Slider()
        self.slider.setRange(0, scale.last)
        self.slider.setSingleStep(step)
        self.slider.setPageStep(4 * step)
        self.slider.seized.connect(self._on_seized)
        self.slider.valueChanged.connect(lambda place: self.committed.emit(scale.value(place), True))
        self.line = LineField(notation)
        self.line.committed.connect(self.committed)
        self.line.refused.connect(self.refused)
        self.line.left.connect(self.left)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_GAP)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.line)

    def setObjectName(self, name: Any) -> None:
        """The line that holds the number is what a program looks for."""
        self.line.setObjectName(name)
        self.slider.setObjectName(f"{name}.slider")

    def show_value(self, value: float) -> None:
        self.line.show_value(value)
        # The handle in the user's hand stays where it is held.
        if not self.slider.isSliderDown():
            blocked = self.slider.blockSignals(True)
            self.slider.setValue(self._scale.place(value))
            self.slider.blockSignals(blocked)

    def fit(self) -> None:
        """Give the number the room that it needs in the present font."""
        metrics = self.line.fontMetrics()
        self.line.setFixedWidth(max(map(metrics.horizontalAdvance, self._widest)) + _LINE_MARGINS)

    def _on_seized(self) -> None:
        self.movement += 1


class SliderRow(Row):
    """A parameter with a slider. Each movement is one step of undo."""

    def __init__(self, document: Document, parameter: Parameter, path: str, *, field: SliderField) -> None:
        super().__init__(document, parameter, path, field=field)
        self._slider_field = field
        describe(field.slider, parameter.title, parameter.help())
        self._set_widths()

    def store(self, value: Any, merge: bool) -> bool:
        def edit(project: Project) -> Project:
            return self.edited(project, value)

        key = f"{self.path} {self._slider_field.movement}" if merge else ""
        return self._document.apply(edit, f"change of {self.parameter.title.lower()}", merge_key=key)

    def _set_widths(self) -> None:
        super()._set_widths()
        self._field.fit()
