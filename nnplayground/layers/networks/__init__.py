"""What lies inside the networks of keras.applications: names, shapes and weights of their layers, without TensorFlow.

One table for each network, made from Keras by packaging/make_networks.py. Its first line is JSON; then comes a line for
each operation in Keras' order: name, kind, what its shape depends on, and how many lines above its inputs are (<9,1)
where that is not just the line before. Shapes are worked out for any size of picture. The lines are those of the
network with its top, the classifier for the thousand classes of ImageNet; `shared` of them, then those of `end`, are
the network without.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from nnplayground.layers.base import Shape, ShapeError, window_size

Preprocessing = Literal["caffe", "tf", "torch", "none"]
"""Keras' mode of preprocess_input; none: the network takes 0 to 255 and does the rest by itself."""

_FOLDER = Path(__file__).parent


class InnerWeight(NamedTuple):
    """A weight of an inner layer. learned: by gradients; the moving statistics of a normalization are not."""

    name: str
    shape: Shape
    learned: bool = True


class InnerShape(NamedTuple):
    """Output and weights of an inner layer for one size of picture."""

    output: Shape
    weights: tuple[InnerWeight, ...]

    @property
    def parameters(self) -> int:
        return sum(math.prod(weight.shape) for weight in self.weights)


class InnerLayer(NamedTuple):
    """One line of a table. sources: places of what it receives. words: kind first; a Sequential has several of them."""

    name: str
    kind: str
    steps: tuple[tuple[str, ...], ...]
    sources: tuple[int, ...]

    @property
    def is_layer(self) -> bool:
        """Whether Keras has it as a layer with a name: neither the input nor a sum or product in between."""
        return self.kind != "InputLayer" and not self.kind.startswith("ops.")

    def caption(self) -> str:
        """Kind and numbers, such as 'Conv2D · 64 filters · 3×3 · stride 2'."""
        return ", ".join(" · ".join(_told(step)) for step in self.steps)

    def shape(self, *inputs: Shape) -> InnerShape:
        """Raises ShapeError where a window does not fit."""
        weights: list[InnerWeight] = []
        for step in self.steps:
            output, own = _followed(step, inputs)
            weights += own
            inputs = (output,)
        return InnerShape(inputs[0], tuple(weights))


class WeightsFile(NamedTuple):
    """A file of weights that Keras' authors published. hash: MD5 or SHA-256 in hex; empty where none was published."""

    name: str
    origin: str
    hash: str


class Network(NamedTuple):
    """A network with or without its top. size: of the pictures that it was made for; least: the smallest it takes."""

    size: int
    least: int
    preprocessing: Preprocessing
    layers: tuple[InnerLayer, ...]
    files: dict[int, WeightsFile]
    """By the size of the pictures that they were learned from."""

    @property
    def by_name(self) -> dict[str, int]:
        """Place of each inner layer that has a name."""
        return {layer.name: place for place, layer in enumerate(self.layers) if layer.is_layer}

    def needed(self, last: int) -> tuple[int, ...]:
        """Places of all layers that the output of a layer depends on, itself included, in Keras' order."""
        wanted = {last}
        for place in range(last, -1, -1):
            if place in wanted:
                wanted.update(self.layers[place].sources)
        return tuple(sorted(wanted))

    def file(self, shape: Shape) -> WeightsFile:
        """The published weights for pictures of a shape (height, width, channels): of their size, else the usual ones.

        Without the top, Keras takes weights that were learned with another size where there are none of this one.
        """
        usual = self.files[self.size]
        return self.files.get(shape[0], usual) if shape[0] == shape[1] else usual


@lru_cache(maxsize=32)
def network(name: str, include_top: bool) -> Network:
    """The table of a network by its Keras name."""
    head, *lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    facts = json.loads(head)
    used = lines if include_top else [*lines[: facts["shared"]], *facts["end"]]
    files = facts["weights"]["top" if include_top else "notop"]
    return Network(
        size=facts["size"],
        least=facts["least"],
        preprocessing=facts["preprocessing"],
        layers=tuple(_inner_layer(line, place) for place, line in enumerate(used)),
        files={int(size): WeightsFile(each["file"], each["origin"], each["hash"]) for size, each in files.items()},
    )


@lru_cache(maxsize=64)
def inner_shapes(name: str, include_top: bool, shape: Shape, last: int) -> dict[int, InnerShape]:
    """Shapes of every inner layer that the output of the one at `last` depends on, by place. Raises ShapeError."""
    table = network(name, include_top)
    found: dict[int, InnerShape] = {}
    for place in table.needed(last):
        layer = table.layers[place]
        if place == 0:
            found[place] = InnerShape(shape, ())
            continue
        try:
            found[place] = layer.shape(*(found[source].output for source in layer.sources))
        except ShapeError:
            raise ShapeError(
                f"The picture is too small for {name}: nothing is left of it at {layer.name}; make it larger."
            ) from None
    return found


def _told(step: Sequence[str]) -> Iterator[str]:
    """The words of a step as one would say them."""
    kind, *words = step
    yield kind
    if kind in ("Conv2D", "SeparableConv2D"):
        yield f"{int(words[0]):,} filters"
        words = words[1:]
    if kind in _WINDOWED:
        yield "×".join(str(side) for side in _pair(words[0]))
        if words[1] != "1":
            yield f"stride {words[1]}"
    elif kind == "Dense":
        yield f"{int(words[0]):,} units"
    elif kind == "Activation":
        yield words[0]


