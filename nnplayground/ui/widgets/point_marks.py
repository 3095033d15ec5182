"""Points in the plane as marks: each class with a colour and a shape of its own, numbers with shades."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.colormaps import to_rgb

CLASS_COLORS = ("#f08c22", "#3f8fe0", "#35a877", "#d9558f", "#9a6ff0", "#1fa5b0")
_CORNERS = {1: (4, 45.0), 2: (3, -90.0), 3: (4, 0.0), 4: (5, -90.0), 5: (6, 0.0)}
"""Number of corners and turn of the marks of all classes but the first, which is a disc."""
_MOST_MARKS = 1200


def mark_path(label: int, radius: float) -> QPainterPath:
    """The outline of a class's mark around the origin."""
    path = QPainterPath()
    if label not in _CORNERS:
        path.addEllipse(QPointF(0, 0), radius, radius)
        return path
    corners, turn = _CORNERS[label]
    for corner in range(corners):
        angle = math.radians(turn + 360 * corner / corners)
        point = QPointF(radius * 1.2 * math.cos(angle), radius * 1.2 * math.sin(angle))
        (path.lineTo if corner else path.moveTo)(point)
    path.closeSubpath()
    return path


class PointCloud(QWidget):
    """Points in a square window around the origin."""

    def __init__(self) -> None:
        super().__init__()
        self._points: Array = np.zeros((0, 2))
        self._labels: Array = np.zeros(0, int)
        self._shades: Array | None = None
        self._limit = 1.0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setObjectName("dataset.points")

    def show_points(self, coordinates: Array, targets: Array, *, limit: float) -> None:
        """coordinates: (n, 2) in −limit…limit. targets: (n,) class indices, or (n, 1) numbers in about −1…1."""
        step = -(-len(coordinates) // _MOST_MARKS)
        self._points, shown = coordinates[::step], targets[::step]
        self._limit = limit
        classes = targets.ndim == 1
        self._labels = shown if classes else np.zeros(len(shown), int)
        # Orange stands for the lower end, as for class 0.
        self._shades = None if classes else to_rgb(-shown[:, 0], "diverging", limits=(-1.0, 1.0))
        kinds = f"{int(targets.max()) + 1} classes" if classes else "a number for each"
        text = f"{len(coordinates):,} points, {kinds}"
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setStatusTip(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, 180)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 80)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(width, 240)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - 1.0
        frame = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        painter.setPen(QPen(QColor(theme.separator), 1))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRoundedRect(frame, 6, 6)
        painter.drawLine(QPointF(frame.center().x(), frame.top()), QPointF(frame.center().x(), frame.bottom()))
        painter.drawLine(QPointF(frame.left(), frame.center().y()), QPointF(frame.right(), frame.center().y()))
        scale = (side / 2 - 6) / self._limit
        radius = max(1.6, side / 90)
        outlines = {label: mark_path(label, radius) for label in set(self._labels.tolist())}
        painter.setPen(QPen(QColor(theme.canvas), 0.6))
        for number, ((x1, x2), label) in enumerate(zip(self._points.tolist(), self._labels.tolist(), strict=True)):
            shade = None if self._shades is None else QColor(*map(int, self._shades[number]))
            painter.setBrush(shade or QColor(CLASS_COLORS[label % len(CLASS_COLORS)]))
            place = QPointF(frame.center().x() + x1 * scale, frame.center().y() - x2 * scale)
            painter.drawPath(outlines[label].translated(place))
