"""Fields that hold several values: check boxes for names, a weight for each class, a table of rates.

They behave like the fields of `fields`; what is refused, they take back at once. `body` is what stands below the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import resolved_metrics
from nnplayground.spec.project import Project
from nnplayground.ui.widgets.choice_fields import ChoiceField
from nnplayground.ui.widgets.fields import LineField
from nnplayground.ui.widgets.labels import ElidedLabel, IconButton, clear, muted, retire
from nnplayground.ui.widgets.numbers import OneNumber
from nnplayground.ui.widgets.schema import Number, Range, Several, Table

_OWN = object()
"""What the choice holds where the user gives values of their own."""


class ChecksField(QWidget):
    """Any of several names, each with its check box."""

    wide = True
    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._boxes: dict[str, QCheckBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        for number, name in enumerate(names):
            box = QCheckBox(name)
            box.setAccessibleName(name)
            box.toggled.connect(self._on_toggled)
            self._boxes[name] = box
            grid.addWidget(box, number // 2, number % 2)

    def setObjectName(self, name: Any) -> None:
        super().setObjectName(name)
        for each, box in self._boxes.items():
            box.setObjectName(f"{name}.{each}")

    def show_value(self, value: Sequence[str]) -> None:
        for name, box in self._boxes.items():
            blocked = box.blockSignals(True)
            box.setChecked(name in value)
            box.blockSignals(blocked)

    def _on_toggled(self) -> None:
        self.committed.emit([name for name, box in self._boxes.items() if box.isChecked()], False)


class SeveralField(ChoiceField):
    """A name that stands for itself ("auto"), or names of one's own choice."""

    def __init__(self, kind: Several) -> None:
        super().__init__([*((name, name) for name in kind.instead), ("my choice", _OWN)])
        self._suggestion: tuple[str, ...] = kind.names[:1]
        self.body = ChecksField(kind.names)
        self.body.committed.connect(self.committed)

    def setObjectName(self, name: Any) -> None:
        super().setObjectName(name)
        self.body.setObjectName(name)

    def show_context(self, project: Project, facts: DataFacts | None) -> None:
        if facts is not None:
            self._suggestion = resolved_metrics(project, facts)

    def show_value(self, value: Any) -> None:
        own = not isinstance(value, str)
        super().show_value(_OWN if own else value)
        self.body.setVisible(own)
        if own:
            self.body.show_value(value)

    def _on_index_changed(self, index: int) -> None:
        value = self.itemData(index)
        self.committed.emit(list(self._suggestion) if value is _OWN else value, False)


class WeightsField(ChoiceField):
    """A rule for the weights of classes ("balanced"), or a weight for each class."""

    def __init__(self, kind: Table) -> None:
        super().__init__([*((name, name) for name in kind.instead), ("for each class", _OWN)])
        self._notation = OneNumber(kind.number)
        self._names: tuple[str, ...] = ()
        self._value: Mapping[str, float] = {}
        self._lines: dict[str, LineField] | None = None
        self.body = QWidget()
        self._rows = QGridLayout(self.body)
        self._rows.setContentsMargins(10, 2, 0, 2)
        self._rows.setVerticalSpacing(4)
        self._rows.setColumnStretch(0, 1)

    def show_context(self, project: Project, facts: DataFacts | None) -> None:
        self._names = facts.class_names if facts is not None and facts.target == "classes" else ()

    def show_value(self, value: Any) -> None:
        own = not isinstance(value, str)
        super().show_value(_OWN if own else value)
        self.body.setVisible(own)
        if not own:
            return
        self._value = dict(value)
        names = list(dict.fromkeys((*self._names, *value)))
        lines = self._lines
        if lines is None or names != list(lines):
            lines = self._build(names)
        for name, line in lines.items():
            line.show_value(value.get(name, 1.0))
            line.take_back()

    def _build(self, names: Sequence[str]) -> dict[str, LineField]:
        clear(self._rows)
        self._lines = lines = {}
        if not names:
            self._rows.addWidget(muted("The classes appear here once there is data."), 0, 0, 1, 2)
        for number, name in enumerate(names):
            label = ElidedLabel(name)
            line = LineField(self._notation)
            line.setObjectName(f"{self.objectName()}.{name}")
            line.setAccessibleName(f"Weight of {name}")
            line.setToolTip(f"How much each sample of {name} counts; 1 is normal")
            line.setStatusTip(line.toolTip())
            line.setMaximumWidth(self.fontMetrics().averageCharWidth() * 12)
            line.committed.connect(lambda weight, merge, name=name: self._commit(name, weight, merge))
            line.refused.connect(self.refused)
            self._rows.addWidget(label, number, 0)
            self._rows.addWidget(line, number, 1)
            lines[name] = line
        return lines

    def _commit(self, name: str, weight: float, merge: bool) -> None:
        self.committed.emit({**dict.fromkeys(self._names, 1.0), **self._value, name: weight}, merge)

    def _on_index_changed(self, index: int) -> None:
        value = self.itemData(index)
        self.committed.emit(dict.fromkeys(self._names, 1.0) if value is _OWN else value, False)


