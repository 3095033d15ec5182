"""Which samples the gallery of mistakes shows, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from nnplayground.samples import Array
from nnplayground.training.events import Mistakes
from nnplayground.training.outcomes import confidence, predicted_classes
from nnplayground.ui.sample_index import error_text, target_text
from nnplayground.ui.widgets.plane_pictures import PlanePictures
from nnplayground.ui.widgets.tiles import Line, Tile

Order = Literal["loss", "most_confident", "least_confident", "class", "too_high", "too_low"]


class Outcomes(msgspec.Struct, frozen=True):
    """What was right and wrong in a split, computed once for each epoch.

    For classes: predicted (n,) class indices, certainty (n,) probability of the predicted class, wrong (n,) bool.
    For numbers: predicted (n,) numbers, certainty (n,) predicted minus true, and every sample counts as wrong.
    """

    mistakes: Mistakes
    predicted: Array
    certainty: Array
    wrong: Array

    @property
    def numbers(self) -> bool:
        """The targets are numbers, so there are errors but no mistakes."""
        return not self.mistakes.class_names

    def __len__(self) -> int:
        return len(self.mistakes.ids)


def outcomes_of(mistakes: Mistakes) -> Outcomes:
    if not mistakes.class_names:
        predicted = mistakes.predictions[:, 0]
        return Outcomes(mistakes, predicted, predicted - mistakes.labels, np.ones(len(mistakes.ids), bool))
    predicted = predicted_classes(mistakes.predictions)
    return Outcomes(mistakes, predicted, confidence(mistakes.predictions), predicted != mistakes.labels)


class MistakeList(msgspec.Struct, frozen=True):
    """The chosen samples in their order: a TileSource. rows: (m,) positions in the split.

    plane: has the pictures of samples that are points.
    """

    outcomes: Outcomes
    rows: Array
    files: Mapping[str, Path]
    plane: PlanePictures | None = None

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
        file = self.files.get(sample_id)
        point = self.plane.picture(sample_id) if self.plane is not None and file is None else None
        return Tile(sample_id if file is not None else f"Point {sample_id}", file, self._lines(row), point)

    def description(self, row: int) -> str:
        lines = self._lines(row)
        loss = self.outcomes.mistakes.losses[self.rows[row]]
        certainty = float(self.outcomes.certainty[self.rows[row]])
        said = f"{lines[0].lead} {error_text(certainty) if self.outcomes.numbers else lines[0].rest}"
        return f"{self.sample_id(row)}\npredicted {said}, {lines[1].lead}, loss {loss:.3g}"

    def _lines(self, row: int) -> tuple[Line, Line]:
        place = self.rows[row]
        outcomes, names = self.outcomes, self.outcomes.mistakes.class_names
        true = target_text(outcomes.mistakes.labels[place].item(), names)
        predicted = target_text(outcomes.predicted[place].item(), names)
        certainty = float(outcomes.certainty[place])
        below = Line(f"true: {true}", tone="muted")
        if outcomes.numbers:
            # In few digits, or it would be the number itself that is cut off.
            error = f"({certainty:+.2g})".replace("-", "−")
            return Line(predicted, error, tone="error", bold=True), below
        share = f"{certainty:.1%}"
        if outcomes.wrong[place]:
            return Line(predicted, share, tone="error", bold=True), below
        return Line(f"✓ {predicted}", share, tone="good", bold=True), below


def mistake_list(
    outcomes: Outcomes,
    files: Mapping[str, Path],
    *,
    order: Order = "loss",
    true_class: int | None = None,
    cell: tuple[int, int] | None = None,
    plane: PlanePictures | None = None,
) -> MistakeList:
    """true_class: only mistakes of this class. cell: instead, all samples of one true and one predicted class."""
    labels = outcomes.mistakes.labels
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
    }
    return MistakeList(outcomes, rows[np.lexsort(keys[order])], files, plane)
