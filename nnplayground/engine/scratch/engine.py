"""The engine in numpy: small, readable, and fast on small models.

The maths is elsewhere and reads like the maths: that of layers in `nnplayground.layers`, of losses in `losses`, of
optimizers in `optimizers`. `graph` leads values forward and gradients backward through a model. `recorder` explains how
these formulas become fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
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
from nnplayground.engine.heat import d_decisive
from nnplayground.engine.scratch.compiler import Room
from nnplayground.engine.scratch.graph import Forward, backward, expect_output, forward, make_graph
from nnplayground.engine.scratch.losses import make_loss
from nnplayground.engine.scratch.metrics import PER_SAMPLE, measure, share
from nnplayground.engine.scratch.optimizers import count_updates, fresh_memory, optimizer_maths
from nnplayground.engine.scratch.parameters import LiveNumbers, Number, Parameters, each
from nnplayground.engine.scratch.programs import Scores, forward_calls, make_scores, step_calls, using
from nnplayground.engine.scratch.randomness import layer_generators, set_state, state_array
from nnplayground.engine.scratch.recorder import Call, run
from nnplayground.engine.scratch.regularization import cost, penalties
from nnplayground.engine.scratch.splits import Split, make_split
from nnplayground.engine.scratch.threads import leave_a_core_free
from nnplayground.engine.scratch.tokens import fill_one_hot, sample_losses
from nnplayground.engine.scratch.tracing import traced_update
from nnplayground.engine.scratch.updates import Trainer
from nnplayground.engine.weighting import training_weights
from nnplayground.layers import Shape
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.objective import counts_from_minus_one, resolved_loss, resolved_metrics
from nnplayground.spec.project import Project, array_shapes

FORWARD_VALUES = 1 << 22
"""Without training, so many samples are computed at a time that all layers together work with about so many values."""

_MOMENTUM = "training.optimizer.momentum"


class ScratchEngine:
    """One built model. Implements `nnplayground.engine.base.Engine`.

    dtype: number type of everything, also of the arrays given back; float64 is for proofs. Raises EngineError for a
    project that this engine cannot compute.
    """

    def __init__(self, project: Project, facts: DataFacts, *, dtype: Number = np.float32) -> None:
        _check_available(project)
        leave_a_core_free()
        training = project.training
        self._project = project
        self._facts = facts
        self._dtype = dtype
        self._graph = make_graph(project.model, array_shapes(project, facts))
        expect_output(self._graph, _tokens(project, facts))
        self._loss = make_loss(resolved_loss(project, facts), self._graph.last.activation)
        self._metrics = resolved_metrics(project, facts)
        self._from_minus_one = counts_from_minus_one(project, facts)
        self._parameters = Parameters(self._graph, seed=training.seed, dtype=dtype)
        self._numbers = LiveNumbers(dtype)
        self._numbers.add("training.optimizer", training.optimizer)
        self._numbers.add("training.clip", training.clip)
        for place in self._graph.places:
            self._numbers.add(f"model.{place.id}", place.layer)
        self._penalties = penalties(self._graph, self._numbers)
        self._generators = layer_generators(self._graph, training.seed)
        self._optimizer = training.optimizer
        self._maths = optimizer_maths(self._optimizer)
        self._memory = fresh_memory(self._maths, self._parameters.vector.size, dtype)
        self._splits: dict[str, Split] = {}
        self._trainer: Trainer | None = None
        self._evaluations: dict[str, tuple[list[tuple[slice, list[Call] | None]], Scores]] = {}

    def attach(self, splits: Mapping[str, Samples]) -> None:
        """Make samples available by split name. Class weights apply to the training split only, as in Keras."""
        for name, samples in splits.items():
            weights = samples.weights
            if name == "training":
                weights = training_weights(self._project, self._facts, samples, self._graph.output)
            self._splits[name] = make_split(
                samples, self._graph, self._dtype, weights=weights, from_minus_one=self._from_minus_one
            )
            self._evaluations.pop(name, None)
        self._trainer = None

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        """One update for each batch of training samples, in order."""
        told = self._ready_trainer().train(batches)
        count_updates(self._maths, self._memory, len(batches))
        return told

    def trace(self, batch: IndexArray, layer_ids: Sequence[str]) -> Trace:
        """One update, as `train` would do it, with every intermediate value of some layers."""
        return traced_update(
            self._ready_trainer(),
            batch,
            layer_ids,
            optimizer=self._maths,
            clip=self._project.training.clip,
            memory=self._memory,
        )

    def gradients(self, batch: IndexArray) -> Weights:
        """The gradient of the loss of a training batch, by weight name. Changes no weights, but draws for dropout."""
        self._ready_trainer().find_gradient(batch)
        return {f"{layer_id}/{name}": gradient.copy() for layer_id, name, gradient in each(self._parameters.gradients)}

    def _ready_trainer(self) -> Trainer:
        if self._trainer is None:
            step = step_calls(
                self._maths,
                self._project.training.clip,
                parameters=self._parameters,
                memory=self._memory,
                numbers=self._numbers,
            )
            self._trainer = Trainer(
                split=self._split("training"),
                graph=self._graph,
                loss=self._loss,
                metrics=[name for name in self._metrics if name in PER_SAMPLE],
                parameters=self._parameters,
                penalties=self._penalties,
                numbers=self._numbers,
                generators=self._generators,
                step=step,
            )
        return self._trainer

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        """Metrics of a split, and per sample loss and prediction. None where `cancelled` said so on the way."""
        chosen = self._split(split)
        if chosen.tokens:
            return self._evaluate_tokens(chosen, cancelled)
        if split not in self._evaluations:
            self._evaluations[split] = self._evaluation(chosen)
        pieces, scores = self._evaluations[split]
        with np.errstate(all="ignore"):
            for piece, calls in pieces:
                if cancelled():
                    return None
                if calls is None:
                    inputs = {name: chosen.rows(name, piece) for name in self._graph.input_ids}
                    scores.before[piece] = self._forward(inputs).before[self._graph.output]
                else:
                    run(calls)
            run(scores.calls)
            losses = scores.losses if chosen.weights is None else scores.losses * chosen.weights[:, 0]
            loss = float(np.add.reduce(losses, 0, np.float64)) / len(chosen) + self._penalty()
            metrics = {
                name: measure(name, scores.targets, scores.output, from_minus_one=self._from_minus_one)
                for name in self._metrics
            }
        predictions = share(scores.output.copy(), from_minus_one=self._from_minus_one)
        return Evaluation({"loss": loss, **metrics}, scores.losses.copy(), predictions)

    def _evaluate_tokens(self, split: Split, cancelled: Callable[[], bool]) -> Evaluation | None:
        """Piece by piece: the outputs of all samples may be far too many to keep."""
        losses, predictions = [], []
        for piece in self._pieces(len(split)):
            if cancelled():
                return None
            tokens = split.targets[piece]
            ahead = self._forward({name: split.rows(name, piece) for name in self._graph.input_ids})
            z, a = ahead.before[self._graph.output], ahead.values[self._graph.output]
            right = np.zeros_like(a)
            fill_one_hot(tokens, right)
            with np.errstate(all="ignore"):
                losses.append(sample_losses(tokens, self._loss.losses(right, z, a)))
            predictions.append(a.argmax(axis=-1).astype(np.int32))
        all_losses, told = np.concatenate(losses), np.concatenate(predictions)
        counting = split.targets != 0
        places = np.count_nonzero(counting, axis=1)
        total = max(places.sum(), 1)
        weighted = all_losses if split.weights is None else all_losses * split.weights[:, 0]
        accuracy = np.count_nonzero((told == split.targets) & counting) / total
        loss = float(np.dot(weighted.astype(np.float64), places) / total) + self._penalty()
        return Evaluation({"loss": loss, **dict.fromkeys(self._metrics, accuracy)}, all_losses, told)

    def _evaluation(self, split: Split) -> tuple[list[tuple[slice, list[Call] | None]], Scores]:
        """Pieces of the split, each with the calls that compute it if its inputs are at hand; and the scores of all."""
        before = np.zeros_like(split.targets)
        scores = make_scores(self._loss, self._graph.last.activation, before=before, targets=split.targets)
        pieces: list[tuple[slice, list[Call] | None]] = []
        room = Room()
        for piece in self._pieces(len(split)):
            calls = None
            if split.inputs is not None:
                inputs = {name: values[piece] for name, values in split.inputs.items()}
                calls = forward_calls(self._graph, inputs, before[piece], self._parameters, room=room)
            pieces.append((piece, calls))
        return pieces, scores

    def predict(self, inputs: Arrays) -> Array:
        """inputs: by Input id, (n, *input shape) as prepared → (n, k)."""
        count = len(next(iter(inputs.values())))
        pieces = [
            self._forward({name: inputs[name][piece] for name in self._graph.input_ids}).values[self._graph.output]
            for piece in self._pieces(count)
        ]
        return share(np.concatenate(pieces), from_minus_one=self._from_minus_one)

    def activations(self, inputs: Arrays, layer_ids: Sequence[str], *, before: bool = False) -> Mapping[str, Array]:
        """Output of the named layers as at inference, (n, *output shape); before=True: ahead of their activations."""
        found: dict[str, list[Array]] = {layer_id: [] for layer_id in layer_ids}
        for piece in self._pieces(len(next(iter(inputs.values())))):
            ahead = self._forward({name: inputs[name][piece] for name in self._graph.input_ids})
            for layer_id, parts in found.items():
                parts.append((ahead.before if before else ahead.values)[layer_id])
        return {layer_id: np.concatenate(parts) for layer_id, parts in found.items()}

    def class_gradients(self, inputs: Arrays, layer_id: str) -> tuple[Array, Array]:
        """See `nnplayground.engine.heat`."""
        if layer_id not in {place.id for place in self._graph.places}:
            raise EngineError(f"The model that is being run has no layer {layer_id}.")
        values, gradients = [], []
        for piece in self._pieces(len(next(iter(inputs.values())))):
            ahead = self._forward({name: inputs[name][piece] for name in self._graph.input_ids})
            z = ahead.before[self._graph.output]
            with np.errstate(all="ignore"):
                flow = backward(self._graph, ahead, d_decisive(z, classes=self._facts.target != "number"))
            found = ahead.values[layer_id]
            values.append(found)
            gradients.append(flow.values.get(layer_id, np.zeros_like(found)))
        return np.concatenate(values).astype(np.float32), np.concatenate(gradients).astype(np.float32)

    def _pieces(self, count: int) -> Iterator[slice]:
        rows = max(FORWARD_VALUES // self._graph.working_values, 1)
        return (slice(start, start + rows) for start in range(0, max(count, 1), rows))

    def _forward(self, inputs: Arrays) -> Forward:
        converted = {name: inputs[name].astype(self._dtype, copy=False) for name in self._graph.input_ids}
        with np.errstate(all="ignore"):
            return forward(self._graph, converted, self._parameters.weights, using)

    def _penalty(self) -> float:
        return sum(
            float(
                cost(
                    penalty,
                    self._parameters.weights[penalty.layer_id][penalty.weight],
                    self._numbers.under(penalty.path, lambda number: number),
                )
            )
            for penalty in self._penalties
        )

    def made(self, count: int) -> Array:
        """There is no generator in a model that predicts. Raises EngineError."""
        raise EngineError(NO_GENERATOR)

    def set_values(self, values: Mapping[str, float]) -> None:
        """Change numbers while running, by path; paths of things that the model does not have are ignored."""
        for path, value in values.items():
            if path not in self._numbers:
                continue
            if path == _MOMENTUM and value > 0 and "velocity" not in self._maths.used:
                # The formula without momentum was a shorter one. Once there is a velocity, it stays, as in Keras.
                self._optimizer = msgspec.structs.replace(self._optimizer, momentum=float(value))
                self._maths = optimizer_maths(self._optimizer)
                self._memory["velocity"][...] = 0
                self._trainer = None
            self._numbers[path][...] = value
        if self._trainer is not None:
            self._trainer.settle()

    def weights(self) -> Weights:
        """Copies of all weights."""
        return self._parameters.copies()

    def set_weights(self, weights: Weights) -> None:
        """Set the named weights, leave the others. Raises EngineError where a shape does not fit."""
        self._parameters.assign(weights)

    def state(self) -> EngineState:
        """Copies of all that the next update depends on, but for the numbers that `set_values` sets."""
        return EngineState(
            weights=self.weights(),
            optimizer={name: array.copy() for name, array in self._memory.items()},
            random={layer_id: state_array(generator) for layer_id, generator in self._generators.items()},
        )

    def restore(self, state: EngineState) -> None:
        """Go on from there. Raises EngineError where the state is that of another model or optimizer."""
        same_memory = state.optimizer.keys() == self._memory.keys() and all(
            array.shape == self._memory[name].shape for name, array in state.optimizer.items()
        )
        if not same_memory or state.random.keys() != self._generators.keys():
            raise EngineError("The saved training belongs to another model or optimizer, and cannot be continued here.")
        self._parameters.assign(state.weights)
        for name, array in state.optimizer.items():
            self._memory[name][...] = array
        for layer_id, array in state.random.items():
            set_state(self._generators[layer_id], array)

    def close(self) -> None:
        """Let go of the samples and of all buffers."""
        self._splits.clear()
        self._trainer = None
        self._evaluations.clear()

    def _split(self, name: str) -> Split:
        if name not in self._splits:
            raise EngineError(f"The data has no {name} samples.")
        return self._splits[name]


def _tokens(project: Project, facts: DataFacts) -> Shape | None:
    """(places, vocabulary) where the targets are tokens."""
    if facts.target != "tokens":
        return None
    loss = resolved_loss(project, facts)
    if loss != "categorical_crossentropy":
        raise EngineError(f"Tokens are told with the loss categorical_crossentropy, not with {loss}; choose auto.")
    return facts.target_length or 1, facts.class_count


def _check_available(project: Project) -> None:
    """Raises EngineError, one sentence for the user, for what only the Keras engine can do."""
    missing = dict.fromkeys(block.layer.type for block in project.model.blocks if not block.layer.has_maths)
    if missing:
        names, verb = " and ".join(missing), "is" if len(missing) == 1 else "are"
        raise EngineError(f"{names} {verb} not available in the scratch engine; choose the Keras engine.")
    if isinstance(project.dataset, ImageFolder) and project.dataset.augmentation:
        raise EngineError(
            "The scratch engine cannot augment images; remove the augmentation or choose the Keras engine."
        )
