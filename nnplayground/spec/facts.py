"""What is known about the data without loading it: what shapes and checks need."""

from __future__ import annotations

from typing import Literal

import msgspec

from nnplayground.layers import Shape


class SkippedFile(msgspec.Struct, frozen=True):
    """A file that cannot be used, with the reason in one sentence."""

    path: str
    reason: str


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about a dataset, found by looking at it.

    input_shape: of the main array of a sample; input_shapes: of each of its arrays, by name (`Input.source`), where it
    has several. target: what is to be learned; "tokens" are classes too, one at each of several places, and then
    `class_names` is the vocabulary of the target, in which 0 is padding and counts for nothing. target_length: how many
    such places. vocabularies: the tokens of an array, by its name, where it holds some.
    splits: number of samples by split ("training", "validation", "test"); per_class: the same for each class, in the
    order of `class_names`. `problem` is why the data cannot be used at all (one sentence), then the rest is empty.
    `warnings` are what is probably not meant, `notes` what was done to the data and is no reason to worry.
    """

    input_shape: Shape | None = None
    input_shapes: dict[str, Shape] = {}
    target: Literal["classes", "number", "tokens"] = "classes"
    target_length: int | None = None
    vocabularies: dict[str, tuple[str, ...]] = {}
    class_names: tuple[str, ...] = ()
    splits: dict[str, int] = {}
    per_class: dict[str, tuple[int, ...]] = {}
    skipped: tuple[SkippedFile, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None
    missing_path: str | None = None
    """The folder or file that should be there and is not, where that is the problem."""

    @property
    def class_count(self) -> int:
        return len(self.class_names)
