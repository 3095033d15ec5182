"""Numbers as they stand in a formula: four significant digits, true minus signs, powers of ten where needed."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple, SupportsFloat

import numpy as np

DIGITS = 4
_LEAST, _MOST = 1e-4, 1e6
"""Below and from here on, numbers are written with a power of ten."""
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Written(NamedTuple):
    """mantissa: digits with sign; exponent: of ten, None where there is none."""

    mantissa: str
    exponent: int | None = None

    @property
    def plain(self) -> str:
        if self.exponent is None:
            return self.mantissa
        return f"{self.mantissa}×10{str(self.exponent).translate(_SUPERSCRIPT)}"

    @property
    def latex(self) -> str:
        mantissa = _LATEX.get(self.mantissa, self.mantissa.replace("−", "-"))
        return mantissa if self.exponent is None else rf"{mantissa} \times 10^{{{self.exponent}}}"


_LATEX = {"∞": r"\infty", "−∞": r"-\infty", "not a number": r"\text{not a number}"}


def full_text(value: SupportsFloat) -> str:
    """The shortest text that is this very number at its own precision: 0.81 for the float32 nearest to 0.81."""
    if float(value) == 0:
        return "0.0"  # Not −0.0, which would be written with a sign.
    if isinstance(value, np.floating):
        return str(value.item() if value.dtype == np.float64 else value)
    return repr(float(value))


@lru_cache(maxsize=4096)
def written(full: str, *, digits: int = DIGITS) -> Written:
    """A number, given in full, to so many significant digits.

    One that needs fewer digits is written with as many as it needs: 0.5 is exactly 0.5, while 0.5000 is only near it.
    """
    value = float(full)
    if math.isnan(value):
        return Written("not a number")
    if math.isinf(value):
        return Written("∞" if value > 0 else "−∞")
    if value == 0:
        return Written("0")
    scientific = f"{value:.{digits - 1}e}"
    mantissa, _, power = scientific.partition("e")
    exponent = int(power)
    exact = float(scientific) == value
    if _LEAST <= abs(value) < _MOST:
        text = f"{value:.{max(digits - 1 - exponent, 0)}f}"
        return Written(_minus(_trimmed(text) if exact else text))
    return Written(_minus(_trimmed(mantissa) if exact else mantissa), exponent)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _minus(text: str) -> str:
    return text.replace("-", "−")
