"""The bundled texts, pairs and series: what they promise, and that their makers still make them."""

from __future__ import annotations

import csv
import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from nnplayground.data import scan
from nnplayground.spec.dataset import Dataset, FolderSplit, Pairs, Series, Text

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "resources" / "samples"


def maker(name: str) -> ModuleType:
    path = ROOT / "packaging" / f"{name}.py"
    if not path.is_file():
        pytest.skip("the makers are only in the source tree")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name: str) -> list[tuple[str, ...]]:
    with (SAMPLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


@pytest.mark.parametrize(
    "dataset",
    [
        Text(file="reviews.csv", split=FolderSplit(validation="reviews-validation.csv")),
        Text(file="fables.txt", level="character"),
        Pairs(file="dates.csv", split=FolderSplit(validation="dates-validation.csv")),
        Pairs(file="sums.csv", split=FolderSplit(validation="sums-validation.csv")),
        Series(file="visitors.csv"),
    ],
    ids=lambda dataset: dataset.file,
)
def test_bundled_data_can_be_used_as_it_is(dataset: Dataset) -> None:
    facts = scan(dataset, SAMPLES)
    assert (facts.problem, facts.skipped, facts.warnings) == (None, (), ())


def test_reviews_are_different_and_balanced() -> None:
    training, validation = rows("reviews"), rows("reviews-validation")
    assert (training, validation) == maker("make_reviews").reviews()
    texts = [text for text, _ in training + validation]
    assert len(set(texts)) == len(texts) == 9500
    for some in (training, validation):
        share = sum(label == "positive" for _, label in some) / len(some)
        assert 0.48 < share < 0.52


def test_dates_are_real_and_the_held_back_ones_new() -> None:
    training, validation = rows("dates"), rows("dates-validation")
    assert (training, validation) == maker("make_pairs").dates()
    trained, held_back = ({date.fromisoformat(iso) for _, iso in some} for some in (training, validation))
    assert len(held_back) == 1000
    assert not trained & held_back


def test_sums_are_right_and_the_held_back_ones_new() -> None:
    training, validation = rows("sums"), rows("sums-validation")
    assert (training, validation) == maker("make_pairs").sums()
    terms = [[frozenset(source.split("+")) for source, _ in some] for some in (training, validation)]
    assert len(set(terms[1])) == 1000
    assert not set(terms[0]) & set(terms[1])
    assert all(sum(map(int, source.split("+"))) == int(target) for source, target in training + validation)


def test_fables_are_as_their_maker_makes_them() -> None:
    text = (SAMPLES / "fables.txt").read_text(encoding="utf-8")
    assert text == maker("make_verses").book()
    assert 190_000 < len(text) < 210_000


def test_licences_lie_beside_the_data() -> None:
    for name in ("reviews", "pairs", "fables", "visitors"):
        assert "MIT" in (SAMPLES / f"{name}-LICENSE.txt").read_text(encoding="utf-8")
