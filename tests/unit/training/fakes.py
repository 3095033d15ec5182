"""An engine whose behaviour a test decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nnplayground.engine.base import BlockMetrics, EngineError, EngineState, Evaluation, IndexArray, Weights
from nnplayground.samples import Array, Arrays, Samples


class FakeEngine:
    """One weight that each update moves by the learning rate. `losses(update)` gives the loss of an update."""

    def __init__(self, losses: Callable[[int], float] = lambda update: 1.0 / update) -> None:
        self.updates = 0
        self.rate = 0.0
        self.weight = np.zeros(1, np.float32)
        self.blocks: list[list[IndexArray]] = []
        self.values: dict[str, float] = {}
        self.memory: dict[str, Array] = {}
        """The optimizer's."""
        self.evaluations = 0
        self._losses = losses
        self._splits: Mapping[str, Samples] = {}
        self.validation_loss: Callable[[int], float] = lambda epoch: 1.0 / epoch
        self.validation_accuracy: Callable[[int], float] = lambda epoch: 0.5

    def attach(self, splits: Mapping[str, Samples]) -> None:
        self._splits = splits

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        self.blocks.append(list(batches))
        losses = []
        for _ in batches:
            self.updates += 1
            self.weight = self.weight + np.float32(self.rate)
            losses.append(self._losses(self.updates))
        sizes = np.array([len(batch) for batch in batches])
        return BlockMetrics({"loss": np.array(losses), "accuracy": np.full(len(losses), 0.5)}, sizes)

    def evaluate(self, split: str, cancelled: Callable[[], bool] = lambda: False) -> Evaluation | None:
        if cancelled():
            return None
        self.evaluations += 1
        count = len(self._splits[split])
        loss = self.validation_loss(self.evaluations)
        predictions = np.full((count, 1), 0.9, np.float32)
        return Evaluation(
            {"loss": loss, "accuracy": self.validation_accuracy(self.evaluations)}, np.full(count, loss), predictions
        )

    def predict(self, inputs: Arrays) -> Array:
        return np.full((len(next(iter(inputs.values()))), 1), 0.9, np.float32)

    def activations(self, inputs: Arrays, layer_ids: Sequence[str], *, before: bool = False) -> Mapping[str, Array]:
        unknown = set(layer_ids) - {"dense_1"}
        if unknown:
            raise EngineError(f"There is no layer {min(unknown)}.")
        return {layer_id: next(iter(inputs.values())) for layer_id in layer_ids}

    def set_values(self, values: Mapping[str, float]) -> None:
        self.values.update(values)
        self.rate = self.values.get("training.optimizer.learning_rate", self.rate)

    def weights(self) -> Weights:
        return {"dense_1/kernel": self.weight.copy()}

    def set_weights(self, weights: Weights) -> None:
        self.weight = np.array(weights["dense_1/kernel"])

    def state(self) -> EngineState:
        return EngineState(self.weights(), {name: value.copy() for name, value in self.memory.items()}, {})

    def restore(self, state: EngineState) -> None:
        self.set_weights(state.weights)
        self.memory = dict(state.optimizer)

    def close(self) -> None:
        self.updates = -1


def samples(count: int) -> Samples:
    return Samples(
        inputs={"input": np.arange(count, dtype=np.float32).reshape(count, 1)},
        targets={"dense_1": np.arange(count, dtype=np.int32) % 2},
        ids=tuple(str(number) for number in range(count)),
    )
