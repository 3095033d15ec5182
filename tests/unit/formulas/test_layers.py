"""Convolutions, poolings and normalizations: pictures and formulas against computations with plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnplayground.engine.base import BlockMetrics, LayerTrace, Trace
from nnplayground.formulas.nodes import Node
from nnplayground.formulas.pictures import Grid
from nnplayground.formulas.steps import explain
from nnplayground.formulas.subject import Focus
from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D, Conv2DTranspose, DepthwiseConv2D, SeparableConv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.pooling import (
    AveragePooling2D,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    UpSampling2D,
    ZeroPadding2D,
)
from nnplayground.layers.regularization import BatchNormalization, LayerNormalization
from nnplayground.samples import Array
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from tests.unit.formulas.updates import ALL, BATCH, Traced, results

RATE = 0.1


def behind(layer: Layer, **options: Any) -> Traced:
    """A layer on images of 6 × 5 with 2 channels, with Flatten and Dense behind it."""
    return Traced(layer, Flatten(), Dense(units=1, activation="sigmoid"), shape=(6, 5, 2), **options)


def grids(node: Node) -> list[Grid]:
    own = [node] if isinstance(node, Grid) else []
    return own + [grid for child in node.children for grid in grids(child)]


def padded(image: Array, kernel: tuple[int, int], strides: tuple[int, int], dilation: int, output: Any) -> Array:
    """image: (height, width, …) with the zeros that Keras' "same" puts around it."""
    pads = []
    for axis in range(2):
        reach = (kernel[axis] - 1) * dilation + 1
        added = max((output[axis] - 1) * strides[axis] + reach - image.shape[axis], 0)
        pads.append((added // 2, added - added // 2))
    return np.pad(image, [*pads, *[(0, 0)] * (image.ndim - 2)])


CONVOLUTIONS = (
    Conv2D(filters=3, kernel_size=(3, 2), activation="relu"),
    Conv2D(filters=3, kernel_size=(3, 3), padding="same", activation="tanh"),
    Conv2D(filters=2, kernel_size=(2, 3), strides=(2, 1), padding="same"),
    Conv2D(filters=2, kernel_size=(3, 3), strides=(2, 2), use_bias=False),
    Conv2D(filters=2, kernel_size=(2, 2), dilation_rate=(2, 2), padding="same", activation="relu"),
)


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda layer: layer.caption())
def test_a_convolution_is_window_times_filter(layer: Conv2D) -> None:
    traced = behind(layer)
    record = traced.trace.layers["layer_1"]
    kernel = np.asarray(record.weights["kernel"])
    output = record.before.shape[1:3]
    dilation = layer.dilation_rate[0]
    for place, unit, sample, weight in (((0, 0), 1, 0, 0), ((1, 2), 0, 3, 5), (output, 1, 5, 7)):
        place = (min(place[0], output[0] - 1), min(place[1], output[1] - 1))
        explanation = traced.explain("layer_1", unit=unit, sample=sample, place=place, weight=weight)
        image = np.asarray(record.inputs[0][sample])
        if layer.padding == "same":
            image = padded(image, layer.kernel_size, layer.strides, dilation, output)
        expected, parts = 0.0, np.zeros((*layer.kernel_size, 2))
        for u, v, c in np.ndindex(*parts.shape):
            value = image[place[0] * layer.strides[0] + u * dilation, place[1] * layer.strides[1] + v * dilation, c]
            parts[u, v, c] = value * kernel[u, v, c, unit]
            expected += parts[u, v, c]
        if layer.use_bias:
            expected += float(record.weights["bias"][unit])
        first, second = explanation.steps[0].lines
        assert results([second]) == pytest.approx([expected], rel=1e-9)
        _, window, weights, products, everywhere = grids(first)
        assert products.values == pytest.approx(parts[:, :, weight % 2])
        assert weights.values == pytest.approx(kernel[:, :, weight % 2, unit])
        assert window.values * weights.values == pytest.approx(products.values)
        assert everywhere.values == pytest.approx(record.before[sample, :, :, unit])
        assert everywhere.marked is not None
        assert (everywhere.marked.top, everywhere.marked.left) == place


@pytest.mark.parametrize("layer", CONVOLUTIONS, ids=lambda layer: layer.caption())
def test_the_gradient_of_a_filter_is_a_sum_over_samples_and_places(layer: Conv2D) -> None:
    traced = behind(layer)
    record = traced.trace.layers["layer_1"]
    output, dilation = record.before.shape[1:3], layer.dilation_rate[0]
    u, v, c, unit = 1, 1, 1, 1
    expected = 0.0
    for sample in range(BATCH):
        image = np.asarray(record.inputs[0][sample])
        if layer.padding == "same":
            image = padded(image, layer.kernel_size, layer.strides, dilation, output)
        for r, s in np.ndindex(*output):
            met = image[r * layer.strides[0] + u * dilation, s * layer.strides[1] + v * dilation, c]
            expected += met * float(record.d_before[sample, r, s, unit])
    number = (u * layer.kernel_size[1] + v) * 2 + c
    explanation = traced.explain("layer_1", unit=unit, weight=number)
    assert explanation.weight_label(number) == "w 2,2,2"
    assert explanation.weight_number(u, v, width=layer.kernel_size[1]) == number
    line = next(line for line in explanation.steps[-2].lines if line.plain().startswith("g_(2,2,2) = ∂L"))
    assert " = Σ δx = " in line.plain()
    assert results([line]) == pytest.approx([expected], rel=1e-9)
    after = traced.engine.weights()["layer_1/kernel"][u, v, c, unit]
    assert results(explanation.steps[-1].lines)[-1] == pytest.approx(float(after), rel=1e-12)
    old = float(record.weights["kernel"][u, v, c, unit])
    assert float(after) == pytest.approx(old - RATE * expected, rel=1e-9)


def test_the_bias_of_a_filter() -> None:
    traced = behind(Conv2D(filters=2, kernel_size=(2, 2), activation="relu"))
    record = traced.trace.layers["layer_1"]
    explanation = traced.explain("layer_1", unit=1, weight=8)
    assert explanation.weight_label(8) == "b"
    line = next(line for line in explanation.steps[-2].lines if line.plain().startswith("g_b = ∂L/∂b = Σ δ"))
    assert results([line]) == pytest.approx([float(np.sum(record.d_before[..., 1]))], rel=1e-9)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kind", [MaxPooling2D, AveragePooling2D])
def test_pooling(kind: Any, padding: Any) -> None:
    traced = behind(kind(pool_size=(3, 2), strides=(2, 2), padding=padding))
    record = traced.trace.layers["layer_1"]
    last = tuple(side - 1 for side in record.before.shape[1:3])
    for place in ((0, 0), last):
        lines = traced.lines("layer_1", "forward", unit=1, sample=2, place=place)
        _, window, everywhere = grids(lines[0])
        inside = window.values[np.isfinite(window.values)]
        expected = inside.max() if kind is MaxPooling2D else inside.mean()
        assert results(lines) == pytest.approx([expected])
        assert expected == pytest.approx(float(record.before[2, place[0], place[1], 1]))
        assert everywhere.pick == "place"


@pytest.mark.parametrize("kind", [GlobalMaxPooling2D, GlobalAveragePooling2D])
def test_global_pooling(kind: Any) -> None:
    traced = Traced(kind(), Dense(units=1, activation="sigmoid"), shape=(6, 5, 2))
    image = np.asarray(traced.trace.layers["input"].values)[3, :, :, 1]
    expected = image.max() if kind is GlobalMaxPooling2D else image.mean()
    assert results(traced.lines("layer_1", "forward", unit=1, sample=3)) == pytest.approx([float(expected)])


def test_zero_padding_and_up_sampling() -> None:
    border = behind(ZeroPadding2D(padding=(1, 2)))
    assert "in the border" in border.lines("layer_1", "forward", place=(0, 0))[1].plain()
    assert border.lines("layer_1", "forward", place=(2, 3), unit=1)[1].plain().startswith("z = x_(2,2,2) = ")
    larger = behind(UpSampling2D(size=(2, 3)))
    line = larger.lines("layer_1", "forward", place=(3, 7), unit=0)[1]
    assert line.plain().startswith("z = x_(2,3,1) = ")
    assert results([line]) == pytest.approx([float(larger.trace.layers["input"].values[0, 1, 2, 0])])


@pytest.mark.parametrize(
    "layer", [BatchNormalization(), LayerNormalization(), BatchNormalization(scale=False)], ids=repr
)
def test_normalization(layer: Layer) -> None:
    traced = Traced(Dense(units=4), layer, Dense(units=1, activation="sigmoid"))
    record = traced.trace.layers["layer_2"]
    x = np.asarray(record.inputs[0], float)
    axis = 0 if isinstance(layer, BatchNormalization) else 1
    normal = (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + layer.epsilon)  # type: ignore[attr-defined]
    gamma = np.asarray(record.weights.get("gamma", np.ones(4)))
    expected = gamma * normal + np.asarray(record.weights["beta"])
    explanation = traced.explain("layer_2", unit=2, sample=3, weight=0)
    assert "is the mean" in explanation.steps[0].lines[0].plain()
    assert results(explanation.steps[0].lines)[-1] == pytest.approx(expected[3, 2], rel=1e-9)
    first = explanation.weight_label(0)
    met = normal[:, 2] if first == "γ" else np.ones(BATCH)
    gradient = next(line for line in explanation.steps[-2].lines if line.plain().startswith(f"g_{first} = ∂L"))
    assert results([gradient]) == pytest.approx([float(np.asarray(record.d_before)[:, 2] @ met)], rel=1e-9)
    name = "gamma" if first == "γ" else "beta"
    assert results(explanation.steps[-1].lines)[-1] == pytest.approx(float(record.after[name][2]), rel=1e-12)


OTHERS = (
    DepthwiseConv2D(kernel_size=(2, 3), depth_multiplier=2, padding="same", activation="tanh"),
    DepthwiseConv2D(kernel_size=(2, 2), strides=(2, 2)),
    SeparableConv2D(filters=3, kernel_size=(3, 3), depth_multiplier=2, padding="same", activation="relu"),
    Conv2DTranspose(filters=2, kernel_size=(3, 3), strides=(2, 2)),
    Conv2DTranspose(filters=2, kernel_size=(3, 2), strides=(2, 2), padding="same", activation="tanh"),
    Conv2DTranspose(filters=2, kernel_size=(2, 2), strides=(1, 1), padding="same"),
)


@pytest.mark.parametrize("layer", OTHERS, ids=lambda layer: f"{layer.type} {layer.caption()}")
def test_what_other_convolutions_show_leads_to_the_numbers_of_the_engine(layer: Layer) -> None:
    traced = behind(layer)
    record = traced.trace.layers["layer_1"]
    places = [(0, 0), (2, 1), tuple(side - 1 for side in record.before.shape[1:3])]
    for number, place in enumerate(places):
        explanation = traced.explain("layer_1", unit=number % 2, sample=number, place=place, weight=number)
        forward = explanation.steps[0].lines[-1]
        # Where the numbers did not lead there, there would be no sum.
        assert forward.plain().startswith("z = Σ")
        at = explanation.focus.place
        assert results([forward]) == [float(record.before[number, at[0], at[1], number % 2])]
        gradient = next(line for line in explanation.steps[-2].lines if "= ∂L/∂w" in line.plain())
        assert " = Σ δ" in gradient.plain()
        chosen = explanation.weights.at(number)
        assert results([gradient]) == [float(record.gradients[chosen.tensor][chosen.index])]
        assert results(explanation.steps[-1].lines)[-1] == float(record.after[chosen.tensor][chosen.index])


# The same layers once more, of made-up updates whose values are worked out with plain loops.


def told(layer: Layer, inputs: tuple[Array, ...], before: Array, weights: dict[str, Array], **gradients: Array) -> Any:
    """The explanation of a layer between inputs and a Dense layer, of one made-up update."""
    random = np.random.default_rng(5)
    delta = random.normal(size=before.shape)
    after = {name: values - RATE * gradients.get(name, 0 * values) for name, values in weights.items()}
    names = [f"input_{number}" for number in range(len(inputs))]
    blocks = [Block(name, Input(shape=each.shape[1:])) for name, each in zip(names, inputs, strict=True)]
    model = Model(
        (*blocks, Block("layer", layer), Block("dense", Dense(units=1))),
        (*(Wire(name, "layer") for name in names), Wire("layer", "dense")),
    )
    record = LayerTrace(
        inputs=inputs,
        before=before,
        values=before,
        d_values=delta,
        d_before=delta,
        weights=weights,
        gradients=gradients,
        limited=gradients,
        after=after,
        memory={},
        memory_after={},
    )
    count = len(before)
    numbers = np.zeros((count, 1))
    trace = Trace(
        samples=np.arange(count),
        metrics=BlockMetrics({"loss": np.array([0.0])}, np.array([count])),
        targets=numbers,
        outputs=numbers,
        losses=numbers[:, 0],
        shares=np.full(count, 1 / count),
        penalty=0.0,
        count=1,
        numbers={"training.optimizer.learning_rate": RATE, "training.optimizer.momentum": 0.0},
        layers={"layer": record},
        gradient_norms={},
        update_norms={},
    )
    project = Project(model=model, training=Training(optimizer=SGD(learning_rate=RATE)))
    return lambda **focus: explain(project, None, trace, Focus("layer", shown=ALL, **focus))


def test_depthwise_convolution_uses_one_channel() -> None:
    random = np.random.default_rng(0)
    inputs, kernel, bias = random.normal(size=(2, 4, 4, 2)), random.normal(size=(2, 2, 2, 3)), random.normal(size=6)
    before = np.zeros((2, 3, 3, 6))
    for m, r, s, c, d, u, v in np.ndindex(2, 3, 3, 2, 3, 2, 2):
        before[m, r, s, c * 3 + d] += inputs[m, r + u, s + v, c] * kernel[u, v, c, d]
    before += bias
    weights = {"kernel": kernel, "bias": bias}
    explained = told(
        DepthwiseConv2D(kernel_size=(2, 2), depth_multiplier=3), (inputs,), before, weights, kernel=kernel, bias=bias
    )(unit=4, sample=1, place=(2, 1))
    assert results(explained.steps[0].lines) == pytest.approx([before[1, 2, 1, 4]])
    assert grids(explained.steps[0].lines[0])[2].values == pytest.approx(kernel[:, :, 1, 1])
    assert explained.choices.weights == 5


def test_separable_convolution_mixes_what_its_filters_give() -> None:
    random = np.random.default_rng(1)
    inputs = random.normal(size=(2, 4, 4, 2))
    deep, mix, bias = random.normal(size=(2, 2, 2, 2)), random.normal(size=(1, 1, 4, 3)), random.normal(size=3)
    between = np.zeros((2, 3, 3, 4))
    for m, r, s, c, d, u, v in np.ndindex(2, 3, 3, 2, 2, 2, 2):
        between[m, r, s, c * 2 + d] += inputs[m, r + u, s + v, c] * deep[u, v, c, d]
    before = between @ mix[0, 0] + bias
    weights = {"depthwise_kernel": deep, "pointwise_kernel": mix, "bias": bias}
    layer = SeparableConv2D(filters=3, kernel_size=(2, 2), depth_multiplier=2)
    ask = told(layer, (inputs,), before, weights, depthwise_kernel=deep, pointwise_kernel=mix, bias=bias)
    explained = ask(unit=2, sample=1, place=(1, 2), weight=3)
    assert results(explained.steps[0].lines) == pytest.approx([before[1, 1, 2, 2]])
    assert explained.weight_label(3) == "w4"


def test_a_transposed_convolution_adds_up_what_is_painted() -> None:
    random = np.random.default_rng(2)
    inputs, kernel, bias = random.normal(size=(2, 3, 3, 2)), random.normal(size=(3, 3, 2, 2)), random.normal(size=2)
    layer = Conv2DTranspose(filters=2, kernel_size=(3, 3), strides=(2, 2))
    before = np.zeros((2, 7, 7, 2))
    for m, i, j, u, v, f, c in np.ndindex(2, 3, 3, 3, 3, 2, 2):
        before[m, i * 2 + u, j * 2 + v, f] += inputs[m, i, j, c] * kernel[u, v, f, c]
    before += bias
    ask = told(layer, (inputs,), before, {"kernel": kernel, "bias": bias}, kernel=kernel, bias=bias)
    explained = ask(unit=1, sample=0, place=(2, 4), weight=0)
    assert results(explained.steps[0].lines) == pytest.approx([before[0, 2, 4, 1]])
    assert explained.steps[0].lines[1].plain().startswith("z = Σᵢ wᵢxᵢ + b = ")


def test_layers_with_several_inputs() -> None:
    first, second = np.arange(6.0).reshape(2, 3), np.arange(4.0).reshape(2, 2)
    joined = told(Concatenate(), (first, second), np.concatenate([first, second], axis=1), {})(unit=4, sample=1)
    assert joined.steps[0].lines[0].plain() == "z = x₂ = 3 from input 2"
    added = told(Add(), (first, first), first + first, {})(unit=2, sample=0)
    assert added.steps[0].lines[0].plain() == "z = Σᵢ xᵢ = 2 + 2 = 4"
