"""Looking inside a model: one picture's way through it, its weights, its values before the activation function."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from math import gcd
from typing import Literal, get_args

import numpy as np

from nnplayground.engine.base import Engine
from nnplayground.samples import Array, Samples
from nnplayground.training.events import Histogram, SamplePrediction, Snapshot, SnapshotWants

BINS = 40
HISTOGRAM_SAMPLES = 16
"""Over how many samples the values before an activation function are counted."""
HISTOGRAM_VALUES = 20_000
SHARE = 0.006
"""Of the time that each part of the snapshots may take while a run goes on."""
_EPSILON = 1e-7
"""Keras' fuzz factor: probabilities are kept this far from 0 and 1 before the logarithm."""


class Viewer:
    """Finds samples by id and asks the engine about them. Used by the thread that owns the engine."""

    def __init__(self, engine: Engine, splits: Mapping[str, Samples], *, loss: str, layers: Collection[str]) -> None:
        """layers: ids of the model that runs; what a window asks about may have come to its model since."""
        self._layers = frozenset(layers)
        self._pace = Pace()
        self._engine = engine
        self._splits = splits
        self._loss = loss
        self._places = {
            sample_id: (split, place)
            for split, samples in splits.items()
            for place, sample_id in enumerate(samples.ids)
        }

    def inputs(self, sample_id: str) -> dict[str, Array]:
        """The prepared inputs of one sample, each (1, *shape). Raises KeyError for an unknown id."""
        split, place = self._places[sample_id]
        samples = self._splits[split]
        return {name: samples.prepared(name, slice(place, place + 1)) for name in samples.inputs}

    def knows(self, sample_id: str) -> bool:
        return sample_id in self._places

    def prediction(self, sample_id: str) -> SamplePrediction:
        """What the model says about one sample now."""
        split, place = self._places[sample_id]
        samples = self._splits[split]
        target = next(iter(samples.targets.values()))[place]
        values = self._engine.predict(self.inputs(sample_id))[0]
        label = int(target) if np.ndim(target) == 0 else float(target[0])
        return SamplePrediction(sample_id, label, values, self._sample_loss(label, values))

    def _sample_loss(self, label: int | float, values: Array) -> float:
        """The loss of one sample by the textbook's formula, from its prediction."""
        if self._loss == "binary_crossentropy":
            probability = np.clip(float(values[0]), _EPSILON, 1 - _EPSILON)
            return float(-np.log(probability if label == 1 else 1 - probability))
        if self._loss == "categorical_crossentropy":
            return float(-np.log(np.clip(float(values[int(label)]), _EPSILON, 1.0)))
        target = np.zeros_like(values)
        if len(values) > 1:
            target[int(label)] = 1
        else:
            target[0] = label
        difference = values - target
        return float(np.mean(difference**2 if self._loss == "mean_squared_error" else np.abs(difference)))

    def occlusion(self, sample_id: str, *, patches: int = 12) -> Array:
        """How much each place of a picture matters: (patches, patches) float32.

        A gray patch covers one place after the other; the value is by how much that lowers the probability of the
        predicted class (negative where covering raises it).
        """
        prepared = self.inputs(sample_id)
        name, image = next(iter(prepared.items()))
        height, width = image.shape[1:3]
        rows = np.linspace(0, height, min(patches, height) + 1).astype(int)
        columns = np.linspace(0, width, min(patches, width) + 1).astype(int)
        covered = np.repeat(image, (len(rows) - 1) * (len(columns) - 1), axis=0)
        gray = image.mean(axis=(1, 2), keepdims=True)[0]
        margin_y = max(1, height // (2 * patches))
        margin_x = max(1, width // (2 * patches))
        place = 0
        for top, bottom in pairwise(rows):
            for left, right in pairwise(columns):
                covered[
                    place,
                    max(top - margin_y, 0) : bottom + margin_y,
                    max(left - margin_x, 0) : right + margin_x,
                ] = gray
                place += 1
        others = {each: np.repeat(array, len(covered), axis=0) for each, array in prepared.items() if each != name}
        before = self._engine.predict(prepared)[0]
        after = self._engine.predict({name: covered, **others})
        if len(before) == 1:
            sign = 1.0 if before[0] >= 0.5 else -1.0
            drop = sign * (before[0] - after[:, 0])
        else:
            winner = int(np.argmax(before))
            drop = before[winner] - after[:, winner]
        return drop.reshape(len(rows) - 1, len(columns) - 1).astype(np.float32)

    def affordable(self, wants: SnapshotWants) -> SnapshotWants:
        """The parts of what is wanted whose turn it is while a run goes on; see `Pace`."""
        return self._pace.due(wants)

    def snapshot(self, wants: SnapshotWants, *, run_id: str, epoch: int, update: int) -> Snapshot:
        """Everything that is wanted, at this moment."""
        prediction = None
        activations: dict[str, Array] = {}
        with self._pace.timed("sample", wants):
            if wants.sample_id is not None and self.knows(wants.sample_id):
                prediction = self.prediction(wants.sample_id)
                known = tuple(layer_id for layer_id in wants.layer_ids if layer_id in self._layers)
                if known:
                    found = self._engine.activations(self.inputs(wants.sample_id), known)
                    activations = {layer_id: values[0] for layer_id, values in found.items()}
        weights: dict[str, Array] = {}
        histograms: dict[str, Histogram] = {}
        with self._pace.timed("weights", wants):
            if wants.weights or wants.histograms:
                everything = self._engine.weights()
                weights = {name: value for name, value in everything.items() if name.partition("/")[0] in wants.weights}
                if wants.histograms:
                    histograms = {name: histogram(value) for name, value in everything.items()}
        before = None
        with self._pace.timed("before", wants):
            if wants.before_of is not None and wants.before_of in self._layers:
                before = self._before(wants.before_of)
        return Snapshot(run_id, epoch, update, wants, prediction, activations, weights, histograms, before)

    def _before(self, layer_id: str) -> Histogram:
        split = "validation" if len(self._splits.get("validation", ())) else "training"
        samples = self._splits[split]
        some = slice(0, min(HISTOGRAM_SAMPLES, len(samples)))
        inputs = {name: samples.prepared(name, some) for name in samples.inputs}
        return histogram(self._engine.activations(inputs, (layer_id,), before=True)[layer_id])


Part = Literal["sample", "weights", "before"]


class Pace:
    """Keeps looking inside from slowing the training down: each part may take a small share of the time.

    A part that took c seconds is not due again before c / SHARE seconds have passed, unless something else is wanted.
    """

    def __init__(self) -> None:
        self._asked: dict[Part, object] = {}
        self._due_at: dict[Part, float] = {}

    def due(self, wants: SnapshotWants) -> SnapshotWants:
        """`wants` without the parts whose turn it is not."""
        now = time.perf_counter()
        parts = {part: self._is_due(part, wants, now) for part in get_args(Part)}
        return SnapshotWants(
            sample_id=wants.sample_id if parts["sample"] else None,
            layer_ids=wants.layer_ids if parts["sample"] else (),
            weights=wants.weights if parts["weights"] else (),
            histograms=wants.histograms and parts["weights"],
            before_of=wants.before_of if parts["before"] else None,
        )

    def _is_due(self, part: Part, wants: SnapshotWants, now: float) -> bool:
        return self._asked.get(part) != _wish(part, wants) or now >= self._due_at.get(part, 0.0)

    @contextmanager
    def timed(self, part: Part, wants: SnapshotWants) -> Iterator[None]:
        """Around the work for a part: remembers what was asked, and when it is due again."""
        wish = _wish(part, wants)
        began = time.perf_counter()
        yield
        if wish is not None:
            ended = time.perf_counter()
            self._asked[part] = wish
            self._due_at[part] = ended + (ended - began) / SHARE


def _wish(part: Part, wants: SnapshotWants) -> object:
    """What is wanted of a part, None where nothing is."""
    if part == "sample":
        return (wants.sample_id, wants.layer_ids) if wants.sample_id is not None else None
    if part == "weights":
        return (wants.weights, wants.histograms) if wants.weights or wants.histograms else None
    return wants.before_of


def histogram(values: Array) -> Histogram:
    """Counts of the finite values in equal bins from the least to the largest; of a spread-out selection where there
    are very many.
    """
    flat = values.reshape(-1)
    step = -(-flat.size // HISTOGRAM_VALUES)
    while step > 1 and gcd(step, values.shape[-1]) > 1:
        step += 1  # so that all channels are in the selection
    flat = flat[:: max(step, 1)]
    finite = flat[np.isfinite(flat)]
    if finite.size == 0:
        return Histogram(np.zeros(BINS, int), np.linspace(0, 1, BINS + 1))
    counts, edges = np.histogram(finite, bins=BINS)
    return Histogram(counts, edges)
