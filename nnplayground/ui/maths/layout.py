"""Where everything in the view of formulas is: steps below each other, each with its name and its formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from nnplayground.formulas.nodes import Row
from nnplayground.formulas.steps import Phase, Step
from nnplayground.ui.maths.boxes import Box
from nnplayground.ui.maths.lines import SetFormula, set_formula
from nnplayground.ui.maths.selection import Mark, Span
from nnplayground.ui.maths.typeset import Typesetter

MARGIN = 8.0
_LINE_GAP, _FORMULA_GAP, _STEP_MARGIN = 5.0, 7.0, 6.0


class PlacedFormula(NamedTuple):
    """A formula at its place. baselines: of its lines."""

    number: int
    left: float
    top: float
    baselines: tuple[float, ...]
    bottom: float
    set: SetFormula

    @property
    def row(self) -> Row:
        return self.set.row

    def items(self) -> Iterator[tuple[Box, QPointF, int]]:
        """Every item with the left end of its baseline, and its line."""
        for x, line, box in self.set.items:
            yield box, QPointF(self.left + x, self.baselines[line]), line

    def line_at(self, y: float) -> int:
        """The line at a height, or the nearest."""
        for line, baseline in enumerate(self.baselines):
            if y <= baseline + self.set.lines[line].descent + _LINE_GAP / 2:
                return line
        return len(self.baselines) - 1

    def line_rect(self, line: int) -> QRectF:
        """The height of a line; its width is that of the formula."""
        reach = self.set.lines[line]
        return QRectF(self.left, self.baselines[line] - reach.ascent, self.set.width, reach.ascent + reach.descent)


class PlacedStep(NamedTuple):
    phase: Phase
    top: float
    bottom: float
    title_baseline: float
    formulas: tuple[PlacedFormula, ...]


class Found(NamedTuple):
    """What is at a place. boxes: from the outermost to the innermost, each with the left end of its baseline."""

    mark: Mark
    boxes: tuple[tuple[Box, QPointF], ...]


class Layout(NamedTuple):
    steps: tuple[PlacedStep, ...]
    column: float
    width: float
    height: float

    @property
    def formulas(self) -> list[PlacedFormula]:
        return [formula for step in self.steps for formula in step.formulas]

    def step(self, phase: str) -> PlacedStep | None:
        return next((step for step in self.steps if step.phase == phase), None)

    def find(self, place: QPointF, *, near: bool = False) -> Found | None:
        """What is at a place; near: or, where nothing is, what is nearest to it."""
        formulas = self.formulas
        if not formulas:
            return None
        formula = next((each for each in formulas if place.y() <= each.bottom + _FORMULA_GAP / 2), formulas[-1])
        line = formula.line_at(place.y())
        inside = [(box, at) for box, at, number in formula.items() if number == line]
        item = min(inside, key=lambda pair: _distance(place, *pair))
        if not near and not item[0].rect(item[1]).contains(place):
            return None
        chain = [item]
        chain += [
            pair for pair in item[0].walk(item[1]) if pair[0] is not item[0] and pair[0].rect(pair[1]).contains(place)
        ]
        path = chain[-1][0].path
        return Found(Mark(formula.number, path if path is not None else ()), tuple(chain))

    def rects(self, chosen: Sequence[Span]) -> Iterator[QRectF]:
        """What to highlight: for each line of what is selected, one rectangle."""
        formulas = self.formulas
        for span in chosen:
            if span.formula >= len(formulas):
                continue
            formula = formulas[span.formula]
            by_line: dict[int, QRectF] = {}
            for item, at, line in formula.items():
                for box, place in item.walk(at):
                    if box.path is not None and span.covers(box.path):
                        by_line[line] = by_line.get(line, QRectF()).united(box.rect(place))
            yield from by_line.values()


def _distance(place: QPointF, box: Box, at: QPointF) -> float:
    rect = box.rect(at)
    return max(rect.left() - place.x(), place.x() - rect.right(), 0.0)


def lay_out(steps: Sequence[Step], typesetter: Typesetter, *, width: float, column: float) -> Layout:
    """width: of the view; column: of the names of the steps."""
    placed: list[PlacedStep] = []
    y, widest, number = 2.0, width, 0
    left = MARGIN + column
    for step in steps:
        top = y
        y += _STEP_MARGIN
        formulas: list[PlacedFormula] = []
        for line in step.lines:
            if formulas:
                y += _FORMULA_GAP
            formula = set_formula(line, typesetter, max(width - left - MARGIN, 60.0))
            begin, baselines = y, []
            for place, reach in enumerate(formula.lines):
                y += _LINE_GAP if place else 0.0
                # Whole pixels keep the letters of all lines alike.
                baselines.append(float(round(y + reach.ascent)))
                y = baselines[-1] + reach.descent
            y = max(y, begin + typesetter.line_height * 0.8)
            formulas.append(PlacedFormula(number, left, begin, tuple(baselines), y, formula))
            widest = max(widest, left + formula.width + MARGIN)
            number += 1
        title = formulas[0].baselines[0] if formulas else y + typesetter.line_height
        y += _STEP_MARGIN
        placed.append(PlacedStep(step.phase, top, y, title, tuple(formulas)))
    return Layout(tuple(placed), column, widest, y + 2.0)
