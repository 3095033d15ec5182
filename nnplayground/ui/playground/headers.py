"""The strip above the columns: what each layer is, its number of units, its activation function, and where another
layer can be put in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QMenu, QSizePolicy, QToolButton, QWidget

from nnplayground.layers.activations import NAMES, activation
from nnplayground.ui import icons
from nnplayground.ui.playground.plan import Column
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.labels import describe

_WIDE = 150.0
"""Pixels for a column, at the ordinary text, with which its controls lie in two rows instead of three."""
_DOT_DISTANCE = 24


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
        self._wide: bool | None = None
        self.title = self._button("title")
        self.activation = self._button("activation")
        self.fewer = self._button("fewer", "−", flat=False)
        self.more = self._button("more", "+", flat=False)
        self.remove = self._button("remove")
        self.remove.setIconSize(QSize(9, 9))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self.title.clicked.connect(lambda: self.selected.emit(self.layer_id))
        self.activation.clicked.connect(self._offer_activations)
        self.fewer.clicked.connect(lambda: self.units_requested.emit(self.layer_id, -1))
        self.more.clicked.connect(lambda: self.units_requested.emit(self.layer_id, 1))
        self.remove.clicked.connect(lambda: self.removal_requested.emit(self.layer_id))

    @property
    def layer_id(self) -> str:
        return self._column.layer_id if self._column is not None else ""

    def show_column(self, column: Column, *, is_output: bool, chosen: bool) -> None:
        """is_output: what it gives is compared with the data, which say how many units it has."""
        self._column = column
        self.setObjectName(f"header_{column.layer_id}")
        hidden = column.is_input
        self.title.setText("Features" if hidden else f"{column.type} {column.units}")
        name = column.layer_id
        units = f"{column.units} features" if hidden else f"{column.units} unit{'' if column.units == 1 else 's'}"
        describe(self.title, f"{name}, {units}", f"Select {name}; its other parameters are in the inspector.")
        self.title.setCheckable(True)
        self.title.setChecked(chosen)
        self.activation.setVisible(not hidden)
        self.activation.setText(column.activation)
        describe(self.activation, f"Activation of {name}: {column.activation}", _activation_tip(column))
        for button in (self.fewer, self.more):
            button.setVisible(not hidden and not is_output)
        self.fewer.setEnabled(column.units > 1)
        describe(self.fewer, f"One unit fewer in {name}", f"One unit fewer in {name} (−).")
        describe(self.more, f"One unit more in {name}", f"One unit more in {name} (+).")
        self.remove.setVisible(not hidden and not is_output)
        describe(self.remove, f"Remove {name}", f"Remove {name}; the layers before and behind it are joined (Del).")
        self.show_icons()

    def fit(self, room: float) -> None:
        """Arrange the controls for a width."""
        scale = self.fontMetrics().height() / 16
        wide = room >= _WIDE * scale
        if wide == self._wide:
            return
        self._wide = wide
        centre = Qt.AlignmentFlag.AlignCenter
        for widget in (self.title, self.activation, self.fewer, self.more, self.remove):
            self._grid.removeWidget(widget)
        if wide:
            self._grid.addWidget(self.title, 0, 0, 1, 2, Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(self.activation, 0, 2, 1, 2, Qt.AlignmentFlag.AlignLeft)
            self._grid.addWidget(self.fewer, 1, 0, Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(self.more, 1, 1)
            self._grid.addWidget(self.remove, 1, 2)
        else:
            self._grid.addWidget(self.title, 0, 0, 1, 3, centre)
            self._grid.addWidget(self.activation, 1, 0, 1, 3, centre)
            self._grid.addWidget(self.fewer, 2, 0)
            self._grid.addWidget(self.more, 2, 1)
            self._grid.addWidget(self.remove, 2, 2)

    def show_icons(self) -> None:
        self.remove.setIcon(icons.icon("close", colors(self).muted))

    def _button(self, name: str, text: str = "", *, flat: bool = True) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setProperty("flat_look" if flat else "tiny", "true")
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
            action.setToolTip(activation(name).about)
            action.setStatusTip(activation(name).about)
            action.triggered.connect(
                lambda _checked=False, chosen=name: self.activation_requested.emit(layer_id, chosen)
            )
        return menu


def _activation_tip(column: Column) -> str:
    name = next((name for name in NAMES if name == column.activation), None)
    return f"Choose the activation function. {activation(name).about}" if name is not None else ""


class InsertButton(QToolButton):
    """A plus between two columns, faint until it is wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(20, 20)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._wanted = False

    def enterEvent(self, event: QEnterEvent) -> None:
        self._want(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._want(False)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._want(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._want(False)

    def _want(self, wanted: bool) -> None:
        self._wanted = wanted
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        if self._wanted:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent))
            painter.drawEllipse(circle)
        else:
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawEllipse(circle)
        painter.setPen(QPen(QColor(theme.accent_text if self._wanted else theme.muted), 1.6))
        middle = circle.center()
        painter.drawLine(middle.x() - 4, middle.y(), middle.x() + 4, middle.y())
        painter.drawLine(middle.x(), middle.y() - 4, middle.x(), middle.y() + 4)


