"""Write the bundled sample projects with today's file format. Run from anywhere: python packaging/make_samples.py."""

from __future__ import annotations

from pathlib import Path

import msgspec

from nnplayground import data
from nnplayground.layers import Layer
from nnplayground.layers.applications import MobileNetV3Small
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.sequences import Embedding
from nnplayground.spec.dataset import (
    Dataset,
    FolderSplit,
    FractionSplit,
    ImageFolder,
    Pairs,
    Points,
    Series,
    Text,
)
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.files import save_project
from nnplayground.spec.generators import adversarial_pair
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam, CosineSchedule, Training
from nnplayground.spec.writers import encoder_decoder, text_writer

DATA = Path(__file__).resolve().parents[1] / "resources" / "samples"
SAMPLES = DATA


def chain(dataset: Dataset, training: Training, *layers: Layer) -> Project:
    project = Project(dataset=dataset, training=training)
    assert isinstance(project.model.blocks[0].layer, Input)
    for layer in layers:
        project = append_layer(project, layer)
    return project


def facts_of(dataset: Dataset) -> DataFacts:
    """What its files say, which lie where the samples are."""
    facts = data.scan(dataset, DATA)
    assert facts.problem is None, facts.problem
    return facts


def reviews(layer: Layer) -> Project:
    """Texts whose class hangs on the order of their words."""
    split = FolderSplit(validation=str(SAMPLES / "reviews-validation.csv"))
    dataset = Text(
        file=str(SAMPLES / "reviews.csv"), level="word", vocabulary_size=1000, sequence_length=36, split=split
    )
    facts = facts_of(
        msgspec.structs.replace(dataset, file="reviews.csv", split=FolderSplit(validation="reviews-validation.csv"))
    )
    return chain(
        dataset,
        Training(engine="scratch", epochs=6, optimizer=Adam(learning_rate=0.003)),
        Embedding(input_dim=len(facts.vocabularies["text"]), output_dim=32, mask_zero=True),
        layer,
        Dense(units=1, activation="sigmoid"),
    )


def translation(
    name: str, *, source_length: int, target_length: int, epochs: int, learning_rate: float = 0.005
) -> Project:
    """Pairs of texts, and an encoder and a decoder."""
    split = FolderSplit(validation=f"{name}-validation.csv")
    dataset = Pairs(file=f"{name}.csv", source_length=source_length, target_length=target_length, split=split)
    project = encoder_decoder(Project(dataset=dataset), facts_of(dataset))
    training = msgspec.structs.replace(
        project.training, epochs=epochs, optimizer=Adam(learning_rate=learning_rate), schedule=CosineSchedule()
    )
    placed = msgspec.structs.replace(
        dataset, file=str(SAMPLES / dataset.file), split=FolderSplit(validation=str(SAMPLES / split.validation))
    )
    return msgspec.structs.replace(project, dataset=placed, training=training)


def attending(project: Project) -> Project:
    """An encoder and a decoder, with a head of attention from each step of the decoder to all of the encoder."""
    model = project.model
    steps = msgspec.structs.replace(model.layer("encoder"), return_sequences=True)
    blocks = [Block(block.id, steps) if block.id == "encoder" else block for block in model.blocks]
    blocks[-1:-1] = [
        Block("attention", MultiHeadAttention(num_heads=1, key_dim=64)),
        Block("concatenate_1", Concatenate()),
    ]
    wires = (
        *model.wires[:-1],
        Wire("decoder", "attention"),
        Wire("encoder", "attention"),
        Wire("decoder", "concatenate_1"),
        Wire("attention", "concatenate_1"),
        Wire("concatenate_1", "dense_1"),
    )
    return msgspec.structs.replace(project, model=Model(tuple(blocks), wires))


def fables() -> Project:
    """A text to go on writing."""
    dataset = Text(
        file="fables.txt",
        level="character",
        vocabulary_size=100,
        sequence_length=60,
        split=FractionSplit(validation=0.1),
    )
    project = text_writer(Project(dataset=dataset, training=Training(epochs=15)), facts_of(dataset))
    return msgspec.structs.replace(project, dataset=msgspec.structs.replace(dataset, file=str(SAMPLES / "fables.txt")))


def letters_to_digits() -> Project:
    """A network that has learned letters, frozen, and a head that learns digits."""
    return chain(
        ImageFolder(
            folder=str(SAMPLES / "digits"), image_size=(32, 32), color_mode="rgb", split=FractionSplit(validation=0.9)
        ),
        Training(epochs=30, batch_size=32, optimizer=Adam(learning_rate=0.005)),
        MobileNetV3Small(weights_from=str(SAMPLES / "letters.weights.h5"), output_layer="expanded_conv_2_add"),
        Flatten(),
        Dropout(rate=0.2),
        Dense(units=10, activation="softmax"),
    )


def visitors() -> Project:
    """A series with a weekly and a yearly season."""
    return chain(
        Series(file=str(SAMPLES / "visitors.csv"), columns=("temperature", "visitors"), target="visitors", window=28),
        Training(engine="scratch", epochs=20, optimizer=Adam(learning_rate=0.003)),
        GRU(units=32),
        Dense(units=1),
    )


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
            playground(epochs=500, batch_size=10, optimizer=SGD(learning_rate=0.1), seed=1),
            *hidden("tanh", 4),
            output,
        ),
        # With one hidden layer a single weight that is not zero lets its neuron learn; with two it would take more.
        "symmetry": chain(
            circle,
            playground(epochs=1000, batch_size=10, optimizer=SGD(learning_rate=0.1)),
            Dense(units=4, activation="tanh", kernel_initializer="zeros"),
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
        "reviews": reviews(LSTM(units=32)),
        "reviews_gru": reviews(GRU(units=32)),
        "reviews_bidirectional": reviews(Bidirectional(layer=LSTM(units=32))),
        "fables": fables(),
        "dates": translation("dates", source_length=36, target_length=11, epochs=6, learning_rate=0.01),
        "dates_attention": attending(translation("dates", source_length=36, target_length=11, epochs=5)),
        "sums": translation("sums", source_length=7, target_length=5, epochs=20),
        "visitors": visitors(),
        "letters_to_digits": letters_to_digits(),
        "gan_digits": adversarial_pair(
            Project(
                dataset=msgspec.structs.replace(digits, split=FractionSplit(validation=0.1)),
                training=Training(epochs=600),
            ),
            None,
        ),
    }


def main() -> None:
    for name, project in projects().items():
        save_project(project, SAMPLES / f"{name}.nnp")


if __name__ == "__main__":
    main()
