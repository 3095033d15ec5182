"""The first thing one sees: samples that train at one click, one's own images, recent projects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnplayground.sample_projects import SampleProject
from nnplayground.ui import icons
from nnplayground.ui.theme import colors


class StartPage(QScrollArea):
    """Emits what was chosen; the window does it."""

    sample_requested = Signal(str)
    """The file name of a bundled sample."""
    folder_requested = Signal()
    table_requested = Signal()
    """A text or a table: texts, numbers, pairs of texts."""
    points_requested = Signal()
    """Points in the plane, with a network for them."""
    project_requested = Signal()
    recent_requested = Signal(str)
    empty_requested = Signal()

    def __init__(self, samples: Sequence[SampleProject], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start_page_view")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        page = QWidget()
        outer = QHBoxLayout(page)
        outer.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(10)
        outer.addLayout(column, 12)
        outer.addStretch(1)
        column.setContentsMargins(16, 28, 16, 28)
        title = QLabel("Build a neural network by hand, and watch it learn")
        title.setProperty("title", "true")
        title.setWordWrap(True)
        about = QLabel("Choose images or texts of your own, or start with a sample. Everything stays on this computer.")
        about.setProperty("muted", True)
        about.setWordWrap(True)
        column.addWidget(title)
        column.addWidget(about)
        column.addSpacing(8)
        column.addLayout(self._buttons())
        column.addSpacing(16)
        column.addWidget(_section("SAMPLES"))
        grid = QGridLayout()
        grid.setSpacing(12)
        self._cards = [SampleCard(sample) for sample in samples]
        for place, card in enumerate(self._cards):
            card.chosen.connect(self.sample_requested)
            grid.addWidget(card, place // 3, place % 3)
        for number in range(3):
            grid.setColumnStretch(number, 1)
        column.addLayout(grid)
        column.addSpacing(16)
        self._recent_title = _section("RECENT PROJECTS")
        column.addWidget(self._recent_title)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        column.addLayout(self._recent)
        column.addStretch(1)
        self.setWidget(page)
        self.show_recent([])

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        for text, name, signal, primary, tip in (
            (
                "Open an image folder…",
                "start_open_folder",
                self.folder_requested,
                True,
                "A folder with one folder of images a class.",
            ),
            (
                "Open texts or a table…",
                "start_open_table",
                self.table_requested,
                False,
                "A text to write like, or a CSV or TSV file: labelled texts, pairs of texts, a series, points.",
            ),
            (
                "Points in the plane",
                "start_points",
                self.points_requested,
                False,
                "Points in shapes to choose from, painted by yourself or from a file, and a small network.",
            ),
            ("Open a project…", "start_open", self.project_requested, False, "A .nnp file."),
            ("Empty project", "start_empty", self.empty_requested, False, "Begin with nothing but an Input."),
        ):
            button = QPushButton(text)
            button.setObjectName(name)
            button.setProperty("primary", primary)
            button.setToolTip(tip)
            button.setStatusTip(tip)
            button.setMinimumHeight(34)
            button.clicked.connect(signal)
            row.addWidget(button)
        hint = QLabel("or drop a folder or a file")
        hint.setProperty("muted", True)
        row.addWidget(hint)
        row.addStretch(1)
        return row

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List the projects that were open lately."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for path in paths:
            button = QPushButton(f"{path.stem}    {path.parent}")
            button.setObjectName("recent_project")
            button.setProperty("flat_look", True)
            button.setStyleSheet("text-align: left;")
            button.setToolTip(str(path))
            button.clicked.connect(lambda checked=False, path=path: self.recent_requested.emit(str(path)))
            self._recent.addWidget(button)
        self._recent_title.setVisible(bool(paths))


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("section", True)
    return label


class SampleCard(QWidget):
    """One sample: a small picture, its name, what to look for."""

    chosen = Signal(str)

    def __init__(self, sample: SampleProject, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sample = sample
        self._hovered = False
        self.setObjectName(f"sample.{sample.file}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(sample.title)
        self.setAccessibleDescription(sample.about)
        self.setToolTip(f"Open the sample “{sample.title}”.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._icon = QLabel()
        self._icon.setFixedSize(30, 30)
        title = QLabel(sample.title)
        title.setProperty("heading", True)
        about = QLabel(sample.about)
        about.setProperty("muted", True)
        about.setWordWrap(True)
        about.setAlignment(Qt.AlignmentFlag.AlignTop)
        top = QHBoxLayout()
        top.addWidget(self._icon)
        top.addWidget(title, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(about, 1)
        self._recolor()

    def _recolor(self) -> None:
        self._icon.setPixmap(icons.pixmap(self._sample.icon, colors(self).accent, size=24))
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._recolor()
        super().changeEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self._sample.file)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._sample.file)
        else:
            super().keyPressEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = colors(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = self._hovered or self.hasFocus()
        painter.setPen(QPen(QColor(theme.accent if lit else theme.border), 1))
        painter.setBrush(QColor(theme.raised if self._hovered else theme.surface))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 8, 8)
