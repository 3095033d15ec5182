"""Choosing a sample: step through a split or class, take any, or look through a gallery."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnplayground.ui import icons
from nnplayground.ui.sample_index import TILE_SHAPES, Group, SampleIndex
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.tiles import Line, Tile, TileView

_BUTTON_WIDTH = 28
_SPACING = 3
_ARROW_WIDTH = 44
"""Pixels of a box for choosing beside its text."""


class _Members(msgspec.Struct, frozen=True):
    """The samples of a group: a TileSource."""

    index: SampleIndex
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def sample_id(self, row: int) -> str:
        return self.ids[row]

    def row_of(self, sample_id: str) -> int | None:
        return self.ids.index(sample_id) if sample_id in self.ids else None

    def tile(self, row: int) -> Tile:
        sample_id = self.ids[row]
        target = self.index.target(sample_id)
        lines = (Line(target, tone="muted"),)
        return Tile(self.index.title(sample_id), self.index.file(sample_id), lines, self.index.drawing(sample_id))

    def description(self, row: int) -> str:
        sample_id = self.ids[row]
        parts = (self.index.title(sample_id), self.index.reading(sample_id)[:400], self.index.target(sample_id))
        return "\n".join(part for part in parts if part)


class SampleChooser(QFrame):
    """A gallery that pops up. Filtering looks at the names of files, or at what is written in the samples."""

    picked = Signal(str)

    def __init__(self, loader: PictureLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("activations.chooser")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._source: _Members | None = None
        self._title = QLabel()
        self._filter = QLineEdit()
        self._filter.setObjectName("activations.chooser.filter")
        self._filter.setPlaceholderText("Filter by name…")
        self._filter.setAccessibleName("Filter by name")
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._show_filtered)
        self._view = TileView(loader, lines=1, smallest=76)
        self._view.setObjectName("activations.chooser.gallery")
        self._view.setAccessibleName("Samples to choose from")
        self._view.picked.connect(self._on_picked)
        header = QHBoxLayout()
        header.addWidget(self._title)
        header.addWidget(self._filter, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 4, 8)
        layout.addLayout(header)
        layout.addWidget(self._view)

    def sizeHint(self) -> QSize:
        unit = self.fontMetrics().height()
        return QSize(28 * unit, 24 * unit)

    def open_at(
        self, place: QPoint, *, title: str, index: SampleIndex, ids: tuple[str, ...], current: str | None
    ) -> None:
        """place: on the screen, where the popup's upper right corner should be, as far as it fits there."""
        self._source = _Members(index, ids)
        words = "Filter by words…" if index.kind in ("texts", "pairs") else "Filter by name…"
        self._filter.setPlaceholderText(words)
        self._filter.setAccessibleName(words.removesuffix("…"))
        smallest, aspect = TILE_SHAPES.get(index.kind, (76, 0.72))
        self._view.set_tiles(smallest=smallest, aspect=aspect)
        self._title.setText(f"{title} · {len(ids):,}")
        self._filter.clear()
        self.resize(self.sizeHint())
        screen = QGuiApplication.screenAt(place) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        left = min(max(place.x() - self.width(), room.left()), room.right() - self.width())
        top = min(max(place.y(), room.top()), room.bottom() - self.height())
        self.move(left, top)
        self._show_filtered()
        self.show()
        row = self._source.row_of(current) if current is not None else None
        self._view.set_current_row(row, scroll=True)
        self._view.setFocus(Qt.FocusReason.PopupFocusReason)

    def _show_filtered(self) -> None:
        if self._source is None:
            return
        text = self._filter.text().strip().casefold()
        ids = self._source.ids
        if text:
            index = self._source.index
            ids = tuple(
                sample_id
                for sample_id in ids
                if text in sample_id.casefold() or text in index.reading(sample_id).casefold()
            )
        self._view.show_source(_Members(self._source.index, ids))

    def _on_picked(self, sample_id: str) -> None:
        self.hide()
        self.picked.emit(sample_id)


