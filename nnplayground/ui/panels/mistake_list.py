"""Which samples the gallery of mistakes shows, and in which order."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from nnplayground.samples import Array
from nnplayground.training.events import Mistakes
from nnplayground.training.outcomes import confidence, predicted_classes
from nnplayground.ui.sample_index import SampleIndex, error_text, number_text, target_text
from nnplayground.ui.widgets.tiles import Line, Tile

Order = Literal["loss", "most_confident", "least_confident", "class", "too_high", "too_low", "earliest"]


_LONGEST_TIP = 600
"""Characters of a text in a tooltip."""


class Outcomes(msgspec.Struct, frozen=True):
    """What was right and wrong in a split, computed once for each epoch.

    For classes: predicted (n,) class indices, certainty (n,) probability of the predicted class, wrong (n,) bool.
    For numbers: predicted (n,) numbers, certainty (n,) predicted minus true, and every sample counts as wrong.
    For tokens: predicted (n, T) tokens, certainty (n,) share of the places that are right, wrong where any is not.
    """

    mistakes: Mistakes
    predicted: Array
    certainty: Array
    wrong: Array

    @property
    def numbers(self) -> bool:
        """The targets are numbers, so there are errors but no mistakes."""
        return not self.mistakes.class_names and not self.tokens

    @property
    def tokens(self) -> bool:
        """The targets are texts that the model writes."""
        return self.mistakes.labels.ndim == 2

    def __len__(self) -> int:
        return len(self.mistakes.ids)


def outcomes_of(mistakes: Mistakes) -> Outcomes:
    if mistakes.labels.ndim == 2:
        right = mistakes.predictions == mistakes.labels
        # Of a place that is padding and was left empty nothing is to be said.
        counts = (mistakes.labels != 0) | (mistakes.predictions != 0)
        share = (right & counts).sum(axis=1) / np.maximum(1, counts.sum(axis=1))
        return Outcomes(mistakes, mistakes.predictions, share, ~right.all(axis=1))
    if not mistakes.class_names:
        predicted = mistakes.predictions[:, 0]
        return Outcomes(mistakes, predicted, predicted - mistakes.labels, np.ones(len(mistakes.ids), bool))
    predicted = predicted_classes(mistakes.predictions)
    return Outcomes(mistakes, predicted, confidence(mistakes.predictions), predicted != mistakes.labels)


class MistakeList(msgspec.Struct, frozen=True):
    """The chosen samples in their order: a TileSource. rows: (m,) positions in the split.

    index: has the pictures of samples.
    """

    outcomes: Outcomes
    rows: Array
    index: SampleIndex | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def sample_id(self, row: int) -> str:
        return self.outcomes.mistakes.ids[self.rows[row]]

    @property
    def sample_ids(self) -> tuple[str, ...]:
        ids = self.outcomes.mistakes.ids
        return tuple(ids[number] for number in self.rows)

    def row_of(self, sample_id: str) -> int | None:
        ids = self.outcomes.mistakes.ids
        if sample_id not in ids:
            return None
        found = np.flatnonzero(self.rows == ids.index(sample_id))
        return int(found[0]) if len(found) else None

    def tile(self, row: int) -> Tile:
        sample_id = self.sample_id(row)
        index = self.index
        if index is None or sample_id not in index.places:
            return Tile(sample_id, None, self._lines(row))
        file = index.file(sample_id)
        said = self.outcomes.mistakes.predictions[self.rows[row]]
        drawing = index.drawing(sample_id, said=said) if file is None or index.kind == "texts" else None
        return Tile(index.title(sample_id), None if drawing is not None else file, self._lines(row), drawing)

    def description(self, row: int) -> str:
        lines = self._lines(row)
        if self.outcomes.tokens:
            return "\n".join((*self._names(row), f"{lines[0].lead} {lines[0].rest}", lines[1].lead))
        loss = self.outcomes.mistakes.losses[self.rows[row]]
        certainty = float(self.outcomes.certainty[self.rows[row]])
        error = error_text(self._unscaled(certainty)) if self.outcomes.numbers else lines[0].rest
        said = f"{lines[0].lead} {error}"
        return "\n".join(self._names(row)) + f"\npredicted {said}, {lines[1].lead}, loss {loss:.3g}"

    def _names(self, row: int) -> list[str]:
        """What to call a sample, and what it reads like."""
        sample_id = self.sample_id(row)
        if self.index is None or sample_id not in self.index.places or self.index.kind in ("pictures", "points"):
            return [sample_id]
        reading = self.index.reading(sample_id) if self.index.kind != "series" else ""
        return [self.index.title(sample_id), *([reading[:_LONGEST_TIP]] if reading else [])]

    def _unscaled(self, difference: float) -> float:
        """A difference of numbers in the unit in which they are shown."""
        return self.index.number(difference) - self.index.number(0.0) if self.index is not None else difference

    def _lines(self, row: int) -> tuple[Line, Line]:
        place = self.rows[row]
        outcomes, names = self.outcomes, self.outcomes.mistakes.class_names
        if outcomes.tokens:
            return self._token_lines(int(place))
        number = self.index.number if self.index is not None and outcomes.numbers else float
        label, said = outcomes.mistakes.labels[place].item(), outcomes.predicted[place].item()
        true, predicted = target_text(number(label), names), target_text(number(said), names)
        certainty = self._unscaled(float(outcomes.certainty[place]))
        below = Line(f"true: {true}", tone="muted")
        if outcomes.numbers:
            # In few digits, or it would be the number itself that is cut off.
            error = f"({number_text(certainty, digits=2, signed=True)})"
            return Line(predicted, error, tone="error", bold=True), below
        share = f"{certainty:.1%}"
        if outcomes.wrong[place]:
            return Line(predicted, share, tone="error", bold=True), below
        return Line(f"✓ {predicted}", share, tone="good", bold=True), below

    def _token_lines(self, place: int) -> tuple[Line, Line]:
        outcomes = self.outcomes
        labels, written = outcomes.mistakes.labels[place], outcomes.predicted[place]
        below = Line(f"loss {outcomes.mistakes.losses[place]:.3g}", tone="muted")
        if not outcomes.wrong[place]:
            return Line("✓ exact", tone="good", bold=True), below
        first = int(np.flatnonzero(labels != written)[0]) + 1
        return Line(f"✗ from place {first}", f"{outcomes.certainty[place]:.0%} right", tone="error", bold=True), below


def mistake_list(
    outcomes: Outcomes,
    index: SampleIndex | None = None,
    *,
    order: Order = "loss",
    true_class: int | None = None,
    cell: tuple[int, int] | None = None,
) -> MistakeList:
    """Of tokens all samples, the wrong ones first; else only these. true_class: only mistakes of this class. cell:
    instead, all samples of one true and one predicted class.
    """
    labels = outcomes.mistakes.labels
    if outcomes.tokens:
        return MistakeList(outcomes, _token_order(outcomes, order), index)
    chosen = outcomes.wrong
    if cell is not None:
        chosen = (labels == cell[0]) & (outcomes.predicted == cell[1])
    elif true_class is not None:
        chosen = chosen & (labels == true_class)
    if order in ("too_high", "too_low"):
        chosen = chosen & ((outcomes.certainty > 0) == (order == "too_high"))
    rows = np.flatnonzero(chosen)
    # What is not a number any more is worst of all.
    loss = np.nan_to_num(outcomes.mistakes.losses[rows].astype(np.float64), nan=np.inf)
    certainty = np.nan_to_num(outcomes.certainty[rows].astype(np.float64), nan=0.0)
    # The last key counts first; equal ones stay in the order of the split.
    keys: dict[Order, tuple[Array, ...]] = {
        "loss": (-loss,),
        "most_confident": (-certainty,),
        "least_confident": (certainty,),
        "class": (-loss, outcomes.predicted[rows], labels[rows]),
        "too_high": (-certainty,),
        "too_low": (certainty,),
        "earliest": (-loss,),
    }
    return MistakeList(outcomes, rows[np.lexsort(keys[order])], index)


def _token_order(outcomes: Outcomes, order: Order) -> Array:
    """All rows: the wrong ones first, by loss or by where they first go wrong."""
    loss = np.nan_to_num(outcomes.mistakes.losses.astype(np.float64), nan=np.inf)
    first = (outcomes.mistakes.labels != outcomes.predicted).argmax(axis=1)
    keys = (-loss, first) if order == "earliest" else (-loss,)
    return np.lexsort((*keys, ~outcomes.wrong))
