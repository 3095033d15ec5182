"""Forms made from the table: a field for every parameter of a struct in the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from nnplayground.layers.activations import Elu, LeakyRelu
from nnplayground.spec.checks import Problem
from nnplayground.spec.paths import ValueProblem, field_value, get_value
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.choice_fields import ChoiceField, NumberOrNameField
from nnplayground.ui.widgets.fields import FlagField, LineField, WholeField
from nnplayground.ui.widgets.labels import Disclosure, IconButton, clear, describe, muted, retire
from nnplayground.ui.widgets.rows import Row, make_field, tagged_items
from nnplayground.ui.widgets.schema import Inside, ListOf, Parameter, Tagged, parameters, tag_of

_KERAS_DEFAULTS: dict[str, msgspec.Struct] = {"leaky_relu": LeakyRelu(negative_slope=0.2), "elu": Elu(alpha=1.0)}
"""What a bare name means where the same thing also exists with parameters."""

_RARELY_CHANGED = frozenset({"beta_1", "beta_2", "epsilon", "rho", "centered", "initial_accumulator_value"})
_INDENT = 12


def commit_pending() -> None:
    """Commit what is being typed in the field that has the focus, if anything. For whoever reads the document on a
    shortcut or a click that leaves the focus where it is."""
    widget = QApplication.focusWidget()
    while widget is not None and not isinstance(widget, LineField | WholeField | NumberOrNameField):
        widget = widget.parentWidget()
    if widget is not None:
        widget.commit()


class Form(QWidget):
    """Fields for the struct at a path of the document, in both directions."""

    def __init__(self, document: Document, prefix: str, *, names: Sequence[str] | None = None) -> None:
        """prefix: "model.<layer id>", "training" or "dataset". names: only these parameters, in this order."""
        super().__init__()
        self._document = document
        self._prefix = prefix
        self._names = names
        self._rows = Rows(document, prefix)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._rows)
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._rows.show_context)
        document.problems_changed.connect(self._on_problems_changed)
        self._on_changed()

    @property
    def empty(self) -> bool:
        """There is nothing to set."""
        return not self._rows.rows

    def row(self, path: str) -> Row:
        """The row of a path. Raises KeyError."""
        found = self._rows.row(path)
        if found is None:
            raise KeyError(path)
        return found

    def set_running(self, running: bool) -> None:
        """Whether a run is under way; then what does not take effect at once says so."""
        self._rows.set_running(running)

    def _on_changed(self) -> None:
        try:
            struct = get_value(self._document.project, self._prefix)
        except ValueProblem:
            # What it is about is gone, and its owner is about to put something else here.
            return
        if isinstance(struct, msgspec.Struct):
            self._rows.show_struct(struct, names=self._names)
            self._rows.show_context()
            self._on_problems_changed()

    def _on_problems_changed(self) -> None:
        by_path: dict[str, list[Problem]] = {}
        for problem in self._document.problems:
            by_path.setdefault(problem.path, []).append(problem)
        self._rows.show_problems(by_path)


class Rows(QWidget):
    """The rows for the parameters of one struct, the rarely changed ones under "More"."""

    def __init__(self, document: Document, prefix: str) -> None:
        super().__init__()
        self._document = document
        self._prefix = prefix
        self._struct: type[msgspec.Struct] | None = None
        self._running = False
        self.rows: dict[str, Row] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(5)

    def show_struct(self, struct: msgspec.Struct, *, names: Sequence[str] | None = None) -> None:
        """Show the values of a struct; where it is of another type than before, with other rows."""
        if type(struct) is not self._struct:
            self._struct = type(struct)
            self._build(names)
        for name, row in self.rows.items():
            row.show_value(field_value(struct, name))

    def show_context(self) -> None:
        for row in self.rows.values():
            row.show_context()

    def show_problems(self, problems: Mapping[str, Sequence[Problem]]) -> None:
        for row in self.rows.values():
            row.show_problems(problems)

    def set_running(self, running: bool) -> None:
        self._running = running
        for row in self.rows.values():
            row.set_running(running)

    def row(self, path: str) -> Row | None:
        for row in self.rows.values():
            if row.path == path:
                return row
            if isinstance(row, _InnerRow) and (found := row.inner_row(path)) is not None:
                return found
        return None

    def _build(self, names: Sequence[str] | None) -> None:
        clear(self._layout)
        self.rows = {}
        assert self._struct is not None
        known = {each.name: each for each in parameters(self._struct) if not _has_nothing_inside(each)}
        if names is not None:
            first, rest = [name for name in names if name in known], []
        else:
            first = list(
                getattr(self._struct, "essential", ()) or (name for name in known if name not in _RARELY_CHANGED)
            )
            rest = [name for name in known if name not in first]
        for name in first:
            self._layout.addWidget(self._row(known[name]))
        if rest:
            self._layout.addWidget(self._more([known[name] for name in rest]))

    def _more(self, rest: Sequence[Parameter]) -> Disclosure:
        disclosure = Disclosure("More", key=self._prefix.partition(".")[0])
        inner = QVBoxLayout(disclosure.content)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(5)
        for parameter in rest:
            inner.addWidget(self._row(parameter))
        return disclosure

    def _from_file(self) -> bool:
        return bool(getattr(self._document.project.dataset, "file", ""))

    def _row(self, parameter: Parameter) -> Row:
        path = f"{self._prefix}.{parameter.name}"
        kind = parameter.kind
        if isinstance(kind, Tagged):
            row: Row = _TaggedRow(self._document, parameter, path, kind=kind)
        elif isinstance(kind, Inside):
            row = _InsideRow(self._document, parameter, path)
        elif isinstance(kind, ListOf):
            row = _ListRow(self._document, parameter, path, kind=kind)
        else:
            field = make_field(parameter, path, from_file=self._from_file)
            row = Row(self._document, parameter, path, field=field)
        self.rows[parameter.name] = row
        row.set_running(self._running)
        return row


def _has_nothing_inside(parameter: Parameter) -> bool:
    return isinstance(parameter.kind, Inside) and not parameters(parameter.kind.struct)


class _InnerRow(Row):
    """A row whose value has parameters of its own; they stand below it, indented."""

    def __init__(self, document: Document, parameter: Parameter, path: str, *, field: QWidget | None) -> None:
        super().__init__(document, parameter, path, field=field)
        self._inner: dict[str, Rows] = {}

    def _add_inner(self, path: str, place: int) -> Rows:
        rows = Rows(self._document, path)
        rows.setContentsMargins(_INDENT, 2, 0, 2)
        rows.set_running(self._running)
        self.column.insertWidget(place, rows)
        self._inner[path] = rows
        return rows

    def show_context(self) -> None:
        super().show_context()
        for rows in self._inner.values():
            rows.show_context()

    def show_problems(self, problems: Mapping[str, Sequence[Problem]]) -> None:
        super().show_problems(problems)
        for rows in self._inner.values():
            rows.show_problems(problems)

    def set_running(self, running: bool) -> None:
        super().set_running(running)
        for rows in self._inner.values():
            rows.set_running(running)

    def inner_row(self, path: str) -> Row | None:
        return next((found for rows in self._inner.values() if (found := rows.row(path)) is not None), None)


class _TaggedRow(_InnerRow):
    """A choice between types, or a check box where there is only one type that may be left out."""

    def __init__(self, document: Document, parameter: Parameter, path: str, *, kind: Tagged) -> None:
        self._kind = kind
        self._single = kind.optional and len(kind.structs) == 1 and not kind.names
        items, helps = tagged_items(kind)
        field = FlagField() if self._single else ChoiceField(items, helps=helps)
        super().__init__(document, parameter, path, field=field)
        self._formula = muted()
        self._formula.setContentsMargins(_INDENT, 0, 0, 0)
        # Names stand for themselves; a type says below the field what it does.
        self._explains = not kind.names and not self._single
        self.column.insertWidget(1, self._formula)
        self._formula.hide()

    def field_value(self, value: Any) -> Any:
        if self._single:
            return value is not None
        if value is None:
            return None
        tag = value if isinstance(value, str) else tag_of(value)
        return {"type": tag} if tag in self._kind.structs else tag

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        struct = _KERAS_DEFAULTS.get(value) if isinstance(value, str) else value
        explanation = getattr(struct, "about", struct.__doc__ or "") if self._explains and struct is not None else ""
        self._formula.setText(explanation)
        self._formula.setVisible(bool(explanation))
        rows = self._inner.get(self.path)
        if isinstance(struct, msgspec.Struct):
            rows = rows or self._add_inner(self.path, 3)
            rows.show_struct(struct)
        if rows is not None:
            rows.setVisible(isinstance(struct, msgspec.Struct) and bool(rows.rows))

    def _on_committed(self, value: Any, merge: bool) -> None:
        if self._single:
            value = {} if value else None
        super()._on_committed(value, merge)


class _InsideRow(_InnerRow):
    """A title, and below it the parameters of a struct that is always there."""

    def __init__(self, document: Document, parameter: Parameter, path: str) -> None:
        super().__init__(document, parameter, path, field=None)
        self._title.setToolTip(parameter.help())

    def show_value(self, value: Any) -> None:
        super().show_value(value)
        rows = self._inner.get(self.path) or self._add_inner(self.path, 2)
        rows.show_struct(value)


class _ListRow(_InnerRow):
    """Entries one below the other, each with its parameters; a button adds another one."""

    def __init__(self, document: Document, parameter: Parameter, path: str, *, kind: ListOf) -> None:
        super().__init__(document, parameter, path, field=None)
        self._title.setToolTip(parameter.help())
        self._heads: list[_EntryHead] = []
        self._add = QPushButton("Add…")
        self._add.setObjectName(f"field.{path}")
        describe(self._add, f"Add to {parameter.title}", f"{parameter.description}\nAdds one more.")
        menu = QMenu(self._add)
        menu.setToolTipsVisible(True)
        for tag, struct in kind.structs.items():
            action = menu.addAction(tag)
            action.setToolTip(getattr(struct, "about", struct.__doc__ or ""))
            action.setStatusTip(action.toolTip())
            action.triggered.connect(lambda checked=False, tag=tag: self._append(tag))
        self._add.setMenu(menu)
        self.column.insertWidget(2, self._add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_value(self, value: Sequence[msgspec.Struct]) -> None:
        super().show_value(value)
        while len(self._heads) > len(value):
            head = self._heads.pop()
            for widget in (head, self._inner.pop(f"{self.path}.{len(self._heads)}")):
                retire(widget)
        while len(self._heads) < len(value):
            place = len(self._heads)
            head = _EntryHead(self.path, place)
            head.removed.clicked.connect(lambda checked=False, place=place: self._remove(place))
            head.raised.clicked.connect(lambda checked=False, place=place: self._raise(place))
            self.column.insertWidget(2 + 2 * place, head)
            self._add_inner(f"{self.path}.{place}", 3 + 2 * place)
            self._heads.append(head)
        for place, struct in enumerate(value):
            self._heads[place].show_type(tag_of(struct))
            self._inner[f"{self.path}.{place}"].show_struct(struct)

    def _append(self, tag: str) -> None:
        self._document.set_value(self.path, [*self._value, {"type": tag}])

    def _remove(self, place: int) -> None:
        self._document.set_value(self.path, [*self._value[:place], *self._value[place + 1 :]])

    def _raise(self, place: int) -> None:
        entries = list(self._value)
        entries.insert(place - 1, entries.pop(place))
        self._document.set_value(self.path, entries)


class _EntryHead(QWidget):
    """The type of an entry of a list, and the buttons to move it up and to remove it."""

    def __init__(self, path: str, place: int) -> None:
        super().__init__()
        self._type = QLabel()
        font = self._type.font()
        font.setBold(True)
        self._type.setFont(font)
        self.raised = IconButton("chevron-up", "Move up: it is then done earlier")
        self.raised.setObjectName(f"{path}.{place}.up")
        self.raised.setEnabled(place > 0)
        self.removed = IconButton("close", "Remove")
        self.removed.setObjectName(f"{path}.{place}.remove")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._type, 1)
        layout.addWidget(self.raised)
        layout.addWidget(self.removed)

    def show_type(self, tag: str) -> None:
        self._type.setText(tag)
        self.removed.setAccessibleName(f"Remove {tag}")
        self.raised.setAccessibleName(f"Move {tag} up")
