"""One update with all its numbers: the same formulas as in training, but computed at once instead of made a program.

The weights are changed by the program that training uses; only what comes before it is done step by step here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np

from nnplayground.engine.base import BlockMetrics, EngineError, IndexArray, LayerTrace, Trace
from nnplayground.engine.scratch.graph import Backward, backward, forward
from nnplayground.engine.scratch.metrics import of_samples
from nnplayground.engine.scratch.optimizers import OptimizerMaths, count_updates, limited
from nnplayground.engine.scratch.parameters import each
from nnplayground.engine.scratch.randomness import uniform
from nnplayground.engine.scratch.recorder import run
from nnplayground.engine.scratch.regularization import cost, d_weight
from nnplayground.engine.scratch.tokens import batch_values, fill_one_hot, sample_losses, token_shares
from nnplayground.engine.scratch.updates import Trainer
from nnplayground.layers.maths import Pass
from nnplayground.samples import Array
from nnplayground.spec.training import Clip

Parts: TypeAlias = Mapping[str, Mapping[str, Array]]
"""Something about each weight, by layer id and name."""


class Passed(NamedTuple):
    """What went through the model, and back, for m samples.

    outputs: (m, k); losses: (m,). following: see Maths, by layer id. The others by id, as far as there is such: before
    and values, Z and A, and the derivatives of the loss by both, of layers that are to be told of.
    """

    outputs: Array
    losses: Array
    following: Parts
    before: Mapping[str, Array]
    values: Mapping[str, Array]
    d_before: Mapping[str, Array]
    d_values: Mapping[str, Array]


class Step(NamedTuple):
    """What an update did. gradients and limited: of trained weights; before, after: of all; memory: by name first."""

    gradients: Parts
    limited: Parts
    before: Parts
    after: Parts
    memory: Mapping[str, Parts]
    memory_after: Mapping[str, Parts]


def traced_update(
    trainer: Trainer,
    batch: IndexArray,
    layer_ids: Sequence[str],
    *,
    optimizer: OptimizerMaths,
    clip: Clip,
    memory: Mapping[str, Array],
) -> Trace:
    """Do one update. memory: the optimizer's. Raises EngineError for a layer that the model does not have."""
    graph, split = trainer.graph, trainer.split
    known = {place.id for place in graph.places}
    unknown = [layer_id for layer_id in layer_ids if layer_id not in known]
    if unknown:
        raise EngineError(f"The model that is being run has no layer {unknown[0]}.")
    # As in training: of a batch that is the whole split, the samples stay as they lie.
    order = split.everything if split.lies_ready(batch) else batch
    targets, weights = split.targets[order], split.weights
    count = len(order)
    counted = np.ones((count, 1), split.dtype) if weights is None else weights[order]
    one_batch = np.zeros(1, int)
    if split.tokens:
        shares = token_shares(targets, one_batch, None if weights is None else counted, split.dtype)
    else:
        shares = counted / split.dtype(count)
    told = {*layer_ids, *(source for place in graph.places if place.id in layer_ids for source in place.sources)}
    with np.errstate(all="ignore"):
        penalty, pieces = 0.0, []
        for first, last in pairwise(trainer.piece_ends(0, count)):
            passed, flow = _passed(trainer, order[first:last], shares[first:last], told)
            penalty += _find_gradient(trainer, flow, regularized=first == 0, added=first > 0)
            pieces.append(passed)
        whole = _together(pieces)
        outputs, losses = whole.outputs, whole.losses
        step = _step(trainer, whole.following, optimizer=optimizer, clip=clip, memory=memory)
        if split.tokens:
            values = batch_values(targets, losses, outputs, shares=shares, starts=one_batch, metrics=trainer.metrics)
            losses, shares = sample_losses(targets, losses), shares.sum(axis=1)
        else:
            measured = {
                name: of_samples(name, targets, outputs, from_minus_one=split.from_minus_one)
                for name in trainer.metrics
            }
            measured["loss"] = losses * counted[:, 0]
            values = {
                name: np.add.reduce(each_one, 0, np.float64, keepdims=True) / count
                for name, each_one in measured.items()
            }
        values["loss"] = values["loss"] + penalty
        return Trace(
            samples=order,
            metrics=BlockMetrics(values, np.array([count])),
            targets=targets,
            outputs=outputs,
            losses=losses,
            shares=shares[:, 0],
            penalty=penalty,
            count=int(memory["updates"]),
            numbers=trainer.numbers.values("training.optimizer", "training.clip"),
            layers={layer_id: _layer(trainer, layer_id, passed=whole, step=step) for layer_id in layer_ids},
            gradient_norms={layer_id: _norm(parts) for layer_id, parts in step.gradients.items() if parts},
            update_norms={
                layer_id: _norm({name: step.after[layer_id][name] - step.before[layer_id][name] for name in parts})
                for layer_id, parts in step.gradients.items()
                if parts
            },
        )


