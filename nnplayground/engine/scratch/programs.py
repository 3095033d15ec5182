"""The programs that the engine repeats: one update for each batch size in use, and one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnplayground.engine.base import IndexArray
from nnplayground.engine.scratch.compiler import compiled
from nnplayground.engine.scratch.graph import Graph, backward, forward
from nnplayground.engine.scratch.losses import Loss
from nnplayground.engine.scratch.ones import with_ones
from nnplayground.engine.scratch.optimizers import Counter, OptimizerMaths, limited, shortened
from nnplayground.engine.scratch.parameters import LiveNumbers, Parameters, each
from nnplayground.engine.scratch.recorder import Call, Recorder
from nnplayground.engine.scratch.regularization import Penalty, cost, d_weight
from nnplayground.engine.scratch.splits import Split, room_for_inputs
from nnplayground.layers.activations import Activation
from nnplayground.layers.core import Input
from nnplayground.layers.maths import Pass
from nnplayground.samples import Array
from nnplayground.spec.training import Clip

Number = type[np.floating]
Generators = Mapping[str, np.random.Generator]


class Buffers(NamedTuple):
    """What a program reads and leaves behind.

    inputs: by Input id, (m, *shape). targets: (m, k). shares: (m, 1), how much each sample's loss counts in that of the
    batch: its weight / m. before: (m, k), the output layer's Z. penalty: what regularization adds to the loss.
    """

    inputs: Mapping[str, Array]
    targets: Array
    shares: Array
    before: Array
    penalty: Array


class Program(NamedTuple):
    """One update. load: puts a batch into the buffers; gradient: the calls up to the gradient; calls: all of them."""

    load: Callable[[IndexArray], None]
    gradient: list[Call]
    calls: list[Call]
    buffers: Buffers


def make_buffers(graph: Graph, rows: int, dtype: Number) -> Buffers:
    """Room for a batch of samples that count the same."""
    shape = (rows, *graph.last.output)
    return Buffers(
        inputs={
            place.id: room_for_inputs(rows, place.output, dtype)
            for place in graph.places
            if isinstance(place.layer, Input)
        },
        targets=np.zeros(shape, dtype),
        shares=np.full((rows, 1), 1 / rows, dtype),
        before=np.zeros(shape, dtype),
        penalty=np.zeros((), dtype),
    )


def loader(split: Split, buffers: Buffers) -> Callable[[IndexArray], None]:
    """A function that copies the samples of a batch into the buffers."""
    pairs = [(split.targets, buffers.targets)]
    if split.inputs is not None:
        pairs += [(_all_memory(split.inputs[name]), _all_memory(out)) for name, out in buffers.inputs.items()]
    takes = [(source.take, out) for source, out in pairs]
    rows = split.dtype(len(buffers.targets))

    def load(batch: IndexArray) -> None:
        for take, out in takes:
            take(batch, 0, out, "clip")  # The indices are valid; without "clip", take works in memory of its own first.
        if split.inputs is None:
            for name, out in buffers.inputs.items():
                out[...] = split.samples.prepared(name, batch)
        if split.weights is not None:
            np.divide(split.weights[batch], rows, buffers.shares)

    return load


def _all_memory(inputs: Array) -> Array:
    return with_ones(inputs) if inputs.ndim == 2 else inputs


def whole_split(split: Split, graph: Graph) -> Buffers:
    """Buffers that are the samples themselves, where a batch is the whole split and nothing need be copied."""
    assert split.inputs is not None
    rows, dtype = len(split), split.dtype
    return Buffers(
        inputs=split.inputs,
        targets=split.targets,
        shares=np.full((rows, 1), 1 / rows, dtype) if split.weights is None else split.weights / dtype(rows),
        before=np.zeros((rows, *graph.last.output), dtype),
        penalty=np.zeros((), dtype),
    )


def _recorded_weights(parameters: Parameters, recorder: Recorder) -> dict[str, dict[str, Any]]:
    return {
        layer_id: {name: recorder.array(view) for name, view in views.items()}
        for layer_id, views in parameters.weights.items()
    }


def _recorded_inputs(inputs: Mapping[str, Array], recorder: Recorder) -> dict[str, Any]:
    """Rows of values have a column of ones beside them."""
    return {name: recorder.array(values, beside_ones=values.ndim == 2) for name, values in inputs.items()}


def _filled(generator: np.random.Generator, operands: Sequence[Array], out: Array) -> Call:
    """Random numbers in [0, 1)."""
    return generator.random, (None, out.dtype, out if out.flags.c_contiguous else out.T)


def gradient_calls(
    graph: Graph,
    buffers: Buffers,
    *,
    loss: Loss,
    parameters: Parameters,
    regularizers: tuple[Penalty, ...],
    numbers: LiveNumbers,
    generators: Generators,
) -> list[Call]:
    """From a batch to the gradient of its loss, in `parameters.gradient`."""
    recorder = Recorder(parameters.vector.dtype.type)
    array: Callable[[Array], Any] = recorder.array
    weights = _recorded_weights(parameters, recorder)

    def training(layer_id: str) -> Pass:
        def uniform(shape: tuple[int, ...]) -> Any:
            return recorder.add(shape, [], partial(_filled, generators[layer_id]), any_order=True)

        return Pass(True, uniform, numbers.under(f"model.{layer_id}", array))

    ahead = forward(graph, _recorded_inputs(buffers.inputs, recorder), weights, training)
    z, a = ahead.before[graph.output], ahead.values[graph.output]
    gradients = backward(graph, ahead, loss.d_before(array(buffers.targets), z, a) * array(buffers.shares))
    added = {(penalty.layer_id, penalty.weight): penalty for penalty in regularizers}
    total: Any = 0.0
    for layer_id, name, gradient in each(gradients):
        penalty = added.get((layer_id, name))
        if penalty is not None:
            strength = numbers.under(penalty.path, array)
            gradient = gradient + d_weight(penalty, weights[layer_id][name], strength)
            total = total + cost(penalty, weights[layer_id][name], strength)
        recorder.store(gradient, parameters.gradients[layer_id][name])
    if regularizers:
        recorder.store(total, buffers.penalty)
    recorder.store(z, buffers.before)
    return compiled(recorder)


def step_calls(
    maths: OptimizerMaths, clip: Clip, *, parameters: Parameters, memory: Mapping[str, Array], numbers: LiveNumbers
) -> list[Call]:
    """From the gradient to the new weights."""
    recorder = Recorder(parameters.vector.dtype.type)
    array: Callable[[Array], Any] = recorder.array
    calls: list[Call] = []
    if clip.norm is not None:
        calls = _shortening_calls(parameters, numbers)
    if "updates" in memory:
        calls.append((Counter(memory, numbers.under("training.optimizer", lambda number: number)), ()))
    g = limited(array(parameters.gradient), clip, numbers.under("training.clip", array))
    remembered = {name: array(values) for name, values in memory.items() if name != "updates"}
    changed = maths.step(array(parameters.vector), g, remembered, numbers.under("training.optimizer", array))
    for name, value in changed.items():
        recorder.store(value, parameters.vector if name == "weights" else memory[name])
    return calls + compiled(recorder)


def _shortening_calls(parameters: Parameters, numbers: LiveNumbers) -> list[Call]:
    recorder = Recorder(parameters.vector.dtype.type)
    limit: Any = recorder.array(numbers["training.clip.norm"])
    for _, _, gradient in each(parameters.gradients):
        recorder.store(shortened(recorder.array(gradient), limit), gradient)
    return compiled(recorder)


class Scores(NamedTuple):
    """How good outputs are. before (what the output layer gave) and targets go in, output and losses come out.

    before, targets, output: (n, k); losses: (n,), of each sample.
    """

    calls: list[Call]
    before: Array
    targets: Array
    output: Array
    losses: Array


def make_scores(loss: Loss, activation: Activation, targets: Array) -> Scores:
    """activation: of the output layer; targets: where they lie or will lie."""
    before, output = np.zeros_like(targets), np.zeros_like(targets)
    losses = np.zeros(len(targets), targets.dtype)
    recorder = Recorder(targets.dtype.type)
    y: Any = recorder.array(targets)
    z: Any = recorder.array(before)
    a: Any = activation.value(z)
    of_samples: Any = loss.losses(y, z, a)
    recorder.store(of_samples, losses)
    recorder.store(a, output)
    return Scores(compiled(recorder), before, targets, output, losses)


def forward_calls(graph: Graph, inputs: Mapping[str, Array], before: Array, parameters: Parameters) -> list[Call]:
    """From samples to the output layer's Z, as the model is used."""
    recorder = Recorder(parameters.vector.dtype.type)
    weights = _recorded_weights(parameters, recorder)
    ahead = forward(graph, _recorded_inputs(inputs, recorder), weights, using)
    recorder.store(ahead.before[graph.output], before)
    return compiled(recorder)


def using(layer_id: str) -> Pass:
    """The pass of a model in use: nothing is random, nothing is live."""

    def unavailable(argument: Any) -> Any:
        raise ValueError(f"{layer_id} asks for {argument}, which only training has.")

    return Pass(False, unavailable, unavailable)
