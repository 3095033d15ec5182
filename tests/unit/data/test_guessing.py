"""What a look at a folder or a file takes it for."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnplayground import data
from nnplayground.data.guessing import column_names, guesses
from nnplayground.spec.dataset import FolderSplit, ImageFolder, Pairs, Points, Series, Text


def written(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def reviews(folder: Path, name: str = "reviews.csv") -> Path:
    rows = [f"it was {'good' if number % 2 else 'bad'} on day {number},{number % 2}" for number in range(40)]
    return written(folder, name, "\n".join(["review,stars", *rows]))


def test_texts_beside_labels_are_labelled_texts(tmp_path: Path) -> None:
    (guess,) = guesses(reviews(tmp_path))
    dataset = guess.dataset
    assert isinstance(dataset, Text)
    assert (dataset.text_column, dataset.label_column, dataset.level) == ("review", "stars", "word")
    assert dataset.sequence_length == 10
    facts = data.scan(dataset, tmp_path)
    assert facts.problem is None
    assert facts.class_names == ("0", "1")


def test_two_columns_of_different_texts_are_pairs_whose_lengths_fit(tmp_path: Path) -> None:
    rows = [f"{number}+{number + 7},{2 * number + 7}" for number in range(50)]
    (guess,) = guesses(written(tmp_path, "sums.csv", "\n".join(["sum,result", *rows])))
    dataset = guess.dataset
    assert isinstance(dataset, Pairs)
    assert (dataset.source_column, dataset.target_column, dataset.level) == ("sum", "result", "character")
    # The longest source is 49+56; the longest target, 105, needs a place for its end.
    assert (dataset.source_length, dataset.target_length) == (5, 4)
    assert data.scan(dataset, tmp_path).warnings == ()


def test_numbers_beside_a_time_are_a_series(tmp_path: Path) -> None:
    rows = [f"2020-01-{day:02},{day % 7},{day * 1.5}" for day in range(1, 31)]
    (guess,) = guesses(written(tmp_path, "visitors.csv", "\n".join(["date,rain,visitors", *rows])))
    dataset = guess.dataset
    assert isinstance(dataset, Series)
    assert (dataset.columns, dataset.target, dataset.window) == (("rain", "visitors"), "visitors", 3)
    assert data.scan(dataset, tmp_path).problem is None


@pytest.mark.parametrize("header", ["x,y,label", "x1,x2,kind", "y,x,z"])
def test_columns_called_x_and_y_are_points_and_nothing_else(tmp_path: Path, header: str) -> None:
    file = written(tmp_path, "points.csv", "\n".join([header, *(f"{n},{n * 2},{n % 2}" for n in range(20))]))
    assert [guess.dataset for guess in guesses(file)] == [Points(shape="file", file=str(file))]


def test_three_columns_of_numbers_may_be_points_or_a_series(tmp_path: Path) -> None:
    few = written(tmp_path, "few.csv", "\n".join(f"{n}.5,{n * 2},{n % 2}" for n in range(30)))
    assert [type(guess.dataset) for guess in guesses(few)] == [Points, Series]
    many = written(tmp_path, "many.csv", "\n".join(["a,b,c", *(f"{n},{n * 2},{n * 3}" for n in range(30))]))
    assert [type(guess.dataset) for guess in guesses(many)] == [Series, Points]


def test_a_plain_text_is_to_be_gone_on_with(tmp_path: Path) -> None:
    (guess,) = guesses(written(tmp_path, "story.txt", "Once upon a time."))
    assert guess.dataset == Text(file=str(tmp_path / "story.txt"), level="character")


def test_a_folder_of_texts_and_one_of_images(tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "photos" / name).mkdir(parents=True)
        written(tmp_path / "texts" / name, "1.txt", name)
        written(tmp_path / "photos" / name, "1.png", "")
    assert guesses(tmp_path / "texts")[0].dataset == Text(folder=str(tmp_path / "texts"))
    assert guesses(tmp_path / "photos")[0].dataset == ImageFolder(folder=str(tmp_path / "photos"))
    (tmp_path / "empty").mkdir()
    assert isinstance(guesses(tmp_path / "empty")[0].dataset, ImageFolder)


def test_a_file_for_validation_beside_it_is_used(tmp_path: Path) -> None:
    beside = reviews(tmp_path, "reviews-validation.csv")
    (guess,) = guesses(reviews(tmp_path))
    assert guess.dataset.split == FolderSplit(validation=str(beside))


@pytest.mark.parametrize("content", ["", "\n\n", "only words here"])
def test_what_nobody_could_use_is_still_something_with_a_problem(tmp_path: Path, content: str) -> None:
    (guess,) = guesses(written(tmp_path, "odd.csv", content))
    assert data.scan(guess.dataset, tmp_path).problem is not None


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (guess,) = guesses(tmp_path / "gone.csv")
    assert data.scan(guess.dataset, tmp_path).missing_path == str(tmp_path / "gone.csv")


def test_columns_to_choose_from(tmp_path: Path) -> None:
    file = str(reviews(tmp_path))
    assert column_names(Text(file=file), tmp_path) == ("review", "stars")
    assert column_names(Text(file=str(written(tmp_path, "a.txt", "a b"))), tmp_path) == ()
    numbers = written(tmp_path, "numbers.csv", "1;2\n3;4")
    assert column_names(Series(file=str(numbers)), tmp_path) == ("1", "2")
