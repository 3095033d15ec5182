"""The numpy maths of every layer type, on plain arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.maths import Array
from nnplayground.layers.pooling import AveragePooling2D, GlobalMaxPooling2D, MaxPooling2D, UpSampling2D
from nnplayground.layers.regularization import BatchNormalization
from nnplayground.layers.sequences import Embedding
from tests.unit.layers.cases import CASES, Case, numbers

STEP = 1e-5


def _differences(loss: Callable[[], float], array: Array) -> Array:
    """Central finite differences of a loss by each value of an array that it reads."""
    found = np.zeros_like(array)
    for place in np.ndindex(array.shape):
        before = array[place]
        losses = []
        for step in (STEP, -STEP):
            array[place] = before + step
            losses.append(loss())
        array[place] = before
        found[place] = (losses[0] - losses[1]) / (2 * STEP)
    return found


def test_the_battery_covers_the_table() -> None:
    """All but augmentation, which is the business of the data, and what only the Keras engine has."""
    only_keras = {name for name, kind in LAYER_TYPES.items() if kind.family in ("augmentation", "pretrained")}
    assert set(LAYER_TYPES) - only_keras == {case.layer.type for case in CASES}
    assert all(case.layer.has_maths for case in CASES)


@pytest.mark.parametrize("training", [True, False], ids=["training", "in use"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_equal_differences(case: Case, training: bool) -> None:
    given = numbers(case)
    maths = given.maths(training=training)
    assert maths.before.shape == given.dz.shape
    gradients = maths.backward(given.dz)
    learned = {spec.name for spec in case.layer.weights(*case.inputs) if spec.trainable}
    assert set(gradients.weights) == learned

    def loss() -> float:
        return float((given.maths(training=training).before * given.dz).sum())

    learned_from = () if isinstance(case.layer, Embedding) else given.inputs
    expected = [(array, gradient) for array, gradient in zip(learned_from, gradients.inputs, strict=True)]
    # The softmax takes away what is added to all scores of a query: the bias of the keys has no effect.
    without_effect = "key_bias"
    weights = [name for name in gradients.weights if name != without_effect]
    assert np.abs(gradients.weights.get(without_effect, 0)).max() < 1e-12
    expected += [(given.weights[name], gradients.weights[name]) for name in weights]
    for array, gradient in expected:
        differences = _differences(loss, array)
        assert gradient.shape == array.shape
        assert np.linalg.norm(gradient - differences) <= 1e-6 * np.linalg.norm(differences)
        assert np.linalg.norm(differences) > 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_number_type_stays_and_nothing_is_changed(case: Case) -> None:
    given, kept = (numbers(case, np.float32) for _ in range(2))
    maths = given.maths()
    gradients = maths.backward(given.dz)
    results = [maths.before, *gradients.inputs, *gradients.weights.values(), *maths.following.values()]
    assert {result.dtype for result in results} == {np.dtype(np.float32)}
    for ours, before in zip(
        (*given.inputs, *given.weights.values()), (*kept.inputs, *kept.weights.values()), strict=True
    ):
        np.testing.assert_array_equal(ours, before)
    np.testing.assert_array_equal(given.dz, kept.dz)


def _forward(layer: Any, x: Any, **weights: Any) -> Array:
    return _maths(layer, x, **weights).before


def _maths(layer: Any, x: Any, **weights: Any) -> Any:
    image = np.asarray(x, float).reshape(1, *np.shape(x), 1)
    return layer.maths((image,), weights, numbers(Case(layer, (image.shape[1:],))).now())


def test_a_convolution_is_the_sum_of_a_window_times_the_filter() -> None:
    edge = np.array([[-1.0, 0.0, 1.0]] * 3).reshape(3, 3, 1, 1)
    step = [[0, 0, 1, 1]] * 4
    found = _forward(Conv2D(filters=1), step, kernel=edge, bias=np.array([0.5]))
    np.testing.assert_array_equal(found[0, :, :, 0], [[3.5, 3.5], [3.5, 3.5]])
    padded = _forward(Conv2D(filters=1, padding="same"), step, kernel=edge, bias=np.zeros(1))
    np.testing.assert_array_equal(padded[0, :, :, 0], [[0, 2, 2, -2], [0, 3, 3, -3], [0, 3, 3, -3], [0, 2, 2, -2]])


def test_the_first_of_equal_maxima_gets_the_gradient() -> None:
    maths = _maths(MaxPooling2D(), [[1, 3, 0, 0], [3, 3, 0, 0]])
    np.testing.assert_array_equal(maths.before[0, 0, :, 0], [3, 0])
    dx = maths.backward(np.array([5.0, 7.0]).reshape(1, 1, 2, 1)).inputs[0]
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 5, 7, 0], [0, 0, 0, 0]])


def test_equal_maxima_of_a_whole_image_share_the_gradient() -> None:
    dx = _maths(GlobalMaxPooling2D(), [[1, 3], [3, 3]]).backward(np.array([[6.0]])).inputs[0]
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 2], [2, 2]])


def test_the_zeros_of_padding_do_not_count_in_an_average_nor_in_a_maximum() -> None:
    image = [[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]]
    average = _forward(AveragePooling2D(padding="same"), image)
    np.testing.assert_array_equal(average[0, :, :, 0], [[-3, -4.5], [-7.5, -9]])
    largest = _forward(MaxPooling2D(padding="same"), image)
    np.testing.assert_array_equal(largest[0, :, :, 0], [[-1, -3], [-7, -9]])


def test_upsampling_repeats_or_blends() -> None:
    row = [[0.0, 4.0]]
    np.testing.assert_array_equal(_forward(UpSampling2D(size=(1, 2)), row)[0, 0, :, 0], [0, 0, 4, 4])
    blended = _forward(UpSampling2D(size=(1, 2), interpolation="bilinear"), row)
    np.testing.assert_array_equal(blended[0, 0, :, 0], [0, 1, 3, 4])


def test_batch_normalization_normalizes_by_the_batch_and_follows_it() -> None:
    case = Case(BatchNormalization(momentum=0.9, epsilon=1e-12), ((2,),))
    given = numbers(case, samples=50)
    given.weights.update(gamma=np.array([2.0, 3.0]), beta=np.array([1.0, -1.0]))
    x, mean, variance = given.inputs[0], given.weights["moving_mean"], given.weights["moving_variance"]
    maths = given.maths()
    np.testing.assert_allclose(maths.before.mean(axis=0), [1, -1])
    np.testing.assert_allclose(maths.before.std(axis=0), [2, 3])
    np.testing.assert_allclose(maths.following["moving_mean"], 0.9 * mean + 0.1 * x.mean(axis=0))
    np.testing.assert_allclose(maths.following["moving_variance"], 0.9 * variance + 0.1 * x.var(axis=0))
    used = given.maths(training=False)
    np.testing.assert_allclose(used.before, (x - mean) / np.sqrt(variance) * [2, 3] + [1, -1])
    assert not used.following
