"""The plane of points: what the model makes of it, its axes, and the points on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.plane_figure import (
    Brush,
    Place,
    PlaneFrame,
    bounded,
    paint_axes,
    paint_border,
    paint_marked,
    paint_pointer,
)
from nnplayground.ui.widgets.plane_maps import PlaneMap
from nnplayground.ui.widgets.plane_points import PlotPoints, PointsLayer

_NEAR = 9.0
"""Pixels from the middle of a point within which the mouse means it."""
_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_COARSE, _FINE = 0.25, 0.05
"""How far an arrow key goes in the plane, and how far with Shift."""


class PlanePlot(QWidget):
    """A square plot of −6…6 × −6…6 with all that is known about it."""

    pointed_at = Signal(object)
    """The Place under the mouse, or at the cross that the arrow keys move; None where there is none."""
    point_clicked = Signal(int)
    """The number of a point that was clicked, or nearest to the cross when Enter was pressed."""
    stroke_begun = Signal(object, bool)
    """With a brush: where the button was pressed, and whether to erase instead of painting."""
    stroke_moved = Signal(object)
    stroke_ended = Signal()
    run_pause_requested = Signal()
    """Space was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._map: PlaneMap | None = None
        self._image: QImage | None = None
        self._discrete = False
        self._smooth = True
        self._points: PlotPoints | None = None
        self._wrong: Array | None = None
        self._erased: Array | None = None
        self._added: PlotPoints | None = None
        self._shows_held_back = False
        self._selected: int | None = None
        self._brush: Brush | None = None
        self._stroking = False
        self._pointer: Place | None = None
        self._keyed = False
        self._layer = PointsLayer()
        self._axes: QPixmap | None = None
        # All of it is painted: without this, whatever lies below would be painted too, with every map that arrives.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # What is shown

    def show_map(self, plane_map: PlaneMap | None) -> None:
        """What to shade the plane with; None leaves it empty."""
        self._map = plane_map
        self._image = None
        self.update()

    def set_look(self, *, discrete: bool, smooth: bool) -> None:
        """discrete: classes have no shades between them, numbers a few steps. smooth: the map is smoothed between the
        middles of its squares instead of shown square by square.
        """
        self._discrete, self._smooth = discrete, smooth
        self._image = None
        self.update()

    def show_points(self, points: PlotPoints | None) -> None:
        """Other points. What was said about the ones before is forgotten."""
        self._points = points
        self._wrong = self._erased = self._added = None
        self._selected = None
        self._forget_layer()

    def show_wrong(self, wrong: Array | None) -> None:
        """wrong: (n,) bool, which points the model gets wrong."""
        self._wrong = wrong
        self.update()

    def show_held_back(self, shown: bool) -> None:
        """Whether to show the points too that the model is not trained with."""
        self._shows_held_back = shown
        self._forget_layer()

    def show_stroke(self, *, added: PlotPoints | None, erased: Array | None) -> None:
        """What is being painted, or erased ((n,) bool), and will be done when the button is released."""
        self._added = added
        if erased is not self._erased:
            self._erased = erased
            self._layer.forget_points()
        self.update()

    def select(self, number: int | None) -> None:
        """Mark a point, which is then seen whether or not others like it are; None: none."""
        if number != self._selected:
            self._selected = number
            self._layer.forget_points()
            self.update()

    def set_brush(self, brush: Brush | None) -> None:
        """What the mouse paints with; None: it picks points."""
        self._brush = brush
        self.setCursor(Qt.CursorShape.ArrowCursor if brush is None else Qt.CursorShape.CrossCursor)
        self.update()

    @property
    def points(self) -> PlotPoints | None:
        return self._points

    def shown(self) -> Array | None:
        """Which points can be seen: (n,) bool; None where there are none."""
        if self._points is None:
            return None
        shown = np.ones(len(self._points), bool) if self._shows_held_back else ~self._points.held_back
        if self._selected is not None:
            shown[self._selected] = True
        return shown & ~self._erased if self._erased is not None else shown

    # Where things are

    def frame(self) -> PlaneFrame:
        """Where the plane is in the widget."""
        return PlaneFrame.fitted(self.size(), self.font())

    def point_near(self, place: Place) -> int | None:
        """The number of the visible point that the mouse means at a place."""
        if self._points is None:
            return None
        return self._points.nearest(place, within=_NEAR / self.frame().scale, which=self.shown())

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 120)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, frame, ratio = colors(self), self.frame(), self.devicePixelRatioF()
        area = frame.area
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.window))
        self._paint_map(painter, area, theme)
        painter.drawPixmap(0, 0, self._axes_picture(frame, theme, ratio))
        points, shown = self._points, self.shown()
        stamps = self._layer.stamps(area, ratio, numbers=points is not None and points.numbers)
        painter.setClipRect(area.adjusted(-4, -4, 4, 4))
        if points is not None and shown is not None:
            if self._wrong is not None:
                stamps.draw_rings(painter, area, points.coordinates[self._wrong & shown])
            painter.drawPixmap(
                QPointF(0, 0), self._layer.pixmap(points.chosen(shown), area, size=self.size(), ratio=ratio)
            )
        if self._added is not None:
            stamps.draw_points(painter, area, self._added)
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if points is not None:
            under = self.point_near(self._pointer) if self._pointer is not None and self._brush is None else None
            for number in {self._selected, under}:
                if number is not None:
                    paint_marked(painter, frame, points, number, selected=number == self._selected)
        paint_border(painter, area, theme, focused=self.hasFocus())
        if self._pointer is not None:
            paint_pointer(painter, frame, self._pointer, self._brush, cross=self._keyed)
        painter.end()

    def _paint_map(self, painter: QPainter, area: QRectF, theme: Colors) -> None:
        if self._map is None:
            painter.fillRect(area, QColor(theme.canvas))
            return
        if self._image is None:
            self._image = self._map.image(discrete=self._discrete, smooth=self._smooth)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth)
        painter.drawImage(area, self._image)

    def _axes_picture(self, frame: PlaneFrame, theme: Colors, ratio: float) -> QPixmap:
        """Kept, for it stays the same while maps arrive thirty times a second."""
        if self._axes is None:
            self._axes = QPixmap((QSizeF(self.size()) * ratio).toSize())
            self._axes.setDevicePixelRatio(ratio)
            self._axes.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._axes)
            paint_axes(painter, frame, font=self.font(), theme=theme)
            painter.end()
        return self._axes

    def _forget_layer(self) -> None:
        self._axes = None
        self._layer.forget()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget_layer()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange, QEvent.Type.DevicePixelRatioChange):
            self._forget_layer()

    # Mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.frame().area.contains(event.position()):
            super().mousePressEvent(event)
            return
        place = self.frame().place(event.position())
        if self._brush is not None:
            self._stroking = True
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.stroke_begun.emit(place, shift or self._brush.kind == "erase")
            return
        self._click(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        inside = self.frame().area.contains(event.position())
        place = self.frame().place(event.position()) if inside or self._stroking else None
        self._point(place, keyed=False)
        if self._stroking and place is not None:
            self.stroke_moved.emit(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._stroking:
            self._stroking = False
            self.stroke_ended.emit()
        else:
            super().mouseReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave and not self._stroking:
            self._point(None, keyed=False)
        elif event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = event.key(), event.modifiers()
        step = _STEPS.get(Qt.Key(key))
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if step is not None:
            x1, x2 = self._pointer if self._pointer is not None else (0.0, 0.0)
            length = _FINE if shift else _COARSE
            self._point((bounded(x1 + length * step[0]), bounded(x2 + length * step[1])), keyed=True)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pointer is not None:
            if self._brush is None:
                self._click(self._pointer)
            elif not self._stroking:
                self.stroke_begun.emit(self._pointer, shift or self._brush.kind == "erase")
                self.stroke_ended.emit()
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.run_pause_requested.emit()
        else:
            super().keyPressEvent(event)

    def _point(self, place: Place | None, *, keyed: bool) -> None:
        if place != self._pointer or keyed != self._keyed:
            self._pointer, self._keyed = place, keyed
            self.pointed_at.emit(place)
            self.update()

    def _click(self, place: Place) -> None:
        number = self.point_near(place)
        if number is not None:
            self.point_clicked.emit(number)
