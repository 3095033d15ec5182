"""One sample in detail: large, with all that the model says about it and what it looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nnplayground.samples import Array
from nnplayground.training.events import Catalog, SamplePrediction
from nnplayground.ui import icons
from nnplayground.ui.panels.layer_output import LayerOutput
from nnplayground.ui.panels.sample_header import verdict
from nnplayground.ui.panels.sample_views import SampleViews
from nnplayground.ui.sample_index import SampleIndex, error_text, short_name, target_text
from nnplayground.ui.theme import colors
from nnplayground.ui.widgets.bars import ClassBars, class_bars
from nnplayground.ui.widgets.color_scale import ColorScale
from nnplayground.ui.widgets.labels import describe
from nnplayground.ui.widgets.picture_menu import install_picture_menu
from nnplayground.ui.widgets.picture_view import LEAST_REACH, PictureView
from nnplayground.ui.widgets.pictures import PictureLoader
from nnplayground.ui.widgets.plane_pictures import PlanePictures
from nnplayground.ui.widgets.plane_plot import PlanePlot

if TYPE_CHECKING:
    from nnplayground.training.translating import Translation

_MOST_BARS = 6
"""Classes that are seen at once; the others are scrolled to."""
_OTHER_CLASSES = "The model was trained on other classes; press Run to train it on these."
_NO_GATES: Mapping[str, Array] = {}
_COVERS = "Covers one part of the picture after the other and shows where that changes the prediction"
_WAITING = "Covering one part of the picture after the other…"


class SampleDetail(QDialog):
    """A window of its own beside the main one; it does not block anything."""

    details_wanted = Signal(str)
    """A sample has come into view: its prediction and activations are wanted."""
    occlusion_requested = Signal(str)
    """The user wants to know what the model looked at in this sample."""
    heat_requested = Signal(str)
    """The same, by Grad-CAM."""
    influence_requested = Signal(str)
    """The same of a text: which of its tokens matter."""
    translation_requested = Signal(str)
    """A source has come into view: what the model writes for it is wanted."""

    def __init__(
        self, loader: PictureLoader, parent: QWidget | None = None, *, plane: PlanePictures | None = None
    ) -> None:
        """plane: has the points, of samples that are such."""
        super().__init__(parent)
        self._plane = plane
        self.setObjectName("sample_detail")
        self.setWindowTitle("Sample")
        self._index: SampleIndex | None = None
        self._sample_id: str | None = None
        self._order: tuple[str, ...] = ()
        self._prediction: SamplePrediction | None = None
        self._drops: Array | None = None
        self._heat: Array | None = None

        self._picture = PictureView(loader)
        self._picture.setObjectName("sample_detail.picture")
        self._picture.setAccessibleName("The sample")
        self._point = PlanePlot()
        self._point.setObjectName("sample_detail.plane")
        self._point.setAccessibleName("The plane with the point")
        self._point.show_held_back(True)
        # The arrow keys go through the samples.
        self._point.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._views = QStackedWidget()
        self._views.addWidget(self._picture)
        self._views.addWidget(self._point)
        self._others = SampleViews()
        self._views.addWidget(self._others)
        self._influence: Array | None = None
        self._read = True
        """Whether tokens are coloured: of texts that is shown unless it is switched off."""
        self._looked = QCheckBox("Show what the model looked at")
        self._looked.setObjectName("sample_detail.looked")
        self._looked.setToolTip(_COVERS)
        self._looked.setStatusTip(self._looked.toolTip())
        self._way = QComboBox()
        self._way.setObjectName("sample_detail.way")
        self._way.addItems(("by covering parts", "by Grad-CAM"))
        describe(
            self._way,
            "How to find out what the model looked at",
            "Covering one part after the other, or Grad-CAM: where the maps of the last convolutional layer spoke for "
            "the prediction",
        )
        # The arrow keys go through the samples.
        self._way.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._scale = ColorScale("diverging")
        # The picture must not jump when the answer comes.
        policy = self._scale.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._scale.setSizePolicy(policy)
        self._explanation = _label("sample_detail.explanation", muted=True)
        self._explanation.setWordWrap(True)
        self._explanation.setMinimumHeight(2 * self.fontMetrics().lineSpacing() + 2)
        self._explanation.setAlignment(Qt.AlignmentFlag.AlignTop)

        self._verdict = _label("sample_detail.verdict")
        self._verdict.setProperty("heading", "true")
        self._verdict.setWordWrap(True)
        self._facts = _label("sample_detail.facts", muted=True)
        self._facts.setWordWrap(True)
        self._bars_title = _section("Probabilities")
        self._bars = ClassBars()
        self._bars.setObjectName("sample_detail.classes")
        self._bars.setAccessibleName("Probabilities of the classes")
        self._layer_title = _section("Activations")
        self._layer = LayerOutput(name="sample_detail")
        self._path = QLineEdit()
        self._path.setObjectName("sample_detail.path")
        self._path.setReadOnly(True)
        self._path.setAccessibleName("Path of the file")
        self._file_title = _section("File")
        self._copy = _button("sample_detail.copy", "Copy path", "Copy the path of the file to the clipboard")
        self._show_in_folder = _button("sample_detail.folder", "Show in folder", "Open the folder of the file")
        self._previous = _button("sample_detail.previous", "Previous", "The sample before (left arrow key)")
        self._next = _button("sample_detail.next", "Next", "The next sample (right arrow key)")
        self._next.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._position = _label("sample_detail.position", muted=True)
        self._close = _button("sample_detail.close", "Close", "Close this view (Escape)")
        self._lay_out()

        self._looked.toggled.connect(self._on_looked_toggled)
        self._way.currentIndexChanged.connect(self._on_way_chosen)
        self._picture.pointed_at.connect(self._on_pointed_at)
        self._others.pointed_at.connect(self._on_token_pointed_at)
        self._point.point_clicked.connect(lambda number: self._show_sample(str(number)))
        if plane is not None:
            plane.map_changed.connect(self._show_plane_map)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._path.text()))
        self._show_in_folder.clicked.connect(self._on_show_in_folder)
        self._previous.clicked.connect(lambda: self._step(-1))
        self._next.clicked.connect(lambda: self._step(1))
        self._close.clicked.connect(self.close)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self._views, 1)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self._looked)
        row.addWidget(self._way)
        row.addStretch()
        row.addWidget(install_picture_menu(self._views, name="sample"))
        left.addLayout(row)
        left.addWidget(self._scale)
        left.addWidget(self._explanation)

        buttons = QHBoxLayout()
        buttons.addWidget(self._copy)
        buttons.addWidget(self._show_in_folder)
        buttons.addStretch()
        steps = QHBoxLayout()
        steps.addWidget(self._previous)
        steps.addWidget(self._next)
        steps.addWidget(self._position)
        steps.addStretch()
        steps.addWidget(self._close)
        column = QWidget()
        right = QVBoxLayout(column)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(6)
        right.addWidget(self._verdict)
        right.addWidget(self._facts)
        right.addSpacing(4)
        right.addWidget(self._bars_title)
        right.addWidget(self._bars)
        right.addSpacing(4)
        right.addWidget(self._layer_title)
        right.addWidget(self._layer, 1)
        right.addSpacing(4)
        right.addWidget(self._file_title)
        right.addWidget(self._path)
        right.addLayout(buttons)
        right.addSpacing(8)
        right.addLayout(steps)
        column.setFixedWidth(24 * self.fontMetrics().height())

        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 14)
        layout.setSpacing(18)
        layout.addLayout(left, 1)
        layout.addWidget(column)

    def sizeHint(self) -> QSize:
        unit = self.fontMetrics().height()
        return QSize(58 * unit, 38 * unit).boundedTo(self.screen().availableSize() * 0.92)

    def show_catalog(self, catalog: Catalog, *, resize: Literal["stretch", "crop", "pad"] = "stretch") -> None:
        """Which samples there are. resize: how pictures are made to fit the model's input."""
        self._index = SampleIndex(catalog, self._plane)
        shape = catalog.facts.input_shape
        if shape is not None and len(shape) == 3:
            self._picture.set_input(QSize(shape[1] or 1, shape[0] or 1), resize)
        if self._sample_id is not None and self._sample_id not in self._index.places:
            self._sample_id = None
            self.close()

    def sample_id(self) -> str | None:
        """The sample in view; None while there is none."""
        return self._sample_id if self.isVisible() else None

    def open_sample(self, sample_id: str, order: Sequence[str] = ()) -> None:
        """Show a sample. order: the ids that Previous and Next go through, as they stand now."""
        if self._index is None or sample_id not in self._index.places:
            return
        self._order = tuple(order)
        self.show()
        self.raise_()
        self.activateWindow()
        self._show_sample(sample_id)

    def show_prediction(self, prediction: SamplePrediction) -> None:
        """What the model says. Of another sample than the one in view it is ignored."""
        if prediction.sample_id != self._sample_id or self._index is None:
            return
        if not self._index.explains(prediction):
            self.show_problem(prediction.sample_id, _OTHER_CLASSES)
            return
        self._prediction = prediction
        self._others.show_prediction(prediction)
        self._show_prediction()
        self._show_looked()

    def show_influence(self, sample_id: str, influence: Array) -> None:
        """influence: (places,) float32, by how much leaving out each token lowers the predicted class's probability."""
        if sample_id == self._sample_id:
            self._influence = influence
            self._show_looked()

    def show_translation(self, sample_id: str, translation: Translation) -> None:
        """What the model writes for the source in view."""
        if sample_id == self._sample_id:
            self._others.show_translation(translation)
            self._show_written(translation)

    def show_activations(
        self,
        sample_id: str,
        layer_title: str,
        activations: Array,
        *,
        gates: Mapping[str, Array] = _NO_GATES,
        tokens: Sequence[str] = (),
        looked_at: Sequence[str] = (),
    ) -> None:
        """The output of a layer for one sample, without the batch; gates, tokens, looked_at: as in `Snapshot`. Of
        another sample it is ignored.
        """
        if sample_id == self._sample_id and self._index is not None:
            self._layer_title.setText(f"ACTIVATIONS · {layer_title}")
            if gates or (activations.ndim == 2 and self._index.kind != "pictures"):
                self._layer.show_steps(activations, gates, tokens, looked_at)
                return
            names = self._index.told_apart(self._prediction) if self._prediction is not None else ()
            self._layer.show_values(activations, prediction=self._prediction, class_names=names)

    def show_occlusion(self, sample_id: str, drops: Array) -> None:
        """drops: (rows, columns) float32, by how much covering each place lowers the predicted class's probability."""
        if sample_id == self._sample_id:
            self._drops = drops
            self._show_looked()

    def show_heat(self, sample_id: str, heat: Array) -> None:
        """heat: (rows, columns) float32, 0 and more: how much each place spoke for the predicted class, by Grad-CAM."""
        if sample_id == self._sample_id:
            self._heat = heat
            self._show_looked()

    def show_problem(self, sample_id: str, message: str) -> None:
        """Why what was asked about a sample cannot be told, in one sentence."""
        if sample_id == self._sample_id:
            if self._looked.isChecked() and not self._has_answer:
                self._explanation.setText(message)
            if self._prediction is None:
                self._verdict.setText("Not predicted")
                self._layer.say(message)

    def _show_sample(self, sample_id: str) -> None:
        assert self._index is not None
        index = self._index
        self._sample_id = sample_id
        self._prediction = self._drops = self._heat = self._influence = None
        file = index.file(sample_id)
        self.setWindowTitle(index.title(sample_id))
        self._picture.show_file(file, index.title(sample_id))
        self._show_point()
        self._show_other()
        self._path.setText(str(file) if file is not None else "")
        # The end of a path says more than its beginning.
        self._path.end(False)
        for widget in (self._file_title, self._path, self._copy, self._show_in_folder):
            widget.setVisible(file is not None)
        reads = index.kind == "texts" and bool(index.class_names)
        can_look = (file is not None or reads) and bool(index.class_names)
        if reads:
            with QSignalBlocker(self._looked):
                self._looked.setChecked(self._read)
        self._looked.setText("Show which words matter" if reads else "Show what the model looked at")
        tip = "Leaves out one token after the other and shows where that changes the prediction" if reads else _COVERS
        self._looked.setToolTip(tip)
        self._looked.setStatusTip(tip)
        self._looked.setVisible(can_look)
        self._explanation.setVisible(can_look or bool(self._others.words))
        self._bars_title.setVisible(bool(index.class_names))
        self._bars.setVisible(bool(index.class_names))
        self._bars.show_bars(())
        self._layer.wait()
        self._show_order()
        self._show_prediction()
        self._show_looked()
        self.details_wanted.emit(sample_id)
        if index.kind == "pairs":
            self.translation_requested.emit(sample_id)
        if can_look and self._looked.isChecked():
            self._ask_what_mattered()

    def _ask_what_mattered(self) -> None:
        if self._index is not None and self._sample_id is not None:
            by_pictures = self.heat_requested if self._by_heat else self.occlusion_requested
            asked = self.influence_requested if self._index.kind == "texts" else by_pictures
            asked.emit(self._sample_id)

    @property
    def _by_heat(self) -> bool:
        return self._way.currentIndex() == 1

    @property
    def _has_answer(self) -> bool:
        """Whether it is known what the model looked at, in the chosen way."""
        return self._influence is not None or (self._heat if self._by_heat else self._drops) is not None

    def _on_way_chosen(self) -> None:
        self._show_looked()
        if self._looked.isChecked() and not self._has_answer:
            self._ask_what_mattered()

    def _show_other(self) -> None:
        """A text, a pair of texts or a window has a view of its own."""
        assert self._index is not None
        assert self._sample_id is not None
        if self._others.show_sample(self._index, self._sample_id):
            self._views.setCurrentWidget(self._others)

    def _show_written(self, translation: Translation) -> None:
        theme = colors(self)
        color, word = (theme.good, "✓ Exactly right") if translation.exact else (theme.error, "✗ Wrong")
        self._verdict.setText(f"<span style='color:{color}'>{word}:</span> {escape(translation.output)}")

    def _show_point(self) -> None:
        """A point is shown where it lies among the others; which place of it mattered is no question."""
        plane = self._plane
        number = plane.number(self._sample_id) if plane is not None and self._sample_id is not None else None
        self._views.setCurrentWidget(self._picture if number is None else self._point)
        if plane is None or number is None:
            return
        if self._point.points is not plane.points:
            self._point.show_points(plane.points)
        self._show_plane_map()
        self._point.select(number)

    def _show_plane_map(self) -> None:
        if self._plane is not None and self._views.currentWidget() is self._point:
            self._point.show_map(self._plane.plane_map)

    def _show_order(self) -> None:
        there = self._sample_id in self._order
        for widget in (self._previous, self._next, self._position):
            widget.setVisible(there)
        if there and self._sample_id is not None:
            place = self._order.index(self._sample_id)
            self._position.setText(f"{place + 1:,} of {len(self._order):,}")
            self._previous.setEnabled(place > 0)
            self._next.setEnabled(place < len(self._order) - 1)

    def _show_prediction(self) -> None:
        if self._index is None or self._sample_id is None:
            return
        target, split = self._index.target(self._sample_id), self._index.split(self._sample_id)
        prediction = self._prediction
        if prediction is None:
            self._verdict.setText("Asking the model…")
            self._facts.setText(f"True: {target} · {split} split")
            return
        theme = colors(self)
        names = self._index.told_apart(prediction)
        if prediction.class_names:
            target = f"{names[int(prediction.label)]} ({target})"
        facts = f"True: {target} · loss {prediction.loss:.3g} · {split} split"
        if names:
            name, certainty, right = verdict(prediction, names)
            color, word = (theme.good, "✓ Right") if right else (theme.error, "✗ Wrong")
            self._verdict.setText(f"<span style='color:{color}'>{word}:</span> {escape(name)}, {certainty:.1%} sure")
            bars = class_bars(prediction.values, names, label=int(prediction.label), by_value=True)
            self._bars.show_bars(bars)
            self._bars.setFixedHeight(min(len(bars), _MOST_BARS) * self._bars.row_height)
        elif self._index.kind == "pairs":
            facts = f"True: {target} · loss {prediction.loss:.3g}, told what is right before each place · {split} split"
        elif isinstance(prediction.label, np.ndarray):
            places = np.flatnonzero(prediction.label)
            right = int((prediction.values[places] == prediction.label[places]).sum())
            self._verdict.setText(f"{right:,} of {len(places):,} next tokens guessed")
            facts = f"loss {prediction.loss:.3g} · {split} split"
        else:
            said = self._index.number(float(prediction.values[0]))
            self._verdict.setText(f"Predicted {target_text(said, ())}")
            facts = f"True: {target} · {error_text(said - self._index.number(float(prediction.label)))} · {split} split"
        self._facts.setText(facts)

    def _show_looked(self) -> None:
        on = self._looked.isChecked() and not self._looked.isHidden()
        self._way.setVisible(on and self._index is not None and self._index.kind != "texts")
        if self._index is not None and self._index.kind == "texts":
            self._others.show_influence(self._influence if on else None)
            self._scale.setVisible(on and self._influence is not None)
            name = self._predicted_name()
            self._scale.set_ends(f"against {short_name(name)}", f"for {short_name(name)}")
            self._explanation.setText(self._others.explain(name) if on else "")
            return
        if on and self._by_heat:
            self._show_heat()
            return
        self._picture.show_overlay(self._drops if on else None)
        self._scale.setVisible(on and self._drops is not None)
        if not on:
            self._explanation.setText(self._others.words)
        elif self._drops is None:
            self._explanation.setText(_WAITING)
        else:
            name = self._predicted_name()
            self._scale.set_ends(f"against {short_name(name)}", f"for {short_name(name)}")
            self._explanation.setText(self._explain(name))

    def _show_heat(self) -> None:
        """Grad-CAM knows only what speaks for a class, so its scale has one side."""
        self._scale.hide()
        if self._heat is None:
            self._picture.show_overlay(None)
            self._explanation.setText("Asking the last convolutional layer…")
            return
        most = float(self._heat.max())
        if most > 0:
            self._picture.show_veil(self._heat / most)
        else:
            self._picture.show_overlay(None)
        name = self._predicted_name()
        self._explanation.setText(
            f"Bright parts are where the maps of the last convolutional layer spoke for {name}; dark ones said nothing."
            if most > 0
            else f"No part of the maps of the last convolutional layer speaks for {name}."
        )

    def _explain(self, name: str) -> str:
        assert self._drops is not None
        most = float(np.nan_to_num(self._drops).max())
        if float(np.abs(np.nan_to_num(self._drops)).max()) < LEAST_REACH:
            return f"No single part decides: covering any of them changes the probability of {name} by less than 0.02."
        if most <= 0:
            return f"No part speaks for {name}: covering any of them raises its probability."
        return (
            f"Orange parts speak for {name}, blue ones against it: "
            f"covering the most important one lowers its probability by {most:.2f}."
        )

    def _predicted_name(self) -> str:
        if self._prediction is None or self._index is None:
            return "the predicted class"
        return verdict(self._prediction, self._index.told_apart(self._prediction))[0]

    def _on_looked_toggled(self, on: bool) -> None:
        if self._index is not None and self._index.kind == "texts":
            self._read = on
        self._show_looked()
        if on and not self._has_answer:
            self._ask_what_mattered()

    def _on_token_pointed_at(self, place: int | None) -> None:
        if self._influence is not None and self._looked.isChecked():
            self._explanation.setText(self._others.explain(self._predicted_name(), place))

    def _on_pointed_at(self, place: tuple[int, int] | None) -> None:
        if self._drops is None or self._by_heat or not self._looked.isChecked():
            return
        name = self._predicted_name()
        if place is None:
            self._explanation.setText(self._explain(name))
            return
        drop = float(self._drops[place])
        verb = "lowers" if drop >= 0 else "raises"
        self._explanation.setText(f"Covering this part {verb} the probability of {name} by {abs(drop):.3f}.")

    def _on_show_in_folder(self) -> None:
        file = self._index.file(self._sample_id) if self._index is not None and self._sample_id is not None else None
        if file is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.parent)))

    def _step(self, offset: int) -> None:
        if self._sample_id not in self._order:
            return
        place = self._order.index(self._sample_id) + offset
        if 0 <= place < len(self._order):
            self._show_sample(self._order[place])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step(-1 if event.key() == Qt.Key.Key_Left else 1)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.Show):
            theme = colors(self)
            self._previous.setIcon(icons.icon("chevron-left", theme.text, disabled=theme.border))
            self._next.setIcon(icons.icon("chevron-right", theme.text, disabled=theme.border))
            self._show_prediction()
        return super().event(event)


def _label(name: str, *, muted: bool = False) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    if muted:
        label.setProperty("muted", "true")
    return label


def _section(title: str) -> QLabel:
    label = QLabel(title.upper())
    label.setProperty("section", "true")
    return label


def _button(name: str, text: str, explanation: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(explanation)
    button.setStatusTip(explanation)
    # Enter belongs to what has the focus, not to the first button.
    button.setAutoDefault(False)
    return button
