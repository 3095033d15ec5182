"""Looking inside a model: one picture's way through it, its weights, its values before the activation function."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import gcd
from typing import Literal, get_args

import msgspec
import numpy as np

from nnplayground.engine.base import BlockMetrics, Engine, IndexArray, Trace
from nnplayground.engine.heat import heat
from nnplayground.layers import Shape
from nnplayground.layers.activations import Activation
from nnplayground.samples import Array, Arrays, Samples
from nnplayground.training.events import (
    Flow,
    Histogram,
    LayerFlow,
    PlaneMaps,
    PlaneWants,
    SamplePrediction,
    Snapshot,
    SnapshotWants,
)
from nnplayground.training.sequences import SequenceLens

Part = Literal["sample", "weights", "histograms", "before", "plane", "update"]

BINS = 40
HISTOGRAM_SAMPLES = 16
"""Over how many samples the values before an activation function are counted."""
HISTOGRAM_VALUES = 20_000
SHARES: dict[Part, float] = {
    "sample": 0.006,
    "weights": 0.006,
    "histograms": 0.006,
    "before": 0.006,
    "plane": 0.15,
    "update": 0.02,
}
"""Of the time that each part of the snapshots may take while a run goes on. The plane of points is small, and what one
looks at all the time."""
CALM: dict[Part, float] = {"histograms": 0.15, "before": 0.15, "update": 0.25}
"""Seconds between two looks at what nobody reads faster, however little it costs: painting it costs more."""
FLOW_SAMPLES = 32
"""Over how many samples units are looked for that no longer take part."""
TRACED_VALUES = 1 << 18
"""An update is traced with all its layers where they hold no more values than this, else with the wanted one."""
SMALL, LARGE = 32, 80
"""Sides of the maps of the plane."""
_EPSILON = 1e-7
"""Keras' fuzz factor: probabilities are kept this far from 0 and 1 before the logarithm."""


