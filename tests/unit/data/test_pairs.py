"""Pairs of texts: what the model reads, what it gets of the target, and what it is to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnplayground.data import DataError, load, scan
from nnplayground.spec.dataset import FolderSplit, FractionSplit, Pairs


def write(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    return str(path)


def problem(dataset: Pairs) -> str:
    message = scan(dataset, Path()).problem
    assert message is not None
    with pytest.raises(DataError) as raised:
        load(dataset, Path())
    assert str(raised.value) == message
    return message


@pytest.fixture
def sums(tmp_path: Path) -> str:
    return write(tmp_path / "sums.csv", "sum,result\n1+1,2\n2+11,13\n10+90,100\n")


def test_marks_stand_around_the_target(sums: str) -> None:
    dataset = Pairs(file=sums, source_length=5, target_length=3, split=FractionSplit(0.0))
    facts, loaded = scan(dataset, Path()), load(dataset, Path())
    assert facts == loaded.facts
    assert facts.class_names == facts.vocabularies["target"] == ("", "[UNK]", "[start]", "[end]", "1", "0", "3", "2")
    assert (facts.target, facts.target_length) == ("tokens", 3)
    assert facts.input_shapes == {"source": (5,), "target": (3,)}
    samples = loaded.splits["training"]
    assert samples.inputs["target"].tolist() == [[2, 7, 0], [2, 4, 6], [2, 4, 5]]
    # The last target is cut off, so it has no end.
    assert samples.targets["target"].tolist() == [[7, 3, 0], [4, 6, 3], [4, 5, 5]]
    assert "1 of 3 training targets are longer than 3 tokens" in " ".join(facts.warnings)
    known = facts.vocabularies["source"]
    assert ["".join(known[number] for number in row) for row in samples.inputs["source"].tolist()][1] == "2+11"
    assert (loaded.texts["3"], loaded.target_texts["3"]) == ("2+11", "13")


def test_columns_by_name_or_place(tmp_path: Path) -> None:
    file = write(tmp_path / "p.tsv", "Geh.\tGo.\nLauf!\tRun!\n")
    assert load(Pairs(file=file, split=FractionSplit(0.0)), Path()).texts["1"] == "Geh."
    dataset = Pairs(file=file, source_column="2", split=FractionSplit(0.0))
    loaded = load(dataset, Path())
    assert (loaded.texts["1"], loaded.target_texts["1"]) == ("Go.", "Geh.")


def test_words(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "source,target\nGo home!,geh heim\nGo on.,geh weiter\n")
    loaded = load(Pairs(file=file, level="word", source_length=2, target_length=4, split=FractionSplit(0.0)), Path())
    assert loaded.facts.vocabularies["source"][:3] == ("", "[UNK]", "go")
    assert loaded.splits["training"].targets["target"].tolist()[0][2:] == [3, 0]


def test_validation_in_a_file_of_its_own(tmp_path: Path, sums: str) -> None:
    other = write(tmp_path / "more.csv", "sum,result\n7+1,8\n")
    loaded = load(Pairs(file=sums, target_length=3, split=FolderSplit(validation=other)), Path())
    assert loaded.splits["validation"].ids == ("validation/2",)
    # Nothing of it is in the vocabularies.
    assert loaded.splits["validation"].targets["target"].tolist() == [[1, 3, 0]]


def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, sums: str) -> None:
    assert "No file is chosen yet" in problem(Pairs())
    assert "has only one column" in problem(Pairs(file=write(tmp_path / "a.csv", "source\nx\n")))
    assert "Its target is empty" in problem(Pairs(file=write(tmp_path / "b.csv", "source,target\nx,\ny,\n")))
    assert "no column “from”" in problem(Pairs(file=sums, source_column="from"))
    assert "both source and target" in problem(Pairs(file=sums, source_column="sum", target_column="sum"))
    assert "A vocabulary of 4 has room for no token" in problem(Pairs(file=sums, target_vocabulary=4))
    one = write(tmp_path / "c.csv", "source,target\nab,x\nba,x\n")
    assert "The targets hold only one character" in problem(Pairs(file=one, split=FractionSplit(0.0)))


def test_lines_without_both_are_listed(tmp_path: Path) -> None:
    file = write(tmp_path / "p.csv", "source,target\nab,xy\nc,\n,z\nlonely\nba,yx\n")
    facts = scan(Pairs(file=file, split=FractionSplit(0.0)), Path())
    assert facts.splits == {"training": 2}
    assert [file.path for file in facts.skipped] == ["p.csv, line 3", "p.csv, line 4", "p.csv, line 5"]
