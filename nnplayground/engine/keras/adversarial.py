"""Two networks that learn from each other: a generator and a discriminator, updated in turn.

The discriminator makes the cross-entropy of telling real samples from made ones small; the generator makes small the
cross-entropy of its samples being taken for real ones (Goodfellow et al., "Generative adversarial nets", 2014: the form
of section 3 that does not fade where the discriminator is sure of itself). Real samples count as 1 − label_smoothing
(Salimans et al., "Improved techniques for training GANs", 2016). Both losses are means, so a discriminator that cannot
tell has ln 2 ≈ 0.69.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnplayground.engine.base import BlockMetrics, EngineError, EngineState, Evaluation, IndexArray, Trace, Weights
from nnplayground.engine.keras.network import Network, build_network
from nnplayground.engine.keras.optimizer import GradientClip, LiveOptimizer
from nnplayground.engine.keras.runtime import configure_thread, plain_errors, tf
from nnplayground.engine.keras.splits import Kind, Split, make_split, prepared
from nnplayground.engine.keras.steps import concrete
from nnplayground.layers.base import Shape, derived_seed, shape_text
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.spec.adversarial import chains
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Model
from nnplayground.spec.objective import GENERATOR_LOSS, output_activation
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adversarial

_OPTIMIZER = "training.optimizer."
_PIECE = 512
"""Samples that are judged or made at a time, outside of training."""


class _Half(NamedTuple):
    """One of the two networks with what trains it. logits: where in the network's tensors the output is before its
    sigmoid."""

    name: str
    network: Network
    optimizer: LiveOptimizer
    logits: int

    @classmethod
    def build(cls, name: str, model: Model, project: Project, input_shape: Shape | None) -> _Half:
        network = build_network(model, input_shape, seed=project.training.seed)
        sigmoid = output_activation(model.layer(network.output)) == "sigmoid"
        places = network.before if sigmoid else network.after
        optimizer = LiveOptimizer(project.training.optimizer, network.model.trainable_weights)
        return cls(name, network, optimizer, places[network.output])

    @property
    def variables(self) -> list[Any]:
        return [weight.value for weight in self.network.model.trainable_weights]

    def output(self, values: Any, *, training: bool) -> Any:
        """What it gives for (batch, *input shape)."""
        return self.network.forward([values], training=training)[self.network.after[self.network.output]]

    def judged(self, values: Any, *, training: bool) -> Any:
        """The logits that it gives for (batch, *input shape): (batch, 1)."""
        return self.network.forward([values], training=training)[self.logits]


class AdversarialEngine:
    """A generator and a discriminator behind the interface of an engine. It belongs to the thread that made it."""

    def __init__(self, project: Project, facts: DataFacts) -> None:
        """Build both with fresh weights. Raises EngineError where they cannot be built or do not fit together."""
        configure_thread()
        objective = project.training.objective
        parts = chains(project.model)
        if isinstance(parts, str):
            raise EngineError(parts)
        self._smoothing = objective.label_smoothing if isinstance(objective, Adversarial) else 0.0
        self._seed = derived_seed(project.training.seed, "noise")
        with plain_errors("build the model"):
            self._generator = _Half.build("generator", parts.generator, project, None)
            self._discriminator = _Half.build("discriminator", parts.discriminator, project, facts.input_shape)
        self._noise_shape = self._generator.network.shapes[self._generator.network.inputs[0]]
        self._expect_fit()
        self._clip = GradientClip(project.training.clip)
        self._updates = 0
        self._changed: dict[str, float] = {}
        self._splits: dict[str, Split] = {}
        self._blocks: dict[Kind, Callable[..., Any]] = {}
        self._forwards: dict[str, Callable[..., Any]] = {}

    def _expect_fit(self) -> None:
        made = self._generator.network.shapes[self._generator.network.output]
        data = self._discriminator.network.shapes[self._discriminator.network.inputs[0]]
        if made != data:
            raise EngineError(
                f"The generator makes samples of {shape_text(made)}, but those of the data are {shape_text(data)}; "
                f"change its last layers so that both are the same."
            )
        verdict = self._discriminator.network.shapes[self._discriminator.network.output]
        if verdict != (1,):
            raise EngineError(
                f"The discriminator ends with {shape_text(verdict)} values, but it answers one question, real or made; "
                f"give its last layer 1 unit with sigmoid."
            )

    @property
    def _halves(self) -> tuple[_Half, _Half]:
        return self._generator, self._discriminator

    def attach(self, splits: Mapping[str, Samples]) -> None:
        """Make samples available by split name, in place of those of the same name."""
        with plain_errors("hold the data"):
            for name, samples in splits.items():
                self._splits[name] = make_split(samples, self._discriminator.network, None)

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        """One update of each network for each batch of training samples, in order."""
        sizes = np.array([len(batch) for batch in batches], dtype=np.int64)
        if not len(sizes):
            return BlockMetrics({"loss": np.zeros(0), GENERATOR_LOSS: np.zeros(0)}, sizes)
        split = self._split("training")
        with plain_errors("train the model"):
            told = np.concatenate([self._train_piece(split, piece) for piece in split.pieces(batches)])
        losses = told.astype(np.float64).T
        return BlockMetrics({"loss": losses[0], GENERATOR_LOSS: losses[1]}, sizes)

    def _train_piece(self, split: Split, batches: Sequence[IndexArray]) -> Array:
        block = self._blocks.get(split.kind)
        if block is None:
            block = self._blocks[split.kind] = self._trace_block(split.kind)
        index = np.concatenate(batches).astype(np.int32)
        ends = np.cumsum([len(batch) for batch in batches], dtype=np.int32)
        rows = index if split.resident else np.arange(len(index), dtype=np.int32)
        inputs = split.inputs if split.resident else split.gathered(index)
        told = block(inputs[0], tf.constant(rows), tf.constant(ends), tf.constant(self._updates))
        self._updates += len(batches)
        return told.numpy()

    def _trace_block(self, kind: Kind) -> Callable[..., Any]:
        """block(stored, rows, ends, before) → (updates, 2) float32: the losses of discriminator and generator.

        rows: (m,) int32, where in `stored` the samples are, batch after batch; ends: where in `rows` each batch ends;
        before: how many updates there have been, which chooses the noise.
        """
        generator, discriminator = self._halves
        preparation = kind.preparations[0]
        shape = discriminator.network.shapes[discriminator.network.inputs[0]]

        def one_update(real: Any, number: Any) -> Any:
            count = tf.shape(real)[0]
            noise = self._noise(2 * count, number)
            made = generator.output(noise[:count], training=True)
            judging = discriminator.variables
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(judging)
                on_real = discriminator.judged(real, training=True)
                on_made = discriminator.judged(made, training=True)
                told_apart = (_crossentropy(1 - self._smoothing, on_real) + _crossentropy(0.0, on_made)) / 2
                judging_loss = told_apart + discriminator.network.penalty()
            discriminator.optimizer.apply(self._clip(tape.gradient(judging_loss, judging)))
            making = generator.variables
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(making)
                judged = discriminator.judged(generator.output(noise[count:], training=True), training=True)
                making_loss = _crossentropy(1.0, judged) + generator.network.penalty()
            generator.optimizer.apply(self._clip(tape.gradient(making_loss, making)))
            return tf.stack([judging_loss, making_loss])

        def block(stored: Any, rows: Any, ends: Any, before: Any) -> Any:
            starts = tf.concat([[0], ends[:-1]], 0)
            count = tf.size(ends)
            told = tf.TensorArray(tf.float32, count, element_shape=(2,))

            def step(number: Any, told: Any) -> tuple[Any, Any]:
                real = prepared(tf.gather(stored, rows[starts[number] : ends[number]]), preparation)
                return number + 1, told.write(number, one_update(real, before + number))

            _, told = tf.while_loop(lambda number, _: number < count, step, (0, told), parallel_iterations=1)
            return told.stack()

        numbers = tf.TensorSpec((None,), tf.int32)
        return concrete(
            block, [tf.TensorSpec((None, *shape), kind.dtypes[0]), numbers, numbers, tf.TensorSpec((), tf.int32)]
        )

    def _noise(self, count: Any, number: Any) -> Any:
        """Normal noise for the generator: a function of the seed and of a number, never of a hidden state."""
        shape = tf.concat([[count], tf.constant(self._noise_shape, tf.int32)], 0)
        return tf.random.stateless_normal(shape, seed=tf.stack([tf.constant(self._seed), number]))

    def trace(self, batch: IndexArray, layer_ids: Sequence[str]) -> Trace:
        """There is no single update to look into: two networks take turns. Raises EngineError."""
        raise EngineError("The maths of one update is shown for one network at a time; here two learn from each other.")

    def made(self, count: int) -> Array:
        """Samples from noise that stays the same: (count, *sample shape) float32, in the range of prepared data."""
        return np.concatenate(self._of_noise(count, lambda noise: self._forward("made")(noise)))

    def _of_noise(self, count: int, ask: Callable[[Any], Any]) -> list[Array]:
        noise = self._noise(count, tf.constant(-1)).numpy()
        return [ask(tf.constant(noise[start : start + _PIECE])).numpy() for start in range(0, count, _PIECE)]

    def _forward(self, what: str) -> Callable[..., Any]:
        if what not in self._forwards:
            generator, discriminator = self._halves
            shape = discriminator.network.shapes[discriminator.network.inputs[0]]
            functions: dict[str, tuple[Callable[..., Any], Shape]] = {
                "made": (lambda noise: generator.output(noise, training=False), self._noise_shape),
                "judged": (lambda values: discriminator.judged(values, training=False), shape),
            }
            function, shape = functions[what]
            self._forwards[what] = concrete(function, [tf.TensorSpec((None, *shape), tf.float32)])
        return self._forwards[what]

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        """How well real samples of a split are told from as many made ones. predictions: probability of being real."""
        data = self._split(split)
        if not len(data):
            raise EngineError(f"There are no {split} samples to evaluate the model on.")
        verdicts: list[Array] = []
        name = self._discriminator.network.inputs[0]
        with plain_errors("evaluate the model"):
            for start in range(0, len(data), _PIECE):
                if cancelled():
                    return None
                real = data.samples.prepared(name, slice(start, start + _PIECE))
                verdicts.append(self._forward("judged")(tf.constant(real)).numpy())
            made = self._of_noise(len(data), lambda noise: self._forward("judged")(self._forward("made")(noise)))
        on_real, on_made = np.concatenate(verdicts)[:, 0], np.concatenate(made)[:, 0]
        losses = np.logaddexp(0, -on_real)
        metrics = {
            "loss": float((losses.mean() + np.logaddexp(0, on_made).mean()) / 2),
            GENERATOR_LOSS: float(np.logaddexp(0, -on_made).mean()),
        }
        return Evaluation(metrics, losses, (1 / (1 + np.exp(-on_real)))[:, np.newaxis].astype(np.float32))

    def predict(self, inputs: Arrays) -> Array:
        """How probably samples are real: (n, 1) float32. inputs: by the discriminator's Input, as prepared."""
        values = tf.constant(np.ascontiguousarray(inputs[self._discriminator.network.inputs[0]], np.float32))
        with plain_errors("compute the model's output"):
            return tf.sigmoid(self._forward("judged")(values)).numpy()

    def activations(self, inputs: Arrays, layer_ids: Sequence[str], *, before: bool = False) -> Mapping[str, Array]:
        """Output of the named layers: of the discriminator for the given samples, of the generator for as many noises
        that stay the same."""
        count = len(next(iter(inputs.values())))
        found: dict[str, Array] = {}
        with plain_errors("compute the model's output"):
            for half in self._halves:
                places = half.network.before if before else half.network.after
                wanted = [layer_id for layer_id in layer_ids if layer_id in places]
                if not wanted:
                    continue
                name = half.network.inputs[0]
                given = inputs[name] if half is self._discriminator else self._noise(count, tf.constant(-1)).numpy()
                tensors = half.network.forward([tf.constant(given, tf.float32)], training=False)
                found.update({layer_id: tensors[places[layer_id]].numpy() for layer_id in wanted})
        unknown = [layer_id for layer_id in layer_ids if layer_id not in found]
        if unknown:
            raise EngineError(f"The model that is being run has no layer {unknown[0]}.")
        return found

    def set_values(self, values: Mapping[str, float]) -> None:
        """Change numbers while running, by path, of both networks; paths of things they do not have are ignored."""
        for path, value in values.items():
            live = [half.network.live[path] for half in self._halves if path in half.network.live]
            if path in self._clip.live:
                live.append(self._clip.live[path])
            for variable in live:
                variable.assign(value)
            if path.startswith(_OPTIMIZER):
                name = path.removeprefix(_OPTIMIZER)
                baked_in = [half.optimizer.set(name, float(value)) for half in self._halves]
                if any(baked_in):
                    self._blocks.clear()
            if live or path.startswith(_OPTIMIZER):
                self._changed[path] = float(value)

    def weights(self) -> Weights:
        """Copies of all weights of both."""
        found: dict[str, Array] = {}
        for half in self._halves:
            trained = half.optimizer.weights()
            for name, variable in _weight_variables(half).items():
                found[name] = trained[id(variable)] if id(variable) in trained else np.array(variable.numpy())
        return found

    def set_weights(self, weights: Weights) -> None:
        """Set the named weights, leave the others. Raises EngineError where a name or a shape does not fit."""
        variables = {name: each for half in self._halves for name, each in _weight_variables(half).items()}
        for name, values in weights.items():
            if name not in variables:
                raise EngineError(f"The model has no weight {name}.")
            if tuple(variables[name].shape) != values.shape:
                raise EngineError(
                    f"The weight {name} has the shape {shape_text(tuple(variables[name].shape))}, "
                    f"but the given one has {shape_text(values.shape)}."
                )
        for name, values in weights.items():
            variables[name].assign(values)
        for half in self._halves:
            half.optimizer.weights_changed()

    def state(self) -> EngineState:
        """Weights, what both optimizers remember, live changes, and where the noise stands."""
        remembered = {
            f"{half.name}:{name}": values for half in self._halves for name, values in half.optimizer.state().items()
        }
        changed = {path: np.array(value) for path, value in self._changed.items()}
        random = {name: np.array(each.numpy()) for name, each in self._random_variables().items()}
        return EngineState(self.weights(), {**remembered, **changed}, {**random, "updates": np.array(self._updates)})

    def restore(self, state: EngineState) -> None:
        """Continue exactly where `state` was taken. Raises EngineError where it belongs to another model."""
        random = self._random_variables()
        if set(state.random) != {*random, "updates"} or set(state.weights) != set(self.weights()):
            raise EngineError("The saved state belongs to another model; start a new run.")
        live = {
            name: float(value) for name, value in state.optimizer.items() if name.startswith(("model.", "training."))
        }
        self.set_values(live)
        for half in self._halves:
            prefix = f"{half.name}:"
            half.optimizer.restore(
                {name.removeprefix(prefix): value for name, value in state.optimizer.items() if name.startswith(prefix)}
            )
        self.set_weights(state.weights)
        for name, variable in random.items():
            variable.assign(state.random[name])
        self._updates = int(state.random["updates"])

    def close(self) -> None:
        """Let go of models, data and traces, so that their memory can be used again."""
        self._splits.clear()
        self._blocks.clear()
        self._forwards.clear()
        del self._generator, self._discriminator, self._clip

    def _split(self, name: str) -> Split:
        if name not in self._splits:
            raise EngineError(f"There is no {name} split; choose data, and how it is split.")
        return self._splits[name]

    def _random_variables(self) -> dict[str, Any]:
        """The states of all seed generators: what a layer keeps beside its weights."""
        found: dict[str, Any] = {}
        for half in self._halves:
            for layer_id, layer in half.network.layers.items():
                weights = {id(weight) for weight in layer.weights}
                kept = [variable for variable in layer.variables if id(variable) not in weights]
                found.update({f"{layer_id}/{number}": variable for number, variable in enumerate(kept)})
        return found


def _crossentropy(target: float, logits: Any) -> Any:
    """The mean cross-entropy of logits with one target for all: a scalar."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(target * tf.ones_like(logits), logits))


def _weight_variables(half: _Half) -> dict[str, Any]:
    return {
        f"{block_id}/{name}": variable
        for block_id, weights in half.network.weights.items()
        for name, variable in weights.items()
    }
