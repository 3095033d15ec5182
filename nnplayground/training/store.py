"""Run folders: what is kept of each run, readable without this program. No pickles.

`<run id>/`: project.nnp (frozen), run.json, history.csv, preparation.json, last.npz, best.npz.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import platform
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nnplayground import __version__
from nnplayground.engine.base import Engine, EngineState, Weights
from nnplayground.spec.codec import FileError, encode
from nnplayground.spec.files import load_project, os_reason, write_atomically
from nnplayground.spec.project import Project
from nnplayground.training.events import EpochDone, RunEnded, Stage
from nnplayground.training.progress import Progress

CHECKPOINT_SECONDS = 30.0
"""How often last.npz is written while a run goes on; a crash loses no more than this."""
HISTORY_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Resumable(msgspec.Struct, frozen=True, eq=False):
    """A stored run, with all that is needed to go on exactly as if it had never ended."""

    run_id: str
    project: Project
    state: EngineState
    progress: Progress


class RunStore:
    """The folder of one run, while it is written. Where the disk refuses, training goes on; `problem` says why."""

    def __init__(self, folder: Path, project: Project, *, seed: int) -> None:
        self._folder = folder
        self._project = project
        self._started = datetime.now(UTC)
        self._seed = seed
        self._rows: list[EpochDone] = []
        self._best: Weights | None = None
        self._written_at = -np.inf
        self._checkpoint_at = time.monotonic()
        self.problem: str | None = None
        self._attempt(self._begin)

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._folder / "project.nnp", encode(self._project, self._folder))
        self._write_state("running", None)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            if self.problem is None:
                self.problem = (
                    f"The run cannot be kept in {self._folder}: {os_reason(error)}. Training goes on, but what it "
                    f"learns is lost when the program ends."
                )
                _log.warning(self.problem)

    def write_preparation(self, fitted: Mapping[str, Any]) -> None:
        """What was fitted on the training split."""
        content = (json.dumps(fitted, ensure_ascii=False, indent=2) + "\n").encode()
        self._attempt(lambda: write_atomically(self._folder / "preparation.json", content))

    def recorder(self, engine: Engine, progress: Progress) -> Callable[[EpochDone, Weights | None], None]:
        """What the loop calls after each epoch: appends to the history and saves checkpoints.

        A run that goes on begins with the history of what came before.
        """
        if progress.history:
            self._attempt(lambda: self._rewrite_history(progress))

        def record(event: EpochDone, best: Weights | None) -> None:
            self._rows.append(event)
            now = time.monotonic()
            if now - self._written_at >= HISTORY_SECONDS:
                self._written_at = now
                self._attempt(self._write_history)
            if best is not None:
                self._best = best
            if now - self._checkpoint_at >= CHECKPOINT_SECONDS:
                self._checkpoint_at = now
                state = engine.state()
                self._attempt(lambda: self._write_checkpoint(state, progress))

        return record

    def finish(self, ended: RunEnded, state: EngineState | None, progress: Progress) -> None:
        """The run is over: everything that is not on the disk yet."""
        self._attempt(self._write_history)
        if state is not None:
            self._attempt(lambda: self._write_checkpoint(state, progress))
        self._attempt(lambda: self._write_state("ended", ended))

    def _write_history(self) -> None:
        rows = [
            {"epoch": row.epoch, **row.metrics, "learning_rate": row.learning_rate, "seconds": row.seconds}
            for row in self._rows
        ]
        if rows:
            _append_rows(self._folder / "history.csv", rows)
        self._rows.clear()

    def _rewrite_history(self, progress: Progress) -> None:
        rows = [{"epoch": epoch, **row} for epoch, row in enumerate(progress.history, start=1)]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(self._folder / "history.csv", text.getvalue().encode())

    def _write_checkpoint(self, state: EngineState, progress: Progress) -> None:
        arrays = {f"weights:{name}": value for name, value in state.weights.items()}
        arrays.update({f"optimizer:{name}": value for name, value in state.optimizer.items()})
        arrays.update({f"random:{name}": value for name, value in state.random.items()})
        facts = {
            "epoch": progress.epoch,
            "update": progress.update,
            "history": [dict(metrics) for metrics in progress.history],
            "best_epoch": progress.best_epoch,
            "best_score": progress.best_score if np.isfinite(progress.best_score) else None,
            "monitor": progress.monitor,
            "live": progress.live,
            "rate_changed_in": progress.rate_changed_in,
            "stages": msgspec.to_builtins(progress.stages),
        }
        arrays["progress"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        _save_arrays(self._folder / "last.npz", arrays)
        if self._best is not None:
            _save_arrays(self._folder / "best.npz", {f"weights:{name}": value for name, value in self._best.items()})
            self._best = None

    def _write_state(self, state: str, ended: RunEnded | None) -> None:
        document: dict[str, Any] = {
            "state": state,
            "reason": ended.reason if ended else None,
            "error": ended.error if ended else None,
            "epoch": ended.epoch if ended else 0,
            "metrics": {name: _json_number(value) for name, value in ended.metrics.items()} if ended else {},
            "mistakes": ended.mistakes if ended else None,
            "seed": self._seed,
            "started": self._started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds") if ended else None,
            "seconds": round(ended.seconds, 3) if ended else None,
            "machine": {"system": platform.platform(), "processor": platform.machine()},
            "versions": _versions(),
        }
        content = (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
        write_atomically(self._folder / "run.json", content)


def _append_rows(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Add rows to a table; its first line names the columns."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        if new:
            writer.writeheader()
        writer.writerows(rows)


def _json_number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _versions() -> dict[str, str]:
    # Half of the mail package comes with it, which nobody needs before there is something to store.
    from importlib.metadata import PackageNotFoundError, version

    found = {"nnplayground": __version__, "python": platform.python_version()}
    for name in ("numpy", "tensorflow", "keras"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_atomically(path, buffer.getvalue())


def newest_run(folder: Path) -> Resumable:
    """The newest run below a folder of runs that can be gone on with. Raises FileError."""
    candidates = sorted(folder.glob("*/last.npz"), key=lambda path: path.parent.name, reverse=True)
    if not candidates:
        raise FileError(f"There is no run to go on with in {folder}; train without --resume first.")
    return load_run(candidates[0].parent)


def load_run(folder: Path) -> Resumable:
    """A stored run. Raises FileError where a part of it cannot be read."""
    project = load_project(folder / "project.nnp")
    try:
        with (folder / "last.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            parts: dict[str, dict[str, np.ndarray]] = {"weights": {}, "optimizer": {}, "random": {}}
            for name in arrays.files:
                kind, _, rest = name.partition(":")
                if kind in parts:
                    parts[kind][rest] = arrays[name]
            facts = json.loads(arrays["progress"].tobytes())
        progress = Progress(
            epoch=facts["epoch"],
            update=facts["update"],
            history=facts["history"],
            best_epoch=facts["best_epoch"],
            best_score=facts["best_score"] if facts["best_score"] is not None else float("inf"),
            best_weights=_best_weights(folder / "best.npz"),
            monitor=facts["monitor"],
            live=facts["live"],
            rate_changed_in=facts.get("rate_changed_in", 0),
            stages=msgspec.convert(facts.get("stages", []), list[Stage]),
        )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FileError(f"The run in {folder} cannot be gone on with: its weights are damaged ({error}).") from None
    state = EngineState(parts["weights"], parts["optimizer"], parts["random"])
    return Resumable(folder.name, project, state, progress)


def _best_weights(path: Path) -> Weights | None:
    if not path.exists():
        return None
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return {name.removeprefix("weights:"): arrays[name] for name in arrays.files}
