"""Text from files, whatever their encoding: UTF-8 with or without a mark, UTF-16, or that of old Windows programs."""

from __future__ import annotations

import codecs
import io
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nnplayground.data.errors import Cancelled, DataError
from nnplayground.data.folder_survey import resolved

_CHUNK = 2**20
_LOOK = 2**14
"""Bytes by whose zeros a file is known to be no text."""
FALLBACK = "cp1252"
"""What old Windows programs write in the west. Almost every byte is some letter there, so it comes last."""
_ERRORS = "replace"
"""Five bytes mean nothing in the fallback, half a sign may stand at the end, and a file may change while it is read."""
_ZIP = b"PK\x03\x04"


class NoText(Exception):
    """A file holds something else than text. The message is the reason, one sentence."""


@dataclass(frozen=True)
class TextFile:
    """A file of text. note: what is to be said about its encoding, if anything."""

    path: Path
    size: int
    encoding: str
    note: str | None

    @property
    def name(self) -> str:
        return self.path.name


def text_file(file: str, base: Path, *, wanted: str, cancelled: Callable[[], bool], what: str = "file") -> TextFile:
    """The file that a dataset means. wanted: what to choose, as in "a CSV file with a column of texts".

    what: how it is called. Raises DataError where it is not there, is a folder, may not be read or holds no text.
    """
    path = resolved(file, base)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise DataError(
            f"The {what} “{path}” is not there, so locate it or choose another one.", missing_path=str(path)
        ) from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no file"
        raise DataError(f"“{path}” is {kind}, so choose {wanted}.")
    try:
        with path.open("rb") as stream:
            encoding = _encoding(stream, cancelled)
    except NoText as error:
        raise DataError(f"“{path.name}” cannot be read as text: {error} Choose {wanted}.") from None
    except OSError as error:
        raise cannot_read(path, error) from error
    return TextFile(path, status.st_size, encoding, _note(path.name, encoding))


def cannot_read(path: Path, error: OSError) -> DataError:
    if isinstance(error, PermissionError):
        return DataError(f"“{path}” may not be read, so change its permissions or choose another file.")
    return DataError(f"“{path}” cannot be read ({error.strerror}), so choose another file.")


def decoded(content: bytes, *, whole: bool = True) -> tuple[str, str]:
    """(text, encoding) of a file's bytes. whole: there are no more, so that nothing ends in the middle of a sign.

    Raises NoText.
    """
    encoding = _encoding(io.BytesIO(content), lambda: False, whole=whole)
    return codecs.getincrementaldecoder(encoding)(_ERRORS).decode(content, final=whole), encoding


@contextmanager
def characters(
    file: TextFile, *, newline: str | None, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> Iterator[io.TextIOBase]:
    """A file's text, read bit by bit. newline: as for `open`.

    progress(bytes read, all bytes) is called on the way. Raises DataError, and Cancelled where `cancelled` says so.
    """
    try:
        with file.path.open("rb", buffering=0) as raw:
            watched = _Watched(raw, file.size, progress, cancelled)
            with io.TextIOWrapper(
                io.BufferedReader(watched, _CHUNK),
                encoding=file.encoding,
                errors=_ERRORS,
                newline=newline,
            ) as text:
                yield text
    except OSError as error:
        raise cannot_read(file.path, error) from error


def chunks(text: io.TextIOBase) -> Generator[str, None, None]:
    """A text in pieces of about a million characters."""
    while piece := text.read(_CHUNK):
        yield piece


class _Watched(io.RawIOBase):
    """Bytes that say how many of them were read."""

    def __init__(
        self, raw: io.FileIO | BinaryIO, size: int, progress: Callable[[int, int], None], cancelled: Callable[[], bool]
    ) -> None:
        self._raw = raw
        self._size = size
        self._progress = progress
        self._cancelled = cancelled
        self._told = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._cancelled():
            raise Cancelled
        content = self._raw.read(len(buffer))
        buffer[: len(content)] = content
        read = min(self._raw.tell(), self._size)
        if read - self._told >= _CHUNK or not content:
            self._told = read
            self._progress(read, self._size)
        return len(content)


def _encoding(stream: BinaryIO, cancelled: Callable[[], bool], *, whole: bool = True) -> str:
    start = stream.read(_LOOK)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(_ZIP):
        raise NoText("It is a packed file, perhaps of a spreadsheet or text program; save it as CSV or text there.")
    if b"\0" in start:
        encoding = _wide(start)
        if encoding is None:
            raise NoText("It holds something else.")
        return encoding
    decoder = codecs.getincrementaldecoder("utf-8")()
    content = start
    while content:
        if cancelled():
            raise Cancelled
        try:
            decoder.decode(content)
        except UnicodeDecodeError:
            return _single(start)
        content = stream.read(_CHUNK)
    try:
        decoder.decode(b"", final=whole)
    except UnicodeDecodeError:
        return _single(start)
    return "utf-8-sig"


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: most second bytes are 0, and hardly any of the others."""
    pairs = len(start) // 2
    first, second = start[0 : 2 * pairs : 2].count(0), start[1 : 2 * pairs : 2].count(0)
    if second > 0.4 * pairs and not first:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 * pairs and not second else None


def _single(start: bytes) -> str:
    """The fallback, unless there are too many signs that stand in no text."""
    odd = sum(start.count(bytes([code])) for code in range(32) if code not in (9, 10, 11, 12, 13, 27))
    if odd > 0.02 * len(start):
        raise NoText("It holds something else.")
    return FALLBACK


def _note(name: str, encoding: str) -> str | None:
    if encoding == "utf-8-sig":
        return None
    if encoding == FALLBACK:
        return f"“{name}” is not UTF-8, so it is read as Windows-1252; look whether its accents are right."
    return f"“{name}” is read as UTF-16."
