"""A neuron view with a network on it, snapshots as an engine would give them, and a hand."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from nnplayground.data.points import plane_grid
from nnplayground.layers import Layer
from nnplayground.layers.activations import activation
from nnplayground.layers.core import Dense
from nnplayground.samples import Array
from nnplayground.spec.dataset import Feature, Points
from nnplayground.spec.project import Project
from nnplayground.training.events import PlaneMaps, PlaneWants, Snapshot, SnapshotWants
from nnplayground.ui.document import Document
from nnplayground.ui.playground.network import Spot
from nnplayground.ui.playground.view import NeuronView
from tests.ui.canvas_hand import chain

NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def points_document(*layers: Layer, features: tuple[Feature, ...] = ("x1", "x2")) -> Document:
    """A project of points with a chain of layers: input, dense_1, …"""
    return Document(Project(model=chain(*layers), dataset=Points(features=features)))


def snapshot_of(project: Project, *, seed: int = 0, gain: float = 1.5) -> Snapshot:
    """The maps and weights of a network with random weights; only its Dense layers do anything."""
    assert isinstance(project.dataset, Points)
    random = np.random.default_rng(seed)
    values: Array = plane_grid(project.dataset.features, 32)
    maps: dict[str, Array] = {}
    weights: dict[str, Array] = {}
    for block in project.model.blocks:
        if isinstance(block.layer, Dense):
            kernel = random.normal(0, gain / np.sqrt(values.shape[1]), (values.shape[1], block.layer.units))
            bias = random.normal(0, 0.5, block.layer.units)
            values = activation(block.layer.activation).value(values @ kernel + bias)
            maps[block.id] = values.T.reshape(-1, 32, 32).astype(np.float32)
            weights[f"{block.id}/kernel"] = kernel.astype(np.float32)
            weights[f"{block.id}/bias"] = bias.astype(np.float32)
    wants = SnapshotWants(plane=PlaneWants(tuple(maps)), weights=tuple(maps))
    return Snapshot("a", 0, 0, wants, None, {}, weights, {}, None, plane=PlaneMaps(maps, None))


class Hand:
    """Real events on the network."""

    def __init__(self, neurons: NeuronView) -> None:
        self.neurons = neurons
        self.view = neurons.view

    def at(self, spot: Spot) -> QPoint:
        return self.view.mapFromScene(self.neurons.network.anchor(spot))

    def hover(self, spot: Spot) -> None:
        QTest.mouseMove(self.view.viewport(), self.at(spot))

    def leave(self) -> None:
        """Over empty ground."""
        QTest.mouseMove(self.view.viewport(), self.view.viewport().rect().topLeft() + QPoint(2, 2))

    def click(self, spot: Spot) -> None:
        QTest.mouseClick(self.view.viewport(), LEFT, NO_KEY, self.at(spot))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def type(self, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
        """In the field that is open; key: pressed at the end."""
        line = self.view.field.line
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, key)