class Viewer:
    """Finds samples by id and asks the engine about them. Used by the thread that owns the engine."""

    def __init__(
        self,
        engine: Engine,
        splits: Mapping[str, Samples],
        *,
        loss: str,
        shapes: Mapping[str, Shape],
        activations: Mapping[str, Activation],
        inner: Collection[str] = (),
        plane: Callable[[int], Arrays] | None = None,
        from_minus_one: bool = False,
        sequences: SequenceLens | None = None,
        class_names: tuple[str, ...] = (),
        traces: bool = True,
    ) -> None:
        """loss: name. shapes: output of each layer that runs; what a window asks about may have come since.

        activations: function of each layer. inner: ids of the layers inside blocks, vgg16_1/block5_conv1. plane: side →
        prepared inputs all over the plane, (side · side, features), row by row from the top left, where samples are
        points of it. from_minus_one: the two classes are −1 and 1. sequences: looks inside layers that read a sequence.
        class_names: what the model tells apart, where these are not the classes of the data. traces: an update can be
        made so that its numbers are seen.
        """
        self._class_names = class_names
        self._traces = traces
        self._sequences = sequences
        self._shapes = shapes
        self._inner = frozenset(inner)
        self._activations = activations
        self._plane = plane
        self._plane_inputs: dict[int, Arrays] = {}
        self._trace: Trace | None = None
        self._traced_update = 0
        self._pace = Pace()
        self._engine = engine
        self._splits = splits
        self._loss = loss
        self._from_minus_one = from_minus_one
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
        if values.ndim > 1:
            return SamplePrediction(sample_id, target, values.argmax(axis=-1), _loss_of_tokens(target, values))
        label = int(target) if np.ndim(target) == 0 else float(target[0])
        return SamplePrediction(sample_id, label, values, self._sample_loss(label, values), self._class_names)

    def _sample_loss(self, label: int | float, values: Array) -> float:
        """The loss of one sample by the textbook's formula, from its prediction."""
        if self._loss == "binary_crossentropy":
            probability = np.clip(float(values[0]), _EPSILON, 1 - _EPSILON)
            return float(-np.log(probability if label == 1 else 1 - probability))
        if self._loss == "categorical_crossentropy":
            return float(-np.log(np.clip(float(values[int(label)]), _EPSILON, 1.0)))
        if self._from_minus_one:
            label, values = 2 * label - 1, 2 * values - 1
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

    def influence(self, sample_id: str) -> Array | None:
        """How much each token of a text matters, see `SequenceLens.influence`; None for other samples."""
        return self._sequences.influence(self.inputs(sample_id)) if self._sequences is not None else None

    def heat(self, sample_id: str, layer_id: str) -> Array:
        """Grad-CAM: see `nnplayground.engine.heat`. (height, width) float32. Raises EngineError."""
        return heat(self._engine, self.inputs(sample_id), layer_id)[0]

    def possible(self, wants: SnapshotWants) -> SnapshotWants:
        """The parts of what is wanted that there can be of this model."""
        return wants if self._traces else msgspec.structs.replace(wants, flow=False, trace=None)

    def affordable(self, wants: SnapshotWants) -> SnapshotWants:
        """The parts of what is wanted whose turn it is while a run goes on; see `Pace`."""
        return self._pace.due(wants)

    def snapshot(self, wants: SnapshotWants, *, run_id: str, epoch: int, update: int) -> Snapshot:
        """Everything that is wanted, at this moment."""
        prediction = None
        activations: dict[str, Array] = {}
        gates: dict[str, Mapping[str, Array]] = {}
        tokens: dict[str, tuple[str, ...]] = {}
        looked_at: dict[str, tuple[str, ...]] = {}
        with self._pace.timed("sample", wants):
            if wants.sample_id is not None and self.knows(wants.sample_id):
                prediction = self.prediction(wants.sample_id)
                known = tuple(each for each in wants.layer_ids if each in self._shapes or each in self._inner)
                if known:
                    inputs = self.inputs(wants.sample_id)
                    found = self._engine.activations(inputs, known)
                    activations = {layer_id: values[0] for layer_id, values in found.items()}
                    if self._sequences is not None:
                        gates = {each: self._sequences.gates(each, inputs) for each in known}
                        tokens = {each: self._sequences.tokens(each, inputs) for each in known}
                        looked_at = {each: self._sequences.looked_at(each, inputs) for each in known}
        histograms: dict[str, Histogram] = {}
        with self._pace.timed("histograms" if wants.histograms else "weights", wants):
            everything = self._engine.weights() if wants.weights or wants.histograms else {}
            weights = {name: value for name, value in everything.items() if owner(name) in wants.weights}
        with self._pace.timed("histograms", wants):
            if wants.histograms:
                # A block may have hundreds of layers inside: of these, only those that are looked at.
                shown = {name for name in everything if owner(name) in self._shapes or owner(name) in wants.weights}
                histograms = {name: histogram(everything[name]) for name in everything if name in shown}
        before = None
        with self._pace.timed("before", wants):
            if wants.before_of is not None and wants.before_of in self._shapes:
                before = self._before(wants.before_of)
        plane = flow = None
        with self._pace.timed("plane", wants):
            if wants.plane.anything and self._plane is not None:
                plane = self._maps(wants.plane)
        with self._pace.timed("update", wants):
            if wants.flow and self._trace is not None:
                flow = Flow(self._traced_update, self._flow(self._trace))
        trace = self._trace if wants.trace is not None else None
        return Snapshot(
            run_id,
            epoch,
            update,
            wants,
            prediction,
            activations,
            weights,
            histograms,
            before,
            plane,
            flow,
            trace,
            gates,
            tokens,
            looked_at,
        )

    def needs_trace(self, wants: SnapshotWants) -> bool:
        """Whether the next update must be a traced one for what is wanted after it."""
        return wants.flow or wants.trace is not None

    def trace(self, batch: IndexArray, update: int, wants: SnapshotWants) -> BlockMetrics:
        """Do the next update (whose number is `update`) so that its numbers can be looked at."""
        values = len(batch) * sum(math.prod(shape) for shape in self._shapes.values())
        layer_ids = tuple(self._shapes) if values <= TRACED_VALUES else (wants.trace,) if wants.trace else ()
        with self._pace.timed("update", wants, work=layer_ids):
            self._trace = self._engine.trace(batch, [each for each in layer_ids if each in self._shapes])
        self._traced_update = update
        return self._trace.metrics

    def _maps(self, wants: PlaneWants) -> PlaneMaps:
        assert self._plane is not None
        known = [layer_id for layer_id in wants.layer_ids if layer_id in self._shapes]
        small = self._over_plane(SMALL, known) if known else {}
        large = wants.large if wants.large in self._shapes else None
        return PlaneMaps(small, self._over_plane(LARGE, [large])[large] if large is not None else None)

    def _over_plane(self, side: int, layer_ids: Sequence[str]) -> dict[str, Array]:
        assert self._plane is not None
        if side not in self._plane_inputs:
            self._plane_inputs[side] = self._plane(side)
        found = self._engine.activations(self._plane_inputs[side], layer_ids)
        return {
            layer_id: np.ascontiguousarray(values.reshape(side * side, -1).T, np.float32).reshape(-1, side, side)
            for layer_id, values in found.items()
        }

    def _flow(self, trace: Trace) -> dict[str, LayerFlow]:
        inputs = self._some_inputs(FLOW_SAMPLES)
        before = self._engine.activations(inputs, tuple(self._shapes), before=True)
        flow = {}
        for layer_id, z in before.items():
            dead, saturated = idle_units(self._activations[layer_id], z)
            flow[layer_id] = LayerFlow(
                trace.gradient_norms.get(layer_id), trace.update_norms.get(layer_id), dead, saturated
            )
        return flow

    def _before(self, layer_id: str) -> Histogram:
        inputs = self._some_inputs(HISTOGRAM_SAMPLES)
        return histogram(self._engine.activations(inputs, (layer_id,), before=True)[layer_id])

    def _some_inputs(self, count: int) -> dict[str, Array]:
        """The first validation samples, or training samples where there are none, as prepared."""
        split = "validation" if len(self._splits.get("validation", ())) else "training"
        samples = self._splits[split]
        some = slice(0, min(count, len(samples)))
        return {name: samples.prepared(name, some) for name in samples.inputs}


