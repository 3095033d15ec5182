"""The palette: every layer type, by family, to be searched and dragged onto the canvas."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QDrag, QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from nnplayground.layers import LAYER_TYPES
from nnplayground.spec.fresh import fresh_layer
from nnplayground.spec.training import Training
from nnplayground.ui import icons, mime
from nnplayground.ui.canvas.faces import BlockFace
from nnplayground.ui.canvas.look import Style, block_pixmap
from nnplayground.ui.layer_catalog import by_family, family_title, found
from nnplayground.ui.theme import FAMILY_COLORS, colors

_Index = QModelIndex | QPersistentModelIndex
_HOW = "Drag it onto the canvas, or double-click to add it behind the selected layer."


class _Row(msgspec.Struct, frozen=True):
    """A heading (layer_type is "") or a layer."""

    family: str
    layer_type: str = ""


class LayerListModel(QAbstractListModel):
    """Families and their layers that fit a search."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._unavailable: frozenset[str] = frozenset()
        self.search("")

    def search(self, text: str) -> None:
        """Keep what fits a text; the families stay together."""
        fitting = set(found(text))
        rows: list[_Row] = []
        for family, names in by_family().items():
            shown = [_Row(family, name) for name in names if name in fitting]
            rows.extend([_Row(family), *shown] if shown else [])
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def set_unavailable(self, layer_types: frozenset[str]) -> None:
        """Layer types that the chosen engine cannot do."""
        self._unavailable = layer_types
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def row_of(self, layer_type: str) -> int:
        """Row of a layer type, -1 where it is not shown."""
        return next((place for place, row in enumerate(self._rows) if row.layer_type == layer_type), -1)

    def family(self, index: _Index) -> str:
        return self._rows[index.row()].family

    def layer_type(self, index: _Index) -> str:
        """ "" for a heading."""
        return self._rows[index.row()].layer_type if index.isValid() else ""

    def available(self, index: _Index) -> bool:
        return self.layer_type(index) not in self._unavailable

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.layer_type or family_title(row.family)
        if row.layer_type and role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.StatusTipRole):
            about = LAYER_TYPES[row.layer_type].about
            reason = "" if self.available(index) else "Needs the Keras engine; the scratch engine cannot do it."
            return "\n".join(part for part in (about, reason, _HOW) if part)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not self.layer_type(index):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [mime.LAYER]

    def mimeData(self, indexes: Any) -> QMimeData:
        content = QMimeData()
        content.setData(mime.LAYER, QByteArray(self.layer_type(indexes[0]).encode()))
        return content

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction


