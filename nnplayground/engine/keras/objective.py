"""The loss and the metrics, as Keras computes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnplayground.engine.base import EngineError
from nnplayground.engine.crossentropy import d_probabilities
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.layers.base import Shape, shape_text
from nnplayground.samples import Array
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import (
    PER_BATCH_METRICS,
    counts_from_minus_one,
    resolved_loss,
    resolved_metrics,
)
from nnplayground.spec.project import Project
from nnplayground.spec.training import LossName, MetricName

_LOGITS = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}


@dataclass(frozen=True)
class Objective:
    """What training makes small and what is measured beside it, where a sample has one target.

    classes: how many, 0 where the target is a number. units: width of the output. from_logits: the loss takes the
    values before the output's activation, which neither overflow nor round to 0 or 1. from_minus_one: the two classes
    are −1 and 1 for the loss.
    """

    loss: LossName
    metrics: tuple[MetricName, ...]
    classes: int
    units: int
    from_logits: bool
    from_minus_one: bool = False

    @property
    def batch_metrics(self) -> tuple[MetricName, ...]:
        """The metrics that are measured at every update."""
        return tuple(name for name in self.metrics if name in PER_BATCH_METRICS)

    def targets(self, labels: Any) -> Any:
        """labels: (batch,) class indices or (batch, k) numbers → (batch, units) float32; one-hot for several units."""
        if not self.classes:
            return tf.cast(labels, tf.float32)
        if self.units == 1:
            targets = tf.cast(labels, tf.float32)[:, tf.newaxis]
            return 2 * targets - 1 if self.from_minus_one else targets
        return tf.one_hot(labels, self.classes)

    def values(self, targets: Any, before: Any, output: Any) -> Any:
        """The loss value by value, whose mean along the last axis is the loss of each sample: (batch, values).

        before, output: (batch, units) around the output's activation. The formulas are those of keras.losses.
        """
        if self.loss == "mean_squared_error":
            return tf.square(output - targets)
        if self.loss == "mean_absolute_error":
            return tf.abs(output - targets)
        if self.from_logits and self.loss == "binary_crossentropy":
            return _sigmoid_crossentropy(targets, before)
        if self.from_logits:
            return tf.nn.softmax_cross_entropy_with_logits(targets, before)[:, tf.newaxis]
        return getattr(keras.losses, self.loss)(targets, output)[:, tf.newaxis]

    def shares(self, targets: Any, sizes: Any, batch_of: Any, weights: Any | None) -> Any:
        """How much each of `values` counts in the loss of its batch: (m, values) float32, its weight / their number.

        targets: as of `targets`. sizes: (m,) int32, the size of each sample's batch, and batch_of: (m,) int32, which
        batch that is, in order; weights: (m,) or None. As in Keras, the sum of the weights does not matter, only the
        number of samples.
        """
        share = 1 / tf.cast(sizes * self._width, tf.float32)
        if weights is not None:
            share *= weights
        return tf.repeat(share[:, tf.newaxis], self._width, axis=1)

    @property
    def _width(self) -> int:
        """How many values the loss has for each sample."""
        by_value = self.loss.startswith("mean") or self.from_logits
        return self.units if by_value and self.loss != "categorical_crossentropy" else 1

    @property
    def kept_spec(self) -> tuple[tuple[int | None, ...], Any]:
        """Shape and number type of what `kept` gives."""
        return (None, self.units), tf.float32

    def kept(self, before: Any, output: Any) -> Any:
        """What remains of the outputs of a batch, for metrics and as predictions."""
        return output

    def losses(self, targets: Any, values: Any) -> Any:
        """The loss of each sample, (m,), from its `values`."""
        return tf.reduce_mean(values, axis=-1)

    def block_metrics(self, targets: Any, kept: Any, batch_of: Any) -> list[Any]:
        """Each of `batch_metrics` for each batch, (batches,). kept, batch_of: of all their samples, in order."""
        return [tf.math.segment_mean(each, batch_of) for each in self.batch_measures(targets, kept)]

    def batch_measures(self, targets: Any, output: Any) -> list[Any]:
        """Each of `batch_metrics` for each sample, (m,)."""
        return [
            _BATCH_METRICS[name](self.share(targets), self.share(output), self.units)
            if name == "accuracy"
            else _BATCH_METRICS[name](targets, output, self.units)
            for name in self.batch_metrics
        ]

    def share(self, values: Any) -> Any:
        """Targets or outputs in 0…1, where the two classes may be −1 and 1."""
        return (values + 1) / 2 if self.from_minus_one else values

    def d_outputs(self, targets: Array, output: Array, shares: Array, activation: str) -> Array:
        """The derivative of the loss of a batch by its outputs, where training goes past it.

        shares: as of `shares`; activation: Keras name of the output's.
        """
        return d_probabilities(self.loss, activation, targets, output) * shares.sum(axis=1, keepdims=True)

    def split_loss(self, labels: Array, losses: Array, weights: Array | None) -> float:
        """The loss of a whole split, without regularization. losses: (n,), of its samples; weights: theirs, or None."""
        return float((losses if weights is None else losses * weights).mean(dtype=np.float64))

    def evaluated(self, labels: Array, predictions: Array) -> dict[str, float]:
        """Every metric over a whole split. labels: as in Samples; predictions: (n, units), what `kept` gave."""
        return {
            name: float(
                _SPLIT_METRICS[name](self, labels, predictions if name in _OF_NUMBERS else self.share(predictions))
            )
            for name in self.metrics
        }

    def dense_targets(self, labels: Array) -> Array:
        """The numpy form of `targets`."""
        if not self.classes or self.units == 1:
            targets = labels.reshape(len(labels), -1).astype(np.float32)
            return 2 * targets - 1 if self.from_minus_one else targets
        return np.eye(self.classes, dtype=np.float32)[labels]


@dataclass(frozen=True)
class TokenObjective(Objective):
    """One token is told at each of several places: targets (batch, places) int32, outputs (batch, places, units).

    A target of 0 is padding, which counts for nothing: the loss of a sample is the mean over its other places, that of
    a batch or a split the mean over all of theirs, and so is the accuracy. What is kept of the outputs are the most
    probable tokens, (batch, places) int32: probabilities of all of them would take a hundred times as much room.
    """

    places: int = 1

    def targets(self, labels: Any) -> Any:
        """labels: (batch, places) int32, as they stay: one-hot they would be `units` times as large."""
        return labels

    def values(self, targets: Any, before: Any, output: Any) -> Any:
        """The loss place by place, (batch, places); 0 where nothing counts."""
        if self.from_logits:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, before)
        else:
            losses = keras.losses.sparse_categorical_crossentropy(targets, output)
        return losses * self._counting(targets)

    def shares(self, targets: Any, sizes: Any, batch_of: Any, weights: Any | None) -> Any:
        """(m, places) float32: 1 / the number of places that count in the batch, times the weight; 0 for padding."""
        counting = self._counting(targets)
        places = tf.math.segment_sum(tf.reduce_sum(counting, axis=1), batch_of)
        share = 1 / tf.maximum(tf.gather(places, batch_of), 1)
        if weights is not None:
            share *= weights
        return counting * share[:, tf.newaxis]

    @property
    def kept_spec(self) -> tuple[tuple[int | None, ...], Any]:
        """Shape and number type of what `kept` gives."""
        return (None, self.places), tf.int32

    def kept(self, before: Any, output: Any) -> Any:
        """The most probable tokens."""
        return tf.argmax(before if self.from_logits else output, axis=-1, output_type=tf.int32)

    def losses(self, targets: Any, values: Any) -> Any:
        """(m,), the mean over the places that count."""
        return tf.reduce_sum(values, axis=1) / tf.maximum(tf.reduce_sum(self._counting(targets), axis=1), 1)

    def block_metrics(self, targets: Any, kept: Any, batch_of: Any) -> list[Any]:
        """The accuracy of each batch over all its places, (batches,)."""
        counting = self._counting(targets)
        right = counting * tf.cast(tf.equal(kept, targets), tf.float32)
        sums = [tf.math.segment_sum(tf.reduce_sum(each, axis=1), batch_of) for each in (right, counting)]
        return [sums[0] / tf.maximum(sums[1], 1) for _ in self.batch_metrics]

    def d_outputs(self, targets: Array, output: Array, shares: Array, activation: str) -> Array:
        """−1 / p of the token that is right, times the share of its place."""
        derivatives = np.zeros_like(output)
        right = targets[..., np.newaxis]
        probabilities = np.take_along_axis(output, right, -1)
        slopes = -shares[..., np.newaxis] / np.maximum(probabilities, keras.config.epsilon())
        np.put_along_axis(derivatives, right, slopes, -1)
        return derivatives

    def split_loss(self, labels: Array, losses: Array, weights: Array | None) -> float:
        """Samples count by their number of places."""
        places = np.count_nonzero(labels, axis=1)
        weighted = losses if weights is None else losses * weights
        return float(np.dot(weighted.astype(np.float64), places) / max(places.sum(), 1))

    def evaluated(self, labels: Array, predictions: Array) -> dict[str, float]:
        """The accuracy over all places of a split. predictions: (n, places) tokens."""
        counting = labels != 0
        right = np.count_nonzero((predictions == labels) & counting)
        return {name: float(right / max(np.count_nonzero(counting), 1)) for name in self.batch_metrics}

    @staticmethod
    def _counting(targets: Any) -> Any:
        return tf.cast(tf.not_equal(targets, 0), tf.float32)


def make_objective(
    project: Project, facts: DataFacts, *, output: str, shape: Shape, activation: str
) -> Objective | TokenObjective:
    """The objective of a project whose layer `output` gives values of that shape after `activation` (its Keras name).

    Raises EngineError where the shape does not fit the targets.
    """
    loss = resolved_loss(project, facts)
    if facts.target == "tokens":
        return _token_objective(project, facts, output=output, shape=shape, activation=activation)
    if len(shape) != 1:
        raise EngineError(
            f"The output layer {output} gives {shape_text(shape)}, but the targets are single numbers or "
            "classes; put Flatten or a global pooling layer and a Dense before the end."
        )
    units = shape[0]
    if facts.target == "classes":
        one_is_enough = facts.class_count <= 2 and loss != "categorical_crossentropy"
        if units != facts.class_count and not (units == 1 and one_is_enough):
            wanted = f"1 or {facts.class_count}" if one_is_enough else f"{facts.class_count}"
            raise EngineError(
                f"The output layer {output} has {units:,} values, but there are {facts.class_count:,} classes; "
                f"give it {wanted} units."
            )
    return Objective(
        loss=loss,
        metrics=resolved_metrics(project, facts),
        classes=facts.class_count if facts.target == "classes" else 0,
        units=units,
        from_logits=_LOGITS.get(loss) == activation,
        from_minus_one=counts_from_minus_one(project, facts),
    )


def _token_objective(
    project: Project, facts: DataFacts, *, output: str, shape: Shape, activation: str
) -> TokenObjective:
    loss = resolved_loss(project, facts)
    if loss != "categorical_crossentropy":
        raise EngineError(f"Tokens are told with the loss categorical_crossentropy, not with {loss}; choose auto.")
    places = facts.target_length or 1
    if shape != (places, facts.class_count):
        raise EngineError(
            f"The output layer {output} gives {shape_text(shape)}, but one of {facts.class_count:,} tokens is to be "
            f"told at each of {places:,} places: it must give {shape_text((places, facts.class_count))}."
        )
    return TokenObjective(
        loss=loss,
        metrics=resolved_metrics(project, facts),
        classes=facts.class_count,
        units=facts.class_count,
        from_logits=activation == "softmax",
        places=places,
    )


@tf.custom_gradient
def _sigmoid_crossentropy(targets: Any, logits: Any) -> Any:
    """Cross-entropy on logits with its derivative written out, σ(z) − y: a tenth of the operations of its parts'."""

    def gradient(upstream: Any) -> tuple[None, Any]:
        return None, upstream * (tf.sigmoid(logits) - targets)

    return tf.nn.sigmoid_cross_entropy_with_logits(targets, logits), gradient


