"""`nnplayground screenshot`: a picture of the window as it stands, idle or trained. Needs no display."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nnplayground.cli.projects import complain
from nnplayground.spec.codec import FileError
from nnplayground.spec.files import load_project
from nnplayground.training.mailbox import Frame

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from nnplayground.ui.main_window import MainWindow

PATIENCE_SECONDS = 20.0
"""The longest wait for the look at the data, and for thumbnails."""


def screenshot(
    project: Path,
    *,
    output: Path,
    size: tuple[int, int],
    theme: str,
    epochs: int,
    select: str | None = None,
    curves: Path | None = None,
    on_frame: Callable[[Frame], None] = lambda frame: None,
) -> int:
    """Save a PNG of the window.

    size: (width, height) in pixels. epochs: how long to train first. select: id of the layer that is selected.
    curves: where a second picture goes, of the curves alone. on_frame: told of the training. Status 1 where the project
    cannot be opened, has errors, fails in training, or where the picture cannot be saved.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        load_project(project)
        from nnplayground.app import create_app
    except FileError as error:
        complain(error)
        return 1
    except ImportError as error:
        from nnplayground.cli.window import library_problem

        complain(library_problem(error))
        return 1
    with tempfile.TemporaryDirectory() as settings:
        _use_settings_of_its_own(settings)
        app, window = create_app([], theme="light" if theme == "light" else "dark")
        window.runner.frame_ready.connect(on_frame)
        try:
            problem = _take(app, window, project, size=size, epochs=epochs, select=select, pictures=(output, curves))
        finally:
            window.discard_changes()
            window.close()
            window.runner.wait_closed(30.0)
    if problem is not None:
        complain(problem)
        return 1
    return 0


def _use_settings_of_its_own(folder: str) -> None:
    """The picture shows the window as it is at the first start, and leaves the user's layout alone."""
    from PySide6.QtCore import QSettings

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)


def _take(
    app: QApplication,
    window: MainWindow,
    project: Path,
    *,
    size: tuple[int, int],
    epochs: int,
    select: str | None,
    pictures: tuple[Path, Path | None],
) -> str | None:
    """Do it in an open application. What went wrong, in one sentence, or None."""
    window.resize(*size)
    window.show()
    loaded = load_project(project)
    if epochs:
        training = msgspec.structs.replace(loaded.training, epochs=epochs)
        loaded = msgspec.structs.replace(loaded, training=training)
    window.show_project(loaded, project.resolve())
    _process(app, until=lambda: window.document.facts is not None or loaded.dataset is None)
    if select is not None:
        window.workspace.canvas.select([select])
    if epochs:
        if window.document.errors:
            return window.document.errors[0].message
        window.start()
        while window.runner.active:
            app.processEvents()
            time.sleep(0.005)
    _process(app, until=lambda: False, seconds=1.0)
    _process(app, until=lambda: window.workspace.pictures.idle)
    output, curves = pictures
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
