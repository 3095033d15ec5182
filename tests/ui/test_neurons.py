"""The neuron view: what it shows of a network, its edits, numbers changed by hand, mouse and keyboard."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from nnplayground.layers.core import Activation, Dense, Input
from nnplayground.layers.merge import Add
from nnplayground.layers.regularization import Dropout
from nnplayground.spec import edits
from nnplayground.spec.dataset import ImageFolder, Points
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.training.events import PlaneMaps, Snapshot, SnapshotWants
from nnplayground.ui.document import Document
from nnplayground.ui.playground.headers import ColumnHeader
from nnplayground.ui.playground.network import BiasSpot, Spot, TagSpot, TileSpot, WireSpot
from nnplayground.ui.playground.plan import Plan, plan_of
from nnplayground.ui.playground.view import NeuronView
from nnplayground.ui.theme import DARK, colors
from tests.ui.canvas_hand import chain, image_model, way
from tests.ui.neurons_hand import Hand, points_document, snapshot_of

Key = Qt.Key


@pytest.fixture
def document() -> Document:
    return points_document(
        Dense(units=3, activation="tanh"), Dense(units=2, activation="tanh"), Dense(units=1, activation="sigmoid")
    )


@pytest.fixture
def neurons(document: Document, qtbot: QtBot) -> NeuronView:
    neurons = NeuronView(document)
    qtbot.addWidget(neurons)
    neurons.resize(700, 560)
    neurons.show()
    neurons.show_snapshot(snapshot_of(document.project))
    return neurons


@pytest.fixture
def hand(neurons: NeuronView) -> Hand:
    return Hand(neurons)


def header(neurons: NeuronView, layer_id: str) -> ColumnHeader:
    found = neurons.headers.header(layer_id)
    assert found is not None
    return found


def layer(document: Document, layer_id: str) -> Dense:
    found = document.project.model.layer(layer_id)
    assert isinstance(found, Dense)
    return found


def shade(neurons: NeuronView, spot: Spot, *, right: float = 0.0, down: float = 0.0) -> QColor:
    """The colour beside the middle of a spot, in shares of a tile."""
    assert neurons.network.layout is not None
    tile = neurons.network.layout.tile
    place = neurons.view.mapFromScene(neurons.network.anchor(spot) + QPointF(right * tile, down * tile))
    return neurons.view.grab().toImage().pixelColor(place)


def is_blue(color: QColor) -> bool:
    return color.blue() > color.red() + 60


def is_orange(color: QColor) -> bool:
    return color.red() > color.blue() + 60


# What is shown


def test_a_column_for_each_layer_and_a_tile_for_each_unit(neurons: NeuronView) -> None:
    layout = neurons.network.layout
    assert layout is not None
    assert [len(rows) for rows in layout.rows] == [2, 3, 2, 1]
    assert list(layout.centres) == sorted(layout.centres)
    assert [each.title.text() for each in neurons.headers.headers] == ["Features", "Dense 3", "Dense 2", "Dense 1"]
    assert header(neurons, "dense_3").activation.text().startswith("sigmoid")
    assert [bundle.size for bundle in neurons.network.bundles] == [6, 6, 2]


def test_features_are_drawn_from_the_data(neurons: NeuronView) -> None:
    assert neurons.network.plan.columns[0].names == ("x₁", "x₂")
    assert is_orange(shade(neurons, TileSpot(0, 0), right=-0.4))
    assert is_blue(shade(neurons, TileSpot(0, 0), right=0.4))
    assert is_blue(shade(neurons, TileSpot(0, 1), down=-0.4))
    assert is_orange(shade(neurons, TileSpot(0, 1), down=0.4))


def test_tiles_show_the_maps_of_a_snapshot(neurons: NeuronView) -> None:
    maps = np.zeros((3, 32, 32), np.float32)
    maps[0, :, :16] = 0.95
    maps[0, :, 16:] = -0.95
    show(neurons, {"dense_1": maps})
    assert is_blue(shade(neurons, TileSpot(1, 0), right=-0.3))
    assert is_orange(shade(neurons, TileSpot(1, 0), right=0.3))
    middle = shade(neurons, TileSpot(1, 1))
    assert min(middle.red(), middle.green(), middle.blue()) > 225


def test_colours_of_a_layer_without_limits_are_not_spoilt_by_a_few_large_values(qtbot: QtBot) -> None:
    document = points_document(Dense(units=2, activation="relu"), Dense(units=1, activation="sigmoid"))
    neurons = shown(document, qtbot)
    maps = np.zeros((2, 32, 32), np.float32)
    maps[0, :, 16:] = 3.0
    maps[1, 0, 0] = 500.0
    show(neurons, {"dense_1": maps})
    assert is_blue(shade(neurons, TileSpot(1, 0), right=0.3))
    assert not is_blue(shade(neurons, TileSpot(1, 1), right=0.3))


def test_a_sigmoid_is_white_at_a_half(neurons: NeuronView) -> None:
    show(neurons, {"dense_3": np.full((1, 32, 32), 0.5, np.float32)})
    middle = shade(neurons, TileSpot(3, 0))
    assert min(middle.red(), middle.green(), middle.blue()) > 225
    show(neurons, {"dense_3": np.full((1, 32, 32), 0.02, np.float32)})
    assert is_orange(shade(neurons, TileSpot(3, 0)))


def test_what_is_not_finite_is_grey(neurons: NeuronView) -> None:
    show(neurons, {"dense_1": np.full((3, 32, 32), np.nan, np.float32)}, {"dense_1/kernel": np.full((2, 3), np.nan)})
    middle = shade(neurons, TileSpot(1, 1))
    assert (middle.red(), middle.green(), middle.blue()) == (128, 128, 128)


def test_strong_wires_are_thick_and_coloured_by_their_sign(neurons: NeuronView) -> None:
    show(neurons, {}, {"dense_1/kernel": np.array([[4, 0, 0], [0, 0, -4]], np.float32)})
    bundle = neurons.network.bundles[0]
    assert bundle.width(0, 0) > 3 * bundle.width(0, 1)
    assert is_blue(shade(neurons, WireSpot(1, 0, 0)))
    assert is_orange(shade(neurons, WireSpot(1, 1, 2)))


def test_without_a_snapshot_tiles_are_empty_and_wires_grey(neurons: NeuronView) -> None:
    neurons.clear()
    assert set(neurons.network.atlases) == {"input"}
    tile, wire = shade(neurons, TileSpot(1, 0)), shade(neurons, WireSpot(1, 0, 0))
    for color in (tile, wire):
        assert max(color.red(), color.green(), color.blue()) - min(color.red(), color.green(), color.blue()) < 40
    assert neurons.network.value_of(WireSpot(1, 0, 0)) is None


def test_layers_without_neurons_are_labels_between_the_columns(qtbot: QtBot) -> None:
    document = points_document(
        Dense(units=4, activation="relu"), Dropout(rate=0.3), Activation(activation="tanh"), Dense(units=1)
    )
    neurons = shown(document, qtbot)
    plan = neurons.network.plan
    assert [column.layer_id for column in plan.columns] == ["input", "dense_1", "dense_2"]
    assert [tag.title for tag in plan.columns[1].tags] == ["Dropout · rate 0.3", "Activation · tanh"]
    hand = Hand(neurons)
    with qtbot.waitSignal(neurons.layer_selected, timeout=1000) as chosen:
        hand.click(TagSpot(1, 0))
    assert chosen.args == ["dropout_1"]
    hand.key(Key.Key_Delete)
    assert "dropout_1" not in document.project.model.by_id
    assert way(document) == ["input", "dense_1", "activation_1", "dense_2"]


def test_of_many_units_some_are_drawn_and_the_others_counted(qtbot: QtBot) -> None:
    document = points_document(Dense(units=56, activation="relu"), Dense(units=1, activation="sigmoid"))
    neurons = shown(document, qtbot)
    neurons.show_snapshot(snapshot_of(document.project))
    column = neurons.network.plan.columns[1]
    assert (column.shown, column.more) == (32, 24)
    assert neurons.network.layout is not None
    assert len(neurons.network.layout.rows[1]) == 33
    assert [bundle.size for bundle in neurons.network.bundles] == [64, 32]
    assert neurons.network.spoken(TileSpot(1, 32)) == "dense_1: 24 more units that are not drawn."


def test_very_many_wires_are_not_drawn_finer_than_time_allows(qtbot: QtBot) -> None:
    document = points_document(*[Dense(units=32, activation="relu") for _ in range(2)], Dense(units=1))
    neurons = shown(document, qtbot)
    neurons.show_snapshot(snapshot_of(document.project))
    few, many = neurons.network.bundles[2], neurons.network.bundles[1]
    for bundle in (few, many):
        bundle.draw(3.0, 2.0, DARK)
        assert bundle.picture is not None
        size = bundle.picture.deviceIndependentSize()
        assert size.width() == pytest.approx(3 * bundle.rect.width(), abs=2)
        assert size.height() == pytest.approx(3 * bundle.rect.height(), abs=2)
    assert few.picture is not None
    assert few.picture.width() == round(6 * few.rect.width())
    assert many.picture is not None
    assert many.picture.width() < 2 * many.rect.width()


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_of_very_many_wires_each_is_where_it_belongs(qtbot: QtBot, zoom: float) -> None:
    document = points_document(*[Dense(units=32, activation="relu") for _ in range(2)], Dense(units=1))
    neurons = shown(document, qtbot)
    kernel = np.full((32, 32), -0.1, np.float32)
    kernel[15, 16] = 9.0
    show(neurons, {}, {"dense_2/kernel": kernel})
    neurons.view.zoom_by(zoom / neurons.view.zoom)
    theme, ratio = colors(neurons.view), neurons.view.devicePixelRatioF()
    qtbot.waitUntil(lambda: neurons.network.bundles[1].is_drawn(zoom, ratio, theme), timeout=5000)
    wire = WireSpot(2, 15, 16)
    neurons.view.centerOn(neurons.network.anchor(wire))
    assert is_blue(shade(neurons, wire))
    assert not is_blue(shade(neurons, wire, down=0.5))


@pytest.mark.parametrize("size", [(1280, 720), (700, 560), (460, 330)])
def test_what_has_room_is_seen_whole(qtbot: QtBot, size: tuple[int, int]) -> None:
    document = points_document(*[Dense(units=4, activation="tanh") for _ in range(3)], Dense(units=1))
    neurons = shown(document, qtbot)
    neurons.resize(*size)
    assert neurons.view.zoom == 1
    assert not neurons.view.horizontalScrollBar().isVisible()
    assert not neurons.view.verticalScrollBar().isVisible()
    seen = neurons.view.viewport().rect()
    for number, column in enumerate(neurons.network.plan.columns):
        for row in range(column.shown):
            tile = neurons.network.tile_rect(number, row)
            assert seen.contains(neurons.view.mapFromScene(tile.topLeft()))
            assert seen.contains(neurons.view.mapFromScene(tile.bottomRight()))


@pytest.mark.parametrize("factor", [0.7, 1.5])
def test_headers_stand_over_their_columns_after_zooming(neurons: NeuronView, factor: float) -> None:
    neurons.view.zoom_by(factor)
    assert neurons.network.layout is not None
    for number, each in enumerate(neurons.headers.headers):
        middle = neurons.view.x_of(neurons.network.layout.centres[number])
        if 60 < middle < neurons.headers.width() - 60:
            assert each.geometry().center().x() == pytest.approx(middle, abs=2)


# Models that cannot be drawn


def not_drawn(project: Project) -> str:
    reason = plan_of(project)
    assert isinstance(reason, str)
    return reason


def test_what_cannot_be_drawn_says_why_and_leads_back_to_the_blocks(qtbot: QtBot) -> None:
    document = Document(Project(model=image_model(), dataset=ImageFolder(folder="photos")))
    neurons = shown(document, qtbot)
    assert not neurons.view.isVisible()
    assert neurons.wanted_layers == ()
    assert "pictures" in neurons.reason
    button = neurons.findChild(QPushButton, "show_blocks")
    assert isinstance(button, QPushButton)
    with qtbot.waitSignal(neurons.blocks_requested, timeout=1000):
        button.click()


def test_branches_and_loose_layers_are_named() -> None:
    blocks = (Block("input", Input()), Block("one", Dense(units=2)), Block("two", Dense(units=2)), Block("add", Add()))
    wires = (Wire("input", "one"), Wire("input", "two"), Wire("one", "add"), Wire("two", "add"))
    points = Points()
    assert "input leads to several layers" in not_drawn(Project(model=Model(blocks, wires), dataset=points))
    loose = Model((*chain(Dense(units=1)).blocks, Block("alone", Dense())), chain(Dense(units=1)).wires)
    assert "alone is not connected" in not_drawn(Project(model=loose, dataset=points))
    assert "no data yet" in not_drawn(Project(model=chain(Dense(units=1))))
    assert "conv2d_1 (Conv2D) has no neurons" in not_drawn(Project(model=image_model(), dataset=points))


def test_an_input_alone_can_be_drawn() -> None:
    plan = plan_of(Project(dataset=Points()))
    assert isinstance(plan, Plan)
    assert len(plan.columns) == 1


# Edits


def test_plus_and_minus_change_the_units_and_can_be_undone(neurons: NeuronView, document: Document) -> None:
    header(neurons, "dense_1").more.click()
    assert layer(document, "dense_1").units == 4
    assert neurons.network.layout is not None
    assert len(neurons.network.layout.rows[1]) == 4
    assert header(neurons, "dense_1").title.text() == "Dense 4"
    document.undo_stack.undo()
    assert layer(document, "dense_1").units == 3
    header(neurons, "dense_2").fewer.click()
    assert layer(document, "dense_2").units == 1
    assert not header(neurons, "dense_2").fewer.isEnabled()


def test_the_output_keeps_the_units_that_the_data_need(neurons: NeuronView) -> None:
    output = header(neurons, "dense_3")
    assert not output.more.isVisible()
    assert not output.remove.isVisible()
    assert output.activation.isVisible()
    assert not header(neurons, "input").activation.isVisible()


def test_the_activation_is_chosen_from_a_menu(neurons: NeuronView, document: Document) -> None:
    menu = header(neurons, "dense_1").activations_menu()
    checked = [action.text() for action in menu.actions() if action.isChecked()]
    assert checked == ["tanh"]
    next(action for action in menu.actions() if action.text() == "relu").trigger()
    assert layer(document, "dense_1").activation == "relu"
    assert header(neurons, "dense_1").activation.text().startswith("relu")
    document.undo_stack.undo()
    assert layer(document, "dense_1").activation == "tanh"


def test_a_layer_is_inserted_between_columns_like_the_one_before(neurons: NeuronView, document: Document) -> None:
    neurons.inserts.buttons[1].click()
    assert way(document) == ["input", "dense_1", "dense_4", "dense_2", "dense_3"]
    assert layer(document, "dense_4").units == 3
    assert len(neurons.headers.headers) == 5
    document.undo_stack.undo()
    assert way(document) == ["input", "dense_1", "dense_2", "dense_3"]
    assert len(neurons.headers.headers) == 4


def test_the_first_hidden_layer_comes_between_features_and_output(qtbot: QtBot) -> None:
    document = points_document(Dense(units=1, activation="sigmoid"))
    neurons = shown(document, qtbot)
    neurons.inserts.buttons[0].click()
    added = layer(document, "dense_2")
    assert way(document) == ["input", "dense_2", "dense_1"]
    assert (added.units, added.activation) == (4, "tanh")


def test_a_column_is_removed_and_the_output_is_not(neurons: NeuronView, document: Document, qtbot: QtBot) -> None:
    header(neurons, "dense_2").remove.click()
    assert way(document) == ["input", "dense_1", "dense_3"]
    hand = Hand(neurons)
    hand.click(TileSpot(2, 0))
    with qtbot.waitSignal(document.refused, timeout=1000) as refused:
        hand.key(Key.Key_Delete)
    assert "dense_3 gives the model's answer" in refused.args[0]
    assert way(document) == ["input", "dense_1", "dense_3"]


def test_a_click_on_a_header_or_a_tile_selects_the_layer(neurons: NeuronView, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(neurons.layer_selected, timeout=1000) as selected:
        header(neurons, "dense_2").title.click()
    assert selected.args == ["dense_2"]
    with qtbot.waitSignals([neurons.layer_selected, neurons.unit_chosen], timeout=1000):
        hand.click(TileSpot(1, 2))
    assert header(neurons, "dense_1").title.isChecked()
    assert not header(neurons, "dense_2").title.isChecked()


# Pointing


def test_hovering_a_tile_tells_its_unit(neurons: NeuronView, hand: Hand) -> None:
    told: list[Any] = []
    neurons.unit_hovered.connect(lambda *unit: told.append(unit))
    hand.hover(TileSpot(1, 2))
    hand.hover(TileSpot(0, 1))
    hand.leave()
    assert told == [("dense_1", 2), ("input", 1), ("", -1)]


def test_hovering_a_wire_reads_its_weight(neurons: NeuronView, hand: Hand) -> None:
    show(neurons, {}, {"dense_1/kernel": np.array([[0.25, 0, 0], [0, 0, -1.5]], np.float32)})
    hand.hover(WireSpot(1, 1, 2))
    label = neurons.view.label
    assert label.isVisible()
    assert "x₂ → unit 3" in label.text()
    assert "−1.5" in label.text()
    hand.hover(BiasSpot(2, 0))
    assert "bias of unit 1" in label.text()
    hand.leave()
    assert not label.isVisible()


def test_the_label_of_a_wire_follows_the_training(neurons: NeuronView, hand: Hand) -> None:
    show(neurons, {}, {"dense_1/kernel": np.full((2, 3), 0.25, np.float32)})
    hand.hover(WireSpot(1, 0, 0))
    assert "0.25" in neurons.view.label.text()
    show(neurons, {}, {"dense_1/kernel": np.full((2, 3), 0.75, np.float32)})
    assert "0.75" in neurons.view.label.text()
    neurons.clear()
    assert "not known yet" in neurons.view.label.text()


def test_every_wire_can_be_hit_where_it_runs(neurons: NeuronView) -> None:
    for number, bundle in enumerate(neurons.network.bundles, start=1):
        for source in range(len(bundle.starts)):
            for target in range(len(bundle.ends)):
                point = bundle.path(source, target).pointAtPercent(0.04)
                found = neurons.network.spot_at(point, reach=3)
                assert isinstance(found, WireSpot)
                assert (found.column, found.source) == (number, source)


# Numbers


def edits_of(neurons: NeuronView) -> list[tuple[str, tuple[int, ...], float]]:
    asked: list[tuple[str, tuple[int, ...], float]] = []
    neurons.weight_edit_requested.connect(lambda *edit: asked.append(edit))
    return asked


def test_a_weight_is_typed_in_place(neurons: NeuronView, hand: Hand) -> None:
    asked = edits_of(neurons)
    hand.click(WireSpot(1, 1, 2))
    field = neurons.view.field
    assert field.isVisible()
    assert field.caption.text() == "x₂ → unit 3"
    hand.type("0.25")
    assert asked == [("dense_1/kernel", (1, 2), 0.25)]
    assert not field.isVisible()
    assert neurons.view.hasFocus()


def test_a_bias_is_typed_in_place(neurons: NeuronView, hand: Hand) -> None:
    asked = edits_of(neurons)
    hand.click(BiasSpot(2, 1))
    hand.type("-0.5")
    assert asked == [("dense_2/bias", (1,), -0.5)]


def test_escape_puts_the_number_back(neurons: NeuronView, hand: Hand) -> None:
    show(neurons, {}, {"dense_1/kernel": np.full((2, 3), 0.5, np.float32)})
    asked = edits_of(neurons)
    hand.click(WireSpot(1, 0, 0))
    hand.type("9", Key.Key_Escape)
    assert asked == []
    assert not neurons.view.field.isVisible()
    hand.click(WireSpot(1, 0, 0))
    QTest.keyClick(neurons.view.field.line, Key.Key_Up)
    QTest.keyClick(neurons.view.field.line, Key.Key_Escape)
    assert [value for _, _, value in asked] == [0.6, 0.5]


def test_arrows_and_the_wheel_nudge_the_number_at_once(neurons: NeuronView, hand: Hand) -> None:
    show(neurons, {}, {"dense_1/kernel": np.full((2, 3), 0.5, np.float32)})
    asked = edits_of(neurons)
    hand.click(WireSpot(1, 0, 0))
    line = neurons.view.field.line
    QTest.keyClick(line, Key.Key_Down)
    QTest.keyClick(line, Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    turn_wheel(neurons, 120)
    assert [value for _, _, value in asked] == pytest.approx([0.4, 0.41, 0.5])
    assert neurons.view.zoom == 1
    assert line.text() == "0.5"


def test_what_is_no_number_is_not_taken(neurons: NeuronView, hand: Hand) -> None:
    asked = edits_of(neurons)
    hand.click(WireSpot(1, 0, 0))
    hand.type("much")
    field = neurons.view.field
    assert field.isVisible()
    assert field.line.property("invalid") == "true"
    hand.type("1e9")
    assert asked == []
    hand.type("2")
    assert [value for _, _, value in asked] == [2.0]


def test_a_number_that_is_not_known_cannot_be_edited(neurons: NeuronView, hand: Hand) -> None:
    neurons.clear()
    hand.click(WireSpot(1, 0, 0))
    assert not neurons.view.field.isVisible()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_number_that_has_run_away_can_be_caught(neurons: NeuronView, hand: Hand, value: float) -> None:
    show(neurons, {}, {"dense_1/kernel": np.full((2, 3), value, np.float32)})
    asked = edits_of(neurons)
    hand.click(WireSpot(1, 0, 0))
    QTest.keyClick(neurons.view.field.line, Key.Key_Escape)
    assert asked == []
    hand.click(WireSpot(1, 0, 0))
    QTest.keyClick(neurons.view.field.line, Key.Key_Up)
    QTest.keyClick(neurons.view.field.line, Key.Key_Return)
    assert [number for _, _, number in asked] == [0.1]


def test_the_field_goes_with_the_column_that_is_undone(neurons: NeuronView, hand: Hand, document: Document) -> None:
    neurons.inserts.buttons[2].click()
    neurons.show_snapshot(snapshot_of(document.project))
    hand.click(TileSpot(4, 0))
    hand.key(Key.Key_Return)
    assert neurons.view.field.isVisible()
    document.undo_stack.undo()
    assert not neurons.view.field.isVisible()
    assert neurons.view.current is None


def test_the_field_closes_when_its_layer_changes(neurons: NeuronView, hand: Hand, document: Document) -> None:
    hand.click(WireSpot(2, 0, 1))
    document.apply(lambda project: edits.remove_layers(project, ("dense_2",)), "removal")
    assert not neurons.view.field.isVisible()


# Keyboard


def test_arrows_walk_tiles_and_tell_them(neurons: NeuronView, hand: Hand) -> None:
    neurons.view.setFocus()
    told: list[Any] = []
    neurons.unit_hovered.connect(lambda *unit: told.append(unit))
    for key in (Key.Key_Right, Key.Key_Right, Key.Key_Down, Key.Key_Down, Key.Key_Down, Key.Key_Right):
        hand.key(key)
    assert told == [("input", 0), ("dense_1", 0), ("dense_1", 1), ("dense_1", 2), ("dense_2", 1)]
    assert "dense_2, tanh, unit 2 of 2" in neurons.view.accessibleDescription()


def test_tab_walks_columns_and_then_leaves(neurons: NeuronView, hand: Hand) -> None:
    header(neurons, "dense_3").title.setFocus()
    neurons.view.setFocus(Qt.FocusReason.TabFocusReason)
    columns = [neurons.view.current.column if neurons.view.current else None]
    for _ in range(3):
        hand.key(Key.Key_Tab)
        columns.append(neurons.view.current.column if neurons.view.current else None)
    assert columns == [0, 1, 2, 3]
    assert neurons.view.hasFocus()
    hand.key(Key.Key_Tab)
    assert not neurons.view.hasFocus()


def test_units_are_changed_with_plus_and_minus(neurons: NeuronView, hand: Hand, document: Document) -> None:
    neurons.view.setFocus()
    hand.key(Key.Key_Right)
    hand.key(Key.Key_Plus)
    assert document.undo_stack.count() == 0  # the features are chosen in the data
    hand.key(Key.Key_Right)
    hand.key(Key.Key_Plus)
    hand.key(Key.Key_Plus)
    hand.key(Key.Key_Minus)
    assert layer(document, "dense_1").units == 4
    assert neurons.view.hasFocus()
    for _ in range(3):
        hand.key(Key.Key_Right)
    hand.key(Key.Key_Plus)
    assert layer(document, "dense_3").units == 1


def test_layers_are_inserted_and_removed_by_key(neurons: NeuronView, hand: Hand, document: Document) -> None:
    hand.click(TileSpot(1, 0))
    hand.key(Key.Key_Insert)
    assert way(document) == ["input", "dense_1", "dense_4", "dense_2", "dense_3"]
    hand.key(Key.Key_Delete)
    assert way(document) == ["input", "dense_4", "dense_2", "dense_3"]


def test_enter_edits_the_numbers_of_a_unit_one_after_the_other(neurons: NeuronView, hand: Hand) -> None:
    asked = edits_of(neurons)
    hand.click(TileSpot(1, 1))
    hand.key(Key.Key_Return)
    field = neurons.view.field
    assert field.caption.text() == "bias of unit 2"
    hand.type("1", Key.Key_Tab)
    assert field.caption.text() == "x₁ → unit 2"
    hand.type("2", Key.Key_Tab)
    assert field.caption.text() == "x₂ → unit 2"
    QTest.keyClick(field.line, Key.Key_Backtab)
    assert field.caption.text() == "x₁ → unit 2"
    assert asked == [("dense_1/bias", (1,), 1.0), ("dense_1/kernel", (0, 1), 2.0)]
    QTest.keyClick(field.line, Key.Key_Escape)
    assert neurons.view.hasFocus()
    assert neurons.view.current == TileSpot(1, 1)


def test_space_asks_for_a_run_and_controls_have_names(neurons: NeuronView, hand: Hand, qtbot: QtBot) -> None:
    neurons.view.setFocus()
    with qtbot.waitSignal(neurons.run_pause_requested, timeout=1000):
        hand.key(Key.Key_Space)
    first = header(neurons, "dense_1")
    buttons = [first.title, first.activation, first.fewer, first.more, first.remove, *neurons.inserts.buttons]
    assert all(button.accessibleName() and button.toolTip() and button.statusTip() for button in buttons)


# Live


def test_wants_the_layers_that_can_be_seen(neurons: NeuronView, document: Document, qtbot: QtBot) -> None:
    assert neurons.wanted_layers == ("dense_1", "dense_2", "dense_3")
    with qtbot.waitSignal(neurons.wants_changed, timeout=1000):
        document.apply(lambda project: edits.remove_layers(project, ("dense_2",)), "removal")
    assert neurons.wanted_layers == ("dense_1", "dense_3")
    with qtbot.waitSignal(neurons.wants_changed, timeout=1000):
        neurons.hide()
    assert neurons.wanted_layers == ()


def test_hidden_it_waits_with_a_snapshot(neurons: NeuronView, document: Document) -> None:
    neurons.hide()
    neurons.show_snapshot(snapshot_of(document.project, seed=5))
    before = neurons.network.value_of(WireSpot(1, 0, 0))
    neurons.show()
    assert neurons.network.value_of(WireSpot(1, 0, 0)) != before


def test_numbers_of_a_layer_that_has_changed_do_not_stay(neurons: NeuronView, document: Document, qtbot: QtBot) -> None:
    header(neurons, "dense_1").more.click()
    assert neurons.network.value_of(WireSpot(1, 0, 0)) is not None
    assert neurons.network.value_of(WireSpot(1, 0, 3)) is None
    qtbot.waitUntil(lambda: neurons.network.value_of(WireSpot(1, 0, 0)) is None, timeout=3000)
    assert neurons.network.value_of(WireSpot(3, 0, 0)) is not None
    neurons.show_snapshot(snapshot_of(document.project))
    assert neurons.network.value_of(WireSpot(1, 0, 3)) is not None


def test_another_project_forgets_what_was_shown(neurons: NeuronView, document: Document) -> None:
    document.reset(points_document(Dense(units=3, activation="tanh"), Dense(units=1)).project)
    assert set(neurons.network.atlases) == {"input"}
    assert [each.title.text() for each in neurons.headers.headers] == ["Features", "Dense 3", "Dense 1"]


def shown(document: Document, qtbot: QtBot) -> NeuronView:
    neurons = NeuronView(document)
    qtbot.addWidget(neurons)
    neurons.resize(700, 560)
    neurons.show()
    return neurons


def show(neurons: NeuronView, maps: dict[str, Any], weights: dict[str, Any] | None = None) -> None:
    wants = SnapshotWants()
    neurons.show_snapshot(Snapshot("a", 0, 1, wants, None, {}, weights or {}, {}, None, plane=PlaneMaps(maps, None)))


def turn_wheel(neurons: NeuronView, angle: int) -> None:
    place = QPointF(200, 200)
    event = QWheelEvent(
        place,
        neurons.view.viewport().mapToGlobal(place),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(neurons.view.viewport(), event)
