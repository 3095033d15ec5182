"""A dataset of image folders as it lies on disk: its classes, its candidates, and what is wrong with it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnplayground.data.errors import DataError
from nnplayground.data.listing import FolderIdentity, FoundFile, Listing, folder_identity, list_classes
from nnplayground.data.splits import SPLITS, assign
from nnplayground.spec.dataset import FolderSplit, ImageFolder, input_shape
from nnplayground.spec.facts import DataFacts, SkippedFile

_SPLIT_NAMES = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be an image. label: position of its class; split: "" where that is yet to be decided.

    id: its path relative to the dataset's folder; with a folder for each split, the split's name stands in front.
    key: stands for path, size and time of change.
    """

    id: str
    path: str
    label: int
    split: str
    key: str


@dataclass(frozen=True)
class Survey:
    """root: the dataset's folder. candidates: by split and then class, sorted by path."""

    root: Path
    class_names: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    skipped: tuple[SkippedFile, ...]
    warnings: tuple[str, ...]


Assignment = dict[str, list[Candidate]]
"""The samples of each split, in the order training, validation, test; splits without any are left out."""


def resolved(text: str, base: Path) -> Path:
    """The absolute path that a dataset means: relative ones start at `base`, "~" is the user's folder.

    ".." is taken out by name, the way in which relative paths are made when a project is saved.
    """
    return Path(os.path.abspath(os.path.join(os.path.expanduser(base), os.path.expanduser(text))))


def survey(dataset: ImageFolder, base: Path, cancelled: Callable[[], bool]) -> Survey:
    """Raises DataError where the data cannot be used, Cancelled where `cancelled` said so."""
    if not dataset.folder:
        raise DataError("No folder is chosen yet, so choose the folder that holds one folder of images for each class.")
    root = resolved(dataset.folder, base)
    split = dataset.split
    if not isinstance(split, FolderSplit):
        listing = _listed(root, "folder", frozenset(), cancelled)
        class_names = _class_names(root, listing)
        return Survey(
            root=root,
            class_names=class_names,
            candidates=_candidates(listing, root, class_names, ""),
            skipped=listing.skipped,
            warnings=_warnings(listing),
        )
    folders = {"training": root, **_split_folders(split, base)}
    _check_apart(folders, cancelled)
    left_out = frozenset(_identity(path, name) for name, path in folders.items() if name != "training")
    listings = {
        name: _listed(
            path, "folder" if name == "training" else f"{name} folder", left_out - {_identity(path, name)}, cancelled
        )
        for name, path in folders.items()
    }
    class_names = _class_names(root, listings["training"])
    candidates: list[Candidate] = []
    skipped: list[SkippedFile] = []
    warnings = list(_warnings(listings["training"]))
    for name, listing in listings.items():
        candidates += _candidates(listing, folders[name], class_names, name)
        skipped += [SkippedFile(f"{name}/{file.path}", file.reason) for file in listing.skipped]
        if name != "training":
            warnings += _compared(listing, class_names, folders[name], name)
    return Survey(root, class_names, tuple(candidates), tuple(skipped), tuple(warnings))


def arranged(found: Survey, dataset: ImageFolder, usable: Sequence[Candidate]) -> tuple[Assignment, tuple[str, ...]]:
    """Which of the usable files go into which split, and what is to be said about it.

    Raises DataError where no split can be made of them.
    """
    split = dataset.split
    if isinstance(split, FolderSplit):
        assignment = {name: [file for file in usable if file.split == name] for name in SPLITS}
        assignment = {name: files for name, files in assignment.items() if files}
        if "training" not in assignment:
            raise DataError(f"No image in “{found.root}” can be read, so choose another folder.")
        if "validation" not in assignment:
            raise DataError("No image in the validation folder can be read, so choose another one.")
    else:
        if not usable:
            raise DataError(f"No image in “{found.root}” can be read, so choose another folder.")
        positions = assign([file.id for file in usable], [file.label for file in usable], split, seed=dataset.seed)
        assignment = {name: [usable[position] for position in places] for name, places in positions.items()}
    counts = _counts(assignment["training"], len(found.class_names))
    present = [name for name, count in zip(found.class_names, counts, strict=True) if count]
    if len(present) < 2:
        raise DataError(f"Only images of one class, “{present[0]}”, can be read, and a classifier needs at least two.")
    return assignment, _arrangement_warnings(found, dataset, assignment, counts)


def facts(
    found: Survey,
    dataset: ImageFolder,
    assignment: Assignment,
    *,
    skipped: Sequence[SkippedFile],
    warnings: Sequence[str],
) -> DataFacts:
    """Facts of data that can be used. skipped, warnings: beside those of the survey."""
    return DataFacts(
        input_shape=input_shape(dataset),
        class_names=found.class_names,
        splits={name: len(files) for name, files in assignment.items()},
        per_class={name: _counts(files, len(found.class_names)) for name, files in assignment.items()},
        skipped=tuple(sorted((*found.skipped, *skipped), key=lambda file: file.path)),
        warnings=(*found.warnings, *warnings),
    )


def _split_folders(split: FolderSplit, base: Path) -> dict[str, Path]:
    if not split.validation:
        raise DataError("No validation folder is chosen yet, so choose one, or split the images by a fraction instead.")
    folders = {"validation": resolved(split.validation, base)}
    return {**folders, "test": resolved(split.test, base)} if split.test else folders


def _identity(path: Path, name: str) -> FolderIdentity:
    try:
        return folder_identity(path)
    except (OSError, ValueError) as error:
        raise _missing(path, "folder" if name == "training" else f"{name} folder") from error


