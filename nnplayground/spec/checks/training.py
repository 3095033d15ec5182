"""Training settings that do not go with the data or with each other."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import (
    GENERATOR_LOSS,
    PER_BATCH_METRICS,
    resolved_loss,
    resolved_metrics,
    run_figures,
    target_classes,
)
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adversarial


def training_problems(project: Project, facts: DataFacts | None) -> Iterator[Problem]:
    training = project.training
    clip = training.clip
    if sum(limit is not None for limit in (clip.value, clip.norm, clip.global_norm)) > 1:
        yield Problem("training.clip", "error", "Gradients can be clipped in one way only; keep one of the limits.")
    if facts is None or facts.problem is not None:
        return
    samples = facts.splits.get("training", 0)
    if isinstance(training.batch_size, int) and samples and training.batch_size > samples:
        yield Problem(
            "training.batch_size",
            "warning",
            f"A batch of {training.batch_size:,} is larger than the {samples:,} training samples, so every epoch is a "
            f"single update.",
            Fix("Set 32", "set_parameter", ("training.batch_size", 32)) if samples > 32 else None,
        )
    if isinstance(training.objective, Adversarial):
        yield from _monitor_problem(project, facts)
        return
    loss = resolved_loss(project, facts)
    if facts.target == "number" and loss.endswith("crossentropy"):
        yield Problem(
            "training.loss",
            "error",
            f"{loss} is for classes, but the target of this data is a number.",
            Fix("Choose the loss automatically", "set_parameter", ("training.loss", "auto")),
        )
    if facts.target == "tokens" and loss != "categorical_crossentropy":
        yield Problem(
            "training.loss",
            "error",
            f"{loss} does not tell tokens apart; what is to be learned of this data needs categorical_crossentropy.",
            Fix("Choose the loss automatically", "set_parameter", ("training.loss", "auto")),
        )
    told_apart = target_classes(project, facts)
    if loss == "binary_crossentropy" and len(told_apart) > 2:
        yield Problem(
            "training.loss",
            "error",
            f"binary_crossentropy is for two classes, but there are {facts.class_count}.",
            Fix("Choose the loss automatically", "set_parameter", ("training.loss", "auto")),
        )
    yield from _metric_problems(project, facts)
    if isinstance(training.class_weight, dict):
        unknown = [name for name in training.class_weight if name not in facts.class_names]
        if unknown:
            yield Problem(
                "training.class_weight",
                "error",
                f"There is no class {unknown[0]} in the data; its weight cannot be used.",
                Fix("Remove the weights", "set_parameter", ("training.class_weight", "none")),
            )


def _metric_problems(project: Project, facts: DataFacts) -> Iterator[Problem]:
    metrics = resolved_metrics(project, facts)
    automatic = Fix("Choose the metrics automatically", "set_parameter", ("training.metrics", "auto"))
    for metric in metrics:
        if facts.target == "number" and metric in ("accuracy", "auc", "precision", "recall"):
            yield Problem(
                "training.metrics",
                "error",
                f"{metric} is for classes, but the target of this data is a number.",
                automatic,
            )
        if metric in ("auc", "precision", "recall") and facts.class_count > 2:
            yield Problem(
                "training.metrics",
                "error",
                f"{metric} is for two classes, but there are {facts.class_count}.",
                automatic,
            )
    yield from _monitor_problem(project, facts)


def _monitor_problem(project: Project, facts: DataFacts) -> Iterator[Problem]:
    stopping = project.training.early_stopping
    if stopping is None:
        return
    metrics = run_figures(project, facts)
    known = {"loss", "val_loss"}
    known.update(metric for metric in metrics if metric in PER_BATCH_METRICS or metric == GENERATOR_LOSS)
    known.update(f"val_{metric}" for metric in metrics)
    if not facts.splits.get("validation"):
        known = {name for name in known if not name.startswith("val_")}
    if stopping.monitor not in known:
        yield Problem(
            "training.early_stopping.monitor",
            "error",
            f"Early stopping watches {stopping.monitor}, which this run does not have; choose one of "
            f"{', '.join(sorted(known))}.",
        )
