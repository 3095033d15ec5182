"""What models write in the output panel: behind a prompt, back through time, and from a source."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QSlider, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.spec.edits import set_parameter
from nnplayground.spec.project import Project
from nnplayground.spec.training import NextToken, TeacherForcing, Training
from nnplayground.training.events import Written, WrittenText
from nnplayground.training.mailbox import Frame
from nnplayground.training.translating import Translation
from nnplayground.ui.document import Document
from nnplayground.ui.panels.output import OutputPanel
from tests.ui.text_data import pair_catalog


def panel_of(qtbot: QtBot, training: Training) -> OutputPanel:
    panel = OutputPanel(Document(Project(training=training)))
    qtbot.addWidget(panel)
    panel.resize(560, 220)
    panel.show()
    return panel


@pytest.fixture
def writer(qtbot: QtBot) -> OutputPanel:
    return panel_of(qtbot, Training(objective=NextToken()))


@pytest.fixture
def translator(qtbot: QtBot) -> OutputPanel:
    return panel_of(qtbot, Training(objective=TeacherForcing()))


def written(epoch: int, run: str = "a") -> Written:
    texts = tuple(WrittenText(temperature, "Once <b>", f" text {epoch}\n& more") for temperature in (0.2, 0.7, 1.2))
    return Written(run, epoch, 10 * epoch, texts)


def show(panel: OutputPanel, *moments: Written) -> None:
    for each in moments:
        panel.show_frame(Frame(written=each))


def child(panel: QWidget, kind: type, name: str) -> QWidget:
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def when(panel: OutputPanel) -> str:
    found = child(panel, QLabel, "written.when")
    assert isinstance(found, QLabel)
    return found.text()


def texts(panel: OutputPanel) -> str:
    assert panel.written is not None
    return panel.written.texts.toPlainText()


def test_before_the_first_epoch_it_says_what_will_be_there(writer: OutputPanel) -> None:
    assert "three temperatures appears here" in texts(writer)


def test_texts_of_each_epoch_and_back_through_time(writer: OutputPanel) -> None:
    show(writer, *(written(epoch) for epoch in range(1, 5)))
    assert when(writer) == "Epoch 4"
    assert "Temperature 0.2, careful" in texts(writer)
    assert "Temperature 1.2, wild" in texts(writer)
    assert "Once <b> text 4\n& more" in texts(writer)
    slider = child(writer, QSlider, "written.slider")
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert when(writer) == "Epoch 1 of 4"
    assert "text 1" in texts(writer)
    show(writer, written(5))
    assert when(writer) == "Epoch 1 of 5"  # who looks back is not torn away
    QTest.keyClick(slider, Qt.Key.Key_End)
    show(writer, written(6))
    assert when(writer) == "Epoch 6"
    show(writer, written(1, "b"))
    assert when(writer) == "Epoch 1"


def test_a_very_long_run_keeps_texts_spread_over_the_whole_time(writer: OutputPanel) -> None:
    page = writer.written
    assert page is not None
    for epoch in range(1, 1002):
        page.show_written(written(epoch))
    slider = child(writer, QSlider, "written.slider")
    assert isinstance(slider, QSlider)
    assert 250 <= slider.maximum() < 500
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert when(writer) == "Epoch 1 of 1,001"


def test_a_prompt_is_gone_on_with(qtbot: QtBot, writer: OutputPanel) -> None:
    page = writer.written
    assert page is not None
    prompt = child(writer, QLineEdit, "written.prompt")
    QTest.keyClicks(prompt, "The fox")
    with qtbot.waitSignal(writer.continuation_requested) as asked:
        QTest.keyClick(prompt, Qt.Key.Key_Return)
    assert asked.args == ["The fox", 0.7]
    button = child(writer, QPushButton, "written.go")
    assert not button.isEnabled()
    writer.show_continuation("The fox", " ran & hid.")
    assert page.answer == "The fox ran & hid."
    assert button.isEnabled()
    with qtbot.waitSignal(writer.continuation_requested):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    writer.show_problem("“§” does not occur in what the model has learned from; leave it out.")
    assert page.answer.startswith("“§” does not occur")
    writer.clear()
    assert page.answer == ""
    assert button.isEnabled()


def test_a_source_of_ones_own_is_translated(qtbot: QtBot, translator: OutputPanel) -> None:
    page = translator.translation
    assert page is not None
    source = child(translator, QLineEdit, "translation.source")
    QTest.keyClicks(source, "one")
    with qtbot.waitSignal(translator.translation_requested) as asked:
        QTest.keyClick(source, Qt.Key.Key_Return)
    assert asked.args == ["one"]
    translator.show_translation(Translation("one", "12", None, ("1", "2"), (), (0.9, 0.42, 0.99)))
    assert page.words.startswith("“12” · least sure of one token: 42%")
    assert child(translator, QWidget, "translation.pair").isVisibleTo(translator)
    translator.show_problem("Write something to translate.")
    assert page.words == "Write something to translate."
    assert not child(translator, QWidget, "translation.pair").isVisibleTo(translator)


def test_examples_can_be_taken(qtbot: QtBot, translator: OutputPanel) -> None:
    button = child(translator, QPushButton, "translation.example")
    assert not button.isVisibleTo(translator)
    translator.show_catalog(pair_catalog())
    for source in ("one two", "two"):
        with qtbot.waitSignal(translator.translation_requested) as asked:
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert asked.args == [source]
        translator.show_problem("Press Run first.")


def test_another_objective_has_another_page(qtbot: QtBot) -> None:
    document = Document()
    panel = OutputPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.written is None
    document.apply(lambda project: set_parameter(project, "training.objective", {"type": "next_token"}), "objective")
    assert panel.written is not None
    assert panel.written.isVisible()
    document.undo_stack.undo()
    assert not panel.written.isVisible()
