"""Models that write: drawing tokens, going on with a prompt, writing targets, and what a run tells of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nnplayground.data.tokens import READ, WRITTEN, Tokenizer
from nnplayground.engine.base import Evaluation
from nnplayground.engine.writing import States, complete
from nnplayground.layers.activations import activation
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.project import Project
from nnplayground.spec.training import NextToken, TeacherForcing, Training
from nnplayground.training.controls import Controls
from nnplayground.training.events import EpochDone, Event, Mistakes, RunEnded, Written
from nnplayground.training.loop import TrainingLoop
from nnplayground.training.progress import Progress, RunPlan
from nnplayground.training.questions import NotTrained
from nnplayground.training.snapshots import Viewer
from nnplayground.training.translating import Translator, exact
from nnplayground.training.writing import TEMPERATURES, Writer, drawn
from tests.unit.training.fakes import FakeEngine

LETTERS = (*READ, "a", "b", "c")
MARKED = (*WRITTEN, "x", "y")
START, END = 2, 3


class Alphabet(FakeEngine):
    """Behind a comes b, behind b comes c, behind c comes a."""

    def predict(self, inputs: Arrays) -> Array:
        return self._after(next(iter(inputs.values())))

    def _after(self, tokens: Array) -> Array:
        return np.eye(len(LETTERS), dtype=np.float32)[np.array([1, 1, 3, 4, 2])[tokens.astype(int)]]


class Fast(Alphabet):
    """The same, one token at a time, counting them."""

    def step(self, tokens: Array, states: States | None) -> tuple[Array, States]:
        before = 0 if states is None else states[0]
        return self._after(tokens), [before + 1]

    def complete(self, inputs: Arrays, written: str | None, *, start: int, end: int) -> Array:
        raise AssertionError("nothing is to be completed")


class Echo(FakeEngine):
    """Writes its source."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: set[int] = set()
        """Sources, by their first token, of which it writes something else."""

    def predict(self, inputs: Arrays) -> Array:
        source, so_far = inputs["input"], inputs["target"]
        assert so_far.shape == source.shape
        assert (so_far[:, 0] == START).all()
        told = source.astype(int).copy()
        told[np.isin(told[:, 0], list(self.wrong))] = END
        return np.eye(len(MARKED), dtype=np.float32)[told]

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        count = len(self._splits[split])
        return Evaluation({"loss": 0.5, "accuracy": 1.0}, np.zeros(count), np.zeros((count, 3), np.int32))


def writer(engine: FakeEngine, prompt: tuple[int, ...] = (2, 3), level: str = "character") -> Writer:
    tokenizer = Tokenizer(level, LETTERS)  # type: ignore[arg-type]
    return Writer(engine, tokenizer, name="input", places=3, prompt=np.array(prompt, np.int32), seed=0, run_id="run")


@pytest.mark.parametrize("engine", [Alphabet(), Fast()], ids=["by windows", "step by step"])
def test_a_text_goes_on_behind_the_prompt_beyond_the_window(engine: FakeEngine) -> None:
    assert writer(engine).continuation("ab", temperature=0.5, length=7, seed=1) == "cabcabc"


