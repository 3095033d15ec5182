"""The strip above the columns: what each layer is, its number of units and its activation function."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from nnplayground.layers.activations import NAMES, activation
from nnplayground.ui import icons
from nnplayground.ui.playground.plan import Column
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.labels import describe

Form = Literal["wide", "narrow", "tight", "bare"]
"""Two rows; three rows; three rows without the word Dense; the number of units alone, where the network is shown so
small that nothing else would fit."""

_WIDE, _NARROW, _TIGHT = 136.0, 76.0, 50.0
"""Pixels for a column, at the ordinary text, from which on a form fits."""
_USUAL_LINE = 16
_ABOUT: dict[str, str] = {name: activation(name).about for name in NAMES}
_TOP, _BOTTOM = 8, 4
_AROUND_WORDS = 13
"""Padding and border of a button, and a little more."""


class ColumnHeader(QWidget):
    """The controls of one layer."""

    selected = Signal(str)
    """Id of the layer whose name was clicked."""
    units_requested = Signal(str, int)
    """(layer id, how many more or, below 0, fewer units)."""
    activation_requested = Signal(str, str)
    removal_requested = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column: Column | None = None
        self._is_output = False
        self._form: Form | None = None
        self.title = self._button("title")
        self.title.setCheckable(True)
        self.activation = self._button("activation")
        self.activation.setProperty("quiet", "true")
        self.fewer = self._button("fewer", "−", flat=False)
        self.more = self._button("more", "+", flat=False)
        self.remove = self._button("remove")
        self.remove.setIconSize(QSize(9, 9))
        self._rows = [QHBoxLayout() for _ in range(3)]
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.setSpacing(2)
        for row in self._rows:
            row.setSpacing(2)
            row.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._whole.addLayout(row)
        self.title.clicked.connect(lambda: self.selected.emit(self.layer_id))
        self.activation.clicked.connect(self._offer_activations)
        self.fewer.clicked.connect(lambda: self.units_requested.emit(self.layer_id, -1))
        self.more.clicked.connect(lambda: self.units_requested.emit(self.layer_id, 1))
        self.remove.clicked.connect(lambda: self.removal_requested.emit(self.layer_id))

    @property
    def layer_id(self) -> str:
        return self._column.layer_id if self._column is not None else ""

    def show_column(self, column: Column, *, is_output: bool, chosen: bool) -> None:
        """is_output: the data say how many units it has, and the model cannot do without it."""
        self._column, self._is_output = column, is_output
        self.setObjectName(f"header_{column.layer_id}")
        name = column.layer_id
        kind = "feature" if column.is_input else "unit"
        count = f"{column.units} {kind}" if column.units == 1 else f"{column.units} {kind}s"
        describe(self.title, f"{name}, {count}", f"Select {name}; all its parameters are in the inspector.")
        self.title.setChecked(chosen)
        describe(self.activation, f"Activation of {name}: {column.activation}", _activation_tip(column))
        self.fewer.setEnabled(column.units > 1)
        describe(self.fewer, f"One unit fewer in {name}", f"One unit fewer in {name} (−).")
        describe(self.more, f"One unit more in {name}", f"One unit more in {name} (+).")
        describe(self.remove, f"Remove {name}", f"Remove {name}; the layers before and behind it are joined (Del).")
        self.show_icons()

    def fit(self, room: float) -> None:
        """Arrange the controls for a width."""
        scale = self.fontMetrics().height() / _USUAL_LINE
        limits: tuple[tuple[Form, float], ...] = (("wide", _WIDE), ("narrow", _NARROW), ("tight", _TIGHT))
        fitting: list[Form] = [form for form, least in limits if room >= least * scale]
        form: Form = fitting[0] if fitting else "bare"
        if form != self._form:
            self._form = form
            self._lay_out(form, scale)
        self._write(room)
        # What rows have become is noticed by the whole only now, and its size is asked for at once.
        self._whole.activate()

    def _lay_out(self, form: Form, scale: float) -> None:
        rows: dict[Form, tuple[tuple[QToolButton, ...], ...]] = {
            "wide": ((self.title, self.activation), (), (self.fewer, self.more, self.remove)),
            "narrow": ((self.title,), (self.activation,), (self.fewer, self.more, self.remove)),
            "tight": ((self.title, self.remove), (self.activation,), (self.fewer, self.more)),
            "bare": ((self.title,), (), ()),
        }
        for row, widgets in zip(self._rows, rows[form], strict=True):
            for widget in widgets:
                row.addWidget(widget)
        for button in (self.fewer, self.more):
            button.setFixedSize(round(24 * scale), round(21 * scale))
        self.remove.setFixedSize(round(20 * scale), round(18 * scale))

    def _write(self, room: float) -> None:
        """The words that fit, and the controls that the layer has."""
        column, form = self._column, self._form
        if column is None or form is None:
            return
        short = form in ("tight", "bare")
        if column.is_input:
            self.title.setText("Features")
        else:
            self.title.setText(str(column.units) if short else f"{column.type} {column.units}")
        most = max(round(room) - _AROUND_WORDS, 1) if short else 1000
        metrics = self.activation.fontMetrics()
        name = column.activation if short else f"{column.activation} ▾"
        self.activation.setText(metrics.elidedText(name, Qt.TextElideMode.ElideRight, most))
        for button in (self.title, self.activation):
            # The style's own measure leaves so much room around words that two buttons do not read as one line.
            button.setFixedWidth(button.fontMetrics().horizontalAdvance(button.text()) + _AROUND_WORDS)
        controls = form != "bare" and not column.is_input
        self.activation.setVisible(controls)
        for button in (self.fewer, self.more, self.remove):
            button.setVisible(controls and not self._is_output)

    def show_icons(self) -> None:
        self.remove.setIcon(icons.icon("close", colors(self).muted))

    def _button(self, name: str, text: str = "", *, flat: bool = True) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        if flat:
            button.setProperty("flat_look", "true")
        button.setProperty("snug", "true")
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _offer_activations(self) -> None:
        menu = self.activations_menu()
        menu.popup(self.activation.mapToGlobal(self.activation.rect().bottomLeft()))

    def activations_menu(self) -> QMenu:
        """All activation functions, the present one checked."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        layer_id, present = self.layer_id, self._column.activation if self._column is not None else ""
        for name in NAMES:
            action = menu.addAction(name)
            action.setObjectName(name)
            action.setCheckable(True)
            action.setChecked(name == present)
            action.setToolTip(_ABOUT[name])
            action.setStatusTip(_ABOUT[name])
            action.triggered.connect(
                lambda _checked=False, chosen=name: self.activation_requested.emit(layer_id, chosen)
            )
        return menu


