"""Feature extraction and fine-tuning: what the frozen part gives is computed once, and stages make one run."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow")

from nnplayground.data import store
from nnplayground.engine.base import EngineError
from nnplayground.engine.keras import engine as keras_engine
from nnplayground.layers import Layer
from nnplayground.layers.applications import VGG16, MobileNet
from nnplayground.layers.augmentation import RandomFlip
from nnplayground.layers.core import Dense
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import append_layer, fine_tune, set_parameter
from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Event, Notice, Preparing, RunEnded, RunStarted
from nnplayground.training.session import Session
from nnplayground.training.store import RunStore, load_run

SIDE = 32
BASE = VGG16(weights_from="none", output_layer="block2_pool", pooling="avg")
HEAD = (Dense(units=4, activation="relu"), Dropout(rate=0.3), Dense(units=1, activation="sigmoid"))


def _passes(engine: Any, epochs: int = 3) -> tuple[dict[str, np.ndarray], float]:
    """(weights, validation loss) after some epochs."""
    for _ in range(epochs):
        engine.train([np.arange(start, min(start + 8, 22)) for start in range(0, 22, 8)])
    evaluation = engine.evaluate("validation")
    return dict(engine.weights()), evaluation.metrics["loss"]


def _pair(bench: Any, *layers: Layer) -> tuple[Any, Any]:
    """Two engines for the same model and samples; the second one has features."""
    model = bench.chain(*layers)
    data = {"training": bench.images(model, 22, SIDE), "validation": bench.images(model, 9, SIDE, seed=1)}
    made = []
    for _ in range(2):
        engine = bench.engine(model, bench.facts((SIDE, SIDE, 3)), Training(optimizer=SGD(learning_rate=0.05)))
        engine.attach(data)
        made.append(engine)
    features = {name: made[1].features(name, slice(0, len(samples))) for name, samples in data.items()}
    made[1].attach_features(features)
    return made[0], made[1]


@pytest.mark.parametrize(
    "layers",
    [
        pytest.param((BASE, *HEAD), id="frozen"),
        pytest.param(
            (
                MobileNet(weights_from="none", output_layer="conv_pw_2_relu", trainable="conv_dw_2", pooling="avg"),
                *HEAD,
            ),
            id="opened",
        ),
        pytest.param((BASE, BatchNormalization(), *HEAD), id="mixing"),
    ],
)
def test_training_on_features_gives_the_same_weights(bench: Any, layers: tuple[Layer, ...]) -> None:
    plain, cached = _pair(bench, *layers)
    expected, loss = _passes(plain)
    found, found_loss = _passes(cached)
    assert cached.has_features
    assert not plain.has_features
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert found_loss == pytest.approx(loss, rel=1e-4)
    pictures = {"input": np.random.default_rng(4).random((3, SIDE, SIDE, 3), dtype=np.float32)}
    np.testing.assert_allclose(cached.predict(pictures), plain.predict(pictures), rtol=1e-4)
    assert set(cached.state().weights) == set(plain.state().weights)


def test_another_weight_in_the_frozen_part_lets_go_of_the_features(bench: Any) -> None:
    _, engine = _pair(bench, BASE, *HEAD)
    weights = engine.weights()
    engine.set_weights(weights)
    assert engine.has_features  # the same as before
    name = "vgg16_1/block1_conv1/bias"
    engine.set_weights({name: weights[name] + 0.5})
    assert not engine.has_features
    np.testing.assert_array_equal(engine.weights()[name], weights[name] + 0.5)
    engine.train([np.arange(8)])


def test_nothing_is_frozen_in_a_model_without_a_pretrained_block(bench: Any) -> None:
    engine = bench.engine(bench.chain(*HEAD), bench.facts((6,)))
    assert engine.feature_shapes == {}
    with pytest.raises(EngineError):
        engine.attach_features({})


# The whole way, with a folder of pictures


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 190)):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(level - 50, level + 50, (SIDE, SIDE, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "photos"


class Person:
    """Runs projects in one session, and remembers what was told beside the events."""

    def __init__(self, tmp_path: Path) -> None:
        self.cache = tmp_path / "cache"
        self.runs = tmp_path / "runs"
        self.session = Session(cache=self.cache)
        self.told: list[Event] = []

    def run(self, project: Project, controls: Controls | None = None) -> list[Event]:
        self.told.clear()
        events = list(
            self.session.run(
                project,
                controls=controls or Controls(),
                report=self.told.append,
                store=lambda frozen, run_id: RunStore(self.runs / run_id, frozen, seed=0),
            )
        )
        self.told += [each for each in events if isinstance(each, Notice)]
        return events

    @property
    def computed(self) -> int:
        """For how many samples the frozen part was computed."""
        steps = [each for each in self.told if isinstance(each, Preparing) and "frozen part" in each.message]
        return steps[-1].done if steps else 0

    @property
    def notices(self) -> list[str]:
        return [each.message for each in self.told if isinstance(each, Notice)]

    def kept(self) -> list[str]:
        return sorted(str(path.relative_to(self.cache)) for path in (self.cache / "features").glob("*/*"))


@pytest.fixture
def person(tmp_path: Path) -> Any:
    made = Person(tmp_path)
    yield made
    made.session.close()


def _project(photos: Path, *layers: Layer, **parts: Any) -> Project:
    result = Project(
        dataset=ImageFolder(folder=str(photos), image_size=(SIDE, SIDE), **parts),
        training=Training(epochs=2, batch_size=8, optimizer=SGD(learning_rate=0.05)),
    )
    for layer in layers:
        result = append_layer(result, layer)
    return result


class TestKeptFeatures:
    def test_they_are_computed_once_and_found_again(self, photos: Path, person: Person) -> None:
        project = _project(photos, BASE, *HEAD)
        ended = person.run(project)[-1]
        assert isinstance(ended, RunEnded)
        assert ended.reason == "finished", ended.error
        assert person.computed == 24
        kept = person.kept()
        assert len(kept) == 2
        # Another head, and another session.
        person.session.close()
        person.session = Session(cache=person.cache)
        person.run(_project(photos, BASE, Dense(units=1, activation="sigmoid")))
        assert person.computed == 0
        assert person.kept() == kept

    def test_other_content_is_computed_anew(self, photos: Path, person: Person) -> None:
        project = _project(photos, BASE, *HEAD)
        person.run(project)
        person.run(set_parameter(project, "dataset.pixels", "-1..1"))
        assert person.computed == 24  # prepared in another way
        person.run(set_parameter(project, "training.seed", 5))
        assert person.computed == 24  # other random weights
        picture = photos / "dark" / "3.png"
        Image.fromarray(np.full((SIDE, SIDE, 3), 9, np.uint8)).save(picture)
        os.utime(picture, ns=(1, 1))
        person.session.forget_data()
        person.run(project)
        assert person.computed == 24  # another picture

    def test_damage_is_noticed(self, photos: Path, person: Person) -> None:
        project = _project(photos, BASE, *HEAD)
        person.run(project)
        (stored,) = (person.cache / "features").glob("*/*.npy")
        content = bytearray(stored.read_bytes())
        content[-4:] = b"\0\0\0\0"
        content[200:204] = b"\1\2\3\4"
        person.session.close()
        stored.write_bytes(content)
        person.session = Session(cache=person.cache)
        person.run(project)
        assert person.computed == 24

    @pytest.mark.parametrize("refused", ["folder", "rows", "index"])
    def test_where_no_disk_takes_them_one_sentence_says_so_and_training_goes_on(
        self, photos: Path, person: Person, monkeypatch: pytest.MonkeyPatch, refused: str
    ) -> None:
        class Full(io.FileIO):
            def write(self, data: object, /) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        def opened(path: Path, mode: str, buffering: int = -1) -> Any:
            kept = path.name.endswith(".npy.partial")
            full = "features" in path.parts and kept == (refused == "rows")
            return io.BufferedRandom(Full(path, "w+"), 2**20) if full else open(path, mode, buffering)

        project = _project(photos, BASE, *HEAD)
        if refused == "folder":
            person.cache.mkdir()
            (person.cache / "features").write_text("in the way")
        else:
            monkeypatch.setattr(store, "open", opened, raising=False)
        ended = person.run(project)[-1]
        assert isinstance(ended, RunEnded)
        assert ended.reason == "finished", ended.error
        assert sum("frozen part" in each and "could not be kept" in each for each in person.notices) == 1
        assert not any(path.is_file() for path in (person.cache / "features").rglob("*"))
        # The same session goes on with what it has.
        person.run(project)
        assert person.computed == 0

    @pytest.mark.parametrize("where", ["model", "data"])
    def test_nothing_random_is_ever_kept(self, photos: Path, person: Person, where: str) -> None:
        if where == "model":
            project = _project(photos, RandomFlip(), BASE, *HEAD)
        else:
            project = _project(photos, BASE, *HEAD, augmentation=(RandomFlip(),))
        ended = person.run(project)[-1]
        assert isinstance(ended, RunEnded)
        assert ended.reason == "finished", ended.error
        assert person.computed == 0
        assert person.kept() == []

    def test_it_can_be_stopped(self, photos: Path, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keras_engine, "AT_ONCE", 8)
        controls = Controls()
        told = person.told.append

        def report(event: Event) -> None:
            told(event)
            if isinstance(event, Preparing) and "frozen part" in event.message:
                controls.stop()

        big = _project(photos, MobileNet(weights_from="none", pooling="avg"), *HEAD)
        events = list(person.session.run(big, controls=controls, report=report))
        ended = events[-1]
        assert isinstance(ended, RunEnded)
        assert person.computed < 24
        assert ended.reason == "stopped"
        assert person.kept() == []


class TestFineTuning:
    def test_the_second_stage_goes_on_with_all_weights_on_the_same_curve(self, photos: Path, person: Person) -> None:
        base = MobileNet(weights_from="none", output_layer="conv_pw_2_relu", pooling="avg")
        project = _project(photos, base, *HEAD)
        person.run(project)
        head = dict(person.session.model.engine.state().weights)
        tuned = fine_tune(project, "mobile_net_1", "conv_dw_2")
        assert tuned.training.optimizer.learning_rate == pytest.approx(0.005)
        # Nothing is learned, so that what is kept can be seen.
        still = set_parameter(tuned, "training.optimizer.learning_rate", 1e-12)
        events = person.run(still)
        started = next(each for each in events if isinstance(each, RunStarted))
        assert started.reinitialized == ()
        assert set(started.kept) == {"mobile_net_1", "dense_1", "dense_2"}
        assert (started.epoch, started.update) == (2, 6)
        assert [(each.epoch, each.what) for each in started.stages] == [(2, "fine-tuning from conv_dw_2")]
        assert [each.epoch for each in events if isinstance(each, EpochDone)] == [3, 4]
        assert person.notices == []
        assert person.computed == 24  # up to conv_dw_2, with its moving statistics as they were
        after = person.session.model.engine.state().weights
        for name, values in head.items():
            if "conv_dw_2" not in name and "conv_pw_2" not in name:
                np.testing.assert_allclose(after[name], values, atol=1e-7, err_msg=name)
        stored = load_run(person.runs / started.run_id)
        assert [each.epoch for each in stored.progress.stages] == [2]
        assert len(stored.progress.history) == 4

    def test_unfreezing_before_the_head_has_learned_is_told(self, photos: Path, person: Person, tmp_path: Path) -> None:
        from nnplayground.engine.keras.runtime import keras

        network = keras.applications.VGG16(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3))
        network.save_weights(tmp_path / "vgg.weights.h5")
        base = VGG16(weights_from=str(tmp_path / "vgg.weights.h5"), output_layer="block1_pool", pooling="avg")
        project = _project(photos, base, Dense(units=1, activation="sigmoid"))
        person.run(fine_tune(project, "vgg16_1", "block1_conv2"))
        assert len(person.notices) == 1
        assert "dense_1 behind it has learned nothing" in person.notices[0]
        person.session.reset()
        person.run(project)
        person.run(fine_tune(project, "vgg16_1", "block1_conv2"))
        assert person.notices == []
