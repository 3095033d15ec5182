from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, QPoint, QSizeF, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from nnplayground.training.events import Catalog, SamplePrediction
from nnplayground.ui.panels.sample_detail import SampleDetail
from nnplayground.ui.widgets.bars import ClassBars
from nnplayground.ui.widgets.feature_maps import FeatureMaps
from nnplayground.ui.widgets.picture_view import PictureView, overlay_image, seen_part
from nnplayground.ui.widgets.pictures import PictureLoader
from tests.ui.picture_data import picture_catalog

RED = "#c81e1e"
"""The colour of every picture."""
FIRST, SECOND, THIRD = "validation/0-cat.png", "validation/1-dog.png", "validation/2-cat.png"


@pytest.fixture
def loader(qapp: object) -> Iterator[PictureLoader]:
    loader = PictureLoader(threads=1)
    yield loader
    loader.shutdown()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return picture_catalog(tmp_path)


@pytest.fixture
def detail(qtbot: QtBot, loader: PictureLoader, catalog: Catalog) -> SampleDetail:
    detail = SampleDetail(loader)
    qtbot.addWidget(detail)
    detail.show_catalog(catalog)
    return detail


def text(detail: SampleDetail, name: str) -> str:
    label = detail.findChild(QLabel, f"sample_detail.{name}")
    assert isinstance(label, QLabel)
    return label.text()


def click(detail: SampleDetail, name: str) -> None:
    button = detail.findChild(QPushButton, f"sample_detail.{name}")
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def look(detail: SampleDetail) -> None:
    box = detail.findChild(QCheckBox, "sample_detail.looked")
    assert isinstance(box, QCheckBox)
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def said(sample_id: str, *, label: int, dog: float) -> SamplePrediction:
    return SamplePrediction(sample_id, label, np.array([dog], np.float32), 1.2)


def test_it_asks_for_what_it_shows(qtbot: QtBot, detail: SampleDetail) -> None:
    with qtbot.waitSignal(detail.details_wanted) as wanted:
        detail.open_sample(FIRST)
    assert wanted.args == [FIRST]
    assert detail.isVisible()
    assert not detail.isModal()
    assert detail.sample_id() == FIRST
    assert text(detail, "facts") == "True: cat · validation split"


def test_a_wrong_prediction_with_all_probabilities(detail: SampleDetail) -> None:
    detail.open_sample(FIRST)
    detail.show_prediction(said(FIRST, label=0, dog=0.7))
    assert "✗ Wrong" in text(detail, "verdict")
    assert "dog, 70.0% sure" in text(detail, "verdict")
    assert text(detail, "facts") == "True: cat · loss 1.2 · validation split"
    bars = detail.findChild(ClassBars, "sample_detail.classes")
    assert isinstance(bars, ClassBars)
    assert [(bar.name, bar.note) for bar in bars.bars] == [("dog", "predicted"), ("cat", "true")]


def test_answers_about_another_sample_are_ignored(detail: SampleDetail) -> None:
    detail.open_sample(FIRST)
    detail.show_prediction(said(SECOND, label=1, dog=0.7))
    detail.show_activations(SECOND, "conv2d_1", np.ones((4, 4, 3), np.float32))
    maps = detail.findChild(FeatureMaps, "sample_detail.maps")
    assert isinstance(maps, FeatureMaps)
    assert text(detail, "verdict") == "Asking the model…"
    assert maps.stack.count == 0
    detail.show_activations(FIRST, "conv2d_1", np.ones((4, 4, 3), np.float32))
    assert maps.stack.count == 3


def test_the_picture_is_painted(qtbot: QtBot, detail: SampleDetail, loader: PictureLoader) -> None:
    with qtbot.waitSignal(loader.loaded):
        detail.open_sample(FIRST)
    view = detail.findChild(PictureView, "sample_detail.picture")
    assert isinstance(view, PictureView)
    color = view.grab().toImage().pixelColor(view.rect().center())
    assert color.name() == RED


