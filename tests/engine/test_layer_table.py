"""The table of layers equals Keras: shapes, parameters, weights; and refuses what Keras refuses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.layers import LAYER_TYPES, Layer, Shape, ShapeError, activations, initializers, regularizers
from nnplayground.layers.activations import Elu, LeakyRelu
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.initializers import Constant, RandomNormal, RandomUniform, TruncatedNormal
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN
from nnplayground.layers.regularizers import L1, L1L2, L2

PRETRAINED = {name for name, kind in LAYER_TYPES.items() if kind.family == "pretrained"}
"""Whole networks, which have tests of their own."""
IMAGE, SMALL, FLAT, SEQUENCE = (9, 8, 3), (2, 3, 1), (6,), (5, 4)
PAIRS = ((1, 1), (2, 2), (3, 3), (2, 3), (4, 1))
STEPS = ((1, 1), (2, 2), (3, 3), (2, 1), (1, 3))


def _grid(**choices: Any) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


ALONG = {"kernel_size": (1, 2, 3, 6), "strides": (1, 2, 3), "padding": ("valid", "same", "causal")}
POOLS = {"pool_size": (1, 2, 3, 6), "strides": (None, 1, 2, 3), "padding": ("valid", "same")}
RECURRENT = {"units": (1, 4), "return_sequences": (False, True), "use_bias": (True, False)}
WINDOW = {"strides": STEPS, "padding": ("valid", "same")}
CONVOLUTION = {"kernel_size": PAIRS, **WINDOW, "dilation_rate": ((1, 1), (2, 2), (1, 3))}
GRIDS: dict[str, tuple[tuple[Any, ...], list[dict[str, Any]]]] = {
    "Dense": ((FLAT, IMAGE, SEQUENCE), list(_grid(units=(1, 7), use_bias=(True, False)))),
    "Activation": ((FLAT, IMAGE), [{"activation": "relu"}, {"activation": "softmax"}]),
    "Flatten": ((FLAT, IMAGE, SMALL, SEQUENCE), [{}]),
    "Reshape": (
        (FLAT, IMAGE, SEQUENCE),
        [{"target_shape": shape} for shape in ((-1,), (6,), (2, 3), (3, -1), (-1, 8, 3), (2, 2, 54), (7, -1), (5, 5))],
    ),
    "Rescaling": ((FLAT, IMAGE), [{"scale": 2.0, "offset": -1.0}]),
    "Conv2D": ((IMAGE, SMALL, FLAT), [*_grid(filters=(4,), **CONVOLUTION), {"filters": 5, "use_bias": False}]),
    "SeparableConv2D": (
        (IMAGE, SMALL, SEQUENCE),
        [
            *_grid(filters=(4,), depth_multiplier=(1, 2), kernel_size=((1, 1), (3, 3), (2, 3)), **WINDOW),
            *_grid(filters=(4,), kernel_size=((3, 3),), strides=((1, 1), (2, 2)), dilation_rate=((2, 2), (1, 3))),
            {"use_bias": False},
        ],
    ),
    "DepthwiseConv2D": (
        (IMAGE, SMALL, FLAT),
        [
            *_grid(depth_multiplier=(1, 3), kernel_size=((1, 1), (3, 3), (2, 3)), **WINDOW),
            *_grid(kernel_size=((3, 3),), strides=((1, 1), (2, 2)), dilation_rate=((2, 2), (1, 3))),
            {"use_bias": False},
        ],
    ),
    "Conv2DTranspose": ((IMAGE, SMALL, FLAT), [*_grid(filters=(4,), kernel_size=PAIRS, **WINDOW), {"use_bias": False}]),
    "MaxPooling2D": (
        (IMAGE, SMALL, FLAT),
        list(_grid(pool_size=PAIRS, strides=(None, *STEPS), padding=("valid", "same"))),
    ),
    "AveragePooling2D": (
        (IMAGE, SMALL, FLAT),
        list(_grid(pool_size=PAIRS, strides=(None, *STEPS), padding=("valid", "same"))),
    ),
    "GlobalMaxPooling2D": ((IMAGE, SMALL, FLAT), list(_grid(keepdims=(False, True)))),
    "GlobalAveragePooling2D": ((IMAGE, SMALL, FLAT), list(_grid(keepdims=(False, True)))),
    "ZeroPadding2D": ((IMAGE, SMALL, FLAT), list(_grid(padding=((0, 0), (1, 1), (2, 3))))),
    "UpSampling2D": (
        (IMAGE, SMALL, FLAT),
        list(_grid(size=((1, 1), (2, 2), (3, 2)), interpolation=("nearest", "bilinear"))),
    ),
    "Dropout": ((FLAT, IMAGE), [{"rate": 0.0}, {"rate": 0.5}]),
    "BatchNormalization": ((FLAT, IMAGE), list(_grid(center=(True, False), scale=(True, False)))),
    "LayerNormalization": ((FLAT, IMAGE), list(_grid(center=(True, False), scale=(True, False)))),
    "Conv1D": (
        (SEQUENCE, (2, 3), FLAT, IMAGE),
        [*_grid(filters=(3,), **ALONG, dilation_rate=(1, 2)), {"use_bias": False}],
    ),
    "MaxPooling1D": ((SEQUENCE, (2, 3), FLAT, IMAGE), list(_grid(**POOLS))),
    "AveragePooling1D": ((SEQUENCE, (2, 3), FLAT, IMAGE), list(_grid(**POOLS))),
    "GlobalMaxPooling1D": ((SEQUENCE, FLAT, IMAGE), list(_grid(keepdims=(False, True)))),
    "GlobalAveragePooling1D": ((SEQUENCE, FLAT, IMAGE), list(_grid(keepdims=(False, True)))),
    "SpatialDropout1D": ((SEQUENCE, FLAT, IMAGE), [{"rate": 0.0}, {"rate": 0.5}]),
    "Embedding": ((FLAT, (1,)), list(_grid(input_dim=(1, 7), output_dim=(1, 5), mask_zero=(False, True)))),
    "Masking": ((SEQUENCE,), [{}, {"mask_value": 2.0}]),
    "RepeatVector": ((FLAT, SEQUENCE, IMAGE), [{"n": 1}, {"n": 5}]),
    "TimeDistributed": (
        (SEQUENCE, (4, *IMAGE), FLAT),
        [{"layer": inner} for inner in (Dense(units=3), Dense(units=2, use_bias=False, activation="relu"))]
        + [{"layer": Conv2D(filters=2)}, {"layer": Flatten()}, {"layer": MaxPooling2D()}],
    ),
    "SimpleRNN": ((SEQUENCE, FLAT, IMAGE), list(_grid(**RECURRENT))),
    "LSTM": ((SEQUENCE, FLAT, IMAGE), list(_grid(**RECURRENT, unit_forget_bias=(True, False)))),
    "GRU": ((SEQUENCE, FLAT, IMAGE), list(_grid(**RECURRENT, reset_after=(True, False)))),
    "Bidirectional": (
        (SEQUENCE, FLAT, IMAGE),
        list(
            _grid(
                layer=(SimpleRNN(units=3), LSTM(units=3, return_sequences=True), GRU(units=2, use_bias=False)),
                merge_mode=("concat", "sum", "mul", "ave"),
            )
        ),
    ),
    "MultiHeadAttention": (
        (SEQUENCE, (SEQUENCE, (7, 3)), (SEQUENCE, (7, 3), (7, 2)), (SEQUENCE, (7, 3), (6, 2)), FLAT),
        [
            *_grid(num_heads=(1, 3), key_dim=(2,), value_dim=(None, 5), use_bias=(True, False)),
            {"use_causal_mask": True, "dropout": 0.25},
        ],
    ),
    "RandomFlip": ((IMAGE,), [{"mode": mode} for mode in ("horizontal", "vertical", "horizontal_and_vertical")]),
    "RandomRotation": ((IMAGE,), [{"fill_mode": mode} for mode in ("reflect", "wrap", "constant", "nearest")]),
    "RandomZoom": ((IMAGE,), [{}, {"width_factor": 0.2}]),
    "RandomTranslation": ((IMAGE,), [{}, {"height_factor": 0.0}]),
    "RandomContrast": ((IMAGE,), [{}]),
    "RandomBrightness": ((IMAGE,), [{}]),
    "Add": (((FLAT, FLAT), (IMAGE, IMAGE, IMAGE), (FLAT, (7,)), (IMAGE, SMALL)), [{}]),
    "Concatenate": (
        ((FLAT, (4,)), (IMAGE, (9, 8, 1)), (IMAGE, (4, 8, 3)), (IMAGE, FLAT), (SEQUENCE, (5, 1))),
        [{"axis": axis} for axis in (-4, -3, -2, -1, 1, 2, 3, 4)],
    ),
}

CASES = [
    pytest.param(LAYER_TYPES[name], shapes, parameters, id=f"{name}-{number}-{place}")
    for name, (all_shapes, grid) in GRIDS.items()
    for place, shapes in enumerate(all_shapes)
    for number, parameters in enumerate(grid)
]


def _inputs(shapes: Any) -> tuple[Shape, ...]:
    """A single shape, or several for a layer with several inputs."""
    return shapes if isinstance(shapes[0], tuple) else (shapes,)


def _names(layer: Layer, made: Any) -> list[str]:
    """The names of Keras' weights, in a layer of several layers behind that of the inner one."""
    if isinstance(layer, Bidirectional):
        return [f"{weight.path.split('/')[-3].partition('_')[0]}_{weight.name}" for weight in made.weights]
    if isinstance(layer, MultiHeadAttention):
        return [f"{weight.path.split('/')[-2]}_{weight.name}" for weight in made.weights]
    return [weight.name for weight in made.weights]


