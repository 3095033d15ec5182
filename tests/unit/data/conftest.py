"""Folders of images, made on the spot, and loading them with a cache of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnplayground.data import LoadedData, images, load
from nnplayground.spec.dataset import ImageFolder

MakeFolder = Callable[[str, dict[str, int]], Path]
LoadFolder = Callable[..., LoadedData]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """make_folder("photos", {"cat": 3}): class folders with so many PNGs, red = 10·class, green = number, blue = 7."""

    def make(name: str, counts: dict[str, int]) -> Path:
        for label, (class_name, count) in enumerate(counts.items()):
            folder = tmp_path / name / class_name
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                Image.new("RGB", (12, 9), (10 * label, number, 7)).save(folder / f"{number:03}.png")
        return tmp_path / name

    return make


@pytest.fixture
def photos(make_folder: MakeFolder) -> Path:
    """Ten images of cats and twenty of dogs."""
    return make_folder("photos", {"cat": 10, "dog": 20})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def load_folder(tmp_path: Path, cache: Path) -> LoadFolder:
    """load() of a dataset of small images, with paths relative to the test's folder."""

    def run(dataset: ImageFolder | None = None, **others: Any) -> LoadedData:
        dataset = dataset or ImageFolder(folder="photos", image_size=(6, 8))
        arguments: dict[str, Any] = {"cache": cache, "input_ids": ["input"], "output_ids": ["dense_1"], **others}
        return load(dataset, tmp_path, **arguments)

    return run


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of all files that are decoded from now on, in no special order."""
    original = images.fitted
    names: list[str] = []

    def watched(path: str | Path, **settings: Any) -> np.ndarray:
        names.append(Path(path).name)
        return original(path, **settings)

    monkeypatch.setattr(images, "fitted", watched)
    return names
