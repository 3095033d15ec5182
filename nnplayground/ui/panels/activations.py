"""The activations panel: what one layer makes of one sample."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnplayground.training.events import Catalog, Snapshot
from nnplayground.ui import icons
from nnplayground.ui.panels.layer_output import LayerOutput
from nnplayground.ui.panels.sample_header import SampleHeader
from nnplayground.ui.panels.sample_picker import SamplePicker
from nnplayground.ui.sample_index import SampleIndex
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.empty_state import EmptyState
from nnplayground.ui.widgets.labels import muted
from nnplayground.ui.widgets.picture_menu import install_picture_menu
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.plane_pictures import PlanePictures

_NO_DATA = "What each layer makes of a sample appears here. Choose the data and press Run."
_NO_RUN = "What {layer} makes of {what} appears here once training has begun. Press Run."
_NO_LAYER = "Select a layer to see what it makes of this sample."
_OF_NOISE = "Made of noise: a generator sees no samples."


class ActivationsPanel(QWidget):
    """A sample, what the model says about it, and the output of the chosen layer for it."""

    sample_changed = Signal(str)
    """Another sample is shown, whoever wanted it."""
    layer_chosen = Signal(str)
    """The user picked a layer here."""

    def __init__(
        self, loader: PictureLoader, parent: QWidget | None = None, *, plane: PlanePictures | None = None
    ) -> None:
        """plane: has the pictures of samples that are points."""
        super().__init__(parent)
        self._plane = plane
        self.setObjectName("activations")
        self.setAccessibleName("Activations")
        self._index: SampleIndex | None = None
        self._sample_id: str | None = None
        self._layer_id = ""
        self._snapshot: Snapshot | None = None
        self._outdated = False

        self._layers = QComboBox()
        self._layers.setObjectName("activations.layer")
        self._layers.setAccessibleName("Layer")
        self._layers.setToolTip("The layer whose output is shown")
        self._layers.setStatusTip(self._layers.toolTip())
        self._layers.setMinimumContentsLength(1)
        self._layers.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._layers.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._layers.activated.connect(self._on_layer_activated)
        self._back = QToolButton()
        self._back.setObjectName("activations.back")
        self._back.setProperty("flat_look", "true")
        self._back.setToolTip("Back to all maps (Escape)")
        self._back.setStatusTip("Back to all maps of the layer")
        self._back.setAccessibleName("Back to all maps")
        self._back.hide()
        self._header = SampleHeader(loader, name="activations")
        self._picker = SamplePicker(loader, name="activations")
        self._noisy: frozenset[str] = frozenset()
        self._of_noise = muted(_OF_NOISE)
        self._of_noise.setObjectName("activations.of_noise")
        self._of_noise.hide()
        self._output = LayerOutput(name="activations")
        self._empty = EmptyState("image", _NO_DATA)

        title = QHBoxLayout()
        title.setSpacing(6)
        title.addWidget(self._back)
        title.addWidget(self._layers, 1)
        title.addWidget(install_picture_menu(self._output.views, name="activations"))
        shown = QWidget()
        inside = QVBoxLayout(shown)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addLayout(title)
        inside.addWidget(self._header)
        inside.addWidget(self._picker)
        inside.addWidget(self._of_noise)
        inside.addWidget(self._output, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 2, 8, 6)
        layout.addWidget(self._stack)

        self._back.clicked.connect(lambda: self._output.maps.enlarge(None))
        self._output.enlarged_changed.connect(self._back.setVisible)
        self._header.picture_clicked.connect(self._picker.open_chooser)
        self._picker.picked.connect(self.show_sample)

    def sample_id(self) -> str | None:
        """The sample that is shown; None before there are any."""
        return self._sample_id

    def show_catalog(self, catalog: Catalog) -> None:
        """Which samples there are. The sample stays if it is among them, else the first validation sample is shown."""
        self._index = SampleIndex(catalog, self._plane)
        self._snapshot = None
        self._picker.show_index(self._index)
        before = self._sample_id
        if before is None or before not in self._index.places:
            self._sample_id = self._picker.first()
        self._stack.setCurrentIndex(0 if self._sample_id is None else 1)
        self._show_sample()
        if self._sample_id is not None and self._sample_id != before:
            self.sample_changed.emit(self._sample_id)

    def clear(self) -> None:
        """Forget the samples, as after another project was opened."""
        self._index = None
        self._sample_id = None
        self._snapshot = None
        self._stack.setCurrentIndex(0)

    def show_sample(self, sample_id: str) -> None:
        """Show another sample. Its activations follow with the next snapshot. Unknown ones are ignored."""
        if self._index is None or sample_id == self._sample_id or sample_id not in self._index.places:
            return
        self._sample_id = sample_id
        self._show_sample()
        self.sample_changed.emit(sample_id)

    def set_layers(self, layers: Sequence[tuple[str, str]], noisy: Collection[str] = ()) -> None:
        """The layers to choose from: id and what it is in full, in the order of the model.

        noisy: the layers that are fed with noise, not with samples.
        """
        self._noisy = frozenset(noisy)
        self._layers.clear()
        for layer_id, title in layers:
            self._add_layer(layer_id, title)
        self._layers.setCurrentIndex(self._layers.findData(self._layer_id))

    def _add_layer(self, layer_id: str, title: str) -> None:
        # Of what lies inside a block the end of the name tells most.
        self._layers.addItem(layer_id.rpartition("/")[2], layer_id)
        self._layers.setItemData(self._layers.count() - 1, title, Qt.ItemDataRole.ToolTipRole)

    def set_layer(self, layer_id: str, title: str) -> None:
        """Show another layer, which the user has chosen elsewhere."""
        self._layer_id = layer_id
        row = self._layers.findData(layer_id)
        if row < 0:
            self._add_layer(layer_id, title)
            row = self._layers.count() - 1
        self._layers.setCurrentIndex(row)
        self._refresh()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """The inside of the model at one moment. Of another sample, or of a model for other classes, it is ignored."""
        prediction = snapshot.prediction
        if self._index is None or prediction is None or not self._index.explains(prediction):
            return
        if snapshot.wants.sample_id == self._sample_id:
            self._snapshot = snapshot
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._paint_icons()
        if self._outdated:
            self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._paint_icons()

    def _paint_icons(self) -> None:
        self._back.setIcon(icons.icon("chevron-left", colors(self).text))

    def _on_layer_activated(self, row: int) -> None:
        self._layer_id = self._layers.itemData(row)
        self._refresh()
        self.layer_chosen.emit(self._layer_id)

    def _show_sample(self) -> None:
        if self._index is None or self._sample_id is None:
            return
        self._picker.set_current(self._sample_id)
        self._header.show_sample(self._index, self._sample_id)
        self._refresh()

    def _refresh(self) -> None:
        self._outdated = True
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        self._outdated = False
        of_noise = self._layer_id in self._noisy
        for widget in (self._header, self._picker):
            widget.setVisible(not of_noise)
        self._of_noise.setVisible(of_noise)
        snapshot = self._snapshot
        if self._index is None:
            return
        fits = snapshot is not None and snapshot.wants.sample_id == self._sample_id
        if snapshot is not None and fits and snapshot.prediction is not None:
            self._header.show_prediction(snapshot.prediction, self._index.told_apart(snapshot.prediction))
        if not self._layer_id:
            self._output.say(_NO_LAYER)
        elif snapshot is None:
            what = "noise" if of_noise else "this sample"
            self._output.say(_NO_RUN.format(layer=self._layers.currentText(), what=what))
        elif not fits or self._layer_id not in snapshot.activations:
            self._output.wait()
        else:
            values = snapshot.activations[self._layer_id]
            gates = snapshot.gates.get(self._layer_id, {})
            # Of a text, or of a series, what has two axes are steps and units.
            if gates or (values.ndim == 2 and self._index.kind != "pictures"):
                tokens = snapshot.tokens.get(self._layer_id, ())
                self._output.show_steps(values, gates, tokens, snapshot.looked_at.get(self._layer_id, ()))
                return
            names = self._index.told_apart(snapshot.prediction) if snapshot.prediction is not None else ()
            self._output.show_values(values, prediction=snapshot.prediction, class_names=names)
