"""Grad-CAM: equal to an independent computation with Keras, in both engines, and inside Pretrained blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from nnplayground.engine.base import EngineError
from nnplayground.engine.heat import heat
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.layers.applications import VGG16
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.spec.model import Model
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training

SIDE = 12
PICTURES = np.random.default_rng(2).random((5, SIDE, SIDE, 3), dtype=np.float32)


def _model(bench: Any, units: int) -> Model:
    return bench.chain(
        Conv2D(filters=4, kernel_size=(3, 3), activation="relu"),
        BatchNormalization(),
        MaxPooling2D(),
        Conv2D(filters=6, kernel_size=(3, 3), activation="relu"),
        Dropout(rate=0.5),
        Flatten(),
        Dense(units=units, activation="sigmoid" if units == 1 else "softmax"),
    )


def _by_hand(weights: dict[str, Any], units: int) -> np.ndarray:
    """The same network written with Keras, and the paper's formula written with a tape."""
    picture = keras.Input((SIDE, SIDE, 3))
    first = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, activation="relu")(picture))
    maps = keras.layers.Conv2D(6, 3, activation="relu")(keras.layers.MaxPooling2D()(first))
    scores = keras.layers.Dense(units)(keras.layers.Flatten()(maps))
    model = keras.Model(picture, [maps, scores])
    model.set_weights(list(weights.values()))
    with tf.GradientTape() as tape:
        values, z = model(PICTURES)
        chosen = tf.concat([-z, z], axis=1) if units == 1 else z
        score = tf.reduce_sum(chosen * tf.one_hot(tf.argmax(chosen, axis=1), chosen.shape[1]))
    alpha = tf.reduce_mean(tape.gradient(score, values), axis=(1, 2))
    return tf.nn.relu(tf.einsum("nhwk,nk->nhw", values, alpha)).numpy()


@pytest.mark.parametrize("units", [1, 3])
class TestSmallNetwork:
    def test_both_engines_give_what_keras_gives(self, bench: Any, units: int) -> None:
        model = _model(bench, units)
        facts = bench.facts((SIDE, SIDE, 3), classes=max(units, 2))
        engine = bench.engine(model, facts)
        weights = dict(engine.weights())
        random = np.random.default_rng(8)
        for name in weights:  # fresh ones are too even to tell anything
            weights[name] = random.uniform(0.2 if "variance" in name else -0.6, 0.9, weights[name].shape).astype("f4")
        engine.set_weights(weights)
        expected = _by_hand(weights, units)
        assert expected.max() > 0
        found = heat(engine, {"input": PICTURES}, "conv2d_2")
        assert found.shape == (5, 3, 3)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
        scratch = ScratchEngine(Project(model=model, training=Training(engine="scratch")), facts)
        scratch.set_weights(weights)
        np.testing.assert_allclose(heat(scratch, {"input": PICTURES}, "conv2d_2"), expected, rtol=1e-3, atol=1e-4)

    def test_what_cannot_be_answered_is_one_sentence(self, bench: Any, units: int) -> None:
        engine = bench.engine(_model(bench, units), bench.facts((SIDE, SIDE, 3), classes=max(units, 2)))
        with pytest.raises(EngineError, match="dense_1 gives none"):
            heat(engine, {"input": PICTURES}, "dense_1")
        with pytest.raises(EngineError, match="no layer conv2d_9"):
            heat(engine, {"input": PICTURES}, "conv2d_9")


def test_layers_inside_a_block_are_reached_through_it(bench: Any) -> None:
    pictures = np.random.default_rng(3).random((2, 32, 32, 3), dtype=np.float32)
    block = VGG16(weights_from="none", output_layer="block2_conv1")
    engine = bench.engine(
        bench.chain(block, Flatten(), Dense(units=3, activation="softmax")), bench.facts((32, 32, 3), classes=3)
    )
    # The last layer inside is the output of the block, so both ways lead to the same.
    inside = heat(engine, {"input": pictures}, "vgg16_1/block2_conv1")
    np.testing.assert_allclose(inside, heat(engine, {"input": pictures}, "vgg16_1"), rtol=1e-5, atol=1e-7)
    deeper = heat(engine, {"input": pictures}, "vgg16_1/block1_conv2")
    assert deeper.shape == (2, 32, 32)
    assert deeper.max() > 0
    with pytest.raises(EngineError, match="no inner layer"):
        heat(engine, {"input": pictures}, "vgg16_1/block9_conv1")
