"""What the chosen engine cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.project import Project


def engine_problems(project: Project) -> Iterator[Problem]:
    if project.training.engine != "scratch":
        return
    to_keras = Fix("Use the Keras engine", "set_parameter", ("training.engine", "keras"))
    port = next((wire for wire in project.model.wires if not wire.plain), None)
    if port is not None:
        yield Problem(
            f"model.{port.target_id}",
            "error",
            f"The scratch engine cannot hand on states, as from {port.source_id} to {port.target_id}; choose the Keras "
            f"engine.",
            to_keras,
        )
    if project.takes_turns:
        yield Problem(
            "training.engine",
            "error",
            "The scratch engine trains one network at a time; choose the Keras engine for a generator and a "
            "discriminator.",
            to_keras,
        )
    for block in project.model.blocks:
        if not block.layer.has_maths:
            yield Problem(
                f"model.{block.id}",
                "error",
                f"{block.layer.type} is not available in the scratch engine; remove it or choose the Keras engine.",
                to_keras,
            )
    if isinstance(project.dataset, ImageFolder) and project.dataset.augmentation:
        yield Problem(
            "dataset.augmentation",
            "error",
            "The scratch engine cannot augment images; remove the augmentation or choose the Keras engine.",
            to_keras,
        )