def owner(weight: str) -> str:
    """The layer that a weight belongs to: conv2d_1 of conv2d_1/kernel, vgg16_1/block5_conv1 of one inside a block."""
    return weight.rpartition("/")[0]


def _loss_of_tokens(target: Array, probabilities: Array) -> float:
    """The mean of −log p over the places that are not padding. target: (T,); probabilities: (T, V)."""
    places = np.flatnonzero(target)
    right = probabilities[places, target[places]]
    return float(-np.log(np.clip(right, _EPSILON, 1.0)).mean()) if len(places) else 0.0


def idle_units(function: Activation, z: Array) -> tuple[float | None, float | None]:
    """(share of dead units, share of saturated units) of a layer, None where the function cannot have such.

    z: (n, …, units), what goes into the function. Dead: relu gives 0 everywhere. Saturated: the mean slope is below a
    twentieth of the steepest one, of functions that flatten towards both sides.
    """
    rows = z.reshape(-1, z.shape[-1])
    if function.name == "relu":
        return float((rows <= 0).all(axis=0).mean()), None
    if function.name not in _TWO_SIDED:
        return None, None
    zero = np.zeros(1, z.dtype)
    steepest = function.derivative(zero, function.value(zero))[0]
    slopes = function.derivative(rows, function.value(rows)).mean(axis=0)
    return None, float((slopes < steepest / 20).mean())


_TWO_SIDED = frozenset({"sigmoid", "tanh", "arctan", "hard_sigmoid"})


class Pace:
    """Keeps looking inside from slowing the training down: each part may take a small share of the time.

    A part that took c seconds is not due again before c / share seconds have passed, unless something else is wanted.
    """

    def __init__(self) -> None:
        self._asked: dict[Part, object] = {}
        self._due_at: dict[Part, float] = {}
        self._ready: set[object] = set()
        """Work that has been done before."""

    def due(self, wants: SnapshotWants) -> SnapshotWants:
        """`wants` without the parts whose turn it is not."""
        now = time.perf_counter()
        parts = {part: self._is_due(part, wants, now) for part in get_args(Part)}
        return SnapshotWants(
            sample_id=wants.sample_id if parts["sample"] else None,
            layer_ids=wants.layer_ids if parts["sample"] else (),
            weights=wants.weights if parts["weights"] else (),
            histograms=wants.histograms and parts["histograms"],
            before_of=wants.before_of if parts["before"] else None,
            plane=wants.plane if parts["plane"] else PlaneWants(),
            flow=wants.flow and parts["update"],
            trace=wants.trace if parts["update"] else None,
        )

    def _is_due(self, part: Part, wants: SnapshotWants, now: float) -> bool:
        return self._asked.get(part) != _wish(part, wants) or now >= self._due_at.get(part, 0.0)

    @contextmanager
    def timed(self, part: Part, wants: SnapshotWants, *, work: object = None) -> Iterator[None]:
        """Around the work for a part: remembers what was asked, and when it is due again.

        work: what it is, if a part is made of several things. The first time does not count: an engine that has
        to get ready for something may take a hundred times as long then.
        """
        wish = _wish(part, wants)
        began = time.perf_counter()
        yield
        if wish is not None:
            ended = time.perf_counter()
            # A part that is done in two goes waits for both.
            since = max(self._due_at.get(part, 0.0), ended) if self._asked.get(part) == wish else ended
            spent = ended - began if (part, work) in self._ready else 0.0
            self._ready.add((part, work))
            self._asked[part] = wish
            self._due_at[part] = since + max(spent / SHARES[part], CALM.get(part, 0.0))


def _wish(part: Part, wants: SnapshotWants) -> object:
    """What is wanted of a part, None where nothing is."""
    if part == "sample":
        return (wants.sample_id, wants.layer_ids) if wants.sample_id is not None else None
    if part == "weights":
        return wants.weights or None
    if part == "histograms":
        return wants.histograms or None
    if part == "plane":
        return wants.plane if wants.plane.anything else None
    if part == "update":
        return (wants.flow, wants.trace) if wants.flow or wants.trace is not None else None
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
    # Between weights that have hardly moved, float32 has too few numbers for the edges of the bins.
    finite = flat[np.isfinite(flat)].astype(np.float64)
    if finite.size == 0:
        return Histogram(np.zeros(BINS, int), np.linspace(0, 1, BINS + 1))
    counts, edges = np.histogram(finite, bins=BINS)
    return Histogram(counts, edges)
