"""Which samples train and which only check: stratified, seeded, and settled by names instead of by order.

Each sample has a place in a line that depends on the seed and its own id alone. Validation takes from the front of its
class's line, the test from the back. So the order of a folder does not matter, a new file leaves nearly all others
where they are, and a larger validation share keeps what was in it.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

from nnplayground.data.errors import DataError
from nnplayground.spec.dataset import CountSplit, FractionSplit

SPLITS = ("training", "validation", "test")


def assign(
    ids: Sequence[str], labels: Sequence[int], split: FractionSplit | CountSplit, *, seed: int, what: str = "images"
) -> dict[str, list[int]]:
    """Positions of the samples of each split, ascending. Splits without samples are left out.

    ids, labels: n names and n class indices (all 0 for numbers). Each class keeps at least one sample for training.
    what: the word for samples in messages. Raises DataError where the split cannot be made.
    """
    lines: dict[int, list[int]] = {}
    for position, label in enumerate(labels):
        lines.setdefault(label, []).append(position)
    order = sorted(lines)
    sizes = [len(lines[label]) for label in order]
    validation, test = _totals(split, len(ids), sum(sizes) - len(sizes), what=what)
    for_validation = _shares(validation, sizes, [size - 1 for size in sizes])
    for_test = _shares(test, sizes, [size - 1 - taken for size, taken in zip(sizes, for_validation, strict=True)])
    result: dict[str, list[int]] = {name: [] for name in SPLITS}
    for label, front, back in zip(order, for_validation, for_test, strict=True):
        line = sorted(lines[label], key=lambda position: _place(ids[position], seed))
        end = len(line) - back
        result["validation"] += line[:front]
        result["training"] += line[front:end]
        result["test"] += line[end:]
    return {name: sorted(positions) for name, positions in result.items() if positions}


def _totals(split: FractionSplit | CountSplit, count: int, available: int, *, what: str) -> tuple[int, int]:
    """How many samples go to validation and to test. available: how many may leave the training split."""
    if isinstance(split, CountSplit):
        if split.validation + split.test > available:
            raise DataError(
                f"The split asks for {split.validation + split.test:,} {what} for validation and test, but only "
                f"{available:,} of {count:,} can be kept back (each class needs one to train with), so ask for fewer."
            )
        return split.validation, split.test
    if split.validation + split.test >= 1:
        raise DataError(
            f"Validation ({split.validation:.0%}) and test ({split.test:.0%}) together leave nothing to train with, so "
            "lower one of them."
        )
    validation = min(_part(split.validation, count), available)
    return validation, min(_part(split.test, count), available - validation)


def _part(share: float, count: int) -> int:
    return max(1, int(share * count + 0.5)) if share > 0 else 0


def _shares(total: int, sizes: Sequence[int], limits: Sequence[int]) -> list[int]:
    """Spread `total` in proportion to `sizes`, none past its limit (method of the largest remainder)."""
    count = sum(sizes)
    quotas = [total * size / count for size in sizes]
    shares = [min(int(quota), limit) for quota, limit in zip(quotas, limits, strict=True)]
    left = min(total, sum(limits)) - sum(shares)
    while left > 0:
        owed = sorted(range(len(sizes)), key=lambda index: (shares[index] - quotas[index], -limits[index]))
        for index in owed:
            if left > 0 and shares[index] < limits[index]:
                shares[index] += 1
                left -= 1
    return shares


def _place(sample_id: str, seed: int) -> tuple[bytes, str]:
    # One system stores "é" as one character, another as two: the same file must keep its place.
    name = unicodedata.normalize("NFC", sample_id)
    return hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), sample_id
