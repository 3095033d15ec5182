"""Decoded pixels on disk: memory-mapped uint8, never changed once written.

A group is one folder at one size, colour mode and way of resizing. In its directory lie

- `<name>.npy`: rows of pixels, (n, height, width, channels) uint8, in the order of the splits, so that each split is
  one slice of the map;
- `<request>.json`: for one state of the folder and one split, which .npy holds its pixels, the keys of its rows, and
  the files that cannot be used.

A key names a file by path, size and time of change. Both kinds of file appear by an atomic rename under a name of their
own (.npy) or over an equivalent one (.json), so any number of processes may read and write.
"""

from __future__ import annotations

import io
import math
import os
import secrets
import shutil
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, cast

import msgspec
import numpy as np

from nnplayground.samples import Array

LIMIT = 8 * 2**30
"""Bytes that all groups together may take on disk. The least recently used go first."""

ENTRIES_PER_GROUP = 3
"""Each other split or seed of the same folder is an entry with pixels of its own; only the last ones are kept."""

MEMORY_LIMIT = 2 * 2**30
"""Bytes of pixels that are kept in memory where no disk takes them."""

_ABANDONED_AFTER = 24 * 3600.0
"""Seconds after which a half-written file belongs to a process that is gone."""

_BUFFER = 2**20
"""Bytes collected before a write: each write gives the interpreter lock away, and the decoding threads want it."""

_PARTIAL = ".partial"


class Index(msgspec.Struct, frozen=True):
    """One entry. rows: keys in the order of the pixels. skipped: lasting reasons by key; retry: passing ones."""

    rows: list[str]
    pixels: str = ""
    checksum: int = 0
    skipped: dict[str, str] = {}
    retry: dict[str, str] = {}


class Store:
    """The group of one folder and one set of settings. Anything unreadable in it counts as not there."""

    def __init__(self, directory: Path, shape: tuple[int, ...]) -> None:
        """shape: of one row."""
        self.directory = directory
        self.shape = shape

    def path(self, request: str) -> Path:
        """Where the index of an entry lies."""
        return self.directory / f"{request}.json"

    def index(self, request: str) -> Index | None:
        return _read_index(self.path(request))

    def indices(self) -> list[Index]:
        """All entries, the last used first."""
        found = [_read_index(path) for path in _by_last_use(self.directory.glob("*.json"))]
        return [index for index in found if index is not None]

    def pixels(self, index: Index) -> Array | None:
        """The rows of an entry, memory-mapped and read-only; None where they are missing or damaged."""
        try:
            pixels = np.load(self.directory / index.pixels, mmap_mode="r").view(np.ndarray)
        except (OSError, ValueError, EOFError, SyntaxError):
            return None
        if pixels.dtype != np.uint8 or pixels.shape != (len(index.rows), *self.shape):
            return None
        return pixels if sampled_checksum(pixels) == index.checksum else None

    def touch(self, request: str) -> None:
        # In a cache that may only be read nobody can say when it was last used, and nothing is pruned either.
        with suppress(OSError):
            os.utime(self.path(request))

    def save(self, request: str, index: Index) -> None:
        """Raises RoomError."""
        with _room(), _replacing(self.path(request)) as file:
            file.write(msgspec.json.encode(index))


class RoomError(Exception):
    """A place does not take the pixels: read-only, full, gone. The message is the reason, without a full stop."""


class Sheet:
    """A .npy file in the making: rows are written one after the other, then it is mapped.

    The rows go through plain writes, since a full disk under a writable memory map ends the process. All methods but
    `discard` raise RoomError.
    """

    def __init__(self, file: IO[bytes], shape: tuple[int, ...], path: Path | None = None) -> None:
        """shape: of all rows together. path: where `file` lies, None where it has no name."""
        self._file = file
        self._shape = shape
        self._path = path
        with _room():
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(cast(BinaryIO, file), header)
            self._start = file.tell()

    @property
    def name(self) -> str | None:
        """The file's name in the cache once it is kept, None where it cannot be kept."""
        return None if self._path is None else self._path.name

    def write(self, row: Array) -> None:
        with _room():
            self._file.write(np.ascontiguousarray(row).data)

    def finish(self, *, keep: bool) -> Array:
        """Everything written, read-only: (n, height, width, channels) uint8. keep: under its lasting name."""
        with _room():
            self._file.flush()
            if self._path is None:
                pixels = self._nameless_pixels()
                self._file.close()
                return pixels
            # A power cut must not leave a file of the right size with nothing in it.
            os.fsync(self._file.fileno())
            # Windows renames only what nobody has open, so it is mapped last.
            self._file.close()
            if keep:
                lasting = self._path.with_name(self._path.name.removesuffix(_PARTIAL))
                os.replace(self._path, lasting)
                self._path = lasting
            return np.load(self._path, mmap_mode="r").view(np.ndarray)

    def discard(self) -> None:
        # What a full disk did not take it does not take on closing either; the file is closed all the same.
        with suppress(OSError):
            self._file.close()
        if self._path is not None:
            _remove(self._path)

    def _nameless_pixels(self) -> Array:
        if isinstance(self._file, io.BytesIO):
            return np.frombuffer(self._file.getvalue(), np.uint8, offset=self._start).reshape(self._shape)
        return np.memmap(cast(BinaryIO, self._file), np.uint8, "r", self._start, self._shape).view(np.ndarray)


