"""One update of one unit in five steps: forward, activation, loss, backward, update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np

from nnplayground.engine.base import LayerTrace, Trace
from nnplayground.formulas.backward import (
    Following,
    clip_lines,
    function_of,
    gradient_lines,
    hidden_lines,
    output_lines,
    slope_of,
    unit_of,
)
from nnplayground.formulas.forward import forward_lines
from nnplayground.formulas.functions import value_line
from nnplayground.formulas.losses import Sample, sample_loss
from nnplayground.formulas.nodes import Fraction, Node, Operator, Row
from nnplayground.formulas.optimizers import WeightUpdate, update_lines
from nnplayground.formulas.subject import Focus, Subject, agrees, clamped
from nnplayground.formulas.symbols import COUNT, LOSS, PENALTY, SHARE
from nnplayground.formulas.unit_weights import UnitWeight, UnitWeights, unit_weights
from nnplayground.formulas.writing import indexed, link, listed, num, result, row, terms, total
from nnplayground.layers import Layer
from nnplayground.layers.activations import activation, activation_name
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, SeparableConv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import resolved_loss
from nnplayground.spec.project import Project
from nnplayground.spec.training import LossName

Phase = Literal["forward", "activation", "loss", "backward", "update"]
PHASES: tuple[Phase, ...] = ("forward", "activation", "loss", "backward", "update")


class Step(msgspec.Struct, frozen=True, eq=False):
    """One phase of an update, in a few formulas."""

    phase: Phase
    lines: tuple[Row, ...]


class Choices(msgspec.Struct, frozen=True):
    """How much there is to choose from. unit_word: what units are called; sides: of the output, where it is a picture;
    samples: of the minibatch; weights: of the unit.
    """

    units: int
    unit_word: str
    sides: tuple[int, ...]
    samples: int
    weights: int


class Explanation(msgspec.Struct, frozen=True, eq=False):
    """focus: what is shown, which is what was asked for within the bounds of the layer."""

    focus: Focus
    choices: Choices
    steps: tuple[Step, ...]
    weights: UnitWeights

    def weight_label(self, number: int) -> str:
        """The short name of a weight of the unit."""
        return self.weights.at(number).label

    def weight_number(self, row_at: int, column: int, *, width: int) -> int:
        """Number of the weight at a cell of a filter so wide, in the channel of the chosen weight."""
        channels = self.weights.channels
        return (row_at * width + column) * channels + self.weights.channel(self.focus.weight)


_SEQUENCES = 3
"""Axes of values of sequences: samples, steps, channels."""


class CannotExplain(Exception):
    """There are no numbers that fit the layer. The message is for the user."""


def explain(project: Project, facts: DataFacts | None, trace: Trace, focus: Focus) -> Explanation:
    """The steps of one update. Raises CannotExplain where the trace does not hold the layer as it is in the project."""
    layer_id = focus.layer_id
    block = project.model.by_id.get(layer_id)
    record = trace.layers.get(layer_id)
    if block is None or record is None:
        raise CannotExplain(f"The numbers of {layer_id} are on their way: press Step to see its next update.")
    layer = block.layer
    if layer.activates_inside or record.before.ndim == _SEQUENCES or trace.outputs.ndim == _SEQUENCES:
        raise CannotExplain(
            f"{layer_id} works on sequences, and an update of all their steps at once is not written out here; "
            f"Activations shows what happens at each step."
        )
    if not _fits(layer, record):
        raise CannotExplain(
            f"{layer_id} has been changed since the last update; press Step to see one of the layer as it is now."
        )
    sources = [project.model.layer(source) for source in project.model.sources(layer_id)]
    letter = "x" if any(isinstance(source, Input) for source in sources) or isinstance(layer, Input) else "a"
    unclamped = Subject(layer, record, clamped(focus, record.before.shape, weights=1), letter)
    weights = unit_weights(unclamped)
    focus = clamped(focus, record.before.shape, weights=weights.count)
    subject = Subject(layer, record, focus, letter)
    steps = [Step("forward", forward_lines(subject))]
    field = function_of(layer)
    slope = slope_of(subject)
    if activation_name(field) != "linear" or isinstance(layer, Dense | Conv2D | SeparableConv2D | Conv2DTranspose):
        steps.append(Step("activation", (value_line(field, unit_of(subject, slope)),)))
    loss = resolved_loss(project, facts) if facts is not None else None
    steps.append(Step("loss", _loss_lines(trace, loss, focus)))
    if not isinstance(layer, Input):
        steps.append(Step("backward", _backward_lines(project, trace, subject, loss, weights)))
    if weights.count:
        steps.append(Step("update", _update_lines(project, trace, subject, weights)))
    choices = Choices(
        units=record.before.shape[-1],
        unit_word=_unit_word(layer, record.before.ndim),
        sides=record.before.shape[1:-1],
        samples=len(trace.samples),
        weights=weights.count,
    )
    return Explanation(focus, choices, tuple(steps), weights)


def _unit_word(layer: Layer, rank: int) -> str:
    match layer:
        case Conv2D() | SeparableConv2D() | Conv2DTranspose():
            return "Filter"
        case Input() | Flatten():
            return "Channel" if rank > 2 else "Value"
        case _:
            return "Channel" if rank > 2 else "Unit"


def _fits(layer: Layer, record: LayerTrace) -> bool:
    """Whether these are numbers of this very layer: shapes, and the activation function of the first sample."""
    shapes = tuple(each.shape[1:] for each in record.inputs) or (record.before.shape[1:],)
    specs = {spec.name: spec.shape for spec in layer.weights(*shapes)} if not isinstance(layer, Input) else {}
    held = {name: values.shape for name, values in record.weights.items()}
    if any(specs.get(name) != shape for name, shape in held.items()):
        return False
    if not isinstance(layer, Input) and layer.output_shape(*shapes) != record.values.shape[1:]:
        return False
    z, a = record.before[0], record.values[0]
    given = activation(function_of(layer)).value(z)
    return bool(np.allclose(given, a, rtol=1e-3, atol=1e-5, equal_nan=True))


def _loss_lines(trace: Trace, loss: LossName | None, focus: Focus) -> tuple[Row, ...]:
    at = focus.sample
    sample = Sample(trace.targets[at], trace.outputs[at], trace.losses[at], focus.terms("outputs"))
    return sample_loss(loss, sample), _batch_loss(trace, focus)


def _batch_loss(trace: Trace, focus: Focus) -> Row:
    """L: the mean of the samples' losses, or their sum by shares, and what regularization adds."""
    losses, shares, count = trace.losses, trace.shares, len(trace.samples)
    shown = focus.terms("losses")
    equal = bool(np.allclose(shares, 1 / count, rtol=1e-5))
    one = indexed("ℓ", "i", tip="the loss of sample i of the minibatch")
    over = total("i", "the sum over all samples of the minibatch")

    def tip(place: int) -> str:
        return f"the loss of sample {place + 1} of the minibatch"

    if equal:
        written = terms(count, lambda place: (losses[place], ()), key="losses", shown=shown, tip=tip)
        general: Node = Fraction(row(over, one), COUNT)
        numbers: Node = Fraction(written, num(count, "how many samples the minibatch has"))
    else:

        def term(place: int) -> tuple[Any, tuple[Node, ...]]:
            return shares[place], tuple(row("·", num(losses[place], tip(place))).items)

        weight = indexed("s", "i", tip=SHARE.tip)
        general, numbers = row(over, weight, one), terms(count, term, key="losses", shown=shown)
    penalty = float(trace.penalty)
    if penalty:
        general, numbers = row(general, "+", PENALTY), row(numbers, "+", num(penalty, PENALTY.tip))
    added = float((np.asarray(losses, np.float64) * shares).sum()) + penalty
    measured = float(trace.metrics.values["loss"][0])
    end = result(measured, LOSS.tip)
    if not agrees(added, measured, abs(added)):
        return row(LOSS, "=", end)
    return row(LOSS, "=", general, "=", numbers, "=", end)