def _declared(layer: Layer, inputs: tuple[Shape, ...]) -> Shape | str:
    """The output shape by our rule, or why there is none."""
    try:
        return layer.output_shape(*inputs)
    except ShapeError as refused:
        return str(refused)


def _symbolic(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[Any, Shape]:
    """The built Keras layer and the shape of its output, without the batch."""
    tensors = [keras.Input(shape) for shape in inputs]
    made = layer.to_keras(keras, name="layer_1", seed=3)
    output = layer.call_keras(made, tensors)
    return made, tuple(output.shape[1:])


def test_the_grid_covers_the_table() -> None:
    assert set(GRIDS) == set(LAYER_TYPES) - {"Input"} - PRETRAINED


@pytest.mark.parametrize(("kind", "shapes", "parameters"), CASES)
def test_a_layer_equals_keras(kind: type[Layer], shapes: Any, parameters: dict[str, Any]) -> None:
    layer, inputs = kind(**parameters), _inputs(shapes)
    expected = _declared(layer, inputs)
    if isinstance(expected, str):
        assert layer.type in expected
        assert _documented_as_refused(layer) or _keras_refuses(layer, inputs), f"Keras accepts {layer}: {expected}"
        return
    made, output = _symbolic(layer, inputs)
    assert output == expected
    if not isinstance(layer, MultiHeadAttention):  # which tells it in another way
        assert tuple(made.compute_output_shape(_batched(inputs)))[1:] == expected
    assert made.count_params() == layer.parameter_count(*inputs)
    ours = layer.weights(*inputs)
    assert [weight.name for weight in ours] == _names(layer, made)
    assert [weight.shape for weight in ours] == [tuple(weight.shape) for weight in made.weights]
    trainable = {id(weight) for weight in made.trainable_weights}
    assert [weight.trainable for weight in ours] == [id(weight) in trainable for weight in made.weights]


@pytest.mark.parametrize("kind", [LAYER_TYPES[name] for name in GRIDS])
def test_values_have_the_declared_shape(kind: type[Layer]) -> None:
    """What comes out of a real call, not only what Keras announces."""
    all_shapes, grid = GRIDS[kind.__name__]
    inputs = _inputs(all_shapes[0])
    for parameters in grid[:3]:
        layer = kind(**parameters)
        expected = _declared(layer, inputs)
        if isinstance(expected, str):
            continue
        arrays = [np.random.default_rng(0).random((2, *shape), dtype=np.float32) for shape in inputs]
        made = layer.to_keras(keras, name="layer_1", seed=3)
        output = layer.call_keras(made, arrays)
        assert tuple(output.shape) == (2, *expected)


def _batched(inputs: tuple[Shape, ...]) -> Any:
    shapes = [(None, *shape) for shape in inputs]
    return shapes if len(shapes) > 1 else shapes[0]


def _documented_as_refused(layer: Any) -> bool:
    """Keras says that these layers cannot have strides and dilation at once, although TensorFlow on a CPU can."""
    depthwise = layer.type in ("DepthwiseConv2D", "SeparableConv2D")
    return depthwise and max(layer.strides) > 1 and max(layer.dilation_rate) > 1


def _keras_refuses(layer: Layer, inputs: tuple[Shape, ...]) -> bool:
    """Whether Keras raises while building or computing, or ends at a side of no pixels."""
    try:
        made, output = _symbolic(layer, inputs)
        if any(size is None or size < 1 for size in output):
            return True
        layer.call_keras(made, [tf.zeros((1, *shape)) for shape in inputs])
    except (ValueError, IndexError, tf.errors.OpError):
        return True
    return False


ACTIVATIONS = [*activations.NAMES, LeakyRelu(0.05), LeakyRelu(0.0), Elu(0.5), Elu(2.0)]
SINGLE_PRECISION = ("gelu", "leaky_relu", LeakyRelu(0.05))
"""TensorFlow computes these in float64 with a constant that it keeps in float32."""
Z = np.concatenate([np.linspace(-8, 8, 161) + 0.013, [-80.0, 80.0, -30.0, 30.0]])


@pytest.mark.parametrize(("kind", "tolerance"), [("float32", 1e-6), ("float64", 1e-9)])
@pytest.mark.parametrize("field", ACTIVATIONS, ids=str)
def test_an_activation_equals_keras(field: Any, kind: str, tolerance: float) -> None:
    if field in SINGLE_PRECISION:
        tolerance = max(tolerance, 2e-8)
    # Softmax looks along the last axis, so that its rows must hold several values.
    z = (Z.reshape(5, 33) if field == "softmax" else Z).astype(kind)
    ours = activations.activation(field)
    theirs = _keras_activation(field, kind)
    tensor = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        output = theirs(tensor)
        # The diagonal of softmax's Jacobian needs its outputs apart; the others act value by value.
        total = tf.reduce_sum(output)
    value = ours.value(z)
    assert value.dtype == z.dtype
    scale = np.maximum(1, np.abs(value))
    assert (np.abs(value - output.numpy()) <= tolerance * scale).all()
    derivative = ours.derivative(z, value)
    assert derivative.dtype == z.dtype
    expected = _softmax_diagonal(z) if field == "softmax" else tape.gradient(total, tensor).numpy()
    np.testing.assert_allclose(derivative, expected, rtol=0, atol=2 * tolerance)


@pytest.mark.parametrize("field", ACTIVATIONS, ids=str)
def test_the_backward_pass_of_an_activation_equals_the_gradient(field: Any) -> None:
    z = np.random.default_rng(0).normal(size=(6, 5))
    upstream = np.random.default_rng(1).normal(size=z.shape)
    tensor = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        output = _keras_activation(field, "float64")(tensor)
    ours = activations.activation(field)
    expected = tape.gradient(output, tensor, output_gradients=tf.constant(upstream)).numpy()
    tolerance = 1e-7 if field in SINGLE_PRECISION else 1e-9
    np.testing.assert_allclose(ours.backward(z, ours.value(z), upstream), expected, rtol=0, atol=tolerance)


def _keras_activation(field: Any, kind: str) -> Any:
    made = activations.to_keras(keras, field, name="activation_1")
    if not isinstance(made, keras.layers.Layer):
        return made
    return type(made).from_config({**made.get_config(), "dtype": kind})


def _softmax_diagonal(z: np.ndarray) -> np.ndarray:
    tensor = tf.constant(z)
    columns = []
    for place in range(z.shape[1]):
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            chosen = tf.nn.softmax(tensor)[:, place]
        columns.append(tape.gradient(chosen, tensor)[:, place].numpy())
    return np.stack(columns, axis=1)


RANDOM = (RandomNormal(0.1, 0.2), TruncatedNormal(0.0, 0.3), RandomUniform(-0.2, 0.4))


@pytest.mark.parametrize("field", [*initializers.NAMES, *RANDOM, Constant(0.25)], ids=str)
def test_an_initializer_builds_and_repeats_itself(field: Any) -> None:
    first, again, other = (initializers.to_keras(keras, field, seed=seed)((40, 30)).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    random = field in RANDOM or (isinstance(field, str) and field not in ("zeros", "ones"))
    assert (not np.array_equal(first, other)) == random
    if isinstance(field, Constant):
        assert (first == 0.25).all()
    if isinstance(field, RandomUniform):
        assert -0.2 <= first.min() < first.max() <= 0.4


@pytest.mark.parametrize(("field", "expected"), [(L1(0.1), 0.6), (L2(0.1), 1.4), (L1L2(0.1, 0.2), 3.4), (None, None)])
def test_a_regularizer_builds(field: Any, expected: float | None) -> None:
    made = regularizers.to_keras(keras, field)
    if expected is None:
        assert made is None
    else:
        assert float(made(tf.constant([1.0, -2.0, 3.0]))) == pytest.approx(expected)
