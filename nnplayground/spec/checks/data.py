"""What is wrong with the data, as far as it is known."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.dataset import LEAST_POINTS, ImageFolder, Pairs, Points, Series, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project

NO_DATA = "There is no data yet; open a folder or a table, or choose points or a sample."
UNEVEN = 3.0
"""The largest class has more than this many times the samples of the smallest: class weights are offered."""


def data_problems(project: Project, facts: DataFacts | None) -> Iterator[Problem]:
    if project.dataset is None:
        yield Problem("dataset", "error", NO_DATA)
        return
    if facts is None:
        return
    if facts.problem is not None:
        path = "dataset.folder" if isinstance(project.dataset, ImageFolder) else "dataset"
        if isinstance(project.dataset, Points) and project.dataset.shape == "file":
            path = "dataset.file"
        if isinstance(project.dataset, Text) and project.dataset.folder:
            path = "dataset.folder"
        elif isinstance(project.dataset, Text | Series | Pairs):
            path = "dataset.file"
        yield Problem(path, "error", facts.problem)
        return
    present = _present_classes(facts)
    told_apart = not project.takes_turns
    if told_apart and facts.target == "classes" and len(present) == 1:
        yield Problem(
            "dataset",
            "error",
            f"The data has only one class, {present[0]}; there must be at least two to tell apart.",
        )
    count = sum(facts.splits.values())
    if isinstance(project.dataset, Points) and count < LEAST_POINTS:
        yield Problem(
            "dataset",
            "error",
            f"There {'is only one point' if count == 1 else f'are only {count} points'}, and at least {LEAST_POINTS} "
            f"are needed; add some.",
        )
    if not facts.splits.get("training"):
        yield Problem("dataset.split", "error", "No samples are left for training; keep fewer back for validation.")
    elif not facts.splits.get("validation"):
        yield Problem(
            "dataset.split",
            "warning",
            "No samples are kept for validation, so nobody sees how the model does on data it has not learned from.",
            Fix("Keep 20 %", "set_parameter", ("dataset.split", {"type": "fraction", "validation": 0.2})),
        )
    for warning in facts.warnings:
        yield Problem("dataset", "warning", warning)
    if told_apart:
        yield from _balance_warning(project, facts)


def _present_classes(facts: DataFacts) -> tuple[str, ...]:
    """The classes that have samples; all of them where nobody has counted."""
    totals = [sum(counts) for counts in zip(*facts.per_class.values(), strict=True)]
    if not totals:
        return facts.class_names
    return tuple(name for name, total in zip(facts.class_names, totals, strict=True) if total)


def _balance_warning(project: Project, facts: DataFacts) -> Iterator[Problem]:
    counts = facts.per_class.get("training", ())
    if facts.target != "classes" or len(counts) < 2 or min(counts) == 0 or project.training.class_weight != "none":
        return
    if max(counts) > UNEVEN * min(counts):
        most = facts.class_names[counts.index(max(counts))]
        least = facts.class_names[counts.index(min(counts))]
        yield Problem(
            "training.class_weight",
            "warning",
            f"Classes are uneven: {most} has {max(counts):,} training samples, {least} only {min(counts):,}, so the "
            f"model may neglect the rare ones.",
            Fix("Weight classes evenly", "set_parameter", ("training.class_weight", "balanced")),
        )
