"""Pictures from files, decoded in threads and kept as pixmaps.

Whoever paints asks for `pixmap`, and where it is None calls `request` and paints again on `loaded`.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from nnplayground.data import ImageError, picture, thumbnail
from nnplayground.samples import Array

Key: TypeAlias = tuple[Path, int]
"""A file, and the side of the square in device pixels that the picture has to fit into."""

Decode: TypeAlias = Callable[[Path, int], Array]
"""(path, side) → (height, width, 3) uint8. Raises ImageError. Called in threads."""

SIDES = (64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
"""Sides worth asking for: with few of them, a window that is being resized finds its pictures in the cache."""

_THUMBNAIL_SIDE = 384
_CACHE_BYTES = 160 * 2**20
_PENDING = 400
_POLL_MILLISECONDS = 10
_PIXMAPS_PER_POLL = 24
_RETRY_SECONDS = 5.0


def side_for(length: float, device_pixel_ratio: float) -> int:
    """The side of SIDES with which `length` logical pixels look sharp."""
    wanted = math.ceil(length * device_pixel_ratio)
    return next((side for side in SIDES if side >= wanted), SIDES[-1])


def image_from_array(pixels: Array) -> QImage:
    """pixels: (height, width, 3) uint8 → an image with memory of its own."""
    pixels = np.ascontiguousarray(pixels)
    height, width, _ = pixels.shape
    view = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)


def decode_picture(path: Path, side: int) -> Array:
    """(height, width, 3) uint8 within a square of `side` pixels. Raises ImageError."""
    return thumbnail(path, side) if side <= _THUMBNAIL_SIDE else picture(path, side)


class _Failure(msgspec.Struct, frozen=True):
    message: str
    lasting: bool
    at: float


class _Decoder:
    """What the threads see: plain Python and arrays. No thread ever holds a Qt object, so none can be freed there."""

    def __init__(self, decode: Decode, threads: int) -> None:
        self._decode = decode
        self._condition = threading.Condition()
        self._pending: dict[Key, None] = {}
        self._taken: set[Key] = set()
        self._results: deque[tuple[Key, Array | _Failure]] = deque()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"pictures-{number}", daemon=True) for number in range(threads)
        ]

    def push(self, keys: Iterable[Key]) -> list[Key]:
        """Put keys before all that wait, the last one first. Returns the oldest, which there was no room for."""
        with self._condition:
            for key in keys:
                if key not in self._taken:
                    self._pending.pop(key, None)
                    self._pending[key] = None
            dropped = list(self._pending)[: max(0, len(self._pending) - _PENDING)]
            for key in dropped:
                del self._pending[key]
            self._condition.notify_all()
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        return dropped

    def cancel(self, key: Key) -> bool:
        """False where it is too late."""
        with self._condition:
            waited = key in self._pending
            self._pending.pop(key, None)
            return waited

    def results(self, most: int) -> list[tuple[Key, Array | _Failure]]:
        with self._condition:
            results = [self._results.popleft() for _ in range(min(most, len(self._results)))]
            self._taken.difference_update(key for key, _ in results)
        return results

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._pending.clear()
            self._condition.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                # At most one picture is being decoded. The limit is for a file on a network that hangs.
                thread.join(timeout=2.0)

    def _work(self) -> None:
        while (key := self._next()) is not None:
            try:
                result: Array | _Failure = self._decode(*key)
            except ImageError as error:
                result = _Failure(str(error), error.lasting, time.monotonic())
            self._results.append((key, result))

    def _next(self) -> Key | None:
        with self._condition:
            while not self._pending and not self._closed:
                self._condition.wait()
            if self._closed:
                return None
            key, _ = self._pending.popitem()
            self._taken.add(key)
            return key


class PictureLoader(QObject):
    """Decodes pictures in the background: the latest requests first, those of one moment in their order."""

    loaded = Signal(object, int)
    """(path, side): `pixmap` has it now, or `failure` says why not."""

    def __init__(self, parent: QObject | None = None, *, decode: Decode = decode_picture, threads: int = 2) -> None:
        super().__init__(parent)
        self._decoder = _Decoder(decode, threads)
        self._pixmaps: OrderedDict[Key, QPixmap] = OrderedDict()
        self._bytes = 0
        self._failures: dict[Key, _Failure] = {}
        self._asked: set[Key] = set()
        self._fresh: list[Key] = []
        self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)

    def pixmap(self, path: Path, side: int) -> QPixmap | None:
        """The picture if it is there, with a device pixel ratio of 1."""
        key = (path, side)
        pixmap = self._pixmaps.get(key)
        if pixmap is not None:
            self._pixmaps.move_to_end(key)
        return pixmap

    def failure(self, path: Path, side: int) -> str | None:
        """Why there is no picture, in one sentence; None where that is not so (or not yet known)."""
        failure = self._failures.get((path, side))
        return failure.message if failure is not None else None

    def request(self, path: Path, side: int) -> None:
        """Have a picture decoded, unless it is there, being decoded, or known not to be readable."""
        key = (path, side)
        if self._closed or key in self._pixmaps or key in self._fresh:
            return
        failure = self._failures.get(key)
        if failure is not None and (failure.lasting or time.monotonic() - failure.at < _RETRY_SECONDS):
            return
        self._fresh.append(key)
        self._asked.add(key)
        if not self._timer.isActive():
            self._timer.start()

    def cancel(self, path: Path, side: int) -> None:
        """Nobody wants to see it any more. What is being decoded already still arrives."""
        key = (path, side)
        if key in self._fresh:
            self._fresh.remove(key)
            self._asked.discard(key)
        elif self._decoder.cancel(key):
            self._asked.discard(key)

    @property
    def idle(self) -> bool:
        """Nothing that was asked for is still being decoded."""
        return not self._asked and not self._fresh

    def shutdown(self) -> None:
        """End the threads. Nothing is decoded afterwards; what is there remains."""
        self._closed = True
        self._timer.stop()
        self._fresh.clear()
        self._asked.clear()
        self._decoder.close()

    def _poll(self) -> None:
        if self._fresh:
            for key in self._decoder.push(reversed(self._fresh)):
                self._asked.discard(key)
            self._fresh.clear()
        for key, result in self._decoder.results(_PIXMAPS_PER_POLL):
            self._asked.discard(key)
            if isinstance(result, _Failure):
                self._failures[key] = result
            else:
                self._failures.pop(key, None)
                self._keep(key, QPixmap.fromImage(image_from_array(result)))
            self.loaded.emit(*key)
        if self.idle:
            self._timer.stop()

    def _keep(self, key: Key, pixmap: QPixmap) -> None:
        self._drop(key)
        self._pixmaps[key] = pixmap
        self._bytes += _size(pixmap)
        while self._bytes > _CACHE_BYTES and len(self._pixmaps) > 1:
            self._drop(next(iter(self._pixmaps)))

    def _drop(self, key: Key) -> None:
        pixmap = self._pixmaps.pop(key, None)
        if pixmap is not None:
            self._bytes -= _size(pixmap)


def _size(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