def _backward_lines(
    project: Project, trace: Trace, subject: Subject, loss: LossName | None, weights: UnitWeights
) -> tuple[Row, ...]:
    layer_id = subject.focus.layer_id
    slope = slope_of(subject)
    targets = project.model.targets(layer_id)
    if not targets:
        lines = output_lines(subject, trace, loss, slope)
    else:
        following = [Following(each, project.model.layer(each), trace.layers.get(each)) for each in targets]
        lines = hidden_lines(subject, following, slope)
    if not weights.count:
        return lines
    chosen = weights.at(subject.focus.weight)
    return (*lines, *gradient_lines(subject, weights), *clip_lines(subject, chosen, trace))


def _update_lines(project: Project, trace: Trace, subject: Subject, weights: UnitWeights) -> tuple[Row, ...]:
    chosen = weights.at(subject.focus.weight)
    lines = update_lines(project.training.optimizer, _weight_update(trace, subject, chosen))
    if weights.count == 1:
        return lines
    others = [number for number in range(weights.count) if number != subject.focus.weight]

    def item(place: int) -> Node:
        other = weights.at(others[place])
        record = subject.record
        before, after = (values[other.tensor][other.index] for values in (record.weights, record.after))
        change = row(
            other.letter,
            Operator(":", "comma"),
            num(before, f"{other.label} before the update"),
            "→",
            num(after, f"{other.label} after the update"),
        )
        return link(change, f"weight:{others[place]}", f"Show how {other.label} is updated")

    return (*lines, listed(len(others), item, key="updates", shown=subject.focus.terms("updates")))


def _weight_update(trace: Trace, subject: Subject, chosen: UnitWeight) -> WeightUpdate:
    record, prefix = subject.record, "training.optimizer."
    tensor, index = chosen.tensor, chosen.index

    def remembered(memory: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        return {name: values[tensor][index] for name, values in memory.items() if tensor in values}

    return WeightUpdate(
        weight=chosen.letter,
        gradient=chosen.gradient,
        before=record.weights[tensor][index],
        after=record.after[tensor][index],
        slope=record.limited[tensor][index],
        memory=remembered(record.memory),
        memory_after=remembered(record.memory_after),
        numbers={name.removeprefix(prefix): value for name, value in trace.numbers.items() if name.startswith(prefix)},
        count=trace.count,
    )
