"""Pairs of texts in the data panel: sources and targets, token by token."""

from __future__ import annotations

from nnplayground.spec.dataset import Pairs
from nnplayground.spec.facts import DataFacts
from nnplayground.ui.document import Document
from nnplayground.ui.panels.data_rooms.room import RoomTools
from nnplayground.ui.panels.data_rooms.tokens import TokenRoom

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Pairs", ("file", "source_column", "target_column")),
    ("Tokens", ("level", "source_length", "target_length", "source_vocabulary", "target_vocabulary")),
    ("Split", ("split", "seed")),
)


class PairsRoom(TokenRoom):
    """A file with two texts a line."""

    def __init__(self, document: Document, tools: RoomTools) -> None:
        super().__init__(document, tools, _GROUPS)
        self.below = (self.tokens,)

    def summary(self, dataset: Pairs, facts: DataFacts) -> str:
        what = "words" if dataset.level == "word" else "characters"
        return (
            f"{sum(facts.splits.values()):,} pairs of texts\n"
            f"{what} · {dataset.source_length:,} → {dataset.target_length:,} at most"
        )
