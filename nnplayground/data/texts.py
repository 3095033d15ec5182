"""Many texts in memory, each found by the id of its sample."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping


class StoredTexts(Mapping[str, str]):
    """Texts by id, in the order in which they were added, together hardly larger than the files they are from."""

    def __init__(self) -> None:
        self._content = bytearray()
        self._ends = array("q", [0])
        self._places: dict[str, int] = {}

    def add(self, name: str, text: str) -> None:
        self._places[name] = len(self._places)
        self._content += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._content))

    @property
    def size(self) -> int:
        """Bytes of all texts together."""
        return len(self._content)

    def __getitem__(self, name: str) -> str:
        place = self._places[name]
        start, end = self._ends[place], self._ends[place + 1]
        return self._content[start:end].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
