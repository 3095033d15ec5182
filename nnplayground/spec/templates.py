"""Ready-made models to begin with. Each fits its output to the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.checks import suggested_output
from nnplayground.spec.dataset import Points
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, ConstantSchedule


class Template(NamedTuple):
    """A model by name. layers: everything between the Input and the output layer, for the data's input shape.

    training: settings that belong to it, by field.
    """

    name: str
    title: str
    about: str
    layers: Callable[[tuple[int, ...]], tuple[Layer, ...]]
    training: Mapping[str, Any] = {}

    def build(self, project: Project, facts: DataFacts | None) -> Project:
        """The project with this model in the place of its own."""
        model = Model(blocks=(Block("input", Input()),))
        training = msgspec.structs.replace(project.training, **self.training)
        result = msgspec.structs.replace(project, model=model, training=training)
        for layer in (*self.layers(_input_shape(project, facts)), suggested_output(facts)):
            result = append_layer(result, layer)
        return result


def _input_shape(project: Project, facts: DataFacts | None) -> tuple[int, ...]:
    if facts is not None and facts.input_shape is not None:
        return facts.input_shape
    if isinstance(project.dataset, Points):
        return (len(project.dataset.features),)
    return (64, 64, 3)


def _convolutional(shape: tuple[int, ...]) -> tuple[Layer, ...]:
    """Convolution and pooling as long as the picture is large enough, then a dense layer."""
    if len(shape) != 3:
        return _dense(shape)
    layers: list[Layer] = []
    side = min(shape[:2])
    filters = 32
    while side >= 8 and len(layers) < 6:
        layers.append(Conv2D(filters=filters, kernel_size=(3, 3), padding="same", activation="relu"))
        layers.append(MaxPooling2D())
        side //= 2
        filters = min(filters * 2, 64)
    return (*layers, Flatten(), Dropout(rate=0.4), Dense(units=64, activation="relu"))


def _dense(shape: tuple[int, ...]) -> tuple[Layer, ...]:
    if len(shape) > 1:
        return Flatten(), Dense(units=64, activation="relu"), Dense(units=32, activation="relu")
    return Dense(units=8, activation="tanh"), Dense(units=8, activation="tanh")


def _linear(shape: tuple[int, ...]) -> tuple[Layer, ...]:
    return (Flatten(),) if len(shape) > 1 else ()


def _classic(shape: tuple[int, ...]) -> tuple[Layer, ...]:
    flatten: tuple[Layer, ...] = (Flatten(),) if len(shape) > 1 else ()
    return (*flatten, *(Dense(units=units, activation="relu") for units in (20, 7, 5)))


TEMPLATES: tuple[Template, ...] = (
    Template(
        "convolutional",
        "Small convolutional network",
        "Convolutions and pooling, then dense layers: a good first try for photographs.",
        _convolutional,
    ),
    Template("dense", "Dense network", "Two dense layers; for points, and for comparison with convolutions.", _dense),
    Template(
        "classic",
        "20-7-5 dense network",
        "The deep and narrow dense network of many first courses, in numpy: all pictures at once, plain gradient "
        "descent with a rate of 0.005.",
        _classic,
        {
            "engine": "scratch",
            "optimizer": SGD(learning_rate=0.005),
            "schedule": ConstantSchedule(),
            "batch_size": "all",
            "epochs": 2500,
        },
    ),
    Template("linear", "No hidden layer", "Logistic or linear regression: only an output layer.", _linear),
)
