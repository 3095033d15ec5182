"""Laying hands on the network itself: looking at it before it is trained, and changing its weights one by one."""

from __future__ import annotations

import sys
import time
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand

from nnplayground.spec.dataset import Points
from nnplayground.training.questions import Refusal
from nnplayground.ui.document import Document
from nnplayground.ui.runner import Runner

_WEIGHT_CHANGE = 2
"""Tells these commands from the document's own."""
_NUDGE_SECONDS = 1.5
"""Changes of the same weight that follow one another sooner are one."""
_CALM_MILLISECONDS = 60
"""A project that changes, as while a slider is dragged, is made ready after so long a rest."""


class HandsOn(QObject):
    """Makes the model of points ready as soon as the project allows it, and lets its weights be changed, undoably."""

    refused = Signal(str)

    def __init__(self, runner: Runner, document: Document, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._document = document
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_CALM_MILLISECONDS)
        self._soon.timeout.connect(self._make_ready)
        document.changed.connect(lambda before, after: self._soon.start())
        document.facts_changed.connect(self._soon.start)
        document.problems_changed.connect(self._soon.start)
        runner.state_changed.connect(lambda state: self._soon.start() if state == "idle" else None)

    def _make_ready(self) -> None:
        """Points are trained in moments, and so can their network be built; others wait for Run."""
        document = self._document
        project = document.project
        quick = project.training.engine == "scratch" or "tensorflow" in sys.modules
        if isinstance(project.dataset, Points) and quick and document.facts is not None and not document.errors:
            self._runner.make_ready(project)

    def forget(self) -> None:
        """What was learned is forgotten: the network is built anew from its seed."""
        self._soon.start()

    def change_weight(self, name: str, index: tuple[Any, ...], value: Any) -> None:
        """Set a part of a weight ("<layer id>/<name>") to one or more numbers; undo puts the old ones back."""

        def changed(before: Any) -> None:
            if isinstance(before, Refusal):
                self.refused.emit(before.message)
            else:
                self._document.undo_stack.push(_WeightChange(self, name, index, before=before, after=value))

        self._runner.set_weight(name, index, value, changed)

    def put(self, name: str, index: tuple[Any, ...], value: Any) -> None:
        """Set it without another step of undo."""
        self._runner.set_weight(name, index, value, self._on_put)

    def _on_put(self, answer: Any) -> None:
        if isinstance(answer, Refusal):
            self.refused.emit(answer.message)


class _WeightChange(QUndoCommand):
    """One change of a weight by hand. It was done already when it comes to the stack."""

    def __init__(self, hands: HandsOn, name: str, index: tuple[Any, ...], *, before: Any, after: Any) -> None:
        layer_id, _, weight = name.partition("/")
        super().__init__(f"change of {'the ' if weight == 'bias' else 'a '}{weight} of {layer_id}")
        self._hands = hands
        self._name = name
        self._index = index
        self._before = before
        self._after = after
        self._is_done = True
        self._at = time.monotonic()

    def redo(self) -> None:
        if not self._is_done:
            self._hands.put(self._name, self._index, self._after)
        self._is_done = False

    def undo(self) -> None:
        self._hands.put(self._name, self._index, self._before)

    def id(self) -> int:
        return _WEIGHT_CHANGE

    def mergeWith(self, other: QUndoCommand) -> bool:
        """One number that is nudged again and again is one step of undo."""
        if not isinstance(other, _WeightChange) or (other._name, other._index) != (self._name, self._index):
            return False
        if other._at - self._at > _NUDGE_SECONDS:
            return False
        self._after, self._at = other._after, other._at
        return True
