"""Ready-made models to begin with. Each fits its output to the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.pooling_1d import GlobalAveragePooling1D
from nnplayground.layers.recurrent import LSTM, Bidirectional
from nnplayground.layers.regularization import Dropout
from nnplayground.layers.sequences import Embedding
from nnplayground.spec.checks import suggested_output
from nnplayground.spec.dataset import Pairs, Points, Series, Text
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.generators import adversarial_pair
from nnplayground.spec.model import Block, Model
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, ConstantSchedule, Supervised
from nnplayground.spec.transfer import transfer_learning
from nnplayground.spec.writers import attending_decoder, encoder_decoder, text_writer

Build = Callable[[Project, DataFacts | None], Project]
DataKind = Literal["images", "points", "labelled_text", "plain_text", "series", "pairs"]


class Template(NamedTuple):
    """A model by name.

    build: the project with this model, and the training settings that belong to it, in the place of its own. data: what
    it is for.
    """

    name: str
    title: str
    about: str
    build: Build
    data: tuple[DataKind, ...]

    def suits(self, project: Project, facts: DataFacts | None) -> bool:
        """Whether it is for the data of a project; without data, everything is."""
        kind = data_kind(project, facts)
        return kind is None or kind in self.data


def data_kind(project: Project, facts: DataFacts | None) -> DataKind | None:
    """What models have to be made for; None without data."""
    match project.dataset:
        case None:
            return None
        case Points():
            return "points"
        case Series():
            return "series"
        case Pairs():
            return "pairs"
        case Text() as text:
            if facts is not None and facts.problem is None:
                return "plain_text" if facts.target == "tokens" else "labelled_text"
            return "labelled_text" if text.folder or text.label_column else "plain_text"
        case _:
            return "images"


def _chain(layers: Callable[[tuple[int, ...]], tuple[Layer, ...]], **training: Any) -> Build:
    """layers: everything between the Input and the output layer, for the data's input shape. training: by field."""

    def build(project: Project, facts: DataFacts | None) -> Project:
        return _built(project, facts, layers(_input_shape(project, facts)), training)

    return build


def _text_chain(*layers: Layer) -> Build:
    """layers: everything between the Embedding and the output layer."""

    def build(project: Project, facts: DataFacts | None) -> Project:
        size = project.dataset.vocabulary_size if isinstance(project.dataset, Text) else 1000
        known = facts.vocabularies.get("text") if facts is not None else None
        embedding = Embedding(input_dim=len(known) if known else size, output_dim=32, mask_zero=True)
        return _built(project, facts, (embedding, *layers), {})

    return build


def _built(
    project: Project, facts: DataFacts | None, layers: tuple[Layer, ...], training: Mapping[str, Any]
) -> Project:
    settings = msgspec.structs.replace(project.training, **{"objective": Supervised(), **training})
    result = msgspec.structs.replace(project, model=Model(blocks=(Block("input", Input()),)), training=settings)
    for layer in (*layers, suggested_output(facts)):
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


_PICTURES_AND_POINTS: tuple[DataKind, ...] = ("images", "points")

TEMPLATES: tuple[Template, ...] = (
    Template(
        "convolutional",
        "Small convolutional network",
        "Convolutions and pooling, then dense layers: a good first try for photographs.",
        _chain(_convolutional),
        ("images",),
    ),
    Template(
        "dense",
        "Dense network",
        "Two dense layers; for points, and for comparison with convolutions.",
        _chain(_dense),
        _PICTURES_AND_POINTS,
    ),
    Template(
        "classic",
        "20-7-5 dense network",
        "The deep and narrow dense network of many first courses, in numpy: all pictures at once, plain gradient "
        "descent with a rate of 0.005.",
        _chain(
            _classic,
            engine="scratch",
            optimizer=SGD(learning_rate=0.005),
            schedule=ConstantSchedule(),
            batch_size="all",
            epochs=2500,
        ),
        _PICTURES_AND_POINTS,
    ),
    Template(
        "transfer",
        "Transfer learning",
        "MobileNetV2, which has learned from a million photographs, frozen, and a small head that learns your classes: "
        "for few images. Its weights (9 MB) are fetched from the internet once, when you ask for it in the inspector.",
        transfer_learning,
        ("images",),
    ),
    Template(
        "adversarial",
        "Generator and discriminator",
        "Two networks that learn from each other until one makes images like yours (GAN); for small images.",
        adversarial_pair,
        ("images",),
    ),
    Template(
        "linear",
        "No hidden layer",
        "Logistic or linear regression: only an output layer.",
        _chain(_linear),
        _PICTURES_AND_POINTS,
    ),
    Template(
        "lstm",
        "LSTM for texts",
        "Reads a text token by token and tells its class from what it remembers.",
        _text_chain(LSTM(units=32)),
        ("labelled_text",),
    ),
    Template(
        "bidirectional",
        "Bidirectional LSTM for texts",
        "Reads a text from both ends, so that every token is seen with what comes before and after it.",
        _text_chain(Bidirectional(layer=LSTM(units=32))),
        ("labelled_text",),
    ),
    Template(
        "word_vectors",
        "Mean of the words",
        "Looks at which words a text has, and not at their order; for comparison with networks that read.",
        _text_chain(GlobalAveragePooling1D()),
        ("labelled_text",),
    ),
    Template(
        "text_writer",
        "LSTM that goes on writing",
        "Learns which token comes next in a text, and writes like it.",
        text_writer,
        ("plain_text",),
    ),
    Template(
        "encoder_decoder",
        "Encoder and decoder",
        "One LSTM reads the source, and hands its state to another one that writes the target.",
        encoder_decoder,
        ("pairs",),
    ),
    Template(
        "attention",
        "Encoder and decoder with attention",
        "The same, and for each token that it writes, the decoder looks at all places of the source.",
        attending_decoder,
        ("pairs",),
    ),
    Template(
        "forecast",
        "LSTM for a series",
        "Reads the last rows of a series and tells the number that follows.",
        _chain(lambda shape: (LSTM(units=32),)),
        ("series",),
    ),
)
