"""Reading and writing project files. A save that fails leaves the old file as it was."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from nnplayground.spec.codec import FileError, decode, encode
from nnplayground.spec.project import Project

SUFFIX = ".nnp"
LARGEST = 16 * 1024 * 1024
"""Bytes; a project file holds choices, not data."""


def load_project(path: Path) -> Project:
    """The project in a file. Raises FileError: one sentence with the file's name and what is wrong in it."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise FileError(f"It is {size / 1e6:.0f} MB long, and no project file is.")
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path.name} cannot be opened: {os_reason(error)}.") from None
    except FileError as error:
        raise FileError(f"{path.name} cannot be opened. {error}") from None
    try:
        return decode(content, path.parent)
    except FileError as error:
        raise FileError(f"{path.name} cannot be opened. {error}") from None


def save_project(project: Project, path: Path) -> None:
    """Write the project file in one step. Raises FileError; then a file that was there before is untouched."""
    try:
        write_atomically(path, encode(project, path.parent))
    except OSError as error:
        kept = " The file from before is unchanged." if path.exists() else ""
        raise FileError(
            f"{path.name} cannot be saved in {path.parent}: {os_reason(error)}.{kept} "
            f"Choose another place with Save as."
        ) from None


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file as a whole: write beside it, flush to the disk, rename. Raises OSError; then nothing changes."""
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode)
        else:
            os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "there is no permission",
    errno.EPERM: "there is no permission",
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of its path is not a folder",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk reports an error",
}


def os_reason(error: OSError) -> str:
    """Why the system refused, in a few words."""
    return _REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())
