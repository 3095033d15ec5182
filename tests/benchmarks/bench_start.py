"""Process start to a window with a project painted, against importing Qt and pyqtgraph alone."""

from __future__ import annotations

from tests.benchmarks.common import ROOT, alternating, isolate, print_rows, process_seconds, ratio_row

OURS = """
import sys
from PySide6.QtCore import QEvent, QObject
from nnplayground.app import create_app
app, window = create_app([sys.argv[1]])
class Watch(QObject):
    painted = False
    def eventFilter(self, watched, event):
        self.painted = self.painted or event.type() == QEvent.Type.Paint
        return False
watch = Watch()
window.workspace.canvas.view.viewport().installEventFilter(watch)
window.show()
while not watch.painted:
    app.processEvents()
assert len(window.workspace.canvas.scene.blocks) == len(window.document.project.model.blocks)
import os
os._exit(0)
"""
REFERENCE = "import PySide6.QtWidgets, pyqtgraph, os; os._exit(0)"


def main() -> None:
    isolate()
    project = str(ROOT / "resources" / "samples" / "digits.nnp")
    ours, reference = alternating(lambda: process_seconds(OURS, project), lambda: process_seconds(REFERENCE), rounds=9)
    print_rows([ratio_row("process start → window with a project painted", ours, reference, budget=1.5)])


if __name__ == "__main__":
    main()
