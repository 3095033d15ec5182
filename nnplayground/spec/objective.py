"""What a project is trained towards: the loss and the metrics, chosen from data and output layer where left to us."""

from __future__ import annotations

from nnplayground.layers import Layer
from nnplayground.layers.activations import activation_name
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import LossName, MetricName

PER_BATCH_METRICS: frozenset[str] = frozenset({"accuracy", "mae", "mse"})
"""Metrics that have a meaning on a single batch; the others are taken over a whole split."""


def output_activation(layer: Layer) -> str:
    """Name of the activation function of a layer, "linear" where it has none."""
    return activation_name(getattr(layer, "activation", "linear"))


def resolved_loss(project: Project, facts: DataFacts) -> LossName:
    """The loss in use: the chosen one, or for "auto" by target and width of the output.

    Classes: binary_crossentropy with one output unit, else categorical_crossentropy. Numbers: mean_squared_error.
    """
    if project.training.loss != "auto":
        return project.training.loss
    if facts.target == "number":
        return "mean_squared_error"
    return "binary_crossentropy" if _output_units(project) == 1 else "categorical_crossentropy"


def counts_from_minus_one(project: Project, facts: DataFacts) -> bool:
    """Whether the two classes are −1 and 1 for the loss, as tanh reaches both, instead of 0 and 1."""
    return (
        facts.target == "classes"
        and facts.class_count == 2
        and resolved_loss(project, facts) in ("mean_squared_error", "mean_absolute_error")
        and _output_units(project) == 1
        and output_activation(project.model.layer(project.model.outputs[0])) == "tanh"
    )


def resolved_metrics(project: Project, facts: DataFacts) -> tuple[MetricName, ...]:
    """The metrics in use, by Keras' names, without the loss. "auto": accuracy for classes, mae for numbers."""
    if project.training.metrics != "auto":
        return project.training.metrics
    return ("mae",) if facts.target == "number" else ("accuracy",)


def _output_units(project: Project) -> int | None:
    """Width of the last layer that has units, seen from the only output; None where that is unclear."""
    model = project.model
    if len(model.outputs) != 1:
        return None
    layer_id = model.outputs[0]
    seen: set[str] = set()
    while layer_id not in seen:
        seen.add(layer_id)
        layer = model.layer(layer_id)
        units = getattr(layer, "units", getattr(layer, "filters", None))
        if units is not None:
            return units
        sources = model.sources(layer_id)
        if len(sources) != 1:
            return None
        layer_id = sources[0]
    return None
