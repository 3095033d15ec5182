"""Transfer learning: a network that has learned from photographs, frozen, and a small head for one's own classes."""

from __future__ import annotations

import msgspec

from nnplayground.layers.applications import MobileNetV2
from nnplayground.layers.core import Input
from nnplayground.layers.pooling import GlobalAveragePooling2D
from nnplayground.layers.pretrained import InputRange
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.checks import suggested_output
from nnplayground.spec.dataset import Dataset, ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Supervised

SIDE = 96
"""Pixels: the smallest pictures that published weights of MobileNetV2 have learned from."""


def transfer_learning(project: Project, facts: DataFacts | None) -> Project:
    """A frozen MobileNetV2 with a head, and pictures as it needs them: in colour, of a certain size."""
    dataset, pixels = _fitted(project.dataset)
    training = msgspec.structs.replace(
        project.training, engine="keras", objective=Supervised(), optimizer=Adam(learning_rate=0.001), epochs=20
    )
    model = Model(blocks=(Block("input", Input()),))
    result = msgspec.structs.replace(project, model=model, dataset=dataset, training=training)
    base = MobileNetV2(input_range=pixels)
    for layer in (base, GlobalAveragePooling2D(), Dropout(rate=0.2), suggested_output(facts)):
        result = append_layer(result, layer)
    return result


def _fitted(dataset: Dataset | None) -> tuple[Dataset | None, InputRange]:
    """The data as the network needs it, and the range of its pixels."""
    if not isinstance(dataset, ImageFolder):
        return dataset, "0..1"
    size = dataset.image_size if min(dataset.image_size) >= SIDE else (SIDE, SIDE)
    pixels: InputRange = "-1..1" if dataset.pixels == "standardize" else dataset.pixels
    return msgspec.structs.replace(dataset, image_size=size, color_mode="rgb", pixels=pixels), pixels
