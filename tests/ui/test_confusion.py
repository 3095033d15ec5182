"""The confusion panel: counts, shares, cells to choose, and numbers instead of classes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.training.events import Mistakes
from nnplayground.ui.panels.confusion import ConfusionPanel
from nnplayground.ui.theme import DARK, LIGHT, Colors
from nnplayground.ui.widgets.confusion_painting import Confusion, cell_color
from nnplayground.ui.widgets.contrast import READABLE, contrast, readable_on
from nnplayground.ui.widgets.target_scatter import nice_ticks


@pytest.fixture
def panel(qtbot: QtBot) -> ConfusionPanel:
    panel = ConfusionPanel()
    qtbot.addWidget(panel)
    panel.resize(640, 240)
    panel.show()
    return panel


def mistakes(labels: list[int], predicted: list[int], names: tuple[str, ...]) -> Mistakes:
    count = len(labels)
    predictions = np.full((count, len(names)), 0.1, np.float32)
    predictions[np.arange(count), predicted] = 0.9
    ids = tuple(f"{number}.jpg" for number in range(count))
    return Mistakes("a", 7, "validation", names, ids, np.array(labels, np.int32), predictions, np.zeros(count))


def two_classes() -> Mistakes:
    """5 not_santa, 4 of them recognized; 4 santa, 3 of them recognized; by one sigmoid output."""
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1], np.int32)
    outputs = np.array([0.1, 0.2, 0.1, 0.3, 0.8, 0.9, 0.9, 0.7, 0.4], np.float32)[:, np.newaxis]
    ids = tuple(f"{number}.jpg" for number in range(9))
    return Mistakes("a", 7, "validation", ("not_santa", "santa"), ids, labels, outputs, np.zeros(9))


def numbers() -> Mistakes:
    labels = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    outputs = np.array([[1.5], [2.0], [3.0], [3.5]], np.float32)
    return Mistakes("a", 7, "test", (), ("w", "x", "y", "z"), labels, outputs, np.zeros(4))


def many(count: int) -> Mistakes:
    names = tuple(f"class_{number}" for number in range(count))
    return mistakes(list(range(count)), [(number + number % 2) % count for number in range(count)], names)


def test_says_what_will_be_here(panel: ConfusionPanel) -> None:
    texts = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert any("After the first epoch" in text for text in texts)
    panel.show_mistakes(two_classes())
    assert panel.matrix.isVisible()
    panel.clear()
    assert not panel.matrix.isVisible()


def test_counts_true_classes_in_rows(panel: ConfusionPanel) -> None:
    panel.show_mistakes(two_classes())
    confusion = panel.matrix.confusion
    assert confusion is not None
    assert confusion.counts.tolist() == [[4, 1], [1, 3]]
    assert (confusion.recall(0), confusion.recall(1)) == (0.8, 0.75)
    assert (confusion.precision(0), confusion.precision(1)) == (0.8, 0.75)
    assert panel.headline == "Validation, epoch 7: 7 of 9 right"


def test_a_class_without_samples_has_no_recall() -> None:
    confusion = Confusion(np.array([[2, 0], [0, 0]]), ("a", "b"))
    assert confusion.recall(1) is None
    assert confusion.precision(1) is None
    assert confusion.shares.tolist() == [[1, 0], [0, 0]]


def test_samples_of_a_single_class_are_told_and_show_no_precision(panel: ConfusionPanel) -> None:
    panel.show_mistakes(mistakes([1, 1, 1], [0, 1, 1], ("made", "real")))
    confusion = panel.matrix.confusion
    assert confusion is not None
    assert (confusion.precision(0), confusion.precision(1)) == (None, None)
    assert panel.headline == "Validation, epoch 7: 2 of 3 right; all are real"


def test_hover_says_the_cell_in_a_sentence(panel: ConfusionPanel) -> None:
    panel.show_mistakes(two_classes())
    QTest.mouseMove(panel.matrix.viewport(), panel.matrix.cell_rect(1, 0).center())
    assert panel.headline == "1 of 4 'santa' was predicted as 'not_santa'"
    QTest.mouseMove(panel.matrix.viewport(), panel.matrix.cell_rect(0, 0).center())
    assert panel.headline == "4 of 5 'not_santa' were recognized"
    panel.show_mistakes(two_classes())
    assert panel.headline == "4 of 5 'not_santa' were recognized"
    QTest.mouseMove(panel.matrix.viewport(), QPoint(1, 1))
    assert panel.headline == "Validation, epoch 7: 7 of 9 right"


def test_a_click_chooses_a_cell(panel: ConfusionPanel, qtbot: QtBot) -> None:
    panel.show_mistakes(two_classes())
    with qtbot.waitSignal(panel.cell_chosen, timeout=1000) as chosen:
        place = panel.matrix.cell_rect(0, 1).center()
        QTest.mouseClick(panel.matrix.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == [0, 1]
    QTest.mouseClick(panel.matrix.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert panel.matrix.current == (0, 1)


def test_arrow_keys_move_and_enter_chooses(panel: ConfusionPanel, qtbot: QtBot) -> None:
    panel.show_mistakes(mistakes([0, 1, 2], [0, 2, 2], ("a", "b", "c")))
    panel.matrix.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        QTest.keyClick(panel.matrix, key)
    assert panel.matrix.current == (1, 2)
    assert panel.matrix.accessibleDescription() == "1 of 1 'b' was predicted as 'c'"
    with qtbot.waitSignal(panel.cell_chosen, timeout=1000) as chosen:
        QTest.keyClick(panel.matrix, Qt.Key.Key_Return)
    assert chosen.args == [1, 2]


def test_tooltips_name_labels_and_shares(panel: ConfusionPanel) -> None:
    long_name = "a_class_with_quite_a_long_name_that_is_elided"
    panel.show_mistakes(mistakes([0, 0, 1], [0, 1, 1], ("short", long_name)))
    matrix = panel.matrix
    row, column = matrix.cell_rect(1, 0), matrix.cell_rect(0, 1)
    assert matrix.help_at(QPoint(row.left() - 20, row.center().y())) == long_name
    assert matrix.help_at(QPoint(column.center().x(), 5)) == long_name
    right = QPoint(column.right() + 10, column.center().y())
    assert matrix.help_at(right) == "Recall: of all that are 'short', 50.0% were found."
    below = QPoint(row.center().x(), row.bottom() + 8)
    assert matrix.help_at(below) == "Precision: of all predicted as 'short', 100.0% are right."
    assert matrix.help_at(QPoint(right.x(), below.y())) == "Accuracy: 2 of 3 are right."
    assert matrix.help_at(row.center()).startswith("0 of 1")


@pytest.mark.parametrize(("count", "shown"), [(2, True), (10, True), (120, False)])
def test_numbers_are_shown_where_cells_can_hold_them(panel: ConfusionPanel, count: int, shown: bool) -> None:
    panel.show_mistakes(many(count))
    assert panel.matrix.numbers_shown is shown
    assert panel.grab().width() == 640


def test_many_classes_zoom_and_scroll_to_the_keyboard(panel: ConfusionPanel) -> None:
    panel.show_mistakes(many(120))
    matrix = panel.matrix
    zoom_in, fit = (panel.findChild(QToolButton, f"confusion.{name}") for name in ("zoom_in", "fit"))
    assert isinstance(zoom_in, QToolButton)
    assert isinstance(fit, QToolButton)
    while not matrix.numbers_shown:
        zoom_in.click()
    matrix.setFocus()
    for _ in range(100):
        QTest.keyClick(matrix, Qt.Key.Key_Down)
        QTest.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.viewport().rect().contains(matrix.cell_rect(100, 100))
    assert panel.grab().width() == 640
    fit.click()
    assert not matrix.numbers_shown


@pytest.mark.parametrize("theme", [DARK, LIGHT])
@pytest.mark.parametrize("right", [True, False])
def test_numbers_can_be_read_on_every_shade(theme: Colors, right: bool) -> None:
    for step in range(101):
        back = cell_color(theme, step / 100, right=right)
        assert contrast(readable_on(back, QColor(theme.text)), back) >= READABLE


def test_numbers_are_drawn_against_the_diagonal(panel: ConfusionPanel) -> None:
    panel.show_mistakes(numbers())
    assert panel.scatter.isVisible()
    # |errors| 0.5, 0, 0, 0.5; Σ errors² = 0.5, Σ (y − 2.5)² = 5
    assert panel.headline == "Test, epoch 7: mean absolute error 0.25, R² 0.900"
    QTest.mouseMove(panel.scatter, panel.scatter.spot(3).toPoint())
    assert panel.headline == "z: true 4, predicted 3.5"
    assert panel.scatter.spot(1).x() - panel.scatter.spot(0).x() > 20
    assert panel.grab().width() == 640


def test_catches_up_when_shown(panel: ConfusionPanel) -> None:
    panel.hide()
    panel.show_mistakes(two_classes())
    assert panel.matrix.confusion is None
    panel.show()
    assert panel.matrix.confusion is not None


def test_ticks_are_round() -> None:
    assert nice_ticks(-0.3, 1.1, count=4) == pytest.approx([0, 0.5, 1])
    assert nice_ticks(0, 7, count=7) == pytest.approx(range(8))
