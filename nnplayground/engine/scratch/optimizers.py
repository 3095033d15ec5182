"""The optimizers and the limits on gradients, as Keras computes them, on all trained weights at once.

w and g are the vectors of all weights and of their gradients. What an optimizer remembers between updates is in its
memory, a few arrays by name; its formula gives the new values of what it changes. Numbers that are the same for all
weights but other ones in each update t = 1, 2, … are worked out ahead of it by a counter, as plain Python numbers:
that is faster than calls of numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nnplayground.samples import Array
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Clip, Nadam, Optimizer, RMSprop

Numbers = Callable[[str], Any]
"""Name of an optimizer's parameter → its present value."""


class Counter:
    """Counts updates, and sets the numbers of the next one. memory, numbers: what it reads and writes."""

    def __init__(self, memory: Mapping[str, Array], numbers: Numbers) -> None:
        self._updates = memory["updates"]
        self._alpha, self._beta_1 = numbers("learning_rate"), numbers("beta_1")
        self._memory, self._numbers = memory, numbers

    def __call__(self) -> None:
        raise NotImplementedError(type(self).__name__)


class AdamCounter(Counter):
    """αₜ = α √(1 − β₂ᵗ) / (1 − β₁ᵗ), the rate: m and v start at zero, and this makes up for it."""

    def __init__(self, memory: Mapping[str, Array], numbers: Numbers) -> None:
        super().__init__(memory, numbers)
        self._beta_2, self._rate = numbers("beta_2"), memory["rate"]

    def __call__(self) -> None:
        t = self._updates.item() + 1
        self._updates[...] = t
        alpha, beta_1, beta_2 = self._alpha.item(), self._beta_1.item(), self._beta_2.item()
        self._rate[...] = alpha * (1 - beta_2**t) ** 0.5 / (1 - beta_1**t)


class AdamaxCounter(Counter):
    """αₜ = α / (1 − β₁ᵗ), the rate: only m starts too small."""

    def __call__(self) -> None:
        t = self._updates.item() + 1
        self._updates[...] = t
        self._memory["rate"][...] = self._alpha.item() / (1 - self._beta_1.item() ** t)


class NadamCounter(Counter):
    """With u(t) = β₁ (1 − ½ 0.96ᵗ), which grows towards β₁, and P, the product of u(1) … u(t):

    mean_rate = α u(t+1) / (1 − P u(t+1)), gradient_rate = α (1 − u(t)) / (1 − P), square_rate = 1 / (1 − β₂ᵗ).
    """

    def __call__(self) -> None:
        t = self._updates.item() + 1
        self._updates[...] = t
        memory, alpha, beta_1 = self._memory, self._alpha.item(), self._beta_1.item()
        now, following = (beta_1 * (1 - 0.5 * 0.96**update) for update in (t, t + 1))
        product = memory["product"].item() * now
        memory["product"][...] = product
        memory["mean_rate"][...] = alpha * following / (1 - product * following)
        memory["gradient_rate"][...] = alpha * (1 - now) / (1 - product)
        memory["square_rate"][...] = 1 / (1 - self._numbers("beta_2").item() ** t)


class OptimizerMaths:
    """One optimizer.

    vectors: the names in its memory that have one value for each weight; start: where these begin. scalars: those that
    its counter sets for each update. counter: None where all updates are alike.
    """

    vectors: ClassVar[tuple[str, ...]] = ()
    scalars: ClassVar[tuple[str, ...]] = ()
    counter: ClassVar[type[Counter] | None] = None

    @property
    def start(self) -> float:
        return 0.0

    @property
    def used(self) -> tuple[str, ...]:
        """Those of `vectors` that the settings make use of."""
        return self.vectors

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        """The new weights, as "weights", and the new arrays of the memory that change."""
        raise NotImplementedError(type(self).__name__)


@dataclass(frozen=True)
class SGDMaths(OptimizerMaths):
    """w ← w − α g. With momentum β: v ← β v − α g, w ← w + v; nesterov: w ← w + β v − α g."""

    has_momentum: bool
    nesterov: bool

    vectors: ClassVar[tuple[str, ...]] = ("velocity",)

    @property
    def used(self) -> tuple[str, ...]:
        return self.vectors if self.has_momentum else ()

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        alpha, beta = number("learning_rate"), number("momentum")
        if not self.has_momentum:
            return {"weights": w - alpha * g}
        descent = alpha * g
        v = beta * memory["velocity"] - descent
        return {"velocity": v, "weights": w + (beta * v - descent) if self.nesterov else w + v}


@dataclass(frozen=True)
class RMSpropMaths(OptimizerMaths):
    """s ← ρ s + (1 − ρ) g², w ← w − α g / √(s + ε), with ε inside the root.

    centered: √(s − c² + ε) with c ← ρ c + (1 − ρ) g. With momentum β: v ← β v + that step, w ← w − v.
    """

    has_momentum: bool
    centered: bool

    vectors: ClassVar[tuple[str, ...]] = ("velocity", "mean_square", "mean")

    @property
    def used(self) -> tuple[str, ...]:
        velocity, mean = ("velocity",) * self.has_momentum, ("mean",) * self.centered
        return (*velocity, "mean_square", *mean)

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


