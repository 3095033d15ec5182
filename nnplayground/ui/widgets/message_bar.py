"""One place for messages to the user: a quiet strip with one sentence, perhaps a button, and a way to close it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from nnplayground.ui import icons
from nnplayground.ui.theme import colors

Kind = Literal["info", "warning", "error"]


class MessageBar(QWidget):
    """Shows one message at a time; the latest wins. Hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._kind: Kind = "info"
        self._action: Callable[[], None] | None = None
        self._stays = False
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setObjectName("message_text")
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = QPushButton()
        self._button.setObjectName("message_action")
        self._button.clicked.connect(self._on_action)
        self._close = QToolButton()
        self._close.setProperty("flat_look", True)
        self._close.setToolTip("Close this message.")
        self._close.setAccessibleName("Close message")
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 6, 5)
        layout.setSpacing(9)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button)
        layout.addWidget(self._close)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; empty where there is none."""
        return self._text.text() if not self.isHidden() else ""

    def show_message(
        self,
        text: str,
        kind: Kind = "info",
        *,
        action: str = "",
        on_action: Callable[[], None] | None = None,
        stays: bool = False,
    ) -> None:
        """text: one or two sentences. action: the button's text, on_action: what it does. stays: see `clear`."""
        self._kind = kind
        self._stays = stays
        self._text.setText(text)
        self._button.setText(action)
        self._button.setVisible(on_action is not None)
        self._action = on_action
        self._recolor()
        self.setVisible(True)

    def clear(self, *, everything: bool = True) -> None:
        """What was said no longer matters. everything: also what is to be read for longer, such as what to try."""
        if everything or not self._stays:
            self.hide()

    def _on_action(self) -> None:
        self.hide()
        if self._action is not None:
            self._action()

    def _color(self) -> str:
        theme = colors(self)
        return {"info": theme.accent, "warning": theme.warning, "error": theme.error}[self._kind]

    def _recolor(self) -> None:
        name = {"info": "info", "warning": "warning", "error": "error"}[self._kind]
        self._icon.setPixmap(icons.pixmap(name, self._color()))
        self._close.setIcon(icons.icon("close", colors(self).muted))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._recolor()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        color = QColor(self._color())
        color.setAlpha(36)
        painter.fillRect(self.rect(), QColor(colors(self).window))
        painter.fillRect(self.rect(), color)
        painter.fillRect(0, 0, 3, self.height(), QColor(self._color()))
