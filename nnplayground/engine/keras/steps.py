"""The traced steps: a block of updates, a piece of an evaluation, a forward pass.

Each is one call into TensorFlow, traced once; the sizes of blocks and batches are left open.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.objective import Objective
from nnplayground.engine.keras.optimizer import GradientClip, LiveOptimizer
from nnplayground.engine.keras.runtime import tf
from nnplayground.engine.keras.splits import Kind, prepared

_SMALL_SAMPLE = 256
"""Samples of up to so many values are gathered for a whole block at once; larger ones batch by batch."""


def split_specs(network: Network, kind: Kind) -> tuple[tuple[Any, ...], Any]:
    """Signatures of the inputs and the labels of a split."""
    inputs = tuple(
        tf.TensorSpec((None, *network.shapes[name]), dtype)
        for name, dtype in zip(network.inputs, kind.dtypes, strict=True)
    )
    return inputs, tf.TensorSpec((None, *kind.target_shape), kind.target_dtype)


Update: TypeAlias = Callable[[list[Any], Any, Any], tuple[Any, Any, Any]]
"""(inputs, targets, shares) → (values (batch, v), kept (batch, …), penalty), after having changed the weights.

shares: (batch, v) how much each value counts in the loss; kept: of the outputs; see Objective.
"""


def make_update(
    network: Network,
    objective: Objective,
    optimizer: LiveOptimizer,
    clip: GradientClip,
    augmentation: Sequence[Any],
) -> Update:
    """One update of the weights, to be traced as part of a block."""
    variables = optimizer.variables

    def update(inputs: list[Any], targets: Any, shares: Any) -> tuple[Any, Any, Any]:
        for layer in augmentation:
            inputs = [layer(values, training=True) for values in inputs]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            tensors = network.forward(inputs, training=True)
            output = tensors[network.after[network.output]]
            before = tensors[network.before[network.output]]
            values = objective.values(targets, before, output)
            penalty = network.penalty()
        # The derivative of the mean is handed to the tape, instead of taking the mean inside.
        gradients = tape.gradient([values, penalty], variables, output_gradients=[shares, tf.ones_like(penalty)])
        # That of an Embedding comes as the rows it has looked up.
        optimizer.apply(clip([tf.convert_to_tensor(gradient) for gradient in gradients]))
        return values, objective.kept(before, output), penalty

    return update


def trace_block(network: Network, objective: Objective, update: Update, kind: Kind) -> Callable[..., Any]:
    """block(inputs, labels, weights, rows, samples, ends) → (updates, 1 + metrics) float32: loss, then batch_metrics.

    inputs, labels, weights: of the split. rows: (m,) int32, where in `inputs` the samples of the block are, batch
    after batch; samples: the same in `labels` and `weights`. ends: (updates,) int32, where in `rows` each batch ends.
    """
    small = [math.prod(network.shapes[name]) <= _SMALL_SAMPLE for name in network.inputs]

    # What an update of a small model costs is the number of its operations, not their size. So whatever can be done for
    # all batches at once is done before and after the loop.
    def block(inputs: tuple[Any, ...], labels: Any, weights: Any, rows: Any, samples: Any, ends: Any) -> Any:
        starts = tf.concat([[0], ends[:-1]], 0)
        sizes = ends - starts
        count = tf.size(ends)
        batch_of = tf.repeat(tf.range(count), sizes)
        targets = objective.targets(tf.gather(labels, samples))
        shares = objective.shares(
            targets, tf.gather(sizes, batch_of), batch_of, tf.gather(weights, samples) if kind.weighted else None
        )
        ready = [
            prepared(tf.gather(stored, rows), preparation) if fits else stored
            for stored, preparation, fits in zip(inputs, kind.preparations, small, strict=True)
        ]

        def one_update(number: Any, *told: Any) -> tuple[Any, ...]:
            first, last = starts[number], ends[number]
            batch = [
                values[first:last] if fits else prepared(tf.gather(values, rows[first:last]), preparation)
                for values, preparation, fits in zip(ready, kind.preparations, small, strict=True)
            ]
            results = update(batch, targets[first:last], shares[first:last])
            return number + 1, *(array.write(number, each) for array, each in zip(told, results, strict=True))

        kept_shape, kept_dtype = objective.kept_spec
        specs = (((None, shares.shape[1]), tf.float32), (kept_shape, kept_dtype), ((), tf.float32))
        told = [tf.TensorArray(dtype, count, element_shape=shape, infer_shape=False) for shape, dtype in specs]
        _, values, kept, penalties = tf.while_loop(
            lambda number, *_: number < count, one_update, (tf.constant(0), *told), parallel_iterations=1
        )
        losses = tf.math.segment_sum(tf.reduce_sum(values.concat() * shares, axis=1), batch_of)
        metrics = objective.block_metrics(targets, kept.concat(), batch_of)
        return tf.stack([losses + penalties.stack(), *metrics], axis=1)

    inputs, labels = split_specs(network, kind)
    numbers = tf.TensorSpec((None,), tf.int32)
    return concrete(block, [inputs, labels, tf.TensorSpec((None,), tf.float32), numbers, numbers, numbers])


def trace_evaluation(network: Network, objective: Objective, kind: Kind) -> Callable[..., Any]:
    """piece(inputs, labels, start, stop, first) → (losses (m,), predictions (m, …), penalty), as at inference.

    start, stop: which samples; first: the sample that stands at row 0 of `inputs`.
    """

    def piece(inputs: tuple[Any, ...], labels: Any, start: Any, stop: Any, first: Any) -> tuple[Any, Any, Any]:
        batch = [
            prepared(stored[start - first : stop - first], preparation)
            for stored, preparation in zip(inputs, kind.preparations, strict=True)
        ]
        tensors = network.forward(batch, training=False)
        output = tensors[network.after[network.output]]
        targets = objective.targets(labels[start:stop])
        before = tensors[network.before[network.output]]
        values = objective.values(targets, before, output)
        return objective.losses(targets, values), objective.kept(before, output), network.penalty()

    inputs, labels = split_specs(network, kind)
    number = tf.TensorSpec((), tf.int32)
    return concrete(piece, [inputs, labels, number, number, number])


def trace_forward(network: Network, places: Sequence[int]) -> Callable[..., Any]:
    """forward(inputs) → the tensors at these places of the network, as at inference."""

    def forward(inputs: tuple[Any, ...]) -> list[Any]:
        tensors = network.forward(inputs, training=False)
        return [tensors[place] for place in places]

    inputs = tuple(tf.TensorSpec((None, *network.shapes[name]), tf.float32) for name in network.inputs)
    return concrete(forward, [inputs])


def concrete(function: Callable[..., Any], signature: Sequence[Any]) -> Callable[..., Any]:
    """One trace, taken now. Keras' layers need no rewriting of Python by AutoGraph."""
    return tf.function(function, autograph=False).get_concrete_function(*signature)
