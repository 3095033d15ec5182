"""What text and pairs have in common: a vocabulary that tells something apart, and samples that fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nnplayground.data.errors import Cancelled, DataError
from nnplayground.data.tokens import Tokenizer
from nnplayground.spec.dataset import Level

MOST_NUMBERS = 2**26
"""Tokens that all samples together may have: 256 MB."""
BETWEEN_LOOKS = 256
"""Texts between two looks at `cancelled`."""


def check_vocabulary(vocabulary: Sequence[str], *, reserved: int, size: int, level: Level, what: str) -> None:
    """Raises DataError where a vocabulary tells no two tokens apart. size: how large it may be; what: whose it is."""
    known = vocabulary[reserved:]
    if len(known) > 1:
        return
    if size < reserved + 2:
        raise DataError(
            f"A vocabulary of {size} has room for {'no token' if size <= reserved else 'one token'} beside the "
            f"{reserved} that have a meaning of their own, so make it larger."
        )
    unit = "word" if level == "word" else "character"
    if known:
        raise DataError(
            f"The {what} hold only one {unit} again and again, “{known[0]}”, so there is nothing to learn from them; "
            "choose others."
        )
    raise DataError(f"The {what} hold no {unit} at all, so choose others, or another level.")


def thinned(
    assignment: Mapping[str, list[int]], numbers: int, what: str
) -> tuple[dict[str, list[int]], tuple[str, ...]]:
    """(as many of the samples, evenly spread, as memory has room for; the warning about it). numbers: of one sample."""
    total = sum(map(len, assignment.values()))
    room = max(1, MOST_NUMBERS // numbers)
    if total <= room:
        return dict(assignment), ()
    kept: dict[str, list[int]] = {}
    for name, positions in assignment.items():
        count = max(1, len(positions) * room // total)
        kept[name] = [positions[place * len(positions) // count] for place in range(count)]
    used = sum(map(len, kept.values()))
    warning = (
        f"There are {total:,} {what}, and {used:,} of them, evenly spread, are used, so that they fit into memory."
    )
    return kept, (warning,)


def encoded(
    tokenizer: Tokenizer, texts: Mapping[str, str], ids: Sequence[str], length: int, cancelled: Callable[[], bool]
) -> np.ndarray:
    """The numbers of texts: (n, length) int32."""
    numbers = np.zeros((len(ids), length), np.int32)
    for start in range(0, len(ids), BETWEEN_LOOKS):
        if cancelled():
            raise Cancelled
        some = [texts[name] for name in ids[start : start + BETWEEN_LOOKS]]
        numbers[start : start + len(some)] = tokenizer.rows(some, length)
    return numbers
