"""A generator and a discriminator in the Keras engine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow")

from nnplayground.engine import build
from nnplayground.engine.base import Engine, EngineError
from nnplayground.layers.core import Dense, Flatten, Input, Reshape
from nnplayground.layers.regularization import Dropout
from nnplayground.samples import Preparation, Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.objective import GENERATOR_LOSS
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, Adversarial, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import DataLoaded, Event, Made, RunEnded, Snapshot, SnapshotWants, StepsDone
from nnplayground.training.session import Session

FACTS = DataFacts(input_shape=(2, 2, 1), class_names=("a", "b"), splits={"training": 48, "validation": 16})
BLOCKS = (
    Block("noise", Input(shape=(3,))),
    Block("making", Dense(units=16, activation="relu")),
    Block("pixels", Dense(units=4, activation="sigmoid")),
    Block("made", Reshape(target_shape=(2, 2, 1))),
    Block("image", Input()),
    Block("row", Flatten()),
    Block("looking", Dense(units=16, activation="relu")),
    Block("forgetting", Dropout(rate=0.2)),
    Block("verdict", Dense(units=1, activation="sigmoid")),
)
WIRES = (
    Wire("noise", "making"),
    Wire("making", "pixels"),
    Wire("pixels", "made"),
    Wire("image", "row"),
    Wire("row", "looking"),
    Wire("looking", "forgetting"),
    Wire("forgetting", "verdict"),
)


def project(blocks: tuple[Block, ...] = BLOCKS, rate: float = 0.01) -> Project:
    training = Training(objective=Adversarial(), optimizer=Adam(learning_rate=rate, beta_1=0.5))
    return Project(
        model=Model(blocks, WIRES), dataset=ImageFolder(folder="photos", image_size=(2, 2)), training=training
    )


def samples(count: int) -> Samples:
    """Bright at the top, dark at the bottom."""
    random = np.random.default_rng(count)
    pixels = np.concatenate([random.integers(200, 256, (count, 1, 2, 1)), random.integers(0, 50, (count, 1, 2, 1))], 1)
    targets = np.zeros(count, np.int32)
    return Samples(
        inputs={"image": pixels.astype(np.uint8)},
        targets={"made": targets, "verdict": targets},
        ids=tuple(map(str, range(count))),
        preparation={"image": Preparation(scale=(1 / 255,))},
    )


@pytest.fixture
def engine() -> Engine:
    result = build(project(), FACTS)
    result.attach({"training": samples(48), "validation": samples(16)})
    return result


def batches(epoch: int = 0) -> list[np.ndarray]:
    order = np.random.default_rng(epoch).permutation(48)
    return [order[start : start + 20] for start in range(0, 48, 20)]


def test_what_is_made_becomes_like_the_data(engine: Engine) -> None:
    def brightness() -> np.ndarray:
        return engine.made(64).mean(axis=(0, 2, 3))

    before = brightness()
    for epoch in range(150):
        result = engine.train(batches(epoch))
    assert set(result.values) == {"loss", GENERATOR_LOSS}
    assert result.sizes.tolist() == [20, 20, 8]
    top, bottom = brightness()
    assert top - bottom > 0.5 > (before[0] - before[1])


def test_the_same_noise_makes_the_same_images_and_more_noise_more(engine: Engine) -> None:
    assert np.array_equal(engine.made(5), engine.made(5))
    assert engine.made(700).shape == (700, 2, 2, 1)


def test_how_updates_are_grouped_changes_nothing(engine: Engine) -> None:
    other = build(project(), FACTS)
    other.attach({"training": samples(48)})
    together = engine.train(batches()).values
    one_by_one = [other.train([batch]).values for batch in batches()]
    for name, values in together.items():
        assert values == pytest.approx([float(each[name][0]) for each in one_by_one], rel=1e-6)
    for name, values in engine.weights().items():
        assert other.weights()[name] == pytest.approx(values, abs=1e-7), name


def test_a_restored_state_goes_on_exactly(engine: Engine) -> None:
    engine.train(batches())
    state = engine.state()
    first = engine.train(batches(1)).values
    other = build(project(), FACTS)
    other.attach({"training": samples(48)})
    other.restore(state)
    again = other.train(batches(1)).values
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_both_losses_are_those_of_a_discriminator_that_knows_nothing(engine: Engine) -> None:
    engine.set_weights({"verdict/kernel": np.zeros((16, 1), np.float32), "verdict/bias": np.zeros(1, np.float32)})
    evaluation = engine.evaluate("validation")
    assert evaluation is not None
    assert evaluation.metrics["loss"] == pytest.approx(np.log(2))
    assert evaluation.metrics[GENERATOR_LOSS] == pytest.approx(np.log(2))
    assert evaluation.predictions == pytest.approx(np.full((16, 1), 0.5))


def test_a_rate_of_zero_stops_both(engine: Engine) -> None:
    engine.train(batches())
    before = engine.weights()
    engine.set_values({"training.optimizer.learning_rate": 0.0})
    engine.train(batches(1))
    assert all(np.array_equal(values, before[name]) for name, values in engine.weights().items())


def test_activations_of_both_chains(engine: Engine) -> None:
    inputs = {"image": samples(3).prepared("image", slice(0, 3))}
    found = engine.activations(inputs, ["making", "made", "looking"])
    assert found["making"].shape == (3, 16)
    assert np.array_equal(found["made"], engine.made(3))
    assert found["looking"].shape == (3, 16)
    with pytest.raises(EngineError, match="no layer nowhere"):
        engine.activations(inputs, ["nowhere"])


def test_a_run_goes_on_whatever_panels_want_to_see(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(8):
            Image.fromarray(random.integers(0, 256, (2, 2), np.uint8)).save(tmp_path / name / f"{number}.png")
    dataset = ImageFolder(folder=str(tmp_path), image_size=(2, 2), color_mode="grayscale")
    asked = project()
    asked = msgspec.structs.replace(
        asked, dataset=dataset, training=msgspec.structs.replace(asked.training, epochs=2, batch_size=4)
    )
    session = Session(cache=tmp_path / "cache")
    controls = Controls()
    seen: list[Snapshot] = []
    made: list[Made] = []
    ended: list[Event] = []
    for event in session.run(asked, controls=controls):
        if isinstance(event, DataLoaded):
            wanted = event.catalog.ids["training"][0]
            controls.wants = SnapshotWants(sample_id=wanted, layer_ids=("made", "looking"), flow=True, trace="making")
        if isinstance(event, Snapshot):
            seen.append(event)
        if isinstance(event, Made):
            made.append(event)
        if isinstance(event, StepsDone):
            assert not controls.unseen  # else a pause would wait for numbers that never come
        ended.append(event)
    assert isinstance(ended[-1], RunEnded)
    assert ended[-1].reason == "finished", ended[-1].error
    assert made[0].epoch == 0
    assert made[0].images.shape == (64, 2, 2, 1)
    assert seen
    assert seen[-1].trace is None
    prediction = seen[-1].prediction
    assert prediction is not None
    assert prediction.class_names[int(prediction.label)] == "real"
    assert set(seen[-1].activations) == {"made", "looking"}
    session.close()


@pytest.mark.parametrize(
    ("place", "layer", "words"),
    [
        (
            3,
            Reshape(target_shape=(1, 4, 1)),
            "The generator makes samples of 1 × 4 × 1, but those of the data are 2 × 2",
        ),
        (8, Dense(units=3), "The discriminator ends with 3 values"),
        (0, Input(), "one generator"),
    ],
)
def test_chains_that_do_not_fit_are_named(place: int, layer: Input | Dense | Reshape, words: str) -> None:
    blocks = list(BLOCKS)
    blocks[place] = Block(blocks[place].id, layer)
    with pytest.raises(EngineError, match=words):
        build(project(tuple(blocks)), FACTS)
