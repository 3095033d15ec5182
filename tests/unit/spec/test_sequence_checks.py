"""Problems of tokens, sequences, several Inputs and objectives; and that the offered fixes mend them."""

from __future__ import annotations

import pytest

from nnplayground.layers import Layer
from nnplayground.layers.convolution_1d import Conv1D
from nnplayground.layers.core import Dense, Flatten, Input, Reshape
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional
from nnplayground.layers.sequences import Embedding, TimeDistributed
from nnplayground.spec import edits
from nnplayground.spec.checks import Problem, check
from nnplayground.spec.dataset import Dataset, ImageFolder, Pairs, Points, Series, Text
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adversarial, NextToken, Objective, Supervised, TeacherForcing, Training

WORDS = tuple(f"word {number}" for number in range(50))
LETTERS = tuple("…?" + "abcdefghij")
SPLITS = {"training": 80, "validation": 20}

REVIEWS = Text(file="/reviews.csv", text_column="text", label_column="label", sequence_length=20)
REVIEW_FACTS = DataFacts(
    input_shape=(20,),
    input_shapes={"text": (20,)},
    vocabularies={"text": WORDS},
    class_names=("good", "bad"),
    splits=SPLITS,
)
NOVEL = Text(file="/novel.txt", level="character", sequence_length=30)
NOVEL_FACTS = DataFacts(
    input_shape=(30,),
    input_shapes={"text": (30,)},
    vocabularies={"text": LETTERS},
    target="tokens",
    target_length=30,
    class_names=LETTERS,
    splits=SPLITS,
)
DATES = Pairs(file="/dates.csv", source_length=12, target_length=7)
DATE_FACTS = DataFacts(
    input_shape=(12,),
    input_shapes={"source": (12,), "target": (7,)},
    vocabularies={"source": WORDS, "target": LETTERS},
    target="tokens",
    target_length=7,
    class_names=LETTERS,
    splits=SPLITS,
)
PHOTOS = ImageFolder(folder="/photos", image_size=(8, 6), color_mode="grayscale")
PHOTO_FACTS = DataFacts(input_shape=(8, 6, 1), class_names=("cat", "dog"), splits=SPLITS)


def chain(dataset: Dataset | None, *layers: Layer, objective: Objective | None = None) -> Project:
    training = Training(objective=objective or Supervised())
    project = Project(dataset=dataset, training=training)
    for layer in layers:
        project = edits.append_layer(project, layer)
    return project


def found(project: Project, facts: DataFacts | None, path: str) -> Problem:
    """The only problem at a path."""
    problems = [each for each in check(project, facts) if each.path == path]
    assert len(problems) == 1, check(project, facts)
    return problems[0]


def mended(project: Project, problem: Problem) -> Project:
    assert problem.fix is not None
    return problem.fix.apply(project)


class TestObjective:
    @pytest.mark.parametrize(
        ("dataset", "facts", "objective", "fix"),
        [
            (REVIEWS, REVIEW_FACTS, NextToken(), "Choose supervised"),
            (NOVEL, NOVEL_FACTS, Supervised(), "Choose next_token"),
            (DATES, DATE_FACTS, Supervised(), "Choose teacher_forcing"),
            (DATES, None, NextToken(), "Choose teacher_forcing"),
            (Series(file="/s.csv"), None, TeacherForcing(), "Choose supervised"),
            (Points(), None, Adversarial(), "Choose supervised"),
        ],
    )
    def test_goes_with_the_data(
        self, dataset: Dataset, facts: DataFacts | None, objective: Objective, fix: str
    ) -> None:
        project = chain(dataset, Dense(), objective=objective)
        problem = found(project, facts, "training.objective")
        assert problem.severity == "error"
        assert problem.fix is not None
        assert problem.fix.title == fix
        after = mended(project, problem)
        assert not [each for each in check(after, facts) if each.path == "training.objective"]

    @pytest.mark.parametrize(
        ("dataset", "facts", "objective"),
        [
            (REVIEWS, REVIEW_FACTS, Supervised()),
            (NOVEL, NOVEL_FACTS, NextToken()),
            (NOVEL, None, NextToken()),
            (DATES, DATE_FACTS, TeacherForcing()),
            (PHOTOS, PHOTO_FACTS, Supervised()),
            (PHOTOS, PHOTO_FACTS, Adversarial()),
        ],
    )
    def test_that_fits(self, dataset: Dataset, facts: DataFacts | None, objective: Objective) -> None:
        project = chain(dataset, Dense(), objective=objective)
        assert not [each for each in check(project, facts) if each.path == "training.objective"]


