"""Looking inside models that read sequences: their states and gates step by step, and which tokens matter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnplayground.engine.base import Engine
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN, gates
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
        return block is not None and isinstance(block.layer, SimpleRNN | LSTM | GRU | Bidirectional)

    def gates(self, layer_id: str, inputs: Arrays) -> dict[str, Array]:
        """See `layers.recurrent.gates`: (steps, units) by name; empty for a layer without. inputs: of one sample."""
        if not self.has_gates(layer_id):
            return {}
        found = _Way(self._engine, self._model, inputs, layer_id).gates(layer_id)
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


class _Way:
    """The way of one sample to a layer: what arrives at each layer on it, and which steps count there."""

    def __init__(self, engine: Engine, model: Model, inputs: Arrays, layer_id: str) -> None:
        self._model = model
        self._weights = engine.weights()
        ahead = [layer_id]
        needed: dict[str, None] = {}
        while ahead:
            for source in model.sources(ahead.pop()):
                if source not in needed:
                    needed[source] = None
                    ahead.append(source)
        asked = [each for each in needed if each not in model.inputs]
        found = engine.activations(inputs, asked) if asked else {}
        self._values: dict[str, Array] = {**{each: inputs[each] for each in needed if each in inputs}, **found}

    def gates(self, layer_id: str) -> dict[str, Array]:
        """(1, steps, units) by name."""
        prefix = f"{layer_id}/"
        weights = {name.removeprefix(prefix): value for name, value in self._weights.items() if name.startswith(prefix)}
        (source,) = (wire.source_id for wire in self._model.input_wires(layer_id))
        state = next((wire.source_id for wire in self._model.port_wires(layer_id)), None)
        first = self._last_state(state) if state is not None else None
        return gates(self._model.layer(layer_id), weights, self._values[source], self._mask(source), first)

    def _last_state(self, layer_id: str) -> Array:
        """What leaves a layer at its port: (1, states, units)."""
        layer = self._model.layer(layer_id)
        found = self.gates(layer_id)
        last = 0 if getattr(layer, "go_backwards", False) else -1
        return np.stack([found[name][:, last] for name in ("hidden", "cell") if name in found], axis=1)

    def _mask(self, layer_id: str) -> Array | None:
        sources = [wire.source_id for wire in self._model.input_wires(layer_id)]
        if not sources:
            return None
        inputs = tuple(self._values[each] for each in sources)
        return self._model.layer(layer_id).mask(inputs, tuple(self._mask(each) for each in sources))
