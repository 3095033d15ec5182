"""Convolutions and poolings with their pictures: which window of the image meets which filter, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnplayground.formulas.nodes import Fraction, Node, Number, Operator, Row, Words
from nnplayground.formulas.pictures import Area, Grid
from nnplayground.formulas.subject import Subject, agrees, exact
from nnplayground.formulas.symbols import B, Z
from nnplayground.formulas.unit_weights import mixed_channels, unit_weights
from nnplayground.formulas.windows import windows_of
from nnplayground.formulas.writing import factor, function, indexed, listed, num, result, row, terms, total
from nnplayground.layers.convolution import Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.pooling import AveragePooling2D, GlobalAveragePooling2D, GlobalMaxPooling2D, MaxPooling2D
from nnplayground.samples import Array


def _limits(values: Array, *, signed: bool = False) -> tuple[float, float]:
    """The ends of the colours: around zero where there are negative values."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    if signed or low < 0:
        reach = max(-low, high)
        return -reach, reach
    return low, high


def _input_map(subject: Subject, channel: int, marked: Area | None) -> Grid:
    values = exact(subject.inputs[subject.sample, :, :, channel])
    several = subject.inputs.shape[-1] > 1
    title = f"input, channel {channel + 1}" if several else "input"
    return Grid(values, title, _limits(values), name="input", marked=marked)


def _output_map(subject: Subject) -> Grid:
    """What comes out for all places, of which one can be chosen."""
    values = exact(subject.record.before[subject.sample, :, :, subject.unit])
    marked = Area(subject.place[0], subject.place[1], 1, 1)
    return Grid(values, "z at every place", _limits(values), name="z", marked=marked, pick="place")


def two_pictures(subject: Subject) -> Row:
    """What comes in and what goes out, of layers that change a picture channel by channel."""
    channel = min(subject.unit, subject.inputs.shape[-1] - 1)
    return row(_input_map(subject, channel, None), "→", _output_map(subject))


def _z(subject: Subject, *before: Node | str) -> Row:
    return row(Z, "=", *before, "=", result(subject.z, Z.tip))


def _bias(subject: Subject) -> float:
    bias = subject.record.weights.get("bias")
    return 0.0 if bias is None else float(bias[subject.unit])


def _with_bias(subject: Subject, letters: Row, numbers: Row) -> tuple[Row, Row]:
    bias = subject.record.weights.get("bias")
    if bias is None:
        return letters, numbers
    value = bias[subject.unit]
    number = num(value, B.tip)
    if number.full.startswith("-"):
        return row(letters, "+", B), row(numbers, "−", Number(number.full, B.tip, unsigned=True))
    return row(letters, "+", B), row(numbers, "+", number)


def filtered(subject: Subject) -> tuple[Row, ...]:
    """Conv2D and DepthwiseConv2D: window times filter, channel by channel, and their sum."""
    layer, record = subject.layer, subject.record
    image = exact(record.inputs[0][subject.sample])
    windows = windows_of(layer, image.shape[:2], record.before.shape[1:3])
    kernel = exact(record.weights["kernel"])
    if isinstance(layer, DepthwiseConv2D):
        source, number = divmod(subject.unit, layer.depth_multiplier)
        channels, cube = [source], kernel[:, :, source, number][:, :, None]
    else:
        channels, cube = list(range(image.shape[-1])), kernel[..., subject.unit]
    chosen = unit_weights(subject).channel(subject.focus.weight)
    pictures = _window_times_filter(subject, channels[chosen], cube[:, :, chosen], windows.area(subject.place))
    seen = [windows.values(image[:, :, channel], subject.place) for channel in channels]
    sums = [float((window * cube[:, :, at]).sum()) for at, window in enumerate(seen)]
    scale = sum(float(np.abs(window * cube[:, :, at]).sum()) for at, window in enumerate(seen))
    if not agrees(sum(sums) + _bias(subject), float(subject.z), scale):
        return (row(Z, "=", result(subject.z, Z.tip)),)
    window = seen[chosen]
    product = window * cube[:, :, chosen]
    first = row(
        *(pictures[0], "→", Grid(window, "window", _limits(image), name="input"), "⊙", pictures[1]),
        *("=", Grid(product, "products", _limits(product, signed=True), name="product")),
        *(Words("with the sum"), num(sums[chosen], "the sum of these products"), "→", _output_map(subject)),
    )
    return first, _z(subject, *_sum_of_channels(subject, sums))


