from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QListView, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog, SamplePrediction
from nnplayground.ui.panels.activations import ActivationsPanel
from nnplayground.ui.panels.sample_picker import SampleChooser
from nnplayground.ui.widgets.bars import ClassBars, UnitBars, class_bars
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.feature_maps import FeatureMaps
from nnplayground.ui.widgets.map_stack import MapGrid
from nnplayground.ui.widgets.pictures import PictureLoader
from tests.ui.picture_data import picture_catalog, snapshot_of, write_picture

FIRST = "validation/0-cat.png"
Kind = TypeVar("Kind", bound=QWidget)


@pytest.fixture
def loader(qapp: object) -> Iterator[PictureLoader]:
    loader = PictureLoader(threads=1)
    yield loader
    loader.shutdown()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return picture_catalog(tmp_path)


@pytest.fixture
def panel(qtbot: QtBot, loader: PictureLoader) -> ActivationsPanel:
    panel = ActivationsPanel(loader)
    qtbot.addWidget(panel)
    panel.resize(290, 480)
    panel.show()
    panel.set_layers([("conv2d_1", "conv2d_1"), ("dense_1", "dense_1"), ("dense_2", "dense_2")])
    panel.set_layer("conv2d_1", "conv2d_1")
    return panel


def child(panel: QWidget, kind: type[Kind], name: str) -> Kind:
    found = panel.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def text(panel: QWidget, name: str) -> str:
    return child(panel, QLabel, f"activations.{name}").text()


def click(panel: QWidget, name: str) -> None:
    QTest.mouseClick(child(panel, QToolButton, f"activations.{name}"), Qt.MouseButton.LeftButton)


def some_maps(count: int = 32, size: int = 12) -> np.ndarray:
    maps = np.random.default_rng(0).uniform(0.5, 2, (size, size, count)).astype(np.float32)
    maps[:, :, 3] = 0
    return maps


def maps_of(panel: QWidget) -> FeatureMaps:
    return child(panel, FeatureMaps, "activations.maps")


def center_of(maps: FeatureMaps, number: int) -> QPoint:
    """Where the middle of a map lies in the viewport, for square maps that are not scrolled."""
    grid = MapGrid.fitted(maps.stack.count, width=maps.viewport().width(), smallest=58, aspect=1.0)
    return grid.area(number).center().toPoint()


def pick(combo: QComboBox, title: str) -> None:
    """Pick an entry with the keyboard, as a user does who has opened the list."""
    combo.setFocus()
    combo.showPopup()
    row = combo.findText(title)
    assert row >= 0
    view = combo.view()
    view.setCurrentIndex(combo.model().index(row, 0))
    QTest.keyClick(view, Qt.Key.Key_Return)


def test_before_there_is_data_it_says_how_to_get_there(panel: ActivationsPanel) -> None:
    sentences = [state.text for state in panel.findChildren(EmptyState) if state.isVisible()]
    assert len(sentences) == 1
    assert "press Run" in sentences[0]
    assert panel.sample_id() is None


def test_the_first_validation_sample_is_shown(qtbot: QtBot, panel: ActivationsPanel, catalog: Catalog) -> None:
    with qtbot.waitSignal(panel.sample_changed) as told:
        panel.show_catalog(catalog)
    assert told.args == [FIRST]
    assert panel.sample_id() == FIRST
    assert "cat" in text(panel, "true")
    assert text(panel, "predicted") == "not predicted yet"
    sentences = [state.text for state in panel.findChildren(EmptyState) if state.isVisible()]
    assert sentences == ["What conv2d_1 makes of this sample appears here once training has begun. Press Run."]


def test_a_snapshot_shows_verdict_and_maps(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": some_maps()}))
    assert "cat" in text(panel, "predicted")
    assert "0.97" in text(panel, "predicted")
    assert "0.03" in text(panel, "loss")
    assert "✓ right" in text(panel, "loss")
    assert maps_of(panel).isVisible()
    assert maps_of(panel).stack.count == 32
    shown = maps_of(panel).fully_visible()
    assert 0 < shown < 32
    assert text(panel, "description") == f"{shown} of 32 maps · 1 all zero"


def test_a_wrong_prediction_says_so_in_words(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.8, activations={}))
    assert "dog" in text(panel, "predicted")
    assert "✗ wrong" in text(panel, "loss")


