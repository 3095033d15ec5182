"""The toolbar: the ladder of learning rates, quick settings that fit, and where a run stands."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.spec.training import SGD, Adam
from nnplayground.training.events import EpochDone, Preparing, RunEnded, RunStarted, StepsDone
from nnplayground.training.mailbox import Frame
from nnplayground.ui.document import Document
from nnplayground.ui.quick_settings import QuickSettings, stepped_rate
from nnplayground.ui.toolbar import RunProgress


@pytest.mark.parametrize(
    ("rate", "up", "down"),
    [
        (0.001, 0.002, 0.0005),
        (0.002, 0.005, 0.001),
        (0.005, 0.01, 0.002),
        (0.01, 0.02, 0.005),
        (0.003, 0.005, 0.002),
        (0.1, 0.2, 0.05),
        (1.0, 2.0, 0.5),
        (9.0, 10.0, 5.0),
        (10.0, 20.0, 5.0),
    ],
)
def test_a_rate_steps_along_its_ladder(rate: float, up: float, down: float) -> None:
    assert stepped_rate(rate, 1) == up
    assert stepped_rate(rate, -1) == down


def test_up_and_down_meet_again_at_every_rung() -> None:
    rate = 1e-6
    for _ in range(24):
        higher = stepped_rate(rate, 1)
        assert higher > rate
        assert stepped_rate(higher, -1) == rate
        rate = higher


def test_from_zero_it_begins_somewhere() -> None:
    assert stepped_rate(0.0, 1) == stepped_rate(0.0, -1) == 0.001


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document()


@pytest.fixture
def settings(document: Document, qtbot: QtBot) -> QuickSettings:
    settings = QuickSettings(document)
    qtbot.addWidget(settings)
    settings.show()
    return settings


def child(widget: QObject, name: str) -> QWidget:
    found = widget.findChild(QWidget, f"quick.{name}")
    assert isinstance(found, QWidget)
    return found


def line(settings: QuickSettings, name: str) -> QLineEdit:
    found = child(settings, name)
    assert isinstance(found, QLineEdit)
    return found


def test_fields_follow_the_document(settings: QuickSettings, document: Document) -> None:
    document.set_value("training.optimizer", "SGD")
    document.set_value("training.optimizer.learning_rate", 0.25)
    document.set_value("training.batch_size", "all")
    optimizer = child(settings, "optimizer")
    assert isinstance(optimizer, QComboBox)
    assert optimizer.currentText() == "SGD"
    assert line(settings, "learning_rate").text() == "0.25"
    assert line(settings, "batch_size").text() == "all"


def test_arrows_step_the_learning_rate_and_undo_takes_them_back_at_once(
    settings: QuickSettings, document: Document
) -> None:
    for _ in range(3):
        QTest.keyClick(line(settings, "learning_rate"), Qt.Key.Key_Up)
    assert document.project.training.optimizer.learning_rate == 0.01
    document.undo_stack.undo()
    assert document.project.training.optimizer.learning_rate == 0.001


def test_a_number_that_cannot_be_is_refused_and_the_field_shows_the_old_one(
    settings: QuickSettings, document: Document, qtbot: QtBot
) -> None:
    field = line(settings, "batch_size")
    field.selectAll()
    QTest.keyClicks(field, "-3")
    with qtbot.waitSignal(document.refused):
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "32"
    assert document.project.training.batch_size == 32


def test_what_is_being_typed_is_not_overwritten_and_can_be_committed(
    settings: QuickSettings, document: Document
) -> None:
    field = line(settings, "learning_rate")
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "0,05")
    document.set_value("training.epochs", 7)
    assert field.text() == "0,05"
    settings.commit_pending()
    assert document.project.training.optimizer == Adam(learning_rate=0.05)
    settings.commit_pending()
    assert document.undo_stack.count() == 2


def test_a_chosen_optimizer_takes_its_defaults(settings: QuickSettings, document: Document) -> None:
    optimizer = child(settings, "optimizer")
    assert isinstance(optimizer, QComboBox)
    optimizer.setFocus()
    optimizer.setCurrentIndex(optimizer.findText("SGD"))
    optimizer.activated.emit(optimizer.currentIndex())
    assert document.project.training.optimizer == SGD()


def test_the_least_needed_gives_way(settings: QuickSettings) -> None:
    names = ("engine", "optimizer", "batch_size", "learning_rate")

    def shown(width: int) -> list[str]:
        settings.fit_into(width)
        return [name for name in names if not child(settings, name).isHidden()]

    assert shown(2000) == list(names)
    assert shown(0) == ["learning_rate"]
    found = [shown(width) for width in range(2000, 0, -10)]
    assert all(set(narrower) <= set(wider) for wider, narrower in pairwise(found))
    assert ["optimizer", "batch_size", "learning_rate"] in found
    layout = settings.layout()
    assert layout is not None
    for width in range(600, settings.minimumSizeHint().width(), -10):
        settings.fit_into(width)
        assert layout.sizeHint().width() <= width


def test_every_field_says_what_it_is(settings: QuickSettings) -> None:
    for name in ("engine", "optimizer", "learning_rate", "batch_size"):
        field = child(settings, name)
        assert all((field.toolTip(), field.statusTip(), field.accessibleName())), name


@pytest.fixture
def progress(qtbot: QtBot) -> RunProgress:
    progress = RunProgress()
    qtbot.addWidget(progress)
    progress.resize(600, 40)
    progress.show()
    return progress


def words(progress: RunProgress, name: str) -> str:
    label = progress.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.accessibleName()


def started(*, epochs: int = 10) -> RunStarted:
    return RunStarted("run", epochs, 4, 100, 0, 0, ("loss",))


def steps(*, epoch: int, first: int) -> StepsDone:
    return StepsDone("run", epoch, first, {"loss": np.array([0.5, 0.4], np.float32)}, 250.0)


def test_progress_follows_a_run_to_its_end(progress: RunProgress) -> None:
    progress.show_frame(Frame(preparing=Preparing("run", "Reading samples…", 3, 10)))
    assert words(progress, "run_epoch") == "Reading samples…"
    epoch = EpochDone("run", 1, 4, {"loss": 0.5}, 0.001, 2.0)
    progress.show_frame(Frame(started=started(), steps=(steps(epoch=2, first=5),), epochs=(epoch,)))
    assert words(progress, "run_epoch") == "Epoch 2 / 10"
    assert words(progress, "run_speed") == "250 samples/s · 17 s left"
    progress.show_frame(Frame(ended=RunEnded("run", "finished", 10, {}, 0, 20.0)))
    assert words(progress, "run_epoch") == "Finished · epoch 10"
    assert words(progress, "run_speed") == "20 s"


def test_a_problem_covers_the_end_of_a_run_until_it_is_mended(progress: RunProgress) -> None:
    progress.show_frame(Frame(ended=RunEnded("run", "diverged", 3, {}, None, 2.0, "The loss is not a number.")))
    progress.show_idle("There is no data yet.")
    assert words(progress, "run_epoch") == "There is no data yet."
    progress.show_idle(None)
    assert words(progress, "run_epoch") == "Diverged · epoch 3"
    progress.forget()
    progress.show_idle(None)
    assert words(progress, "run_epoch") == "Ready"
