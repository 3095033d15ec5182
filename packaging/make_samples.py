"""Write the bundled sample projects with today's file format. Run from anywhere: python packaging/make_samples.py."""

from __future__ import annotations

from pathlib import Path

from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.dataset import Dataset, FractionSplit, ImageFolder, Points
from nnplayground.spec.edits import append_layer
from nnplayground.spec.files import save_project
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, Training

SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples"


def chain(dataset: Dataset, training: Training, *layers: Layer) -> Project:
    project = Project(dataset=dataset, training=training)
    assert isinstance(project.model.blocks[0].layer, Input)
    for layer in layers:
        project = append_layer(project, layer)
    return project


def projects() -> dict[str, Project]:
    """By the name of their file, in the order of the start page."""
    digits = ImageFolder(folder=str(SAMPLES / "digits"), image_size=(8, 8), color_mode="grayscale")
    half = FractionSplit(validation=0.5)

    def playground(**settings: object) -> Training:
        return Training(engine="scratch", **settings)  # type: ignore[arg-type]

    def hidden(activation: str, *units: int) -> tuple[Layer, ...]:
        return tuple(Dense(units=each, activation=activation) for each in units)  # type: ignore[arg-type]

    output = Dense(units=1, activation="sigmoid")
    xor = Points(shape="xor", count=300, noise=0.1, split=half)
    circle = Points(shape="circle", count=300, noise=0.1, split=half)
    return {
        "digits": chain(
            digits,
            Training(epochs=30, optimizer=Adam(learning_rate=0.001)),
            Conv2D(filters=32, kernel_size=(3, 3), padding="same", activation="relu"),
            MaxPooling2D(),
            Conv2D(filters=64, kernel_size=(3, 3), activation="relu"),
            Flatten(),
            Dropout(rate=0.4),
            Dense(units=64, activation="relu"),
            Dense(units=10, activation="softmax"),
        ),
        "circle": chain(
            circle,
            playground(epochs=2000, batch_size=10, optimizer=SGD(learning_rate=0.1)),
            *hidden("tanh", 4, 2),
            output,
        ),
        "spiral": chain(
            Points(shape="spiral", count=400, noise=0.05, split=half),
            playground(epochs=3000, batch_size=20, optimizer=Adam(learning_rate=0.003)),
            *hidden("tanh", 8, 8),
            output,
        ),
        "logistic": chain(
            Points(shape="gauss", count=300, noise=0.3, split=half),
            playground(epochs=500, batch_size=10, optimizer=SGD(learning_rate=0.03)),
            output,
        ),
        "xor_linear": chain(xor, playground(epochs=500, batch_size=10, optimizer=SGD(learning_rate=0.03)), output),
        "xor": chain(
            xor,
            playground(epochs=1000, batch_size=10, optimizer=SGD(learning_rate=0.1)),
            *hidden("tanh", 4),
            output,
        ),
        "symmetry": chain(
            circle,
            playground(epochs=1000, batch_size=10, optimizer=SGD(learning_rate=0.1)),
            *(Dense(units=each, activation="tanh", kernel_initializer="zeros") for each in (4, 4)),
            Dense(units=1, activation="sigmoid", kernel_initializer="zeros"),
        ),
        "vanishing": chain(
            circle,
            playground(epochs=1000, batch_size=10, optimizer=SGD(learning_rate=0.1)),
            *hidden("sigmoid", *[6] * 10),
            output,
        ),
        "not_vanishing": chain(
            circle,
            playground(epochs=1000, batch_size=10, optimizer=SGD(learning_rate=0.03)),
            *(Dense(units=6, activation="relu", kernel_initializer="he_normal") for _ in range(10)),
            output,
        ),
        "valley": chain(
            Points(shape="plane", count=200, noise=0.2, split=half, features=("x1", "x2", "sin_x1")),
            playground(epochs=300, batch_size="all", optimizer=SGD(learning_rate=0.008)),
            Dense(units=1),
        ),
        "plane": chain(
            Points(shape="plane", count=300, noise=0.2, split=half),
            playground(epochs=500, batch_size=10, optimizer=SGD(learning_rate=0.01)),
            Dense(units=1),
        ),
        "hills": chain(
            Points(shape="regression_gauss", count=400, noise=0.1, split=half),
            playground(epochs=3000, batch_size=10, optimizer=SGD(learning_rate=0.03)),
            *hidden("tanh", 8, 6),
            Dense(units=1),
        ),
        "classes": chain(
            Points(shape="multi_gauss", count=400, classes=5, noise=0.3, split=half),
            playground(epochs=1000, batch_size=10, optimizer=SGD(learning_rate=0.05)),
            *hidden("tanh", 6),
            Dense(units=5, activation="softmax"),
        ),
        "digits_scratch": chain(
            digits,
            playground(epochs=60, optimizer=Adam(learning_rate=0.002)),
            Flatten(),
            Dense(units=32, activation="relu"),
            Dense(units=10, activation="softmax"),
        ),
    }


def main() -> None:
    for name, project in projects().items():
        save_project(project, SAMPLES / f"{name}.nnp")


if __name__ == "__main__":
    main()
