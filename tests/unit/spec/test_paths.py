"""One grammar names every value; short forms mean what people expect; refusals name the place and the value."""

from __future__ import annotations

import pytest

from nnplayground.layers.augmentation import RandomFlip
from nnplayground.layers.regularizers import L2
from nnplayground.spec.dataset import CountSplit, Points
from nnplayground.spec.paths import ValueProblem, get_value, set_value
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, EarlyStopping, RMSprop, StepSchedule


@pytest.mark.parametrize(
    ("path", "given", "stored"),
    [
        ("model.conv2d_1.filters", 64, 64),
        ("model.conv2d_1.kernel_size", 5, (5, 5)),
        ("model.conv2d_1.kernel_size", [3, 5], (3, 5)),
        ("model.conv2d_1.kernel_regularizer", "L2", L2()),
        ("model.conv2d_1.kernel_regularizer", None, None),
        ("model.conv2d_1.kernel_regularizer", L2(0.5), L2(0.5)),
        ("model.dense_1.activation", "leaky_relu", "leaky_relu"),
        ("training.optimizer", "RMSprop", RMSprop()),
        ("training.optimizer", {"type": "SGD", "momentum": 0.9}, SGD(momentum=0.9)),
        ("training.optimizer.learning_rate", 1, 1.0),
        ("training.schedule", "step", StepSchedule()),
        ("training.batch_size", "all", "all"),
        ("training.early_stopping", {"patience": 3}, EarlyStopping(patience=3)),
        ("training.early_stopping.patience", 4, 4),
        ("training.class_weight", {"cat": 2}, {"cat": 2.0}),
        ("training.clip.norm", 1, 1.0),
        ("dataset.split", "count", CountSplit()),
        ("dataset.image_size", 32, (32, 32)),
        ("dataset", "points", Points()),
    ],
)
def test_set_and_get(cnn: Project, path: str, given: object, stored: object) -> None:
    assert get_value(set_value(cnn, path, given), path) == stored


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("model.conv2d_1.filters", 0, "model.conv2d_1.filters must be a whole number of at least 1, got 0"),
        ("model.conv2d_1.filters", 2.5, "model.conv2d_1.filters must be a whole number, got 2.5"),
        ("model.conv2d_1.kernel_size", [1, 2, 3], "model.conv2d_1.kernel_size"),
        ("model.conv2d_1.colour", 1, "there is no colour"),
        ("model.nobody.filters", 1, "no layer nobody"),
        ("model.dense_1.activation", "bump", 'model.dense_1.activation is "bump"'),
        ("training.optimizer", "Magic", "training.optimizer"),
        ("training.optimizer.learning_rate", "fast", "training.optimizer.learning_rate must be a number"),
        ("training.optimizer.learning_rate", float("nan"), "training.optimizer.learning_rate"),
        ("training.optimizer.learning_rate", float("inf"), "training.optimizer.learning_rate"),
        ("training.epochs", 10**9, "training.epochs"),
        (
            "training.schedule",
            {"type": "table", "rates": {"soon": 0.1}},
            "must be named by whole epochs from 1 on, got",
        ),
        ("weather", 1, "not a place"),
        ("model", 1, "not a place"),
    ],
)
def test_refusals(cnn: Project, path: str, value: object, words: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        set_value(cnn, path, value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_places_cannot_be_read(cnn: Project) -> None:
    for path in ("training.speed", "training.optimizer.colour", "model.conv2d_1.filters.first"):
        with pytest.raises(ValueProblem, match="not a place"):
            get_value(cnn, path)


def test_entries_of_lists_have_paths(cnn: Project) -> None:
    augmentation = [{"type": "RandomFlip"}, {"type": "RandomZoom"}]
    project = set_value(cnn, "dataset", {"type": "image_folder", "augmentation": augmentation})
    project = set_value(project, "dataset.augmentation.1.height_factor", 0.3)
    assert get_value(project, "dataset.augmentation.1.height_factor") == 0.3
    assert get_value(project, "dataset.augmentation.0") == RandomFlip()
    assert get_value(set_value(project, "dataset.image_size.1", 32), "dataset.image_size") == (64, 32)
    with pytest.raises(ValueProblem, match=r"dataset.augmentation.1.height_factor must be a number of at most 1"):
        set_value(project, "dataset.augmentation.1.height_factor", 2)
    for path in ("dataset.augmentation.2.mode", "dataset.augmentation.first.mode"):
        with pytest.raises(ValueProblem, match="not a place"):
            set_value(project, path, "vertical")
        with pytest.raises(ValueProblem, match="not a place"):
            get_value(project, path)
