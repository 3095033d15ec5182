"""Pretrained blocks in a project: its file, its problems with their fixes, the frozen part, and the template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nnplayground.layers.applications import VGG16, MobileNet, MobileNetV2
from nnplayground.layers.augmentation import RandomFlip
from nnplayground.layers.base import Layer
from nnplayground.layers.core import Dense, Rescaling
from nnplayground.layers.merge import Concatenate
from nnplayground.layers.pooling import GlobalAveragePooling2D
from nnplayground.layers.regularization import BatchNormalization, Dropout
from nnplayground.spec.checks import check
from nnplayground.spec.codec import decode, encode
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.frozen import frozen_blocks, frozen_part, inner_ids
from nnplayground.spec.model import Model, Wire
from nnplayground.spec.paths import get_value, set_value
from nnplayground.spec.project import Project, project_shapes
from nnplayground.spec.templates import TEMPLATES

FACTS = DataFacts(input_shape=(64, 64, 3), class_names=("a", "b", "c"), splits={"training": 90, "validation": 30})
HEAD = Dense(units=3, activation="softmax")


def _project(*layers: Layer, **dataset: Any) -> Project:
    project = Project(dataset=ImageFolder(folder="photos", **dataset))
    for layer in layers:
        project = append_layer(project, layer)
    return project


def _facts(project: Project) -> DataFacts:
    assert isinstance(project.dataset, ImageFolder)
    channels = 3 if project.dataset.color_mode == "rgb" else 1
    return DataFacts(
        input_shape=(*project.dataset.image_size, channels),
        class_names=("a", "b", "c"),
        splits={"training": 90, "validation": 30},
    )


class TestInAFile:
    def test_a_block_is_written_with_keras_names(self) -> None:
        written = encode(_project(VGG16(weights_from="none", trainable="block5_conv1"))).decode()
        assert '"type": "VGG16", "weights": "none", "include_top": false' in written
        assert '"trainable": "block5_conv1"' in written

    def test_a_file_of_weights_is_found_beside_the_project(self, tmp_path: Path) -> None:
        path = tmp_path / "weights" / "own.h5"
        project = _project(VGG16(weights_from=str(path)))
        written = encode(project, tmp_path)
        assert b'"weights": "weights/own.h5"' in written
        elsewhere = decode(written, tmp_path / "moved")
        assert get_value(elsewhere, "model.vgg16_1.weights") == str(tmp_path / "moved" / "weights" / "own.h5")
        assert decode(written, tmp_path).model == project.model

    def test_weights_are_set_by_their_name(self) -> None:
        project = set_value(_project(VGG16()), "model.vgg16_1.weights", "none")
        layer = project.model.layer("vgg16_1")
        assert isinstance(layer, VGG16)
        assert layer.weights_from == "none"


class TestProblems:
    @pytest.mark.parametrize(
        ("layer", "dataset", "said", "severity"),
        [
            (MobileNet(), {"image_size": (8, 8), "color_mode": "grayscale"}, "three colour channels", "error"),
            (MobileNet(), {"image_size": (8, 8)}, "at least 32×32", "error"),
            (MobileNet(include_top=True), {}, "128×128 or 160×160", "error"),
            (MobileNet(), {"pixels": "standardize"}, "standardized", "error"),
            (MobileNet(), {"pixels": "0..255"}, "expects pixels from 0 to 1", "warning"),
            (MobileNet(trainable="conv_pw_113"), {}, "no inner layer conv_pw_113", "error"),
            (MobileNet(trainable="nonsense"), {}, "no inner layer nonsense", "error"),
            (MobileNet(output_layer="nonsense"), {}, "no inner layer nonsense", "error"),
            (MobileNet(output_layer="conv1", trainable="conv_pw_13"), {}, "comes after its output layer", "error"),
            (MobileNet(weights_from="none"), {}, "random weights and is frozen", "warning"),
        ],
    )
    def test_each_has_a_fix_that_helps(self, layer: Layer, dataset: dict[str, Any], said: str, severity: str) -> None:
        project = _project(layer, GlobalAveragePooling2D(), HEAD, **dataset)
        problem = next(each for each in check(project, _facts(project)) if each.path != "model.dense_1")
        assert said in problem.message
        assert problem.severity == severity
        assert problem.fix is not None
        repaired = problem.fix.apply(project)
        left = check(repaired, _facts(repaired))
        assert not [each for each in left if each.message == problem.message]
        assert not [each for each in left if "MobileNet needs" in each.message]

    def test_pixels_that_a_layer_has_changed_are_not_judged(self) -> None:
        project = _project(Rescaling(), MobileNet(), GlobalAveragePooling2D(), HEAD, pixels="0..255")
        assert not [each for each in check(project, FACTS) if "expects pixels" in each.message]
        project = _project(RandomFlip(), MobileNet(), GlobalAveragePooling2D(), HEAD, pixels="0..255")
        assert [each for each in check(project, FACTS) if "expects pixels" in each.message]

    def test_the_scratch_engine_says_that_it_cannot(self) -> None:
        project = set_value(_project(MobileNet(), GlobalAveragePooling2D(), HEAD), "training.engine", "scratch")
        assert [each for each in check(project, FACTS) if "MobileNet is not available in the scratch" in each.message]


class TestTheFrozenPart:
    def _part(self, *layers: Layer) -> tuple[tuple[str, ...], tuple[str, ...]]:
        project = _project(*layers)
        return frozen_part(project.model, project_shapes(project))

    def test_it_ends_at_what_is_random_or_learns(self) -> None:
        whole = ("input", "mobile_net_1", "global_average_pooling2d_1")
        assert self._part(MobileNet(), GlobalAveragePooling2D(), Dropout(), HEAD) == (whole, ())
        assert self._part(MobileNet(), GlobalAveragePooling2D(), HEAD) == (whole, ())
        assert self._part(RandomFlip(), MobileNet(), HEAD) == (("input",), ())
        assert self._part(BatchNormalization(), MobileNet(), HEAD) == (("input",), ())

    def test_a_block_may_belong_to_it_in_part(self) -> None:
        assert self._part(MobileNet(trainable="conv_pw_13"), HEAD) == (("input",), ("mobile_net_1",))
        assert self._part(MobileNet(trainable="all"), HEAD) == (("input",), ())
        assert self._part(MobileNet(), VGG16(trainable="block5_conv1"), HEAD) == (("input", "mobile_net_1"), ())

    def test_all_that_a_layer_receives_must_belong_to_it(self) -> None:
        project = _project(MobileNet(), GlobalAveragePooling2D(), Concatenate(), HEAD)
        project = append_layer(project, Dropout())
        model = project.model
        wires = (*model.wires, Wire("input", "dropout_1"), Wire("dropout_1", "concatenate_1"))
        mixed = Model(model.blocks, tuple(wire for wire in wires if wire != Wire("dense_1", "dropout_1")))
        assert "concatenate_1" not in frozen_part(mixed, project_shapes(project)).whole

    def test_blocks_and_what_lies_inside_are_named(self) -> None:
        project = _project(VGG16(), GlobalAveragePooling2D(), HEAD)
        assert frozen_blocks(project.model) == {"vgg16_1"}
        ids = inner_ids(project.model, project_shapes(project))
        assert ids[0] == "vgg16_1/block1_conv1"
        assert ids[-1] == "vgg16_1/block5_pool"


def test_the_template_fits_any_folder() -> None:
    template = next(each for each in TEMPLATES if each.name == "transfer")
    project = Project(
        dataset=ImageFolder(folder="digits", image_size=(8, 8), color_mode="grayscale", pixels="standardize")
    )
    built = template.build(project, FACTS)
    assert isinstance(built.model.blocks[1].layer, MobileNetV2)
    assert built.dataset == ImageFolder(folder="digits", image_size=(96, 96), color_mode="rgb", pixels="-1..1")
    assert not check(built, _facts(built))
    # Larger pictures stay as they are.
    large = template.build(Project(dataset=ImageFolder(image_size=(160, 120))), FACTS)
    assert isinstance(large.dataset, ImageFolder)
    assert large.dataset.image_size == (160, 120)
