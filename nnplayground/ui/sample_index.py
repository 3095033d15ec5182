"""The catalogue of a dataset, in the ways that pickers ask it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np

from nnplayground.training.events import Catalog, SamplePrediction
from nnplayground.ui.widgets.plane_pictures import PlanePictures, PointPicture

SPLIT_ORDER = ("validation", "training", "test")
"""What was not trained on comes first: there the model shows what it can."""


class Group(msgspec.Struct, frozen=True):
    """The samples of a split, or those of one of its classes."""

    split: str
    class_index: int | None
    title: str


class SampleIndex(msgspec.Struct, frozen=True, eq=False, dict=True):
    """Finds samples by id and by group. plane: has the pictures of samples that are points."""

    catalog: Catalog
    plane: PlanePictures | None = None

    @cached_property
    def places(self) -> dict[str, tuple[str, int]]:
        """Split and position of each sample."""
        return {
            sample_id: (split, number)
            for split, ids in self.catalog.ids.items()
            for number, sample_id in enumerate(ids)
        }

    @property
    def class_names(self) -> tuple[str, ...]:
        """Empty where the targets are numbers."""
        return self.catalog.facts.class_names if self.catalog.facts.target == "classes" else ()

    def explains(self, prediction: SamplePrediction) -> bool:
        """Whether a prediction is about these classes: a model that was trained on other data may have others."""
        return not self.class_names or len(self.class_names) == max(2, len(prediction.values))

    def groups(self) -> list[Group]:
        """All groups that are not empty, the validation split first."""
        groups: list[Group] = []
        for split in SPLIT_ORDER:
            if not self.catalog.ids.get(split):
                continue
            groups.append(Group(split, None, split.capitalize()))
            if len(self.class_names) > 1:
                present = set(np.unique(self.catalog.labels[split]).tolist())
                groups += [
                    Group(split, number, f"{split.capitalize()} · {name}")
                    for number, name in enumerate(self.class_names)
                    if number in present
                ]
        return groups

    def members(self, group: Group) -> tuple[str, ...]:
        """Their ids, in the order of the split."""
        ids = self.catalog.ids.get(group.split, ())
        if group.class_index is None:
            return ids
        return tuple(ids[number] for number in np.flatnonzero(self.catalog.labels[group.split] == group.class_index))

    def file(self, sample_id: str) -> Path | None:
        return self.catalog.files.get(sample_id)

    def point(self, sample_id: str) -> PointPicture | None:
        """Its picture where it is a point."""
        return self.plane.picture(sample_id) if self.plane is not None else None

    def split(self, sample_id: str) -> str:
        return self.places[sample_id][0]

    def title(self, sample_id: str) -> str:
        """What to call a sample: its file, or the number of a point."""
        return sample_id if sample_id in self.catalog.files else f"Point {sample_id}"

    def target(self, sample_id: str) -> str:
        """The name of its class, or its number."""
        split, number = self.places[sample_id]
        return target_text(self.catalog.labels[split][number].item(), self.class_names)


def target_text(label: int | float, class_names: tuple[str, ...]) -> str:
    """The name of a class, or a number."""
    return class_names[int(label)] if class_names else f"{label:.3g}".replace("-", "−")


def error_text(error: float) -> str:
    """By how much a predicted number is off: off by +0.12, off by −1.5."""
    return f"off by {error:+.3g}".replace("-", "−")


def short_name(name: str) -> str:
    """The name of a class where there is little room."""
    return name if len(name) <= 18 else f"{name[:17]}…"
