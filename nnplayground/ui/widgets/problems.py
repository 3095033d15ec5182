"""Problems where they arise: a mark, one sentence, and the button that mends it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from nnplayground.spec.checks import Problem
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.labels import ElidedButton, IconMark, clear, describe


class ProblemList(QWidget):
    """Some problems of the document, one below the other; nothing at all where there are none."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._problems: tuple[Problem, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self.hide()

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._problems

    def show_problems(self, problems: Sequence[Problem]) -> None:
        if tuple(problems) == self._problems:
            return
        self._problems = tuple(problems)
        clear(self._layout)
        for problem in problems:
            self._layout.addWidget(self._entry(problem))
        self.setVisible(bool(problems))

    def _entry(self, problem: Problem) -> QWidget:
        entry = QWidget()
        entry.setObjectName(f"problem.{problem.path}")
        sentence = QLabel(problem.message)
        sentence.setWordWrap(True)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setProperty("severity", problem.severity)
        sentence.setAccessibleName(f"{problem.severity}: {problem.message}")
        text = QVBoxLayout()
        text.setSpacing(4)
        text.addWidget(sentence)
        if problem.fix is not None:
            text.addWidget(self._fix_button(problem))
        layout = QHBoxLayout(entry)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(IconMark(problem.severity, problem.severity), 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        return entry

    def _fix_button(self, problem: Problem) -> QPushButton:
        fix = problem.fix
        assert fix is not None
        button = ElidedButton(fix.title)
        button.setObjectName(f"fix.{problem.path}")
        describe(button, fix.title, f"{fix.title}; this can be undone")
        button.clicked.connect(lambda: self._document.apply(fix.apply, fix.title))
        return button
