"""The Keras engine: Keras' layers, losses and optimizers, with a gradient step of our own over blocks of batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nnplayground.engine.base import (
    NO_GENERATOR,
    BlockMetrics,
    EngineError,
    EngineState,
    Evaluation,
    IndexArray,
    Trace,
    Weights,
)
from nnplayground.engine.keras.class_gradients import ClassGradients
from nnplayground.engine.keras.compiled import CompiledBlocks, worthwhile
from nnplayground.engine.keras.features import AT_ONCE, FrozenBase
from nnplayground.engine.keras.inside import Insides, is_inner
from nnplayground.engine.keras.network import Network, build_network
from nnplayground.engine.keras.objective import TokenObjective, make_objective
from nnplayground.engine.keras.optimizer import GradientClip, LiveOptimizer
from nnplayground.engine.keras.runtime import configure_thread, keras, plain_errors, tf
from nnplayground.engine.keras.splits import Split, make_split
from nnplayground.engine.keras.steps import Update, make_update, trace_forward
from nnplayground.engine.keras.tracing import UpdateTracer
from nnplayground.engine.keras.ways import Way, at_once
from nnplayground.engine.keras.writing import trace_completion, trace_step
from nnplayground.engine.weighting import training_weights
from nnplayground.engine.writing import States
from nnplayground.layers import Shape
from nnplayground.layers.base import derived_seed, shape_text
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.frozen import feature_extraction, frozen_part
from nnplayground.spec.model import infer_shapes
from nnplayground.spec.objective import output_activation
from nnplayground.spec.project import Project, array_shapes

_OPTIMIZER = "training.optimizer."


class KerasEngine:
    """One built model. It belongs to the thread that made it: Keras keeps its settings per thread."""

    def __init__(self, project: Project, facts: DataFacts) -> None:
        """Build the model with fresh weights. Raises EngineError where it cannot be built."""
        configure_thread()
        self._project = project
        self._facts = facts
        with plain_errors("build the model"):
            self._build()
        self._whole = Way(self._network, self._objective)
        self._behind: Way | None = None
        self._frozen_copies: dict[str, Array] = {}
        self._forwards: dict[str, Callable[..., Any]] = {}
        self._step: tuple[Callable[..., Any], tuple[int, ...]] | None = None
        self._step_known = False
        self._completions: dict[str, Callable[..., Any]] = {}
        self._changed: dict[str, float] = {}
        self._compiled: CompiledBlocks | None = None
        self._tracer: UpdateTracer | None = None
        self._trace_anew()

    def _build(self) -> None:
        seed = self._project.training.seed
        model = self._project.model
        self._network = build_network(model, array_shapes(self._project, self._facts), seed=seed)
        self._objective = make_objective(
            self._project,
            self._facts,
            output=self._network.output,
            shape=self._network.shapes[self._network.output],
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
        self._insides = Insides(self._network)
        self._gradients = ClassGradients(self._network, self._insides, classes=self._facts.target != "number")
        self._live = {**self._network.live, **self._clip.live}
        self._chunk = at_once(self._network)
        shapes = infer_shapes(model, array_shapes(self._project, self._facts))
        extraction = feature_extraction(self._project, shapes)
        self._base: FrozenBase | None = None
        if extraction is not None and extraction.on:
            self._base = FrozenBase(model, self._network, frozen_part(model, shapes))

    def attach(self, splits: Mapping[str, Samples]) -> None:
        """Make samples available by split name, in place of those of the same name."""
        with plain_errors("hold the data"):
            for name, samples in splits.items():
                self._whole.splits[name] = make_split(samples, self._network, self._sample_weights(name, samples))
        self._behind = None

    def _sample_weights(self, split: str, samples: Samples) -> Array | None:
        if split != "training":
            return samples.weights
        return training_weights(self._project, self._facts, samples, self._network.output)

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        """One update for each batch of training samples, in order."""
        names = ("loss", *self._objective.batch_metrics)
        sizes = np.array([len(batch) for batch in batches], dtype=np.int64)
        if not len(sizes):
            return BlockMetrics({name: np.zeros(0) for name in names}, sizes)
        way = self._way("training")
        split = way.splits["training"]
        with plain_errors("train the model"):
            told = np.concatenate([self._train_piece(way, split, piece) for piece in split.pieces(batches)])
        columns = told.astype(np.float64).T
        return BlockMetrics(dict(zip(names, columns, strict=True)), sizes)

    def _train_piece(self, way: Way, split: Split, batches: Sequence[IndexArray]) -> Array:
        if self._compiled is not None and self._compiled.takes(split, batches):
            told = self._compiled.train(split, batches)
            if told is not None:
                return told
        block = way.block(split.kind, self._make_update)
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

    def _make_update(self, network: Network) -> Update:
        return make_update(network, self._objective, self._optimizer, self._clip, self._augmentation)

    def _trace_anew(self) -> None:
        """The optimizer has changed: what was traced with the old one is of no use."""
        for way in self._ways():
            way.trace_anew()
        self._compiled = None
        self._tracer = None
        one_target = not isinstance(self._objective, TokenObjective)
        if one_target and not self._augmentation and worthwhile(self._project.model, self._network):
            self._compiled = CompiledBlocks(self._network, self._objective, self._make_update(self._network))

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        """Metrics of a split, and per sample loss and prediction. None where `cancelled` said so on the way."""
        way = self._way(split)
        data = way.splits[split]
        if not len(data):
            raise EngineError(f"There are no {split} samples to evaluate the model on.")
        with plain_errors("evaluate the model"):
            found = way.evaluated(data, cancelled)
        if found is None:
            return None
        all_losses, all_predictions, penalty = found
        # As in Keras' fit, the samples' own weights count, those of their classes do not.
        labels = data.samples.targets[self._network.output]
        metrics = self._objective.evaluated(labels, all_predictions)
        loss = self._objective.split_loss(labels, all_losses, data.samples.weights) + penalty
        return Evaluation({"loss": loss, **metrics}, all_losses, self._objective.share(all_predictions))

    def predict(self, inputs: Arrays) -> Array:
        """inputs: by Input id, (n, *input shape) float32 as prepared → (n, k) float32."""
        output = self._network.after[self._network.output]
        return self._objective.share(self._passed("predict", inputs, [output])[0])

    def activations(self, inputs: Arrays, layer_ids: Sequence[str], *, before: bool = False) -> Mapping[str, Array]:
        """Output of the named layers for prepared inputs, as at inference: (n, *output shape) float32."""
        places = self._network.before if before else self._network.after
        inner = [layer_id for layer_id in layer_ids if is_inner(layer_id)]
        outer = [layer_id for layer_id in layer_ids if not is_inner(layer_id)]
        unknown = [layer_id for layer_id in outer if layer_id not in places]
        if unknown:
            raise EngineError(f"The model that is being run has no layer {unknown[0]}.")
        blocks = list(dict.fromkeys(self._insides.block(layer_id) for layer_id in inner))
        wanted = [places[layer_id] for layer_id in outer] + [self._network.received[each][0] for each in blocks]
        found = self._passed("activations", inputs, wanted)
        received = dict(zip(blocks, found[len(outer) :], strict=True))
        with plain_errors("compute the model's output"):
            opened = self._insides.activations(received, inner, self._chunk)
        return {**dict(zip(outer, found, strict=False)), **opened}

    def class_gradients(self, inputs: Arrays, layer_id: str) -> tuple[Array, Array]:
        """See `nnplayground.engine.heat`."""
        arrays = tuple(tf.constant(self._prepared(inputs, name)) for name in self._network.inputs)
        with plain_errors("compute the gradients"):
            return self._gradients.find(arrays, layer_id)

    def step(self, tokens: Array, states: States | None) -> tuple[Array, States] | None:
        """One token further in each of m texts: ((m, V) probabilities of the next one, states for the next call).

        tokens: (m,) int32; states: None before the first token. None where the model has to see all tokens at once.
        """
        with plain_errors("write"):
            if not self._step_known:
                self._step, self._step_known = trace_step(self._network), True
            if self._step is None:
                return None
            step, sizes = self._step
            before = tuple(tf.zeros((len(tokens), size)) for size in sizes) if states is None else tuple(states)
            probabilities, after = step(tf.constant(tokens, tf.int32), before)
            return probabilities.numpy(), after

    def complete(self, inputs: Arrays, written: str | None, *, start: int, end: int) -> Array:
        """See `nnplayground.engine.writing.complete`."""
        if written is None:
            return self.predict(inputs).argmax(-1).astype(np.int32)
        arrays = [self._prepared(inputs, name) for name in self._network.inputs if name != written]
        with plain_errors("write"):
            if written not in self._completions:
                self._completions[written] = trace_completion(self._network, written)
            complete = self._completions[written]
            marks = tf.constant(start), tf.constant(end)
            parts = [
                complete(tuple(tf.constant(array[first : first + self._chunk]) for array in arrays), *marks).numpy()
                for first in range(0, max(len(arrays[0]), 1), self._chunk)
            ]
        return np.concatenate(parts)

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

    def made(self, count: int) -> Array:
        """There is no generator in a model that predicts. Raises EngineError."""
        raise EngineError(NO_GENERATOR)

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
        trained, frozen = self._optimizer.weights(), self.frozen_weights()
        return {
            name: frozen[name]
            if name in frozen
            else (trained[id(variable)] if id(variable) in trained else np.array(variable.numpy()))
            for name, variable in self._weight_variables().items()
        }

    def set_weights(self, weights: Weights) -> None:
        """Set the named weights, leave the others. Raises EngineError where a name or a shape does not fit."""
        self._check_weights(weights)
        variables, frozen = self._weight_variables(), self.frozen_weights()
        others = [name for name in weights if name in frozen and not np.array_equal(weights[name], frozen[name])]
        for name, values in weights.items():
            if name not in frozen or name in others:
                variables[name].assign(values)
        if others:
            self._frozen_copies = {}
            self._behind = None
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
        for way in self._ways():
            way.clear()
        self._behind = self._base = None
        self._frozen_copies.clear()
        self._compiled = None
        self._tracer = None
        self._forwards.clear()
        self._step = None
        self._completions.clear()
        self._live.clear()
        self._augmentation.clear()
        del self._network, self._whole, self._insides, self._gradients, self._optimizer, self._clip

    def _split(self, name: str) -> Split:
        if name not in self._whole.splits:
            raise EngineError(f"There is no {name} split; choose data, and how it is split.")
        return self._whole.splits[name]

    def _ways(self) -> tuple[Way, ...]:
        return (self._whole,) if self._behind is None else (self._whole, self._behind)

    def _way(self, split: str) -> Way:
        """How the samples of a split are trained on and evaluated: behind the frozen part, where that was computed."""
        self._split(split)
        return self._behind if self._behind is not None and split in self._behind.splits else self._whole

    @property
    def feature_shapes(self) -> Mapping[str, Shape]:
        """See `nnplayground.engine.features`, also for the next ones."""
        return self._base.shapes if self._base is not None else {}

    @property
    def has_features(self) -> bool:
        return self._behind is not None

    @property
    def features_at_once(self) -> int:
        return max(1, min(AT_ONCE, 4 * self._chunk))

    def frozen_weights(self) -> Weights:
        if self._base is None:
            return {}
        # They are the same at every update, so that one copy does.
        if not self._frozen_copies:
            self._frozen_copies = {name: np.array(each.numpy()) for name, each in self._base.weights().items()}
            for copy in self._frozen_copies.values():
                copy.flags.writeable = False
        return self._frozen_copies

    def features(self, split: str, rows: slice) -> Mapping[str, Array]:
        if self._base is None:
            raise EngineError("The model has no frozen part.")
        with plain_errors("compute the frozen part"):
            return self._base.compute(self._split(split), rows)

    def attach_features(self, features: Mapping[str, Arrays]) -> None:
        if self._base is None:
            raise EngineError("The model has no frozen part.")
        with plain_errors("hold the data"):
            behind = Way(self._base.network_behind(), self._objective)
            for name, arrays in features.items():
                samples = self._split(name).samples
                weights = self._sample_weights(name, samples)
                behind.splits[name] = make_split(self._base.samples(samples, arrays), behind.network, weights)
                # The pictures are seldom read from now on.
                self._whole.splits[name] = make_split(samples, self._network, weights, resident=False)
            self._behind = behind

    def _weight_variables(self) -> dict[str, Any]:
        return {
            f"{block_id}/{name}": variable
            for block_id, weights in self._network.weights.items()
            for name, variable in weights.items()
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