def lasting_sheet(store: Store, shape: tuple[int, ...]) -> Sheet:
    """A sheet in the cache. Raises RoomError."""
    with _room():
        store.directory.mkdir(parents=True, exist_ok=True)
        _check_room(store.directory, shape)
        path = store.directory / f"{secrets.token_hex(8)}.npy{_PARTIAL}"
        return Sheet(open(path, "w+b", buffering=_BUFFER), shape, path)


def passing_sheet(shape: tuple[int, ...]) -> Sheet:
    """A sheet for this process only: a nameless temporary file, or memory. Raises RoomError where neither has room."""
    try:
        with _room():
            _check_room(Path(tempfile.gettempdir()), shape)
            return Sheet(tempfile.TemporaryFile(buffering=_BUFFER), shape)
    except RoomError:
        if math.prod(shape) > MEMORY_LIMIT:
            raise
        return Sheet(io.BytesIO(), shape)


def sampled_checksum(pixels: Array, rows: int = 32) -> int:
    """Checksum of some rows, spread evenly: finds damage without reading everything."""
    checksum = 0
    for row in np.linspace(0, len(pixels) - 1, min(rows, len(pixels)), dtype=int):
        checksum = zlib.crc32(np.ascontiguousarray(pixels[row]).data, checksum)
    return checksum


def prune(cache: Path, *, keep: Path, limit: int = LIMIT) -> None:
    """Remove old entries until the rest of all groups takes at most `limit` bytes. keep: the index in use stays."""
    entries: list[tuple[float, Path, Path]] = []
    superfluous: list[tuple[Path, Path]] = []
    groups = [path for path in cache.iterdir() if path.is_dir()]
    for group in groups:
        for position, path in enumerate(_by_last_use(group.glob("*.json"))):
            index = _read_index(path)
            if index is None:
                _remove(path)
            elif position >= ENTRIES_PER_GROUP and path != keep:
                superfluous.append((path, group / index.pixels))
            else:
                entries.append((_last_use(path), path, group / index.pixels))
    entries.sort()
    total = sum(_size(path) + _size(pixels) for _, path, pixels in entries)
    while total > limit and any(path != keep for _, path, _ in entries):
        position = next(position for position, (_, path, _) in enumerate(entries) if path != keep)
        _, path, pixels = entries.pop(position)
        superfluous.append((path, pixels))
        total -= _size(path) + _size(pixels)
    used = {pixels for _, _, pixels in entries}
    for path, pixels in superfluous:
        _remove(path)
        if pixels not in used:
            _remove(pixels)
    for group in groups:
        # Pixels without an index: another process may be a moment away from writing it.
        for path in [*group.glob("*.npy"), *group.glob(f"*{_PARTIAL}")]:
            if path not in used and time.time() - _last_use(path) > _ABANDONED_AFTER:
                _remove(path)
        with suppress(OSError):  # only an empty directory goes
            group.rmdir()


def _check_room(directory: Path, shape: tuple[int, ...]) -> None:
    # A margin for what others write meanwhile.
    if shutil.disk_usage(directory).free < math.prod(shape) * 1.05:
        raise RoomError("too little room on the disk")


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RoomError(error.strerror or str(error)) from error


def _read_index(path: Path) -> Index | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Index)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name whole or not at all."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        with open(partial, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError:
        _remove(partial)
        raise


def _by_last_use(paths: Iterator[Path]) -> list[Path]:
    return sorted(paths, key=_last_use, reverse=True)


def _last_use(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _remove(path: Path) -> None:
    # Gone already, or mapped by somebody on Windows: then the next pruning takes it.
    with suppress(OSError):
        path.unlink()
