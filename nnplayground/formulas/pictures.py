"""Tables of numbers and pictures in formulas."""

from __future__ import annotations

import msgspec

from nnplayground.formulas.nodes import Node, Number
from nnplayground.formulas.spelling import escaped
from nnplayground.samples import Array


class Area(msgspec.Struct, frozen=True):
    """Some cells of a grid. They may lie partly outside, where padding has added zeros."""

    top: int
    left: int
    height: int
    width: int


class Grid(Node, frozen=True, eq=False):
    """A table of numbers on coloured squares, or, where there are many, a picture of them.

    values: (height, width). title: what it is, in a word or two. limits: the values at the ends of the colours;
    marked: cells with a frame. pick: key for clicks on a cell; empty: it cannot be clicked. name: what a value is.
    """

    values: Array
    title: str
    limits: tuple[float, float]
    name: str = "value"
    marked: Area | None = None
    pick: str = ""

    @property
    def as_numbers(self) -> bool:
        """Whether its numbers are few enough to be read."""
        return self.values.size <= 36 and max(self.values.shape) <= 7

    def cell(self, row: int, column: int) -> Number:
        full = repr(float(self.values[row, column]))
        return Number(full, tip=f"{self.name}, row {row + 1}, column {column + 1}", digits=3)

    def plain(self) -> str:
        height, width = self.values.shape
        if not self.as_numbers:
            return f" [{self.title}: {height} × {width}] "
        rows = ("  ".join(self.cell(row, column).plain() for column in range(width)) for row in range(height))
        return f" [{'; '.join(rows)}] "

    def latex(self) -> str:
        height, width = self.values.shape
        if not self.as_numbers:
            return rf"\text{{ [{escaped(self.title)}: }} {height} \times {width} \text{{] }}"
        rows = (" & ".join(self.cell(row, column).latex() for column in range(width)) for row in range(height))
        return r"\begin{pmatrix} " + r" \\ ".join(rows) + r" \end{pmatrix}"

    @property
    def about(self) -> str:
        return self.title
