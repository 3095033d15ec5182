"""The shapes of generated points as small pictures to choose from, drawn from real points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QWidget

from nnplayground.data.points import LIMIT, PlanePoints
from nnplayground.spec.dataset import NUMBER_SHAPES, PointsShape
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.point_marks import CLASS_COLORS

_PER_ROW = 4
_GAP = 6
_LARGEST = 64
_SHADES = 9
"""Numbers are drawn in so many shades."""
_DOTS = 90
_DOTS_OF_NUMBERS = 240
"""Enough to cover the picture, so that it reads as a map."""
_STRONG = 0.7
"""The number with the full colour."""


class ShapeTile(QAbstractButton):
    """One shape. As with radio buttons, the arrow keys go on to the next one."""

    def __init__(self, shape: PointsShape, title: str, about: str, *, parent: QWidget) -> None:
        super().__init__(parent)
        self.shape: PointsShape = shape
        self._dots: list[tuple[QColor, QPolygonF]] = []
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        describe(self, title, f"{title}: {about}")

    @property
    def point_count(self) -> int:
        """How many points make a good picture."""
        return _DOTS_OF_NUMBERS if self.shape in NUMBER_SHAPES else _DOTS

    def show_points(self, points: PlanePoints) -> None:
        """Draw these points."""
        if points.labeled:
            groups = points.targets
            shades = [QColor(CLASS_COLORS[label % len(CLASS_COLORS)]) for label in range(int(groups.max()) + 1)]
        else:
            levels = np.linspace(-1, 1, _SHADES)
            groups = np.abs(points.targets - levels).argmin(axis=1)
            shades = [QColor(*map(int, rgb)) for rgb in to_rgb(levels, "plane", limits=(-_STRONG, _STRONG))]
        self._dots = [
            (shade, QPolygonF([QPointF(x1, -x2) for x1, x2 in points.coordinates[groups == group].tolist()]))
            for group, shade in enumerate(shades)
        ]
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(44, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen, lit = self.isChecked(), self.underMouse() or self.hasFocus()
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.accent if chosen or lit else theme.border), 2 if chosen else 1))
        painter.setBrush(QColor(theme.raised if chosen or lit else theme.canvas))
        painter.drawRoundedRect(frame, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(2.5, 2.5, -2.5, -2.5), 4, 4)
        painter.translate(frame.center())
        scale = (frame.width() / 2 - 4) / LIMIT
        painter.scale(scale, scale)
        share = 9 if self.shape in NUMBER_SHAPES else 16
        dot = max(2.2, frame.width() / share) / scale
        for shade, places in self._dots:
            painter.setPen(QPen(shade, dot, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(places)


class ShapeTiles(QWidget):
    """All shapes, four in a row, at most one of them chosen."""

    chosen = Signal(str)
    """The user wants this shape."""

    def __init__(self, shapes: Mapping[PointsShape, tuple[str, str]]) -> None:
        """shapes: title and one explaining clause of each."""
        super().__init__()
        self.tiles = {name: ShapeTile(name, *words, parent=self) for name, words in shapes.items()}
        self._group = QButtonGroup(self)
        for tile in self.tiles.values():
            self._group.addButton(tile)
            tile.clicked.connect(lambda checked=False, tile=tile: self.chosen.emit(tile.shape))
        # Not fixed: that would hold on to the height for the width from before a resize.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def setObjectName(self, name: Any) -> None:
        super().setObjectName(name)
        for shape, tile in self.tiles.items():
            tile.setObjectName(f"{name}.{shape}")

    def show_chosen(self, shape: PointsShape) -> None:
        """Mark a shape; none where it is not among these."""
        self._group.setExclusive(False)
        for name, tile in self.tiles.items():
            tile.setChecked(name == shape)
        self._group.setExclusive(True)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-len(self.tiles) // _PER_ROW)
        return rows * self._side(width) + (rows - 1) * _GAP

    def sizeHint(self) -> QSize:
        return QSize(180, self.heightForWidth(max(self.width(), 180)))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(self.width(), 120)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = self._side(self.width())
        for number, tile in enumerate(self.tiles.values()):
            row, column = divmod(number, _PER_ROW)
            tile.setGeometry(column * (side + _GAP), row * (side + _GAP), side, side)

    def _side(self, width: int) -> int:
        return min((width - (_PER_ROW - 1) * _GAP) // _PER_ROW, _LARGEST)