class HeaderStrip(QWidget):
    """Headers over their columns; what is asked of one of them becomes a signal of the strip."""

    selected = Signal(str)
    units_requested = Signal(str, int)
    activation_requested = Signal(str, str)
    removal_requested = Signal(str)
    insertion_requested = Signal(int)
    """Number of the column before which a layer is to be put."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("neuron_headers")
        self._headers: list[ColumnHeader] = []
        self._inserts: list[InsertButton] = []

    def header(self, layer_id: str) -> ColumnHeader | None:
        return next((each for each in self.headers if each.layer_id == layer_id), None)

    @property
    def headers(self) -> list[ColumnHeader]:
        """Those that are shown, from the input to the output."""
        return [each for each in self._headers if not each.isHidden()]

    @property
    def inserts(self) -> list[InsertButton]:
        """The buttons between the columns that are shown."""
        return [each for each in self._inserts if not each.isHidden()]

    def show_columns(self, columns: Sequence[Column], *, selected: str) -> None:
        while len(self._headers) < len(columns):
            self._headers.append(self._new_header())
        while len(self._inserts) < len(columns) - 1:
            self._inserts.append(self._new_insert(len(self._inserts) + 1))
        for number, header in enumerate(self._headers):
            header.setVisible(number < len(columns))
            if number < len(columns):
                is_output = 0 < number == len(columns) - 1
                column = columns[number]
                header.show_column(column, is_output=is_output, chosen=column.layer_id == selected)
        for number, insert in enumerate(self._inserts):
            insert.setVisible(number < len(columns) - 1)
            if number < len(columns) - 1:
                words = f"Insert a Dense layer before {columns[number + 1].layer_id}"
                describe(insert, words, f"{words}.")

    def show_selected(self, layer_id: str) -> None:
        for header in self.headers:
            header.title.setChecked(header.layer_id == layer_id)

    def place(self, centres: Sequence[float], gaps: Sequence[float]) -> None:
        """centres: x of the middle of each column; gaps: x of the middle of the wires before each but the first."""
        between = [after - before for before, after in zip(centres, centres[1:], strict=False)]
        room = min(between, default=float(self.width()))
        height = 0
        for header in self.headers:
            header.fit(room)
            header.adjustSize()
            height = max(height, header.sizeHint().height())
        top = 8
        for header, x in zip(self.headers, centres, strict=False):
            size = header.sizeHint()
            header.setGeometry(round(x - size.width() / 2), top, size.width(), size.height())
        for insert, x in zip(self.inserts, gaps, strict=False):
            insert.move(round(x - insert.width() / 2), top + height - insert.height() - 1)
        if self.height() != top + height + 2:
            self.setFixedHeight(top + height + 2)

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

    def _new_insert(self, number: int) -> InsertButton:
        insert = InsertButton(self)
        insert.setObjectName(f"insert_{number}")
        insert.clicked.connect(lambda: self.insertion_requested.emit(number))
        return insert