def _passed(trainer: Trainer, samples: IndexArray, shares: Array, told: Collection[str]) -> tuple[Passed, Backward]:
    """shares: (m, 1), of these samples in the loss of their batch. told: layers that are to be told of."""
    graph, split, loss = trainer.graph, trainer.split, trainer.loss
    targets = split.targets[samples]
    if split.tokens:
        one_hot = np.zeros((len(samples), *graph.last.output), split.dtype)
        fill_one_hot(targets, one_hot)
        targets = one_hot
    inputs = {name: split.rows(name, samples) for name in graph.input_ids}
    ahead = forward(graph, inputs, trainer.parameters.weights, lambda layer_id: _training(trainer, layer_id))
    z, outputs = ahead.before[graph.output], ahead.values[graph.output]
    flow = backward(graph, ahead, loss.d_before(targets, z, outputs) * shares)
    d_values = {**flow.values, graph.output: loss.d_values(targets, outputs) * shares}

    def of_told(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {layer_id: arrays[layer_id] for layer_id in told if layer_id in arrays}

    passed = Passed(
        outputs=outputs,
        losses=loss.losses(targets, z, outputs),
        following={layer_id: maths.following for layer_id, maths in ahead.maths.items()},
        before=of_told(ahead.before),
        values=of_told(ahead.values),
        d_before=of_told(flow.before),
        d_values=of_told(d_values),
    )
    return passed, flow


def _together(pieces: Sequence[Passed]) -> Passed:
    """Those of a batch. It has only one where samples are mixed, so that `following` is that of any."""
    if len(pieces) == 1:
        return pieces[0]

    def joined(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
        return {layer_id: np.concatenate([part[layer_id] for part in parts]) for layer_id in parts[0]}

    return Passed(
        outputs=np.concatenate([piece.outputs for piece in pieces]),
        losses=np.concatenate([piece.losses for piece in pieces]),
        following=pieces[0].following,
        before=joined([piece.before for piece in pieces]),
        values=joined([piece.values for piece in pieces]),
        d_before=joined([piece.d_before for piece in pieces]),
        d_values=joined([piece.d_values for piece in pieces]),
    )


def _training(trainer: Trainer, layer_id: str) -> Pass:
    def random(shape: tuple[int, ...]) -> Array:
        return uniform(trainer.generators[layer_id], shape, trainer.split.dtype)

    return Pass(True, random, trainer.numbers.under(f"model.{layer_id}", _as_it_is))


def _as_it_is(number: Array) -> Array:
    return number


def _find_gradient(trainer: Trainer, flow: Backward, *, regularized: bool, added: bool) -> float:
    """The gradient of a piece of a batch, into `parameters.gradient`; what regularization adds to the loss.

    regularized: with that of the regularizers, which count in one piece. added: to what is there from other pieces.
    """
    penalties = {(penalty.layer_id, penalty.weight): penalty for penalty in trainer.penalties if regularized}
    parameters = trainer.parameters
    total = 0.0
    for layer_id, name, gradient in each(flow.weights):
        penalty = penalties.get((layer_id, name))
        if penalty is not None:
            strength, w = trainer.numbers.under(penalty.path, _as_it_is), parameters.weights[layer_id][name]
            gradient = gradient + d_weight(penalty, w, strength)
            total += float(cost(penalty, w, strength))
        target = parameters.gradients[layer_id][name]
        target[...] = gradient + target if added else gradient
    return total


def _step(
    trainer: Trainer, following: Parts, *, optimizer: OptimizerMaths, clip: Clip, memory: Mapping[str, Array]
) -> Step:
    """From the gradient to the new weights. following: where the weights go that are not learned."""
    parameters = trainer.parameters
    before = _copies(parameters.weights)
    gradient = parameters.gradient.copy()
    remembered = {name: memory[name].copy() for name in optimizer.used}
    for layer_id, name, value in each(following):
        parameters.following[layer_id][name][...] = value
    run(trainer.step.each)
    count_updates(optimizer, memory, 1)
    # The norm of each tensor is limited where the gradient lies, all else on the way to the weights.
    limits = trainer.numbers.under("training.clip", _as_it_is)
    shorter = parameters.gradient.copy() if clip.norm is not None else limited(gradient, clip, limits)

    def parted(vector: Array) -> Parts:
        return _parted(vector, parameters.gradients)

    return Step(
        gradients=parted(gradient),
        limited=parted(shorter),
        before=before,
        after=_copies(parameters.weights),
        memory={name: parted(vector) for name, vector in remembered.items()},
        memory_after={name: parted(memory[name].copy()) for name in optimizer.used},
    )


def _copies(parts: Parts) -> Parts:
    return {layer_id: {name: view.copy() for name, view in named.items()} for layer_id, named in parts.items()}


def _parted(vector: Array, like: Parts) -> Parts:
    """The parts of a vector of all trained weights. like: such parts, in the order in which they lie in the vector."""
    parts: dict[str, dict[str, Array]] = {layer_id: {} for layer_id in like}
    start = 0
    for layer_id, name, view in each(like):
        parts[layer_id][name] = vector[start : start + view.size].reshape(view.shape)
        start += view.size
    return parts


def _norm(parts: Mapping[str, Array]) -> float:
    """Euclidean, of all parts together."""
    return math.sqrt(sum(float(np.square(part, dtype=np.float64).sum()) for part in parts.values()))


def _layer(trainer: Trainer, layer_id: str, *, passed: Passed, step: Step) -> LayerTrace:
    place = next(place for place in trainer.graph.places if place.id == layer_id)
    nothing = np.zeros_like(passed.values[layer_id])  # An Input that nothing follows.
    remembers = bool(step.gradients[layer_id])
    return LayerTrace(
        inputs=tuple(passed.values[source] for source in place.sources),
        before=passed.before[layer_id],
        values=passed.values[layer_id],
        d_values=passed.d_values.get(layer_id, nothing),
        d_before=passed.d_before.get(layer_id, nothing),
        weights=step.before[layer_id],
        gradients=step.gradients[layer_id],
        limited=step.limited[layer_id],
        after=step.after[layer_id],
        memory={name: parts[layer_id] for name, parts in step.memory.items() if remembers},
        memory_after={name: parts[layer_id] for name, parts in step.memory_after.items() if remembers},
    )
