"""Our tokens have the numbers that Keras' TextVectorization gives them."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from nnplayground.data.tokens import Tokenizer, count_tokens, vocabulary_of
from nnplayground.spec.dataset import Level

SIGNS = "abcABC ÄäÉé,.!?'\"-_[]\t\n\r\v\f\x1c\x85\u00a0\u2003😀日本{}~`^|\\/<>@#$%&*()+=:;0123456789"


@pytest.mark.parametrize("size", [3, 10, 5000])
@pytest.mark.parametrize("level", ["word", "character"])
def test_numbers_are_those_of_text_vectorization(level: Level, size: int) -> None:
    keras = pytest.importorskip("keras")
    tensorflow = pytest.importorskip("tensorflow")
    chance = random.Random(1)
    texts = ["".join(chance.choices(SIGNS, k=chance.randint(0, 40))) for _ in range(200)]
    texts += ["", "   ", "[UNK]", "[UNK] [start]", "Words, words; WORDS!"]
    words = level == "word"
    layer = keras.layers.TextVectorization(
        max_tokens=size,
        standardize="lower_and_strip_punctuation" if words else None,
        split="whitespace" if words else "character",
        output_sequence_length=12,
    )
    layer.adapt(tensorflow.constant(texts))
    counts: Counter[str] = Counter()
    count_tokens(counts, texts, level)
    vocabulary = vocabulary_of(counts, size)
    assert list(vocabulary) == layer.get_vocabulary()
    numbers = Tokenizer(level, vocabulary).rows(texts, 12)
    np.testing.assert_array_equal(numbers, layer(tensorflow.constant(texts)).numpy())