class TestTokens:
    def test_a_vocabulary_larger_than_the_embedding(self) -> None:
        project = chain(REVIEWS, Embedding(input_dim=49), LSTM(), Dense(units=1, activation="sigmoid"))
        problem = found(project, REVIEW_FACTS, "model.embedding_1.input_dim")
        assert problem.severity == "error"
        assert "49" in problem.message
        assert mended(project, problem).model.layer("embedding_1") == Embedding(input_dim=50)
        assert not [each for each in check(project, None) if each.path.endswith("input_dim")]

    def test_each_input_has_its_vocabulary(self) -> None:
        model = Model(
            (
                Block("input", Input()),
                Block("input_2", Input()),
                Block("one", Embedding(input_dim=50)),
                Block("two", Embedding(input_dim=11)),
            ),
            (Wire("input", "one"), Wire("input_2", "two")),
        )
        project = Project(model=model, dataset=DATES, training=Training(objective=TeacherForcing()))
        problem = found(project, DATE_FACTS, "model.two.input_dim")
        assert problem.fix is not None
        assert problem.fix.title == "Set 12"
        assert not [each for each in check(project, DATE_FACTS) if each.path == "model.one.input_dim"]

    def test_a_recurrent_layer_on_tokens(self) -> None:
        project = chain(REVIEWS, LSTM(), Dense(units=1, activation="sigmoid"))
        problem = found(project, REVIEW_FACTS, "model.lstm_1")
        assert problem.severity == "error"
        assert "put Embedding before it" in problem.message
        after = mended(project, problem)
        assert after.model.sources("lstm_1") == ("embedding_1",)
        assert not [each for each in check(after, REVIEW_FACTS) if each.severity == "error"]

    def test_a_convolution_on_tokens(self) -> None:
        project = chain(REVIEWS, Conv1D(filters=4, kernel_size=3))
        after = mended(project, found(project, REVIEW_FACTS, "model.conv1d_1"))
        assert after.model.sources("conv1d_1") == ("embedding_1",)

    def test_numbers_of_tokens_taken_for_sizes(self) -> None:
        project = chain(REVIEWS, Dense(units=4, activation="relu"), Dense(units=1, activation="sigmoid"))
        problem = found(project, REVIEW_FACTS, "model.dense_1")
        assert problem.severity == "warning"
        after = mended(project, problem)
        assert after.model.layer("embedding_1").input_dim == 50  # type: ignore[attr-defined]

    @pytest.mark.parametrize("reader", [LSTM(), Bidirectional(layer=GRU())])
    def test_padding_read_as_tokens(self, reader: Layer) -> None:
        project = chain(REVIEWS, Embedding(input_dim=50), reader, Dense(units=1, activation="sigmoid"))
        problem = found(project, REVIEW_FACTS, "model.embedding_1.mask_zero")
        assert problem.severity == "warning"
        assert check(mended(project, problem), REVIEW_FACTS) == ()

    def test_windows_of_a_plain_text_have_no_padding(self) -> None:
        project = chain(
            NOVEL,
            Embedding(input_dim=12),
            GRU(return_sequences=True),
            Dense(units=12, activation="softmax"),
            objective=NextToken(),
        )
        assert check(project, NOVEL_FACTS) == ()


