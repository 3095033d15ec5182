"""The playground: the 2-8-8-1 network on 250 points, trained freely in the window with all panels visible, against the
same run alone; and how many frames a second show it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

import numpy as np
from PySide6.QtCore import QEvent, QObject

from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam
from tests.benchmarks.bench_points import project, seconds_per_epoch
from tests.benchmarks.common import ROOT, Row, environment, isolate, print_rows

OPTIMIZERS: dict[str, type[SGD | Adam]] = {"SGD": SGD, "Adam": Adam}
ROUNDS = 5
SECONDS = 6.0
WARM_UP = 3.0
SHARE = 0.6
FRAMES = 30


class Paintings(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.times: list[float] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.times.append(time.perf_counter())
        return False


def in_the_window(shown: Project) -> tuple[float, float, float, float]:
    """(epochs a second, paintings of the network a second, p99 and longest gap between 10 ms ticks in seconds)."""
    from PySide6.QtCore import Qt, QTimer

    from nnplayground.app import create_app
    from tests.benchmarks.bench_window import show_every_panel

    app, window = create_app([])
    window.resize(1440, 900)
    window.show()
    window.files.show_project(shown)
    end = time.monotonic() + 60
    while window.document.facts is None and time.monotonic() < end:
        app.processEvents()
    show_every_panel(window)
    window.workspace.canvas.select(["dense_2"])
    paintings = Paintings(window)
    assert window.workspace.neurons is not None
    window.workspace.neurons.view.viewport().installEventFilter(paintings)
    epochs: list[float] = []
    ticks: list[float] = []

    def on_frame(frame) -> None:  # type: ignore[no-untyped-def]
        epochs.extend([time.perf_counter()] * len(frame.epochs))

    window.runner.frame_ready.connect(on_frame)
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    window.start()
    timer.start(10)
    QTimer.singleShot(int((WARM_UP + SECONDS) * 1000), app.quit)
    app.exec()
    timer.stop()
    begin = ticks[0] + WARM_UP
    seconds = ticks[-1] - begin
    gaps = np.diff([tick for tick in ticks if tick >= begin])
    result = (
        sum(moment >= begin for moment in epochs) / seconds,
        sum(moment >= begin for moment in paintings.times) / seconds,
        float(np.percentile(gaps, 99)),
        float(gaps.max()),
    )
    window.discard_changes()
    window.close()
    while not window.runner.wait_closed(0.0):
        app.processEvents()
    return result


def main() -> None:
    """Alone and in the window by turns, each time in a process of its own: the machine is not as fast in every minute,
    and a window that was there before is in the way of the next.
    """
    isolate()
    if sys.argv[1:]:
        what, name = sys.argv[1:]
        optimizer = OPTIMIZERS[name](learning_rate=0.01)
        found = (
            [1 / seconds_per_epoch("scratch", optimizer, 4000)]
            if what == "alone"
            else in_the_window(project("scratch", optimizer, 1_000_000))
        )
        print(json.dumps(found))
        return
    for name in OPTIMIZERS:
        measure(name)


def measure(name: str) -> None:
    alone = [_found("alone", name)[0]]
    inside: list[list[float]] = []
    for _ in range(ROUNDS):
        inside.append(_found("window", name))
        alone.append(_found("alone", name)[0])
    rates = [each[0] for each in inside]
    shares = [rate / ((before + after) / 2) for rate, before, after in zip(rates, alone[:-1], alone[1:], strict=True)]
    share, paintings = statistics.median(shares), statistics.median(each[1] for each in inside)
    p99, longest = statistics.median(each[2] for each in inside), max(each[3] for each in inside)
    rows = [
        Row(
            f"epochs a second in the window with all panels visible, {name}, median of {ROUNDS}",
            f"{statistics.median(rates):,.0f}",
            f"{statistics.median(alone):,.0f} alone",
            f"{share:.2f}× ({', '.join(f'{each:.2f}' for each in shares)})",
            f"≥ {SHARE:g}×",
            share >= SHARE,
        ),
        Row(
            f"paintings of the network a second meanwhile, {name}",
            f"{paintings:.1f}",
            f"gaps of events p99 {p99 * 1000:.1f} ms, max {longest * 1000:.1f} ms",
            f"{paintings:.1f}",
            f"≥ {FRAMES}",
            paintings >= FRAMES,
        ),
    ]
    print_rows(rows)


def _found(what: str, name: str) -> list[float]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_playground", what, name]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
