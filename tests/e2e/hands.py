"""A person at the window: finds what is visible and uses mouse and keyboard on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.spec.model import Wire
from nnplayground.ui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier
PATIENCE = 60_000
"""Milliseconds that a fact may take to come true: TensorFlow is loaded on the way."""

Kind = TypeVar("Kind", bound=QWidget)


class Person:
    """Uses the window through what is on the screen."""

    def __init__(self, qtbot: QtBot, window: MainWindow) -> None:
        self._qtbot = qtbot
        self.window = window

    def wait(self, fact: Callable[[], bool], what: str) -> None:
        def so() -> None:
            assert fact(), what

        self._qtbot.waitUntil(so, timeout=PATIENCE)

    def find(self, kind: type[Kind], name: str) -> Kind:
        """The visible widget of that object name, wherever it is."""
        found = [each for each in self.all(kind, name) if each.isVisible()]
        assert found, f"no visible {kind.__name__} named {name}"
        return found[0]

    def all(self, kind: type[Kind], name: str) -> list[Kind]:
        return [each for top in QApplication.topLevelWidgets() for each in top.findChildren(kind, name)]

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        assert widget.isVisible(), f"{widget.objectName()} is not visible"
        assert widget.isEnabled(), f"{widget.objectName()} is not enabled"
        QTest.mouseClick(widget, LEFT, NO_KEY, at if at is not None else widget.rect().center())

    def press(self, name: str) -> None:
        """Click the visible tool button of an action."""
        action = self.action(name)
        for button in self.window.findChildren(QToolButton):
            if button.defaultAction() is action and button.isVisible():
                self.click(button, QPoint(10, button.height() // 2))
                return
        raise AssertionError(f"there is no visible button for {name}")

    def action(self, name: str) -> QAction:
        action = self.window.findChild(QAction, name)
        assert action is not None, f"there is no action named {name}"
        return action

    def type_into(self, name: str, text: str) -> None:
        """Replace what a visible field holds, and press Enter."""
        field = self.find(QWidget, name)
        inner = field if isinstance(field, QLineEdit | QSpinBox) else field.findChild(QLineEdit) or field
        self.click(inner)
        QTest.keyClick(inner, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(inner, text)
        QTest.keyClick(inner, Qt.Key.Key_Return)

    def drop_layer(self, layer_type: str, at: Callable[[], QPointF]) -> None:
        """Take a layer from the palette, carry it over the canvas, and let it go."""
        listing = self.find(QListView, "palette_list")
        model = listing.model()
        rows = [row for row in range(model.rowCount()) if model.index(row, 0).data() == layer_type]
        content = model.mimeData([model.index(rows[0], 0)])
        viewport = self.window.workspace.canvas.view.viewport()
        copy = Qt.DropAction.CopyAction
        place = self.window.workspace.canvas.view.mapFromScene(at())
        for kind in (QDragEnterEvent, QDragMoveEvent):
            QApplication.sendEvent(viewport, kind(place, copy, content, LEFT, NO_KEY))
        QApplication.sendEvent(viewport, QDropEvent(QPointF(place), copy, content, LEFT, NO_KEY))

    def below_the_model(self) -> QPointF:
        return QPointF(0, self.window.workspace.canvas.scene.model_rect.bottom() + 30)

    def on_wire(self, source: str, target: str) -> QPointF:
        return self.window.workspace.canvas.scene.wires[Wire(source, target)].middle

    def click_block(self, layer_id: str) -> None:
        canvas = self.window.workspace.canvas
        place = canvas.view.mapFromScene(canvas.scene.rect_of(layer_id).center() + QPointF(60, 0))
        QTest.mouseClick(canvas.view.viewport(), LEFT, NO_KEY, place)

    def layer_types(self) -> list[str]:
        """The layers of the model from the input on."""
        model = self.window.document.project.model
        return [model.layer(layer_id).type for layer_id in model.order]


def write_photographs(folder: Path, *, per_class: int = 30, side: int = 40, swapped: int = 3) -> None:
    """Two classes, bright discs and dark bars on noise; the first `swapped` of each lie in the wrong folder."""
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:side, :side]
    for name in ("bar", "disc"):
        (folder / name).mkdir(parents=True)
    for number in range(per_class):
        for kind, other in (("bar", "disc"), ("disc", "bar")):
            pixels = rng.integers(90, 150, (side, side, 3)).astype(float)
            y, x = rng.integers(12, side - 12, 2)
            if kind == "disc":
                pixels[(rows - y) ** 2 + (columns - x) ** 2 < 80] = (250, 120, 60)
            else:
                pixels[(abs(rows - y) < 3) & (abs(columns - x) < 11)] = (20, 60, 140)
            home = other if number < swapped else kind
            Image.fromarray(pixels.astype(np.uint8)).save(folder / home / f"{kind}-{number:02d}.png")
