"""What lies inside a Pretrained block: its layers, and which of them are trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from nnplayground.layers.base import shape_text
from nnplayground.layers.pretrained import Inner, Pretrained
from nnplayground.spec.project import project_shapes
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.labels import describe, muted

_Index = QModelIndex | QPersistentModelIndex
_COLUMNS = ("Layer", "Kind", "Output", "Parameters", "Training")
_NAME, _KIND, _OUTPUT, _PARAMETERS, _TRAINING = range(5)
_WIDTHS = (19, 16, 9, 7)
"""Of the columns, in heights of the font."""


class _InnerModel(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.layers: Sequence[Inner] = ()
        self._output = ""

    def show_layers(self, layers: Sequence[Inner], output: str) -> None:
        """output: the name of the layer whose output is taken."""
        same = [each.name for each in layers] == [each.name for each in self.layers]
        if not same:
            self.beginResetModel()
        self.layers, self._output = layers, output
        if same and layers:
            self.dataChanged.emit(self.index(0, 0), self.index(len(layers) - 1, len(_COLUMNS) - 1))
        elif not same:
            self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.layers)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        inner = self.layers[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(inner, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            weights = "\n".join(f"{each.name}: {shape_text(each.shape)}" for each in inner.shape.weights)
            return f"{inner.name} · {inner.layer.caption()}\n{weights}".strip()
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == _PARAMETERS:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole and inner.trained and inner.shape.weights:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def _text(self, inner: Inner, column: int) -> str:
        if column == _NAME:
            return inner.name
        if column == _KIND:
            return inner.layer.caption()
        if column == _OUTPUT:
            return shape_text(inner.shape.output)
        if column == _PARAMETERS:
            return f"{inner.shape.parameters:,}" if inner.shape.weights else ""
        taken = "output" if inner.name == self._output else ""
        state = ("trained" if inner.trained else "frozen") if inner.shape.weights else ""
        return " · ".join(word for word in (state, taken) if word)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None


class InnerLayers(QDialog):
    """The layers inside a block, to be searched; one of them is chosen to be looked at, trained from, or ended at.

    It stays open beside the window and follows the document.
    """

    inner_chosen = Signal(str)
    """The user wants to look at an inner layer: vgg16_1/block5_conv1."""

    def __init__(self, document: Document, layer_id: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("inner_layers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._document = document
        self._layer_id = layer_id
        self._model = _InnerModel(self)
        self._filter = QSortFilterProxyModel(self)
        self._filter.setSourceModel(self._model)
        self._filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._filter.setFilterKeyColumn(-1)
        self._search = QLineEdit()
        self._search.setObjectName("inner_layers.search")
        self._search.setPlaceholderText("Search layers")
        self._search.setClearButtonEnabled(True)
        describe(self._search, "Search layers", "Shows the layers whose name, kind or shape holds this text")
        self._search.textChanged.connect(self._on_searched)
        self._summary = muted()
        self._summary.setObjectName("inner_layers.summary")
        self.table = self._make_table()
        self._train = self._button(
            "train_from", "Train from here", "Train this layer and all after it; freeze the rest"
        )
        self._freeze = self._button("freeze", "Freeze all", "Training leaves the whole network as it is")
        self._all = self._button("train_all", "Train all", "Training changes every layer")
        self._take = self._button("take_output", "Take its output", "Use the network only up to this layer")
        self._train.clicked.connect(lambda: self._set("trainable", self.chosen))
        self._freeze.clicked.connect(lambda: self._set("trainable", "frozen"))
        self._all.clicked.connect(lambda: self._set("trainable", "all"))
        self._take.clicked.connect(lambda: self._set("output_layer", self.chosen))
        self._lay_out()
        document.changed.connect(self._on_changed)
        document.facts_changed.connect(self._show)
        self._show()
        self._tell_buttons()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("inner_layers.table")
        table.setModel(self._filter)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        # Long names begin alike.
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        table.horizontalHeader().setStretchLastSection(True)
        unit = self.fontMetrics().height()
        table.verticalHeader().setDefaultSectionSize(round(unit * 1.5))
        for column, width in enumerate(_WIDTHS):
            table.setColumnWidth(column, unit * width)
        describe(table, "Inner layers", "A click shows the filters and the feature maps of a layer in the panels")
        table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        return table

    def _button(self, name: str, title: str, help_text: str) -> QPushButton:
        button = QPushButton(title)
        button.setObjectName(f"inner_layers.{name}")
        button.setAutoDefault(False)
        describe(button, title, help_text)
        return button

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        row = QHBoxLayout()
        for button in (self._train, self._take, self._freeze, self._all):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        for widget in (self._summary, self._search):
            layout.addWidget(widget)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)
        unit = self.fontMetrics().height()
        room = self.screen().availableSize()
        self.resize(min(unit * 61, room.width() - 2 * unit), min(unit * 36, room.height() - 3 * unit))

    @property
    def chosen(self) -> str:
        """The name of the inner layer that is selected; "" where none is."""
        index = self._filter.mapToSource(self.table.currentIndex())
        return self._model.layers[index.row()].name if index.isValid() else ""

    def choose(self, name: str) -> None:
        """Select an inner layer, if it can be seen."""
        place = next((place for place, each in enumerate(self._model.layers) if each.name == name), None)
        if place is not None:
            self.table.setCurrentIndex(self._filter.mapFromSource(self._model.index(place, 0)))

    def _on_changed(self) -> None:
        if isinstance(self._layer(), Pretrained):
            self._show()
        else:  # removed, or another layer has its name now
            self.close()

    def _layer(self) -> Any:
        block = self._document.project.model.by_id.get(self._layer_id)
        return block.layer if block is not None else None

    def _show(self) -> None:
        layer = self._layer()
        known = project_shapes(self._document.project, self._document.facts).get(self._layer_id)
        self.setWindowTitle(f"Inside {self._layer_id}")
        if not isinstance(layer, Pretrained) or known is None or known.output is None:
            self._model.show_layers((), "")
            reason = known.problem if known is not None and known.problem else "There are no pictures yet."
            self._summary.setText(reason)
            return
        inner = layer.inner(*known.inputs)
        self._model.show_layers(inner, layer.table.layers[layer.last].name)
        if not self._filter.rowCount():
            self._summary.setText(f"No layer of {layer.type} has “{self._search.text()}” in its name, kind or shape.")
            return
        learning = [each for each in inner if each.shape.weights]
        trained = sum(each.trained for each in learning)
        self._summary.setText(
            f"{layer.type}: {len(inner):,} layers, {len(learning):,} of them with weights, and {trained:,} of these "
            f"are trained (in bold). Click one to see its filters and feature maps."
        )

    def _on_searched(self, text: str) -> None:
        self._filter.setFilterFixedString(text)
        self._show()

    def _on_row_changed(self) -> None:
        self._tell_buttons()
        if self.chosen:
            self.inner_chosen.emit(f"{self._layer_id}/{self.chosen}")

    def _tell_buttons(self) -> None:
        for button in (self._train, self._take):
            button.setEnabled(bool(self.chosen))

    def _set(self, parameter: str, value: str) -> None:
        chosen = self.chosen
        self._document.set_value(f"model.{self._layer_id}.{parameter}", value)
        self.choose(chosen)
