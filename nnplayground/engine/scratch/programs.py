"""The formulas of training and evaluation as programs: what is read, what is written, and the calls in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from nnplayground.engine.scratch.compiler import Calls, Room, compiled
from nnplayground.engine.scratch.graph import Graph, backward, forward
from nnplayground.engine.scratch.losses import Loss
from nnplayground.engine.scratch.optimizers import OptimizerMaths, limited, shortened
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
    """What an update reads and leaves behind.

    inputs: by Input id, (m, *shape). targets: (m, k). shares: (m, 1), how much each sample's loss counts in that of its
    batch: its weight / the size of the batch. before: (m, k), the output layer's Z. penalties: (updates,), what
    regularization adds to the loss of each update. Of tokens, targets and before are (m, T, V), shares (m, T, 1).
    """

    inputs: Mapping[str, Array]
    targets: Array
    shares: Array
    before: Array
    penalties: Array

    def part(self, updates: slice, rows: slice) -> Buffers:
        """The part of some updates, whose samples are these rows."""
        return Buffers(
            inputs={name: values[rows] for name, values in self.inputs.items()},
            targets=self.targets[rows],
            shares=self.shares[rows],
            before=self.before[rows],
            penalties=self.penalties[updates],
        )


def make_buffers(graph: Graph, rows: int, updates: int, dtype: Number) -> Buffers:
    """Room for the samples of so many updates."""
    shape = (rows, *graph.last.output)
    return Buffers(
        inputs={
            place.id: room_for_inputs(rows, place.output, dtype)
            for place in graph.places
            if isinstance(place.layer, Input)
        },
        targets=np.zeros(shape, dtype),
        shares=np.zeros((*shape[:-1], 1), dtype),
        before=np.zeros(shape, dtype),
        penalties=np.zeros(updates, dtype),
    )


def whole_split(split: Split, graph: Graph) -> Buffers:
    """Buffers that are the samples themselves, where a batch is the whole split and nothing need be copied."""
    assert split.inputs is not None
    rows, dtype = len(split), split.dtype
    return Buffers(
        inputs=split.inputs,
        targets=split.targets,
        shares=np.full((rows, 1), 1 / rows, dtype) if split.weights is None else split.weights / dtype(rows),
        before=np.zeros((rows, *graph.last.output), dtype),
        penalties=np.zeros(1, dtype),
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
    room: Room,
    added: bool,
) -> Calls:
    """From a batch, or a piece of it, to the gradient of its loss, in `parameters.gradient`.

    added: to what is there already, from the pieces before. room: memory for what lies in between.
    """
    recorder = Recorder(parameters.vector.dtype.type)
    array: Callable[[Array], Any] = recorder.array
    setting: Callable[[Array], Any] = recorder.setting
    weights = _recorded_weights(parameters, recorder)

    def training(layer_id: str) -> Pass:
        def uniform(shape: tuple[int, ...]) -> Any:
            return recorder.add(shape, [], partial(_filled, generators[layer_id]), any_order=True)

        return Pass(True, uniform, numbers.under(f"model.{layer_id}", setting))

    ahead = forward(graph, _recorded_inputs(buffers.inputs, recorder), weights, training)
    z, a = ahead.before[graph.output], ahead.values[graph.output]
    flow = backward(graph, ahead, loss.d_before(array(buffers.targets), z, a) * array(buffers.shares))
    penalized = {(penalty.layer_id, penalty.weight): penalty for penalty in regularizers}
    total: Any = 0.0
    for layer_id, name, gradient in each(flow.weights):
        penalty = penalized.get((layer_id, name))
        if penalty is not None:
            strength = numbers.under(penalty.path, setting)
            gradient = gradient + d_weight(penalty, weights[layer_id][name], strength)
            total = total + cost(penalty, weights[layer_id][name], strength)
        target = parameters.gradients[layer_id][name]
        recorder.store(gradient + array(target) if added else gradient, target)
    for layer_id, maths in ahead.maths.items():
        moved: Mapping[str, Any] = maths.following
        for name, value in moved.items():
            recorder.store(value, parameters.following[layer_id][name])
    if regularizers:
        recorder.store(total.reshape((1,)), buffers.penalties)
    recorder.store(z, buffers.before)
    return compiled(recorder, room)


def step_calls(
    maths: OptimizerMaths, clip: Clip, *, parameters: Parameters, memory: Mapping[str, Array], numbers: LiveNumbers
) -> Calls:
    """From the gradient to the new weights."""
    recorder = Recorder(parameters.vector.dtype.type)
    array: Callable[[Array], Any] = recorder.array
    setting: Callable[[Array], Any] = recorder.setting
    calls: list[Call] = []
    if clip.norm is not None:
        calls += _shortening_calls(parameters, numbers)
    if maths.counter is not None:
        calls.append((maths.counter(memory, numbers.under("training.optimizer", lambda number: number)), ()))
    g = limited(array(parameters.gradient), clip, numbers.under("training.clip", setting))
    remembered = {name: array(memory[name]) for name in (*maths.vectors, *maths.scalars)}
    changed = maths.step(array(parameters.vector), g, remembered, numbers.under("training.optimizer", setting))
    for name, value in changed.items():
        recorder.store(value, parameters.vector if name == "weights" else memory[name])
    step = compiled(recorder)
    calls += step.each
    if parameters.moving.size:
        calls.append((np.copyto, (parameters.moving, parameters.moved)))
    return Calls(step.settled, calls)


def _shortening_calls(parameters: Parameters, numbers: LiveNumbers) -> list[Call]:
    recorder = Recorder(parameters.vector.dtype.type)
    limit: Any = recorder.setting(numbers["training.clip.norm"])
    for _, _, gradient in each(parameters.gradients):
        recorder.store(shortened(recorder.array(gradient), limit), gradient)
    return compiled(recorder).each


class Scores(NamedTuple):
    """How good outputs are. before (what the output layer gave) and targets go in, output and losses come out.

    before, targets, output: (n, k); losses: (n,), of each sample. Of tokens (n, T, V) and (n, T).
    """

    calls: list[Call]
    before: Array
    targets: Array
    output: Array
    losses: Array


def make_scores(loss: Loss, activation: Activation, *, before: Array, targets: Array) -> Scores:
    """activation: of the output layer; before, targets: where they lie or will lie."""
    output = np.zeros_like(targets)
    losses = np.zeros(targets.shape[:-1], targets.dtype)
    recorder = Recorder(targets.dtype.type)
    y: Any = recorder.array(targets)
    z: Any = recorder.array(before)
    a: Any = activation.value(z)
    of_samples: Any = loss.losses(y, z, a)
    recorder.store(of_samples, losses)
    recorder.store(a, output)
    return Scores(compiled(recorder).each, before, targets, output, losses)


def forward_calls(
    graph: Graph, inputs: Mapping[str, Array], before: Array, parameters: Parameters, *, room: Room
) -> list[Call]:
    """From samples to the output layer's Z, as the model is used. room: memory for what lies in between."""
    recorder = Recorder(parameters.vector.dtype.type)
    weights = _recorded_weights(parameters, recorder)
    ahead = forward(graph, _recorded_inputs(inputs, recorder), weights, using)
    recorder.store(ahead.before[graph.output], before)
    return compiled(recorder, room).each


def using(layer_id: str) -> Pass:
    """The pass of a model in use: nothing is random, nothing is live."""

    def unavailable(argument: Any) -> Any:
        raise ValueError(f"{layer_id} asks for {argument}, which only training has.")

    return Pass(False, unavailable, unavailable)
