"""Blocks of updates of small models, compiled as a whole.

An update of a small model is a hundred tiny operations, and TensorFlow takes about a microsecond to begin each. XLA
makes one piece of machine code of them, in which an update of the 2-8-8-1 network takes a tenth of the time. It wants
to know all sizes beforehand, so there is one such piece for each size of batch, with room for UPDATES batches, of which
a block may fill any number: how the updates are grouped into blocks never changes what they compute. Convolutions and
large products are faster without it, and its random numbers are not those of Keras' fit, so Dropout stays outside.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from nnplayground.engine.base import IndexArray
from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.objective import Objective
from nnplayground.engine.keras.runtime import tf
from nnplayground.engine.keras.splits import Kind, Split, prepared
from nnplayground.engine.keras.steps import Update, concrete, split_specs
from nnplayground.samples import Array
from nnplayground.spec.model import Model

UPDATES = 32
"""A compiled block has room for so many batches."""
MOST_PARAMETERS = 20_000
MOST_BATCH_VALUES = 1 << 17
"""Of all values that a batch makes on its way through the model."""
_LAYERS = frozenset(
    {
        "Input",
        "Dense",
        "Activation",
        "Flatten",
        "Reshape",
        "Rescaling",
        "Add",
        "Concatenate",
        "BatchNormalization",
        "LayerNormalization",
    }
)

_log = logging.getLogger(__name__)


def worthwhile(model: Model, network: Network) -> bool:
    """Whether a model is of the kind that gains from being compiled."""
    parameters = sum(math.prod(weight.shape) for weight in network.model.weights)
    return parameters <= MOST_PARAMETERS and all(block.layer.type in _LAYERS for block in model.blocks)


class CompiledBlocks:
    """Trains in compiled blocks, as long as TensorFlow is able to."""

    def __init__(self, network: Network, objective: Objective, update: Update) -> None:
        self._network = network
        self._objective = objective
        self._update = update
        self._programs: dict[tuple[Kind, int], Callable[..., Any]] = {}
        self._able = True

    def takes(self, split: Split, batches: Sequence[IndexArray]) -> bool:
        """Whether to train on these batches here."""
        largest = max(len(batch) for batch in batches)
        return self._able and split.resident and largest * self._network.values_per_sample <= MOST_BATCH_VALUES

    def train(self, split: Split, batches: Sequence[IndexArray]) -> Array | None:
        """(updates, 1 + metrics) as of a traced block; None, with nothing changed, where TensorFlow is not able to."""
        told = []
        for group in _groups(batches):
            rows = len(group[0])
            index = np.zeros(UPDATES * rows, np.int32)
            index[: rows * len(group)] = np.concatenate(group)
            try:
                program = self._program(split.kind, rows)
                told.append(
                    program(split.inputs, split.labels, split.weights, tf.constant(index), tf.constant(len(group)))
                )
            except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
                if told:
                    raise
                # Some builds of TensorFlow come without the compiler, and it does not know every operation.
                _log.info("Blocks of updates are not compiled: %s", error)
                self._able = False
                return None
        return np.concatenate([each.numpy() for each in told])

    def _program(self, kind: Kind, rows: int) -> Callable[..., Any]:
        if (kind, rows) not in self._programs:
            self._programs[kind, rows] = _compile(self._network, self._objective, self._update, kind, rows)
        return self._programs[kind, rows]


def _groups(batches: Sequence[IndexArray]) -> Iterator[list[IndexArray]]:
    """The batches in order, in groups of one size and at most UPDATES."""
    for _, same in groupby(batches, key=len):
        group = list(same)
        yield from (group[first : first + UPDATES] for first in range(0, len(group), UPDATES))


def _compile(network: Network, objective: Objective, update: Update, kind: Kind, rows: int) -> Callable[..., Any]:
    """block(inputs, labels, weights, index, count) → (count, 1 + metrics) float32: loss, then batch_metrics.

    index: (UPDATES · rows,) int32, the samples of the batches, of which the first `count` are trained on.
    """

    def compiled(inputs: tuple[Any, ...], targets: Any, shares: Any, count: Any) -> Any:
        def one_update(number: Any, *told: Any) -> tuple[Any, ...]:
            results = update([values[number] for values in inputs], targets[number], shares[number])
            return number + 1, *(array.write(number, each) for array, each in zip(told, results, strict=True))

        shapes = ((rows, shares.shape[-1]), (rows, objective.units), ())
        told = [tf.TensorArray(tf.float32, UPDATES, element_shape=shape) for shape in shapes]
        _, values, outputs, penalties = tf.while_loop(
            lambda number, *_: number < count, one_update, (tf.constant(0), *told), parallel_iterations=1
        )
        losses = tf.reduce_sum(values.stack() * shares, axis=(1, 2)) + penalties.stack()
        measures = objective.batch_measures(_joined(targets), _joined(outputs.stack()))
        metrics = [tf.reduce_mean(tf.reshape(each, (UPDATES, rows)), axis=1) for each in measures]
        return tf.stack([losses, *metrics], axis=1)

    program = tf.function(compiled, autograph=False, jit_compile=True)

    def block(inputs: tuple[Any, ...], labels: Any, weights: Any, index: Any, count: Any) -> Any:
        targets = objective.targets(tf.gather(labels, index))
        sizes = tf.fill((UPDATES * rows,), rows)
        batch_of = tf.repeat(tf.range(UPDATES), rows)
        shares = objective.shares(targets, sizes, batch_of, tf.gather(weights, index) if kind.weighted else None)
        batches = tuple(
            _parted(prepared(tf.gather(stored, index), preparation), rows)
            for stored, preparation in zip(inputs, kind.preparations, strict=True)
        )
        return program(batches, _parted(targets, rows), _parted(shares, rows), count)[:count]

    inputs, labels = split_specs(network, kind)
    index, count = tf.TensorSpec((UPDATES * rows,), tf.int32), tf.TensorSpec((), tf.int32)
    return concrete(block, [inputs, labels, tf.TensorSpec((None,), tf.float32), index, count])


def _parted(values: Any, rows: int) -> Any:
    """(UPDATES · rows, …) → (UPDATES, rows, …)."""
    return tf.reshape(values, (UPDATES, rows, *values.shape[1:]))


def _joined(values: Any) -> Any:
    """(UPDATES, rows, …) → (UPDATES · rows, …)."""
    return tf.reshape(values, (-1, *values.shape[2:]))
