"""Formulas as trees, which can be set in type, read as plain text, and written as LaTeX.

Leaves are symbols, numbers, words and operators; a tree says what belongs together (a fraction, a root), not where it
stands. Every leaf may have a tip: what it means, in a sentence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Literal

import msgspec

from nnplayground.formulas.numbers import Written, written
from nnplayground.formulas.spelling import LATEX_NAMES, SUBSCRIPTS, SUPERSCRIPTS, escaped, small

OperatorKind = Literal["relation", "sum", "product", "comma", "sign"]
"""Lines break ahead of a relation or of a term of a sum. A sign stands close to what it belongs to."""


class Node(msgspec.Struct, frozen=True, eq=False):
    """One part of a formula."""

    @property
    def children(self) -> tuple[Node, ...]:
        return ()

    def plain(self) -> str:
        """As one line of text."""
        raise NotImplementedError

    def latex(self) -> str:
        """As LaTeX for math mode."""
        raise NotImplementedError

    @property
    def about(self) -> str:
        """What it means, in a sentence; empty where it speaks for itself."""
        return ""


class Symbol(Node, frozen=True, eq=False):
    """A letter or the name of a function. upright: names of more than one letter."""

    name: str
    tip: str = ""
    upright: bool = False

    def plain(self) -> str:
        return self.name

    def latex(self) -> str:
        known = LATEX_NAMES.get(self.name)
        if known is not None:
            return known
        return rf"\mathrm{{{self.name}}}" if self.upright and not self.name.isdigit() else self.name

    @property
    def about(self) -> str:
        return self.tip


class Number(Node, frozen=True, eq=False):
    """A number. full: all its digits; unsigned: its sign is written by the operator ahead; digits: how many to show."""

    full: str
    tip: str = ""
    bold: bool = False
    unsigned: bool = False
    digits: int = 4

    @property
    def value(self) -> float:
        return float(self.full)

    @property
    def written(self) -> Written:
        shown = written(self.full, digits=self.digits)
        return shown._replace(mantissa=shown.mantissa.lstrip("−")) if self.unsigned else shown

    def plain(self) -> str:
        return self.written.plain

    def latex(self) -> str:
        text = self.written.latex
        return rf"\mathbf{{{text}}}" if self.bold else text

    @property
    def about(self) -> str:
        exact = self.full.replace("-", "−")
        return f"{self.tip}\n{exact}" if self.tip else exact


class Operator(Node, frozen=True, eq=False):
    sign: str
    kind: OperatorKind
    tip: str = ""

    def plain(self) -> str:
        match self.kind:
            case "relation" | "sum":
                return f" {self.sign} "
            case "comma":
                return f"{self.sign} "
            case _:
                return self.sign

    def latex(self) -> str:
        if self.kind == "comma":
            return rf"{self.sign}\ "
        if self.kind == "sign":
            return LATEX_NAMES.get(self.sign, self.sign)
        return f" {LATEX_NAMES.get(self.sign, self.sign)} "

    @property
    def about(self) -> str:
        return self.tip


class Words(Node, frozen=True, eq=False):
    """Plain words in or beside a formula."""

    text: str
    tip: str = ""

    def plain(self) -> str:
        return f" {self.text} "

    def latex(self) -> str:
        return rf"\text{{ {escaped(self.text)} }}"

    @property
    def about(self) -> str:
        return self.tip


class More(Node, frozen=True, eq=False):
    """Terms that are left out. key: what to show more of on a click; empty: more would be too much."""

    count: int
    key: str

    def plain(self) -> str:
        return f"… {self.count:,} more"

    def latex(self) -> str:
        return rf"\cdots_{{{self.count}\text{{ more}}}}"

    @property
    def about(self) -> str:
        if self.key:
            return f"{self.count:,} more like these. Click to see more of them."
        return f"{self.count:,} more like these: too many to write down."


class Row(Node, frozen=True, eq=False):
    items: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.items

    def plain(self) -> str:
        return " ".join("".join(item.plain() for item in self.items).split())

    def latex(self) -> str:
        return "".join(_apart(self.items)).strip()


def _apart(items: tuple[Node, ...]) -> Iterator[str]:
    """LaTeX of neighbours, with a space where a command would run into a letter."""
    before = ""
    for item in items:
        text = item.latex()
        command = before.rpartition("\\")[2]
        if "\\" in before and command.isalpha() and text[:1].isalpha():
            yield " "
        yield text
        before = text


class Fraction(Node, frozen=True, eq=False):
    top: Node
    bottom: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return self.top, self.bottom

    def plain(self) -> str:
        return f"{_enclosed(self.top, sums_only=True)}/{_enclosed(self.bottom)}"

    def latex(self) -> str:
        return rf"\frac{{{self.top.latex()}}}{{{self.bottom.latex()}}}"


class Root(Node, frozen=True, eq=False):
    inside: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inside,)

    def plain(self) -> str:
        return f"√{_enclosed(self.inside)}"

    def latex(self) -> str:
        return rf"\sqrt{{{self.inside.latex()}}}"


class Script(Node, frozen=True, eq=False):
    """base with something small below and above at its right."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None

    @property
    def children(self) -> tuple[Node, ...]:
        return tuple(part for part in (self.base, self.sub, self.sup) if part is not None)

    def plain(self) -> str:
        text = self.base.plain()
        if self.sub is not None:
            text += small(self.sub.plain(), SUBSCRIPTS, "_")
        if self.sup is not None:
            text += small(self.sup.plain(), SUPERSCRIPTS, "^")
        return text

    def latex(self) -> str:
        base = self.base.latex()
        text = base if isinstance(self.base, Symbol | Fenced | Number) else f"{{{base}}}"
        if self.sub is not None:
            text += f"_{{{self.sub.latex()}}}"
        if self.sup is not None:
            text += f"^{{{self.sup.latex()}}}"
        return text

    @property
    def about(self) -> str:
        return self.base.about


