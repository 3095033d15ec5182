"""Which classes are mixed up: the confusion matrix of a split, or predicted against true numbers."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from nnplayground.training.events import Mistakes
from nnplayground.training.outcomes import confusion_counts, predicted_classes
from nnplayground.ui import icons
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.confusion_matrix import ConfusionMatrix
from nnplayground.ui.widgets.confusion_painting import Confusion
from nnplayground.ui.widgets.picture_menu import install_picture_menu
from nnplayground.ui.widgets.target_scatter import TargetScatter

_ZOOM = 1.25
_BEFORE = "Nothing evaluated yet. After the first epoch this shows which classes the model takes for which."
_TOKENS = "Confusion is for classes and numbers. Of what this model writes, Mistakes shows where it goes wrong."


class ConfusionPanel(QWidget):
    """True against predicted, for the samples of the latest evaluation."""

    cell_chosen = Signal(int, int)
    """(index of the true class, index of the predicted class)"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusion")
        self._mistakes: Mistakes | None = None
        self._stale = False
        self._summary = ""

        self._headline = QLabel()
        self._headline.setObjectName("confusion.headline")
        self._headline.setProperty("muted", "true")
        self._headline.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._zoom_out = _button("−", "confusion.zoom_out", "Smaller cells (−)")
        self._fit = _button("", "confusion.fit", "All classes in sight")
        self._zoom_in = _button("+", "confusion.zoom_in", "Larger cells (+, or Ctrl and the wheel)")

        self.matrix = ConfusionMatrix(self)
        self.scatter = TargetScatter(self)
        self._empty = QLabel(_BEFORE)
        self._empty.setProperty("muted", "true")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._pages = QStackedWidget()
        for page in (self._empty, self.matrix, self.scatter):
            self._pages.addWidget(page)

        self._zoom_out.clicked.connect(lambda: self.matrix.zoom_by(1 / _ZOOM))
        self._fit.clicked.connect(self.matrix.fit)
        self._zoom_in.clicked.connect(lambda: self.matrix.zoom_by(_ZOOM))
        self.matrix.cell_chosen.connect(self.cell_chosen)
        self.matrix.cell_pointed.connect(self._on_pointed)
        self.scatter.point_named.connect(self._on_pointed)

        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._headline, 1)
        for button in (self._zoom_out, self._fit, self._zoom_in):
            head.addWidget(button)
        head.addWidget(install_picture_menu(self._pages, name="confusion matrix"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 2)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)
        self._style_icons()
        self._refresh()

    @property
    def headline(self) -> str:
        """The sentence above the matrix: a summary, or what is under the mouse."""
        return self._headline.text()

    def show_mistakes(self, mistakes: Mistakes) -> None:
        """Show what the model says about the samples of a split."""
        self._mistakes = mistakes
        self._stale = True
        if self.isVisible():
            self._refresh()

    def clear(self) -> None:
        """Forget the latest evaluation."""
        self._mistakes = None
        self._refresh()

    def _refresh(self) -> None:
        self._stale = False
        mistakes = self._mistakes
        if mistakes is None or not len(mistakes.labels):
            self._summary = ""
            self._empty.setText(_BEFORE)
            page: QWidget = self._empty
        elif mistakes.labels.ndim == 2:
            self._summary = ""
            self._empty.setText(_TOKENS)
            page = self._empty
        elif mistakes.class_names:
            page = self.matrix
            self._show_classes(mistakes)
        else:
            page = self.scatter
            self._show_numbers(mistakes)
        self._pages.setCurrentWidget(page)
        for button in (self._zoom_out, self._fit, self._zoom_in):
            button.setVisible(page is self.matrix)
        self._headline.setText((self.matrix.pointed if page is self.matrix else "") or self._summary)

    def _show_classes(self, mistakes: Mistakes) -> None:
        predicted = predicted_classes(mistakes.predictions)
        counts = confusion_counts(mistakes.labels, predicted, len(mistakes.class_names))
        confusion = Confusion(counts, mistakes.class_names)
        self._summary = f"{_where(mistakes)}: {confusion.right:,} of {confusion.total:,} right"
        if confusion.only:
            self._summary += f"; all are {confusion.only}"
        self.matrix.show_confusion(confusion)

    def _show_numbers(self, mistakes: Mistakes) -> None:
        count = len(mistakes.labels)
        true = np.asarray(mistakes.labels, np.float64).reshape(count, -1)
        predicted = np.asarray(mistakes.predictions, np.float64).reshape(count, -1)
        # A target of several numbers gives each sample as many points.
        ids = tuple(name for name in mistakes.ids for _ in range(true.shape[1]))
        error = float(np.abs(true - predicted).mean())
        self._summary = f"{_where(mistakes)}: mean absolute error {error:.4g}{_explained(true, predicted)}"
        self.scatter.show_numbers(true.ravel(), predicted.ravel(), ids)

    def _on_pointed(self, text: str) -> None:
        self._headline.setText(text or self._summary)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._style_icons()

    def _style_icons(self) -> None:
        self._fit.setIcon(icons.icon("fit", colors(self).muted))


def _where(mistakes: Mistakes) -> str:
    return f"{mistakes.split.capitalize()}, epoch {mistakes.epoch:,}"


def _explained(true: np.ndarray, predicted: np.ndarray) -> str:
    """The coefficient of determination, R² = 1 − Σ(y − ŷ)² / Σ(y − mean y)², where the true numbers differ."""
    spread = float(np.square(true - true.mean(axis=0)).sum())
    if not spread:
        return ""
    return f", R² {1 - float(np.square(true - predicted).sum()) / spread:.3f}"


def _button(text: str, object_name: str, explanation: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setObjectName(object_name)
    button.setProperty("flat_look", "true")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(explanation)
    button.setToolTip(explanation)
    button.setStatusTip(explanation)
    return button
