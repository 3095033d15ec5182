"""Forward and backward through the model, with the formulas of its layers.

The functions here work on arrays and on the recorder's stand-ins alike, which is why their values are `Any`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nnplayground.engine.base import EngineError
from nnplayground.layers import Layer, Shape
from nnplayground.layers.activations import Activation, activation
from nnplayground.layers.base import shape_text
from nnplayground.layers.core import Input
from nnplayground.layers.maths import Maths, Pass
from nnplayground.spec.model import Model, infer_shapes


class Place(NamedTuple):
    """A layer at its place in the order of computation."""

    id: str
    layer: Layer
    sources: tuple[str, ...]
    activation: Activation
    inputs: tuple[Shape, ...]
    output: Shape


class Graph(NamedTuple):
    """A model whose shapes are known. places: every layer after its sources; output: id of the output layer."""

    places: tuple[Place, ...]
    output: str

    @property
    def last(self) -> Place:
        return next(place for place in self.places if place.id == self.output)

    @property
    def working_values(self) -> int:
        """About how many values the layers work with for one sample, that of the data apart."""
        layers = [place for place in self.places if not isinstance(place.layer, Input)]
        return max(sum(place.layer.working_values(*place.inputs) for place in layers), 1)

    @property
    def input_ids(self) -> tuple[str, ...]:
        return tuple(place.id for place in self.places if isinstance(place.layer, Input))


class Forward(NamedTuple):
    """What came out, by layer id. before: Z, ahead of the activation function; values: A = g(Z)."""

    before: Mapping[str, Any]
    values: Mapping[str, Any]
    maths: Mapping[str, Maths]


def make_graph(model: Model, shapes_of_data: Mapping[str, Shape | None] | Shape | None) -> Graph:
    """Raises EngineError for a model that this engine cannot compute, with one sentence for the user.

    shapes_of_data: of each array by name, or of the only one.
    """
    if len(model.outputs) != 1:
        raise EngineError(f"The scratch engine needs a model with one output, but this one has {len(model.outputs)}.")
    port = next((wire for wire in model.wires if not wire.plain), None)
    if port is not None:
        raise EngineError(
            f"The scratch engine cannot hand states on from {port.source} to {port.target}; choose the Keras engine."
        )
    shapes = infer_shapes(model, shapes_of_data)
    places = []
    for layer_id in model.order:
        layer = model.layer(layer_id)
        known = shapes[layer_id]
        if known.problem is not None:
            raise EngineError(f"{layer_id}: {known.problem}")
        if known.output is None:
            raise EngineError(f"The shape of {layer_id} is unknown; connect it, and choose the data.")
        inputs = (known.output,) if isinstance(layer, Input) else known.inputs
        function = activation(layer.outer_activation)
        places.append(Place(layer_id, layer, model.sources(layer_id), function, inputs, known.output))
    if len(places) < len(model.blocks):
        raise EngineError("The wires of the model form a circle; remove one of them.")
    return Graph(tuple(places), model.outputs[0])


def expect_output(graph: Graph, tokens: Shape | None) -> None:
    """Raises EngineError where the output does not fit the targets.

    tokens: (places, vocabulary), where a token is to be told at each of several places.
    """
    output = graph.last.output
    if tokens is not None and output != tokens:
        raise EngineError(
            f"The output layer {graph.output} gives {shape_text(output)}, but one of {tokens[1]:,} tokens is to be "
            f"told at each of {tokens[0]:,} places: it must give {shape_text(tokens)}."
        )
    if tokens is None and len(output) != 1:
        raise EngineError(
            f"The output must be one row of values for each sample, but {graph.output} gives "
            f"{shape_text(output)}; put Flatten before it."
        )


def forward(
    graph: Graph, inputs: Mapping[str, Any], weights: Mapping[str, Mapping[str, Any]], passes: Callable[[str], Pass]
) -> Forward:
    """Z and A of every layer. inputs: by Input id; weights: by layer id and name; passes: by layer id."""
    before, values, done, masks = {}, {}, {}, {}
    for place in graph.places:
        sources = (inputs[place.id],) if place.id in inputs else tuple(values[source] for source in place.sources)
        now = passes(place.id)._replace(masks=tuple(masks[source] for source in place.sources))
        maths = place.layer.maths(sources, weights[place.id], now)
        masks[place.id] = place.layer.mask(sources, now.masks)
        assert maths is not None
        before[place.id] = maths.before
        values[place.id] = place.activation.value(maths.before)
        done[place.id] = maths
    return Forward(before, values, done)


class Backward(NamedTuple):
    """Derivatives of the loss, by layer id.

    weights: by its weights, by name. before: by Z. values: by A, the sum of what flows back from the layers that
    follow; of the output layer there is none.
    """

    weights: Mapping[str, Mapping[str, Any]]
    before: Mapping[str, Any]
    values: Mapping[str, Any]


def backward(graph: Graph, ahead: Forward, d_before: Any) -> Backward:
    """Derivatives of the loss by all weights, and by all values. d_before: the one by the output layer's Z."""
    gradients: dict[str, Mapping[str, Any]] = {}
    d_values: dict[str, Any] = {}
    d_befores: dict[str, Any] = {}
    for place in reversed(graph.places):
        if place.id == graph.output:
            dz = d_before
        elif place.id in d_values:
            dz = place.activation.backward(ahead.before[place.id], ahead.values[place.id], d_values[place.id])
        else:
            continue  # An Input that nothing follows.
        flow = ahead.maths[place.id].backward(dz)
        d_befores[place.id] = dz
        gradients[place.id] = flow.weights
        for source, d_value in zip(place.sources, flow.inputs, strict=False):
            # A layer that several others follow receives the sum of what flows back from them.
            d_values[source] = d_values[source] + d_value if source in d_values else d_value
    return Backward(gradients, d_befores, d_values)
