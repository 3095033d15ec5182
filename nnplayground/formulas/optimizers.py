"""The update of one weight, by the formula of its optimizer and with its numbers.

The formulas are Keras', as in `nnplayground.engine.scratch.optimizers`, whose names for what an optimizer remembers are
used here. What is remembered and the new weight come from the engine; each formula is also worked out, and given up
where it does not lead to the engine's numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec
import numpy as np

from nnplayground.formulas.nodes import Fenced, Fraction, Node, Number, Operator, Root, Row, Script, Symbol, Words
from nnplayground.formulas.symbols import (
    ALPHA,
    BETA,
    BETA_1,
    BETA_2,
    CENTRE,
    DECAY,
    EPSILON,
    LARGEST,
    MEAN,
    MEAN_SQUARE,
    RATE,
    RHO,
    SQUARES,
    SUM_OF_SQUARES,
    UPDATE,
    VELOCITY,
)
from nnplayground.formulas.writing import (
    Part,
    factor,
    function,
    hat,
    indexed,
    num,
    result,
    row,
    setting,
    squared,
)
from nnplayground.spec.training import SGD, Adagrad, Adam, Adamax, AdamW, Nadam, Optimizer, RMSprop

ONE = Number("1.0")
_NEXT = Row((UPDATE, Operator("+", "sign"), ONE))


class WeightUpdate(msgspec.Struct, frozen=True, eq=False):
    """One weight in one update.

    weight, gradient: its letter and that of its gradient. before, after: its values; slope: the gradient, after
    clipping. memory, memory_after: what the optimizer remembers of it, by name. numbers: of the optimizer, by field.
    """

    weight: Node
    gradient: Node
    before: Any
    after: Any
    slope: Any
    memory: Mapping[str, Any]
    memory_after: Mapping[str, Any]
    numbers: Mapping[str, float]
    count: int

    def old(self) -> Node:
        return num(self.before, "this weight before the update")

    def g(self) -> Node:
        return factor(self.slope, "the gradient of this weight")

    def new(self) -> Number:
        return result(self.after, "this weight after the update")

    def set(self, field: str) -> Number:
        return setting(self.numbers[field], field.replace("_", " "))

    def was(self, name: str, what: str) -> Node:
        return num(self.memory[name], f"{what}, from the update before")

    def now(self, name: str, what: str) -> Node:
        return factor(self.memory_after[name], f"{what}, as it is now")


class Update(NamedTuple):
    """lines: the formulas. expected: the new weight that they lead to, from the engine's own intermediate values."""

    lines: tuple[Row, ...]
    expected: float


def update_lines(settings: Optimizer, step: WeightUpdate) -> tuple[Row, ...]:
    """The formulas of one weight's update; only what came of it where the optimizer has changed since."""
    found = None
    if set(settings.__struct_fields__) - {"nesterov", "centered"} <= set(step.numbers):
        try:
            found = _FORMULAS[type(settings)](settings, step)
        except KeyError:  # It remembers something else than this optimizer does.
            found = None
    if found is None or not _leads_to(found.expected, step):
        return (row(step.weight, "←", step.new(), Words("by the optimizer")),)
    return found.lines


def _leads_to(expected: float, step: WeightUpdate) -> bool:
    if not math.isfinite(expected):
        return not math.isfinite(float(step.after))
    moved = abs(float(step.after) - float(step.before))
    precision = float(np.finfo(np.asarray(step.after).dtype).eps) if np.asarray(step.after).dtype.kind == "f" else 0.0
    return abs(expected - float(step.after)) <= 1e-3 * moved + 8 * precision * abs(float(step.before))


