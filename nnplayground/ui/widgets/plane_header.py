"""The line above a plot of the plane: what is shown, and the losses, in as many words as there is room for."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

_LEAST = 150
"""Pixels; the words are chosen to fit."""
_MARGINS = (12, 2, 4, 1)
_SPACING = 6
_BOTH = (
    "train loss {} · validation loss {}",
    "loss {} · validation {}",
    "loss {} · {}",
    "{} · {}",
)
"""From the longest to the shortest."""


class PlaneHeader(QWidget):
    """Title and losses. A dock may take it as its title."""

    def __init__(self, more: QToolButton, parent: QWidget | None = None) -> None:
        """more: the button of the plot's menu."""
        super().__init__(parent)
        self._titles = [""]
        self._texts = [""]
        self._more = more
        self._title = QLabel()
        self._title.setObjectName("boundary.title")
        self._title.setProperty("heading_small", "true")
        self._losses = QLabel()
        self._losses.setObjectName("boundary.losses")
        self._losses.setProperty("muted", "true")
        self._losses.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(_LEAST)
        row = QHBoxLayout(self)
        row.setContentsMargins(*_MARGINS)
        row.setSpacing(_SPACING)
        row.addWidget(self._title)
        row.addWidget(self._losses, 1)
        row.addWidget(more)

    def show_title(self, title: str, short: str) -> None:
        """short: where there is too little room for the whole title. Without one the title matters less than losses in
        full words, else more.
        """
        titles = [title, short]
        if titles != self._titles:
            self._titles = titles
            self._title.setToolTip(title)
            self._fit()

    def show_losses(self, training: str, validation: str) -> None:
        """Both as text; empty where there is none."""
        if training and validation:
            self._texts = [words.format(training, validation) for words in _BOTH]
        else:
            self._texts = [f"train loss {training}", training] if training else [""]
        self._losses.setToolTip(self._texts[0])
        self._losses.setAccessibleName(self._texts[0])
        self._fit()

    def _fit(self) -> None:
        """The most telling of the titles and losses that there is room for together."""
        room = self.width() - _MARGINS[0] - _MARGINS[2] - 2 * _SPACING - self._more.sizeHint().width()
        titles, losses = self._title.fontMetrics(), self._losses.fontMetrics()
        if self._titles[-1]:
            choices = [(title, text) for title in self._titles for text in (*self._texts, "")]
        else:
            choices = [(title, text) for text in self._texts for title in self._titles]
        fitting = (
            (title, text)
            for title, text in choices
            if titles.horizontalAdvance(title) + losses.horizontalAdvance(text) <= room
        )
        title, text = next(fitting, choices[-1])
        self._title.setText(title)
        self._losses.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()
