"""What a project is trained towards: the loss and the metrics, chosen from data and output layer where left to us."""

from __future__ import annotations

from nnplayground.layers import Layer
from nnplayground.layers.activations import activation_name
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import LossName, MetricName, TeacherForcing

GENERATOR_LOSS = "generator_loss"
EXACT_MATCH = "exact_match"
"""Of a model that writes: the share of samples whose target is written without a single mistake."""
MADE_OR_REAL = ("made", "real")
PER_BATCH_METRICS: frozenset[str] = frozenset({"accuracy", "mae", "mse"})
"""Metrics that have a meaning on a single batch; the others are taken over a whole split."""


def output_activation(layer: Layer) -> str:
    """Name of the activation function that is applied to what a layer gives, "linear" where there is none."""
    return activation_name(layer.outer_activation)


def resolved_loss(project: Project, facts: DataFacts) -> LossName:
    """The loss in use: the chosen one, or for "auto" by target and width of the output.

    Classes: binary_crossentropy with one output unit, else categorical_crossentropy; tokens: the latter, at each place.
    Numbers: mean_squared_error. Of a discriminator always the one for two classes.
    """
    if project.takes_turns:
        return "binary_crossentropy"
    if project.training.loss != "auto":
        return project.training.loss
    if facts.target == "number":
        return "mean_squared_error"
    if facts.target == "tokens":
        return "categorical_crossentropy"
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
    """The metrics in use, by Keras' names, without the loss. "auto": accuracy for classes and tokens, mae for numbers.

    Of tokens there is the accuracy only: the other metrics look at one target of each sample.
    """
    if facts.target == "tokens":
        return ("accuracy",)
    if project.training.metrics != "auto":
        return project.training.metrics
    return ("mae",) if facts.target == "number" else ("accuracy",)


def run_figures(project: Project, facts: DataFacts) -> tuple[str, ...]:
    """What a run measures beside the loss. Of two networks that learn from each other the loss is the discriminator's,
    and beside it there is that of the generator. Of a model that writes targets, those are counted that are right at
    every place.
    """
    if project.takes_turns:
        return (GENERATOR_LOSS,)
    if isinstance(project.training.objective, TeacherForcing):
        return (*resolved_metrics(project, facts), EXACT_MATCH)
    return resolved_metrics(project, facts)


def target_classes(project: Project, facts: DataFacts) -> tuple[str, ...]:
    """The classes that the model tells apart, none where it does something else. A discriminator has two of its own,
    and all samples of the data are of the second one.
    """
    if project.takes_turns:
        return MADE_OR_REAL
    return facts.class_names if facts.target == "classes" else ()


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
