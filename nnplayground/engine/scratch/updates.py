"""Updates of the weights, several in a row as one list of calls.

For a small network, what is around an update (choosing its program, gathering its samples, measuring its loss) takes as
long as the update. So the samples of up to UPDATES batches are gathered at once, one batch after the other. Each batch
has a program of its own that reads its part of them, the programs are run as one list, and losses and metrics of all
these updates are computed together afterwards.

For a large network it is the other way round: what lies between input and gradient would take too much memory, and more
than fits into the caches. So its batches are computed piece by piece, and the gradients of the pieces added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from nnplayground.engine.base import BlockMetrics, IndexArray
from nnplayground.engine.scratch.compiler import Calls, Room
from nnplayground.engine.scratch.graph import Graph
from nnplayground.engine.scratch.losses import Loss
from nnplayground.engine.scratch.metrics import of_samples
from nnplayground.engine.scratch.ones import with_ones
from nnplayground.engine.scratch.parameters import LiveNumbers, Parameters
from nnplayground.engine.scratch.programs import (
    Buffers,
    Generators,
    Scores,
    gradient_calls,
    make_buffers,
    make_scores,
    whole_split,
)
from nnplayground.engine.scratch.recorder import Call, run
from nnplayground.engine.scratch.regularization import Penalty
from nnplayground.engine.scratch.splits import Split
from nnplayground.engine.scratch.tokens import batch_values, fill_one_hot, token_shares
from nnplayground.samples import Array

UPDATES = 32
"""So many updates at most are one list of calls."""
ROOM_VALUES = 1 << 20
"""So many values at most are gathered for it; batches that are larger come one by one."""
PIECE_VALUES = 1 << 22
"""So many values at most, about, lie between the input of a piece of a batch and its output."""
MOST_LAYOUTS = 64
"""Lists are kept for at most so many different sequences of batch sizes."""


class Layout(NamedTuple):
    """Batches of certain sizes, one after the other. starts: the first row of each; size_of: (rows, 1), of its batch.

    gradients: the program of each batch, up to its gradient; calls: all updates.
    """

    buffers: Buffers
    sizes: Array
    starts: Array
    size_of: Array
    gradients: Sequence[Calls]
    calls: Sequence[Call]
    scores: Scores


@dataclass
class Trainer:
    """Trains one model on one split.

    metrics: those that are measured at every update; step: from the gradient to the new weights.
    """

    split: Split
    graph: Graph
    loss: Loss
    metrics: Sequence[str]
    parameters: Parameters
    penalties: tuple[Penalty, ...]
    numbers: LiveNumbers
    generators: Generators
    step: Calls
    _between: Room = field(default_factory=Room)
    _room: Buffers | None = None
    _programs: dict[tuple[int, int, int], Calls] = field(default_factory=dict)
    _layouts: dict[tuple[int, ...], Layout] = field(default_factory=dict)
    _whole: Layout | None = None
    _last: Layout | None = None

    def train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        """One update for each batch, in order."""
        at_once = self._at_once(len(batches[0]))
        told = [self._train(batches[first : first + at_once]) for first in range(0, len(batches), at_once)]
        if len(told) == 1:
            return told[0]
        names = told[0].values
        values = {name: np.concatenate([part.values[name] for part in told]) for name in names}
        return BlockMetrics(values, np.concatenate([part.sizes for part in told]))

    def _at_once(self, batch_size: int) -> int:
        """How many batches to gather at a time; the whole split comes by itself, and need not be gathered."""
        if batch_size == len(self.split):
            return 1
        gathered = [place.output for place in self.graph.places if not place.sources]
        if self.split.tokens:
            gathered.append(self.graph.last.output)
        per_sample = sum(map(math.prod, gathered))
        return max(1, min(UPDATES, ROOM_VALUES // (batch_size * per_sample)))

    def _train(self, batches: Sequence[IndexArray]) -> BlockMetrics:
        with np.errstate(all="ignore"):
            layout, order = self._loaded(batches)
            for function, arguments in layout.calls:
                function(*arguments)
            # Losses and metrics of all updates at once: far fewer calls than update by update.
            scores = layout.scores
            run(scores.calls)
            if self.split.tokens:
                values = batch_values(
                    self.split.targets[order],
                    scores.losses,
                    scores.output,
                    shares=layout.buffers.shares,
                    starts=layout.starts,
                    metrics=self.metrics,
                )
                return self._told(layout, values)
            measured = {
                name: of_samples(name, scores.targets, scores.output, from_minus_one=self.split.from_minus_one)
                for name in self.metrics
            }
            weights = self.split.weights
            measured["loss"] = scores.losses if weights is None else scores.losses * weights[order, 0]
            values = {
                name: np.add.reduceat(of_sample, layout.starts, 0, np.float64) / layout.sizes
                for name, of_sample in measured.items()
            }
        return self._told(layout, values)

    def _told(self, layout: Layout, values: dict[str, Array]) -> BlockMetrics:
        if self.penalties:
            values["loss"] += layout.buffers.penalties
        return BlockMetrics(values, layout.sizes)

    def find_gradient(self, batch: IndexArray) -> None:
        """The gradient of the loss of a batch, into `parameters.gradient`."""
        with np.errstate(all="ignore"):
            layout, _ = self._loaded([batch])
            run(layout.gradients[0].each)

    def settle(self) -> None:
        """To be called after a live number has changed."""
        programs = [self.step, *self._programs.values()]
        if self._whole is not None:
            programs += self._whole.gradients
        with np.errstate(all="ignore"):
            for program in programs:
                run(program.settled)

    def _loaded(self, batches: Sequence[IndexArray]) -> tuple[Layout, IndexArray]:
        """The layout of these batches with their samples in its buffers, and the samples in that order."""
        split = self.split
        if len(batches) == 1 and split.lies_ready(batches[0]):
            if self._whole is None:
                self._whole = self._make(whole_split(split, self.graph), (len(split),), kept=False)
            return self._whole, split.everything
        order = batches[0] if len(batches) == 1 else np.concatenate(batches)
        layout = self._layout(tuple(map(len, batches)))
        buffers = layout.buffers
        # The indices are valid; without "clip", take works in memory of its own first.
        if split.tokens:
            fill_one_hot(split.targets[order], buffers.targets)
        else:
            split.targets.take(order, 0, buffers.targets, "clip")
        for name, out in buffers.inputs.items():
            if split.inputs is None:
                out[...] = split.samples.prepared(name, order)
            else:
                _all_memory(split.inputs[name]).take(order, 0, _all_memory(out), "clip")
        if split.tokens:
            weights = None if split.weights is None else split.weights[order]
            buffers.shares[...] = token_shares(split.targets[order], layout.starts, weights, split.dtype)
        elif split.weights is not None:
            np.divide(split.weights[order], layout.size_of, buffers.shares)
        elif layout is not self._last:  # whose shares are still there
            np.divide(1, layout.size_of, buffers.shares)
        self._last = layout
        return layout, order

    def _layout(self, sizes: tuple[int, ...]) -> Layout:
        if sizes not in self._layouts:
            if len(self._layouts) == MOST_LAYOUTS:
                self._layouts.clear()
            rows = sum(sizes)
            if self._room is None or rows > len(self._room.targets):
                # What comes is mostly as long as what has come, or twice as long.
                self._layouts.clear()
                self._programs.clear()
                self._between = Room()
                self._room = make_buffers(self.graph, rows, UPDATES, self.split.dtype)
            self._layouts[sizes] = self._make(self._room.part(slice(0, len(sizes)), slice(0, rows)), sizes, kept=True)
        return self._layouts[sizes]

    def _make(self, buffers: Buffers, sizes: tuple[int, ...], *, kept: bool) -> Layout:
        """kept: the buffers lie in `_room`, so that programs for the same part of it can be used again."""
        ends = list(accumulate(sizes, initial=0))
        gradients = []
        for update, (start, stop) in enumerate(pairwise(ends)):
            place = (update, start, stop)
            program = self._programs.get(place) if kept else None
            gradients.append(self._program(buffers, *place) if program is None else program)
            if kept:
                self._programs[place] = gradients[-1]
        return Layout(
            buffers=buffers,
            sizes=np.array(sizes),
            starts=np.array(ends[:-1]),
            size_of=np.repeat(np.array(sizes, self.split.dtype), sizes).reshape(-1, 1),
            gradients=gradients,
            calls=[call for program in gradients for call in (*program.each, *self.step.each)],
            scores=make_scores(self.loss, self.graph.last.activation, before=buffers.before, targets=buffers.targets),
        )

    def _program(self, buffers: Buffers, update: int, start: int, stop: int) -> Calls:
        """The gradient of a batch; regularizers count in its first piece."""
        program = Calls([], [])
        for first, last in pairwise(self.piece_ends(start, stop)):
            piece = gradient_calls(
                self.graph,
                buffers.part(slice(update, update + 1), slice(first, last)),
                loss=self.loss,
                parameters=self.parameters,
                regularizers=self.penalties if first == start else (),
                numbers=self.numbers,
                generators=self.generators,
                room=self._between,
                added=first > start,
            )
            program.settled.extend(piece.settled)
            program.each.extend(piece.each)
        return program

    def piece_ends(self, start: int, stop: int) -> list[int]:
        """Where the pieces of a batch end, and where it starts."""
        if any(place.layer.mixes_samples for place in self.graph.places):
            return [start, stop]
        rows = stop - start
        # A sample that is larger than a piece is one by itself.
        pieces = min(-(-rows * self.graph.working_values // PIECE_VALUES), rows)
        return [start + rows * piece // pieces for piece in range(pieces + 1)]


def _all_memory(inputs: Array) -> Array:
    """With the column of ones that stands beside rows of values."""
    return with_ones(inputs) if inputs.ndim == 2 else inputs
