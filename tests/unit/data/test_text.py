"""Texts with labels, in folders and in tables, and one text to go on writing from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from nnplayground.data import Cancelled, DataError, LoadedData, corpus, load, scan, vocabularies
from nnplayground.spec.dataset import CountSplit, FolderSplit, FractionSplit, Text

GOOD, BAD = "A good day, a good film", "what a bad film"


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        write(tmp_path / "texts" / "good" / f"{number}.txt", f"{GOOD} {number}")
        write(tmp_path / "texts" / "bad" / f"{number}.txt", f"{BAD} {number}")
    return tmp_path / "texts"


def table(path: Path, rows: list[tuple[str, str]], header: str = "text,label") -> str:
    return write(path, "\n".join([header, *(f'"{text}",{label}' for text, label in rows)]) + "\n")


def problem(dataset: Text, base: Path) -> str:
    """The same sentence from scan and load."""
    message = scan(dataset, base).problem
    assert message is not None
    with pytest.raises(DataError) as raised:
        load(dataset, base)
    assert str(raised.value) == message
    return message


def vocabulary(loaded: LoadedData) -> list[str]:
    return loaded.fitted["vocabularies"]["text"]


def test_class_folders(folder: Path) -> None:
    dataset = Text(folder=str(folder), sequence_length=4, split=FractionSplit(validation=0.5))
    facts, loaded = scan(dataset, Path()), load(dataset, Path())
    assert facts.class_names == loaded.facts.class_names == ("bad", "good")
    assert facts.splits == loaded.facts.splits == {"training": 6, "validation": 6}
    assert facts.per_class["training"] == (3, 3)
    training = loaded.splits["training"]
    words = [[vocabulary(loaded)[number] for number in row] for row in training.inputs["text"].tolist()]
    assert words[-1] == ["a", "good", "day", "a"]
    assert training.inputs["text"].dtype == np.int32
    assert training.targets["target"].tolist() == [0, 0, 0, 1, 1, 1]
    assert loaded.texts[training.ids[-1]].startswith(GOOD)
    json.dumps(loaded.fitted)


def test_vocabulary_is_that_of_the_training_texts(tmp_path: Path) -> None:
    write(tmp_path / "validation.csv", "text,label\nonly here,a\n")
    file = table(tmp_path / "t.csv", [("in training", "a"), ("there too", "b")])
    loaded = load(Text(file=file, split=FolderSplit(validation="validation.csv"), sequence_length=2), tmp_path)
    assert "only" not in vocabulary(loaded)
    assert loaded.splits["validation"].inputs["text"].tolist() == [[1, 1]]
    assert loaded.splits["validation"].ids == ("validation/2",)


def test_the_main_array_may_have_another_name(folder: Path) -> None:
    samples = load(Text(folder=str(folder)), Path(), input_ids=["input"], output_ids=["dense_1"]).splits["training"]
    assert (list(samples.inputs), list(samples.targets)) == (["input"], ["dense_1"])


def test_folders_for_validation_inside_the_training_folder(folder: Path) -> None:
    write(folder / "held back" / "good" / "x.txt", "good")
    write(folder / "held back" / "bad" / "x.txt", "bad")
    dataset = Text(folder=str(folder), split=FolderSplit(validation=str(folder / "held back")))
    facts = scan(dataset, Path())
    assert facts.class_names == ("bad", "good")
    assert facts.splits == {"training": 12, "validation": 2}


def test_split_does_not_depend_on_other_texts(folder: Path) -> None:
    dataset = Text(folder=str(folder), split=CountSplit(validation=4), seed=3)
    before = set(load(dataset, Path()).splits["validation"].ids)
    write(folder / "bad" / "new.txt", "one more")
    assert len(before & set(load(dataset, Path()).splits["validation"].ids)) >= 3


def test_files_in_any_encoding(tmp_path: Path) -> None:
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")
    for encoding in encodings:
        write(tmp_path / "a" / f"{encoding}.txt", "Schöne Grüße", encoding)
        write(tmp_path / "b" / f"{encoding}.txt", "übel", encoding)
    loaded = load(Text(folder=str(tmp_path), sequence_length=2), Path())
    assert {loaded.texts[name] for name in loaded.texts} == {"Schöne Grüße", "übel"}
    assert any("Windows-1252" in note for note in loaded.facts.notes)


def test_files_that_hold_nothing_are_listed(folder: Path) -> None:
    write(folder / "bad" / "empty.txt", "")
    write(folder / "bad" / "blank.txt", " \n")
    write(folder / "bad" / "noise.txt", bytes(range(256)) * 8)
    write(folder / "bad" / "picture.png", "x")
    skipped = {file.path: file.reason for file in load(Text(folder=str(folder)), Path()).facts.skipped}
    assert skipped == {
        "bad/empty.txt": "The file is empty (0 bytes).",
        "bad/blank.txt": "It holds nothing but blanks.",
        "bad/noise.txt": "It is no text: It holds something else.",
        "bad/picture.png": "It is no .txt file.",
    }


def test_only_the_start_of_a_very_long_file_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "MOST_BYTES", 20)
    write(folder / "bad" / "long.txt", "é" * 50)
    loaded = load(Text(folder=str(folder), sequence_length=3), Path())
    assert loaded.texts["bad/long.txt"] == "é" * 10
    assert any("only the first" in warning for warning in loaded.facts.warnings)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("text,label\nfine day,a\nbad day,b\nfine,a\nbad,b\n", ("", "")),
        ("label;text\na;fine day\nb;bad day\na;fine\nb;bad\n", ("", "")),
        ("fine day\ta\nbad day\tb\nfine\ta\nbad\tb\n", ("", "")),
        ("was;wie\nfine day;a\nbad day;b\nfine;a\nbad;b\n", ("was", "wie")),
        ("fine day|a\nbad day|b\nfine|a\nbad|b\n", ("1", "2")),
        ("n,TEXT,x,Label\n1,fine day,0,a\n2,bad day,0,b\n3,fine,0,a\n4,bad,0,b\n", ("text", "label")),
    ],
)
def test_tables(tmp_path: Path, content: str, columns: tuple[str, str]) -> None:
    file = write(tmp_path / "t.csv", content)
    loaded = load(Text(file=file, text_column=columns[0], label_column=columns[1], split=FractionSplit(0.0)), Path())
    assert [loaded.texts[name] for name in loaded.splits["training"].ids] == ["fine day", "bad day", "fine", "bad"]
    assert loaded.splits["training"].targets["target"].tolist() == [0, 1, 0, 1]


def test_texts_over_several_lines_and_rows_that_are_left_out(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.csv", 'text,label\n"two\nlines, one ""text""",a\nshort,b\n,a\nno label,\nalone\nx,a\ny,b\n'
    )
    loaded = load(Text(file=file, split=FractionSplit(0.0)), Path())
    assert loaded.texts["2"] == 'two\nlines, one "text"'
    assert [file.path for file in loaded.facts.skipped] == ["t.csv, line 5", "t.csv, line 6", "t.csv, line 7"]


