"""Boxes, as in typesetting: each has a width, reaches above and below its baseline, and holds ink or other boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from nnplayground.formulas.nodes import Node
from nnplayground.ui.theme import Colors


class Look(NamedTuple):
    """How to paint. theme: the colours in force; pointed: the node under the mouse that can be clicked."""

    theme: Colors
    pointed: Node | None = None


class Ink(Protocol):
    """What a box without parts draws."""

    def paint(self, painter: QPainter, box: Box, place: QPointF, look: Look) -> None:
        """place: the left end of the box's baseline."""
        ...


class Placed(NamedTuple):
    """A box within another, its baseline `shift` below (positive) or above that one's."""

    x: float
    shift: float
    box: Box


@dataclass(slots=True, frozen=True)
class Box:
    """path: which node of the formula it shows, as indices of children from the outermost one; None: part of one."""

    width: float
    ascent: float
    descent: float
    node: Node | None = None
    path: tuple[int, ...] | None = None
    parts: tuple[Placed, ...] = ()
    ink: Ink | None = None

    @property
    def height(self) -> float:
        return self.ascent + self.descent

    def rect(self, place: QPointF) -> QRectF:
        """What it covers, its baseline beginning at `place`."""
        return QRectF(place.x(), place.y() - self.ascent, self.width, self.height)

    def paint(self, painter: QPainter, place: QPointF, look: Look) -> None:
        if self.ink is not None:
            self.ink.paint(painter, self, place, look)
        for x, shift, box in self.parts:
            box.paint(painter, QPointF(place.x() + x, place.y() + shift), look)

    def walk(self, place: QPointF) -> Iterator[tuple[Box, QPointF]]:
        """This box and all within it that show a node, the outer before the inner, with their places."""
        if self.node is not None:
            yield self, place
        for x, shift, box in self.parts:
            yield from box.walk(QPointF(place.x() + x, place.y() + shift))


def side_by_side(boxes: list[tuple[float, Box]], *, node: Node | None, path: tuple[int, ...] | None) -> Box:
    """boxes: each with the gap ahead of it."""
    x, parts = 0.0, []
    for gap, box in boxes:
        x += gap
        parts.append(Placed(x, 0.0, box))
        x += box.width
    ascent = max((box.ascent for _, box in boxes), default=0.0)
    descent = max((box.descent for _, box in boxes), default=0.0)
    return Box(x, ascent, descent, node, path, tuple(parts))
