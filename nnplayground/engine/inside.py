"""A look into layers that read sequences: what gates let through, where attention looks. The same for all engines."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnplayground.engine.base import Engine
from nnplayground.layers.attention import MultiHeadAttention
from nnplayground.layers.core import Input
from nnplayground.layers.recurrent import GRU, LSTM, Bidirectional, SimpleRNN, gates
from nnplayground.samples import Array, Arrays
from nnplayground.spec.model import Model

STEPWISE = (SimpleRNN, LSTM, GRU, Bidirectional, MultiHeadAttention)
"""The layer types that can be looked into."""


def look_inside(engine: Engine, model: Model, layer_id: str, inputs: Arrays) -> Mapping[str, Array]:
    """What happens in a layer at each step: (n, steps, units) by name.

    Of a recurrent layer, see `layers.recurrent.gates`. Of attention, head_1, head_2, …: how much each step of the query
    takes from each step of the values, (n, steps of the query, steps of the values), from 0 to 1.

    inputs: by Input id, (n, *input shape) as prepared. Padding is passed over as in the model, and a state that arrives
    at the layer's port is what it begins with. Raises TypeError for a layer that does not go step by step.
    """
    upstream = [each for each in model.order if layer_id in model.downstream(each) and each != layer_id]
    values = engine.activations(inputs, upstream)
    every = engine.weights()
    masks: dict[str, Array | None] = {}

    def received(each: str) -> tuple[list[Array], list[Array | None]]:
        """What comes to the inputs of a layer, and which steps of it count."""
        arrived, counting = [], []
        for wire in model.input_wires(each):
            if wire.source_port:
                arrived.append(last_state(wire.source_id))
                counting.append(None)
            else:
                arrived.append(values[wire.source_id])
                counting.append(masks[wire.source_id])
        return arrived, counting

    def found(each: str) -> Mapping[str, Array]:
        layer = model.layer(each)
        weights = {name.partition("/")[2]: value for name, value in every.items() if name.partition("/")[0] == each}
        arrived, counting = received(each)
        if isinstance(layer, MultiHeadAttention):
            looks = layer.looks(tuple(arrived), weights, tuple(counting))
            return {f"head_{head + 1}": looks[:, head] for head in range(layer.num_heads)}
        state = next(
            (
                last_state(wire.source_id) if wire.source_port else values[wire.source_id]
                for wire in model.port_wires(each)
            ),
            None,
        )
        return gates(layer, weights, arrived[0], counting[0], state)

    def last_state(each: str) -> Array:
        """(n, states, units): the state after the last step, h and that of a cell behind it."""
        inside, last = found(each), 0 if getattr(model.layer(each), "go_backwards", False) else -1
        return np.stack([inside[name][:, last] for name in ("hidden", "cell") if name in inside], axis=1)

    for each in upstream:
        arrived, counting = received(each)
        layer = model.layer(each)
        masks[each] = None if isinstance(layer, Input) else layer.mask(tuple(arrived), tuple(counting))
    return found(layer_id)
