"""Which part of a model is computed only once, and what is said about it; which layers give feature maps."""

from __future__ import annotations

import pytest

from nnplayground.layers import Layer
from nnplayground.layers.applications import VGG16, MobileNet
from nnplayground.layers.augmentation import RandomFlip
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten
from nnplayground.layers.pooling import GlobalAveragePooling2D, MaxPooling2D
from nnplayground.layers.regularization import Dropout
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import append_layer, fine_tune, set_parameter
from nnplayground.spec.feature_maps import map_layers
from nnplayground.spec.frozen import Extraction, feature_extraction, frozen_part
from nnplayground.spec.project import Project, project_shapes

HEAD = Dense(units=1, activation="sigmoid")


def _project(*layers: Layer) -> Project:
    project = Project(dataset=ImageFolder(folder="photos"))
    for layer in layers:
        project = append_layer(project, layer)
    return project


def _extraction(project: Project) -> Extraction | None:
    return feature_extraction(project, project_shapes(project))


class TestFeatureExtraction:
    def test_the_frozen_part_reaches_to_the_first_trained_or_random_layer(self) -> None:
        project = _project(VGG16(), GlobalAveragePooling2D(), Dropout(), HEAD)
        part = frozen_part(project.model, project_shapes(project))
        assert part.whole == ("input", "vgg16_1", "global_average_pooling2d_1")
        told = _extraction(project)
        assert told is not None
        assert told.on
        assert "vgg16_1" in told.reason

    def test_a_block_that_is_tuned_is_frozen_up_to_there(self) -> None:
        project = fine_tune(_project(VGG16(), Flatten(), HEAD), "vgg16_1", "block5_conv1")
        part = frozen_part(project.model, project_shapes(project))
        assert (part.whole, part.opened) == (("input",), ("vgg16_1",))
        told = _extraction(project)
        assert told is not None
        assert told.on
        assert "block5_conv1 in vgg16_1" in told.reason

    @pytest.mark.parametrize(
        ("layers", "words"),
        [
            ((RandomFlip(), VGG16(), Flatten(), HEAD), "without random_flip_1"),
            ((Conv2D(filters=3, padding="same"), VGG16(), Flatten(), HEAD), "conv2d_1 comes before it and is trained"),
            ((VGG16(trainable="all"), Flatten(), HEAD), "trained from its beginning"),
            # Nothing before this layer has any weights.
            ((VGG16(trainable="block1_conv1"), Flatten(), HEAD), "trained from its beginning"),
        ],
    )
    def test_what_keeps_it_from_being_computed_once(self, layers: tuple[Layer, ...], words: str) -> None:
        told = _extraction(_project(*layers))
        assert told is not None
        assert not told.on
        assert words in told.reason

    def test_augmentation_of_the_data_does_too(self) -> None:
        project = set_parameter(_project(VGG16(), Flatten(), HEAD), "dataset.augmentation", [{"type": "RandomFlip"}])
        told = _extraction(project)
        assert told is not None
        assert not told.on
        assert "without augmentation" in told.reason

    def test_without_such_a_block_or_where_it_does_not_work_there_is_nothing_to_say(self) -> None:
        assert _extraction(_project(Conv2D(filters=3), Flatten(), HEAD)) is None
        assert _extraction(_project(VGG16(trainable="block9"), Flatten(), HEAD)) is None


class TestMapLayers:
    def test_convolutions_in_the_order_of_the_model(self) -> None:
        project = _project(Conv2D(filters=3), MaxPooling2D(), Conv2D(filters=4), Flatten(), HEAD)
        assert map_layers(project.model, project_shapes(project)) == ("conv2d_1", "conv2d_2")

    def test_those_inside_a_block_too_as_far_as_it_is_used(self) -> None:
        project = _project(MobileNet(output_layer="conv_pw_2_relu", pooling="avg"), HEAD)
        found = map_layers(project.model, project_shapes(project))
        assert found[-1] == "mobile_net_1/conv_pw_2_relu"
        assert "mobile_net_1/conv_pw_3" not in found

    def test_a_model_of_dense_layers_has_none(self) -> None:
        project = _project(Flatten(), HEAD)
        assert map_layers(project.model, project_shapes(project)) == ()


def test_fine_tuning_takes_a_tenth_of_the_rate() -> None:
    project = fine_tune(_project(VGG16(), Flatten(), HEAD), "vgg16_1", "block5_conv1")
    assert project.training.optimizer.learning_rate == pytest.approx(0.0001)