def _sgd(settings: SGD, step: WeightUpdate) -> Update:
    w, g, alpha = step.weight, step.gradient, step.set("learning_rate")
    rate, slope = float(step.numbers["learning_rate"]), float(step.slope)
    if "velocity" not in step.memory_after:
        line = row(w, "←", w, "−", ALPHA, "·", g, "=", step.old(), "−", alpha, "·", step.g(), "=", step.new())
        return Update((line,), float(step.before) - rate * slope)
    what = "the velocity"
    beta = step.set("momentum")
    first = row(
        *(VELOCITY, "←", BETA, "·", VELOCITY, "−", ALPHA, "·", g),
        *("=", beta, "·", _signed(step.memory["velocity"], what), "−", alpha, "·", step.g()),
        *("=", result(step.memory_after["velocity"], what)),
    )
    v = float(step.memory_after["velocity"])
    if not settings.nesterov:
        line = row(w, "←", w, "+", VELOCITY, "=", step.old(), "+", step.now("velocity", what), "=", step.new())
        return Update((first, line), float(step.before) + v)
    line = row(
        *(w, "←", w, "+", BETA, "·", VELOCITY, "−", ALPHA, "·", g, "=", step.old()),
        *("+", beta, "·", step.now("velocity", what), "−", alpha, "·", step.g(), "=", step.new()),
    )
    return Update((first, line), float(step.before) + float(step.numbers["momentum"]) * v - rate * slope)


def _rmsprop(settings: RMSprop, step: WeightUpdate) -> Update:
    w, g, alpha, rho = step.weight, step.gradient, step.set("learning_rate"), step.set("rho")
    s = float(step.memory_after["mean_square"])
    lines = [_running(SQUARES, "mean_square", "the mean square", RHO, rho, squared(g), squared(step.g()), step)]
    variance: list[Part] = [SQUARES]
    numbers: list[Part] = [step.now("mean_square", "the mean square")]
    if settings.centered:
        lines.append(_running(CENTRE, "mean", "the mean", RHO, rho, g, step.g(), step))
        variance += ["−", squared(CENTRE)]
        numbers += ["−", squared(step.now("mean", "the mean"))]
        s -= float(step.memory_after["mean"]) ** 2
    root, root_numbers = Root(row(*variance, "+", EPSILON)), Root(row(*numbers, "+", step.set("epsilon")))
    descent, in_numbers = Fraction(row(ALPHA, "·", g), root), Fraction(row(alpha, "·", step.g()), root_numbers)
    rate = float(step.numbers["learning_rate"])
    expected = rate * float(step.slope) / math.sqrt(s + step.numbers["epsilon"])
    if "velocity" not in step.memory_after:
        lines.append(row(w, "←", w, "−", descent, "=", step.old(), "−", in_numbers, "=", step.new()))
        return Update(tuple(lines), float(step.before) - expected)
    lines.append(
        row(
            *(VELOCITY, "←", BETA, "·", VELOCITY, "+", descent),
            *("=", step.set("momentum"), "·", _signed(step.memory["velocity"], "the velocity"), "+", in_numbers),
            *("=", result(step.memory_after["velocity"], "the velocity")),
        )
    )
    lines.append(
        row(w, "←", w, "−", VELOCITY, "=", step.old(), "−", step.now("velocity", "the velocity"), "=", step.new())
    )
    return Update(tuple(lines), float(step.before) - float(step.memory_after["velocity"]))


def _adam(settings: Adam | AdamW, step: WeightUpdate) -> Update:
    w, t, beta_1, beta_2 = step.weight, step.count, step.numbers["beta_1"], step.numbers["beta_2"]
    rate = float(step.numbers["learning_rate"]) * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    rate_line = row(
        *(RATE, "=", ALPHA, "·", Fraction(Root(_less(BETA_2, UPDATE)), _less(BETA_1, UPDATE)), "="),
        *(step.set("learning_rate"), "·"),
        Fraction(Root(_less(step.set("beta_2"), _whole(t))), _less(step.set("beta_1"), _whole(t))),
        *("=", result(rate, "the learning rate of this update")),
    )
    lines = [*_two_means(step), rate_line]
    start, start_value = step.old(), float(step.before)
    if isinstance(settings, AdamW):
        decay = step.numbers["learning_rate"] * step.numbers["weight_decay"]
        start_value -= decay * start_value
        start = result(start_value, "this weight after its decay")
        lines.append(
            row(
                *(w, "←", w, "−", ALPHA, "·", DECAY, "·", w, "=", step.old(), "−", step.set("learning_rate"), "·"),
                *(step.set("weight_decay"), "·", factor(step.before), "=", start),
            )
        )
        start = num(start_value, "this weight after its decay")
    lines.append(
        row(
            *(w, "←", w, "−", Fraction(row(RATE, "·", MEAN), row(Root(MEAN_SQUARE), "+", EPSILON)), "=", start, "−"),
            Fraction(
                row(num(rate), "·", step.now("mean", "the mean")),
                row(Root(step.now("mean_square", "the mean square")), "+", step.set("epsilon")),
            ),
            *("=", step.new()),
        )
    )
    m, v = float(step.memory_after["mean"]), float(step.memory_after["mean_square"])
    return Update(tuple(lines), start_value - rate * m / (math.sqrt(v) + step.numbers["epsilon"]))


