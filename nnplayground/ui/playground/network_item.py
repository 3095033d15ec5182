"""How the network is painted: wires as one picture a bundle, tiles from one image a layer, frames around them."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.ui.playground.network import BiasSpot, Network, Spot, TagSpot, TileSpot, WireSpot
from nnplayground.ui.playground.plan import Column, Tag
from nnplayground.ui.playground.wires import level_color, level_of
from nnplayground.ui.theme import FAMILY_COLORS, Colors, colors
from nnplayground.ui.widgets.contrast import mixed

_READABLE = 0.35
"""Below this zoom, texts are left out."""
_RADIUS = 0.13
"""Of a tile's side: that of its round corners."""
_GLOW = 8.0
_CHOSEN = 0.11
"""Share of the accent in the ground behind the column that is selected."""


class NetworkItem(QGraphicsItem):
    """The one item of the scene; its coordinates are the scene's."""

    def __init__(self, network: Network, font: QFont) -> None:
        super().__init__()
        self._network = network
        self._font = font
        self._hovered: Spot | None = None
        self._current: Spot | None = None
        self._selected = ""
        self._placed: list[tuple[list[QRectF], list[QRectF]]] = []
        self._placed_for: tuple[object, ...] = ()
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)

    def show_font(self, font: QFont) -> None:
        self._font = font
        self.update()

    def show_arranged(self) -> None:
        """The network has other places."""
        self.prepareGeometryChange()
        self._hovered = None
        self.update()

    def show_hovered(self, spot: Spot | None) -> None:
        """What the pointer is on."""
        if spot != self._hovered:
            self._hovered = spot
            self.update()

    def show_current(self, spot: Spot | None) -> None:
        """What the keyboard is on."""
        if spot != self._current:
            self._current = spot
            self.update()

    def show_selected(self, layer_id: str) -> None:
        if layer_id != self._selected:
            self._selected = layer_id
            self.update()

    def boundingRect(self) -> QRectF:
        return self._network.rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        network = self._network
        if network.layout is None:
            return
        theme = colors(widget)
        ratio = painter.device().devicePixelRatioF()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_selected(painter, theme, ratio)
        for number in range(len(network.bundles)):
            self._paint_bundle(painter, number, theme, ratio)
        for number, column in enumerate(network.plan.columns):
            self._paint_tags(painter, number, column, theme)
        self._paint_wire(painter, theme)
        for number, column in enumerate(network.plan.columns):
            self._paint_column(painter, number, column, theme, ratio)
        self._paint_frames(painter, theme)

    # Wires

    def _paint_bundle(self, painter: QPainter, number: int, theme: Colors, ratio: float) -> None:
        bundle = self._network.bundles[number]
        transform = painter.worldTransform()
        zoom = transform.m11()
        if bundle.picture is None:
            bundle.draw(zoom, ratio, theme)
        picture = bundle.picture
        assert picture is not None
        size = picture.deviceIndependentSize()
        if abs(size.width() - bundle.rect.width() * zoom) > 1 or picture.devicePixelRatio() < ratio:
            # Zoomed since it was drawn, and a sharp one comes in a moment; or of very many wires, and drawn coarser.
            painter.drawPixmap(bundle.rect, picture, QRectF(picture.rect()))
            return
        corner = _snapped(transform.map(bundle.rect.topLeft()), ratio)
        painter.setWorldTransform(QTransform.fromTranslate(corner.x(), corner.y()))
        painter.drawPixmap(0, 0, picture)
        painter.setWorldTransform(transform)

    def _paint_wire(self, painter: QPainter, theme: Colors) -> None:
        for spot in {self._hovered, self._current}:
            if not isinstance(spot, WireSpot):
                continue
            bundle = self._network.bundles[spot.column - 1]
            path, width = bundle.path(spot.source, spot.row), bundle.width(spot.source, spot.row)
            color = level_color(bundle.level(spot.source, spot.row), theme)
            color.setAlpha(255)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for each, thickness in ((QColor(theme.text), width + 3.6), (color, width + 0.6)):
                painter.setPen(QPen(each, thickness, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
                painter.drawPath(path)

    # Columns

    def _paint_selected(self, painter: QPainter, theme: Colors, ratio: float) -> None:
        number = self._network.plan.place_of(self._selected)
        if number is None or self._network.plan.columns[number].layer_id != self._selected:
            return
        rect = self._network.column_rect(number).adjusted(-_GLOW, -_GLOW, _GLOW, _GLOW)
        transform = painter.worldTransform()
        seen = transform.mapRect(rect)
        corner = _snapped(seen.topLeft(), ratio)
        painter.setWorldTransform(QTransform.fromTranslate(corner.x(), corner.y()))
        painter.drawPixmap(0, 0, _column_ground(seen.width(), seen.height(), 10 * transform.m11(), ratio, theme))
        painter.setWorldTransform(transform)

    def _paint_tags(self, painter: QPainter, number: int, column: Column, theme: Colors) -> None:
        layout = self._network.layout
        assert layout is not None
        if not column.tags:
            return
        painter.setPen(QPen(QColor(theme.muted), 1.2))
        left = layout.centres[number]
        for y in layout.rows[number]:
            painter.drawLine(QPointF(left, y), QPointF(layout.exits[number], y))
        for place, tag in enumerate(column.tags):
            rect = QRectF(*layout.tags[number][place])
            hovered = TagSpot(number, place) in (self._hovered, self._current)
            chosen = hovered or tag.layer_id == self._selected
            painter.setPen(QPen(QColor(theme.accent if chosen else theme.border), 1.2))
            painter.setBrush(QColor(theme.raised if hovered else theme.surface))
            painter.drawRoundedRect(rect, 6, 6)
            self._paint_tag_title(painter, rect, tag, theme)

    def _paint_tag_title(self, painter: QPainter, rect: QRectF, tag: Tag, theme: Colors) -> None:
        bar = QRectF(rect.left() + 4, rect.bottom() - 5, rect.width() - 8, 2)
        painter.fillRect(bar, QColor(FAMILY_COLORS[tag.family]))
        if painter.worldTransform().m11() < _READABLE:
            return
        painter.save()
        painter.translate(rect.center())
        painter.rotate(-90)
        room = QRectF(-rect.height() / 2 + 9, -rect.width() / 2, rect.height() - 18, rect.width())
        painter.setFont(self._font)
        painter.setPen(QColor(theme.text))
        words = QFontMetricsF(self._font).elidedText(tag.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()

    def _paint_column(self, painter: QPainter, number: int, column: Column, theme: Colors, ratio: float) -> None:
        """Tiles and their marks are put pixel by pixel, so that their edges are sharp at every zoom."""
        transform = painter.worldTransform()
        known = self._network.atlases.get(column.layer_id)
        tiles, marks = self._places(transform, ratio)[number]
        ground = _chosen_ground(theme) if column.layer_id == self._selected else theme.canvas
        painter.setWorldTransform(QTransform())
        for row, place in enumerate(tiles):
            has_map = known is not None and row < known.units
            if known is not None and has_map:
                painter.drawImage(place, known.image, known.part(row))
            painter.drawPixmap(place.topLeft(), _cover(place.width(), ratio, theme, ground, has_map))
        if column.has_bias:
            for row, place in enumerate(marks):
                value = self._network.value_of(BiasSpot(number, row))
                if value is not None:
                    painter.drawPixmap(place.topLeft(), _bias_mark(level_of(value), place.width(), ratio, theme))
        painter.setWorldTransform(transform)
        if transform.m11() >= _READABLE:
            self._paint_texts(painter, number, column, theme)

    def _places(self, transform: QTransform, ratio: float) -> list[tuple[list[QRectF], list[QRectF]]]:
        """By column, where on the screen its tiles and the marks for their biases are."""
        network = self._network
        key = (network.layout, transform.m11(), transform.dx(), transform.dy(), ratio)
        if key != self._placed_for:
            self._placed_for = key
            self._placed = []
            for number, column in enumerate(network.plan.columns):
                tiles = [network.tile_rect(number, row) for row in range(column.shown)]
                marks = [network.bias_rect(number, row) for row in range(column.shown)]
                self._placed.append((_on_screen(tiles, transform, ratio), _on_screen(marks, transform, ratio)))
        return self._placed

    def _paint_texts(self, painter: QPainter, number: int, column: Column, theme: Colors) -> None:
        painter.setFont(self._font)
        painter.setPen(QColor(theme.muted))
        for row, name in enumerate(column.names[: column.shown]):
            tile = self._network.tile_rect(number, row)
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, tile.top(), tile.left() - 8, tile.height()), side, name)
        if column.more:
            words = f"+{column.more} more"
            tile = self._network.tile_rect(number, column.shown)
            wider = max(QFontMetricsF(self._font).horizontalAdvance(words) + 14 - tile.width(), 0) / 2
            pill = tile.adjusted(-wider, 0, wider, 0)
            painter.setBrush(QColor(theme.surface))
            painter.setPen(QPen(QColor(theme.border), 1.2))
            painter.drawRoundedRect(pill, tile.height() / 2, tile.height() / 2)
            painter.setPen(QColor(theme.text))
            painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)

    # What is pointed at

    def _paint_frames(self, painter: QPainter, theme: Colors) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for spot, width in ((self._hovered, 2.0), (self._current, 2.4)):
            if isinstance(spot, TileSpot):
                rect = self._network.tile_rect(spot.column, spot.row)
            elif isinstance(spot, BiasSpot):
                rect = self._network.bias_rect(spot.column, spot.row)
            else:
                continue
            radius = _RADIUS * rect.width() + 2
            painter.setPen(QPen(QColor(theme.text if spot is self._hovered else theme.accent), width))
            painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 2), radius, radius)