def _activation_tip(column: Column) -> str:
    return f"Choose the activation function. {_ABOUT.get(column.activation, '')}"


class HeaderStrip(QWidget):
    """Headers over their columns; what is asked of one of them becomes a signal of the strip."""

    selected = Signal(str)
    units_requested = Signal(str, int)
    activation_requested = Signal(str, str)
    removal_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("neuron_headers")
        self._headers: list[ColumnHeader] = []

    @property
    def headers(self) -> list[ColumnHeader]:
        """Those that are shown, from the input to the output."""
        return [each for each in self._headers if not each.isHidden()]

    def header(self, layer_id: str) -> ColumnHeader | None:
        return next((each for each in self.headers if each.layer_id == layer_id), None)

    def show_columns(self, columns: Sequence[Column], *, selected: str) -> None:
        while len(self._headers) < len(columns):
            self._headers.append(self._new_header())
        for number, header in enumerate(self._headers):
            header.setVisible(number < len(columns))
            if number < len(columns):
                column = columns[number]
                is_output = 0 < number == len(columns) - 1
                header.show_column(column, is_output=is_output, chosen=column.layer_id == selected)

    def show_selected(self, layer_id: str) -> None:
        for header in self.headers:
            header.title.setChecked(header.layer_id == layer_id)

    def place(self, centres: Sequence[float]) -> None:
        """centres: x of the middle of each column."""
        between = [after - before for before, after in pairwise(centres)]
        room = min(between, default=float(self.width()))
        for header in self.headers:
            header.fit(room)
        sizes = [header.sizeHint() for header in self.headers]
        for header, size, x in zip(self.headers, sizes, centres, strict=False):
            header.setGeometry(round(x - size.width() / 2), _TOP, size.width(), size.height())
        self._keep_last_inside()
        height = _TOP + max((size.height() for size in sizes), default=0) + _BOTTOM
        if self.height() != height:
            self.setFixedHeight(height)

    def _keep_last_inside(self) -> None:
        """Move the last header a little to the left where it reaches beyond the edge, but not over the one before."""
        if len(self.headers) > 1:
            before, last = self.headers[-2].geometry(), self.headers[-1].geometry()
            if last.center().x() < self.width():
                last.moveLeft(max(min(last.left(), self.width() - last.width()), min(before.right(), last.left())))
                self.headers[-1].setGeometry(last)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for header in self._headers:
                header.show_icons()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(colors(self).canvas))

    def _new_header(self) -> ColumnHeader:
        header = ColumnHeader(self)
        header.selected.connect(self.selected)
        header.units_requested.connect(self.units_requested)
        header.activation_requested.connect(self.activation_requested)
        header.removal_requested.connect(self.removal_requested)
        return header
