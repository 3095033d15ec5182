"""`nnplayground train`: the same runs as in the window, without one."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from nnplayground.cli.interrupts import gentle_interrupt
from nnplayground.cli.projects import UsageError, apply_settings, complain, read_project
from nnplayground.spec.codec import FileError
from nnplayground.spec.facts import SkippedFile
from nnplayground.spec.project import Project
from nnplayground.training.controls import Controls
from nnplayground.training.events import (
    DataLoaded,
    EpochDone,
    Event,
    Notice,
    Preparing,
    RunEnded,
    RunStarted,
    StepsDone,
    Written,
)
from nnplayground.training.runs import runs_folder
from nnplayground.training.session import Session
from nnplayground.training.store import Resumable, RunStore, newest_run


class Reporter(Protocol):
    """Shows the events of a run."""

    def show(self, event: Event) -> None: ...

    def close(self) -> None: ...


def train(path: Path, *, settings: Sequence[str], as_json: bool, out: Path | None, resume: bool) -> int:
    """Train a project; the exit status of the command."""
    runs = out if out is not None else runs_folder(path, path.parent)
    try:
        project = read_project(path, settings)
        resumable = _resumable(runs, settings) if resume else None
    except FileError as error:
        complain(error)
        return 1
    except UsageError as error:
        complain(error)
        return 2
    if resumable is not None:
        project = resumable.project
    reporter: Reporter = _JsonReporter() if as_json else _BarReporter()
    controls = Controls()
    with gentle_interrupt(controls.stop) as interrupted:
        ended = run_headless(project, runs=runs, controls=controls, reporter=reporter, resume=resumable)
    if interrupted():
        return 130
    if ended.reason in ("diverged", "failed"):
        complain(ended.error or f"Training {ended.reason}.")
        return 1
    return 0


def _resumable(runs: Path, settings: Sequence[str]) -> Resumable:
    found = newest_run(runs)
    project = apply_settings(found.project, settings)
    # What is set for this call counts more than what was changed by hand while the run went on.
    named = [setting.partition("=")[0] for setting in settings]
    for path in list(found.progress.live):
        if any(path == name or path.startswith(f"{name}.") for name in named):
            del found.progress.live[path]
    return Resumable(found.run_id, project, found.state, found.progress)


def run_headless(
    project: Project,
    *,
    runs: Path,
    controls: Controls,
    reporter: Reporter,
    resume: Resumable | None = None,
    on_event: Callable[[Event, Session], None] = lambda event, session: None,
) -> RunEnded:
    """One run from beginning to end. runs: the folder in which the run gets its own."""

    def store(frozen: Project, run_id: str) -> RunStore:
        return RunStore(runs / run_id, frozen, seed=frozen.training.seed)

    session = Session()
    notices: list[str] = []
    ended: RunEnded | None = None
    try:
        events = session.run(project, controls=controls, store=store, report=reporter.show, resume=resume)
        for event in events:
            reporter.show(event)
            on_event(event, session)
            if isinstance(event, RunEnded):
                ended = event
            elif isinstance(event, Notice):
                notices.append(event.message)
            elif isinstance(event, DataLoaded) and event.catalog.facts.skipped:
                notices.append(_skipped_sentence(event.catalog.facts.skipped))
    finally:
        reporter.close()
        session.close()
    assert ended is not None, "a run always ends with RunEnded"
    for notice in notices:
        complain(notice)
    return ended


def _skipped_sentence(skipped: Sequence[SkippedFile]) -> str:
    first = skipped[0]
    count = "1 file was" if len(skipped) == 1 else f"{len(skipped):,} files were"
    example = "" if len(skipped) == 1 else "for example "
    return f"{count} skipped, {example}{first.path}: {first.reason}"


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _numbers(metrics: Mapping[str, float]) -> dict[str, Any]:
    return {name: _number(value) for name, value in metrics.items()}


class _JsonReporter:
    """One JSON object a line on standard output, messages on standard error."""

    def show(self, event: Event) -> None:
        if isinstance(event, EpochDone):
            self._print(
                {
                    "event": "epoch",
                    "epoch": event.epoch,
                    **_numbers(event.metrics),
                    "learning_rate": event.learning_rate,
                    "seconds": round(event.seconds, 6),
                }
            )
        elif isinstance(event, Written):
            texts = [msgspec.structs.asdict(text) for text in event.texts]
            self._print({"event": "written", "epoch": event.epoch, "texts": texts})
        elif isinstance(event, RunEnded):
            self._print(
                {
                    "event": "end",
                    "reason": event.reason,
                    "run": event.run_id,
                    "epoch": event.epoch,
                    "seconds": round(event.seconds, 6),
                    **_numbers(event.metrics),
                    "mistakes": event.mistakes,
                }
            )

    def _print(self, document: dict[str, Any]) -> None:
        print(json.dumps(document), flush=True)

    def close(self) -> None:
        sys.stdout.flush()


class _BarReporter:
    """A progress bar with the latest figures."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
        )
        self._progress.start()
        self._task = self._progress.add_task("Starting…", total=None, figures="")
        self._epochs = 0

    def show(self, event: Event) -> None:
        update = self._progress.update
        if isinstance(event, Preparing):
            update(self._task, description=event.message, completed=event.done, total=event.total or None)
        elif isinstance(event, RunStarted):
            self._epochs = event.epochs
            self._progress.reset(self._task, total=event.epochs * event.updates_per_epoch, completed=event.update)
            update(self._task, description=f"Epoch {event.epoch + 1}/{event.epochs}")
        elif isinstance(event, StepsDone):
            done = event.first_update - 1 + len(event.values["loss"])
            update(self._task, completed=done, description=f"Epoch {event.epoch}/{self._epochs}")
        elif isinstance(event, EpochDone):
            figures = "  ".join(f"{name} {value:.4f}" for name, value in event.metrics.items())
            update(self._task, figures=figures)
        elif isinstance(event, Written):
            text = event.texts[len(event.texts) // 2]
            shown = f"{text.prompt}{text.text}".replace("\n", " ⏎ ")
            self._progress.console.print(f"Epoch {event.epoch}, temperature {text.temperature}: {shown}", markup=False)
        elif isinstance(event, RunEnded):
            self._progress.stop()
            if event.reason == "failed":
                return
            figures = "  ".join(f"{name} {value:.4f}" for name, value in event.metrics.items())
            mistakes = f"  {event.mistakes} mistakes" if event.mistakes is not None else ""
            print(f"{event.reason} after epoch {event.epoch}, {event.seconds:.1f} s  {figures}{mistakes}")

    def close(self) -> None:
        self._progress.stop()