class TestSequences:
    def test_a_recurrent_layer_on_images(self) -> None:
        project = chain(PHOTOS, LSTM(), Dense(units=1, activation="sigmoid"))
        problem = found(project, PHOTO_FACTS, "model.lstm_1")
        assert problem.severity == "error"
        assert "image" in problem.message
        after = mended(project, problem)
        assert after.model.layer("reshape_1") == Reshape(target_shape=(8, 6))
        assert check(after, PHOTO_FACTS) == ()

    def test_a_recurrent_layer_on_one_row(self) -> None:
        project = chain(PHOTOS, Flatten(), LSTM(), Dense(units=1, activation="sigmoid"))
        after = mended(project, found(project, PHOTO_FACTS, "model.lstm_1"))
        assert after.model.layer("reshape_1") == Reshape(target_shape=(48, 1))

    @pytest.mark.parametrize(
        ("first", "layer_id"), [(LSTM(units=4), "lstm_1"), (Bidirectional(layer=LSTM(units=4)), "bidirectional_1")]
    )
    def test_one_recurrent_layer_behind_another(self, first: Layer, layer_id: str) -> None:
        project = chain(
            REVIEWS, Embedding(input_dim=50, mask_zero=True), first, GRU(), Dense(units=1, activation="sigmoid")
        )
        problem = found(project, REVIEW_FACTS, "model.gru_1")
        assert f"let {layer_id} return sequences" in problem.message
        assert check(mended(project, problem), REVIEW_FACTS) == ()

    def test_a_sequence_where_one_answer_is_wanted(self) -> None:
        project = chain(
            REVIEWS,
            Embedding(input_dim=50, mask_zero=True),
            LSTM(return_sequences=True),
            Dense(units=1, activation="sigmoid"),
        )
        problem = found(project, REVIEW_FACTS, "model.dense_1")
        assert check(mended(project, problem), REVIEW_FACTS) == ()

    @pytest.mark.parametrize(
        ("dataset", "path"),
        [
            (Text(file="/t.csv", sequence_length=1), "dataset.sequence_length"),
            (Series(file="/s.csv", columns=("a",), window=1), "dataset.window"),
            (Pairs(file="/p.csv", source_length=1), "dataset.source_length"),
            (Pairs(file="/p.csv", target_length=1), "dataset.target_length"),
        ],
    )
    def test_rows_of_one(self, dataset: Dataset, path: str) -> None:
        assert found(chain(dataset, Flatten(), Dense()), None, path).severity == "warning"

    def test_a_single_step(self) -> None:
        project = chain(PHOTOS, Reshape(target_shape=(1, 48)), LSTM(), Dense(units=1, activation="sigmoid"))
        assert "single step" in found(project, PHOTO_FACTS, "model.lstm_1").message

    def test_columns_of_a_series_that_only_the_file_tells(self) -> None:
        project = chain(Series(file="/s.csv", window=10), LSTM(), Dense(units=1))
        facts = DataFacts(input_shape=(10, 3), input_shapes={"series": (10, 3)}, target="number", splits=SPLITS)
        assert check(project, None) == ()
        assert check(project, facts) == ()


class TestOutputOfTokens:
    def test_one_row_where_every_place_needs_one(self) -> None:
        project = chain(NOVEL, Embedding(input_dim=12), GRU(), Dense(units=5), objective=NextToken())
        problem = found(project, NOVEL_FACTS, "model.dense_1")
        assert "30 places" in problem.message
        assert check(mended(project, problem), NOVEL_FACTS) == ()

    @pytest.mark.parametrize("end", [Dense(units=5), TimeDistributed(layer=Dense(units=12))])
    def test_units_and_softmax(self, end: Layer) -> None:
        project = chain(NOVEL, Embedding(input_dim=12), GRU(return_sequences=True), end, objective=NextToken())
        problem = found(project, NOVEL_FACTS, f"model.{project.model.outputs[0]}")
        assert "12 units with softmax" in problem.message
        assert check(mended(project, problem), NOVEL_FACTS) == ()

    def test_no_dense_layer_at_the_end(self) -> None:
        project = chain(NOVEL, Embedding(input_dim=12), GRU(units=8, return_sequences=True), objective=NextToken())
        assert check(mended(project, found(project, NOVEL_FACTS, "model.gru_1")), NOVEL_FACTS) == ()

    def test_another_number_of_places(self) -> None:
        project = chain(
            DATES,
            Embedding(input_dim=50, mask_zero=True),
            GRU(return_sequences=True),
            Dense(units=12, activation="softmax"),
            objective=TeacherForcing(),
        )
        problem = found(project, DATE_FACTS, "model.dense_1")
        assert "12 × 12" in problem.message
        assert "7 places" in problem.message


class TestTwoChains:
    @pytest.mark.parametrize("units", [8, 4])
    def test_the_state_of_the_encoder_for_the_decoder(self, units: int) -> None:
        blocks = (
            Block("input", Input()),
            Block("one", Embedding(input_dim=50, mask_zero=True)),
            Block("encoder", LSTM(units=units)),
            Block("input_2", Input()),
            Block("two", Embedding(input_dim=12, mask_zero=True)),
            Block("decoder", LSTM(units=8, return_sequences=True)),
            Block("dense_1", Dense(units=12, activation="softmax")),
        )
        pairs = ("input one", "one encoder", "input_2 two", "two decoder", "decoder dense_1")
        model = Model(blocks, tuple(Wire(*pair.split()) for pair in pairs))
        project = Project(model=model, dataset=DATES, training=Training(objective=TeacherForcing()))
        problem = next(each for each in check(project, DATE_FACTS) if "2 ends" in each.message)
        if units == 8:
            assert check(mended(project, problem), DATE_FACTS) == ()
        else:
            assert problem.fix is None