def test_words_are_set_apart() -> None:
    assert writer(Fast(), level="word").continuation("a b", temperature=1, length=3, seed=1) == " c a b"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"prompt": ""}, "Write a few words to begin with"),
        ({"prompt": "aßz"}, "“ß”, “z” do not occur in what the model has learned from; leave them out."),
        ({"length": 0}, "Ask for 1 to 5,000 tokens"),
        ({"temperature": 0.0}, "The temperature must be above 0"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(asked: dict[str, object], said: str) -> None:
    question = {"prompt": "a", "length": 3, "temperature": 1.0, **asked}
    with pytest.raises(NotTrained, match=said):
        writer(Fast()).continuation(**question, seed=0)  # type: ignore[arg-type]


def test_a_temperature_sharpens_or_flattens() -> None:
    probabilities = np.tile(np.array([0.5, 0.1, 0.1, 0.3], np.float32), (4000, 1))

    def share(temperature: float) -> float:
        tokens = drawn(probabilities, np.full((4000, 1), temperature), np.random.default_rng(0), barred=2)
        assert set(np.unique(tokens)) <= {2, 3}
        return float((tokens == 3).mean())

    # p^(1/T): 0.3 against 0.1.
    assert share(1.0) == pytest.approx(0.75, abs=0.03)
    assert share(0.5) == pytest.approx(0.9, abs=0.03)
    assert share(0.01) == 1.0
    assert share(100.0) == pytest.approx(0.5, abs=0.03)


def test_after_an_epoch_it_writes_at_each_temperature_and_says_the_same_with_the_same_weights() -> None:
    author = writer(Fast())
    (event,) = author.results(1, 10)
    assert isinstance(event, Written)
    assert (event.epoch, event.update) == (1, 10)
    assert [text.temperature for text in event.texts] == list(TEMPERATURES)
    assert all(text.prompt == "ab" and text.text.startswith("cabca") for text in event.texts)
    assert author.samples() == event.texts


def test_it_begins_where_a_line_or_a_word_begins() -> None:
    tokenizer = Tokenizer("character", (*READ, "a", "b", " ", "\n"))

    def prompt(piece: str) -> str:
        numbers = tokenizer.numbers(piece)
        author = Writer(Fast(), tokenizer, name="input", places=60, prompt=numbers, seed=0, run_id="run")
        return author.samples()[0].prompt

    assert prompt("ab a\n\nba ab ab aaaaa bbbbb") == "ba ab ab aaaaa bbbbb"
    assert prompt("ab bbbbbbbbbb bbbbbbbbbb\nb") == "bbbbbbbbbb bbbbbbbbb"
    assert prompt("aaaaaaaaaabbbbbbbbbbaaaaa") == "aaaaaaaaaabbbbbbbbbb"


def test_before_the_first_epoch_nothing_is_written() -> None:
    assert list(writer(Fast()).results(0, 0)) == []


def test_a_target_is_written_up_to_its_end() -> None:
    source = np.array([[4, 5, 3], [5, 3, 4]], np.float32)
    written = complete(Echo(), {"input": source}, "target", places=3, start=START, end=END)
    np.testing.assert_array_equal(written, [[4, 5, 3], [5, 3, 0]])


def test_a_target_is_right_at_every_place_or_not_at_all() -> None:
    targets = np.array([[4, 3, 0], [4, 5, 3]], np.int32)
    assert exact(targets, np.array([[4, 3, 0], [4, 4, 3]], np.int32)).tolist() == [True, False]


def pairs(count: int) -> Samples:
    sources = np.array([[4 + number % 2, 5, 3] for number in range(count)], np.int32)
    return Samples(
        inputs={"input": sources, "target": np.full((count, 3), 7, np.int32)},
        targets={"dense_1": sources},
        ids=tuple(map(str, range(count))),
    )


def run(engine: FakeEngine, objective: NextToken | TeacherForcing, validation: int) -> list[Event]:
    splits = {"training": pairs(4), "validation": pairs(validation)}
    engine.attach(splits)
    project = Project(training=Training(epochs=1, objective=objective))
    translator = Translator(engine, Tokenizer("character", MARKED), places=3, written="target")
    loop = TrainingLoop(
        engine,
        splits,
        plan=RunPlan("run", project, (), ("accuracy",), 1),
        controls=Controls(),
        progress=Progress(),
        viewer=Viewer(
            engine,
            splits,
            loss="categorical_crossentropy",
            shapes={"dense_1": (3, 6)},
            activations={"dense_1": activation("softmax")},
        ),
        translator=translator if isinstance(objective, TeacherForcing) else None,
    )
    return list(loop.events())


def test_a_run_tells_how_many_targets_are_written_without_a_mistake() -> None:
    engine = Echo()
    engine.wrong = {5}
    events = run(engine, TeacherForcing(), validation=1001)
    done = next(event for event in events if isinstance(event, EpochDone))
    assert done.metrics["val_exact_match"] == pytest.approx(0.5, abs=0.02)
    first, last = (event for event in events if isinstance(event, Mistakes))
    # After an epoch as many as are quick, at the end all of them.
    assert len(first.ids) == len(first.labels) == len(first.predictions) == len(first.losses) < 1001
    assert len(last.ids) == len(last.predictions) == 1001
    np.testing.assert_array_equal(last.labels[0], [4, 5, 3])
    np.testing.assert_array_equal(last.predictions[:2], [[4, 5, 3], [3, 0, 0]])
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.mistakes == 500
    assert ended.metrics["val_exact_match"] == pytest.approx(501 / 1001)


def test_what_comes_next_in_a_text_is_no_mistake() -> None:
    events = run(Echo(), NextToken(), validation=3)
    assert not any(isinstance(event, Mistakes) for event in events)
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.mistakes is None
    assert "val_exact_match" not in ended.metrics
