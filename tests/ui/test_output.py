"""The output panel: images that a generator makes, back through time, and beside those they are most like."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QSlider
from pytestqt.qtbot import QtBot

from nnplayground.spec.edits import set_parameter
from nnplayground.training.events import Made
from nnplayground.training.mailbox import Frame
from nnplayground.ui.document import Document
from nnplayground.ui.panels.made_page import MadePage
from nnplayground.ui.panels.output import OutputPanel
from nnplayground.ui.widgets.made_history import MadeHistory


def made(epoch: int, run: str = "a", *, count: int = 6, distance: float = 0.2) -> Made:
    """The first image is a copy; all have the number of their epoch as gray."""
    images = np.full((count, 4, 4, 1), epoch % 256, np.uint8)
    distances = np.full(count, distance, np.float32)
    distances[0] = 0.0
    return Made(run, epoch, images, np.full_like(images, 200), distances, 0.2)


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
def panel(qtbot: QtBot, document: Document) -> OutputPanel:
    panel = OutputPanel(document)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    return panel


def page(panel: OutputPanel) -> MadePage:
    assert panel.made is not None
    return panel.made


def slider(panel: OutputPanel) -> QSlider:
    found = panel.findChild(QSlider, "made.slider")
    assert isinstance(found, QSlider)
    return found


def when(panel: OutputPanel) -> str:
    found = panel.findChild(QLabel, "made.when")
    assert isinstance(found, QLabel)
    return found.text()


def show(panel: OutputPanel, *moments: Made) -> None:
    for each in moments:
        panel.show_frame(Frame(made=each))


def test_the_latest_images_are_shown_and_the_slider_goes_back(panel: OutputPanel) -> None:
    show(panel, *(made(epoch) for epoch in range(6)))
    assert when(panel) == "Epoch 5"
    QTest.keyClick(slider(panel), Qt.Key.Key_Left)
    assert when(panel) == "Epoch 4 of 5"
    assert page(panel).grid.grab().toImage().pixelColor(page(panel).grid.place(0).center().toPoint()).red() == 4
    show(panel, made(6))
    assert when(panel) == "Epoch 4 of 6"  # who looks back is not torn away
    QTest.keyClick(slider(panel), Qt.Key.Key_End)
    assert when(panel) == "Epoch 6"
    show(panel, made(7))
    assert when(panel) == "Epoch 7"
    QTest.keyClick(slider(panel), Qt.Key.Key_Home)
    assert when(panel) == "Before the first epoch of 7"


def test_an_image_is_told_to_be_a_copy_or_not(panel: OutputPanel) -> None:
    show(panel, made(1))
    grid = page(panel).grid
    QTest.mouseMove(grid, grid.place(0).center().toPoint())
    assert "this is a copy" in page(panel).words
    assert "Of 6 images 1 is a copy" in page(panel).words
    QTest.mouseMove(grid, grid.place(3).center().toPoint())
    assert "They differ by 0.200" in page(panel).words
    assert "this is a copy" not in page(panel).words


def test_arrows_move_from_image_to_image(panel: OutputPanel) -> None:
    show(panel, made(1))
    grid = page(panel).grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid.current == 1
    QTest.keyClick(grid, Qt.Key.Key_Left)
    QTest.keyClick(grid, Qt.Key.Key_Left)
    assert grid.current == 0


def test_images_never_lie_over_each_other(panel: OutputPanel) -> None:
    show(panel, made(1, count=64))
    grid = page(panel).grid
    places = [grid.place(number) for number in range(64)]
    assert not any(first.intersects(second) for first in places for second in places if first is not second)
    assert all(grid.rect().contains(each.toAlignedRect()) for each in places)


def test_another_objective_or_project_forgets_them(panel: OutputPanel, document: Document) -> None:
    show(panel, made(1))
    assert page(panel).isVisible()
    document.apply(lambda project: set_parameter(project, "training.objective", {"type": "adversarial"}), "objective")
    assert not page(panel).isVisible()
    show(panel, made(2))
    panel.clear()
    assert not page(panel).isVisible()
    show(panel, made(1, "b"))
    assert when(panel) == "Epoch 1"


def test_history_keeps_moments_spread_over_the_whole_time() -> None:
    size = made(1).images.nbytes * 2
    history = MadeHistory(most_bytes=size * 20)
    for epoch in range(500):
        history.append(made(epoch))
        assert len(history) <= 21
        assert history.latest is not None
        assert history.latest.epoch == epoch
    epochs = [history[place].epoch for place in range(len(history))]
    assert epochs[0] == 0
    assert epochs[-1] == 499
    steps = set(np.diff(epochs[:-1]).tolist())
    assert len(steps) == 1
    assert len(epochs) >= 10


def test_history_of_a_run_that_starts_anew() -> None:
    history = MadeHistory()
    for epoch in (0, 1, 2):
        history.append(made(epoch))
    history.append(made(2))  # continued from before its end
    assert [history[place].epoch for place in range(len(history))] == [0, 1, 2]
    history.append(made(0, "b"))
    assert len(history) == 1


@pytest.mark.parametrize("height", [300, 180])
def test_in_a_low_panel_the_images_give_way_to_the_words(panel: OutputPanel, height: int) -> None:
    show(panel, made(1, count=64))
    panel.resize(540, height)
    layout = page(panel).layout()
    assert layout is not None
    layout.activate()
    pair, words = page(panel).pair, panel.findChild(QLabel, "made.words")
    assert isinstance(words, QLabel)
    assert pair.isVisible()
    assert not pair.geometry().intersects(words.geometry())
    assert words.height() >= words.heightForWidth(words.width())
    assert panel.rect().contains(words.geometry())
