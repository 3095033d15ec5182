"""Texts, pairs of texts and windows of a series in the galleries and in the large view."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QListView, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog, SamplePrediction
from nnplayground.training.translating import Translation
from nnplayground.ui.panels.confusion import ConfusionPanel
from nnplayground.ui.panels.mistakes import MistakesPanel
from nnplayground.ui.panels.sample_detail import SampleDetail
from nnplayground.ui.panels.sample_picker import SamplePicker
from nnplayground.ui.sample_index import SampleIndex
from nnplayground.ui.widgets.drawings import PairPicture, TextPicture, WindowPicture, first_difference
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.tiles import TILE_ROLE, Tile
from nnplayground.ui.widgets.token_text import TokenText
from tests.ui.text_data import (
    TEXTS,
    pair_catalog,
    pair_labels,
    pair_mistakes,
    series_catalog,
    series_mistakes,
    text_catalog,
    text_mistakes,
)


@pytest.fixture
def loader() -> Iterator[PictureLoader]:
    loader = PictureLoader()
    yield loader
    loader.shutdown()


@pytest.fixture
def panel(qtbot: QtBot, loader: PictureLoader) -> MistakesPanel:
    panel = MistakesPanel(loader)
    qtbot.addWidget(panel)
    panel.resize(520, 260)
    panel.show()
    return panel


@pytest.fixture
def detail(qtbot: QtBot, loader: PictureLoader) -> SampleDetail:
    detail = SampleDetail(loader)
    qtbot.addWidget(detail)
    return detail


def label(parent: QWidget, name: str) -> str:
    found = parent.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def tiles(panel: MistakesPanel) -> list[Tile]:
    view = panel.findChild(QListView, "mistakes.gallery")
    assert isinstance(view, QListView)
    view.grab()
    return [view.model().index(row, 0).data(TILE_ROLE) for row in range(view.model().rowCount())]


def tip(panel: MistakesPanel, row: int) -> str:
    view = panel.findChild(QListView, "mistakes.gallery")
    assert isinstance(view, QListView)
    return view.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_mistakes_of_texts_can_be_read(panel: MistakesPanel) -> None:
    panel.show_catalog(text_catalog())
    panel.show_mistakes(text_mistakes())
    first, second = tiles(panel)
    assert first.drawing == TextPicture(TEXTS["4"])
    assert first.lines[0].lead == "down"
    assert first.lines[1].lead == "true: up"
    assert second.drawing == TextPicture(TEXTS["1"])
    assert "good grief" in tip(panel, 0)


def test_of_pairs_all_are_shown_the_wrong_ones_first(panel: MistakesPanel) -> None:
    panel.show_catalog(pair_catalog())
    panel.show_mistakes(pair_mistakes())
    assert panel.sample_ids() == ("1", "3", "2")
    first, empty, right = tiles(panel)
    assert first.drawing == PairPicture("one two", ("1", "2"), ("1", "3"))
    assert first.lines[0].lead == "✗ from place 2"
    assert empty.drawing == PairPicture("three one", ("3", "1"), ())
    assert right.lines[0].lead == "✓ exact"
    assert label(panel, "mistakes.count") == "2 of 3"
    button = panel.findChild(QToolButton, "mistakes.sort")
    assert isinstance(button, QToolButton)
    earliest = next(each for each in button.menu().actions() if each.text() == "earliest")
    earliest.trigger()
    assert panel.sample_ids() == ("3", "1", "2")


def test_where_two_texts_part() -> None:
    assert first_difference(("1", "2"), ("1", "3")) == 1
    assert first_difference(("1",), ("1", "3")) == 1
    assert first_difference(("1", "2"), ()) == 0
    assert first_difference(("1", "2"), ("1", "2")) is None


def test_windows_of_a_series_are_in_the_unit_of_the_file(panel: MistakesPanel) -> None:
    panel.show_catalog(series_catalog())
    panel.show_mistakes(series_mistakes())
    first = tiles(panel)[0]
    window = first.drawing
    assert isinstance(window, WindowPicture)
    assert (window.truth, window.predicted) == (1100.0, 600.0)
    assert window.values.tolist() == pytest.approx([580, 590, 600, 610])
    assert first.title == "Wednesday"
    assert first.lines[0].lead == "600"
    assert first.lines[0].rest == "(−500)"
    assert first.lines[1].lead == "true: 1,100"
    assert "off by −500" in tip(panel, 0)


def test_a_model_that_goes_on_with_a_text_has_no_mistakes_and_why(panel: MistakesPanel) -> None:
    facts = DataFacts(input_shape=(4,), target="tokens", class_names=("", "[UNK]", "a"), target_length=4)
    labels = np.ones((1, 4), np.int32)
    panel.show_catalog(Catalog(facts, {"validation": ("0",)}, {"validation": labels}, {}, {"0": "aaaa"}))
    said = [each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel)]
    assert any("makes no mistakes one could list" in text for text in said)


def test_confusion_has_no_place_for_what_is_written(qtbot: QtBot) -> None:
    panel = ConfusionPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_mistakes(pair_mistakes())
    assert any("Mistakes shows" in each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel))
    panel.clear()
    assert any("Nothing evaluated yet" in each.text() for each in panel.findChildren(QLabel))


def test_samples_are_found_by_what_they_say(qtbot: QtBot, loader: PictureLoader) -> None:
    picker = SamplePicker(loader, name="activations")
    qtbot.addWidget(picker)
    picker.show_index(SampleIndex(text_catalog()))
    picker.open_chooser()
    chooser = picker.findChild(QWidget, "activations.chooser")
    assert chooser is not None
    line = chooser.findChild(QLineEdit, "activations.chooser.filter")
    assert isinstance(line, QLineEdit)
    assert line.placeholderText() == "Filter by words…"
    QTest.keyClicks(line, "GRIEF")
    gallery = chooser.findChild(QListView, "activations.chooser.gallery")
    assert isinstance(gallery, QListView)
    assert gallery.model().rowCount() == 1
    tile = gallery.model().index(0, 0).data(TILE_ROLE)
    assert tile.title == "Text 4"
    chooser.hide()


def open_text(detail: SampleDetail) -> list[str]:
    asked: list[str] = []
    detail.influence_requested.connect(asked.append)
    detail.show_catalog(text_catalog())
    detail.open_sample("4")
    detail.show_prediction(SamplePrediction("4", 1, np.array([0.1], np.float32), 2.3))
    return asked


def test_the_words_that_matter_are_marked_at_once_and_read_with_the_mouse(detail: SampleDetail) -> None:
    assert open_text(detail) == ["4"]
    text = detail.findChild(TokenText, "sample_detail.text")
    assert isinstance(text, TokenText)
    assert text.tokens == ("good", "grief")
    assert "Leaving out" in label(detail, "sample_detail.explanation")
    before = text.grab().toImage()
    detail.show_influence("4", np.array([-0.05, 0.4, 0, 0, 0, 0], np.float32))
    assert text.grab().toImage() != before
    assert "leaving out “grief” lowers its probability by 0.40" in label(detail, "sample_detail.explanation")
    assert "underlined speaks for down" in label(detail, "sample_detail.explanation")
    QTest.mouseMove(text.viewport(), QPoint(20, 20))
    assert "“good” raises the probability of down by 0.050" in label(detail, "sample_detail.explanation")


def test_marks_stay_away_once_they_are_switched_off(detail: SampleDetail) -> None:
    asked = open_text(detail)
    box = detail.findChild(QCheckBox, "sample_detail.looked")
    assert isinstance(box, QCheckBox)
    box.setChecked(False)
    detail.open_sample("1")
    assert not box.isChecked()
    assert asked == ["4"]
    box.setChecked(True)
    assert asked == ["4", "1"]


def test_of_a_pair_the_large_view_asks_what_is_written(detail: SampleDetail) -> None:
    asked: list[str] = []
    detail.translation_requested.connect(asked.append)
    detail.show_catalog(pair_catalog())
    detail.open_sample("1")
    assert asked == ["1"]
    detail.show_translation("1", Translation("one two", "13", "12", ("1", "3"), ("1", "2"), (0.9, 0.4)))
    assert "Wrong" in label(detail, "sample_detail.verdict")
    assert "13" in label(detail, "sample_detail.verdict")
    detail.show_translation("1", Translation("one two", "12", "12", ("1", "2"), ("1", "2"), (0.9, 0.8)))
    assert "Exactly right" in label(detail, "sample_detail.verdict")
    detail.show_prediction(SamplePrediction("1", pair_labels()[0], pair_labels()[0], 0.3))
    assert "loss 0.3" in label(detail, "sample_detail.facts")


def test_of_a_window_the_large_view_says_what_the_marks_are(detail: SampleDetail) -> None:
    detail.show_catalog(series_catalog())
    detail.open_sample("12")
    detail.show_prediction(SamplePrediction("12", 6.0, np.array([1.0], np.float32), 25.0))
    assert "Predicted 600" in label(detail, "sample_detail.verdict")
    assert "off by −500" in label(detail, "sample_detail.facts")
    assert "the cross what was predicted" in label(detail, "sample_detail.explanation")
