"""What a run tells while it goes on. Every event carries the id of its run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from nnplayground.engine.base import Trace
from nnplayground.samples import Array
from nnplayground.spec.dataset import Dataset
from nnplayground.spec.facts import DataFacts

Reason = Literal["finished", "stopped", "early_stopped", "diverged", "failed"]


class Preparing(msgspec.Struct, frozen=True):
    """Before the first update: what is being waited for. `total` is 0 where its length is unknown."""

    run_id: str
    message: str
    done: int = 0
    total: int = 0


_Number = TypeVar("_Number", float, Array)


class SeriesWindows(msgspec.Struct, frozen=True, eq=False):
    """What the samples of a series are: by split, (n, window, columns) float32, as the model gets them.

    A number x of the column `target`, and of a prediction, was x · deviation + mean in the file.
    """

    windows: Mapping[str, Array]
    columns: tuple[str, ...]
    target: int
    horizon: int
    mean: float
    deviation: float

    def in_file(self, value: _Number) -> _Number:
        """A number in the unit of the file."""
        return value * self.deviation + self.mean


class Catalog(msgspec.Struct, frozen=True, eq=False):
    """Which samples there are, once the data is loaded.

    ids, labels: by split; labels: (n,) int32 class indices, or numbers, or (n, places) int32 tokens. files: picture of
    each id, where there is one. texts, target_texts: what each id reads like, and what is to be written of it, where
    there is something to read. series: the windows, where the samples are such.
    """

    facts: DataFacts
    ids: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Array]
    files: Mapping[str, Path]
    texts: Mapping[str, str] = {}
    target_texts: Mapping[str, str] = {}
    series: SeriesWindows | None = None


class DataLoaded(msgspec.Struct, frozen=True, eq=False):
    """The data of the run is in memory (or mapped)."""

    run_id: str
    catalog: Catalog
    dataset: Dataset


class DataRefused(msgspec.Struct, frozen=True):
    """The data cannot be used, which nobody knew before it was loaded. message: one sentence.

    missing_path: the folder that should be there and is not, where that is the reason.
    """

    run_id: str
    dataset: Dataset
    message: str
    missing_path: str | None = None


class Notice(msgspec.Struct, frozen=True):
    """Something that the user should know while the run goes on, in one or two sentences.

    run_kept: whether what the run learns still goes to the disk.
    """

    run_id: str
    message: str
    run_kept: bool = True


class Stage(msgspec.Struct, frozen=True):
    """A later part of a run, in which another share of a Pretrained block is trained.

    epoch, update: complete before it began. what: a few words, such as "fine-tuning from block5_conv1".
    """

    epoch: int
    update: int
    what: str


class RunStarted(msgspec.Struct, frozen=True, eq=False):
    """Updates begin. `epoch` and `update` are where it starts: 0, or where the continued run was.

    kept: layers whose trained weights go on; reinitialized: layers that start anew although weights were there.
    stages: those that have begun, this one included, apart from the first.
    """

    run_id: str
    epochs: int
    updates_per_epoch: int
    samples: int
    epoch: int
    update: int
    metrics: tuple[str, ...]
    kept: tuple[str, ...] = ()
    reinitialized: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()


class StepsDone(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A block of updates is done. `first_update` counts from 1 over the whole run; values[name]: (updates,)."""

    run_id: str
    epoch: int
    first_update: int
    values: Mapping[str, Array]
    samples_per_second: float


class EpochDone(msgspec.Struct, frozen=True, eq=False, gc=False):
    """An epoch (counted from 1) and its validation are done. `metrics` holds loss, accuracy, …, val_loss, …."""

    run_id: str
    epoch: int
    update: int
    metrics: Mapping[str, float]
    learning_rate: float
    seconds: float


class PlaneWants(msgspec.Struct, frozen=True):
    """What is wanted over the plane of two-dimensional points; of other data there is nothing.

    layer_ids: layers whose units are wanted as small maps; large: the layer that is wanted in full resolution.
    """

    layer_ids: tuple[str, ...] = ()
    large: str | None = None

    @property
    def anything(self) -> bool:
        return bool(self.layer_ids or self.large)


class SnapshotWants(msgspec.Struct, frozen=True):
    """What visible panels want to see. Nothing is computed while all of it is empty.

    sample_id: the picture (or point) whose activations are shown; layer_ids: of which layers.
    weights: layer ids whose weights are wanted in full; histograms: of all layers' weights.
    before_of: layer whose pre-activations over some validation samples are wanted as a histogram.
    flow: how gradients run through the layers, and which units no longer take part.
    trace: layer of which one update is wanted with all its numbers; while a run goes on, the next update is that one,
    and other layers may be in it too.
    """

    sample_id: str | None = None
    layer_ids: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    histograms: bool = False
    before_of: str | None = None
    plane: PlaneWants = PlaneWants()
    flow: bool = False
    trace: str | None = None

    @property
    def anything(self) -> bool:
        return bool(
            self.sample_id
            or self.weights
            or self.histograms
            or self.before_of
            or self.plane.anything
            or self.flow
            or self.trace
        )


