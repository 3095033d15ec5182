"""The points of a plot as stamps: each drawn once into a sheet, then put at all its places in one call."""

from __future__ import annotations

import math
from typing import cast

import msgspec
import numpy as np
import shiboken6
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from nnplayground.data import DataError, generate_points, point_splits, points_at_hand
from nnplayground.samples import Array
from nnplayground.spec.dataset import MOST_POINT_CLASSES, PLANE_LIMIT, Dataset, Points
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.point_marks import CLASS_COLORS, mark_path

DARK, LIGHT = "#15181d", "#ffffff"
"""Outlines that can be seen on every colour of a map, one beside the other."""
_SHADES = 17
"""Numbers are marked in so many shades."""
_RING = 1.75
"""Radius of the ring around what is wrong, by that of a mark."""


class PlotPoints(msgspec.Struct, frozen=True, eq=False):
    """Points of the plane.

    coordinates: (n, 2) float32. targets: (n,) class indices, or numbers around −1…1 where class_count is 0.
    held_back: (n,) bool, which ones the model is not trained with. test: (n,) bool, which of these are for the test.
    """

    coordinates: Array
    targets: Array
    held_back: Array
    test: Array
    class_count: int

    def __len__(self) -> int:
        return len(self.coordinates)

    @property
    def numbers(self) -> bool:
        """Targets are numbers."""
        return self.class_count == 0

    def chosen(self, which: Array) -> PlotPoints:
        """which: (n,) bool."""
        places, targets = self.coordinates[which], self.targets[which]
        return PlotPoints(places, targets, self.held_back[which], self.test[which], self.class_count)

    def nearest(self, place: tuple[float, float], *, within: float, which: Array | None = None) -> int | None:
        """The number of the point nearest to a place, None where none is within a distance. which: (n,) bool."""
        if not len(self):
            return None
        distances = np.hypot(self.coordinates[:, 0] - place[0], self.coordinates[:, 1] - place[1])
        if which is not None:
            distances = np.where(which, distances, np.inf)
        found = int(distances.argmin())
        return found if distances[found] <= within else None


def plot_points(dataset: Dataset | None) -> PlotPoints | None:
    """The points of a dataset, None where it has none that could be shown: a file is not waited for."""
    if not isinstance(dataset, Points) or not points_at_hand(dataset):
        return None
    try:
        points = generate_points(dataset)
    except DataError:
        return None
    if not len(points.coordinates):
        return None
    held_back, test = np.zeros((2, len(points.coordinates)), bool)
    try:
        splits = point_splits(dataset)
    except DataError:
        # More are to be held back than there are; those that are being painted have to be seen all the same.
        splits = {}
    for name in ("validation", "test"):
        held_back[splits.get(name, [])] = True
    test[splits.get("test", [])] = True
    if not points.labeled:
        return PlotPoints(points.coordinates, points.targets[:, 0], held_back, test, 0)
    return PlotPoints(points.coordinates, points.targets, held_back, test, max(2, int(points.targets.max()) + 1))


def mark_radius(side: float) -> float:
    """The radius of a mark in a plot of `side` pixels."""
    return min(max(side / 92, 2.2), 5.5)


def draw_mark(painter: QPainter, place: QPointF, label: int, color: QColor, *, radius: float, held_back: bool) -> None:
    """A point that trains is a mark with a white outline; one that is held back a white mark with a dark outline
    and the colour in its middle.
    """
    outline = mark_path(label, radius).translated(place)
    painter.setPen(QPen(QColor(DARK if held_back else LIGHT), max(1.0, radius / 4)))
    painter.setBrush(QColor(LIGHT) if held_back else color)
    painter.drawPath(outline)
    if held_back:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawPath(mark_path(label, radius * 0.58).translated(place))


