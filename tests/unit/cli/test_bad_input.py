"""Bad input on the command line: one clear sentence on standard error, never a traceback, and the right exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nnplayground.__main__ import main
from nnplayground.layers.core import Dense, Flatten
from nnplayground.spec import edits
from nnplayground.spec.dataset import FractionSplit, ImageFolder, Points
from nnplayground.spec.files import save_project
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training

Fill = Callable[[Path], None]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small network on the folder `photos` beside its file, which a test fills."""
    dataset = ImageFolder(folder=str(tmp_path / "photos"), image_size=(5, 5), split=FractionSplit(validation=0.25))
    made = Project(dataset=dataset, training=Training(engine="scratch", epochs=2, batch_size=4))
    for layer in (Flatten(), Dense(units=1, activation="sigmoid")):
        made = edits.append_layer(made, layer)
    path = tmp_path / "photos.nnp"
    save_project(made, path)
    return path


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    made = Project(dataset=Points(count=60), training=Training(engine="scratch", epochs=2, batch_size=10))
    path = tmp_path / "circle.nnp"
    save_project(edits.append_layer(made, Dense(units=1, activation="sigmoid")), path)
    return path


def write(folder: Path, count: int = 4) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 255, (6, 7, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


def empty(photos: Path) -> None:
    photos.mkdir()


def loose(photos: Path) -> None:
    write(photos)


def one_class(photos: Path) -> None:
    write(photos / "cats")


def gone(photos: Path) -> None:
    assert not photos.exists()


def no_images(photos: Path) -> None:
    for name in ("cats", "dogs"):
        (photos / name).mkdir(parents=True)
        (photos / name / "1.jpg").write_text("not an image")


@pytest.mark.parametrize(
    ("fill", "words"),
    [
        (empty, "is empty"),
        (loose, "lie directly in"),
        (one_class, "only one class"),
        (gone, "is not there"),
        (no_images, "No image in"),
    ],
)
def test_folders_that_cannot_be_used(project: Path, capsys: pytest.CaptureFixture[str], fill: Fill, words: str) -> None:
    fill(project.with_name("photos"))
    assert main(["train", str(project)]) == 1
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert not list(project.parent.glob("*.runs"))


def test_skipped_files_are_told_and_the_rest_is_trained_on(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photos = project.with_name("photos")
    for name in ("cats", "dogs"):
        write(photos / name)
    (photos / "cats" / "empty.png").write_bytes(b"")
    (photos / "dogs" / "text.jpg").write_text("not an image")
    assert main(["train", str(project), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out.splitlines()[-1])["reason"] == "finished"
    assert captured.err.startswith("nnplayground: 2 files were skipped, for example cats/empty.png: ")
    assert len(captured.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not hold JSON"),
        (b"{ hello", "does not hold JSON"),
        (bytes(range(256)), "does not hold JSON"),
        (b"[1, 2]", "does not begin with"),
        (b'{"format": "nnplayground-project", "version": 2}', "update the program"),
        (
            b'{"format": "nnplayground-project", "version": 1, "model": {"layers": [{"id": "a", "type": "Wobble"}]}}',
            "model.a.type",
        ),
        (
            b'{"format": "nnplayground-project", "version": 1, '
            b'"model": {"layers": [{"id": "a", "type": "Conv2D", "filters": -3}]}}',
            "model.a.filters must be a whole number of at least 1, got -3",
        ),
    ],
)
@pytest.mark.parametrize("command", ["check", "train"])
def test_files_that_are_no_projects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, content: bytes, words: str
) -> None:
    path = tmp_path / "odd.nnp"
    path.write_bytes(content)
    assert main([command, str(path)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("nnplayground: odd.nnp cannot be opened. ")
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_a_run_that_cannot_be_kept_is_told_once_and_trained(
    circle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(["train", str(circle), "--json", "--out", str(tmp_path / "file")]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out.splitlines()[-1])["reason"] == "finished"
    (line,) = captured.err.strip().splitlines()
    assert "The run cannot be kept in" in line
    assert "Errno" not in line


@pytest.mark.parametrize(
    "settings",
    [["training.epochs=1"], ["training.batch_size=1"], ["training.batch_size=all"], ["dataset.split.validation=0"]],
)
def test_extremes_that_are_allowed(circle: Path, capsys: pytest.CaptureFixture[str], settings: list[str]) -> None:
    options = [word for setting in settings for word in ("--set", setting)]
    assert main(["train", str(circle), "--json", *options]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["reason"] == "finished"


def test_one_pixel(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cats", "dogs"):
        write(project.with_name("photos") / name)
    assert main(["train", str(project), "--json", "--set", "dataset.image_size=[1, 1]"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["reason"] == "finished"


def test_a_mistake_of_the_program_is_one_sentence(
    circle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("division by zero\nand more")

    monkeypatch.setattr("nnplayground.cli.train.run_headless", fail)
    assert main(["train", str(circle)]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("nnplayground: This failed unexpectedly: division by zero. The details are in ")


@pytest.mark.skipif(sys.platform == "win32", reason="signals work otherwise there")
def test_ctrl_c_keeps_the_run(circle: Path) -> None:
    command = [sys.executable, "-m", "nnplayground", "train", str(circle), "--json", "--set", "training.epochs=1000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
    end = json.loads(out.splitlines()[-1])
    assert end["reason"] == "stopped"
    folder = circle.with_name("circle.nnp.runs") / end["run"]
    assert json.loads((folder / "run.json").read_text())["reason"] == "stopped"
    assert (folder / "last.npz").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes work otherwise there")
def test_a_reader_that_goes_away(circle: Path) -> None:
    command = [sys.executable, "-m", "nnplayground", "train", str(circle), "--json", "--set", "training.epochs=100000"]
    reading, writing = os.pipe()
    with subprocess.Popen(
        command, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as process:
        os.close(writing)
        os.close(reading)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == ""
