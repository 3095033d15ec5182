"""A canvas with a model on it, and hands that use mouse and keyboard."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nnplayground.layers import Layer
from nnplayground.layers.convolution import Conv2D
from nnplayground.layers.core import Dense, Flatten, Input
from nnplayground.layers.pooling import MaxPooling2D
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block, Model, Wire, new_id
from nnplayground.spec.project import Project
from nnplayground.ui import mime
from nnplayground.ui.canvas.panel import CanvasPanel
from nnplayground.ui.document import Document

FACTS = DataFacts(
    input_shape=(64, 64, 3),
    class_names=("cat", "dog"),
    splits={"training": 100, "validation": 20},
    per_class={"training": (50, 50), "validation": (10, 10)},
)
NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def chain(*layers: Layer) -> Model:
    blocks = [Block("input", Input())]
    for layer in layers:
        blocks.append(Block(new_id(layer.type, [block.id for block in blocks]), layer))
    return Model(tuple(blocks), tuple(Wire(one.id, other.id) for one, other in pairwise(blocks)))


def image_model() -> Model:
    """input, conv2d_1, max_pooling2d_1, flatten_1, dense_1 (the output)."""
    return chain(Conv2D(activation="relu"), MaxPooling2D(), Flatten(), Dense(units=1, activation="sigmoid"))


def document_of(model: Model) -> Document:
    document = Document(Project(model=model, dataset=ImageFolder(folder="photos")))
    document.set_facts(FACTS)
    return document


def way(document: Document) -> list[str]:
    """Ids along the first wires from the input."""
    model = document.project.model
    found = ["input"]
    while model.targets(found[-1]):
        found.append(model.targets(found[-1])[0])
    return found


class Hand:
    """Real events on the canvas' viewport, at points of the scene."""

    def __init__(self, panel: CanvasPanel) -> None:
        self.panel = panel
        self.view = panel.view
        self.scene = panel.scene

    def at(self, point: QPointF) -> QPoint:
        return self.view.mapFromScene(point)

    def block(self, layer_id: str, *, aside: float = 60) -> QPointF:
        """A point on a block, beside its ports."""
        return self.scene.rect_of(layer_id).center() + QPointF(aside, 0)

    def wire(self, source: str, target: str) -> QPointF:
        return self.scene.wires[Wire(source, target)].middle

    def below(self) -> QPointF:
        """Empty ground below the model."""
        return QPointF(0, self.scene.model_rect.bottom() + 30)

    def press(self, point: QPointF, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.mousePress(self.view.viewport(), LEFT, modifiers, self.at(point))

    def move(self, point: QPointF) -> None:
        QTest.mouseMove(self.view.viewport(), self.at(point))

    def release(self, point: QPointF, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.mouseRelease(self.view.viewport(), LEFT, modifiers, self.at(point))

    def click(self, point: QPointF, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.mouseClick(self.view.viewport(), LEFT, modifiers, self.at(point))

    def double_click(self, point: QPointF) -> None:
        QTest.mouseDClick(self.view.viewport(), LEFT, NO_KEY, self.at(point))

    def drag(self, start: QPointF, end: QPointF, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
        self.press(start, modifiers)
        self.move((start + end) / 2)
        self.move(end)
        self.release(end, modifiers)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_KEY) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def carry(self, layer_type: str, *points: QPointF) -> QMimeData:
        """Drag a layer from the palette over points, without letting go."""
        content = QMimeData()
        content.setData(mime.LAYER, QByteArray(layer_type.encode()))
        copy = Qt.DropAction.CopyAction
        for number, point in enumerate(points):
            kinds = (QDragEnterEvent, QDragMoveEvent) if number == 0 else (QDragMoveEvent,)
            for kind in kinds:
                QApplication.sendEvent(self.view.viewport(), kind(self.at(point), copy, content, LEFT, NO_KEY))
        return content

    def drop(self, layer_type: str, point: QPointF) -> None:
        """Drag a layer from the palette to a point and let go."""
        content = self.carry(layer_type, point)
        event = QDropEvent(QPointF(self.at(point)), Qt.DropAction.CopyAction, content, LEFT, NO_KEY)
        QApplication.sendEvent(self.view.viewport(), event)

    def leave(self) -> None:
        QApplication.sendEvent(self.view.viewport(), QDragLeaveEvent())
