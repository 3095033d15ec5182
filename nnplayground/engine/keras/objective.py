"""The loss and the metrics, as Keras computes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.runtime import keras, tf
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
    """What training makes small and what is measured beside it.

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

    def shares(self, sizes: Any, weights: Any | None) -> Any:
        """How much each of `values` counts in the loss of its batch: (m, values) float32, its weight / their number.

        sizes: (m,) int32, the size of each sample's batch; weights: (m,) or None. As in Keras, the sum of the weights
        does not matter, only the number of samples.
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

    def evaluated(self, labels: Array, predictions: Array) -> dict[str, float]:
        """Every metric over a whole split. labels: as in Samples; predictions: (n, units), what the output gave."""
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


def make_objective(project: Project, facts: DataFacts, *, output: str, units: int, activation: str) -> Objective:
    """The objective of a project whose layer `output` gives `units` values after `activation` (its Keras name).

    Raises EngineError where the width does not fit the classes.
    """
    loss = resolved_loss(project, facts)
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
