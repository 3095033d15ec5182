"""Shapes through a model, its order, and names after Keras' fashion."""

from __future__ import annotations

import pytest

from nnplayground.layers import LAYER_TYPES
from nnplayground.layers.core import Dense, Input
from nnplayground.spec.checks import check
from nnplayground.spec.dataset import Dataset, ImageFolder, Pairs, Points, Series, Text
from nnplayground.spec.edits import append_layer, connect
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire, infer_shapes, new_id, snake_case
from nnplayground.spec.project import Project
from nnplayground.spec.templates import TEMPLATES, DataKind, Template, data_kind


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


SPLITS = {"training": 100, "validation": 20}
WORDS, LETTERS = tuple(map(str, range(40))), tuple(map(str, range(12)))
LABELS = {2: ("a", "b"), 5: tuple("abcde")}


def _pictures(shape: tuple[int, int, int], classes: int) -> tuple[Dataset, DataFacts]:
    dataset = ImageFolder(
        folder="/photos", image_size=shape[:2], color_mode="rgb" if shape[-1] == 3 else "grayscale", pixels="-1..1"
    )
    return dataset, DataFacts(input_shape=shape, class_names=LABELS[classes], splits=SPLITS)


DATA: dict[DataKind, list[tuple[Dataset, DataFacts]]] = {
    "images": [_pictures(shape, classes) for shape in ((64, 64, 3), (8, 8, 1)) for classes in (2, 5)],
    "points": [
        (Points(), DataFacts(input_shape=(2,), class_names=LABELS[2], splits=SPLITS)),
        (Points(shape="plane"), DataFacts(input_shape=(2,), target="number", splits=SPLITS)),
    ],
    "labelled_text": [
        (
            Text(file="/t.csv", label_column="label", sequence_length=20),
            DataFacts(
                input_shapes={"text": (20,)}, vocabularies={"text": WORDS}, class_names=LABELS[classes], splits=SPLITS
            ),
        )
        for classes in (2, 5)
    ],
    "plain_text": [
        (
            Text(file="/t.txt", sequence_length=20),
            DataFacts(
                input_shapes={"text": (20,)},
                vocabularies={"text": LETTERS},
                target="tokens",
                target_length=20,
                class_names=LETTERS,
                splits=SPLITS,
            ),
        )
    ],
    "series": [
        (
            Series(file="/s.csv", window=12),
            DataFacts(input_shapes={"series": (12, 2)}, target="number", splits=SPLITS),
        )
    ],
    "pairs": [
        (
            Pairs(file="/p.csv", source_length=9, target_length=6),
            DataFacts(
                input_shapes={"source": (9,), "target": (6,)},
                vocabularies={"source": WORDS, "target": LETTERS},
                target="tokens",
                target_length=6,
                class_names=LETTERS,
                splits=SPLITS,
            ),
        )
    ],
}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_templates_fit_the_data_they_are_for(template: Template) -> None:
    assert template.suits(Project(), None)
    for kind, examples in DATA.items():
        for dataset, facts in examples:
            project = Project(dataset=dataset)
            assert data_kind(project, facts) == data_kind(project, None) == kind
            assert template.suits(project, facts) == (kind in template.data)
            if kind in template.data:
                assert check(template.build(project, facts), facts) == ()
