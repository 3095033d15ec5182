"""How a trained model writes: one token after the other, or a whole target from its source.

Both follow the tensors of the Keras model from its output back to its Inputs, so that whatever is wired the same way
works, whatever its blocks are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.engine.keras.steps import concrete

_LOOK_AT_ONE_PLACE = (
    "Activation",
    "Add",
    "AlphaDropout",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Dropout",
    "ELU",
    "Embedding",
    "GaussianDropout",
    "GaussianNoise",
    "LayerNormalization",
    "LeakyReLU",
    "Multiply",
    "PReLU",
    "ReLU",
    "Rescaling",
    "Softmax",
    "SpatialDropout1D",
)
"""Keras layers of which each place of a sequence depends on the same place before them."""


def trace_step(network: Network) -> tuple[Callable[..., Any], tuple[int, ...]] | None:
    """(step, sizes): step(tokens, states) → (probabilities (m, V), the states afterwards), as at inference.

    tokens: (m,) int32, the next one of each text. states: those of all recurrent layers, (m, size) each, zeros before
    the first token. None where a layer has to see more than one place and is not recurrent.
    """
    output = network.model.outputs[network.after[network.output]]
    nodes = _nodes(output)
    if len(network.inputs) != 1 or not all(_goes_by_place(node) for node in nodes):
        return None
    given = network.model.inputs[0]
    sizes = [size for node in nodes if _is_recurrent(node) for size in _state_sizes(node)]

    def step(tokens: Any, states: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        values = {id(given): tf.cast(tokens, tf.float32)[:, tf.newaxis]}
        before, after = list(states), []
        for node in nodes:
            if _is_recurrent(node):
                own = [before.pop(0) for _ in _state_sizes(node)]
                told, now = node.operation.cell(values[id(node.input_tensors[0])][:, 0], own, training=False)
                after += now
                values[id(node.output_tensors[0])] = told[:, tf.newaxis]
            elif not node.is_input:
                arguments, named = node.arguments.fill_in(values)
                values[id(node.output_tensors[0])] = node.operation(*arguments, **named)
        return values[id(output)][:, 0], after

    specs = tuple(tf.TensorSpec((None, size), tf.float32) for size in sizes)
    return concrete(step, [tf.TensorSpec((None,), tf.int32), specs]), tuple(sizes)


def trace_completion(network: Network, written: str) -> Callable[..., Any]:
    """complete(inputs, start, end) → (n, T) int32: what the model writes, always the most probable token.

    inputs: of all Inputs but `written`, prepared, in order. That one gets what has been written so far: the token
    `start`, then what the model told. Writing ends when every text has come to `end`; what then is left means nothing.
    What lies before the place where the target comes in is computed once.
    """
    # Before the activation, whose values are in the same order.
    output = network.model.outputs[network.before[network.output]]
    inputs = dict(zip(network.inputs, network.model.inputs, strict=True))
    target = inputs.pop(written)
    places = network.shapes[written][0]
    fixed = _what_does_not_depend_on(target, output)
    source = keras.Model(list(inputs.values()), fixed) if fixed else None
    writer = keras.Model([target, *fixed], output)
    # What is known about the source may come with a mask, which goes on to the layers inside.
    writer.supports_masking = True

    def complete(given: tuple[Any, ...], start: Any, end: Any) -> Any:
        known: Any = source(list(given), training=False) if source is not None else []
        if len(fixed) == 1:  # which Keras gives by itself
            known = [known]
        count = tf.shape(given[0])[0]
        first = tf.one_hot(tf.zeros([count], tf.int32), places + 1, tf.cast(start, tf.float32), 0.0)

        def one_place(place: Any, tokens: Any, ended: Any) -> tuple[Any, Any, Any]:
            told = tf.argmax(writer([tokens[:, :places], *known], training=False)[:, place], -1, output_type=tf.int32)
            there = tf.range(places + 1) == place + 1
            written_now = tf.where(there, tf.cast(told, tf.float32)[:, tf.newaxis], tokens)
            return place + 1, written_now, ended | (told == end)

        _, tokens, _ = tf.while_loop(
            lambda place, tokens, ended: (place < places) & ~tf.reduce_all(ended),
            one_place,
            (tf.constant(0), first, tf.zeros([count], tf.bool)),
            parallel_iterations=1,
        )
        return tf.cast(tokens[:, 1:], tf.int32)

    specs = tuple(tf.TensorSpec((None, *network.shapes[name]), tf.float32) for name in inputs)
    number = tf.TensorSpec((), tf.int32)
    return concrete(complete, [specs, number, number])


def _node(tensor: Any) -> Any:
    """The call of a layer that made a tensor of a model."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index]


def _nodes(output: Any) -> list[Any]:
    """All calls that lead to a tensor, each behind those whose tensors it takes."""
    found: dict[int, Any] = {}

    def follow(tensor: Any) -> None:
        node = _node(tensor)
        if id(node) not in found:
            for each in node.input_tensors:
                follow(each)
            found[id(node)] = node

    follow(output)
    return list(found.values())


def _is_recurrent(node: Any) -> bool:
    return isinstance(node.operation, keras.layers.RNN)


def _state_sizes(node: Any) -> list[int]:
    sizes = node.operation.cell.state_size
    return list(sizes) if isinstance(sizes, list | tuple) else [sizes]


def _goes_by_place(node: Any) -> bool:
    layer = node.operation
    if node.is_input:
        return True
    if _is_recurrent(node):
        # With more inputs than one it begins with a state from elsewhere.
        return layer.return_sequences and not layer.go_backwards and len(node.input_tensors) == 1
    named = {each.__name__ for each in type(layer).__mro__}
    if isinstance(layer, keras.layers.TimeDistributed):
        named = {each.__name__ for each in type(layer.layer).__mro__} & {"Dense"}
    return bool(named & set(_LOOK_AT_ONE_PLACE))


def _what_does_not_depend_on(target: Any, output: Any) -> list[Any]:
    """The tensors that meet, somewhere on the way to the output, what comes from the Input `target`."""
    depends: dict[int, bool] = {}
    found: dict[int, Any] = {}
    for node in _nodes(output):
        received = [depends[id(_node(each))] for each in node.input_tensors]
        depends[id(node)] = any(received) or any(each is target for each in node.output_tensors)
        if any(received):
            for each, follows in zip(node.input_tensors, received, strict=True):
                if not follows:
                    found[id(each)] = each
    return list(found.values())