def _chosen_ground(theme: Colors) -> str:
    """Behind the column that is selected."""
    return mixed(QColor(theme.accent), QColor(theme.canvas), _CHOSEN).name()


@lru_cache(maxsize=32)
def _cover(side: float, ratio: float, theme: Colors, ground: str, has_map: bool) -> QPixmap:
    """What lies over a map: round corners in the colour of the ground, and an edge; without a map, an empty tile."""
    pixels = max(1, round(side * ratio))
    picture = QPixmap(pixels, pixels)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    whole = QRectF(0, 0, side, side)
    inside = QPainterPath()
    inside.addRoundedRect(whole, _RADIUS * side, _RADIUS * side)
    if has_map:
        around = QPainterPath()
        around.addRect(whole.adjusted(-1, -1, 1, 1))
        painter.fillPath(around.subtracted(inside), QColor(ground))
        edge = QColor(0, 0, 0, 70)
    else:
        painter.fillPath(inside, QColor(theme.surface))
        edge = QColor(theme.border)
    painter.setPen(QPen(edge, 1))
    painter.drawRoundedRect(whole.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS * side - 0.5, _RADIUS * side - 0.5)
    painter.end()
    return picture


@lru_cache(maxsize=4)
def _column_ground(width: float, height: float, radius: float, ratio: float, theme: Colors) -> QPixmap:
    """What lies behind the column that is selected. Kept, for the network is painted thirty times a second."""
    picture = QPixmap(max(1, math.ceil(width * ratio)), max(1, math.ceil(height * ratio)))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    edge = QColor(theme.accent)
    edge.setAlpha(120)
    painter.setPen(QPen(edge, 1))
    painter.setBrush(QColor(_chosen_ground(theme)))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), radius, radius)
    painter.end()
    return picture


