"""The weights panel: filters as pictures, histograms in numbers, and what it wants from the engine."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel
from pytestqt.qtbot import QtBot

from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.samples import Array
from nnplayground.spec.model import Block, Model
from nnplayground.spec.project import Project
from nnplayground.training.events import Histogram, Snapshot, SnapshotWants
from nnplayground.ui.document import Document
from nnplayground.ui.panels.filter_editor import FilterEditor
from nnplayground.ui.panels.weights import WeightsPanel
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.histogram_grid import spread
from nnplayground.ui.widgets.weight_tiles import make_tiles

RANDOM = np.random.default_rng(0)
WEIGHTS: dict[str, Array] = {
    "conv2d_1/kernel": RANDOM.normal(size=(3, 3, 3, 8)).astype(np.float32),
    "conv2d_1/bias": np.zeros(8, np.float32),
    "conv2d_2/kernel": RANDOM.normal(size=(4, 4, 8, 6)).astype(np.float32),
    "separable_conv2d_1/depthwise_kernel": RANDOM.normal(size=(3, 3, 6, 2)).astype(np.float32),
    "separable_conv2d_1/pointwise_kernel": RANDOM.normal(size=(1, 1, 12, 5)).astype(np.float32),
    "conv2d_transpose_1/kernel": RANDOM.normal(size=(2, 2, 7, 5)).astype(np.float32),
    "depthwise_conv2d_1/kernel": RANDOM.normal(size=(3, 3, 7, 1)).astype(np.float32),
    "dense_1/kernel": RANDOM.normal(size=(20, 4)).astype(np.float32),
}


@pytest.fixture
def panel(qtbot: QtBot) -> WeightsPanel:
    layers = {
        "input": Input(),
        "conv2d_1": Conv2D(filters=8),
        "conv2d_2": Conv2D(filters=6, kernel_size=(4, 4)),
        "separable_conv2d_1": SeparableConv2D(filters=5),
        "conv2d_transpose_1": Conv2DTranspose(filters=7),
        "depthwise_conv2d_1": DepthwiseConv2D(),
        "flatten_1": Flatten(),
        "dense_1": Dense(units=4),
    }
    model = Model(blocks=tuple(Block(layer_id, layer) for layer_id, layer in layers.items()))
    panel = WeightsPanel(Document(Project(model=model)))
    qtbot.addWidget(panel)
    panel.resize(640, 240)
    panel.show()
    return panel


def snapshot(layer_id: str, weights: Mapping[str, Array] = WEIGHTS) -> Snapshot:
    histograms = {name: Histogram(*np.histogram(array, bins=30)) for name, array in weights.items()}
    wanted = {name: array for name, array in weights.items() if name.startswith(f"{layer_id}/")}
    wants = SnapshotWants(weights=(layer_id,), histograms=True)
    return Snapshot("a", 1, 10, wants, None, {}, wanted, histograms, None)


def show(panel: WeightsPanel, layer_id: str) -> None:
    panel.set_layer(layer_id)
    panel.show_snapshot(snapshot(layer_id))


def choice(panel: WeightsPanel, name: str) -> QComboBox:
    found = panel.findChild(QComboBox, f"weights.{name}")
    assert isinstance(found, QComboBox)
    return found


def visible_words(panel: WeightsPanel) -> str:
    return " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def tile_values(panel: WeightsPanel) -> Array:
    assert panel.gallery.tiles is not None
    return panel.gallery.tiles.values


def test_says_what_will_be_here(panel: WeightsPanel) -> None:
    assert "Select a layer" in visible_words(panel)
    panel.set_layer("conv2d_1")
    assert "the weights of conv2d_1 appear here" in visible_words(panel)
    panel.show_snapshot(snapshot("conv2d_2"))
    assert "The weights of conv2d_1 are on their way." in visible_words(panel)
    panel.set_layer("flatten_1")
    assert "flatten_1 has no weights" in visible_words(panel)


def test_filters_on_three_channels_are_colours(panel: WeightsPanel) -> None:
    show(panel, "conv2d_1")
    kernel = WEIGHTS["conv2d_1/kernel"]
    assert panel.headline == "conv2d_1 · 3×3×3×8"
    assert tile_values(panel).shape == (8, 3, 3, 3)
    assert (tile_values(panel)[5] == kernel[..., 5]).all()
    choice(panel, "channel").setCurrentIndex(2)
    assert (tile_values(panel)[5] == kernel[:, :, 1, 5]).all()


def test_one_channel_of_many_at_a_time(panel: WeightsPanel) -> None:
    show(panel, "conv2d_2")
    kernel = WEIGHTS["conv2d_2/kernel"]
    assert choice(panel, "channel").count() == 8
    assert (tile_values(panel)[3] == kernel[:, :, 0, 3]).all()
    choice(panel, "channel").setCurrentIndex(7)
    assert (tile_values(panel)[3] == kernel[:, :, 7, 3]).all()
    panel.show_snapshot(snapshot("conv2d_2", {"conv2d_2/kernel": kernel + 1}))
    assert (tile_values(panel)[3] == kernel[:, :, 7, 3] + 1).all()
    show(panel, "conv2d_1")
    assert choice(panel, "channel").currentText() == "RGB"
    assert tile_values(panel).shape == (8, 3, 3, 3)


def test_kernels_that_are_laid_out_differently(panel: WeightsPanel) -> None:
    show(panel, "conv2d_transpose_1")
    assert (tile_values(panel)[6] == WEIGHTS["conv2d_transpose_1/kernel"][:, :, 6, 0]).all()
    show(panel, "depthwise_conv2d_1")
    assert (tile_values(panel)[4] == WEIGHTS["depthwise_conv2d_1/kernel"][:, :, 4, 0]).all()
    assert choice(panel, "channel").isHidden()
    show(panel, "separable_conv2d_1")
    assert (tile_values(panel)[3] == WEIGHTS["separable_conv2d_1/depthwise_kernel"][:, :, 1, 1]).all()
    choice(panel, "tensor").setCurrentIndex(1)
    assert (tile_values(panel)[0] == WEIGHTS["separable_conv2d_1/pointwise_kernel"][0, 0].T).all()


def test_a_dense_kernel_is_one_map_with_a_row_for_each_unit(panel: WeightsPanel) -> None:
    show(panel, "dense_1")
    assert (tile_values(panel)[0] == WEIGHTS["dense_1/kernel"].T).all()
    assert panel.grab().width() == 640


def test_hover_reads_a_weight(panel: WeightsPanel) -> None:
    show(panel, "conv2d_2")
    rect = panel.gallery.tile_rect(4)
    QTest.mouseMove(panel.gallery.viewport(), rect.topLeft() + QPoint(rect.width() * 3 // 8, rect.height() // 8))
    value = f"{WEIGHTS['conv2d_2/kernel'][0, 1, 0, 4]:+.3g}".replace("-", "−")
    assert panel.gallery.pointed == f"filter 5, row 1, column 2, channel 1: {value}"
    QTest.mouseMove(panel.gallery.viewport(), panel.gallery.viewport().rect().bottomRight())
    assert panel.gallery.pointed == ""


def test_large_matrices_show_every_nth_row_and_name_the_true_number() -> None:
    weights = np.arange(2_000 * 3, dtype=np.float32).reshape(2_000, 3)
    tiles = make_tiles(weights)
    assert tiles.values.shape == (1, 3, 667)
    assert tiles.sentence(0, 1, 100) == f"unit 2, input 301: +{weights[300, 1]:.3g}"
    assert tiles.reach == weights.max()


def test_vectors_are_one_row() -> None:
    tiles = make_tiles(np.array([0.5, -2.0], np.float32))
    assert tiles.values.shape == (1, 1, 2)
    assert tiles.sentence(0, 0, 1) == "value 2: −2"


def test_histograms_of_all_layers_in_numbers(panel: WeightsPanel) -> None:
    show(panel, "dense_1")
    assert list(panel.histograms.spreads) == list(WEIGHTS)
    kernel = WEIGHTS["conv2d_2/kernel"]
    said = panel.histograms.spreads["conv2d_2/kernel"]
    assert said.mean == pytest.approx(kernel.mean(), abs=0.02)
    assert said.deviation == pytest.approx(kernel.std(), rel=0.02)
    assert said.near_zero == pytest.approx(0.03, abs=0.02)
    assert panel.histograms.sentence("conv2d_1/bias").startswith("conv2d_1/bias: 8 values")
    assert "100% are nearly 0" in panel.histograms.sentence("conv2d_1/bias")


def test_spread_of_equal_values_that_are_not_zero() -> None:
    ones = spread(Histogram(*np.histogram(np.ones(5), bins=10)))
    assert (ones.deviation, ones.near_zero) == (0, 0)
    assert ones.mean == pytest.approx(1, abs=0.06)
    nothing = spread(Histogram(np.zeros(3), np.arange(4.0)))
    assert (nothing.mean, nothing.deviation, nothing.near_zero) == (0, 0, 0)


def test_wants_only_what_can_be_seen(panel: WeightsPanel, qtbot: QtBot) -> None:
    assert panel.wanted_layers() == ()
    assert panel.wants_histograms()
    with qtbot.waitSignal(panel.wants_changed, timeout=1000):
        panel.set_layer("dense_1")
    assert panel.wanted_layers() == ("dense_1",)
    with qtbot.waitSignal(panel.wants_changed, timeout=1000):
        panel.hide()
    assert panel.wanted_layers() == ()
    assert not panel.wants_histograms()
    panel.show_snapshot(snapshot("dense_1"))
    assert panel.gallery.tiles is None
    with qtbot.waitSignal(panel.wants_changed, timeout=1000):
        panel.show()
    assert panel.wanted_layers() == ("dense_1",)
    assert tile_values(panel).shape == (1, 4, 20)
    with qtbot.assertNotEmitted(panel.wants_changed):
        panel.set_layer("dense_1")


def test_weights_that_are_not_finite_are_drawn_grey(panel: WeightsPanel) -> None:
    broken = np.full((20, 4), np.nan, np.float32)
    broken[0, 0] = 2
    panel.set_layer("dense_1")
    wants = SnapshotWants(weights=("dense_1",))
    panel.show_snapshot(Snapshot("a", 1, 10, wants, None, {}, {"dense_1/kernel": broken}, {}, None))
    assert panel.gallery.tiles is not None
    assert panel.gallery.tiles.reach == 2
    shade = panel.gallery.grab().toImage().pixelColor(panel.gallery.tile_rect(0).center())
    assert (shade.red(), shade.green(), shade.blue()) == (128, 128, 128)


def test_clear_forgets_the_weights(panel: WeightsPanel) -> None:
    show(panel, "dense_1")
    panel.clear()
    assert panel.headline == ""
    assert "Press Run" in visible_words(panel)


def editor_of(panel: WeightsPanel) -> FilterEditor:
    (found,) = [editor for editor in panel.findChildren(FilterEditor) if editor.isVisible()]
    return found


def click_tile(panel: WeightsPanel, tile: int) -> None:
    QTest.mouseClick(panel.gallery.viewport(), Qt.MouseButton.LeftButton, pos=panel.gallery.tile_rect(tile).center())


def test_a_filter_is_edited_by_hand(panel: WeightsPanel, qtbot: QtBot) -> None:
    show(panel, "conv2d_1")
    click_tile(panel, 2)
    editor = editor_of(panel)
    channel = editor.findChild(QComboBox, "weights.filter_editor.channel")
    assert channel is not None
    assert channel.count() == 3
    QTest.keyClick(channel, Qt.Key.Key_Down)
    cell = editor.findChild(QDoubleSpinBox, "weights.filter_editor.0.1")
    assert cell is not None
    assert cell.value() == pytest.approx(WEIGHTS["conv2d_1/kernel"][0, 1, 1, 2], abs=1e-4)
    cell.selectAll()
    QTest.keyClicks(cell, "0.5")
    with qtbot.waitSignal(panel.weight_edit_requested) as asked:
        QTest.keyClick(cell, Qt.Key.Key_Return)
    name, index, values = asked.args
    after = WEIGHTS["conv2d_1/kernel"].copy()
    after[index] = values
    expected = WEIGHTS["conv2d_1/kernel"].copy()
    expected[0, 1, 1, 2] = 0.5
    assert name == "conv2d_1/kernel"
    np.testing.assert_array_equal(after, expected)


def test_a_filter_is_reached_with_the_keyboard(panel: WeightsPanel) -> None:
    show(panel, "conv2d_1")
    gallery = panel.gallery
    gallery.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(gallery, key)
    assert gallery.accessibleDescription() == "Filter 3 of 8"
    accent, frame = QColor(colors(gallery).accent), gallery.tile_rect(2)
    assert gallery.viewport().grab().toImage().pixelColor(frame.left() - 1, frame.center().y()) == accent
    QTest.keyClick(gallery, Qt.Key.Key_Return)
    assert editor_of(panel).windowTitle() == "Filter 3 of conv2d_1"
    QTest.keyClick(gallery, Qt.Key.Key_End)
    assert gallery.current == 7
    show(panel, "conv2d_2")
    assert gallery.current == 5


def test_a_filter_that_is_walked_to_is_scrolled_to(panel: WeightsPanel) -> None:
    show(panel, "conv2d_1")
    many = {"conv2d_1/kernel": np.zeros((3, 3, 1, 400), np.float32)}
    panel.show_snapshot(snapshot("conv2d_1", many))
    gallery = panel.gallery
    QTest.keyClick(gallery, Qt.Key.Key_End)
    assert gallery.viewport().rect().contains(gallery.tile_rect(399))
    for _ in range(40):
        QTest.keyClick(gallery, Qt.Key.Key_Up)
    assert gallery.current < 40
    assert gallery.viewport().rect().contains(gallery.tile_rect(gallery.current))


def test_what_is_typed_into_a_filter_changes_one_number_of_what_training_has_made_of_it(
    panel: WeightsPanel, qtbot: QtBot
) -> None:
    kernel = WEIGHTS["conv2d_1/kernel"].copy()
    kernel[2, 2, 0, 0] = 5000
    show(panel, "conv2d_1")
    panel.show_snapshot(snapshot("conv2d_1", {"conv2d_1/kernel": kernel}))
    click_tile(panel, 0)
    cell = editor_of(panel).findChild(QDoubleSpinBox, "weights.filter_editor.0.0")
    assert cell is not None
    cell.activateWindow()
    cell.setFocus()
    qtbot.waitUntil(cell.hasFocus, timeout=2000)
    cell.selectAll()
    QTest.keyClicks(cell, "0.5")
    panel.show_snapshot(snapshot("conv2d_1", {"conv2d_1/kernel": kernel + 1}))
    assert cell.text() == "0.5"
    with qtbot.waitSignal(panel.weight_edit_requested) as asked:
        QTest.keyClick(cell, Qt.Key.Key_Return)
    expected = kernel[:, :, :, 0] + 1
    expected[0, 0, 0] = 0.5
    np.testing.assert_array_equal(asked.args[2], expected)


def test_filters_of_one_number_are_a_matrix_and_not_edited(panel: WeightsPanel) -> None:
    show(panel, "separable_conv2d_1")
    choice(panel, "tensor").setCurrentText("pointwise_kernel")
    click_tile(panel, 0)
    assert not [each for each in panel.findChildren(FilterEditor) if each.isVisible()]


def test_the_numbers_of_a_filter_can_be_read(panel: WeightsPanel) -> None:
    show(panel, "conv2d_1")
    click_tile(panel, 0)
    for cell in editor_of(panel).findChildren(QDoubleSpinBox):
        line = cell.lineEdit()
        assert line.width() >= line.fontMetrics().horizontalAdvance("-0.1234") + 2


def test_an_edge_detector_in_one_channel(panel: WeightsPanel, qtbot: QtBot) -> None:
    show(panel, "conv2d_2")
    click_tile(panel, 0)
    editor = editor_of(panel)
    ready = editor.findChild(QComboBox, "weights.filter_editor.ready_made")
    assert ready is not None
    with qtbot.waitSignal(panel.weight_edit_requested) as asked:
        ready.setFocus()
        QTest.keyClicks(ready, "Vertical")
        ready.activated.emit(ready.currentIndex())
    _, _, values = asked.args
    assert values.shape == (4, 4, 8)
    np.testing.assert_array_equal(values[:3, :3, 0], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert not values[:, :, 1:].any()


def test_transposed_and_depthwise_filters_lie_elsewhere(panel: WeightsPanel) -> None:
    asked: list[tuple[str, tuple, Array]] = []
    panel.weight_edit_requested.connect(lambda name, index, values: asked.append((name, index, values)))
    for layer_id in ("conv2d_transpose_1", "depthwise_conv2d_1"):
        show(panel, layer_id)
        click_tile(panel, 3)
        editor = editor_of(panel)
        values = WEIGHTS[f"{layer_id}/kernel"]
        name, index = f"{layer_id}/kernel", panel._filter_index(3)
        editor.edited.emit(np.full(values[index].shape, 9.0, np.float32))
        assert asked[-1][0] == name
        shown = make_tiles(values, kind="transposed" if "transpose" in layer_id else "depthwise").values[3]
        np.testing.assert_array_equal(values[index][:, :, 0], shown)


def test_the_editor_follows_the_training_and_goes_with_its_layer(panel: WeightsPanel) -> None:
    show(panel, "conv2d_1")
    click_tile(panel, 0)
    cell = editor_of(panel).findChild(QDoubleSpinBox, "weights.filter_editor.2.2")
    assert cell is not None
    moved = {**WEIGHTS, "conv2d_1/kernel": WEIGHTS["conv2d_1/kernel"] + 1}
    panel.show_snapshot(snapshot("conv2d_1", moved))
    assert cell.value() == pytest.approx(WEIGHTS["conv2d_1/kernel"][2, 2, 0, 0] + 1, abs=1e-4)
    editor = editor_of(panel)
    show(panel, "dense_1")
    assert not editor.isVisible()
    click_tile(panel, 0)
    assert not [each for each in panel.findChildren(FilterEditor) if each.isVisible()]
