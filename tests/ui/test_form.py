"""Forms: every parameter has a field, and field and document follow each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QScrollArea, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.layers import LAYER_TYPES, Layer
from nnplayground.layers.activations import LeakyRelu
from nnplayground.layers.augmentation import RandomFlip, RandomZoom
from nnplayground.layers.core import Dense, Input
from nnplayground.layers.regularizers import L2
from nnplayground.spec.dataset import FolderSplit, ImageFolder, Points
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.paths import get_value
from nnplayground.spec.project import Project
from nnplayground.spec.training import (
    SGD,
    EarlyStopping,
    InverseTimeSchedule,
    TableSchedule,
    Training,
)
from nnplayground.ui.document import Document
from nnplayground.ui.widgets.form import Form, commit_pending
from nnplayground.ui.widgets.numbers import OneNumber, SeveralNumbers, stepped, write_number
from nnplayground.ui.widgets.schema import Number, Numbers, Range, parameters

Kind = TypeVar("Kind", bound=QWidget)


_windows: list[QWidget] = []
"""Windows live as long as Python holds them; qtbot itself holds none."""


@pytest.fixture(autouse=True)
def _keep_windows() -> Iterator[None]:
    yield
    _windows.clear()


def model_of(*layers: tuple[str, Layer]) -> Model:
    blocks = (Block("input", Input()), *(Block(name, layer) for name, layer in layers))
    return Model(blocks, tuple(Wire(a.id, b.id) for a, b in pairwise(blocks)))


def document_of(*layers: tuple[str, Layer], **parts: object) -> Document:
    return Document(msgspec.structs.replace(Project(model=model_of(*layers)), **parts))


def shown(qtbot: QtBot, document: Document, prefix: str, names: Sequence[str] | None = None) -> Form:
    form = Form(document, prefix, names=names)
    window = QScrollArea()
    window.setWidgetResizable(True)
    window.setWidget(form)
    _windows.append(window)
    qtbot.addWidget(window)
    window.resize(320, 900)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    return form


def field(form: QWidget, kind: type[Kind], path: str) -> Kind:
    found = form.findChild(kind, f"field.{path}")
    assert found is not None, path
    return found


def refusal(form: QWidget, path: str) -> str:
    label = form.findChild(QLabel, f"refusal.{path}")
    return label.text() if label is not None and label.isVisibleTo(form) else ""


def retype(widget: QWidget, text: str, *, enter: bool = True) -> None:
    widget.setFocus()
    line = widget if isinstance(widget, QLineEdit) else widget.findChild(QLineEdit)
    assert line is not None
    line.selectAll()
    QTest.keyClicks(widget, text)
    if enter:
        QTest.keyClick(widget, Qt.Key.Key_Return)


# -- completeness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYER_TYPES)
def test_every_layer_type_has_a_field_for_every_parameter(qtbot: QtBot, name: str) -> None:
    form = shown(qtbot, document_of(("layer", LAYER_TYPES[name]())), "model.layer")
    for parameter in parameters(LAYER_TYPES[name]):
        widget = field(form, QWidget, f"model.layer.{parameter.name}")
        assert widget.accessibleName()
        assert widget.toolTip()


def test_every_setting_of_the_training_has_a_field(qtbot: QtBot) -> None:
    form = shown(qtbot, document_of(training=Training(early_stopping=EarlyStopping())), "training")
    expected = {parameter.name for parameter in parameters(Training)} - {"objective", "clip"}
    expected |= {"optimizer.learning_rate", "optimizer.beta_1", "clip.value", "clip.norm", "clip.global_norm"}
    expected |= {"early_stopping.monitor", "early_stopping.patience", "early_stopping.restore_best"}
    for name in expected:
        field(form, QWidget, f"training.{name}")


@pytest.mark.parametrize("tag", ["SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adamax", "Nadam"])
def test_choosing_an_optimizer_shows_its_parameters(qtbot: QtBot, tag: str) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    field(form, QComboBox, "training.optimizer").setCurrentText(tag)
    optimizer = document.project.training.optimizer
    assert type(optimizer).__name__ == tag
    assert len(form.findChildren(QLineEdit, "field.training.optimizer.learning_rate")) == 1
    for name in optimizer.__struct_fields__:
        field(form, QWidget, f"training.optimizer.{name}")


@pytest.mark.parametrize("dataset", [ImageFolder(), ImageFolder(split=FolderSplit()), Points()])
def test_every_setting_of_the_data_has_a_field(qtbot: QtBot, dataset: ImageFolder | Points) -> None:
    form = shown(qtbot, document_of(dataset=dataset), "dataset")
    for parameter in parameters(type(dataset)):
        field(form, QWidget, f"dataset.{parameter.name}")
    for name in dataset.split.__struct_fields__:
        field(form, QWidget, f"dataset.split.{name}")


def test_parameters_that_share_a_title_are_told_apart(qtbot: QtBot) -> None:
    titles = [parameter.title for parameter in parameters(LAYER_TYPES["SeparableConv2D"])]
    assert len(titles) == len(set(titles))
    assert "Depthwise initializer" in titles


# -- typing ----------------------------------------------------------------------------------------------------------


def test_typing_a_number_changes_the_document_and_undo_restores_it(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense(units=8)))
    form = shown(qtbot, document, "model.dense_1")
    spin = field(form, QSpinBox, "model.dense_1.units")
    retype(spin, "64", enter=False)
    assert get_value(document.project, "model.dense_1.units") == 8, "not before Enter"
    QTest.keyClick(spin, Qt.Key.Key_Return)
    assert get_value(document.project, "model.dense_1.units") == 64
    document.undo_stack.undo()
    assert get_value(document.project, "model.dense_1.units") == 8
    assert spin.value() == 8


def test_leaving_a_field_commits_it(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense(units=8)))
    form = shown(qtbot, document, "model.dense_1")
    retype(field(form, QSpinBox, "model.dense_1.units"), "64", enter=False)
    field(form, QComboBox, "model.dense_1.activation").setFocus()
    assert get_value(document.project, "model.dense_1.units") == 64


def test_what_is_being_typed_can_be_committed_from_outside(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    retype(field(form, QSpinBox, "training.epochs"), "7", enter=False)
    commit_pending()
    assert document.project.training.epochs == 7
    retype(field(form, QComboBox, "training.batch_size"), "19", enter=False)
    commit_pending()
    assert document.project.training.batch_size == 19


def test_arrow_steps_are_one_step_of_undo_and_stay_in_range(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense(units=3)))
    spin = field(shown(qtbot, document, "model.dense_1"), QSpinBox, "model.dense_1.units")
    spin.setFocus()
    for _ in range(4):
        QTest.keyClick(spin, Qt.Key.Key_Down)
    assert get_value(document.project, "model.dense_1.units") == 1
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert spin.value() == 3


@pytest.mark.parametrize(("text", "said"), [("-3", "-3"), ("0", "0"), ("abc", "abc"), ("70000", "70000"), ("", "“”")])
def test_a_refused_whole_number_leaves_the_document_alone_and_says_why(qtbot: QtBot, text: str, said: str) -> None:
    document = document_of(("dense_1", Dense(units=8)))
    form = shown(qtbot, document, "model.dense_1")
    spin = field(form, QSpinBox, "model.dense_1.units")
    spin.setFocus()
    spin.selectAll()
    QTest.keyClick(spin, Qt.Key.Key_Backspace)
    QTest.keyClicks(spin, text)
    QTest.keyClick(spin, Qt.Key.Key_Return)
    assert get_value(document.project, "model.dense_1.units") == 8
    assert document.undo_stack.count() == 0
    sentence = refusal(form, "model.dense_1.units")
    assert sentence.startswith("Units must be a whole number from 1 to 65,536")
    assert said in sentence
    assert spin.property("invalid") == "true"
    field(form, QComboBox, "model.dense_1.activation").setFocus()
    assert spin.text() == "8"
    assert spin.property("invalid") == "false"
    assert refusal(form, "model.dense_1.units") == ""


def test_a_refused_value_that_is_left_at_once_is_taken_back_with_a_word(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    rate = field(form, QLineEdit, "training.optimizer.learning_rate")
    retype(rate, "abc", enter=False)
    field(form, QSpinBox, "training.epochs").setFocus()
    assert rate.text() == "0.001"
    assert "abc" in refusal(form, "training.optimizer.learning_rate")


def test_a_rate_reads_the_short_notation_and_refuses_words(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    rate = field(form, QLineEdit, "training.optimizer.learning_rate")
    retype(rate, "1e-4")
    assert document.project.training.optimizer.learning_rate == 1e-4
    assert rate.text() == "0.0001"
    retype(rate, "abc")
    assert document.project.training.optimizer.learning_rate == 1e-4
    assert refusal(form, "training.optimizer.learning_rate") == (
        "Learning rate must be a number from 0 to 100, got “abc”."
    )
    assert rate.property("invalid") == "true"
    QTest.keyClick(rate, Qt.Key.Key_Escape)
    assert rate.text() == "0.0001"
    assert rate.property("invalid") == "false"


def test_the_same_value_in_other_words_is_written_plainly(qtbot: QtBot) -> None:
    document = document_of()
    rate = field(shown(qtbot, document, "training"), QLineEdit, "training.optimizer.learning_rate")
    retype(rate, "1e-3")
    assert rate.text() == "0.001"
    assert document.undo_stack.count() == 0


def test_up_and_down_step_a_rate_along_1_2_5(qtbot: QtBot) -> None:
    document = document_of()
    rate = field(shown(qtbot, document, "training"), QLineEdit, "training.optimizer.learning_rate")
    rate.setFocus()
    seen = []
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(rate, key)
        seen.append(document.project.training.optimizer.learning_rate)
    assert seen == [0.002, 0.005, 0.01, 0.005]
    assert document.undo_stack.count() == 1


def test_a_pair_takes_one_number_for_both_and_two_for_each(qtbot: QtBot) -> None:
    document = document_of(("conv2d_1", LAYER_TYPES["Conv2D"]()))
    form = shown(qtbot, document, "model.conv2d_1")
    line = field(form, QLineEdit, "model.conv2d_1.kernel_size")
    assert line.text() == "3 × 3"
    for typed, pair in (("5", (5, 5)), ("3x7", (3, 7)), ("4, 2", (4, 2))):
        retype(line, typed)
        assert get_value(document.project, "model.conv2d_1.kernel_size") == pair
    assert line.text() == "4 × 2"
    retype(line, "1 2 3")
    assert get_value(document.project, "model.conv2d_1.kernel_size") == (4, 2)
    assert refusal(form, "model.conv2d_1.kernel_size").startswith("Kernel size must be two whole numbers from 1 to 64")


def test_optional_values_can_be_emptied(qtbot: QtBot) -> None:
    document = document_of(("pool", LAYER_TYPES["MaxPooling2D"]()))
    line = field(shown(qtbot, document, "model.pool"), QLineEdit, "model.pool.strides")
    assert line.text() == ""
    retype(line, "3")
    assert get_value(document.project, "model.pool.strides") == (3, 3)
    line.setFocus()
    line.clear()
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert get_value(document.project, "model.pool.strides") is None


def test_a_row_of_numbers(qtbot: QtBot) -> None:
    document = document_of(("reshape_1", LAYER_TYPES["Reshape"]()))
    line = field(shown(qtbot, document, "model.reshape_1"), QLineEdit, "model.reshape_1.target_shape")
    retype(line, "8, 8, 1")
    assert get_value(document.project, "model.reshape_1.target_shape") == (8, 8, 1)


def test_batch_size_is_a_number_or_all(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    combo = field(form, QComboBox, "training.batch_size")
    retype(combo, "10")
    assert document.project.training.batch_size == 10
    retype(combo, "all")
    assert document.project.training.batch_size == "all"
    retype(combo, "most")
    assert document.project.training.batch_size == "all"
    assert "or all" in refusal(form, "training.batch_size")
    QTest.keyClick(combo, Qt.Key.Key_Escape)
    assert combo.currentText() == "all"


# -- choices with parameters -----------------------------------------------------------------------------------------


def test_choosing_leaky_relu_gives_a_slope_of_its_own(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense()))
    form = shown(qtbot, document, "model.dense_1")
    field(form, QComboBox, "model.dense_1.activation").setCurrentText("leaky_relu")
    assert get_value(document.project, "model.dense_1.activation") == LeakyRelu(0.05)
    slope = field(form, QLineEdit, "model.dense_1.activation.negative_slope")
    assert slope.text() == "0.05"
    assert slope.isVisibleTo(form)
    field(form, QComboBox, "model.dense_1.activation").setCurrentText("relu")
    assert get_value(document.project, "model.dense_1.activation") == "relu"
    assert not slope.isVisibleTo(form)


def test_a_bare_leaky_relu_shows_the_slope_it_has_in_keras(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense(activation="leaky_relu")))
    slope = field(shown(qtbot, document, "model.dense_1"), QLineEdit, "model.dense_1.activation.negative_slope")
    assert slope.text() == "0.2"
    retype(slope, "0.1")
    assert get_value(document.project, "model.dense_1.activation") == LeakyRelu(0.1)


def test_a_regularizer_shows_its_strength(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense()))
    form = shown(qtbot, document, "model.dense_1")
    assert form.findChild(QLineEdit, "field.model.dense_1.kernel_regularizer.l2") is None
    field(form, QComboBox, "model.dense_1.kernel_regularizer").setCurrentText("L2")
    strength = field(form, QLineEdit, "model.dense_1.kernel_regularizer.l2")
    retype(strength, "0.001")
    assert get_value(document.project, "model.dense_1.kernel_regularizer") == L2(0.001)
    field(form, QComboBox, "model.dense_1.kernel_regularizer").setCurrentText("none")
    assert get_value(document.project, "model.dense_1.kernel_regularizer") is None


def test_early_stopping_is_switched_with_a_check_box(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    box = field(form, QCheckBox, "training.early_stopping")
    box.click()
    assert document.project.training.early_stopping == EarlyStopping()
    retype(field(form, QSpinBox, "training.early_stopping.patience"), "3")
    assert document.project.training.early_stopping == EarlyStopping(patience=3)
    box.click()
    assert document.project.training.early_stopping is None


def test_metrics_are_automatic_or_chosen(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    combo = field(form, QComboBox, "training.metrics")
    auc = field(form, QCheckBox, "training.metrics.auc")
    assert not auc.isVisibleTo(form)
    combo.setCurrentText("my choice")
    assert document.project.training.metrics == ("accuracy",)
    auc.click()
    assert document.project.training.metrics == ("accuracy", "auc")
    combo.setCurrentText("auto")
    assert document.project.training.metrics == "auto"


def test_the_last_feature_cannot_be_taken_away(qtbot: QtBot) -> None:
    document = document_of(dataset=Points(features=("x1",)))
    form = shown(qtbot, document, "dataset")
    field(form, QCheckBox, "dataset.features.x1").click()
    assert document.project.dataset == Points(features=("x1",))
    assert field(form, QCheckBox, "dataset.features.x1").isChecked()
    field(form, QCheckBox, "dataset.features.x2^2").click()
    assert document.project.dataset == Points(features=("x1", "x2^2"))


def test_class_weights_are_asked_for_by_the_names_of_the_classes(qtbot: QtBot) -> None:
    document = document_of(dataset=ImageFolder(folder="x"))
    form = shown(qtbot, document, "training")
    document.set_facts(DataFacts(class_names=("cat", "dog"), splits={"training": 9}))
    field(form, QComboBox, "training.class_weight").setCurrentText("for each class")
    assert document.project.training.class_weight == {"cat": 1.0, "dog": 1.0}
    retype(field(form, QLineEdit, "training.class_weight.dog"), "2.5")
    assert document.project.training.class_weight == {"cat": 1.0, "dog": 2.5}
    retype(field(form, QLineEdit, "training.class_weight.dog"), "-1")
    assert document.project.training.class_weight == {"cat": 1.0, "dog": 2.5}
    assert refusal(form, "training.class_weight")


def test_a_table_of_rates_is_filled_in_and_keeps_its_epochs_apart(qtbot: QtBot) -> None:
    document = document_of(training=Training(schedule=TableSchedule(rates={"5": 0.01})))
    form = shown(qtbot, document, "training")
    table = field(form, QWidget, "training.schedule.rates")
    add = next(each for each in table.findChildren(QPushButton) if each.text() == "Add an epoch")
    add.click()
    assert get_value(document.project, "training.schedule.rates") == {"5": 0.01, "15": 0.005}
    epoch = field(form, QLineEdit, "training.schedule.rates.1.epoch")
    retype(epoch, "8")
    assert get_value(document.project, "training.schedule.rates") == {"5": 0.01, "8": 0.005}
    retype(epoch, "5")
    assert get_value(document.project, "training.schedule.rates") == {"5": 0.01, "8": 0.005}
    assert refusal(form, "training.schedule.rates")
    assert epoch.text() == "8"
    retype(field(form, QLineEdit, "training.schedule.rates.0.rate"), "0.5")
    assert get_value(document.project, "training.schedule.rates") == {"5": 0.5, "8": 0.005}
    remove = form.findChild(QWidget, "field.training.schedule.rates.0.remove")
    assert remove is not None
    QTest.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert get_value(document.project, "training.schedule.rates") == {"8": 0.005}


def test_augmentation_is_a_list_with_parameters_inside(qtbot: QtBot) -> None:
    document = document_of(dataset=ImageFolder(folder="x"))
    form = shown(qtbot, document, "dataset", names=["augmentation"])
    menu = field(form, QPushButton, "dataset.augmentation").menu()
    for wanted in ("RandomFlip", "RandomZoom"):
        next(action for action in menu.actions() if action.text() == wanted).trigger()
    assert get_value(document.project, "dataset.augmentation") == (RandomFlip(), RandomZoom())
    retype(field(form, QLineEdit, "dataset.augmentation.1.height_factor"), "0.3")
    assert get_value(document.project, "dataset.augmentation") == (RandomFlip(), RandomZoom(height_factor=0.3))
    up = form.findChild(QWidget, "dataset.augmentation.1.up")
    assert up is not None
    QTest.mouseClick(up, Qt.MouseButton.LeftButton)
    assert get_value(document.project, "dataset.augmentation") == (RandomZoom(height_factor=0.3), RandomFlip())
    assert field(form, QLineEdit, "dataset.augmentation.0.height_factor").text() == "0.3"
    remove = form.findChild(QWidget, "dataset.augmentation.0.remove")
    assert remove is not None
    QTest.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert get_value(document.project, "dataset.augmentation") == (RandomFlip(),)


# -- changes from elsewhere ------------------------------------------------------------------------------------------


def test_a_change_elsewhere_reaches_the_field_without_a_step_of_undo(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense(units=8)))
    form = shown(qtbot, document, "model.dense_1")
    document.set_value("model.dense_1.units", 16)
    document.set_value("model.dense_1.activation", "tanh")
    assert field(form, QSpinBox, "model.dense_1.units").value() == 16
    assert field(form, QComboBox, "model.dense_1.activation").currentText() == "tanh"
    assert document.undo_stack.count() == 2


def test_a_change_elsewhere_leaves_alone_what_is_being_typed(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    spin = field(form, QSpinBox, "training.epochs")
    retype(spin, "12", enter=False)
    document.set_value("training.seed", 5)
    assert spin.text() == "12"
    assert spin.hasFocus()
    rate = field(form, QLineEdit, "training.optimizer.learning_rate")
    retype(rate, "0.5", enter=False)
    rate.setCursorPosition(1)
    document.set_value("training.seed", 6)
    assert rate.text() == "0.5"
    assert rate.cursorPosition() == 1


def test_ctrl_z_in_a_field_undoes_in_the_document_unless_something_is_typed(qtbot: QtBot) -> None:
    document = document_of(training=Training(optimizer=SGD()))
    form = shown(qtbot, document, "training")
    undo = QAction("Undo", form.window())
    undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
    undo.triggered.connect(document.undo_stack.undo)
    form.window().addAction(undo)
    for kind, path, text in (
        (QLineEdit, "training.optimizer.momentum", "0.5"),
        (QSpinBox, "training.epochs", "5"),
        (QComboBox, "training.batch_size", "5"),
    ):
        widget = field(form, kind, path)
        before = get_value(document.project, path)
        retype(widget, text)
        assert get_value(document.project, path) != before
        QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert get_value(document.project, path) == before, path


def test_another_type_at_the_same_place_gets_other_fields(qtbot: QtBot) -> None:
    document = document_of(dataset=ImageFolder(folder="x"))
    form = shown(qtbot, document, "dataset")
    document.set_value("dataset", Points())
    assert field(form, QSpinBox, "dataset.count").value() == 250


# -- problems and runs -----------------------------------------------------------------------------------------------


def test_a_problem_stands_below_its_field_and_its_button_mends_it(qtbot: QtBot) -> None:
    document = document_of(dataset=ImageFolder(folder="x"))
    form = shown(qtbot, document, "training")
    document.set_facts(DataFacts(class_names=("a", "b"), splits={"training": 50, "validation": 9}))
    document.set_value("training.batch_size", 64)
    fix = form.findChild(QPushButton, "fix.training.batch_size")
    assert fix is not None
    assert fix.isVisibleTo(form)
    QTest.mouseClick(fix, Qt.MouseButton.LeftButton)
    assert document.project.training.batch_size == 32
    problem = form.findChild(QWidget, "problem.training.batch_size")
    assert problem is None or not problem.isVisibleTo(form)


def test_while_a_run_goes_on_a_change_says_that_it_waits_unless_it_is_live(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    form.set_running(True)

    def hints() -> list[str]:
        return [
            label.text()
            for label in form.findChildren(QLabel)
            if label.isVisibleTo(form) and "next run" in label.text()
        ]

    retype(field(form, QLineEdit, "training.optimizer.learning_rate"), "0.01")
    assert hints() == []
    retype(field(form, QSpinBox, "training.seed"), "4")
    assert len(hints()) == 1
    form.set_running(False)
    assert hints() == []


def test_more_stays_open_for_the_next_form(qtbot: QtBot) -> None:
    document = document_of(("dense_1", Dense()), ("dense_2", Dense()))
    form = shown(qtbot, document, "model.dense_1")
    use_bias = field(form, QCheckBox, "model.dense_1.use_bias")
    more = form.findChild(QWidget, "disclosure.model")
    assert more is not None
    opened = use_bias.isVisibleTo(form)
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)
    assert use_bias.isVisibleTo(form) is not opened
    other = shown(qtbot, document, "model.dense_2")
    assert field(other, QCheckBox, "model.dense_2.use_bias").isVisibleTo(other) is not opened
    QTest.mouseClick(more, Qt.MouseButton.LeftButton)


# -- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (1e-7, "1e-7"), (1 / 255, "0.00392157"), (32.0, "32"), (0.1, "0.1"), (2e20, "2e20"), (0, "0")],
)
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert write_number(value) == text


@pytest.mark.parametrize(("text", "value"), [("1/255", 1 / 255), ("−0.5", -0.5), (" 1e-4 ", 1e-4), (".5", 0.5)])
def test_numbers_are_read_as_people_type_them(text: str, value: float) -> None:
    assert OneNumber(Number(whole=False)).read(text) == value


@pytest.mark.parametrize("text", ["", "1/0", "nan", "inf", "0,5", "1 e", "ten"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its message is not shown
        OneNumber(Number(whole=False)).read(text)


def test_a_pair_of_plain_numbers_needs_both() -> None:
    notation = SeveralNumbers(Numbers(Number(whole=False), count=2))
    assert notation.read("0, 255") == [0, 255]
    with pytest.raises(ValueError):  # noqa: PT011 - its message is not shown
        notation.read("5")


def test_steps_of_shares_come_ever_closer_to_one() -> None:
    number = Number(whole=False, range=Range(least=0, below=1))
    seen, value = [], 0.8
    for _ in range(4):
        value = stepped(value, 1, number=number, scale="share")
        seen.append(value)
    assert seen == [0.9, 0.95, 0.98, 0.99]
    for _ in range(5):
        value = stepped(value, -1, number=number, scale="share")
    assert value == 0.5
    assert stepped(value, -1, number=number, scale="share") == 0.0


def test_steps_end_at_the_limits() -> None:
    number = Number(whole=False, range=Range(least=0, most=0.99))
    assert stepped(0.98, 1, number=number) == 0.99
    assert stepped(0.99, 1, number=number) == 0.99
    assert stepped(0.0, -1, number=number) == 0.0


def test_ranges_in_words() -> None:
    assert Range(least=1, most=4096).words() == "from 1 to 4,096"
    assert Range(above=0, most=1).words() == "above 0 and up to 1"
    assert Range(least=0, below=1).words() == "from 0 to below 1"
    assert Range(least=1).words() == "at least 1"
    assert Range().words() == ""


def test_schedules_show_their_own_parameters(qtbot: QtBot) -> None:
    document = document_of()
    form = shown(qtbot, document, "training")
    field(form, QComboBox, "training.schedule").setCurrentText("inverse_time")
    assert document.project.training.schedule == InverseTimeSchedule()
    retype(field(form, QLineEdit, "training.schedule.decay_rate"), "0.5")
    assert document.project.training.schedule == InverseTimeSchedule(decay_rate=0.5)
