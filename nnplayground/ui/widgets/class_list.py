"""The classes of a dataset: name, number of samples, a bar of them by split, and a few pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from nnplayground.ui import icons
from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.pictures import PictureLoader, side_for
from nnplayground.ui.widgets.split_bar import paint_shares, split_colors, split_words

MOST_CLASSES = 24
_MOST_WITH_PICTURES = 12
_BAR = 5
_PICTURE_GAP = 4
_LEAST_PICTURE = 40
_BETWEEN = 10


class ClassEntry(msgspec.Struct, frozen=True):
    """counts: number of samples by split."""

    name: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class ClassList(QWidget):
    """One entry below the other, at most MOST_CLASSES of them."""

    def __init__(self, pictures: PictureLoader) -> None:
        super().__init__()
        self._pictures = pictures
        self._entries: tuple[ClassEntry, ...] = ()
        self._files: Mapping[str, Sequence[Path]] = {}
        self._texts: Mapping[str, Sequence[str]] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setObjectName("dataset.classes")
        self.setAccessibleName("Classes of the data")
        pictures.loaded.connect(self.update)

    def show_classes(self, entries: Sequence[ClassEntry]) -> None:
        self._entries = tuple(entries[:MOST_CLASSES])
        self.setAccessibleDescription("; ".join(f"{each.name}: {each.total:,}" for each in self._entries))
        self._refit()

    def show_files(self, files: Mapping[str, Sequence[Path]]) -> None:
        """A few pictures of each class, by its name."""
        self._files = files
        self._refit()

    def show_texts(self, texts: Mapping[str, Sequence[str]]) -> None:
        """A few texts of each class, by its name; a line of each is shown."""
        self._texts = {name: [" ".join(text[:400].split()) for text in some] for name, some in texts.items()}
        self._refit()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(sum(self._height(entry, width) for entry in self._entries)) or 1

    def sizeHint(self) -> QSize:
        return QSize(180, self.heightForWidth(max(self.width(), 180)))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.heightForWidth(max(self.width(), 80)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._request()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.help_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def help_at(self, place: QPointF) -> str:
        """What the tooltip says at a place: the file of a picture, or the numbers of a class."""
        top = 0.0
        for entry in self._entries:
            height = self._height(entry, self.width())
            if top <= place.y() < top + height:
                for path, box in self._picture_boxes(entry, top):
                    if box.contains(place):
                        return f"{entry.name}: {path.name}"
                line = int((place.y() - top - self._texts_top()) // self.fontMetrics().height())
                texts = self._texts_of(entry)
                if 0 <= line < len(texts):
                    return f"{entry.name}: {texts[line]}"
                return f"{entry.name}: {split_words(entry.counts)}"
            top += height
        return ""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        top = 0.0
        largest = max((entry.total for entry in self._entries), default=0) or 1
        for entry in self._entries:
            self._paint_title(painter, theme, entry, top)
            bar = QRectF(0, top + self._title_height(), self.width() * entry.total / largest, _BAR)
            paint_shares(painter, bar, entry.counts, split_colors(theme))
            for path, box in self._picture_boxes(entry, top):
                self._paint_picture(painter, theme, path, box)
            self._paint_texts(painter, theme, entry, top)
            top += self._height(entry, self.width())

    # -- places ------------------------------------------------------------------------------------------------------

    def _title_height(self) -> float:
        return self.fontMetrics().height() + 2.0

    def _has_pictures(self, entry: ClassEntry) -> bool:
        return len(self._entries) <= _MOST_WITH_PICTURES and bool(self._files.get(entry.name))

    def _picture_side(self, width: int) -> tuple[int, float]:
        """How many pictures stand side by side, and how large they are."""
        number = max(1, int((width + _PICTURE_GAP) // (_LEAST_PICTURE + _PICTURE_GAP)))
        number = min(number, max((len(files) for files in self._files.values()), default=1) or 1)
        return number, min((width - (number - 1) * _PICTURE_GAP) / number, _LEAST_PICTURE * 1.6)

    def _height(self, entry: ClassEntry, width: int) -> float:
        height = self._title_height() + _BAR + _BETWEEN
        texts = len(self._texts_of(entry))
        if texts:
            return height + texts * self.fontMetrics().height() + 3
        return height + self._picture_side(width)[1] + 6 if self._has_pictures(entry) else height

    def _picture_boxes(self, entry: ClassEntry, top: float) -> list[tuple[Path, QRectF]]:
        if not self._has_pictures(entry):
            return []
        number, side = self._picture_side(self.width())
        top += self._title_height() + _BAR + 6
        files = self._files[entry.name][:number]
        return [(path, QRectF(place * (side + _PICTURE_GAP), top, side, side)) for place, path in enumerate(files)]

    def _texts_of(self, entry: ClassEntry) -> Sequence[str]:
        return self._texts.get(entry.name, ())

    def _texts_top(self) -> float:
        """Of the lines of text, below the top of their class."""
        return self._title_height() + _BAR + 3

    def _refit(self) -> None:
        self.updateGeometry()
        self._request()
        self.update()

    def _pixel_side(self) -> int:
        # A picture fills its square, so its longer side may need more pixels than the square has.
        return side_for(self._picture_side(self.width())[1] * 1.4, self.devicePixelRatioF())

    def _request(self) -> None:
        for entry in self._entries:
            for path, _ in self._picture_boxes(entry, 0):
                self._pictures.request(path, self._pixel_side())

    # -- painting ----------------------------------------------------------------------------------------------------

    def _paint_title(self, painter: QPainter, theme: Colors, entry: ClassEntry, top: float) -> None:
        metrics = self.fontMetrics()
        line = QRectF(0, top, self.width(), metrics.height())
        count = f"{entry.total:,}"
        painter.setPen(QColor(theme.muted))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        room = line.width() - metrics.horizontalAdvance(count) - 10
        painter.setPen(QColor(theme.text))
        name = metrics.elidedText(entry.name, Qt.TextElideMode.ElideMiddle, int(room))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_texts(self, painter: QPainter, theme: Colors, entry: ClassEntry, top: float) -> None:
        metrics = self.fontMetrics()
        painter.setPen(QColor(theme.muted))
        for number, text in enumerate(self._texts_of(entry)):
            line = QRectF(0, top + self._texts_top() + number * metrics.height(), self.width(), metrics.height())
            shown = metrics.elidedText(f"“{text}”", Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_picture(self, painter: QPainter, theme: Colors, path: Path, box: QRectF) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(box, 4, 4)
        painter.fillPath(outline, QColor(theme.surface))
        pixmap = self._pictures.pixmap(path, self._pixel_side())
        if pixmap is not None:
            painter.save()
            painter.setClipPath(outline)
            painter.drawPixmap(box, pixmap, _centred_square(pixmap))
            painter.restore()
            # White pictures would run into a white window.
            painter.strokePath(outline, QPen(QColor(theme.separator), 1))
        elif self._pictures.failure(path, self._pixel_side()) is not None:
            side = box.width() / 3
            mark = icons.pixmap("warning", theme.warning, size=round(side), ratio=self.devicePixelRatioF())
            painter.drawPixmap(box.center() - QPointF(side / 2, side / 2), mark)


def _centred_square(pixmap: QPixmap) -> QRectF:
    side = min(pixmap.width(), pixmap.height())
    return QRectF((pixmap.width() - side) / 2, (pixmap.height() - side) / 2, side, side)
