"""One update with all its numbers, read from Keras while it makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nnplayground.engine.base import BlockMetrics, EngineError, IndexArray, LayerTrace, Trace
from nnplayground.engine.keras.network import Network
from nnplayground.engine.keras.objective import Objective
from nnplayground.engine.keras.optimizer import GradientClip, LiveOptimizer
from nnplayground.engine.keras.runtime import tf
from nnplayground.engine.keras.splits import Kind, Split, prepared
from nnplayground.engine.keras.steps import concrete, split_specs
from nnplayground.samples import Array
from nnplayground.spec.model import Model
from nnplayground.spec.objective import output_activation

ALL_VALUES = 1 << 23
"""Where all layers together hold no more values than this for a batch, one function tells about all of them."""


class UpdateTracer:
    """Does updates and tells about them. What TensorFlow makes of it is kept, for each choice of layers."""

    def __init__(
        self,
        model: Model,
        network: Network,
        objective: Objective,
        optimizer: LiveOptimizer,
        *,
        clip: GradientClip,
        augmentation: Sequence[Any],
    ) -> None:
        self._model = model
        self._network = network
        self._objective = objective
        self._optimizer = optimizer
        self._clip = clip
        self._augmentation = augmentation
        self._functions: dict[tuple[Kind, frozenset[str]], Callable[..., Any]] = {}

    def trace(self, split: Split, batch: IndexArray, layer_ids: Sequence[str]) -> Trace:
        """Do one update. Raises EngineError for a layer that the model does not have."""
        unknown = [layer_id for layer_id in layer_ids if layer_id not in self._network.after]
        if unknown:
            raise EngineError(f"The model that is being run has no layer {unknown[0]}.")
        update = self._update(split, batch, layer_ids)
        memory = self._memory(layer_ids)
        result = update()
        memory_after = self._memory(layer_ids)
        targets, outputs = result["targets"].numpy(), result["outputs"].numpy()
        shares = result["shares"].numpy().sum(axis=1)
        named = {name: np.array([float(value)]) for name, value in result["metrics"].items()}
        return Trace(
            samples=batch,
            metrics=BlockMetrics(named, np.array([len(batch)])),
            targets=targets,
            outputs=outputs,
            losses=result["losses"].numpy(),
            shares=shares,
            penalty=float(result["penalty"]),
            count=self._optimizer.count,
            numbers={
                **{f"training.optimizer.{name}": value for name, value in self._optimizer.numbers().items()},
                **{path: float(limit) for path, limit in self._clip.live.items()},
            },
            layers={
                layer_id: self._layer(layer_id, result, memory=memory[layer_id], memory_after=memory_after[layer_id])
                for layer_id in layer_ids
            },
            gradient_norms={layer_id: float(norm) for layer_id, norm in result["gradient_norms"].items()},
            update_norms={layer_id: float(norm) for layer_id, norm in result["update_norms"].items()},
        )

    def _update(self, split: Split, batch: IndexArray, layer_ids: Sequence[str]) -> Callable[[], Any]:
        """What does the update when it is called, and tells about it."""
        small = len(batch) * self._network.values_per_sample <= ALL_VALUES
        chosen = frozenset(self._network.after if small else layer_ids)
        function = self._functions.get((split.kind, chosen))
        if function is None:
            function = self._functions[split.kind, chosen] = self._trace(split.kind, chosen)
        index = tf.constant(batch.astype(np.int32))
        inputs = tuple(tf.gather(stored, index) for stored in split.inputs) if split.resident else split.gathered(batch)
        weights = tf.gather(split.weights, index) if split.kind.weighted else split.weights
        return lambda: function(inputs, tf.gather(split.labels, index), weights)

    def _memory(self, layer_ids: Iterable[str]) -> dict[str, dict[str, dict[str, Array]]]:
        """By layer id, then by name of what is remembered and name of the weight."""
        weights = {layer_id: self._trained(layer_id) for layer_id in layer_ids}
        told = iter(self._optimizer.memory([weight for trained in weights.values() for weight in trained.values()]))
        found: dict[str, dict[str, dict[str, Array]]] = {}
        for layer_id, trained in weights.items():
            found[layer_id] = {}
            for weight_name in trained:
                for name, values in next(told).items():
                    found[layer_id].setdefault(name, {})[weight_name] = values
        return found

    def _trained(self, layer_id: str) -> dict[str, Any]:
        """The trained weights of a layer by name, as keras.Variables."""
        weights = self._network.weights.get(layer_id, {})
        return {name: weight for name, weight in weights.items() if weight.trainable}

    def _layer(
        self,
        layer_id: str,
        result: Mapping[str, Any],
        *,
        memory: Mapping[str, Mapping[str, Array]],
        memory_after: Mapping[str, Mapping[str, Array]],
    ) -> LayerTrace:
        tensors, layer = result["tensors"], result["layers"][layer_id]
        before, after = self._network.before[layer_id], self._network.after[layer_id]
        values = tensors[after].numpy()
        d_values = layer["d_values"]
        if d_values is None and layer_id == self._network.output:
            activation = output_activation(self._model.layer(layer_id))
            targets, shares = result["targets"].numpy(), result["shares"].numpy()
            d_values = self._objective.d_outputs(targets, values, shares, activation)
        return LayerTrace(
            inputs=tuple(tensors[place].numpy() for place in self._network.received[layer_id]),
            before=tensors[before].numpy(),
            values=values,
            d_values=_array(d_values, values),
            d_before=_array(layer["d_before"], values),
            weights=_arrays(layer["weights"]),
            gradients=_arrays(layer["gradients"]),
            limited=_arrays(layer["limited"]),
            after=_arrays(layer["after"]),
            memory=memory,
            memory_after=memory_after,
        )

    def _trace(self, kind: Kind, layer_ids: frozenset[str]) -> Callable[..., Any]:
        """update(inputs, labels, weights) → everything about the update. inputs, labels, weights: of its samples."""
        network, objective = self._network, self._objective
        variables = [weight.value for weight in network.model.trainable_weights]
        ids = [layer_id for layer_id in network.after if layer_id in layer_ids]

        def update(inputs: tuple[Any, ...], labels: Any, weights: Any) -> dict[str, Any]:
            # Before anything else: moving statistics change on the way forward.
            weights_before = {layer_id: self._copies(layer_id) for layer_id in ids}
            trained_before = [tf.identity(variable) for variable in variables]
            batch = [prepared(stored, each) for stored, each in zip(inputs, kind.preparations, strict=True)]
            for layer in self._augmentation:
                batch = [layer(values, training=True) for values in batch]
            targets = objective.targets(labels)
            count = tf.shape(labels)[0]
            one_batch = tf.zeros([count], tf.int32)
            shares = objective.shares(targets, tf.fill([count], count), one_batch, weights if kind.weighted else None)
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                tape.watch([variables, batch])
                tensors = network.forward(batch, training=True)
                outputs = tensors[network.after[network.output]]
                values = objective.values(targets, tensors[network.before[network.output]], outputs)
                penalty = network.penalty()

            def gradient(sources: Any) -> Any:
                upstream = [shares, tf.ones_like(penalty)]
                return tape.gradient([values, penalty], sources, output_gradients=upstream)

            # All in one go: each would lead back through the whole model by itself.
            gradients, d_values = gradient((variables, [tensors[network.after[layer_id]] for layer_id in ids]))
            # That of an Embedding comes as the rows it has looked up.
            gradients = [tf.convert_to_tensor(each) for each in gradients]
            derivatives = {
                layer_id: {"d_values": each, "d_before": self._d_before(layer_id, each, tape, tensors, gradient)}
                for layer_id, each in zip(ids, d_values, strict=True)
            }
            limited = self._clip(gradients)
            self._optimizer.apply(limited)
            changes = [tf.convert_to_tensor(now) - old for now, old in zip(variables, trained_before, strict=True)]
            learning = [layer_id for layer_id in network.layers if self._trained(layer_id)]
            kept = objective.kept(tensors[network.before[network.output]], outputs)
            measures = objective.block_metrics(targets, kept, one_batch)
            metrics = {name: each[0] for name, each in zip(objective.batch_metrics, measures, strict=True)}
            return {
                "targets": targets,
                "outputs": outputs,
                "losses": objective.losses(targets, values),
                "shares": shares,
                "penalty": penalty,
                "metrics": {**metrics, "loss": tf.reduce_sum(values * shares) + penalty},
                "tensors": {place: tensors[place] for place in self._places(ids)},
                "layers": {
                    layer_id: {
                        **derivatives[layer_id],
                        "weights": weights_before[layer_id],
                        "gradients": self._named(layer_id, gradients),
                        "limited": self._named(layer_id, limited),
                        "after": self._copies(layer_id),
                    }
                    for layer_id in ids
                },
                "gradient_norms": {layer_id: _norm(self._named(layer_id, gradients)) for layer_id in learning},
                "update_norms": {layer_id: _norm(self._named(layer_id, changes)) for layer_id in learning},
            }

        inputs, labels = split_specs(network, kind)
        return concrete(update, [inputs, labels, tf.TensorSpec((None,), tf.float32)])

    def _d_before(
        self, layer_id: str, d_values: Any, tape: Any, tensors: Sequence[Any], gradient: Callable[[Any], Any]
    ) -> Any:
        """The derivative of the loss by the values of a layer before its activation; None where there is none.

        d_values: the one by the values after it, or None. gradient: source → the derivative of the loss by it.
        """
        before, after = (tensors[places[layer_id]] for places in (self._network.before, self._network.after))
        if d_values is None:
            return gradient(before)
        if before is after:
            return d_values
        # What comes to an Activation may go elsewhere too: only its own part is asked for.
        return tape.gradient(after, before, output_gradients=d_values)

    def _places(self, layer_ids: Iterable[str]) -> list[int]:
        """Where in the list of all tensors those are that go into these layers, and come out of them."""
        network, places = self._network, set[int]()
        for layer_id in layer_ids:
            places |= {*network.received[layer_id], network.before[layer_id], network.after[layer_id]}
        return sorted(places)

    def _named(self, layer_id: str, parts: Sequence[Any]) -> dict[str, Any]:
        """Those of a layer, by name of the weight. parts: one for each trained weight of the model."""
        place = {id(weight): number for number, weight in enumerate(self._network.model.trainable_weights)}
        return {name: parts[place[id(weight)]] for name, weight in self._trained(layer_id).items()}

    def _copies(self, layer_id: str) -> dict[str, Any]:
        """All weights of a layer as they are now."""
        weights = self._network.weights.get(layer_id, {})
        return {name: tf.identity(weight.value) for name, weight in weights.items()}


def _norm(parts: Mapping[str, Any]) -> Any:
    """Euclidean, of all parts together."""
    return tf.linalg.global_norm(list(parts.values()))


def _array(values: Any, like: Array) -> Array:
    """A tensor as an array; zeros where there is none, because nothing of the loss comes there."""
    if values is None:
        return np.zeros_like(like)
    return values if isinstance(values, np.ndarray) else values.numpy()


def _arrays(tensors: Mapping[str, Any]) -> dict[str, Array]:
    return {name: tensor.numpy() for name, tensor in tensors.items()}
