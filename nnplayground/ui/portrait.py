"""Taking pictures of the window, for the command line and the README."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from nnplayground.spec.files import load_project
from nnplayground.ui.main_window import MainWindow

PATIENCE_SECONDS = 20.0
"""The longest wait for the look at the data, and for thumbnails."""


def use_settings_in(folder: str) -> None:
    """The picture shows the window as at the first start, and leaves the user's layout alone."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)


def be_quiet() -> None:
    """Leave out what the platform without a screen says about itself; everything else is printed as ever."""

    def show(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
        if message and not message.startswith("This plugin does not support"):
            print(message, file=sys.stderr)

    qInstallMessageHandler(show)


def take(
    app: QApplication,
    window: MainWindow,
    project: Path,
    *,
    size: tuple[int, int],
    epochs: int,
    select: str | None,
    panel: str | None,
    output: Path,
    curves: Path | None,
) -> str | None:
    """Open the project, train it for `epochs`, and save the pictures. What went wrong, in one sentence, or None."""
    window.resize(*size)
    window.show()
    loaded = load_project(project)
    if epochs:
        training = msgspec.structs.replace(loaded.training, epochs=epochs)
        loaded = msgspec.structs.replace(loaded, training=training)
    window.files.show_project(loaded, project.resolve())
    _process(app, until=lambda: window.document.facts is not None or loaded.dataset is None)
    if select is not None:
        window.workspace.canvas.select([select])
    if panel is not None and panel not in window.workspace.panel_names:
        return f"There is no panel named {panel}; choose one of {', '.join(window.workspace.panel_names)}."
    if panel is not None:
        window.workspace.show_panel(panel)
    if epochs:
        if window.document.errors:
            return window.document.errors[0].message
        window.start()
        while window.runner.active:
            app.processEvents()
            time.sleep(0.005)
    _process(app, until=lambda: False, seconds=1.0)
    _process(app, until=lambda: window.workspace.pictures.idle)
    if not window.grab().save(str(output), "PNG"):
        return f"{output} cannot be written; choose another place for the picture."
    if curves is not None and not window.workspace.curves.grab().save(str(curves), "PNG"):
        return f"{curves} cannot be written; choose another place for the picture."
    return None


def _process(app: QApplication, *, until: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Let the window live until something is so, or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        app.processEvents()
        time.sleep(0.005)
