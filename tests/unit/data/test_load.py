"""Loading a folder: the right pixels under the right names, whatever the files and the cache are like."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from nnplayground.data import Cancelled, DataError, LoadedData, images, scan, store
from nnplayground.spec.dataset import CountSplit, FolderSplit, FractionSplit, ImageFolder

LoadFolder = Callable[..., LoadedData]
MakeFolder = Callable[[str, dict[str, int]], Path]

PHOTOS = ImageFolder(folder="photos", image_size=(6, 8))


def changed(**fields: object) -> ImageFolder:
    return msgspec.structs.replace(PHOTOS, **fields)


def assert_right(data: LoadedData) -> None:
    """Every row shows the image of its id: 10·class, number, 7."""
    for samples in data.splits.values():
        for row, name, label in zip(samples.inputs["input"], samples.ids, samples.targets["dense_1"], strict=True):
            assert (row == (10 * label, int(Path(name).stem), 7)).all(), name
            assert data.facts.class_names[label] in name
            assert data.files[name].is_file()
            assert data.files[name].as_posix().endswith(name.split("/", name.count("/") - 1)[-1])


def skipped(data: LoadedData) -> dict[str, str]:
    return {file.path: file.reason for file in data.facts.skipped}


def test_samples(photos: Path, load_folder: LoadFolder, tmp_path: Path) -> None:
    data = load_folder(changed(split=FractionSplit(0.2, 0.1)), input_ids=["input", "second"], output_ids=["dense_1"])
    assert_right(data)
    assert data.facts == scan(changed(split=FractionSplit(0.2, 0.1)), tmp_path)
    assert data.facts.splits == {"training": 21, "validation": 6, "test": 3}
    training = data.splits["training"]
    assert training.inputs["input"].shape == (21, 6, 8, 3)
    assert training.inputs["input"].dtype == np.uint8
    assert training.inputs["second"] is training.inputs["input"]
    assert not training.inputs["input"].flags.writeable
    assert training.targets["dense_1"].dtype == np.int32
    assert set(data.files) == {name for samples in data.splits.values() for name in samples.ids}
    assert "cat/000.png" in data.files
    assert data.fitted == {"class_names": ["cat", "dog"]}


def test_folder_split(make_folder: MakeFolder, load_folder: LoadFolder) -> None:
    make_folder("photos", {"cat": 3, "dog": 4})
    make_folder("val", {"cat": 2, "dog": 2})
    data = load_folder(changed(split=FolderSplit("val")))
    assert_right(data)
    assert data.splits["training"].ids[0] == "training/cat/000.png"
    assert data.splits["validation"].ids[-1] == "validation/dog/001.png"
    assert len(data.files) == 11


@pytest.mark.parametrize(("pixels", "low", "high"), [("0..1", 0, 1), ("-1..1", -1, 1), ("0..255", 0, 255)])
def test_pixel_ranges(make_folder: MakeFolder, load_folder: LoadFolder, pixels: str, low: float, high: float) -> None:
    folder = make_folder("photos", {"black": 0, "white": 0})
    for number in range(2):
        Image.new("RGB", (5, 5), "black").save(folder / "black" / f"{number}.png")
        Image.new("RGB", (5, 5), "white").save(folder / "white" / f"{number}.png")
    data = load_folder(changed(pixels=pixels, split=FractionSplit(0)))
    values = data.splits["training"].prepared("input", slice(None))
    assert values.dtype == np.float32
    assert np.allclose(values[:2], low, atol=1e-6)
    assert np.allclose(values[2:], high, atol=1e-6)


def test_standardize_measures_the_training_split_only(photos: Path, load_folder: LoadFolder) -> None:
    data = load_folder(changed(pixels="standardize", split=FractionSplit(0.3, 0.1)))
    training = data.splits["training"]
    stored = training.inputs["input"].astype(np.float64)
    assert np.allclose(data.fitted["mean"], stored.mean((0, 1, 2)))
    assert np.allclose(data.fitted["deviation"], stored.std((0, 1, 2)))
    values = training.prepared("input", slice(None))
    assert np.allclose(values.mean((0, 1, 2)), 0, atol=1e-5)
    # Blue is the same everywhere: nothing to scale.
    assert np.allclose(values.std((0, 1, 2)), (1, 1, 0), atol=1e-5)
    assert np.isfinite(data.splits["validation"].prepared("input", slice(None))).all()
    assert data.splits["validation"].preparation == training.preparation
    json.dumps(data.fitted)


def test_bad_files_are_skipped_with_their_reasons(photos: Path, load_folder: LoadFolder) -> None:
    whole = (photos / "cat" / "000.png").read_bytes()
    (photos / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (photos / "cat" / "text.jpg").write_text("no picture")
    (photos / "dog" / "empty.jpg").touch()
    (photos / "dog" / "notes.txt").write_text("notes")
    for _ in range(2):
        data = load_folder()
        assert_right(data)
        assert {name: reason.split(",")[0] for name, reason in skipped(data).items()} == {
            "cat/cut.png": "It is damaged or cut off",
            "cat/text.jpg": "It is not an image; images can be JPEG",
            "dog/empty.jpg": "The file is empty (0 bytes).",
            "dog/notes.txt": "It is not an image",
        }
        assert data.facts.per_class == {"training": (8, 16), "validation": (2, 4)}


def test_class_of_broken_files_keeps_its_place(photos: Path, load_folder: LoadFolder) -> None:
    (photos / "bird").mkdir()
    (photos / "bird" / "a.jpg").write_text("no picture")
    data = load_folder()
    assert data.facts.class_names == ("bird", "cat", "dog")
    assert data.facts.per_class["training"][0] == 0
    assert "No training image of class “bird” can be read." in data.facts.warnings


def test_nothing_readable(tmp_path: Path, load_folder: LoadFolder) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "a.jpg").write_text("no picture")
    with pytest.raises(DataError, match=r"No image .* can be read.*For example, cat/a\.jpg: It is not an image"):
        load_folder()


def test_only_one_class_readable(photos: Path, load_folder: LoadFolder) -> None:
    for path in (photos / "cat").iterdir():
        path.write_text("no picture")
    with pytest.raises(DataError, match="Only images of one class, “dog”, can be read"):
        load_folder()


def test_scan_and_load_name_the_same_problem(photos: Path, load_folder: LoadFolder, tmp_path: Path) -> None:
    for dataset in (changed(folder="gone"), changed(split=CountSplit(1000)), changed(folder="photos/cat")):
        with pytest.raises(DataError) as error:
            load_folder(dataset)
        facts = scan(dataset, tmp_path)
        assert (str(error.value), error.value.missing_path) == (facts.problem, facts.missing_path)


class TestAgain:
    def test_nothing_is_decoded_or_opened(self, photos: Path, load_folder: LoadFolder, decoded: list[str]) -> None:
        first = load_folder()
        assert len(decoded) == 30
        decoded.clear()
        for path in photos.glob("*/*"):
            path.chmod(0)
        again = load_folder()
        assert decoded == []
        for name, samples in first.splits.items():
            assert np.array_equal(samples.inputs["input"], again.splits[name].inputs["input"])
        assert again.facts == first.facts

    @pytest.mark.parametrize(
        "fields",
        [{"pixels": "standardize"}, {"split": FractionSplit(0.4, 0.2)}, {"seed": 9}, {"split": CountSplit(7)}],
    )
    def test_other_pixels_split_or_seed_decode_nothing(
        self, photos: Path, load_folder: LoadFolder, decoded: list[str], fields: dict[str, object]
    ) -> None:
        load_folder()
        decoded.clear()
        data = load_folder(changed(**fields))
        assert decoded == []
        assert_right(data)

    def test_from_fraction_to_folders_decodes_the_new_folder_only(
        self, photos: Path, make_folder: MakeFolder, load_folder: LoadFolder, decoded: list[str]
    ) -> None:
        make_folder("val", {"cat": 2, "dog": 2})
        load_folder()
        decoded.clear()
        assert_right(load_folder(changed(split=FolderSplit("val"))))
        assert len(decoded) == 4

    def test_only_what_changed_is_decoded(self, photos: Path, load_folder: LoadFolder, decoded: list[str]) -> None:
        load_folder()
        decoded.clear()
        Image.new("RGB", (99, 99), (0, 50, 7)).save(photos / "cat" / "050.png")
        Image.new("RGB", (77, 77), (10, 3, 7)).save(photos / "dog" / "003.png")
        (photos / "dog" / "004.png").unlink()
        data = load_folder()
        assert sorted(decoded) == ["003.png", "050.png"]
        assert_right(data)
        assert len(data.files) == 30

    def test_same_size_but_newer_is_decoded(self, photos: Path, load_folder: LoadFolder, decoded: list[str]) -> None:
        load_folder()
        decoded.clear()
        os.utime(photos / "cat" / "001.png", ns=(1, 1))
        load_folder()
        assert decoded == ["001.png"]

    @pytest.mark.parametrize(
        "fields", [{"image_size": (6, 9)}, {"color_mode": "grayscale"}, {"resize": "crop"}], ids=str
    )
    def test_other_size_mode_or_fit_decode_anew(
        self, photos: Path, load_folder: LoadFolder, decoded: list[str], fields: dict[str, object]
    ) -> None:
        load_folder()
        decoded.clear()
        load_folder(changed(**fields))
        assert len(decoded) == 30

    def test_broken_files_are_not_tried_again_until_they_change(
        self, photos: Path, load_folder: LoadFolder, decoded: list[str]
    ) -> None:
        (photos / "cat" / "bad.png").write_text("no picture")
        load_folder()
        decoded.clear()
        assert "cat/bad.png" in skipped(load_folder(changed(seed=3)))
        assert decoded == []
        shutil.copy(photos / "cat" / "001.png", photos / "cat" / "bad.png")
        assert skipped(load_folder()) == {}
        assert decoded == ["bad.png"]

    def test_what_may_pass_is_tried_again(
        self, photos: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        original = images.fitted
        refusal = images.ImageError("Reading it is not permitted.", lasting=False)

        def refusing(path: str, **settings: object) -> np.ndarray:
            if path.endswith("cat/003.png"):
                raise refusal
            return original(path, **settings)  # type: ignore[arg-type]

        with monkeypatch.context() as patch:
            patch.setattr(images, "fitted", refusing)
            patch.setattr(images, "opening_error", lambda path: refusal)
            for _ in range(2):
                assert skipped(load_folder()) == {"cat/003.png": "Reading it is not permitted."}
        data = load_folder()
        assert skipped(data) == {}
        assert_right(data)


class TestCache:
    @pytest.mark.parametrize("suffix", ["npy", "json"])
    @pytest.mark.parametrize("damage", ["empty", "cut", "noise", "gone"])
    def test_damage_is_repaired(
        self, photos: Path, cache: Path, load_folder: LoadFolder, decoded: list[str], suffix: str, damage: str
    ) -> None:
        load_folder()
        (path,) = cache.rglob(f"*.{suffix}")
        content = path.read_bytes()
        path.unlink()
        if damage != "gone":
            noise = np.random.default_rng(0).integers(0, 256, len(content), np.uint8).tobytes()
            path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "noise": noise}[damage])
        decoded.clear()
        assert_right(load_folder())
        assert len(decoded) == 30
        decoded.clear()
        assert_right(load_folder())
        assert decoded == []

    def test_flipped_pixels_are_noticed(self, photos: Path, cache: Path, load_folder: LoadFolder) -> None:
        load_folder()
        (path,) = cache.rglob("*.npy")
        content = bytearray(path.read_bytes())
        content[200] ^= 255
        path.unlink()
        path.write_bytes(content)
        assert_right(load_folder())

    def test_file_in_place_of_the_cache(self, photos: Path, tmp_path: Path, load_folder: LoadFolder) -> None:
        (tmp_path / "taken").write_text("not a folder")
        data = load_folder(cache=tmp_path / "taken")
        assert_right(data)
        (warning,) = data.facts.warnings
        assert "could not be kept" in warning
        assert "taken" in warning

    @pytest.mark.parametrize("room", ["temporary file", "memory"])
    def test_full_disk_half_way(
        self, photos: Path, cache: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch, room: str
    ) -> None:
        original = store.Sheet.write
        rows = iter(range(12))

        def filling_up(sheet: store.Sheet, row: np.ndarray) -> None:
            if sheet.name is not None and next(rows, None) is None:
                raise store.RoomError("No space left on device")
            original(sheet, row)

        def no_temporary_file(**options: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(store.Sheet, "write", filling_up)
        if room == "memory":
            monkeypatch.setattr(store.tempfile, "TemporaryFile", no_temporary_file)
        data = load_folder()
        assert_right(data)
        assert "No space left on device" in data.facts.warnings[0]
        assert not data.splits["training"].inputs["input"].flags.writeable
        assert list(cache.rglob("*.*")) == []

    def test_no_room_anywhere(self, photos: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = shutil.disk_usage(photos)._replace(free=100)
        monkeypatch.setattr(store.shutil, "disk_usage", lambda path: usage)
        monkeypatch.setattr(store, "MEMORY_LIMIT", 100)
        with pytest.raises(DataError, match="no room for 30 images of 6 × 8 pixels"):
            load_folder()

    def test_index_that_cannot_be_written(
        self, photos: Path, cache: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: object, request: str, index: object) -> None:
            raise store.RoomError("Read-only file system")

        monkeypatch.setattr(store.Store, "save", refuse)
        data = load_folder()
        assert_right(data)
        assert "Read-only file system" in data.facts.warnings[0]
        assert list(cache.rglob("*.*")) == []  # nobody would find the pixels again

    def test_disk_that_is_full_on_closing_too(self, tmp_path: Path) -> None:
        class Full(io.FileIO):
            def write(self, data: object, /) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        path = tmp_path / "rows.npy.partial"
        sheet = store.Sheet(io.BufferedRandom(Full(path, "w+"), 2**20), (2, 10), path)
        sheet.write(np.zeros((2, 10), np.uint8))
        with pytest.raises(store.RoomError, match="No space left"):
            sheet.finish(keep=True)
        sheet.discard()
        assert not path.exists()

    def test_loading_at_the_same_time(self, photos: Path, load_folder: LoadFolder) -> None:
        found: list[LoadedData] = []
        start = threading.Barrier(4)

        def run(seed: int) -> None:
            start.wait()
            found.append(load_folder(changed(seed=seed)))

        threads = [threading.Thread(target=run, args=(number % 2,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        for data in found:
            assert_right(data)
        assert_right(load_folder())

    def test_few_entries_for_each_folder(self, photos: Path, cache: Path, load_folder: LoadFolder) -> None:
        for seed in range(6):
            load_folder(changed(seed=seed))
        assert len(list(cache.rglob("*.json"))) == store.ENTRIES_PER_GROUP
        assert len(list(cache.rglob("*.npy"))) == store.ENTRIES_PER_GROUP

    def test_oldest_go_first_when_it_grows(self, photos: Path, cache: Path, load_folder: LoadFolder) -> None:
        for age, side in ((300, 5), (100, 6), (200, 7)):
            load_folder(changed(image_size=(side, side)))
            newest = max(cache.rglob("*.json"), key=lambda path: path.stat().st_mtime)
            time = newest.stat().st_mtime - age
            os.utime(newest, (time, time))
        before = {path.parent for path in cache.rglob("*.json")}
        by_age = sorted(cache.rglob("*.json"), key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in cache.rglob("*.*"))
        store.prune(cache, keep=by_age[0], limit=total - 1)
        assert before - {path.parent for path in cache.rglob("*.json")} == {by_age[1].parent}
        assert not by_age[1].parent.exists()
        store.prune(cache, keep=by_age[0], limit=0)
        assert list(cache.rglob("*.json")) == [by_age[0]]

    def test_what_a_dead_process_left_goes_after_a_day(
        self, photos: Path, cache: Path, load_folder: LoadFolder
    ) -> None:
        load_folder()
        (index,) = cache.rglob("*.json")
        left = [index.with_name(name) for name in ("a.npy.partial", "b.npy", "c.npy.partial")]
        for path in left:
            path.write_bytes(b"half")
        for path in left[:2]:
            os.utime(path, (0, 0))
        store.prune(cache, keep=index)
        assert [path.exists() for path in left] == [False, False, True]
        assert_right(load_folder())


class TestOnTheWay:
    def test_progress_counts_up_to_all(self, photos: Path, load_folder: LoadFolder) -> None:
        seen: list[tuple[int, int]] = []
        load_folder(progress=lambda done, total: seen.append((done, total)))
        assert seen == [(done, 30) for done in range(1, 31)]
        seen.clear()
        load_folder(progress=lambda done, total: seen.append((done, total)))
        assert seen == [(30, 30)]

    def test_cancel_leaves_nothing_behind_and_hurts_nothing(
        self, photos: Path, cache: Path, load_folder: LoadFolder
    ) -> None:
        seen: list[int] = []
        with pytest.raises(Cancelled):
            load_folder(progress=lambda done, total: seen.append(done), cancelled=lambda: len(seen) >= 5)
        assert len(seen) == 5
        assert list(cache.rglob("*.*")) == []
        assert_right(load_folder())

    def test_cancel_does_not_wait_for_a_slow_file(
        self, photos: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        slow, started = threading.Event(), threading.Event()

        def waiting(path: str, **settings: object) -> np.ndarray:
            started.set()
            slow.wait()
            return np.zeros((6, 8, 3), np.uint8)

        monkeypatch.setattr(images, "fitted", waiting)
        try:
            with pytest.raises(Cancelled):
                load_folder(cancelled=started.is_set)
        finally:
            slow.set()

    def test_vanishing_file(self, photos: Path, load_folder: LoadFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        original = images.fitted

        def losing(path: str, **settings: object) -> np.ndarray:
            if path.endswith("007.png"):
                os.unlink(path)
            return original(path, **settings)  # type: ignore[arg-type]

        monkeypatch.setattr(images, "fitted", losing)
        data = load_folder()
        assert skipped(data) == dict.fromkeys(
            ("cat/007.png", "dog/007.png"), "It was moved or removed while the images were being read."
        )
        assert_right(data)

    def test_vanishing_folder(self, photos: Path, load_folder: LoadFolder) -> None:
        def lose(done: int, total: int) -> None:
            shutil.rmtree(photos, ignore_errors=True)

        with pytest.raises(DataError, match="disappeared while") as error:
            load_folder(progress=lose)
        assert error.value.missing_path == str(photos)

    def test_a_mistake_of_the_listener_is_not_hidden(self, photos: Path, load_folder: LoadFolder) -> None:
        def broken(done: int, total: int) -> None:
            raise OSError("the listener is gone")

        with pytest.raises(OSError, match="the listener is gone"):
            load_folder(progress=broken)
