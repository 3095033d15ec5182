"""What a panel shows while it has nothing to show."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from nnplayground.ui import icons
from nnplayground.ui.theme import colors


class EmptyState(QWidget):
    """An icon and a sentence: what will appear here, and how to get it."""

    def __init__(self, icon: str, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self._happy = False
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label = QLabel(text)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label.setWordWrap(True)
        self._label.setProperty("muted", "true")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.addStretch()
        layout.addWidget(self._picture)
        layout.addSpacing(4)
        layout.addWidget(self._label)
        layout.addStretch()

    @property
    def text(self) -> str:
        return self._label.text()

    def say(self, text: str, *, icon: str | None = None, happy: bool = False) -> None:
        """happy: nothing is here because all is well."""
        self._icon = icon or self._icon
        self._happy = happy
        self._label.setText(text)
        self._paint_icon()

    def showEvent(self, event: QShowEvent) -> None:
        self._paint_icon()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icon()
        super().changeEvent(event)

    def _paint_icon(self) -> None:
        theme = colors(self)
        self._picture.setPixmap(icons.pixmap(self._icon, theme.good if self._happy else theme.muted, size=24))