def _adagrad(settings: Adagrad, step: WeightUpdate) -> Update:
    w, g, what = step.weight, step.gradient, "the sum of squares"
    first = row(
        *(SUM_OF_SQUARES, "←", SUM_OF_SQUARES, "+", squared(g)),
        *("=", step.was("sum_of_squares", what), "+", squared(step.g())),
        *("=", result(step.memory_after["sum_of_squares"], what)),
    )
    line = row(
        *(w, "←", w, "−", Fraction(row(ALPHA, "·", g), Root(row(SUM_OF_SQUARES, "+", EPSILON))), "=", step.old(), "−"),
        Fraction(
            row(step.set("learning_rate"), "·", step.g()),
            Root(row(step.now("sum_of_squares", what), "+", step.set("epsilon"))),
        ),
        *("=", step.new()),
    )
    root = math.sqrt(float(step.memory_after["sum_of_squares"]) + step.numbers["epsilon"])
    return Update((first, line), float(step.before) - step.numbers["learning_rate"] * float(step.slope) / root)


def _adamax(settings: Adamax, step: WeightUpdate) -> Update:
    w, g, t, what = step.weight, step.gradient, step.count, "the largest recent gradient"
    rate = step.numbers["learning_rate"] / (1 - step.numbers["beta_1"] ** t)
    lines = (
        _mean(step),
        row(
            *(LARGEST, "←", function("max", BETA_2, "·", LARGEST, ",", Fenced(g, "|", "|"))),
            *("=", function("max", step.set("beta_2"), "·", step.was("largest", what), ",", _size(step.slope))),
            *("=", result(step.memory_after["largest"], what)),
        ),
        row(
            *(RATE, "=", Fraction(ALPHA, _less(BETA_1, UPDATE))),
            *("=", Fraction(step.set("learning_rate"), _less(step.set("beta_1"), _whole(t)))),
            *("=", result(rate, "the learning rate of this update")),
        ),
        row(
            *(w, "←", w, "−", Fraction(row(RATE, "·", MEAN), row(LARGEST, "+", EPSILON)), "=", step.old(), "−"),
            Fraction(
                row(num(rate), "·", step.now("mean", "the mean")),
                row(step.now("largest", what), "+", step.set("epsilon")),
            ),
            *("=", step.new()),
        ),
    )
    m, u = float(step.memory_after["mean"]), float(step.memory_after["largest"])
    return Update(lines, float(step.before) - rate * m / (u + step.numbers["epsilon"]))


def _nadam(settings: Nadam, step: WeightUpdate) -> Update:
    w, g, t = step.weight, step.gradient, step.count
    alpha, beta_1, beta_2 = (step.numbers[name] for name in ("learning_rate", "beta_1", "beta_2"))
    product = math.prod(_momentum(beta_1, each) for each in range(1, t + 1))
    u_now, u_next = _momentum(beta_1, t), _momentum(beta_1, t + 1)
    m, v = float(step.memory_after["mean"]), float(step.memory_after["mean_square"])
    ahead = u_next * m / (1 - product * u_next) + (1 - u_now) * float(step.slope) / (1 - product)
    square = v / (1 - beta_2**t)
    m_hat, v_hat = hat("m", "the mean that is to be expected next"), hat("v", "the mean square, which starts at zero")
    now, following = _momentum_symbol(UPDATE), _momentum_symbol(_NEXT)
    all_now, all_next = _product_symbol(UPDATE), _product_symbol(_NEXT)
    lines = (
        *_two_means(step),
        row(
            *(now, "=", BETA_1, "·", Fenced(row(ONE, "−", num(0.5), "·", Script(num(0.96), sup=UPDATE)))),
            *("=", num(u_now), ",", following, "=", num(u_next), ",", all_now, "=", num(product), ","),
            *(all_next, "=", num(product * u_next)),
        ),
        row(
            *(m_hat, "=", Fraction(row(following, "·", MEAN), row(ONE, "−", all_next)), "+"),
            Fraction(row(Fenced(row(ONE, "−", now)), "·", g), row(ONE, "−", all_now)),
            *("=", Fraction(row(num(u_next), "·", step.now("mean", "the mean")), row(ONE, "−", product * u_next))),
            *("+", Fraction(row(Fenced(row(ONE, "−", u_now)), "·", step.g()), row(ONE, "−", product))),
            *("=", result(ahead)),
        ),
        row(
            *(v_hat, "=", Fraction(MEAN_SQUARE, _less(BETA_2, UPDATE)), "="),
            Fraction(step.now("mean_square", "the mean square"), _less(step.set("beta_2"), _whole(t))),
            *("=", result(square)),
        ),
        row(
            *(w, "←", w, "−", Fraction(row(ALPHA, "·", m_hat), row(Root(v_hat), "+", EPSILON)), "=", step.old(), "−"),
            Fraction(
                row(step.set("learning_rate"), "·", factor(ahead)), row(Root(num(square)), "+", step.set("epsilon"))
            ),
            *("=", step.new()),
        ),
    )
    return Update(lines, float(step.before) - alpha * ahead / (math.sqrt(square) + step.numbers["epsilon"]))