class TestInputs:
    def test_an_array_that_is_not_there(self) -> None:
        project = edits.set_parameter(chain(DATES, Flatten()), "model.input.source", "text")
        problem = found(project, DATE_FACTS, "model.input.source")
        assert "it has source and target" in problem.message
        assert mended(project, problem).model.layer("input") == Input(source="source")

    def test_two_inputs_with_the_same_array(self) -> None:
        project = edits.add_layer(chain(DATES, Flatten()), Input(source="source"))
        project = edits.set_parameter(project, "model.input.source", "source")
        problem = found(project, DATE_FACTS, "model.input_1.source")
        assert problem.severity == "warning"
        assert mended(project, problem).model.layer("input_1") == Input(source="target")

    def test_more_inputs_than_arrays(self) -> None:
        project = chain(DATES, Flatten())
        for _ in range(2):
            project = edits.add_layer(project, Input())
        assert any("Nothing is left" in each.message for each in check(project, DATE_FACTS))

    def test_inputs_may_share_the_only_array(self) -> None:
        project = edits.add_layer(chain(PHOTOS, Flatten()), Input())
        assert not [each for each in check(project, PHOTO_FACTS) if "take" in each.message]

    def test_a_shape_of_its_own(self) -> None:
        project = edits.set_parameter(chain(PHOTOS, Flatten()), "model.input.shape", [8, 6, 1])
        problem = found(project, PHOTO_FACTS, "model.input.shape")
        assert mended(project, problem).model.layer("input") == Input()


class TestAdversarial:
    def project(self, generator: Layer, discriminator: Layer, objective: Objective | None = None) -> Project:
        blocks = (
            Block("noise", Input(shape=(16,))),
            Block("made", generator),
            Block("made_image", Reshape(target_shape=(8, 6, 1))),
            Block("input", Input()),
            Block("flatten_1", Flatten()),
            Block("verdict", discriminator),
        )
        wires = tuple(
            Wire(*ends)
            for ends in (
                ("noise", "made"),
                ("made", "made_image"),
                ("input", "flatten_1"),
                ("flatten_1", "verdict"),
            )
        )
        training = Training(objective=objective or Adversarial())
        return Project(model=Model(blocks, wires), dataset=PHOTOS, training=training)

    def test_that_fits(self) -> None:
        project = self.project(Dense(units=48, activation="sigmoid"), Dense(units=1, activation="sigmoid"))
        assert [each for each in check(project, PHOTO_FACTS) if each.severity == "error"] == []

    def test_the_verdict(self) -> None:
        project = self.project(Dense(units=48), Dense(units=2, activation="softmax"))
        after = mended(project, found(project, PHOTO_FACTS, "model.verdict"))
        assert [each for each in check(after, PHOTO_FACTS) if each.severity == "error"] == []

    def test_images_of_another_shape(self) -> None:
        project = self.project(Dense(units=48), Dense(units=1, activation="sigmoid"))
        project = edits.set_parameter(project, "model.made_image.target_shape", [6, 8, 1])
        problems = [each for each in check(project, PHOTO_FACTS) if each.severity == "error"]
        assert [each.path for each in problems] == ["model.made_image"]
        assert "6 × 8 × 1" in problems[0].message

    def test_two_chains_with_another_objective(self) -> None:
        project = self.project(Dense(units=48), Dense(units=1, activation="sigmoid"), Supervised())
        after = mended(project, next(each for each in check(project, PHOTO_FACTS) if "2 ends" in each.message))
        assert isinstance(after.training.objective, Adversarial)

    def test_one_chain(self) -> None:
        project = chain(PHOTOS, Flatten(), Dense(units=1, activation="sigmoid"), objective=Adversarial())
        assert any("must be one generator" in each.message for each in check(project, PHOTO_FACTS))


class TestScratch:
    def test_states_need_keras(self) -> None:
        project = chain(REVIEWS, Embedding(input_dim=50, mask_zero=True), LSTM(return_sequences=True), LSTM())
        project = edits.connect(project, "lstm_1.states", "lstm_2.initial_state")
        project = edits.append_layer(project, Dense(units=1, activation="sigmoid"))
        assert check(project, REVIEW_FACTS) == ()
        scratch = edits.set_parameter(project, "training.engine", "scratch")
        problem = found(scratch, REVIEW_FACTS, "model.lstm_2")
        assert "states" in problem.message
        assert mended(scratch, problem) == project
