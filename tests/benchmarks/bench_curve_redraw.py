"""How long one redraw of a curve with 1,000,000 points takes while it grows: ms, against the budget of a frame.

For comparison, the same points in pyqtgraph's own curve with its own downsampling, in the same run.

    python tests/benchmarks/bench_curve_redraw.py
"""

from __future__ import annotations

import os
import statistics
import time
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph
from PySide6.QtWidgets import QApplication, QSlider, QToolButton, QWidget

from nnplayground.training.events import RunStarted, StepsDone
from nnplayground.training.mailbox import Frame
from nnplayground.ui.panels.curves import CurvesPanel
from nnplayground.ui.theme import apply_theme
from tests.benchmarks.common import Row, print_rows

POINTS = 1_000_000
BUDGET_MS = 16.0
_REDRAWS = 60
_PER_FRAME = 1_000
_SIZE = (1280, 400)

_Kind = TypeVar("_Kind", bound=QWidget)


def measure() -> dict[str, float]:
    """Milliseconds of one redraw: median and worst of ours, with and without smoothing, and median of pyqtgraph's."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([])
    apply_theme(app, "dark")
    plain = _ours(app, smoothing=0)
    smooth = _ours(app, smoothing=6)
    reference = _reference(app)
    return {
        "median_ms": statistics.median(plain),
        "worst_ms": max(plain),
        "smoothed_median_ms": statistics.median(smooth),
        "smoothed_worst_ms": max(smooth),
        "pyqtgraph_median_ms": statistics.median(reference),
    }


def _losses(count: int) -> np.ndarray:
    steps = np.arange(count)
    noise = np.random.default_rng(0).normal(size=count)
    return (0.15 + 0.5 * np.exp(-steps / (count / 6)) * (1 + 0.1 * noise) + 0.02 * np.abs(noise)).astype(np.float64)


def _ours(app: QApplication, *, smoothing: int) -> list[float]:
    panel = CurvesPanel(pause=0)
    panel.resize(*_SIZE)
    panel.show()
    _child(panel, QToolButton, "curves.updates").click()
    _child(panel, QSlider, "curves.smoothing").setValue(smoothing)
    per_epoch = 1_000
    started = RunStarted("run", POINTS // per_epoch * 2, per_epoch, per_epoch, 0, 0, ("accuracy",))
    losses = _losses(POINTS + _REDRAWS * _PER_FRAME)
    panel.show_frame(Frame(started=started, steps=(_block(0, losses[:POINTS]),)))
    app.processEvents()
    took = []
    for number in range(_REDRAWS):
        first = POINTS + number * _PER_FRAME
        frame = Frame(steps=(_block(first, losses[first : first + _PER_FRAME]),))
        start = time.perf_counter()
        panel.show_frame(frame)
        app.processEvents()  # paints what has changed
        took.append((time.perf_counter() - start) * 1000)
    panel.close()
    return took


def _child(panel: QWidget, kind: type[_Kind], name: str) -> _Kind:
    found = panel.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def _block(first: int, losses: np.ndarray) -> StepsDone:
    return StepsDone("run", first // 1_000 + 1, first + 1, {"loss": losses, "accuracy": 1 - losses}, 1.0)


def _reference(app: QApplication) -> list[float]:
    plot = pyqtgraph.PlotWidget()
    plot.resize(*_SIZE)
    plot.setDownsampling(auto=True, mode="peak")
    plot.setClipToView(True)
    plot.show()
    curve = plot.plot()
    losses = _losses(POINTS + 10 * _PER_FRAME)
    took = []
    for number in range(10):
        start = time.perf_counter()
        curve.setData(losses[: POINTS + number * _PER_FRAME])
        app.processEvents()
        took.append((time.perf_counter() - start) * 1000)
    plot.close()
    return took


def main() -> None:
    result = measure()
    median = result["median_ms"]
    print_rows(
        [
            Row(
                f"redraw of a curve with {POINTS:,} points, growing by {_PER_FRAME:,} a frame",
                f"{median:.1f} ms (worst {result['worst_ms']:.1f}, smoothed {result['smoothed_median_ms']:.1f})",
                f"pyqtgraph's own downsampling {result['pyqtgraph_median_ms']:.1f} ms",
                f"{median:.1f} ms",
                f"≤ {BUDGET_MS:.0f} ms",
                median <= BUDGET_MS,
            )
        ]
    )


if __name__ == "__main__":
    main()
