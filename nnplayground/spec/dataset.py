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
    """Validation and test samples lie in folders of their own."""

    validation: Annotated[
        str, Meta(title="Validation folder", description="The folder with the validation images, one folder a class.")
    ] = ""
    test: Annotated[str, Meta(title="Test folder", description="The folder with the test images, if there is one.")] = (
        ""
    )


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


Dataset = ImageFolder | Points
DATASET_TYPES: dict[str, type[ImageFolder] | type[Points]] = {"image_folder": ImageFolder, "points": Points}


def input_shape(dataset: ImageFolder | Points) -> tuple[int, ...]:
    """Shape of one sample as the model gets it. It follows from the settings, whether or not the data is there."""
    if isinstance(dataset, Points):
        return (len(dataset.features),)
    return (*dataset.image_size, 3 if dataset.color_mode == "rgb" else 1)
