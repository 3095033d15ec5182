"""The small convolutional network on 64×64 photographs: the project, and a bare Keras script of the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.spec.dataset import FolderSplit, ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training
from tests.benchmarks.common import PHOTOGRAPHS

SCRIPT = """
import json, sys, time
import numpy as np, keras
seed, epochs, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
keras.utils.set_random_seed(seed)
data = np.load(path)
x, y, vx, vy = data["x"], data["y"], data["vx"], data["vy"]
L = keras.layers
model = keras.Sequential([
    keras.Input(x.shape[1:]),
    L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(),
    L.Conv2D(32, 4, activation="relu"), L.MaxPooling2D(),
    L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(),
    L.Flatten(), L.Dense(64, activation="relu"), L.Dense(1, activation="sigmoid"),
])
model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy", metrics=["accuracy"])
ends = []
class Clock(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        ends.append(time.perf_counter())
began = time.perf_counter()
history = model.fit(x, y, batch_size=32, epochs=epochs, validation_data=(vx, vy), verbose=0, callbacks=[Clock()])
print(json.dumps({"epochs": np.diff([began, *ends]).tolist(), "accuracy": history.history["val_accuracy"]}))
"""
"""arguments: seed, epochs, arrays.npz → seconds of each epoch with its validation, validation accuracies."""


def project(*, epochs: int, seed: int = 0, front: tuple[Layer, ...] = ()) -> Project:
    """The network of the budget table; `front`: layers before it."""
    result = Project(
        dataset=ImageFolder(
            folder=str(PHOTOGRAPHS / "train"), split=FolderSplit(validation=str(PHOTOGRAPHS / "validation"))
        ),
        training=Training(epochs=epochs, seed=seed, batch_size=32, optimizer=Adam(learning_rate=0.001)),
    )
    for layer in (
        *front,
        Conv2D(filters=32, kernel_size=(3, 3), activation="relu"),
        MaxPooling2D(),
        Conv2D(filters=32, kernel_size=(4, 4), activation="relu"),
        MaxPooling2D(),
        Conv2D(filters=64, kernel_size=(3, 3), activation="relu"),
        MaxPooling2D(),
        Flatten(),
        Dense(units=64, activation="relu"),
        Dense(units=1, activation="sigmoid"),
    ):
        result = append_layer(result, layer)
    return result


def arrays() -> Path:
    """The same pictures for the script: float32 in 0…1, decoded by us, so that both train on the same numbers."""
    from nnplayground import data

    dataset = project(epochs=1).dataset
    assert dataset is not None
    loaded = data.load(dataset, Path.cwd(), input_ids=("input",), output_ids=("target",))
    training, validation = loaded.splits["training"], loaded.splits["validation"]
    path = Path(tempfile.mkdtemp()) / "photographs.npz"
    np.savez(
        path,
        x=training.prepared("input", slice(None)),
        y=training.targets["target"],
        vx=validation.prepared("input", slice(None)),
        vy=validation.targets["target"],
    )
    return path
