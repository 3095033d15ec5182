"""The project: model, dataset and training settings. What undo restores and a file holds."""

from __future__ import annotations

import msgspec

from nnplayground.layers import Shape
from nnplayground.layers.core import Input
from nnplayground.spec.dataset import Dataset, input_shapes
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, LayerShapes, Model, infer_shapes, input_sources
from nnplayground.spec.training import Adversarial, Training


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `dataset` is None until data is chosen."""

    model: Model = Model(blocks=(Block("input", Input()),))
    dataset: Dataset | None = None
    training: Training = Training()

    @property
    def takes_turns(self) -> bool:
        """Whether two networks learn from each other, so that there is no single update of one model."""
        return isinstance(self.training.objective, Adversarial)


def project_shapes(project: Project, facts: DataFacts | None = None) -> dict[str, LayerShapes]:
    """The shapes of all layers. They are known as soon as a dataset is chosen, nearly always before anybody has looked
    at it; facts tell what only the data can."""
    return infer_shapes(project.model, array_shapes(project, facts))


def several_arrays(project: Project, facts: DataFacts | None = None) -> dict[str, str]:
    """Which array of the data each Input gets, by their ids; empty where there is only one, and nothing to choose."""
    names = tuple(array_shapes(project, facts))
    return input_sources(project.model, names) if len(names) > 1 else {}


def array_shapes(project: Project, facts: DataFacts | None = None) -> dict[str, Shape | None]:
    """Shape of one sample of each array of the data, by its name, the main one first; None where it is unknown."""
    told: dict[str, Shape | None] = {"": None}
    if facts is not None:
        told = dict(facts.input_shapes) or {"": facts.input_shape}
    if project.dataset is None:
        return told
    declared = input_shapes(project.dataset)
    return {name: shape if shape is not None else told.get(name) for name, shape in declared.items()}
