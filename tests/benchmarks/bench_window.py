"""The small convolutional network with all panels of the window visible: its epochs against a bare `model.fit` script,
and the gaps between the window's events while it trains.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from tests.benchmarks import photographs
from tests.benchmarks.common import PHOTOGRAPHS, Row, isolate, print_rows, ratio_row, result_of

EPOCHS = 12
TICK = 0.010


def main() -> None:
    isolate()
    if not PHOTOGRAPHS.is_dir():
        print("The photographs are not here; left out.")
        return
    path = str(photographs.arrays())
    before = result_of(photographs.SCRIPT, "0", str(EPOCHS), path)["epochs"]
    epochs, gaps, frames = trained_in_the_window()
    after = result_of(photographs.SCRIPT, "0", str(EPOCHS), path)["epochs"]
    reference = statistics.median([*before[2:], *after[2:]])
    p99, worst = float(np.percentile(gaps, 99)) * 1000, max(gaps) * 1000
    print_rows(
        [
            ratio_row("epoch, small CNN, all panels visible", statistics.median(epochs[2:]), reference, budget=0.95),
            Row(
                f"gap between GUI events while training ({len(gaps)} ticks, {frames:.0f} frames/s)",
                f"p99 {p99:.1f} ms, max {worst:.1f} ms",
                f"ticks of {TICK * 1000:.0f} ms",
                f"p99 {p99:.1f} ms, max {worst:.1f} ms",
                "p99 ≤ 20 ms, max ≤ 100 ms",
                p99 <= 20 and worst <= 100,
            ),
        ]
    )


def trained_in_the_window() -> tuple[list[float], list[float], float]:
    """(seconds of each epoch by the wall clock, gaps between ticks after the first epoch, frames a second)."""
    from PySide6.QtCore import Qt, QTimer

    from nnplayground.app import create_app

    app, window = create_app([])
    window.resize(1440, 900)
    window.show()
    window.files.show_project(photographs.project(epochs=EPOCHS))
    deadline = time.monotonic() + 60
    while (window.document.facts is None or window.workspace.catalog is None) and time.monotonic() < deadline:
        app.processEvents()
    show_every_panel(window)
    window.workspace.canvas.select(["conv2d_2"])
    ends: list[float] = []
    ticks: list[float] = []
    frames = 0

    def on_frame(frame) -> None:  # type: ignore[no-untyped-def]
        nonlocal frames
        frames += bool(ends)
        ends.extend(time.perf_counter() for _ in frame.epochs)

    window.runner.frame_ready.connect(on_frame)
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()) if ends else None)
    window.runner.state_changed.connect(lambda state: app.quit() if state == "idle" else None)
    window.start()
    began = time.perf_counter()
    timer.start(int(TICK * 1000))
    app.exec()
    assert len(ends) == EPOCHS, "the run did not finish"
    seconds = np.diff([began, *ends]).tolist()
    rate = frames / (ends[-1] - ends[0])
    window.discard_changes()
    window.close()
    window.runner.wait_closed(30)
    return seconds, np.diff(ticks).tolist(), rate


def show_every_panel(window) -> None:  # type: ignore[no-untyped-def]
    """Side by side instead of in tabs, so that nothing is spared because it is hidden."""
    window.workspace.show_all_side_by_side()


if __name__ == "__main__":
    main()
