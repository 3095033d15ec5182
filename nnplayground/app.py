"""The application: made here, started by the caller."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyqtgraph.util.garbage_collector import GarbageCollector
from PySide6.QtWidgets import QApplication

from nnplayground import __version__
from nnplayground.log import log_to_file
from nnplayground.ui.main_window import MainWindow
from nnplayground.ui.preferences import Preferences
from nnplayground.ui.theme import ThemeName, apply_palette, apply_style_sheet


def create_app(arguments: Sequence[str], *, theme: ThemeName | None = None) -> tuple[QApplication, MainWindow]:
    """The application and its window, not yet shown, no event loop started.

    arguments: what stands behind the program's name: nothing, a project file or a folder of images. theme: instead of
    the one that the user has chosen.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["nnplayground"])
        app.setOrganizationName("nnplayground")
        app.setApplicationName("nnplayground")
        app.setApplicationVersion(__version__)
        app.setQuitOnLastWindowClosed(False)
    log_to_file()
    preferences = Preferences()
    apply_palette(app, theme or preferences.theme, scale=preferences.text_scale)
    window = MainWindow(preferences)
    window.restore_window()
    # Collecting garbage in the engine thread would destroy Qt objects there, so it is done on a timer here.
    collector = GarbageCollector(interval=1.0)
    window.destroyed.connect(collector.timer.stop)
    if arguments:
        window.files.open_path(Path(arguments[0]))
    apply_style_sheet(app, theme or preferences.theme, scale=preferences.text_scale)
    return app, window
