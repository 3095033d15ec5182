"""A whole text, its tokens coloured by how much each of them speaks for the prediction."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from nnplayground.samples import Array
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.colormaps import to_rgb
from nnplayground.ui.widgets.picture_view import LEAST_REACH
from nnplayground.ui.widgets.token_chips import shown_token

_GAP = 5.0
_INSIDE = 3.0
_MARGIN = 10.0
_THICKEST = 4.0
_PALER = 1.7


class _Place(msgspec.Struct, frozen=True):
    area: QRectF
    text: str


class TokenText(QAbstractScrollArea):
    """Words run on like a text; a space that is a token of its own is shown as ␣. A token that speaks for the
    prediction has a line below it, one that speaks against it a line above, as thick as it matters.
    """

    pointed_at = Signal(object)
    """The place of the token under the mouse, None where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens: tuple[str, ...] = ()
        self._text = ""
        self._influence: Array | None = None
        self._places: list[_Place] = []
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        self.viewport().setMouseTracking(True)
        # The arrow keys go through the samples.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(240, 160)

    def show_text(self, text: str, tokens: Sequence[str]) -> None:
        """tokens: as the model gets them, without padding."""
        self._text, self._tokens, self._influence = text, tuple(tokens), None
        self.setAccessibleDescription(text)
        self._lay_out()
        self.verticalScrollBar().setValue(0)
        self.viewport().update()

    def show_influence(self, influence: Array | None) -> None:
        """influence: (places,) float32, by how much leaving out a token lowers a probability; None: not known yet."""
        self._influence = influence
        self.viewport().update()

    @property
    def tokens(self) -> tuple[str, ...]:
        return self._tokens

    def _lay_out(self) -> None:
        metrics = QFontMetricsF(self.font())
        height = metrics.height() + 2 * _THICKEST + 4
        characters = bool(self._tokens) and all(len(token) <= 1 for token in self._tokens)
        gap = 1.0 if characters else _GAP
        width = self.viewport().width() - 2 * _MARGIN
        left = top = _MARGIN
        self._places = []
        for token in self._tokens:
            text = shown_token(token)
            wide = metrics.horizontalAdvance(text) + (2 if characters else 2 * _INSIDE)
            if left > _MARGIN and left + wide > _MARGIN + width:
                left, top = _MARGIN, top + height
            self._places.append(_Place(QRectF(left, top, wide, height - 4), text))
            left += wide + gap
            if token == "\n":
                left, top = _MARGIN, top + height
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(round(height))
        bar.setRange(0, max(0, round(top + height + _MARGIN) - self.viewport().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(0, -self.verticalScrollBar().value())
        influence = self._influence
        shades: Array | None = None
        reach = LEAST_REACH
        if influence is not None and len(influence):
            reach = max(LEAST_REACH, float(np.abs(influence).max()))
            # Not to the dark ends of the colours, on which the letters could not be read.
            shades = to_rgb(influence, "diverging", limits=(-_PALER * reach, _PALER * reach))
        for place, each in enumerate(self._places):
            strength = 0.0
            if shades is not None and influence is not None and place < len(influence):
                strength = float(influence[place]) / reach
                fill = QColor(*shades[place].tolist())
                fill.setAlphaF(0.55 * min(1.0, abs(strength) ** 0.7))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(fill)
                painter.drawRoundedRect(each.area, 3, 3)
            painter.setPen(QColor(theme.text))
            painter.drawText(each.area, Qt.AlignmentFlag.AlignCenter, each.text)
            if abs(strength) >= 0.08:
                self._paint_line(painter, each.area, strength)
        painter.end()

    def _paint_line(self, painter: QPainter, area: QRectF, strength: float) -> None:
        thickness = 1 + (_THICKEST - 1) * min(1.0, abs(strength))
        y = area.bottom() - thickness / 2 if strength > 0 else area.top() + thickness / 2
        (shade,) = to_rgb(np.array([0.7 if strength > 0 else -0.7]), "diverging", limits=(-1, 1)).tolist()
        painter.setPen(QPen(QColor(*shade), thickness))
        painter.drawLine(QPointF(area.left() + 1, y), QPointF(area.right() - 1, y))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position() + QPointF(0, self.verticalScrollBar().value())
        found = next((number for number, each in enumerate(self._places) if each.area.contains(place)), None)
        self.pointed_at.emit(found)

    def leaveEvent(self, event: object) -> None:
        self.pointed_at.emit(None)
