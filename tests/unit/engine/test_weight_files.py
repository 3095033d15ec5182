"""Files of pretrained weights: where they are looked for, fetching them, and what is refused. No network is needed."""

from __future__ import annotations

import hashlib
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from nnplayground.engine import weight_files
from nnplayground.engine.weight_files import Cancelled, WeightsProblem
from nnplayground.layers.applications import VGG16
from nnplayground.layers.networks import WeightsFile

SHAPE = (64, 64, 3)
CONTENT = weight_files.HDF5_SIGNATURE + bytes(700_000)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder for this test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def source(tmp_path: Path) -> WeightsFile:
    """A published file, on this computer."""
    path = tmp_path / "published.h5"
    path.write_bytes(CONTENT)
    return WeightsFile("small.h5", path.as_uri(), hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())


def _fetch(file: WeightsFile, cancelled: Any = lambda: False) -> tuple[Path, list[tuple[int, int | None]]]:
    told: list[tuple[int, int | None]] = []
    path = weight_files.download(file, progress=lambda *now: told.append(now), cancelled=cancelled)
    return path, told


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_the_folder_is_that_of_keras(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert weight_files.folder() == home
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert weight_files.folder() == tmp_path / ".keras" / "models"


def test_a_file_is_fetched_and_checked(home: Path, source: WeightsFile) -> None:
    path, told = _fetch(source)
    assert path == home / "small.h5"
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert _left(home) == ["small.h5"]


def test_with_another_checksum_nothing_is_kept(home: Path, source: WeightsFile) -> None:
    with pytest.raises(WeightsProblem, match="another checksum"):
        _fetch(source._replace(hash="0" * 64))
    assert _left(home) == []


def test_given_up_nothing_is_kept(home: Path, source: WeightsFile) -> None:
    asked: list[bool] = []
    with pytest.raises(Cancelled):
        _fetch(source, cancelled=lambda: bool(asked.append(True)) or len(asked) > 1)
    assert _left(home) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (urllib.error.URLError(OSError("Name or service not known")), "there is no connection"),
        (urllib.error.HTTPError("https://x", 404, "gone", None, None), "the server answers 404"),  # type: ignore[arg-type]
        (TimeoutError(), "there is no answer"),
    ],
)
def test_without_a_network_one_is_told_what_to_get_and_where_to_put_it(
    home: Path, source: WeightsFile, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def refuse(*given: Any, **named: Any) -> None:
        raise error

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(WeightsProblem, match=said) as caught:
        _fetch(source)
    assert source.origin in str(caught.value)
    assert str(home) in str(caught.value)
    assert _left(home) == []


def test_a_folder_that_cannot_be_written_is_named(home: Path, source: WeightsFile) -> None:
    home.parent.mkdir()
    home.write_text("a file in the way")
    with pytest.raises(WeightsProblem, match="cannot be saved"):
        _fetch(source)


def test_what_a_block_needs(home: Path, tmp_path: Path) -> None:
    assert weight_files.needed(VGG16(weights_from="none"), SHAPE) is None
    with pytest.raises(WeightsProblem) as caught:
        weight_files.needed(VGG16(), SHAPE)
    file = VGG16().weights_file(SHAPE)
    assert file.origin in str(caught.value)
    assert str(home) in str(caught.value)
    home.mkdir(parents=True)
    (home / file.name).write_bytes(b"")
    assert weight_files.needed(VGG16(), SHAPE) == home / file.name
    with pytest.raises(WeightsProblem, match="is not there; choose"):
        weight_files.needed(VGG16(weights_from=str(tmp_path / "gone.h5")), SHAPE)


def test_a_changed_file_is_checked_again(tmp_path: Path, source: WeightsFile) -> None:
    path = tmp_path / source.name
    path.write_bytes(CONTENT)
    weight_files.check_hash(path, source)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsProblem, match="checksum differs"):
        weight_files.check_hash(path, source)
    # A file of one's own has no checksum, whatever it is called.
    weight_files.check_hash(path, source._replace(hash=""))
