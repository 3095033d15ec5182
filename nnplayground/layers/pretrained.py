"""Networks of keras.applications as blocks: their convolutions were learned from the pictures of ImageNet.

A block holds a whole network, or its layers up to a chosen one. What lies inside is known from tables (see
`nnplayground.layers.networks`), so shapes and parameters are there without TensorFlow.

Which of the inner layers learn: `trainable_from` gives the place of the first one; all before it are frozen. For the
model as a whole see `nnplayground.spec.frozen`; how the engine runs the frozen part by itself is told in
`nnplayground.engine.keras.pretrained`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Meta

from nnplayground.layers.base import Layer, Shape, ShapeError, WeightSpec, expect_image, parts, shape_text, times
from nnplayground.layers.initializers import Initializer
from nnplayground.layers.networks import InnerLayer, InnerShape, Network, WeightsFile, inner_shapes, network

InputRange = Literal["0..1", "-1..1", "0..255"]
OFFICIAL = frozenset({"imagenet", "none"})
"""Values of `weights` that are not the path of a file."""


class Inner(NamedTuple):
    """An inner layer at its place in a block. trained: whether training changes its weights, if it has any."""

    name: str
    layer: InnerLayer
    shape: InnerShape
    trained: bool


class Preprocessed(NamedTuple):
    """How pixels become what the network has learned from: x · scale + offset for each channel.

    reversed: first blue, green, red in place of red, green, blue.
    """

    scale: tuple[float, float, float]
    offset: tuple[float, float, float]
    reversed: bool


class Pretrained(Layer, frozen=True):
    """A network of keras.applications. The rows of the table are in `nnplayground.layers.applications`."""

    family: ClassVar[str] = "pretrained"
    essential: ClassVar[tuple[str, ...]] = (
        "weights",
        "include_top",
        "output_layer",
        "pooling",
        "trainable",
        "input_range",
    )

    weights_from: Annotated[
        str,
        Meta(
            title="Weights",
            description="imagenet: learned from a million photographs; none: random; or a file of weights.",
            min_length=1,
        ),
    ] = msgspec.field(name="weights", default="imagenet")
    """Keras calls it weights, and so do files and forms; in Python, that is what every layer declares."""
    include_top: Annotated[
        bool,
        Meta(
            title="Include top",
            description="Keep the classifier at the end, which tells the thousand classes of ImageNet apart.",
        ),
    ] = False
    output_layer: Annotated[
        str | None,
        Meta(
            title="Output layer",
            description="The inner layer whose output is taken, so that only the layers up to it are used; "
            "empty: the last one.",
        ),
    ] = None
    pooling: Annotated[
        Literal["none", "avg", "max"],
        Meta(
            title="Pooling",
            description="none gives feature maps; avg and max give one number for each map, its mean or its largest.",
        ),
    ] = "none"
    trainable: Annotated[
        str,
        Meta(
            title="Trainable",
            description="frozen: training leaves the network as it is; all: it changes every layer; or the name of the "
            "inner layer from which on it does.",
            min_length=1,
        ),
    ] = "frozen"
    input_range: Annotated[
        InputRange,
        Meta(
            title="Input range",
            description="The range of the pixels that arrive here; the block turns them into what the network expects.",
        ),
    ] = "0..1"

    # What lies inside

    @property
    def table(self) -> Network:
        return network(self.type, self.include_top)

    @property
    def last(self) -> int:
        """Place of the inner layer whose output is taken. Raises ShapeError for a layer that is not there."""
        if self.output_layer is None:
            return len(self.table.layers) - 1
        return self._place(self.output_layer, "output layer")

    @property
    def trainable_from(self) -> int | None:
        """Place of the first inner layer that is trained; None: frozen. Raises ShapeError."""
        if self.trainable == "frozen":
            return None
        if self.trainable == "all":
            return 0
        place = self._place(self.trainable, "layer to train from")
        if place > self.last:
            raise ShapeError(
                f"{self.trainable}, from which on {self.type} is to be trained, comes after its output layer "
                f"{self.table.layers[self.last].name}; choose a layer up to there, or frozen."
            )
        return place

    @property
    def first_filters(self) -> str:
        """The name of the first inner layer with filters, which are the ones that can be read as pictures."""
        return next(layer.name for layer in self.table.layers if layer.kind.endswith(("Conv2D", "Sequential")))

    @property
    def is_frozen(self) -> bool:
        """Whether training changes nothing inside. A wrong name freezes nothing: it is a problem by itself."""
        return self.trainable == "frozen"

    def _place(self, name: str, what: str) -> int:
        places = self.table.by_name
        if name not in places:
            if name in network(self.type, True).by_name and not self.include_top:
                raise ShapeError(
                    f"{name}, which is set as its {what}, belongs to the top of {self.type}, which is not included; "
                    f"include the top, or choose a layer before it."
                )
            from difflib import get_close_matches  # Rarely needed, and long to import.

            near = get_close_matches(name, places, n=1)
            hint = f"did you mean {near[0]}?" if near else "open the block to see their names."
            raise ShapeError(f"{self.type} has no inner layer {name}, which is set as its {what}; {hint}")
        return places[name]

    def inner(self, *inputs: Shape) -> tuple[Inner, ...]:
        """The inner layers that are used, in Keras' order, for an input that `output_shape` accepts."""
        table, start = self.table, self.trainable_from
        shapes = inner_shapes(self.type, self.include_top, self._image(inputs), self.last)
        return tuple(
            Inner(table.layers[place].name, table.layers[place], shape, start is not None and place >= start)
            for place, shape in shapes.items()
            if table.layers[place].is_layer
        )

    # What the table of layers asks

    def output_shape(self, *inputs: Shape) -> Shape:
        shape = self._image(inputs)
        _ = self.trainable_from
        output = inner_shapes(self.type, self.include_top, shape, self.last)[self.last].output
        return (output[-1],) if self.pools(output) else output

    def pools(self, output: Shape) -> bool:
        """Whether a pooling follows the output of the last inner layer."""
        return self.pooling != "none" and len(output) == 3

    def _image(self, inputs: tuple[Shape, ...]) -> Shape:
        height, width, channels = expect_image(self.type, inputs)
        table = self.table
        if channels != 3:
            raise ShapeError(
                f"{self.type} needs pictures with three colour channels, but receives "
                f"{channels}; set the colour mode of the data to rgb."
            )
        if min(height, width) < table.least:
            raise ShapeError(
                f"{self.type} needs pictures of at least {times((table.least, table.least))} pixels, but receives "
                f"{times((height, width))}; make the image size of the data larger."
            )
        if self.include_top and self.weights_from == "imagenet":
            sizes = sorted(table.files)
            if height != width or height not in sizes:
                known = " or ".join(times((size, size)) for size in sizes)
                raise ShapeError(
                    f"With its top and the weights imagenet, {self.type} takes pictures of {known} pixels, but "
                    f"receives {times((height, width))}; change the image size of the data, or leave the top out."
                )
        return height, width, channels

    def weights(self, *inputs: Shape) -> tuple[WeightSpec, ...]:
        """Those of all inner layers, each under the inner layer's name and its own: block5_conv1/kernel."""
        return tuple(
            WeightSpec(
                f"{each.name}/{weight.name}",
                weight.shape,
                _INITIALIZERS.get(weight.name, "glorot_uniform"),
                trainable=each.trained and weight.learned,
            )
            for each in self.inner(*inputs)
            for weight in each.shape.weights
        )

    def trained_count(self, *inputs: Shape) -> int:
        """Number of values that training changes by gradients."""
        return sum(weight.size for weight in self.weights(*inputs) if weight.trainable)

    def working_values(self, *inputs: Shape) -> int:
        """Those of the largest inner layer, a few times over: what is no longer needed is let go of on the way."""
        return 3 * max(math.prod(each.shape.output) for each in self.inner(*inputs))

    def kept_values(self, *inputs: Shape) -> int:
        """Numbers of one sample inside the block that training has to keep: what the trained layers give."""
        return sum(math.prod(each.shape.output) for each in self.inner(*inputs) if each.trained)

    def caption(self) -> str:
        weights = self.weights_from if self.weights_from in OFFICIAL else "from a file"
        return parts(
            {"frozen": "frozen", "all": "trained"}.get(self.trainable, f"trained from {self.trainable}"),
            {"none": "random weights"}.get(weights, weights),
            "with top" if self.include_top else None,
            f"up to {self.output_layer}" if self.output_layer else None,
            f"{self.pooling} pooling" if self.pooling != "none" else None,
        )

    def explain(self, *inputs: Shape) -> str:
        inner = self.inner(*inputs)
        trained = self.trained_count(*inputs)
        return (
            f"{len(inner):,} inner layers, {self.parameter_count(*inputs):,} parameters, {trained:,} of them trained; "
            f"made for pictures of {shape_text((self.table.size, self.table.size))} pixels, takes "
            f"{shape_text((self.table.least, self.table.least))} and more"
        )

    # What the engine asks

    def weights_file(self, *inputs: Shape) -> WeightsFile:
        """The published file of weights that belongs to the network as it is used."""
        return self.table.file(inputs[0])

    def preprocessed(self) -> Preprocessed:
        """Keras' preprocess_input of this network, for pixels in the declared range."""
        # To 0…255 first: x · factor + start.
        factor, start = {"0..255": (1.0, 0.0), "0..1": (255.0, 0.0), "-1..1": (127.5, 127.5)}[self.input_range]
        scales, offsets = _AFTER[self.table.preprocessing]
        return Preprocessed(
            scale=_three(scale * factor for scale in scales),
            offset=_three(scale * start + offset for scale, offset in zip(scales, offsets, strict=True)),
            reversed=self.table.preprocessing == "caffe",
        )


def _three(values: Any) -> tuple[float, float, float]:
    first, second, third = values
    return first, second, third


_INITIALIZERS: Mapping[str, Initializer] = {
    "bias": "zeros",
    "beta": "zeros",
    "moving_mean": "zeros",
    "gamma": "ones",
    "moving_variance": "ones",
}
_DEVIATION = (0.229, 0.224, 0.225)
_MEAN = (0.485, 0.456, 0.406)
_AFTER: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "none": ((1.0,) * 3, (0.0,) * 3),
    "tf": ((1 / 127.5,) * 3, (-1.0,) * 3),
    "caffe": ((1.0,) * 3, (-103.939, -116.779, -123.68)),
    "torch": (
        tuple(1 / 255 / deviation for deviation in _DEVIATION),
        tuple(-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)),
    ),
}
"""(scale, offset) of each channel for pixels of 0…255: keras.applications.imagenet_utils.preprocess_input."""
