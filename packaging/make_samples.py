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


def main() -> None:
    digits = ImageFolder(folder=str(SAMPLES / "digits"), image_size=(8, 8), color_mode="grayscale")
    half = FractionSplit(validation=0.5)
    projects = {
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
        "digits_scratch": chain(
            digits,
            Training(engine="scratch", epochs=60, optimizer=Adam(learning_rate=0.002)),
            Flatten(),
            Dense(units=32, activation="relu"),
            Dense(units=10, activation="softmax"),
        ),
        "circle": chain(
            Points(shape="circle", count=300, noise=0.1, split=half),
            Training(engine="scratch", epochs=2000, batch_size=10, optimizer=SGD(learning_rate=0.1)),
            Dense(units=4, activation="tanh"),
            Dense(units=2, activation="tanh"),
            Dense(units=1, activation="sigmoid"),
        ),
        "spiral": chain(
            Points(shape="spiral", count=400, noise=0.05, split=half),
            Training(engine="scratch", epochs=5000, batch_size=20, optimizer=Adam(learning_rate=0.01)),
            Dense(units=8, activation="tanh"),
            Dense(units=8, activation="tanh"),
            Dense(units=1, activation="sigmoid"),
        ),
        "logistic": chain(
            Points(shape="gauss", count=300, noise=0.3, split=half),
            Training(engine="scratch", epochs=500, batch_size=10, optimizer=SGD(learning_rate=0.03)),
            Dense(units=1, activation="sigmoid"),
        ),
        "plane": chain(
            Points(shape="plane", count=300, noise=0.2, split=half),
            Training(engine="scratch", epochs=500, batch_size=10, optimizer=SGD(learning_rate=0.01)),
            Dense(units=1),
        ),
    }
    for name, project in projects.items():
        save_project(project, SAMPLES / f"{name}.nnp")


if __name__ == "__main__":
    main()
