"""Texts in the data panel: their tokens, and their classes with examples."""

from __future__ import annotations

from itertools import islice

import numpy as np

from nnplayground.spec.dataset import Text
from nnplayground.spec.facts import DataFacts
from nnplayground.training.events import Catalog
from nnplayground.ui.document import Document
from nnplayground.ui.panels.data_rooms.images import show_classes
from nnplayground.ui.panels.data_rooms.room import RoomTools, short_name
from nnplayground.ui.panels.data_rooms.tokens import TokenRoom
from nnplayground.ui.widgets.class_list import ClassList

_EXAMPLES = 2
_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Texts", ("folder", "file", "text_column", "label_column")),
    ("Tokens", ("level", "vocabulary_size", "sequence_length")),
    ("Split", ("split", "seed")),
)


class TextRoom(TokenRoom):
    """Texts with labels, or one text to go on with."""

    def __init__(self, document: Document, tools: RoomTools) -> None:
        super().__init__(document, tools, _GROUPS)
        self._classes = ClassList(tools.pictures)
        self.below = (self.tokens, self._classes)

    def opens_folder(self, dataset: Text) -> bool:
        return bool(dataset.folder)

    def title(self, dataset: Text) -> tuple[str, str]:
        place = dataset.folder or dataset.file
        return short_name(place) or "No text chosen", place

    def summary(self, dataset: Text, facts: DataFacts) -> str:
        samples = f"{sum(facts.splits.values()):,}"
        what = "words" if dataset.level == "word" else "characters"
        length = f"{dataset.sequence_length:,}"
        if facts.target == "tokens":
            return f"{samples} stretches of {length} {what}\nEach tells which {what[:-1]} comes next."
        return f"{samples} texts · {facts.class_count:,} classes\n{what} · {length} at most"

    def show_data(self, dataset: Text, facts: DataFacts | None) -> None:
        super().show_data(dataset, facts)
        show_classes(self._classes, facts if facts is not None and facts.target == "classes" else None)
        if facts is None:
            self._classes.show_texts({})

    def show_catalog(self, catalog: Catalog) -> None:
        """Beside each class, how its first texts begin."""
        if catalog.facts.target != "classes" or not catalog.texts:
            return
        ids, labels = catalog.ids["training"], catalog.labels["training"]
        self._classes.show_texts(
            {
                name: [
                    catalog.texts[ids[place]] for place in islice(np.flatnonzero(labels == number).tolist(), _EXAMPLES)
                ]
                for number, name in enumerate(catalog.facts.class_names)
            }
        )
