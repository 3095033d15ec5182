"""How gradients have run through a model over a run, layer by layer, as logarithms for a picture."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from nnplayground.formulas.numbers import written
from nnplayground.samples import Array
from nnplayground.training.events import Flow
from nnplayground.ui.widgets.series import GrowingArray

Figure = Literal["gradient", "update"]
_FAR = 1000.0
"""Gradients of the first and the last layer further apart than this: they vanish or explode on the way."""
_LEAST_SPAN, _MOST_SPAN = 2, 12
"""Of the colours, in powers of ten."""


class FlowHistory:
    """Norms of one run. A flow of an earlier update, or of other layers, begins a new one; another look at the update
    that came last takes the place of the look before."""

    def __init__(self) -> None:
        self.latest: Flow | None = None
        self._updates = GrowingArray(np.int64)
        self._logs: dict[tuple[str, Figure], GrowingArray] = {}

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers there is something to say about, in the order of computation."""
        if self.latest is None:
            return ()
        return tuple(
            layer_id
            for layer_id, flow in self.latest.layers.items()
            if flow.gradient is not None or flow.dead is not None or flow.saturated is not None
        )

    @property
    def updates(self) -> Array:
        """(n,) the updates that were looked at."""
        return self._updates.values

    def append(self, flow: Flow) -> bool:
        """Take in one more. False where it is the one that came last."""
        before = self.latest
        is_other = before is not None and list(flow.layers) != list(before.layers)
        if before is not None and flow.update == before.update and not is_other:
            return self._look_again(before, flow)
        if before is not None and (flow.update < before.update or is_other):
            self._updates, self._logs = GrowingArray(np.int64), {}
        self.latest = flow
        self._updates.extend([flow.update])
        for layer_id, layer in flow.layers.items():
            self._keep((layer_id, "gradient"), layer.gradient)
            self._keep((layer_id, "update"), layer.update)
        return True

    def _look_again(self, before: Flow, flow: Flow) -> bool:
        """The update that came last, as after a weight was changed by hand: only what is known of it is other now."""
        if flow.layers == before.layers:
            return False
        self.latest = flow
        for layer_id, layer in flow.layers.items():
            figures: tuple[tuple[Figure, float | None], ...] = (("gradient", layer.gradient), ("update", layer.update))
            for figure, value in figures:
                if value is not None and (layer_id, figure) in self._logs:
                    self._logs[layer_id, figure].values[-1] = _log(value)
        return True

    def _keep(self, key: tuple[str, Figure], value: float | None) -> None:
        if value is not None:
            self._logs.setdefault(key, GrowingArray()).extend([_log(value)])

    def logs(self, layer_id: str, figure: Figure) -> Array:
        """(n,) logarithms to base 10; −∞ where it was exactly 0, empty for a layer without weights."""
        found = self._logs.get((layer_id, figure))
        return found.values if found is not None else np.zeros(0)

    def strips(self, figure: Figure, columns: int) -> Array:
        """(layers, columns): mean logarithms over equal stretches of the updates so far, the last value where nothing
        was looked at."""
        updates = self.updates
        result = np.full((len(self.layers), columns), np.nan)
        if not len(updates):
            return result
        edges = np.linspace(float(updates[0]), float(updates[-1]) + 1, columns + 1)
        ends = np.searchsorted(updates, edges, side="left")
        # At least one value for each column: the latest one ahead of its end.
        stops = np.maximum(ends[1:], 1)
        starts = np.minimum(ends[:-1], stops - 1)
        for number, layer_id in enumerate(self.layers):
            logs = self.logs(layer_id, figure)
            if len(logs) == len(updates):
                result[number] = _means(logs, starts, stops)
        return result

    def limits(self, figure: Figure) -> tuple[float, float]:
        """Powers of ten at the ends of the colours."""
        every = [self.logs(layer_id, figure) for layer_id in self.layers]
        values = np.concatenate(every) if every else np.zeros(0)
        finite = values[np.isfinite(values)]
        if not finite.size:
            return -1.0, 1.0
        low, high = math.floor(finite.min()), math.ceil(finite.max())
        high = max(high, low + _LEAST_SPAN)
        return float(max(low, high - _MOST_SPAN)), float(high)

    def value_at(self, layer_id: str, figure: Figure, share: float) -> tuple[int, float] | None:
        """(update, norm) at a share of the time so far."""
        updates, logs = self.updates, self.logs(layer_id, figure)
        if not len(updates) or len(logs) != len(updates):
            return None
        wanted = updates[0] + share * (updates[-1] + 1 - updates[0])
        at = int(min(max(np.searchsorted(updates, wanted, side="right") - 1, 0), len(updates) - 1))
        # Without the digits that the logarithm has lost.
        return int(updates[at]), float(f"{10.0 ** logs[at]:.6g}")

    def verdict(self) -> str:
        """One sentence where gradients vanish or explode between the last layer and the first; else ""."""
        if self.latest is None:
            return ""
        known = [
            (layer_id, flow.gradient) for layer_id, flow in self.latest.layers.items() if flow.gradient is not None
        ]
        if len(known) < 2:
            return ""
        (first, early), (last, late) = known[0], known[-1]
        if not (math.isfinite(early) and math.isfinite(late)):
            return "The gradients are no longer finite: the training has diverged."
        if late > 0 and early == 0:
            return f"Nothing of the gradient reaches {first}."
        if late > _FAR * early > 0:
            return f"Gradients vanish: that of {first} is {_times(late / early)} smaller than that of {last}."
        if early > _FAR * late > 0:
            return f"Gradients explode: that of {first} is {_times(early / late)} larger than that of {last}."
        return ""


def norm_text(value: float) -> str:
    """A norm, short: 0.0231, 3.2×10⁻⁵."""
    return written(repr(float(value)), digits=2).plain


def _times(ratio: float) -> str:
    return f"{float(f'{ratio:.2g}'):,.0f} times"


def _log(value: float) -> float:
    if not math.isfinite(value):
        return math.nan
    return math.log10(value) if value > 0 else -math.inf


def _means(logs: Array, starts: Array, stops: Array) -> Array:
    """Means of the finite values of each stretch; what stands at its end where none is."""
    finite = np.isfinite(logs)
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, logs, 0.0))])
    counts = np.concatenate([[0], np.cumsum(finite)])
    number = counts[stops] - counts[starts]
    return np.where(number > 0, (sums[stops] - sums[starts]) / np.maximum(number, 1), logs[stops - 1])
