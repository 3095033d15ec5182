from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListView, QMenu, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog, Mistakes
from nnplayground.ui.panels.mistake_list import mistake_list, outcomes_of
from nnplayground.ui.panels.mistakes import MistakesPanel
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.tiles import TILE_ROLE, Tile
from tests.ui.picture_data import mistakes_of, picture_catalog

# Truth: cat, dog, cat, dog, cat, dog. Wrong: 0 (0.6), 1 (0.1), 2 (0.9), in the order of their loss 1, 2, 0.
SOME_WRONG = [0.6, 0.1, 0.9, 0.8, 0.2, 0.7]


@pytest.fixture
def loader(qapp: object) -> Iterator[PictureLoader]:
    loader = PictureLoader(threads=1)
    yield loader
    loader.shutdown()


@pytest.fixture
def panel(qtbot: QtBot, loader: PictureLoader) -> MistakesPanel:
    panel = MistakesPanel(loader)
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    return panel


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return picture_catalog(tmp_path)


def gallery(panel: MistakesPanel) -> QListView:
    view = panel.findChild(QListView, "mistakes.gallery")
    assert isinstance(view, QListView)
    return view


def count_text(panel: MistakesPanel) -> str:
    label = panel.findChild(QLabel, "mistakes.count")
    assert isinstance(label, QLabel)
    return label.text()


def empty_text(panel: MistakesPanel) -> str | None:
    """The sentence in the place of the gallery, None while the gallery is there."""
    state = panel.findChild(EmptyState)
    assert isinstance(state, EmptyState)
    return state.text if state.isVisible() else None


