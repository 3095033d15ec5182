"""Docks: one title line for each panel, tabs with a menu, panels that rest while nobody sees them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QMainWindow, QMenu, QTabBar, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.ui.document import Document
from nnplayground.ui.workspace import Workspace


@pytest.fixture
def workspace(qtbot: QtBot) -> Iterator[Workspace]:
    window = QMainWindow()
    workspace = Workspace(Document(parent=window))
    window.setCentralWidget(workspace)
    window.resize(1440, 900)
    qtbot.addWidget(window)
    window.show()
    workspace.place_docks(1440, 900)
    QApplication.processEvents()
    yield workspace
    workspace.shutdown()


def dock(workspace: Workspace, panel: str) -> QDockWidget:
    found = workspace.findChild(QDockWidget, f"dock.{panel}")
    assert isinstance(found, QDockWidget)
    return found


def bar(workspace: Workspace) -> QTabBar:
    """The tabs of curves, weights, confusion and more."""
    bars = workspace.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    # Qt keeps bars of earlier arrangements, out of sight below the others.
    return next(each for each in bars if each.isVisible() and {"Weights", "Gradients"} <= set(titles(each)))


def titles(tabs: QTabBar) -> list[str]:
    return [tabs.tabText(place) for place in range(tabs.count())]


def tab(tabs: QTabBar, title: str) -> QPoint:
    place = next(place for place in range(tabs.count()) if tabs.tabText(place) == title)
    return tabs.tabRect(place).center()


def entry(menu: QMenu, text: str) -> None:
    next(each for each in menu.actions() if each.text() == text).trigger()


def tab_menu(tabs: QTabBar, title: str) -> QMenu:
    place = tab(tabs, title)
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(tabs, QContextMenuEvent(reason, place, tabs.mapToGlobal(place)))
    return next(menu for menu in tabs.findChildren(QMenu) if menu.isVisible())


def button(workspace: Workspace, panel: str, word: str) -> QToolButton:
    title = dock(workspace, panel).titleBarWidget()
    assert title is not None
    return next(each for each in title.findChildren(QToolButton) if each.toolTip().startswith(word))


def test_each_title_is_there_once(workspace: Workspace) -> None:
    shown = [label.text() for label in workspace.findChildren(QLabel) if label.isVisible()]
    for title in ("Layers", "Data", "Mistakes"):
        assert shown.count(title) == 1, title


def test_the_filters_of_the_mistakes_and_the_pages_of_the_inspector_are_in_the_title(workspace: Workspace) -> None:
    for panel, name in (("mistakes", "mistakes.count"), ("inspector", "inspector.tabs")):
        title = dock(workspace, panel).titleBarWidget()
        assert title is not None
        assert title.findChild(QWidget, name) is not None


def test_a_click_on_a_tab_shows_its_panel_and_lets_the_others_rest(workspace: Workspace) -> None:
    assert workspace.curves.isVisible()
    assert not workspace.weights.isVisible()
    assert not workspace.wants.histograms
    tabs = bar(workspace)
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tab(tabs, "Weights"))
    QApplication.processEvents()
    assert workspace.weights.isVisible()
    assert workspace.wants.histograms
    assert not workspace.curves.isVisible()


def test_panels_behind_a_tab_keep_their_room(workspace: Workspace) -> None:
    before = dock(workspace, "curves").size()
    workspace.show_panel("confusion")
    QApplication.processEvents()
    assert dock(workspace, "confusion").size() == before
    workspace.show_panel("curves")
    QApplication.processEvents()
    assert dock(workspace, "curves").size() == before


def test_the_menu_of_a_tab_floats_its_panel(workspace: Workspace) -> None:
    entry(tab_menu(bar(workspace), "Weights"), "Float Weights")
    QApplication.processEvents()
    assert dock(workspace, "weights").isFloating()
    assert workspace.weights.isVisible()
    assert workspace.curves.isVisible()
    assert button(workspace, "weights", "Close").isVisible()


def test_the_menu_of_a_tab_closes_its_panel(workspace: Workspace) -> None:
    entry(tab_menu(bar(workspace), "Curves"), "Close Curves")
    QApplication.processEvents()
    assert not workspace.curves.isVisible()
    assert not dock(workspace, "curves").toggleViewAction().isChecked()
    dock(workspace, "curves").toggleViewAction().trigger()
    QApplication.processEvents()
    assert dock(workspace, "curves").isVisible()


def test_a_title_floats_and_closes_its_panel(workspace: Workspace) -> None:
    floating = dock(workspace, "dataset")
    QTest.mouseClick(button(workspace, "dataset", "Float"), Qt.MouseButton.LeftButton)
    assert floating.isFloating()
    QTest.mouseClick(button(workspace, "dataset", "Float"), Qt.MouseButton.LeftButton)
    assert not floating.isFloating()
    QTest.mouseClick(button(workspace, "dataset", "Close"), Qt.MouseButton.LeftButton)
    assert not workspace.dataset.isVisible()


def test_reset_brings_back_what_was_floated_and_closed(workspace: Workspace) -> None:
    dock(workspace, "activations").setFloating(True)
    dock(workspace, "palette").close()
    workspace.show_panel("confusion")
    workspace.reset_layout()
    QApplication.processEvents()
    assert not dock(workspace, "activations").isFloating()
    assert workspace.palette_panel.isVisible()
    assert workspace.curves.isVisible()
    assert not workspace.confusion.isVisible()


def test_tabs_of_an_earlier_arrangement_are_not_seen_between_the_docks(workspace: Workspace) -> None:
    bars = workspace.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert bar(workspace).height() > 0
    seen = [each for each in bars if each.isVisible() and not each.geometry().isEmpty()]
    shown = [title for each in seen for title in titles(each)]
    assert len(shown) == len(set(shown)), "a panel has two tabs"
    assert {"Curves", "Weights", "Activations", "Boundary"} <= set(shown)
