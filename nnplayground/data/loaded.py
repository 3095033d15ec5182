"""What loading gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnplayground.samples import Samples
from nnplayground.spec.facts import DataFacts


@dataclass(frozen=True)
class LoadedData:
    """A dataset, ready for an engine.

    splits: by name, "training" always, "validation" and "test" where they have samples.
    facts: complete, with every file that was skipped.
    fitted: what belongs to the weights (preparation.json): class_names, and for standardized pixels mean and deviation
    of each channel, in 0…255. Plain numbers, text and lists.
    files: the image of each sample, by its id; empty for data that does not come from files.
    """

    splits: dict[str, Samples]
    facts: DataFacts
    fitted: dict[str, Any]
    files: Mapping[str, Path]