_WINDOWED = frozenset({"Conv2D", "SeparableConv2D", "DepthwiseConv2D", "MaxPooling2D", "AveragePooling2D"})


def _inner_layer(line: str, place: int) -> InnerLayer:
    words = line.split()
    sources = (place - 1,) if place else ()
    if words[-1].startswith("<"):
        sources = tuple(place - int(back) for back in words.pop()[1:].split(","))
    name, kind = words[:2]
    text = " ".join(words[2:]) if kind == "Sequential" else " ".join(words[1:])
    return InnerLayer(name, kind, tuple(tuple(part.split()) for part in text.split("|")), sources)


def _followed(step: Sequence[str], inputs: Sequence[Shape]) -> tuple[Shape, list[InnerWeight]]:
    """Output and weights of one layer. step: its kind, and what its shape depends on."""
    kind, *words = step
    first = inputs[0]
    channels = first[-1]
    match kind:
        case "Conv2D":
            filters, kernel = int(words[0]), _pair(words[1])
            groups = next((int(word.removeprefix("groups=")) for word in words if word.startswith("groups=")), 1)
            weights = [InnerWeight("kernel", (*kernel, channels // groups, filters))]
            return (*_positions(first, words[1:]), filters), _with_bias(weights, filters, words)
        case "SeparableConv2D":
            filters, kernel = int(words[0]), _pair(words[1])
            weights = [
                InnerWeight("depthwise_kernel", (*kernel, channels, 1)),
                InnerWeight("pointwise_kernel", (1, 1, channels, filters)),
            ]
            return (*_positions(first, words[1:]), filters), _with_bias(weights, filters, words)
        case "DepthwiseConv2D":
            weights = [InnerWeight("kernel", (*_pair(words[0]), channels, 1))]
            return (*_positions(first, words), channels), _with_bias(weights, channels, words)
        case "MaxPooling2D" | "AveragePooling2D":
            return (*_positions(first, words), channels), []
        case "BatchNormalization":
            learned = [name for name, without in (("gamma", "unscaled"), ("beta", "uncentred")) if without not in words]
            statistics = [InnerWeight(name, (channels,), False) for name in ("moving_mean", "moving_variance")]
            return first, [*(InnerWeight(name, (channels,)) for name in learned), *statistics]
        case "LayerNormalization":
            return first, [InnerWeight("gamma", (channels,)), InnerWeight("beta", (channels,))]
        case "LayerScale":
            return first, [InnerWeight("gamma", (channels,))]
        case "Dense":
            units = int(words[0])
            return (*first[:-1], units), _with_bias([InnerWeight("kernel", (channels, units))], units, words)
        case "ZeroPadding2D":
            top, bottom, left, right = _margins(words, first)
            return (first[0] + top + bottom, first[1] + left + right, channels), []
        case "Cropping2D":
            top, bottom, left, right = (int(word) for word in words)
            return _fitting(first[0] - top - bottom, first[1] - left - right, channels), []
        case "GlobalAveragePooling2D" | "GlobalMaxPooling2D":
            return ((1, 1, channels) if "keepdims" in words else (channels,)), []
        case "Reshape":
            sizes = tuple(int(size) for size in words[0].split("x"))
            known = math.prod(size for size in sizes if size > 0)
            return tuple(math.prod(first) // known if size < 0 else size for size in sizes), []
        case "Flatten":
            return (math.prod(first),), []
        case "Concatenate":
            return (*first[:-1], sum(shape[-1] for shape in inputs)), []
        case "Multiply" | "Add":
            return tuple(max(sizes) for sizes in zip(*inputs, strict=True)), []
        case _:
            return first, []


def _with_bias(weights: list[InnerWeight], units: int, words: Sequence[str]) -> list[InnerWeight]:
    return [*weights, InnerWeight("bias", (units,))] if "bias" in words else weights


def _pair(word: str) -> tuple[int, int]:
    """3 or 1x7."""
    height, _, width = word.partition("x")
    return int(height), int(width or height)


def _positions(shape: Shape, words: Sequence[str]) -> tuple[int, int]:
    """How often a window fits, down and across. words: window, strides, padding."""
    window, strides, padding = _pair(words[0]), _pair(words[1]), words[2]
    height, width, _ = _fitting(
        window_size(shape[0], window[0], strides[0], padding), window_size(shape[1], window[1], strides[1], padding), 1
    )
    return height, width


def _fitting(height: int, width: int, channels: int) -> tuple[int, int, int]:
    if min(height, width) < 1:
        raise ShapeError("Nothing is left of the picture.")
    return height, width, channels


def _margins(words: Sequence[str], shape: Shape) -> tuple[int, int, int, int]:
    """(top, bottom, left, right). "fitted 3": so that a window of 3 with stride 2 covers the input evenly; Keras' way
    (imagenet_utils.correct_pad) puts one row less on top where the height is even."""
    if words[0] != "fitted":
        top, bottom, left, right = (int(word) for word in words)
        return top, bottom, left, right
    half = int(words[1]) // 2
    return half - (1 - shape[0] % 2), half, half - (1 - shape[1] % 2), half
