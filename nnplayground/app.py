"""The application: made here, started by the caller."""

from __future__ import annotations

import logging
import logging.handlers
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_log_path
from pyqtgraph.util.garbage_collector import GarbageCollector
from PySide6.QtWidgets import QApplication

from nnplayground import __version__
from nnplayground.ui.main_window import MainWindow
from nnplayground.ui.preferences import Preferences
from nnplayground.ui.theme import ThemeName, apply_palette, apply_theme


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
    _log_to_file()
    preferences = Preferences()
    apply_palette(app, theme or preferences.theme, scale=preferences.text_scale)
    window = MainWindow(preferences)
    window.restore_window()
    # Collecting garbage in the engine thread would destroy Qt objects there, so it is done on a timer here.
    collector = GarbageCollector(interval=1.0)
    window.destroyed.connect(collector.timer.stop)
    if arguments:
        window.open_path(Path(arguments[0]))
    apply_theme(app, theme or preferences.theme, scale=preferences.text_scale)
    return app, window


def _log_to_file() -> None:
    """Warnings and errors go to a file of bounded size in the user's log folder, if there is a place for it."""
    root = logging.getLogger("nnplayground")
    if root.handlers:
        return
    try:
        folder = user_log_path("nnplayground")
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            folder / "nnplayground.log", maxBytes=1_000_000, backupCount=1, encoding="utf-8"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