def test_what_the_model_looked_at_is_asked_for_and_laid_over(
    qtbot: QtBot, detail: SampleDetail, loader: PictureLoader
) -> None:
    with qtbot.waitSignal(loader.loaded):
        detail.open_sample(FIRST)
    detail.show_prediction(said(FIRST, label=0, dog=0.7))
    with qtbot.waitSignal(detail.occlusion_requested) as wanted:
        look(detail)
    assert wanted.args == [FIRST]
    assert text(detail, "explanation").startswith("Covering one part")
    drops = np.zeros((2, 2), np.float32)
    drops[0, 0] = 0.4
    detail.show_occlusion(FIRST, drops)
    assert "lowers its probability by 0.40" in text(detail, "explanation")
    view = detail.findChild(PictureView, "sample_detail.picture")
    assert isinstance(view, PictureView)
    # The picture is 24 × 16, so the covered quarter reaches from the upper left to its centre.
    center = view.rect().center()
    image = view.grab().toImage()
    assert image.pixelColor(center + QPoint(20, 20)).name() == RED
    assert image.pixelColor(center - QPoint(20, 20)).name() != RED
    QTest.mouseMove(view, center - QPoint(20, 20))
    assert text(detail, "explanation") == "Covering this part lowers the probability of dog by 0.400."
    look(detail)
    assert view.grab().toImage().pixelColor(center - QPoint(20, 20)).name() == RED
    assert text(detail, "explanation") == ""


def test_grad_cam_is_the_other_way_to_see_it(qtbot: QtBot, detail: SampleDetail, loader: PictureLoader) -> None:
    with qtbot.waitSignal(loader.loaded):
        detail.open_sample(FIRST, [FIRST, SECOND])
    detail.show_prediction(said(FIRST, label=0, dog=0.7))
    way = detail.findChild(QComboBox, "sample_detail.way")
    assert isinstance(way, QComboBox)
    assert not way.isVisible()
    look(detail)
    assert way.isVisible()
    with qtbot.waitSignal(detail.heat_requested) as wanted:
        way.setCurrentIndex(1)
    assert wanted.args == [FIRST]
    # The answer about covering comes late, and belongs to the other way.
    detail.show_occlusion(FIRST, np.full((2, 2), 0.4, np.float32))
    assert text(detail, "explanation").startswith("Asking the last")
    heat = np.zeros((2, 2), np.float32)
    heat[0, 0] = 7
    detail.show_heat(FIRST, heat)
    assert "spoke for dog" in text(detail, "explanation")
    view = detail.findChild(PictureView, "sample_detail.picture")
    assert isinstance(view, PictureView)
    center = view.rect().center()
    seen = view.grab().toImage().pixelColor(center - QPoint(60, 40)).name()
    assert seen != RED
    detail.show_heat(FIRST, np.zeros((2, 2), np.float32))
    assert text(detail, "explanation").startswith("No part")
    with qtbot.waitSignal(detail.heat_requested) as wanted:
        click(detail, "next")
    assert wanted.args == [SECOND]
    detail.show_problem(SECOND, "Grad-CAM needs feature maps.")
    assert text(detail, "explanation") == "Grad-CAM needs feature maps."


def test_the_next_sample_is_looked_at_too(detail: SampleDetail) -> None:
    detail.open_sample(FIRST, [FIRST, SECOND])
    look(detail)
    wanted: list[str] = []
    detail.occlusion_requested.connect(wanted.append)
    click(detail, "next")
    assert wanted == [SECOND]


def test_a_picture_without_any_decisive_part(detail: SampleDetail) -> None:
    detail.open_sample(FIRST)
    detail.show_prediction(said(FIRST, label=0, dog=0.7))
    look(detail)
    detail.show_occlusion(FIRST, np.full((2, 2), 0.001, np.float32))
    assert text(detail, "explanation").startswith("No single part decides")


