"""Looking inside models that read sequences: their states and gates step by step, and which tokens matter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnplayground.engine.base import Engine
from nnplayground.engine.inside import STEPWISE, look_inside
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.sequences import Embedding
from nnplayground.samples import Array, Arrays
from nnplayground.spec.model import Model

MOST_LEFT_OUT = 512
"""Of a longer text, so many stretches are left out one after the other."""
_PADDING, _UNKNOWN = 0, 1


class SequenceLens:
    """Asks an engine about one sample. vocabularies: the tokens of each Input that takes some, by its id."""

    def __init__(self, engine: Engine, model: Model, vocabularies: Mapping[str, tuple[str, ...]]) -> None:
        self._engine = engine
        self._model = model
        self._vocabularies = vocabularies

    def has_gates(self, layer_id: str) -> bool:
        """Whether there are steps to look into."""
        block = self._model.by_id.get(layer_id)
        return block is not None and isinstance(block.layer, STEPWISE)

    def gates(self, layer_id: str, inputs: Arrays) -> dict[str, Array]:
        """See `engine.inside.look_inside`: (steps, units) by name; empty for a layer without. inputs: of one sample."""
        if not self.has_gates(layer_id):
            return {}
        found = look_inside(self._engine, self._model, layer_id, inputs)
        return {name: values[0] for name, values in found.items()}

    def tokens(self, layer_id: str, inputs: Arrays) -> tuple[str, ...]:
        """What stands at each place of the text that a layer reads, "" for padding; empty where it reads none."""
        while (sources := self._sources(layer_id)) and layer_id not in self._vocabularies:
            layer_id = sources[0]
        vocabulary = self._vocabularies.get(layer_id)
        if vocabulary is None:
            return ()
        numbers = inputs[layer_id][0].astype(int).tolist()
        return tuple(vocabulary[number] if number < len(vocabulary) else "?" for number in numbers)

    def looked_at(self, layer_id: str, inputs: Arrays) -> tuple[str, ...]:
        """What stands at the places that attention looks at, as `tokens`; empty for other layers."""
        block = self._model.by_id.get(layer_id)
        if block is None or not isinstance(block.layer, MultiHeadAttention):
            return ()
        _query, *others = self._sources(layer_id)
        return self.tokens(others[0] if others else layer_id, inputs)

    def _sources(self, layer_id: str) -> list[str]:
        return [wire.source_id for wire in self._model.input_wires(layer_id)] if layer_id in self._model.by_id else []

    def influence(self, inputs: Arrays) -> Array | None:
        """How much each token matters: (L,) float32, by how much leaving it out lowers the probability of the
        predicted class (negative where that raises it); 0 at padding. None where the model reads no text, or tells no
        class of it.

        A token is left out by padding, which a model with a mask passes over, else by the unknown token.
        """
        name = next((each for each in inputs if each in self._vocabularies), None)
        if name is None:
            return None
        text = inputs[name]
        places = np.flatnonzero(text[0])
        result = np.zeros(text.shape[1], np.float32)
        if not len(places):
            return result
        stretches = np.array_split(places, min(len(places), MOST_LEFT_OUT))
        without = np.repeat(text, len(stretches) + 1, axis=0)
        for row, stretch in enumerate(stretches, 1):
            without[row, stretch] = self._nothing(name)
        others = {each: np.repeat(array, len(without), axis=0) for each, array in inputs.items() if each != name}
        said = self._engine.predict({name: without, **others})
        if said.ndim != 2:
            return None
        if said.shape[1] == 1:
            probability = said[:, 0] if said[0, 0] >= 0.5 else 1 - said[:, 0]
        else:
            probability = said[:, int(said[0].argmax())]
        for row, stretch in enumerate(stretches, 1):
            result[stretch] = probability[0] - probability[row]
        return result

    def _nothing(self, input_id: str) -> int:
        readers = [self._model.layer(each) for each in self._model.targets(input_id)]
        masks = bool(readers) and all(isinstance(each, Embedding) and each.mask_zero for each in readers)
        return _PADDING if masks else _UNKNOWN
