"""Tokens and their numbers. That they are those of TextVectorization is shown where TensorFlow is at hand."""

from __future__ import annotations

from collections import Counter

import pytest

from nnplayground.data.tokens import WRITTEN, Tokenizer, count_tokens, joined, tokens_of, vocabulary_of


def test_words_are_small_and_bare() -> None:
    assert tokens_of("  Don't PANIC,\tsaid “Ä”…\n", "word") == ["dont", "panic", "said", "“Ä”…"]


def test_characters_stay_as_they_are() -> None:
    assert tokens_of("Ab, \n", "character") == ["A", "b", ",", " ", "\n"]


def test_vocabulary_goes_by_how_often_and_among_equals_backwards() -> None:
    counts: Counter[str] = Counter()
    count_tokens(counts, ["b a c", "c b", "c d"], "word")
    assert vocabulary_of(counts, 100) == ("", "[UNK]", "c", "b", "d", "a")
    assert vocabulary_of(counts, 4) == ("", "[UNK]", "c", "b")
    assert vocabulary_of(counts, 5, WRITTEN) == ("", "[UNK]", "[start]", "[end]", "c")


def test_texts_do_not_run_into_each_other_when_counted() -> None:
    counts: Counter[str] = Counter()
    count_tokens(counts, ["one", "two"], "word")
    assert set(counts) == {"one", "two"}


@pytest.mark.parametrize("level", ["word", "character"])
def test_rows_are_cut_off_and_filled_up(level: str) -> None:
    tokenizer = Tokenizer(level, ("", "[UNK]", "a", "b"))  # type: ignore[arg-type]
    glue = " " if level == "word" else ""
    texts = [glue.join("ab?" if level == "character" else ["a", "b", "c"]), "", glue.join("abab")]
    assert tokenizer.rows(texts, 3).tolist() == [[2, 3, 1], [0, 0, 0], [2, 3, 2]]


def test_numbers_read_like_text_again() -> None:
    tokenizer = Tokenizer("character", ("", "[UNK]", "[start]", "[end]", "7", "+"))
    assert tokenizer.text([2, 4, 5, 4, 3, 0, 0]) == "7+7"
    assert joined(["a", "b"], "word") == "a b"