def test_a_model_for_other_classes_has_nothing_to_say_about_these(detail: SampleDetail) -> None:
    detail.open_sample(FIRST)
    detail.show_prediction(SamplePrediction(FIRST, 2, np.array([0.2, 0.3, 0.5], np.float32), 0.7))
    assert text(detail, "verdict") == "Not predicted"
    detail.show_activations(FIRST, "dense_2", np.array([0.2, 0.3, 0.5], np.float32))
    detail.show_prediction(said(FIRST, label=0, dog=0.7))
    assert "Wrong" in text(detail, "verdict")


def test_a_refusal_takes_the_place_of_the_answer(detail: SampleDetail) -> None:
    detail.open_sample(FIRST)
    look(detail)
    detail.show_problem(FIRST, "The model has not been trained yet. Press Run.")
    assert text(detail, "explanation") == "The model has not been trained yet. Press Run."
    assert text(detail, "verdict") == "Not predicted"


def test_mistakes_are_stepped_through_by_buttons_and_arrow_keys(detail: SampleDetail) -> None:
    detail.open_sample(SECOND, [FIRST, SECOND, THIRD])
    wanted: list[str] = []
    detail.details_wanted.connect(wanted.append)
    assert text(detail, "position") == "2 of 3"
    click(detail, "next")
    QTest.keyClick(detail, Qt.Key.Key_Right)
    QTest.keyClick(detail, Qt.Key.Key_Left)
    click(detail, "previous")
    assert wanted == [THIRD, SECOND, FIRST]
    assert text(detail, "position") == "1 of 3"


def test_escape_closes(detail: SampleDetail) -> None:
    detail.open_sample(FIRST)
    QTest.keyClick(detail, Qt.Key.Key_Escape)
    assert not detail.isVisible()
    assert detail.sample_id() is None


def test_the_path_can_be_copied(detail: SampleDetail, catalog: Catalog) -> None:
    detail.open_sample(FIRST)
    path = detail.findChild(QLineEdit, "sample_detail.path")
    assert isinstance(path, QLineEdit)
    assert path.text() == str(catalog.files[FIRST])
    click(detail, "copy")
    assert QGuiApplication.clipboard().text() == str(catalog.files[FIRST])


class Opener(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url)


def test_the_folder_can_be_opened(detail: SampleDetail, catalog: Catalog) -> None:
    opener = Opener()
    # The stub asks for bytes, the call itself for a name.
    QDesktopServices.setUrlHandler("file", opener, "open")  # type: ignore[arg-type]
    detail.open_sample(FIRST)
    click(detail, "folder")
    QDesktopServices.unsetUrlHandler("file")
    assert [Path(url.toLocalFile()) for url in opener.opened] == [catalog.files[FIRST].parent]


def test_it_closes_when_its_sample_is_gone(detail: SampleDetail, tmp_path: Path) -> None:
    detail.open_sample("validation/5-dog.png")
    detail.show_catalog(picture_catalog(tmp_path / "other", validation=2))
    assert not detail.isVisible()


def test_the_overlay_covers_what_the_model_gets() -> None:
    wide, square = QSizeF(300, 100), QSizeF(64, 64)
    assert seen_part(wide, square, "stretch").getRect() == (0, 0, 300, 100)
    assert seen_part(wide, square, "crop").getRect() == (100, 0, 100, 100)
    assert seen_part(wide, square, "pad").getRect() == (0, -100, 300, 300)


def test_the_overlay_hides_what_does_not_matter() -> None:
    image = overlay_image(np.array([[0.5, 0.0, -0.5]], np.float32))
    alphas = [image.pixelColor(column, 0).alpha() for column in range(3)]
    assert alphas[0] == alphas[2] > 200
    assert alphas[1] == 0
    assert image.pixelColor(0, 0).red() > image.pixelColor(0, 0).blue()
    assert image.pixelColor(2, 0).blue() > image.pixelColor(2, 0).red()