def _check_apart(folders: dict[str, Path], cancelled: Callable[[], bool]) -> None:
    seen: dict[FolderIdentity, str] = {}
    for name, path in folders.items():
        other = seen.setdefault(_identity(path, name), name)
        if other != name:
            raise DataError(
                f"The {name} folder is the same as the {other} folder, “{path}”, so its images would check nothing; "
                "choose another one."
            )


def _listed(path: Path, what: str, left_out: frozenset[FolderIdentity], cancelled: Callable[[], bool]) -> Listing:
    try:
        return list_classes(path, left_out=left_out, cancelled=cancelled)
    except NotADirectoryError as error:
        raise DataError(f"“{path}” is a file, so choose the folder that holds the class folders.") from error
    except PermissionError as error:
        raise DataError(
            f"The {what} “{path}” may not be read, so change its permissions or choose another one."
        ) from error
    except (FileNotFoundError, ValueError) as error:
        raise _missing(path, what) from error
    except OSError as error:
        raise DataError(f"The {what} “{path}” cannot be read ({error.strerror}), so choose another one.") from error


def _missing(path: Path, what: str) -> DataError:
    return DataError(f"The {what} “{path}” is not there, so locate it or choose another one.", missing_path=str(path))


def _class_names(root: Path, listing: Listing) -> tuple[str, ...]:
    names = tuple(listing.classes)
    if len(names) >= 2:
        return names
    if len(names) == 1:
        if len(listing.subfolders[names[0]]) >= 2:
            raise DataError(
                f"“{root}” holds only one class folder, “{names[0]}”, whose own folders look like the classes, so "
                f"choose “{root / names[0]}” instead."
            )
        raise DataError(
            f"“{root}” holds images of only one class, “{names[0]}”, so add a folder of images for at least one other."
        )
    if listing.loose:
        raise DataError(
            f"The images lie directly in “{root}”, so put those of each class into a folder of its own, named after it."
        )
    if listing.skipped:
        first = listing.skipped[0]
        raise DataError(
            f"None of the files in “{root}” can be used, so choose another folder. For example, {first.path}: "
            f"{first.reason}"
        )
    raise DataError(f"“{root}” is empty, so choose a folder that holds one folder of images for each class.")


def _candidates(listing: Listing, root: Path, class_names: Sequence[str], split: str) -> tuple[Candidate, ...]:
    real = os.path.realpath(root)
    prefix = f"{split}/" if split else ""
    return tuple(
        Candidate(prefix + file.relative, file.path, label, split, _key(real, file))
        for label, name in enumerate(class_names)
        for file in listing.classes.get(name, ())
    )


def _key(root: str, file: FoundFile) -> str:
    text = f"{root}\0{file.relative}\0{file.size}\0{file.modified}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _counts(files: Sequence[Candidate], classes: int) -> tuple[int, ...]:
    counts = [0] * classes
    for file in files:
        counts[file.label] += 1
    return tuple(counts)


def _warnings(listing: Listing) -> tuple[str, ...]:
    warnings: list[str] = []
    if listing.empty:
        warnings.append(f"No images lie in {_named('class folder', listing.empty)}, so it is not taken as a class.")
    names = list(listing.classes)
    inside = [listing.subfolders[name] for name in names]
    if all(name.lower() in _SPLIT_NAMES for name in names) and set.intersection(*map(set, inside)):
        warnings.append(
            f"{_quoted(names)} look like splits, not like classes, so choose one of them as the folder and split by "
            "folders."
        )
    return tuple(warnings)


def _compared(listing: Listing, class_names: Sequence[str], path: Path, name: str) -> list[str]:
    """What to say about the classes of a validation or test folder, seen from the training folder's."""
    if not set(listing.classes) & set(class_names):
        raise DataError(
            f"The {name} folder “{path}” holds no images of the classes {_quoted(class_names)}, so choose the folder "
            "that holds the same class folders as the training images."
        )
    unknown = [other for other in listing.classes if other not in class_names]
    missing = [other for other in class_names if other not in listing.classes]
    warnings: list[str] = []
    if unknown:
        warnings.append(f"Only the {name} folder has images of {_named('class', unknown)}, so they are left out.")
    if missing:
        warnings.append(f"The {name} folder has no images of {_named('class', missing)}, so nothing checks that.")
    return warnings


def _arrangement_warnings(
    found: Survey, dataset: ImageFolder, assignment: Assignment, counts: Sequence[int]
) -> tuple[str, ...]:
    split = dataset.split
    warnings: list[str] = []
    unreadable = [name for name, count in zip(found.class_names, counts, strict=True) if not count]
    if unreadable:
        warnings.append(f"No training image of {_named('class', unreadable)} can be read.")
    if not isinstance(split, FolderSplit):
        totals = _counts([file for files in assignment.values() for file in files], len(found.class_names))
        single = [name for name, total in zip(found.class_names, totals, strict=True) if total == 1]
        if single:
            warnings.append(
                f"There is only one image of {_named('class', single)}; it goes into training, so nothing checks it."
            )
        if split.validation and "validation" not in assignment:
            warnings.append("There are too few images to keep any for validation, so add more.")
    return tuple(warnings)


def _named(word: str, names: Sequence[str]) -> str:
    plural = {"class": "classes", "class folder": "class folders"}[word]
    return f"{word if len(names) == 1 else plural} {_quoted(names)}"


def _quoted(names: Sequence[str], most: int = 4) -> str:
    shown = [f"“{name}”" for name in names[:most]]
    if len(names) > most:
        shown.append(f"{len(names) - most:,} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
