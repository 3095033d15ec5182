"""Points from CSV files as people have them: headers, signs between values, units, and lines that hold no point."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nnplayground.data import DataError, generate_points, load, scan
from nnplayground.data import points_file as reading
from nnplayground.spec.dataset import Points
from nnplayground.spec.facts import DataFacts


def dataset_of(path: Path, content: str | bytes) -> Points:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Points(shape="file", file=str(path))


def facts_of(path: Path, content: str | bytes) -> DataFacts:
    return scan(dataset_of(path, content), Path())


def coordinates_of(path: Path, content: str | bytes) -> list[list[float]]:
    return np.round(generate_points(dataset_of(path, content)).coordinates, 4).tolist()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "measured.csv"


INSIDE = [[-5.0, 1.5], [4.0, -2.0], [0.5, 3.0]]


@pytest.mark.parametrize(
    "content",
    [
        "-5,1.5,a\n4,-2,b\n0.5,3,a\n",
        "x,y,label\n-5,1.5,a\n4,-2,b\n0.5,3,a",
        "label,x,y\na,-5,1.5\nb,4,-2\na,0.5,3\n",
        "y;class;x\n1,5;a;-5\n-2;b;4\n3;a;0,5\n",
        "x1\tx2\ty\n-5\t1.5\ta\n4\t-2\tb\n0.5\t3\ta\n",
        ",x,y,label\n0,-5,1.5,a\n1,4,-2,b\n2,0.5,3,a\n",
        "width,height,kind\n-5,1.5,a\n4,-2,b\n0.5,3,a\n",
        "# measured in May\n\n-5  1.5  a\r\n4   -2  b\r\n0.5  3  a\r\n",
        '"x", "y", "label"\n-5, 1.5, "a"\n4, −2, "b"\n0.5, 3, "a"\n',
        "\ufeffx,y,label\n-5,1.5,a\n4,-2,b\n0.5,3,a\n",
        "x,y,label\n-5,1.5,a\n4,-2,b\n0.5,3,a\n".encode("utf-16"),
    ],
)
def test_many_ways_to_write_the_same(file: Path, content: str | bytes) -> None:
    facts = facts_of(file, content)
    assert facts.problem is None
    assert facts.class_names == ("a", "b")
    assert facts.skipped == ()
    assert coordinates_of(file, content) == INSIDE
    assert generate_points(dataset_of(file, content)).targets.tolist() == [0, 1, 0]


def test_other_units_are_brought_into_the_plane_and_that_is_said(file: Path) -> None:
    content = "x,y,label\n0,1000,1\n120,3000,0\n60,2000,1\n30,1500,0\n"
    assert coordinates_of(file, content) == [[-5.5, -5.5], [5.5, 5.5], [0, 0], [-2.75, -2.75]]
    facts = facts_of(file, content)
    assert facts.notes == ("Coordinates are scaled to −5.5…5.5: x₁ from 0 to 120 and x₂ from 1,000 to 3,000.",)
    fitted = load(dataset_of(file, content), Path(), input_ids=["in"], output_ids=["out"]).fitted
    factor, added = fitted["scaling"]["x"]
    assert 60 * factor + added == pytest.approx(0)
    assert 120 * factor + added == pytest.approx(5.5)


def test_small_numbers_are_spread_over_the_plane_too(file: Path) -> None:
    content = "0,0.5,a\n1,0.5,b\n0.25,0.5,a\n"
    assert coordinates_of(file, content) == [[-5.5, 0], [5.5, 0], [-2.75, 0]]
    assert len(facts_of(file, content).notes) == 1


def test_whole_labels_are_classes_in_the_order_of_their_numbers(file: Path) -> None:
    facts = facts_of(file, "0,0,10\n6,1,-1\n0,6,2\n6,6,2.0\n")
    assert facts.class_names == ("-1", "2", "10")
    assert [sum(counts) for counts in zip(*facts.per_class.values(), strict=True)] == [1, 2, 1]


def test_labels_with_fractions_are_numbers_to_predict(file: Path) -> None:
    content = "x,y,price\n0,0,100.5\n6,1,300.5\n0,6,200.5\n6,6,n/a\n"
    facts = facts_of(file, content)
    assert facts.target == "number"
    assert facts.class_names == ()
    assert [(each.path, each.reason) for each in facts.skipped] == [
        ("measured.csv, line 5", "Its label is “n/a”, which is no number.")
    ]
    assert "Labels from 100.5 to 300.5 are scaled to −1…1." in facts.notes
    targets = generate_points(dataset_of(file, content)).targets
    assert targets.dtype == np.float32
    assert targets.tolist() == [[-1], [1], [0]]


def test_more_whole_labels_than_classes_could_be_are_numbers(file: Path) -> None:
    facts = facts_of(file, "".join(f"{number % 7},{number % 5},{number}\n" for number in range(40)))
    assert facts.target == "number"
    assert any("40 different numbers" in note for note in facts.notes)


def test_bad_lines_are_left_out_and_listed_with_reasons(file: Path) -> None:
    lines = ["x,y,label", "1,2,a", "1,2", "1,two,a", "nan,2,b", '5,"6,b', "3,-4,", "", "-5,4,b", "1e999,2,a", "7"]
    facts = facts_of(file, "\n".join(lines))
    assert sum(facts.splits.values()) == 2
    assert {each.path.rpartition(" ")[2]: each.reason for each in facts.skipped} == {
        "3": "It has 2 values, but x, y and a label are needed.",
        "4": "y is “two”, which is no number.",
        "5": "x is “nan”, which is no number.",
        "6": "It has 2 values, but x, y and a label are needed.",
        "7": "It has no label.",
        "10": "x is “1e999”, which is no number.",
        "11": "It has 1 value, but x, y and a label are needed.",
    }


def test_a_long_list_of_bad_lines_is_cut_short(file: Path) -> None:
    facts = facts_of(file, "1,2,a\n5,-5,b\n" + "what,is,this\n" * 3000)
    assert len(facts.skipped) == 1001
    assert facts.skipped[-1].path == "measured.csv, 2,000 more lines"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("\n\n# nothing\n", "is empty"),
        ("x,y,label\n", "No line of “measured.csv” holds a point"),
        ("hello\nworld\n", "line 2, for example: It has 1 value"),
        ("1,2\n3,4\n", "No line"),
        (b"\x89PNG\r\n\0\0\0\rIHDR", "is no text"),
        ("".join(f"{number},0,word{number}\n" for number in range(9)), "9 different labels"),
    ],
)
def test_files_without_points(file: Path, content: str | bytes, words: str) -> None:
    dataset = dataset_of(file, content)
    problem = scan(dataset, Path()).problem or ""
    assert words in problem
    assert "\n" not in problem
    with pytest.raises(DataError) as caught:
        load(dataset, Path(), input_ids=["in"], output_ids=["out"])
    assert str(caught.value) == problem


def test_files_that_are_not_there(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.csv"
    facts = scan(Points(shape="file", file=str(nowhere)), Path())
    assert "is not there" in (facts.problem or "")
    assert facts.missing_path == str(nowhere)
    assert "No file is chosen" in (scan(Points(shape="file"), Path()).problem or "")
    folder = scan(Points(shape="file", file=str(tmp_path)), Path())
    assert "is a folder" in (folder.problem or "")
    assert folder.missing_path is None


def test_relative_files_start_at_the_base(file: Path) -> None:
    file.write_text("1,2,a\n5,-5,b\n")
    facts = scan(Points(shape="file", file="measured.csv"), file.parent)
    assert facts.splits == {"training": 2}


def test_a_file_that_has_changed_is_read_again(file: Path) -> None:
    first = dataset_of(file, "1,2,a\n5,-5,b\n")
    assert len(generate_points(first).targets) == 2
    file.write_text("1,2,a\n5,-5,b\n-5,5,b\n")
    os.utime(file, ns=(1, 1))
    assert len(generate_points(first).targets) == 3


def test_too_many_points_are_thinned_out_evenly(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_POINTS", 10)
    content = "".join(f"{-5 + number * 0.1:.1f},0,{'ab'[number >= 50]}\n" for number in range(100))
    facts = facts_of(file, content)
    assert sum(facts.splits.values()) == 10
    assert "100 points, and 10 of them" in facts.warnings[0]
    assert [sum(counts) for counts in zip(*facts.per_class.values(), strict=True)] == [5, 5]


def test_huge_files_are_refused_before_they_are_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 2**20)
    facts = facts_of(file, "1,2,a\n" * 400_000)
    assert "smaller file" in (facts.problem or "")


def test_the_order_of_the_lines_does_not_change_the_split(file: Path, tmp_path: Path) -> None:
    lines = [f"{number % 11 - 5},{number % 7 - 3 + number / 100},{number % 2}" for number in range(60)]

    def held_back(path: Path, content: list[str]) -> set[tuple[float, ...]]:
        dataset = dataset_of(path, "\n".join(content))
        samples = load(dataset, Path(), input_ids=["in"], output_ids=["out"]).splits["validation"]
        return {tuple(np.round(row, 4)) for row in samples.inputs["in"].tolist()}

    assert held_back(file, lines) == held_back(tmp_path / "turned.csv", lines[::-1])
