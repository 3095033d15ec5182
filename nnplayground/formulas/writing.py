"""Short ways to write formulas: rows with operators as plain text, numbers of arrays, long sums cut short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import SupportsFloat

import numpy as np

from nnplayground.formulas.nodes import (
    Applied,
    Big,
    Fenced,
    Fraction,
    Hat,
    Link,
    More,
    Node,
    Number,
    Operator,
    OperatorKind,
    Row,
    Script,
    Symbol,
)
from nnplayground.formulas.numbers import full_text

SHOWN = 6
"""So many terms of a long sum are written down at first."""
MOST_SHOWN = 600
"""Never more than so many: more would neither be read nor be quick to set."""

_KINDS: dict[str, OperatorKind] = {
    "=": "relation",
    "≈": "relation",
    "←": "relation",
    "→": "relation",
    "+": "sum",
    "−": "sum",
    "·": "product",
    "⊙": "relation",
    ">": "relation",
    "<": "relation",
    ",": "comma",
}

Part = Node | str | SupportsFloat


def row(*parts: Part) -> Row:
    """A row of nodes, of operators as text, and of plain numbers. Rows inside become part of it."""
    items: list[Node] = []
    for part in parts:
        node = _node(part)
        items.extend(node.items if isinstance(node, Row) else (node,))
    return Row(tuple(items))


def _node(part: Part) -> Node:
    if isinstance(part, Node):
        return part
    if isinstance(part, str):
        return Operator(part, _KINDS[part])
    return num(part)


def num(value: SupportsFloat, tip: str = "") -> Number:
    return Number(full_text(value), tip)


def result(value: SupportsFloat, tip: str = "") -> Number:
    """A number that a step arrives at."""
    return Number(full_text(value), tip, bold=True)


def factor(value: SupportsFloat, tip: str = "") -> Node:
    """A number behind an operator: in parentheses where it has a sign."""
    number = num(value, tip)
    return Fenced(number) if number.full.startswith("-") else number


def setting(value: float, tip: str = "") -> Number:
    """A number that somebody has set. An engine that computes in float32 holds 0.1 as the float32 nearest to it."""
    nearest = np.float32(value)
    return num(nearest if float(nearest) == value else value, tip)


def squared(node: Node) -> Script:
    power = isinstance(node, Number) and node.written.exponent is not None
    return Script(Fenced(node) if power else node, sup=Symbol("2", upright=True))


def function(name: str, *inside: Part) -> Applied:
    """max(…, …)."""
    return Applied(name, Fenced(row(*inside)))


def of(name: str, inside: Node) -> Applied:
    """log y: without parentheses, except around what they hold together."""
    single = isinstance(inside, Symbol | Script | Hat) or (
        isinstance(inside, Number) and not inside.full.startswith("-")
    )
    return Applied(name, inside if single else Fenced(inside))


def indexed(name: str, *indices: int | str | Node, tip: str = "") -> Script:
    """w₁, or w with several indices."""
    parts: list[Node] = []
    for index in indices:
        if parts:
            parts.append(Operator(",", "sign"))
        parts.append(index if isinstance(index, Node) else Symbol(str(index), upright=isinstance(index, int)))
    return Script(Symbol(name, tip), sub=Row(tuple(parts)))


def derivative(by: Node, *, tip: str = "") -> Fraction:
    """∂L / ∂by."""
    loss = Symbol("L", "the loss of the whole minibatch")
    return Fraction(row(Symbol("∂", tip), loss), row(Symbol("∂", tip), by))


def total(index: str = "", tip: str = "") -> Big:
    """Σ over an index."""
    return Big("∑", Symbol(index) if index else None, tip)


def hat(name: str, tip: str = "") -> Hat:
    return Hat(Symbol(name, tip))


Term = Callable[[int], tuple[SupportsFloat, Sequence[Node]]]
"""Number of a term → its first factor, and what follows it."""


def terms(count: int, term: Term, *, key: str, shown: int = SHOWN, tip: Callable[[int], str] | None = None) -> Row:
    """A sum written out, cut short ahead of its last term where it has more than `shown` terms.

    The sign of a term is that of its first factor. key: what to show more of on a click; tip: of the first factors.
    """
    first = count if count <= shown + 1 else shown - 1
    items: list[Node] = []
    for place in (*range(first), *((count - 1,) if first < count else ())):
        if place == count - 1 and first < count:
            items += [Operator("+", "sum"), left_out(count - first - 1, key, shown)]
        value, rest = term(place)
        full = full_text(value)
        negative = full.startswith("-")
        if items:
            items.append(Operator("−" if negative else "+", "sum"))
        items.append(Number(full, tip(place) if tip is not None else "", unsigned=bool(items)))
        items.extend(rest)
    return Row(tuple(items))


def left_out(count: int, key: str, shown: int) -> More:
    return More(count, key if shown < MOST_SHOWN else "")


def next_shown(shown: int) -> int:
    """How many terms to write down after a click on "more"."""
    return min(shown * 10, MOST_SHOWN)


def listed(count: int, item: Callable[[int], Node], *, key: str, shown: int = SHOWN) -> Row:
    """Things side by side with commas, cut short where there are more than `shown`."""
    first = count if count <= shown + 1 else shown
    items: list[Node] = []
    for place in range(first):
        if items:
            items.append(Operator(",", "comma"))
        node = item(place)
        items.extend(node.items if isinstance(node, Row) else (node,))
    if first < count:
        items += [Operator(",", "comma"), left_out(count - first, key, shown)]
    return Row(tuple(items))


def link(inside: Node, key: str, tip: str) -> Link:
    return Link(inside, key, tip)