def _momentum(beta_1: float, update: int) -> float:
    """Nadam's momentum at an update from 1 on, which grows towards β₁."""
    return beta_1 * (1 - 0.5 * 0.96**update)


def _momentum_symbol(index: Node) -> Node:
    return indexed("u", index, tip="Nadam's momentum at this update: it grows towards β₁")


def _product_symbol(index: Node) -> Node:
    return indexed("P", index, tip="the product of u from the first update to this one")


def _two_means(step: WeightUpdate) -> tuple[Row, Row]:
    what = "the mean square"
    second = row(
        *(MEAN_SQUARE, "←", MEAN_SQUARE, "+", Fenced(row(ONE, "−", BETA_2))),
        *(Fenced(row(squared(step.gradient), "−", MEAN_SQUARE)), "=", step.was("mean_square", what)),
        *("+", Fenced(row(ONE, "−", step.set("beta_2")))),
        *(Fenced(row(squared(step.g()), "−", factor(step.memory["mean_square"], what))), "="),
        result(step.memory_after["mean_square"], what),
    )
    return _mean(step), second


def _mean(step: WeightUpdate) -> Row:
    what = "the mean"
    return row(
        *(MEAN, "←", MEAN, "+", Fenced(row(ONE, "−", BETA_1)), Fenced(row(step.gradient, "−", MEAN))),
        *("=", step.was("mean", what), "+", Fenced(row(ONE, "−", step.set("beta_1")))),
        *(Fenced(row(num(step.slope), "−", factor(step.memory["mean"], what))), "="),
        result(step.memory_after["mean"], what),
    )


def _running(
    letter: Symbol,
    name: str,
    what: str,
    rate: Symbol,
    rate_number: Number,
    quantity: Node,
    number: Node,
    step: WeightUpdate,
) -> Row:
    """letter ← ρ letter + (1 − ρ) quantity."""
    return row(
        *(letter, "←", rate, "·", letter, "+", Fenced(row(ONE, "−", rate)), "·", quantity),
        *("=", rate_number, "·", _signed(step.memory[name], what)),
        *("+", Fenced(row(ONE, "−", rate_number)), "·", number, "=", result(step.memory_after[name], what)),
    )


def _signed(value: Any, what: str) -> Node:
    return factor(value, f"{what}, from the update before")


def _size(value: Any) -> Node:
    return Fenced(num(value, "the gradient of this weight"), "|", "|")


def _less(base: Node, power: Node) -> Row:
    """1 − baseᵗ."""
    return row(
        ONE, "−", Script(base.base, sub=base.sub, sup=power) if isinstance(base, Script) else Script(base, sup=power)
    )


def _whole(number: int) -> Symbol:
    return Symbol(str(number), "which update of the optimizer this is, counted from 1", upright=True)


_FORMULAS: dict[type, Callable[[Any, WeightUpdate], Update]] = {
    SGD: _sgd,
    RMSprop: _rmsprop,
    Adam: _adam,
    AdamW: _adam,
    Adagrad: _adagrad,
    Adamax: _adamax,
    Nadam: _nadam,
}
