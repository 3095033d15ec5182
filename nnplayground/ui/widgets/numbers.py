"""Numbers as a person types and reads them: reading, writing, and the steps of the arrow keys."""

from __future__ import annotations

import math
import re
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from nnplayground.ui.widgets.schema import Number, Numbers, Range

Scale: TypeAlias = Literal["linear", "rate", "share"]
"""How the arrow keys step: evenly; ×/÷ along 1-2-5 (learning rates); the same for the distance from 1 (momentum)."""

_RATES = frozenset(
    {"learning_rate", "l1", "l2", "epsilon", "weight_decay", "decay_rate", "value", "norm", "global_norm", "rates", "k"}
)
_SHARES = frozenset({"momentum", "beta_1", "beta_2", "rho", "base"})
_SMALLEST_RATE = 1e-9


def scale_of(name: str) -> Scale:
    """How a parameter of that name steps."""
    if name in _RATES:
        return "rate"
    return "share" if name in _SHARES else "linear"


class Notation(Protocol):
    """A value as text and back."""

    def read(self, text: str) -> Any:
        """Raises ValueError where the text means nothing here."""
        ...

    def write(self, value: Any) -> str: ...

    def step(self, value: Any, direction: int) -> Any:
        """The next value up (direction 1) or down (−1); the value itself where there is none."""
        ...


def read_number(text: str, *, whole: bool) -> int | float:
    """A number as typed: 32, 0.001, 1e-4, 1/255, with any minus sign. Raises ValueError."""
    plain = text.strip().replace("−", "-").replace(" ", "")
    if whole:
        return int(plain)
    above, slash, below = plain.partition("/")
    try:
        value = float(above) / float(below) if slash else float(above)
    except ZeroDivisionError:
        raise ValueError(text) from None
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def write_number(value: float) -> str:
    """The shortest text for a number: 32, 0.001, 1e-7, 0.00392157."""
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return str(int(value))
    exact = f"{value!r}"
    text = exact if len(exact) <= 10 else f"{value:.6g}"
    return re.sub(r"e([+-])0*(\d)", lambda found: f"e{found[1].replace('+', '')}{found[2]}", text)


def short_number(value: float, digits: int = 3) -> str:
    """A number for reading, not for reading in again: −0.421, 12.3, 1.5e−07, of so many digits."""
    return f"{value:.{digits}g}".replace("-", "−")


class OneNumber(msgspec.Struct, frozen=True):
    """The notation of a single number."""

    number: Number
    scale: Scale = "linear"

    def read(self, text: str) -> int | float | None:
        if not text.strip() and self.number.optional:
            return None
        return read_number(text, whole=self.number.whole)

    def write(self, value: float | None) -> str:
        return "" if value is None else write_number(value)

    def step(self, value: float | None, direction: int) -> float | None:
        if value is None:
            return None
        return stepped(value, direction, number=self.number, scale=self.scale)


class SeveralNumbers(msgspec.Struct, frozen=True):
    """The notation of a pair ("3 × 3" of whole numbers, "0, 1" of others) or of a row of numbers ("8, 8, 1")."""

    numbers: Numbers

    @property
    def _crossed(self) -> bool:
        return self.numbers.count == 2 and self.numbers.number.whole

    def read(self, text: str) -> list[int | float] | None:
        if not text.strip() and self.numbers.optional:
            return None
        pieces = [piece for piece in re.split(r"[×xX*,;]|\s+", text.strip().strip("()[]")) if piece]
        values = [read_number(piece, whole=self.numbers.number.whole) for piece in pieces]
        if len(values) == 1 and self._crossed:
            values *= 2
        if not values or self.numbers.count not in (None, len(values)):
            raise ValueError(text)
        return values

    def write(self, value: tuple[float, ...] | None) -> str:
        if value is None:
            return ""
        return (" × " if self._crossed else ", ").join(write_number(each) for each in value)

    def step(self, value: tuple[float, ...] | None, direction: int) -> Any:
        if value is None or not self._crossed:
            return value
        return [stepped(each, direction, number=self.numbers.number) for each in value]


class PlainText(msgspec.Struct, frozen=True):
    """Text as it is. optional: empty text means nothing (None)."""

    optional: bool = False

    def read(self, text: str) -> str | None:
        return None if self.optional and not text.strip() else text.strip()

    def write(self, value: str | None) -> str:
        return value or ""

    def step(self, value: str | None, direction: int) -> str | None:
        return value


def stepped(value: float, direction: int, *, number: Number, scale: Scale = "linear") -> float:
    """The next value up or down within the number's range; the value itself at the end of the range."""
    if number.whole:
        return _within(value + direction, value, number.range)
    if scale == "rate":
        after = _along_1_2_5(value, direction)
    elif scale == "share":
        after = _share(value, direction)
    else:
        size = _linear_step(number.range)
        after = round(math.floor(value / size + 0.5) * size + direction * size, 12)
    return _within(after, value, number.range)


def _within(after: float, before: float, limits: Range) -> float:
    if limits.holds(after):
        return after
    for end in (limits.least, limits.most):
        if end is not None and min(before, after) <= end <= max(before, after) and limits.holds(end):
            return end
    return before


def _linear_step(limits: Range) -> float:
    most = limits.most if limits.most is not None else limits.below
    least = limits.least if limits.least is not None else limits.above
    if most is None or least is None or most - least > 100:
        return 1.0
    return 0.05 if most - least <= 1 else 0.1


def _along_1_2_5(value: float, direction: int) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, …; below the smallest of them lies 0."""
    if value <= 0:
        return 1e-4 if direction > 0 else value
    exponent = math.floor(math.log10(value))
    ladder = [float(f"{digit}e{power}") for power in range(exponent - 1, exponent + 3) for digit in (1, 2, 5)]
    if direction > 0:
        return next(each for each in ladder if each > value * (1 + 1e-9))
    lower = next(each for each in reversed(ladder) if each < value * (1 - 1e-9))
    return lower if lower >= _SMALLEST_RATE else 0.0


def _share(value: float, direction: int) -> float:
    """Towards 1 in ever smaller steps: 0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, …"""
    if value >= 1:
        return 1.0 if direction > 0 else 0.999
    after = 1 - _along_1_2_5(round(1 - value, 12), -direction)
    return round(max(after, 0.0), 12)
