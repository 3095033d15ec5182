"""A gallery of tiles: pictures with lines of text below, as many in a row as fit.

The view asks its model only for the tiles that can be seen, so its length costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import msgspec
from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.drawings import Drawing
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.tile_pictures import RADIUS, draw_file

Index: TypeAlias = QModelIndex | QPersistentModelIndex
Tone = Literal["text", "muted", "error", "good"]

TILE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""A model's data under this role: the Tile of a row."""
ID_ROLE = int(Qt.ItemDataRole.UserRole) + 2
"""A model's data under this role: the id of a row's sample."""

_GAP = 6
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class Line(msgspec.Struct, frozen=True):
    """A line under a picture: `lead`, shortened where there is no room, but not below half of the line; then `rest`."""

    lead: str
    rest: str = ""
    tone: Tone = "text"
    bold: bool = False


class Tile(msgspec.Struct, frozen=True):
    """What is painted for one sample. title: painted in the place of the picture where there is neither a file nor a
    drawing.
    """

    title: str
    file: Path | None
    lines: Sequence[Line] = ()
    drawing: Drawing | None = None


class TileDelegate(QStyledItemDelegate):
    """Paints the tiles."""

    def __init__(self, loader: PictureLoader, lines: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._loader = loader
        self._lines = lines
        self._tile = QSize(90, 80)
        self._pens: tuple[str, _Pens] | None = None

    def set_tile_size(self, size: QSize) -> None:
        """Including the gap to the next tile."""
        self._tile = size

    def text_height(self, metrics: QFontMetrics) -> int:
        return self._lines * (metrics.height() - 1) + (4 if self._lines else 0)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._tile

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tile = index.data(TILE_ROLE)
        widget: QWidget = option.widget  # type: ignore[attr-defined]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        font: QFont = option.font  # type: ignore[attr-defined]
        if not isinstance(tile, Tile):
            return
        theme = colors(widget)
        inside = QRectF(rect).adjusted(_GAP / 2, _GAP / 2, -_GAP / 2, -_GAP / 2)
        if self._pens is None or self._pens[0] != font.key():
            self._pens = (font.key(), _Pens(font))
        pens = self._pens[1]
        metrics = pens.metrics
        text_height = self.text_height(metrics)
        picture = inside.adjusted(0, 0, 0, -text_height)
        painter.save()
        painter.setFont(pens.plain)
        draw_file(
            painter,
            picture,
            tile.file,
            self._loader,
            title=tile.title,
            theme=theme,
            ratio=widget.devicePixelRatioF(),
            drawing=tile.drawing,
        )
        top = picture.bottom() + 3
        for line in tile.lines[: self._lines]:
            _draw_line(painter, QRectF(inside.left(), top, inside.width(), metrics.height()), line, pens, theme)
            top += metrics.height() - 1
        self._draw_frame(painter, picture, state, theme)
        painter.restore()

    def _draw_frame(self, painter: QPainter, picture: QRectF, state: QStyle.StateFlag, theme: Colors) -> None:
        if state & QStyle.StateFlag.State_Selected:
            pen = QPen(QColor(theme.accent), 2.5)
        elif state & QStyle.StateFlag.State_MouseOver:
            pen = QPen(QColor(theme.muted), 1.5)
        else:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(picture.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


class _Pens:
    """The fonts of the lines with their metrics, which take as long to make as a line to draw."""

    def __init__(self, font: QFont) -> None:
        self.plain = small_font(font)
        self.bold = QFont(self.plain)
        self.bold.setBold(True)
        self.metrics, self.bold_metrics = QFontMetrics(self.plain), QFontMetrics(self.bold)


def _draw_line(painter: QPainter, area: QRectF, line: Line, pens: _Pens, theme: Colors) -> None:
    lead_font, metrics = (pens.bold, pens.bold_metrics) if line.bold else (pens.plain, pens.metrics)
    rest_width = pens.metrics.horizontalAdvance(line.rest) + 4 if line.rest else 0
    room = max(int(area.width()) - rest_width, int(area.width()) // 2)
    lead = metrics.elidedText(line.lead, Qt.TextElideMode.ElideRight, room)
    painter.setFont(lead_font)
    painter.setPen(QColor(getattr(theme, line.tone)))
    painter.drawText(area, _LEFT, lead)
    if line.rest:
        painter.setFont(pens.plain)
        painter.setPen(QColor(theme.text))
        beside = area.adjusted(metrics.horizontalAdvance(lead) + 4, 0, 0, 0)
        rest = pens.metrics.elidedText(line.rest, Qt.TextElideMode.ElideRight, max(0, int(beside.width()) + 1))
        painter.drawText(beside, _LEFT, rest)


class TileSource(Protocol):
    """What a gallery shows. Asked for a few rows at a time."""

    def __len__(self) -> int: ...

    def sample_id(self, row: int) -> str: ...

    def tile(self, row: int) -> Tile: ...

    def description(self, row: int) -> str:
        """For the tooltip and for screen readers."""
        ...

    def row_of(self, sample_id: str) -> int | None: ...


class _TileModel(QStringListModel):
    """Gives what the source says. The strings are empty and only counted: laying out thousands of tiles asks for the
    number of rows at each of them, which takes half as long as a frame where Python answers.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._source: TileSource | None = None

    def show_source(self, source: TileSource) -> None:
        self._source = source
        if len(source) != self.rowCount():
            self.setStringList([""] * len(source))
        elif len(source):
            self.dataChanged.emit(self.index(0), self.index(len(source) - 1))

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if self._source is None or not index.isValid():
            return None
        if role == TILE_ROLE:
            return self._source.tile(index.row())
        if role == ID_ROLE:
            return self._source.sample_id(index.row())
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._source.description(index.row())
        return None


class TileView(QListView):
    """The gallery. Rows are filled: tiles grow until no part of another one would fit."""

    picked = Signal(str)
    """A tile was clicked, or Enter pressed on it: the id of its sample."""
    current_changed = Signal(str)
    """The mouse or the keyboard has moved to another sample."""

    def __init__(
        self,
        loader: PictureLoader,
        *,
        lines: int,
        smallest: int = 84,
        aspect: float = 0.72,
        parent: QWidget | None = None,
    ) -> None:
        """lines: of text below each picture; smallest: width of a tile; aspect: height of a picture by its width."""
        super().__init__(parent)
        self._smallest = smallest
        self._aspect = aspect
        self._quiet = False
        self._tiles = _TileModel(self)
        self._delegate = TileDelegate(loader, lines, self)
        self.setModel(self._tiles)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A bar that comes and goes would change how many tiles fit, and that whether there is a bar.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setMouseTracking(True)
        self.clicked.connect(self._on_picked)
        loader.loaded.connect(self._on_loaded)

    def set_tiles(self, *, smallest: int, aspect: float) -> None:
        """Tiles of another size, as in the constructor."""
        if (smallest, aspect) != (self._smallest, self._aspect):
            self._smallest, self._aspect = smallest, aspect
            self._fit_tiles()

    def show_source(self, source: TileSource) -> None:
        """Show other samples. The place scrolled to stays, and the sample selected where it is still there."""
        selected = self.current_id()
        place = self.verticalScrollBar().value()
        self._quiet = True
        self._tiles.show_source(source)
        self.executeDelayedItemsLayout()
        self.verticalScrollBar().setValue(place)
        self._quiet = False
        self.set_current_row(source.row_of(selected) if selected is not None else None)

    def current_id(self) -> str | None:
        value = self.currentIndex().data(ID_ROLE)
        return value if isinstance(value, str) else None

    def set_current_row(self, row: int | None, *, scroll: bool = False) -> None:
        """Select a row without telling anybody."""
        place = self.verticalScrollBar().value()
        self._quiet = True
        index = self._tiles.index(row, 0) if row is not None else QModelIndex()
        self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if scroll and index.isValid():
            self.scrollTo(index)
        else:
            self.verticalScrollBar().setValue(place)
        self._quiet = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        value = current.data(ID_ROLE)
        if not self._quiet and isinstance(value, str):
            self.current_changed.emit(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._on_picked(self.currentIndex())
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_tiles()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit_tiles()

    def _fit_tiles(self) -> None:
        """Choose the size of the tiles for the width there is."""
        scale = self.fontMetrics().height() / 16
        width = self.viewport().width() - 1
        columns = max(1, int(width / (self._smallest * scale)))
        tile_width = max(24, width // columns)
        text_height = self._delegate.text_height(QFontMetrics(small_font(self.font())))
        size = QSize(tile_width, round((tile_width - _GAP) * self._aspect) + text_height + _GAP)
        self._delegate.set_tile_size(size)
        self.setGridSize(size)

    def _on_picked(self, index: Index) -> None:
        value = index.data(ID_ROLE)
        if isinstance(value, str):
            self.picked.emit(value)

    def _on_loaded(self) -> None:
        self.viewport().update()