def test_a_quotation_mark_without_its_partner_spoils_little(tmp_path: Path) -> None:
    file = write(tmp_path / "t.csv", 'text,label\n"never closed,a\n' + "some words,b\n" * 12_000 + "fine,a\nok,b\n")
    facts = scan(Text(file=file), Path())
    assert sum(facts.splits.values()) > 1000
    assert "quotation mark" in facts.skipped[0].reason


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", [("x", "a"), ("y", "b")])
    assert sum(scan(Text(file=file), Path()).splits.values()) == 2
    table(tmp_path / "t.csv", [("x", "a"), ("y", "b"), ("z", "b")])
    os.utime(file, ns=(1, 1))
    assert sum(scan(Text(file=file), Path()).splits.values()) == 3


def test_more_than_memory_holds_is_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabularies, "MOST_NUMBERS", 100)
    file = table(tmp_path / "t.csv", [(f"text {number}", "ab"[number % 2]) for number in range(40)])
    loaded = load(Text(file=file, sequence_length=10), Path())
    assert loaded.facts.splits == {"training": 8, "validation": 2}
    assert "10 of them" in loaded.facts.warnings[0]


def test_loading_can_be_cancelled(folder: Path) -> None:
    with pytest.raises(Cancelled):
        load(Text(folder=str(folder)), Path(), cancelled=lambda: True)


