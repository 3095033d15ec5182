"""The line above the curves: what each line is, and the latest numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from nnplayground.ui.theme import colors

_SAMPLE = 18
_GAP = 14


LegendLine: TypeAlias = Literal["none", "training", "validation", "rival", "earlier"]


class LegendEntry(msgspec.Struct, frozen=True):
    """A name with its latest value; `line` is drawn before it where the plot shows it."""

    name: str
    value: str = ""
    line: LegendLine = "none"


class CurveLegend(QWidget):
    """As many entries as fit into its width, the first ones first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[LegendEntry, ...] = ()
        self.setObjectName("curves.legend")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """Everything it says, whether it fits or not."""
        return "   ".join(f"{entry.name} {entry.value}".strip() for entry in self._entries)

    def show_entries(self, entries: Sequence[LegendEntry]) -> None:
        """Show these names and values."""
        if tuple(entries) == self._entries:
            return
        self._entries = tuple(entries)
        self.setToolTip(self.text)
        self.setAccessibleName(f"Latest numbers: {self.text}" if entries else "Latest numbers: none yet")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self.font())
        baseline = (self.height() + metrics.ascent() - metrics.descent()) / 2
        x = 2.0
        for entry in self._entries:
            words = f"{entry.name} " if entry.value else entry.name
            name_width, value_width = metrics.horizontalAdvance(words), metrics.horizontalAdvance(entry.value)
            sample = _SAMPLE + 6 if entry.line != "none" else 0
            if x + sample + name_width + value_width > self.width():
                break
            if sample:
                shades = {
                    "training": theme.training,
                    "validation": theme.validation,
                    "rival": theme.rival,
                    "earlier": theme.pale_run,
                }
                pen = QPen(QColor(shades[entry.line]), 2)
                if entry.line in ("validation", "rival"):
                    pen.setDashPattern([3.0, 2.0])
                painter.setPen(pen)
                painter.drawLine(QPointF(x, self.height() / 2), QPointF(x + _SAMPLE, self.height() / 2))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QPointF(x + sample, baseline), words)
            painter.setPen(QColor(theme.text))
            painter.drawText(QPointF(x + sample + name_width, baseline), entry.value)
            x += sample + name_width + value_width + _GAP
        painter.end()