class Hat(Node, frozen=True, eq=False):
    """base with a hat on it."""

    base: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.base,)

    def plain(self) -> str:
        return unicodedata.normalize("NFC", f"{self.base.plain()}\N{COMBINING CIRCUMFLEX ACCENT}")

    def latex(self) -> str:
        return rf"\hat{{{self.base.latex()}}}"

    @property
    def about(self) -> str:
        return self.base.about


class Big(Node, frozen=True, eq=False):
    """∑ or ∏ over an index that stands below it."""

    sign: str
    below: Node | None = None
    tip: str = ""

    @property
    def children(self) -> tuple[Node, ...]:
        return () if self.below is None else (self.below,)

    def plain(self) -> str:
        sign = "Σ" if self.sign == "∑" else self.sign
        return f"{sign} " if self.below is None else f"{sign}{small(self.below.plain(), SUBSCRIPTS, '_')} "

    def latex(self) -> str:
        sign = LATEX_NAMES[self.sign]
        return f"{sign} " if self.below is None else f"{sign}_{{{self.below.latex()}}} "

    @property
    def about(self) -> str:
        return self.tip


class Fenced(Node, frozen=True, eq=False):
    """In parentheses, or between two other marks, as high as what is inside."""

    inside: Node
    left: str = "("
    right: str = ")"

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inside,)

    def plain(self) -> str:
        return f"{self.left}{self.inside.plain().strip()}{self.right}"

    def latex(self) -> str:
        left, right = (LATEX_NAMES.get(mark, mark) for mark in (self.left, self.right))
        return rf"\left{left} {self.inside.latex()} \right{right}"


class Applied(Node, frozen=True, eq=False):
    """A function with its argument: max(0, z), log y. Parentheses, where there are any, are the argument's."""

    name: str
    inside: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inside,)

    def plain(self) -> str:
        gap = "" if isinstance(self.inside, Fenced) else " "
        return f"{self.name}{gap}{self.inside.plain().strip()}"

    def latex(self) -> str:
        return f"{LATEX_NAMES[self.name]} {self.inside.latex()}"


class Cases(Node, frozen=True, eq=False):
    """One of several values, each with its condition."""

    rows: tuple[tuple[Node, Node], ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return tuple(part for row in self.rows for part in row)

    def plain(self) -> str:
        return "{" + "; ".join(f"{value.plain()} {condition.plain().strip()}" for value, condition in self.rows) + "}"

    def latex(self) -> str:
        rows = r" \\ ".join(f"{value.latex()} & {condition.latex().strip()}" for value, condition in self.rows)
        return rf"\begin{{cases}} {rows} \end{{cases}}"


class Link(Node, frozen=True, eq=False):
    """A part that can be clicked. key: what for; tip: what happens then, in a sentence."""

    inside: Node
    key: str
    tip: str

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.inside,)

    def plain(self) -> str:
        return self.inside.plain()

    def latex(self) -> str:
        return self.inside.latex()

    @property
    def about(self) -> str:
        return self.tip


def _enclosed(node: Node, *, sums_only: bool = False) -> str:
    """Plain text in parentheses where it would be misread without. sums_only: products need none."""
    text = node.plain().strip()
    items = node.items if isinstance(node, Row) else (node,)
    adds = any(isinstance(item, Operator) and item.kind in ("sum", "relation") for item in items)
    nested = any(isinstance(item, Fraction | Big) for item in items)
    powers = any(isinstance(item, Number) and item.written.exponent is not None for item in items)
    change = len(items) == 2 and items[0].plain() == "∂"
    misread = adds or nested or (not sums_only and not change and (powers or len(items) > 1))
    return f"({text})" if misread else text