def _window_times_filter(subject: Subject, channel: int, weights: Array, area: Area) -> tuple[Grid, Grid]:
    cube = exact(subject.record.weights["kernel"])
    tap = unit_weights(subject).at(subject.focus.weight)
    marked = Area(tap.index[0], tap.index[1], 1, 1) if tap.tensor == "kernel" else None
    kind = Grid(weights, "filter", _limits(cube, signed=True), name="weight", marked=marked, pick="weight")
    return _input_map(subject, channel, area), kind


def _sum_of_channels(subject: Subject, sums: list[float]) -> Sequence[Node | str]:
    def term(place: int) -> tuple[Any, Sequence[Node]]:
        return sums[place], ()

    def tip(place: int) -> str:
        return f"the sum of window times filter of channel {place + 1}"

    numbers = terms(len(sums), term, key="channels", shown=subject.focus.terms("channels"), tip=tip)
    where = "the sum over all rows, columns and channels of the window"
    general = row(total("", where), indexed("w", "i", tip="a weight of the filter"), subject.input_symbol("i"))
    letters, numbers = _with_bias(subject, general, numbers)
    return letters, "=", numbers


def separable(subject: Subject) -> tuple[Row, ...]:
    """First each channel with a filter of its own, then a mix of them."""
    layer, record = subject.layer, subject.record
    assert isinstance(layer, SeparableConv2D)
    mix = record.weights["pointwise_kernel"][0, 0, :, subject.unit]
    at = (subject.sample, *subject.place)
    between = np.array([mixed_channels(subject, channel)[at] for channel in range(len(mix))])
    products = exact(mix) * between
    if not agrees(float(products.sum()) + _bias(subject), float(subject.z), float(np.abs(products).sum())):
        return (row(Z, "=", result(subject.z, Z.tip)),)
    chosen = min(subject.focus.weight, len(mix) - 1)
    source, number = divmod(chosen, layer.depth_multiplier)
    windows = windows_of(layer, subject.inputs.shape[1:3], record.before.shape[1:3])
    window = windows.values(exact(subject.inputs[subject.sample, :, :, source]), subject.place)
    weights = exact(record.weights["depthwise_kernel"])[:, :, source, number]
    product = window * weights
    first = row(
        *(_input_map(subject, source, windows.area(subject.place)), "→"),
        *(Grid(window, "window", _limits(window), name="input"), "⊙"),
        *(Grid(weights, "filter", _limits(weights, signed=True), name="weight"), "="),
        *(Grid(product, "products", _limits(product, signed=True), name="product"), Words("with the sum")),
        *(indexed("d", chosen + 1, tip="what goes into the mix"), "=", num(between[chosen]), "→", _output_map(subject)),
    )

    def term(place: int) -> tuple[Any, Sequence[Node]]:
        return mix[place], (Operator("·", "product"), factor(between[place], "the sum of window times filter"))

    numbers = terms(len(mix), term, key="channels", shown=subject.focus.terms("channels"))
    general = row(
        total("k", "the sum over the channels in between"),
        indexed("w", "k", tip="how much this filter takes of channel k"),
        indexed("d", "k", tip="channel k in between"),
    )
    letters, numbers = _with_bias(subject, general, numbers)
    return first, _z(subject, letters, "=", numbers)