class _RateRow(QWidget):
    """An epoch and the rate from then on."""

    changed = Signal(bool)
    refused = Signal(str)
    removed = Signal()

    def __init__(self, number: Number, *, name: str, place: int) -> None:
        super().__init__()
        epochs = Number(whole=True, range=Range(least=1))
        self.epoch = LineField(OneNumber(epochs))
        self.rate = LineField(OneNumber(number, "rate"))
        for line, what in ((self.epoch, "epoch"), (self.rate, "rate")):
            line.setObjectName(f"{name}.{place}.{what}")
            line.setAccessibleName(f"{what.capitalize()} of entry {place + 1}")
            line.committed.connect(lambda value, merge, line=line: self._take(line, value, merge))
            line.refused.connect(self.refused)
        self.epoch.setToolTip("From this epoch on; the first is 1")
        self.rate.setToolTip("The learning rate from then on")
        remove = IconButton("close", "Remove this entry")
        remove.setObjectName(f"{name}.{place}.remove")
        remove.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.epoch, 2)
        layout.addWidget(self.rate, 3)
        layout.addWidget(remove)

    def _take(self, line: LineField, value: Any, merge: bool) -> None:
        line.show_value(value)
        self.changed.emit(merge)


class RatesField(QWidget):
    """Rates by epoch: a table of two columns, sorted by epoch."""

    wide = True
    committed = Signal(object, bool)
    refused = Signal(str)
    left = Signal(bool)

    def __init__(self, kind: Table) -> None:
        super().__init__()
        self._number = kind.number
        self._entries: list[tuple[int, float]] = []
        self._rows: list[_RateRow] = []
        self._suggestion = 0.001
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(muted("From epoch"), 2)
        head.addWidget(muted("Rate"), 4)
        self._add = QPushButton("Add an epoch")
        self._add.setToolTip("Add an epoch from which another rate is used")
        self._add.setStatusTip(self._add.toolTip())
        self._add.clicked.connect(self._on_add_clicked)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self._head)
        self._layout.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_context(self, project: Project, facts: DataFacts | None) -> None:
        self._suggestion = project.training.optimizer.learning_rate

    def show_value(self, value: Mapping[str, float]) -> None:
        self._entries = sorted((int(epoch), rate) for epoch, rate in value.items())
        while len(self._rows) > len(self._entries):
            retire(self._rows.pop())
        while len(self._rows) < len(self._entries):
            row = _RateRow(self._number, name=self.objectName(), place=len(self._rows))
            row.changed.connect(self._on_row_changed)
            row.refused.connect(self.refused)
            row.removed.connect(lambda row=row: self._remove(row))
            self._layout.insertWidget(len(self._rows) + 1, row)
            self._rows.append(row)
        for row, (epoch, rate) in zip(self._rows, self._entries, strict=True):
            for line, shown in ((row.epoch, epoch), (row.rate, rate)):
                line.show_value(shown)
                line.take_back()
        self._head.setVisible(bool(self._rows))

    def _on_row_changed(self, merge: bool) -> None:
        entries = [(int(row.epoch.value), float(row.rate.value)) for row in self._rows]
        epochs = [epoch for epoch, _ in entries]
        twice = next((epoch for epoch in epochs if epochs.count(epoch) > 1 or epoch < 1), None)
        if twice is not None:
            self.refused.emit(str(twice))
        else:
            self._commit(entries, merge)

    def _on_add_clicked(self) -> None:
        epoch, rate = self._entries[-1] if self._entries else (0, self._suggestion)
        self._commit([*self._entries, (epoch + 10, float(f"{rate / 2:.3g}"))], False)

    def _remove(self, row: _RateRow) -> None:
        place = self._rows.index(row)
        self._commit(self._entries[:place] + self._entries[place + 1 :], False)

    def _commit(self, entries: list[tuple[int, float]], merge: bool) -> None:
        self.committed.emit({str(epoch): rate for epoch, rate in sorted(entries)}, merge)
