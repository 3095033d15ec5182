"""The weights of one unit, and how the gradient of each comes about: the sum of δ times what the weight met."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from nnplayground.formulas.nodes import Node, Symbol
from nnplayground.formulas.subject import Subject, exact
from nnplayground.formulas.symbols import B, gradient, weight
from nnplayground.formulas.windows import windows_of
from nnplayground.formulas.writing import indexed
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Dense
from nnplayground.layers.regularization import BatchNormalization, LayerNormalization
from nnplayground.samples import Array


class UnitWeight(msgspec.Struct, frozen=True, eq=False):
    """One weight.

    tensor, index: where it is. letter, gradient: of it and of its gradient; met: of what it is multiplied with, None
    for a constant that is added. label: short, for a field. products: (m, n), δ times what it met, of each sample (n
    places). factors: what it met, (m,), where each sample has one place only.
    """

    tensor: str
    index: tuple[int, ...]
    letter: Node
    gradient: Node
    met: Node | None
    label: str
    products: Callable[[], Array]
    factors: Callable[[], Array] | None = None


class UnitWeights(msgspec.Struct, frozen=True, eq=False):
    """count: how many a unit has; at: number → weight. channels: of a filter, one weight after the other."""

    count: int
    at: Callable[[int], UnitWeight]
    channels: int = 1

    def channel(self, number: int) -> int:
        """The input channel that a weight of a filter is for; the first one for its bias."""
        bias = self.channels > 1 and number == self.count - 1 and self.at(number).tensor == "bias"
        return 0 if bias else number % self.channels


NONE = UnitWeights(0, lambda number: _missing())


def _missing() -> UnitWeight:
    raise IndexError("This layer has no weights.")


def unit_weights(subject: Subject) -> UnitWeights:
    """The weights of the unit in focus; none where the layer has none of its own."""
    layer = subject.layer
    if not subject.record.gradients:
        return NONE
    match layer:
        case Dense():
            return _dense(subject)
        case Conv2D() | DepthwiseConv2D():
            return _filter(subject)
        case Conv2DTranspose():
            return _transposed(subject)
        case SeparableConv2D():
            return _mixing(subject)
        case BatchNormalization() | LayerNormalization():
            return _normalization(subject)
        case _:
            return NONE


def _deltas(subject: Subject) -> Array:
    """(m, places) of the unit."""
    deltas = exact(subject.record.d_before[..., subject.unit])
    return deltas.reshape(len(deltas), -1)


def _bias(subject: Subject, name: str = "bias", letter: Node = B) -> UnitWeight:
    return UnitWeight(name, (subject.unit,), letter, gradient(None), None, "b", lambda: _deltas(subject), None)


def _with_bias(
    subject: Subject, count: int, at: Callable[[int], UnitWeight]
) -> tuple[int, Callable[[int], UnitWeight]]:
    if "bias" not in subject.record.gradients:
        return count, at
    return count + 1, lambda number: _bias(subject) if number == count else at(number)


def _dense(subject: Subject) -> UnitWeights:
    inputs = subject.inputs
    single = inputs.ndim == 2

    def at(number: int) -> UnitWeight:
        return UnitWeight(
            tensor="kernel",
            index=(number, subject.unit),
            letter=weight(number),
            gradient=gradient(number),
            met=subject.input_symbol(number + 1),
            label=f"w{number + 1}",
            products=lambda: _deltas(subject) * exact(inputs[..., number]).reshape(len(inputs), -1),
            factors=(lambda: subject.inputs[:, number]) if single else None,
        )

    return UnitWeights(*_with_bias(subject, inputs.shape[-1], at))


def _tap(subject: Subject, number: int, channels: int) -> tuple[int, int, int]:
    """Row, column and channel of a weight in its filter."""
    height, width = subject.layer.kernel_size  # type: ignore[attr-defined]
    row, column, channel = np.unravel_index(number, (height, width, channels))
    return int(row), int(column), int(channel)


def _named(place: tuple[int, ...]) -> dict[str, Node | str]:
    part = ",".join(str(index + 1) for index in place)
    return {"letter": weight(0, part=part), "gradient": gradient(0, part=part), "label": f"w {part}"}


def _filter(subject: Subject) -> UnitWeights:
    """A filter of Conv2D, with all its channels; one of DepthwiseConv2D, which has only one."""
    layer, inputs = subject.layer, subject.inputs
    output = subject.record.before.shape[1:3]
    windows = windows_of(layer, inputs.shape[1:3], output)
    depthwise = isinstance(layer, DepthwiseConv2D)
    channels = 1 if depthwise else inputs.shape[-1]

    def at(number: int) -> UnitWeight:
        row, column, channel = _tap(subject, number, channels)
        if isinstance(layer, DepthwiseConv2D):
            channel = subject.unit // layer.depth_multiplier
            index = (row, column, channel, subject.unit % layer.depth_multiplier)
            named = _named((row, column))
        else:
            index = (row, column, channel, subject.unit)
            named = _named((row, column, channel) if channels > 1 else (row, column))

        def products() -> Array:
            met = windows.seen_by(exact(inputs[..., channel]), (row, column), output)
            return _deltas(subject) * met.reshape(len(inputs), -1)

        return UnitWeight(
            tensor="kernel",
            index=index,
            met=Symbol(subject.letter, _MET),
            products=products,
            **named,  # type: ignore[arg-type]
        )

    height, width = layer.kernel_size  # type: ignore[attr-defined]
    count, with_bias = _with_bias(subject, height * width * channels, at)
    return UnitWeights(count, with_bias, channels)


_MET = "what this weight meets in the window, at each place that the window goes to"


def _transposed(subject: Subject) -> UnitWeights:
    layer, inputs = subject.layer, subject.inputs
    assert isinstance(layer, Conv2DTranspose)
    d_before = exact(subject.record.d_before[..., subject.unit])
    channels = inputs.shape[-1]
    # Its windows lie on the output: each pixel of the input paints one.
    windows = windows_of(layer, d_before.shape[1:3], inputs.shape[1:3])

    def at(number: int) -> UnitWeight:
        row, column, channel = _tap(subject, number, channels)

        def products() -> Array:
            met = windows.seen_by(d_before, (row, column), inputs.shape[1:3])
            return (met * exact(inputs[..., channel])).reshape(len(inputs), -1)

        return UnitWeight(
            tensor="kernel",
            index=(row, column, subject.unit, channel),
            met=Symbol(subject.letter, "each pixel of the input, which this weight paints into the output"),
            products=products,
            **_named((row, column, channel)),  # type: ignore[arg-type]
        )

    height, width = layer.kernel_size
    count, with_bias = _with_bias(subject, height * width * channels, at)
    return UnitWeights(count, with_bias)


def mixed_channels(subject: Subject, channel: int) -> Array:
    """(m, *places): one channel between the two steps of a SeparableConv2D, the sum of each window times its filter."""
    layer = subject.layer
    assert isinstance(layer, SeparableConv2D)
    output = subject.record.before.shape[1:3]
    windows = windows_of(layer, subject.inputs.shape[1:3], output)
    kernel = exact(subject.record.weights["depthwise_kernel"])
    source, number = divmod(channel, layer.depth_multiplier)
    image = exact(subject.inputs[..., source])
    taps = np.ndindex(*layer.kernel_size)
    return sum(
        (kernel[tap][source, number] * windows.seen_by(image, (tap[0], tap[1]), output) for tap in taps),
        np.zeros((len(image), *output)),
    )


def _mixing(subject: Subject) -> UnitWeights:
    """The second step of a SeparableConv2D, whose weights belong to one filter; those of the first serve all."""
    count = subject.record.weights["pointwise_kernel"].shape[2]

    def at(number: int) -> UnitWeight:
        return UnitWeight(
            tensor="pointwise_kernel",
            index=(0, 0, number, subject.unit),
            letter=weight(number),
            gradient=gradient(number),
            met=indexed("d", number + 1, tip="a channel between the two steps of this layer"),
            label=f"w{number + 1}",
            products=lambda: _deltas(subject) * mixed_channels(subject, number).reshape(len(subject.inputs), -1),
        )

    return UnitWeights(*_with_bias(subject, count, at))


def normalized(subject: Subject) -> Array:
    """(m, *places): the input of the channel in focus, shifted and scaled, ahead of γ and β."""
    layer, own = subject.layer, exact(subject.inputs[..., subject.unit])
    assert isinstance(layer, BatchNormalization | LayerNormalization)
    if isinstance(layer, BatchNormalization):
        return (own - own.mean()) / np.sqrt(own.var() + layer.epsilon)
    every = exact(subject.inputs)
    return (own - every.mean(-1)) / np.sqrt(every.var(-1) + layer.epsilon)


def _normalization(subject: Subject) -> UnitWeights:
    names = [name for name in ("gamma", "beta") if name in subject.record.gradients]

    def at(number: int) -> UnitWeight:
        name = names[number]
        if name == "beta":
            bias = _bias(subject, "beta", Symbol("β", "a constant that this channel learns"))
            return msgspec.structs.replace(bias, gradient=indexed("g", "β"), label="β")

        def products() -> Array:
            met = normalized(subject)
            return _deltas(subject) * met.reshape(len(met), -1)

        return UnitWeight(
            tensor="gamma",
            index=(subject.unit,),
            letter=Symbol("γ", "a factor that this channel learns"),
            gradient=indexed("g", "γ"),
            met=Symbol("n", "the normalized input: shifted to mean 0 and scaled to deviation 1"),
            label="γ",
            products=products,
        )

    return UnitWeights(len(names), at)
