"""Keras' augmentation layers: random changes of an image, active in training only."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from nnplayground.layers.base import Layer, Shape, expect_image, parts

Factor = Annotated[float, Meta(ge=0, le=1)]
FillMode = Annotated[
    Literal["reflect", "wrap", "constant", "nearest"],
    Meta(title="Fill mode", description="What fills the places that come into view from outside the image."),
]
FillValue = Annotated[
    float, Meta(title="Fill value", description="The value used with fill mode constant.", ge=-255, le=255)
]
ValueRange = Annotated[
    tuple[Annotated[float, Meta(ge=-1000, le=1000)], Annotated[float, Meta(ge=-1000, le=1000)]],
    Meta(title="Value range", description="Least and largest value of the pixels that arrive here, such as 0 and 1."),
]


class _Random(Layer, frozen=True):
    family: ClassVar[str] = "augmentation"
    training_only: ClassVar[bool] = True

    def output_shape(self, *inputs: Shape) -> Shape:
        expect_image(self.type, inputs)
        return inputs[0]

    def to_keras(self, keras: Any, *, name: str, seed: int) -> Any:
        parameters = msgspec.structs.asdict(self)
        return getattr(keras.layers, self.type)(**parameters, seed=seed, name=name)


class RandomFlip(_Random, frozen=True):
    """Mirrors each image with probability ½ in each allowed direction."""

    about: ClassVar[str] = "While training, mirrors images at random, so that left and right no longer matter."
    essential: ClassVar[tuple[str, ...]] = ("mode",)

    mode: Annotated[
        Literal["horizontal", "vertical", "horizontal_and_vertical"],
        Meta(title="Mode", description="Left and right, up and down, or both."),
    ] = "horizontal"

    def caption(self) -> str:
        return self.mode.replace("_", " ")


class RandomRotation(_Random, frozen=True):
    """Turns each image by a random angle of up to ± factor · 360°."""

    about: ClassVar[str] = "While training, turns images by a random angle."
    essential: ClassVar[tuple[str, ...]] = ("factor", "fill_mode")

    factor: Annotated[
        Factor, Meta(title="Factor", description="Largest turn either way, as a share of a full circle.")
    ] = 0.05
    fill_mode: FillMode = "reflect"
    fill_value: FillValue = 0.0

    def caption(self) -> str:
        return f"± {self.factor * 360:g}°"


class RandomZoom(_Random, frozen=True):
    """Zooms each image in or out by up to the given factors."""

    about: ClassVar[str] = "While training, zooms images in or out at random."
    essential: ClassVar[tuple[str, ...]] = ("height_factor", "width_factor", "fill_mode")

    height_factor: Annotated[
        Factor, Meta(title="Height factor", description="Largest change of height either way, as a share of it.")
    ] = 0.1
    width_factor: Annotated[
        Factor | None,
        Meta(title="Width factor", description="Largest change of width; the same zoom as the height, if not given."),
    ] = None
    fill_mode: FillMode = "reflect"
    fill_value: FillValue = 0.0

    def caption(self) -> str:
        return f"± {self.height_factor:.0%}"


class RandomTranslation(_Random, frozen=True):
    """Shifts each image by up to the given shares of its height and width."""

    about: ClassVar[str] = "While training, shifts images up, down and sideways at random."
    essential: ClassVar[tuple[str, ...]] = ("height_factor", "width_factor", "fill_mode")

    height_factor: Annotated[
        Factor, Meta(title="Height factor", description="Largest shift up or down, as a share of the height.")
    ] = 0.1
    width_factor: Annotated[
        Factor, Meta(title="Width factor", description="Largest shift sideways, as a share of the width.")
    ] = 0.1
    fill_mode: FillMode = "reflect"
    fill_value: FillValue = 0.0

    def caption(self) -> str:
        return parts(f"± {self.height_factor:.0%}", f"± {self.width_factor:.0%}")


class RandomContrast(_Random, frozen=True):
    """Pulls the pixels towards, or pushes them away from, the mean of their channel."""

    about: ClassVar[str] = "While training, makes the contrast of images stronger or weaker at random."
    essential: ClassVar[tuple[str, ...]] = ("factor", "value_range")

    factor: Annotated[
        Factor, Meta(title="Factor", description="Largest change of contrast either way, as a share.")
    ] = 0.2
    value_range: ValueRange = (0.0, 1.0)

    def caption(self) -> str:
        return f"± {self.factor:.0%}"


class RandomBrightness(_Random, frozen=True):
    """Adds one random amount to all pixels of an image."""

    about: ClassVar[str] = "While training, makes images lighter or darker at random."
    essential: ClassVar[tuple[str, ...]] = ("factor", "value_range")

    factor: Annotated[
        Factor, Meta(title="Factor", description="Largest change of brightness either way, as a share of the range.")
    ] = 0.2
    value_range: ValueRange = (0.0, 1.0)

    def caption(self) -> str:
        return f"± {self.factor:.0%}"