def test_one_text_becomes_windows(tmp_path: Path) -> None:
    write(tmp_path / "story.txt", "abcdefghij" * 10)
    dataset = Text(file="story.txt", level="character", sequence_length=8)
    facts, loaded = scan(dataset, tmp_path), load(dataset, tmp_path)
    assert facts == loaded.facts
    assert (facts.target, facts.target_length, facts.class_names) == ("tokens", 8, facts.vocabularies["text"])
    training, validation = loaded.splits["training"], loaded.splits["validation"]
    assert training.ids[:3] == ("0", "4", "8")
    assert validation.ids == ("80", "88")
    assert int(training.ids[-1]) + 8 < 80
    for samples in (training, validation):
        # The target is the input, one token on.
        np.testing.assert_array_equal(samples.inputs["text"][:, 1:], samples.targets["target"][:, :-1])
    assert loaded.texts["4"] == "efghijab"
    known = loaded.fitted["vocabularies"]["text"]
    assert "".join(known[number] for number in training.targets["target"][1]) == "fghijabc"


def test_words_across_the_pieces_in_which_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnplayground.data.text_files._CHUNK", 7)
    file = write(tmp_path / "story.txt", "Some words, longer than pieces. " * 9)
    loaded = load(Text(file=file, sequence_length=5), Path())
    assert set(loaded.facts.class_names[2:]) == {"some", "words", "longer", "than", "pieces"}
    assert loaded.texts["0"] == "some words longer than pieces"


def test_a_long_text_is_used_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnplayground.data.continuing.MOST_TOKENS", 50)
    file = write(tmp_path / "story.txt", "abcdefghij" * 10)
    facts = scan(Text(file=file, level="character", sequence_length=4), Path())
    assert facts.splits == {"training": 18, "validation": 2}
    assert facts.warnings == ("Of “story.txt” only the first 50 characters are used.",)


def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, folder: Path) -> None:
    assert "No text is chosen yet" in problem(Text(), tmp_path)
    assert scan(Text(folder="gone"), tmp_path).missing_path == str(tmp_path / "gone")
    write(tmp_path / "hollow" / "a" / "x.txt", "")
    assert "a/x.txt: The file is empty" in problem(Text(folder="hollow"), tmp_path)
    file = table(tmp_path / "t.csv", [("x", "a"), ("y", "b")])
    assert "no column “body”" in problem(Text(file=file, text_column="body"), tmp_path)
    assert "labelled “a”" in problem(Text(file=table(tmp_path / "one.csv", [("x", "a"), ("y", "a")])), tmp_path)
    assert "which column" in problem(Text(file=write(tmp_path / "three.csv", "u,v,w\n1,2,3\n")), tmp_path)
    assert "is empty" in problem(Text(file=write(tmp_path / "empty.csv", "")), tmp_path)
    assert "packed file" in problem(Text(file=write(tmp_path / "sheet.csv", b"PK\x03\x04" + bytes(60))), tmp_path)
    assert "cannot be read as text" in problem(Text(file=write(tmp_path / "b.txt", bytes(range(256)))), tmp_path)
    assert "needs at least 101" in problem(Text(file=write(tmp_path / "s.txt", "short"), level="character"), tmp_path)
    again = Text(file=write(tmp_path / "aaa.txt", "a" * 500), level="character")
    assert "only one character again and again, “a”" in problem(again, tmp_path)
    assert "A vocabulary of 2" in problem(Text(file=file, vocabulary_size=2, split=FractionSplit(0.0)), tmp_path)
    assert "No validation folder" in problem(Text(folder=str(folder), split=FolderSplit()), tmp_path)
    twice = Text(file=file, split=FolderSplit(validation="t.csv"))
    assert "The validation file is the same as the training file" in problem(twice, tmp_path)


def test_a_sequence_of_one_token_is_a_warning(tmp_path: Path) -> None:
    file = table(tmp_path / "t.csv", [("x", "a"), ("y", "b")])
    assert "only the first token" in " ".join(scan(Text(file=file, sequence_length=1), Path()).warnings)
