"""A picture, large, with a map of what matters in it laid over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.pictures import PictureLoader, side_for
from nnplayground.ui.widgets.tile_pictures import draw_placeholder

LEAST_REACH = 0.02
"""Changes of a probability below it are shown as next to nothing, however large they are beside the others."""

_VEIL = 140
"""How opaque a veil is, of 255."""

_NEAREST_BELOW = 256
"""Pictures with fewer pixels are enlarged without smoothing, so that it can be seen that they are small."""


def seen_part(picture: QSizeF, input_size: QSizeF, resize: str) -> QRectF:
    """The part of a picture that the model gets, in pixels of the picture; larger than it where borders are added.

    input_size: width and height of the model's input. resize: as in the dataset, "stretch", "crop" or "pad".
    """
    part = QRectF(0, 0, picture.width(), picture.height())
    if resize == "stretch":
        return part
    mode = Qt.AspectRatioMode.KeepAspectRatio
    if resize == "pad":
        mode = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    center = part.center()
    part.setSize(input_size.scaled(picture, mode))
    part.moveCenter(center)
    return part


def overlay_image(drops: Array) -> QImage:
    """drops: (rows, columns), by how much covering a place lowers a probability → a translucent picture of them."""
    drops = np.nan_to_num(drops.astype(np.float32))
    reach = max(LEAST_REACH, float(np.abs(drops).max()))
    pixels = np.empty((*drops.shape, 4), np.uint8)
    pixels[..., :3] = to_rgb(drops, "diverging", limits=(-reach, reach))
    pixels[..., 3] = np.rint(215 * np.sqrt(np.abs(drops) / reach))
    return _translucent(pixels)


def veil_image(heat: Array) -> QImage:
    """heat: (rows, columns), from 0 to 1 → an even veil, dark where there is nothing and bright where there is most."""
    pixels = np.full((*heat.shape, 4), _VEIL, np.uint8)
    pixels[..., :3] = to_rgb(heat, "sequential", limits=(0.0, 1.0))
    return _translucent(pixels)


def _translucent(pixels: Array) -> QImage:
    """pixels: (rows, columns, 4) uint8."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


class PictureView(QWidget):
    """The whole picture at its aspect ratio, as large as there is room."""

    pointed_at = Signal(object)
    """(row, column) of the map under the mouse, None where there is none."""

    def __init__(self, loader: PictureLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._file: Path | None = None
        self._title = ""
        self._side = 0
        self._overlay: QImage | None = None
        self._smooth_overlay = False
        self._input_size = QSizeF(1, 1)
        self._resize = "stretch"
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        loader.loaded.connect(self._on_loaded)

    def show_file(self, file: Path | None, title: str) -> None:
        """title: shown where there is no file."""
        if self._file is not None and self._side:
            self._loader.cancel(self._file, self._side)
        self._file, self._title = file, title
        self._overlay = None
        self._ask()
        self.update()

    def set_input(self, size: QSize, resize: str) -> None:
        """How the model gets its pictures: width and height, and how they are resized."""
        self._input_size, self._resize = QSizeF(size), resize

    def show_veil(self, heat: Array) -> None:
        """Lay heat, from 0 to 1, over the part that the model gets; its places run into one another."""
        self._smooth_overlay, self._overlay = True, veil_image(heat)
        self.update()

    def show_overlay(self, drops: Array | None) -> None:
        """Lay a map over the part that the model gets; None takes it away."""
        self._smooth_overlay = False
        self._overlay = overlay_image(drops) if drops is not None else None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(460, 460)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._ask()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        pixmap = self._pixmap()
        if self._file is None or pixmap is None:
            failure = self._loader.failure(self._file, self._side) if self._file is not None else None
            area = QRectF(self.rect())
            draw_placeholder(
                painter, area, self._title if self._file is None else "", colors(self), failed=bool(failure)
            )
            if failure:
                painter.setPen(QColor(colors(self).muted))
                flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
                painter.drawText(area.adjusted(20, area.height() / 2 + 20, -20, -10), flags, failure)
            painter.end()
            return
        area = self._area(pixmap)
        smooth = max(pixmap.width(), pixmap.height()) >= _NEAREST_BELOW
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawPixmap(area, pixmap, QRectF(pixmap.rect()))
        if self._overlay is not None:
            painter.setClipRect(area)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth_overlay)
            painter.drawImage(self._overlay_area(pixmap), self._overlay)
        painter.end()

    def _pixmap(self) -> QPixmap | None:
        return self._loader.pixmap(self._file, self._side) if self._file is not None and self._side else None

    def _area(self, pixmap: QPixmap) -> QRectF:
        size = QSizeF(pixmap.size()).scaled(QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
        area = QRectF(0, 0, size.width(), size.height())
        area.moveCenter(QRectF(self.rect()).center())
        return area

    def _overlay_area(self, pixmap: QPixmap) -> QRectF:
        area = self._area(pixmap)
        scale = area.width() / pixmap.width()
        part = seen_part(QSizeF(pixmap.size()), self._input_size, self._resize)
        return QRectF(
            area.left() + part.left() * scale,
            area.top() + part.top() * scale,
            part.width() * scale,
            part.height() * scale,
        )

    def _ask(self) -> None:
        if self._file is None or not self.isVisible():
            return
        self._side = side_for(max(self.width(), self.height()), self.devicePixelRatioF())
        self._loader.request(self._file, self._side)

    def _on_loaded(self, file: Path) -> None:
        if file == self._file:
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pixmap = self._pixmap()
        place = None
        if self._overlay is not None and pixmap is not None:
            area = self._overlay_area(pixmap)
            if area.contains(event.position()) and self._area(pixmap).contains(event.position()):
                row = int((event.position().y() - area.top()) / area.height() * self._overlay.height())
                column = int((event.position().x() - area.left()) / area.width() * self._overlay.width())
                place = min(row, self._overlay.height() - 1), min(column, self._overlay.width() - 1)
        self.pointed_at.emit(place)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self._ask()
        elif event.type() == QEvent.Type.Leave:
            self.pointed_at.emit(None)
        return super().event(event)
