"""Layers that read a sequence in the activations panel: states and gates over the tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from nnplayground.samples import Array
from nnplayground.training.events import SamplePrediction, Snapshot, SnapshotWants
from nnplayground.ui.panels.activations import ActivationsPanel
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.step_map import StepMap
from tests.ui.text_data import text_catalog

TOKENS = ("the", "soup", "was", "good", "", "")


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[ActivationsPanel]:
    loader = PictureLoader()
    panel = ActivationsPanel(loader)
    qtbot.addWidget(panel)
    panel.resize(280, 420)
    panel.show()
    panel.show_catalog(text_catalog())
    panel.set_layers([("embedding_1", "Embedding"), ("lstm_1", "LSTM")])
    panel.set_layer("lstm_1", "lstm_1")
    yield panel
    loader.shutdown()


def lstm_gates(value: float = 0.5, *, names: tuple[str, ...] = ("hidden", "cell", "forget_gate")) -> dict[str, Array]:
    """(6, 3) each; hidden[step, unit] is step + unit / 10."""
    hidden = np.arange(6, dtype=np.float32)[:, None] + np.arange(3, dtype=np.float32) / 10
    return {name: hidden if name.endswith("hidden") else np.full((6, 3), value, np.float32) for name in names}


def show(
    panel: ActivationsPanel,
    output: Array,
    gates: Mapping[str, Array],
    layer_id: str = "lstm_1",
    *,
    looked_at: tuple[str, ...] = (),
) -> None:
    sample = panel.sample_id()
    assert sample is not None
    wants = SnapshotWants(sample_id=sample, layer_ids=(layer_id,))
    prediction = SamplePrediction(sample, 1, np.array([0.7], np.float32), 0.36)
    panel.show_snapshot(
        Snapshot(
            "run", 1, 1, wants, prediction, {layer_id: output}, {}, {}, None,
            gates={layer_id: gates}, tokens={layer_id: TOKENS}, looked_at={layer_id: looked_at},
        )
    )  # fmt: skip


def choice(panel: ActivationsPanel, name: str) -> QComboBox:
    found = panel.findChild(QComboBox, name)
    assert isinstance(found, QComboBox)
    return found


def description(panel: ActivationsPanel) -> str:
    found = panel.findChild(QLabel, "activations.description")
    assert isinstance(found, QLabel)
    return found.text()


def steps(panel: ActivationsPanel) -> StepMap:
    found = panel.findChild(StepMap, "activations.steps")
    assert isinstance(found, StepMap)
    assert found.isVisibleTo(panel)
    return found


def point(view: StepMap) -> None:
    """At the last unit of the second step."""
    QTest.mouseMove(view.viewport(), QPoint(1, 1))
    QTest.mouseMove(view.viewport(), QPoint(view.viewport().width() - 6, round(1.5 * view.row_height)))


def test_states_are_shown_over_the_tokens_without_padding(panel: ActivationsPanel) -> None:
    show(panel, np.zeros(3, np.float32), lstm_gates())
    assert steps(panel).isEnabled()
    assert description(panel) == "4 steps × 3 units · 2 of padding left out"
    assert choice(panel, "activations.part").currentText() == "hidden state"
    assert not choice(panel, "activations.direction").isVisibleTo(panel)


def test_a_value_is_read_with_the_mouse_and_with_the_keyboard(panel: ActivationsPanel) -> None:
    show(panel, np.zeros(3, np.float32), lstm_gates())
    view = steps(panel)
    point(view)
    assert description(panel) == "unit 3 at 2 “soup”: 1.200"
    view.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(view, key)
    assert description(panel) == "unit 2 at 4 “good”: 3.100"


def test_the_chosen_gate_stays_from_snapshot_to_snapshot(panel: ActivationsPanel) -> None:
    show(panel, np.zeros(3, np.float32), lstm_gates())
    part = choice(panel, "activations.part")
    assert [part.itemText(row) for row in range(part.count())] == ["hidden state", "cell", "forget gate"]
    part.setCurrentIndex(2)
    part.activated.emit(2)
    before = steps(panel).grab().toImage()
    show(panel, np.zeros(3, np.float32), lstm_gates(0.9))
    assert part.currentText() == "forget gate"
    assert steps(panel).grab().toImage() != before


def test_both_directions_can_be_seen(panel: ActivationsPanel) -> None:
    gates = lstm_gates(names=("forward_hidden", "forward_cell", "backward_hidden", "backward_cell"))
    gates["backward_hidden"] = -gates["backward_hidden"]
    show(panel, np.zeros(6, np.float32), gates)
    direction = choice(panel, "activations.direction")
    assert direction.isVisibleTo(panel)
    view = steps(panel)
    point(view)
    assert description(panel).endswith("“soup”: 1.200")
    direction.setCurrentIndex(1)
    direction.activated.emit(1)
    assert description(panel).endswith("“soup”: −1.200")


def test_attention_is_shown_from_step_to_place(panel: ActivationsPanel) -> None:
    places = ("die", "Suppe", "war", "gut", "", "")
    looks = np.zeros((6, 6), np.float32)
    looks[np.arange(6), [0, 1, 2, 3, 0, 0]] = 1.0
    heads = {"head_1": looks, "head_2": np.roll(looks, 1, axis=1)}
    show(panel, np.zeros((6, 8), np.float32), heads, looked_at=places)
    part = choice(panel, "activations.part")
    assert [part.itemText(row) for row in range(part.count())] == [
        "mean of the heads",
        "attention, head 1",
        "attention, head 2",
        "output",
    ]
    assert description(panel) == "4 steps look at 4 places · 2 of padding left out"
    view = steps(panel)
    view.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        QTest.keyClick(view, key)
    assert description(panel) == "2 “soup” takes 0.500 from 2 “Suppe”"
    part.setCurrentIndex(1)
    part.activated.emit(1)
    assert description(panel) == "2 “soup” takes 1.000 from 2 “Suppe”"
    part.setCurrentIndex(3)
    part.activated.emit(3)
    view.clearFocus()
    show(panel, np.zeros((6, 8), np.float32), heads, looked_at=places)
    assert description(panel) == "4 steps × 8 units · 2 of padding left out"


def test_the_names_of_places_are_above_the_map_and_no_part_of_it(panel: ActivationsPanel) -> None:
    looks = {"head_1": np.full((6, 6), 1 / 6, np.float32)}
    show(panel, np.zeros((6, 8), np.float32), looks, looked_at=("I", "was", "looked", "at", "", ""))
    view = steps(panel)
    image = view.viewport().grab().toImage()
    right = view.viewport().width() - 6
    head = next(y for y in range(image.height()) if image.pixel(right, y) != image.pixel(right, 0))
    assert head > 12
    QTest.mouseMove(view.viewport(), QPoint(right, head - 3))
    assert description(panel) == "4 steps look at 4 places · 2 of padding left out"
    QTest.mouseMove(view.viewport(), QPoint(right, head + 4))
    assert description(panel) == "1 “the” takes 0.167 from 4 “at”"


def test_an_embedding_is_shown_over_the_tokens_too(panel: ActivationsPanel) -> None:
    panel.set_layer("embedding_1", "embedding_1")
    show(panel, np.ones((6, 8), np.float32), {}, "embedding_1")
    assert description(panel) == "4 steps × 8 units · 2 of padding left out"
    assert not choice(panel, "activations.part").isVisibleTo(panel)


def test_what_is_no_sequence_any_more_is_shown_as_before(panel: ActivationsPanel) -> None:
    show(panel, np.zeros(3, np.float32), lstm_gates())
    panel.set_layer("dense_1", "dense_1")
    show(panel, np.array([0.7], np.float32), {}, "dense_1")
    assert not any(each.isVisibleTo(panel) for each in panel.findChildren(StepMap))
