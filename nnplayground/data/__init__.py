"""From a dataset to samples: `scan` looks, `load` loads.

Nothing here knows Qt or an engine. Relative paths of a dataset start at `base`, "~" is the user's folder. Pillow is
imported by the first call that needs it: a window makes that call in a thread, and opens before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from nnplayground.data.errors import Cancelled, DataError, ImageError
from nnplayground.data.loaded import TARGET, LoadedData, Loading
from nnplayground.data.points import (
    PlanePoints,
    generate_points,
    painted_points,
    point_features,
    point_splits,
    points_at_hand,
)
from nnplayground.samples import Array
from nnplayground.spec.dataset import Dataset, DatasetType, ImageFolder, Pairs, Points, Series, Text, input_shapes
from nnplayground.spec.facts import DataFacts

if TYPE_CHECKING:
    from nnplayground.data.previews import TokenLook, TokenPreview

__all__ = [
    "Cancelled",
    "DataError",
    "DataFacts",
    "ImageError",
    "LoadedData",
    "PlanePoints",
    "example_files",
    "generate_points",
    "load",
    "look_at_tokens",
    "painted_points",
    "picture",
    "point_features",
    "point_splits",
    "points_at_hand",
    "preview",
    "scan",
    "thumbnail",
]


_Value = TypeVar("_Value")


class _Room(Protocol):
    """The module of one type of dataset."""

    def scan(self, dataset: Any, base: Path, cancelled: Callable[[], bool]) -> DataFacts: ...

    def load(self, dataset: Any, loading: Loading) -> LoadedData:
        """The main array under its name in `input_shapes`, others too; what is to be learned as "target"."""
        ...


def _image_folder() -> _Room:
    from nnplayground.data import image_folder

    return image_folder


def _points() -> _Room:
    from nnplayground.data import points

    return points


def _text() -> _Room:
    from nnplayground.data import text

    return text


def _series() -> _Room:
    from nnplayground.data import series

    return series


def _pairs() -> _Room:
    from nnplayground.data import pairs

    return pairs


_ROOMS: dict[DatasetType, Callable[[], _Room]] = {
    ImageFolder: _image_folder,
    Points: _points,
    Text: _text,
    Series: _series,
    Pairs: _pairs,
}
"""Each is imported by the first call that needs it."""


def scan(dataset: Dataset, base: Path, *, cancelled: Callable[[], bool] = lambda: False) -> DataFacts:
    """What is there, without decoding a pixel: classes, counts, splits; or the problem.

    Whatever the data is like, nothing is raised but Cancelled, where `cancelled` said so. `input_shape` follows from
    the settings, so it is there with a problem too. Only `load` finds out which files turn out not to be images.
    """
    return _ROOMS[type(dataset)]().scan(dataset, base, cancelled)


def load(
    dataset: Dataset,
    base: Path,
    *,
    cache: Path | None = None,
    input_ids: Sequence[str] = (),
    output_ids: Sequence[str] = (TARGET,),
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> LoadedData:
    """All samples, split and with their preparation.

    Arrays have the names that `input_shapes` gives them. input_ids: other names for the main one. output_ids: names for
    what is to be learned. cache: directory for decoded pixels, by default in the user's cache folder. progress(done,
    total) counts samples, or bytes of a file, and is called in this thread.
    Raises DataError with one sentence where the data cannot be used, Cancelled soon after `cancelled` said so.
    """
    loaded = _ROOMS[type(dataset)]().load(dataset, Loading(base, cache, progress, cancelled))
    main = next(iter(input_shapes(dataset)))
    splits = {
        name: msgspec.structs.replace(
            samples,
            inputs=_renamed(samples.inputs, main, input_ids or (main,)),
            targets=_renamed(samples.targets, TARGET, output_ids),
            preparation=_renamed(samples.preparation, main, input_ids or (main,)),
        )
        for name, samples in loaded.splits.items()
    }
    return dataclasses.replace(loaded, splits=splits)


def _renamed(arrays: Mapping[str, _Value], name: str, names: Sequence[str]) -> dict[str, _Value]:
    others = {each: array for each, array in arrays.items() if each != name}
    return {**dict.fromkeys(names, arrays[name]), **others} if name in arrays else others


def example_files(dataset: Dataset, base: Path, per_class: int) -> dict[str, tuple[Path, ...]]:
    """Up to `per_class` training images of each class, spread over the folder; empty where there are none to show.

    The files are not looked into: `thumbnail` may still say that one is no image.
    """
    if not isinstance(dataset, ImageFolder):
        return {}
    from nnplayground.data.image_folder import examples

    return examples(dataset, base, per_class)


def look_at_tokens(
    dataset: Dataset, base: Path, count: int, *, cancelled: Callable[[], bool] = lambda: False
) -> TokenLook:
    """What becomes of texts: the tokens of up to `count` training samples, and figures about all texts.

    Empty for data without tokens. Raises DataError, and Cancelled where `cancelled` said so.
    """
    from nnplayground.data.previews import look_at_tokens

    return look_at_tokens(dataset, base, count, cancelled=cancelled)


def preview(
    dataset: Dataset, base: Path, count: int, *, cancelled: Callable[[], bool] = lambda: False
) -> tuple[TokenPreview, ...]:
    """Only the samples of `look_at_tokens`."""
    return look_at_tokens(dataset, base, count, cancelled=cancelled).samples


def picture(path: str | Path, longest: int = 1024) -> Array:
    """An image for looking at, its longer side `longest` pixels or less: (height, width, 3) uint8.

    Decoded with the same care as for training. Raises ImageError.
    """
    from nnplayground.data.images import picture

    return picture(path, longest)


def thumbnail(path: str | Path, side: int) -> Array:
    """A small image, its longer side `side` pixels or less: (height, width, 3) uint8. Raises ImageError."""
    from nnplayground.data.images import thumbnail

    return thumbnail(path, side)
