"""Updates of small models, as the maths panel gets them."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnplayground.layers import Layer
from nnplayground.training.events import Catalog, Snapshot, SnapshotWants
from nnplayground.ui.document import Document
from tests.unit.formulas.updates import BATCH, Traced


class Course:
    """A model that goes on update by update."""

    def __init__(self, *layers: Layer, **options: Any) -> None:
        self.traced = Traced(*layers, dtype=np.float32, **options)
        self.document = Document(self.traced.project)
        self.document.set_facts(self.traced.facts)
        self._updates = self.traced.trace.count

    def snapshot(self, layer_id: str = "layer_1") -> Snapshot:
        """The next update."""
        trace = self.traced.engine.trace(np.arange(BATCH), list(self.document.project.model.by_id))
        self._updates += 1
        wants = SnapshotWants(trace=layer_id)
        return Snapshot("a", 1, self._updates, wants, None, {}, {}, {}, None, trace=trace)

    def catalog(self) -> Catalog:
        count = 4 * BATCH
        ids = tuple(f"photo {number}.png" for number in range(count))
        labels = np.arange(count) % max(self.traced.facts.class_count, 1)
        return Catalog(self.traced.facts, {"training": ids}, {"training": labels.astype(np.int32)}, {})
