"""How the loss flows back: to the output of the unit in focus, through its activation, and to each of its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnplayground.engine.base import LayerTrace, Trace
from nnplayground.formulas.functions import SLOPE, Unit, slope_line
from nnplayground.formulas.losses import JOINED, Sample, joined_slope, output_slope
from nnplayground.formulas.nodes import Applied, Fenced, Fraction, Node, Number, Operator, Row, Words
from nnplayground.formulas.subject import Subject, agrees, exact
from nnplayground.formulas.symbols import COUNT, DELTA, SHARE, A, Z
from nnplayground.formulas.unit_weights import UnitWeight, UnitWeights
from nnplayground.formulas.writing import (
    derivative,
    factor,
    function,
    indexed,
    link,
    listed,
    num,
    result,
    row,
    setting,
    terms,
    total,
)
from nnplayground.layers.activations import ActivationField, activation, activation_name
from nnplayground.layers.base import Layer
from nnplayground.layers.core import Dense
from nnplayground.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.regularizers import strengths
from nnplayground.spec.training import LossName

D_A = derivative(A, tip="how the loss of the minibatch changes with the output of this unit")
D_Z = derivative(Z, tip="how the loss of the minibatch changes with z of this unit")


class Following(NamedTuple):
    """The layer behind the one in focus. record: None where nothing is known of its update."""

    layer_id: str
    layer: Layer
    record: LayerTrace | None


def function_of(layer: Layer) -> ActivationField:
    return layer.outer_activation


def unit_of(subject: Subject, slope: float) -> Unit:
    return Unit(subject.z, subject.a, slope, subject.record.before[subject.spot[:-1]], subject.unit)


# To the unit


def output_lines(subject: Subject, trace: Trace, loss: LossName | None, slope: float) -> tuple[Row, ...]:
    """From the loss to δ of an output unit."""
    name = activation_name(function_of(subject.layer))
    sample = Sample(trace.targets[subject.sample], trace.outputs[subject.sample], trace.losses[subject.sample])
    joined = loss is not None and JOINED.get(loss) == name
    lines: list[Row] = []
    if not joined or (name == "sigmoid" and math.isfinite(float(subject.d_a)) and _flows(subject, slope)):
        lines.append(_output_line(subject, trace, loss, sample))
        if name != "linear":
            lines.append(slope_line(function_of(subject.layer), unit_of(subject, slope)))
    if not joined or loss is None:
        return (*lines, _delta_line(subject, slope))
    general, numbers = joined_slope(sample, subject.unit, name=loss)
    expected = (float(subject.a) - float(sample.targets[subject.unit])) * float(trace.shares[subject.sample])
    if loss == "binary_crossentropy":
        expected /= len(sample.targets)
    if not agrees(expected, float(subject.delta), float(trace.shares[subject.sample])):
        return (*lines, row(DELTA, "=", D_Z, "=", result(subject.delta, DELTA.tip)))
    end = result(subject.delta, DELTA.tip)
    if lines:
        return (*lines, _shared(row(DELTA, "=", D_A, "·", SLOPE), general, numbers, trace, subject, end))
    together = Words(f"{name} and the loss taken together")
    return (row(_shared(row(DELTA, "=", D_Z), general, numbers, trace, subject, end), together),)


def _output_line(subject: Subject, trace: Trace, loss: LossName | None, sample: Sample) -> Row:
    end = result(subject.d_a, D_A.top.about)
    found = output_slope(loss, sample, subject.unit) if loss is not None else None
    share = float(trace.shares[subject.sample])
    if found is None or not agrees(found.value * share, float(subject.d_a), share):
        return row(D_A, "=", end)
    return _shared(row(D_A), found.general, found.numbers, trace, subject, end)


def _shared(start: Row, general: Node, numbers: Node, trace: Trace, subject: Subject, end: Number) -> Row:
    """Of the loss of one sample, as much as it counts in the minibatch: a 1/m of it, or its own share."""
    share, count = float(trace.shares[subject.sample]), len(trace.samples)
    if math.isclose(share, 1 / count, rel_tol=1e-5):
        if count == 1:
            return row(start, "=", general, "=", numbers, "=", end)
        one = Number("1.0")
        over = num(count, "how many samples the minibatch has")
        return row(start, "=", Fraction(one, COUNT), "·", general, "=", Fraction(one, over), "·", numbers, "=", end)
    weight = num(trace.shares[subject.sample], SHARE.tip)
    return row(start, "=", SHARE, "·", general, "=", weight, "·", numbers, "=", end)


def hidden_lines(subject: Subject, following: Sequence[Following], slope: float) -> tuple[Row, ...]:
    """From the layers behind to δ of a hidden unit."""
    field = function_of(subject.layer)
    first = _received(subject, following)
    name = activation_name(field)
    if name == "linear":
        return (first, row(DELTA, "=", D_Z, "=", D_A, "=", result(subject.delta, DELTA.tip), *_note(subject)))
    if name == "softmax":
        return first, _softmax_line(subject)
    return first, slope_line(field, unit_of(subject, slope)), _delta_line(subject, slope)


def _received(subject: Subject, following: Sequence[Following]) -> Row:
    end = result(subject.d_a, D_A.top.about)
    if len(following) != 1:
        return row(D_A, "=", end, *_from(following))
    layer_id, layer, record = following[0]
    if record is None or not isinstance(layer, Dense) or record.d_before.ndim != 2:
        return row(D_A, "=", end, *_from(following))
    weights = record.weights["kernel"][subject.unit]
    deltas = record.d_before[subject.sample]
    products = exact(weights) * exact(deltas)
    if not agrees(float(products.sum()), float(subject.d_a), float(np.abs(products).sum())):
        return row(D_A, "=", end, *_from(following))

    def term(place: int) -> tuple[Any, Sequence[Node]]:
        return weights[place], (Operator("·", "product"), factor(deltas[place], f"δ of unit {place + 1} of {layer_id}"))

    def tip(place: int) -> str:
        return f"the weight from this unit to unit {place + 1} of {layer_id}"

    shown = subject.focus.terms("following")
    numbers = terms(len(weights), term, key="following", shown=shown, tip=tip)
    general = row(
        total("k", f"the sum over the units of {layer_id}, which follows"),
        indexed("w", "k", tip=f"the weight from this unit to unit k of {layer_id}"),
        indexed("δ", "k", tip=f"δ of unit k of {layer_id}"),
    )
    return row(D_A, "=", general, "=", numbers, "=", end)


def _from(following: Sequence[Following]) -> tuple[Words, ...]:
    names = " and ".join(each.layer_id for each in following)
    return (Words(f"flows back from {names}"),) if names else ()


def _flows(subject: Subject, slope: float) -> bool:
    expected = float(subject.d_a) * slope
    return agrees(expected, float(subject.delta), abs(expected))


def _delta_line(subject: Subject, slope: float) -> Row:
    end = result(subject.delta, DELTA.tip)
    if activation_name(function_of(subject.layer)) == "linear":
        return row(DELTA, "=", D_Z, "=", D_A, "=", end)
    if activation_name(function_of(subject.layer)) == "softmax":
        return _softmax_line(subject)
    if not _flows(subject, slope):
        return row(DELTA, "=", D_Z, "=", end)
    numbers = (num(subject.d_a, D_A.top.about), "·", num(slope, "how steep the activation function is at this z"))
    return row(DELTA, "=", D_Z, "=", D_A, "·", SLOPE, "=", *numbers, "=", end)


def _softmax_line(subject: Subject) -> Row:
    """Each output depends on every z: δ = a (∂L/∂a − Σ aₖ ∂L/∂aₖ)."""
    end = result(subject.delta, DELTA.tip)
    a, d_a = exact(subject.record.values[subject.spot[:-1]]), exact(subject.record.d_values[subject.spot[:-1]])
    mean = float((a * d_a).sum())
    expected = float(subject.a) * (float(subject.d_a) - mean)
    if not agrees(expected, float(subject.delta), float(np.abs(a * d_a).sum())):
        return row(DELTA, "=", D_Z, "=", end)
    every = indexed("a", "k", tip="the output of every unit of this layer")
    sum_of_all = row(total("k", "the sum over all units of this layer"), every, "·", derivative(every))
    general = row(A, "·", Fenced(row(D_A, "−", sum_of_all)))
    numbers = row(num(subject.a, A.tip), "·", Fenced(row(num(subject.d_a, D_A.top.about), "−", factor(mean))))
    return row(DELTA, "=", D_Z, "=", general, "=", numbers, "=", end)


def _note(subject: Subject) -> tuple[Words, ...]:
    """Where the gradient goes from a layer without weights."""
    match subject.layer:
        case MaxPooling2D() | GlobalMaxPooling2D():
            return (Words("goes back to the largest value alone"),)
        case AveragePooling2D() | GlobalAveragePooling2D():
            return (Words("is shared by the values equally"),)
        case Dropout():
            if float(subject.inputs[subject.spot]) == 0:  # Its output does not tell what the coin did.
                return ()
            dropped = float(subject.z) == 0
            return (Words("goes no further, for the value was dropped" if dropped else "goes back, divided likewise"),)
        case _:
            return ()


# To the weights


def gradient_lines(subject: Subject, weights: UnitWeights) -> tuple[Row, ...]:
    """The gradient of the weight in focus written out, and those of the others."""
    chosen = weights.at(subject.focus.weight)
    lines = [_gradient_line(subject, chosen)]
    if weights.count > 1:
        others = [number for number in range(weights.count) if number != subject.focus.weight]

        def item(place: int) -> Node:
            other = weights.at(others[place])
            number = num(subject.record.gradients[other.tensor][other.index], f"the gradient of {other.label}")
            return link(
                row(other.gradient, "=", number), f"weight:{others[place]}", f"Show how {other.label} comes about"
            )

        lines.append(listed(len(others), item, key="gradients", shown=subject.focus.terms("gradients")))
    return tuple(lines)


def _gradient_line(subject: Subject, chosen: UnitWeight) -> Row:
    end = result(subject.record.gradients[chosen.tensor][chosen.index], chosen.gradient.about)
    start = row(chosen.gradient, "=", derivative(chosen.letter))
    products = chosen.products()
    added, letters, numbers = _penalty(subject, chosen)
    of_samples = products.sum(axis=1)
    if not agrees(float(of_samples.sum()) + added, float(end.value), float(np.abs(products).sum()) + abs(added)):
        return row(start, "=", end)
    several = products.shape[1] > 1
    over = "the sum over all samples of the minibatch" + (" and all places of the output" if several else "")
    met = () if chosen.met is None else (chosen.met,)
    general = row(total("", over), DELTA, *met, *letters)
    shown = subject.focus.terms("samples")
    factors = chosen.factors() if chosen.factors is not None and not several else None
    deltas = subject.record.d_before[..., subject.unit].reshape(len(products), -1)

    def term(place: int) -> tuple[Any, Sequence[Node]]:
        if several:
            return of_samples[place], ()
        if factors is not None:
            met_here = factor(factors[place], f"what the weight met in sample {place + 1}")
            return deltas[place, 0], (Operator("·", "product"), met_here)
        return (deltas[place, 0] if chosen.met is None else of_samples[place]), ()

    def tip(place: int) -> str:
        what = f"the sum over {products.shape[1]:,} places" if several else "δ"
        return f"{what} of sample {place + 1} of the minibatch"

    written = terms(len(products), term, key="samples", shown=shown, tip=tip)
    return row(start, "=", general, "=", written, *numbers, "=", end)


def _penalty(subject: Subject, chosen: UnitWeight) -> tuple[float, tuple[Node | str, ...], tuple[Node | str, ...]]:
    """What regularization adds to the gradient: λ₁ sign w + 2 λ₂ w. (value, with letters, with numbers)."""
    regularizer = getattr(subject.layer, f"{chosen.tensor}_regularizer", None)
    l1, l2 = strengths(regularizer)
    value = subject.record.weights[chosen.tensor][chosen.index]
    amount, letters, numbers = 0.0, [], []
    old = "this weight before the update"
    if l1:
        strength = indexed("λ", 1, tip="the strength of L1: how much large weights cost")
        letters += ["+", strength, "·", Applied("sign", chosen.letter)]
        numbers += ["+", num(l1, strength.about), "·", function("sign", num(value, old))]
        amount += l1 * float(np.sign(value))
    if l2:
        strength = indexed("λ", 2, tip="the strength of L2: how much large weights cost")
        letters += ["+", Number("2.0"), "·", strength, "·", chosen.letter]
        numbers += ["+", Number("2.0"), "·", num(l2, strength.about), "·", factor(value, old)]
        amount += 2 * l2 * float(value)
    return amount, tuple(letters), tuple(numbers)


def clip_lines(subject: Subject, chosen: UnitWeight, trace: Trace) -> tuple[Row, ...]:
    """What the limit on gradients made of this one; nothing where it did not act."""
    before = subject.record.gradients[chosen.tensor][chosen.index]
    after = subject.record.limited.get(chosen.tensor)
    if after is None or float(after[chosen.index]) == float(before):
        return ()
    end = result(after[chosen.index], "the gradient of this weight, within the limit")
    start = row(Words("clipping"), chosen.gradient, "←")
    g = chosen.gradient
    limits = {name: limit for name, limit in _limits(trace.numbers).items() if limit > 0}
    if "value" in limits:
        c = setting(limits["value"], "the largest size of any single gradient")
        least = setting(-limits["value"], "the limit on the other side")
        inner = function("max", num(before, g.about), ",", least)
        return (row(start, function("min", inner, ",", c), "=", end),)
    for name, whose in (("norm", "of this weight tensor"), ("global_norm", "of all weights")):
        if name not in limits:
            continue
        norm = _norm(subject, chosen, trace) if name == "norm" else _global_norm(trace)
        if not agrees(float(before) * limits[name] / norm if norm else 0.0, float(after[chosen.index]), 0.0):
            break
        length = Fenced(indexed("g", "1…n", tip=f"the gradients {whose}"), "‖", "‖")
        limit = setting(limits[name], f"the largest norm of the gradient {whose}")
        letters = Fraction(limit, length)
        numbers = Fraction(limit, num(norm, f"the norm of the gradient {whose}"))
        return (row(start, g, "·", letters, "=", num(before, g.about), "·", numbers, "=", end),)
    return (row(start, end),)


def _limits(numbers: Mapping[str, float]) -> dict[str, float]:
    prefix = "training.clip."
    return {name.removeprefix(prefix): value for name, value in numbers.items() if name.startswith(prefix)}


def _norm(subject: Subject, chosen: UnitWeight, trace: Trace) -> float:
    return float(np.linalg.norm(exact(subject.record.gradients[chosen.tensor])))


def _global_norm(trace: Trace) -> float:
    return math.sqrt(sum(norm * norm for norm in trace.gradient_norms.values()))


def slope_of(subject: Subject) -> float:
    """g′(z) at the unit in focus."""
    function = activation(function_of(subject.layer))
    pair = np.array([subject.z], np.float64), np.array([subject.a], np.float64)
    return float(function.derivative(*pair)[0])
