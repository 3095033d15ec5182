"""One row of a form: title, field, and below them what there is to say about the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.activations import NAMES, activation
from nnplayground.spec.checks import Problem
from nnplayground.spec.paths import ValueProblem, set_value
from nnplayground.spec.project import Project
from nnplayground.training.live import live_values
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.array_field import ArrayField
from nnplayground.ui.widgets.choice_fields import ChoiceField, NumberOrNameField
from nnplayground.ui.widgets.column_fields import ColumnField, ColumnsField
from nnplayground.ui.widgets.compound_fields import ChecksField, RatesField, SeveralField, WeightsField
from nnplayground.ui.widgets.fields import (
    FlagField,
    FolderField,
    LineField,
    WholeField,
    is_invalid,
    mark_invalid,
)
from nnplayground.ui.widgets.labels import describe, muted
from nnplayground.ui.widgets.numbers import OneNumber, PlainText, SeveralNumbers, scale_of
from nnplayground.ui.widgets.offered_text import OfferedText
from nnplayground.ui.widgets.problems import ProblemList
from nnplayground.ui.widgets.schema import (
    Choice,
    Flag,
    Names,
    Number,
    NumberOrName,
    Numbers,
    Parameter,
    Several,
    Table,
    Tagged,
    Text,
)

Field: TypeAlias = (
    LineField
    | WholeField
    | ChoiceField
    | NumberOrNameField
    | FlagField
    | FolderField
    | OfferedText
    | ChecksField
    | SeveralField
    | WeightsField
    | RatesField
    | ArrayField
    | ColumnField
    | ColumnsField
)

FIELD_CHARACTERS = 18
"""Width of the column of fields, in average characters of the font."""
_CHOICE_MARGINS = 36
_WIDEST_CHOICE = 1.6
_TITLE_GAP = 10
_NARROWEST_ROW = 90
_NARROWEST_FIELD = 48
_FIELD_MARGINS = 13
"""Pixels around the text of a field: those of the style sheet, for all kinds of fields alike."""

_OFFERS: Mapping[str, Mapping[str, str]] = {
    "weights": {
        "imagenet": "Learned from the photographs of ImageNet",
        "none": "Random: nothing has been learned yet",
    },
    "trainable": {"frozen": "Training leaves the network as it is", "all": "Training changes every layer"},
}
"""By parameter of a layer: texts that are usual for it."""
_FOLDERS = frozenset({"dataset.folder"})
_FILES = frozenset({"dataset.file"})
_EITHER = frozenset({"dataset.split.validation", "dataset.split.test"})
_COLUMNS = frozenset({
    "dataset.text_column", "dataset.label_column", "dataset.source_column", "dataset.target_column", "dataset.target",
})  # fmt: skip


def make_field(parameter: Parameter, path: str, *, from_file: Callable[[], bool] = lambda: False) -> Field:
    """The field for a parameter without parameters of its own. from_file: whether the data lies in a file."""
    kind = parameter.kind
    match kind:
        case Number(whole=True, optional=False):
            return WholeField(kind)
        case Number():
            return LineField(OneNumber(kind, scale_of(parameter.name)), placeholder="not set")
        case Numbers():
            return LineField(SeveralNumbers(kind), placeholder="not set")
        case NumberOrName():
            return NumberOrNameField(kind)
        case Choice():
            return ChoiceField([(name, name) for name in kind.names])
        case Flag():
            return FlagField()
        case Several(instead=()):
            return ChecksField(kind.names)
        case Several():
            return SeveralField(kind)
        case Table(instead=()):
            return RatesField(kind)
        case Table():
            return WeightsField(kind)
        case Text(optional=False) if path.startswith("model.") and parameter.name in _OFFERS:
            return OfferedText(_OFFERS[parameter.name], title=parameter.title)
        case Text(optional=True) if path.startswith("model.") and parameter.name == "source":
            return ArrayField()
        case Names():
            return ColumnsField()
        case Text(optional=False) if path in _COLUMNS:
            return ColumnField()
        case Text(optional=False) if path in _FOLDERS | _FILES | _EITHER:
            file = from_file if path in _EITHER else (lambda: path in _FILES)
            return FolderField(PlainText(), title=parameter.title, file=file)
        case Text():
            return LineField(PlainText(kind.optional), placeholder="not set" if kind.optional else "")
        case _:
            raise TypeError(f"{kind} has parameters of its own.")


def tagged_items(kind: Tagged) -> tuple[list[tuple[str, Any]], list[str]]:
    """The items of the choice for a tagged kind, and the help of each.

    The value of an item is what an edit takes: None, a bare name, or the type with its defaults.
    """
    items: list[tuple[str, Any]] = [("none", None)] if kind.optional else []
    items += [(name, {"type": name} if name in kind.structs else name) for name in kind.names]
    items += [(tag, {"type": tag}) for tag in kind.structs if tag not in kind.names]
    return items, [_help(kind, text) for text, _ in items]


def _help(kind: Tagged, name: str) -> str:
    if name in NAMES:
        return activation(name).about
    if name in LAYER_TYPES:
        return LAYER_TYPES[name].about
    struct = kind.structs.get(name)
    return (struct.__doc__ or "") if struct is not None else ""


class Row(QWidget):
    """A parameter and its field. What the user enters goes into the document, unless it does not fit there."""

    def __init__(self, document: Document, parameter: Parameter, path: str, *, field: QWidget | None) -> None:
        """field: a Field, or None where the row has only a title."""
        super().__init__()
        # So that a row can become narrower than its field is now; the field follows in resizeEvent.
        self.setMinimumWidth(_NARROWEST_ROW)
        self.path = path
        self.parameter = parameter
        self._document = document
        self._field: Any = field
        self._target: Any = getattr(field, "line", field)
        self._value: Any = None
        self._running = False
        self._words = parameter.title.split()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(3)
        self._title = QLabel(parameter.title)
        self._title.setWordWrap(True)
        self._remarks: dict[str, QLabel] = {}
        self._remarks_place = QVBoxLayout()
        self._remarks_place.setSpacing(3)
        self._problems: ProblemList | None = None
        self._lay_out()
        if field is not None:
            field.setObjectName(f"field.{path}")
            describe(self._target, parameter.title, parameter.help())
            self._title.setBuddy(self._target)
            self._title.setToolTip(parameter.help())
            self._field.committed.connect(self._on_committed)
            self._field.refused.connect(self._on_refused)
            self._field.left.connect(self._on_left)

    def show_value(self, value: Any) -> None:
        """Show the document's value."""
        self._value = value
        if self._field is not None:
            self._field.show_value(self.field_value(value))
            self._set_widths()
        if not self.refused:
            self._remark("refusal", "")

    def field_value(self, value: Any) -> Any:
        """What the field shows for a value."""
        return value

    def edited(self, project: Project, value: Any) -> Project:
        """The project with another value. Raises ValueProblem where it does not fit."""
        return set_value(project, self.path, value)

    def store(self, value: Any, merge: bool) -> bool:
        """Put a value that fits into the document. False where that changes nothing."""
        return self._document.set_value(self.path, value, merge=merge)

    def align_with(self, titles: Sequence[str]) -> None:
        """Leave as much room for the title as those of other rows need, so that their fields stand in one column."""
        self._words = " ".join(titles).split()
        self._set_widths()

    def show_note(self, text: str) -> None:
        """Say something about the value below the field; nothing, where the text is empty."""
        self._remark("note", text)

    def show_context(self) -> None:
        """The data, or something else in the project that the field speaks of, has changed."""
        if isinstance(self._field, SeveralField | WeightsField | RatesField | ArrayField):
            self._field.show_context(self._document.project, self._document.facts)
            self._field.show_value(self.field_value(self._value))

    def show_problems(self, problems: Mapping[str, Sequence[Problem]]) -> None:
        """problems: by path."""
        found = problems.get(self.path, ())
        if self._problems is None and found:
            self._problems = ProblemList(self._document)
            self._remarks_place.addWidget(self._problems)
        if self._problems is not None:
            self._problems.show_problems(found)

    def set_running(self, running: bool) -> None:
        self._running = running
        if not running:
            self._remark("hint", "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_widths()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._set_widths()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(_TITLE_GAP - 2)
        line.addWidget(self._title, 1)
        if self._field is not None and not getattr(self._field, "wide", False):
            line.addWidget(self._field)
        self.column.addLayout(line)
        if self._field is not None and getattr(self._field, "wide", False):
            self.column.addWidget(self._field)
        body = getattr(self._field, "body", None)
        if body is not None:
            self.column.addWidget(body)
        self.column.addLayout(self._remarks_place)
        self._set_widths()

    def _remark(self, kind: str, text: str) -> None:
        """Say something below the field: a "note", a "refusal" or a "hint"; nothing, where the text is empty.

        Labels are made when there is something to say: most rows never have anything.
        """
        label = self._remarks.get(kind)
        if label is None:
            if not text:
                return
            label = muted()
            label.setObjectName(f"{kind}.{self.path}")
            if kind == "refusal":
                label.setProperty("severity", "error")
            self._remarks[kind] = label
            self._remarks_place.insertWidget(len(self._remarks) - 1, label)
        label.setText(text)
        label.setVisible(bool(text))

    def _set_widths(self) -> None:
        if self._field is None or getattr(self._field, "wide", False):
            return
        metrics = self.fontMetrics()
        column = metrics.averageCharWidth() * FIELD_CHARACTERS
        longest = max(map(metrics.horizontalAdvance, self._words))
        room = max(self.width() - longest - _TITLE_GAP, _NARROWEST_FIELD)
        width = min(column, room)
        if isinstance(self._field, ChoiceField):
            # Keras' names are long, and a name that is cut off cannot be told from another one.
            needed = metrics.horizontalAdvance(self._field.currentText()) + _CHOICE_MARGINS
            width = min(max(width, needed), round(column * _WIDEST_CHOICE), room)
        self._field.setFixedWidth(width)
        if not isinstance(self._field, FlagField):
            self._field.setFixedHeight(metrics.height() + _FIELD_MARGINS)

    def _on_committed(self, value: Any, merge: bool) -> None:
        try:
            self.edited(self._document.project, value)
        except ValueProblem as problem:
            self._refuse(self._sentence(value, str(problem)))
            return
        self._remark("refusal", "")
        if self.store(value, merge):
            live = self.path in live_values(self._document.project)
            self._remark("hint", "Takes effect at the next run." if self._running and not live else "")
        elif hasattr(self._target, "take_back"):
            # The same value in other words, such as 0.10.
            self._target.take_back()

    def _on_refused(self, text: str) -> None:
        self._refuse(self._sentence(text, ""))

    def _on_left(self, fresh: bool) -> None:
        self._target.take_back()
        if not fresh:
            self._remark("refusal", "")

    def _refuse(self, sentence: str) -> None:
        self._remark("refusal", sentence)
        if hasattr(self._target, "take_back"):
            mark_invalid(self._target, True)
        else:
            self._field.show_value(self.field_value(self._value))

    def _sentence(self, value: Any, problem: str) -> str:
        """Why a value was refused. problem: what the document says about it, empty where it was not even asked."""
        title, kind = self.parameter.title, self.parameter.kind
        shown = f"“{value}”" if isinstance(value, str) else str(value)
        if isinstance(value, list | tuple):
            shown = " × ".join(map(str, value))
        match kind:
            case Number() | Numbers():
                return f"{title} must be {kind.words()}, got {shown or 'nothing'}."
            case NumberOrName():
                return f"{title} must be {kind.number.words()} or {' or '.join(kind.names)}, got {shown}."
            case Several():
                return f"{title}: keep at least one of them."
            case Table(instead=()) if not problem:
                return (
                    f"{title} need whole epochs from 1 on, each of them once, and rates that are numbers; got {shown}."
                )
            case Table() if not problem:
                return f"{title} must be {kind.number.words()}, got {shown}."
        return problem.replace(self.path, title, 1)

    @property
    def refused(self) -> bool:
        """Whether the field shows something that the document has refused."""
        return self._target is not None and is_invalid(self._target)
