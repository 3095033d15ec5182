"""One problem at a time, as a quiet sentence with its fix."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from nnplayground.spec.checks import Problem
from nnplayground.ui import icons
from nnplayground.ui.theme import colors

_MOST_ASIDE = 0.5
"""Share of the width that the buttons may take beside the sentence."""


class ProblemStrip(QFrame):
    """Shows the first problem, errors first; two arrows lead through the others. Hidden while there are none."""

    problem_clicked = Signal(object)
    """The Problem whose place is to be shown."""
    fix_requested = Signal(object)
    """The Problem whose fix is to be done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problems")
        self.setAccessibleName("Problems")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._problems: tuple[Problem, ...] = ()
        self._index = 0
        self._icon = QLabel(self)
        self._aside = QWidget(self)
        self._aside_below: bool | None = None
        self.sentence = QLabel(self)
        self.sentence.setObjectName("problem_sentence")
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.fix_button = QPushButton(self)
        self.fix_button.setObjectName("problem_fix")
        self.fix_button.setCursor(Qt.CursorShape.ArrowCursor)
        self._count = QLabel(self)
        self._count.setObjectName("problem_count")
        self._count.setProperty("muted", True)
        self._previous = self._arrow("problem_previous", "Previous problem")
        self._next = self._arrow("problem_next", "Next problem")
        self._lay_out()
        self.fix_button.clicked.connect(lambda: self.fix_requested.emit(self.current))
        self._previous.clicked.connect(lambda: self._step(-1))
        self._next.clicked.connect(lambda: self._step(1))
        self.hide()

    def _arrow(self, name: str, text: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setProperty("flat_look", True)
        button.setAccessibleName(text)
        button.setToolTip(text)
        button.setStatusTip(text)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.setIconSize(QSize(12, 12))
        return button

    def _lay_out(self) -> None:
        aside = QHBoxLayout(self._aside)
        aside.setContentsMargins(0, 0, 0, 0)
        aside.setSpacing(2)
        for widget in (self.fix_button, self._previous, self._count, self._next):
            aside.addWidget(widget)
        aside.insertSpacing(1, 4)
        aside.insertStretch(1)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 5, 8, 5)
        self._grid.setHorizontalSpacing(9)
        self._grid.setVerticalSpacing(5)
        self._grid.addWidget(self._icon, 0, 0)
        self._grid.addWidget(self.sentence, 0, 1)
        self._grid.setColumnStretch(1, 1)
        self._place_aside()

    def _place_aside(self) -> None:
        """The buttons beside the sentence; below it where they would leave it too little room."""
        below = self._aside.sizeHint().width() > _MOST_ASIDE * self.width()
        if below == self._aside_below:
            return
        self._aside_below = below
        self._grid.removeWidget(self._aside)
        if below:
            self._grid.addWidget(self._aside, 1, 1)
        else:
            self._grid.addWidget(self._aside, 0, 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_aside()

    @property
    def current(self) -> Problem | None:
        return self._problems[self._index] if self._problems else None

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """The problem that is shown stays in view if it is still there; else the first one comes."""
        shown = self.current
        self._problems = tuple(problems)
        self._index = self._problems.index(shown) if shown in self._problems else 0
        self.setVisible(bool(self._problems))
        self._write()

    def _step(self, by: int) -> None:
        self._index = (self._index + by) % len(self._problems)
        self._write()

    def _write(self) -> None:
        problem = self.current
        if problem is None:
            return
        theme = colors(self)
        color = theme.error if problem.severity == "error" else theme.warning
        self._icon.setPixmap(icons.pixmap(problem.severity, color, size=16, ratio=self.devicePixelRatioF() * 2))
        self._icon.setAccessibleName("Error" if problem.severity == "error" else "Warning")
        self._icon.setToolTip(
            "An error: the model cannot run before it is gone."
            if problem.severity == "error"
            else "A warning: the model can run, but probably not as it is meant."
        )
        self.sentence.setText(problem.message)
        self.setToolTip("Click to show the place." if problem.layer_id is not None else "")
        self.setStatusTip(problem.message)
        self.setAccessibleDescription(f"{problem.severity}: {problem.message}")
        self.fix_button.setVisible(problem.fix is not None)
        if problem.fix is not None:
            self.fix_button.setText(problem.fix.title)
            self.fix_button.setToolTip("Solve this problem; it can be undone.")
            self.fix_button.setStatusTip(f"{problem.fix.title}: solves this problem; it can be undone.")
        several = len(self._problems) > 1
        for widget in (self._previous, self._count, self._next):
            widget.setVisible(several)
        self._count.setText(f"{self._index + 1} of {len(self._problems)}")
        self._place_aside()
        self._previous.setIcon(icons.icon("chevron-left", theme.muted))
        self._next.setIcon(icons.icon("chevron-right", theme.muted))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._write()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.problem_clicked.emit(self.current)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.problem_clicked.emit(self.current)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setPen(QPen(theme.separator))
        painter.drawLine(0, 0, self.width(), 0)
        if self.hasFocus():
            painter.setPen(QPen(theme.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
