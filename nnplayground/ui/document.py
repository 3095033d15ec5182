"""The document: the project in the window, its file, its undo stack, what is known about its data, its problems.

Edits arrive as whole projects; undo needs one command for all of them. Views listen to `changed`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from nnplayground.spec.checks import Problem, check
from nnplayground.spec.edits import EditError
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.files import save_project
from nnplayground.spec.paths import ValueProblem, set_value
from nnplayground.spec.project import Project


class _Replace(QUndoCommand):
    """Put `after` in the place of `before`. Commands with the same merge key become one (a slider's drag)."""

    def __init__(self, document: Document, before: Project, after: Project, *, text: str, merge_key: str) -> None:
        super().__init__(text)
        self._document = document
        self._before = before
        self._after = after
        self._merge_key = merge_key

    def redo(self) -> None:
        self._document._show(self._after)

    def undo(self) -> None:
        self._document._show(self._before)

    def id(self) -> int:
        return 1 if self._merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Replace) or other._merge_key != self._merge_key:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True


class Document(QObject):
    """The project, and everything that follows from it."""

    changed = Signal(object, object)
    """(before, after): two Projects. Also after undo, redo, open."""
    set_aside = Signal()
    """Another project is about to come in the place of this one (new, open); everything is still as it was."""
    replaced = Signal()
    """Another project has come in the place of this one (new, open); `changed` was emitted before."""
    problems_changed = Signal()
    facts_changed = Signal()
    path_changed = Signal()
    refused = Signal(str)
    """An edit that cannot be done, in one sentence."""

    def __init__(self, project: Project | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = self._saved = project or Project()
        self._path: Path | None = None
        self._facts: DataFacts | None = None
        self._replacing = False
        self.undo_stack = QUndoStack(self)
        self._problems: tuple[Problem, ...] = check(self._project, None)

    @property
    def project(self) -> Project:
        return self._project

    @property
    def path(self) -> Path | None:
        """The file, None while it has never been saved."""
        return self._path

    @property
    def facts(self) -> DataFacts | None:
        """What is known about the data; None until it has been looked at."""
        return self._facts

    @property
    def replacing(self) -> bool:
        """While `changed` tells of another project in this one's place, of which nothing was added by hand."""
        return self._replacing

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._problems

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self._problems if problem.severity == "error")

    @property
    def dirty(self) -> bool:
        """Whether the project differs from its file. Weights that were changed by hand are not in it."""
        return self._project != self._saved

    def forget_changes(self) -> None:
        """Nobody will be asked about what has changed until now."""
        self._saved = self._project
        self.undo_stack.setClean()

    def apply(self, edit: Callable[[Project], Project], text: str, *, merge_key: str = "") -> bool:
        """Do an edit, undoable under `text`. False where it was refused (`refused` says why) or changed nothing."""
        try:
            after = edit(self._project)
        except (EditError, ValueProblem) as problem:
            self.refused.emit(str(problem))
            return False
        if after == self._project:
            return False
        self.undo_stack.push(_Replace(self, self._project, after, text=text, merge_key=merge_key))
        return True

    def set_value(self, path: str, value: object, *, merge: bool = False) -> bool:
        """Another value at a path. merge: join with the step before where it changed the same path."""
        return self.apply(
            lambda project: set_value(project, path, value),
            f"change of {path.rsplit('.', 1)[-1].replace('_', ' ')}",
            merge_key=path if merge else "",
        )

    def set_facts(self, facts: DataFacts | None) -> None:
        """What has been found out about the data of the project."""
        if facts == self._facts:
            return
        self._facts = facts
        self.facts_changed.emit()
        self._check()

    def reset(self, project: Project, path: Path | None = None) -> None:
        """Another project in the place of this one; the undo stack is emptied."""
        self.set_aside.emit()
        before = self._project
        self._project = self._saved = project
        self._facts = None
        self.undo_stack.clear()
        self._path = path
        self.path_changed.emit()
        self.facts_changed.emit()
        self._replacing = True
        self.changed.emit(before, project)
        self._replacing = False
        self._check()
        self.replaced.emit()

    def save(self, path: Path) -> None:
        """Write the project file. Raises FileError; then nothing changes."""
        save_project(self._project, path)
        self._path = path.resolve()
        self.forget_changes()
        self.path_changed.emit()

    def _show(self, project: Project) -> None:
        before = self._project
        self._project = project
        if project.dataset is None:
            self.set_facts(None)
        self.changed.emit(before, project)
        self._check()

    def _check(self) -> None:
        problems = check(self._project, self._facts)
        if problems != self._problems:
            self._problems = problems
            self.problems_changed.emit()
