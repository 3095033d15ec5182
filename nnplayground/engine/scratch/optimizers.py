"""The optimizers and the limits on gradients, as Keras computes them, on all weights at once.

w and g are the vectors of all weights and of their gradients. What an optimizer remembers between updates is in its
memory, a few arrays by name; its formula gives the new values of what it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from nnplayground.engine.base import EngineError
from nnplayground.samples import Array
from nnplayground.spec.training import SGD, Adam, Clip, Optimizer, RMSprop

Numbers = Callable[[str], Any]
"""Name of an optimizer's parameter → its present value."""


class OptimizerMaths(Protocol):
    """One optimizer. vectors: the names in its memory that have one value for each weight, from zero on."""

    vectors: ClassVar[tuple[str, ...]]

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        """The new weights, as "weights", and the new arrays of the memory that change."""
        ...


@dataclass(frozen=True)
class SGDMaths:
    """w ← w − α g. With momentum β: v ← β v − α g, w ← w + v; nesterov: w ← w + β v − α g."""

    has_momentum: bool
    nesterov: bool

    vectors: ClassVar[tuple[str, ...]] = ("velocity",)

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        alpha, beta = number("learning_rate"), number("momentum")
        if not self.has_momentum:
            return {"weights": w - alpha * g}
        descent = alpha * g
        v = beta * memory["velocity"] - descent
        return {"velocity": v, "weights": w + (beta * v - descent) if self.nesterov else w + v}


@dataclass(frozen=True)
class RMSpropMaths:
    """s ← ρ s + (1 − ρ) g², w ← w − α g / √(s + ε), with ε inside the root.

    centered: √(s − c² + ε) with c ← ρ c + (1 − ρ) g. With momentum β: v ← β v + that step, w ← w − v.
    """

    has_momentum: bool
    centered: bool

    vectors: ClassVar[tuple[str, ...]] = ("velocity", "mean_square", "mean")

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        alpha, rho, epsilon = number("learning_rate"), number("rho"), number("epsilon")
        s = rho * memory["mean_square"] + (1 - rho) * (g * g)
        changed = {"mean_square": s}
        variance = s
        if self.centered:
            c = rho * memory["mean"] + (1 - rho) * g
            changed["mean"] = c
            variance = s - c * c
        descent = alpha * g / np.sqrt(variance + epsilon)
        if self.has_momentum:
            descent = number("momentum") * memory["velocity"] + descent
            changed["velocity"] = descent
        return {**changed, "weights": w - descent}


@dataclass(frozen=True)
class AdamMaths:
    """m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), w ← w − αₜ m / (√v + ε), with ε outside the root."""

    vectors: ClassVar[tuple[str, ...]] = ("mean", "mean_square")

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        m, v = memory["mean"], memory["mean_square"]
        m = m + (1 - number("beta_1")) * (g - m)
        v = v + (1 - number("beta_2")) * (g * g - v)
        return {"mean": m, "mean_square": v, "weights": w - memory["rate"] * m / (np.sqrt(v) + number("epsilon"))}


class Counter:
    """Counts updates and sets Adam's rate for each: αₜ = α √(1 − β₂ᵗ) / (1 − β₁ᵗ) at update t = 1, 2, …

    m and v start at zero; this makes up for it. Worked out as a plain number, which is faster than calls of numpy.
    """

    def __init__(self, memory: Mapping[str, Array], numbers: Numbers) -> None:
        self._updates, self._rate = memory["updates"], memory["rate"]
        self._alpha, self._beta_1, self._beta_2 = map(numbers, ("learning_rate", "beta_1", "beta_2"))

    def __call__(self) -> None:
        t = self._updates.item() + 1
        self._updates[...] = t
        alpha, beta_1, beta_2 = self._alpha.item(), self._beta_1.item(), self._beta_2.item()
        self._rate[...] = alpha * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)


def optimizer_maths(settings: Optimizer) -> OptimizerMaths:
    """Raises EngineError for an optimizer that this engine does not have."""
    match settings:
        case SGD():
            return SGDMaths(settings.momentum > 0, settings.nesterov)
        case RMSprop():
            return RMSpropMaths(settings.momentum > 0, settings.centered)
        case Adam():
            return AdamMaths()
        case _:
            raise EngineError(
                f"{type(settings).__name__} is not available in the scratch engine yet; choose SGD, RMSprop or Adam, "
                f"or the Keras engine."
            )


def fresh_memory(maths: OptimizerMaths, size: int, dtype: type[np.floating]) -> dict[str, Array]:
    """What an optimizer remembers before the first update."""
    memory: dict[str, Array] = {name: np.zeros(size, dtype) for name in maths.vectors}
    if isinstance(maths, AdamMaths):
        memory |= {"updates": np.zeros((), np.int64), "rate": np.zeros((), dtype)}
    return memory


def shortened(g: Any, limit: Any) -> Any:
    """g with a norm of at most `limit`, in the same direction."""
    flat = g.reshape(-1)
    return g * (limit / np.maximum(np.sqrt(flat @ flat), limit))


def limited(g: Any, clip: Clip, number: Numbers) -> Any:
    """The vector of all gradients within `clip.value` or `clip.global_norm`."""
    if clip.value is not None:
        return np.minimum(np.maximum(g, -number("value")), number("value"))
    if clip.global_norm is not None:
        return shortened(g, number("global_norm"))
    return g