def draw_ring(painter: QPainter, place: QPointF, radius: float) -> None:
    """The ring around what is wrong, of a mark of that radius."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = max(1.3, radius / 3)
    for color, thick in ((LIGHT, width + 1.6), (DARK, width)):
        painter.setPen(QPen(QColor(color), thick))
        painter.drawEllipse(place, radius * _RING, radius * _RING)


def target_color(target: float, *, numbers: bool) -> QColor:
    """The colour of a class, or of a number from −1 to 1."""
    if not numbers:
        return QColor(CLASS_COLORS[int(target) % len(CLASS_COLORS)])
    return QColor(*map(int, to_rgb(np.array(target, np.float32), "plane", limits=(-1.0, 1.0))))


class Stamps:
    """All marks of a plot, drawn once, and the ring of those that are wrong."""

    def __init__(self, *, radius: float, ratio: float, numbers: bool) -> None:
        """radius: of a mark in logical pixels. ratio: device pixels per logical pixel. numbers: targets are numbers."""
        self._ratio = ratio
        self._numbers = numbers
        self._cell = math.ceil((2 * _RING * radius + 6) * ratio)
        rows = _SHADES if numbers else MOST_POINT_CLASSES
        self._sheet = QPixmap(self._cell * 3, self._cell * rows)
        self._sheet.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._sheet)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(ratio, ratio)
        middle = self._cell / ratio / 2
        for row in range(rows):
            label = 0 if numbers else row
            color = target_color(row / (_SHADES - 1) * 2 - 1 if numbers else row, numbers=numbers)
            for column in range(2):
                place = QPointF((2 * column + 1) * middle, (2 * row + 1) * middle)
                draw_mark(painter, place, label, color, radius=radius, held_back=column == 1)
        draw_ring(painter, QPointF(5 * middle, middle), radius)
        painter.end()

    def draw_points(self, painter: QPainter, area: QRectF, points: PlotPoints) -> None:
        """area: where −6…6 × −6…6 is."""
        if self._numbers:
            rows = np.rint((np.clip(points.targets, -1, 1) + 1) * ((_SHADES - 1) / 2)).astype(int)
        else:
            rows = points.targets.astype(int) % MOST_POINT_CLASSES
        self._draw(painter, area, points.coordinates, rows=rows, columns=points.held_back.astype(int))

    def draw_rings(self, painter: QPainter, area: QRectF, coordinates: Array) -> None:
        """coordinates: (n, 2)."""
        self._draw(painter, area, coordinates, rows=np.zeros(1), columns=np.full(1, 2.0))

    def _draw(self, painter: QPainter, area: QRectF, coordinates: Array, *, rows: Array, columns: Array) -> None:
        if not len(coordinates):
            return
        places = places_of(coordinates, area)
        # As QPainter.PixmapFragment lies in memory: x, y, left, top, width, height, scale x, scale y, turn, opacity.
        fragments = np.empty((len(places), 10))
        # At whole pixels a stamp is copied as it is.
        fragments[:, :2] = np.rint(places * self._ratio) / self._ratio
        if self._cell % 2:
            fragments[:, :2] += 0.5 / self._ratio
        fragments[:, 2] = columns * self._cell
        fragments[:, 3] = rows * self._cell
        fragments[:, 4:6] = self._cell
        fragments[:, 6:8] = 1 / self._ratio
        fragments[:, 8] = 0
        fragments[:, 9] = 1
        # A list of objects, made in Python, would take longer than drawing them.
        first = cast(QPainter.PixmapFragment, shiboken6.wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment))
        painter.drawPixmapFragments(first, len(fragments), self._sheet)


def places_of(coordinates: Array, area: QRectF) -> Array:
    """Where points of the plane are on the screen: (n, 2) → (n, 2). area: where −6…6 × −6…6 is."""
    scale = np.array([area.width(), -area.height()]) / (2 * PLANE_LIMIT)
    return np.array([area.center().x(), area.center().y()]) + coordinates * scale


class PointsLayer:
    """The points of a plot as a picture, made anew only when they, their places or their size have changed."""

    def __init__(self) -> None:
        self._stamps: Stamps | None = None
        self._pixmap: QPixmap | None = None

    def forget(self) -> None:
        """The plot has another size or look."""
        self._stamps = self._pixmap = None

    def forget_points(self) -> None:
        """Other points are to be seen."""
        self._pixmap = None

    def stamps(self, area: QRectF, ratio: float, *, numbers: bool) -> Stamps:
        if self._stamps is None:
            self._stamps = Stamps(radius=mark_radius(area.width()), ratio=ratio, numbers=numbers)
        return self._stamps

    def pixmap(self, points: PlotPoints, area: QRectF, *, size: QSize, ratio: float) -> QPixmap:
        """size: of the whole plot in logical pixels, of which `area` is the plane."""
        if self._pixmap is None:
            self._pixmap = QPixmap(size * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
            self._pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._pixmap)
            self.stamps(area, ratio, numbers=points.numbers).draw_points(painter, area, points)
            painter.end()
        return self._pixmap


def cross_path(size: float) -> QPainterPath:
    """Four short lines around the origin, which leave the middle free."""
    path = QPainterPath()
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(across * size * 0.4, down * size * 0.4)
        path.lineTo(across * size, down * size)
    return path