def _means(g: Any, memory: Mapping[str, Any], number: Numbers) -> tuple[Any, Any]:
    """m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v)."""
    m, v = memory["mean"], memory["mean_square"]
    return m + (1 - number("beta_1")) * (g - m), v + (1 - number("beta_2")) * (g * g - v)


class AdamMaths(OptimizerMaths):
    """m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), w ← w − αₜ m / (√v + ε), with ε outside the root."""

    vectors: ClassVar[tuple[str, ...]] = ("mean", "mean_square")
    scalars: ClassVar[tuple[str, ...]] = ("rate",)
    counter: ClassVar[type[Counter] | None] = AdamCounter

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        m, v = _means(g, memory, number)
        return {"mean": m, "mean_square": v, "weights": w - memory["rate"] * m / (np.sqrt(v) + number("epsilon"))}


class AdamWMaths(AdamMaths):
    """First w ← w − α λ w, for biases too, with the plain α; then Adam's step, whose g knows nothing of it."""

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        smaller = w - (number("learning_rate") * number("weight_decay")) * w
        return super().step(smaller, g, memory, number)


@dataclass(frozen=True)
class AdagradMaths(OptimizerMaths):
    """s ← s + g², w ← w − α g / √(s + ε), with ε inside the root; s starts above zero."""

    initial: float

    vectors: ClassVar[tuple[str, ...]] = ("sum_of_squares",)

    @property
    def start(self) -> float:
        return self.initial

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        s = memory["sum_of_squares"] + g * g
        return {"sum_of_squares": s, "weights": w - number("learning_rate") * g / np.sqrt(s + number("epsilon"))}


class AdamaxMaths(OptimizerMaths):
    """m ← m + (1 − β₁)(g − m), u ← max(β₂ u, |g|), w ← w − αₜ m / (u + ε)."""

    vectors: ClassVar[tuple[str, ...]] = ("mean", "largest")
    scalars: ClassVar[tuple[str, ...]] = ("rate",)
    counter: ClassVar[type[Counter] | None] = AdamaxCounter

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        m = memory["mean"] + (1 - number("beta_1")) * (g - memory["mean"])
        u = np.maximum(number("beta_2") * memory["largest"], np.abs(g))
        return {"mean": m, "largest": u, "weights": w - memory["rate"] * m / (u + number("epsilon"))}


class NadamMaths(OptimizerMaths):
    """m and v as in Adam; w ← w − (mean_rate · m + gradient_rate · g) / (√(square_rate · v) + ε).

    Where Adam steps along m, this steps along the m that is to be expected next.
    """

    vectors: ClassVar[tuple[str, ...]] = ("mean", "mean_square")
    scalars: ClassVar[tuple[str, ...]] = ("mean_rate", "gradient_rate", "square_rate")
    counter: ClassVar[type[Counter] | None] = NadamCounter

    def step(self, w: Any, g: Any, memory: Mapping[str, Any], number: Numbers) -> dict[str, Any]:
        m, v = _means(g, memory, number)
        ahead = memory["mean_rate"] * m + memory["gradient_rate"] * g
        deviation = np.sqrt(memory["square_rate"] * v) + number("epsilon")
        return {"mean": m, "mean_square": v, "weights": w - ahead / deviation}


def optimizer_maths(settings: Optimizer) -> OptimizerMaths:
    """The formulas of the chosen optimizer."""
    match settings:
        case SGD():
            return SGDMaths(settings.momentum > 0, settings.nesterov)
        case RMSprop():
            return RMSpropMaths(settings.momentum > 0, settings.centered)
        case Adam():
            return AdamMaths()
        case AdamW():
            return AdamWMaths()
        case Adagrad():
            return AdagradMaths(settings.initial_accumulator_value)
        case Adamax():
            return AdamaxMaths()
        case Nadam():
            return NadamMaths()


def fresh_memory(maths: OptimizerMaths, size: int, dtype: type[np.floating]) -> dict[str, Array]:
    """What an optimizer remembers before the first update. updates: how many there have been."""
    memory: dict[str, Array] = {name: np.full(size, maths.start, dtype) for name in maths.vectors}
    memory |= {name: np.zeros((), dtype) for name in maths.scalars}
    memory["updates"] = np.zeros((), np.int64)
    if isinstance(maths, NadamMaths):
        memory["product"] = np.ones(())
    return memory


def count_updates(maths: OptimizerMaths, memory: Mapping[str, Array], updates: int) -> None:
    """To be told after updates, for the optimizers whose formula does not ask how many there have been."""
    if maths.counter is None:
        memory["updates"][...] = memory["updates"].item() + updates  # a tenth of the time of +=


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
