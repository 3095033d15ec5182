"""The gradients panel: norms of layers over time, what they mean, and idle units."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nnplayground.training.events import Flow, LayerFlow, Snapshot, SnapshotWants
from nnplayground.ui.panels.gradients import GradientsPanel
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.flow_history import FlowHistory, norm_text

NONE = LayerFlow(None, None, None, None)


def flow(update: int, *gradients: float, dead: float | None = None, saturated: float | None = None) -> Flow:
    """Dense layers with these norms of their gradients; their updates are a tenth."""
    layers = {"input": NONE}
    layers |= {f"dense_{at + 1}": LayerFlow(norm, norm / 10, dead, saturated) for at, norm in enumerate(gradients)}
    return Flow(update, layers)


def snapshot(shown: Flow) -> Snapshot:
    return Snapshot("a", 1, shown.update, SnapshotWants(flow=True), None, {}, {}, {}, None, flow=shown)


@pytest.fixture
def panel(qtbot: QtBot) -> GradientsPanel:
    panel = GradientsPanel()
    qtbot.addWidget(panel)
    panel.resize(620, 220)
    panel.show()
    return panel


def test_says_what_will_be_here(panel: GradientsPanel) -> None:
    empty = panel.findChild(EmptyState)
    assert isinstance(empty, EmptyState)
    assert empty.isVisible()
    assert "Press Run (F5) or Step" in empty.text
    panel.show_snapshot(snapshot(flow(1, 0.1, 0.2)))
    assert not empty.isVisible()
    assert panel.strips.isVisible()


def test_layers_with_nothing_to_say_are_left_out() -> None:
    history = FlowHistory()
    history.append(flow(1, 0.5, 2.0))
    assert history.layers == ("dense_1", "dense_2")
    assert history.logs("dense_2", "update") == pytest.approx([math.log10(0.2)])


def test_strips_are_means_over_equal_stretches_of_time() -> None:
    history = FlowHistory()
    for update in range(1, 9):
        history.append(flow(update, 10.0**update))
    assert history.strips("gradient", 4)[0] == pytest.approx([1.5, 3.5, 5.5, 7.5])
    assert history.strips("gradient", 8)[0] == pytest.approx(range(1, 9))
    assert history.limits("gradient") == (1.0, 8.0)


def test_between_two_looks_the_last_one_counts() -> None:
    history = FlowHistory()
    for update, norm in ((1, 1.0), (2, 10.0), (11, 100.0)):
        history.append(flow(update, norm))
    strip = history.strips("gradient", 11)[0]
    assert strip[:2] == pytest.approx([0.0, 1.0])
    assert strip[2:10] == pytest.approx(np.ones(8))
    assert strip[10] == pytest.approx(2.0)
    assert history.value_at("dense_1", "gradient", 0.5) == (2, pytest.approx(10.0))


def test_exact_zeros_are_no_colour_of_the_scale() -> None:
    history = FlowHistory()
    history.append(flow(1, 0.0, 0.1))
    history.append(flow(2, 0.0, 0.01))
    assert not np.isfinite(history.strips("gradient", 6)[0]).any()
    assert history.limits("gradient") == (-2.0, 0.0)


def test_a_new_run_begins_anew() -> None:
    history = FlowHistory()
    for update in (10, 20, 30):
        history.append(flow(update, 1.0))
    assert not history.append(flow(30, 1.0))
    assert len(history.updates) == 3
    history.append(flow(5, 1.0))
    assert list(history.updates) == [5]
    history.append(flow(6, 1.0, 2.0))
    assert list(history.updates) == [6]


def test_another_look_at_the_last_update_keeps_what_was_before() -> None:
    history = FlowHistory()
    for update in (10, 20, 30):
        history.append(flow(update, 1.0, saturated=0.0))
    assert history.append(flow(30, 100.0, saturated=0.5))
    assert list(history.updates) == [10, 20, 30]
    assert history.logs("dense_1", "gradient") == pytest.approx([0, 0, 2])
    assert history.latest is not None
    assert history.latest.layers["dense_1"].saturated == 0.5


def test_a_run_that_diverged_keeps_its_strips_however_often_it_is_looked_at() -> None:
    history = FlowHistory()
    for update, norm in ((10, 1.0), (20, 1e6), (30, math.nan), (30, math.nan)):
        history.append(flow(update, norm, 1.0))
    assert list(history.updates) == [10, 20, 30]


def test_another_run_begins_anew_however_late_it_is_looked_at(panel: GradientsPanel) -> None:
    panel.show_snapshot(snapshot(flow(5, 1e3)))
    panel.hide()
    panel.show_snapshot(msgspec.structs.replace(snapshot(flow(90, 1e-3)), run_id="b"))
    panel.show()
    area = panel.strips.strip_rect("dense_1", "gradient")
    QTest.mouseMove(panel.strips.viewport(), area.topLeft().toPoint() + QPoint(2, 2))
    assert panel.line == "dense_1 at update 90: norm of the gradient 0.001"


def test_vanishing_and_exploding_are_said() -> None:
    def verdict(*gradients: float) -> str:
        history = FlowHistory()
        history.append(flow(1, *gradients))
        return history.verdict()

    assert (
        verdict(1e-6, 1e-3, 0.2) == "Gradients vanish: that of dense_1 is 200,000 times smaller than that of dense_3."
    )
    assert verdict(5e3, 0.2) == "Gradients explode: that of dense_1 is 25,000 times larger than that of dense_2."
    assert verdict(0.0, 0.2) == "Nothing of the gradient reaches dense_1."
    assert "no longer finite" in verdict(math.nan, 1.0)
    assert verdict(0.1, 0.2) == ""
    assert verdict(0.1) == ""


def test_the_line_below_tells_what_there_is_to_notice_and_what_is_under_the_mouse(panel: GradientsPanel) -> None:
    panel.show_snapshot(snapshot(flow(7, 1e-6, 0.2)))
    assert panel.line.startswith("Gradients vanish")
    area = panel.strips.strip_rect("dense_2", "gradient")
    QTest.mouseMove(panel.strips.viewport(), area.center().toPoint())
    assert panel.line == "dense_2 at update 7: norm of the gradient 0.2"
    QTest.mouseMove(panel.strips.viewport(), QPoint(8, round(area.center().y())))
    assert panel.line == "dense_2: gradient 0.2, update 0.02"


def test_small_is_dark_and_large_is_bright(panel: GradientsPanel) -> None:
    panel.show_snapshot(snapshot(flow(1, 1e-5, 1.0)))
    picture = panel.strips.viewport().grab().toImage()

    def shade(layer_id: str) -> QColor:
        return picture.pixelColor(panel.strips.strip_rect(layer_id, "gradient").center().toPoint())

    assert shade("dense_1").lightness() < 60
    assert shade("dense_2").lightness() > 120


def test_idle_units_are_told(panel: GradientsPanel) -> None:
    panel.show_snapshot(snapshot(flow(1, 0.1, 0.2, dead=0.25)))
    assert "25% of its units are dead" in panel.strips.accessibleDescription()
    panel.show_snapshot(snapshot(flow(2, 0.1, 0.2, saturated=0.5)))
    panel.clear()
    panel.show_snapshot(snapshot(flow(3, 0.1, 0.2, saturated=0.5)))
    assert "50% of its units are saturated" in panel.strips.accessibleDescription()


def test_many_layers_scroll(panel: GradientsPanel) -> None:
    panel.show_snapshot(snapshot(flow(1, *np.logspace(-12, 0, 40))))
    assert panel.strips.verticalScrollBar().maximum() > 0
    panel.clear()
    panel.show_snapshot(snapshot(flow(1, 0.1, 0.2)))
    assert panel.strips.verticalScrollBar().maximum() == 0


def test_keeps_up_while_hidden(panel: GradientsPanel) -> None:
    panel.show_snapshot(snapshot(flow(1, 0.1)))
    panel.hide()
    panel.show_snapshot(snapshot(flow(2, 0.3)))
    panel.show()
    assert "gradient 0.3" in panel.strips.accessibleDescription()


def test_norms_are_short() -> None:
    assert [norm_text(value) for value in (0.02345, 3.21e-7, 12.0, 0.0)] == ["0.023", "3.2×10⁻⁷", "12", "0"]