class SamplePicker(QWidget):
    """The row of buttons. It knows which sample is current and tells when the user wants another."""

    picked = Signal(str)

    def __init__(self, loader: PictureLoader, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index: SampleIndex | None = None
        self._current: str | None = None
        self._members: tuple[str, ...] = ()
        self._chooser = SampleChooser(loader, self)
        self._chooser.picked.connect(self.picked)
        self._buttons = {
            "chevron-left": _button(f"{name}.previous", "Previous sample", lambda: self._step(-1)),
            "chevron-right": _button(f"{name}.next", "Next sample", lambda: self._step(1)),
            "random": _button(f"{name}.random", "Any sample of this group, by chance", self._take_any),
            "gallery": _button(f"{name}.choose", "Choose a sample from a gallery…", self.open_chooser),
        }
        self._groups = QComboBox()
        self._groups.setObjectName(f"{name}.group")
        self._groups.setAccessibleName("Split and class to choose from")
        self._groups.setToolTip("Which samples to step through: a split, or one class of it")
        self._groups.setStatusTip(self._groups.toolTip())
        self._groups.setMinimumContentsLength(3)
        self._groups.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._groups.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._groups.activated.connect(self._on_group_chosen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_SPACING)
        for button in self._buttons.values():
            layout.addWidget(button)
        layout.insertSpacing(3, 3)
        layout.insertWidget(4, self._groups, 1)
        layout.insertSpacing(5, 3)

    def show_index(self, index: SampleIndex) -> None:
        """Other samples. The group stays where there is one of the same title."""
        title = self._groups.currentText()
        self._index = index
        self._groups.clear()
        for group in index.groups():
            self._groups.addItem(group.title, group)
        self._groups.setCurrentIndex(max(0, self._groups.findText(title)))
        self._take_members()

    def set_current(self, sample_id: str | None) -> None:
        """Which sample is shown. A group that does not hold it gives way to its split."""
        self._current = sample_id
        if self._index is not None and sample_id is not None and sample_id not in self._members:
            split = self._index.split(sample_id)
            rows = range(self._groups.count())
            self._groups.setCurrentIndex(next(row for row in rows if self._groups.itemData(row).split == split))
            self._take_members()

    def first(self) -> str | None:
        return self._members[0] if self._members else None

    def open_chooser(self) -> None:
        """Pop up the gallery of the group."""
        if self._index is None or not self._members:
            return
        corner = self.mapToGlobal(self.rect().bottomRight() + QPoint(0, 4))
        title = self._groups.currentText()
        self._chooser.open_at(corner, title=title, index=self._index, ids=self._members, current=self._current)

    def _take_members(self) -> None:
        group = self._groups.currentData()
        assert self._index is not None
        self._members = self._index.members(group) if isinstance(group, Group) else ()
        self.setEnabled(bool(self._members))

    def _step(self, offset: int) -> None:
        if not self._members:
            return
        here = self._members.index(self._current) if self._current in self._members else -max(0, offset)
        self.picked.emit(self._members[(here + offset) % len(self._members)])

    def _take_any(self) -> None:
        others = len(self._members) - (self._current in self._members)
        if others < 1:
            return
        sample_id = random.choice(self._members)
        while sample_id == self._current:
            sample_id = random.choice(self._members)
        self.picked.emit(sample_id)

    def _on_group_chosen(self) -> None:
        self._take_members()
        if self._current not in self._members and self._members:
            self.picked.emit(self._members[0])

    def showEvent(self, event: QShowEvent) -> None:
        self._paint_icons()
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icons()
        super().changeEvent(event)

    def _share(self) -> None:
        """The name of the split must be readable; where that takes too much room, the button for chance gives way."""
        buttons = len(self._buttons) * (_BUTTON_WIDTH + _SPACING)
        name = self._groups.fontMetrics().horizontalAdvance("Validation") + _ARROW_WIDTH
        self._buttons["random"].setVisible(self.width() >= buttons + name)

    def _paint_icons(self) -> None:
        theme = colors(self)
        for icon, button in self._buttons.items():
            button.setIcon(icons.icon(icon, theme.text, disabled=theme.border))


def _button(name: str, explanation: str, then: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("flat_look", "true")
    button.setToolTip(explanation)
    button.setStatusTip(explanation)
    button.setAccessibleName(explanation)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFixedWidth(_BUTTON_WIDTH)
    button.clicked.connect(lambda: then())
    return button
