"""The weights, live: filters of the selected layer as pictures, and a histogram of every tensor of the model."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from nnplayground.layers import Layer
from nnplayground.layers.base import times
from nnplayground.layers.pretrained import Pretrained
from nnplayground.samples import Array
from nnplayground.training.events import Snapshot
from nnplayground.ui.document import Document
from nnplayground.ui.panels.filter_editor import LARGEST, FilterEditor
from nnplayground.ui.theme import FAMILY_COLORS
from nnplayground.ui.widgets.histogram_grid import HistogramGrid
from nnplayground.ui.widgets.labels import ElidedLabel
from nnplayground.ui.widgets.picture_menu import install_picture_menu
from nnplayground.ui.widgets.weight_gallery import WeightGallery
from nnplayground.ui.widgets.weight_tiles import KernelKind, make_tiles

_KINDS: dict[tuple[str, str], KernelKind] = {
    ("Conv2DTranspose", "kernel"): "transposed",
    ("DepthwiseConv2D", "kernel"): "depthwise",
    ("SeparableConv2D", "depthwise_kernel"): "depthwise",
}


class WeightsPanel(QWidget):
    """Filters of one layer on the left, histograms of all layers on the right."""

    wants_changed = Signal()
    """`wanted_layers` or `wants_histograms` have changed."""
    weight_edit_requested = Signal(str, object, object)
    """(name, index, values): a part of a weight is to be changed by hand."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("weights")
        self._document = document
        self._layer_id = ""
        self._snapshot: Snapshot | None = None
        self._weights: dict[str, Array] = {}
        self._stale = False
        self._edited: tuple[str, tuple[Any, ...]] = ("", ())

        self._headline = ElidedLabel()
        self._headline.setObjectName("weights.headline")
        self._headline.setProperty("muted", "true")
        self._tensor = _choice("weights.tensor", "Which of the layer's weights to show")
        self._tensor.currentIndexChanged.connect(self._show_pictures)
        self._channel = _choice("weights.channel", "Which input channel's slice of each filter to show")
        self._channel.currentIndexChanged.connect(self._show_pictures)

        self.gallery = WeightGallery(self)
        self.gallery.tile_chosen.connect(self._on_tile_chosen)
        self._editor: FilterEditor | None = None
        self.histograms = HistogramGrid(self)
        self._no_pictures = _sentence()
        self._no_histograms = _sentence()
        self._pictures = QStackedWidget()
        self._pictures.addWidget(self._no_pictures)
        self._pictures.addWidget(self.gallery)
        self._spreads = QStackedWidget()
        self._spreads.addWidget(self._no_histograms)
        self._spreads.addWidget(self.histograms)
        self._build_layout()
        self._refresh()

    def _build_layout(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self._headline, 1)
        head.addWidget(self._tensor)
        head.addWidget(self._channel)
        head.addWidget(install_picture_menu(self._pictures, name="filters"))
        left = QVBoxLayout()
        left.setSpacing(2)
        left.addLayout(head)
        left.addWidget(self._pictures, 1)
        caption = QLabel("All weights")
        caption.setProperty("muted", "true")
        right_head = QHBoxLayout()
        right_head.addWidget(caption, 1)
        right_head.addWidget(install_picture_menu(self._spreads, name="histograms"))
        right = QVBoxLayout()
        right.setSpacing(2)
        right.addLayout(right_head)
        right.addWidget(self._spreads, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 4)
        layout.setSpacing(16)
        layout.addLayout(left, 1)
        layout.addLayout(right, 1)

    # Data

    def set_layer(self, layer_id: str) -> None:
        """Show the weights of another layer; "": of none."""
        if layer_id == self._layer_id:
            return
        self._layer_id = layer_id
        self._weights = {}
        self._close_editor()
        self._take_weights()
        self._refresh()
        self.wants_changed.emit()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the weights and histograms that a snapshot brings."""
        self._snapshot = snapshot
        self._take_weights()
        self._stale = True
        if self.isVisible():
            self._refresh()

    def clear(self) -> None:
        """Forget what was shown, as after another project was opened."""
        self._snapshot = None
        self._weights = {}
        self._close_editor()
        self._refresh()

    def wanted_layers(self) -> tuple[str, ...]:
        """The layer whose full weights are wanted, while the panel can be seen."""
        return (self._layer_id,) if self._layer_id and self.isVisible() else ()

    def wants_histograms(self) -> bool:
        """Whether histograms of all weights are wanted."""
        return self.isVisible()

    @property
    def headline(self) -> str:
        """Whose weights are shown, and their shape."""
        return self._headline.accessibleName()

    def _take_weights(self) -> None:
        prefix = f"{self._layer_id}/"
        weights = self._snapshot.weights if self._snapshot is not None else {}
        found = {name.removeprefix(prefix): array for name, array in weights.items() if name.startswith(prefix)}
        if found:
            self._weights = found
            self._show_edited()

    # Filters by hand

    def _filter_index(self, tile: int) -> tuple[Any, ...] | None:
        """Where in the shown tensor a filter is, with all its channels; None for what is no filter."""
        weights = self._weights.get(self._tensor.currentText())
        if weights is None or weights.ndim != 4 or max(weights.shape[:2]) > LARGEST:
            return None
        kind, everything = self._kind(), slice(None)
        if kind != "depthwise" and weights.shape[:2] == (1, 1):
            return None  # drawn as one matrix, with a row for each filter
        if kind == "depthwise":
            channel, multiple = divmod(tile, weights.shape[3])
            return everything, everything, slice(channel, channel + 1), multiple
        return (everything, everything, tile) if kind == "transposed" else (everything, everything, everything, tile)

    def _on_tile_chosen(self, tile: int) -> None:
        index = self._filter_index(tile)
        tensor = self._tensor.currentText()
        if index is None:
            return
        self._close_editor()
        values = self._weights[tensor][index]
        name = f"{self._layer_id}/{tensor}"
        editor = FilterEditor(f"Filter {tile + 1} of {self._layer_id}", values, self._channel.currentData(), self)
        editor.edited.connect(lambda after: self.weight_edit_requested.emit(name, index, after))
        editor.finished.connect(self._on_editor_closed)
        self._editor, self._edited = editor, (tensor, index)
        editor.show()

    def _show_edited(self) -> None:
        if self._editor is not None and self._edited[0] in self._weights:
            self._editor.show_values(self._weights[self._edited[0]][self._edited[1]])

    def _close_editor(self) -> None:
        if self._editor is not None:
            self._editor.close()

    def _on_editor_closed(self) -> None:
        self._editor = None

    def _kind(self) -> KernelKind:
        layer = self._layer()
        kind = layer.type if layer is not None else ""
        if isinstance(layer, Pretrained):
            places, inner = layer.table.by_name, self._layer_id.partition("/")[2]
            kind = layer.table.layers[places[inner]].kind if inner in places else ""
        return _KINDS.get((kind, self._tensor.currentText()), "filters")

    # Drawing

    def _refresh(self) -> None:
        self._stale = False
        self._offer_tensors()
        self._show_pictures()
        histograms = self._snapshot.histograms if self._snapshot is not None else {}
        if histograms:
            blocks = self._document.project.model.by_id
            shades = {layer_id: FAMILY_COLORS[block.layer.family] for layer_id, block in blocks.items()}
            shades[self._layer_id] = shades.get(self._layer_id.partition("/")[0], FAMILY_COLORS["core"])
            self.histograms.show_histograms(histograms, shades=shades, layer=self._layer_id)
            self._spreads.setCurrentWidget(self.histograms)
        else:
            self._no_histograms.setText("Press Run (F5): how all weights are spread is drawn here, live.")
            self._spreads.setCurrentWidget(self._no_histograms)

    def _offer_tensors(self) -> None:
        names = [name for name, array in self._weights.items() if array.ndim > 1] or list(self._weights)
        known = [self._tensor.itemText(row) for row in range(self._tensor.count())]
        if names != known:
            with QSignalBlocker(self._tensor):
                self._tensor.clear()
                self._tensor.addItems(names)
        self._tensor.setVisible(len(names) > 1)

    def _show_pictures(self) -> None:
        name = self._tensor.currentText()
        if name not in self._weights:
            self._headline.show_text("")
            self._channel.hide()
            self._no_pictures.setText(self._why_no_pictures())
            self._pictures.setCurrentWidget(self._no_pictures)
            return
        weights = self._weights[name]
        kind = self._kind()
        tiles = make_tiles(weights, kind=kind, channel=self._channel.currentData())
        self._offer_channels(tiles.channels)
        if tiles.channel != self._channel.currentData():
            tiles = make_tiles(weights, kind=kind, channel=self._channel.currentData())
        self.gallery.show_tiles(tiles)
        self._pictures.setCurrentWidget(self.gallery)
        title = f"{self._layer_id.rpartition('/')[2]} · {times(weights.shape)}"
        if max(tiles.steps) > 1:
            title += f" · every {max(tiles.steps)}th shown"
        by_hand = "\nClick a filter, or press Enter on it, to change its numbers by hand."
        if self._filter_index(0) is None:
            by_hand = ""
        self._headline.show_text(title, tip=f"{title}{by_hand}")

    def _offer_channels(self, count: int) -> None:
        """Colours first where there are three channels; no choice where there is one."""
        choices: list[int | None] = [*([None] if count == 3 else []), *range(count)]
        known = [self._channel.itemData(row) for row in range(self._channel.count())]
        if choices != known:
            with QSignalBlocker(self._channel):
                self._channel.clear()
                for channel in choices:
                    self._channel.addItem("RGB" if channel is None else f"channel {channel + 1}", channel)
        self._channel.setVisible(bool(choices))

    def _layer(self) -> Layer | None:
        """The layer shown, or the block that it lies in."""
        block = self._document.project.model.by_id.get(self._layer_id.partition("/")[0])
        return block.layer if block is not None else None

    def _why_no_pictures(self) -> str:
        if not self._layer_id:
            return "Select a layer on the canvas to see its filters or weights as pictures."
        if self._snapshot is None or not self._snapshot.histograms:
            return f"Press Run (F5): the weights of {self._layer_id} appear here as pictures and change as it learns."
        if not any(name.startswith(f"{self._layer_id}/") for name in self._snapshot.histograms):
            return f"{self._layer_id} has no weights. Select a layer that learns, such as Conv2D or Dense."
        return f"The weights of {self._layer_id} are on their way."

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()
        self.wants_changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.wants_changed.emit()


def _choice(object_name: str, explanation: str) -> QComboBox:
    choice = QComboBox()
    choice.setObjectName(object_name)
    choice.setProperty("compact", "true")
    choice.setAccessibleName(explanation)
    choice.setToolTip(explanation)
    choice.setStatusTip(explanation)
    return choice


def _sentence() -> QLabel:
    label = QLabel()
    label.setProperty("muted", "true")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    return label
