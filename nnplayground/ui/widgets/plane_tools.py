"""The tools for painting points: a class to paint with, an eraser, the size and the density of the brush."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QVBoxLayout, QWidget

from nnplayground.spec.dataset import MOST_POINT_CLASSES
from nnplayground.ui import icons
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.flow import FlowLayout
from nnplayground.ui.widgets.labels import describe, muted
from nnplayground.ui.widgets.plane_figure import Brush
from nnplayground.ui.widgets.plane_points import draw_mark, target_color

_PICK, _ERASE = 100, 101
"""Ids of the tools that paint no class. (Qt gives negative ones itself.)"""
_TENTHS = 10
"""Steps of the slider for one unit of the plane."""
_LEAST_ERASER = 0.2


class PaintStrip(QWidget):
    """A row of tools while points are painted; else a button that begins with it."""

    start_requested = Signal(str)
    """Paint one's own points: from the "shown" ones, from an "empty" plane, or from those "before"."""
    brush_changed = Signal()
    """Another tool, size or density: see `brush`, `density`."""
    clear_requested = Signal()
    undo_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._class_count = 2
        self._compact = False
        self._group = QButtonGroup(self)
        self._start = QToolButton()
        self._start.setObjectName("boundary.paint")
        self._start.setText("Paint my own ▾")
        self._start.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._start.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        describe(self._start, "Paint my own points", "Paint points of your own on the plane, class by class")
        self._menu = QMenu(self._start)
        self._start.setMenu(self._menu)
        self._from_shown = self._entry(
            "Start from these points", "Go on by hand from the points that are shown", "shown"
        )
        self._from_empty = self._entry("Start from an empty plane", "Begin with no points at all", "empty")
        self._from_before = self._entry("Go on with what I painted", "Come back to the points painted before", "before")
        self._tools = QWidget()
        row = FlowLayout(spacing=3)
        self._tools.setLayout(row)
        self._pick = self._tool("boundary.pick", _PICK, "Pick: click a point to select it (Esc)")
        self._erase = self._tool("boundary.erase", _ERASE, "Erase points (E, or Shift with any class)")
        self._add = _button("boundary.add_class", f"Paint one class more, up to {MOST_POINT_CLASSES}", self._on_add)
        self._clear = _button("boundary.clear", "Remove all painted points", self.clear_requested.emit)
        self._undo = _button("boundary.undo", "Undo the last change (Ctrl+Z)", self.undo_requested.emit)
        self._classes = [self._class_tool(number) for number in range(MOST_POINT_CLASSES)]
        for button in (self._pick, *self._classes, self._add, self._erase, self._clear, self._undo):
            row.addWidget(button)
        self._radius = _slider("boundary.radius", "Size of the brush, in units of the plane ([ and ])", 20, 6)
        self._density = _slider("boundary.density", "How many points the brush puts at once", 12, 4)
        self._sliders = QWidget()
        sliders = FlowLayout(spacing=8)
        self._sliders.setLayout(sliders)
        for words, slider in (("Size", self._radius), ("Density", self._density)):
            sliders.addWidget(_labelled(words, slider))
        self._note = muted("A run is under way: what you paint counts from the next run.")
        self._note.setObjectName("boundary.next_run")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._start, 0, Qt.AlignmentFlag.AlignLeft)
        for widget in (self._tools, self._sliders, self._note):
            column.addWidget(widget)
        self._group.idClicked.connect(lambda: self.brush_changed.emit())
        self._radius.valueChanged.connect(lambda: self.brush_changed.emit())
        self._density.valueChanged.connect(lambda: self.brush_changed.emit())
        self._pick.setChecked(True)
        self.show_classes(())
        self.show_state(painted=False, running=False, shown=False, before=False)

    @property
    def brush(self) -> Brush | None:
        """What the mouse does; None: it picks points."""
        tool = self._group.checkedId()
        radius = self._radius.value() / _TENTHS
        if self._tools.isHidden() or tool == _PICK:
            return None
        if tool == _ERASE:
            return Brush("erase", max(radius, _LEAST_ERASER))
        return Brush("paint", radius, tool)

    @property
    def eraser_radius(self) -> float:
        """In units of the plane, whichever tool is chosen."""
        return max(self._radius.value() / _TENTHS, _LEAST_ERASER)

    @property
    def density(self) -> int:
        """Points that the brush puts at once."""
        return self._density.value()

    def show_state(self, *, painted: bool, running: bool, shown: bool, before: bool) -> None:
        """painted: the points can be painted. shown, before: there are points to begin with, on the plane or painted
        earlier. running: a run is under way.
        """
        self._start.setVisible(not painted)
        self._tools.setVisible(painted)
        self._sliders.setVisible(painted and not self._compact)
        self._note.setVisible(painted and running)
        self._from_shown.setEnabled(shown)
        self._from_before.setVisible(before)
        self.brush_changed.emit()

    def set_compact(self, compact: bool) -> None:
        """Leave out what there are keys for: the height is needed for the plot."""
        self._compact = compact
        self._sliders.setVisible(not self._tools.isHidden() and not compact)

    def show_classes(self, names: tuple[str, ...]) -> None:
        """A tool for each class; there are never fewer of them than before."""
        self._class_count = max(self._class_count, min(len(names), MOST_POINT_CLASSES))
        for number, button in enumerate(self._classes):
            name = names[number] if number < len(names) else str(number)
            button.setText(name)
            tip = f"Paint points of class {name} (key {number + 1}); with Shift, erase"
            describe(button, f"Paint class {name}", tip)
            button.setVisible(number < self._class_count)
        self._add.setVisible(self._class_count < MOST_POINT_CLASSES)

    def forget_classes(self) -> None:
        """Another project: begin with two classes again."""
        self._class_count = 2
        self._pick.setChecked(True)
        self.show_classes(())

    def change_size(self, steps: int) -> None:
        """A larger or smaller brush."""
        self._radius.setValue(self._radius.value() + steps)

    def show_undo(self, text: str) -> None:
        """What would be undone; empty where there is nothing."""
        self._undo.setEnabled(bool(text))
        tip = f"Undo the {text} (Ctrl+Z)" if text else "There is nothing to undo"
        describe(self._undo, "Undo", tip)

    def choose(self, tool: int | str) -> None:
        """A tool from the keyboard: the number of a class, "erase" or "pick". What there is not is ignored."""
        if self._tools.isHidden():
            return
        number = {"pick": _PICK, "erase": _ERASE}[tool] if isinstance(tool, str) else tool
        button = self._group.button(number)
        if button is not None and not button.isHidden():
            button.setChecked(True)
            self.brush_changed.emit()

    def _on_add(self) -> None:
        self._class_count += 1
        self._classes[self._class_count - 1].show()
        self._add.setVisible(self._class_count < MOST_POINT_CLASSES)
        self.choose(self._class_count - 1)

    def _class_tool(self, number: int) -> QToolButton:
        button = self._tool(f"boundary.class_{number}", number, "")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIcon(_mark_icon(number))
        return button

    def _tool(self, name: str, number: int, tip: str) -> QToolButton:
        button = _button(name, tip)
        button.setCheckable(True)
        self._group.addButton(button, number)
        return button

    def _entry(self, title: str, tip: str, start: str) -> QAction:
        action = self._menu.addAction(title)
        action.setStatusTip(tip)
        action.triggered.connect(lambda: self.start_requested.emit(start))
        return action

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.Show):
            theme = colors(self)
            for button, name in (
                (self._pick, "pointer"),
                (self._erase, "eraser"),
                (self._add, "add"),
                (self._clear, "delete"),
                (self._undo, "undo"),
            ):
                button.setIcon(icons.icon(name, theme.text, disabled=theme.border))
            self._start.setIcon(icons.icon("brush", theme.text))
        return super().event(event)


def _mark_icon(label: int) -> QIcon:
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_mark(painter, QPointF(16, 16), label, target_color(label, numbers=False), radius=11, held_back=False)
    painter.end()
    pixmap.setDevicePixelRatio(2)
    return QIcon(pixmap)


def _button(name: str, tip: str, then: Callable[[], None] | None = None) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("tiny", "true")
    describe(button, tip, tip)
    if then is not None:
        button.clicked.connect(lambda: then())
    return button


def _slider(name: str, tip: str, most: int, value: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setObjectName(name)
    slider.setRange(0 if name.endswith("radius") else 1, most)
    slider.setValue(value)
    slider.setPageStep(2)
    slider.setFixedWidth(64)
    describe(slider, tip, tip)
    return slider


def _labelled(words: str, slider: QSlider) -> QWidget:
    widget = QWidget()
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(5)
    label = QLabel(words)
    label.setProperty("muted", "true")
    label.setBuddy(slider)
    row.addWidget(label)
    row.addWidget(slider)
    return widget
