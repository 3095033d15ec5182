"""How the samples are split: one bar in shares."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import Colors, colors

SPLITS = ("training", "validation", "test")
_HEIGHT = 8
_GAP = 2.0


def split_colors(theme: Colors) -> dict[str, str]:
    """The colour of each split."""
    return {"training": theme.training, "validation": theme.validation, "test": theme.good}


def split_words(splits: Mapping[str, int]) -> str:
    """542 training · 199 validation."""
    return " · ".join(f"{splits[name]:,} {name}" for name in SPLITS if splits.get(name))


class SplitBar(QWidget):
    """The shares of training, validation and test, side by side in that order."""

    def __init__(self) -> None:
        super().__init__()
        self._splits: Mapping[str, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("dataset.split_bar")

    def show_splits(self, splits: Mapping[str, int]) -> None:
        """splits: number of samples by split."""
        self._splits = splits
        words = split_words(splits)
        self.setToolTip(words)
        self.setStatusTip(words)
        self.setAccessibleName(f"Split of the data: {words}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(100, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_shares(painter, QRectF(self.rect()), self._splits, split_colors(colors(self)))


def paint_shares(painter: QPainter, bar: QRectF, numbers: Mapping[str, int], fills: Mapping[str, str]) -> None:
    """Paint numbers as shares of a bar with round ends, in the order of `fills`."""
    total = sum(numbers.values())
    if not total:
        return
    outline = QPainterPath()
    outline.addRoundedRect(bar, bar.height() / 2, bar.height() / 2)
    painter.save()
    painter.setClipPath(outline)
    left = bar.left()
    for name, fill in fills.items():
        width = bar.width() * numbers.get(name, 0) / total
        if width > 0:
            gap = _GAP if left > bar.left() else 0.0
            painter.fillRect(QRectF(left + gap, bar.top(), width - gap, bar.height()), QColor(fill))
        left += width
    painter.restore()
