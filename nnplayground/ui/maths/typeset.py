"""Sets formulas in type: from trees to boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtGui import QFont, QFontMetricsF

from nnplayground.formulas.nodes import (
    Applied,
    Big,
    Cases,
    Fenced,
    Fraction,
    Hat,
    Link,
    More,
    Node,
    Number,
    Operator,
    Root,
    Row,
    Script,
    Symbol,
    Words,
)
from nnplayground.formulas.pictures import Grid
from nnplayground.ui.maths.boxes import Box, Placed, side_by_side
from nnplayground.ui.maths.grids import grid_box
from nnplayground.ui.maths.ink import Fence, Glyphs, HatMark, Pill, RootSign, Rule, Tone

Path = tuple[int, ...]
Face = Literal["letters", "upright", "bold"]

_USUAL_PIXELS = 13
_LARGER = 1.12
"""Formulas are set a little larger than the text around them: their parts are small."""
_SCRIPT, _SMALLEST_SCRIPT = 0.74, 8.0
_FRACTION = 0.92
_LETTER_FAMILIES = ["STIX Two Text", "Cambria", "Latin Modern Roman", "Times New Roman", "Noto Serif", "DejaVu Serif"]
_MOST_WIDTHS = 20_000
"""So many widths of texts are remembered: numbers change all the time."""
_GAPS: dict[str, float] = {"relation": 0.34, "sum": 0.26, "product": 0.12, "comma": 0.0, "sign": 0.0}
"""Ahead of and behind an operator, in em."""


class _Font:
    """A font with its measures, which Qt works out anew each time it is asked."""

    def __init__(self, font: QFont) -> None:
        metrics = QFontMetricsF(font)
        self.font = font
        self.x_height = metrics.xHeight()
        self.cap_height = metrics.capHeight()
        self.height = metrics.height()
        self.ascent, self.descent = self.cap_height * 1.08, metrics.descent() * 0.72
        self._metrics = metrics
        self._widths: dict[str, float] = {}

    @classmethod
    def of(cls, base: QFont, face: Face, pixels: int) -> _Font:
        font = QFont(base)
        if face == "letters":
            font.setFamilies(_LETTER_FAMILIES)
            font.setItalic(True)
        if face == "bold":
            font.setWeight(QFont.Weight.Bold)
        font.setPixelSize(pixels)
        return cls(font)

    def width(self, text: str) -> float:
        known = self._widths.get(text)
        if known is None:
            if len(self._widths) > _MOST_WIDTHS:
                self._widths.clear()
            known = self._widths[text] = self._metrics.horizontalAdvance(text)
        return known


class Typesetter:
    """Sets type in the sizes that go with one font."""

    def __init__(self, font: QFont) -> None:
        self._base = font
        pixels = font.pixelSize() if font.pixelSize() > 0 else _USUAL_PIXELS
        self.scale = pixels / _USUAL_PIXELS
        self.size = pixels * _LARGER
        self._fonts: dict[tuple[Face, int], _Font] = {}
        self._setters: dict[type, Callable[[Any, float, Path], Box]] = {
            Symbol: self._symbol,
            Number: self._number,
            Operator: self._operator,
            Words: self._words,
            More: self._more,
            Row: self._row,
            Fraction: self._fraction,
            Root: self._root,
            Script: self._script,
            Hat: self._hat,
            Big: self._big,
            Fenced: self._fenced,
            Applied: self._applied,
            Cases: self._cases,
            Link: self._link,
            Grid: self._grid,
        }

    def set(self, node: Node, size: float | None = None, path: Path = ()) -> Box:
        """The box of a node. path: where it stands in its formula."""
        return self._setters[type(node)](node, size if size is not None else self.size, path)

    def gap(self, before: Node | None, after: Node) -> float:
        """The space between neighbours in a row of the usual size."""
        return _gap(before, after) * self.size

    @property
    def line_height(self) -> float:
        """Of a line without anything high in it."""
        return self._face("upright", self.size).height

    # Fonts

    def _face(self, face: Face, size: float) -> _Font:
        # Whole pixels, so that all scripts of nearly the same size look the same.
        key = (face, max(round(size), 1))
        found = self._fonts.get(key)
        if found is None:
            found = self._fonts[key] = _Font.of(self._base, face, key[1])
        return found

    def _axis(self, size: float) -> float:
        """How far above the baseline the middle of a fraction lies: where the middle of a minus sign is."""
        return self._face("upright", size).x_height * 0.5

    def _thickness(self, size: float) -> float:
        return max(size * 0.07, 1.0)

    def _glyphs(
        self,
        text: str,
        face: Face,
        size: float,
        *,
        node: Node | None = None,
        path: Path | None = None,
        tone: Tone = "text",
    ) -> Box:
        font = self._face(face, size)
        ink = Glyphs(text, font.font, tone)
        return Box(font.width(text), font.ascent, font.descent, node, path, ink=ink)

    # Leaves

    def _symbol(self, node: Symbol, size: float, path: Path) -> Box:
        # Signs and digits lean in no font worth reading.
        letters = not node.upright and node.name[0].isalpha()
        box = self._glyphs(node.name, "letters" if letters else "upright", size, node=node, path=path)
        if not letters:
            return box
        lean = size * 0.05
        return Box(box.width + lean, box.ascent, box.descent, node, path, ink=box.ink)

    def _number(self, node: Number, size: float, path: Path) -> Box:
        face: Face = "bold" if node.bold else "upright"
        shown = node.written
        if shown.exponent is None:
            return self._glyphs(shown.mantissa, face, size, node=node, path=path)
        mantissa = self._glyphs(f"{shown.mantissa}×10", face, size)
        power = self._glyphs(str(shown.exponent).replace("-", "−"), face, self._small(size))
        raised = mantissa.ascent * 0.55
        parts = (Placed(0, 0, mantissa), Placed(mantissa.width, -raised, power))
        return Box(mantissa.width + power.width, raised + power.ascent, mantissa.descent, node, path, parts)

    def _operator(self, node: Operator, size: float, path: Path) -> Box:
        tone: Tone = "text" if node.kind in ("sign", "product") else "muted"
        return self._glyphs(node.sign, "upright", size, node=node, path=path, tone=tone)

    def _words(self, node: Words, size: float, path: Path) -> Box:
        return self._glyphs(node.text, "upright", size * 0.92, node=node, path=path, tone="muted")

    def _more(self, node: More, size: float, path: Path) -> Box:
        text = f"… {node.count:,} more"
        font, margin = self._face("upright", size * 0.86), size * 0.5
        ink = Pill(text, font.font, margin)
        return Box(font.width(text) + 2 * margin, font.ascent * 1.2, font.descent * 1.4, node, path, ink=ink)

    def _grid(self, node: Grid, size: float, path: Path) -> Box:
        font = self._face("upright", size * 0.76).font
        return grid_box(node, font, scale=self.scale, axis=self._axis(size), path=path)

    # What has parts

    def _row(self, node: Row, size: float, path: Path) -> Box:
        boxes: list[tuple[float, Box]] = []
        before: Node | None = None
        for place, item in enumerate(node.items):
            boxes.append((_gap(before, item) * size, self.set(item, size, (*path, place))))
            before = item
        return side_by_side(boxes, node=node, path=path)

    def _fraction(self, node: Fraction, size: float, path: Path) -> Box:
        smaller = size * _FRACTION
        top, bottom = self.set(node.top, smaller, (*path, 0)), self.set(node.bottom, smaller, (*path, 1))
        axis, thickness, gap, margin = self._axis(size), self._thickness(size), size * 0.2, size * 0.12
        width = max(top.width, bottom.width) + 2 * margin
        above, below = axis + gap + top.descent, gap + bottom.ascent - axis
        parts = (
            Placed((width - top.width) / 2, -above, top),
            Placed((width - bottom.width) / 2, below, bottom),
            Placed(margin / 2, -axis, Box(width - margin, thickness, thickness, ink=Rule(thickness))),
        )
        return Box(width, above + top.ascent, below + bottom.descent, node, path, parts)

    def _root(self, node: Root, size: float, path: Path) -> Box:
        inside = self.set(node.inside, size, (*path, 0))
        lead, gap, thickness = size * 0.62, size * 0.16, self._thickness(size)
        ascent = inside.ascent + gap + thickness
        sign = Box(lead + inside.width + gap * 0.6, ascent, inside.descent, ink=RootSign(lead, thickness))
        parts = (Placed(0, 0, sign), Placed(lead, 0, inside))
        return Box(sign.width, ascent, inside.descent, node, path, parts)

    def _small(self, size: float) -> float:
        return max(size * _SCRIPT, _SMALLEST_SCRIPT * self.scale)

    def _script(self, node: Script, size: float, path: Path) -> Box:
        small = self._small(size)
        base = self.set(node.base, size, (*path, 0))
        parts, place = [Placed(0, 0, base)], 1
        width, ascent, descent = base.width, base.ascent, base.descent
        if node.sub is not None:
            sub = self.set(node.sub, small, (*path, place))
            place += 1
            shift = max(base.descent, size * 0.14) + sub.ascent * 0.32
            parts.append(Placed(base.width, shift, sub))
            width, descent = base.width + sub.width, max(descent, shift + sub.descent)
        if node.sup is not None:
            sup = self.set(node.sup, small, (*path, place))
            shift = max(base.ascent - sup.ascent * 0.45, size * 0.36)
            lean = size * 0.04
            parts.append(Placed(base.width + lean, -shift, sup))
            width, ascent = max(width, base.width + lean + sup.width), max(ascent, shift + sup.ascent)
        return Box(width + size * 0.03, ascent, descent, node, path, tuple(parts))

    def _hat(self, node: Hat, size: float, path: Path) -> Box:
        base = self.set(node.base, size, (*path, 0))
        height, thickness = size * 0.16, self._thickness(size) * 0.9
        # All letters that wear hats here are low ones.
        lift = self._face("letters", size).x_height + size * 0.1 + height
        mark = HatMark(size * 0.36, height, lift, thickness, slant=size * 0.04)
        hat = Box(base.width, lift + thickness, 0, ink=mark)
        ascent = max(base.ascent, hat.ascent)
        return Box(base.width, ascent, base.descent, node, path, (Placed(0, 0, base), Placed(0, 0, hat)))

    def _big(self, node: Big, size: float, path: Path) -> Box:
        sign = self._glyphs(node.sign, "upright", size * 1.3)
        height = self._face("upright", size * 1.3).cap_height
        shift = height / 2 - self._axis(size)
        lead = size * 0.06
        box = Box(sign.width, height - shift, shift + size * 0.04, ink=sign.ink)
        if node.below is None:
            return Box(box.width, box.ascent, box.descent, node, path, (Placed(0, shift, box),))
        # The index stands at its foot, which keeps lines low.
        index = self.set(node.below, self._small(size), (*path, 0))
        down = shift + index.ascent * 0.7
        parts = (Placed(0, shift, box), Placed(box.width - lead, down, index))
        width = box.width - lead + index.width
        return Box(width, box.ascent, max(box.descent, down + index.descent), node, path, parts)

    def _fenced(self, node: Fenced, size: float, path: Path) -> Box:
        inside = self.set(node.inside, size, (*path, 0))
        left, right = (self._fence(mark, inside, size) for mark in (node.left, node.right))
        return side_by_side([(0, left), (0, inside), (0, right)], node=node, path=path)

    def _fence(self, mark: str, inside: Box, size: float) -> Box:
        plain = self._glyphs(mark, "upright", size)
        if inside.height <= plain.height * 1.3 and mark in "()":
            return plain
        width = size * (0.5 if mark == "‖" else 0.36)
        ink = Fence(mark, self._thickness(size) * 0.95)
        return Box(width, inside.ascent + size * 0.06, inside.descent + size * 0.06, ink=ink)

    def _applied(self, node: Applied, size: float, path: Path) -> Box:
        name = self._glyphs(node.name, "upright", size)
        inside = self.set(node.inside, size, (*path, 0))
        gap = size * (0.02 if isinstance(node.inside, Fenced) else 0.18)
        return side_by_side([(0, name), (gap, inside)], node=node, path=path)

    def _cases(self, node: Cases, size: float, path: Path) -> Box:
        smaller = size * _FRACTION
        lines: list[tuple[Box, Box]] = []
        for place, (value, condition) in enumerate(node.rows):
            first = self.set(value, smaller, (*path, 2 * place))
            lines.append((first, self.set(condition, smaller, (*path, 2 * place + 1))))
        column = max(value.width for value, _ in lines)
        gap, lead = size * 0.25, size * 0.62
        heights = [max(value.ascent, condition.ascent) for value, condition in lines]
        depths = [max(value.descent, condition.descent) for value, condition in lines]
        total = sum(heights) + sum(depths) + gap * (len(lines) - 1)
        axis = self._axis(size)
        y = -axis - total / 2
        parts: list[Placed] = []
        for (value, condition), height, depth in zip(lines, heights, depths, strict=True):
            y += height
            parts += [Placed(lead, y, value), Placed(lead + column + size * 0.6, y, condition)]
            y += depth + gap
        brace = Box(lead, axis + total / 2, total / 2 - axis, ink=Fence("{", self._thickness(size)))
        width = max(part.x + part.box.width for part in parts)
        return Box(width, brace.ascent, brace.descent, node, path, (Placed(0, 0, brace), *parts))

    def _link(self, node: Link, size: float, path: Path) -> Box:
        inside = self.set(node.inside, size, (*path, 0))
        return Box(inside.width, inside.ascent, inside.descent, node, path, (Placed(0, 0, inside),))


def _gap(before: Node | None, after: Node) -> float:
    """The space between neighbours, in em."""
    if before is None:
        return 0.0
    if isinstance(after, Words) or isinstance(before, Words):
        return 0.45
    if isinstance(after, Operator) and after.kind == "sign" and isinstance(before, Operator):
        return _GAPS[before.kind]
    if isinstance(after, Operator):
        return _GAPS[after.kind]
    if isinstance(before, Operator):
        return 0.45 if before.kind == "comma" else _GAPS[before.kind]
    if isinstance(before, Big):
        return 0.14
    if isinstance(after, Applied | Big | Fraction):
        return 0.12
    return 0.04
