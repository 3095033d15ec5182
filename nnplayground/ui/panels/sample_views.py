"""Large views of samples that have no picture: a text with its tokens, a pair of texts, a window of a series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from nnplayground.samples import Array
from nnplayground.training.events import SamplePrediction
from nnplayground.ui.sample_index import SampleIndex
from nnplayground.ui.widgets.drawing_view import DrawingView
from nnplayground.ui.widgets.pair_view import PairView
from nnplayground.ui.widgets.picture_view import LEAST_REACH
from nnplayground.ui.widgets.token_chips import shown_token
from nnplayground.ui.widgets.token_text import TokenText

if TYPE_CHECKING:
    from nnplayground.training.translating import Translation

WAITING = "Leaving out one token after the other…"


class SampleViews(QStackedWidget):
    """Shows a sample in the view for its kind."""

    pointed_at = Signal(object)
    """The place of the token under the mouse, None where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = TokenText()
        self.text.setObjectName("sample_detail.text")
        self.text.setAccessibleName("The text, token by token")
        self.text.pointed_at.connect(self.pointed_at)
        self.pair = PairView()
        self.pair.setObjectName("sample_detail.pair")
        self.pair.setAccessibleName("What should be written, and what was written")
        self.drawing = DrawingView()
        self.drawing.setObjectName("sample_detail.window")
        self.drawing.setAccessibleName("The window, what follows, and what was predicted")
        for view in (self.text, self.pair, self.drawing):
            self.addWidget(view)
        self._index: SampleIndex | None = None
        self._sample_id = ""
        self._influence: Array | None = None

    def show_sample(self, index: SampleIndex, sample_id: str) -> bool:
        """Show a sample of which nothing has been said yet. False where it is of another kind than these."""
        self._index, self._sample_id, self._influence = index, sample_id, None
        if index.kind == "texts":
            self.text.show_text(index.reading(sample_id), index.tokens(sample_id))
            self.setCurrentWidget(self.text)
        elif index.kind == "pairs":
            split, place = index.places[sample_id]
            target = index.words(index.catalog.labels[split][place])
            self.pair.show_pair(index.catalog.texts.get(sample_id, ""), target, None)
            self.setCurrentWidget(self.pair)
        elif index.kind == "series":
            self.drawing.show_drawing(index.drawing(sample_id))
            self.setCurrentWidget(self.drawing)
        else:
            return False
        return True

    def show_prediction(self, prediction: SamplePrediction) -> None:
        """What the model says about the sample in view."""
        if self._index is not None and self._index.kind == "series":
            self.drawing.show_drawing(self._index.drawing(self._sample_id, said=prediction.values))

    def show_translation(self, translation: Translation) -> None:
        """What the model writes for the source in view."""
        self.pair.show_pair(
            translation.source,
            translation.target_tokens if translation.target is not None else None,
            translation.output_tokens,
            translation.certainties,
        )

    def show_influence(self, influence: Array | None) -> None:
        """How much each token matters; None: not asked, or not known yet."""
        self._influence = influence
        self.text.show_influence(influence)

    @property
    def words(self) -> str:
        """What the lines and marks of a window mean; empty for other samples."""
        if self._index is None or self._index.kind != "series" or self._index.catalog.series is None:
            return ""
        series = self._index.catalog.series
        column = series.columns[series.target]
        return f"The line is “{column}” in the window, the ring what followed, the cross what was predicted."

    def explain(self, name: str, place: int | None = None) -> str:
        """What the colours say about the predicted class, or about one token."""
        influence = self._influence
        if influence is None:
            return WAITING
        tokens = self.text.tokens
        if place is not None and place < len(tokens):
            drop = float(influence[place])
            verb = "lowers" if drop >= 0 else "raises"
            token = shown_token(tokens[place])
            return f"Leaving out “{token}” {verb} the probability of {name} by {abs(drop):.3f}."
        reach = float(np.abs(np.nan_to_num(influence)).max()) if len(influence) else 0.0
        if reach < LEAST_REACH:
            return f"No single token decides: without any of them, the probability of {name} changes by less than 0.02."
        strongest = int(np.nan_to_num(influence).argmax())
        word = shown_token(tokens[strongest]) if strongest < len(tokens) else "the strongest"
        return (
            f"Orange and underlined speaks for {name}, blue and overlined against it: leaving out “{word}” lowers its "
            f"probability by {float(influence[strongest]):.2f}."
        )
