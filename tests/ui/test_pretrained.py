"""A Pretrained block in the window: its weights in the inspector, its inner layers, and looking at one of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from nnplayground.engine import weight_files
from nnplayground.engine.weight_files import WeightsProblem
from nnplayground.layers.applications import VGG16, MobileNet
from nnplayground.layers.core import Dense
from nnplayground.layers.pooling import GlobalAveragePooling2D
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import append_layer
from nnplayground.spec.paths import get_value
from nnplayground.spec.project import Project
from nnplayground.training.events import Snapshot, SnapshotWants
from nnplayground.ui.document import Document
from nnplayground.ui.layer_catalog import found
from nnplayground.ui.panels.inner_layers import InnerLayers
from nnplayground.ui.panels.inspector import InspectorPanel
from nnplayground.ui.panels.weights import WeightsPanel
from nnplayground.ui.weights_fetch import WeightsFetch


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras' folder for this test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def document() -> Document:
    project = Project(dataset=ImageFolder(folder="photos"))
    for layer in (VGG16(), GlobalAveragePooling2D(), Dense(units=3, activation="softmax")):
        project = append_layer(project, layer)
    return Document(project)


@pytest.fixture
def inspector(qtbot: QtBot, document: Document) -> InspectorPanel:
    panel = InspectorPanel(document)
    qtbot.addWidget(panel)
    panel.resize(320, 800)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_layer("vgg16_1")
    return panel


@pytest.fixture
def inside(qtbot: QtBot, document: Document, inspector: InspectorPanel) -> InnerLayers:
    dialog = InnerLayers(document, "vgg16_1", inspector)
    with qtbot.waitExposed(dialog):
        dialog.show()
    return dialog


def _state(inspector: InspectorPanel) -> str:
    label = inspector.findChild(QLabel, "pretrained.state")
    assert label is not None
    return label.text().replace("\u200b", "")


def _button(parent: Any, name: str) -> QPushButton:
    button = parent.findChild(QPushButton, name)
    assert button is not None, name
    return button


class TestThePalette:
    def test_networks_are_found_by_name_family_and_words(self) -> None:
        assert found("vgg")[:2] == ["VGG16", "VGG19"]
        assert "MobileNet" in found("pretrained")
        assert found("phones") == ["MobileNet"]


class TestTheInspector:
    def test_it_says_that_the_weights_are_missing_and_offers_to_get_them(self, inspector: InspectorPanel) -> None:
        assert "not on this computer yet: vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in _state(inspector)
        assert _button(inspector, "pretrained.download").text() == "Download (59 MB)"
        assert _button(inspector, "pretrained.download").isVisible()

    def test_other_layers_have_no_such_part(self, inspector: InspectorPanel) -> None:
        inspector.show_layer("dense_1")
        assert not _button(inspector, "pretrained.download").isVisible()

    def test_weights_that_are_there_need_no_download(
        self, inspector: InspectorPanel, document: Document, home: Path
    ) -> None:
        home.mkdir(parents=True)
        (home / VGG16().weights_file((64, 64, 3)).name).write_bytes(b"")
        document.set_value("model.vgg16_1.pooling", "avg")
        assert _state(inspector).startswith("The weights are on this computer")
        assert not _button(inspector, "pretrained.download").isVisible()
        document.set_value("model.vgg16_1.weights", "none")
        assert "random" in _state(inspector)

    def test_a_download_can_be_followed_and_failing_is_told(
        self, qtbot: QtBot, inspector: InspectorPanel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(file: Any, *, progress: Any, cancelled: Any) -> Path:
            progress(1_000_000, 4_000_000)
            raise WeightsProblem(f"{file.name} could not be downloaded.")

        monkeypatch.setattr(weight_files, "download", fail)
        fetch = inspector.findChild(WeightsFetch)
        assert fetch is not None
        with qtbot.waitSignals([fetch.progressed, fetch.ended], timeout=5000):
            _button(inspector, "pretrained.download").click()
        assert "could not be downloaded" in _state(inspector)
        assert _button(inspector, "pretrained.download").isVisible()
        assert not _button(inspector, "pretrained.cancel").isVisible()

    def test_a_download_can_be_given_up(
        self, qtbot: QtBot, inspector: InspectorPanel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never_ends(file: Any, *, progress: Any, cancelled: Any) -> Path:
            while not cancelled():
                progress(1, None)
            raise weight_files.Cancelled

        monkeypatch.setattr(weight_files, "download", never_ends)
        fetch = inspector.findChild(WeightsFetch)
        assert fetch is not None
        with qtbot.waitSignal(fetch.progressed, timeout=5000):
            _button(inspector, "pretrained.download").click()
        assert _button(inspector, "pretrained.cancel").isVisible()
        with qtbot.waitSignal(fetch.ended, timeout=5000):
            _button(inspector, "pretrained.cancel").click()
        assert "not on this computer yet" in _state(inspector)

    def test_a_file_is_chosen_and_what_is_none_is_refused(
        self, inspector: InspectorPanel, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "own.h5"
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *given: (str(path), ""))
        path.write_text("nothing of the kind")
        _button(inspector, "pretrained.choose").click()
        assert "own.h5 is not a file of weights" in _state(inspector)
        assert get_value(document.project, "model.vgg16_1.weights") == "imagenet"
        # The superblock says that the file had 4,096 bytes when it was closed.
        superblock = bytes([0, 0, 0, 0, 0, 8, 8]).ljust(32, b"\0") + (4096).to_bytes(8, "little")
        path.write_bytes(weight_files.HDF5_SIGNATURE + superblock.ljust(2000, b"\0"))
        _button(inspector, "pretrained.choose").click()
        assert "own.h5 is incomplete" in _state(inspector)
        assert get_value(document.project, "model.vgg16_1.weights") == "imagenet"
        path.write_bytes(weight_files.HDF5_SIGNATURE + superblock.ljust(4088, b"\0"))
        _button(inspector, "pretrained.choose").click()
        assert get_value(document.project, "model.vgg16_1.weights") == str(path)
        assert "own.h5" in _state(inspector)

    def test_the_parameters_have_fields(self, inspector: InspectorPanel, document: Document) -> None:
        line = inspector.findChild(QLineEdit, "field.model.vgg16_1.trainable")
        assert line is not None
        line.setText("block5_conv1")
        line.committed.emit("block5_conv1", False)  # type: ignore[attr-defined]
        assert get_value(document.project, "model.vgg16_1.trainable") == "block5_conv1"


class TestInside:
    def test_it_lists_all_layers_with_their_shapes(self, inside: InnerLayers) -> None:
        model = inside.table.model()
        assert model.rowCount() == 18
        row = [model.index(0, column).data() for column in range(5)]
        assert row == ["block1_conv1", "Conv2D · 64 filters · 3×3", "64 × 64 × 64", "1,792", "frozen"]
        assert model.index(17, 4).data() == "output"

    def test_it_can_be_searched(self, qtbot: QtBot, inside: InnerLayers) -> None:
        search = inside.findChild(QLineEdit, "inner_layers.search")
        assert search is not None
        qtbot.keyClicks(search, "BLOCK5")
        assert [inside.table.model().index(row, 0).data() for row in range(inside.table.model().rowCount())] == [
            "block5_conv1",
            "block5_conv2",
            "block5_conv3",
            "block5_pool",
        ]
        summary = inside.findChild(QLabel, "inner_layers.summary")
        assert summary is not None
        assert summary.text().startswith("VGG16: 18 layers")
        qtbot.keyClicks(search, "x")
        assert summary.text() == "No layer of VGG16 has “BLOCK5x” in its name, kind or shape."
        search.clear()
        assert summary.text().startswith("VGG16: 18 layers")

    def test_a_click_picks_the_layer_to_train_from(self, qtbot: QtBot, inside: InnerLayers, document: Document) -> None:
        place = inside.table.model().index(14, 0)
        with qtbot.waitSignal(inside.inner_chosen) as chosen:
            qtbot.mouseClick(
                inside.table.viewport(), Qt.MouseButton.LeftButton, pos=inside.table.visualRect(place).center()
            )
        assert chosen.args == ["vgg16_1/block5_conv1"]
        _button(inside, "inner_layers.train_from").click()
        assert get_value(document.project, "model.vgg16_1.trainable") == "block5_conv1"
        states = [inside.table.model().index(row, 4).data() for row in range(18)]
        assert states[12:] == ["frozen", "", "trained", "trained", "trained", "output"]
        assert inside.chosen == "block5_conv1"
        document.undo_stack.undo()
        assert inside.table.model().index(14, 4).data() == "frozen"

    def test_the_output_is_taken_earlier(self, inside: InnerLayers, document: Document) -> None:
        inside.choose("block3_pool")
        _button(inside, "inner_layers.take_output").click()
        assert get_value(document.project, "model.vgg16_1.output_layer") == "block3_pool"
        assert inside.table.model().rowCount() == 10

    def test_it_closes_with_its_layer(self, qtbot: QtBot, inside: InnerLayers, document: Document) -> None:
        with qtbot.waitSignal(inside.destroyed):
            document.apply(lambda project: Project(dataset=project.dataset), "remove all")


class TestWeightsOfInnerLayers:
    def test_filters_are_drawn_as_those_of_any_layer(self, qtbot: QtBot) -> None:
        project = Project(dataset=ImageFolder(folder="photos"))
        for layer in (MobileNet(), GlobalAveragePooling2D(), Dense(units=3)):
            project = append_layer(project, layer)
        panel = WeightsPanel(Document(project))
        qtbot.addWidget(panel)
        panel.resize(600, 200)
        with qtbot.waitExposed(panel):
            panel.show()
        panel.set_layer("mobile_net_1/conv_dw_1")
        assert panel.wanted_layers() == ("mobile_net_1/conv_dw_1",)
        weights = {"mobile_net_1/conv_dw_1/kernel": np.random.default_rng(0).normal(size=(3, 3, 32, 1))}
        wants = SnapshotWants(weights=panel.wanted_layers())
        panel.show_snapshot(Snapshot("run", 1, 1, wants, None, {}, weights, {}, None))
        assert panel.headline == "conv_dw_1 · 3×3×32×1"
        assert panel.gallery.tiles is not None
        assert len(panel.gallery.tiles.values) == 32
