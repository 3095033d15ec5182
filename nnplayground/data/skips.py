"""What of a file cannot be used, line by line."""

from __future__ import annotations

from nnplayground.spec.facts import SkippedFile

_MOST_LISTED = 1000


class Skips:
    """Collects lines with reasons; of very many only the first are listed."""

    def __init__(self) -> None:
        self._listed: list[SkippedFile] = []
        self._more: dict[str, int] = {}

    def add(self, name: str, line: int, reason: str) -> None:
        if len(self._listed) < _MOST_LISTED:
            self._listed.append(SkippedFile(f"{name}, line {line:,}", reason))
        else:
            self._more[name] = self._more.get(name, 0) + 1

    @property
    def first(self) -> str:
        """An example, " For example, …", empty where nothing was skipped."""
        return f" For example, {self._listed[0].path}: {self._listed[0].reason}" if self._listed else ""

    def listed(self) -> tuple[SkippedFile, ...]:
        more = (
            SkippedFile(f"{name}, {count:,} more lines", "They cannot be used either.")
            for name, count in self._more.items()
        )
        return (*self._listed, *more)


def shortened(text: str) -> str:
    """The start of a text, for messages."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 24 else f"{flat[:23]}…"
