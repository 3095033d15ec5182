"""Pictures of samples that have no picture file: a text, a pair of texts, a window of a series."""

from __future__ import annotations

from typing import Protocol

import msgspec
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTextLayout, QTextOption

from nnplayground.samples import Array
from nnplayground.ui.theme import Colors

_INSIDE = 5.0
_RADIUS = 4.0
_LONGEST = 1500
"""Characters of a text that may be seen in a small picture."""


class Drawing(Protocol):
    """A small picture of a sample."""

    def draw(self, painter: QPainter, area: QRectF, theme: Colors) -> None:
        """Paint it into an area, in the font of the painter."""
        ...


class TextPicture(msgspec.Struct, frozen=True):
    """How a text begins, as much of it as there is room for."""

    text: str

    def draw(self, painter: QPainter, area: QRectF, theme: Colors) -> None:
        _draw_card(painter, area, theme)
        inside = area.adjusted(_INSIDE, 3, -_INSIDE, -3)
        painter.save()
        painter.setPen(QColor(theme.text))
        draw_wrapped(painter, inside, " ".join(self.text[:_LONGEST].split()))
        painter.restore()


class PairPicture(msgspec.Struct, frozen=True):
    """A source, what is to be written from it, and what the model wrote; where they part is marked.

    target, output: token by token. output: None while the model has written nothing. glue: what stands between tokens.
    """

    source: str
    target: tuple[str, ...]
    output: tuple[str, ...] | None
    glue: str = ""

    @property
    def parts_at(self) -> int | None:
        """The first place at which output and target differ, from 0; None where they do not."""
        return first_difference(self.target, self.output) if self.output is not None else None

    def draw(self, painter: QPainter, area: QRectF, theme: Colors) -> None:
        _draw_card(painter, area, theme)
        inside = area.adjusted(_INSIDE, 3, -_INSIDE, -3)
        metrics = painter.fontMetrics()
        height = min(metrics.height() + 1.0, inside.height() / 3)
        at = self.parts_at
        painter.save()
        lines: list[tuple[str, str, str, str]] = [("", self.source, "", theme.text)]
        lines.append(("= ", *split_at(self.target, at, self.glue), theme.muted))
        if self.output is not None:
            mark = "✗ " if at is not None else "✓ "
            same, other = split_at(self.output, at, self.glue) if self.output else ("(nothing)", "")
            lines.append((mark, same, other, theme.good if at is None else theme.text))
        top = inside.top() + max(0.0, (inside.height() - 3 * height) / 2)
        for number, (lead, same, other, color) in enumerate(lines):
            line = QRectF(inside.left(), top + number * height, inside.width(), height)
            _draw_parts(painter, line, (lead, same, other), color, theme.error if number == 2 else theme.text)
        painter.restore()


class WindowPicture(msgspec.Struct, frozen=True, eq=False):
    """A window of a series, the number that follows (a ring), and the one that was predicted (a cross).

    values: (rows,), in the unit of the file; horizon: how many rows behind the last one the number stands.
    """

    values: Array
    horizon: int
    truth: float
    predicted: float | None = None

    def draw(self, painter: QPainter, area: QRectF, theme: Colors) -> None:
        _draw_card(painter, area, theme)
        inside = area.adjusted(_INSIDE + 1, _INSIDE + 1, -_INSIDE - 3, -_INSIDE - 1)
        told = [self.truth] if self.predicted is None else [self.truth, self.predicted]
        shown = np.concatenate([self.values, told])
        shown = shown[np.isfinite(shown)]
        low, high = (float(shown.min()), float(shown.max())) if shown.size else (0.0, 1.0)
        reach = (high - low) or 1.0
        count = len(self.values) - 1 + self.horizon

        def place(row: float, value: float) -> QPointF:
            return QPointF(
                inside.left() + inside.width() * row / max(1, count),
                inside.bottom() - inside.height() * (value - low) / reach,
            )

        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.muted), 1.3))
        painter.drawPolyline(QPolygonF([place(row, float(value)) for row, value in enumerate(self.values)]))
        size = min(max(area.height() / 22, 3.0), 7.0)
        truth = place(count, self.truth)
        last = place(len(self.values) - 1, float(self.values[-1]))
        painter.setPen(QPen(QColor(theme.training), 1, Qt.PenStyle.DotLine))
        painter.drawLine(last, truth)
        painter.setPen(QPen(QColor(theme.training), 1.8))
        painter.drawEllipse(truth, size, size)
        if self.predicted is not None and np.isfinite(self.predicted):
            said = place(count, self.predicted)
            painter.setPen(QPen(QColor(theme.validation), 2))
            painter.drawLine(said + QPointF(-size, -size), said + QPointF(size, size))
            painter.drawLine(said + QPointF(-size, size), said + QPointF(size, -size))
        painter.restore()


def first_difference(first: tuple[str, ...], second: tuple[str, ...]) -> int | None:
    """The first place at which two sequences differ, or one of them ends; None where they are the same."""
    if first == second:
        return None
    return next(
        (place for place, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]),
        min(len(first), len(second)),
    )


def split_at(tokens: tuple[str, ...], at: int | None, glue: str) -> tuple[str, str]:
    """(what comes before a place, what comes from there on); None: all before."""
    if at is None:
        return glue.join(tokens), ""
    before, after = glue.join(tokens[:at]), glue.join(tokens[at:])
    return (before + glue if before and after else before), after


def draw_wrapped(painter: QPainter, area: QRectF, text: str) -> None:
    """Text in as many lines as there is room for, from the top; the last one ends in "…" where more would follow."""
    height = painter.fontMetrics().height()
    room = max(1, int(area.height() // height))
    layout = QTextLayout(text, painter.font())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    top = area.top()
    for number in range(room):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(area.width())
        start = line.textStart()
        shown = text[start : start + line.textLength()]
        if number == room - 1:
            shown = painter.fontMetrics().elidedText(text[start:], Qt.TextElideMode.ElideRight, int(area.width()))
        painter.drawText(QPointF(area.left(), top + painter.fontMetrics().ascent()), shown)
        top += height
    layout.endLayout()


def _draw_card(painter: QPainter, area: QRectF, theme: Colors) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.separator), 1))
    painter.setBrush(QColor(theme.raised))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
    painter.restore()


def _draw_parts(painter: QPainter, line: QRectF, parts: tuple[str, str, str], color: str, marked: str) -> None:
    """A lead, what is the same, and what is not: that is bold, underlined, and in another colour."""
    lead, same, other = parts
    plain = painter.font()
    metrics = painter.fontMetrics()
    left = line.left()
    for text, different in ((lead, False), (same, False), (other, True)):
        room = line.right() - left
        if not text or room <= 0:
            continue
        font = painter.font()
        font.setBold(different)
        font.setUnderline(different)
        painter.setFont(font)
        painter.setPen(QColor(marked if different else color))
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(text.replace("\n", "↵"), Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(left, line.top(), room, line.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        left += metrics.horizontalAdvance(shown)
    painter.setFont(plain)
