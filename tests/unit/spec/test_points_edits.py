"""Points as data: choosing, painting, splitting, and what a project file makes of them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from nnplayground.spec.checks import Problem, check
from nnplayground.spec.codec import FileError, decode, encode
from nnplayground.spec.dataset import MOST_POINTS, CountSplit, FractionSplit, ImageFolder, PaintedPoint, Points
from nnplayground.spec.edits import EditError, set_dataset, set_parameter
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.paths import ValueProblem, get_value
from nnplayground.spec.points_edits import (
    POINTS_TRAINING,
    add_points,
    clear_points,
    convert_to_painted,
    erase,
    open_points_file,
    regenerate,
    set_shape,
    set_training_share,
    use_points,
)
from nnplayground.spec.project import Project
from nnplayground.spec.training import Training


def project_of(**settings: object) -> Project:
    return Project(dataset=Points(**settings))  # type: ignore[arg-type]


def points_of(project: Project) -> Points:
    assert isinstance(project.dataset, Points)
    return project.dataset


CROSS: tuple[PaintedPoint, ...] = ((0.0, 0.0, 0), (1.0, 0.0, 1), (0.0, 1.0, 1), (-1.0, 0.0, 1), (0.0, -1.0, 1))


def test_points_bring_settings_that_suit_them_only_where_nothing_is_set_up() -> None:
    fresh = use_points(Project())
    assert fresh.dataset == Points()
    assert fresh.training == POINTS_TRAINING
    own = Project(training=Training(epochs=7))
    assert use_points(own).training == own.training


def test_several_clouds_are_at_least_three() -> None:
    assert points_of(set_shape(project_of(), "multi_gauss")).classes == 3
    assert points_of(set_shape(project_of(classes=5), "multi_gauss")).classes == 5
    assert points_of(set_shape(project_of(), "moons")) == Points(shape="moons")


def test_another_seed_for_other_points() -> None:
    assert points_of(regenerate(project_of(seed=4))).seed == 5
    assert points_of(regenerate(project_of(seed=2**31 - 1))).seed == 0


@pytest.mark.parametrize(
    ("split", "share", "expected"),
    [
        (FractionSplit(0.2), 0.5, FractionSplit(0.5)),
        (FractionSplit(0.2, 0.1), 0.7, FractionSplit(0.2, 0.1)),
        (FractionSplit(0.2, 0.1), 1.0, FractionSplit(0.0, 0.1)),
        (CountSplit(40), 0.8, FractionSplit(0.2)),
        (FractionSplit(0.2), 0.05, FractionSplit(0.95)),
    ],
)
def test_the_share_that_trains(split: FractionSplit | CountSplit, share: float, expected: FractionSplit) -> None:
    assert points_of(set_training_share(project_of(split=split), share)).split == expected


def test_nothing_to_train_with_is_refused() -> None:
    with pytest.raises(ValueProblem, match=r"dataset\.split"):
        set_training_share(project_of(), 0.01)


def test_painting_adds_within_the_plane_and_in_few_digits() -> None:
    project = add_points(project_of(shape="painted"), [(1.23456, -7.5, 1), (-0.0001, 6, 0)])
    assert points_of(project).points == ((1.235, -6.0, 1), (0.0, 6.0, 0))
    assert str(points_of(project).points[1][0]) == "0.0"
    again = add_points(project, [(2, 2, 5)])
    assert points_of(again).points[:2] == points_of(project).points
    assert points_of(again).points[2] == (2.0, 2.0, 5)
    assert hash(again) != hash(project)


def test_the_eraser_takes_what_is_near() -> None:
    project = project_of(shape="painted", points=CROSS)
    assert points_of(erase(project, [(0.9, 0.0)], 0.2)).points == (CROSS[0], *CROSS[2:])
    assert points_of(erase(project, [(0.9, 0.0), CROSS[3][:2]], 0.2)).points == (CROSS[0], CROSS[2], *CROSS[4:])
    assert points_of(erase(project, [(0.0, 0.0)], 1.0)).points == ()
    assert erase(project, [(4.0, 4.0)], 1.0) is project
    assert points_of(clear_points(project)).points == ()


def test_painting_goes_on_from_generated_points_and_keeps_other_settings() -> None:
    project = convert_to_painted(project_of(noise=0.4, seed=3, features=("x1x2",)), CROSS)
    assert points_of(project) == Points(shape="painted", points=CROSS, noise=0.4, seed=3, features=("x1x2",))
    assert points_of(set_shape(set_shape(project, "moons"), "painted")).points == CROSS


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda project: add_points(project, [(0, 0, 0)]), "Paint my own"),
        (lambda project: erase(project, [(0, 0)], 1), "Paint my own"),
        (clear_points, "Paint my own"),
        (lambda project: convert_to_painted(project, [(0, 0, 6)]), "classes from 0 to 5"),
        (lambda project: convert_to_painted(project, [(0, 0, 0)] * (MOST_POINTS + 1)), "5,001"),
        (lambda project: regenerate(set_dataset(project, ImageFolder())), "not points"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(edit: object, words: str) -> None:
    with pytest.raises(EditError) as caught:
        edit(project_of())  # type: ignore[operator]
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_full_painting_takes_no_more() -> None:
    project = project_of(shape="painted", points=((0.0, 0.0, 0),) * MOST_POINTS)
    with pytest.raises(EditError, match="erase some first"):
        add_points(project, [(1, 1, 1)])


def test_a_file_of_points_takes_the_place_of_other_data() -> None:
    project = open_points_file(Project(dataset=ImageFolder(folder="/photos")), "/data/measured.csv")
    assert project.dataset == Points(shape="file", file="/data/measured.csv")
    kept = open_points_file(project_of(features=("x1", "sin_x1"), noise=0.3), "/data/measured.csv")
    assert points_of(kept).features == ("x1", "sin_x1")


def test_paths_reach_painted_points_and_check_them() -> None:
    project = set_parameter(project_of(shape="painted"), "dataset.points", [[1, 2, 0], [3, 4.5, 1]])
    assert get_value(project, "dataset.points") == ((1.0, 2.0, 0), (3.0, 4.5, 1))
    for wrong in ([[7, 0, 0]], [[0, 0, 6]], [[0, 0]], [[0, 0, 0.5]], "all"):
        with pytest.raises(ValueProblem, match=r"dataset\.points"):
            set_parameter(project, "dataset.points", wrong)


# -- project files ---------------------------------------------------------------------------------------------------


def test_paintings_are_short_in_the_file_and_come_back_as_they_were() -> None:
    many = tuple((number / 1000, -number / 1000, number % 6) for number in range(2000))
    project = project_of(shape="painted", points=many)
    content = encode(project)
    assert decode(content) == project
    lines = content.decode().splitlines()
    assert max(map(len, lines)) <= 160
    assert len(content) < 25 * len(many)
    assert len(lines) < 400
    assert b'points": [' not in encode(project_of())


def test_the_file_of_points_is_written_relative_to_the_project(tmp_path: Path) -> None:
    project = project_of(shape="file", file=str(tmp_path / "data" / "measured.csv"))
    content = encode(project, tmp_path)
    assert json.loads(content)["dataset"]["file"] == "data/measured.csv"
    assert decode(content, tmp_path) == project
    assert points_of(decode(encode(project_of(), tmp_path), tmp_path)).file == ""


def test_wrong_points_in_a_file_are_named() -> None:
    content = encode(project_of(shape="painted", points=CROSS)).replace(b"[1.0, 0.0, 1]", b"[1.0, 9.0, 1]")
    with pytest.raises(FileError, match=r"dataset\.points\.1\.1 must be a number of at most 6"):
        decode(content)


# -- problems --------------------------------------------------------------------------------------------------------


def found(facts: DataFacts, **settings: object) -> list[Problem]:
    project = project_of(**settings)
    return [each for each in check(project, facts) if each.path.startswith("dataset")]


def test_too_few_points() -> None:
    facts = DataFacts(class_names=("0", "1"), splits={"training": 2, "validation": 1}, per_class={"training": (1, 1)})
    (problem,) = found(facts, shape="painted")
    assert problem.severity == "error"
    assert "only 3 points" in problem.message
    enough = msgspec.structs.replace(facts, splits={"training": 3, "validation": 1})
    assert found(enough, shape="painted") == []


def test_one_class_alone_is_a_problem_even_where_others_have_a_place() -> None:
    facts = DataFacts(
        class_names=("0", "1", "2"),
        splits={"training": 8, "validation": 2},
        per_class={"training": (0, 0, 8), "validation": (0, 0, 2)},
    )
    (problem,) = found(facts, shape="painted")
    assert "only one class, 2" in problem.message


def test_a_problem_with_the_file_is_at_its_field() -> None:
    (problem,) = found(DataFacts(problem="The file “a.csv” is not there."), shape="file")
    assert problem.path == "dataset.file"
    (painting,) = found(DataFacts(problem="Nothing is painted yet."), shape="painted")
    assert painting.path == "dataset"


def test_points_train_as_any_data_do() -> None:
    facts = DataFacts(
        input_shape=(2,),
        class_names=("0", "1", "2"),
        splits={"training": 40, "validation": 10},
        per_class={"training": (14, 13, 13), "validation": (4, 3, 3)},
    )
    project = use_points(Project())
    (problem,) = [each for each in check(project, facts) if each.severity == "error"]
    assert problem.fix is not None
    fixed = problem.fix.apply(project)
    assert check(fixed, facts) == ()
