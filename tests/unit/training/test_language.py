"""Sessions with models that write: from files to texts, on the scratch engine."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from nnplayground.spec.project import Project
from nnplayground.spec.training import Supervised
from nnplayground.training.controls import Controls
from nnplayground.training.events import DataLoaded, EpochDone, Event, Mistakes, RunEnded, Written
from nnplayground.training.questions import NotTrained
from nnplayground.training.session import Session
from tests.unit.training.writers import echo_project, rhyme_project


def run(session: Session, project: Project) -> list[Event]:
    events = list(session.run(project, controls=Controls()))
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "finished", ended.error
    return events


@pytest.fixture
def rhyme(tmp_path: Path) -> Project:
    return rhyme_project(tmp_path)


class TestGoingOnWithAText:
    def test_it_writes_while_it_learns_and_goes_on_with_a_prompt(self, rhyme: Project, tmp_path: Path) -> None:
        session = Session(base=tmp_path)
        events = run(session, rhyme)
        last = [event for event in events if isinstance(event, Written)][-1]
        prompt = last.texts[0].prompt
        assert prompt in "abc" * 3
        assert f"{prompt}{last.texts[0].text}" in "abc" * 100
        assert len(last.texts[0].text) > 50
        assert session.model.continuation("bca", 0.2, 7) == "bcabcab"
        assert session.model.continuation("abc", 1.0, 30, seed=4) == session.model.continuation("abc", 1.0, 30, seed=4)
        done = [event for event in events if isinstance(event, EpochDone)][-1]
        assert last.epoch == done.epoch
        assert done.metrics["val_accuracy"] > 0.95
        assert not any(isinstance(event, Mistakes) for event in events)

    def test_an_unknown_character_is_named(self, rhyme: Project, tmp_path: Path) -> None:
        session = Session(base=tmp_path)
        session.make_ready(rhyme)
        with pytest.raises(NotTrained, match="“x” does not occur in what the model has learned from; leave it out"):
            session.model.continuation("abx")
        with pytest.raises(NotTrained, match="has not learned to write anything from a source"):
            session.model.translation_of("ab")


@pytest.fixture
def echo(tmp_path: Path) -> Project:
    return echo_project(tmp_path)


class TestWritingATarget:
    def test_what_is_learned_is_written_and_counted(self, echo: Project, tmp_path: Path) -> None:
        session = Session(base=tmp_path)
        events = run(session, echo)
        ended = events[-1]
        assert isinstance(ended, RunEnded)
        assert ended.metrics["val_exact_match"] > 0.95
        mistakes = [event for event in events if isinstance(event, Mistakes)][-1]
        wrong = (mistakes.predictions != mistakes.labels).any(axis=1)
        assert ended.mistakes == wrong.sum()
        loaded = next(event for event in events if isinstance(event, DataLoaded))
        sample_id = mistakes.ids[int(np.flatnonzero(~wrong)[0])]
        translation = session.model.translation(sample_id)
        assert translation.source == translation.target == translation.output == loaded.catalog.texts[sample_id]
        assert translation.output_tokens == tuple(translation.source)
        assert translation.exact is True

    def test_a_source_of_ones_own(self, echo: Project, tmp_path: Path) -> None:
        session = Session(base=tmp_path)
        run(session, echo)
        translation = session.model.translation_of(" xy ")
        assert (translation.source, translation.output) == ("xy", "xy")
        assert translation.target is None
        assert translation.exact is None
        for text, said in (
            ("  ", "Write something to translate."),
            ("xq", "“q” does not occur in what the model has learned from; leave it out."),
            ("xyz", "The model reads 2 tokens at most, and this has 3; make it shorter."),
        ):
            with pytest.raises(NotTrained, match=said):
                session.model.translation_of(text)
        with pytest.raises(NotTrained, match="is not among the samples of this run"):
            session.model.translation("nobody")
        with pytest.raises(NotTrained, match="has not learned to go on with a text"):
            session.model.continuation("xy")


def test_a_snapshot_of_a_sample_of_tokens_says_what_is_most_probable(rhyme: Project, tmp_path: Path) -> None:
    session = Session(base=tmp_path)
    events = run(session, rhyme)
    loaded = next(event for event in events if isinstance(event, DataLoaded))
    sample_id = loaded.catalog.ids["validation"][0]
    prediction = session.model.prediction(sample_id)
    np.testing.assert_array_equal(prediction.label, loaded.catalog.labels["validation"][0])
    assert prediction.values.shape == (6,)
    assert prediction.loss > 0


def test_an_objective_for_other_data_is_refused(rhyme: Project, tmp_path: Path) -> None:
    training = msgspec.structs.replace(rhyme.training, objective=Supervised())
    project = msgspec.structs.replace(rhyme, training=training)
    ended = list(Session(base=tmp_path).run(project, controls=Controls()))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason == "failed"
