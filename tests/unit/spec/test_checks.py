"""Problems are exact, and their fixes fix them."""

from __future__ import annotations

import msgspec
import pytest

from nnplayground.layers.augmentation import RandomBrightness
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input, Rescaling
from nnplayground.layers.merge import Add
from nnplayground.spec import edits
from nnplayground.spec.checks import Problem, check
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire
from nnplayground.spec.project import Project
from nnplayground.spec.training import Clip, EarlyStopping


def facts_of(classes: int, **changes: object) -> DataFacts:
    names = tuple(f"class {number}" for number in range(classes))
    known = DataFacts(
        input_shape=(64, 64, 3),
        class_names=names,
        splits={"training": 40 * classes, "validation": 10 * classes},
        per_class={"training": (40,) * classes, "validation": (10,) * classes},
    )
    return msgspec.structs.replace(known, **changes)


def with_training(project: Project, **changes: object) -> Project:
    return msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, **changes))


def found(project: Project, facts: DataFacts | None, path: str) -> Problem:
    matching = [problem for problem in check(project, facts) if problem.path == path]
    assert matching, f"nothing about {path} in {check(project, facts)}"
    return matching[0]


def test_a_good_project_has_no_problems(cnn: Project, photos: DataFacts) -> None:
    assert check(cnn, photos) == ()


def test_no_data() -> None:
    problem = found(Project(), None, "dataset")
    assert problem.severity == "error"
    assert "no data" in problem.message


def test_no_output_layer_and_its_fix(photos: DataFacts, cnn: Project) -> None:
    empty = Project(dataset=cnn.dataset)
    problem = found(empty, photos, "model")
    assert "no output layer" in problem.message
    assert problem.fix is not None
    fixed = problem.fix.apply(empty)
    assert fixed.model.layer("dense_1") == Dense(units=1, activation="sigmoid")


def test_units_that_do_not_fit_the_classes(cnn: Project) -> None:
    problem = found(cnn, facts_of(3), "model.dense_1")
    assert problem.severity == "error"
    assert "3 classes" in problem.message
    assert problem.fix is not None
    assert problem.fix.title == "Set 3 units and softmax"
    assert check(problem.fix.apply(cnn), facts_of(3)) == ()


def test_output_without_probability(cnn: Project, photos: DataFacts) -> None:
    project = edits.set_parameter(cnn, "model.dense_1.activation", "linear")
    problem = found(project, photos, "model.dense_1")
    assert problem.fix is not None
    assert check(problem.fix.apply(project), photos) == ()


@pytest.mark.parametrize("output", [Dense(units=1, activation="sigmoid"), Dense(units=2, activation="softmax")])
def test_two_classes_have_two_good_outputs(cnn: Project, photos: DataFacts, output: Dense) -> None:
    project = edits.append_layer(edits.remove_layers(cnn, ["dense_1"]), output)
    assert check(project, photos) == ()


def test_output_missing_behind_an_image(cnn: Project, photos: DataFacts) -> None:
    project = edits.remove_layers(cnn, ["flatten_1", "dense_1"])
    assert "output layer is missing" in found(project, photos, "model.max_pooling2d_1").message


def test_regression_output(cnn: Project) -> None:
    number = facts_of(2, target="number", class_names=(), per_class={})
    problem = found(cnn, number, "model.dense_1")
    assert problem.fix is not None
    assert check(problem.fix.apply(cnn), number) == ()


def test_kernel_larger_than_its_input(cnn: Project) -> None:
    small = edits.set_parameter(cnn, "dataset.image_size", 2)
    problem = found(small, facts_of(2), "model.conv2d_1")
    assert "covers 3×3 pixels" in problem.message
    assert "only 2×2" in problem.message
    assert problem.fix is not None
    assert problem.fix.apply(small).model.layer("conv2d_1").padding == "same"  # type: ignore[attr-defined]


def test_only_the_layer_at_fault_is_marked(cnn: Project) -> None:
    small = edits.set_parameter(cnn, "dataset.image_size", 2)
    marked = {problem.layer_id for problem in check(small, facts_of(2))}
    assert marked == {"conv2d_1"}


def test_unconnected_layer(cnn: Project, photos: DataFacts) -> None:
    project = edits.add_layer(cnn, Dense())
    assert "not connected" in found(project, photos, "model.dense_2").message


def test_merge_with_one_input(cnn: Project, photos: DataFacts) -> None:
    project = edits.append_layer(cnn, Add(), "conv2d_1")
    assert "1 input" in found(project, photos, "model.add_1").message


def test_different_shapes_into_add(cnn: Project, photos: DataFacts) -> None:
    project = edits.append_layer(cnn, Add(), "max_pooling2d_1")
    project = edits.connect(project, "conv2d_1", "add_1")
    message = found(project, photos, "model.add_1").message
    assert "same shape" in message
    assert "31 × 31 × 8 and 62 × 62 × 8" in message