def painted(subject: Subject) -> tuple[Row, ...]:
    """Conv2DTranspose: all pixels of the input whose window reaches this place."""
    layer, record = subject.layer, subject.record
    assert isinstance(layer, Conv2DTranspose)
    inputs, kernel = record.inputs[0][subject.sample], record.weights["kernel"][:, :, subject.unit, :]
    windows = windows_of(layer, record.before.shape[1:3], inputs.shape[:2])
    pairs: list[tuple[Any, Any]] = []
    for row_at, column_at in np.ndindex(*inputs.shape[:2]):
        rows, columns = windows.rows_columns((row_at, column_at))
        down, across = np.flatnonzero(rows == subject.place[0]), np.flatnonzero(columns == subject.place[1])
        if len(down) and len(across):
            pairs += zip(kernel[down[0], across[0]], inputs[row_at, column_at], strict=True)
    products = np.array([float(weight) * float(value) for weight, value in pairs])
    if not agrees(float(products.sum()) + _bias(subject), float(subject.z), float(np.abs(products).sum())):
        return two_pictures(subject), row(Z, "=", result(subject.z, Z.tip))

    def term(place: int) -> tuple[Any, Sequence[Node]]:
        weight, value = pairs[place]
        return weight, (Operator("·", "product"), factor(value, "a value that comes into this layer"))

    where = "the sum over all pixels of the input whose window reaches this place, and all channels"
    general = row(total("i", where), indexed("w", "i"), subject.input_symbol("i"))
    numbers = terms(len(pairs), term, key="inputs", shown=subject.focus.terms("inputs")) if pairs else row(num(0.0))
    letters, numbers = _with_bias(subject, general, numbers)
    return two_pictures(subject), _z(subject, letters, "=", numbers)


def pooled(subject: Subject) -> tuple[Row, ...]:
    """The largest value of a window, or its mean."""
    layer = subject.layer
    assert isinstance(layer, MaxPooling2D | AveragePooling2D)
    image = exact(subject.inputs[subject.sample, :, :, subject.unit])
    windows = windows_of(layer, subject.inputs.shape[1:3], subject.record.before.shape[1:3])
    window = windows.values(image, subject.place, outside=np.nan)
    values = window[np.isfinite(window)]
    marked = None
    if isinstance(layer, MaxPooling2D) and len(values):
        at = np.unravel_index(int(np.nanargmax(window)), window.shape)
        marked = Area(int(at[0]), int(at[1]), 1, 1)
    first = row(
        *(_input_map(subject, subject.unit, windows.area(subject.place)), "→"),
        *(Grid(window, "window", _limits(image), name="input", marked=marked), "→", _output_map(subject)),
    )
    shown = subject.focus.terms("window")
    if isinstance(layer, MaxPooling2D):
        numbers = listed(len(values), lambda place: num(values[place]), key="window", shown=shown)
        return first, _z(subject, function("max", numbers))
    numbers = terms(len(values), lambda place: (values[place], ()), key="window", shown=shown)
    count = num(len(values), "how many values the window has inside the image")
    return first, _z(subject, Fraction(numbers, count))


def globally_pooled(subject: Subject) -> tuple[Row, ...]:
    """The largest value of a whole channel, or its mean."""
    layer = subject.layer
    assert isinstance(layer, GlobalMaxPooling2D | GlobalAveragePooling2D)
    image = exact(subject.inputs[subject.sample, :, :, subject.unit])
    if isinstance(layer, GlobalMaxPooling2D):
        at = np.unravel_index(int(image.argmax()), image.shape)
        picture = _input_map(subject, subject.unit, Area(int(at[0]), int(at[1]), 1, 1))
        said = Words("the largest value of the whole channel")
        return (row(picture, "→", Z, "=", result(subject.z, Z.tip), said),)
    flat = image.ravel()
    shown = subject.focus.terms("window")
    numbers = terms(len(flat), lambda place: (flat[place], ()), key="window", shown=shown)
    over = Fraction(numbers, num(len(flat), "how many values the channel has"))
    return row(_input_map(subject, subject.unit, None)), _z(subject, over)