class Histogram(msgspec.Struct, frozen=True, eq=False):
    """counts: (bins,), edges: (bins + 1,)."""

    counts: Array
    edges: Array


class PlaneMaps(msgspec.Struct, frozen=True, eq=False):
    """What units give over the plane −6…6 × −6…6. The first row is at the top (x₂ = 6), the first column at the left.

    small[layer id]: (units, 32, 32) float32, in the middles of 32 × 32 equal squares. large: (units, 80, 80)
    likewise, of the layer `wants.plane.large`.
    """

    small: Mapping[str, Array]
    large: Array | None


class LayerFlow(msgspec.Struct, frozen=True):
    """How a layer takes part in learning.

    gradient, update: Euclidean norms of the gradient of all its weights and of their last change; None without weights.
    dead: share of its units that give 0 for every sample looked at (relu only). saturated: share of its units whose
    activation function is nearly flat, on average over these samples (functions with limits only). Else None.
    """

    gradient: float | None
    update: float | None
    dead: float | None
    saturated: float | None


class Flow(msgspec.Struct, frozen=True, eq=False):
    """How gradients run through the model at one update. layers: by id, in the order of computation."""

    update: int
    layers: Mapping[str, LayerFlow]


class SamplePrediction(msgspec.Struct, frozen=True, eq=False):
    """What the model says about one sample. values: (k,), as Evaluation.predictions; loss of this sample.

    Of tokens, label: (T,) the right ones, and values: (T,) the most probable ones, with the right ones before each.
    class_names: what the model tells apart, where these are not the classes of the data.
    """

    sample_id: str
    label: int | float | Array
    values: Array
    loss: float
    class_names: tuple[str, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, eq=False):
    """The inside of the model at one moment. `wants` says which parts of it there are.

    activations[layer id]: the layer's output for the one sample, without the batch: (height, width, channels) or
    (units,). weights["<layer id>/<name>"]: the wanted weights. histograms: of each weight tensor of the model.
    before: histogram of the values that go into `wants.before_of`'s activation function. trace: the update before this
    moment, where it was a traced one. gates[layer id]: of a recurrent layer that is wanted, its states and gates by
    name, (steps, units) each, and of attention, where each head looks, see `engine.inside.look_inside`;
    tokens[layer id]: what it reads at each step, "" for padding, where it reads a text; looked_at[layer id]: the same
    of the places that attention looks at.
    """

    run_id: str
    epoch: int
    update: int
    wants: SnapshotWants
    prediction: SamplePrediction | None
    activations: Mapping[str, Array]
    weights: Mapping[str, Array]
    histograms: Mapping[str, Histogram]
    before: Histogram | None
    plane: PlaneMaps | None = None
    flow: Flow | None = None
    trace: Trace | None = None
    gates: Mapping[str, Mapping[str, Array]] = {}
    tokens: Mapping[str, tuple[str, ...]] = {}
    looked_at: Mapping[str, tuple[str, ...]] = {}


class Mistakes(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What the model says about every sample of a split, after an epoch.

    ids: n names; labels: (n,) int32 class indices, or numbers; predictions: (n, k); losses: (n,).
    Of a model that writes targets, labels and predictions are tokens, (n, T) int32, which it has written without being
    told what was right before. While a run goes on, only the first samples of the split are in it.
    """

    run_id: str
    epoch: int
    split: str
    class_names: tuple[str, ...]
    ids: tuple[str, ...]
    labels: Array
    predictions: Array
    losses: Array


class Made(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What a generator makes after an epoch (0: before the first one) of noise that stays the same.

    images: (n, height, width, channels) uint8. nearest: for each the most alike of the training images, of the same
    shape; distances: (n,) Euclidean, of pixels in 0…1, root of the mean over all of them. typical: the same between
    training images and their own nearest ones, the median: what is far below it is a copy.
    """

    run_id: str
    epoch: int
    images: Array
    nearest: Array
    distances: Array
    typical: float


class WrittenText(msgspec.Struct, frozen=True):
    """What a model wrote behind a prompt. temperature: how daring, from 0 on."""

    temperature: float
    prompt: str
    text: str


class Written(msgspec.Struct, frozen=True):
    """What a model writes after an epoch (counted from 1), always behind the same prompt."""

    run_id: str
    epoch: int
    update: int
    texts: tuple[WrittenText, ...]


class RunEnded(msgspec.Struct, frozen=True, eq=False):
    """The last event of a run, always. It describes the weights that were kept.

    epoch: whose weights they are (counted from 1; 0: before the first epoch was complete). metrics: theirs.
    error: one or two sentences, for `diverged` and `failed`; details: the traceback, for the log.
    """

    run_id: str
    reason: Reason
    epoch: int
    metrics: Mapping[str, float]
    mistakes: int | None
    seconds: float
    error: str | None = None
    details: str | None = None


Event = (
    Preparing
    | DataLoaded
    | DataRefused
    | Notice
    | RunStarted
    | StepsDone
    | EpochDone
    | Snapshot
    | Mistakes
    | Made
    | Written
    | RunEnded
)
