"""Choosing data: the dataset and the objective that goes with it, in one edit."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import msgspec

from nnplayground.spec.dataset import Dataset, FolderSplit, FractionSplit, Points
from nnplayground.spec.edits import set_dataset
from nnplayground.spec.points_edits import POINTS_TRAINING
from nnplayground.spec.project import Project
from nnplayground.spec.templates import data_kind
from nnplayground.spec.training import Adversarial, NextToken, Objective, Supervised, TeacherForcing, Training


def use_data(project: Project, dataset: Dataset) -> Project:
    """A dataset as the data. Where it asks for another objective, with that one, and without what belongs to a target
    of the kind before.
    """
    changed = set_dataset(project, dataset)
    if project.training == POINTS_TRAINING and not isinstance(dataset, Points):
        changed = msgspec.structs.replace(changed, training=Training())
    objective = fitting_objective(changed)
    if objective == changed.training.objective:
        return changed
    neutral = Training()
    training = msgspec.structs.replace(
        changed.training,
        objective=objective,
        loss=neutral.loss,
        metrics=neutral.metrics,
        class_weight=neutral.class_weight,
    )
    return msgspec.structs.replace(changed, training=training)


def fitting_objective(project: Project) -> Objective:
    """What a model learns of the data: the present objective where it is one for it."""
    present = project.training.objective
    match data_kind(project, None):
        case "plain_text":
            return NextToken()
        case "pairs":
            return TeacherForcing()
        case "images" if isinstance(present, Adversarial):
            return present
        case _:
            return Supervised()


def relocated(project: Project, missing: str, place: str) -> Project:
    """The project with a path of its data that has moved put right, wherever in the dataset it stands."""
    dataset = project.dataset
    if dataset is None:
        return project

    def is_there(struct: msgspec.Struct, name: str) -> bool:
        path = getattr(struct, name, "")
        return bool(path) and PurePath(path) == PurePath(missing)

    changes: dict[str, Any] = {name: place for name in ("folder", "file") if is_there(dataset, name)}
    split = dataset.split
    if isinstance(split, FolderSplit):
        moved = {name: place for name in ("validation", "test") if is_there(split, name)}
        if moved:
            changes["split"] = msgspec.structs.replace(split, **moved)
    return set_dataset(project, msgspec.structs.replace(dataset, **changes))


def without_folder_split(dataset: Dataset) -> Dataset:
    """Other data is not checked against the validation samples of the data before."""
    if isinstance(dataset.split, FolderSplit):
        return msgspec.structs.replace(dataset, split=FractionSplit())
    return dataset
