"""From a dataset to samples: `scan` looks, `load` loads.

Nothing here knows Qt or an engine. Relative paths of a dataset start at `base`, "~" is the user's folder. Pillow is
imported by the first call that needs it: a window makes that call in a thread, and opens before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nnplayground.data.errors import Cancelled, DataError, ImageError
from nnplayground.data.loaded import LoadedData
from nnplayground.data.points import (
    PlanePoints,
    generate_points,
    load_points,
    painted_points,
    point_features,
    point_splits,
    scan_points,
)
from nnplayground.samples import Array
from nnplayground.spec.dataset import Dataset, Points
from nnplayground.spec.facts import DataFacts

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
    "painted_points",
    "picture",
    "point_features",
    "point_splits",
    "scan",
    "thumbnail",
]


def scan(dataset: Dataset, base: Path, *, cancelled: Callable[[], bool] = lambda: False) -> DataFacts:
    """What is there, without decoding a pixel: classes, counts, splits; or the problem.

    Whatever the data is like, nothing is raised but Cancelled, where `cancelled` said so. `input_shape` follows from
    the settings, so it is there with a problem too. Only `load` finds out which files turn out not to be images.
    """
    if isinstance(dataset, Points):
        return scan_points(dataset, base)
    from nnplayground.data.image_folder import scan_images

    return scan_images(dataset, base, cancelled)


def load(
    dataset: Dataset,
    base: Path,
    *,
    cache: Path | None = None,
    input_ids: Sequence[str],
    output_ids: Sequence[str],
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> LoadedData:
    """All samples, split and with their preparation.

    input_ids, output_ids: the layers that get the (same) arrays. cache: directory for decoded pixels, by default in
    the user's cache folder. progress(done, total) counts samples and is called in this thread.
    Raises DataError with one sentence where the data cannot be used, Cancelled soon after `cancelled` said so.
    """
    if isinstance(dataset, Points):
        return load_points(dataset, base, input_ids=input_ids, output_ids=output_ids)
    from nnplayground.data.image_folder import load_images

    return load_images(
        dataset,
        base,
        cache=cache,
        input_ids=input_ids,
        output_ids=output_ids,
        progress=progress,
        cancelled=cancelled,
    )


def example_files(dataset: Dataset, base: Path, per_class: int) -> dict[str, tuple[Path, ...]]:
    """Up to `per_class` training images of each class, spread over the folder; empty where there are none to show.

    The files are not looked into: `thumbnail` may still say that one is no image.
    """
    if isinstance(dataset, Points):
        return {}
    from nnplayground.data.image_folder import example_images

    return example_images(dataset, base, per_class)


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
