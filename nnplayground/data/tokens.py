"""From texts to numbers, as Keras' TextVectorization gives them, without TensorFlow.

0 is padding, 1 a token that is not in the vocabulary, then come the tokens by how often they occur; of those that occur
equally often, the one that sorts last comes first, as there.

A word is in small letters and without punctuation (`standardize="lower_and_strip_punctuation"`, `split="whitespace"`;
only the letters A to Z have small ones there). Characters stay as they are, capitals, punctuation and line ends
included (`standardize=None`, `split="character"`): a text that goes on writing has to write them too.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np

from nnplayground.samples import Array
from nnplayground.spec.dataset import Level

PADDING, UNKNOWN, START, END = "", "[UNK]", "[start]", "[end]"
READ = (PADDING, UNKNOWN)
"""What stands first in a vocabulary that is only read."""
WRITTEN = (PADDING, UNKNOWN, START, END)
"""What stands first in a vocabulary that is written from."""

_STANDARD: Mapping[int, str | None] = {
    **{ord(capital): capital.lower() for capital in string.ascii_uppercase},
    **{ord(sign): None for sign in string.punctuation},
}
WORD_BREAKS = " \t\n\v\f\r"
_WORDS = re.compile(f"[^{WORD_BREAKS}]+")


def tokens_of(text: str, level: Level) -> list[str]:
    """The tokens of a text, all of them."""
    return list(text) if level == "character" else _WORDS.findall(text.translate(_STANDARD))


def joined(tokens: Iterable[str], level: Level) -> str:
    """Tokens as one text."""
    return ("" if level == "character" else " ").join(tokens)


def count_tokens(counts: Counter[str], texts: Iterable[str], level: Level) -> None:
    """Add the tokens of texts to `counts`."""
    counts.update(tokens_of(("" if level == "character" else "\n").join(texts), level))


def vocabulary_of(counts: Mapping[str, int], size: int, reserved: Sequence[str] = READ) -> tuple[str, ...]:
    """The `size` tokens of a vocabulary, `reserved` ones at its start included; fewer where there are no more."""
    known = [(count, token) for token, count in counts.items() if token not in reserved]
    known.sort(reverse=True)
    return (*reserved, *(token for _, token in known[: max(0, size - len(reserved))]))


class Tokenizer(msgspec.Struct, frozen=True, dict=True):
    """Numbers tokens by their place in `vocabulary`."""

    level: Level
    vocabulary: tuple[str, ...]

    def numbers(self, text: str) -> Array:
        """All tokens of a text: (count,) int32."""
        if self.level == "character":
            return self._by_character[code_points(text)]
        places = self._places
        return np.array([places.get(token, 1) for token in tokens_of(text, self.level)], np.int32)

    def rows(self, texts: Sequence[str], length: int) -> Array:
        """The first tokens of each text, filled up with 0: (n, length) int32."""
        result = np.zeros((len(texts), length), np.int32)
        if self.level == "word":
            for row, text in enumerate(texts):
                numbers = self.numbers(text)[:length]
                result[row, : len(numbers)] = numbers
            return result
        # All texts at once: a short text costs more to look up than its characters.
        kept = [text[:length] for text in texts]
        lengths = np.array([len(text) for text in kept], np.int64)
        places = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        result[np.repeat(np.arange(len(kept)), lengths), places] = self.numbers("".join(kept))
        return result

    def text(self, numbers: Iterable[int]) -> str:
        """What numbers read like, padding and marks left out."""
        shown = (self.vocabulary[number] for number in numbers if number)
        return joined((token for token in shown if token not in (START, END)), self.level)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary) if number}

    @cached_property
    def _by_character(self) -> Array:
        """The number of each character by its code point: a text is looked up as a whole."""
        table = np.ones(0x110000, np.int32)
        for number, token in enumerate(self.vocabulary):
            if len(token) == 1:
                table[ord(token)] = number
        return table


def code_points(text: str) -> Array:
    """(characters,) uint32."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
