"""What becomes of texts before a model gets them: their tokens, what is unknown, and what is cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnplayground.data.continuing import load_continuing
from nnplayground.data.errors import Cancelled
from nnplayground.data.loaded import LoadedData, Loading
from nnplayground.data.pairs import load as load_pairs
from nnplayground.data.text import is_labelled
from nnplayground.data.text import load as load_text
from nnplayground.data.tokens import END, WRITTEN, tokens_of
from nnplayground.data.vocabularies import BETWEEN_LOOKS
from nnplayground.samples import Array
from nnplayground.spec.dataset import Dataset, Level, Pairs, Text

MOST_CUT = 200
"""Of what is cut off so many tokens are shown."""


@dataclass(frozen=True)
class Token:
    """number: of the vocabulary; 1 stands for all that it does not hold."""

    text: str
    number: int

    @property
    def known(self) -> bool:
        return self.number != 1


@dataclass(frozen=True)
class TokenPreview:
    """One text. array: to which array of the samples it goes. tokens: what the model gets of it, without padding.

    padding: how many places are filled up. cut: the first tokens that are cut off; cut_count: how many there are.
    """

    sample_id: str
    array: str
    text: str
    tokens: tuple[Token, ...]
    padding: int
    cut: tuple[str, ...]
    cut_count: int


@dataclass(frozen=True)
class TokenStatistics:
    """All texts of one array. lengths: (texts,) int32, tokens of each before anything is cut off, most = `limit` kept.

    cut, unknown: share of the texts that are cut off, and of the tokens kept that are unknown. vocabulary: of the
    training texts, the reserved tokens first.
    """

    array: str
    lengths: Array
    limit: int
    cut: float
    unknown: float
    vocabulary: tuple[str, ...]


@dataclass(frozen=True)
class TokenLook:
    samples: tuple[TokenPreview, ...]
    statistics: tuple[TokenStatistics, ...]


def look_at_tokens(
    dataset: Dataset, base: Path, count: int, *, cancelled: Callable[[], bool] = lambda: False
) -> TokenLook:
    """Previews of up to `count` training samples, the longest first and others evenly spread, and figures about all.

    A pair has one for its source and one for its target. Empty for data without tokens. Raises DataError, Cancelled.
    """
    loading = Loading(base, None, lambda done, total: None, cancelled)
    if isinstance(dataset, Pairs):
        loaded = load_pairs(dataset, loading)
        arrays = (
            _Texts("source", dataset.level, dataset.source_length, loaded.texts),
            _Texts("target", dataset.level, dataset.target_length, loaded.target_texts),
        )
    elif isinstance(dataset, Text):
        loaded = load_text(dataset, loading) if is_labelled(dataset) else load_continuing(dataset, loading)
        arrays = (_Texts("text", dataset.level, dataset.sequence_length, loaded.texts),)
    else:
        return TokenLook((), ())
    statistics = tuple(_statistics(texts, loaded, cancelled) for texts in arrays)
    training = loaded.splits["training"].ids
    # The training samples come first in `lengths`.
    chosen = _spread(training, statistics[0].lengths[: len(training)], count)
    return TokenLook(
        tuple(
            _preview(sample_id, texts, each.vocabulary)
            for sample_id in chosen
            for texts, each in zip(arrays, statistics, strict=True)
        ),
        statistics,
    )


@dataclass(frozen=True)
class _Texts:
    array: str
    level: Level
    limit: int
    texts: Mapping[str, str]


def _statistics(texts: _Texts, loaded: LoadedData, cancelled: Callable[[], bool]) -> TokenStatistics:
    vocabulary = tuple(loaded.fitted["vocabularies"][texts.array])
    known = frozenset(vocabulary)
    lengths: list[int] = []
    kept = unknown = 0
    for done, sample_id in enumerate(name for samples in loaded.splits.values() for name in samples.ids):
        if done % BETWEEN_LOOKS == 0 and cancelled():
            raise Cancelled
        tokens = tokens_of(texts.texts[sample_id], texts.level)
        lengths.append(len(tokens))
        kept += min(len(tokens), texts.limit)
        unknown += sum(token not in known for token in tokens[: texts.limit])
    counts = np.array(lengths, np.int32)
    return TokenStatistics(
        array=texts.array,
        lengths=counts,
        limit=texts.limit,
        cut=float(np.mean(counts > texts.limit)),
        unknown=unknown / max(1, kept),
        vocabulary=vocabulary,
    )


def _preview(sample_id: str, texts: _Texts, vocabulary: Sequence[str]) -> TokenPreview:
    numbers = {token: number for number, token in enumerate(vocabulary) if number}
    text = texts.texts[sample_id]
    tokens = tokens_of(text, texts.level)
    kept = [Token(token, numbers.get(token, 1)) for token in tokens[: texts.limit]]
    if len(kept) < texts.limit and tuple(vocabulary[: len(WRITTEN)]) == WRITTEN:
        kept.append(Token(END, WRITTEN.index(END)))
    cut = tokens[texts.limit :]
    return TokenPreview(
        sample_id=sample_id,
        array=texts.array,
        text=text,
        tokens=tuple(kept),
        padding=texts.limit - len(kept),
        cut=tuple(cut[:MOST_CUT]),
        cut_count=len(cut),
    )


def _spread(ids: Sequence[str], lengths: Array, count: int) -> list[str]:
    """Up to `count` of them: the longest, and others evenly over the whole."""
    if len(ids) <= count:
        return list(ids)
    longest = int(lengths.argmax())
    places = dict.fromkeys([longest, *(place * len(ids) // count for place in range(count))])
    return [ids[place] for place in list(places)[:count]]
