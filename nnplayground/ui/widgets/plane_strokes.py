"""What the mouse does to points while its button is held: pure numbers, which the document gets at the end."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnplayground.samples import Array
from nnplayground.spec.dataset import PaintedPoint
from nnplayground.ui.widgets.plane_figure import Place, bounded

_LEAST_STEP = 0.2
"""How far the brush moves, in units of the plane, before it paints or erases again."""


class PaintStroke:
    """Points along the way of the brush, scattered over its circle."""

    def __init__(self, label: int, *, radius: float, density: int, random: np.random.Generator) -> None:
        """radius: in units of the plane; 0 puts each point exactly where the brush is. density: points of one dab."""
        self._label = label
        self._radius = radius
        self._density = density if radius > 0 else 1
        self._random = random
        self._path = _Path(max(_LEAST_STEP, radius * 0.6))
        self.points: list[PaintedPoint] = []

    def move_to(self, place: Place) -> None:
        for x1, x2 in self._path.along(place):
            # The square root spreads points evenly over the area of the circle.
            distance = self._radius * np.sqrt(self._random.uniform(0, 1, self._density))
            angle = self._random.uniform(0, 2 * np.pi, self._density)
            places = zip(
                (x1 + distance * np.cos(angle)).tolist(), (x2 + distance * np.sin(angle)).tolist(), strict=True
            )
            self.points += [(bounded(across), bounded(up), self._label) for across, up in places]


class EraseStroke:
    """Which points the brush has gone over."""

    def __init__(self, coordinates: Array, *, radius: float) -> None:
        """coordinates: (n, 2) of all points. radius: in units of the plane."""
        self.radius = radius
        self._coordinates = coordinates
        self._path = _Path(max(_LEAST_STEP / 2, radius / 2))
        self.centres: list[Place] = []
        """Around which there was something to erase."""
        self.erased: Array = np.zeros(len(coordinates), bool)
        """(n,) bool; another array whenever something was added."""

    def move_to(self, place: Place) -> None:
        for centre in self._path.along(place):
            distance = np.hypot(*(self._coordinates - np.array(centre)).T)
            hit = (distance <= self.radius) & ~self.erased
            if hit.any():
                self.centres.append(centre)
                self.erased = self.erased | hit


class _Path:
    """Places at equal distances along a line drawn by hand."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._last: Place | None = None

    def along(self, place: Place) -> Iterator[Place]:
        """The places between the last one and this one; at first this one itself."""
        if self._last is None:
            self._last = place
            yield place
            return
        (x1, x2), (to1, to2) = self._last, place
        distance = float(np.hypot(to1 - x1, to2 - x2))
        for number in range(1, int(distance / self._step) + 1):
            share = number * self._step / distance
            self._last = (x1 + share * (to1 - x1), x2 + share * (to2 - x2))
            yield self._last
