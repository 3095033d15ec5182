"""Which files lie in a folder of class folders. Looks at names, sizes and times only; opens no file."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nnplayground.data.errors import Cancelled
from nnplayground.spec.facts import SkippedFile

NEVER_IMAGES = frozenset(
    {
        ".txt",
        ".md",
        ".csv",
        ".tsv",
        ".json",
        ".jsonl",
        ".xml",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".log",
        ".html",
        ".htm",
        ".py",
        ".ipynb",
        ".pdf",
        ".doc",
        ".docx",
        ".xls",
        ".xlsx",
        ".ppt",
        ".pptx",
        ".zip",
        ".tar",
        ".gz",
        ".7z",
        ".rar",
        ".mp3",
        ".wav",
        ".mp4",
        ".mov",
        ".avi",
        ".mkv",
        ".webm",
        ".npy",
        ".npz",
        ".db",
        ".sqlite",
        ".h5",
        ".keras",
    }
)
"""Endings that nobody gives to a picture. All other files are candidates: only their content says what they are."""

_LITTER = frozenset({"thumbs.db", "desktop.ini", "@eadir", "__macosx", "$recycle.bin", "system volume information"})
"""What systems leave behind in folders, in lower case; passed over like hidden files."""

FolderIdentity = tuple[int, int]
"""Device and number of a folder: the same for all links to it."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a sample. relative: its path inside the listed folder, with "/"; modified: nanoseconds."""

    relative: str
    path: str
    size: int
    modified: int


@dataclass(frozen=True)
class Listing:
    """What a folder of class folders holds.

    classes: files of each class, all classes in natural order ("2" before "10"), files sorted by path, subfolders
    included. empty: class folders without any candidate. loose: how many candidates lie directly in the folder.
    subfolders: names of the folders directly inside each class folder.
    """

    classes: dict[str, tuple[FoundFile, ...]]
    empty: tuple[str, ...]
    loose: int
    skipped: tuple[SkippedFile, ...]
    subfolders: dict[str, frozenset[str]]


def folder_identity(path: str | Path) -> FolderIdentity:
    """Raises OSError or ValueError where there is no such folder."""
    status = os.stat(path)
    return status.st_dev, status.st_ino


def natural_key(name: str) -> tuple[list[tuple[int, int | str]], str]:
    """Sorts numbers inside names by value, letters without regard to case, and equal ones by the plain name."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part], name


def no_image(name: str) -> str | None:
    """Why a file is none of the images, to judge by its name."""
    ending = os.path.splitext(name)[1].lower()
    return "It is not an image, to judge by its name." if ending in NEVER_IMAGES else None


def list_classes(
    folder: Path,
    *,
    refused: Callable[[str], str | None] = no_image,
    left_out: frozenset[FolderIdentity] = frozenset(),
    cancelled: Callable[[], bool] = lambda: False,
) -> Listing:
    """List a folder. refused: why a file of this name is no candidate. left_out: folders inside that are no class
    folders.

    Raises OSError where the folder itself cannot be listed, Cancelled where `cancelled` said so.
    """
    visited = {folder_identity(folder), *left_out}
    walk = _Walk(str(folder), refused, cancelled)
    classes: dict[str, tuple[FoundFile, ...]] = {}
    empty: list[str] = []
    subfolders: dict[str, frozenset[str]] = {}
    loose = 0
    for entry in walk.entries(""):
        if not walk.is_folder(entry):
            loose += walk.is_candidate(entry)
            continue
        if not walk.enters(entry, entry.name, visited):
            continue
        names: set[str] = set()
        files = sorted(walk.files(entry.name, visited | {folder_identity(entry.path)}, names), key=_by_path)
        subfolders[entry.name] = frozenset(names)
        if files:
            classes[entry.name] = tuple(files)
        else:
            empty.append(entry.name)
    return Listing(
        classes={name: classes[name] for name in sorted(classes, key=natural_key)},
        empty=tuple(sorted(empty, key=natural_key)),
        loose=loose,
        skipped=tuple(sorted(walk.skipped, key=lambda skipped: skipped.path)),
        subfolders=subfolders,
    )


def _by_path(file: FoundFile) -> str:
    return file.relative


class _Walk:
    """One pass over a folder; collects what is skipped on the way."""

    def __init__(self, root: str, refused: Callable[[str], str | None], cancelled: Callable[[], bool]) -> None:
        self._root = root
        self._refused = refused
        self._cancelled = cancelled
        self._count = 0
        self.skipped: list[SkippedFile] = []

    def entries(self, relative: str) -> list[os.DirEntry[str]]:
        """What lies in a folder, without hidden things and litter, and without names that are no text."""
        entries: list[os.DirEntry[str]] = []
        with os.scandir(os.path.join(self._root, relative)) as found:
            for entry in found:
                self._count += 1
                if self._count % 256 == 1 and self._cancelled():
                    raise Cancelled
                if entry.name.startswith(".") or entry.name.lower() in _LITTER or _hidden_on_windows(entry):
                    continue
                if not _is_text(entry.name):
                    self._skip(f"{relative}/{entry.name}", "Its name is not valid text, so rename it.")
                    continue
                entries.append(entry)
        return entries

    def is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir()
        except OSError:
            # A chain of links that leads back to itself.
            return False

    def enters(self, entry: os.DirEntry[str], relative: str, visited: set[FolderIdentity]) -> bool:
        """Whether a folder can be opened and was not visited before (a link that leads back upwards)."""
        try:
            if folder_identity(entry.path) in visited:
                return False
            with os.scandir(entry.path):
                return True
        except OSError as error:
            self._skip(relative, f"This folder cannot be opened: {error.strerror}.")
            return False

    def is_candidate(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_file() and self._refused(entry.name) is None
        except OSError:
            return False

    def files(self, class_name: str, visited: set[FolderIdentity], names: set[str]) -> Iterator[FoundFile]:
        """The candidates in a class folder and all folders inside it; `names` takes up its direct subfolders."""
        waiting = [class_name]
        while waiting:
            relative = waiting.pop()
            try:
                entries = self.entries(relative)
            except OSError as error:
                self._skip(relative, f"This folder cannot be opened: {error.strerror}.")
                continue
            for entry in entries:
                path = f"{relative}/{entry.name}"
                if self.is_folder(entry):
                    if relative == class_name:
                        names.add(entry.name)
                    if self.enters(entry, path, visited):
                        visited.add(folder_identity(entry.path))
                        waiting.append(path)
                elif (file := self._file(entry, path)) is not None:
                    yield file

    def _file(self, entry: os.DirEntry[str], relative: str) -> FoundFile | None:
        try:
            status = entry.stat()
        except OSError:
            self._skip(
                relative, "It is a link to something that is not there." if entry.is_symlink() else "It is gone."
            )
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        if (reason := self._refused(entry.name)) is not None:
            self._skip(relative, reason)
            return None
        if status.st_size == 0:
            self._skip(relative, "The file is empty (0 bytes).")
            return None
        return FoundFile(relative, entry.path, status.st_size, status.st_mtime_ns)

    def _skip(self, relative: str, reason: str) -> None:
        printable = relative.encode("utf-8", "replace").decode("utf-8")
        self.skipped.append(SkippedFile(printable.lstrip("/"), reason))


def _is_text(name: str) -> bool:
    """False for names that are no valid UTF-8 on disk: they could not be written into any file of ours."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _hidden_on_windows(entry: os.DirEntry[str]) -> bool:
    if os.name != "nt":
        return False
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)
