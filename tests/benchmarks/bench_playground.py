"""The playground: the 2-8-8-1 network on 250 points, trained freely in the window with all panels visible, against the
same run alone; and how many frames a second show it.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
from PySide6.QtCore import QEvent, QObject

from nnplayground.spec.project import Project
from nnplayground.spec.training import SGD, Adam
from tests.benchmarks.bench_points import project, seconds_per_epoch
from tests.benchmarks.common import ROOT, Row, environment, isolate, print_rows

SECONDS = 12.0
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
    """Each optimizer in a process of its own: a window that was there before is in the way of the next."""
    isolate()
    if sys.argv[1:]:
        measure({"SGD": SGD, "Adam": Adam}[sys.argv[1]](learning_rate=0.01))
        return
    for name in ("SGD", "Adam"):
        command = [sys.executable, "-m", "tests.benchmarks.bench_playground", name]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        print(done.stdout, end="")


def measure(optimizer: SGD | Adam) -> None:
    name = type(optimizer).__name__
    alone = 1 / min(seconds_per_epoch("scratch", optimizer, 4000) for _ in range(2))
    inside, paintings, p99, longest = in_the_window(project("scratch", optimizer, 1_000_000))
    rows = [
        Row(
            f"epochs a second in the window with all panels visible, {name}",
            f"{inside:,.0f}",
            f"{alone:,.0f} alone",
            f"{inside / alone:.2f}×",
            f"≥ {SHARE:g}×",
            inside >= SHARE * alone,
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


if __name__ == "__main__":
    main()
