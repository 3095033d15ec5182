"""The project file: what it looks like, what it refuses and how it says so, and that saving loses nothing."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.activations import LeakyRelu
from nnplayground.layers.core import Dense
from nnplayground.layers.regularizers import L2
from nnplayground.spec import files
from nnplayground.spec.codec import FileError, decode, encode
from nnplayground.spec.dataset import FolderSplit, ImageFolder
from nnplayground.spec.edits import append_layer, set_parameter
from nnplayground.spec.files import load_project, save_project
from nnplayground.spec.project import Project
from nnplayground.spec.training import RMSprop

DOCUMENTED = """{
  "format": "nnplayground-project", "version": 1,
  "model": {
    "layers": [
      {"id": "input", "type": "Input"},
      {"id": "conv2d_1", "type": "Conv2D", "filters": 32, "kernel_size": [3, 3], "activation": "relu"},
      {"id": "max_pooling2d_1", "type": "MaxPooling2D", "pool_size": [2, 2]},
      {"id": "flatten_1", "type": "Flatten"},
      {"id": "dense_1", "type": "Dense", "units": 64, "activation": {"type": "leaky_relu", "negative_slope": 0.05},
       "kernel_regularizer": {"type": "L2", "l2": 0.001}},
      {"id": "dense_2", "type": "Dense", "units": 1, "activation": "sigmoid"}
    ],
    "wires": [["input", "conv2d_1"], ["conv2d_1", "max_pooling2d_1"], ["max_pooling2d_1", "flatten_1"],
      ["flatten_1", "dense_1"], ["dense_1", "dense_2"]]
  },
  "dataset": {"type": "image_folder", "folder": "photos/train", "image_size": [64, 64], "color_mode": "rgb",
    "pixels": "0..1", "split": {"type": "folder", "validation": "photos/validation"}},
  "training": {"engine": "keras", "objective": {"type": "supervised"},
    "optimizer": {"type": "Adam", "learning_rate": 0.001}, "schedule": {"type": "constant"}, "loss": "auto",
    "batch_size": 32, "epochs": 30, "seed": 0}
}"""


def changed(*path: str | int, value: object) -> bytes:
    document = json.loads(DOCUMENTED)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document).encode()


def test_the_documented_example(tmp_path: Path) -> None:
    project = decode(DOCUMENTED.encode(), tmp_path)
    dense = project.model.layer("dense_1")
    assert dense == Dense(units=64, activation=LeakyRelu(0.05), kernel_regularizer=L2(0.001))
    assert isinstance(project.dataset, ImageFolder)
    assert Path(project.dataset.folder) == tmp_path / "photos" / "train"
    assert project.dataset.split == FolderSplit(validation=str(tmp_path / "photos" / "validation"))
    assert decode(encode(project, tmp_path), tmp_path) == project


def test_paths_are_written_relative_to_the_file(tmp_path: Path) -> None:
    project = decode(DOCUMENTED.encode(), tmp_path)
    written = json.loads(encode(project, tmp_path))["dataset"]
    assert written["folder"] == "photos/train"
    assert written["split"]["validation"] == "photos/validation"
    elsewhere = json.loads(encode(project, tmp_path / "projects"))["dataset"]
    assert elsewhere["folder"] == "../photos/train"


@pytest.mark.skipif(sys.platform == "win32", reason="names are always text there")
def test_a_folder_whose_name_is_no_text(tmp_path: Path, cnn: Project) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    project = msgspec.structs.replace(cnn, dataset=ImageFolder(folder=folder))
    content = encode(project, tmp_path)
    content.decode("utf-8")
    assert decode(content, tmp_path) == project


def test_every_layer_type_with_its_defaults() -> None:
    project = Project()
    for kind in LAYER_TYPES.values():
        project = append_layer(project, kind())
    assert decode(encode(project)) == project


def test_what_is_not_a_default_is_written(tmp_path: Path) -> None:
    project = set_parameter(decode(DOCUMENTED.encode()), "training.optimizer", "RMSprop")
    project = set_parameter(project, "training.optimizer.rho", 0.8)
    project = set_parameter(project, "training.early_stopping.patience", 3)
    again = decode(encode(project))
    assert again.training.optimizer == RMSprop(rho=0.8)
    assert again == project


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not hold JSON"),
        (b"\xff\xfe\x00", "does not hold JSON"),
        (b"[" * 100_000, "does not hold JSON"),
        (b"{}", '"format"'),
        (b"[1, 2]", '"format"'),
        (changed("version", value=2), "newer nnplayground"),
        (changed("version", value="1"), "version"),
        (changed("author", value="me"), "author is not known"),
        (changed("model", "layers", 1, "filters", value=-3), "model.conv2d_1.filters must be"),
        (changed("model", "layers", 1, "filters", value="many"), "model.conv2d_1.filters must be a whole number"),
        (changed("model", "layers", 1, "colour", value="red"), "model.conv2d_1.colour is not known"),
        (changed("model", "layers", 1, "type", value="Conv9D"), 'model.conv2d_1.type is "Conv9D"'),
        (changed("model", "layers", 1, "id", value="input"), "Two layers"),
        (changed("model", "layers", 1, "id", value="Conv 1"), "small letters"),
        (changed("model", "layers", 1, value=7), "Layer 2"),
        (changed("model", "wires", 0, value=["input", "nowhere"]), "ends at nowhere"),
        (changed("model", "wires", 0, value=["input"]), "two ids"),
        (changed("model", value=[]), "model must be"),
        (changed("dataset", "type", value="video"), 'dataset.type is "video"'),
        (changed("dataset", "type", value=["image_folder"]), "dataset.type is"),
        (changed("dataset", value=7), "dataset must be an object"),
        (changed("dataset", "image_size", value=[0, 64]), "dataset.image_size.0 must be"),
        (changed("dataset", "pixels", value="0..2"), 'dataset.pixels is "0..2"'),
        (changed("training", "optimizer", "learning_rate", value=-1), "training.optimizer.learning_rate must be"),
        (changed("training", "optimizer", "type", value="Magic"), "training.optimizer"),
        (changed("training", "batch_size", value=0), "training.batch_size must be"),
        (changed("training", "batch_size", value="few"), "training.batch_size"),
    ],
)
def test_what_a_file_may_not_hold(content: bytes, words: str) -> None:
    with pytest.raises(FileError) as caught:
        decode(content)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "Traceback" not in message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nothing\.nnp cannot be opened: there is no such file"):
        load_project(tmp_path / "nothing.nnp")
    with pytest.raises(FileError, match="cannot be opened: it is a folder"):
        load_project(tmp_path)


def test_save_and_load(tmp_path: Path, cnn: Project) -> None:
    path = tmp_path / "cats.nnp"
    save_project(cnn, path)
    assert load_project(path) == cnn
    assert [each.name for each in tmp_path.iterdir()] == ["cats.nnp"]


@pytest.mark.parametrize(("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only")])
def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, cnn: Project, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    path = tmp_path / "cats.nnp"
    save_project(cnn, path)
    before = path.read_bytes()

    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, "fsync", refuse)
    other = msgspec.structs.replace(cnn, dataset=None)
    with pytest.raises(FileError, match=words) as caught:
        save_project(other, path)
    assert "unchanged" in str(caught.value)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["cats.nnp"]


def test_save_into_a_folder_that_is_not_there(tmp_path: Path, cnn: Project) -> None:
    with pytest.raises(FileError, match="no such file or folder"):
        save_project(cnn, tmp_path / "gone" / "cats.nnp")


def test_a_layer_that_is_misspelt_is_told_what_was_probably_meant() -> None:
    for name, way_out in (("Flattern", "did you mean Flatten?"), ("Zzz", "update the program, or correct the file.")):
        with pytest.raises(FileError) as caught:
            decode(changed("model", "layers", 3, "type", value=name))
        assert str(caught.value).endswith(
            f'model.flatten_1.type is "{name}", which this version does not know; {way_out}'
        )
