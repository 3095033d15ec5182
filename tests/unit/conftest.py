"""Projects that unit tests begin with."""

from __future__ import annotations

import pytest

from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project


@pytest.fixture
def photos() -> DataFacts:
    """Two even classes of 64×64 RGB images."""
    return DataFacts(
        input_shape=(64, 64, 3),
        class_names=("cat", "dog"),
        splits={"training": 80, "validation": 20},
        per_class={"training": (40, 40), "validation": (10, 10)},
    )


@pytest.fixture
def cnn() -> Project:
    """input – conv2d_1 – max_pooling2d_1 – flatten_1 – dense_1 (sigmoid), with a data folder."""
    project = Project(dataset=ImageFolder(folder="/photos"))
    for layer in (
        Conv2D(filters=8, activation="relu"),
        MaxPooling2D(),
        Flatten(),
        Dense(units=1, activation="sigmoid"),
    ):
        project = append_layer(project, layer)
    return project
