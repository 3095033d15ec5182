"""The training loop: a generator of events over any engine, the same for every window, command and test."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping

import numpy as np

from nnplayground.engine.base import BlockMetrics, Engine, EngineState, Evaluation, Weights
from nnplayground.samples import Array, Samples
from nnplayground.spec.objective import EXACT_MATCH
from nnplayground.spec.training import NextToken, PlateauSchedule
from nnplayground.training.batches import DataOrder, batch_count
from nnplayground.training.controls import Controls
from nnplayground.training.events import (
    EpochDone,
    Event,
    Mistakes,
    Reason,
    RunEnded,
    RunStarted,
    SnapshotWants,
    StepsDone,
)
from nnplayground.training.outcomes import predicted_classes
from nnplayground.training.progress import Progress, RunPlan
from nnplayground.training.schedules import scheduled_rate
from nnplayground.training.snapshots import Viewer
from nnplayground.training.translating import Translator, exact

BLOCK_SECONDS = 0.025
"""How long a block of updates should take: short enough for prompt control, long enough to cost nothing."""
MISTAKES_SECONDS = 0.2
"""Very short epochs show their mistakes no more often than this."""
RATE = "training.optimizer.learning_rate"


class _DivergenceError(Exception):
    def __init__(self, what: str, update: int) -> None:
        super().__init__(what)
        self.what = what
        self.update = update


class TrainingLoop:
    """One run. `events()` is the generator; everything else is its bookkeeping."""

    def __init__(
        self,
        engine: Engine,
        splits: Mapping[str, Samples],
        *,
        plan: RunPlan,
        controls: Controls,
        progress: Progress,
        viewer: Viewer,
        translator: Translator | None = None,
    ) -> None:
        """translator: of a model that writes targets."""
        self._engine = engine
        self._splits = splits
        self._plan = plan
        self._controls = controls
        self._progress = progress
        self._viewer = viewer
        self._translator = translator
        self._training = training = plan.project.training
        self._order = DataOrder(training.seed, len(splits["training"]), training.batch_size)
        self._base_rate = progress.live.get(RATE, self._training.optimizer.learning_rate)
        self._rate = math.nan
        self._block = 1
        begin = engine.state()
        self._good: Weights = begin.weights
        self._first = begin
        stopping = self._training.early_stopping
        progress.watch(stopping.monitor if stopping is not None else "val_loss")
        # A run that goes on after its patience was spent is given all of it again.
        spent = stopping is not None and progress.epoch - progress.best_epoch >= stopping.patience
        self._patience_from = progress.epoch if spent else 0
        self._last: EngineState | None = None
        self._evaluation: Evaluation | None = None
        self._written: Array | None = None
        """What the model that was evaluated writes of the first validation samples."""
        self._mistakes_at = -math.inf
        self._mid_epoch = False

    def events(self) -> Iterator[Event]:
        """All events of the run; the last one is RunEnded, whatever happens in the engine is the caller's to catch."""
        started = time.perf_counter()
        training = self._splits["training"]
        plan = self._plan
        yield RunStarted(
            plan.run_id,
            plan.epochs,
            batch_count(len(training), self._training.batch_size),
            len(training),
            self._progress.epoch,
            self._progress.update,
            plan.metrics,
            plan.kept,
            plan.reinitialized,
            tuple(self._progress.stages),
        )
        reason: Reason = "finished"
        error = None
        if not self._progress.update:
            yield from plan.results(0, 0)
        try:
            while self._progress.epoch < plan.epochs:
                yield from self._epoch()
                if self._controls.stopping:
                    reason = "stopped"
                    break
                if self._ran_out_of_patience():
                    reason = "early_stopped"
                    break
        except _DivergenceError as problem:
            reason, error = "diverged", self._explain(problem)
        kept = self._keep(reason)
        yield from self._last_mistakes()
        if not self._controls.abandoning:
            yield from plan.last_results(kept, self._progress.update)
        yield self._end(reason, error, kept=kept, seconds=time.perf_counter() - started)

    def _epoch(self) -> Iterator[Event]:
        began = time.perf_counter()
        paused = self._controls.paused_seconds
        epoch = self._progress.epoch
        count = len(self._splits["training"])
        batches = self._order.batches(epoch)
        self._set_rate(epoch)
        sums: dict[str, float] = {}
        place = 0
        while place < len(batches):
            if self._controls.halting:
                self._mid_epoch = place > 0 or self._mid_epoch
                return
            self._take_values(epoch)
            most, left = self._controls.most_updates, len(batches) - place
            asked = self._viewer.possible(self._controls.wants)
            # Behind the last update nothing comes for a while, so that it is the one to look at.
            tells_last = asked.trace is not None and self._rests_after(epoch)
            wants = self._wants(asked, last=tells_last and left == 1)
            traced = wants if wants is not None and self._viewer.needs_trace(wants) else None
            size = 1 if traced is not None else self._block if most is None else min(self._block, most)
            block = batches[place : place + (min(size, left - 1) if tells_last and left > 1 else size)]
            block_began = time.perf_counter()
            if traced is not None:
                result = self._viewer.trace(block[0], self._progress.update + 1, traced)
            else:
                result = self._engine.train(block)
            seconds = time.perf_counter() - block_began
            self._expect_finite(result)
            for name, values in result.values.items():
                sums[name] = sums.get(name, 0.0) + float(np.dot(values, result.sizes))
            first = self._progress.update + 1
            self._progress.update += len(block)
            place += len(block)
            self._mid_epoch = True
            self._controls.unseen = traced is None and asked.trace is not None
            if traced is None:
                self._adapt_block(len(block), seconds)
            if wants is not None:
                # Before the steps are told: a pause comes after them, and shows the model as they left it.
                yield self._viewer.snapshot(
                    wants, run_id=self._plan.run_id, epoch=epoch + 1, update=self._progress.update
                )
            yield StepsDone(
                self._plan.run_id,
                epoch + 1,
                first,
                result.values,
                float(np.add.reduce(result.sizes)) / max(seconds, 1e-9),
            )
        metrics = {"loss": sums.pop("loss") / count}
        metrics.update({name: total / count for name, total in sums.items()})
        evaluation = self._evaluate()
        if evaluation is None and self._has_validation:
            return
        if evaluation is not None:
            metrics.update({f"val_{name}": value for name, value in evaluation.metrics.items()})
            if not math.isfinite(evaluation.metrics["loss"]):
                raise _DivergenceError("the validation loss", self._progress.update)
            if self._translator is not None:
                spent = time.perf_counter() - began - (self._controls.paused_seconds - paused)
                count = self._translator.affordable(self._splits["validation"], spent)
                metrics[f"val_{EXACT_MATCH}"] = self._write_targets(self._translator, count)
        seconds = time.perf_counter() - began - (self._controls.paused_seconds - paused)
        yield from self._finish_epoch(metrics, seconds)

    def _wants(self, asked: SnapshotWants, *, last: bool) -> SnapshotWants | None:
        """What to look at after the next block; None: nothing. A single step is looked at whatever it costs.

        asked: by panels. last: the block is the last update ahead of a rest, whose numbers stay.
        """
        if self._controls.most_updates == 1:
            wants = asked
        elif last:
            wants = SnapshotWants(flow=asked.flow, trace=asked.trace)
        elif self._controls.snapshot_due:
            wants = self._viewer.affordable(asked)
        else:
            return None
        return wants if wants.anything else None

    def _rests_after(self, epoch: int) -> bool:
        """Whether the run ends or pauses after this epoch, as far as that is known ahead."""
        return self._controls.steps_to_epoch or epoch + 1 >= self._plan.epochs

    def _finish_epoch(self, metrics: dict[str, float], seconds: float) -> Iterator[Event]:
        weights = self._engine.weights()
        if not all(map(_is_finite, weights.values())):
            raise _DivergenceError("a weight", self._progress.update)
        progress = self._progress
        progress.epoch += 1
        progress.by_hand = False
        self._mid_epoch = False
        self._good = weights
        score = self._score(metrics)
        best = score < progress.best_score
        if best:
            progress.best_score, progress.best_epoch = score, progress.epoch
            progress.best_weights = weights
        progress.history.append({**metrics, "learning_rate": self._rate, "seconds": seconds})
        done = EpochDone(self._plan.run_id, progress.epoch, progress.update, metrics, self._rate, seconds)
        self._plan.on_epoch(done, weights if best else None)
        yield done
        yield from self._plan.results(progress.epoch, progress.update)
        now = time.perf_counter()
        if self._tells_mistakes and self._evaluation is not None and now - self._mistakes_at >= MISTAKES_SECONDS:
            self._mistakes_at = now
            yield self._mistakes(self._evaluation)

    @property
    def _tells_mistakes(self) -> bool:
        """What comes next in a text is often open, and nothing that one could get wrong."""
        return not isinstance(self._training.objective, NextToken)

    @property
    def _since_epoch(self) -> bool:
        """Whether the weights are others than at the end of the last epoch."""
        return self._mid_epoch or self._progress.by_hand

    @property
    def _has_validation(self) -> bool:
        return len(self._splits.get("validation", ())) > 0

    def _evaluate(self) -> Evaluation | None:
        if not self._has_validation:
            return None
        self._evaluation = self._engine.evaluate("validation", lambda: self._controls.stopping)
        return self._evaluation

    def _write_targets(self, translator: Translator, count: int) -> float:
        """Have the first validation samples written; how many of them are right, as a share."""
        samples = self._splits["validation"]
        self._written = translator.tokens(samples, count)
        return float(exact(_labels(samples)[:count], self._written).mean())

    def _mistakes(self, evaluation: Evaluation) -> Mistakes:
        samples = self._splits["validation"]
        predictions = evaluation.predictions if self._written is None else self._written
        count = len(predictions)
        return Mistakes(
            self._plan.run_id,
            self._progress.epoch,
            "validation",
            self._plan.class_names,
            samples.ids[:count],
            _labels(samples)[:count],
            predictions,
            evaluation.losses[:count],
        )

    def _keep(self, reason: Reason) -> int:
        """Put the weights that are kept into the engine; the epoch they are from.

        A stopped run keeps what it has, so that it can go on, a diverged one the last good weights; otherwise the best
        ones, where that was asked for.
        """
        progress = self._progress
        stopping = self._training.early_stopping
        restores = stopping is not None and stopping.restore_best and reason in ("finished", "early_stopped")
        if not restores or progress.best_weights is None:
            return progress.epoch
        if progress.best_epoch != progress.epoch:
            self._last = self._engine.state()
            self._engine.set_weights(progress.best_weights)
            self._evaluation = self._written = None
        return progress.best_epoch

    def last_state(self) -> EngineState:
        """What an exact continuation begins with: the end of the run before the best weights were put back."""
        return self._last if self._last is not None else self._engine.state()

    def good_state(self) -> EngineState:
        """The weights of the last complete epoch, without asking an engine that may be broken."""
        return EngineState(self._good, self._first.optimizer, self._first.random)

    def _last_mistakes(self) -> Iterator[Event]:
        """What the kept weights get wrong. Evaluated anew where the last evaluation was of other weights."""
        if self._has_validation and (self._since_epoch or self._evaluation is None):
            self._evaluation = self._engine.evaluate("validation", lambda: self._controls.abandoning)
        if self._evaluation is not None and self._translator is not None and not self._controls.abandoning:
            self._write_targets(self._translator, len(self._splits["validation"]))
        if self._evaluation is not None and self._tells_mistakes:
            yield self._mistakes(self._evaluation)

    def _end(self, reason: Reason, error: str | None, *, kept: int, seconds: float) -> RunEnded:
        metrics: dict[str, float] = {}
        if kept and not self._since_epoch:
            recorded = self._progress.history[kept - 1]
            metrics = {name: value for name, value in recorded.items() if name not in ("learning_rate", "seconds")}
        wrong = None
        if self._evaluation is not None:
            metrics.update({f"val_{name}": value for name, value in self._evaluation.metrics.items()})
            if self._written is not None:
                right = exact(_labels(self._splits["validation"])[: len(self._written)], self._written)
                metrics[f"val_{EXACT_MATCH}"] = float(right.mean())
                wrong = int((~right).sum())
            elif self._plan.class_names:
                labels = _labels(self._splits["validation"])
                wrong = int((predicted_classes(self._evaluation.predictions) != labels).sum())
        return RunEnded(self._plan.run_id, reason, kept, metrics, wrong, seconds, error)

    def _set_rate(self, epoch: int) -> None:
        schedule = self._training.schedule
        losses: list[float] = []
        if isinstance(schedule, PlateauSchedule):  # the only one that looks back, over a history that may be long
            figure = "val_loss" if self._has_validation else "loss"
            losses = [metrics[figure] for metrics in self._progress.history]
        rate = scheduled_rate(
            schedule,
            self._base_rate,
            epoch=epoch,
            epochs=self._plan.epochs,
            losses=losses,
            changed_in=self._progress.rate_changed_in,
        )
        if rate != self._rate:
            self._rate = rate
            self._engine.set_values({RATE: rate})

    def _take_values(self, epoch: int) -> None:
        values = dict(self._controls.take_values())
        if not values:
            return
        self._progress.live.update(values)
        if RATE in values:
            self._base_rate = values.pop(RATE)
            self._progress.rate_changed_in = epoch + 1
            self._set_rate(epoch)
        if values:
            self._engine.set_values(values)

    def _adapt_block(self, updates: int, seconds: float) -> None:
        """Towards blocks of BLOCK_SECONDS; at most doubled, so that one odd measurement does not matter."""
        wanted = int(updates * BLOCK_SECONDS / max(seconds, 1e-9))
        self._block = max(1, min(wanted, self._block * 2))

    def _expect_finite(self, result: BlockMetrics) -> None:
        losses = result.values["loss"]
        if not math.isfinite(np.add.reduce(losses)):
            bad = int(np.flatnonzero(~np.isfinite(losses))[0])
            raise _DivergenceError("the loss", self._progress.update + bad + 1)

    def _score(self, metrics: Mapping[str, float]) -> float:
        name = self._progress.monitor
        value = metrics.get(name, metrics["loss"])
        return value if name.endswith(("loss", "mae", "mse")) else -value

    def _ran_out_of_patience(self) -> bool:
        stopping = self._training.early_stopping
        if stopping is None:
            return False
        since = max(self._progress.best_epoch, self._patience_from)
        return self._progress.epoch - since >= stopping.patience

    def _explain(self, problem: _DivergenceError) -> str:
        """One or two sentences: what happened, why probably, what remains, what to try."""
        now = self._engine.state()
        self._engine.restore(EngineState(self._good, self._sound_optimizer(now), now.random))
        self._mid_epoch = False
        self._evaluation = self._written = None
        kept = self._progress.epoch
        remain = f"the weights from the end of epoch {kept} are kept" if kept else "the initial weights are kept"
        what = problem.what[0].upper() + problem.what[1:]
        return (
            f"{what} became infinite or not a number at update {problem.update:,} (epoch {kept + 1}), so training "
            f"ended; {remain}. The learning rate of {self._rate:g} is probably too high: try {self._rate / 10:.3g}."
        )

    def _sound_optimizer(self, now: EngineState) -> dict[str, Array]:
        """The optimizer remembers gradients that were not finite or far too large, so it forgets what it has seen here.

        What was switched on during the run, such as momentum, stays on and begins with nothing.
        """
        return {
            name: self._first.optimizer[name]
            if name in self._first.optimizer
            else (value if value.ndim == 0 else np.zeros_like(value))
            for name, value in now.optimizer.items()
        }


def _is_finite(values: Array) -> bool:
    """Whether all values are numbers. Their squares add up to one where they are, which is quicker found out."""
    flat = values.reshape(-1)
    return math.isfinite(np.dot(flat, flat)) or bool(np.isfinite(flat).all())


def _labels(samples: Samples) -> Array:
    """(n,) class indices or numbers, or (n, T) tokens."""
    target = next(iter(samples.targets.values()))
    return target[:, 0] if target.ndim > 1 and np.issubdtype(target.dtype, np.floating) else target
