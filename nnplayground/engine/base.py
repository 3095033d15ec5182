"""The interface of an engine: one built model, owned by one thread.

Everything above (the training loop, the worker, the window) is written once against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec
import numpy as np

from nnplayground.samples import Array, Arrays, Samples

IndexArray: TypeAlias = np.ndarray
"""(batch,) int64, indices into the training split."""

Weights: TypeAlias = Mapping[str, Array]
"""By "<layer id>/<weight name>", for example "conv2d_1/kernel": float arrays in Keras' layout."""


NO_GENERATOR = "This model makes nothing: it has no generator."


class EngineError(Exception):
    """The engine cannot do what is asked. The message is for the user."""


class BlockMetrics(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What a block of updates gave: values[name] is (updates,) float64, `sizes` the samples of each update.

    Names: "loss" (with regularization), and those of the metrics that can be taken per batch.
    """

    values: Mapping[str, Array]
    sizes: Array


class Evaluation(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One pass over a split without training.

    metrics: "loss" (with regularization) and every metric of the run.
    losses: (n,) loss of each sample, without regularization and sample weights.
    predictions: (n, k) float32 probabilities (k = 1 for a sigmoid output) or numbers. Where the two classes are −1 and
    1, what the output gives is brought from there to 0…1.
    """

    metrics: Mapping[str, float]
    losses: Array
    predictions: Array


class LayerTrace(msgspec.Struct, frozen=True, eq=False):
    """One layer in one update, with m samples in the batch.

    inputs: what came in, each (m, *shape), none for an Input. before: Z, ahead of the activation function; values:
    A = g(Z). d_values: ∂L/∂A; d_before: δ = ∂L/∂Z. L is the loss of the batch, a mean, so the 1/m is already in both.
    (Engines go past ∂L/∂A of a sigmoid or softmax output, see `nnplayground.engine.crossentropy`, which gives it here.)
    By weight name ("kernel", "bias"): weights before the update; gradients of the loss with regularization; limited,
    the same after clipping; after, the weights afterwards. memory, memory_after: by name of what the optimizer
    remembers ("velocity", "mean", "mean_square", …, as in `nnplayground.engine.scratch.optimizers`), then by weight
    name. A layer without weights has none of these; weights that are not learned are in weights and after only.
    """

    inputs: tuple[Array, ...]
    before: Array
    values: Array
    d_values: Array
    d_before: Array
    weights: Mapping[str, Array]
    gradients: Mapping[str, Array]
    limited: Mapping[str, Array]
    after: Mapping[str, Array]
    memory: Mapping[str, Mapping[str, Array]]
    memory_after: Mapping[str, Mapping[str, Array]]


class Trace(msgspec.Struct, frozen=True, eq=False):
    """One real update of a model, with its numbers.

    samples: (m,) indices into the training split. metrics: as `Engine.train` would have given them. targets, outputs:
    (m, k), targets as the loss sees them; losses: (m,) of each sample, without regularization; shares: (m,) how much
    each counts in the loss of the batch, 1/m where all count the same; penalty: what regularization adds. count: which
    update of the optimizer this was, from 1. numbers: the optimizer's numbers and the limits on gradients that it used,
    by path. layers: what was asked for, by id. gradient_norms, update_norms: Euclidean, of all learned weights of each
    layer that has any; the gradient's is that before clipping.
    """

    samples: IndexArray
    metrics: BlockMetrics
    targets: Array
    outputs: Array
    losses: Array
    shares: Array
    penalty: float
    count: int
    numbers: Mapping[str, float]
    layers: Mapping[str, LayerTrace]
    gradient_norms: Mapping[str, float]
    update_norms: Mapping[str, float]


class EngineState(msgspec.Struct, frozen=True, eq=False):
    """What exact resume needs, as arrays by name. `optimizer` and `random` mean something to its engine only."""

    weights: Weights
    optimizer: Mapping[str, Array]
    random: Mapping[str, Array]


class Engine(Protocol):
    """One built model."""

    def attach(self, splits: Mapping[str, Samples]) -> None:
        """Make samples available by split name ("training", "validation", "test")."""
        ...

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        """One update for each batch of training samples, in order."""
        ...

    def trace(self, batch: IndexArray, layer_ids: Sequence[str]) -> Trace:
        """One update, as `train` would do it, with every intermediate value of some layers."""
        ...

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        """Metrics of a split, and per sample loss and prediction. None where `cancelled` said so on the way."""
        ...

    def predict(self, inputs: Arrays) -> Array:
        """inputs: by Input id, (n, *input shape) float32 as prepared → (n, k) float32, as in `Evaluation`."""
        ...

    def activations(self, inputs: Arrays, layer_ids: Sequence[str], *, before: bool = False) -> Mapping[str, Array]:
        """Output of the named layers for prepared inputs, as at inference: (n, *output shape) float32.

        before=True: the values before the layer's activation function (the output itself where it has none).
        """
        ...

    def made(self, count: int) -> Array:
        """What a generator makes of noise that stays the same: (count, *sample shape) float32, as prepared data is.

        Raises EngineError where the model has no generator.
        """
        ...

    def set_values(self, values: Mapping[str, float]) -> None:
        """Change numbers while running, by path: training.optimizer.learning_rate (and momentum, …),
        model.<id>.rate of a Dropout, model.<id>.<…>_regularizer.l1 or .l2, training.clip.<…>.

        Paths of things the model does not have are ignored.
        """
        ...

    def weights(self) -> Weights:
        """Copies of all weights."""
        ...

    def set_weights(self, weights: Weights) -> None:
        """Set the named weights, leave the others. Raises EngineError where a shape does not fit."""
        ...

    def state(self) -> EngineState: ...

    def restore(self, state: EngineState) -> None: ...

    def close(self) -> None:
        """Free what it holds. Nothing else may be called afterwards."""
        ...
