"""The classes of points with their marks and how many there are of each, or the shades of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.point_marks import CLASS_COLORS, mark_path
from nnplayground.ui.widgets.split_bar import split_words

_BETWEEN = 14
_AFTER_MARK = 5
_LONGEST = 0.6
"""Share of the width that a name may take."""


class PointClasses(QWidget):
    """Mark, name and number of each class, as many in a line as fit."""

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._counts: tuple[int, ...] = ()
        # Not fixed: that would hold on to the height for the width from before a resize.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setObjectName("dataset.point_classes")
        self.setAccessibleName("Classes of the points")

    def show_classes(self, names: Sequence[str], per_class: Mapping[str, Sequence[int]]) -> None:
        """per_class: by split, how many points each class has."""
        self._names = tuple(names)
        self._counts = tuple(sum(counts[place] for counts in per_class.values()) for place in range(len(names)))
        self.setAccessibleDescription(
            "; ".join(f"{name}: {count:,}" for name, count in zip(self._names, self._counts, strict=True))
        )
        self.setToolTip(
            "\n".join(
                f"{name}: {split_words({split: counts[place] for split, counts in per_class.items()})}"
                for place, name in enumerate(names)
            )
        )
        self.setStatusTip(self.accessibleDescription())
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return round(places[-1].bottom()) if places else 1

    def sizeHint(self) -> QSize:
        return QSize(180, self.heightForWidth(max(self.width(), 180)))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.heightForWidth(max(self.width(), 80)))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()

    def _shown(self, name: str, width: int) -> str:
        return self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, round(width * _LONGEST))

    def _places(self, width: int) -> list[QRectF]:
        metrics = self.fontMetrics()
        height = metrics.height() + 4.0
        places: list[QRectF] = []
        left = top = 0.0
        for name, count in zip(self._names, self._counts, strict=True):
            words = f"{self._shown(name, width)}: {count:,}"
            room = metrics.height() * 0.7 + _AFTER_MARK + metrics.horizontalAdvance(words) + 4
            if left and left + room > width:
                left, top = 0.0, top + height
            places.append(QRectF(left, top, room, height))
            left += room + _BETWEEN
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        side = metrics.height() * 0.7
        for label, place in enumerate(self._places(self.width())):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(CLASS_COLORS[label % len(CLASS_COLORS)]))
            painter.drawPath(
                mark_path(label, side / 2.3).translated(QPointF(place.left() + side / 2, place.center().y()))
            )
            name = f"{self._shown(self._names[label], self.width())}:"
            words = place.adjusted(side + _AFTER_MARK, 0, 4, 0)
            painter.setPen(QColor(theme.text))
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), name)
            painter.setPen(QColor(theme.muted))
            words.adjust(metrics.horizontalAdvance(f"{name} "), 0, 0, 0)
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), f"{self._counts[label]:,}")
