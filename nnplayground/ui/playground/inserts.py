"""The buttons between columns that put another layer there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFocusEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractScrollArea, QToolButton, QWidget

from nnplayground.ui.playground.plan import Column
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.labels import describe

_SIDE = 22
_ABOVE_EDGE = 6


class InsertButton(QToolButton):
    """A plus between two columns, faint until it is wanted."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(_SIDE, _SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._wanted = False
        self._kept: tuple[object, QPixmap] | None = None
        """What its picture depends on, and the picture: the network under it changes thirty times a second."""

    def enterEvent(self, event: QEnterEvent) -> None:
        self._want(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._want(False)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._want(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._want(False)

    def _want(self, wanted: bool) -> None:
        self._wanted = wanted
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, ratio = colors(self), self.devicePixelRatioF()
        key = (self._wanted, theme.dark, ratio)
        if self._kept is None or self._kept[0] != key:
            picture = QPixmap(self.size() * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            self._paint(QPainter(picture), theme)
            self._kept = (key, picture)
        QPainter(self).drawPixmap(0, 0, self._kept[1])

    def _paint(self, painter: QPainter, theme: Colors) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        circle = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        painter.setPen(QPen(QColor(theme.accent if self._wanted else theme.border), 1))
        painter.setBrush(QColor(theme.accent if self._wanted else theme.canvas))
        painter.drawEllipse(circle)
        painter.setPen(QPen(QColor(theme.accent_text if self._wanted else theme.muted), 1.6))
        middle, reach = circle.center(), 4.5
        painter.drawLine(middle - QPointF(reach, 0), middle + QPointF(reach, 0))
        painter.drawLine(middle - QPointF(0, reach), middle + QPointF(0, reach))
        painter.end()


class Inserts(QObject):
    """One button for each gap, at the lower edge of a view."""

    insertion_requested = Signal(int)
    """Number of the column before which a layer is to be put."""

    def __init__(self, view: QAbstractScrollArea) -> None:
        super().__init__(view)
        self._view = view
        self._buttons: list[InsertButton] = []

    @property
    def buttons(self) -> list[InsertButton]:
        """Those that are shown."""
        return [each for each in self._buttons if not each.isHidden()]

    def show_columns(self, columns: Sequence[Column]) -> None:
        while len(self._buttons) < len(columns) - 1:
            self._buttons.append(self._new(len(self._buttons) + 1))
        for number, button in enumerate(self._buttons, start=1):
            button.setVisible(number < len(columns))
            if number < len(columns):
                words = f"Insert a Dense layer before {columns[number].layer_id}"
                describe(button, words, f"{words}.")

    def place(self, gaps: Sequence[float]) -> None:
        """gaps: x of the middle of each."""
        top = self._view.viewport().height() - _SIDE - _ABOVE_EDGE
        for button, x in zip(self.buttons, gaps, strict=False):
            button.move(round(x) - _SIDE // 2, top)

    def _new(self, number: int) -> InsertButton:
        button = InsertButton(self._view)
        button.setObjectName(f"insert_{number}")
        button.clicked.connect(lambda: self.insertion_requested.emit(number))
        return button
