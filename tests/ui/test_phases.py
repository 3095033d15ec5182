"""The step of an update that the maths panel is at is marked in both pictures of the model."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from nnplayground.layers.core import Dense
from nnplayground.layers.regularization import Dropout
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.document import Document
from nnplayground.ui.panels.maths import MathsPanel
from nnplayground.ui.playground.network import TileSpot
from nnplayground.ui.playground.view import NeuronView
from tests.ui.neurons_hand import points_document
from tests.ui.updates import Course


@pytest.fixture
def document() -> Document:
    return points_document(
        Dense(units=3, activation="tanh"), Dropout(), Dense(units=90), Dense(units=1, activation="sigmoid")
    )


@pytest.fixture
def neurons(qtbot: QtBot, document: Document) -> NeuronView:
    neurons = NeuronView(document)
    qtbot.addWidget(neurons)
    neurons.resize(700, 420)
    neurons.show()
    return neurons


def test_on_the_canvas(qtbot: QtBot) -> None:
    canvas = CanvasPanel(points_document(Dense(units=3), Dense(units=1)))
    qtbot.addWidget(canvas)
    canvas.show_phase("dense_1", "forward")
    assert canvas.phase == ("dense_1", "forward")
    canvas.show_phase("dense_1", "")
    assert canvas.phase == ("", "")


def marked(neurons: NeuronView) -> QPointF:
    """The middle of what the ring is around."""
    ring = neurons.view.item.childItems()
    assert len(ring) == 1
    assert ring[0].isVisible()
    return ring[0].mapRectToScene(ring[0].boundingRect()).center()


def test_on_the_unit(neurons: NeuronView) -> None:
    neurons.show_phase("dense_1", "backward", 2)
    assert neurons.phase == ("dense_1", "backward", 2)
    tile = neurons.network.tile_rect(1, 2)
    assert tile.contains(neurons.network.anchor(TileSpot(1, 2)))
    ring = neurons.view.item.childItems()[0]
    assert ring.mapRectToScene(ring.boundingRect()).contains(tile)
    neurons.show_phase("", "", 0)
    assert neurons.phase == ("", "", 0)
    assert not neurons.view.item.childItems()


def test_a_unit_that_is_not_drawn_is_marked_with_its_column(neurons: NeuronView) -> None:
    assert neurons.network.plan.columns[2].shown < 90
    assert neurons.network.phase_rect("dense_2", 89) == neurons.network.column_rect(2)


def test_a_layer_without_neurons_is_marked_on_its_label(neurons: NeuronView) -> None:
    neurons.show_phase("dropout_1", "forward", 1)
    left, right = neurons.network.tile_rect(1, 0).right(), neurons.network.tile_rect(2, 0).left()
    assert left < marked(neurons).x() < right + 40


def test_it_follows_its_unit(neurons: NeuronView, document: Document) -> None:
    neurons.show_phase("dense_3", "update", 0)
    before = marked(neurons)
    document.set_value("model.dense_2.units", 2)
    ring = neurons.view.item.childItems()[0]
    assert ring.mapRectToScene(ring.boundingRect()).contains(neurons.network.tile_rect(3, 0))
    assert marked(neurons) != before


def test_a_layer_that_is_gone_is_not_marked(neurons: NeuronView) -> None:
    neurons.show_phase("dense_9", "update", 0)
    assert neurons.phase == ("", "", 0)


def test_the_panel_tells_the_unit_with_the_step(qtbot: QtBot) -> None:
    course = Course(Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid"))
    panel = MathsPanel(course.document)
    qtbot.addWidget(panel)
    panel.show()
    panel.set_layer("layer_1")
    panel.show_snapshot(course.snapshot())
    told: list[tuple[str, str, int]] = []
    panel.phase_changed.connect(lambda *phase: told.append(phase))
    panel.desk.next_phase()
    unit = panel.findChild(QSpinBox, "maths.unit")
    assert isinstance(unit, QSpinBox)
    unit.setValue(3)
    panel.show_snapshot(course.snapshot())
    panel.set_layer("layer_2")
    assert told == [("layer_1", "forward", 0), ("layer_1", "forward", 2), ("", "", 0)]
