"""Splits are exact, stratified, seeded, and hardly move when files come and go."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnplayground.data.errors import DataError
from nnplayground.data.splits import assign
from nnplayground.spec.dataset import CountSplit, FractionSplit

Named = dict[str, set[str]]


def named(sizes: list[int], split: FractionSplit | CountSplit, *, seed: int = 0) -> Named:
    ids = [f"{label}/{number}" for label, size in enumerate(sizes) for number in range(size)]
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    return {name: {ids[at] for at in places} for name, places in assign(ids, labels, split, seed=seed).items()}


def per_class(ids: set[str], classes: int) -> list[int]:
    return [sum(name.startswith(f"{label}/") for name in ids) for label in range(classes)]


def test_fraction_is_kept_in_every_class() -> None:
    splits = named([100, 50], FractionSplit(validation=0.2, test=0.1))
    assert per_class(splits["validation"], 2) == [20, 10]
    assert per_class(splits["test"], 2) == [10, 5]
    assert per_class(splits["training"], 2) == [70, 35]


def test_count_is_exact_and_in_proportion() -> None:
    splits = named([97, 51, 10], CountSplit(validation=50, test=7))
    assert len(splits["validation"]) == 50
    assert len(splits["test"]) == 7
    assert per_class(splits["validation"], 3) == [31, 16, 3]


def test_splits_without_samples_are_left_out() -> None:
    assert set(named([5, 5], FractionSplit(validation=0, test=0))) == {"training"}


def test_a_single_image_goes_into_training() -> None:
    splits = named([1, 40], FractionSplit(validation=0.5))
    assert "0/0" in splits["training"]


def test_even_a_tiny_fraction_keeps_something_for_validation() -> None:
    assert len(named([3, 3], FractionSplit(validation=0.01))["validation"]) == 1


@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    validation=st.floats(0, 0.95),
    test=st.floats(0, 0.95),
    seed=st.integers(0, 2**31 - 1),
)
def test_every_sample_lies_in_one_split_and_every_class_in_training(
    sizes: list[int], validation: float, test: float, seed: int
) -> None:
    split = FractionSplit(validation=validation, test=test)
    if validation + test >= 1:
        with pytest.raises(DataError, match="nothing to train with"):
            named(sizes, split, seed=seed)
        return
    splits = named(sizes, split, seed=seed)
    assert sum(map(len, splits.values())) == sum(sizes) == len(set.union(*splits.values()))
    assert min(per_class(splits["training"], len(sizes))) >= 1


def test_count_past_the_data_says_what_there_is() -> None:
    with pytest.raises(DataError, match=r"asks for 1,000 images .* only 28 of 30"):
        named([10, 20], CountSplit(validation=1000))


def test_seed_decides_and_repeats() -> None:
    split = FractionSplit(validation=0.3)
    assert named([40, 40], split, seed=3) == named([40, 40], split, seed=3)
    assert named([40, 40], split, seed=3) != named([40, 40], split, seed=4)


def test_order_does_not_matter() -> None:
    ids = [f"a/{number}" for number in range(50)]
    shuffled = random.Random(0).sample(ids, 50)
    split = FractionSplit(validation=0.2, test=0.2)
    one, other = (assign(names, [0] * 50, split, seed=1) for names in (ids, shuffled))
    for name in ("training", "validation", "test"):
        assert {ids[at] for at in one[name]} == {shuffled[at] for at in other[name]}


def test_a_new_file_moves_at_most_a_few() -> None:
    split = FractionSplit(validation=0.2)
    before, after = named([100, 100], split), named([101, 100], split)
    assert len(before["validation"] - after["validation"]) <= 2


def test_more_validation_keeps_what_was_in_it_and_leaves_the_test_alone() -> None:
    small = named([100, 100], FractionSplit(validation=0.1, test=0.1))
    large = named([100, 100], FractionSplit(validation=0.3, test=0.1))
    assert small["validation"] < large["validation"]
    assert small["test"] == large["test"]


def test_the_two_spellings_of_an_accent_have_the_same_place() -> None:
    first, second = (
        assign([f"{spelling}/{number}" for number in range(20)], [0] * 20, FractionSplit(), seed=0)
        for spelling in ("caf\u00e9", "cafe\u0301")
    )
    assert first == second
