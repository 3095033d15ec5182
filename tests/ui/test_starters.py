"""Ready-made models are offered for the data that is there."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from nnplayground.layers.core import Input
from nnplayground.spec.dataset import Dataset, ImageFolder, Pairs, Points, Series, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model
from nnplayground.spec.project import Project
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.document import Document

EMPTY = Model((Block("input", Input()),))


@pytest.mark.parametrize(
    ("dataset", "offered", "others"),
    [
        (None, {"convolutional", "dense", "linear"}, {"lstm"}),
        (ImageFolder(folder="photos"), {"convolutional", "dense", "adversarial"}, {"lstm", "classic"}),
        (Points(), {"dense", "linear"}, {"convolutional", "lstm"}),
        (Text(file="t.csv", label_column="label"), {"lstm", "bidirectional", "word_vectors"}, {"dense", "text_writer"}),
        (Text(file="t.txt"), {"text_writer"}, {"lstm", "encoder_decoder"}),
        (Series(file="s.csv"), {"forecast"}, {"lstm", "dense"}),
        (Pairs(file="p.csv"), {"encoder_decoder", "attention"}, {"text_writer", "dense"}),
    ],
)
def test_an_empty_canvas_offers_what_suits(
    dataset: Dataset | None, offered: set[str], others: set[str], qtbot: QtBot
) -> None:
    panel = CanvasPanel(Document(Project(model=EMPTY, dataset=dataset)))
    qtbot.addWidget(panel)
    panel.show()
    buttons = {each.objectName().removeprefix("starter."): each for each in panel.starters.findChildren(QPushButton)}
    shown = {name for name, button in buttons.items() if button.isVisible()}
    assert offered <= shown
    assert not shown & others


def test_facts_tell_texts_with_labels_from_those_without(qtbot: QtBot) -> None:
    document = Document(Project(model=EMPTY, dataset=Text(file="table.csv")))
    panel = CanvasPanel(document)
    qtbot.addWidget(panel)
    panel.show()
    (button,) = panel.starters.findChildren(QPushButton, "starter.lstm")
    assert not button.isVisible()
    document.set_facts(DataFacts(input_shapes={"text": (100,)}, class_names=("a", "b"), splits={"training": 10}))
    assert button.isVisible()
