"""A sample in short: its picture, what is true, what the model says, and the loss."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from nnplayground.training.events import SamplePrediction
from nnplayground.training.outcomes import confidence, predicted_classes
from nnplayground.ui.sample_index import SampleIndex, error_text, target_text
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.bars import small_font
from nnplayground.ui.widgets.drawings import Drawing, PairPicture, TextPicture, WindowPicture
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.plane_pictures import PlanePictures, PointPicture
from nnplayground.ui.widgets.tile_pictures import draw_file

_LONGEST_TIP = 600
_WIDE: dict[type, float] = {TextPicture: 1.9, PairPicture: 1.9, WindowPicture: 1.4}
_SHORT = {"predicted": "→"}
"""What stands for a word where the value would have to be cut."""


def verdict(prediction: SamplePrediction, class_names: Sequence[str]) -> tuple[str, float, bool]:
    """The predicted class, its probability, and whether it is the true one."""
    values = prediction.values[None]
    predicted = int(predicted_classes(values)[0])
    return class_names[predicted], float(confidence(values)[0]), predicted == int(prediction.label)


class SamplePicture(QWidget):
    """The picture as a button."""

    clicked = Signal()

    def __init__(self, loader: PictureLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._file: Path | None = None
        self._drawing: Drawing | None = None
        self._wide = 1.0
        """Width by height."""
        self._plane: PlanePictures | None = None
        self._title = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        loader.loaded.connect(self._on_loaded)

    def show_file(self, file: Path | None, title: str, drawing: Drawing | None = None, *, tip: str = "") -> None:
        """drawing: in the place of a file. tip: what the tooltip says in place of the title."""
        self._file, self._title, self._drawing = file, title, drawing
        if isinstance(drawing, PointPicture) and drawing.pictures is not self._plane:
            self._plane = drawing.pictures
            self._plane.changed.connect(self._on_plane_changed)
        self.setToolTip(tip or title)
        wide = _WIDE.get(type(drawing), 1.0)
        if wide != self._wide:
            self._wide = wide
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        side = round(3.6 * self.fontMetrics().height())
        return QSize(round(self._wide * side), side)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        area = QRectF(self.rect())
        if self._wide > 1:
            painter.setFont(small_font(self.font()))
        draw_file(
            painter,
            area,
            self._file,
            self._loader,
            title=self._title,
            theme=theme,
            ratio=self.devicePixelRatioF(),
            drawing=self._drawing,
        )
        if self.hasFocus() or self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)

    def _on_loaded(self, file: Path) -> None:
        if file == self._file:
            self.update()

    def _on_plane_changed(self) -> None:
        if self._drawing is not None:
            self.update()


class SampleHeader(QWidget):
    """Picture at the left, three lines beside it."""

    picture_clicked = Signal()

    def __init__(self, loader: PictureLoader, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._prediction: SamplePrediction | None = None
        self._class_names: Sequence[str] = ()
        self._target = ""
        self._index: SampleIndex | None = None
        self._picture = SamplePicture(loader)
        self._picture.setObjectName(f"{name}.picture")
        self._picture.setAccessibleName("The sample; press Enter to choose another")
        self._picture.setStatusTip("Choose another sample")
        self._picture.clicked.connect(self.picture_clicked)
        self._true, self._predicted, self._loss = (_line(f"{name}.{word}") for word in ("true", "predicted", "loss"))
        lines = QVBoxLayout()
        lines.setSpacing(1)
        lines.addStretch()
        for label in (self._true, self._predicted, self._loss):
            lines.addWidget(label)
        lines.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self._picture)
        layout.addLayout(lines, 1)

    def show_sample(self, index: SampleIndex, sample_id: str) -> None:
        """A sample of which nothing is known yet but what is true."""
        reading = index.reading(sample_id)
        tip = f"{index.title(sample_id)}: {reading[:_LONGEST_TIP]}" if reading else ""
        self._picture.show_file(index.file(sample_id), index.title(sample_id), index.drawing(sample_id), tip=tip)
        self._target = index.target(sample_id)
        self._index = index
        self._prediction = None
        self._show_lines()

    def show_prediction(self, prediction: SamplePrediction, class_names: Sequence[str]) -> None:
        self._prediction, self._class_names = prediction, class_names
        self._show_lines()

    def _show_lines(self) -> None:
        theme = colors(self)
        own = self._prediction.class_names if self._prediction is not None else ()
        if own and self._prediction is not None:
            self._show_value(self._true, "true", own[int(self._prediction.label)])
        elif self._target:
            self._show_value(self._true, "true", self._target)
        else:
            self._true.setText("")
            self._true.setToolTip("")
        prediction = self._prediction
        if prediction is None:
            self._predicted.setText("not predicted yet")
            self._predicted.setToolTip("")
            self._loss.setText("")
            return
        if self._class_names:
            name, certainty, right = verdict(prediction, self._class_names)
            color, word = (theme.good, "✓ right") if right else (theme.error, "✗ wrong")
            self._show_value(self._predicted, "predicted", name, certainty)
            plain = QFontMetrics(self.font())
            if plain.horizontalAdvance(f"loss {prediction.loss:.2f} · {word} ") > self._loss.width():
                word = word[0]
            ending = f" · <b style='color:{color}'>{word}</b>"
        elif isinstance(prediction.label, np.ndarray):
            places = np.flatnonzero(prediction.label)
            right = int((prediction.values[places] == prediction.label[places]).sum())
            self._show_value(self._predicted, "right", f"{right:,} of {len(places):,}")
            ending = ""
        else:
            number = self._index.number if self._index is not None else float
            said = number(float(prediction.values[0]))
            self._show_value(self._predicted, "predicted", target_text(said, ()))
            ending = f" · {error_text(said - number(float(prediction.label)))}"
        loss = f"{prediction.loss:.2f}" if prediction.loss < 1000 else f"{prediction.loss:.3g}"
        self._loss.setText(f"loss <span style='color:{theme.text}'>{loss}</span>{ending}")

    def _show_value(self, label: QLabel, word: str, value: str, certainty: float | None = None) -> None:
        """A word and a value, which is shortened to fit."""
        number = "" if certainty is None else f" {certainty:.2f}"
        bold = QFont(self.font())
        bold.setBold(True)
        plain = QFontMetrics(self.font())
        shown = word
        if plain.horizontalAdvance(f"{word} {number} ") + QFontMetrics(bold).horizontalAdvance(value) > label.width():
            shown = _SHORT.get(word, word)
        room = label.width() - plain.horizontalAdvance(f"{shown} {number} ")
        short = QFontMetrics(bold).elidedText(value, Qt.TextElideMode.ElideRight, max(room, 0))
        text = colors(self).text
        label.setText(f"{shown} <b style='color:{text}'>{escape(short)}</b><span style='color:{text}'>{number}</span>")
        label.setAccessibleName(f"{word} {value}{number}")
        label.setToolTip(f"{word.capitalize()}: {value}" + ("" if certainty is None else f", {certainty:.4f}"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_lines()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_lines()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._show_lines()


def _line(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setProperty("muted", "true")
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return label
