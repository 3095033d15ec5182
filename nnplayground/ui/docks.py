"""Docks: panels that can be moved, closed, floated and stacked as tabs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnplayground.ui import icons
from nnplayground.ui.theme import colors


class PanelDock(QDockWidget):
    """The dock of one panel, with a title bar of one thin line.

    header: a row of the panel that takes the place of the title, so that both are one line.
    """

    def __init__(self, panel: QWidget, title: str, *, header: QWidget | None = None) -> None:
        super().__init__(title)
        self.setObjectName(f"dock.{panel.objectName()}")
        self.setWidget(_holder(panel))
        self._bar = _TitleBar(self, title, header)
        self._no_bar = QWidget()
        self._no_bar.setFixedHeight(0)
        self.setTitleBarWidget(self._bar)
        self._panel = panel
        self.topLevelChanged.connect(self._on_floated)
        self.visibilityChanged.connect(panel.setVisible)

    def _on_floated(self, floating: bool) -> None:
        # Qt does not tell that what lay behind another tab is seen now.
        if floating:
            self._panel.setVisible(True)
        self.follow_tabs()

    def follow_tabs(self) -> None:
        """In a stack of tabs the tab is the title, and its menu floats and closes; else the title bar is and does.
        A header of the panel is there in both.
        """
        window = self.parent()
        stacked = isinstance(window, QMainWindow) and bool(window.tabifiedDockWidgets(self)) and not self.isFloating()
        self._bar.show_buttons(not stacked)
        wanted = self._no_bar if stacked and not self._bar.has_header else self._bar
        if self.titleBarWidget() is not wanted:
            self.setTitleBarWidget(wanted)
            wanted.show()


def _holder(panel: QWidget) -> QWidget:
    """Keeps the place of a panel that is hidden while its dock lies behind another tab.

    Such a dock counts as visible to Qt; its panel must know better, for it asks for work that nobody would see.
    """
    holder = QWidget()
    policy = panel.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    panel.setSizePolicy(policy)
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(panel)
    return holder


class _TitleBar(QWidget):
    """Name at the left, float and close at the right. Dragging it moves the dock."""

    def __init__(self, dock: QDockWidget, title: str, header: QWidget | None) -> None:
        super().__init__()
        self._dock = dock
        self.has_header = header is not None
        layout = QHBoxLayout(self)
        layout.setSpacing(0)
        if header is not None:
            layout.setContentsMargins(0, 0, 4, 0)
            layout.addWidget(header, 1)
        else:
            layout.setContentsMargins(12, 3, 4, 1)
            label = QLabel(title)
            label.setProperty("heading_small", True)
            layout.addWidget(label, 1)
        self._float = self._button(f"Float the panel {dock.windowTitle()}, or put it back.", self._on_float)
        self._close = self._button(f"Close the panel {dock.windowTitle()}; the View menu brings it back.", dock.close)
        layout.addWidget(self._float)
        layout.addWidget(self._close)
        self._recolor()

    def _button(self, tip: str, action) -> QToolButton:  # type: ignore[no-untyped-def]
        button = QToolButton()
        button.setProperty("flat_look", True)
        button.setProperty("tiny", True)
        button.setIconSize(QSize(10, 10))
        button.setToolTip(tip)
        button.setStatusTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: action())
        return button

    def show_buttons(self, shown: bool) -> None:
        self._float.setVisible(shown)
        self._close.setVisible(shown)

    def _on_float(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())

    def _recolor(self) -> None:
        muted = colors(self).muted
        self._float.setIcon(icons.icon("float", muted))
        self._close.setIcon(icons.icon("close", muted))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._recolor()
        super().changeEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._on_float()


def _titles(bar: QTabBar) -> set[str]:
    return {bar.tabText(place) for place in range(bar.count())}


class TabMenus(QWidget):
    """Gives the tabs of stacked docks what their hidden title bars had: a menu to float and to close."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.hide()

    def watch(self) -> None:
        """Look after tab bars that have appeared since the last time."""
        bars = self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        for bar in bars:
            bar.removeEventFilter(self)
            bar.installEventFilter(self)
            bar.setDrawBase(False)
            bar.setExpanding(False)
            titles = _titles(bar)
            # Qt leaves bars of earlier arrangements where they were, to be seen between the docks. A bar that is used
            # again gets a place again.
            if titles and any(titles < _titles(other) for other in bars if other.isVisibleTo(self._window)):
                bar.setGeometry(0, 0, 0, 0)

    def eventFilter(self, watched, event: QEvent) -> bool:  # type: ignore[no-untyped-def]
        if isinstance(watched, QTabBar) and isinstance(event, QContextMenuEvent):
            self._show_menu(watched, event.pos())
            return True
        return super().eventFilter(watched, event)

    def _show_menu(self, bar: QTabBar, place: QPoint) -> None:
        title = bar.tabText(bar.tabAt(place))
        dock = next((each for each in self._window.findChildren(QDockWidget) if each.windowTitle() == title), None)
        if dock is None:
            return
        menu = QMenu(bar)
        menu.addAction(f"Float {title}").triggered.connect(lambda: dock.setFloating(True))
        menu.addAction(f"Close {title}").triggered.connect(dock.close)
        menu.popup(bar.mapToGlobal(place))
