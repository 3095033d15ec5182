"""The data of the project: looked at whenever it is another, and then read in the background."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from nnplayground.spec.dataset import Dataset
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.ui.document import Document
from nnplayground.ui.runner import Runner
from nnplayground.ui.scanner import Scanner


class DataWatch(QObject):
    """Tells the document what is known about its data, and has the runner read it ahead of the first run."""

    def __init__(self, document: Document, runner: Runner, parent: QObject) -> None:
        super().__init__(parent)
        self._document = document
        self._runner = runner
        self._scanner = Scanner(self)
        self._scanned: Dataset | None = None
        self._waiting: Callable[[], None] | None = None
        self._scanner.found.connect(self._on_found)
        document.changed.connect(self._on_changed)
        document.set_aside.connect(self._on_set_aside)

    def when_known(self, then: Callable[[], None]) -> None:
        """Call something as soon as the data of this project has been looked at; at once, if it has been."""
        if self._document.facts is not None:
            then()
        else:
            self._waiting = then

    def look_again(self) -> None:
        """The data may have changed where it lies."""
        dataset = self._document.project.dataset
        if dataset is not None:
            self._runner.forget_data()
            self._scanner.scan(dataset)

    def shutdown(self) -> None:
        """End the threads."""
        self._scanner.shutdown()

    def _on_set_aside(self) -> None:
        self._waiting = None
        self._scanned = None
        self._scanner.cancel()

    def _on_changed(self, before: Project, after: Project) -> None:
        if after.dataset == before.dataset and after.dataset == self._scanned:
            return
        self._scanned = after.dataset
        if after.dataset is not None:
            self._scanner.scan(after.dataset)
        else:
            self._scanner.cancel()

    def _on_found(self, dataset: Dataset, facts: DataFacts) -> None:
        if dataset != self._document.project.dataset:
            return
        self._document.set_facts(facts)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()
        if facts.problem is None and not self._runner.active:
            self._runner.preload(dataset)
