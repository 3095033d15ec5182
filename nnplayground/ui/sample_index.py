"""The catalogue of a dataset, in the ways that pickers ask it."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from nnplayground.data.tokens import tokens_of
from nnplayground.samples import Array
from nnplayground.spec.dataset import Level
from nnplayground.training.events import Catalog, SamplePrediction
from nnplayground.ui.widgets.drawings import Drawing, PairPicture, TextPicture, WindowPicture
from nnplayground.ui.widgets.plane_pictures import PlanePictures

SPLIT_ORDER = ("validation", "training", "test")
"""What was not trained on comes first: there the model shows what it can."""


Kind = Literal["pictures", "points", "texts", "pairs", "series"]
"""What samples are, as far as showing them goes."""
TILE_SHAPES: dict[Kind, tuple[int, float]] = {"texts": (170, 0.36), "pairs": (150, 0.4), "series": (124, 0.56)}
"""Of samples that are no pictures: (least width of a tile, height of its picture by the width)."""
_MARKS = frozenset({"", "[start]", "[end]"})


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

    @cached_property
    def kind(self) -> Kind:
        catalog = self.catalog
        if catalog.series is not None:
            return "series"
        if catalog.target_texts:
            return "pairs"
        if catalog.files:
            return "pictures"
        return "texts" if catalog.texts else "points"

    @property
    def class_names(self) -> tuple[str, ...]:
        """Empty where the targets are numbers."""
        return self.catalog.facts.class_names if self.catalog.facts.target == "classes" else ()

    def explains(self, prediction: SamplePrediction) -> bool:
        """Whether a prediction is about these classes: a model that was trained on other data may have others."""
        names = self.told_apart(prediction)
        return not names or len(names) == max(2, len(prediction.values))

    def told_apart(self, prediction: SamplePrediction) -> tuple[str, ...]:
        """The classes that a prediction is about: those of the data, or what the model tells apart instead."""
        return prediction.class_names or self.class_names

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

    def drawing(self, sample_id: str, *, said: Array | None = None) -> Drawing | None:
        """Its picture where it has no file. said: what the model says about it, as in `Mistakes.predictions`."""
        catalog = self.catalog
        if self.kind == "texts":
            return TextPicture(catalog.texts.get(sample_id, ""))
        if self.kind == "pairs":
            split, place = self.places[sample_id]
            return PairPicture(
                catalog.texts.get(sample_id, ""),
                self.words(catalog.labels[split][place]),
                None if said is None else self.words(said),
                self.glue,
            )
        if catalog.series is not None:
            split, place = self.places[sample_id]
            series = catalog.series
            return WindowPicture(
                # The column's mean and deviation are those of the target.
                series.in_file(series.windows[split][place, :, series.target].astype(np.float64)),
                series.horizon,
                self.number(catalog.labels[split][place].item()),
                None if said is None else self.number(float(said[0])),
            )
        return self.plane.picture(sample_id) if self.plane is not None else None

    def number(self, value: float) -> float:
        """A target or a prediction in the unit in which it is shown."""
        return self.catalog.series.in_file(value) if self.catalog.series is not None else value

    @cached_property
    def glue(self) -> str:
        """What stands between the tokens of a target: nothing between characters."""
        return "" if all(len(token) <= 1 for token in self.catalog.facts.class_names if token[:1] != "[") else " "

    def words(self, tokens: Array) -> tuple[str, ...]:
        """Tokens of the target as they read, without marks and padding. tokens: (T,) int."""
        vocabulary = self.catalog.facts.class_names
        shown = (vocabulary[number] for number in tokens.tolist() if 0 <= number < len(vocabulary))
        return tuple(token for token in shown if token not in _MARKS)

    def reading(self, sample_id: str) -> str:
        """What a sample reads like, for filters and tooltips; empty where there is nothing to read."""
        texts = (self.catalog.texts.get(sample_id, ""), self.catalog.target_texts.get(sample_id, ""))
        return " → ".join(text for text in texts if text)

    def split(self, sample_id: str) -> str:
        return self.places[sample_id][0]

    def tokens(self, sample_id: str) -> list[str]:
        """The tokens of a text, as many as the model gets."""
        facts = self.catalog.facts
        vocabulary = facts.vocabularies.get("text", ())
        level: Level = "character" if all(len(token) <= 1 for token in vocabulary if token[:1] != "[") else "word"
        most = facts.input_shape[0] if facts.input_shape is not None else None
        return tokens_of(self.catalog.texts.get(sample_id, ""), level)[:most]

    def title(self, sample_id: str) -> str:
        """What to call a sample: its file, its time, or its number."""
        name = sample_id.rpartition("/")[2]
        if self.kind == "series":
            return self.catalog.texts.get(sample_id) or f"Row {name}"
        if sample_id in self.catalog.files or not name.isdecimal():
            return sample_id
        return f"{_ONE[self.kind]} {name}"

    def target(self, sample_id: str) -> str:
        """The name of its class, its number, or the text that is to be written."""
        if self.catalog.facts.target == "tokens":
            return self.catalog.target_texts.get(sample_id, "")
        split, number = self.places[sample_id]
        return target_text(self.number(self.catalog.labels[split][number].item()), self.class_names)


_ONE: dict[Kind, str] = {"pictures": "Picture", "points": "Point", "texts": "Text", "pairs": "Pair", "series": "Row"}


def target_text(label: int | float, class_names: tuple[str, ...]) -> str:
    """The name of a class, or a number."""
    return class_names[int(label)] if class_names else number_text(label)


def error_text(error: float) -> str:
    """By how much a predicted number is off: off by +0.12, off by −1.5."""
    return f"off by {number_text(error, signed=True)}"


def number_text(number: float, *, digits: int = 3, signed: bool = False) -> str:
    """A number in few digits, but never without those before the point: 0.123, 1,031, −240."""
    whole = math.isfinite(number) and abs(number) >= 10**digits
    text = f"{number:+,.0f}" if whole else f"{number:+.{digits}g}"
    return (text if signed else text.removeprefix("+")).replace("-", "−")


def short_name(name: str) -> str:
    """The name of a class where there is little room."""
    return name if len(name) <= 18 else f"{name[:17]}…"
