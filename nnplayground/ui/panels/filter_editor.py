"""A filter's numbers by hand: type them, or begin with an edge detector, and watch what the layer sees then."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from nnplayground.samples import Array
from nnplayground.ui.widgets.labels import describe, muted

LARGEST = 7
"""Filters up to this side are edited number by number."""

_THREES: dict[str, tuple[tuple[float, ...], ...]] = {
    "Vertical edges": ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
    "Horizontal edges": ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
    "Outlines": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "Sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "Blur": ((1 / 9,) * 3,) * 3,
}
_COLOURS = ("red", "green", "blue")
_WIDEST = "-10.0000"
"""Longer numbers are rare; they are scrolled in their fields."""
_AROUND_NUMBER = 40
"""Pixels for the frame of a field and its arrows."""


def ready_made(name: str, height: int, width: int) -> Array:
    """(height, width) float32: a well-known 3 × 3 filter in the middle of a larger one, or zeros."""
    values = np.zeros((height, width), np.float32)
    if name in _THREES and height >= 3 and width >= 3:
        top, left = (height - 3) // 2, (width - 3) // 2
        values[top : top + 3, left : left + 3] = _THREES[name]
    return values


class FilterEditor(QDialog):
    """One filter of a kernel, channel by channel. Every number takes effect at once, and can be undone."""

    edited = Signal(object)
    """(height, width, channels) float32: the whole filter as it is to be."""

    def __init__(self, title: str, filter_values: Array, channel: int | None, parent: QWidget) -> None:
        """filter_values: (height, width, channels). channel: the one to begin with."""
        super().__init__(parent)
        self.setObjectName("weights.filter_editor")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._values = filter_values.astype(np.float32)
        self._cells: list[QDoubleSpinBox] = []
        self._channel = QComboBox()
        self._channel.setObjectName("weights.filter_editor.channel")
        self._others = QCheckBox("0 in the other channels")
        self._others.setObjectName("weights.filter_editor.only")
        self._ready_made = QComboBox()
        self._ready_made.setObjectName("weights.filter_editor.ready_made")
        self._build(channel or 0)
        self._show_channel()

    def _build(self, channel: int) -> None:
        height, width, channels = self._values.shape
        for number in range(channels):
            name = f" ({_COLOURS[number]})" if channels == 3 else ""
            self._channel.addItem(f"Channel {number + 1}{name}", number)
        self._channel.setCurrentIndex(channel)
        self._channel.currentIndexChanged.connect(self._show_channel)
        describe(self._channel, "Channel", "The input channel whose part of the filter is edited.")
        self._ready_made.addItem("Ready-made…")
        if min(height, width) >= 3:
            self._ready_made.addItems(list(_THREES))
        self._ready_made.addItem("Zeros")
        self._ready_made.activated.connect(self._on_ready_made)
        describe(self._ready_made, "Ready-made filters", "Put a well-known filter into this channel.")
        self._others.setVisible(channels > 1)
        describe(
            self._others, "0 in the other channels", "A ready-made filter then looks at this channel and no other."
        )
        self._others.setChecked(True)
        grid = QGridLayout()
        grid.setSpacing(4)
        for row in range(height):
            for column in range(width):
                cell = QDoubleSpinBox()
                cell.setObjectName(f"weights.filter_editor.{row}.{column}")
                cell.setLocale(QLocale.c())
                cell.setDecimals(4)
                cell.setRange(-1000, 1000)
                cell.setSingleStep(0.1)
                cell.setKeyboardTracking(False)
                cell.setFixedWidth(cell.fontMetrics().horizontalAdvance(_WIDEST) + _AROUND_NUMBER)
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setAccessibleName(f"Row {row + 1}, column {column + 1}")
                cell.valueChanged.connect(lambda value, place=(row, column): self._on_typed(place, value))
                self._cells.append(cell)
                grid.addWidget(cell, row, column)
        top = QHBoxLayout()
        top.addWidget(self._channel)
        top.addWidget(self._ready_made)
        top.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self._others)
        layout.addLayout(grid)
        layout.addWidget(
            muted("The picture in Activations follows at once. Training goes on from these numbers and changes them.")
        )

    @property
    def _shown(self) -> int:
        return int(self._channel.currentData())

    def _show_channel(self) -> None:
        for cell, value in zip(self._cells, self._values[:, :, self._shown].ravel(), strict=True):
            typing = cell.hasFocus() and cell.lineEdit().isModified()
            if not typing and (not cell.hasFocus() or abs(cell.value() - float(value)) > 1e-4):
                blocked = cell.blockSignals(True)
                cell.setValue(float(value))
                cell.blockSignals(blocked)

    def show_values(self, filter_values: Array) -> None:
        """The filter as it is now in the model; what is being typed stays."""
        if filter_values.shape != self._values.shape:
            self.close()
            return
        self._values = filter_values.astype(np.float32)
        self._show_channel()

    def _on_typed(self, place: tuple[int, int], value: float) -> None:
        """Of the other numbers, fields show but a few digits, and none beyond their range: these stay as they are."""
        self._values[*place, self._shown] = value
        self.edited.emit(self._values.copy())

    def _on_ready_made(self, place: int) -> None:
        if place == 0:
            return
        height, width, channels = self._values.shape
        values: Any = np.zeros_like(self._values) if self._others.isChecked() or channels == 1 else self._values.copy()
        values[:, :, self._shown] = ready_made(self._ready_made.itemText(place), height, width)
        self._ready_made.setCurrentIndex(0)
        self._values = values
        self._show_channel()
        self.edited.emit(values.copy())
