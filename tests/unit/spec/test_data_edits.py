"""Choosing data, and the objective that goes with it."""

from __future__ import annotations

import pytest

from nnplayground.spec.data_edits import relocated, use_data, without_folder_split
from nnplayground.spec.dataset import Dataset, FolderSplit, ImageFolder, Pairs, Points, Series, Text
from nnplayground.spec.edits import set_parameters
from nnplayground.spec.points_edits import use_points
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adversarial, NextToken, Objective, Supervised, TeacherForcing, Training


@pytest.mark.parametrize(
    ("dataset", "objective"),
    [
        (Text(file="a.csv", text_column="text", label_column="label"), Supervised()),
        (Text(folder="reviews"), Supervised()),
        (Text(file="fables.txt", level="character"), NextToken()),
        (Pairs(file="dates.csv"), TeacherForcing()),
        (Series(file="visitors.csv"), Supervised()),
        (ImageFolder(folder="photos"), Supervised()),
    ],
)
def test_the_objective_comes_with_the_data(dataset: Dataset, objective: Objective) -> None:
    project = use_data(Project(), dataset)
    assert project.dataset == dataset
    assert project.training.objective == objective


def test_another_objective_leaves_no_loss_of_the_one_before() -> None:
    before = set_parameters(Project(), [("training.loss", "mean_squared_error"), ("training.epochs", 7)])
    training = use_data(before, Pairs(file="dates.csv")).training
    assert (training.loss, training.epochs) == ("auto", 7)
    same = use_data(before, Series(file="visitors.csv")).training
    assert same.loss == "mean_squared_error"


def test_images_may_stay_what_a_generator_learns_from() -> None:
    project = set_parameters(Project(), [("training.objective", {"type": "adversarial"})])
    assert isinstance(use_data(project, ImageFolder(folder="b")).training.objective, Adversarial)
    assert isinstance(use_data(project, Series(file="c")).training.objective, Supervised)


def test_what_suits_points_only_goes_with_them() -> None:
    project = use_data(use_points(Project()), Text(folder="reviews"))
    assert project.training == Training()
    kept = use_data(use_points(Project()), Points(shape="file", file="a.csv"))
    assert kept.training.engine == "scratch"


def test_a_path_that_has_moved_is_put_right_wherever_it_stands() -> None:
    split = FolderSplit(validation="/old/b.csv", test="/old/c.csv")
    project = Project(dataset=Pairs(file="/old/a.csv", split=split))
    assert relocated(project, "/old/a.csv", "/new/a.csv").dataset == Pairs(file="/new/a.csv", split=split)
    moved = relocated(project, "/old/b.csv", "/new/b.csv").dataset
    assert moved == Pairs(file="/old/a.csv", split=FolderSplit(validation="/new/b.csv", test="/old/c.csv"))
    images = Project(dataset=ImageFolder(folder="/old/photos"))
    assert relocated(images, "/old/photos/", "/new").dataset == ImageFolder(folder="/new")
    assert relocated(Project(), "/old", "/new") == Project()


def test_other_data_has_a_split_of_its_own() -> None:
    assert without_folder_split(ImageFolder(split=FolderSplit(validation="b"))) == ImageFolder()
