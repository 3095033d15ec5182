"""Fine-tuning in the window: the dialog, what the inspector says about the frozen part, and the mark on the curve."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.layers.applications import VGG16
from nnplayground.layers.augmentation import RandomFlip
from nnplayground.layers.core import Dense, Flatten
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.paths import get_value
from nnplayground.spec.project import Project
from nnplayground.training.events import EpochDone, RunStarted, Stage
from nnplayground.ui.document import Document
from nnplayground.ui.fine_tune_dialog import FineTuneDialog, blocks_to_tune
from nnplayground.ui.panels.inspector import InspectorPanel
from nnplayground.ui.widgets.curve_figure import Smoother, make_figure
from nnplayground.ui.widgets.run_history import RunHistory


@pytest.fixture
def document() -> Document:
    project = Project(dataset=ImageFolder(folder="photos"))
    for layer in (VGG16(), Flatten(), Dense(units=3, activation="softmax")):
        project = append_layer(project, layer)
    return Document(project)


@pytest.fixture
def dialog(qtbot: QtBot, document: Document) -> FineTuneDialog:
    made = FineTuneDialog(document, "vgg16_1")
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def told(parent: QWidget, name: str = "fine_tune.told") -> str:
    label = parent.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text().replace("\u200b", "")


def accept(dialog: FineTuneDialog) -> QPushButton:
    button = dialog.findChild(QPushButton, "fine_tune.accept")
    assert isinstance(button, QPushButton)
    return button


def test_it_offers_the_last_group_and_is_one_step_to_undo(document: Document, dialog: FineTuneDialog) -> None:
    choice = dialog.findChild(QComboBox, "fine_tune.layer")
    assert isinstance(choice, QComboBox)
    assert choice.currentText() == "block5_conv1"
    assert choice.count() == 13
    assert "3 of 13 layers" in told(dialog)
    assert "7,079,424 parameters" in told(dialog)
    assert "from 0.001 to 0.0001" in told(dialog)
    before = document.project
    QTest.mouseClick(accept(dialog), Qt.MouseButton.LeftButton)
    assert get_value(document.project, "model.vgg16_1.trainable") == "block5_conv1"
    assert get_value(document.project, "training.optimizer.learning_rate") == pytest.approx(0.0001)
    document.undo_stack.undo()
    assert document.project == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("block5_conv9", "did you mean block5_conv"),
        ("fc1", "top"),
        ("block1_conv9", "did you mean"),
        ("block5_pool", "no weights"),
        ("", "Choose the layer"),
        ("frozen", "Choose a layer"),
    ],
)
def test_a_layer_that_cannot_be_the_first_is_told_in_a_sentence(
    document: Document, dialog: FineTuneDialog, name: str, words: str
) -> None:
    dialog.choose(name)
    assert words in told(dialog)
    assert not accept(dialog).isEnabled()
    dialog.choose("block4_conv1")
    assert accept(dialog).isEnabled()


def test_only_blocks_whose_pictures_fit_can_be_tuned(document: Document) -> None:
    assert blocks_to_tune(document.project) == ("vgg16_1",)
    document.set_value("dataset.color_mode", "grayscale")
    assert blocks_to_tune(document.project) == ()


def test_the_inspector_says_whether_the_frozen_part_is_computed_once(qtbot: QtBot, document: Document) -> None:
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    panel.show_layer("vgg16_1")
    assert "up to flatten_1" in told(panel, "pretrained.once") or "up to vgg16_1" in told(panel, "pretrained.once")
    assert "once for each picture" in told(panel, "pretrained.once")
    document.set_value("dataset.augmentation", [{"type": RandomFlip().type}])
    assert "without augmentation" in told(panel, "pretrained.once")
    document.set_value("dataset.augmentation", [])
    document.set_value("model.vgg16_1.trainable", "block5_conv1")
    assert "up to block5_conv1 in vgg16_1" in told(panel, "pretrained.once")
    document.set_value("model.vgg16_1.trainable", "all")
    assert "trained from its beginning" in told(panel, "pretrained.once")


@pytest.mark.parametrize(("axis", "place"), [("epoch", 2.0), ("update", 6.0)])
def test_the_curve_has_a_mark_where_the_second_stage_began(axis: str, place: float) -> None:
    stage = Stage(2, 6, "fine-tuning from block5_conv1")
    first = RunHistory(RunStarted("a", 2, 3, 24, 0, 0, ("loss",)), name="run 1")
    first.append_epochs([EpochDone("a", 1, 3, {"loss": 1.0}, 0.1, 1.0), EpochDone("a", 2, 6, {"loss": 0.5}, 0.1, 1.0)])
    history = first.continued(RunStarted("b", 4, 3, 24, 2, 6, ("loss",), stages=(stage,)), name="run 2")
    figure = make_figure(history, (), name="loss", axis=axis, smoother=Smoother())  # type: ignore[arg-type]
    assert [(mark.text, mark.place) for mark in figure.marks if mark.role == "stage"] == [(stage.what, place)]
