"""What a generator makes: its images after each epoch, back through time, each beside the training image most alike."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from nnplayground.training.events import Made
from nnplayground.ui.widgets.labels import describe, muted
from nnplayground.ui.widgets.made_grid import MadeGrid, picture_of
from nnplayground.ui.widgets.made_history import MadeHistory
from nnplayground.ui.widgets.picture_menu import install_picture_menu

_COPY = 0.25
"""An image nearer to a training image than this share of what is usual among these is called a copy."""
_SIDE = 104
_LEAST_SIDE = 32
_EMPTY = np.zeros((1, 1, 1), np.uint8)


class MadePage(QWidget):
    """Follows the training; a slider shows what was made earlier of the same noise."""

    run_pause_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history = MadeHistory()
        self._shown: Made | None = None
        self.grid = MadeGrid()
        self.grid.pointed_at.connect(self._show_pointed)
        self.grid.run_pause_requested.connect(self.run_pause_requested)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("made.slider")
        self._slider.setPageStep(5)
        describe(self._slider, "Epoch", "Go back to what was made of the same noise after earlier epochs.")
        self._slider.valueChanged.connect(self._on_moved)
        self._when = muted()
        self._when.setObjectName("made.when")
        self.pair = _Pair()
        self._words = QLabel()
        self._words.setObjectName("made.words")
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        beside = QVBoxLayout()
        beside.setSpacing(6)
        beside.addWidget(self.pair)
        beside.addWidget(self._words)
        beside.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.grid, 1)
        row.addLayout(beside)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._when)
        foot.addWidget(self._slider, 1)
        foot.addWidget(install_picture_menu(self.grid, name="made images"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row, 1)
        layout.addLayout(foot)
        self._size_words()

    def show_made(self, made: Made) -> None:
        """The latest images. The slider follows them where it stands at its end."""
        follows = self._slider.value() == self._slider.maximum()
        place = self._slider.value()
        self._history.append(made)
        last = len(self._history) - 1
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, last)
            self._slider.setValue(last if follows else min(place, last))
        self._show()

    def clear(self) -> None:
        """Forget what was made."""
        self._history.clear()
        self._shown = None
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, 0)

    @property
    def words(self) -> str:
        """What is said about the image that is pointed at."""
        return self._words.text()

    def _on_moved(self, place: int) -> None:
        self._show()

    def _show(self) -> None:
        if not len(self._history):
            return
        made = self._history[self._slider.value()]
        latest = self._history.latest
        self._when.setText("Before the first epoch" if not made.epoch else f"Epoch {made.epoch:,}")
        if latest is not None and made is not latest:
            self._when.setText(f"{self._when.text()} of {latest.epoch:,}")
        if made is not self._shown:
            self._shown = made
            self.grid.show_images(made.images)
        self._show_pointed(self.grid.current)

    def _show_pointed(self, number: int) -> None:
        made = self._shown
        if made is None or number >= len(made.images):
            return
        self.pair.show_pair(made, number)
        self._words.setText(_words(made, number))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._size_words()

    def _size_words(self) -> None:
        self._words.setFixedWidth(max(2 * _SIDE + 8, self.fontMetrics().averageCharWidth() * 34))


def _words(made: Made, number: int) -> str:
    """How far an image is from the training image most alike, and what that means."""
    distance = float(made.distances[number])
    copies = int((made.distances < _COPY * made.typical).sum())
    said = f"Made, and the training image most alike. They differ by {distance:.3f}; "
    if distance < _COPY * made.typical:
        said += "so little that this is a copy."
    else:
        said += f"training images differ from the ones most like them by {made.typical:.3f}."
    count = len(made.images)
    return f"{said} Of {count} images {'none is' if not copies else '1 is' if copies == 1 else f'{copies} are'} a copy."


class _Pair(QWidget):
    """An image that was made, and the training image most alike, both large."""

    def __init__(self) -> None:
        super().__init__()
        self._images = (picture_of(_EMPTY), picture_of(_EMPTY))
        # In a low panel the images give way, for words cannot.
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)

    def show_pair(self, made: Made, number: int) -> None:
        self._images = (picture_of(made.images[number]), picture_of(made.nearest[number]))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(2 * _SIDE + 8, _SIDE)

    def minimumSizeHint(self) -> QSize:
        return QSize(2 * _SIDE + 8, _LEAST_SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = min(self.height(), _SIDE)
        for place, image in enumerate(self._images):
            size = image.size().scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio)
            left = place * (side + 8) + (side - size.width()) // 2
            painter.drawImage(QRect(left, (side - size.height()) // 2, size.width(), size.height()), image)
        painter.end()
