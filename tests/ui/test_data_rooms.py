"""Texts, pairs of texts and series in the data panel, and how a file becomes data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDialog, QLabel, QPushButton, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground import data
from nnplayground.data.guessing import guesses
from nnplayground.data.previews import Token, TokenPreview
from nnplayground.spec.dataset import Dataset, Pairs, Series, Text
from nnplayground.spec.project import Project
from nnplayground.training.events import Catalog
from nnplayground.ui.data_chooser import DataChooser
from nnplayground.ui.document import Document
from nnplayground.ui.lookup import Lookup
from nnplayground.ui.panels.dataset import DatasetPanel
from nnplayground.ui.widgets.class_list import ClassList
from nnplayground.ui.widgets.column_fields import ColumnsField
from nnplayground.ui.widgets.series_plot import SeriesPlot
from nnplayground.ui.widgets.token_chips import TokenChips

PATIENCE = 10_000
Show = Callable[[Dataset], DatasetPanel]


@pytest.fixture
def show(qtbot: QtBot) -> Iterator[Show]:
    panels: list[DatasetPanel] = []

    def shown(dataset: Dataset) -> DatasetPanel:
        document = Document(Project(dataset=dataset))
        document.set_facts(data.scan(dataset, Path.cwd()))
        panel = DatasetPanel(document)
        panels.append(panel)
        qtbot.addWidget(panel)
        panel.setMinimumSize(1, 1)
        panel.resize(215, 640)
        panel.show()
        return panel

    yield shown
    for panel in panels:
        panel.shutdown()


@pytest.fixture
def reviews(tmp_path: Path) -> Text:
    rows = [
        f"day {number} was {'good' if number % 2 else 'bad'},{'up' if number % 2 else 'down'}" for number in range(40)
    ]
    file = tmp_path / "reviews.csv"
    file.write_text("\n".join(["text,label", *rows]))
    return Text(file=str(file), text_column="text", label_column="label", sequence_length=3)


def words(panel: QWidget) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel))


def child(panel: QWidget, kind: type, name: str) -> QWidget:
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def look_again(document: Document) -> None:
    dataset = document.project.dataset
    assert dataset is not None
    document.set_facts(data.scan(dataset, Path.cwd()))


def settings(panel: DatasetPanel) -> QDialog:
    QTest.mouseClick(child(panel, QPushButton, "dataset.settings"), Qt.MouseButton.LeftButton)
    dialog = child(panel, QDialog, "dataset.settings_dialog")
    assert isinstance(dialog, QDialog)
    return dialog


def test_texts_are_counted_and_shown_token_by_token(qtbot: QtBot, show: Show, reviews: Text) -> None:
    panel = show(reviews)
    assert "40 texts · 2 classes" in words(panel)
    qtbot.waitUntil(lambda: "cut off: 100 % of texts" in words(panel), timeout=PATIENCE)
    assert "unknown" in words(panel)
    chips = panel.findChildren(TokenChips)[0]
    assert chips.isVisibleTo(panel)
    assert "is cut off" not in chips.help_at(QPointF(4, 4))
    first = chips.accessibleDescription()
    assert first.startswith("day ")
    QTest.mouseClick(child(panel, QToolButton, "tokens.next"), Qt.MouseButton.LeftButton)
    assert "Example 2 of 12" in words(panel)
    assert chips.accessibleDescription() != first


def test_classes_show_how_their_texts_begin(show: Show, reviews: Text) -> None:
    panel = show(reviews)
    loaded = data.load(reviews, Path.cwd())
    labels = {name: samples.targets["target"] for name, samples in loaded.splits.items()}
    ids = {name: samples.ids for name, samples in loaded.splits.items()}
    panel.show_catalog(Catalog(loaded.facts, ids, labels, {}, loaded.texts))
    classes = child(panel, ClassList, "dataset.classes")
    assert isinstance(classes, ClassList)
    tips = {classes.help_at(QPointF(10, y)) for y in range(classes.heightForWidth(classes.width()))}
    assert any(tip.startswith("down: day ") and tip.endswith("was bad") for tip in tips)
    assert any(tip.startswith("up: day ") and tip.endswith("was good") for tip in tips)


def test_settings_of_texts_choose_among_the_columns_that_there_are(qtbot: QtBot, show: Show, reviews: Text) -> None:
    panel = show(reviews)
    dialog = settings(panel)
    column = child(dialog, QComboBox, "field.dataset.text_column")
    assert isinstance(column, QComboBox)
    assert column.currentText() == "text"
    qtbot.waitUntil(lambda: column.findText("label") >= 0, timeout=PATIENCE)
    length = child(dialog, QSpinBox, "field.dataset.sequence_length")
    assert isinstance(length, QSpinBox)
    length.setFocus()
    length.selectAll()
    QTest.keyClicks(length, "9")
    QTest.keyClick(length, Qt.Key.Key_Return)
    document = panel._document
    assert document.project.dataset == Text(**{**fields(reviews), "sequence_length": 9})
    look_again(document)
    qtbot.waitUntil(lambda: "cut off: 0 % of texts" in words(dialog), timeout=PATIENCE)
    dialog.close()


def fields(dataset: Text) -> dict[str, object]:
    return {name: getattr(dataset, name) for name in dataset.__struct_fields__}


def test_a_text_to_go_on_with_has_no_classes(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    file = tmp_path / "story.txt"
    file.write_text("Once upon a time there was a fox. " * 20)
    panel = show(Text(file=str(file), level="character", sequence_length=20))
    assert "stretches of 20 characters" in words(panel)
    qtbot.waitUntil(lambda: "tokens in the vocabulary" in words(panel), timeout=PATIENCE)
    assert "cut off" not in words(panel)
    assert not child(panel, ClassList, "dataset.classes").isVisibleTo(panel)


def test_pairs_show_source_and_target(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    file = tmp_path / "sums.csv"
    file.write_text("\n".join(["sum,result", *(f"{n}+{n},{2 * n}" for n in range(40))]))
    panel = show(Pairs(file=str(file), source_length=5, target_length=3))
    assert "40 pairs of texts" in words(panel)
    qtbot.waitUntil(lambda: "Source" in words(panel), timeout=PATIENCE)
    source, target = panel.findChildren(TokenChips)
    assert "+" in source.accessibleDescription()
    assert "[end] 3" in target.accessibleDescription()


def test_a_series_is_drawn_with_its_split(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("\n".join(["time,rain,visitors", *(f"day {n},{n % 3},{n}" for n in range(100))]))
    panel = show(Series(file=str(file), columns=("rain", "visitors"), target="visitors", window=5))
    plot = child(panel, SeriesPlot, "dataset.series")
    qtbot.waitUntil(lambda: "from 0 to 99" in plot.accessibleDescription(), timeout=PATIENCE)
    assert "5 rows of 2 columns" in words(panel)
    before = plot.grab().toImage()
    panel._document.set_value("dataset.split.validation", 0.5)
    look_again(panel._document)
    qtbot.waitUntil(lambda: plot.grab().toImage() != before, timeout=PATIENCE)


def test_columns_of_a_series_are_switched_in_a_menu(qtbot: QtBot, show: Show, tmp_path: Path) -> None:
    file = tmp_path / "series.csv"
    file.write_text("\n".join(["rain,visitors", *(f"{n % 3},{n}" for n in range(100))]))
    panel = show(Series(file=str(file), columns=("visitors",), target="visitors", window=5))
    dialog = settings(panel)
    field = child(dialog, ColumnsField, "field.dataset.columns")
    assert isinstance(field, ColumnsField)
    assert field.text() == "visitors"

    def offered() -> list[str]:
        field.menu().aboutToShow.emit()
        return [action.text() for action in field.menu().actions() if action.isCheckable()]

    qtbot.waitUntil(lambda: offered() == ["rain", "visitors"], timeout=PATIENCE)
    field.menu().actions()[0].trigger()
    dataset = panel._document.project.dataset
    assert isinstance(dataset, Series)
    assert dataset.columns == ("rain", "visitors")
    dialog.close()


def test_other_data_of_the_same_kind_is_a_file_too(qtbot: QtBot, show: Show, reviews: Text) -> None:
    panel = show(reviews)
    with qtbot.waitSignal(panel.open_table_requested):
        QTest.mouseClick(child(panel, QPushButton, "dataset.open"), Qt.MouseButton.LeftButton)


def test_chips_mark_what_is_unknown_and_what_is_cut_off(qtbot: QtBot) -> None:
    chips = TokenChips()
    qtbot.addWidget(chips)
    chips.resize(300, 200)
    chips.show()
    chips.show_preview(TokenPreview("1", "text", "a b c d", (Token("a", 7), Token("b", 1)), 0, ("c", "d"), 2))
    tips = {chips.help_at(QPointF(x, y)) for x in range(0, 300, 2) for y in range(0, 60, 2)}
    assert any("“a”, number 7" in tip for tip in tips)
    assert any("“b” is not in the vocabulary" in tip for tip in tips)
    assert any("“c” is cut off" in tip for tip in tips)
    assert chips.heightForWidth(60) > chips.heightForWidth(300)


def test_a_question_where_a_file_may_be_several_things(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("\n".join(f"{n}.5,{n * 2},{n % 2}" for n in range(30)))
    parent = QWidget()
    qtbot.addWidget(parent)
    chooser = DataChooser(file.name, guesses(file), parent)
    chooser.show()
    with qtbot.waitSignal(chooser.chosen) as chosen:
        QTest.mouseClick(child(chooser, QPushButton, "data_chooser.1"), Qt.MouseButton.LeftButton)
    assert chosen.args is not None
    assert isinstance(chosen.args[0].dataset, Series)


def test_the_latest_look_wins_and_a_problem_is_told(qtbot: QtBot) -> None:
    lookup = Lookup()
    found: list[object] = []
    lookup.found.connect(found.append)

    def refuse(cancelled: object) -> object:
        raise data.DataError("There is nothing.")

    lookup.look(lambda cancelled: "first")
    lookup.look(lambda cancelled: "second")
    qtbot.waitUntil(lambda: bool(found), timeout=PATIENCE)
    with qtbot.waitSignal(lookup.failed, timeout=PATIENCE) as failed:
        lookup.look(refuse)
    assert failed.args == ["There is nothing."]
    assert found == ["second"]
    lookup.shutdown()
