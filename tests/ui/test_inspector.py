"""The inspector: a layer with its function and shape, and the settings of the training."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.activations import NAMES, activation
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.spec import edits
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import ExponentialSchedule, Training
from nnplayground.training.events import Histogram
from nnplayground.ui.document import Document
from nnplayground.ui.panels.inspector import InspectorPanel
from nnplayground.ui.theme import apply_theme
from nnplayground.ui.widgets.activation_curve import WHOLE, curve_values, saturated_share
from nnplayground.ui.widgets.activation_plot import ActivationPlot
from nnplayground.ui.widgets.rate_plot import RatePlot

FACTS = DataFacts(
    input_shape=(64, 64, 3),
    class_names=("not_santa", "santa"),
    splits={"training": 542, "validation": 199},
    per_class={"training": (271, 271), "validation": (100, 99)},
)


def project(*, units: int = 1) -> Project:
    blocks = (
        Block("input", Input()),
        Block("conv2d_1", Conv2D(activation="relu")),
        Block("flatten_1", Flatten()),
        Block("dense_1", Dense(units=units, activation="sigmoid")),
    )
    wires = tuple(Wire(a.id, b.id) for a, b in pairwise(blocks))
    return Project(model=Model(blocks, wires), dataset=ImageFolder(folder="photos"))


@pytest.fixture
def document() -> Document:
    document = Document(project())
    document.set_facts(FACTS)
    return document


@pytest.fixture
def inspector(qtbot: QtBot, document: Document) -> InspectorPanel:
    return show(qtbot, InspectorPanel(document))


def show(qtbot: QtBot, panel: InspectorPanel) -> InspectorPanel:
    qtbot.addWidget(panel)
    panel.setMinimumSize(1, 1)
    panel.resize(290, 700)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.activateWindow()
    return panel


def child(panel: QWidget, kind: type, name: str) -> QWidget:
    found = panel.findChild(kind, name)
    assert found is not None, name
    return found


def words(panel: QWidget) -> str:
    QApplication.processEvents()
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel))


def histogram(low: float, high: float) -> Histogram:
    edges = np.linspace(low, high, 21)
    return Histogram(counts=np.full(20, 5.0), edges=edges)


# -- the layer -------------------------------------------------------------------------------------------------------


def test_without_a_layer_it_says_what_to_do_and_leads_to_the_training(inspector: InspectorPanel) -> None:
    assert "Select a layer" in words(inspector)
    QTest.mouseClick(child(inspector, QPushButton, "inspector.to_training"), Qt.MouseButton.LeftButton)
    assert "OPTIMIZER" in words(inspector)


def test_a_layer_is_shown_with_its_form_and_shape(inspector: InspectorPanel) -> None:
    inspector.show_layer("conv2d_1")
    text = words(inspector)
    assert "Conv2D" in text
    assert "conv2d_1" in text
    assert Conv2D.about in text
    assert child(inspector, QSpinBox, "field.model.conv2d_1.filters").isVisibleTo(inspector)
    shape = child(inspector, QLabel, "inspector.shape").text().replace("&nbsp;", " ")  # type: ignore[attr-defined]
    assert "64 × 64 × 3" in shape
    assert "<b>62 × 62 × 32</b>" in shape
    assert "896 parameters" in words(inspector)


def test_the_shape_follows_the_form(inspector: InspectorPanel, document: Document) -> None:
    inspector.show_layer("conv2d_1")
    document.set_value("model.conv2d_1.padding", "same")
    assert "64&nbsp;×&nbsp;64&nbsp;×&nbsp;32" in child(inspector, QLabel, "inspector.shape").text()  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", LAYER_TYPES)
def test_every_layer_type_can_be_shown(qtbot: QtBot, name: str) -> None:
    blocks = (Block("input", Input()), Block("layer", LAYER_TYPES[name]()))
    document = Document(Project(model=Model(blocks, (Wire("input", "layer"),))))
    inspector = show(qtbot, InspectorPanel(document))
    inspector.show_layer("layer")
    assert name in words(inspector)
    document.set_facts(FACTS)
    inspector.grab()


def test_going_from_layer_to_layer_shows_each_ones_own_values(inspector: InspectorPanel, document: Document) -> None:
    for layer_id in ("conv2d_1", "flatten_1", "dense_1", "input", "conv2d_1"):
        inspector.show_layer(layer_id)
        shown = [each.objectName() for each in inspector.findChildren(QWidget) if each.isVisibleTo(inspector)]
        fields = [name for name in shown if name.startswith("field.model.")]
        assert all(name.startswith(f"field.model.{layer_id}.") for name in fields)
    inspector.show_layer("flatten_1")
    assert "nothing to set" in words(inspector)


def test_a_layer_that_is_removed_is_no_longer_shown(inspector: InspectorPanel, document: Document) -> None:
    inspector.show_layer("conv2d_1")
    document.apply(lambda current: edits.remove_layers(current, ["conv2d_1"]), "remove")
    assert inspector.layer_id == ""
    assert "Select a layer" in words(inspector)


def test_a_problem_of_the_layer_is_mended_with_its_button(qtbot: QtBot) -> None:
    document = Document(project(units=3))
    document.set_facts(FACTS)
    inspector = show(qtbot, InspectorPanel(document))
    inspector.show_layer("dense_1")
    assert "The output gives 3 values" in words(inspector)
    QTest.mouseClick(child(inspector, QPushButton, "fix.model.dense_1"), Qt.MouseButton.LeftButton)
    assert document.project.model.layer("dense_1") == Dense(units=1, activation="sigmoid")
    assert "The output gives" not in words(inspector)
    document.undo_stack.undo()
    assert "The output gives 3 values" in words(inspector)


def test_a_layer_is_renamed_with_a_double_click_and_stays_in_view(
    qtbot: QtBot, inspector: InspectorPanel, document: Document
) -> None:
    inspector.show_layer("dense_1")
    QTest.mouseDClick(child(inspector, QLabel, "inspector.layer_id"), Qt.MouseButton.LeftButton)
    editor = child(inspector, QLineEdit, "inspector.rename")
    QTest.keyClicks(editor, "Head")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert "dense_1" in document.project.model.by_id
    assert "small letters" in words(inspector)
    editor.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(editor, "head")
    with qtbot.waitSignal(inspector.layer_renamed) as renamed:
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert renamed.args == ["dense_1", "head"]
    assert inspector.layer_id == "head"
    assert child(inspector, QSpinBox, "field.model.head.units").isVisibleTo(inspector)
    with qtbot.waitSignal(inspector.layer_renamed):
        document.undo_stack.undo()
    assert inspector.layer_id == "dense_1"


def test_a_long_name_is_shortened_and_makes_nothing_wider(inspector: InspectorPanel, document: Document) -> None:
    name = "the_last_of_all_the_dense_layers_before_the_end"
    document.apply(lambda project: edits.rename_layer(project, "dense_1", name), "name")
    inspector.resize(280, 600)
    inspector.show_layer(name)
    QApplication.processEvents()
    for area in inspector.findChildren(QScrollArea):
        if area.isVisible() and area.widget() is not None:
            assert area.widget().width() <= area.viewport().width()
    label = child(inspector, QLabel, "inspector.layer_id")
    assert "…" in label.text()
    assert name in label.toolTip()
    QTest.keyClick(label, Qt.Key.Key_F2)
    assert child(inspector, QLineEdit, "inspector.rename").text() == name  # type: ignore[attr-defined]


def test_escape_ends_renaming(inspector: InspectorPanel, document: Document) -> None:
    inspector.show_layer("dense_1")
    label = child(inspector, QLabel, "inspector.layer_id")
    label.setFocus()
    QTest.keyClick(label, Qt.Key.Key_F2)
    editor = child(inspector, QLineEdit, "inspector.rename")
    QTest.keyClicks(editor, "other")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert not editor.isVisible()
    assert "dense_1" in document.project.model.by_id


def test_the_keyboard_goes_to_the_first_field(inspector: InspectorPanel) -> None:
    inspector.show_layer("conv2d_1")
    inspector.focus_form()
    assert child(inspector, QSpinBox, "field.model.conv2d_1.filters").hasFocus()


# -- the activation function -----------------------------------------------------------------------------------------


def test_a_layer_with_an_activation_shows_its_plot_and_formula(inspector: InspectorPanel, document: Document) -> None:
    inspector.show_layer("dense_1")
    plot = child(inspector, ActivationPlot, "activation_plot")
    assert plot.isVisibleTo(inspector)
    assert "sigmoid(z) = 1 / (1 + e⁻ᶻ)" in words(inspector)
    document.set_value("model.dense_1.activation", {"type": "leaky_relu"})
    assert "0.05·z" in words(inspector)
    document.set_value("model.dense_1.activation", "softmax")
    assert "another one is 0" in words(inspector)
    inspector.show_layer("flatten_1")
    assert not plot.isVisibleTo(inspector)


def test_live_inputs_are_drawn_behind_the_function_of_their_layer(inspector: InspectorPanel) -> None:
    inspector.show_layer("conv2d_1")
    plot = child(inspector, ActivationPlot, "activation_plot")
    assert isinstance(plot, ActivationPlot)
    before = plot.grab().toImage()
    inspector.show_before(histogram(-3, 1), "dense_1")
    assert plot.inputs is None
    inspector.show_before(histogram(-3, 1), "conv2d_1")
    assert plot.inputs is not None
    assert plot.grab().toImage() != before
    assert "LIVE INPUTS" in words(inspector)
    assert "75% of these inputs lie where" in words(inspector)
    inspector.show_layer("dense_1")
    assert plot.inputs is None
    assert "LIVE INPUTS" not in words(inspector)


def test_live_inputs_that_come_while_nobody_looks_are_shown_afterwards(inspector: InspectorPanel) -> None:
    inspector.show_layer("conv2d_1")
    plot = child(inspector, ActivationPlot, "activation_plot")
    assert isinstance(plot, ActivationPlot)
    inspector.show_training()
    inspector.show_before(histogram(-3, 1), "conv2d_1")
    assert plot.inputs is None
    inspector.show_layer("conv2d_1")
    assert plot.inputs is not None


def test_pre_activations_are_wanted_only_where_they_are_in_view(qtbot: QtBot, inspector: InspectorPanel) -> None:
    assert inspector.before_of is None
    with qtbot.waitSignal(inspector.before_of_changed):
        inspector.show_layer("conv2d_1")
    assert inspector.before_of == "conv2d_1"
    with qtbot.waitSignal(inspector.before_of_changed):
        inspector.show_layer("flatten_1")
    assert inspector.before_of is None
    inspector.show_layer("dense_1")
    with qtbot.waitSignal(inspector.before_of_changed):
        inspector.show_training()
    assert inspector.before_of is None


@pytest.mark.parametrize("name", NAMES)
def test_every_function_is_drawn_with_its_derivative(qtbot: QtBot, name: str) -> None:
    function = activation(name)  # type: ignore[arg-type]
    z = np.linspace(-9.95, 9.95, 200)
    step = 1e-5
    value, derivative = curve_values(function, z)
    slope = (curve_values(function, z + step)[0] - curve_values(function, z - step)[0]) / (2 * step)
    np.testing.assert_allclose(derivative, slope, atol=1e-6)
    assert value.shape == z.shape
    plot = ActivationPlot()
    qtbot.addWidget(plot)
    plot.show_activation(function)
    plot.grab()


def test_the_plot_zooms_around_the_mouse_and_a_double_click_goes_back(qtbot: QtBot) -> None:
    plot = ActivationPlot()
    qtbot.addWidget(plot)
    plot.resize(260, 140)
    plot.show_activation(activation("tanh"))
    place = QPointF(195, 60)
    low, high = plot.visible_range
    at_mouse = low + (place.x() - 1) / 258 * (high - low)
    wheel = QWheelEvent(
        place,
        place,
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot, wheel)
    low, high = plot.visible_range
    assert high - low == pytest.approx(20 / 1.25**2)
    assert low + (place.x() - 1) / 258 * (high - low) == pytest.approx(at_mouse)
    QTest.mouseDClick(plot, Qt.MouseButton.LeftButton)
    assert plot.visible_range == WHOLE
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.visible_range == (-8, 8)
    QTest.keyClick(plot, Qt.Key.Key_0)
    assert plot.visible_range == WHOLE


def test_hovering_reads_the_values(qtbot: QtBot) -> None:
    plot = ActivationPlot()
    qtbot.addWidget(plot)
    plot.resize(260, 140)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.show_activation(activation("sigmoid"))
    assert plot.read_out(0.0) == "z 0.00   a 0.5   derivative 0.25"
    before = plot.grab().toImage()
    QTest.mouseMove(plot, QPoint(60, 50))
    assert plot.grab().toImage() != before


def test_the_share_where_no_gradient_passes() -> None:
    assert saturated_share(activation("relu"), histogram(-4, 4)) == pytest.approx(0.5)
    assert saturated_share(activation("linear"), histogram(-4, 4)) == 0.0
    assert saturated_share(activation("sigmoid"), histogram(20, 40)) == 1.0
    empty = Histogram(counts=np.zeros(20), edges=np.linspace(0, 1, 21))
    assert saturated_share(activation("relu"), empty) == 0.0


def test_the_colours_follow_the_theme(qtbot: QtBot, qapp: QApplication, inspector: InspectorPanel) -> None:
    inspector.show_layer("dense_1")
    dark = inspector.grab().toImage()
    apply_theme(qapp, "light")
    light = inspector.grab().toImage()
    assert light.pixelColor(5, 650).lightness() > 200 > dark.pixelColor(5, 650).lightness()


# -- the training ----------------------------------------------------------------------------------------------------


def test_automatic_settings_say_what_they_come_to(inspector: InspectorPanel, document: Document) -> None:
    inspector.show_training()
    text = words(inspector)
    assert "auto → binary_crossentropy" in text
    assert "auto → accuracy" in text
    assert "542 samples → 17 updates per epoch" in text
    document.set_value("training.loss", "mean_squared_error")
    assert "auto → binary_crossentropy" not in words(inspector)
    document.set_value("training.batch_size", "all")
    assert "542 samples → 1 update per epoch" in words(inspector)


def test_the_schedule_is_drawn_where_the_rate_is_not_constant(inspector: InspectorPanel, document: Document) -> None:
    inspector.show_training()
    curve = child(inspector, RatePlot, "rate_plot")
    assert not curve.isVisibleTo(inspector)
    combo = child(inspector, QComboBox, "field.training.schedule")
    combo.setCurrentText("exponential")  # type: ignore[attr-defined]
    assert document.project.training.schedule == ExponentialSchedule()
    assert curve.isVisibleTo(inspector)
    assert curve.toolTip() == "From 0.001 in epoch 1 to 0.000413 in epoch 30"
    document.set_value("training.epochs", 2)
    assert curve.toolTip() == "From 0.001 in epoch 1 to 0.00097 in epoch 2"


def test_a_million_epochs_are_no_burden(qtbot: QtBot) -> None:
    training = Training(epochs=1_000_000, schedule=ExponentialSchedule(base=0.999999))
    inspector = show(qtbot, InspectorPanel(Document(Project(training=training))))
    inspector.show_training()
    curve = child(inspector, RatePlot, "rate_plot")
    assert "epoch 1,000,000" in curve.toolTip()
    curve.grab()


def test_during_a_run_it_says_what_is_live(inspector: InspectorPanel) -> None:
    inspector.show_training()
    notice = child(inspector, QLabel, "inspector.running")
    assert not notice.isVisibleTo(inspector)
    inspector.set_running(True)
    assert notice.isVisibleTo(inspector)
    inspector.set_running(False)
    assert not notice.isVisibleTo(inspector)


def test_selecting_a_layer_leaves_the_training_page(inspector: InspectorPanel) -> None:
    tabs = child(inspector, QTabBar, "inspector.tabs")
    assert isinstance(tabs, QTabBar)
    tabs.setCurrentIndex(1)
    inspector.show_layer("")
    assert tabs.currentIndex() == 1
    inspector.show_layer("dense_1")
    assert tabs.currentIndex() == 0
