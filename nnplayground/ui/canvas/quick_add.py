"""Type to find a layer, Enter to add it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from nnplayground.layers import LAYER_TYPES
from nnplayground.ui.layer_catalog import found
from nnplayground.ui.theme import FAMILY_COLORS

_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class QuickAdd(QFrame):
    """A small window under the pointer; it closes when a layer is chosen, on Escape, and on a click elsewhere."""

    layer_chosen = Signal(str)

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("quick_add")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.search = QLineEdit(self)
        self.search.setObjectName("quick_add_search")
        self.search.setPlaceholderText(title)
        self.search.setAccessibleName(title)
        self.search.setToolTip("Type a part of a layer's name or of what it does, then press Enter.")
        self.search.setStatusTip(self.search.toolTip())
        self.list = QListWidget(self)
        self.list.setObjectName("quick_add_list")
        self.list.setAccessibleName("Layers found")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(4, 16))
        self.list.setUniformItemSizes(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.search.textChanged.connect(self._show_found)
        self.search.returnPressed.connect(self._choose)
        self.search.installEventFilter(self)
        self.list.itemClicked.connect(self._choose)
        self._show_found("")
        width = self.fontMetrics().horizontalAdvance("GlobalAveragePooling2D") + 80
        self.resize(width, self.fontMetrics().height() * 17)

    def open_at(self, position: QPoint) -> None:
        """Open with its top left corner at a global position, moved so that it lies on the screen."""
        screen = QGuiApplication.screenAt(position) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        self.move(
            max(room.left(), min(position.x(), room.right() - self.width())),
            max(room.top(), min(position.y(), room.bottom() - self.height())),
        )
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys move through the list while the text keeps the focus."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _LIST_KEYS:
                self.list.event(event)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.close()
                return True
        return super().eventFilter(watched, event)

    def _show_found(self, text: str) -> None:
        self.list.clear()
        for name in found(text):
            item = QListWidgetItem(_bar(LAYER_TYPES[name].family), name)
            item.setToolTip(LAYER_TYPES[name].about)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        name = item.text()
        self.close()
        self.layer_chosen.emit(name)


def _bar(family: str) -> QIcon:
    picture = QPixmap(8, 32)
    picture.setDevicePixelRatio(2)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(FAMILY_COLORS[family]))
    painter.drawRoundedRect(0, 0, 4, 16, 2, 2)
    painter.end()
    return QIcon(picture)
