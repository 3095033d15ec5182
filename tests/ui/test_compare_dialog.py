"""The window in which both engines are compared, with an engine thread that does what a test tells it."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton

from nnplayground.layers.core import Dense
from nnplayground.spec.edits import append_layer
from nnplayground.spec.project import Project
from nnplayground.training.compare import MARKS, UPDATES, Comparison, LayerDifference
from nnplayground.training.controls import Controls
from nnplayground.training.questions import NotTrained, Refusal
from nnplayground.ui.compare_dialog import CompareDialog
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.difference_bars import DifferenceBars, place_of

PROJECT = append_layer(append_layer(Project(), Dense(units=4)), Dense(units=1))


def after(updates: int) -> Comparison:
    marks = [mark for mark in MARKS if mark <= updates]
    told = dict.fromkeys(marks, 2.1e-7)
    layers = {layer_id: LayerDifference(told, told) for layer_id in ("dense_1", "dense_2")} if marks else {}
    return Comparison(updates, layers, ("dropout_1",), message="" if updates else "Building both engines…")


class FakeSession:
    """refusal: why nothing can be compared."""

    def __init__(self) -> None:
        self.refusal = ""
        self.ended = 0
        self.projects: list[Project] = []

    def comparison(self, project: Project, controls: Controls) -> Generator[Comparison, None, None]:
        self.projects.append(project)
        if self.refusal:
            raise NotTrained(self.refusal)
        return self._told()

    def _told(self) -> Generator[Comparison, None, None]:
        try:
            yield from map(after, range(UPDATES + 1))
        finally:
            self.ended += 1


class FakeRunner(QObject):
    state_changed = Signal(str)
    forgot = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.active = False
        self.session = FakeSession()
        self.questions: list[tuple[Callable[[Any], Any], Callable[[Any], None]]] = []

    def ask(self, question: Callable[[Any], Any], then: Callable[[Any], None]) -> None:
        self.questions.append((question, then))

    def answer(self, count: int = 1) -> None:
        """As the engine thread does."""
        for _ in range(count):
            question, then = self.questions.pop(0)
            try:
                answer = question(self.session)
            except NotTrained as problem:
                answer = Refusal(str(problem))
            then(answer)

    def set_active(self, active: bool) -> None:
        self.active = active
        self.state_changed.emit("running" if active else "idle")


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture
def dialog(qtbot: Any, runner: Any) -> CompareDialog:
    made = CompareDialog(runner, Document(PROJECT))
    qtbot.addWidget(made)
    return made


def button(dialog: CompareDialog, name: str) -> QPushButton:
    found = dialog.findChild(QPushButton, f"compare.{name}")
    assert found is not None
    return found


def text(dialog: CompareDialog, name: str) -> str:
    found = dialog.findChild(QLabel, f"compare.{name}")
    assert found is not None
    return found.text()


def press(qtbot: Any, dialog: CompareDialog, name: str) -> None:
    qtbot.mouseClick(button(dialog, name), Qt.MouseButton.LeftButton)


def test_it_begins_when_it_is_shown_and_tells_the_result(qtbot: Any, dialog: CompareDialog, runner: FakeRunner) -> None:
    assert not runner.questions
    dialog.show()
    assert dialog.comparing
    assert button(dialog, "stop").isVisible()
    assert not button(dialog, "start").isVisible()
    runner.answer()
    assert text(dialog, "summary") == "Building both engines…"
    runner.answer(23)
    assert text(dialog, "summary") == "Comparing: update 23 of 50"
    bars = dialog.findChild(DifferenceBars)
    assert bars is not None
    assert bars.accessibleDescription() == "dense_1: 2.1e-7; dense_2: 2.1e-7"
    with qtbot.waitSignal(dialog.compared, timeout=1000) as told:
        runner.answer(27)
    assert told.args == ["Keras agrees: max weight difference 2.1e-7"]
    assert text(dialog, "summary") == told.args[0]
    assert "random numbers of its own: dropout_1." in text(dialog, "notes")
    assert (dialog.comparing, runner.questions, runner.session.ended) == (False, [], 1)
    assert button(dialog, "start").text() == "Compare again"
    press(qtbot, dialog, "copy")
    assert "dense_1\t2.1e-7\t2.1e-7\t2.1e-7" in QGuiApplication.clipboard().text()


def test_stopping_lets_go_of_the_engines_and_keeps_what_is_known(
    qtbot: Any, dialog: CompareDialog, runner: FakeRunner
) -> None:
    dialog.show()
    runner.answer(13)
    press(qtbot, dialog, "stop")
    assert text(dialog, "summary") == "Stopped after 12 of 50 updates"
    runner.answer(2)  # the update that was under way, and the end
    assert (runner.questions, runner.session.ended) == ([], 1)
    assert text(dialog, "summary") == "Stopped after 12 of 50 updates"
    assert button(dialog, "copy").isEnabled()
    press(qtbot, dialog, "start")
    runner.answer(3)
    assert text(dialog, "summary") == "Comparing: update 2 of 50"


def test_closing_ends_it_and_showing_begins_anew(dialog: CompareDialog, runner: FakeRunner) -> None:
    dialog.show()
    runner.answer(5)
    dialog.close()
    runner.answer(2)
    assert (dialog.comparing, runner.session.ended) == (False, 1)
    dialog.show()
    runner.answer(2)
    assert text(dialog, "summary") == "Comparing: update 1 of 50"


def test_only_one_engine_computes_at_a_time(qtbot: Any, dialog: CompareDialog, runner: FakeRunner) -> None:
    runner.set_active(True)
    dialog.show()
    assert text(dialog, "summary") == "Only one engine computes at a time: end the run to compare the engines."
    assert not button(dialog, "start").isEnabled()
    assert not runner.questions
    runner.set_active(False)
    press(qtbot, dialog, "start")
    runner.answer(4)
    runner.set_active(True)
    assert not dialog.comparing
    runner.answer(2)
    assert runner.session.ended == 1
    assert text(dialog, "summary").startswith("Only one engine computes at a time")


def test_why_there_is_nothing_to_compare(qtbot: Any, dialog: CompareDialog, runner: FakeRunner) -> None:
    runner.session.refusal = "Only the Keras engine has RandomFlip."
    dialog.show()
    runner.answer()
    assert text(dialog, "summary") == "Only the Keras engine has RandomFlip."
    assert not dialog.comparing
    runner.session.refusal = ""
    runner.answer()
    press(qtbot, dialog, "start")
    runner.answer(2)
    assert text(dialog, "summary") == "Comparing: update 1 of 50"


def test_the_project_goes_on_changing(qtbot: Any, runner: Any) -> None:
    document = Document(PROJECT)
    dialog = CompareDialog(runner, document)
    qtbot.addWidget(dialog)
    dialog.show()
    runner.answer(UPDATES + 1)
    document.set_value("training.epochs", 7)
    assert text(dialog, "notes").endswith("The project has been changed since.")
    press(qtbot, dialog, "start")
    runner.answer(2)
    assert runner.session.projects[-1].training.epochs == 7
    document.reset(Project())
    assert not dialog.comparing
    assert text(dialog, "summary") == "Do both engines come to the same weights?"


def test_an_answer_that_never_comes(dialog: CompareDialog, runner: FakeRunner) -> None:
    """After a reset the runner keeps to itself what was asked before."""
    dialog.show()
    runner.answer(5)
    runner.questions.clear()
    runner.forgot.emit()
    assert not dialog.comparing
    runner.answer()
    assert runner.session.ended == 1


def test_the_scale_is_logarithmic() -> None:
    assert [place_of(value) for value in (0.0, 1e-9, 1.0, 5.0, math.inf)] == [0, 0, 1, 1, 1]
    assert place_of(1e-3) - place_of(1e-6) == pytest.approx(1 / 3)
