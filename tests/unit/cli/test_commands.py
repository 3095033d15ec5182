"""The headless commands: what they print, and their exit status. On the numpy engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnplayground import __version__
from nnplayground.__main__ import main
from nnplayground.layers.core import Dense
from nnplayground.spec import edits
from nnplayground.spec.dataset import Points
from nnplayground.spec.files import save_project
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from tests.unit.training.writers import echo_project, rhyme_project


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    project = Project(
        dataset=Points(shape="circle", count=100),
        training=Training(engine="scratch", epochs=3, batch_size=10),
    )
    for layer in (Dense(units=4, activation="tanh"), Dense(units=1, activation="sigmoid")):
        project = edits.append_layer(project, layer)
    path = tmp_path / "circle.nnp"
    save_project(project, path)
    return path


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_train_json(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(circle), "--json"]) == 0
    *epochs, end = lines(capsys.readouterr().out)
    assert [each["epoch"] for each in epochs] == [1, 2, 3]
    assert set(epochs[0]) == {
        "event",
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "learning_rate",
        "seconds",
    }
    assert end["event"] == "end"
    assert end["reason"] == "finished"
    assert end["epoch"] == 3
    assert end["val_loss"] == epochs[-1]["val_loss"]
    assert isinstance(end["mistakes"], int)
    assert (circle.with_name("circle.nnp.runs") / end["run"] / "run.json").is_file()


def test_train_a_model_that_goes_on_with_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rhyme.nnp"
    save_project(rhyme_project(tmp_path), path)
    assert main(["train", str(path), "--json"]) == 0
    told = lines(capsys.readouterr().out)
    written = [each for each in told if each["event"] == "written"]
    assert written[0]["epoch"] == 1
    assert [text["temperature"] for text in written[0]["texts"]] == [0.2, 0.7, 1.2]
    assert written[-1]["texts"][0]["prompt"]
    assert told[-1]["mistakes"] is None
    assert main(["train", str(path), "--set", "training.epochs=2"]) == 0
    assert "Epoch 1, temperature 0.7: " in capsys.readouterr().out


def test_train_a_model_that_writes_targets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "echo.nnp"
    save_project(echo_project(tmp_path), path)
    assert main(["train", str(path), "--json", "--set", "training.epochs=2"]) == 0
    *epochs, end = lines(capsys.readouterr().out)
    assert all(0 <= each["val_exact_match"] <= 1 for each in epochs)
    assert end["mistakes"] == round((1 - end["val_exact_match"]) * 60)
    header = (path.with_name("echo.nnp.runs") / end["run"] / "history.csv").read_text().splitlines()[0]
    assert "val_exact_match" in header.split(",")


def test_train_with_a_bar(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(circle)]) == 0
    assert "finished after epoch 3" in capsys.readouterr().out


def test_settings(circle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--set", "training.epochs=2", "--set", "training.optimizer=RMSprop", "--out", str(tmp_path / "out")]
    assert main(["train", str(circle), "--json", *arguments]) == 0
    *epochs, end = lines(capsys.readouterr().out)
    assert len(epochs) == 2
    frozen = json.loads((tmp_path / "out" / end["run"] / "project.nnp").read_text())
    assert frozen["training"]["optimizer"]["type"] == "RMSprop"


def test_resume(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(circle), "--json"]) == 0
    first = lines(capsys.readouterr().out)[-1]
    assert main(["train", str(circle), "--json", "--resume", "--set", "training.epochs=5"]) == 0
    *epochs, end = lines(capsys.readouterr().out)
    assert [each["epoch"] for each in epochs] == [4, 5]
    assert end["run"] == first["run"]


def test_divergence(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", "training.optimizer.learning_rate=100", "--set", "training.loss=mean_squared_error"]
    linear = ["--set", "model.dense_1.activation=linear", "--set", "model.dense_2.activation=linear"]
    sgd = ["--set", f"training.optimizer={SGD.__name__}"]
    assert main(["train", str(circle), "--json", *sgd, *settings, *linear]) == 1
    captured = capsys.readouterr()
    end = lines(captured.out)[-1]
    assert end["reason"] == "diverged"
    assert "learning rate" in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["train", "nothing.nnp"], 1, "nothing.nnp cannot be opened"),
        (["check", "nothing.nnp"], 1, "nothing.nnp cannot be opened"),
        (["train", "{}", "--resume"], 1, "no run to go on with"),
        (["train", "{}", "--set", "training.epochs"], 2, "PATH=VALUE"),
        (["train", "{}", "--set", "training.epochs=0"], 2, "training.epochs must be"),
        (["train", "{}", "--set", "weather=fine"], 2, "not a place"),
        (["train", "{}", "--set", "model.dense_2.units=3"], 1, "The output gives"),
        (["train", "{}", "--set", "dataset.noise=7"], 2, "dataset.noise"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    circle: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, words: str
) -> None:
    assert main([word.format(circle) for word in arguments]) == status
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert len(captured.err.strip().splitlines()) == 1


@pytest.mark.parametrize("arguments", [["train"], ["fly"], ["train", "a.nnp", "--fast"], ["screenshot", "a.nnp"]])
def test_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.strip() == f"nnplayground {__version__}"


def test_check_json(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(circle), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["layers"][1] == {"id": "dense_1", "type": "Dense", "output_shape": [4], "parameters": 12}
    assert found["parameters"] == 17
    assert found["problems"] == []


def test_check_of_a_project_with_errors(circle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(circle), "--json", "--set", "model.dense_2.units=3"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["path"] == "model.dense_2"
    assert problem["severity"] == "error"
    assert problem["fix"] == "Set 1 unit"
    assert main(["check", str(circle), "--set", "model.dense_2.units=3"]) == 1
    assert "dense_2" in capsys.readouterr().out


def test_a_window_without_a_display(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main([]) == 1
    captured = capsys.readouterr()
    assert "no display" in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_a_missing_system_library_is_named() -> None:
    from nnplayground.cli.window import library_problem

    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    assert "apt-get install libegl1" in library_problem(error)
