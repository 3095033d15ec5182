"""How long a frame of the neuron view takes: ms from a snapshot to the painted network of 7-8-8-8-8-8-8-1 units, with
other weights and maps in every frame, against the budget that leaves half of 1/30 s to everything else.

For comparison, the wires alone as Qt's own painter draws them, in the same run.

    python tests/benchmarks/bench_neurons.py
"""

from __future__ import annotations

import os
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication

from nnplayground.layers.core import Dense
from nnplayground.training.events import Snapshot
from nnplayground.ui.playground.view import NeuronView
from nnplayground.ui.playground.wires import level_color
from nnplayground.ui.theme import apply_theme, colors
from tests.benchmarks.common import Row, print_rows
from tests.ui.neurons_hand import points_document, snapshot_of

BUDGET_MS = 16.0
_FRAMES = 90
_SNAPSHOTS = 30
_SIZE = (760, 560)
_LAYERS, _UNITS = 6, 8


def measure() -> dict[str, float]:
    """Milliseconds of a frame: median and worst; of it, those of the processor; wires in Qt's painter; their number."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([])
    apply_theme(app, "dark")
    hidden = [Dense(units=_UNITS, activation="tanh") for _ in range(_LAYERS)]
    document = points_document(
        *hidden,
        Dense(units=1, activation="sigmoid"),
        features=("x1", "x2", "x1^2", "x2^2", "x1x2", "sin_x1", "sin_x2"),
    )
    neurons = NeuronView(document)
    neurons.resize(*_SIZE)
    neurons.show()
    snapshots = [snapshot_of(document.project, gain=1 + number / 20) for number in range(_SNAPSHOTS)]
    for snapshot in snapshots:
        _frame(app, neurons, snapshot)
    took, busy = [], []
    for number in range(_FRAMES):
        wall, processor = _frame(app, neurons, snapshots[number % _SNAPSHOTS])
        took.append(wall)
        busy.append(processor)
    reference = [_qt_wires(neurons) for _ in range(10)]
    wires = sum(bundle.size for bundle in neurons.network.bundles)
    neurons.close()
    return {
        "median_ms": statistics.median(took),
        "worst_ms": max(took),
        "processor_ms": statistics.median(busy),
        "qt_wires_ms": statistics.median(reference),
        "wires": wires,
    }


def _frame(app: QApplication, neurons: NeuronView, snapshot: Snapshot) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.thread_time()
    neurons.show_snapshot(snapshot)
    while not _is_drawn(neurons):  # on a busy machine the view would put off the rest to the next moment
        neurons.view.refresh()
    app.processEvents()  # paints what has changed
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - processor) * 1000


def _is_drawn(neurons: NeuronView) -> bool:
    view, theme = neurons.view, colors(neurons)
    return all(bundle.is_drawn(view.zoom, view.devicePixelRatioF(), theme) for bundle in neurons.network.bundles)


def _qt_wires(neurons: NeuronView) -> float:
    theme = colors(neurons)
    rect = neurons.network.rect
    picture = QPixmap(int(rect.width()), int(rect.height()))
    lines = [
        (bundle.path(source, target), QPen(level_color(bundle.level(source, target), theme), width))
        for bundle in neurons.network.bundles
        for source, target in np.ndindex(len(bundle.starts), len(bundle.ends))
        for width in (bundle.width(source, target),)
    ]
    start = time.perf_counter()
    picture.fill(theme.canvas)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for path, pen in lines:
        painter.setPen(pen)
        painter.drawPath(path)
    painter.end()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    result = measure()
    median = result["median_ms"]
    print_rows(
        [
            Row(
                f"frame of the neuron view, 7-8-8-8-8-8-8-1 with {result['wires']:.0f} wires, all of them changing",
                f"{median:.1f} ms (worst {result['worst_ms']:.1f}, processor {result['processor_ms']:.1f})",
                f"the wires alone in Qt's painter {result['qt_wires_ms']:.1f} ms",
                f"{median:.1f} ms",
                f"≤ {BUDGET_MS:.0f} ms",
                median <= BUDGET_MS,
            )
        ]
    )


if __name__ == "__main__":
    main()
