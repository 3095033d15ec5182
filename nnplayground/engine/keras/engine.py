"""The Keras engine: Keras' layers, losses and optimizers, with a gradient step of our own over blocks of batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnplayground.engine.base import BlockMetrics, EngineError, EngineState, Evaluation, IndexArray, Trace, Weights
from nnplayground.engine.keras.compiled import CompiledBlocks, worthwhile
from nnplayground.engine.keras.network import build_network
from nnplayground.engine.keras.objective import make_objective
from nnplayground.engine.keras.optimizer import GradientClip, LiveOptimizer
from nnplayground.engine.keras.runtime import configure_thread, keras, plain_errors, tf
from nnplayground.engine.keras.splits import Kind, Split, make_split
from nnplayground.engine.keras.steps import Update, make_update, trace_block, trace_evaluation, trace_forward
from nnplayground.engine.keras.tracing import UpdateTracer
from nnplayground.engine.weighting import training_weights
from nnplayground.layers.base import derived_seed, shape_text
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import output_activation
from nnplayground.spec.project import Project

_OPTIMIZER = "training.optimizer."
FORWARD_BYTES = 48 << 20
"""How much all values inside the model may take at once when many samples are passed through it."""
_MOST_SAMPLES = 8192


class KerasEngine:
    """One built model. It belongs to the thread that made it: Keras keeps its settings per thread."""

    def __init__(self, project: Project, facts: DataFacts) -> None:
        """Build the model with fresh weights. Raises EngineError where it cannot be built."""
        configure_thread()
        self._project = project
        self._facts = facts
        with plain_errors("build the model"):
            self._build()
        self._splits: dict[str, Split] = {}
        self._blocks: dict[Kind, Callable[..., Any]] = {}
        self._pieces: dict[Kind, Callable[..., Any]] = {}
        self._forwards: dict[str, Callable[..., Any]] = {}
        self._changed: dict[str, float] = {}
        self._compiled: CompiledBlocks | None = None
        self._tracer: UpdateTracer | None = None
        self._trace_anew()

    def _build(self) -> None:
        seed = self._project.training.seed
        model = self._project.model
        self._network = build_network(model, self._facts.input_shape, seed=seed)
        self._objective = make_objective(
            self._project,
            self._facts,
            output=self._network.output,
            units=self._network.shapes[self._network.output][0],
            activation=output_activation(model.layer(self._network.output)),
        )
        self._clip = GradientClip(self._project.training.clip)
        self._optimizer = LiveOptimizer(self._project.training.optimizer, self._network.model.trainable_weights)
        dataset = self._project.dataset
        augmentation = dataset.augmentation if isinstance(dataset, ImageFolder) else ()
        self._augmentation = [
            layer.to_keras(keras, name=f"augmentation_{number}", seed=derived_seed(seed, "augmentation", str(number)))
            for number, layer in enumerate(augmentation)
        ]
        self._live = {**self._network.live, **self._clip.live}
        self._chunk = max(1, min(_MOST_SAMPLES, FORWARD_BYTES // (4 * self._network.values_per_sample)))

    def attach(self, splits: Mapping[str, Samples]) -> None:
        """Make samples available by split name, in place of those of the same name."""
        with plain_errors("hold the data"):
            for name, samples in splits.items():
                weights = samples.weights
                if name == "training":
                    weights = training_weights(self._project, self._facts, samples, self._network.output)
                self._splits[name] = make_split(samples, self._network, weights)

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        """One update for each batch of training samples, in order."""
        names = ("loss", *self._objective.batch_metrics)
        sizes = np.array([len(batch) for batch in batches], dtype=np.int64)
        if not len(sizes):
            return BlockMetrics({name: np.zeros(0) for name in names}, sizes)
        split = self._split("training")
        with plain_errors("train the model"):
            told = np.concatenate([self._train_piece(split, piece) for piece in split.pieces(batches)])
        columns = told.astype(np.float64).T
        return BlockMetrics(dict(zip(names, columns, strict=True)), sizes)

    def _train_piece(self, split: Split, batches: Sequence[IndexArray]) -> Array:
        if self._compiled is not None and self._compiled.takes(split, batches):
            told = self._compiled.train(split, batches)
            if told is not None:
                return told
        block = self._blocks.get(split.kind)
        if block is None:
            block = self._blocks[split.kind] = trace_block(
                self._network, self._objective, self._make_update(), split.kind
            )
        index = np.concatenate(batches).astype(np.int32)
        ends = np.cumsum([len(batch) for batch in batches], dtype=np.int32)
        samples = tf.constant(index)
        if split.resident:
            told = block(split.inputs, split.labels, split.weights, samples, samples, tf.constant(ends))
        else:
            rows = tf.range(len(index), dtype=tf.int32)
            told = block(split.gathered(index), split.labels, split.weights, rows, samples, tf.constant(ends))
        return told.numpy()

    def trace(self, batch: IndexArray, layer_ids: Sequence[str]) -> Trace:
        """One update, as `train` would do it, with every intermediate value of some layers."""
        split = self._split("training")
        if self._tracer is None:
            self._tracer = UpdateTracer(
                self._project.model,
                self._network,
                self._objective,
                self._optimizer,
                clip=self._clip,
                augmentation=self._augmentation,
            )
        with plain_errors("train the model"):
            return self._tracer.trace(split, batch, layer_ids)

    def _make_update(self) -> Update:
        return make_update(self._network, self._objective, self._optimizer, self._clip, self._augmentation)

    def _trace_anew(self) -> None:
        """The optimizer has changed: what was traced with the old one is of no use."""
        self._blocks.clear()
        self._compiled = None
        self._tracer = None
        if not self._augmentation and worthwhile(self._project.model, self._network):
            self._compiled = CompiledBlocks(self._network, self._objective, self._make_update())

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        """Metrics of a split, and per sample loss and prediction. None where `cancelled` said so on the way."""
        data = self._split(split)
        if not len(data):
            raise EngineError(f"There are no {split} samples to evaluate the model on.")
        losses, predictions, penalty = [], [], 0.0
        with plain_errors("evaluate the model"):
            piece = self._pieces.get(data.kind)
            if piece is None:
                piece = self._pieces[data.kind] = trace_evaluation(self._network, self._objective, data.kind)
            for start in range(0, len(data), self._chunk):
                if cancelled():
                    return None
                stop = min(start + self._chunk, len(data))
                inputs = data.inputs if data.resident else data.gathered(slice(start, stop))
                first = 0 if data.resident else start
                told = piece(inputs, data.labels, tf.constant(start), tf.constant(stop), tf.constant(first))
                losses.append(told[0].numpy())
                predictions.append(told[1].numpy())
                penalty = float(told[2])
        all_losses, all_predictions = np.concatenate(losses), np.concatenate(predictions)
        # As in Keras' fit, the samples' own weights count, those of their classes do not.
        weights = data.samples.weights
        weighted = all_losses if weights is None else all_losses * weights
        metrics = self._objective.evaluated(data.samples.targets[self._network.output], all_predictions)
        loss = float(weighted.mean(dtype=np.float64)) + penalty
        return Evaluation({"loss": loss, **metrics}, all_losses, self._objective.share(all_predictions))

    def predict(self, inputs: Arrays) -> Array:
        """inputs: by Input id, (n, *input shape) float32 as prepared → (n, k) float32."""
        output = self._network.after[self._network.output]
        return self._objective.share(self._passed("predict", inputs, [output])[0])

    def activations(self, inputs: Arrays, layer_ids: Sequence[str], *, before: bool = False) -> Mapping[str, Array]:
        """Output of the named layers for prepared inputs, as at inference: (n, *output shape) float32."""
        places = self._network.before if before else self._network.after
        unknown = [layer_id for layer_id in layer_ids if layer_id not in places]
        if unknown:
            raise EngineError(f"The model that is being run has no layer {unknown[0]}.")
        wanted = [places[layer_id] for layer_id in layer_ids]
        return dict(zip(layer_ids, self._passed("activations", inputs, wanted), strict=True))

    def _passed(self, kind: str, inputs: Arrays, wanted: Sequence[int]) -> list[Array]:
        """The wanted tensors for all samples, gathered chunk by chunk.

        Activations share one trace that gives everything, because what is looked at changes with every click.
        """
        arrays = [self._prepared(inputs, name) for name in self._network.inputs]
        with plain_errors("compute the model's output"):
            if kind not in self._forwards:
                every = range(len(self._network.model.outputs))
                self._forwards[kind] = trace_forward(self._network, every if kind == "activations" else wanted)
            forward = self._forwards[kind]
            picked = wanted if kind == "activations" else [0]
            chunks: list[list[Array]] = []
            for start in range(0, max(len(arrays[0]), 1), self._chunk):
                tensors = forward(tuple(tf.constant(array[start : start + self._chunk]) for array in arrays))
                chunks.append([tensors[place].numpy() for place in picked])
        return [np.concatenate(parts) if len(chunks) > 1 else parts[0] for parts in zip(*chunks, strict=True)]

    def _prepared(self, inputs: Arrays, name: str) -> Array:
        shape = self._network.shapes[name]
        if name not in inputs or inputs[name].shape[1:] != shape:
            received = shape_text(inputs[name].shape[1:]) if name in inputs else "nothing"
            raise EngineError(f"The Input {name} expects samples of {shape_text(shape)}, but receives {received}.")
        return np.ascontiguousarray(inputs[name], dtype=np.float32)

    def set_values(self, values: Mapping[str, float]) -> None:
        """Change numbers while running, by path; paths of things the model does not have are ignored."""
        for path, value in values.items():
            if path in self._live:
                self._live[path].assign(value)
                self._changed[path] = float(value)
            elif path.startswith(_OPTIMIZER):
                if self._optimizer.set(path.removeprefix(_OPTIMIZER), float(value)):
                    self._trace_anew()
                self._changed[path] = float(value)

    def weights(self) -> Weights:
        """Copies of all weights."""
        trained = self._optimizer.weights()
        return {
            name: trained[id(variable)] if id(variable) in trained else np.array(variable.numpy())
            for name, variable in self._weight_variables().items()
        }

    def set_weights(self, weights: Weights) -> None:
        """Set the named weights, leave the others. Raises EngineError where a name or a shape does not fit."""
        self._check_weights(weights)
        variables = self._weight_variables()
        for name, values in weights.items():
            variables[name].assign(values)
        self._optimizer.weights_changed()

    def _check_weights(self, weights: Weights) -> None:
        variables = self._weight_variables()
        for name, values in weights.items():
            if name not in variables:
                raise EngineError(f"The model has no weight {name}.")
            if tuple(variables[name].shape) != values.shape:
                raise EngineError(
                    f"The weight {name} has the shape {shape_text(tuple(variables[name].shape))}, "
                    f"but the given one has {shape_text(values.shape)}."
                )

    def state(self) -> EngineState:
        """Weights, the optimizer's memory and live changes, and the states of the random generators."""
        changed = {path: np.array(value) for path, value in self._changed.items()}
        random = {name: np.array(variable.numpy()) for name, variable in self._random_variables().items()}
        return EngineState(self.weights(), {**self._optimizer.state(), **changed}, random)

    def restore(self, state: EngineState) -> None:
        """Continue exactly where `state` was taken. Raises EngineError where it belongs to another model."""
        random = self._random_variables()
        if set(state.random) != set(random) or set(state.weights) != set(self._weight_variables()):
            raise EngineError("The saved state belongs to another model; start a new run.")
        self._check_weights(state.weights)
        # First the live changes: a momentum that was turned on has memory of its own.
        self.set_values({path: float(value) for path, value in state.optimizer.items() if _is_path(path)})
        self._optimizer.restore({name: values for name, values in state.optimizer.items() if not _is_path(name)})
        self.set_weights(state.weights)
        for name, values in state.random.items():
            random[name].assign(values)

    def close(self) -> None:
        """Let go of model, data and traces, so that their memory can be used again."""
        self._splits.clear()
        self._blocks.clear()
        self._compiled = None
        self._tracer = None
        self._pieces.clear()
        self._forwards.clear()
        self._live.clear()
        self._augmentation.clear()
        del self._network, self._optimizer, self._clip

    def _split(self, name: str) -> Split:
        if name not in self._splits:
            raise EngineError(f"There is no {name} split; choose data, and how it is split.")
        return self._splits[name]

    def _weight_variables(self) -> dict[str, Any]:
        return {
            f"{block_id}/{variable.name}": variable
            for block_id, layer in self._network.layers.items()
            for variable in layer.weights
        }

    def _random_variables(self) -> dict[str, Any]:
        """The states of all seed generators: what a layer keeps beside its weights."""
        layers = {**self._network.layers, **{layer.name: layer for layer in self._augmentation}}
        found: dict[str, Any] = {}
        for name, layer in layers.items():
            weights = {id(weight) for weight in layer.weights}
            kept = [variable for variable in layer.variables if id(variable) not in weights]
            found.update({f"{name}/{number}": variable for number, variable in enumerate(kept)})
        return found


def _is_path(name: str) -> bool:
    return name.startswith(("model.", "training."))
