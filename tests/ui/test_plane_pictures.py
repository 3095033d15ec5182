"""Points as pictures: in the gallery of mistakes, beside the activations, and large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QListView, QWidget
from pytestqt.qtbot import QtBot

from nnplayground.spec.dataset import Points
from nnplayground.training.events import Mistakes
from nnplayground.ui.panels.activations import ActivationsPanel
from nnplayground.ui.panels.mistakes import MistakesPanel
from nnplayground.ui.panels.sample_detail import SampleDetail
from nnplayground.ui.theme import DARK
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.plane_maps import PlaneMap
from nnplayground.ui.widgets.plane_pictures import PlanePictures
from nnplayground.ui.widgets.plane_plot import PlanePlot
from nnplayground.ui.widgets.point_marks import CLASS_COLORS
from nnplayground.ui.widgets.tiles import TILE_ROLE
from tests.ui.picture_data import picture_catalog
from tests.ui.plane_data import CORNERS, catalog, color_at, distance, everywhere, painted, points_project
from tests.ui.test_plane_maps import BLUE

DATASET = painted(*CORNERS, validation=0.5)
PROJECT = points_project(DATASET)


@pytest.fixture
def loader(qapp: object) -> Iterator[PictureLoader]:
    loader = PictureLoader(threads=1)
    yield loader
    loader.shutdown()


@pytest.fixture
def plane(qapp: object) -> PlanePictures:
    plane = PlanePictures()
    plane.show_catalog(catalog(PROJECT), DATASET)
    return plane


def drawn(plane: PlanePictures, sample_id: str) -> QImage:
    """The picture of a sample, 120 pixels wide and 80 high."""
    image = QImage(120, 80, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff00ff"))
    picture = plane.picture(sample_id)
    assert picture is not None
    painter = QPainter(image)
    picture.draw(painter, QRectF(0, 0, 120, 80), DARK)
    painter.end()
    return image


def spot(place: tuple[float, float]) -> QPoint:
    """Where a place of the plane is in such a picture."""
    return QPoint(round(60 + place[0] / 12 * 80), round(40 - place[1] / 12 * 80))


def test_a_picture_shows_where_the_point_is(plane: PlanePictures) -> None:
    for number, (x1, x2, label) in enumerate(CORNERS):
        image = drawn(plane, str(number))
        assert distance(image.pixelColor(spot((x1, x2))), CLASS_COLORS[label]) < 12
        assert distance(image.pixelColor(spot((-x1, x2))), DARK.canvas) < 6


def test_the_picture_is_a_square_in_the_middle(plane: PlanePictures) -> None:
    image = drawn(plane, "0")
    assert image.pixelColor(10, 40).name() == "#ff00ff"
    assert image.pixelColor(112, 40).name() == "#ff00ff"
    assert image.pixelColor(22, 10).name() != "#ff00ff"


def test_the_latest_map_lies_under_the_point(qtbot: QtBot, plane: PlanePictures) -> None:
    with qtbot.waitSignal(plane.changed):
        plane.show_map(PlaneMap(everywhere(1.0), class_count=2))
    assert distance(drawn(plane, "0").pixelColor(spot((3, 2))), BLUE) < 6
    with qtbot.waitSignal(plane.changed):
        plane.show_map(None)
    assert distance(drawn(plane, "0").pixelColor(spot((3, 2))), DARK.canvas) < 6


def test_many_maps_are_few_changes(qtbot: QtBot, plane: PlanePictures) -> None:
    with qtbot.waitSignal(plane.changed):
        pass
    told: list[None] = []
    plane.changed.connect(lambda: told.append(None))
    with qtbot.waitSignal(plane.changed):
        for _ in range(50):
            plane.show_map(PlaneMap(everywhere(1.0), class_count=2))
    assert len(told) == 1


def test_pictures_of_other_data_there_are_none(plane: PlanePictures, tmp_path: Path) -> None:
    assert plane.picture("4") is None
    assert plane.picture("photo.png") is None
    plane.show_catalog(catalog(PROJECT), painted(*CORNERS[1:]))
    assert plane.picture("0") is None
    plane.show_catalog(catalog(PROJECT), painted(*CORNERS[::-1]))
    assert plane.picture("0") is None
    plane.show_catalog(picture_catalog(tmp_path), DATASET)
    assert plane.picture("0") is None
    plane.show_catalog(catalog(PROJECT), None)
    assert plane.picture("0") is None


def test_points_with_numbers_have_pictures_too(plane: PlanePictures) -> None:
    dataset = Points(shape="plane", count=20)
    plane.show_catalog(catalog(points_project(dataset, activation="linear")), dataset)
    assert plane.picture("7") is not None


def all_wrong(plane: PlanePictures) -> Mistakes:
    """Of the validation split; every point is taken for one of the other class."""
    known = catalog(PROJECT)
    ids, labels = known.ids["validation"], known.labels["validation"]
    said = (1 - labels).astype(np.float32)[:, None]
    return Mistakes("run", 1, "validation", ("0", "1"), ids, labels, said, np.ones(len(ids), np.float32))


def test_mistakes_are_tiny_pictures_of_the_plane(qtbot: QtBot, loader: PictureLoader, plane: PlanePictures) -> None:
    panel = MistakesPanel(loader, plane=plane)
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    panel.show_catalog(catalog(PROJECT))
    panel.show_mistakes(all_wrong(plane))
    view = panel.findChild(QListView, "mistakes.gallery")
    assert isinstance(view, QListView)
    tile = view.model().index(0, 0).data(TILE_ROLE)
    assert tile.drawing is not None
    assert tile.drawing.sample_id == panel.sample_ids()[0]

    def corner() -> QColor:
        """Near the upper left corner of the first picture, where no point is."""
        area = view.visualRect(view.model().index(0, 0))
        return view.viewport().grab().toImage().pixelColor(area.center().x() - 20, area.top() + 8)

    assert distance(corner(), BLUE) > 60
    with qtbot.waitSignal(plane.changed):
        plane.show_map(PlaneMap(everywhere(1.0), class_count=2))
    assert distance(corner(), BLUE) < 6


def test_beside_the_activations_the_sample_is_seen(qtbot: QtBot, loader: PictureLoader, plane: PlanePictures) -> None:
    panel = ActivationsPanel(loader, plane=plane)
    qtbot.addWidget(panel)
    panel.resize(290, 480)
    panel.show()
    panel.show_catalog(catalog(PROJECT))
    picture = panel.findChild(QWidget, "activations.picture")
    assert picture is not None
    before = picture.grab().toImage().pixelColor(8, 8)
    with qtbot.waitSignal(plane.changed):
        plane.show_map(PlaneMap(everywhere(1.0), class_count=2))
    after = picture.grab().toImage().pixelColor(8, 8)
    assert distance(after, BLUE) < 6 < distance(before, BLUE)


def test_the_large_view_shows_the_plane(qtbot: QtBot, loader: PictureLoader, plane: PlanePictures) -> None:
    detail = SampleDetail(loader, plane=plane)
    qtbot.addWidget(detail)
    detail.show_catalog(catalog(PROJECT))
    detail.open_sample("2", ("2", "1"))
    plot = detail.findChild(PlanePlot, "sample_detail.plane")
    assert isinstance(plot, PlanePlot)
    assert plot.isVisible()
    looked = detail.findChild(QCheckBox, "sample_detail.looked")
    assert isinstance(looked, QCheckBox)
    assert not looked.isVisible()
    assert distance(color_at(plot, (-3, 3)), CLASS_COLORS[0]) < 12
    plane.show_map(PlaneMap(everywhere(1.0), class_count=2))
    assert distance(color_at(plot, (0.5, 5)), BLUE) < 6
    QTest.keyClick(detail, Qt.Key.Key_Right)
    assert detail.sample_id() == "1"


def test_a_point_in_the_large_view_can_be_clicked(qtbot: QtBot, loader: PictureLoader, plane: PlanePictures) -> None:
    detail = SampleDetail(loader, plane=plane)
    qtbot.addWidget(detail)
    detail.show_catalog(catalog(PROJECT))
    detail.open_sample("2")
    plot = detail.findChild(PlanePlot, "sample_detail.plane")
    assert isinstance(plot, PlanePlot)
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=plot.frame().spot((3, 3)).toPoint())
    assert detail.sample_id() == "3"
    facts = detail.findChild(QLabel, "sample_detail.facts")
    assert isinstance(facts, QLabel)
    assert facts.text().startswith("True: 1")
