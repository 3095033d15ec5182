"""How the network is painted: wires as one picture a bundle, tiles from one image a layer, frames around them."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from nnplayground.ui.playground.network import BiasSpot, Network, Spot, TagSpot, TileSpot, WireSpot
from nnplayground.ui.playground.plan import Column
from nnplayground.ui.playground.wires import level_color, level_of
from nnplayground.ui.theme import FAMILY_COLORS, Colors, colors

_READABLE = 0.35
"""Below this zoom, texts are left out."""
_RADIUS = 0.13
"""Of a tile's side: that of its round corners."""
_GLOW = 8.0


class NetworkItem(QGraphicsItem):
    """The one item of the scene; its coordinates are the scene's."""

    def __init__(self, network: Network, font: QFont) -> None:
        super().__init__()
        self._network = network
        self._font = font
        self._hovered: Spot | None = None
        self._current: Spot | None = None
        self._selected = ""
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
        self._paint_selected(painter, theme)
        for number in range(len(network.bundles)):
            self._paint_bundle(painter, number, theme, ratio)
        for number, column in enumerate(network.plan.columns):
            self._paint_tags(painter, number, column, theme)
        self._paint_wire(painter, theme)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
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
        if abs(size.width() - bundle.rect.width() * zoom) > 1:
            # Zoomed since it was drawn; a sharp one comes in a moment.
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
            path, pen = bundle.path(spot.source, spot.row), QPen(bundle.pen(spot.source, spot.row, theme))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            halo = QColor(theme.text)
            halo.setAlpha(235)
            painter.setPen(QPen(halo, pen.widthF() + 3.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawPath(path)
            color = pen.color()
            color.setAlpha(255)
            pen.setColor(color)
            pen.setWidthF(pen.widthF() + 0.8)
            painter.setPen(pen)
            painter.drawPath(path)

    # Columns

    def _paint_selected(self, painter: QPainter, theme: Colors) -> None:
        number = self._network.plan.place_of(self._selected)
        if number is None or self._network.plan.columns[number].layer_id != self._selected:
            return
        rect = self._network.column_rect(number).adjusted(-_GLOW, -_GLOW, _GLOW, _GLOW)
        fill = QColor(theme.accent)
        fill.setAlpha(26)
        edge = QColor(theme.accent)
        edge.setAlpha(120)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(rect, 10, 10)

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
            self._paint_tag_title(painter, rect, tag.title, theme)

    def _paint_tag_title(self, painter: QPainter, rect: QRectF, title: str, theme: Colors) -> None:
        bar = QRectF(rect.left() + 4, rect.bottom() - 5, rect.width() - 8, 2)
        painter.fillRect(bar, QColor(FAMILY_COLORS["regularization"]))
        if painter.worldTransform().m11() < _READABLE:
            return
        painter.save()
        painter.translate(rect.center())
        painter.rotate(-90)
        room = QRectF(-rect.height() / 2 + 9, -rect.width() / 2, rect.height() - 18, rect.width())
        painter.setFont(self._font)
        painter.setPen(QColor(theme.text))
        words = QFontMetricsF(self._font).elidedText(title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, words)
        painter.restore()

    def _paint_column(self, painter: QPainter, number: int, column: Column, theme: Colors, ratio: float) -> None:
        network = self._network
        transform = painter.worldTransform()
        known = network.atlases.get(column.layer_id)
        painter.setWorldTransform(QTransform())
        for row in range(column.shown):
            place = _snapped_rect(transform.mapRect(network.tile_rect(number, row)), ratio)
            has_map = known is not None and row < known.units
            if known is not None and has_map:
                painter.drawImage(place, known.image, known.part(row))
            painter.drawPixmap(place.topLeft(), _cover(place.width(), ratio, theme, has_map))
        painter.setWorldTransform(transform)
        if column.has_bias:
            self._paint_biases(painter, number, column, theme)
        if transform.m11() >= _READABLE:
            self._paint_texts(painter, number, column, theme)

    def _paint_biases(self, painter: QPainter, number: int, column: Column, theme: Colors) -> None:
        painter.setPen(QPen(QColor(theme.canvas), 1.6))
        for row in range(column.shown):
            value = self._network.value_of(BiasSpot(number, row))
            if value is None:
                continue
            color = level_color(level_of(value), theme)
            rect = self._network.bias_rect(number, row)
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(rect, 2.5, 2.5)
            painter.setBrush(color)
            painter.drawRoundedRect(rect, 2.5, 2.5)

    def _paint_texts(self, painter: QPainter, number: int, column: Column, theme: Colors) -> None:
        painter.setFont(self._font)
        painter.setPen(QColor(theme.muted))
        for row, name in enumerate(column.names[: column.shown]):
            tile = self._network.tile_rect(number, row)
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, tile.top(), tile.left() - 8, tile.height()), side, name)
        if column.more:
            tile = self._network.tile_rect(number, column.shown)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.border), 1.2, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(tile, _RADIUS * tile.width(), _RADIUS * tile.width())
            painter.setPen(QColor(theme.text))
            painter.drawText(tile, Qt.AlignmentFlag.AlignCenter, f"+{column.more}")

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


@lru_cache(maxsize=32)
def _cover(side: float, ratio: float, theme: Colors, has_map: bool) -> QPixmap:
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
        painter.fillPath(around.subtracted(inside), QColor(theme.canvas))
        edge = QColor(0, 0, 0, 70)
    else:
        painter.fillPath(inside, QColor(theme.surface))
        edge = QColor(theme.border)
    painter.setPen(QPen(edge, 1))
    painter.drawRoundedRect(whole.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS * side - 0.5, _RADIUS * side - 0.5)
    painter.end()
    return picture


def _snapped(point: QPointF, ratio: float) -> QPointF:
    """The nearest point where a pixel of the screen begins."""
    return QPointF(round(point.x() * ratio) / ratio, round(point.y() * ratio) / ratio)


def _snapped_rect(rect: QRectF, ratio: float) -> QRectF:
    side = max(1, round(rect.width() * ratio)) / ratio
    corner = _snapped(rect.topLeft(), ratio)
    return QRectF(corner.x(), corner.y(), side, side)
