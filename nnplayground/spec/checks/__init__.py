"""Checks: what keeps a project from running (errors) and what is probably not meant (warnings), with fixes.

An invalid model is a normal state while editing, so nothing here raises.
"""

from __future__ import annotations

from nnplayground.spec.checks.adversarial import adversarial_problems
from nnplayground.spec.checks.data import data_problems
from nnplayground.spec.checks.engines import engine_problems
from nnplayground.spec.checks.habits import habit_warnings, pixel_warnings
from nnplayground.spec.checks.inputs import input_problems
from nnplayground.spec.checks.objectives import objective_problems
from nnplayground.spec.checks.outputs import output_problems, suggested_output
from nnplayground.spec.checks.pretrained import pretrained_problems
from nnplayground.spec.checks.problem import Fix, Problem, Severity
from nnplayground.spec.checks.sequences import sequence_problems
from nnplayground.spec.checks.shapes import shape_problems
from nnplayground.spec.checks.training import training_problems
from nnplayground.spec.checks.wiring import wiring_problems
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project, project_shapes

__all__ = ["Fix", "Problem", "Severity", "check", "suggested_output"]


def check(project: Project, facts: DataFacts | None) -> tuple[Problem, ...]:
    """All problems, errors first. facts: what is known about the data; None while it is not known yet."""
    shapes = project_shapes(project, facts)
    two_chains = project.takes_turns
    found = [
        *data_problems(project, facts),
        *objective_problems(project, facts),
        *wiring_problems(project),
        *input_problems(project, facts),
        *shape_problems(project, facts, shapes),
        *(adversarial_problems(project, shapes) if two_chains else output_problems(project, facts, shapes)),
        *sequence_problems(project, facts, shapes),
        *pretrained_problems(project, shapes),
        *engine_problems(project),
        *training_problems(project, facts),
        *pixel_warnings(project),
        *habit_warnings(project),
    ]
    return tuple(sorted(found, key=lambda problem: problem.severity != "error"))
