"""A layer that reads a sequence: its output, states and gates, and where its attention looks, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from nnplayground.samples import Array
from nnplayground.ui.widgets.color_scale import ColorScale
from nnplayground.ui.widgets.colormaps import Kind
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.numbers import short_number
from nnplayground.ui.widgets.step_map import StepMap

_TITLES = {
    "output": "output",
    "hidden": "hidden state",
    "cell": "cell",
    "input_gate": "input gate",
    "forget_gate": "forget gate",
    "output_gate": "output gate",
    "update_gate": "update gate",
    "reset_gate": "reset gate",
    "candidate": "candidate",
    "heads": "mean of the heads",
}
_HELP = {
    "output": "What the layer gives out at each step",
    "hidden": "What the layer carries from step to step, and shows",
    "cell": "The memory of an LSTM, of which the hidden state shows a part",
    "input_gate": "How much of the candidate is written into the cell, from 0 to 1",
    "forget_gate": "How much of the cell is kept, from 0 to 1",
    "output_gate": "How much of the cell is shown, from 0 to 1",
    "update_gate": "How much of the old state is kept, from 0 to 1",
    "reset_gate": "How much of the old state the candidate sees, from 0 to 1",
    "candidate": "What may become part of the state",
    "heads": "How much each step takes from each place that it looks at, as the mean of all heads",
}
_HEAD = "head_"
_LOOKS = "How much each step (a row) takes from each place that it looks at (a column); each row sums to 1"
_DIRECTIONS = (("forward", "forwards"), ("backward", "backwards"))


class SequenceView(QWidget):
    """Choices of what to see and of the direction, and the map of it. They stay from snapshot to snapshot."""

    described = Signal(str)

    def __init__(self, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Mapping[str, Array] = {}
        self._tokens: tuple[str, ...] = ()
        self._looked_at: tuple[str, ...] = ()
        self._wanted = "hidden"
        self._part = _choice(f"{name}.part", "State or gate", "Which state or gate of the layer is shown")
        self._direction = _choice(f"{name}.direction", "Direction", "Which of the two directions is shown")
        self._part.activated.connect(self._on_part_chosen)
        self._direction.activated.connect(lambda row: self._show())
        for key, title in _DIRECTIONS:
            self._direction.addItem(title, key)
        self.map = StepMap()
        self.map.setObjectName(f"{name}.steps")
        self.map.setAccessibleName("Values of the units, step by step")
        self.map.setStatusTip("Point at a value, or move with the arrow keys, to read it")
        self.map.described.connect(self.described)
        self._scales = {kind: ColorScale(kind) for kind in ("diverging", "sequential")}
        choices = QHBoxLayout()
        choices.setSpacing(4)
        choices.addWidget(self._part, 3)
        choices.addWidget(self._direction, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(choices)
        layout.addWidget(self.map, 1)
        for scale in self._scales.values():
            layout.addWidget(scale)

    def show_steps(
        self, output: Array, gates: Mapping[str, Array], tokens: Sequence[str], looked_at: Sequence[str] = ()
    ) -> None:
        """output: the layer's output, (steps, units) or only the last (units,); gates: by name, (steps, units) each, or
        of the heads of attention, (steps, places); tokens: what is read at each step, "" for padding, empty where it is
        no text; looked_at: the same for places.
        """
        values = dict(gates)
        heads = [array for name, array in values.items() if name.startswith(_HEAD)]
        if len(heads) > 1:
            values = {"heads": np.mean(heads, axis=0), **values}
        if output.ndim == 2 and not any(name in values for name in ("hidden", "forward_hidden")):
            values["output"] = output
        self._values, self._tokens, self._looked_at = values, tuple(tokens), tuple(looked_at)
        self._offer()
        self._show()

    def summary(self) -> str:
        """One line about what is shown."""
        found = self._found()
        if found is None:
            return ""
        values, labels = _without_padding(found, self._tokens)
        left_out = len(found) - len(values)
        padding = f" · {left_out:,} of padding left out" if left_out else ""
        if self._attends:
            places = _without_padding(found.T, self._looked_at)[1]
            return f"{len(labels):,} steps look at {len(places):,} places{padding}"
        return f"{len(values):,} steps × {values.shape[1]:,} units{padding}"

    def _offer(self) -> None:
        """The choices that there are; what was chosen stays chosen where it is among them."""
        both = any(name.startswith("forward_") for name in self._values)
        names = dict.fromkeys(_bare(name) for name in self._values)
        if list(names) != [self._part.itemData(row) for row in range(self._part.count())]:
            self._part.clear()
            for name in names:
                head = name.removeprefix(_HEAD) if name.startswith(_HEAD) else ""
                self._part.addItem(f"attention, head {head}" if head else _TITLES[name], name)
                self._part.setItemData(
                    self._part.count() - 1, _LOOKS if head else _HELP[name], Qt.ItemDataRole.ToolTipRole
                )
            self._part.setCurrentIndex(max(0, self._part.findData(self._wanted)))
        self._part.setVisible(len(names) > 1)
        self._direction.setVisible(both)

    def _found(self) -> Array | None:
        part = self._part.currentData()
        return self._values.get(f"{self._direction.currentData()}_{part}", self._values.get(part))

    @property
    def _attends(self) -> bool:
        """Whether the columns are places that are looked at, not units."""
        return str(self._part.currentData()).startswith(("heads", _HEAD))

    def _show(self) -> None:
        found = self._found()
        if found is None:
            return
        values, labels = _without_padding(found, self._tokens)
        columns: list[str] = []
        if self._attends:
            across, columns = _without_padding(values.T, self._looked_at)
            values = across.T
        part = str(self._part.currentData())
        low, high = _limits(values, part)
        kind: Kind = "sequential" if low >= 0 else "diverging"
        for name, scale in self._scales.items():
            scale.setVisible(name == kind)
        self._scales[kind].set_ends(short_number(low), short_number(high))
        self.map.show_values(values, labels, kind=kind, limits=(low, high), columns=columns)

    def _on_part_chosen(self, row: int) -> None:
        self._wanted = str(self._part.itemData(row))
        self._show()


def _bare(name: str) -> str:
    """Without the direction."""
    for key, _ in _DIRECTIONS:
        name = name.removeprefix(f"{key}_")
    return name


def _without_padding(values: Array, tokens: Sequence[str]) -> tuple[Array, list[str]]:
    """(the steps that are not padding at the end, their names)."""
    if len(tokens) != len(values):
        return values, [str(number) for number in range(1, len(values) + 1)]
    last = max((place for place, token in enumerate(tokens) if token), default=len(values) - 1)
    return values[: last + 1], list(tokens[: last + 1])


def _limits(values: Array, part: str) -> tuple[float, float]:
    """The values at the ends of the colours: of gates always 0 and 1, else symmetric about 0 by what is there."""
    if part.endswith("_gate"):
        return 0.0, 1.0
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 1.0
    low, reach = float(finite.min()), float(np.abs(finite).max()) or 1.0
    return (0.0, reach) if low >= 0 else (-reach, reach)


def _choice(name: str, title: str, help_text: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    describe(box, title, help_text)
    box.setMinimumContentsLength(1)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box
