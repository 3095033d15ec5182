"""Points in the plane as marks: each class has a colour and a shape of its own."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath

CLASS_COLORS = ("#f08c22", "#3f8fe0", "#1fd18a", "#c01f7c", "#823bed", "#8c6223")
"""Far apart, also for eyes that do not tell red, green or blue."""
_CORNERS = {1: (4, 45.0), 2: (3, -90.0), 3: (4, 0.0), 4: (5, -90.0), 5: (6, 0.0)}
"""Number of corners and turn of the marks of all classes but the first, which is a disc."""


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
