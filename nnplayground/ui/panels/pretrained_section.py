"""What the inspector says about a Pretrained block beside its parameters: its weights, and the way inside."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from nnplayground.engine import weight_files
from nnplayground.engine.weight_files import WeightsProblem
from nnplayground.layers.networks import WeightsFile
from nnplayground.layers.pretrained import OFFICIAL, Pretrained
from nnplayground.spec.frozen import feature_extraction
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.project import project_shapes
from nnplayground.ui.document import Document
from nnplayground.ui.panels.inner_layers import InnerLayers
from nnplayground.ui.weights_fetch import WeightsFetch
from nnplayground.ui.widgets.labels import describe, muted, section

FILE_FILTER = "Files of weights (*.h5 *.hdf5 *.keras);;All files (*)"
_BYTES = 4
"""Of each number in a file of weights."""


class PretrainedSection(QWidget):
    """Shown below the form of a Pretrained block."""

    inner_chosen = Signal(str)
    """The user wants to look at an inner layer: vgg16_1/block5_conv1."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._layer_id = ""
        self._layer: Pretrained | None = None
        self._known: LayerShapes | None = None
        self._refusal = ""
        self._running = False
        self._dialog: InnerLayers | None = None
        self._fetch = WeightsFetch(self)
        self._fetch.progressed.connect(self._on_progressed)
        self._fetch.ended.connect(self._on_ended)
        self._state = muted()
        self._state.setObjectName("pretrained.state")
        self._download = QPushButton("Download")
        self._download.setObjectName("pretrained.download")
        self._download.clicked.connect(self._on_download_clicked)
        self._choose = QPushButton("Choose a file…")
        self._choose.setObjectName("pretrained.choose")
        describe(self._choose, "Choose a file", "Take the weights from a file on this computer")
        self._choose.clicked.connect(self._on_choose_clicked)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("pretrained.cancel")
        describe(self._cancel, "Cancel", "Give up the download; nothing of it is kept")
        self._cancel.clicked.connect(self._fetch.cancel)
        self._progress = QProgressBar()
        self._progress.setObjectName("pretrained.progress")
        self._progress.setAccessibleName("Download of weights")
        self._open = QPushButton()
        self._open.setObjectName("pretrained.open")
        describe(self._open, "Inner layers", "Show the layers inside, and choose from which on they are trained")
        self._open.clicked.connect(self.open_network)
        self._tune = QPushButton("Fine-tune…")
        self._tune.setObjectName("pretrained.fine_tune")
        describe(
            self._tune,
            "Fine-tune",
            "Train its last layers too, at a tenth of the learning rate, once its head is trained",
        )
        self._tune.clicked.connect(self.fine_tune)
        self._once = muted()
        self._once.setObjectName("pretrained.once")
        self._once.setWordWrap(True)
        document.changed.connect(self._tell_once)
        document.facts_changed.connect(self._tell_once)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(section("Weights and layers"))
        layout.addWidget(self._state)
        layout.addWidget(self._progress)
        for button in (self._download, self._cancel, self._choose, self._open, self._tune):
            # A long title must not widen the panel.
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            layout.addWidget(button)
        layout.addWidget(self._once)
        self.hide()

    def show_layer(self, layer_id: str, layer: object, known: LayerShapes) -> None:
        """Show what there is to say about a layer; nothing where it is no Pretrained block."""
        if layer_id != self._layer_id:
            self._refusal = ""
        self._layer_id, self._known = layer_id, known
        self._layer = layer if isinstance(layer, Pretrained) else None
        self.setVisible(self._layer is not None)
        if self._layer is not None:
            self._refresh()

    def open_network(self) -> None:
        """Show the layers inside."""
        if self._dialog is None:
            self._dialog = InnerLayers(self._document, self._layer_id, self)
            self._dialog.inner_chosen.connect(self.inner_chosen)
            self._dialog.destroyed.connect(self._on_dialog_gone)
        self._dialog.show()
        self._dialog.raise_()

    def set_running(self, running: bool) -> None:
        """Whether a run is under way: a lower rate would change it, although it is meant for the next stage."""
        self._running = running
        if self._layer is not None:
            self._refresh()

    def fine_tune(self) -> None:
        """Ask from which layer on it is to be trained."""
        from nnplayground.ui.fine_tune_dialog import FineTuneDialog

        dialog = FineTuneDialog(self._document, self._layer_id, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _tell_once(self) -> None:
        """Whether the frozen part is computed once for each picture, and why or why not."""
        if self._layer is None:
            return
        project = self._document.project
        extraction = feature_extraction(project, project_shapes(project, self._document.facts))
        self._once.setVisible(extraction is not None)
        if extraction is not None:
            self._once.setText(extraction.reason)

    def _on_dialog_gone(self) -> None:
        self._dialog = None

    def _file(self) -> WeightsFile | None:
        """The published file that the block needs; None where it needs none, or nobody knows for which pictures."""
        layer, known = self._layer, self._known
        if layer is None or known is None or known.output is None or layer.weights_from != "imagenet":
            return None
        return layer.weights_file(*known.inputs)

    def _refresh(self) -> None:
        layer, known = self._layer, self._known
        assert layer is not None
        assert known is not None
        fits = known.output is not None
        self._open.setEnabled(fits)
        self._tune.setEnabled(fits and not self._running)
        self._tell_once()
        self._open.setText(f"Inner layers ({len(layer.inner(*known.inputs)):,})…" if fits else "Inner layers…")
        file = self._file()
        missing = file is not None and not (weight_files.folder() / file.name).is_file()
        text = self._refusal or self._words(layer, known, file)
        self._state.setText(_breakable(text))
        self._state.setToolTip(text)
        busy = self._fetch.busy
        self._progress.setVisible(busy)
        self._cancel.setVisible(busy)
        self._download.setVisible(missing and not busy)
        self._choose.setVisible(not busy)
        if file is not None:
            size = layer.parameter_count(*known.inputs) * _BYTES
            self._download.setText(f"Download ({_megabytes(size)})")
            describe(self._download, "Download", f"Fetch {file.name} from {file.origin.split('/')[2]} once")

    def _words(self, layer: Pretrained, known: LayerShapes, file: WeightsFile | None) -> str:
        """Where the weights come from, and whether they are there."""
        if layer.weights_from == "none":
            return "The weights are random: the network has learned nothing yet."
        try:
            path = weight_files.needed(layer, *known.inputs) if known.output is not None else None
        except WeightsProblem as problem:
            if file is None:
                return str(problem)
            return f"The weights are not on this computer yet: {file.name}, to be kept in {weight_files.folder()}."
        if path is None:
            return ""
        return f"The weights are on this computer: {path.name}."

    def _on_download_clicked(self) -> None:
        file = self._file()
        if file is not None:
            self._refusal = ""
            self._progress.setRange(0, 0)
            self._fetch.start(file)
            self._refresh()

    def _on_progressed(self, done: float, total: float) -> None:
        self._progress.setRange(0, 1000 if total else 0)
        self._progress.setValue(round(1000 * done / total) if total else 0)
        self._progress.setFormat(f"{_megabytes(done)} of {_megabytes(total)}" if total else _megabytes(done))

    def _on_ended(self, problem: str) -> None:
        self._refusal = problem
        if self._layer is not None:
            self._refresh()

    def _on_choose_clicked(self) -> None:
        layer = self._layer
        assert layer is not None
        folder = Path(layer.weights_from).parent if layer.weights_from not in OFFICIAL else weight_files.folder()
        start = str(folder if folder.is_dir() else Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, f"Weights of {layer.type}", start, FILE_FILTER)
        if not chosen:
            return
        try:
            weight_files.checked_form(Path(chosen))
            self._refusal = ""
        except WeightsProblem as problem:
            self._refusal = str(problem)
            self._refresh()
            return
        self._document.set_value(f"model.{self._layer_id}.weights", str(Path(chosen)))


def _breakable(text: str) -> str:
    """The same text, whose long names of files may go on in another line."""
    return re.sub(r"([_/\\.])(?=\w)", "\\1\u200b", text)


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:,.1f} MB"
