"""What the curves say at one place: the read-out that follows the mouse."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np

from nnplayground.ui.widgets.curve_figure import Figure, Line, Role

_NEAR = 12.0
"""An earlier run is named where the mouse is this close to it, in pixels."""


class Row(msgspec.Struct, frozen=True):
    """One value: what it is called, where it stands, and what is said of it."""

    role: Role
    place: float
    value: float
    text: str


class Readout(msgspec.Struct, frozen=True):
    """All that is said at `place`, the nearest point of `line` (its `index`)."""

    title: str
    rows: tuple[Row, ...]
    place: float
    line: Line
    index: int

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.title, *(row.text for row in self.rows))


def number_text(value: float) -> str:
    """A number of a curve, short: 0.231, 12.4, 3.2e-05."""
    if not math.isfinite(value):
        return "not a number"
    if value == 0 or 0.001 <= abs(value) < 10:
        return f"{value:.3f}" if abs(value) >= 0.01 or value == 0 else f"{value:.4f}"
    if 10 <= abs(value) < 10_000:
        return f"{value:,.4g}"
    return f"{value:.3g}"


def read_out(figure: Figure, cursor: float, *, near: Callable[[float, float], float]) -> Readout | None:
    """What a figure says at the point nearest to `cursor`; None while it has no points.

    near: how far, in pixels, a place and value are from the mouse.
    """
    solid = [line for line in figure.lines if line.role != "trace" and len(line.series)]
    first = next(iter(solid or [line for line in (*figure.lines, *figure.earlier) if len(line.series)]), None)
    if first is None:
        return None
    index = _nearest(first, cursor)
    place = float(first.xs[index] / first.unit)
    rows = [_row(figure, line, place) for line in (solid or [first])]
    rows += [_row(figure, line, place) for line in _named_runs(figure, first, place, near)]
    return Readout(_title(figure, first, index), tuple(row for row in rows if row is not None), place, first, index)


def _nearest(line: Line, cursor: float) -> int:
    after = int(np.searchsorted(line.xs, cursor * line.unit))
    if after == 0:
        return 0
    if after == len(line.xs):
        return after - 1
    middle = (line.xs[after - 1] + line.xs[after]) / 2
    return after if cursor * line.unit >= middle else after - 1


def _title(figure: Figure, line: Line, index: int) -> str:
    number = int(line.xs[index])
    if figure.axis == "epoch" and line.role != "trace":
        title = f"epoch {number:,}"
    else:
        title = f"update {number:,} · epoch {math.ceil(number / figure.updates_per_epoch):,}"
    return f"{line.run} · {title}" if figure.earlier else title


def _row(figure: Figure, line: Line, place: float) -> Row | None:
    """The value of a line at a place, or the last one before it."""
    index = int(np.searchsorted(line.xs, place * line.unit + 1e-9, side="right")) - 1
    if index < 0:
        return None
    value = float(line.series.values[index])
    own = float(line.xs[index] / line.unit)
    notes = [f"smoothed {number_text(float(line.smoothed.values[index]))}"] if line.smoothed is not None else []
    if line.role != "earlier" and own != place and figure.axis == "update":
        notes.append(f"epoch {math.ceil(own / figure.updates_per_epoch):,}")
    text = f"{line.name} {number_text(value)}" + (f" ({', '.join(notes)})" if notes else "")
    if line.role == "earlier":
        text = f"{line.run}: {text}"
    elif line.role == "validation" and own == figure.best:
        text += " ← best"
    return Row(line.role, own, float(line.main.values[index]), text)


def _named_runs(figure: Figure, first: Line, place: float, near: Callable[[float, float], float]) -> list[Line]:
    """The earlier run that the mouse is on, if any."""
    found: list[tuple[float, int, Line]] = []
    for number, line in enumerate(figure.earlier):
        if line is first or not len(line.series):
            continue
        index = _nearest(line, place)
        distance = near(float(line.xs[index] / line.unit), float(line.main.values[index]))
        if distance <= _NEAR:
            found.append((distance, -number, line))
    return [min(found)[2]] if found else []
