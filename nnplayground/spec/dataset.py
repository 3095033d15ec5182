"""Datasets: where samples come from, how they are split and prepared. Paths and choices, never arrays."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from nnplayground.layers.augmentation import (
    RandomBrightness,
    RandomContrast,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)

Augmentation = RandomFlip | RandomRotation | RandomZoom | RandomTranslation | RandomContrast | RandomBrightness
PixelSide = Annotated[int, Meta(ge=1, le=2048)]
Share = Annotated[float, Meta(ge=0, le=0.95)]


class FractionSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="fraction"):
    """A share of the samples of each class is kept for validation, and another for the test."""

    validation: Annotated[
        Share,
        Meta(title="Validation", description="Share of the samples kept back to check the model after each epoch."),
    ] = 0.2
    test: Annotated[
        Share, Meta(title="Test", description="Share of the samples kept for one last check at the very end.")
    ] = 0.0


class CountSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="count"):
    """A fixed number of samples, spread over the classes in proportion, is kept for validation and test."""

    validation: Annotated[
        int, Meta(title="Validation", description="How many samples are kept back to check the model.", ge=0)
    ] = 1000
    test: Annotated[int, Meta(title="Test", description="How many samples are kept for one last check.", ge=0)] = 0


class FolderSplit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="folder"):
    """Validation and test samples lie in folders of their own, or in files where the training samples lie in one."""

    validation: Annotated[
        str,
        Meta(
            title="Validation folder",
            description="The folder with the validation samples, one folder a class; where one file holds the training "
            "samples, the file with the validation samples.",
        ),
    ] = ""
    test: Annotated[
        str, Meta(title="Test folder", description="The folder or file with the test samples, if there is one.")
    ] = ""


Split = FractionSplit | CountSplit | FolderSplit


class _Dataset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", kw_only=True):
    essential: ClassVar[tuple[str, ...]] = ()

    split: Annotated[
        Split, Meta(title="Split", description="Which samples train the model, and which ones only check it.")
    ] = FractionSplit()
    seed: Annotated[
        int,
        Meta(title="Seed", description="Chooses which samples fall into which split, repeatably.", ge=0, le=2**31 - 1),
    ] = 0


class ImageFolder(_Dataset, frozen=True, tag="image_folder"):
    """Images in class folders."""

    essential: ClassVar[tuple[str, ...]] = ("folder", "image_size", "color_mode", "pixels", "split")

    folder: Annotated[
        str, Meta(title="Folder", description="The folder that holds one folder of images for each class.")
    ] = ""
    image_size: Annotated[
        tuple[PixelSide, PixelSide],
        Meta(title="Image size", description="Height and width in pixels to which every image is resized."),
    ] = (64, 64)
    color_mode: Annotated[
        Literal["rgb", "grayscale"], Meta(title="Colour mode", description="Three colour channels, or one of gray.")
    ] = "rgb"
    resize: Annotated[
        Literal["stretch", "crop", "pad"],
        Meta(
            title="Resize",
            description="stretch ignores the aspect ratio, crop cuts off what is too long, pad adds black borders.",
        ),
    ] = "stretch"
    pixels: Annotated[
        Literal["0..1", "-1..1", "0..255", "standardize"],
        Meta(
            title="Pixels",
            description="The range of values the model gets; standardize subtracts the mean of the training split and "
            "divides by its deviation, per channel.",
        ),
    ] = "0..1"
    augmentation: Annotated[
        tuple[Augmentation, ...],
        Meta(title="Augmentation", description="Random changes made to every training image before the model sees it."),
    ] = ()


PointsShape = Literal[
    "circle", "xor", "gauss", "spiral", "moons", "multi_gauss", "plane", "regression_gauss", "painted", "file"
]
Feature = Literal["x1", "x2", "x1^2", "x2^2", "x1x2", "sin_x1", "sin_x2"]

NUMBER_SHAPES: frozenset[PointsShape] = frozenset({"plane", "regression_gauss"})
"""Generated shapes whose target is a number."""
PLANE_LIMIT = 6.0
"""Coordinates of points lie in −6…6."""
MOST_POINTS = 5000
MOST_POINT_CLASSES = 6
LEAST_POINTS = 4
"""As many as the smallest task that needs a hidden layer: xor."""

Coordinate = Annotated[float, Meta(ge=-PLANE_LIMIT, le=PLANE_LIMIT)]
PaintedPoint = tuple[Coordinate, Coordinate, Annotated[int, Meta(ge=0, lt=MOST_POINT_CLASSES)]]
"""x₁, x₂ and the class, counted from 0."""


class Points(_Dataset, frozen=True, tag="points"):
    """Points in the plane, coordinates in −6…6: generated, painted by hand, or read from a file."""

    essential: ClassVar[tuple[str, ...]] = ("shape", "count", "noise", "classes", "split")
    beyond_forms: ClassVar[tuple[str, ...]] = ("points",)
    """Fields that are changed on the plane itself and have no place in a form."""

    shape: Annotated[
        PointsShape,
        Meta(
            title="Shape",
            description="How the points are arranged; plane and regression_gauss have a number as target, painted "
            "holds points of one's own, file reads them.",
        ),
    ] = "circle"
    count: Annotated[int, Meta(title="Points", description="How many points are generated.", ge=20, le=MOST_POINTS)] = (
        250
    )
    classes: Annotated[
        int,
        Meta(
            title="Classes",
            description="Number of classes of the generated points; plane and regression_gauss have none.",
            ge=2,
            le=MOST_POINT_CLASSES,
        ),
    ] = 2
    noise: Annotated[
        float, Meta(title="Noise", description="How far points stray from the shape, from 0 to 1.", ge=0, le=1)
    ] = 0.1
    features: Annotated[
        tuple[Feature, ...],
        Meta(title="Features", description="What the model gets of each point.", min_length=1, max_length=7),
    ] = ("x1", "x2")
    points: Annotated[
        tuple[PaintedPoint, ...],
        Meta(
            title="Painted points",
            description="The points of the shape painted: x₁, x₂ and the class of each.",
            max_length=MOST_POINTS,
        ),
    ] = ()
    file: Annotated[
        str,
        Meta(
            title="File",
            description="The CSV file of the shape file: a line for each point with x, y and its label.",
        ),
    ] = ""


Level = Literal["word", "character"]
VocabularySize = Annotated[int, Meta(ge=2, le=1_000_000)]
Length = Annotated[int, Meta(ge=1, le=10_000)]


class Text(_Dataset, frozen=True, tag="text"):
    """Texts: files in class folders, a table with a column of texts, or one file to go on writing from.

    With labels, the model tells classes apart. A file of plain text has none: there the target of each token is the
    next one.
    """

    essential: ClassVar[tuple[str, ...]] = ("level", "vocabulary_size", "sequence_length", "split")

    folder: Annotated[
        str, Meta(title="Folder", description="The folder that holds one folder of .txt files for each class.")
    ] = ""
    file: Annotated[
        str,
        Meta(title="File", description="A CSV or TSV file with a column of texts, or one plain text to write like."),
    ] = ""
    text_column: Annotated[str, Meta(title="Text column", description="The column of the file that holds texts.")] = ""
    label_column: Annotated[
        str, Meta(title="Label column", description="The column of the file that holds the class of each text.")
    ] = ""
    level: Annotated[
        Level, Meta(title="Level", description="What a token is: a word in small letters, or a single character.")
    ] = "word"
    vocabulary_size: Annotated[
        VocabularySize,
        Meta(
            title="Vocabulary size",
            description="How many different tokens are told apart, the two for padding and for unknown ones included.",
        ),
    ] = 10_000
    sequence_length: Annotated[
        Length,
        Meta(
            title="Sequence length",
            description="Tokens of each sample; longer texts are cut off, shorter ones are filled up.",
        ),
    ] = 100


class Series(_Dataset, frozen=True, tag="series"):
    """Rows of numbers in the order of time: what comes next is told from the rows before it."""

    essential: ClassVar[tuple[str, ...]] = ("file", "columns", "target", "window", "horizon", "split")

    file: Annotated[
        str, Meta(title="File", description="A CSV file with a column of numbers or more, oldest first.")
    ] = ""
    columns: Annotated[
        tuple[str, ...], Meta(title="Columns", description="The columns that the model sees; none named: all of them.")
    ] = ()
    target: Annotated[
        str, Meta(title="Target", description="The column whose future is to be told; empty: the first one.")
    ] = ""
    window: Annotated[Length, Meta(title="Window", description="How many rows the model looks back.")] = 48
    horizon: Annotated[
        Annotated[int, Meta(ge=1, le=1000)],
        Meta(title="Horizon", description="How many rows ahead it tells; with 1, the very next one."),
    ] = 1


class Pairs(_Dataset, frozen=True, tag="pairs"):
    """Two texts a line, a source and what is to be written from it."""

    essential: ClassVar[tuple[str, ...]] = ("file", "level", "source_length", "target_length", "split")

    file: Annotated[str, Meta(title="File", description="A CSV or TSV file with two columns of texts.")] = ""
    source_column: Annotated[
        str, Meta(title="Source column", description="The column that is read; empty: the first one.")
    ] = ""
    target_column: Annotated[
        str, Meta(title="Target column", description="The column that is written; empty: the second one.")
    ] = ""
    level: Annotated[
        Level, Meta(title="Level", description="What a token is: a word in small letters, or a single character.")
    ] = "character"
    source_length: Annotated[
        Length, Meta(title="Source length", description="Most tokens of a source; the rest is cut off.")
    ] = 40
    target_length: Annotated[
        Length,
        Meta(title="Target length", description="Most tokens of a target, its end mark included; the rest is cut off."),
    ] = 20
    source_vocabulary: Annotated[
        VocabularySize, Meta(title="Source vocabulary", description="Most different tokens of the sources.")
    ] = 10_000
    target_vocabulary: Annotated[
        VocabularySize, Meta(title="Target vocabulary", description="Most different tokens of the targets.")
    ] = 10_000


Dataset = ImageFolder | Points | Text | Series | Pairs
DatasetType = type[ImageFolder] | type[Points] | type[Text] | type[Series] | type[Pairs]
DATASET_TYPES: dict[str, DatasetType] = {
    "image_folder": ImageFolder,
    "points": Points,
    "text": Text,
    "series": Series,
    "pairs": Pairs,
}


def input_shapes(dataset: Dataset) -> dict[str, tuple[int, ...] | None]:
    """Shape of one sample as the model gets it, by the name of its array (`Input.source`), the main one first.

    It follows from the settings, whether or not the data is there; None where only the data tells: a series whose
    columns are not named.
    """
    if isinstance(dataset, Points):
        return {"points": (len(dataset.features),)}
    if isinstance(dataset, Text):
        return {"text": (dataset.sequence_length,)}
    if isinstance(dataset, Series):
        return {"series": (dataset.window, len(dataset.columns)) if dataset.columns else None}
    if isinstance(dataset, Pairs):
        return {"source": (dataset.source_length,), "target": (dataset.target_length,)}
    return {"image": (*dataset.image_size, 3 if dataset.color_mode == "rgb" else 1)}


def input_shape(dataset: Dataset) -> tuple[int, ...] | None:
    """Shape of the main array of one sample, see `input_shapes`."""
    return next(iter(input_shapes(dataset).values()))
