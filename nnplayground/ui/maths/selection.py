"""What is selected between two places of a list of formulas, as trees: what is copied is what is highlighted."""

from __future__ import annotations

from typing import NamedTuple

from nnplayground.formulas.nodes import Node, Row

Path = tuple[int, ...]


class Mark(NamedTuple):
    """A place: which formula, and which of its nodes."""

    formula: int
    path: Path


class Span(NamedTuple):
    """Some neighbours in a row of a formula, or one node. first, last: of the children of `parent`; None: all of it."""

    formula: int
    parent: Path
    first: int | None = None
    last: int | None = None

    def covers(self, path: Path) -> bool:
        """Whether a node belongs to it."""
        depth = len(self.parent)
        if path[:depth] != self.parent:
            return False
        if self.first is None or self.last is None:
            return True
        return len(path) > depth and self.first <= path[depth] <= self.last


def node_at(root: Node, path: Path) -> Node:
    for place in path:
        root = root.children[place]
    return root


def spans(formulas: list[Row], start: Mark, end: Mark) -> list[Span]:
    """What lies between two places, both included. Within a formula: the smallest part that holds both."""
    if start.formula > end.formula or (start.formula == end.formula and start.path > end.path):
        start, end = end, start
    if start.formula == end.formula:
        return [_between(formulas[start.formula], start, end)]
    first = Span(start.formula, (), start.path[0], len(formulas[start.formula].items) - 1)
    whole = [Span(number, ()) for number in range(start.formula + 1, end.formula)]
    return [first, *whole, Span(end.formula, (), 0, end.path[0])]


def _between(root: Row, start: Mark, end: Mark) -> Span:
    shared = 0
    while shared < min(len(start.path), len(end.path)) and start.path[shared] == end.path[shared]:
        shared += 1
    parent = start.path[:shared]
    if isinstance(node_at(root, parent), Row) and shared < min(len(start.path), len(end.path)):
        return Span(start.formula, parent, start.path[shared], end.path[shared])
    return Span(start.formula, parent)


def selected(formulas: list[Row], chosen: list[Span]) -> list[Node]:
    """The selected parts, one for each formula."""
    return [_part(formulas[span.formula], span) for span in chosen]


def _part(root: Row, span: Span) -> Node:
    node = node_at(root, span.parent)
    if span.first is None or span.last is None or not isinstance(node, Row):
        return node
    return Row(node.items[span.first : span.last + 1])
