"""Files of pretrained weights: which one a block needs, where it lies, fetching it, and whether it is what it says.

Published files are kept where Keras keeps them, in the folder `models` of KERAS_HOME (else ~/.keras), under Keras'
names: what Keras has downloaded is found here, and the other way round. Nothing is downloaded without being asked for.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from nnplayground.layers import Shape
from nnplayground.layers.networks import WeightsFile
from nnplayground.layers.pretrained import OFFICIAL, Pretrained

Form = Literal["hdf5", "keras"]

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SUPERBLOCK = 48
"""Bytes at the beginning of an HDF5 file that tell its size, whichever kind of superblock it has."""
_PIECE = 1 << 18
TIMEOUT = 20.0
"""Seconds of silence after which a download is given up."""


class WeightsProblem(Exception):
    """A file of weights cannot be used, or had. The message is one sentence for the user."""


class Cancelled(Exception):
    """A download was given up by the user."""


def folder() -> Path:
    """Where Keras keeps files of weights."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"


def published(layer: Pretrained, *inputs: Shape) -> Path:
    """Where the published weights of a block lie once they are there."""
    return folder() / layer.weights_file(*inputs).name


def needed(layer: Pretrained, *inputs: Shape) -> Path | None:
    """The file that a block takes its weights from; None: none. Raises WeightsProblem where it is not there."""
    if layer.weights_from == "none":
        return None
    if layer.weights_from not in OFFICIAL:
        path = Path(layer.weights_from).expanduser()
        if not path.is_file():
            what = "is a folder, not a file of weights" if path.is_dir() else "is not there"
            raise WeightsProblem(f"{path} {what}; choose the file of weights for {layer.type} again.")
        return path
    path = published(layer, *inputs)
    if not path.is_file():
        raise WeightsProblem(missing_sentence(layer, *inputs))
    return path


def missing_sentence(layer: Pretrained, *inputs: Shape) -> str:
    """Which file to get, and where to put it."""
    file = layer.weights_file(*inputs)
    return (
        f"The weights of {layer.type} are not on this computer yet: download them in the inspector, or get "
        f"{file.origin} and put it into {folder()}, or choose another file of weights."
    )


def checked_form(path: Path) -> Form:
    """How a file is built, by its content. Raises WeightsProblem for what holds no weights."""
    try:
        with path.open("rb") as file:
            start = file.read(_SUPERBLOCK)
            size = file.seek(0, os.SEEK_END)
    except OSError as error:
        raise WeightsProblem(f"{path.name} cannot be read: {error.strerror or error}.") from None
    if start[:8] == HDF5_SIGNATURE:
        if size < _written_size(start):
            raise WeightsProblem(f"{path.name} is incomplete or damaged; get it again, or choose another file.")
        return "hdf5"
    if start[:4] == b"PK\x03\x04" and zipfile.is_zipfile(path):
        return "keras"
    if start[:4] == b"PK\x03\x04":
        raise WeightsProblem(f"{path.name} is incomplete; get it again, or choose another file of weights.")
    raise WeightsProblem(
        f"{path.name} is not a file of weights: it is neither HDF5 (.h5, .weights.h5) nor a .keras file; "
        f"choose another one."
    )


def _written_size(start: bytes) -> int:
    """How large an HDF5 file was when it was closed, where its beginning tells; else 0.

    It is the end-of-file address in superblocks of the versions 0, 2 and 3 (HDF5 File Format Specification, II.A).
    """
    place = {0: 40, 2: 28, 3: 28}.get(start[8]) if len(start) == _SUPERBLOCK else None
    if place is None or start[13 if start[8] == 0 else 9] != 8:
        return 0
    return int.from_bytes(start[place : place + 8], "little")


def check_hash(path: Path, file: WeightsFile) -> None:
    """Raises WeightsProblem where a file with a published name is not what was published. Some have no checksum."""
    if not file.hash or path.name != file.name:
        return
    found = _hash(path, file.hash, path.stat().st_size, path.stat().st_mtime_ns)
    if found != file.hash:
        raise WeightsProblem(
            f"{path.name} is damaged or not the published file (its checksum differs); delete it from {path.parent} "
            f"and get it again."
        )


_known_hashes: dict[tuple[Path, int, int, str], str] = {}


def _hash(path: Path, like: str, size: int, changed: int) -> str:
    """The checksum of a file by the method of another one: MD5 or SHA-256, by its length.

    size, changed: of the file, as a checksum is remembered until it is another file.
    """
    key = (path, size, changed, like)
    if key not in _known_hashes:
        method = hashlib.sha256() if len(like) == 64 else hashlib.md5(usedforsecurity=False)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                method.update(piece)
        _known_hashes[key] = method.hexdigest()
    return _known_hashes[key]


def download(
    file: WeightsFile,
    *,
    progress: Callable[[int, int | None], None],
    cancelled: Callable[[], bool],
) -> Path:
    """Fetch a published file into Keras' folder. Raises WeightsProblem, Cancelled; then nothing is left behind.

    progress(bytes so far, bytes in all, if known). It blocks: to be called in a thread of its own.
    """
    target = folder() / file.name
    part: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "wb") as written, urllib.request.urlopen(file.origin, timeout=TIMEOUT) as answer:
            length = answer.headers.get("Content-Length")
            total = int(length) if length else None
            done = 0
            while piece := answer.read(_PIECE):
                if cancelled():
                    raise Cancelled
                written.write(piece)
                done += len(piece)
                progress(done, total)
        if total is not None and done < total:
            raise WeightsProblem(f"The download of {file.name} ended too soon; try again.")
        if file.hash and _hash(Path(part), file.hash, done, 0) != file.hash:
            raise WeightsProblem(f"What was downloaded as {file.name} has another checksum than published; try again.")
        os.replace(part, target)
        part = None
        return target
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise WeightsProblem(
            f"{file.name} could not be downloaded ({_reason(error)}); get {file.origin} elsewhere and put it into "
            f"{target.parent}, or choose another file of weights."
        ) from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else error.strerror or str(error)
        raise WeightsProblem(f"{file.name} cannot be saved in {target.parent}: {why}.") from None
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code}"
    if isinstance(inner, TimeoutError):
        return "there is no answer"
    if isinstance(inner, OSError):
        return "there is no connection"
    return str(inner)
