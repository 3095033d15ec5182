"""The message bar: one sentence at a time, perhaps with a way out."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from nnplayground.ui.theme import DARK
from nnplayground.ui.widgets.message_bar import MessageBar

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot: QtBot) -> MessageBar:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.resize(500, 40)
    return bar


def button(bar: MessageBar) -> QPushButton:
    found = bar.findChild(QPushButton, "message_action")
    assert isinstance(found, QPushButton)
    return found


def test_it_is_not_there_without_a_message(bar: MessageBar) -> None:
    assert bar.isHidden()
    assert bar.text == ""


def test_the_latest_message_wins(bar: MessageBar) -> None:
    bar.show_message("The first.")
    bar.show_message("The second.", "error")
    assert bar.text == "The second."
    bar.clear()
    assert bar.text == ""
    assert bar.isHidden()


def test_a_message_without_a_way_out_has_no_button(bar: MessageBar) -> None:
    bar.show_message("Move the file.", action="Move", on_action=lambda: None)
    bar.show_message("Nothing to do.")
    assert button(bar).isHidden()


def test_its_button_acts_once_and_closes_it(bar: MessageBar) -> None:
    done: list[str] = []
    bar.show_message("The folder has moved.", "warning", action="Locate…", on_action=lambda: done.append("located"))
    assert button(bar).text() == "Locate…"
    QTest.mouseClick(button(bar), LEFT)
    assert done == ["located"]
    assert bar.isHidden()


def test_it_can_be_closed(bar: MessageBar) -> None:
    bar.show_message("Read and understood.")
    close = bar.findChild(QToolButton)
    assert isinstance(close, QToolButton)
    assert close.accessibleName()
    QTest.mouseClick(close, LEFT)
    assert bar.isHidden()


@pytest.mark.parametrize(("kind", "color"), [("info", "accent"), ("warning", "warning"), ("error", "error")])
def test_its_edge_has_the_colour_of_its_kind(bar: MessageBar, kind, color: str) -> None:  # type: ignore[no-untyped-def]
    bar.show_message("A sentence.", kind)
    edge = bar.grab().toImage().pixelColor(1, bar.height() // 2)
    assert edge.name() == getattr(DARK, color)
