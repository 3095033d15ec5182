"""The application: made here, started by the caller."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnplayground import __version__
from nnplayground.log import log_to_file

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from nnplayground.ui.main_window import MainWindow
    from nnplayground.ui.theme import ThemeName


def create_app(arguments: Sequence[str], *, theme: ThemeName | None = None) -> tuple[QApplication, MainWindow]:
    """The application and its window, not yet shown, no event loop started.

    arguments: what stands behind the program's name: nothing, a project file or a folder of images. theme: instead of
    the one that the user has chosen. ImportError: a system library that Qt needs is missing.
    """
    # Until the window can do it: collecting garbage while everything is imported and built finds none, and takes a
    # tenth of the time until the window is painted. That is why imports are here.
    gc.disable()
    from PySide6.QtWidgets import QApplication

    from nnplayground.ui.main_window import MainWindow
    from nnplayground.ui.preferences import Preferences
    from nnplayground.ui.theme import apply_palette, apply_style_sheet

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["nnplayground"])
        app.setOrganizationName("nnplayground")
        app.setApplicationName("nnplayground")
        app.setApplicationVersion(__version__)
        app.setQuitOnLastWindowClosed(False)
    log_to_file()
    # How long the engine thread may hold the interpreter while the window waits; 5 ms by default. Measured with a small
    # CNN and all panels visible: epochs 6 % shorter, and 1 % of the window's gaps above 18 ms instead of 21.
    sys.setswitchinterval(0.001)
    preferences = Preferences()
    apply_palette(app, theme or preferences.theme, scale=preferences.text_scale)
    window = MainWindow(preferences)
    window.restore_window()
    _collect_garbage_here(window)
    if not (arguments and window.files.open_path(Path(arguments[0]))):
        window.show_start_page()
    apply_style_sheet(app, theme or preferences.theme, scale=preferences.text_scale)
    return app, window


def _collect_garbage_here(window: MainWindow) -> None:
    """Collecting garbage in the engine thread would destroy Qt objects there, so it is done on a timer here."""
    from nnplayground.ui.widgets.soon import Soon

    def begin() -> None:
        from pyqtgraph.util.garbage_collector import GarbageCollector

        collector = GarbageCollector(interval=1.0)
        window.destroyed.connect(lambda: collector.timer.stop())  # which also keeps it

    Soon(window, begin, after_painting=True)
