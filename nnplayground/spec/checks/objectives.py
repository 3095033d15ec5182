"""Whether what is trained towards goes with the data."""

from __future__ import annotations

from collections.abc import Iterator

from nnplayground.spec.adversarial import Chains, chains
from nnplayground.spec.checks.problem import Fix, Problem
from nnplayground.spec.dataset import ImageFolder, Pairs, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adversarial, NextToken, Objective, Supervised, TeacherForcing

_PATH = "training.objective"
_MEANING: dict[type[Objective], str] = {
    Supervised: "is learned from samples with a class or a number each",
    NextToken: "learns from a plain text which token comes next",
    TeacherForcing: "learns from pairs of texts to write one from the other",
    Adversarial: "learns from images to make more of them",
}
_HERE: dict[type[Objective], str] = {
    Supervised: "samples with something to be told about each",
    NextToken: "a plain text without labels, to go on writing from",
    TeacherForcing: "pairs of texts, the second of which is to be written",
}


def tag(objective: type[Objective]) -> str:
    """Its name in files."""
    return str(objective.__struct_config__.tag)


def objective_problems(project: Project, facts: DataFacts | None) -> Iterator[Problem]:
    wanted = fitting_objective(project, facts)
    chosen = project.training.objective
    if wanted is None or isinstance(chosen, wanted):
        return
    if isinstance(chosen, Adversarial) and isinstance(project.dataset, ImageFolder):
        return
    yield Problem(
        _PATH,
        "error",
        f"The objective {tag(type(chosen))} {_MEANING[type(chosen)]}, but this data is {_HERE[wanted]}.",
        Fix(f"Choose {tag(wanted)}", "set_parameter", (_PATH, tag(wanted))),
    )


def fitting_objective(project: Project, facts: DataFacts | None) -> type[Objective] | None:
    """The objective that goes with the data, None while that is not known. Images go with adversarial too."""
    dataset = project.dataset
    if dataset is None:
        return None
    if isinstance(dataset, Pairs):
        return TeacherForcing
    if not isinstance(dataset, Text):
        return Supervised
    if facts is None or facts.problem is not None:
        return None
    return NextToken if facts.target == "tokens" else Supervised


def adversarial_fix(project: Project) -> Fix | None:
    """For two chains on one canvas, where one makes images and the other could judge them."""
    if isinstance(project.dataset, ImageFolder) and isinstance(chains(project.model), Chains):
        return Fix("Choose adversarial", "set_parameter", (_PATH, tag(Adversarial)))
    return None
