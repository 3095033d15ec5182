"""Ready-made pairs of a generator and a discriminator, for images of any size."""

from __future__ import annotations

import msgspec

from nnplayground.layers import Layer, Shape
from nnplayground.layers.activations import LeakyRelu
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose
from nnplayground.layers.core import Dense, Flatten, Input, Reshape
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire, new_id
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Adversarial, ConstantSchedule, Training

NOISE = 32
"""Numbers of noise that an image is made of."""
_SMALL = 12
"""Images with a shorter side than this need no convolutions."""
_SLOPE = LeakyRelu(negative_slope=0.2)
"""A discriminator of bare relu passes no gradient on from what it has ruled out."""


def adversarial_pair(project: Project, facts: DataFacts | None) -> Project:
    """The project with a generator and a discriminator for its images in the place of its model."""
    shape = facts.input_shape if facts is not None else None
    dataset = project.dataset
    if isinstance(dataset, ImageFolder):
        # As many images as there are: nothing is predicted, so nothing need be kept back to check it.
        shape = (*dataset.image_size, 3 if dataset.color_mode == "rgb" else 1)
        if dataset.pixels not in _RANGES:
            dataset = msgspec.structs.replace(dataset, pixels="0..1")
    if shape is None or len(shape) != 3:
        shape = (32, 32, 3)
    pixels = dataset.pixels if isinstance(dataset, ImageFolder) else "0..1"
    last = _RANGES.get(pixels, "sigmoid")
    small = min(shape[:2]) < _SMALL or shape[0] % 4 != 0 or shape[1] % 4 != 0
    making, judging = (_dense if small else _convolutional)(shape, last)
    model = _side_by_side((Input(shape=(NOISE,)), *making), (Input(), *judging, Dense(units=1, activation="sigmoid")))
    training = msgspec.structs.replace(
        project.training,
        engine="keras",
        objective=Adversarial(),
        optimizer=Adam(learning_rate=0.0002, beta_1=0.5),
        schedule=ConstantSchedule(),
        loss="auto",
        metrics="auto",
        class_weight="none",
        early_stopping=None,
        batch_size=32,
        epochs=max(project.training.epochs, 400),
    )
    assert isinstance(training, Training)
    return msgspec.structs.replace(project, model=model, dataset=dataset, training=training)


_RANGES = {"0..1": "sigmoid", "-1..1": "tanh"}
"""The activation whose values fill the range of the pixels."""


def _dense(shape: Shape, last: str) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    pixels = shape[0] * shape[1] * shape[2]
    making = (
        Dense(units=256, activation=_SLOPE),
        Dense(units=256, activation=_SLOPE),
        Dense(units=pixels, activation=last),  # type: ignore[arg-type]
        Reshape(target_shape=shape),
    )
    judging = (
        Flatten(),
        Dense(units=256, activation=_SLOPE),
        Dropout(rate=0.3),
        Dense(units=256, activation=_SLOPE),
        Dropout(rate=0.3),
    )
    return making, judging


def _convolutional(shape: Shape, last: str) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    """Twice as large at each of two steps, and twice as small (Radford et al., 2015, without normalization, which
    would let the images of a batch tell on each other)."""
    height, width, channels = shape
    rows, columns = height // 4, width // 4
    making = (
        Dense(units=rows * columns * 64, activation=_SLOPE),
        Reshape(target_shape=(rows, columns, 64)),
        Conv2DTranspose(filters=64, kernel_size=(4, 4), strides=(2, 2), padding="same", activation=_SLOPE),
        Conv2DTranspose(filters=32, kernel_size=(4, 4), strides=(2, 2), padding="same", activation=_SLOPE),
        Conv2D(filters=channels, kernel_size=(3, 3), padding="same", activation=last),  # type: ignore[arg-type]
    )
    judging = (
        Conv2D(filters=32, kernel_size=(4, 4), strides=(2, 2), padding="same", activation=_SLOPE),
        Dropout(rate=0.3),
        Conv2D(filters=64, kernel_size=(4, 4), strides=(2, 2), padding="same", activation=_SLOPE),
        Dropout(rate=0.3),
        Flatten(),
    )
    return making, judging


def _side_by_side(*chains: tuple[Layer, ...]) -> Model:
    blocks: list[Block] = []
    wires: list[Wire] = []
    for chain in chains:
        before = ""
        for layer in chain:
            noise = isinstance(layer, Input) and layer.shape is not None
            name = ("noise" if noise else "image") if isinstance(layer, Input) else ""
            block = Block(name or new_id(layer.type, [each.id for each in blocks]), layer)
            if before:
                wires.append(Wire(before, block.id))
            blocks.append(block)
            before = block.id
    return Model(tuple(blocks), tuple(wires))
