"""Which values a picture of curves spans."""

from __future__ import annotations

import math

from nnplayground.ui.widgets.curve_figure import Figure, Line


def value_range(figure: Figure, *, log: bool) -> tuple[float, float]:
    """The range of values to show, on the axis as it is (logarithms on a logarithmic one)."""
    leading = [line for line in figure.lines if line.role != "trace"]
    if not any(len(line.series) > 1 for line in leading):
        leading = list(figure.lines)
    low, high = _span(leading, log)
    others = [line for line in (*figure.lines, *figure.earlier) if line not in leading]
    if low > high:
        low, high = _span(others, log)
    if low > high:
        return (-3.0, 0.0) if log else (0.0, 1.0)
    # Noise and earlier runs may widen the picture, but not dwarf the curves that it is about.
    reach = max((high - low) * 0.5, abs(high) * 0.01)
    other_low, other_high = _span(others, log)
    low, high = min(low, max(other_low, low - reach)), max(high, min(other_high, high + reach))
    return _padded(low, high, log=log, bounded=figure.bounded)


def _span(lines: list[Line], log: bool) -> tuple[float, float]:
    lows = [line.series.low_positive if log else line.series.low for line in lines]
    low = min(lows, default=math.inf)
    high = max((line.series.high for line in lines), default=-math.inf)
    if not log or low > high:
        return low, high
    return math.log10(low), math.log10(high)


def _padded(low: float, high: float, *, log: bool, bounded: bool) -> tuple[float, float]:
    if high <= low:
        room = 0.5 if log or not high else abs(high) * 0.5
        low, high = low - room, high + room
    margin = (high - low) * 0.06
    if log:
        return low - margin, high + margin
    top = min(high + margin, 1.02) if bounded else high + margin
    # Zero is shown where it is not far; a little below it there is room for its label.
    return (-0.04 * top if 0 <= low < 0.4 * high else low - margin), top
