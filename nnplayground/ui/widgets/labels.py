"""Small things that panels share: section headings, shortened labels, icons that follow the theme, disclosures."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from nnplayground.ui import icons
from nnplayground.ui.theme import colors


def section(title: str) -> QLabel:
    """A heading in small capitals."""
    label = QLabel(title.upper())
    label.setProperty("section", "true")
    label.setAccessibleName(title)
    label.setWordWrap(True)
    return label


def muted(text: str = "") -> QLabel:
    """Quiet text that wraps."""
    label = QLabel(text)
    label.setProperty("muted", "true")
    label.setWordWrap(True)
    return label


def describe(widget: QWidget, name: str, help_text: str) -> None:
    """Accessible name, tooltip and status tip."""
    widget.setAccessibleName(name)
    widget.setToolTip(help_text)
    widget.setStatusTip(help_text.partition("\n")[0])


def retire(widget: QWidget) -> None:
    """Delete a widget as soon as nothing is going on inside it. Until then it is hidden and goes by no name, so that
    nobody takes it for the one that has come in its place."""
    widget.hide()
    for each in (widget, *widget.findChildren(QWidget)):
        each.setObjectName("")
    widget.deleteLater()


def clear(layout: QLayout) -> None:
    """Remove all widgets of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            retire(widget)


class ElidedLabel(QLabel):
    """One line of text, shortened in the middle where there is no room; the tooltip has all of it."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.show_text(text)

    def show_text(self, text: str, *, tip: str = "") -> None:
        """tip: the tooltip, where it is to say more than the text."""
        self._text = text
        self.setToolTip(tip or text)
        self.setAccessibleName(text)
        self._shorten()
        # The wish for room may have changed while what is shown in too little of it has not.
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._text) + 2, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._shorten()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._shorten()

    def _shorten(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width()))


class ElidedButton(QPushButton):
    """As wide as its text where there is room; else the text is shortened, and the tooltip has all of it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def _room_for_frame(self) -> int:
        return super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())

    def sizeHint(self) -> QSize:
        width = self._room_for_frame() + self.fontMetrics().horizontalAdvance(self._text)
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._room_for_frame() + self.fontMetrics().horizontalAdvance("Fix…"), super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - self._room_for_frame()
        self.setText(self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room))


class IconMark(QWidget):
    """An icon in a colour of the theme: "error", "warning", "muted", …"""

    def __init__(self, name: str, color: str) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * 0.95)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        side = min(self.width(), self.sizeHint().width())
        painter = QPainter(self)
        color = getattr(colors(self), self._color)
        picture = icons.pixmap(self._name, color, size=side, ratio=self.devicePixelRatioF())
        painter.drawPixmap(0, 0, picture)


class IconButton(QToolButton):
    """A flat button with an icon in the quiet colour of the theme."""

    def __init__(self, name: str, help_text: str) -> None:
        super().__init__()
        self._name = name
        self.setProperty("flat_look", "true")
        self.setAutoRaise(True)
        describe(self, help_text, help_text)
        self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icon()

    def _paint_icon(self) -> None:
        self.setIcon(icons.icon(self._name, colors(self).muted))


_opened: set[str] = set()
"""Which disclosures the user has opened, for as long as the process lives."""


class Disclosure(QWidget):
    """A title that shows and hides what lies below it. Those of one key are opened and closed alike, when made."""

    def __init__(self, title: str, *, key: str) -> None:
        super().__init__()
        self._key = key
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setProperty("flat_look", "true")
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setCheckable(True)
        self.button.setProperty("disclosure", "true")
        self.button.setObjectName(f"disclosure.{key}")
        describe(self.button, title, "Show or hide what is rarely changed")
        self.button.setChecked(key in _opened)
        self.button.toggled.connect(self._on_toggled)
        self.content = QWidget()
        self.content.setVisible(key in _opened)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self._layout.addWidget(self.content)
        self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icon()

    def _on_toggled(self, opened: bool) -> None:
        (_opened.add if opened else _opened.discard)(self._key)
        self.content.setVisible(opened)
        self._paint_icon()

    def _paint_icon(self) -> None:
        name = "chevron-down" if self.button.isChecked() else "chevron-right"
        self.button.setIcon(icons.icon(name, colors(self).muted))
