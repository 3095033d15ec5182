"""What loading takes, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nnplayground.samples import Samples
from nnplayground.spec.facts import DataFacts

TARGET = "target"
"""What the array is called that is to be learned."""


@dataclass(frozen=True)
class Loading:
    """What every way of loading takes, see `nnplayground.data.load`."""

    base: Path
    cache: Path | None
    progress: Callable[[int, int], None]
    cancelled: Callable[[], bool]


@dataclass(frozen=True)
class LoadedData:
    """A dataset, ready for an engine.

    splits: by name, "training" always, "validation" and "test" where they have samples.
    facts: complete, with every file that was skipped.
    fitted: what belongs to the weights (preparation.json): class_names, for standardized pixels mean and deviation of
    each channel in 0…255, for tokens the vocabularies by array, for a series its scaling. Plain numbers, text,
    lists.
    files: the image of each sample, by its id; empty for data that does not come from files.
    texts: what each sample reads like, by its id: a text, the source of a pair, the time of a series' target; empty
    where there is nothing to read. target_texts: the same for what is to be written.
    identity: the same for the same stored samples in the same splits and order, whatever becomes of them; empty where
    only their arrays tell.
    """

    splits: dict[str, Samples]
    facts: DataFacts
    fitted: dict[str, Any]
    files: Mapping[str, Path] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    target_texts: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