@lru_cache(maxsize=1024)
def _bias_mark(level: int, side: float, ratio: float, theme: Colors) -> QPixmap:
    """A small square in the colour of a bias, set off from the tile by the colour of the ground."""
    pixels = max(1, round(side * ratio))
    picture = QPixmap(pixels, pixels)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    square = QRectF(0.8, 0.8, side - 1.6, side - 1.6)
    painter.setPen(QPen(QColor(theme.canvas), 1.6))
    for color in (QColor(theme.surface), level_color(level, theme)):
        painter.setBrush(color)
        painter.drawRoundedRect(square, 2.5, 2.5)
    painter.end()
    return picture


def _snapped(point: QPointF, ratio: float) -> QPointF:
    """The nearest point where a pixel of the screen begins."""
    return QPointF(round(point.x() * ratio) / ratio, round(point.y() * ratio) / ratio)


def _on_screen(rects: list[QRectF], transform: QTransform, ratio: float) -> list[QRectF]:
    return [_snapped_rect(transform.mapRect(rect), ratio) for rect in rects]


def _snapped_rect(rect: QRectF, ratio: float) -> QRectF:
    side = max(1, round(rect.width() * ratio)) / ratio
    corner = _snapped(rect.topLeft(), ratio)
    return QRectF(corner.x(), corner.y(), side, side)
