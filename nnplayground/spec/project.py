"""The project: model, dataset and training settings. What undo restores and a file holds."""

from __future__ import annotations

import msgspec

from nnplayground.layers.core import Input
from nnplayground.spec.dataset import Dataset
from nnplayground.spec.model import Block, Model
from nnplayground.spec.training import Training


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The document. `dataset` is None until data is chosen."""

    model: Model = Model(blocks=(Block("input", Input()),))
    dataset: Dataset | None = None
    training: Training = Training()
