"""Series of numbers: windows, what is told from them, and a split in which nothing leaks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nnplayground.data import DataError, load, scan
from nnplayground.spec.dataset import CountSplit, FolderSplit, FractionSplit, Series


def series(path: Path, rows: int = 100, header: str = "day,a,b") -> str:
    lines = [f"2020-{row:03},{row},{row * row}" for row in range(rows)]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def problem(dataset: Series) -> str:
    message = scan(dataset, Path()).problem
    assert message is not None
    with pytest.raises(DataError) as raised:
        load(dataset, Path())
    assert str(raised.value) == message
    return message


@pytest.fixture
def file(tmp_path: Path) -> str:
    return series(tmp_path / "s.csv")


def test_windows_and_what_comes_after_them(file: str) -> None:
    dataset = Series(file=file, target="b", window=5, horizon=3, split=FractionSplit(validation=0.2, test=0.1))
    facts, loaded = scan(dataset, Path()), load(dataset, Path())
    assert facts == loaded.facts
    assert (facts.input_shape, facts.target) == ((5, 2), "number")
    assert facts.splits == {"training": 70 - 7, "validation": 20 - 7, "test": 10 - 7}
    scaling = loaded.fitted["scaling"]
    assert scaling["columns"] == ["a", "b"]
    mean, deviation = np.array(scaling["mean"]), np.array(scaling["deviation"])
    rows = np.array([[row, row * row] for row in range(70)])
    np.testing.assert_allclose(mean, rows.mean(axis=0))
    np.testing.assert_allclose(deviation, rows.std(axis=0))
    training = loaded.splits["training"]
    assert (training.inputs["series"].dtype, training.targets["target"].dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(training.inputs["series"][4] * deviation + mean, rows[4:9], atol=1e-3)
    np.testing.assert_allclose(training.targets["target"][4] * deviation[1] + mean[1], [11 * 11], atol=1e-3)
    # Line 2 of the file is row 0.
    assert training.ids[4] == "13"
    assert loaded.texts["13"] == "2020-011"
    json.dumps(loaded.fitted)


@pytest.mark.parametrize("split", [FractionSplit(validation=0.3, test=0.2), CountSplit(validation=9, test=4)])
def test_no_window_reaches_over_a_border(file: str, split: FractionSplit | CountSplit) -> None:
    dataset = Series(file=file, columns=("a",), window=6, horizon=2, split=split)
    loaded = load(dataset, Path())
    scaling = loaded.fitted["scaling"]
    last = -1.0
    for name in ("training", "validation", "test"):
        samples = loaded.splits[name]
        seen = samples.inputs["series"] * scaling["deviation"][0] + scaling["mean"][0]
        told = samples.targets["target"] * scaling["deviation"][0] + scaling["mean"][0]
        assert seen.min() > last + 0.5
        last = told.max()
    if isinstance(split, CountSplit):
        assert (loaded.facts.splits["validation"], loaded.facts.splits["test"]) == (9, 4)


def test_columns_are_found_without_a_header_and_with_commas(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("".join(f"{row};{row / 2:.1f}\n".replace(".", ",") for row in range(40)), encoding="utf-8")
    loaded = load(Series(file=str(path), window=4), Path())
    assert loaded.fitted["scaling"]["columns"] == ["1", "2"]
    assert loaded.facts.input_shapes == {"series": (4, 2)}


def test_rows_without_a_number_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("v\n" + "".join(f"{'?' if row == 7 else row}\n" for row in range(40)), encoding="utf-8")
    facts = load(Series(file=str(path), window=4), Path()).facts
    assert [(file.path, file.reason) for file in facts.skipped] == [
        ("s.csv, line 9", "Its “v” is “?”, which is no number.")
    ]
    assert "1 row without a number" in facts.warnings[0]


def test_validation_in_a_file_of_its_own(tmp_path: Path, file: str) -> None:
    other = series(tmp_path / "v.csv", rows=30)
    dataset = Series(file=file, columns=("b",), window=4, split=FolderSplit(validation=other))
    loaded = load(dataset, Path())
    assert loaded.facts.splits == {"training": 96, "validation": 26}
    assert loaded.splits["validation"].ids[0] == "validation/6"


def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, file: str) -> None:
    assert "No file is chosen yet" in problem(Series())
    assert "has no column “c”" in problem(Series(file=file, columns=("c",)))
    assert "The column “day” of “s.csv” holds no numbers" in problem(Series(file=file, columns=("day",)))
    assert "none of the columns that the model sees" in problem(Series(file=file, columns=("a",), target="b"))
    assert "20 rows for validation, and a window of 48" in problem(Series(file=file))
    assert "leave nothing to train with" in problem(Series(file=file, split=FractionSplit(0.6, 0.5)))
    words = tmp_path / "w.csv"
    words.write_text("x,y\none,two\nthree,four\n", encoding="utf-8")
    assert "No column of “w.csv” holds numbers" in problem(Series(file=str(words)))


def test_a_constant_column_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("v\n" + "3\n" * 40, encoding="utf-8")
    loaded = load(Series(file=str(path), window=4), Path())
    assert not loaded.splits["training"].inputs["series"].any()
    assert "tells nothing" in loaded.facts.warnings[0]
