"""Points have no picture files, so their pictures are the plane with the point on it."""

from __future__ import annotations

import msgspec
import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from nnplayground.samples import Array
from nnplayground.spec.dataset import Dataset
from nnplayground.training.events import Catalog
from nnplayground.ui.theme import Colors
from nnplayground.ui.widgets.plane_maps import PlaneMap
from nnplayground.ui.widgets.plane_points import PlotPoints, draw_mark, places_of, plot_points, target_color

_SIDE = 96
"""Pixels of the map behind all tiny pictures; they are hardly larger."""
_PAUSE_MILLISECONDS = 500
_RADIUS = (2.6, 6.0)
"""The least and the greatest radius of the mark in a picture."""


class PlanePictures(QObject):
    """The points of the data that is loaded, and the latest map of the plane: a picture for each sample."""

    changed = Signal()
    """The pictures look different now; twice a second at most."""
    map_changed = Signal()
    """Another map is there, as often as there is one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._points: PlotPoints | None = None
        self._map: PlaneMap | None = None
        self._backdrop: QPixmap | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MILLISECONDS)
        self._pause.timeout.connect(self._on_pause_over)

    def show_catalog(self, catalog: Catalog, dataset: Dataset | None) -> None:
        """Which samples there are, and the data that they are from."""
        points = plot_points(dataset)
        self._points = points if points is not None and fits(catalog, points) else None
        self.show_map(None)

    def show_map(self, plane_map: PlaneMap | None) -> None:
        """What lies under the points; None: nothing yet."""
        self._map = plane_map
        self.map_changed.emit()
        if not self._pause.isActive():
            self._pause.start()

    def clear(self) -> None:
        """Forget the points."""
        self._points = None
        self.show_map(None)

    @property
    def points(self) -> PlotPoints | None:
        """The points of the loaded data, None where it is other data."""
        return self._points

    @property
    def plane_map(self) -> PlaneMap | None:
        return self._map

    def picture(self, sample_id: str) -> PointPicture | None:
        """The picture of a sample, None where it is not a point."""
        return PointPicture(self, sample_id) if self.number(sample_id) is not None else None

    def number(self, sample_id: str) -> int | None:
        """Which of the points a sample is, None where it is none of them."""
        if self._points is None or not sample_id.isdecimal():
            return None
        number = int(sample_id)
        return number if number < len(self._points) else None

    def backdrop(self) -> QPixmap | None:
        """The map as it was a moment ago; None while there is none."""
        if self._map is None:
            return None
        if self._backdrop is None:
            image = self._map.image()
            mode = Qt.TransformationMode.SmoothTransformation
            self._backdrop = QPixmap.fromImage(image.scaled(_SIDE, _SIDE, mode=mode))
        return self._backdrop

    def _on_pause_over(self) -> None:
        self._backdrop = None
        self.changed.emit()


class PointPicture(msgspec.Struct, frozen=True, eq=False):
    """The plane with one point on it. What is drawn is always the latest."""

    pictures: PlanePictures
    sample_id: str

    def draw(self, painter: QPainter, area: QRectF, theme: Colors) -> None:
        """Into a square in the middle of an area."""
        number, points = self.pictures.number(self.sample_id), self.pictures.points
        side = min(area.width(), area.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(area.center())
        painter.save()
        backdrop = self.pictures.backdrop()
        if backdrop is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(square, backdrop, QRectF(backdrop.rect()))
        else:
            painter.fillRect(square, QColor(theme.canvas))
        painter.setPen(QPen(QColor(theme.border), 1))
        middle = square.center()
        painter.drawLine(QPointF(middle.x(), square.top()), QPointF(middle.x(), square.bottom()))
        painter.drawLine(QPointF(square.left(), middle.y()), QPointF(square.right(), middle.y()))
        painter.drawRect(square.adjusted(0.5, 0.5, -0.5, -0.5))
        if number is not None and points is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(square)
            x, y = places_of(points.coordinates[number : number + 1], square)[0].tolist()
            target = float(points.targets[number])
            radius = min(max(side / 14, _RADIUS[0]), _RADIUS[1])
            color = target_color(target, numbers=points.numbers)
            label = 0 if points.numbers else int(target)
            draw_mark(painter, QPointF(x, y), label, color, radius=radius, held_back=bool(points.held_back[number]))
        painter.restore()


def fits(catalog: Catalog, points: PlotPoints) -> bool:
    """Whether the samples of a catalogue are these points: as many, with the same targets."""
    if catalog.files or sum(map(len, catalog.ids.values())) != len(points):
        return False
    for split, ids in catalog.ids.items():
        places = positions(ids)
        if places is None or (len(places) and int(places.max()) >= len(points)):
            return False
        if not np.array_equal(points.targets[places], np.asarray(catalog.labels[split])):
            return False
    return True


def positions(ids: tuple[str, ...]) -> Array | None:
    """The ids of points are their positions: (n,) int. None where they are not."""
    return np.array(ids, dtype=int) if all(map(str.isdecimal, ids)) else None
