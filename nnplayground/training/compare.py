"""Comparing the engines on the user's own project: from the same weights, on the same batches, to the same weights?

Both compute in float32, as they do when they train. What differs then should be rounding alone, and rounding grows from
update to update, in some models until nothing is the same any more. So the scratch engine also computes in float64
beside them: how far it gets from itself is what rounding explains. Keras rounds β₂ in one place of Adam and AdamW and
not in another, which makes their steps shorter by a hundredfold of all other rounding, and in Nadam other numbers, with
about as much of an effect; so the one in float64 has to do likewise.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any

import msgspec
import numpy as np

from nnplayground import engine
from nnplayground.engine.base import Engine, EngineError, IndexArray, Weights
from nnplayground.engine.scratch.engine import ScratchEngine
from nnplayground.engine.weighting import training_weights
from nnplayground.samples import Samples
from nnplayground.spec.dataset import ImageFolder
from nnplayground.spec.edits import remove_layers
from nnplayground.spec.facts import DataFacts
from nnplayground.spec.model import Block
from nnplayground.spec.project import Project
from nnplayground.spec.training import Adam, AdamW, Nadam, Optimizer
from nnplayground.training.batches import DataOrder
from nnplayground.training.schedules import scheduled_rate

MARKS = (1, 10, 50)
"""After so many updates the weights are compared."""
UPDATES = MARKS[-1]
TOLERANCE = 1e-4
"""Weights that differ by no more than this share of their size count as equal."""
_ROUNDING_FACTOR = 10.0
"""How much further apart two engines may get than rounding takes one of them from itself: they round differently."""
_NO_GRADIENT = 1e-13
"""A gradient below this share of the whole is zero but for rounding, in float64."""
_RATE = "training.optimizer.learning_rate"


def short(difference: float) -> str:
    """2.1e-7."""
    if not math.isfinite(difference) or not difference:
        return f"{difference:g}"
    figures, _, power = f"{difference:.1e}".partition("e")
    return f"{figures}e{int(power)}"


class LayerDifference(msgspec.Struct, frozen=True):
    """How far apart the weights of a layer are: ‖keras − scratch‖ / ‖keras‖, of its tensor where that is largest.

    differences: by number of updates. rounding: the same between the scratch engine and itself in float64.
    """

    differences: Mapping[int, float]
    rounding: Mapping[int, float]

    @property
    def last(self) -> float:
        """After the most updates."""
        return self.differences[max(self.differences)]

    @property
    def explained(self) -> bool:
        """Whether the layers are equal, or no further apart than rounding takes them."""
        return self.last <= max(TOLERANCE, _ROUNDING_FACTOR * self.rounding[max(self.rounding)])


class Comparison(msgspec.Struct, frozen=True):
    """What is known after some updates.

    layers: by id, those with weights; empty before the first update. switched_off: what is random, and left out for
    that. held: weights whose gradient is zero ("<layer id>/<name>"): rounding alone would move them, so they are put
    back after each update, and not compared. message: what is being waited for.
    """

    updates: int = 0
    layers: Mapping[str, LayerDifference] = {}
    switched_off: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    message: str = ""

    @property
    def finished(self) -> bool:
        return self.updates == UPDATES

    @property
    def largest(self) -> float:
        """The largest difference of all layers; not a number where weights are none."""
        found = [layer.last for layer in self.layers.values()]
        return math.nan if any(map(math.isnan, found)) else max(found, default=0.0)

    @property
    def by_rounding(self) -> bool:
        """Whether the engines are apart, but no further than rounding takes them."""
        return self.largest > TOLERANCE and all(layer.explained for layer in self.layers.values())

    @property
    def summary(self) -> str:
        """The result in one line."""
        largest = self.largest
        if math.isnan(largest):
            return "The weights became infinite in both engines, so there is nothing to compare"
        if largest <= TOLERANCE:
            return f"Keras agrees: max weight difference {short(largest)}"
        if self.by_rounding:
            return f"Keras agrees as far as rounding allows: max weight difference {short(largest)}"
        worst = max(self.layers, key=lambda layer_id: self.layers[layer_id].last)
        if math.isinf(largest):
            return f"Keras differs: the weights of {worst} become infinite in one engine only"
        return f"Keras differs: the weights of {worst} by {short(largest)}"

    @property
    def text(self) -> str:
        """The result as a table, with tabs between the columns."""
        marks = [mark for mark in MARKS if mark <= self.updates]
        if not marks:
            return self.message
        lines = [["updates", *(f"after {mark}" for mark in marks), f"rounding after {marks[-1]}"]]
        lines += [
            [layer_id, *(f"{short(layer.differences[mark])}" for mark in marks), f"{short(layer.rounding[marks[-1]])}"]
            for layer_id, layer in self.layers.items()
        ]
        return "\n".join([self.summary, *("\t".join(line) for line in lines)])


def compare(project: Project, facts: DataFacts, samples: Samples) -> Generator[Comparison, None, None]:
    """Train both engines side by side; what is known, after each update. Whoever stops asking ends it.

    samples: the training split, under the ids of the model's Inputs and output. Raises EngineError, with one sentence,
    where there is nothing to compare.
    """
    calm, switched_off = _without_chance(project)
    _check_comparable(calm)
    planned = _planned(project, len(samples))
    used = np.unique(np.concatenate([batch for _, batch in planned]))
    some = _some(calm, facts, samples, used)
    calm = msgspec.structs.replace(calm, training=msgspec.structs.replace(calm.training, class_weight="none"))
    so_far = Comparison(switched_off=switched_off, message="Building both engines…")
    yield so_far
    engines: list[Engine] = []
    try:
        scratch, exact = (ScratchEngine(_with_engine(calm, "scratch"), facts, dtype=dtype) for dtype in _DTYPES)
        engines += [scratch, exact]
        start = scratch.weights()
        if not start:
            raise EngineError("This model has no weights, so there is nothing to compare.")
        other = engine.build(_with_engine(calm, "keras"), facts)
        engines.append(other)
        for each in engines:
            each.attach({"training": some})
            each.set_weights(start)
        places = [(rate, np.searchsorted(used, batch)) for rate, batch in planned]
        so_far = msgspec.structs.replace(so_far, message="Computing the first update…")
        yield so_far
        held = _without_gradient(exact.gradients(places[0][1]))
        so_far = msgspec.structs.replace(so_far, held=held, message="")
        for updates, (rate, batch) in enumerate(places, 1):
            for each in engines:
                factor = _shortened_by(project.training.optimizer, updates) if each is exact else 1.0
                each.set_values({_RATE: rate * factor})
                each.train([batch])
                if held:
                    each.set_weights({name: start[name] for name in held})
            so_far = msgspec.structs.replace(so_far, updates=updates)
            if updates in MARKS:
                told = {name: each.weights() for name, each in zip(("scratch", "exact", "keras"), engines, strict=True)}
                so_far = msgspec.structs.replace(so_far, layers=_measured(so_far, **told))
            yield so_far
    finally:
        for each in engines:
            each.close()


_DTYPES: tuple[Any, Any] = (np.float32, np.float64)


def _shortened_by(optimizer: Optimizer, update: int) -> float:
    """By which factor Keras' rounding of β₂ changes the length of an update, counted from 1.

    The mean of the squares takes 1 − β₂ as it is, while 1 − β₂ᵗ, which makes up for a mean that starts at zero, is
    worked out from β₂ as float32 has it.
    """
    if not isinstance(optimizer, Adam | AdamW | Nadam):
        return 1.0
    exact, rounded = (1 - beta_2**update for beta_2 in (optimizer.beta_2, float(np.float32(optimizer.beta_2))))
    return math.sqrt(rounded / exact)


def _without_chance(project: Project) -> tuple[Project, tuple[str, ...]]:
    """The project without what is random in training, as each engine draws numbers of its own; and the names of it."""
    off: list[str] = []
    blocks: list[Block] = []
    for block in project.model.blocks:
        layer = block.layer
        if layer.without_chance() != layer:
            off.append(block.id)
            layer = layer.without_chance()
        blocks.append(Block(block.id, layer))
    model = msgspec.structs.replace(project.model, blocks=tuple(blocks))
    random = [block.id for block in blocks if block.layer.family == "augmentation"]
    calm = remove_layers(msgspec.structs.replace(project, model=model), random)
    dataset = project.dataset
    if isinstance(dataset, ImageFolder) and dataset.augmentation:
        calm = msgspec.structs.replace(calm, dataset=msgspec.structs.replace(dataset, augmentation=()))
        off.append("the augmentation of the data")
    return calm, (*off, *random)


def _check_comparable(project: Project) -> None:
    only_keras = dict.fromkeys(block.layer.type for block in project.model.blocks if not block.layer.has_maths)
    if only_keras:
        raise EngineError(
            f"Only the Keras engine has {' and '.join(only_keras)}, so there is nothing to compare this model with."
        )
    if engine.missing("keras") is not None:
        raise EngineError(
            "There is nothing to compare with: the Keras engine needs TensorFlow, which this Python does not have. "
            "Install it with “pip install tensorflow keras”."
        )


def _planned(project: Project, samples: int) -> list[tuple[float, IndexArray]]:
    """The learning rate and the batch of each update, as in a run of the project."""
    training = project.training
    order = DataOrder(training.seed, samples, training.batch_size)

    def updates() -> Iterator[tuple[float, IndexArray]]:
        for epoch in count():
            rate = scheduled_rate(
                training.schedule, training.optimizer.learning_rate, epoch=epoch, epochs=training.epochs
            )
            yield from ((rate, batch) for batch in order.batches(epoch))

    return list(islice(updates(), UPDATES))


def _some(project: Project, facts: DataFacts, samples: Samples, used: IndexArray) -> Samples:
    """The samples that are used, each of which counts as much as it does among all of them."""
    target = next(iter(samples.targets.values()))
    output = project.model.outputs[0]
    bound = msgspec.structs.replace(samples, targets={output: target})
    weights = training_weights(project, facts, bound, output)
    if len(used) == len(samples):
        return msgspec.structs.replace(bound, weights=weights)
    return msgspec.structs.replace(
        bound,
        inputs={name: np.asarray(stored[used]) for name, stored in samples.inputs.items()},
        targets={output: target[used]},
        ids=tuple(samples.ids[place] for place in used),
        weights=None if weights is None else weights[used],
    )


def _with_engine(project: Project, name: str) -> Project:
    return msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, engine=name))


def _without_gradient(gradients: Weights) -> tuple[str, ...]:
    """Names of the weights whose gradient is zero but for rounding, such as a bias before BatchNormalization."""
    norms = {name: float(np.linalg.norm(gradient)) for name, gradient in gradients.items()}
    whole = math.hypot(*norms.values())
    return tuple(name for name, norm in norms.items() if 0 < norm < _NO_GRADIENT * whole)


def _measured(so_far: Comparison, *, keras: Weights, scratch: Weights, exact: Weights) -> dict[str, LayerDifference]:
    """The differences until now, and those of these weights."""
    layers = dict.fromkeys(name.partition("/")[0] for name in scratch if name not in so_far.held)
    found: dict[str, LayerDifference] = {}
    for layer_id in layers:
        names = [name for name in scratch if name.startswith(f"{layer_id}/") and name not in so_far.held]
        before = so_far.layers.get(layer_id, LayerDifference({}, {}))
        found[layer_id] = LayerDifference(
            {**before.differences, so_far.updates: _largest(names, scratch, keras)},
            {**before.rounding, so_far.updates: _largest(names, scratch, exact)},
        )
    return found


def _largest(names: Sequence[str], weights: Weights, reference: Weights) -> float:
    return float(np.max([_difference(weights[name], reference[name]) for name in names]))


def _difference(values: Any, reference: Any) -> float:
    """‖values − reference‖ / ‖reference‖, where that is not zero; not a number where both are infinite."""
    values, reference = np.asarray(values, np.float64), np.asarray(reference, np.float64)
    infinite = [not bool(np.isfinite(array).all()) for array in (values, reference)]
    if any(infinite):
        return math.nan if all(infinite) else math.inf
    size = float(np.linalg.norm(reference)) or float(np.linalg.norm(values))
    return float(np.linalg.norm(values - reference)) / size if size else 0.0
