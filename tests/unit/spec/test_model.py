"""Shapes through a model, its order, and names after Keras' fashion."""

from __future__ import annotations

import pytest

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.core import Dense, Input
from nnplayground.spec.edits import append_layer, connect
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire, infer_shapes, new_id, snake_case
from nnplayground.spec.project import Project
from nnplayground.spec.templates import TEMPLATES


def test_shapes_and_parameters(cnn: Project) -> None:
    shapes = infer_shapes(cnn.model, (64, 64, 3))
    assert [shapes[block.id].output for block in cnn.model.blocks] == [
        (64, 64, 3),
        (62, 62, 8),
        (31, 31, 8),
        (7688,),
        (1,),
    ]
    assert sum(known.parameters for known in shapes.values()) == (3 * 3 * 3 + 1) * 8 + 7688 + 1


def test_shapes_stop_at_a_problem(cnn: Project) -> None:
    shapes = infer_shapes(cnn.model, (2, 2, 3))
    assert shapes["conv2d_1"].problem is not None
    assert shapes["dense_1"] == ((), None, 0, None)


def test_shapes_of_a_circle_are_unknown() -> None:
    model = Model((Block("input", Input()), Block("a", Dense()), Block("b", Dense())), (Wire("a", "b"), Wire("b", "a")))
    shapes = infer_shapes(model, (4,))
    assert shapes["a"].output is None
    assert shapes["input"].output == (4,)


def test_order_and_downstream(cnn: Project) -> None:
    project = append_layer(cnn, LAYER_TYPES["Add"](), "max_pooling2d_1")
    project = connect(project, "input", "add_1")
    order = project.model.order
    assert order.index("add_1") > order.index("max_pooling2d_1")
    assert "dense_1" in project.model.downstream("conv2d_1")
    assert "input" not in project.model.downstream("conv2d_1")


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("MaxPooling2D", "max_pooling2d"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("RandomFlip", "random_flip"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert snake_case(name) == snake
    assert new_id(name, [f"{snake}_1"]) == f"{snake}_2"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
@pytest.mark.parametrize("shape", [(64, 64, 3), (8, 8, 1), (2,)])
@pytest.mark.parametrize("classes", [2, 5])
def test_templates_fit_the_data(template, shape: tuple[int, ...], classes: int) -> None:  # type: ignore[no-untyped-def]
    from nnplayground.spec.checks import check
    from nnplayground.spec.dataset import ImageFolder, Points

    facts = DataFacts(
        input_shape=shape,
        class_names=tuple(str(number) for number in range(classes)),
        splits={"training": 100, "validation": 20},
    )
    dataset = Points()
    if len(shape) == 3:
        color_mode = "rgb" if shape[-1] == 3 else "grayscale"
        dataset = ImageFolder(folder="/photos", image_size=shape[:2], color_mode=color_mode)
    project = template.build(Project(dataset=dataset), facts)
    assert check(project, facts) == ()