def click_row(panel: MistakesPanel, row: int) -> None:
    view = gallery(panel)
    place = view.visualRect(view.model().index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def choose(panel: MistakesPanel, button_name: str, title: str) -> None:
    """Open the menu of a button with the mouse and pick an entry with the mouse."""
    button = panel.findChild(QToolButton, button_name)
    assert isinstance(button, QToolButton)
    menu = button.menu()
    assert isinstance(menu, QMenu)
    menu.popup(button.mapToGlobal(QPoint(0, button.height())))
    action = next(action for action in menu.actions() if action.text() == title)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    assert not menu.isVisible()


def test_before_the_first_epoch_it_says_what_will_appear(panel: MistakesPanel, catalog: Catalog) -> None:
    assert "after the first epoch" in (empty_text(panel) or "")
    panel.show_catalog(catalog)
    assert "after the first epoch" in (empty_text(panel) or "")


def test_worst_loss_first_with_prediction_and_truth(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    assert empty_text(panel) is None
    assert count_text(panel) == "3 of 6"
    assert panel.sample_ids() == ("validation/1-dog.png", "validation/2-cat.png", "validation/0-cat.png")
    tile = gallery(panel).model().index(0, 0).data(TILE_ROLE)
    assert isinstance(tile, Tile)
    assert (tile.lines[0].lead, tile.lines[0].rest) == ("cat", "90.0%")
    assert tile.lines[1].lead == "true: dog"
    description = gallery(panel).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "validation/1-dog.png" in description
    assert "loss 2.3" in description


def test_pictures_are_painted_when_they_arrive(
    qtbot: QtBot, panel: MistakesPanel, catalog: Catalog, loader: PictureLoader
) -> None:
    panel.show_catalog(catalog)
    with qtbot.waitSignal(loader.loaded):
        panel.show_mistakes(mistakes_of(catalog, [0.6, 0.9, 0.1, 0.8, 0.2, 0.7]))
    view = gallery(panel)
    area = view.visualRect(view.model().index(0, 0))
    color = view.viewport().grab().toImage().pixelColor(area.left() + area.width() // 2, area.top() + 20)
    assert color.red() > 180
    assert color.green() < 60


def test_a_click_chooses_the_sample_and_asks_for_its_detail(
    qtbot: QtBot, panel: MistakesPanel, catalog: Catalog
) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    chosen: list[str] = []
    panel.sample_chosen.connect(chosen.append)
    with qtbot.waitSignal(panel.detail_requested) as detail:
        click_row(panel, 1)
    assert chosen == ["validation/2-cat.png"]
    assert detail.args == ["validation/2-cat.png"]


def test_arrow_keys_choose_and_enter_asks_for_the_detail(qtbot: QtBot, panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    click_row(panel, 0)
    details: list[str] = []
    panel.detail_requested.connect(details.append)
    with qtbot.waitSignal(panel.sample_chosen) as chosen:
        QTest.keyClick(gallery(panel), Qt.Key.Key_Right)
    assert chosen.args == ["validation/2-cat.png"]
    assert details == []
    QTest.keyClick(gallery(panel), Qt.Key.Key_Return)
    assert details == ["validation/2-cat.png"]


def test_selection_follows_its_sample_through_updates(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    click_row(panel, 0)
    told: list[str] = []
    panel.sample_chosen.connect(told.append)
    panel.show_mistakes(mistakes_of(catalog, [0.6, 0.4, 0.9, 0.8, 0.2, 0.7], epoch=2))
    assert panel.sample_ids()[1] == "validation/0-cat.png"
    assert gallery(panel).currentIndex().row() == 2
    assert gallery(panel).selectionModel().selectedIndexes()[0].row() == 2
    panel.show_mistakes(mistakes_of(catalog, [0.6, 0.8, 0.9, 0.8, 0.2, 0.7], epoch=3))
    assert not gallery(panel).currentIndex().isValid()
    assert told == []


def test_the_place_scrolled_to_stays_through_updates(panel: MistakesPanel) -> None:
    panel.show_catalog(many_points(300))
    panel.show_mistakes(all_wrong(300, epoch=1))
    bar = gallery(panel).verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place = bar.value()
    assert place > 100
    panel.show_mistakes(all_wrong(300, epoch=2))
    assert bar.value() == place
    fewer = all_wrong(300, epoch=3)
    fewer.predictions[7] = 0.1
    panel.show_mistakes(fewer)
    assert gallery(panel).model().rowCount() == 299
    assert bar.value() == place


def test_no_mistakes_is_good_news(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, [0.1, 0.9] * 3, epoch=7))
    assert empty_text(panel) == "No mistakes on the validation split: all 6 samples are right after epoch 7."
    assert count_text(panel) == "0 of 6"


def test_sorting_by_certainty(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, [0.6, 0.25, 0.9, 0.8, 0.2, 0.7]))
    choose(panel, "mistakes.sort", "least confident")
    assert panel.sample_ids() == ("validation/0-cat.png", "validation/1-dog.png", "validation/2-cat.png")
    choose(panel, "mistakes.sort", "class")
    assert panel.sample_ids() == ("validation/2-cat.png", "validation/0-cat.png", "validation/1-dog.png")


def test_filtering_by_true_class(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    choose(panel, "mistakes.class", "dog")
    assert panel.sample_ids() == ("validation/1-dog.png",)
    assert count_text(panel) == "3 of 6 · 1 shown"
    panel.show_mistakes(mistakes_of(catalog, [0.6, 0.8, 0.9, 0.8, 0.2, 0.7], epoch=2))
    assert empty_text(panel) == "No mistakes on dog."
    choose(panel, "mistakes.class", "all")
    assert len(panel.sample_ids()) == 2


def test_a_cell_of_the_confusion_matrix_narrows_until_its_chip_is_clicked(
    panel: MistakesPanel, catalog: Catalog
) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    panel.show_cell(0, 1)
    chip = panel.findChild(QPushButton, "mistakes.chip")
    assert isinstance(chip, QPushButton)
    assert panel.sample_ids() == ("validation/2-cat.png", "validation/0-cat.png")
    assert "cat → dog" in chip.text()
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert len(panel.sample_ids()) == 3
    assert not chip.isVisible()


def test_a_cell_on_the_diagonal_shows_what_is_right(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    panel.show_cell(1, 1)
    assert panel.sample_ids() == ("validation/5-dog.png", "validation/3-dog.png")
    heading = panel.findChild(QLabel, "mistakes.heading")
    assert isinstance(heading, QLabel)
    assert heading.text() == "Correct"
    tile = gallery(panel).model().index(0, 0).data(TILE_ROLE)
    assert tile.lines[0].lead == "✓ dog"
    assert tile.lines[0].tone == "good"


def test_number_targets_show_the_largest_errors(panel: MistakesPanel) -> None:
    facts = DataFacts(input_shape=(2,), target="number", splits={"validation": 3})
    labels = np.array([1.0, 2.0, 3.0], np.float32)
    panel.show_catalog(Catalog(facts, {"validation": ("0", "1", "2")}, {"validation": labels}, {}))
    said = np.array([[1.1], [0.5], [3.4]], np.float32)
    losses = (said[:, 0] - labels) ** 2
    panel.show_mistakes(Mistakes("run", 1, "validation", (), ("0", "1", "2"), labels, said, losses))
    assert panel.sample_ids() == ("1", "2", "0")
    tile = gallery(panel).model().index(0, 0).data(TILE_ROLE)
    assert tile.title == "Point 1"
    assert (tile.lines[0].lead, tile.lines[0].rest, tile.lines[1].lead) == ("0.5", "(−1.5)", "true: 2")
    said = gallery(panel).model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert said.splitlines()[1] == "predicted 0.5 off by −1.5, true: 2, loss 2.25"
    choose(panel, "mistakes.sort", "too high")
    assert panel.sample_ids() == ("2", "0")


def test_what_came_while_it_was_hidden_is_shown_later(panel: MistakesPanel, catalog: Catalog) -> None:
    panel.hide()
    panel.show_catalog(catalog)
    panel.show_mistakes(mistakes_of(catalog, SOME_WRONG))
    assert gallery(panel).model().rowCount() == 0
    panel.show()
    assert gallery(panel).model().rowCount() == 3


def test_a_gallery_of_many_asks_for_few_pictures(tmp_path: Path, qtbot: QtBot) -> None:
    asked: set[Path] = set()

    def decode(path: Path, side: int) -> np.ndarray:
        asked.add(path)
        return np.zeros((4, 4, 3), np.uint8)

    loader = PictureLoader(decode=decode, threads=1)
    panel = MistakesPanel(loader)
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    points = many_points(5000)
    files = {name: tmp_path / f"{name}.png" for name in points.ids["validation"]}
    panel.show_catalog(Catalog(points.facts, points.ids, points.labels, files))
    with qtbot.waitSignal(loader.loaded):
        panel.show_mistakes(all_wrong(5000, epoch=1))
    loader.shutdown()
    assert gallery(panel).model().rowCount() == 5000
    assert 0 < len(asked) < 60


def test_losses_that_are_not_numbers_come_first(catalog: Catalog) -> None:
    mistakes = mistakes_of(catalog, SOME_WRONG)
    mistakes.losses[0] = np.nan
    chosen = mistake_list(outcomes_of(mistakes))
    assert chosen.sample_ids[0] == "validation/0-cat.png"


def test_many_classes_are_told_by_their_largest_probability() -> None:
    predictions = np.array([[0.2, 0.5, 0.3], [0.1, 0.2, 0.7]], np.float32)
    labels = np.array([2, 2], np.int32)
    names = ("ant", "bee", "cow")
    losses = -np.log(predictions[[0, 1], labels])
    chosen = mistake_list(outcomes_of(Mistakes("run", 1, "validation", names, ("a", "b"), labels, predictions, losses)))
    assert chosen.sample_ids == ("a",)
    assert chosen.tile(0).lines[0].lead == "bee"
    assert chosen.tile(0).lines[0].rest == "50.0%"


def many_points(count: int) -> Catalog:
    names = tuple(str(number) for number in range(count))
    facts = DataFacts(input_shape=(2,), class_names=("cat", "dog"), splits={"validation": count})
    return Catalog(facts, {"validation": names}, {"validation": np.zeros(count, np.int32)}, {})


def all_wrong(count: int, *, epoch: int) -> Mistakes:
    dog = np.random.default_rng(epoch).uniform(0.51, 1, (count, 1)).astype(np.float32)
    names = tuple(str(number) for number in range(count))
    labels = np.zeros(count, np.int32)
    return Mistakes("run", epoch, "validation", ("cat", "dog"), names, labels, dog, -np.log(1 - dog[:, 0] + 1e-7))