def test_a_circle_is_named(photos: DataFacts, cnn: Project) -> None:
    blocks = (Block("input", Input()), Block("a", Dense()), Block("b", Dense()))
    model = Model(blocks, (Wire("a", "b"), Wire("b", "a")))
    project = msgspec.structs.replace(cnn, model=model)
    assert "close a circle" in found(project, photos, "model.a").message


def test_two_ends(cnn: Project, photos: DataFacts) -> None:
    project = edits.disconnect(cnn, Wire("flatten_1", "dense_1"))
    project = edits.connect(project, "max_pooling2d_1", "dense_1")
    assert "2 ends" in found(project, photos, "model").message


def test_one_class_only(cnn: Project) -> None:
    assert "only one class" in found(cnn, facts_of(1), "dataset").message


def test_problem_of_the_data_is_passed_on(cnn: Project) -> None:
    assert found(cnn, DataFacts(problem="The folder is empty."), "dataset.folder").message == "The folder is empty."


def test_dense_on_an_image_is_a_warning_with_a_fix(cnn: Project, photos: DataFacts) -> None:
    project = edits.insert_on_wire(cnn, Dense(activation="relu"), Wire("max_pooling2d_1", "flatten_1"))
    problem = found(project, photos, "model.dense_2")
    assert problem.severity == "warning"
    assert problem.fix is not None
    fixed = problem.fix.apply(project)
    assert isinstance(fixed.model.layer(fixed.model.sources("dense_2")[0]), Flatten)


def test_batch_larger_than_the_data(cnn: Project, photos: DataFacts) -> None:
    problem = found(with_training(cnn, batch_size=100), photos, "training.batch_size")
    assert problem.severity == "warning"
    assert "80 training samples" in problem.message


def test_pixels_scaled_twice(cnn: Project, photos: DataFacts) -> None:
    project = edits.insert_on_wire(cnn, Rescaling(), Wire("input", "conv2d_1"))
    problem = found(project, photos, "model.rescaling_1")
    assert problem.severity == "warning"
    assert problem.fix is not None
    assert check(problem.fix.apply(project), photos) == ()
    raw = edits.set_parameter(project, "dataset.pixels", "0..255")
    assert check(raw, photos) == ()


def test_augmentation_with_another_range(cnn: Project, photos: DataFacts) -> None:
    project = edits.insert_on_wire(cnn, RandomBrightness(value_range=(0, 255)), Wire("input", "conv2d_1"))
    problem = found(project, photos, "model.random_brightness_1.value_range")
    assert problem.fix is not None
    assert check(problem.fix.apply(project), photos) == ()


def test_uneven_classes_are_offered_weights(cnn: Project) -> None:
    uneven = facts_of(2, per_class={"training": (70, 10), "validation": (10, 10)})
    problem = found(cnn, uneven, "training.class_weight")
    assert problem.fix is not None
    assert problem.fix.apply(cnn).training.class_weight == "balanced"


def test_layers_without_numpy_maths(cnn: Project, photos: DataFacts) -> None:
    project = with_training(cnn, engine="scratch")
    assert check(project, photos) == ()
    problem = found(edits.insert_before(project, RandomBrightness(), "conv2d_1"), photos, "model.random_brightness_1")
    assert problem.severity == "error"
    assert problem.fix is not None
    assert problem.fix.apply(project).training.engine == "keras"


def test_two_limits_on_the_gradient(cnn: Project, photos: DataFacts) -> None:
    assert "one way only" in found(with_training(cnn, clip=Clip(value=1, norm=1)), photos, "training.clip").message


def test_early_stopping_of_a_figure_that_is_not_there(cnn: Project, photos: DataFacts) -> None:
    project = with_training(cnn, early_stopping=EarlyStopping(monitor="val_auc"))
    assert "val_auc" in found(project, photos, "training.early_stopping.monitor").message
    assert check(with_training(project, metrics=("auc",)), photos) == ()


def test_crossentropy_of_numbers(cnn: Project) -> None:
    number = facts_of(2, target="number", class_names=(), per_class={})
    project = with_training(cnn, loss="binary_crossentropy")
    assert "number" in found(project, number, "training.loss").message


def test_weights_of_unknown_classes(cnn: Project, photos: DataFacts) -> None:
    project = with_training(cnn, class_weight={"cow": 2.0})
    assert "cow" in found(project, photos, "training.class_weight").message


def test_two_linear_layers_in_a_row(cnn: Project, photos: DataFacts) -> None:
    project = edits.insert_on_wire(cnn, Dense(), Wire("flatten_1", "dense_1"))
    problem = found(project, photos, "model.dense_2.activation")
    assert problem.severity == "warning"


def test_errors_come_first(cnn: Project) -> None:
    project = with_training(edits.add_layer(cnn, Conv2D()), batch_size=1000)
    severities = [problem.severity for problem in check(project, facts_of(2))]
    assert severities == sorted(severities, key=lambda severity: severity != "error")
    assert {"error", "warning"} == set(severities)
