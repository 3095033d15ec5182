"""`nnplayground screenshot`: a picture of the window as it stands, idle or trained. Needs no display."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from nnplayground.cli.interrupts import gentle_interrupt
from nnplayground.cli.projects import complain
from nnplayground.spec.codec import FileError
from nnplayground.spec.files import load_project
from nnplayground.training.mailbox import Frame


def screenshot(
    project: Path,
    *,
    output: Path,
    size: tuple[int, int],
    theme: str,
    epochs: int,
    select: str | None = None,
    panel: str | None = None,
    curves: Path | None = None,
    on_frame: Callable[[Frame], None] = lambda frame: None,
) -> int:
    """Save a PNG of the window.

    size: (width, height) in pixels. epochs: how long to train first. select: id of the layer that is selected.
    panel: object name of the panel that is brought to the front.
    curves: where a second picture goes, of the curves alone. on_frame: told of the training. Status 1 where the project
    cannot be opened, has errors, fails in training, or where the picture cannot be saved.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        load_project(project)
        from nnplayground.app import create_app
        from nnplayground.ui import portrait
    except FileError as error:
        complain(error)
        return 1
    except ImportError as error:
        from nnplayground.cli.window import library_problem

        complain(library_problem(error))
        return 1
    with tempfile.TemporaryDirectory() as settings:
        portrait.use_settings_in(settings)
        portrait.be_quiet()
        app, window = create_app([], theme="light" if theme == "light" else "dark")
        window.runner.frame_ready.connect(on_frame)
        try:
            # An exception in the middle of Qt's work would be swallowed there, so Ctrl-C stops the run instead.
            with gentle_interrupt(window.runner.stop) as interrupted:
                problem = portrait.take(
                    app,
                    window,
                    project,
                    size=size,
                    epochs=epochs,
                    select=select,
                    panel=panel,
                    output=output,
                    curves=curves,
                )
        finally:
            window.discard_changes()
            window.close()
            window.runner.wait_closed(30.0)
    if interrupted():
        return 130
    if problem is not None:
        complain(problem)
        return 1
    return 0
