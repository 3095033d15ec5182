"""Formulas in lines: a row that is too long is broken ahead of a relation or of a term of a sum."""

from __future__ import annotations

from typing import NamedTuple

from nnplayground.formulas.nodes import Fenced, Fraction, Node, Number, Operator, Row, Words
from nnplayground.formulas.pictures import Grid
from nnplayground.ui.maths.boxes import Box
from nnplayground.ui.maths.typeset import Typesetter


class SetItem(NamedTuple):
    """One item of a row in its line. x: from the left; line: which one of the formula's."""

    x: float
    line: int
    box: Box


class SetLine(NamedTuple):
    ascent: float
    descent: float


class SetFormula(NamedTuple):
    """A formula in type. row: as it is written, which may differ in form. width: of its longest line."""

    row: Row
    items: tuple[SetItem, ...]
    lines: tuple[SetLine, ...]
    width: float


def set_formula(row: Row, typesetter: Typesetter, width: float) -> SetFormula:
    """Lines are at most `width` wide, unless a single part is wider."""
    boxes = [typesetter.set(item, path=(place,)) for place, item in enumerate(row.items)]
    gaps = [typesetter.gap(row.items[place - 1] if place else None, item) for place, item in enumerate(row.items)]
    indent = _indent(row, boxes, gaps, width)
    room = width - indent - typesetter.size
    flat = [_flat(item) if box.width > room else (item,) for item, box in zip(row.items, boxes, strict=True)]
    if sum(map(len, flat)) > len(boxes):
        return set_formula(Row(tuple(item for items in flat for item in items)), typesetter, width)
    items: list[SetItem] = []
    x, line, fresh, longest = 0.0, 0, True, 0.0
    widths = [box.width + gap for box, gap in zip(boxes, gaps, strict=True)]
    for chunk in _chunks(row, widths, room):
        needed = sum(widths[place] for place in chunk)
        if not fresh and x + needed > width:
            line, x, fresh = line + 1, indent, True
        for place in chunk:
            # An operator at the beginning of a line needs no gap ahead of it.
            x += 0 if fresh else gaps[place]
            items.append(SetItem(x, line, boxes[place]))
            x += boxes[place].width
            fresh = False
        longest = max(longest, x)
    lines = []
    for number in range(line + 1):
        inside = [item.box for item in items if item.line == number]
        ascent = max((box.ascent for box in inside), default=0.0)
        lines.append(SetLine(ascent, max((box.descent for box in inside), default=0.0)))
    return SetFormula(row, tuple(items), tuple(lines), longest)


def _chunks(row: Row, widths: list[float], room: float) -> list[list[int]]:
    """Places of items that stay together; what is wider than a line is broken between factors, too."""
    chunks: list[list[int]] = []
    for place, item in enumerate(row.items):
        after_comma = place > 0 and _is_comma(row.items[place - 1])
        if not chunks or _begins_line(item) or after_comma or isinstance(item, Words):
            chunks.append([])
        chunks[-1].append(place)
    result: list[list[int]] = []
    for chunk in chunks:
        result.append(chunk[:1])
        for place in chunk[1:]:
            factor = isinstance(row.items[place], Fenced | Fraction)
            if factor and sum(widths[each] for each in chunk) > room:
                result.append([])
            result[-1].append(place)
    return result


def _flat(item: Node) -> tuple[Node, ...]:
    """What is too long for a line, so that its sum can be broken: (… + …), or 1/10 · (… + …) of a fraction."""
    inside = item.top if isinstance(item, Fraction) else item.inside if isinstance(item, Fenced) else None
    if not isinstance(inside, Row) or not any(map(_begins_line, inside.items)):
        return (item,)
    if isinstance(item, Fenced):
        return (Operator(item.left, "sign"), *inside.items, Operator(item.right, "sign"))
    one = Fraction(Number("1.0"), item.bottom) if isinstance(item, Fraction) else item
    return (one, Operator("·", "product"), Operator("(", "sign"), *inside.items, Operator(")", "sign"))


def _begins_line(item: Node) -> bool:
    return isinstance(item, Operator) and item.kind in ("relation", "sum")


def _is_comma(item: Node) -> bool:
    return isinstance(item, Operator) and item.sign == ","


def _indent(row: Row, boxes: list[Box], gaps: list[float], width: float) -> float:
    """Further lines begin under the first relation, or a little further in where that is too far to the right."""
    x = 0.0
    for place, item in enumerate(row.items):
        if isinstance(item, Operator) and item.kind == "relation":
            x += gaps[place]
            break
        x += gaps[place] + boxes[place].width
    has_pictures = any(isinstance(item, Grid) for item in row.items)
    return x if x < width * 0.3 and not has_pictures else min(width * 0.05, 24.0)