class _RowDelegate(QStyledItemDelegate):
    """Draws headings and layers as the canvas draws them: with the colour bar of their family."""

    def __init__(self, model: LayerListModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        height = QFontMetrics(option.font).height()
        if self._model.layer_type(index):
            return QSize(100, round(height * 1.62))
        return QSize(100, round(height * (1.9 if index.row() else 1.5)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._model.layer_type(index):
            self._paint_layer(painter, option, index)
        else:
            self._paint_heading(painter, option, index)
        painter.restore()

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme = colors(option.widget)
        font = QFont(option.font)
        font.setPixelSize(max(1, round(option.fontMetrics.height() * 0.7)))
        font.setWeight(QFont.Weight.DemiBold)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.6)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        rect = option.rect.adjusted(10, 0, -6, -3)
        title = family_title(self._model.family(index)).upper()
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, title)

    def _paint_layer(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme = colors(option.widget)
        rect: QRect = option.rect.adjusted(6, 1, -6, -1)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = selected and option.widget is not None and option.widget.hasFocus()
        if selected or hovered:
            painter.setPen(QColor(theme.accent) if focused else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        available = self._model.available(index)
        height = rect.height() * 0.62
        bar = QRectF(rect.left() + 10, rect.center().y() + 0.5 - height / 2, 4, height)
        layer_type = self._model.layer_type(index)
        color = QColor(FAMILY_COLORS["input" if layer_type == "Input" else self._model.family(index)])
        # What the engine cannot do has an empty bar: told apart by shape, not by colour alone.
        painter.setPen(QPen(color, 1) if not available else Qt.PenStyle.NoPen)
        painter.setBrush(color if available else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar, 2, 2)
        text = rect.adjusted(22, 0, -8, 0)
        painter.setFont(option.font)
        painter.setPen(QColor(theme.text if available else theme.muted))
        name = option.fontMetrics.elidedText(layer_type, Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)


class LayerListView(QListView):
    """The list; what is dragged from it looks like the block it will be."""

    def __init__(self, model: LayerListModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._layers = model
        self.setObjectName("palette_list")
        self.setAccessibleName("Layers")
        self.setModel(model)
        self.setItemDelegate(_RowDelegate(model, self))
        self.setDragEnabled(True)
        self.setDragDropMode(QListView.DragDropMode.DragOnly)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803 - Qt's own signature
        index = self.currentIndex()
        if not self._layers.layer_type(index):
            return
        drag = QDrag(self)
        drag.setMimeData(self._layers.mimeData([index]))
        drag.setPixmap(self.drag_picture(index))
        drag.exec(Qt.DropAction.CopyAction)

    def drag_picture(self, index: _Index) -> QPixmap:
        layer = fresh_layer(self._layers.layer_type(index))
        family = "input" if layer.type == "Input" else layer.family
        face = BlockFace("", layer.type, layer.caption(), "", family, (), "")
        style = Style.of(self.font())
        return block_pixmap(face, style, colors(self), width=style.measures.width * 0.7, ratio=self.devicePixelRatioF())


class PalettePanel(QWidget):
    """Search on top, the layers by family below."""

    layer_requested = Signal(str)
    """A layer type to be added to the model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setAccessibleName("Layers")
        self._model = LayerListModel(self)
        self.search = QLineEdit(self)
        self.search.setObjectName("palette_search")
        self.search.setPlaceholderText("Search layers…")
        self.search.setAccessibleName("Search layers")
        self.search.setToolTip("Type a part of a layer's name or of what it does. Enter goes to what was found.")
        self.search.setStatusTip(self.search.toolTip())
        self.search.setClearButtonEnabled(True)
        self._search_icon = QAction(self)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        self.list = LayerListView(self._model, self)
        self._nothing = QLabel("No layer fits. Try fewer letters, or a word for what it does, such as “image”.", self)
        self._nothing.setObjectName("palette_nothing")
        self._nothing.setProperty("muted", True)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(12, 8, 12, 8)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 9, 0, 0)
        column.setSpacing(4)
        top = QVBoxLayout()
        top.setContentsMargins(10, 0, 10, 0)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addWidget(self._nothing, 1)
        self.search.textChanged.connect(self._on_search)
        self.search.installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.doubleClicked.connect(self._request)
        self._show_icons()

    def set_engine(self, engine: str) -> None:
        """Grey the layers that an engine (`Training.engine`) cannot do."""
        missing = () if engine == Training().engine else [n for n, kind in LAYER_TYPES.items() if not kind().has_maths]
        self._model.set_unavailable(frozenset(missing))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.search and self._key_in_search(event):
                return True
            if watched is self.list and self._key_in_list(event):
                return True
        return super().eventFilter(watched, event)

    def _key_in_search(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
            return True
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go_into_list()
            return True
        return False

    def _key_in_list(self, event: QKeyEvent) -> bool:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._request(self.list.currentIndex())
            return True
        first = self.list.currentIndex().row() <= 1
        if event.key() == Qt.Key.Key_Escape or (event.key() == Qt.Key.Key_Up and first):
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_icons()

    def _show_icons(self) -> None:
        self._search_icon.setIcon(icons.icon("search", colors(self).muted))

    def _on_search(self, text: str) -> None:
        self._model.search(text)
        empty = self._model.rowCount() == 0
        self.list.setVisible(not empty)
        self._nothing.setVisible(empty)
        best = self._best()
        if text and best.isValid():
            self.list.setCurrentIndex(best)

    def _best(self) -> QModelIndex:
        """The layer that fits the search most closely."""
        names = found(self.search.text())
        return self._model.index(self._model.row_of(names[0])) if names else QModelIndex()

    def _go_into_list(self) -> None:
        if not self._model.layer_type(self.list.currentIndex()):
            self.list.setCurrentIndex(self._best())
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _request(self, index: QModelIndex) -> None:
        layer_type = self._model.layer_type(index)
        if layer_type:
            self.layer_requested.emit(layer_type)
