"""The curves panel: what it keeps, what it draws, what it says under the mouse, and what it writes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QMenu, QMessageBox, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.training.events import EpochDone, Reason, RunEnded, RunStarted, StepsDone
from nnplayground.training.mailbox import Frame
from nnplayground.ui.panels.curves import CurvesPanel
from nnplayground.ui.theme import LIGHT, apply_theme
from nnplayground.ui.widgets.curve_annotations import hidden_values
from nnplayground.ui.widgets.curve_readout import number_text

VAL_LOSS = [0.7, 0.4, 0.3, 0.35, 0.5]
VAL_ACCURACY = [0.5, 0.6, 0.7, 0.8, 0.75]


@pytest.fixture
def panel(qtbot: QtBot) -> CurvesPanel:
    panel = CurvesPanel(pause=0)
    qtbot.addWidget(panel)
    panel.resize(640, 232)
    panel.show()
    # The plot comes a moment after the window, or when it is asked for.
    plot = panel.plot
    QApplication.processEvents()
    assert plot.isVisible()
    return panel


def started(run_id: str = "a", **changes: Any) -> RunStarted:
    given: dict[str, Any] = {
        "run_id": run_id,
        "epochs": 10,
        "updates_per_epoch": 4,
        "samples": 100,
        "epoch": 0,
        "update": 0,
        "metrics": ("accuracy",),
    }
    return RunStarted(**{**given, **changes})


def steps(first: int, losses: list[float], run_id: str = "a") -> StepsDone:
    values = {"loss": np.array(losses), "accuracy": 1 - np.array(losses) / 2}
    return StepsDone(run_id, (first - 1) // 4 + 1, first, values, 1000.0)


def epoch(number: int, run_id: str = "a", *, val_loss: float | None = None, rate: float = 0.01) -> EpochDone:
    place = number - 1
    metrics = {
        "loss": 0.6 - 0.1 * place,
        "accuracy": 0.5 + 0.05 * place,
        "val_loss": VAL_LOSS[place] if val_loss is None else val_loss,
        "val_accuracy": VAL_ACCURACY[place],
    }
    return EpochDone(run_id, number, 4 * number, metrics, rate, 0.5)


def train(panel: CurvesPanel, run_id: str = "a", epochs: int = 5) -> None:
    panel.show_frame(Frame(started=started(run_id)))
    for number in range(1, epochs + 1):
        losses = [0.65 - 0.1 * number + 0.01 * step for step in range(4)]
        panel.show_frame(Frame(steps=(steps(4 * number - 3, losses, run_id),), epochs=(epoch(number, run_id),)))


def ended(run_id: str = "a", kept: int = 5, reason: Reason = "finished") -> Frame:
    return Frame(ended=RunEnded(run_id, reason, kept, {}, None, 3.0))


def button(panel: CurvesPanel, name: str) -> QToolButton:
    found = panel.findChild(QToolButton, f"curves.{name}")
    assert isinstance(found, QToolButton)
    return found


def choose(panel: CurvesPanel, figure: str) -> None:
    choice = panel.findChild(QComboBox, "curves.figure")
    assert isinstance(choice, QComboBox)
    choice.setCurrentIndex(choice.findData(figure))


def hover(panel: CurvesPanel, place: float) -> tuple[str, ...]:
    """Move the mouse to a place on the horizontal axis, and give what is read there."""
    (left, right), _ = panel.plot.getViewBox().viewRange()
    rect = panel.plot.mapFromScene(panel.plot.getViewBox().sceneBoundingRect()).boundingRect()
    x = rect.left() + (place - left) / (right - left) * rect.width()
    QTest.mouseMove(panel.plot.viewport(), QPoint(round(x), rect.center().y()))
    readout = panel.plot.readout
    return readout.texts if readout is not None else ()


def menu_action(panel: CurvesPanel, text: str) -> Any:
    menu = panel.findChild(QMenu, "curves.menu")
    assert isinstance(menu, QMenu)
    return next(action for action in menu.actions() if action.text() == text)


def test_painting_between_two_drawings(qtbot: QtBot) -> None:
    panel = CurvesPanel(pause=1_000_000)
    qtbot.addWidget(panel)
    panel.resize(700, 260)
    panel.show()
    panel.show_frame(Frame(started=started(), steps=(steps(1, [0.9] * 4),), epochs=(epoch(1), epoch(2))))
    panel.show_frame(Frame(steps=(steps(9, [0.5] * 4),), epochs=(epoch(3),)))
    panel.grab()
    assert panel.series("val_loss")[0].tolist() == [1, 2, 3]


def test_every_update_and_epoch_is_kept(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started(), steps=(steps(1, [0.9, 0.8]), steps(3, [0.7, 0.6])), epochs=(epoch(1),)))
    panel.show_frame(Frame(steps=(steps(5, [0.5]),)))
    updates, losses = panel.series("loss", per="update")
    assert updates.tolist() == [1, 2, 3, 4, 5]
    assert losses == pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5])
    places, values = panel.series("val_loss")
    assert (places.tolist(), values.tolist()) == ([1], [0.7])
    assert panel.series("val_loss", per="update")[0].tolist() == [4]
    with pytest.raises(KeyError):
        panel.series("auc")


def test_events_of_another_run_are_passed_over(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started("b"), steps=(steps(1, [0.9], "a"), steps(1, [0.5], "b"))))
    assert panel.series("loss", per="update")[1].tolist() == [0.5]


def test_best_epoch_is_least_loss_and_greatest_accuracy(panel: CurvesPanel) -> None:
    train(panel)
    assert panel.best_epoch == 3
    assert [mark.text for mark in panel.plot.figure.marks] == ["best: epoch 3"]
    choose(panel, "accuracy")
    assert panel.best_epoch == 4
    assert [mark.text for mark in panel.plot.figure.marks] == ["best: epoch 4"]


def test_the_end_marks_the_kept_epoch(panel: CurvesPanel) -> None:
    train(panel)
    panel.show_frame(ended(kept=5))
    assert [mark.text for mark in panel.plot.figure.marks] == ["best: epoch 3", "kept: epoch 5"]
    panel.show_frame(ended(kept=3))
    assert [mark.text for mark in panel.plot.figure.marks] == ["best, kept: epoch 3"]


def test_no_best_epoch_without_validation(panel: CurvesPanel) -> None:
    done = EpochDone("a", 1, 4, {"loss": 0.5}, 0.01, 0.1)
    panel.show_frame(Frame(started=started(), steps=(steps(1, [0.5] * 4),), epochs=(done,)))
    assert panel.best_epoch is None
    assert panel.plot.figure.marks == ()


def test_hover_reads_the_nearest_epoch(panel: CurvesPanel) -> None:
    train(panel)
    assert hover(panel, 2.9) == ("epoch 3", "loss 0.400", "val_loss 0.300 ← best")
    assert hover(panel, 1.2) == ("epoch 1", "loss 0.600", "val_loss 0.700")
    QTest.mouseMove(panel.plot.viewport(), QPoint(2, 2))
    assert panel.plot.readout is None


def test_hover_over_updates_names_the_epoch_of_the_validation(panel: CurvesPanel) -> None:
    train(panel)
    button(panel, "updates").click()
    assert hover(panel, 10) == ("update 10 · epoch 3", "loss 0.360", "val_loss 0.400 (epoch 2)")
    assert hover(panel, 12)[2] == "val_loss 0.300 ← best"


def test_arrow_keys_move_the_readout(panel: CurvesPanel) -> None:
    train(panel)
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    QTest.keyClick(panel.plot, Qt.Key.Key_Left)
    assert panel.plot.readout is not None
    assert panel.plot.readout.title == "epoch 4"
    QTest.keyClick(panel.plot, Qt.Key.Key_Escape)
    assert panel.plot.readout is None


def test_an_earlier_run_stays_as_a_pale_line_and_is_named(panel: CurvesPanel) -> None:
    train(panel, "a")
    train(panel, "b", epochs=2)
    assert panel.earlier_runs == ("run 1",)
    pale = panel.plot.figure.earlier
    assert [(line.run, line.name) for line in pale] == [("run 1", "val_loss")]
    texts = hover(panel, 2)
    assert texts[0] == "run 2 · epoch 2"
    spot_value = VAL_LOSS[1]
    (left, right), (low, high) = panel.plot.getViewBox().viewRange()
    rect = panel.plot.mapFromScene(panel.plot.getViewBox().sceneBoundingRect()).boundingRect()
    place = QPoint(
        round(rect.left() + (2 - left) / (right - left) * rect.width()),
        round(rect.bottom() - (spot_value - low) / (high - low) * rect.height()),
    )
    QTest.mouseMove(panel.plot.viewport(), place)
    assert panel.plot.readout is not None
    assert panel.plot.readout.texts[-1] == "run 1: val_loss 0.400"
    menu_action(panel, "Show earlier runs").trigger()
    assert panel.plot.figure.earlier == ()
    assert panel.earlier_runs == ("run 1",)


def test_only_the_last_eight_runs_stay(panel: CurvesPanel) -> None:
    for number in range(11):
        train(panel, f"run-{number}", epochs=1)
    assert panel.earlier_runs == tuple(f"run {number}" for number in range(3, 11))
    menu_action(panel, "Forget earlier runs").trigger()
    assert panel.earlier_runs == ()
    assert panel.plot.figure.earlier == ()


def test_a_run_without_updates_leaves_nothing_behind(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started("a")))
    train(panel, "b", epochs=1)
    assert panel.earlier_runs == ()


def test_a_continued_run_goes_on_where_it_was(panel: CurvesPanel) -> None:
    train(panel, "a", epochs=2)
    panel.show_frame(Frame(started=started("b", epoch=2, update=8), steps=(steps(9, [0.1], "b"),)))
    assert panel.series("loss", per="update")[0].tolist() == list(range(1, 10))
    assert panel.earlier_runs == ()
    panel.show_frame(Frame(started=started("c", epoch=1, update=4), epochs=(epoch(2, "c", val_loss=0.2),)))
    assert panel.series("val_loss")[1].tolist() == [0.7, 0.2]
    assert panel.earlier_runs == ("run 2",)


def test_before_the_first_epoch_the_updates_are_drawn(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started(), steps=(steps(1, [0.9, 0.8]),)))
    assert [(line.role, line.unit) for line in panel.plot.figure.lines] == [("trace", 4.0)]
    assert hover(panel, 0.5) == ("update 2 · epoch 1", "loss 0.800")
    assert panel.numbers == "loss 0.800   accuracy 0.600"


def test_numbers_are_those_of_the_last_epoch_with_the_shown_figure_first(panel: CurvesPanel) -> None:
    train(panel, epochs=2)
    assert panel.numbers.startswith("loss 0.500   val_loss 0.400   accuracy 0.550   val_accuracy 0.600")
    choose(panel, "accuracy")
    assert panel.numbers.startswith("accuracy 0.550   val_accuracy 0.600   loss 0.500")


def test_the_loss_axis_says_cost(panel: CurvesPanel) -> None:
    train(panel)
    assert panel.plot.getAxis("left").labelText == "cost"
    choose(panel, "accuracy")
    assert panel.plot.getAxis("left").labelText == "accuracy"


def test_learning_rate_has_its_own_figure(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started(), epochs=(epoch(1, rate=0.1), epoch(2, rate=0.05))))
    choose(panel, "learning_rate")
    (line,) = panel.plot.figure.lines
    assert line.series.values.tolist() == [0.1, 0.05]


def test_log_scale_passes_over_what_is_not_positive(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started(), steps=(steps(1, [1.0, 0.0, -2.0, 0.01]),), epochs=(epoch(1),)))
    button(panel, "updates").click()
    choose(panel, "loss")
    button(panel, "log").click()
    _, (low, high) = panel.plot.getViewBox().viewRange()
    assert -2.5 < low < -2
    assert 0 < high < 0.5
    assert hidden_values(panel.plot.figure) == 2
    curve = panel.plot.drawn[0]
    assert np.array_equal(curve[1], [0.0, np.nan, np.nan, -2.0], equal_nan=True)
    assert panel.grab().width() > 0


def test_values_that_are_not_finite_are_a_gap_and_a_mark(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started(), steps=(steps(1, [0.5, 0.6, 9e9, np.inf]), steps(5, [np.nan]))))
    panel.show_frame(ended(kept=0, reason="diverged"))
    losses = panel.series("loss", per="update")[1]
    assert np.isnan(losses[3:]).all()
    (mark,) = panel.plot.figure.marks
    assert (mark.text, mark.role, mark.place) == ("diverged at update 4", "diverged", 1.0)
    assert panel.numbers.startswith("loss not a number")
    assert panel.grab().width() > 0


def test_smoothing_keeps_the_values_behind(panel: CurvesPanel) -> None:
    train(panel)
    button(panel, "updates").click()
    slider = panel.findChild(QSlider, "curves.smoothing")
    assert isinstance(slider, QSlider)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    training = panel.plot.figure.lines[0]
    assert training.smoothed is not None
    # β = 2/3, weighted by what is left to the first values.
    first, second = training.series.values[:2]
    assert training.smoothed.values[:2] == pytest.approx([first, (first * 2 / 3 + second) / (2 / 3 + 1)])
    assert "smoothed" in hover(panel, 10)[1]
    assert "3 updates" in slider.toolTip()
    panel.show_frame(Frame(steps=(steps(21, [0.3]),)))
    assert len(training.smoothed) == len(panel.series("loss", per="update")[1])


def test_the_range_follows_until_it_is_moved_by_hand(panel: CurvesPanel) -> None:
    train(panel, epochs=2)
    assert panel.plot.getViewBox().viewRange()[0] == [0, 10]
    panel.plot.setFocus()
    QTest.keyClick(panel.plot, Qt.Key.Key_Plus)
    zoomed = panel.plot.getViewBox().viewRange()[0]
    assert zoomed[1] - zoomed[0] == pytest.approx(8)
    panel.show_frame(Frame(epochs=(epoch(3),)))
    assert panel.plot.getViewBox().viewRange()[0] == zoomed
    QTest.mouseDClick(panel.plot.viewport(), Qt.MouseButton.LeftButton)
    assert panel.plot.following
    assert panel.plot.getViewBox().viewRange()[0] == [0, 10]
    QTest.keyClick(panel.plot, Qt.Key.Key_Plus)
    button(panel, "fit").click()
    assert panel.plot.getViewBox().viewRange()[0] == [0, 10]


def test_the_axis_ends_where_the_run_ended(panel: CurvesPanel) -> None:
    train(panel, epochs=3)
    panel.show_frame(ended(kept=3, reason="stopped"))
    assert panel.plot.getViewBox().viewRange()[0] == [0, 3]


def test_a_plan_of_many_epochs_does_not_squeeze_the_curves(panel: CurvesPanel) -> None:
    panel.show_frame(Frame(started=started(epochs=10_000), steps=(steps(1, [0.5] * 4),), epochs=(epoch(1),)))
    assert panel.plot.getViewBox().viewRange()[0][1] <= 100


def test_nothing_is_drawn_while_hidden_and_it_catches_up(panel: CurvesPanel) -> None:
    panel.hide()
    train(panel)
    assert panel.plot.figure.is_empty
    assert "Press Run" in panel.plot.figure.empty
    panel.show()
    assert len(panel.plot.figure.lines[-1].series) == 5


def test_csv_by_epoch_and_by_update(panel: CurvesPanel, tmp_path: Path) -> None:
    train(panel, epochs=2)
    panel.export_csv(tmp_path / "epochs.csv")
    rows = list(csv.DictReader((tmp_path / "epochs.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert [float(row["val_loss"]) for row in rows] == [0.7, 0.4]
    assert list(rows[0]) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"]
    button(panel, "updates").click()
    panel.show_frame(Frame(steps=(steps(9, [np.nan]),)))
    menu_action(panel, "Copy as CSV").trigger()
    rows = list(csv.DictReader(QGuiApplication.clipboard().text().splitlines()))
    assert [row["update"] for row in rows] == [str(number) for number in range(1, 10)]
    assert rows[4]["epoch"] == "2"
    assert float(rows[0]["loss"]) == pytest.approx(0.55)
    assert rows[-1]["loss"] == ""


def test_a_csv_that_cannot_be_saved_is_told_in_one_sentence(
    panel: CurvesPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    target = tmp_path / "missing" / "curves.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: said.append(words[-1]))
    train(panel, epochs=1)
    menu_action(panel, "Save CSV…").trigger()
    assert len(said) == 1
    assert said[0].startswith("curves.csv could not be saved")


def test_the_picture_can_be_copied_and_saved(
    panel: CurvesPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(panel)
    menu_action(panel, "Copy picture").trigger()
    assert QGuiApplication.clipboard().pixmap().width() > 500
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *words: said.append(words[-1]))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "shot"), ""))
    menu_action(panel, "Save picture…").trigger()
    assert (tmp_path / "shot.png").read_bytes().startswith(b"\x89PNG")
    assert not said
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "shot.png"), ""))
    menu_action(panel, "Save picture…").trigger()
    assert len(said) == 1


def test_a_right_click_on_the_plot_opens_the_menu(panel: CurvesPanel) -> None:
    train(panel)
    viewport = panel.plot.viewport()
    place = viewport.rect().center()
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(viewport, QContextMenuEvent(reason, place, viewport.mapToGlobal(place)))
    menu = panel.findChild(QMenu, "curves.menu")
    assert isinstance(menu, QMenu)
    assert menu.isVisible()
    menu.close()


def test_colours_follow_the_theme(panel: CurvesPanel, qapp: QApplication) -> None:
    train(panel)
    apply_theme(qapp, "light")
    assert panel.plot.backgroundBrush().color().name() == LIGHT.window
    assert panel.plot.getAxis("left").textPen().color().name() == LIGHT.muted


def test_clear_forgets_all_runs(panel: CurvesPanel) -> None:
    train(panel, "a")
    train(panel, "b")
    panel.clear()
    assert panel.earlier_runs == ()
    assert panel.plot.figure.is_empty
    with pytest.raises(KeyError):
        panel.series("loss")
    train(panel, "c", epochs=1)
    train(panel, "d", epochs=1)
    assert panel.earlier_runs == ("run 1",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.2314, "0.231"),
        (0.0, "0.000"),
        (0.0042, "0.0042"),
        (0.00032, "0.00032"),
        (12.345, "12.35"),
        (123456.0, "1.23e+05"),
        (float("nan"), "not a number"),
    ],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number_text(value) == text


def test_frames_in_quick_succession_are_drawn_together(qtbot: QtBot) -> None:
    panel = CurvesPanel()
    qtbot.addWidget(panel)
    panel.show()
    train(panel, epochs=5)
    assert panel.series("loss")[0].tolist() == [1, 2, 3, 4, 5]
    assert panel.best_epoch == 3
    qtbot.waitUntil(lambda: panel.plot.figure.best is not None, timeout=5_000)
