"""A Keras optimizer whose numbers may change while training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from nnplayground.engine.base import EngineError
from nnplayground.engine.keras.runtime import keras, tf
from nnplayground.samples import Array
from nnplayground.spec.training import Clip, Optimizer


class LiveNumber:
    """A number above zero that Keras' optimizers compare as such, and compute with as a variable."""

    def __init__(self, value: float) -> None:
        self.variable = tf.Variable(value, trainable=False, dtype=tf.float32)

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        return tf.convert_to_tensor(self.variable, dtype=dtype, name=name)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __gt__(self, other: float) -> bool:
        return other <= 0

    __hash__ = object.__hash__


class GradientClip:
    """Keras' three ways to limit gradients, with a limit that may change. Nothing happens where none is set."""

    def __init__(self, clip: Clip) -> None:
        self._kind = next((name for name in ("value", "norm", "global_norm") if getattr(clip, name) is not None), None)
        self.live: dict[str, Any] = {}
        if self._kind is not None:
            limit = tf.Variable(getattr(clip, self._kind), trainable=False, dtype=tf.float32)
            self.live[f"training.clip.{self._kind}"] = limit

    def __call__(self, gradients: Sequence[Any]) -> list[Any]:
        """One tensor for each weight, limited."""
        if self._kind is None:
            return list(gradients)
        limit = tf.convert_to_tensor(self.live[f"training.clip.{self._kind}"])
        if self._kind == "value":
            return [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        if self._kind == "norm":
            return [tf.clip_by_norm(gradient, limit) for gradient in gradients]
        return tf.clip_by_global_norm(gradients, limit)[0]


MEMORY: dict[str, dict[str, str]] = {
    "SGD": {"momentum": "velocity"},
    "RMSprop": {"velocity": "mean_square", "average_gradient": "mean", "momentum": "velocity"},
    "Adam": {"momentum": "mean", "velocity": "mean_square"},
    "AdamW": {"momentum": "mean", "velocity": "mean_square"},
    "Adagrad": {"accumulator": "sum_of_squares"},
    "Adamax": {"momentum": "mean", "norm": "largest"},
    "Nadam": {"momentum": "mean", "velocity": "mean_square"},
}
"""How Keras' optimizers end the names of what they remember of each weight → what it is called in a Trace. Keras uses
the same word for different things, so a Trace has the names of the scratch engine's formulas."""

FLAT_LIMIT = 250_000
"""Models with up to so many trained values are updated as one vector."""


class LiveOptimizer:
    """The chosen Keras optimizer for some weights.

    The learning rate and a momentum that is not zero are variables. Keras bakes its other numbers into the graph: `set`
    then makes the optimizer anew and carries its memory over, and whoever traced `apply` has to trace again.

    All optimizers work value by value, so a small model is given to Keras as one vector that holds all weights: the
    same result with a fraction of the operations, whose number is what an update of a small model costs.
    """

    def __init__(self, settings: Optimizer, weights: Sequence[Any]) -> None:
        """weights: the trainable keras.Variables."""
        self._settings = settings
        self._weights = list(weights)
        self._sizes = [math.prod(weight.shape) for weight in weights]
        self._vector: Any | None = None
        if len(weights) > 1 and sum(self._sizes) <= FLAT_LIMIT:
            self._vector = keras.Variable(self._joined(weights), name="weights")
        self._momentum: LiveNumber | None = None
        self._make()

    @staticmethod
    def _joined(tensors: Sequence[Any]) -> Any:
        return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)

    def _make(self) -> None:
        parameters = msgspec.structs.asdict(self._settings)
        # A name of its own keeps the names of its variables the same in every engine.
        self._keras = getattr(keras.optimizers, type(self._settings).__name__)(**parameters, name="optimizer")
        self._momentum = None
        if parameters.get("momentum"):
            self._momentum = self._keras.momentum = LiveNumber(parameters["momentum"])
        self._keras.build(self._weights if self._vector is None else [self._vector])

    def apply(self, gradients: Sequence[Any]) -> None:
        """One update of all weights; to be called while tracing."""
        if self._vector is None:
            self._keras.apply(gradients, self._weights)
            return
        self._keras.apply([self._joined(gradients)], [self._vector])
        for weight, values in zip(self._weights, tf.split(self._vector.value, self._sizes), strict=True):
            weight.assign(tf.reshape(values, weight.shape))

    @property
    def variables(self) -> list[Any]:
        """The weights that `apply` wants gradients for, in that order, as tf.Variables."""
        return [weight.value for weight in self._weights]

    def weights(self) -> dict[int, Array]:
        """Copies of the weights that are kept as one vector, by the id of their variable: one reading for all."""
        if self._vector is None:
            return {}
        parts = self._parted(np.array(self._vector.numpy()))
        return {id(weight): part for weight, part in zip(self._weights, parts, strict=True)}

    def _parted(self, vector: Array) -> list[Array]:
        """The parts of a vector of all weights, each in the shape of its weight."""
        parts = np.split(vector, np.cumsum(self._sizes)[:-1])
        return [part.reshape(weight.shape) for weight, part in zip(self._weights, parts, strict=True)]

    def weights_changed(self) -> None:
        """To be called when the weights were set by someone else."""
        if self._vector is not None:
            self._vector.assign(self._joined(self._weights))

    @property
    def count(self) -> int:
        """How many updates there have been."""
        return int(self._keras.iterations)

    def numbers(self) -> dict[str, float]:
        """The optimizer's numbers as they are now, by their fields' names."""
        settings = msgspec.structs.asdict(self._settings)
        numbers = {name: value for name, value in settings.items() if isinstance(value, float)}
        numbers["learning_rate"] = float(self._keras.learning_rate)
        if self._momentum is not None:
            numbers["momentum"] = float(self._momentum.variable)
        return numbers

    def memory(self, weights: Sequence[Any]) -> list[dict[str, Array]]:
        """What is remembered of each of these weights (keras.Variables), by the names in MEMORY."""
        places = [next(place for place, known in enumerate(self._weights) if known is weight) for weight in weights]
        found: list[dict[str, Array]] = [{} for _ in weights]
        for ending, name in MEMORY[type(self._settings).__name__].items():
            remembered = [variable for variable in self._keras.variables if variable.name.endswith(f"_{ending}")]
            if not remembered:
                continue
            parts = None if self._vector is None else self._parted(remembered[0].numpy())
            for memory, place in zip(found, places, strict=True):
                memory[name] = np.array(remembered[place].numpy() if parts is None else parts[place])
        return found

    def set(self, name: str, value: float) -> bool:
        """Change a number by its field's name. True where `apply` has to be traced again."""
        current = getattr(self._settings, name, None)
        if not isinstance(current, float) or name == "initial_accumulator_value":
            return False
        if name == "learning_rate":
            self._keras.learning_rate = value
            return False
        if name == "momentum" and self._momentum is not None:
            self._momentum.variable.assign(value)
            self._settings = msgspec.structs.replace(self._settings, momentum=float(value))
            return False
        if current == value:
            return False
        memory = self.state()
        self._settings = msgspec.structs.replace(self._settings, **{name: float(value)})
        self._make()
        self._assign(memory)
        return True

    def state(self) -> dict[str, Array]:
        """Learning rate, number of updates and the memory of each weight, by Keras' names."""
        return {name: np.array(variable.numpy()) for name, variable in self._variables().items()}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take over what `state` gave. Raises EngineError where it comes from another optimizer or model."""
        variables = self._variables()
        fits = set(variables) == set(state) and all(
            tuple(variable.shape) == state[name].shape for name, variable in variables.items()
        )
        if not fits:
            raise EngineError("The saved state belongs to another optimizer or another model; start a new run.")
        self._assign(state)

    def _assign(self, state: Mapping[str, Array]) -> None:
        for name, variable in self._variables().items():
            if name in state:
                variable.assign(state[name])

    def _variables(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for variable in self._keras.variables:
            # Nadam has a number to which Keras gives no name, only one that counts all such in the process.
            path = variable.path if "/" in variable.path else f"{self._keras.name}/unnamed"
            # Keras joins layer and weight by "_", so that a_b/kernel and a/b_kernel get one and the same path.
            while path in found:
                path += "'"
            found[path] = variable
        return found
