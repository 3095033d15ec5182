"""The pixels of a folder in the order of its splits: from the cache where they are known, decoded where not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from nnplayground.data import images
from nnplayground.data.decoding import in_order
from nnplayground.data.errors import Cancelled, DataError, ImageError
from nnplayground.data.folder_survey import Assignment, Candidate, Survey, arranged
from nnplayground.data.store import (
    Index,
    RoomError,
    Sheet,
    Store,
    lasting_sheet,
    passing_sheet,
    prune,
    sampled_checksum,
)
from nnplayground.samples import Array
from nnplayground.spec.dataset import ImageFolder

_VERSION = 1
"""Raised whenever decoding gives other pixels than before."""


@dataclass(frozen=True)
class FolderPixels:
    """rows: (n, height, width, channels) uint8, split after split as in `assignment`. reasons: why skipped, by key."""

    rows: Array
    assignment: Assignment
    reasons: Mapping[str, str]
    warnings: tuple[str, ...]


class PixelLoader:
    """One loading of one folder."""

    def __init__(
        self,
        dataset: ImageFolder,
        found: Survey,
        *,
        cache: Path,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._dataset = dataset
        self._found = found
        self._cache = cache
        self._progress = progress
        self._cancelled = cancelled
        height, width = dataset.image_size
        channels = 3 if dataset.color_mode == "rgb" else 1
        self._shape = (height, width, channels)
        self._store = Store(cache / _group(dataset, found.root), self._shape)
        self._request = _request(dataset, found)

    def load(self) -> FolderPixels:
        """Raises DataError where the folder cannot be used, Cancelled where `cancelled` said so."""
        index = self._store.index(self._request)
        if index is not None and (hit := self._from_entry(index)) is not None:
            self._store.touch(self._request)
            self._progress(len(hit.rows), len(hit.rows))
            return hit
        indices = self._store.indices()
        known = self._known_rows(indices)
        lasting, passing = self._known_reasons(indices)
        while True:
            reasons = {**passing, **lasting}
            assignment, warnings = self._arranged(reasons)
            files = [file for files in assignment.values() for file in files]
            keys = [file.key for file in files]
            entry = Index(rows=keys, skipped=lasting, retry=passing)
            for index in indices:
                if index.rows == keys and (rows := self._store.pixels(index)) is not None:
                    entry = msgspec.structs.replace(entry, pixels=index.pixels, checksum=index.checksum)
                    return FolderPixels(rows, assignment, reasons, warnings + self._saved(entry))
            sheet, rows, failures, note = self._written(files, known)
            if not failures:
                if sheet.name is not None:
                    entry = msgspec.structs.replace(entry, pixels=sheet.name, checksum=sampled_checksum(rows))
                    unsaved = self._saved(entry)
                    if unsaved:
                        sheet.discard()  # nobody finds it without its index
                    note += unsaved
                return FolderPixels(rows, assignment, reasons, warnings + note)
            # Without the files that failed the splits come out differently, so the rows are put into a new order.
            known.update((file.key, (rows, row)) for row, file in enumerate(files) if file.key not in failures)
            lasting.update((key, str(error)) for key, error in failures.items() if error.lasting)
            passing.update((key, str(error)) for key, error in failures.items() if not error.lasting)
            sheet.discard()

    def _from_entry(self, index: Index) -> FolderPixels | None:
        lasting, passing = self._known_reasons([index])
        reasons = {**passing, **lasting}
        assignment, warnings = self._arranged(reasons)
        if index.rows != [file.key for files in assignment.values() for file in files]:
            return None
        rows = self._store.pixels(index)
        return None if rows is None else FolderPixels(rows, assignment, reasons, warnings)

    def _known_reasons(self, indices: Sequence[Index]) -> tuple[dict[str, str], dict[str, str]]:
        """Reasons by key why files cannot be used: those that last, and those that are still so."""
        skipped = {key: reason for index in indices for key, reason in index.skipped.items()}
        retry = {key for index in indices for key in index.retry}
        lasting: dict[str, str] = {}
        passing: dict[str, str] = {}
        for file in self._found.candidates if skipped or retry else ():
            if file.key in skipped:
                lasting[file.key] = skipped[file.key]
            elif file.key in retry and (error := images.opening_error(file.path)) is not None:
                passing[file.key] = str(error)
        return lasting, passing

    def _known_rows(self, indices: Sequence[Index]) -> dict[str, tuple[Array, int]]:
        """By key: pixels and the row in them."""
        wanted = {file.key for file in self._found.candidates}
        known: dict[str, tuple[Array, int]] = {}
        for index in indices:
            if not wanted.isdisjoint(index.rows) and (rows := self._store.pixels(index)) is not None:
                known.update((key, (rows, row)) for row, key in enumerate(index.rows) if key in wanted)
        return known

    def _arranged(self, reasons: Mapping[str, str]) -> tuple[Assignment, tuple[str, ...]]:
        if not self._found.root.is_dir():
            raise DataError(
                f"The folder “{self._found.root}” disappeared while its images were being read, so locate it or choose "
                "another one.",
                missing_path=str(self._found.root),
            )
        try:
            return arranged(
                self._found, self._dataset, [file for file in self._found.candidates if file.key not in reasons]
            )
        except DataError as error:
            broken = next((file for file in self._found.candidates if file.key in reasons), None)
            if broken is None:
                raise
            raise DataError(f"{error} For example, {broken.id}: {reasons[broken.key]}") from error

    def _written(
        self, files: Sequence[Candidate], known: Mapping[str, tuple[Array, int]]
    ) -> tuple[Sheet, Array, dict[str, ImageError], tuple[str, ...]]:
        """The sheet, its rows (blank where a file failed), the failures by key, and a note where the cache failed."""
        shape = (len(files), *self._shape)
        note: tuple[str, ...] = ()
        try:
            sheet = lasting_sheet(self._store, shape)
            return sheet, *self._filled(sheet, files, known), note
        except RoomError as error:
            note = (self._not_kept(error),)
        try:
            sheet = passing_sheet(shape)
            return sheet, *self._filled(sheet, files, known), note
        except RoomError as error:
            size = np.prod(shape, dtype=np.float64) / 2**30
            raise DataError(
                f"There is no room for {len(files):,} images of {shape[1]} × {shape[2]} pixels ({size:.1f} GB), so "
                "free some disk space or choose a smaller image size."
            ) from error

    def _filled(
        self, sheet: Sheet, files: Sequence[Candidate], known: Mapping[str, tuple[Array, int]]
    ) -> tuple[Array, dict[str, ImageError]]:
        failures: dict[str, ImageError] = {}
        blank = np.zeros(self._shape, np.uint8)
        rows = self._rows(files, known)
        try:
            for done, (file, row) in enumerate(zip(files, rows, strict=True), 1):
                if self._cancelled():
                    raise Cancelled
                if isinstance(row, ImageError):
                    failures[file.key] = row
                    row = blank
                sheet.write(row)
                self._progress(done, len(files))
            return sheet.finish(keep=not failures), failures
        except BaseException:
            sheet.discard()
            raise
        finally:
            rows.close()

    def _rows(
        self, files: Sequence[Candidate], known: Mapping[str, tuple[Array, int]]
    ) -> Generator[Array | ImageError, None, None]:
        decode = partial(
            _row_or_error,
            size=self._dataset.image_size,
            color_mode=self._dataset.color_mode,
            resize=self._dataset.resize,
        )
        new = [file.path for file in files if file.key not in known]
        with closing(in_order(decode, new, cancelled=self._cancelled)) as decoded:
            for file in files:
                if file.key in known:
                    rows, row = known[file.key]
                    yield rows[row]
                else:
                    yield next(decoded)

    def _saved(self, entry: Index) -> tuple[str, ...]:
        """Writes the index; a note where that failed."""
        try:
            self._store.save(self._request, entry)
            prune(self._cache, keep=self._store.path(self._request))
        except RoomError as error:
            return (self._not_kept(error),)
        return ()

    def _not_kept(self, error: RoomError) -> str:
        return (
            f"The decoded images could not be kept in “{self._cache}” ({error}), so the next loading takes as long as "
            "this one."
        )


def pixel_identity(dataset: ImageFolder, found: Survey, assignment: Assignment) -> str:
    """The same where the rows of all splits are the same, whatever the rest of the folder is like."""
    keys = [f"{name}/{file.key}" for name, files in assignment.items() for file in files]
    return _digest([_group(dataset, found.root), *keys])


def _row_or_error(
    path: str, *, size: tuple[int, int], color_mode: images.ColorMode, resize: images.Resize
) -> Array | ImageError:
    try:
        return images.fitted(path, size=size, color_mode=color_mode, resize=resize)
    except ImageError as error:
        return error


def _group(dataset: ImageFolder, root: Path) -> str:
    """Name of the directory for all that gives the same pixels for the same file."""
    settings = (_VERSION, *dataset.image_size, dataset.color_mode, dataset.resize)
    return _digest([os.path.realpath(root), *map(str, settings)])


def _request(dataset: ImageFolder, found: Survey) -> str:
    split = msgspec.json.encode(dataset.split).decode()
    return _digest([split, str(dataset.seed), *(file.key for file in found.candidates)])


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