def _batch_accuracy(targets: Any, output: Any, units: int) -> Any:
    if units == 1:
        return keras.metrics.binary_accuracy(targets, output)[:, 0]
    return keras.metrics.categorical_accuracy(targets, output)


_BATCH_METRICS: dict[str, Callable[[Any, Any, int], Any]] = {
    "accuracy": _batch_accuracy,
    "mae": lambda targets, output, units: keras.losses.mean_absolute_error(targets, output),
    "mse": lambda targets, output, units: keras.losses.mean_squared_error(targets, output),
}


def _accuracy(objective: Objective, labels: Array, predictions: Array) -> Any:
    chosen = predictions[:, 0] > 0.5 if objective.units == 1 else predictions.argmax(axis=1)
    return (chosen == labels).mean()


def _over_two_classes(make: str) -> Callable[[Objective, Array, Array], Any]:
    """A Keras metric of the second class against the first."""

    def measured(objective: Objective, labels: Array, predictions: Array) -> Any:
        metric = getattr(keras.metrics, make)()
        metric.update_state(labels, predictions[:, -1])
        return metric.result()

    return measured


_OF_NUMBERS = frozenset({"mae", "mse"})
_SPLIT_METRICS: dict[str, Callable[[Objective, Array, Array], Any]] = {
    "accuracy": _accuracy,
    "mae": lambda objective, labels, predictions: np.abs(objective.dense_targets(labels) - predictions).mean(),
    "mse": lambda objective, labels, predictions: np.square(objective.dense_targets(labels) - predictions).mean(),
    "auc": _over_two_classes("AUC"),
    "precision": _over_two_classes("Precision"),
    "recall": _over_two_classes("Recall"),
}
