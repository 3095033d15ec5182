"""The layout that goes on in the next line."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.ui.widgets.flow import FlowLayout


@pytest.mark.parametrize(("width", "lines"), [(400, 1), (230, 2), (120, 3)])
def test_buttons_that_do_not_fit_go_to_the_next_line(qtbot: QtBot, width: int, lines: int) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    column, flow = QVBoxLayout(outer), FlowLayout(spacing=5)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(flow)
    column.addStretch(1)
    buttons = [QPushButton(str(number)) for number in range(4)]
    for button in buttons:
        button.setFixedSize(100, 20)
        flow.addWidget(button)
    buttons[1].hide()
    outer.resize(width, 200)
    outer.show()
    QApplication.processEvents()
    shown = [each for each in buttons if each.isVisible()]
    assert len({each.y() for each in shown}) == lines
    assert all(each.geometry().right() < width for each in shown)
    assert shown[-1].geometry().bottom() == lines * 25 - 6
    assert not any(one.geometry().intersects(other.geometry()) for one in shown for other in shown if one is not other)
