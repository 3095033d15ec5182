"""Networks for sequences: from the same weights and batches, the scratch engine comes to the same weights as Keras."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from nnplayground.engine import build
from nnplayground.engine.inside import look_inside
from nnplayground.layers import Layer
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.convolution_1d import Conv1D
from nnplayground.layers.core import Activation, Dense, Flatten, Reshape
from nnplayground.layers.initializers import RandomNormal
from nnplayground.layers.merge import Add, Concatenate
from nnplayground.layers.pooling_1d import AveragePooling1D, GlobalAveragePooling1D, GlobalMaxPooling1D, MaxPooling1D
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN
from nnplayground.layers.regularization import BatchNormalization, LayerNormalization
from nnplayground.layers.regularizers import L1L2, L2
from nnplayground.layers.sequences import Embedding, Masking, RepeatVector, TimeDistributed
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Training
from tests.engine.parity import assert_same_training, chain, dense, graph, keras, random_samples

LENGTH, TOKENS = 7, 9


@pytest.fixture(params=["float64", "float32"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(request.param)
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(policy)


def embedding(*, masked: bool = True) -> Embedding:
    return Embedding(input_dim=TOKENS, output_dim=4, mask_zero=masked, embeddings_initializer=RandomNormal(stddev=0.5))


READERS: list[tuple[Layer, ...]] = [
    (SimpleRNN(units=5),),
    (LSTM(units=5),),
    (GRU(units=5),),
    (LSTM(units=4, go_backwards=True, unit_forget_bias=False),),
    (GRU(units=4, return_sequences=True, reset_after=False), GRU(units=3, go_backwards=True)),
    (LSTM(units=4, return_sequences=True), Dense(units=3, activation="tanh"), SimpleRNN(units=4)),
    (Bidirectional(layer=LSTM(units=3)),),
    (Bidirectional(layer=GRU(units=3, return_sequences=True), merge_mode="mul"), GlobalAveragePooling1D()),
    (Bidirectional(layer=SimpleRNN(units=3, return_sequences=True), merge_mode="sum"), LSTM(units=3)),
    (TimeDistributed(layer=Dense(units=3, activation="relu")), GlobalAveragePooling1D()),
    (LayerNormalization(), Activation(activation="tanh"), GlobalAveragePooling1D(keepdims=True), Flatten()),
    (BatchNormalization(momentum=0.75), GRU(units=3)),
    (LSTM(units=3), RepeatVector(n=4), LSTM(units=3, return_sequences=True), GlobalAveragePooling1D()),
]


@pytest.mark.parametrize("masked", [True, False], ids=["masked", "all steps"])
def test_what_reads_tokens(dtype: str, masked: bool) -> None:
    """All readers side by side, behind one table of tokens."""
    layers: dict[str, Layer] = {"tokens": embedding(masked=masked)}
    wires = [("input", "tokens")]
    for number, reader in enumerate(READERS):
        ids = [f"reader_{number}_{place}" for place in range(len(reader))]
        layers |= dict(zip(ids, reader, strict=True))
        wires += [*pairwise(["tokens", *ids]), (ids[-1], "together")]
    layers |= {"together": Concatenate(), "out": dense(3, "softmax")}
    assert_same_training(
        graph(layers, [*wires, ("together", "out")]),
        dtype,
        shape=(LENGTH,),
        classes=3,
        loss="categorical_crossentropy",
        tokens=TOKENS,
    )


def test_convolutions_read_tokens(dtype: str) -> None:
    model = chain(
        embedding(masked=False),
        Conv1D(filters=5, padding="causal", activation="relu", dilation_rate=2),
        MaxPooling1D(),
        Conv1D(filters=4, kernel_size=2, padding="same"),
        AveragePooling1D(pool_size=2, strides=1),
        GlobalMaxPooling1D(),
        dense(1, "sigmoid"),
    )
    assert_same_training(model, dtype, shape=(LENGTH,), loss="binary_crossentropy", tokens=TOKENS)


@pytest.mark.parametrize("causal", [True, False])
def test_steps_that_look_at_each_other(dtype: str, causal: bool) -> None:
    # Keras keeps 1 / √key_dim in float32, whatever the model's type; that of 4 is exact.
    attention = MultiHeadAttention(num_heads=2, key_dim=4, value_dim=2, use_causal_mask=causal)
    model = chain(embedding(), attention, GlobalAveragePooling1D(), dense(3, "softmax"))
    assert_same_training(
        model,
        dtype,
        shape=(LENGTH,),
        classes=3,
        loss="categorical_crossentropy",
        tokens=TOKENS,
        # Nothing depends on it, so that it has no gradient but rounding, and it starts at zero.
        without=("layer_2/key_bias",),
    )


def test_adam_with_a_table_of_tokens(dtype: str) -> None:
    """Also the rows of tokens that a batch does not have move on."""
    model = chain(embedding(), GRU(units=4), dense(1, "sigmoid"))
    assert_same_training(
        model,
        dtype,
        shape=(LENGTH,),
        loss="binary_crossentropy",
        tokens=TOKENS,
        optimizer=Adam(learning_rate=2**-6, beta_1=0.875, beta_2=1 - 2**-10),
    )


def test_regularizers(dtype: str) -> None:
    """Each strength belongs to its own weight."""
    strengths = [L1L2(l1=2.0**-power, l2=2.0**-6) for power in range(4, 12)]
    model = chain(
        Embedding(input_dim=TOKENS, output_dim=3, embeddings_regularizer=L2(l2=0.125)),
        GRU(
            units=3,
            return_sequences=True,
            kernel_regularizer=strengths[0],
            recurrent_regularizer=strengths[1],
            bias_regularizer=strengths[2],
            bias_initializer="ones",
        ),
        Bidirectional(layer=LSTM(units=2, kernel_regularizer=strengths[3], recurrent_regularizer=strengths[4])),
        dense(1, "sigmoid"),
    )
    assert_same_training(model, dtype, shape=(LENGTH,), loss="binary_crossentropy", tokens=TOKENS)


def test_regularizers_of_what_is_applied_to_each_step(dtype: str) -> None:
    inner = Dense(units=2, activation="tanh", kernel_regularizer=L2(l2=0.125), bias_regularizer=L2(l2=0.25))
    model = chain(Reshape(target_shape=(3, 2)), TimeDistributed(layer=inner), Flatten(), dense(1, "sigmoid"))
    assert_same_training(model, dtype, shape=(6,), loss="binary_crossentropy")


def test_steps_of_a_given_value_are_passed_over(dtype: str) -> None:
    """A relu leaves whole steps at zero, with one channel."""
    model = chain(dense(6, "relu"), Reshape(target_shape=(6, 1)), Masking(), LSTM(units=3), dense(2, "softmax"))
    assert_same_training(model, dtype, shape=(4,), loss="categorical_crossentropy")


def test_masks_meet(dtype: str) -> None:
    """Both branches know which steps count; side by side and one after the other."""
    layers: dict[str, Layer] = {
        "tokens": embedding(),
        "first": GRU(units=3, return_sequences=True),
        "second": SimpleRNN(units=3, return_sequences=True),
        "sum": Add(),
        "beside": Concatenate(),
        "behind": Concatenate(axis=1),
        "read": LSTM(units=3),
        "mean": GlobalAveragePooling1D(),
        "both": Concatenate(),
        "out": dense(1, "sigmoid"),
    }
    wires = [
        ("input", "tokens"),
        ("tokens", "first"),
        ("tokens", "second"),
        ("first", "sum"),
        ("second", "sum"),
        ("sum", "beside"),
        ("first", "beside"),
        ("sum", "behind"),
        ("second", "behind"),
        ("beside", "mean"),
        ("behind", "read"),
        ("mean", "both"),
        ("read", "both"),
        ("both", "out"),
    ]
    assert_same_training(graph(layers, wires), dtype, shape=(LENGTH,), loss="binary_crossentropy", tokens=TOKENS)


def test_a_layer_that_knows_no_mask_takes_all_steps(dtype: str) -> None:
    model = chain(embedding(), Conv1D(filters=3), GRU(units=3), dense(1, "sigmoid"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras says so.
        assert_same_training(model, dtype, shape=(LENGTH,), loss="binary_crossentropy", tokens=TOKENS)


@pytest.mark.parametrize(
    "layer",
    [
        LSTM(units=3),
        GRU(units=3, go_backwards=True, reset_after=False),
        SimpleRNN(units=3, return_sequences=True),
        Bidirectional(layer=LSTM(units=2, return_sequences=True)),
        MultiHeadAttention(num_heads=2, key_dim=3),
    ],
    ids=lambda layer: layer.type,
)
def test_both_engines_hold_the_same_inside(layer: Layer) -> None:
    model = chain(embedding(), layer, *([Flatten()] if len(layer.output_shape((LENGTH, 4))) > 1 else []), dense(1))
    facts = DataFacts(input_shape=(LENGTH,), class_names=("no", "yes"))
    scratch, plain = (
        build(Project(model=model, training=Training(engine=engine)), facts) for engine in ("scratch", "keras")
    )
    plain.set_weights(scratch.weights())
    assert list(plain.weights()) == list(scratch.weights())
    tokens = {"input": random_samples(model, (LENGTH,), 2, tokens=TOKENS).inputs["input"].astype(np.float32)}
    ours, theirs = (look_inside(engine, model, "layer_2", tokens) for engine in (scratch, plain))
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        np.testing.assert_allclose(theirs[name], values, rtol=1e-5, atol=1e-6)
    outputs = (engine.activations(tokens, ["layer_2"])["layer_2"] for engine in (scratch, plain))
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)
    plain.close()
