"""The strip below the canvas: how large the model is and how long an epoch takes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QEvent, QSize, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from nnplayground.ui.canvas.figures import Figures, bytes_text, seconds_text
from nnplayground.ui.theme import colors

_MEMORY = (
    "Memory per batch is an estimate: the outputs of all layers for every sample of a batch, twice, because training "
    "keeps them and computes a gradient for each; plus the batch itself. All values take 4 bytes (float32)."
)


_REST_MILLISECONDS = 250


class _Figure(NamedTuple):
    number: str
    words: str
    short: str


class FiguresStrip(QLabel):
    """Writes as much as fits: in a narrow window with fewer words, then without the last figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("figures")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setContentsMargins(14, 5, 10, 5)
        self._figures = Figures(0, 0, None)
        self._seconds: float | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(self._write)

    def show_figures(self, figures: Figures) -> None:
        self._figures = figures
        self._write()

    def show_seconds_per_epoch(self, seconds: float | None) -> None:
        """As measured; None while nothing has been measured."""
        before, self._seconds = self._seconds, seconds
        if before is None or seconds is None:
            self._write()
        elif seconds_text(before) != seconds_text(seconds) and not self._rest.isActive():
            # Of a small network there are thirty measurements a second, which nobody reads one by one.
            self._rest.start()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(QColor(colors(self).separator)))
        painter.drawLine(0, 0, self.width(), 0)
        painter.end()
        super().paintEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._write()

    def _entries(self) -> list[_Figure]:
        known = self._figures
        entries = [
            _Figure(f"{known.parameters:,}", "parameter" if known.parameters == 1 else "parameters", "parameters"),
            _Figure(bytes_text(known.weights), "weights", "weights"),
        ]
        if known.memory_per_batch is not None:
            entries.append(_Figure(bytes_text(known.memory_per_batch), "memory per batch", "memory"))
        if self._seconds is not None:
            entries.append(_Figure(seconds_text(self._seconds), "per epoch", "per epoch"))
        return entries

    def _write(self) -> None:
        entries = self._entries()
        spoken = ", ".join(f"{entry.number} {entry.words}" for entry in entries)
        self.setAccessibleName(spoken)
        self.setToolTip(f"{spoken}.\n{_MEMORY}")
        self.setStatusTip(spoken)
        room = self.width() - 26
        shortened = [_Figure(entry.number, entry.short, entry.short) for entry in entries]
        for candidate in (entries, shortened, *(shortened[:count] for count in range(len(entries) - 1, 0, -1))):
            if self._needed(candidate) <= room or len(candidate) == 1:
                self.setText(self._rich(candidate))
                return

    def _needed(self, entries: Sequence[_Figure]) -> float:
        bold = QFont(self.font())
        bold.setBold(True)
        plain = QFontMetricsF(self.font())
        words = plain.horizontalAdvance("    ".join(f" {entry.words}" for entry in entries))
        return words + sum(QFontMetricsF(bold).horizontalAdvance(entry.number) for entry in entries)

    def _rich(self, entries: Sequence[_Figure]) -> str:
        muted = colors(self).muted
        return "&nbsp;&nbsp;&nbsp; ".join(
            f'<b>{escape(entry.number)}</b> <span style="color:{muted}">{escape(entry.words)}</span>'
            for entry in entries
        )
