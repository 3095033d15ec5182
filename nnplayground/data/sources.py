"""From where each split of a dataset comes that lies in files."""

from __future__ import annotations

from pathlib import Path

from nnplayground.data.errors import DataError
from nnplayground.data.folder_survey import resolved
from nnplayground.spec.dataset import FolderSplit, Split


def split_sources(split: Split, main: str, base: Path, *, samples: str, what: str = "file") -> dict[str, str]:
    """The file of each split; all of them in `main`, under "", where the split is yet to be made.

    samples: what is split; what: where it lies, a file or a folder. Raises DataError where no validation file is
    chosen, or one of them is there twice.
    """
    if not isinstance(split, FolderSplit):
        return {"": main}
    if not split.validation:
        raise DataError(
            f"No validation {what} is chosen yet, so choose one, or split the {samples} by a fraction instead."
        )
    sources = {"training": main, "validation": split.validation}
    if split.test:
        sources["test"] = split.test
    seen: dict[Path, str] = {}
    for name, source in sources.items():
        path = resolved(source, base)
        other = seen.setdefault(path, name)
        if other != name:
            raise DataError(
                f"The {name} {what} is the same as the {other} {what}, “{path}”, so it would check nothing; choose "
                "another one."
            )
    return sources


def called(split: str, what: str = "file") -> str:
    """What the file of a split is called in messages."""
    return f"{split} {what}" if split in ("validation", "test") else what
