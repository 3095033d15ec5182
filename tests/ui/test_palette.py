"""The palette: search, keyboard, dragging, what the engine cannot do."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from nnplayground.layers import FAMILIES, LAYER_TYPES
from nnplayground.ui import mime
from nnplayground.ui.layer_catalog import FAMILY_TITLES, found
from nnplayground.ui.panels.palette import PalettePanel

Key = Qt.Key


@pytest.fixture
def panel(qtbot: QtBot) -> PalettePanel:
    panel = PalettePanel()
    qtbot.addWidget(panel)
    panel.resize(215, 900)
    panel.show()
    return panel


def shown(panel: PalettePanel) -> list[str]:
    model = panel.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_every_layer_is_there_below_its_family(panel: PalettePanel) -> None:
    rows = shown(panel)
    assert rows[:2] == ["Core", "Input"]
    assert set(rows) == set(LAYER_TYPES) | {FAMILY_TITLES[family] for family in FAMILIES}


def test_search_keeps_what_fits(panel: PalettePanel) -> None:
    QTest.keyClicks(panel.search, "pool")
    assert shown(panel)[0] == "Pooling and size"
    assert {"MaxPooling2D", "GlobalAveragePooling2D"} <= set(shown(panel))
    assert "Dense" not in shown(panel)
    QTest.keyClick(panel.search, Key.Key_Escape)
    assert "Dense" in shown(panel)
    assert panel.search.text() == ""


def test_search_finds_by_description_and_ranks_names_first() -> None:
    assert found("coin") == ["Dropout"]
    assert found("conv")[0] == "Conv2D"
    assert found("dense") == ["Dense", *[name for name in found("dense") if name != "Dense"]]
    assert found("max global") == ["GlobalMaxPooling2D", "GlobalMaxPooling1D"]
    assert found("") == list(LAYER_TYPES)


def test_a_search_without_result_says_so(panel: PalettePanel) -> None:
    QTest.keyClicks(panel.search, "zzz")
    nothing = panel.findChild(QLabel, "palette_nothing")
    assert nothing.isVisible()
    assert not panel.list.isVisible()
    panel.search.clear()
    assert not nothing.isVisible()
    assert panel.list.isVisible()


@pytest.mark.parametrize("key", [Key.Key_Down, Key.Key_Return])
def test_keys_lead_from_the_search_to_the_layer(panel: PalettePanel, qtbot: QtBot, key: Key) -> None:
    panel.activateWindow()
    QTest.keyClicks(panel.search, "drop")
    QTest.keyClick(panel.search, key)
    assert panel.list.hasFocus()
    with qtbot.waitSignal(panel.layer_requested) as asked:
        QTest.keyClick(panel.list, Key.Key_Return)
    assert asked.args == ["Dropout"]
    QTest.keyClick(panel.list, Key.Key_Up)
    assert panel.search.hasFocus()


def test_arrows_step_over_headings(panel: PalettePanel) -> None:
    panel.activateWindow()
    QTest.keyClick(panel.search, Key.Key_Down)
    assert panel.list.currentIndex().data() == "Input"
    for _ in range(6):
        QTest.keyClick(panel.list, Key.Key_Down)
    assert panel.list.currentIndex().data() == "Conv2D"


def test_a_double_click_asks_for_the_layer(panel: PalettePanel, qtbot: QtBot) -> None:
    model = panel.list.model()
    row = shown(panel).index("Conv2D")
    middle = panel.list.visualRect(model.index(row, 0)).center()
    viewport = panel.list.viewport()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    with qtbot.waitSignal(panel.layer_requested) as asked:
        QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert asked.args == ["Conv2D"]


def test_a_heading_is_no_layer(panel: PalettePanel, qtbot: QtBot) -> None:
    model = panel.list.model()
    heading = model.index(0, 0)
    assert not model.flags(heading) & (Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    middle = panel.list.visualRect(heading).center()
    with qtbot.assertNotEmitted(panel.layer_requested):
        QTest.mouseDClick(panel.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)


def test_what_is_dragged_names_the_layer(panel: PalettePanel) -> None:
    model = panel.list.model()
    index = model.index(shown(panel).index("Flatten"), 0)
    assert model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    content = model.mimeData([index])
    assert bytes(content.data(mime.LAYER).data()) == b"Flatten"
    picture = panel.list.drag_picture(index)
    assert picture.deviceIndependentSize().width() > 150


def test_the_scratch_engine_greys_layers_with_the_reason(panel: PalettePanel) -> None:
    model = panel.list.model()
    index = model.index(shown(panel).index("RandomFlip"), 0)
    tip = Qt.ItemDataRole.ToolTipRole
    panel.list.scrollTo(index)
    before = panel.list.grab().toImage()
    panel.set_engine("scratch")
    assert "scratch engine cannot do it" in index.data(tip)
    assert "scratch engine" not in model.index(shown(panel).index("Dense"), 0).data(tip)
    assert panel.list.grab().toImage() != before
    panel.set_engine("keras")
    assert "scratch engine" not in index.data(tip)
    assert panel.list.grab().toImage() == before


@pytest.mark.parametrize("layer_type", LAYER_TYPES)
def test_every_layer_says_what_it_is(panel: PalettePanel, layer_type: str) -> None:
    index = panel.list.model().index(shown(panel).index(layer_type), 0)
    assert LAYER_TYPES[layer_type].about in index.data(Qt.ItemDataRole.ToolTipRole)
    assert index.data(Qt.ItemDataRole.StatusTipRole)