def test_what_a_model_for_other_classes_says_is_ignored(panel: ActivationsPanel, catalog: Catalog) -> None:
    """The data has changed, and the model that was trained before is still looked into."""
    panel.set_layer("dense_2", "dense_2")
    panel.show_catalog(catalog)
    outputs = np.array([0.2, 0.3, 0.5], np.float32)
    snapshot = snapshot_of(FIRST, label=2, dog=0.5, activations={"dense_2": outputs})
    other = SamplePrediction(FIRST, 2, outputs, 0.7)
    panel.show_snapshot(msgspec.structs.replace(snapshot, prediction=other))
    assert text(panel, "predicted") == "not predicted yet"


def test_a_snapshot_of_another_sample_is_ignored(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_snapshot(snapshot_of("validation/1-dog.png", label=1, dog=0.8, activations={"conv2d_1": some_maps()}))
    assert text(panel, "predicted") == "not predicted yet"
    assert not maps_of(panel).isVisible()


def test_stepping_goes_round_and_pales_what_is_old(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": some_maps()}))
    told: list[str] = []
    panel.sample_changed.connect(told.append)
    click(panel, "next")
    assert told == ["validation/1-dog.png"]
    assert text(panel, "predicted") == "not predicted yet"
    assert not maps_of(panel).isEnabled()
    panel.show_snapshot(snapshot_of(told[0], label=1, dog=0.9, activations={"conv2d_1": some_maps()}))
    assert maps_of(panel).isEnabled()
    click(panel, "previous")
    click(panel, "previous")
    assert told[1:] == [FIRST, "validation/5-dog.png"]
    click(panel, "next")
    assert panel.sample_id() == FIRST


def test_chance_takes_another_sample(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    for _ in range(5):
        before = panel.sample_id()
        click(panel, "random")
        assert panel.sample_id() != before
        assert panel.sample_id() in catalog.ids["validation"]


def test_a_class_of_the_training_split_can_be_chosen(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    group = child(panel, QComboBox, "activations.group")
    assert [group.itemText(row) for row in range(group.count())] == [
        "Validation",
        "Validation · cat",
        "Validation · dog",
        "Training",
        "Training · cat",
        "Training · dog",
    ]
    pick(group, "Training · dog")
    assert panel.sample_id() == "training/1-dog.png"
    click(panel, "next")
    assert panel.sample_id() == "training/3-dog.png"
    click(panel, "next")
    assert panel.sample_id() == "training/1-dog.png"


def test_a_sample_chosen_elsewhere_takes_its_split_along(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_sample("training/2-cat.png")
    assert panel.sample_id() == "training/2-cat.png"
    assert child(panel, QComboBox, "activations.group").currentText() == "Training"
    panel.show_sample("no such sample")
    assert panel.sample_id() == "training/2-cat.png"


def test_the_gallery_filters_and_chooses(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    click(panel, "choose")
    chooser = child(panel, SampleChooser, "activations.chooser")
    view = child(chooser, QListView, "activations.chooser.gallery")
    assert chooser.isVisible()
    assert view.model().rowCount() == 6
    assert view.currentIndex().row() == 0
    QTest.keyClicks(child(chooser, QLineEdit, "activations.chooser.filter"), "DOG")
    assert view.model().rowCount() == 3
    place = view.visualRect(view.model().index(1, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.sample_id() == "validation/3-dog.png"
    assert not chooser.isVisible()


def test_the_gallery_also_opens_from_the_picture_by_keyboard(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    QTest.keyClick(child(panel, QWidget, "activations.picture"), Qt.Key.Key_Return)
    chooser = child(panel, SampleChooser, "activations.chooser")
    assert chooser.isVisible()
    view = child(chooser, QListView, "activations.chooser.gallery")
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert panel.sample_id() == "validation/1-dog.png"


def test_a_gallery_of_twenty_thousand_asks_for_few_pictures(qtbot: QtBot, tmp_path: Path) -> None:
    file = write_picture(tmp_path / "one.png")
    count = 20_000
    names = tuple(f"cat/{number}.png" for number in range(count))
    asked: list[Path] = []

    def decode(path: Path, side: int) -> np.ndarray:
        asked.append(path)
        return np.zeros((4, 4, 3), np.uint8)

    loader = PictureLoader(decode=decode, threads=1)
    panel = ActivationsPanel(loader)
    qtbot.addWidget(panel)
    panel.show()
    files = {name: file.with_name(f"{number}.png") for number, name in enumerate(names)}
    facts = DataFacts(input_shape=(8, 8, 3), class_names=("cat",), splits={"validation": count})
    panel.show_catalog(Catalog(facts, {"validation": names}, {"validation": np.zeros(count, np.int32)}, files))
    panel.show_sample(names[-1])
    with qtbot.waitSignal(loader.loaded):
        click(panel, "choose")
    chooser = child(panel, SampleChooser, "activations.chooser")
    view = child(chooser, QListView, "activations.chooser.gallery")
    assert view.currentIndex().row() == count - 1
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()).center())
    chooser.hide()
    loader.shutdown()
    assert 0 < len(asked) < 200


def test_another_layer_can_be_picked_here(qtbot: QtBot, panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    with qtbot.waitSignal(panel.layer_chosen) as chosen:
        pick(child(panel, QComboBox, "activations.layer"), "dense_1")
    assert chosen.args == ["dense_1"]


def test_a_layer_that_is_fed_with_noise_has_no_sample_beside_it(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.set_layers([("dense_1", "dense_1 · Dense"), ("conv2d_1", "conv2d_1 · Conv2D")], ["dense_1"])
    words = child(panel, QLabel, "activations.of_noise")
    picture = child(panel, QWidget, "activations.picture")
    panel.set_layer("dense_1", "dense_1")
    assert words.isVisible()
    assert not picture.isVisible()
    panel.set_layer("conv2d_1", "conv2d_1")
    assert not words.isVisible()
    assert picture.isVisible()


def test_a_layer_chosen_elsewhere_tells_nobody(panel: ActivationsPanel) -> None:
    told: list[str] = []
    panel.layer_chosen.connect(told.append)
    panel.set_layer("dense_1", "dense_1")
    assert child(panel, QComboBox, "activations.layer").currentText() == "dense_1"
    panel.set_layers([("dense_1", "dense_1"), ("conv2d_1", "conv2d_1")])
    assert child(panel, QComboBox, "activations.layer").currentText() == "dense_1"
    assert told == []


def test_pointing_at_a_map_tells_its_numbers(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    maps = some_maps()
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": maps}))
    view = maps_of(panel)
    QTest.mouseMove(view.viewport(), center_of(view, 1))
    low, mean, high = maps[:, :, 1].min(), maps[:, :, 1].mean(), maps[:, :, 1].max()
    assert text(panel, "description") == f"Map 1 · min {low:.3g} · mean {mean:.3g} · max {high:.3g}"
    QTest.mouseMove(view.viewport(), center_of(view, 3))
    assert text(panel, "description") == "Map 3 · all zero for this sample"


def test_a_click_enlarges_a_map_and_the_button_goes_back(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    maps = some_maps()
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": maps}))
    view = maps_of(panel)
    back = child(panel, QToolButton, "activations.back")
    assert not back.isVisible()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=center_of(view, 2))
    assert view.enlarged == 2
    assert back.isVisible()
    QTest.mouseMove(view.viewport(), QPoint(2, 2))
    assert text(panel, "description") == f"Map 2 · row 0, column 0: {maps[0, 0, 2]:.4g}"
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": maps}))
    assert view.enlarged == 2
    QTest.mouseClick(back, Qt.MouseButton.LeftButton)
    assert view.enlarged is None
    assert not back.isVisible()


def test_maps_by_keyboard(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": some_maps()}))
    view = maps_of(panel)
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert view.enlarged == 1
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.enlarged == 2
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.enlarged is None
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert view.enlarged is not None
    assert view.enlarged >= 28


def test_one_scale_for_all_maps_tells_strong_from_weak(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    maps = np.zeros((8, 8, 2), np.float32)
    maps[:4, :, 0] = 10
    maps[:4, :, 1] = 1
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": maps}))
    view = maps_of(panel)

    def brightness(number: int) -> int:
        upper = center_of(view, number) - QPoint(0, 15)
        return view.viewport().grab().toImage().pixelColor(upper).lightness()

    assert brightness(0) == brightness(1)
    QTest.mouseClick(child(panel, QCheckBox, "activations.same_scale"), Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert brightness(0) > brightness(1) + 40
    assert view.limits == (0.0, 10.0)


def test_values_that_are_not_numbers_do_no_harm(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    maps = some_maps(4)
    maps[:, :, 0] = np.nan
    maps[0, 0, 1] = np.inf
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": maps}))
    view = maps_of(panel)
    view.viewport().grab()
    low, high = view.limits
    assert low == 0.0
    assert np.isfinite(high)
    panel.set_layer("dense_1", "dense_1")
    values = np.array([np.nan, 1.0], np.float32)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"dense_1": values}))
    panel.grab()


def test_a_dense_layer_is_bars_of_units(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.set_layer("dense_1", "dense_1")
    values = np.linspace(-1, 2, 16, dtype=np.float32)
    values[5] = 0
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"dense_1": values}))
    bars = child(panel, UnitBars, "activations.units")
    assert bars.isVisible()
    assert text(panel, "description").startswith("16 units · 1 zero · min −1 ")
    width = bars.viewport().width() / 16
    QTest.mouseMove(bars.viewport(), QPoint(int(2.5 * width), 30))
    assert text(panel, "description") == f"Unit 2: −{-values[2]:.4g}"


def test_the_output_layer_is_bars_with_class_names(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.set_layer("dense_2", "dense_2")
    values = np.array([0.2], np.float32)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.2, activations={"dense_2": values}))
    bars = child(panel, ClassBars, "activations.classes")
    assert bars.isVisible()
    assert [(bar.name, round(bar.value, 3), bar.note) for bar in bars.bars] == [
        ("cat", 0.8, "true, predicted"),
        ("dog", 0.2, ""),
    ]


def test_shapes_without_a_picture_are_named(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    values = np.zeros((2, 3, 4, 5), np.float32)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.2, activations={"conv2d_1": values}))
    sentences = [state.text for state in panel.findChildren(EmptyState) if state.isVisible()]
    assert sentences == ["There is no picture for an output of the shape 2 × 3 × 4 × 5."]
    sequence = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.2, activations={"conv2d_1": sequence}))
    assert maps_of(panel).stack.count == 1


def test_what_came_while_it_was_hidden_is_shown_later(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.hide()
    panel.show_snapshot(snapshot_of(FIRST, label=0, dog=0.03, activations={"conv2d_1": some_maps()}))
    assert maps_of(panel).stack.count == 0
    panel.show()
    assert maps_of(panel).stack.count == 32
    assert "0.97" in text(panel, "predicted")


def test_points_have_a_number_and_no_file(panel: ActivationsPanel) -> None:
    facts = DataFacts(input_shape=(2,), class_names=("0", "1"), splits={"validation": 2})
    panel.show_catalog(Catalog(facts, {"validation": ("7", "9")}, {"validation": np.array([0, 1], np.int32)}, {}))
    assert panel.sample_id() == "7"
    assert child(panel, QWidget, "activations.picture").toolTip() == "Point 7"


def test_the_sample_stays_when_the_data_is_read_again(panel: ActivationsPanel, catalog: Catalog) -> None:
    panel.show_catalog(catalog)
    panel.show_sample("validation/4-cat.png")
    told: list[str] = []
    panel.sample_changed.connect(told.append)
    panel.show_catalog(catalog)
    assert panel.sample_id() == "validation/4-cat.png"
    assert told == []


def test_it_fits_a_narrow_column(panel: ActivationsPanel) -> None:
    assert panel.minimumSizeHint().width() <= 290


def test_class_bars_of_many_classes() -> None:
    bars = class_bars(np.array([0.1, 0.2, 0.7]), ("a", "b", "c"), label=0, by_value=True)
    assert [(bar.name, bar.note, bar.tone) for bar in bars] == [
        ("c", "predicted", "error"),
        ("b", "", "pale_run"),
        ("a", "true", "accent"),
    ]
