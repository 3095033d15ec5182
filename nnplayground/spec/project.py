"""The project: model, dataset and training settings. What undo restores and a file holds."""

from __future__ import annotations

import msgspec

from nnplayground.layers.core import Input
from nnplayground.spec.dataset import Dataset, input_shapes
from nnplayground.spec.model import Block, LayerShapes, Model, infer_shapes
from nnplayground.spec.training import Training


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `dataset` is None until data is chosen."""

    model: Model = Model(blocks=(Block("input", Input()),))
    dataset: Dataset | None = None
    training: Training = Training()


def project_shapes(project: Project) -> dict[str, LayerShapes]:
    """The shapes of all layers. They are known as soon as a dataset is chosen, before anybody has looked at it."""
    return infer_shapes(project.model, input_shapes(project.dataset) if project.dataset is not None else None)
