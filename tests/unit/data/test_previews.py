"""What becomes of texts, for looking at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnplayground.data import Cancelled, look_at_tokens, preview
from nnplayground.spec.dataset import FolderSplit, FractionSplit, Pairs, Points, Text


def test_tokens_unknown_ones_and_what_is_cut_off(tmp_path: Path) -> None:
    rows = "".join(f"word{number % 3} again,{'ab'[number % 2]}\n" for number in range(20))
    (tmp_path / "t.csv").write_text("text,label\n" + rows + "rare again again again,a\n", encoding="utf-8")
    dataset = Text(file="t.csv", sequence_length=3, vocabulary_size=4, split=FractionSplit(0.0))
    look = look_at_tokens(dataset, tmp_path, 3)
    longest, other, _ = look.samples
    assert longest.text == "rare again again again"
    assert [(token.text, token.number, token.known) for token in longest.tokens[:2]] == [
        ("rare", 1, False),
        ("again", 2, True),
    ]
    assert (longest.cut, longest.cut_count, longest.padding) == (("again",), 1, 0)
    assert (len(other.tokens), other.padding, other.cut) == (2, 1, ())
    (statistics,) = look.statistics
    assert statistics.lengths.tolist() == [2] * 20 + [4]
    assert statistics.cut == pytest.approx(1 / 21)
    assert statistics.vocabulary == ("", "[UNK]", "again", "word1")
    # Of word0, word1 and word2 only one is known.
    assert statistics.unknown == pytest.approx((7 + 6 + 1) / (40 + 3))


def test_pairs_have_two_and_targets_an_end(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("source,target\nab,x\nabc,xyz\n", encoding="utf-8")
    dataset = Pairs(file="p.csv", source_length=3, target_length=3, split=FractionSplit(0.0))
    samples = preview(dataset, tmp_path, 2)
    assert [(sample.array, sample.text) for sample in samples] == [
        ("source", "ab"),
        ("target", "x"),
        ("source", "abc"),
        ("target", "xyz"),
    ]
    assert [token.text for token in samples[1].tokens] == ["x", "[end]"]
    assert [token.text for token in samples[3].tokens] == ["x", "y", "z"]


def test_one_text_to_write_like(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("abc" * 50, encoding="utf-8")
    (tmp_path / "more.txt").write_text("abd" * 9, encoding="utf-8")
    dataset = Text(file="story.txt", level="character", sequence_length=5, split=FolderSplit(validation="more.txt"))
    look = look_at_tokens(dataset, tmp_path, 2)
    assert look.samples[0].text == "abcab"
    assert 0 < look.statistics[0].unknown < 0.1


def test_data_without_tokens_has_none(tmp_path: Path) -> None:
    assert look_at_tokens(Points(), tmp_path, 3).samples == ()


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("source,target\nab,x\nabc,xyz\n", encoding="utf-8")
    with pytest.raises(Cancelled):
        look_at_tokens(Pairs(file="p.csv"), tmp_path, 2, cancelled=lambda: True)
