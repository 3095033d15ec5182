"""A text as the model gets it: each token a chip with its number; what is unknown and what is cut off is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from nnplayground.ui.theme import Colors, colors
from nnplayground.ui.widgets.bars import small_font

if TYPE_CHECKING:
    from nnplayground.data.previews import TokenPreview

_GAP = 3.0
_INSIDE = 4.0
_VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "↵"}


def shown_token(text: str) -> str:
    """A token as something that can be seen."""
    return _VISIBLE.get(text, text) or "·"


class _Chip(msgspec.Struct, frozen=True):
    """kind: "known", "unknown", "mark", "cut" or "words"."""

    area: QRectF
    text: str
    number: str
    kind: str
    tip: str


class TokenChips(QWidget):
    """Chips in lines, from left to right. Where there is no room for all lines, the last one ends in "…"."""

    def __init__(self, *, most_lines: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most_lines = most_lines
        self._preview: TokenPreview | None = None
        self._chips: list[_Chip] = []
        self._height = 0.0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Tokens of a text")

    def show_preview(self, preview: TokenPreview | None) -> None:
        """Another text."""
        self._preview = preview
        if preview is not None:
            tokens = " ".join(f"{shown_token(each.text)} {each.number}" for each in preview.tokens[:100])
            cut = f"; {preview.cut_count:,} are cut off" if preview.cut_count else ""
            self.setAccessibleDescription(f"{tokens}{cut}")
        self._place()
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(1, round(self._placed(width)[1]))

    def sizeHint(self) -> QSize:
        return QSize(180, self.heightForWidth(max(self.width(), 120)))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.heightForWidth(max(self.width(), 80)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._place()
            self.updateGeometry()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.help_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def help_at(self, place: QPointF) -> str:
        """What the tooltip says about a token."""
        return next((chip.tip for chip in self._chips if chip.area.contains(place)), "")

    def _place(self) -> None:
        self._chips, self._height = self._placed(self.width())

    def _placed(self, width: int) -> tuple[list[_Chip], float]:
        """(the chips at a width, how high they are together)."""
        preview = self._preview
        if preview is None:
            return [], 0.0
        font = QFontMetricsF(self.font())
        numbers = QFontMetricsF(small_font(self.font()))
        height = font.height() + numbers.height() + 2
        chips: list[_Chip] = []
        left = top = 0.0
        lines = 1
        for text, number, kind, tip in _entries(preview):
            wide = max(font.horizontalAdvance(text), numbers.horizontalAdvance(number)) + 2 * _INSIDE
            wide = min(wide, width)
            if left and left + wide > width:
                if lines == self._most_lines:
                    chips[-1] = msgspec.structs.replace(chips[-1], text="…", number="", kind="words", tip=chips[-1].tip)
                    break
                left, top, lines = 0.0, top + height + _GAP, lines + 1
            chips.append(_Chip(QRectF(left, top, wide, height), text, number, kind, tip))
            left += wide + _GAP
        return chips, top + height

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = small_font(self.font())
        for chip in self._chips:
            if chip.area.top() > event.rect().bottom():
                break
            if chip.area.bottom() >= event.rect().top():
                _paint(painter, chip, theme, self.font(), small)
        painter.end()


def _entries(preview: TokenPreview) -> list[tuple[str, str, str, str]]:
    """(text, number, kind, tooltip) of each chip."""
    entries = []
    for place, token in enumerate(preview.tokens, 1):
        text = shown_token(token.text)
        if not token.known:
            tip = f"Token {place}: “{text}” is not in the vocabulary, so the model gets the number 1 for it."
            entries.append((text, "1 ?", "unknown", tip))
        elif token.text.startswith("[") and token.text.endswith("]") and len(token.text) > 2:
            entries.append((text, str(token.number), "mark", f"Token {place}: the mark {text}, number {token.number}"))
        else:
            entries.append((text, str(token.number), "known", f"Token {place}: “{text}”, number {token.number:,}"))
    if preview.padding:
        tip = f"{preview.padding:,} places are filled up with padding, number 0."
        entries.append((f"+ {preview.padding:,} ×", "0", "mark", tip))
    if preview.cut_count:
        tip = f"{preview.cut_count:,} more tokens are cut off; a larger length would keep them."
        entries.append((f"✂ {preview.cut_count:,} cut off", "", "words", tip))
        entries += [(shown_token(text), "–", "cut", f"“{text}” is cut off.") for text in preview.cut]
    return entries


def _paint(painter: QPainter, chip: _Chip, theme: Colors, font: QFont, small: QFont) -> None:
    box = chip.area.adjusted(0.5, 0.5, -0.5, -0.5)
    color = theme.text
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if chip.kind == "known":
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.raised))
    elif chip.kind == "unknown":
        painter.setPen(QPen(QColor(theme.warning), 1.4, Qt.PenStyle.DashLine))
        color = theme.warning
    elif chip.kind == "mark":
        painter.setPen(QPen(QColor(theme.border), 1, Qt.PenStyle.DotLine))
        color = theme.muted
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        color = theme.muted
    painter.drawRoundedRect(box, 4, 4)
    words = QFont(font)
    words.setStrikeOut(chip.kind == "cut")
    painter.setFont(words)
    painter.setPen(QColor(color))
    metrics = painter.fontMetrics()
    upper = QRectF(box.left() + 1, box.top() + 1, box.width() - 2, metrics.height())
    text = metrics.elidedText(chip.text, Qt.TextElideMode.ElideRight, int(upper.width()) + 1)
    painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, text)
    painter.setFont(small)
    painter.setPen(QColor(theme.warning if chip.kind == "unknown" else theme.muted))
    painter.drawText(
        QRectF(box.left(), upper.bottom() - 1, box.width(), box.bottom() - upper.bottom()),
        Qt.AlignmentFlag.AlignCenter,
        chip.number,
    )
