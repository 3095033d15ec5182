"""Feature extraction: what the frozen part of a model gives, computed once for each sample and kept on disk.

Kept as the pixels of image folders are (see `nnplayground.data.store`): a group for one frozen part, its layers and
weights; in it an entry for each state of the data. A row holds all features of a sample as bytes, float32 one after the
other; the rows are those of the training split, then those of the validation split.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import platformdirs

from nnplayground.data import Cancelled, LoadedData
from nnplayground.data.store import (
    LIMIT,
    Index,
    RoomError,
    Sheet,
    Store,
    lasting_sheet,
    passing_sheet,
    prune,
    sampled_checksum,
)
from nnplayground.engine.base import Weights
from nnplayground.engine.features import ExtractsFeatures
from nnplayground.layers import Shape
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.frozen import feature_extraction, frozen_part
from nnplayground.spec.model import LayerShapes
from nnplayground.spec.project import Project

_VERSION = "1"
"""Raised whenever the same frozen part would give other features than before."""

_SPLITS = ("training", "validation")
"""Passed through the model again and again; a test split is not."""

_BYTES = 4


class FeatureSource(msgspec.Struct, frozen=True, eq=False):
    """What features are made of. splits: as the engine has them; loaded: where their samples come from."""

    project: Project
    shapes: dict[str, LayerShapes]
    loaded: LoadedData
    splits: Mapping[str, Samples]


def use_features(
    engine: object,
    source: FeatureSource,
    *,
    cache: Path | None,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> str | None:
    """Have an engine train on features, where its model has a frozen part. One sentence where they cannot be kept.

    cache: folder for features, None for the usual place. progress(done, total) counts samples.
    Raises EngineError, and Cancelled soon after `cancelled` said so.
    """
    extraction = feature_extraction(source.project, source.shapes)
    if extraction is None or not extraction.on:
        return None
    if not isinstance(engine, ExtractsFeatures) or engine.has_features or not engine.feature_shapes:
        return None
    if cache is None:
        cache = platformdirs.user_cache_path("nnplayground", appauthor=False) / "features"
    return _Extraction(engine, source, Path(os.path.abspath(cache))).run(progress, cancelled)


class _Extraction:
    """The features of one model and the samples that it is trained on and judged by."""

    def __init__(self, engine: ExtractsFeatures, source: FeatureSource, cache: Path) -> None:
        self._engine = engine
        self._shapes = engine.feature_shapes
        self._splits = {name: source.splits[name] for name in _SPLITS if len(source.splits.get(name, ()))}
        self._cache = cache
        row = sum(math.prod(shape) for shape in self._shapes.values()) * _BYTES
        self._sheet_shape = (sum(len(samples) for samples in self._splits.values()), row)
        self._store = Store(cache / _frozen_identity(source, engine.frozen_weights()), (row,))
        self._request = _data_identity(source.loaded, self._splits)

    def run(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> str | None:
        index = self._store.index(self._request)
        rows = self._store.pixels(index) if index is not None else None
        if rows is not None:
            self._store.touch(self._request)
            self._engine.attach_features(self._parted(rows))
            return None
        size = math.prod(self._sheet_shape)
        if size > LIMIT:
            return (
                f"What the frozen part gives takes {size / 2**30:.1f} GB, and no more than {LIMIT / 2**30:.0f} GB are "
                f"kept on disk, so it is computed anew at every update; smaller pictures or a pooling at its end help."
            )
        note, sheet = None, None
        try:
            sheet = lasting_sheet(self._store, self._sheet_shape)
            rows = self._filled(sheet, progress, cancelled)
            names = [sample_id for samples in self._splits.values() for sample_id in samples.ids]
            self._store.save(self._request, Index(names, sheet.name or "", sampled_checksum(rows)))
            prune(self._cache, keep=self._store.path(self._request))
        except RoomError as error:
            note = (
                f"What the frozen part gives could not be kept in “{self._cache}” ({error}), so it has to be computed "
                f"again when the program is started next."
            )
            if rows is None:
                rows = self._passing(progress, cancelled)
            elif sheet is not None:
                sheet.discard()  # nobody finds it without its index
        if rows is None:
            return (
                f"There is no room for what the frozen part gives ({size / 2**30:.1f} GB), so it is computed anew at "
                f"every update; free some disk space."
            )
        self._engine.attach_features(self._parted(rows))
        return note

    def _passing(self, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Array | None:
        try:
            return self._filled(passing_sheet(self._sheet_shape), progress, cancelled)
        except RoomError:
            return None

    def _filled(self, sheet: Sheet, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Array:
        """Compute all rows: (samples, bytes) uint8, read-only."""
        step, total, done = self._engine.features_at_once, self._sheet_shape[0], 0
        try:
            for name, samples in self._splits.items():
                for start in range(0, len(samples), step):
                    if cancelled():
                        raise Cancelled
                    some = slice(start, min(start + step, len(samples)))
                    found = self._engine.features(name, some)
                    parts = [
                        np.asarray(found[each], np.float32).reshape(some.stop - start, -1) for each in self._shapes
                    ]
                    sheet.write(np.concatenate(parts, axis=1))
                    done += some.stop - start
                    progress(done, total)
            return sheet.finish(keep=True)
        except BaseException:
            sheet.discard()
            raise

    def _parted(self, rows: Array) -> dict[str, Arrays]:
        """By split and name, (n, *shape) float32 each. rows: of all samples, as bytes."""
        numbers = rows.view(np.float32)
        found: dict[str, Arrays] = {}
        first = 0
        for name, samples in self._splits.items():
            found[name] = _by_name(numbers[first : first + len(samples)], self._shapes)
            first += len(samples)
        return found


def _by_name(numbers: Array, shapes: Mapping[str, Shape]) -> dict[str, Array]:
    found: dict[str, Array] = {}
    place = 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        found[name] = numbers[:, place : place + size].reshape(len(numbers), *shape)
        place += size
    return found


def _frozen_identity(source: FeatureSource, weights: Weights) -> str:
    """Of the layers of the frozen part, how they are wired, what comes in, and all weights."""
    model = source.project.model
    part = frozen_part(model, source.shapes)
    inside = {*part.whole, *part.opened}
    said = hashlib.blake2b(_VERSION.encode(), digest_size=16)
    blocks = [block for block in model.blocks if block.id in inside]
    wires = [wire for wire in model.wires if wire.target_id in inside]
    shapes = {each: source.shapes[each].output for each in part.whole}
    said.update(msgspec.json.encode((blocks, wires, shapes)))
    for name in sorted(weights):
        said.update(name.encode())
        said.update(np.ascontiguousarray(weights[name]).data)
    return said.hexdigest()


def _data_identity(loaded: LoadedData, splits: Mapping[str, Samples]) -> str:
    """Of the samples in their order, as stored, and how they are prepared."""
    said = hashlib.blake2b(loaded.identity.encode(), digest_size=16)
    for name, samples in splits.items():
        said.update(msgspec.json.encode((name, len(samples), samples.preparation)))
        if not loaded.identity:
            for array in samples.inputs.values():
                said.update(np.ascontiguousarray(array).data)
    return said.hexdigest()
