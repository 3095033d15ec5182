"""What scanning a folder finds: classes, counts, and every way in which a folder is not what it should be."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from nnplayground.data import Cancelled, DataFacts, example_files, scan
from nnplayground.data.listing import natural_key
from nnplayground.spec.dataset import CountSplit, FolderSplit, FractionSplit, ImageFolder, Points

MakeFolder = Callable[[str, dict[str, int]], Path]


def scanned(folder: str | Path, base: Path = Path(), **fields: object) -> DataFacts:
    return scan(ImageFolder(folder=str(folder), **fields), base)  # type: ignore[arg-type]


def problem(folder: str | Path, base: Path = Path(), **fields: object) -> str:
    facts = scanned(folder, base, **fields)
    assert facts.problem is not None
    assert facts.splits == {}
    assert facts.class_names == ()
    return facts.problem


def test_classes_counts_and_shape(photos: Path) -> None:
    facts = scanned(photos, image_size=(32, 48), color_mode="grayscale", split=FractionSplit(0.2, 0.1))
    assert facts == DataFacts(
        input_shape=(32, 48, 1),
        class_names=("cat", "dog"),
        splits={"training": 21, "validation": 6, "test": 3},
        per_class={"training": (7, 14), "validation": (2, 4), "test": (1, 2)},
    )


def test_classes_are_in_natural_order(make_folder: MakeFolder) -> None:
    folder = make_folder("digits", dict.fromkeys(("10", "2", "b", "1", "A"), 1))
    assert scanned(folder).class_names == ("1", "2", "10", "A", "b")
    assert sorted(["b2", "B10", "a"], key=natural_key) == ["a", "b2", "B10"]


def test_paths_relative_with_dots_and_home(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = scanned(photos).splits
    assert scanned("photos", photos.parent).splits == expected
    assert scanned("../photos", photos / "cat" / "..", image_size=(9, 9)).splits == expected
    monkeypatch.setenv("HOME", str(photos.parent))
    monkeypatch.setenv("USERPROFILE", str(photos.parent))
    assert scanned("~/photos").splits == expected
    assert scanned("photos", Path("~")).splits == expected


def test_no_folder_chosen() -> None:
    assert "choose the folder" in problem("")
    assert scanned("").missing_path is None


def test_missing_folder_is_named(tmp_path: Path) -> None:
    facts = scanned("gone", tmp_path)
    assert facts.missing_path == str(tmp_path / "gone")
    assert facts.problem == f"The folder “{tmp_path / 'gone'}” is not there, so locate it or choose another one."
    assert facts.input_shape == (64, 64, 3)


def test_impossible_path() -> None:
    assert "is not there" in problem("pho\0tos")


def test_file_in_place_of_a_folder(photos: Path) -> None:
    assert "is a file" in problem(photos / "cat" / "000.png")


def test_empty_folder(tmp_path: Path) -> None:
    assert "is empty" in problem(tmp_path)


def test_images_directly_in_the_folder(photos: Path) -> None:
    assert "directly in" in problem(photos / "cat")


def test_one_class(make_folder: MakeFolder) -> None:
    assert "only one class, “cat”" in problem(make_folder("photos", {"cat": 3}))


def test_one_folder_around_the_class_folders(make_folder: MakeFolder) -> None:
    folder = make_folder("zip", {"photos/cat": 3, "photos/dog": 3})
    assert f"choose “{folder / 'photos'}” instead" in problem(folder)


def test_only_text(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    assert "None of the files" in problem(tmp_path)
    assert "notes/a.txt: It is not an image" in problem(tmp_path)


def test_folder_of_splits_is_noticed(make_folder: MakeFolder) -> None:
    folder = make_folder("photos", {"train/cat": 3, "train/dog": 3, "validation/cat": 2, "validation/dog": 2})
    (warning,) = scanned(folder).warnings
    assert "look like splits" in warning


def test_class_with_one_image(make_folder: MakeFolder) -> None:
    facts = scanned(make_folder("photos", {"cat": 1, "dog": 10}), split=FractionSplit(0.5))
    assert facts.per_class["training"][0] == 1
    assert facts.warnings == ("There is only one image of class “cat”; it goes into training, so nothing checks it.",)


def test_empty_class_folder_is_no_class(photos: Path) -> None:
    (photos / "bird").mkdir()
    facts = scanned(photos)
    assert facts.class_names == ("cat", "dog")
    assert "“bird”" in facts.warnings[0]


def test_split_that_takes_too_much(photos: Path) -> None:
    assert "asks for 1,000 images" in problem(photos, split=CountSplit(1000))
    assert "nothing to train with" in problem(photos, split=FractionSplit(0.6, 0.5))


def test_stray_files_hidden_things_and_litter_are_passed_over(photos: Path) -> None:
    before = scanned(photos)
    (photos / "digits-LICENSE.txt").write_text("licence")
    Image.new("RGB", (3, 3)).save(photos / "stray.png")
    (photos / ".hidden").mkdir()
    shutil.copy(photos / "cat" / "000.png", photos / ".hidden")
    shutil.copy(photos / "cat" / "000.png", photos / "cat" / ".000.png")
    shutil.copytree(photos / "cat", photos / "__MACOSX")
    (photos / "cat" / "Thumbs.db").write_bytes(b"litter")
    assert scanned(photos) == before


def test_what_a_name_or_a_size_gives_away_is_skipped(photos: Path) -> None:
    (photos / "cat" / "caption.txt").write_text("a cat")
    (photos / "dog" / "empty.jpg").touch()
    facts = scanned(photos)
    assert {file.path: file.reason for file in facts.skipped} == {
        "cat/caption.txt": "It is not an image, to judge by its name.",
        "dog/empty.jpg": "The file is empty (0 bytes).",
    }
    assert sum(facts.splits.values()) == 30


def test_nested_folders_belong_to_their_class(photos: Path) -> None:
    shutil.copytree(photos / "dog", photos / "cat" / "2024" / "spring")
    assert sum(counts[0] for counts in scanned(photos).per_class.values()) == 30


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_lead_nowhere_twice(photos: Path) -> None:
    before = scanned(photos)
    (photos / "cat" / "up").symlink_to(photos, target_is_directory=True)
    (photos / "cat" / "self").symlink_to(photos / "cat", target_is_directory=True)
    (photos / "loop").symlink_to(photos, target_is_directory=True)
    (photos / "dog" / "round").symlink_to(photos / "dog" / "round")
    (photos / "dog" / "broken.jpg").symlink_to(photos / "nothing.jpg")
    facts = scanned(photos)
    assert facts.per_class == before.per_class
    assert {file.path for file in facts.skipped} == {"dog/broken.jpg", "dog/round"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_linked_class_folder_counts(photos: Path) -> None:
    (photos / "copy").symlink_to(photos / "dog", target_is_directory=True)
    assert scanned(photos).class_names == ("cat", "copy", "dog")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep such names out")
def test_names_that_are_no_text(photos: Path) -> None:
    shutil.copy(photos / "cat" / "000.png", photos / "cat" / os.fsdecode(b"\xff.png"))
    facts = scanned(photos)
    assert [file.reason for file in facts.skipped] == ["Its name is not valid text, so rename it."]
    facts.skipped[0].path.encode()


def test_unicode_names(make_folder: MakeFolder) -> None:
    assert scanned(make_folder("fotos", {"Käse": 2, "猫": 2, "🎅": 2})).class_names == ("Käse", "猫", "🎅")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
def test_folders_without_permission(photos: Path) -> None:
    (photos / "cat" / "deep").mkdir(mode=0)
    assert [file.path for file in scanned(photos).skipped] == ["cat/deep"]
    photos.chmod(0)
    try:
        assert "may not be read" in problem(photos)
    finally:
        photos.chmod(0o755)


class TestFolderSplit:
    def test_counts_by_the_training_classes(self, make_folder: MakeFolder, tmp_path: Path) -> None:
        make_folder("train", {"cat": 3, "dog": 4})
        make_folder("val", {"cat": 2, "dog": 1, "fox": 5})
        make_folder("test", {"dog": 2})
        facts = scanned("train", tmp_path, split=FolderSplit("val", "test"))
        assert facts.per_class == {"training": (3, 4), "validation": (2, 1), "test": (0, 2)}
        assert [warning for warning in facts.warnings if "“fox”" in warning and "left out" in warning]
        assert [warning for warning in facts.warnings if "test folder has no images of class “cat”" in warning]
        assert len(facts.warnings) == 2

    def test_validation_inside_the_training_folder(self, make_folder: MakeFolder, tmp_path: Path) -> None:
        make_folder("photos", {"cat": 3, "dog": 4, "validation/cat": 1, "validation/dog": 1})
        facts = scanned("photos", tmp_path, split=FolderSplit("photos/validation"))
        assert facts.class_names == ("cat", "dog")
        assert facts.splits == {"training": 7, "validation": 2}

    def test_what_is_missing_is_named(self, photos: Path) -> None:
        facts = scanned(photos, photos.parent, split=FolderSplit("val"))
        assert facts.missing_path == str(photos.parent / "val")
        assert facts.problem is not None
        assert "The validation folder" in facts.problem
        assert "No validation folder" in problem(photos, split=FolderSplit())

    def test_same_folder_twice(self, photos: Path) -> None:
        assert "would check nothing" in problem(
            photos, photos.parent, split=FolderSplit("./somewhere/../photos/cat/..")
        )

    def test_other_classes(self, photos: Path, make_folder: MakeFolder) -> None:
        other = make_folder("other", {"fox": 2, "owl": 2})
        assert "no images of the classes “cat” and “dog”" in problem(photos, split=FolderSplit(str(other)))


def test_cancel(photos: Path) -> None:
    with pytest.raises(Cancelled):
        scan(ImageFolder(folder=str(photos)), Path(), cancelled=lambda: True)


def test_examples_are_spread_over_the_folder(photos: Path) -> None:
    examples = example_files(ImageFolder(folder="photos"), photos.parent, 4)
    assert [path.name for path in examples["dog"]] == ["000.png", "005.png", "010.png", "015.png"]
    assert [path.name for path in examples["cat"]] == ["000.png", "002.png", "005.png", "007.png"]
    assert example_files(ImageFolder(folder="gone"), photos.parent, 4) == {}
    assert example_files(Points(), photos.parent, 4) == {}
